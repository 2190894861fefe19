"""What is infinite, and targets that were missed, are said as such in every format."""

from __future__ import annotations

import csv as csv_module
import json
import math
import re
from pathlib import Path

import pytest

from bench.record import Score
from bench.report import Report
from bench_reports import csv, html, json_report, latex, markdown
from tests.report_records import plan, record, report, terminal_text, timed


@pytest.fixture
def missed() -> Report:
    """Return the report of a target that some runs missed, a loss that is infinite and a score infinitely good."""
    times = {"mlp": (1.0, 2.0, 3.0), "lenet": (4.0, math.inf, 5.0), "logistic": (math.inf,) * 3}
    worse = (Score(name="log_loss", value=math.inf, higher_is_better=False),)
    odd = (Score(name="margin", value=math.inf, higher_is_better=True),)
    return report(
        [
            *(timed(label, seed, value) for label, each in times.items() for seed, value in enumerate(each)),
            record(plan("infinite", dataset="wine"), scores=worse),
            record(plan("good", dataset="iris"), scores=odd),
        ]
    )


def test_markdown_says_missed(missed: Report, tmp_path: Path) -> None:
    text = markdown.render(missed, tmp_path).read_text(encoding="utf-8")
    assert "missed<br><sub>0 of 3 reached" in text
    assert "4.5</ins><br><sub>2 of 3 reached" in text
    assert "∞<br><sub>1 of 1 infinite" in text


def test_the_page_says_missed_and_its_data_are_json(missed: Report, tmp_path: Path) -> None:
    source = html.render(missed, tmp_path).read_text(encoding="utf-8")
    assert ">missed<" in source
    assert "2 of 3 reached" in source
    assert ">∞<" in source
    embedded = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', source, flags=re.S)
    assert embedded
    for each in embedded:
        json.loads(each, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_latex_says_missed_and_writes_infinity_as_mathematics(missed: Report, tmp_path: Path) -> None:
    source = latex.render(missed, tmp_path).read_text(encoding="utf-8")
    assert re.search(r"logistic &.*missed.*0 of 3 reached", source)
    assert re.search(r"infinite &.*\$\\infty\$.*1 of 1 infinite", source)
    assert not re.search(r"\binf\b|\bnan\b", source)


def test_csv_leaves_a_mean_that_is_none_empty(missed: Report, tmp_path: Path) -> None:
    with csv.render(missed, tmp_path).open(newline="", encoding="utf-8") as file:
        lines = [line for line in csv_module.DictReader(file) if line["table"].endswith("-table")]
    found = {(line["model"], line["measure"]): line for line in lines}
    wanted = ("mean", "n", "text", "note")
    assert [found["logistic", "time_to_target"][name] for name in wanted] == ["", "", "missed", "0 of 3 reached"]
    assert [found["lenet", "time_to_target"][name] for name in wanted] == ["4.5", "2", "4.5", "2 of 3 reached"]
    assert ("good", "margin") not in found


def test_json_holds_no_infinity(missed: Report, tmp_path: Path) -> None:
    source = json_report.render(missed, tmp_path).read_text(encoding="utf-8")
    json.loads(source, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert "2 of 3 reached" in source


def test_terminal_says_missed(missed: Report) -> None:
    text = terminal_text(missed, 100)
    assert "missed, 0 of 3 reached" in text
    assert "4.5, 2 of 3 reached" in text
