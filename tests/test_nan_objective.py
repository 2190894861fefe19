"""A main score that is not a number: never the best weights, never patience anew, never the best trial."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

import pytest
import torch

from bench.protocols.base import is_better
from bench.protocols.loop import History
from tests.conftest import Bench

NAN = math.nan

# The model answers with the number of steps it was trained for, the task with the value that the suite sets for them.
PLUGIN = """
    from bench import CLASS, Choice, ModelSpec, Role, TaskSpec, hookimpl
    from bench.tasks.base import TaskSettings
    from bench.tasks.classification import Classification

    STEPS_BETWEEN, LOOKS = 10, 4

    @hookimpl
    def bench_models():
        yield ModelSpec(
            name="counter", target="fickle:counter", family="deep", roles=(Role("predict", target=CLASS),),
            hyperparameters={"which": Choice(0, (0, 1, 2))},
        )

    @hookimpl
    def bench_tasks():
        yield TaskSpec(name="fickle", target="fickle:Fickle")
        yield TaskSpec(name="fickle-loss", target="fickle:FickleLoss")

    def counter(problem, *, which):
        import torch
        from torch import nn

        class Counter(nn.Module):
            def __init__(self):
                super().__init__()
                self.weight = nn.Parameter(torch.zeros(()))
                self.register_buffer("seen", torch.tensor(float(40 * which)))

            def training_step(self, batch):
                self.seen += 1
                return 0 * self.weight

            def forward(self, x):
                share = (self.seen / 200).clamp(1e-6, 1 - 1e-6)
                rest = ((1 - share) / (problem.classes - 1)).expand(problem.classes - 1)
                return torch.cat([share[None], rest]).log().expand(len(x), -1)

        return Counter()

    class FickleSettings(TaskSettings):
        values: tuple[str, ...]
        standardise: bool = True

    class Fickle(Classification):
        Settings = FickleSettings

        def validate(self, answer, truth):
            which, steps = divmod(round(200 * float(answer["probabilities"][0, 0])) - 1, STEPS_BETWEEN * LOOKS)
            return {self.objective: float(self.settings.values[LOOKS * which + steps // STEPS_BETWEEN])}

    class FickleLoss(Fickle):
        objective, higher = "log_loss", False
"""
SUITE = """
    seeds = 1
    threads = 1
    splits = "official"
    {compares}
"""
COMPARE = """
    [[compare]]
    task = {{ name = "{task}", values = {values} }}
    datasets = ["iris"]
    models = [{{ model = "counter", label = "{label}" }}]
    protocol = {{ name = "{protocol}", steps = 40, evaluations = 4{more} }}
"""
# label: task, values at each evaluation, protocol, further settings
CASES = {
    "first and third": ("fickle", ["nan", "0.3", "nan", "0.2"], "fixed-budget", ""),
    "loss": ("fickle-loss", ["nan", "0.7", "nan", "0.6"], "fixed-budget", ""),
    "never": ("fickle", ["nan"] * 4, "fixed-budget", ""),
    "patient": ("fickle", ["0.5", "nan", "nan", "0.9"], "fixed-budget", ", patience = 2"),
    "race": ("fickle", ["nan", "0.3", "0.8", "0.9"], "time-to-target", ", target = 0.7"),
    "tuned": (
        "fickle",
        ["nan", "0.3", "nan", "0.2", "0.1", "0.1", "nan", "nan", *["nan"] * 4],
        "tuned",
        ", trials = 12",
    ),
    "tuned loss": (
        "fickle-loss",
        ["nan", "0.3", "nan", "0.2", "0.5", "nan", "nan", "0.1", *["nan"] * 4],
        "tuned",
        ", trials = 12",
    ),
    "tuned in vain": ("fickle", ["nan"] * 12, "tuned", ", trials = 3"),
}
Record = Mapping[str, Any]


@pytest.mark.parametrize("higher", [True, False])
def test_nan_is_never_better_and_all_else_is_better_than_nan(higher: bool) -> None:
    for best in (None, NAN, 0.5, math.inf, -math.inf):
        assert not is_better(NAN, best, higher=higher)
        assert not is_better(None, best, higher=higher)
    for value in (0.0, math.inf, -math.inf):
        assert is_better(value, NAN, higher=higher)
        assert is_better(value, None, higher=higher)
    assert is_better(0.6, 0.5, higher=True)
    assert is_better(0.5, 0.6, higher=False)
    assert not is_better(0.5, 0.5, higher=higher)


@pytest.mark.parametrize("higher", [True, False])
def test_whatever_the_order_the_best_number_is_found(higher: bool) -> None:
    for order in itertools.permutations([NAN, 0.3, NAN, 0.7, 0.5]):
        model, history = torch.nn.Linear(1, 1), History(higher)
        for step, value in enumerate(order, 1):
            history.steps = step
            torch.nn.init.constant_(model.weight, value)
            history.see(value, model)
        wanted = 0.7 if higher else 0.3
        assert history.best_value == wanted
        assert history.best_step == order.index(wanted) + 1
        assert history.best_state is not None
        assert history.best_state["weight"].item() == pytest.approx(wanted)
        assert history.evaluations_since_best == len(order) - history.best_step


def test_of_equal_objectives_the_least_tie_breaker_wins_and_counts_as_an_improvement() -> None:
    seen = [(0.9, 0.8), (1.0, 0.5), (1.0, NAN), (1.0, 0.3), (0.9, 0.1), (1.0, 0.3), (NAN, 0.0)]
    model, history = torch.nn.Linear(1, 1), History(is_higher_better=True)
    for step, (value, tie) in enumerate(seen, 1):
        history.steps = step
        torch.nn.init.constant_(model.weight, step)
        history.see(value, model, tie)
    assert (history.best_step, history.evaluations_since_best) == (4, 3)
    assert history.best_state is not None
    assert history.best_state["weight"].item() == 4


@pytest.fixture(scope="module")
def runs(shared_bench: Bench) -> Mapping[str, Record]:
    pytest.importorskip("optuna", reason="needs the tuning extra")
    shared_bench.plugin("fickle", PLUGIN)
    compares = "".join(
        COMPARE.format(label=label, task=task, values=values, protocol=protocol, more=more)
        for label, (task, values, protocol, more) in CASES.items()
    )
    shared_bench("run", str(shared_bench.suite(SUITE.format(compares=compares))), "--no-report", code=1)
    return {record["run"]["label"]: record for record in shared_bench.records()}


def steps_of_the_weights(run: Record, command: Bench) -> int:
    """After how many steps the weights were kept that answered on the test part."""
    from bench import load_answers

    answers, _ = load_answers(command.folder / "bench-results" / "bench.sqlite", run["run"]["run_id"])
    return round(200 * float(answers["probabilities"][0, 0]))


def about_nan(run: Record) -> list[str]:
    return [note for note in run["notes"] if "NaN" in note]


@pytest.mark.parametrize(("label", "step"), [("first and third", 20), ("loss", 40), ("patient", 10), ("race", 30)])
def test_the_weights_of_the_best_number_are_kept(
    runs: Mapping[str, Record], shared_bench: Bench, label: str, step: int
) -> None:
    run = runs[label]
    assert (run["status"], about_nan(run)) == ("ok", [])
    assert run["details"]["best_step"] == step
    assert steps_of_the_weights(run, shared_bench) == step


def test_evaluations_without_a_number_are_evaluations_without_improvement(runs: Mapping[str, Record]) -> None:
    assert [point["step"] for point in runs["patient"]["curve"]] == [10, 20, 30]


def test_without_any_number_the_last_weights_stay_and_a_note_says_so(
    runs: Mapping[str, Record], shared_bench: Bench
) -> None:
    run = runs["never"]
    assert run["status"] == "ok"
    assert about_nan(run) == ["accuracy was NaN at every evaluation: the last weights were kept"]
    assert run["details"]["best_step"] == 40
    assert steps_of_the_weights(run, shared_bench) == 40


@pytest.mark.parametrize(
    ("label", "objective", "best"), [("tuned", {0: 0.3, 1: 0.1}, 0), ("tuned loss", {0: 0.2, 1: 0.1}, 1)]
)
def test_trials_are_judged_by_their_best_number(
    runs: Mapping[str, Record], shared_bench: Bench, label: str, objective: Mapping[int, float], best: int
) -> None:
    run = runs[label]
    trials = run["details"]["trials"]
    assert {trial["setting"]["which"] for trial in trials} == {0, 1, 2}
    for trial in trials:
        which = trial["setting"]["which"]
        assert trial["objective"] == objective.get(which)
        assert trial["state"] == ("complete" if which in objective else "pruned")
    name = "log_loss" if "loss" in label else "accuracy"
    assert {trial["reason"] for trial in trials if trial["state"] == "pruned"} == {
        f"{name} was NaN at every evaluation"
    }
    assert run["details"]["best"]["which"] == best
    assert run["details"]["best_step"] == steps_of_the_weights(run, shared_bench) - 40 * best


def test_a_search_without_one_number_is_a_divergence(runs: Mapping[str, Record]) -> None:
    assert runs["tuned in vain"]["status"] == "diverged"
    assert "in all of 3 trials, at last: accuracy was NaN at every evaluation" in runs["tuned in vain"]["reason"]
