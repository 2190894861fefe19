"""What is no failure is not shown as one; what was computed later, or with other libraries, is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.record import RunRecord, Score
from bench.report import Log, Prose, Report, Section
from bench_reports import html, latex, markdown
from tests.report_records import (
    blocks,
    classifiers,
    failed,
    only,
    plan,
    record,
    report,
    results,
    table,
    terminal_text,
)

REASON = "images of 8 × 8 are smaller than its kernels"


def unfit(label: str, seed: int, dataset: str = "digits", protocol: str = "fixed-budget") -> RunRecord:
    run = plan(label, seed=seed, dataset=dataset, protocol=protocol)
    return record(run, accuracy=None, status="not-applicable", reason=REASON, data={})


def suite() -> list[RunRecord]:
    return [*classifiers(range(3)), *(unfit("unet", seed) for seed in range(3))]


def notes(section: Section) -> list[str]:
    prose = [each for each in blocks(section) if isinstance(each, Prose) and each.kind == "note"]
    return [sentence for each in prose for sentence in each.sentences]


def failures(made: Report) -> list[str]:
    logs = [block for _, block in made.blocks() if isinstance(block, Log) and block.key == "failures"]
    return [entry.title for log in logs for entry in log.entries]


def test_a_model_that_does_not_apply_has_not_failed() -> None:
    made = report(suite())
    assert failures(made) == []
    (section,) = results(made)
    row = next(row for row in table(section).rows if row.label == "unet")
    assert {name: cell.text for name, cell in row.cells.items()} == {"model": "unet", "seeds": "not applicable"}
    assert f"unet does not apply to digits: {REASON}" in notes(section)
    assert made.outcomes["not-applicable"] == 3
    assert not any("unet" in (each.a, each.b) for each in made.comparisons)


def test_its_reason_stands_once_for_each_data_set() -> None:
    runs = [
        unfit("unet", seed, name, kind)
        for name in ("digits", "wine")
        for kind in ("fixed-budget", "tuned")
        for seed in range(3)
    ]
    found = [note for section in results(report(runs)) for note in notes(section) if "does not apply" in note]
    assert sorted(found) == [f"unet does not apply to digits: {REASON}", f"unet does not apply to wine: {REASON}"]


def test_every_format_shows_it_as_what_it_is(tmp_path: Path) -> None:
    made = report(suite())
    page = html.render(made, tmp_path).read_text()
    assert "not applicable" in page
    assert "Runs that did not end well" not in page
    assert REASON in page
    assert REASON in markdown.render(made, tmp_path).read_text()
    assert "not applicable" in latex.render(made, tmp_path).read_text()
    assert "not applicable" in terminal_text(made)


def test_failures_beside_it_are_still_failures() -> None:
    assert failures(report([*suite(), failed(plan("unet-2"))])) == ["unet-2 on digits, seed 0: failed"]


def later(label: str, seed: int, *, rescored: bool) -> RunRecord:
    scores = (
        Score(name="accuracy", value=0.9, higher_is_better=True),
        Score(name="brier", value=0.1, higher_is_better=False, detail={"rescored": True} if rescored else {}),
    )
    return record(plan(label, seed=seed), scores=scores, objective="accuracy")


def test_scores_computed_later_are_said_and_share_their_column() -> None:
    section = only([later("lenet", 0, rescored=True), later("mlp", 0, rescored=False)])
    assert "Brier (lenet): computed after the runs, from the answers they kept." in notes(section)
    assert [column.measure for column in table(section).columns].count("brier") == 1
    everybody = only([later(label, 0, rescored=True) for label in ("lenet", "mlp")])
    assert "Brier: computed after the runs, from the answers they kept." in notes(everybody)


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
    machines = next(section for section in made.sections if section.key == "machines")
    found = {row.cells["package"].text: row.cells["version"].text for row in table(machines, "versions").rows}
    assert found == shown
