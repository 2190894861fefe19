"""What a page claims, and what it must not: the reach of verdicts, the margin, what failed and what is missing."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from bench.arrays import pack
from bench.evidence import SampleScores
from bench.record import RunRecord, Score, Times
from bench.report import Choice, Prose, Section, Source, Table, build_report
from bench.report.parts.answers import Answer
from bench.specs import MetricSpec
from tests.report_records import blocks, classifiers, data, failed, only, plan, record, report, table


def broken(probabilities: np.ndarray, labels: np.ndarray) -> float:
    raise RuntimeError("no such device")


def scored(label: str, seed: int, value: float, *, name: str = "accuracy", **changes: object) -> RunRecord:
    """Return a run with one score, a share unless it is an error."""
    is_error = name != "accuracy"
    score = Score(
        name=name, value=value + random.Random(f"{label}{seed}").gauss(0, 0.002), higher_is_better=not is_error,
        low=0.0, high=float("inf") if is_error else 1.0,
    )  # fmt: skip
    return record(plan(label, seed=seed, **changes), scores=(score,), objective=name)


def scopes(section: Section) -> str:
    found = [each for each in blocks(section) if isinstance(each, Prose) and each.kind == "scope"]
    return " ".join(sentence for each in found for sentence in each.sentences)


def test_a_metric_that_raises_is_told_as_a_warning() -> None:
    spec = MetricSpec(
        name="accuracy", target=f"{__name__}:broken", arrays=("probabilities", "labels"), higher_is_better=True,
        low=0.0, high=1.0,
    )  # fmt: skip
    arrays = {"a": pack({"probabilities": np.eye(2)[[0, 1]]}), "t": pack({"labels": np.array([0, 1])})}
    runs = [
        record(
            plan(label, seed=seed), scores=(Score(name="accuracy", value=0.9, higher_is_better=True, source="s"),),
            objective="accuracy", kept=("labels", "probabilities"), truth="t",
        )
        for label in "ab"
        for seed in range(3)
    ]  # fmt: skip
    samples = SampleScores(lambda run: arrays["a"], arrays.__getitem__, {"accuracy": spec})
    made = build_report(runs, {}, Source(samples=samples), title="t", command="c")
    assert [each for each in made.warnings if "RuntimeError: no such device" in each]


def test_costs_speak_of_runs_on_a_machine_not_of_test_samples() -> None:
    told = {each.scope for each in report(classifiers()).comparisons if each.metric == "train_seconds"}
    assert len(told) == 1
    assert "test" not in told.pop()
    told = {each.scope for each in report(classifiers()).comparisons if each.metric == "peak_memory"}
    assert not any("seed" in each for each in told)


def test_a_section_with_variants_says_what_its_verdicts_speak_of() -> None:
    runs = [
        scored(label, seed, value, variant={"training_size": size}, protocol="learning-curve")
        for label, value in (("a", 0.9), ("b", 0.8))
        for size in (100, 200)
        for seed in range(4)
    ]
    assert "Holds for other seeds (4)" in scopes(only(runs))


def test_the_margin_is_stated_and_so_is_that_there_is_none() -> None:
    shares = [scored(label, seed, 0.9) for label in "ab" for seed in range(4)]
    assert "Equivalent: within ± 0.01" in table(only(shares), "-pairs").caption
    errors = [scored(label, seed, 3.0, name="mse") for label in "ab" for seed in range(4)]
    assert "no margin of equivalence" in table(only(errors), "-pairs").caption.lower()
    assert "--margin" in table(only(errors), "-pairs").caption


def test_intervals_of_pairs_are_said_to_be_of_each_pair_alone() -> None:
    assert "of each pair alone" in table(only(classifiers()), "-pairs").caption


@pytest.mark.parametrize("status", ["killed", "skipped"])
def test_runs_that_are_missing_are_not_said_to_have_failed(status: str) -> None:
    runs = [scored(label, seed, value) for label, value in (("a", 0.9), ("b", 0.8)) for seed in range(4)]
    runs.append(failed(plan("a", seed=9), status))
    made = table(only(runs))
    assert not made.notes
    assert any(each.better == "a" for each in report(runs).comparisons)


def test_models_that_beat_each_other_in_a_circle_leave_none_of_them_beyond_the_best() -> None:
    # Each pair shares three runs of its own.
    values = {"a": (0.9, 0.1), "b": (0.1, 0.9), "c": (0.9, 0.1)}
    seeds = {"a": (range(4), range(8, 12)), "b": (range(4), range(4, 8)), "c": (range(4, 8), range(8, 12))}
    values["b"], values["c"], values["a"] = (0.7, 0.9), (0.7, 0.9), (0.9, 0.7)
    runs = [
        scored(label, seed, value)
        for label, (first, second) in values.items()
        for value, places in zip((first, second), seeds[label], strict=True)
        for seed in places
    ]
    section = data(runs)
    assert {pair.better for pair in section.compared[section.mains[0].key, "{}"].pairs} == {"a", "b", "c"}
    assert {row.values[section.mains[0].key].standing for row in section.rows} == {"undecided"}
    assert "are equivalent" not in " ".join(Answer(section).sentences())


def test_the_leader_is_not_said_to_differ_from_one_that_nothing_is_known_of() -> None:
    # Two that repeat exactly cannot be compared; the third differs from both.
    runs = [scored("mixed", seed, 0.8) for seed in range(5)]
    for label, value in (("fixed", 0.9), ("baseline", 0.7)):
        score = Score(name="accuracy", value=value, higher_is_better=True, low=0.0, high=1.0)
        runs += [record(plan(label, seed=seed), scores=(score,), objective="accuracy") for seed in range(5)]
    told = " ".join(Answer(data(runs)).sentences())
    assert "fixed has the best accuracy" in told
    assert "distinguishable from it" not in told
    assert "not distinguishably better than the trivial baseline" not in told


def timed(label: str, family: str, value: float, seconds: float) -> list[RunRecord]:
    return [
        scored(label, seed, value, family=family).model_copy(update={"times": Times(train_seconds=seconds)})
        for seed in range(6)
    ]


def test_a_cost_a_little_smaller_is_no_whole_fraction() -> None:
    told = " ".join(Answer(data([*timed("s", "shallow", 0.8, 1.0), *timed("d", "deep", 0.9, 0.7)])).sentences())
    assert "1/1" not in told
    assert "0.7 × the training time" in told


def test_depth_that_lowers_an_error_is_said_to() -> None:
    runs = [scored("s", seed, 3.0, name="mse", family="shallow") for seed in range(6)]
    runs += [scored("d", seed, 2.0, name="mse", family="deep") for seed in range(6)]
    told = " ".join(Answer(data(runs)).sentences())
    assert "lower is better" in told
    assert "Depth buys −1.0" in told


def test_no_order_is_sold_inside_a_tie() -> None:
    runs = [*timed("s", "shallow", 0.9, 1.0), *timed("t", "shallow", 0.9, 1.0), *timed("d", "deep", 0.9, 1.0)]
    told = " ".join(Answer(data(runs)).sentences())
    assert "the best of the shallow models" not in told
    assert "has the best mean of the shallow models" in told or "the shallow model with the best mean" in told


def test_a_mean_lies_in_its_interval_where_splits_have_unequal_numbers_of_seeds() -> None:
    from bench.record import SplitPlan

    score = {number: 0.5 + 0.001 * number for number in range(1, 6)} | {0: 0.95}
    runs = [
        record(
            plan("a", seed=seed, split=SplitPlan(scheme="holdout", number=number)),
            scores=(Score(name="accuracy", value=score[number], higher_is_better=True, low=0.0, high=1.0),),
            objective="accuracy",
        ).model_copy(
            update={
                "run": plan("a", seed=seed, split=SplitPlan(scheme="holdout", number=number), run_id=f"{seed}-{number}")
            }
        )
        for number in range(6)
        for seed in (range(40) if number == 0 else range(1))
    ]
    section = data(runs)
    (row,) = section.rows
    found = row.values[section.mains[0].key]
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.mean <= found.high
    # Every split counts once, as in the comparisons.
    assert found.mean == pytest.approx((0.95 + sum(score[n] for n in range(1, 6))) / 6)


def test_a_pair_with_too_few_runs_is_not_said_to_be_beyond_deciding() -> None:
    alone = [scored(label, 0, value) for label, value in (("a", 0.9), ("b", 0.8))]
    told = " ".join(Answer(data(alone)).sentences())
    assert "No number of such runs" not in told
    assert "too few runs" in told


def test_an_open_pair_whose_own_interval_holds_no_zero_says_why() -> None:
    ahead = (0.01, 0.03, 0.02, 0.05, 0.01)
    values = {"s": [0.88, 0.90, 0.91, 0.89, 0.92]}
    values["d"] = [value + lead for value, lead in zip(values["s"], ahead, strict=True)]
    values |= {
        f"noisy-{number}": [0.7 + 0.1 * ((seed * number) % 3) for seed in range(1, 6)] for number in (1, 2, 4, 5)
    }
    runs = [
        record(
            plan(label, seed=seed, family="deep" if label == "d" else "shallow"),
            scores=(Score(name="accuracy", value=value, higher_is_better=True, low=0, high=1),),
            objective="accuracy",
        )
        for label, each in values.items()
        for seed, value in enumerate(each)
    ]
    section = data(runs)
    (pair,) = [each for each in section.compared[section.mains[0].key, "{}"].pairs if {each.a, each.b} == {"d", "s"}]
    assert pair.verdict == "open"
    assert pair.low * pair.high > 0
    assert "corrected for the number of pairs, p = 0." in " ".join(Answer(section).sentences())


def accuracy(value: float, **changes: object) -> Score:
    return Score(**{"name": "accuracy", "value": value, "higher_is_better": True, "low": 0.0, "high": 1.0} | changes)


@pytest.mark.parametrize("values", [(math.inf, -math.inf), (1.5e308, 1.6e308)])
def test_scores_that_no_sum_can_hold_end_no_report(values: tuple[float, float]) -> None:
    runs = [
        record(plan("a", device=device), scores=(accuracy(value, low=-math.inf, high=math.inf),))
        for device, value in zip(("cpu", "cuda"), values, strict=True)
    ]
    assert report(runs).run_count == 2
    seeds = [record(plan("a", seed=n), scores=(accuracy(v, high=math.inf),)) for n, v in enumerate(values)]
    assert report(seeds).run_count == 2


def test_of_two_scores_of_one_name_table_and_comparison_read_the_same() -> None:
    runs = [
        record(
            plan(label, seed=seed),
            scores=(accuracy(0.9 + 0.001 * seed), accuracy(0.1, source="m", title="Other")),
            objective="accuracy",
        )
        for label in "ab"
        for seed in range(3)
    ]
    section = data(runs)
    assert [row.values[section.mains[0].key].mean for row in section.rows] == pytest.approx([0.901, 0.901])
    assert [each.measure.name for each in section.variables].count("accuracy") == 1


def test_models_without_a_number_and_means_of_some_runs_are_named_as_such() -> None:
    from tests.report_records import timed as raced

    values = {"a": (1.0, 2.0, math.inf), "b": (3.0, 3.0, 3.1), "c": (math.inf,) * 3}
    runs = [raced(label, seed, value) for label, each in values.items() for seed, value in enumerate(each)]
    told = " ".join(Answer(data(runs)).sentences())
    assert "a (1.50, 2 of 3 reached)" in told
    assert "No run of c gave a finite time to target" in told


def test_settings_with_parentheses_tell_columns_apart() -> None:
    runs = [
        record(plan(label, dataset=name, settings={"protocol": {"lr": rate}}))
        for name in ("d (small)", "e")
        for rate in ("(1, 2)", "(2, 3)")
        for label in "ab"
    ]
    (choice,) = next(each for each in report(runs).sections if each.key == "overview").blocks
    assert isinstance(choice, Choice)
    made = next(iter(choice.options.values()))
    assert isinstance(made, Table)
    assert {each.condition for each in made.columns[1:]} == {"protocol.lr=(1, 2)", "protocol.lr=(2, 3)"}


def test_a_scope_of_some_pairs_says_how_many() -> None:
    runs = [scored("mixed", seed, 0.8) for seed in range(5)]
    runs += [
        record(plan(label, seed=seed), scores=(accuracy(value),), objective="accuracy")
        for label, value in (("fixed", 0.9), ("other", 0.7))
        for seed in range(5)
    ]
    told = scopes(only(runs))
    assert "(2 of 3 pairs)" in told
    assert "(1 of 3 pairs)" in told


def test_what_failed_runs_keep_open_is_said_once() -> None:
    runs = [*timed("a", "deep", 0.9, 1.0), *timed("b", "shallow", 0.5, 0.1), failed(plan("a", seed=8, family="deep"))]
    told = " ".join(Answer(data(runs)).sentences())
    assert told.count("1 of 7 runs of a failed") == 1
