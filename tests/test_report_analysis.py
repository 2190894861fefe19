"""What the numbers of a section are: means, intervals, columns that may be compared, and who stands where."""

from __future__ import annotations

import math
from typing import Any

import pytest

from bench.record import Memory, RunRecord, Score, Times
from bench.report import ModelRow, SectionData, Summary
from bench.report.numbers.analysis import analyse
from bench.report.numbers.grouping import group, newest
from bench.report.numbers.judged import Rules
from tests.report_records import classifiers, data, failed, plan, record


def row(section: SectionData, label: str) -> ModelRow:
    return next(row for row in section.rows if row.label == label)


def words(section: SectionData, measure: str) -> list[str]:
    return [each.words for each in section.variables if each.measure.name == measure]


def standing(section: SectionData, measure: str, *, is_it: str = "best") -> set[str]:
    keys = {each.key for each in section.variables if each.measure.name == measure}
    return {
        row.label for row in section.rows for key, each in row.values.items() if key in keys and each.standing == is_it
    }


def summary(section: SectionData, label: str, measure: str, condition: str = "") -> Summary:
    key = next(each.key for each in section.variables if each.measure.name == measure and each.words == condition)
    return row(section, label).values[key]


def two_models(left: list[float], right: list[float], **score: Any) -> SectionData:
    runs = []
    for label, values in (("left", left), ("right", right)):
        for seed, value in enumerate(values):
            made = Score(**({"name": "accuracy", "value": value, "higher_is_better": True} | score))
            runs.append(record(plan(label, seed=seed), scores=(made,)))
    return data(runs)


APART = [0.90, 0.91, 0.92, 0.93, 0.94, 0.95], [0.80, 0.812, 0.82, 0.83, 0.843, 0.85]
MIXED = [0.90, 0.95, 0.91, 0.94, 0.90, 0.93], [0.94, 0.90, 0.92, 0.91, 0.95, 0.90]


def test_without_answers_the_interval_is_that_of_seeds() -> None:
    left = summary(two_models([0.90, 0.92, 0.94], [0.5, 0.6, 0.55]), "left", "accuracy")
    assert left.mean == pytest.approx(0.92)
    assert left.high is not None
    # Student's t with two degrees of freedom: 4.3027 · 0.02 / √3
    assert left.high - left.mean == pytest.approx(4.302653 * 0.02 / math.sqrt(3), rel=1e-5)
    assert left.count == 3


def test_an_interval_stays_where_the_score_can_lie() -> None:
    left = summary(two_models([0.90, 0.99, 0.999], [0.5, 0.1, 0.9], low=0.0, high=1.0), "left", "accuracy")
    assert left.low is not None
    assert left.high is not None
    assert 0 <= left.low < left.mean < left.high <= 1


def test_one_seed_without_answers_has_no_interval_and_decides_nothing() -> None:
    section = two_models([0.9], [0.1])
    assert summary(section, "left", "accuracy").low is None
    assert standing(section, "accuracy") == set()


def test_identical_repeats_are_one_observation() -> None:
    section = two_models([0.9] * 10, [0.1] * 10)
    assert standing(section, "accuracy") == set()
    assert standing(section, "accuracy", is_it="undecided") == {"left", "right"}


def test_a_clear_difference_and_its_direction() -> None:
    assert standing(two_models(*APART), "accuracy") == {"left"}
    assert standing(two_models(*APART), "accuracy", is_it="distinguishable") == {"right"}
    lower = two_models(*APART, name="log_loss", higher_is_better=False)
    assert standing(lower, "log_loss") == {"right"}


def test_noise_is_not_decided() -> None:
    assert standing(two_models(*MIXED), "accuracy", is_it="undecided") == {"left", "right"}


def test_equivalent_models_are_both_the_best() -> None:
    near = [0.900, 0.901, 0.902, 0.903, 0.904], [0.9005, 0.9012, 0.9017, 0.9034, 0.9041]
    assert standing(two_models(*near, low=0.0, high=1.0), "accuracy") == {"left", "right"}


def test_models_that_tie_with_the_best() -> None:
    section = data(classifiers())
    assert standing(section, "accuracy", is_it="undecided") == {"resnet", "lenet"}
    assert standing(section, "train_seconds") == {"logistic"}


def test_sizes_are_described_not_judged() -> None:
    section = data(classifiers())
    assert standing(section, "parameters") == standing(section, "parameters", is_it="undecided") == set()
    assert summary(section, "lenet", "parameters").mean == 61_706
    parameters = next(each.key for each in section.variables if each.measure.name == "parameters")
    assert parameters not in row(section, "random-forest").values


def test_memory_under_a_megabyte_is_a_tie() -> None:
    runs = [
        record(plan(label, seed=seed), memory=Memory(peak_memory_bytes=size + 1000 * seed**2))
        for label, size in (("tiny", 1_000), ("small", 900_000), ("big", 50_000_000))
        for seed in range(6)
    ]
    section = data(runs)
    assert standing(section, "peak_memory", is_it="undecided") == {"tiny", "small"}
    assert standing(section, "peak_memory", is_it="distinguishable") == {"big"}


def test_a_model_with_failed_seeds_counts_them_and_is_never_said_to_be_better() -> None:
    runs = [
        failed(each.run, "timeout", "5 s") if (each.run.label, each.run.seed) == ("resnet", 2) else each
        for each in classifiers(range(6))
    ]
    section = data(runs)
    resnet = row(section, "resnet")
    assert (resnet.ok_count, resnet.run_count) == (5, 6)
    assert resnet.outcomes == {"ok": 5, "timeout": 1}
    pairs = next(each for (key, _), each in section.compared.items() if key.startswith("accuracy")).pairs
    assert "resnet" not in {pair.better for pair in pairs}
    assert any("1 of 6 runs of resnet failed" in pair.note for pair in pairs)


def test_a_partial_store_compares_only_what_can_be_compared() -> None:
    section = data(each for each in classifiers(range(6)) if each.run.label != "resnet" or each.run.seed == 0)
    assert summary(section, "resnet", "accuracy").count == 1
    assert "resnet" not in standing(section, "accuracy")


def test_runs_that_died_before_the_data_was_read_stay_in_their_section() -> None:
    section = data([*classifiers(), failed(plan("late", seed=0), data={})])
    assert row(section, "late").outcomes == {"failed": 1}
    assert section.rows[-1].label == "late"


def test_scores_are_shared_by_all_devices_and_times_are_not() -> None:
    slower = [each for each in classifiers() if each.run.label != "resnet"]
    section = data([*slower, *classifiers(device="cuda")])
    assert words(section, "accuracy") == [""]
    assert words(section, "train_seconds") == ["CPU", "CUDA"]
    assert words(section, "parameters") == [""]
    assert words(section, "cuda_allocated") == ["CUDA"]
    times = [summary(section, "lenet", "train_seconds", device).mean for device in ("CPU", "CUDA")]
    assert times[0] > times[1]
    assert row(section, "lenet").seed_count == 5
    # One ranking: a model that ran on CUDA alone stands beside one that ran on the CPU alone.
    accuracy = next(each for (key, _), each in section.compared.items() if key.startswith("accuracy"))
    assert {"resnet", "random-forest"} <= accuracy.standing.keys()
    assert any({pair.a, pair.b} == {"resnet", "random-forest"} and pair.better == "resnet" for pair in accuracy.pairs)


def test_concurrent_times_have_columns_of_their_own_where_others_ran_alone() -> None:
    section = data([*classifiers(range(3)), *classifiers(range(3, 6), is_alone=False)])
    assert sorted(words(section, "train_seconds")) == ["", "concurrent"]
    assert words(section, "accuracy") == [""]
    assert summary(section, "lenet", "accuracy").count == 6
    assert summary(section, "lenet", "train_seconds", "concurrent").count == 3


def test_two_environments_never_share_a_time_column() -> None:
    runs = [*classifiers(range(3)), *classifiers(range(3, 6), environment_id="env-b")]
    (found,) = group(runs)
    section = analyse(newest(found), {"env-a": "environment A", "env-b": "environment B"})
    assert words(section, "train_seconds") == ["environment A", "environment B"]
    assert words(section, "accuracy") == [""]


def test_thread_counts_never_share_a_time_column() -> None:
    section = data(record(plan(seed=seed, threads=threads)) for threads in (1, 2) for seed in range(3))
    assert words(section, "train_seconds") == ["1 thread", "2 threads"]
    assert summary(section, "lenet", "accuracy").count == 3


def test_distances_with_other_settings_never_share_a_column() -> None:
    def distance(count: int, seed: int) -> RunRecord:
        detail = {"reference": 1.0 + seed / 10, "reference_low": 0.5, "reference_high": 1.5, "samples": count}
        score = Score(name="fid", value=10.0, higher_is_better=False, detail=detail)
        return record(plan(f"gan-{count}", seed=seed, task="image-generation"), scores=(score,))

    section = data([distance(count, seed) for count in (1000, 10_000) for seed in range(3)])
    assert words(section, "fid") == ["samples 1000", "samples 10000"]
    assert summary(section, "gan-1000", "fid", "samples 1000").reference == (pytest.approx(1.1), 0.5, 1.5)


def test_records_of_before_have_a_reference_without_ends() -> None:
    score = Score(name="fid", value=10.0, higher_is_better=False, detail={"floor": 1.2})
    assert summary(data([record(plan(), scores=(score,))]), "lenet", "fid").reference == (1.2, None, None)


def test_details_that_vary_from_seed_to_seed_split_no_column() -> None:
    runs = [
        record(plan(seed=seed), scores=(Score(name="fid", value=1.0, higher_is_better=False, detail={"tried": seed}),))
        for seed in range(3)
    ]
    assert words(data(runs), "fid") == [""]


def test_judges_of_two_machines_share_no_column() -> None:
    def judged(seed: int, machine: str) -> RunRecord:
        score = Score(name="fid", value=5.0 + seed, higher_is_better=False, detail={"judge": f"of {machine}"})
        return record(plan("gan", seed=seed), scores=(score,), environment_id=machine)

    section = data(judged(seed, "env-a" if seed < 3 else "env-b") for seed in range(6))
    assert words(section, "fid") == ["judge of env-a", "judge of env-b"]
    assert [summary(section, "gan", "fid", each).count for each in words(section, "fid")] == [3, 3]


def test_values_that_are_not_finite_are_not_averaged_but_counted() -> None:
    left = summary(two_models([0.9, math.nan, 0.92], [0.8, 0.81, 0.82]), "left", "accuracy")
    assert left.mean == pytest.approx(0.91)
    assert (left.count, left.tried, left.is_partial) == (2, 3, True)


def test_the_best_stand_first_whatever_their_family() -> None:
    section = data(classifiers())
    means = [summary(section, row.label, "accuracy").mean for row in section.rows]
    assert means == sorted(means, reverse=True)


def test_the_time_of_a_failed_run_is_in_no_mean() -> None:
    slow = failed(plan(seed=1), "timeout", "60 s", times=Times(train_seconds=60.0))
    assert summary(data([record(plan(seed=0)), slow]), "lenet", "train_seconds").mean == pytest.approx(2.0)


def test_a_section_where_everything_failed() -> None:
    section = data([failed(plan(label, seed=seed)) for label in ("a", "b") for seed in range(3)])
    assert section.variables == []
    assert section.main is None
    assert [row.outcomes for row in section.rows] == [{"failed": 3}, {"failed": 3}]


def test_what_a_search_found_and_not_what_it_began_with() -> None:
    def tuned(label: str, widths: list[int]) -> list[RunRecord]:
        runs = [plan(label, protocol="tuned", hyperparameters={"width": 4, "depth": 2}, seed=s) for s in range(3)]
        pairs = zip(runs, widths, strict=True)
        return [record(run, accuracy=0.9 + run.seed / 99, details={"best": {"width": width}}) for run, width in pairs]

    found = {row.label: row.hyperparameters for row in data([*tuned("a", [8, 16, 8]), *tuned("b", [8, 8, 8])]).rows}
    assert found == {"a": {"width": "searched", "depth": 2}, "b": {"width": 8, "depth": 2}}
    (only,) = data([failed(plan(protocol="tuned"))]).rows
    assert only.hyperparameters == {}


def test_seeds_that_were_added_until_something_was_decided_pay_for_the_looking() -> None:
    near = [0.90, 0.91, 0.92, 0.93], [0.885, 0.899, 0.907, 0.91]
    runs = [
        record(plan(label, seed=seed), accuracy=value)
        for label, values in zip(("left", "right"), near, strict=True)
        for seed, value in enumerate(values)
    ]
    (found,) = group(runs)
    once = analyse(newest(found), {})
    often = analyse(newest(found), {}, rules=Rules(is_sequential=True))
    assert standing(once, "accuracy") == {"left"}
    assert standing(often, "accuracy") == set()
