"""What is no failure is not shown as one; what was computed later, or with other libraries, is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.record import RunRecord, Score
from bench.report.compare import Side, compare
from bench_reports import csv, html, latex, markdown
from tests.report_records import classifiers, failed, only, plan, record, report, terminal_text

REASON = "images of 8 × 8 are smaller than its kernels"


def unfit(label: str, seed: int, dataset: str = "digits", protocol: str = "fixed-budget") -> RunRecord:
    run = plan(label, seed=seed, dataset=dataset, protocol=protocol)
    return record(run, accuracy=None, status="not-applicable", reason=REASON, data={})


def suite() -> list[RunRecord]:
    return [*classifiers(range(3)), *(unfit("unet", seed) for seed in range(3))]


def test_a_model_that_does_not_apply_has_not_failed() -> None:
    made = report(suite())
    assert made.failures == ()
    (section,) = made.sections
    row = next(row for row in section.rows if row.label == "unet")
    assert (row.is_applicable, row.run_count, dict(row.cells)) == (False, 0, {})
    assert not any("unet" in finding for finding in section.findings)
    assert section.notes == (f"unet does not apply to digits: {REASON}",)
    assert made.outcomes["not-applicable"] == 3


def test_its_reason_stands_once_for_each_data_set() -> None:
    runs = [
        unfit("unet", seed, name, kind)
        for name in ("digits", "wine")
        for kind in ("fixed-budget", "tuned")
        for seed in range(3)
    ]
    notes = [note for section in report(runs).sections for note in section.notes if "does not apply" in note]
    assert sorted(notes) == [f"unet does not apply to digits: {REASON}", f"unet does not apply to wine: {REASON}"]


def test_every_format_shows_it_as_what_it_is(tmp_path: Path) -> None:
    made = report(suite())
    page = html.render(made, tmp_path).read_text()
    assert page.count("not applicable") >= 1
    assert "Runs that did not end well" not in page
    assert REASON in page
    assert REASON in markdown.render(made, tmp_path).read_text()
    assert "not applicable" in latex.render(made, tmp_path).read_text()
    assert "not applicable" in csv.render(made, tmp_path).read_text()
    assert "not applicable" in terminal_text(made)


def test_in_ranks_it_is_absent_and_not_last() -> None:
    runs = [
        record(plan(label, dataset=name, seed=seed), accuracy=value)
        for name in ("a", "b", "c")
        for label, value in (("x", 0.9), ("y", 0.8), ("z", 0.7))
        for seed in range(3)
    ]
    (ranks,) = report([*runs, *(unfit("unet", seed, name) for name in "abc" for seed in range(3))]).ranks
    assert [row.label for row in ranks.rows] == ["x", "y", "z"]


def test_in_a_comparison_it_is_no_regression() -> None:
    good = [record(plan("unet", seed=seed)) for seed in range(3)]
    found = compare(
        Side("a", "results file", tuple(good)), Side("b", "results file", tuple(unfit("unet", s) for s in range(3)))
    )
    assert found.changes == ()
    assert [each.reason for each in found.unpaired] == [f"3 runs of B not-applicable: {REASON}"]


def test_failures_beside_it_are_still_failures() -> None:
    made = report([*suite(), failed(plan("unet-2"))])
    assert [failure.label for failure in made.failures] == ["unet-2"]


def later(label: str, seed: int, *, rescored: bool) -> RunRecord:
    scores = (
        Score(name="accuracy", value=0.9, higher_is_better=True),
        Score(name="brier", value=0.1, higher_is_better=False, detail={"rescored": True} if rescored else {}),
    )
    return record(plan(label, seed=seed), scores=scores, objective="accuracy")


def test_scores_computed_later_are_said_and_share_their_column() -> None:
    section = only([later("lenet", 0, rescored=True), later("mlp", 0, rescored=False)])
    assert section.notes == ("Brier (lenet): computed after the runs, from the answers they kept.",)
    assert [column.measure.name for column in section.columns].count("brier") == 1
    everybody = only([later(label, 0, rescored=True) for label in ("lenet", "mlp")])
    assert everybody.notes == ("Brier: computed after the runs, from the answers they kept.",)


def test_a_comparison_does_not_mind_when_a_score_was_computed() -> None:
    sides = [
        Side(name, "results file", tuple(later("mlp", seed, rescored=rescored) for seed in range(3)))
        for name, rescored in (("a", False), ("b", True))
    ]
    (change,) = (each for each in compare(*sides, every_score=True).changes if each.measure.name == "brier")
    assert change.verdict == "within noise"


@pytest.mark.parametrize(
    ("versions", "shown"),
    [
        ({"a": {"torch": "2"}, "b": {"torch": "2"}}, {"torch": "2"}),
        ({"a": {"torch": "2"}, "b": {"torch": "3"}}, {"torch": "2 (a), 3 (b)"}),
        (
            {"a": {"torch": "2", "xgboost": "1"}, "b": {"torch": "2"}, "c": {"torch": "2"}},
            {"torch": "2", "xgboost": "1 (a)"},
        ),
        ({**{name: {"x": "1"} for name in "abcdefg"}, "h": {"x": "2"}}, {"x": "1 (7 of 8 models), 2 (h)"}),
    ],
)
def test_versions_name_the_models_that_used_them(versions: dict[str, dict[str, str]], shown: dict[str, str]) -> None:
    made = report(record(plan(label), versions=each) for label, each in versions.items())
    assert dict(made.versions) == shown
