"""What the report says of finished, half-finished and failed suites, as blocks."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import datetime
from typing import Any

import pytest

from bench.record import Environment, RunRecord, Score
from bench.report import Log, Prose, Report, Section, Source, Table, build_report
from tests.report_records import (
    ENVIRONMENT,
    blocks,
    classifiers,
    failed,
    generators,
    only,
    picture,
    plan,
    record,
    results,
    table,
    whole_suite,
)


def report(records: list[RunRecord], **changes: Any) -> Report:
    arguments: dict[str, Any] = {"title": "quickstart", "command": "bench run quickstart"} | changes
    environments = arguments.pop("environments", {"env-a": ENVIRONMENT})
    return build_report(records, environments, Source(artifacts=picture), **arguments)


def section(made: Report, key: str) -> Section:
    return next(each for each in made.sections if each.key == key)


def log(made: Report, key: str) -> Log:
    return next(block for _, block in made.blocks() if isinstance(block, Log) and block.key == key)


def notes(made: Section) -> list[str]:
    prose = [block for block in made.blocks if isinstance(block, Prose) and block.kind == "note"]
    return [sentence for block in prose for sentence in block.sentences]


def test_report_names_what_made_it() -> None:
    made = report(whole_suite())
    assert made.title == "quickstart"
    assert made.command == "bench run quickstart"
    assert datetime.fromisoformat(made.created_at).tzinfo is not None
    assert made.outcomes == {"ok": 89, "diverged": 1, "failed": 4, "killed": 1, "skipped": 1}
    assert [each.title for each in results(made)] == [
        "digits · classification · fixed-budget",
        "wine · classification · fixed-budget",
        "digits · image-generation · fixed-budget",
    ]


def test_answers_come_first_then_the_table_of_models_by_data_sets() -> None:
    made = report(whole_suite())
    assert [each.kind for each in made.sections[:3]] == ["answers", "across", "results"]
    assert [each.kind for each in made.sections[-1:]] == ["about"]
    main = next(block for block in blocks(made.sections[1]) if isinstance(block, Table))
    assert [column.title for column in main.columns] == ["Model", "digits", "wine"]
    assert [column.better for column in main.columns[1:]] == ["higher", "higher"]


def test_the_report_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        report(whole_suite()).title = "other"  # type: ignore[misc]


def test_every_model_has_one_place_for_its_colour() -> None:
    made = report(whole_suite())
    labels = [model.label for model in made.models]
    assert len(labels) == len(set(labels))
    assert {row.label for _, block in made.blocks() if isinstance(block, Table) for row in block.rows} <= {*labels, ""}


def test_failures_are_told_once_with_their_seeds() -> None:
    entries = {entry.title: entry for entry in log(report(whole_suite()), "failures").entries}
    segfaults = entries["segfaulter on digits, seeds 0, 1, 2, 3: failed"]
    assert "SIGSEGV" in segfaults.facts["reason"]
    assert "Traceback" in segfaults.texts["traceback"]
    assert segfaults.texts["output"] == "epoch 1 …\n"
    assert "boosted-trees on digits, seed 0: skipped" in entries


def test_long_output_keeps_its_end() -> None:
    run = failed(plan(), "failed", "boom").model_copy(update={"output": "x" * 10_000_000 + "the end"})
    (entry,) = log(report([run]), "failures").entries
    assert len(entry.texts["output"]) < 10_000
    assert entry.texts["output"].endswith("the end")


def test_a_section_where_everything_failed_has_a_table_and_no_answer() -> None:
    made = only([failed(plan(label, seed=seed)) for label in ("a", "b") for seed in range(3)])
    found = table(made)
    assert [row.cell(found.columns[1]).text for row in found.rows] == ["0/3 ok", "0/3 ok"]
    assert not [block for block in made.blocks if isinstance(block, Prose) and block.kind == "answer"]


def test_no_records_at_all() -> None:
    empty = report([])
    assert results(empty) == []
    assert empty.run_count == 0


def test_runs_still_to_be_made_are_counted() -> None:
    assert report([record()], planned=4).progress == "1 of 4 runs made so far"
    assert report([record()], planned=1).progress == ""


def test_shared_machines_are_a_warning() -> None:
    made = report([*classifiers(range(3)), *classifiers(range(3, 6), is_alone=False)])
    assert "21 of 42 runs shared the machine" in made.warnings[0]


def test_concurrent_times_carry_a_mark_that_the_table_explains() -> None:
    found = table(only(list(classifiers(is_alone=False))))
    time = next(column for column in found.columns if column.measure == "train_seconds")
    accuracy = next(column for column in found.columns if column.measure == "accuracy")
    assert {row.cell(time).marks for row in found.rows} == {("*",)}
    assert {row.cell(accuracy).marks for row in found.rows} == {()}
    assert "other runs" in found.notes["*"]
    assert table(only(list(classifiers()))).notes == {}


def test_environments_are_listed_with_what_ran_there() -> None:
    runs = [*classifiers(range(3)), *classifiers(range(3, 6), environment_id="env-b")]
    environments = {"env-a": ENVIRONMENT, "env-b": Environment(environment_id="env-b", facts={"cpu": "other"})}
    made = report(runs, environments=environments)
    titles = [entry.title for entry in log(made, "machines").entries]
    assert titles == ["Environment A: 21 runs on CPU", "Environment B: 21 runs on CPU"]
    assert "2 environments" in made.warnings[0]


def test_environments_that_differ_by_device_only_are_no_warning() -> None:
    made = report([*classifiers(), *classifiers(device="cuda", environment_id="env-gpu")])
    assert made.warnings == ()


def test_a_busy_machine_is_a_warning() -> None:
    facts = ENVIRONMENT.facts | {"start": {"busy_share": 0.8}}
    made = report([record()], environments={"env-a": Environment(environment_id="env-a", facts=facts)})
    assert "busy at the start: 80%" in made.warnings[0]


def test_machine_and_versions_are_listed() -> None:
    made = report([record(), record(plan(seed=1), versions={"torch": "2.16.0"})])
    (entry,) = log(made, "machines").entries
    assert entry.facts["cpu model"] == "AMD EPYC 7B13"
    assert entry.facts["memory total"] == "16.8 GB"
    versions = table(section(made, "machines"), "versions")
    found = {row.cells["package"].text: row.cells["version"].text for row in versions.rows}
    assert found["torch"] == "2.15.0, 2.16.0"


def test_a_machine_without_description_is_still_counted() -> None:
    (entry,) = log(report([record()], environments={}), "machines").entries
    assert (entry.title, dict(entry.facts)) == ("Environment A: 1 run on CPU", {})


def test_other_settings_make_other_sections() -> None:
    made = report([record(plan()), record(plan(settings={"protocol": {"epochs": 100}}))])
    titles = [each.title for each in results(made)]
    assert len(titles) == len(set(titles)) == 2
    assert any("protocol.epochs=100" in title for title in titles)


def test_order_of_keys_in_settings_does_not_matter() -> None:
    left = record(plan(settings={"a": 1, "b": 2}))
    right = record(plan(seed=1, settings={"b": 2, "a": 1}))
    assert len(results(report([left, right]))) == 1


def test_an_older_version_of_a_model_is_left_out_and_said() -> None:
    old = [
        record(plan(seed=seed, identity={"source": "old"}), accuracy=0.1, finished_at="2026-01-01T00:00:00+00:00")
        for seed in range(3)
    ]
    made = only([*old, *(record(plan(seed=seed), accuracy=0.9) for seed in range(2))])
    found = table(made)
    accuracy = next(column for column in found.columns if column.measure == "accuracy")
    assert found.rows[0].cell(accuracy).value == pytest.approx(0.9)
    assert list(found.rows[0].cell(accuracy).runs) == ["seed 0", "seed 1"]
    assert any("lenet: 3 older runs" in note for note in notes(made))


def test_one_label_for_two_things_in_two_suites() -> None:
    runs = [record(plan(suite=suite, hyperparameters={"width": width})) for suite, width in (("a", 1), ("b", 2))]
    assert {row.label for row in table(only(runs)).rows} == {"lenet (a)", "lenet (b)"}


def test_one_number_of_decimals_per_column() -> None:
    found = table(only(list(classifiers())))
    accuracy = next(column for column in found.columns if column.measure == "accuracy")
    texts = [row.cell(accuracy).text for row in found.rows]
    assert len({len(text.partition(".")[2]) for text in texts}) == 1
    assert all(row.cell(accuracy).spread for row in found.rows)


def test_few_scores_stand_before_the_costs_and_the_rest_is_folded() -> None:
    found = table(only(list(classifiers())))
    shown = [column.measure or column.key for column in found.columns if not column.is_folded]
    assert shown == [
        "model", "seeds", "accuracy", "auroc", "log_loss", "calibration_error", "train_seconds", "latency_p50",
        "peak_memory", "parameters",
    ]  # fmt: skip
    assert {"f1", "latency_p95", "depth"} <= {column.measure for column in found.columns if column.is_folded}


def test_a_distance_has_a_name_for_people_and_its_identifier_beside_it() -> None:
    found = table(only(list(generators())))
    distance = next(column for column in found.columns if column.measure.startswith("fd:"))
    assert distance.title == "Fréchet distance (LeNet, digits)"
    assert "fd:lenet-digits-v1@1f0c9a22" in distance.about
    assert found.rows[0].cell(distance).note.startswith("reference ")


def test_what_varies_is_laid_out_by_what_it_is() -> None:
    runs = [
        record(
            plan(label, seed=seed, variant={"training_size": size}, protocol="learning-curve"),
            accuracy=value + seed / 99,
        )
        for label, value in (("mlp", 0.8), ("lenet", 0.7))
        for size in (50, 100, 1000)
        for seed in range(3)
    ]
    pivot = next(block for block in blocks(only(runs)) if isinstance(block, Table))
    assert [column.title for column in pivot.columns] == ["Model", "50", "100", "1000"]
    assert [row.label for row in pivot.rows] == ["mlp", "lenet"]


def test_every_comparison_is_in_the_report() -> None:
    made = report(list(classifiers()))
    pairs = [each for each in made.comparisons if each.metric == "accuracy"]
    assert len(pairs) == 7 * 6 // 2
    assert all(each.is_main and each.dataset == "digits" for each in pairs)
    better = [each for each in pairs if each.better]
    assert better
    assert all(each.verdict == "different" and each.p_adjusted <= each.level for each in better)
    # The model that stands first in the table is A.
    assert all(each.difference >= 0 for each in pairs)


def test_a_margin_is_that_of_the_main_score() -> None:
    made = report(list(classifiers()), margin=0.5)
    assert {each.verdict for each in made.comparisons if each.metric == "accuracy"} == {"equivalent"}
    assert {each.margin for each in made.comparisons if each.metric == "accuracy"} == {0.5}


def test_scores_of_one_value_each_say_what_they_are_about() -> None:
    score = Score(name="accuracy", value=0.9, higher_is_better=True)
    runs = [record(plan(label), scores=(score,)) for label in "ab"]
    scope = next(block for block in only(runs).blocks if isinstance(block, Prose) and block.kind == "scope")
    assert "too few to compare" in scope.sentences[0]
