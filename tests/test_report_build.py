"""What the report says of finished, half-finished and failed suites."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError
from datetime import datetime
from typing import Any

import pytest

from bench.errors import StoreError
from bench.record import Environment, Memory, RunRecord, Score, Times
from bench.report import Report, Row, Section, build_report
from tests.report_records import ENVIRONMENT, classifiers, failed, generators, picture, plan, record, whole_suite


def report(records: list[RunRecord], **changes: Any) -> Report:
    arguments: dict[str, Any] = {"title": "quickstart", "command": "bench run quickstart"} | changes
    return build_report(records, {"env-a": ENVIRONMENT}, picture, **arguments)


def only(records: list[RunRecord]) -> Section:
    (section,) = report(records).sections
    return section


def row(section: Section, label: str, **variant: Any) -> Row:
    return next(row for row in section.rows if row.label == label and dict(row.variant) == variant)


def columns(section: Section, measure: str) -> list[str]:
    return [column.condition for column in section.columns if column.measure.name == measure]


def best(section: Section, measure: str) -> set[str]:
    keys = {column.key for column in section.columns if column.measure.name == measure}
    return {row.label for row in section.rows for key, cell in row.cells.items() if key in keys and cell.is_best}


def cell(section: Section, label: str, measure: str, condition: str = "") -> Any:
    key = next(c.key for c in section.columns if c.measure.name == measure and c.condition == condition)
    return row(section, label).cells.get(key)


def two_models(left: list[float], right: list[float], *, name: str = "accuracy", higher: bool = True) -> Section:
    runs = []
    for label, values in (("left", left), ("right", right)):
        for seed, value in enumerate(values):
            score = Score(name=name, value=value, higher_is_better=higher)
            runs.append(record(plan(label, seed=seed), scores=(score,)))
    return only(runs)


def test_report_names_what_made_it() -> None:
    made = report(whole_suite())
    assert made.title == "quickstart"
    assert made.command == "bench run quickstart"
    assert datetime.fromisoformat(made.created_at).tzinfo is not None
    assert made.outcomes == {"ok": 89, "diverged": 1, "failed": 4, "killed": 1, "skipped": 1}
    assert [section.title for section in made.sections] == [
        "digits · classification · fixed-budget",
        "wine · classification · fixed-budget",
        "digits · image-generation · fixed-budget",
    ]


def test_the_tree_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        report(whole_suite()).title = "other"  # type: ignore[misc]


def test_mean_and_interval_over_seeds() -> None:
    section = two_models([0.90, 0.92, 0.94], [0.5, 0.5, 0.5])
    left = cell(section, "left", "accuracy")
    assert left.mean == pytest.approx(0.92)
    # Student's t with two degrees of freedom: 4.3027 · 0.02 / √3
    assert left.high - left.mean == pytest.approx(4.302653 * 0.02 / math.sqrt(3), rel=1e-5)
    assert left.count == 3


def test_one_seed_has_no_interval_and_decides_nothing() -> None:
    section = two_models([0.9], [0.1])
    assert cell(section, "left", "accuracy").low is None
    assert best(section, "accuracy") == set()
    assert "too few shared seeds to decide anything (1 seed each)" in section.findings[0]


def test_clear_difference_is_marked() -> None:
    section = two_models([0.90, 0.91, 0.92, 0.93, 0.94, 0.95], [0.80, 0.812, 0.82, 0.83, 0.843, 0.85])
    assert best(section, "accuracy") == {"left"}
    assert "left has the best mean and can be told apart from right" in section.findings[0]


def test_direction_of_the_metric_decides_who_is_best() -> None:
    left, right = [0.90, 0.91, 0.92, 0.93, 0.94, 0.95], [0.80, 0.812, 0.82, 0.83, 0.843, 0.85]
    assert best(two_models(left, right, name="log_loss", higher=False), "log_loss") == {"right"}


def test_noise_is_not_marked() -> None:
    section = two_models([0.90, 0.95, 0.91, 0.94, 0.90, 0.93], [0.94, 0.90, 0.92, 0.91, 0.95, 0.90])
    assert best(section, "accuracy") == set()
    assert "no model can be told apart from the best mean" in section.findings[0]


def test_models_that_tie_with_the_best_are_marked_with_it() -> None:
    section = only(list(classifiers()))
    assert best(section, "accuracy") == {"resnet", "lenet"}
    assert best(section, "train_seconds") == {"logistic"}


def test_sizes_are_described_not_judged() -> None:
    section = only(list(classifiers()))
    assert best(section, "parameters") == set()
    assert cell(section, "lenet", "parameters").mean == 61_706
    assert cell(section, "random-forest", "parameters") is None


def test_memory_under_a_megabyte_is_a_tie() -> None:
    runs = [
        record(plan(label, seed=seed), memory=Memory(peak_memory_bytes=size + seed))
        for label, size in (("tiny", 1_000), ("small", 900_000), ("big", 50_000_000))
        for seed in range(6)
    ]
    assert best(only(runs), "peak_memory") == {"tiny", "small"}


def test_model_with_failed_seeds_counts_them_and_is_never_best() -> None:
    runs = [*classifiers(range(6))]
    runs = [
        failed(each.run, "timeout", "5 s") if each.run.label == "lenet" and each.run.seed == 2 else each
        for each in runs
    ]
    section = only(runs)
    lenet = row(section, "lenet")
    assert (lenet.ok_count, lenet.run_count) == (5, 6)
    assert lenet.outcomes == {"ok": 5, "timeout": 1}
    assert "lenet" not in best(section, "accuracy")


def test_failures_are_told_once_with_their_seeds() -> None:
    failures = report(whole_suite()).failures
    segfaults = next(each for each in failures if each.label == "segfaulter" and each.status == "failed")
    assert segfaults.repetitions == "seeds 0, 1, 2, 3"
    assert "SIGSEGV" in segfaults.reason
    assert "Traceback" in segfaults.traceback
    assert segfaults.output == "epoch 1 …\n"
    assert any(each.status == "skipped" and each.label == "boosted-trees" for each in failures)


def test_long_output_keeps_its_end() -> None:
    run = failed(plan(), "failed", "boom").model_copy(update={"output": "x" * 10_000_000 + "the end"})
    (failure,) = report([run]).failures
    assert len(failure.output) < 10_000
    assert failure.output.endswith("the end")


def test_section_where_everything_failed() -> None:
    section = only([failed(plan(label, seed=seed)) for label in ("a", "b") for seed in range(3)])
    assert section.columns == ()
    assert section.figures == ()
    assert [row.outcomes for row in section.rows] == [{"failed": 3}, {"failed": 3}]
    assert section.findings == ()


def test_no_records_at_all() -> None:
    empty = report([])
    assert empty.sections == ()
    assert empty.run_count == 0


def test_partial_store_compares_only_what_can_be_compared() -> None:
    runs = [*classifiers(range(6))]
    runs = [each for each in runs if each.run.label != "resnet" or each.run.seed == 0]
    section = only(runs)
    assert cell(section, "resnet", "accuracy").count == 1
    assert "resnet" not in best(section, "accuracy")
    assert "resnet" not in best(section, "train_seconds")


def test_runs_that_died_before_the_data_was_read_stay_in_their_section() -> None:
    runs = [*classifiers(), failed(plan("late", seed=0), data={})]
    assert row(only(runs), "late").outcomes == {"failed": 1}


def test_devices_share_a_section_but_no_column() -> None:
    section = only([*classifiers(), *classifiers(device="cuda")])
    assert columns(section, "accuracy") == ["CPU", "CUDA"]
    assert columns(section, "train_seconds") == ["CPU", "CUDA"]
    assert columns(section, "parameters") == [""]
    assert columns(section, "cuda_allocated") == ["CUDA"]
    assert cell(section, "lenet", "train_seconds", "CPU").mean > cell(section, "lenet", "train_seconds", "CUDA").mean
    assert row(section, "lenet").seed_count == 5


def test_times_taken_in_company_have_columns_of_their_own() -> None:
    section = only([*classifiers(range(3)), *classifiers(range(3, 6), is_alone=False)])
    assert columns(section, "train_seconds") == ["in company", ""] or columns(section, "train_seconds") == [
        "",
        "in company",
    ]
    assert columns(section, "accuracy") == [""]
    assert cell(section, "lenet", "accuracy").count == 6
    assert cell(section, "lenet", "train_seconds", "in company").count == 3
    assert "21 of 42 runs shared the machine" in section.warnings[0]


def test_a_suite_run_in_company_says_so_in_every_time() -> None:
    section = only(list(classifiers(is_alone=False)))
    assert columns(section, "train_seconds") == ["in company"]


def test_two_environments_never_share_a_time_column() -> None:
    runs = [*classifiers(range(3)), *classifiers(range(3, 6), environment_id="env-b")]
    environments = {"env-a": ENVIRONMENT, "env-b": Environment(environment_id="env-b", facts={"cpu": "other"})}
    made = build_report(runs, environments, picture, title="t", command="c")
    assert columns(made.sections[0], "train_seconds") == ["environment A", "environment B"]
    assert columns(made.sections[0], "accuracy") == [""]
    assert [(machine.name, machine.run_count) for machine in made.machines] == [
        ("environment A", 21),
        ("environment B", 21),
    ]
    assert "2 environments" in made.warnings[0]


def test_environments_that_differ_by_device_only_are_named_by_the_device() -> None:
    made = report([*classifiers(), *classifiers(device="cuda", environment_id="env-gpu")])
    assert columns(made.sections[0], "train_seconds") == ["CPU", "CUDA"]
    assert made.warnings == ()
    assert [machine.device for machine in made.machines] == ["CPU", "CUDA"]


def test_busy_machine_is_a_warning() -> None:
    facts = ENVIRONMENT.facts | {"start": {"busy_share": 0.8}}
    busy = Environment(environment_id="env-a", facts=facts)
    made = build_report([record()], {"env-a": busy}, picture, title="t", command="c")
    assert "busy at the start: 80%" in made.warnings[0]


def test_thread_counts_never_share_a_time_column() -> None:
    runs = [record(plan(seed=seed, threads=threads)) for threads in (1, 2) for seed in range(3)]
    assert columns(only(runs), "train_seconds") == ["1 thread", "2 threads"]


def test_distances_with_other_settings_never_share_a_column() -> None:
    def distance(count: int, seed: int) -> RunRecord:
        detail = {"floor": 1.0 + seed / 10, "samples": count}
        score = Score(name="fid", value=10.0, higher_is_better=False, detail=detail)
        return record(plan(f"gan-{count}", seed=seed, task="image-generation"), scores=(score,))

    section = only([distance(count, seed) for count in (1000, 10_000) for seed in range(3)])
    assert columns(section, "fid") == ["samples 1000", "samples 10000"]
    assert cell(section, "gan-1000", "fid", "samples 1000").floor == pytest.approx(1.1)


def test_details_that_vary_from_seed_to_seed_split_no_column() -> None:
    runs = [
        record(plan(seed=seed), scores=(Score(name="fid", value=1.0, higher_is_better=False, detail={"tried": seed}),))
        for seed in range(3)
    ]
    assert columns(only(runs), "fid") == [""]


def test_other_settings_make_other_sections() -> None:
    long = {"protocol": {"epochs": 100}}
    made = report([record(plan()), record(plan(settings=long))])
    titles = [section.title for section in made.sections]
    assert len(titles) == len(set(titles)) == 2
    assert any("protocol.epochs=100" in title for title in titles)


def test_order_of_keys_in_settings_does_not_matter() -> None:
    left = record(plan(settings={"a": 1, "b": 2}))
    right = record(plan(seed=1, settings={"b": 2, "a": 1}))
    assert len(report([left, right]).sections) == 1


def test_older_version_of_a_model_is_left_out_and_said() -> None:
    old = [
        record(plan(seed=seed, identity={"source": "old"}), accuracy=0.1, finished_at="2026-01-01T00:00:00+00:00")
        for seed in range(3)
    ]
    section = only([*old, *(record(plan(seed=seed), accuracy=0.9) for seed in range(2))])
    assert cell(section, "lenet", "accuracy").mean == pytest.approx(0.9)
    assert cell(section, "lenet", "accuracy").count == 2
    assert "lenet: 3 older runs" in section.notes[0]


def test_one_label_for_two_things_in_two_suites() -> None:
    runs = [record(plan(suite=suite, hyperparameters={"width": width})) for suite, width in (("a", 1), ("b", 2))]
    assert {row.label for row in only(runs).rows} == {"lenet (a)", "lenet (b)"}


def test_values_that_are_not_finite_are_not_averaged_but_seen() -> None:
    section = two_models([0.9, math.nan, 0.92], [0.8, 0.81, 0.82])
    left = cell(section, "left", "accuracy")
    assert left.mean == pytest.approx(0.91)
    assert (left.count, left.run_count) == (2, 3)


def test_rows_by_family_then_quality() -> None:
    families = [(row.family, row.label) for row in only(list(classifiers())).rows]
    assert [family for family, _ in families] == ["shallow"] * 4 + ["deep"] * 3
    assert families[0][1] == "mlp-shallow"
    assert {label for _, label in families[4:6]} == {"resnet", "lenet"}


def test_samples_are_of_one_seed_that_all_have() -> None:
    runs = [each for each in generators() if (each.run.label, each.run.seed) != ("gan", 0)]
    wall = only(runs).samples
    assert wall is not None
    assert wall.drawn_with == "seed 1"
    assert [grid.label for grid in wall.grids] == ["class-gaussian", "dcgan", "vae", "gan"]
    assert all(grid.png and grid.png.startswith(b"\x89PNG") for grid in wall.grids)
    assert "floor" in wall.grids[0].caption
    assert "samples 1000" in wall.grids[0].caption


def test_missing_picture_is_said_not_hidden() -> None:
    def gone(_: RunRecord, name: str) -> bytes:
        raise StoreError(f"no artifact {name!r}")

    (section,) = build_report(list(generators()), {}, gone, title="t", command="c").sections
    assert section.samples is not None
    assert all(grid.png is None and "no artifact" in grid.caption for grid in section.samples.grids)


def test_machine_and_versions_are_listed() -> None:
    made = report([record(), record(plan(seed=1), versions={"torch": "2.16.0"})])
    assert ("cpu model", "AMD EPYC 7B13") in made.machines[0].facts
    assert ("memory total", "16.8 GB") in made.machines[0].facts
    assert dict(made.versions)["torch"] == "2.15.0, 2.16.0"


def test_machine_without_description() -> None:
    made = build_report([record()], {}, picture, title="t", command="c")
    assert made.machines[0].facts == ()


def test_time_of_a_failed_run_is_in_no_mean() -> None:
    slow = failed(plan(seed=1), "timeout", "60 s", times=Times(train_seconds=60.0))
    assert cell(only([record(plan(seed=0)), slow]), "lenet", "train_seconds").mean == pytest.approx(2.0)
