"""Rules of training that models with habits of their own meet: the rehearsal, and what transfer carries over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.conftest import Bench

MODELS = """
    import torch
    from torch import nn
    from bench import CLASS, NOTHING, Integer, Need, ModelSpec, Role, hookimpl

    @hookimpl
    def bench_models():
        for name in ("heads", "rows", "buffers", "binary", "staring"):
            roles = (Role("predict", target=CLASS),)
            yield ModelSpec(name=name, target=f"habits:{name.title()}", family="deep", roles=roles)
        for name in ("greedy", "insatiable", "own"):
            yield ModelSpec(
                name=name, target=f"habits:{name.title()}", family="deep", roles=(Role("predict", target=CLASS),),
                hyperparameters={"width": Integer(8, 4, 64)},
            )
        draws = (Role("sample", NOTHING, Need(axes=("chw",))),)
        yield ModelSpec(name="bursting", target="habits:Bursting", family="generative", roles=draws)

    class Heads(nn.Module):
        def __init__(self, problem):
            super().__init__()
            self.body = nn.Linear(problem.input_size, 8)
            self.heads = nn.ModuleList(nn.Linear(8, 1) for _ in range(problem.classes))

        def forward(self, x):
            hidden = self.body(x.flatten(1)).relu()
            return torch.cat([head(hidden) for head in self.heads], 1)

    class Rows(nn.Module):
        def __init__(self, problem):
            super().__init__()
            self.body = nn.Linear(problem.input_size, 8)
            self.rows = nn.ParameterList(nn.Parameter(torch.zeros(8)) for _ in range(problem.classes))

        def forward(self, x):
            return self.body(x.flatten(1)).relu() @ torch.stack(list(self.rows), 1)

    def Buffers(problem):
        return nn.Sequential(
            nn.Flatten(), nn.Linear(problem.input_size, problem.classes), nn.BatchNorm1d(problem.classes)
        )

    def Binary(problem):
        if problem.classes != 5:
            raise ValueError(f"five classes only, not {problem.classes}")
        return nn.Sequential(nn.Flatten(), nn.Linear(problem.input_size, 5))

    class Own(nn.Module):
        def __init__(self, problem, width):
            super().__init__()
            self.layers = nn.Sequential(
                nn.Flatten(), nn.Linear(problem.input_size, width), nn.ReLU(), nn.Linear(width, problem.classes)
            )

        def forward(self, x):
            return self.layers(x)

        def optimizer(self):
            return torch.optim.SGD(self.parameters(), lr=0.1)

    def Greedy(problem, width):
        if width > 8:
            raise MemoryError(f"no room for {width}")
        return nn.Sequential(nn.Flatten(), nn.Linear(problem.input_size, problem.classes))

    def Insatiable(problem, width):
        model = Own(problem, width)
        model.register_forward_pre_hook(full)
        return model

    def full(module, inputs):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")

    class Staring(nn.Module):
        # 40 MB of weights: four times that in training, and as much again to look at the validation part.
        def __init__(self, problem):
            super().__init__()
            self.wide = nn.Linear(problem.input_size, 10_000_000 // problem.input_size)
            self.last = nn.Linear(10_000_000 // problem.input_size, problem.classes)

        def forward(self, x):
            if not self.training:
                torch.ones(300_000_000, dtype=torch.uint8)
            return self.last(self.wide(x.flatten(1)))

    class Bursting(nn.Module):
        # Its weights are no numbers after two steps, and its samples then raise.
        def __init__(self, problem):
            super().__init__()
            self.shape = problem.output_shape
            self.chance = nn.Parameter(torch.zeros(()))
            self.steps = 0

        def training_step(self, batch):
            self.steps += 1
            loss = self.chance.sigmoid() * 1
            if self.steps > 1:
                self.chance.data.fill_(float("nan"))
            return loss

        def sample(self, n, condition=None):
            return torch.bernoulli(self.chance.sigmoid().expand(n, *self.shape)) * 2 - 1
"""
SUITE = """
    seeds = 1
    threads = 1
    [[compare]]
    task = "classification"
    datasets = ["digits-5-9"]
    models = ["heads", "rows", "buffers", "binary"]
    protocol = { name = "transfer", source = "digits-0-4", source_epochs = 1, sizes = [20], steps = 4 }

    [[compare]]
    task = "classification"
    datasets = ["digits"]
    models = ["staring"]
    protocol = { name = "fixed-budget", steps = 3, batch_size = 2, evaluations = 3 }

    [[compare]]
    task = "classification"
    datasets = ["iris"]
    models = ["greedy", "insatiable", "own"]
    protocol = { name = "tuned", trials = 5, steps = 2, evaluations = 1 }

    [[compare]]
    task = "image-generation"
    datasets = ["digits"]
    models = ["bursting"]
    protocol = { name = "fixed-budget", steps = 4, evaluations = 1 }
"""


@pytest.fixture(scope="module")
def runs(shared_bench: Bench) -> Mapping[str, Mapping[str, Any]]:
    """Each model's run; of those of transfer the pre-trained one."""
    shared_bench.plugin("habits", MODELS)
    shared_bench("run", str(shared_bench.suite(SUITE)), "--no-report", code=1)
    records = shared_bench.records()
    assert len(records) == 13
    return {each["run"]["label"]: each for each in records if each["run"]["variant"].get("start", "") != "from scratch"}


@pytest.mark.parametrize("model", ["heads", "rows"])
def test_a_module_for_each_class_is_not_carried_over_to_other_classes(
    runs: Mapping[str, Mapping[str, Any]], model: str
) -> None:
    assert runs[model]["details"]["carried_over"] == ["body.bias", "body.weight"]


def test_buffers_alone_are_nothing_learnt(runs: Mapping[str, Mapping[str, Any]]) -> None:
    assert runs["buffers"]["status"] == "not-applicable"
    assert "all weights of 'buffers' belong to the classes of 'digits-0-4'" in runs["buffers"]["reason"]


def test_a_model_for_one_number_of_classes_alone_says_why_nothing_can_be_told(
    runs: Mapping[str, Mapping[str, Any]],
) -> None:
    assert "'binary' cannot be built for 11 classes" in runs["binary"]["reason"]
    assert "five classes only, not 11" in runs["binary"]["reason"]


def test_a_rehearsal_that_breaks_leaves_the_verdict_to_the_training(runs: Mapping[str, Mapping[str, Any]]) -> None:
    run = runs["bursting"]
    assert run["status"] == "diverged"
    assert run["reason"].startswith("the training loss is nan")
    assert len(run["curve"]) == 1
    assert "Expected p_in >= 0" not in run["traceback"]


def test_neither_looking_nor_the_best_weights_count_as_memory_of_the_model(
    runs: Mapping[str, Mapping[str, Any]],
) -> None:
    weights = 4 * runs["staring"]["size"]["parameter_count"]
    # Weights, gradients and Adam's two moments; what a batch of two samples adds is less than the rest.
    assert runs["staring"]["memory"]["peak_memory_bytes"] == pytest.approx(4 * weights, rel=0.1)


def test_a_trial_that_runs_out_of_memory_is_a_bad_trial_not_a_lost_run(runs: Mapping[str, Mapping[str, Any]]) -> None:
    greedy = runs["greedy"]
    assert greedy["status"] == "ok", greedy["reason"]
    trials = greedy["details"]["trials"]
    assert len(trials) == 5
    assert greedy["details"]["best"]["width"] <= 8
    lost = [each for each in trials if each["state"] == "pruned"]
    assert [each["reason"] for each in lost] == [f"no room for {each['setting']['width']}" for each in lost]
    assert {each["cause"] for each in lost} == {"out-of-memory"}


def test_a_search_without_one_good_trial_says_what_came_of_them(runs: Mapping[str, Mapping[str, Any]]) -> None:
    assert runs["insatiable"]["status"] == "out-of-memory"
    assert "memory ran out in all of 5 trials, at last: CUDA out of memory" in runs["insatiable"]["reason"]


def test_a_rate_that_a_model_does_not_follow_is_not_searched(runs: Mapping[str, Mapping[str, Any]]) -> None:
    assert all(each["setting"].keys() == {"width"} for each in runs["own"]["details"]["trials"])
    assert all(each["setting"].keys() == {"width", "learning_rate"} for each in runs["greedy"]["details"]["trials"])
