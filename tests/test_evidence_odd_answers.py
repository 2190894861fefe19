"""Kept answers that are not as they should be: of changed data, of a metric that raises, of one run that is NaN."""

from __future__ import annotations

import numpy as np
import pytest

from bench.arrays import pack
from bench.evidence import SampleScores, compare, observe
from bench.record import RunRecord, Score
from bench.specs import MetricSpec
from tests.report_records import plan, record

N = 200


def always_fails(probabilities: np.ndarray, labels: np.ndarray) -> float:
    raise RuntimeError("no such device")


def spec(target: str) -> MetricSpec:
    return MetricSpec(
        name="accuracy", target=target, arrays=("probabilities", "labels"), higher_is_better=True, low=0.0, high=1.0
    )


ACCURACY = spec("bench.metrics.classification:accuracy")


class Kept:
    """Answers of made-up classifiers, as a store would return them; truths by key."""

    def __init__(self) -> None:
        self.truths: dict[str, bytes] = {}
        self.answers: dict[tuple[str, str], bytes] = {}

    def run(
        self, label: str, seed: int, *, truth: str = "t", n: int = N, value: float = 0.9, **plan_: str
    ) -> RunRecord:
        labels = (np.arange(n) + len(truth)) % 2
        self.truths[truth] = pack({"labels": labels})
        wrong = np.random.RandomState([seed, ord(label[0]), n]).rand(n) > value
        answer = (labels + wrong) % 2
        made = plan(label, seed=seed, **plan_)
        self.answers[made.run_id, made.device] = pack({"probabilities": np.eye(2, dtype=np.float32)[answer]})
        score = Score(name="accuracy", value=value, higher_is_better=True, source="s", detail={"n": n})
        return record(made, scores=(score,), objective="accuracy", kept=("labels", "probabilities"), truth=truth)

    def samples(self, metric: MetricSpec = ACCURACY) -> SampleScores:
        return SampleScores(
            lambda each: self.answers.get((each.run.run_id, each.run.device)),
            self.truths.__getitem__,
            {"accuracy": metric},
        )


@pytest.fixture
def kept() -> Kept:
    return Kept()


def test_models_of_another_test_part_are_not_paired_by_sample(kept: Kept) -> None:
    runs = [kept.run("a", seed, truth="one", n=100) for seed in range(3)]
    runs += [kept.run("b", seed, truth="another", n=120, value=0.6) for seed in range(3)]
    (pair,) = compare(observe(runs, "accuracy", kept.samples())).pairs
    assert pair.basis in {"seeds", "nothing"}


def test_nor_are_those_of_as_many_other_samples(kept: Kept) -> None:
    runs = [kept.run("a", seed, truth="one") for seed in range(3)]
    runs += [kept.run("b", seed, truth="last", value=0.6) for seed in range(3)]
    (pair,) = compare(observe(runs, "accuracy", kept.samples())).pairs
    assert "samples" not in pair.basis


def test_devices_that_answered_for_other_data_are_averaged_as_runs(kept: Kept) -> None:
    runs = [kept.run("a", 0, truth="one", n=100), kept.run("a", 0, truth="another", n=120, device="cuda", value=0.8)]
    found = observe(runs, "accuracy", kept.samples())
    ((value,),) = [list(each.values()) for each in found.models.values()]
    assert float(value) == pytest.approx(0.85)


def test_a_run_without_a_number_leaves_the_samples_of_the_others(kept: Kept) -> None:
    runs = [kept.run(label, seed) for label in "ab" for seed in range(3)]
    lost = record(
        plan("a", seed=3), scores=(Score(name="accuracy", value=float("nan"), higher_is_better=True),), truth=""
    )
    found = observe([*runs, lost], "accuracy", kept.samples())
    (pair,) = compare(found).pairs
    assert pair.basis == "seeds and samples"
    assert found.failures("a") == 1


def test_a_metric_that_raises_leaves_one_value_a_run_and_says_so(kept: Kept) -> None:
    runs = [kept.run(label, seed) for label in "ab" for seed in range(3)]
    samples = kept.samples(spec(f"{__name__}:always_fails"))
    found = observe(runs, "accuracy", samples)
    assert all(np.ndim(each) == 0 for values in found.models.values() for each in values.values())
    (problem,) = samples.problems
    assert "accuracy" in problem
    assert "RuntimeError: no such device" in problem
    assert "Only runs count" in problem or "one value" in problem


def test_a_metric_that_cannot_be_imported_ends_no_report(kept: Kept) -> None:
    samples = kept.samples(spec("bench.no_such_module:accuracy"))
    observe([kept.run(label, seed) for label in "ab" for seed in range(3)], "accuracy", samples)
    assert any("no_such_module" in problem for problem in samples.problems)


def test_runs_whose_test_parts_have_other_checksums_are_not_paired_by_sample(kept: Kept) -> None:
    runs = [kept.run(label, seed) for label in "ab" for seed in range(3)]
    changed = [run.model_copy(update={"data": {"test": run.run.label}}) for run in runs]
    (pair,) = compare(observe(changed, "accuracy", kept.samples())).pairs
    assert "samples" not in pair.basis


def test_an_answer_that_cannot_be_read_leaves_one_value_a_run_and_says_so(kept: Kept) -> None:
    run = kept.run("a", 0)
    kept.answers = dict.fromkeys(kept.answers, b"not an archive")
    samples = kept.samples()
    observe([run, kept.run("b", 0)], "accuracy", samples)
    assert samples.arrays(run) == {}
    assert [each.kept for each in samples.readable([run])] == [()]
    (problem,) = samples.problems
    assert "The answers of a on digits, seed 0, cpu cannot be read" in problem
