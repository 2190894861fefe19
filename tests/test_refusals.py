"""Who cannot be asked what: said by spaces when runs are planned, or by a constructor when it is too late for that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.conftest import Bench

MODELS = """
    from bench import CLASS, ModelSpec, Role, hookimpl

    @hookimpl
    def bench_models():
        for name in ("choosy", "broken", "finishing"):
            yield ModelSpec(name=name, target=f"odd:{name}", family="deep", roles=(Role("predict", target=CLASS),))

    def choosy(problem):
        from bench.errors import ContractError

        if problem.classes == 3:
            raise ContractError(f"three classes are one too many; {problem.dataset} has {problem.classes}")
        from torch import nn

        return nn.Linear(problem.input_size, problem.classes)

    def broken(problem):
        raise ValueError("a mistake of the author")

    def finishing(problem):
        import time
        import torch
        from torch import nn

        class Finishing(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(problem.input_size, problem.classes)
                self.register_buffer("seen", torch.zeros(()))

            def forward(self, x):
                return 0 * self.layer(x) + torch.cat([self.seen[None], torch.zeros(problem.classes - 1)])

            def finish(self, part):
                time.sleep(0.2)
                self.seen += len(part)

        return Finishing()
"""
SUITE = """
    seeds = 2
    threads = 1
    [[compare]]
    task = "classification"
    datasets = ["iris", "breast-cancer"]
    models = ["baseline", "choosy", "broken", "finishing"]
    protocol = { name = "fixed-budget", epochs = 1 }
"""
IMPOSSIBLE = """
    [[compare]]
    task = "classification"
    datasets = ["digits", "iris"]
    models = [
      "lenet",
      "mlp",
      "vae",
    ]
    protocol = { name = "fixed-budget", epochs = 1 }

    [[compare]]
    task = "image-generation"
    datasets = ["wine"]
    models = ["vae"]
    protocol = { name = "fixed-budget", epochs = 1 }
"""
Record = Mapping[str, Any]


@pytest.fixture(scope="module")
def command(shared_bench: Bench) -> Bench:
    shared_bench.plugin("odd", MODELS)
    shared_bench("run", str(shared_bench.suite(SUITE)), "--no-report", code=1)
    return shared_bench


def of(command: Bench, label: str, dataset: str) -> list[Record]:
    records = command.records()
    return [each for each in records if (each["run"]["label"], each["run"]["dataset"]) == (label, dataset)]


def test_what_cannot_be_asked_is_a_mistake_of_the_suite_told_at_once(bench: Bench) -> None:
    result = bench("run", str(bench.suite(IMPOSSIBLE)), code=2)
    assert "Traceback" not in result.stderr
    told = result.stderr.replace("\n", " ")
    for mistake in (
        "line 6: lenet takes images; got a table of 4 columns (iris)",
        "line 8: task classification asks a model to predict; vae can sample (digits)",
        "line 14: image-generation needs images of 1 or 3 channels with known bounds; wine has a table of 13 columns",
    ):
        assert mistake in told
    assert not (bench.folder / "bench-results").exists()


def test_what_a_constructor_refuses_does_not_apply_and_is_not_tried_again(command: Bench) -> None:
    for record in of(command, "choosy", "iris"):
        assert record["status"] == "not-applicable"
        assert record["reason"] == "three classes are one too many; iris has 3"
    assert [record["status"] for record in of(command, "choosy", "breast-cancer")] == ["ok", "ok"]
    suite = str(command.folder / "suite.toml")
    again = command("run", suite, "--models", "choosy", "--retry-failed", "--no-report", code=None)
    assert "nothing new" in again.stdout


def test_a_constructor_that_breaks_has_failed(command: Bench) -> None:
    (first, second) = of(command, "broken", "iris")
    assert first["status"] == second["status"] == "failed"
    assert first["reason"] == "ValueError: a mistake of the author"


def test_seeds_of_small_data_have_cuts_of_their_own_the_same_for_every_model(command: Bench) -> None:
    hashes = {
        label: {record["run"]["split"]["number"]: record["data"]["test"] for record in of(command, label, "iris")}
        for label in ("baseline", "finishing")
    }
    assert hashes["baseline"] == hashes["finishing"]
    assert set(hashes["baseline"]) == {0, 1}
    assert len(set(hashes["baseline"].values())) == 2


def test_the_baseline_needs_nothing_but_its_name(command: Bench) -> None:
    for record in of(command, "baseline", "iris"):
        scores = {score["name"]: score["value"] for score in record["scores"]}
        assert scores["accuracy"] == pytest.approx(1 / 3, abs=0.01)


def test_a_last_step_sees_the_training_part_once_and_lies_on_the_training_clock(command: Bench) -> None:
    from bench import load_answers

    for record in of(command, "finishing", "iris"):
        assert record["status"] == "ok", record["reason"]
        answers, _ = load_answers(command.folder / "bench-results" / "bench.sqlite", record["run"]["run_id"])
        # 96 samples in the first logit of three; without the step each class were a third.
        assert answers["probabilities"][:, 0].min() > 0.99
        assert record["times"]["train_seconds"] >= 0.2
