"""What the report says across data sets, of repeated runs, and on a narrow terminal."""

from __future__ import annotations

import csv as csv_module
import math
import re
from pathlib import Path
from typing import Any

import pytest

from bench.record import CurvePoint, RunRecord, Score, Times
from bench.report.ranks import ranks
from bench.stats import friedman, nemenyi_critical_difference
from bench_reports import csv, html, latex, markdown
from tests.report_records import NASTY, failed, only, plan, record, report, terminal_text, timed


def ranked(
    values: dict[str, dict[str, float | None]], *, name: str = "accuracy", higher: bool = True
) -> list[RunRecord]:
    """values: data set → model → score, None for a model that fails there."""
    runs = []
    for dataset, models in values.items():
        for label, value in models.items():
            for seed in range(3):
                run = plan(label, dataset=dataset, seed=seed)
                score = Score(name=name, value=(value or 0) + seed / 1e6, higher_is_better=higher)
                runs.append(failed(run) if value is None else record(run, scores=(score,)))
    return runs


TABLE: dict[str, dict[str, float | None]] = {
    "digits": {"a": 0.9, "b": 0.8, "c": 0.7, "only-here": 0.99},
    "iris": {"a": 0.9, "b": 0.7, "c": 0.8},
    "wine": {"a": 0.6, "b": 0.5, "c": 0.4},
    "moons": {"a": 0.6, "b": 0.6, "c": 0.4},
}


def test_ranks_across_data_sets_are_those_of_the_statistics() -> None:
    (found,) = report(ranked(TABLE)).ranks
    table = [[models[label] or 0.0 for label in "abc"] for models in TABLE.values()]
    expected = friedman(table)
    assert found.datasets == ("digits", "iris", "wine", "moons")
    assert {row.label: row.mean_rank for row in found.rows} == dict(zip("abc", expected.mean_ranks, strict=True))
    assert {row.label: row.ranks for row in found.rows}["b"] == (2.0, 3.0, 2.0, 1.5)
    assert (found.statistic, found.p_value) == (expected.statistic, expected.p_value)
    assert found.critical_difference == nemenyi_critical_difference(3, 4)
    assert found.left_out == ("only-here (not on every data set)",)
    assert [row.label for row in found.rows] == ["a", "b", "c"]


def test_ranks_respect_the_direction() -> None:
    (found,) = report(ranked(TABLE, name="log_loss", higher=False)).ranks
    assert [row.label for row in found.rows] == ["c", "b", "a"]


def test_a_model_that_fails_ranks_last() -> None:
    table = {name: models | {"a": None if name == "wine" else models["a"]} for name, models in TABLE.items()}
    (found,) = report(ranked(table)).ranks
    a = next(row for row in found.rows if row.label == "a")
    assert a.ranks == (1.0, 1.0, 3.0, 1.5)
    assert a.values[2] == -math.inf


def test_a_target_that_is_missed_ranks_last() -> None:
    runs = []
    for dataset in ("digits", "iris", "wine"):
        for label, value in (("fast", 1.0), ("slow", 2.0), ("never", math.inf)):
            made = timed(label, 0, value)
            runs.append(made.model_copy(update={"run": plan(label, protocol="time-to-target", dataset=dataset)}))
    (found,) = report(runs).ranks
    assert [(row.label, row.mean_rank) for row in found.rows] == [("fast", 1.0), ("slow", 2.0), ("never", 3.0)]


def test_two_data_sets_or_two_models_are_no_ranking() -> None:
    assert report(ranked({name: TABLE[name] for name in ("digits", "iris")})).ranks == ()
    two = {name: {label: models[label] for label in "ab"} for name, models in TABLE.items()}
    assert report(ranked(two)).ranks == ()


def test_a_data_set_with_too_few_models_is_left_out() -> None:
    (found,) = report(ranked(TABLE | {"poor": {"a": 0.5}})).ranks
    assert "poor" not in found.datasets
    assert found.left_out[-1] == "poor (too few models)"


def test_few_data_sets_are_said_to_decide_nothing() -> None:
    models = [f"m{number}" for number in range(8)]
    runs = ranked({name: {label: number / 10 for number, label in enumerate(models)} for name in ("a", "b")})
    assert ranks([]) == report(runs).ranks == ()
    runs = ranked({name: {label: number / 10 for number, label in enumerate("xyz")} for name in ("a", "b", "c")})
    (found,) = report(runs).ranks
    assert found.can_decide
    assert found.cliques == (("z", "y"), ("y", "x"))


def test_devices_are_ranked_apart() -> None:
    runs = ranked({name: TABLE[name] for name in ("iris", "wine", "moons")})
    cuda = [each.model_copy(update={"run": each.run.model_copy(update={"device": "cuda"})}) for each in runs]
    assert [each.title for each in report([*runs, *cuda]).ranks] == [
        "classification · fixed-budget · CPU", "classification · fixed-budget · CUDA",
    ]  # fmt: skip


def test_ranks_are_in_every_format(tmp_path: Path) -> None:
    made = report(ranked({name: {NASTY: 0.5, **models} for name, models in TABLE.items()}))
    source = html.render(made, tmp_path).read_text(encoding="utf-8")
    (diagram,) = re.findall(r'<svg class="ranks".*?</svg>', source, flags=re.S)
    assert "<script" not in diagram
    assert "critical difference" in diagram
    assert "## Ranks across data sets" in markdown.render(made, tmp_path).read_text(encoding="utf-8")
    tex = latex.render(made, tmp_path).read_text(encoding="utf-8")
    assert r"\label{tab:depthbench-ranks-1}" in tex
    assert r"$\chi$" in tex
    with csv.render(made, tmp_path).open(newline="", encoding="utf-8") as file:
        mean_ranks = {
            line["model"]: line["mean"] for line in csv_module.DictReader(file) if line["measure"] == "mean_rank"
        }
    assert float(mean_ranks["a"]) == pytest.approx(next(r.mean_rank for r in made.ranks[0].rows if r.label == "a"))
    assert "Friedman" in terminal_text(made, 100)


def attempt(label: str, number: int, accuracy: float, loss: float = 0.5, **changes: Any) -> RunRecord:
    point = CurvePoint(epoch=1, step=9, train_seconds=number, train_loss=loss, validation={"accuracy": accuracy})
    times = Times(train_seconds=float(number))
    return record(plan(label), accuracy=accuracy, attempt=number, curve=(point,), times=times, **changes)


def verdicts(attempts: list[RunRecord]) -> dict[str, str]:
    newest = {each.run.run_id: each for each in attempts}
    return {each.label: each.verdict for each in report(newest.values(), attempts=attempts).repeats}


def test_runs_that_were_executed_again_tell_which_models_repeat() -> None:
    attempts = [
        attempt("same", 1, 0.9), attempt("same", 2, 0.9),
        attempt("other-score", 1, 0.9), attempt("other-score", 2, math.nextafter(0.9, 1)),
        attempt("other-loss", 1, 0.9), attempt("other-loss", 2, 0.9, loss=0.6),
        attempt("once", 1, 0.9),
    ]  # fmt: skip
    assert verdicts(attempts) == {
        "same": "repeats bit for bit", "other-score": "differs", "other-loss": "differs", "once": "not repeated",
    }  # fmt: skip
    made = report({each.run.run_id: each for each in attempts}.values(), attempts=attempts)
    example = next(each.example for each in made.repeats if each.label == "other-loss")
    assert example == "training loss at step 9 0.5 and 0.6 (digits, seed 0)"


def test_a_run_that_two_suites_list_under_two_labels_repeats_under_both() -> None:
    attempts = [attempt("one", 1, 0.9), attempt("one", 2, 0.9)]
    other = attempts[1].model_copy(update={"run": attempts[1].run.model_copy(update={"label": "two", "suite": "b"})})
    made = report([attempts[1], other], attempts=attempts)
    assert {each.label: each.verdict for each in made.repeats} == dict.fromkeys(("one", "two"), "repeats bit for bit")


def test_failed_attempts_other_machines_and_clocks_are_no_repeat() -> None:
    assert verdicts([failed(plan("a")), attempt("a", 2, 0.9)]) == {"a": "not repeated"}
    assert verdicts([attempt("a", 1, 0.8, environment_id="x"), attempt("a", 2, 0.9)]) == {"a": "not repeated"}
    assert verdicts([timed("a", 0, 1.0), timed("a", 0, 2.0)]) == {"a": "repeats bit for bit"}
    nan = {"scores": (Score(name="x", value=math.nan, higher_is_better=True),)}
    assert verdicts([record(plan("a"), **nan), record(plan("a"), **nan)]) == {"a": "repeats bit for bit"}


def test_determinism_is_told_in_the_formats(tmp_path: Path) -> None:
    made = report([attempt("a", 2, 0.9)], attempts=[attempt("a", 1, 0.9), attempt("a", 2, 0.9)])
    for render in (html.render, markdown.render):
        assert "Repeats bit for bit: a." in render(made, tmp_path).read_text(encoding="utf-8")
    assert "Repeats bit for bit: a." in terminal_text(made, 100)
    unknown = report([attempt("a", 1, 0.9)], attempts=[attempt("a", 1, 0.9)])
    assert "No run was executed twice" in markdown.render(unknown, tmp_path).read_text(encoding="utf-8")
    silent = report([attempt("a", 1, 0.9)])
    assert "Determinism" not in html.render(silent, tmp_path).read_text(encoding="utf-8")


def test_runs_that_are_still_to_be_made_are_counted(tmp_path: Path) -> None:
    made = report([record(plan(seed=seed)) for seed in range(12)], planned=130)
    assert made.progress == "12 of 130 runs made so far"
    for render in (html.render, markdown.render):
        assert made.progress in render(made, tmp_path).read_text(encoding="utf-8")
    assert made.progress in terminal_text(made, 80)
    assert report([record()], planned=1).progress == report([record()]).progress == ""


def test_score_whose_seeds_move_by_one_step_is_no_certainty() -> None:
    runs = [
        record(plan(label, seed=seed), accuracy=value) for label, value in (("a", 0.9), ("b", 0.8)) for seed in range(3)
    ]
    section = only(runs)
    assert not any(row.cells[section.columns[0].key].is_best for row in section.rows)
    assert "no model can be told apart" in section.findings[0]


@pytest.mark.parametrize("width", [80, 100])
def test_terminal_cuts_no_name_under_25_letters_and_no_heading(width: int) -> None:
    name = "a-model-of-24-characters"
    score = Score(name="fd:lenet-digits-v1@b841f88f", value=3.25, higher_is_better=False)
    long = "x" * 60
    text = terminal_text(report([record(plan(label), scores=(score,)) for label in (name, long)]), width)
    assert name in text
    assert f"{'x' * 24}" in text
    assert "v1@b841f88f" in text
    assert max(map(len, text.splitlines())) <= width
    rows = [line for line in text.splitlines() if "…" in line]
    assert all(line.startswith("xxx") for line in rows)
