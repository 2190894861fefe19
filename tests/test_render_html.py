"""The page as a text: what it holds, how large it gets, and that hostile texts stay texts."""

from __future__ import annotations

import base64
import gzip
import json
import math
import subprocess
import sys
import time
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plotly.offline import get_plotlyjs

from bench.report.blocks import Block, Cell, Choice, Column, Entry, Log, Model, Prose, Report, Row, Section, Table
from bench.report.figures import Axis, Line, LineFigure, MatrixFigure, Point, ScatterFigure
from bench_reports import html
from bench_reports.charts import chart
from tests.sample_report import sample_report
from tests.sample_tables import NASTY, classifier_table

MEGABYTE = 1_000_000
LONGEST = 5 * MEGABYTE
EMPTY = Report("t", "2026-03-01T10:00:00+00:00", "0", "c")


class Page(HTMLParser):
    """Collects what a page would load, the scripts it would run, its elements, and the texts it shows."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.scripts: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._inside = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.elements.append((tag, named))
        self.loads += [str(named[name]) for name in ("src", "srcset", "data", "poster", "action") if name in named]
        if tag == "link" and named.get("href"):
            self.loads.append(str(named["href"]))
        assert not any(name.startswith("on") for name in named), f"inline handler in <{tag}>"
        if tag in ("script", "style"):
            self._inside = tag
            self.scripts += [""] if tag == "script" else []

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data
        elif not self._inside:
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


def page_of(report: Report, folder: Path) -> Page:
    return Page(html.render(report, folder).read_text(encoding="utf-8"))


def with_blocks(*blocks: Block) -> Report:
    return replace(EMPTY, sections=(Section("one", "One", blocks),))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    return page_of(sample_report(), tmp_path_factory.mktemp("page"))


def test_page_is_one_file_that_it_names(tmp_path: Path) -> None:
    path = html.render(sample_report(), tmp_path / "new")
    assert path == tmp_path / "new" / "report.html"
    assert [each.name for each in path.parent.iterdir()] == ["report.html"]


def test_page_loads_nothing(page: Page) -> None:
    assert page.loads
    assert all(load.startswith("data:") for load in page.loads)
    for name in ("report.css", "print.css"):
        style = (html.TEMPLATES / name).read_text(encoding="utf-8")
        assert "url(" not in style
        assert "@import" not in style


def test_policy_forbids_every_connection(page: Page) -> None:
    (policy,) = (each["content"] for each in page.named("meta") if each.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    hostile = replace(sample_report(), title=NASTY, command=NASTY, warnings=(NASTY,), version=NASTY)
    source = html.render(hostile, tmp_path).read_text(encoding="utf-8")
    page = Page(source)
    assert page.text.count(NASTY) > 8
    assert "<script>alert" not in source
    data = [script for script in page.scripts if script.startswith("{")]
    assert len(data) == len([each for each in page.named("div") if each.get("class") == "chart"]) > 5
    for script in data:
        json.loads(script)
    # the packed library, the models, one of our own, one for each figure's data: nothing else runs
    assert len(page.scripts) == len(data) + 3
    assert sum("type" not in each for each in page.named("script")) == 1


@given(st.text())
def test_json_in_a_script_reads_back_and_ends_nothing(text: str) -> None:
    written = str(html.script_json({"text": text + "</script><!--"}))
    assert json.loads(written)["text"] == text + "</script><!--"
    assert not set("<>&\u2028\u2029") & set(written)


def test_a_report_of_nothing_says_so(tmp_path: Path) -> None:
    page = page_of(EMPTY, tmp_path)
    assert "There are no runs on record yet." in page.text


def test_plotly_is_carried_only_where_something_is_drawn(tmp_path: Path) -> None:
    matrix = MatrixFigure("m", "M", "x", "y", ("a",), ("b",), ((0.5,),), (("50 %",),))
    assert html.render(with_blocks(classifier_table(), matrix), tmp_path).stat().st_size < MEGABYTE / 5
    line = LineFigure("f", "F", Axis("x"), Axis("y"), (Line("a", (0, 1), (0, 1)),))
    assert html.render(with_blocks(line), tmp_path).stat().st_size > MEGABYTE


def test_answers_come_first_and_doubts_right_after(page: Page) -> None:
    answer, doubt, table = (page.text.index(text) for text in ("What was found", "Some runs were timed", "Scores by"))
    first_answer = page.text.index("On digits, lenet and resnet are best")
    assert answer < first_answer < doubt < table


def test_doubts_stand_first_where_there_are_no_answers(tmp_path: Path) -> None:
    report = replace(with_blocks(Prose(("Something.",))), warnings=("Doubt.",))
    page = page_of(report, tmp_path)
    assert page.text.index("Doubt.") < page.text.index("Something.")


def test_contents_lead_to_every_section(page: Page) -> None:
    ids = [attrs.get("id") for _, attrs in page.elements if attrs.get("id")]
    assert len(ids) == len(set(ids))
    links = [str(each["href"])[1:] for each in page.named("a") if str(each.get("href")).startswith("#")]
    assert {section.key for section in sample_report().sections} <= set(links) <= set(ids)


def test_blocks_of_one_key_are_parted(tmp_path: Path) -> None:
    line = LineFigure("one", "F", Axis("x"), Axis("y"), (Line("a", (0, 1), (0, 1)),))
    other = replace(line, lines=(Line("b", (0, 1), (0, 1)),))
    page = page_of(with_blocks(line, other, Log("one", "L", ())), tmp_path)
    ids = [str(attrs["id"]) for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {"one", "chart-one-2", "chart-one-3", "data-one-3", "one-4"} <= set(ids)


def test_tables_have_captions_and_scopes(page: Page) -> None:
    assert len(page.named("table")) == len(page.named("caption")) > 4
    assert all(each.get("scope") in ("row", "col") for each in page.named("th"))


def test_cells_say_how_they_stand_without_colour(page: Page) -> None:
    cells = [each for each in page.named("td") if "best" in str(each.get("class")).split()]
    assert len(cells) >= 2
    assert "0.9875 best ± 0.0061" in page.text
    assert "0.9781 undecided ± 0.0087" in page.text
    assert "which is best is not decided" in page.text


def test_an_interval_of_unlike_halves_is_written_with_its_ends(page: Page) -> None:
    assert "(10.6 to 16.4)" in page.text


def test_notes_stand_below_the_table_and_at_its_cells(page: Page) -> None:
    assert "4/5†" in page.text
    assert "† 1 of 5 runs failed; the mean is over successful runs only" in page.text


def test_cells_hold_their_runs(page: Page) -> None:
    (runs,) = {each["data-runs"] for each in page.named("td") if str(each.get("data-interval")).startswith("0.9814")}
    assert runs is not None
    lines = dict(line.split("\t") for line in runs.split("\n"))
    assert list(lines) == [f"seed {seed}" for seed in range(5)]
    assert float(lines["seed 2"]) == pytest.approx(0.9875)


def test_infinite_values_sort_and_absent_ones_have_no_place(tmp_path: Path) -> None:
    values = {"a": Cell("∞", math.inf), "b": Cell("−∞", -math.inf), "c": Cell("?", math.nan), "d": Cell()}
    columns = (classifier_table().columns[0], classifier_table().columns[2])
    rows = tuple(Row({"model": Cell(label), "accuracy": cell}, label) for label, cell in values.items())
    page = page_of(with_blocks(Table("t", "T", "C.", columns, rows)), tmp_path)
    assert [each.get("data-v") for each in page.named("td")] == ["Infinity", "-Infinity", "", None]


def test_a_model_has_one_number_everywhere(page: Page) -> None:
    place = [model.label for model in sample_report().models].index("resnet")
    figures = [json.loads(script) for script in page.scripts if script.startswith("{")]
    lines = [[item.get("m") for item in figure["items"]] for figure in figures]
    assert sum(place in each for each in lines) >= 4
    assert sum(each.get("data-m") == str(place) for each in page.named("tr")) >= 4


def test_a_line_on_two_models_goes_with_either(tmp_path: Path) -> None:
    columns = (Column("a", "A", "model"), Column("b", "B", "model"))
    table = Table("t", "T", "C.", columns, (Row({"a": Cell("mlp"), "b": Cell("gan")}), Row({"a": Cell("?")})))
    report = replace(
        with_blocks(table), models=(Model("gan", "generative"), Model("svm", "shallow"), Model("mlp", "deep"))
    )
    lines = page_of(report, tmp_path).named("tr")
    assert [each.get("data-m") for each in lines] == [None, "0 2", None]


def test_no_filter_where_all_models_are_seen_at_once(tmp_path: Path, page: Page) -> None:
    few = replace(sample_report(), models=sample_report().models[:5])
    assert not list(page_of(few, tmp_path).named("input"))
    assert sum(each.get("type") == "checkbox" for each in page.named("input")) == len(sample_report().models)


def test_many_options_are_chosen_from_a_menu(tmp_path: Path) -> None:
    options = {f"metric {number}": Prose((f"text {number}",)) for number in range(6)}
    page = page_of(with_blocks(Choice("c", "Scores by", options)), tmp_path)
    assert len(page.named("option")) == 6
    shown = [each for each in page.named("div") if each.get("class") == "option" and "hidden" not in each]
    assert [each["data-option"] for each in shown] == ["0"]


def test_classes_named_like_a_model_are_not_filtered(tmp_path: Path) -> None:
    matrix = MatrixFigure(
        "m", "M", "x", "y", ("cat", "dog"), ("cat", "dog"), ((1, 0), (0, 1)), (("a", "b"), ("c", "d"))
    )
    report = replace(with_blocks(matrix), models=(Model("cat", "deep"),))
    assert not [attrs for _, attrs in page_of(report, tmp_path).elements if "data-m" in attrs]


def test_heat_is_centred_where_equal_is_the_middle(tmp_path: Path) -> None:
    matrix = MatrixFigure(
        "m", "M", "x", "y", ("a", "b", "c"), ("r",), ((0.0, 0.5, math.nan),), (("0", "1/2", ""),), is_centred=True
    )
    cells = [each for each in page_of(with_blocks(matrix), tmp_path).named("td") if "style" in each]
    found = [(each["class"], each["style"]) for each in cells]
    assert found == [("down", "--share:100%"), ("up", "--share:0%"), ("none", "--share:0%")]


def big_report(rows: int, seeds: int) -> Report:
    """Return a report whose one table has many rows with runs behind two of their columns."""
    table = classifier_table()
    runs = [{f"seed {seed}": 0.9 + seed / 977 + row / 1e5 for seed in range(seeds)} for row in range(rows)]
    many = []
    for number in range(rows):
        row = table.rows[number % len(table.rows)]
        told = {key: replace(row.cells[key], runs=runs[number]) for key in ("accuracy", "loss", "macro_f1")}
        many.append(replace(row, label=f"m{number}", cells={**row.cells, "model": Cell(f"m{number}"), **told}))
    failures = tuple(Entry(f"run {number}", texts={"Traceback": "x" * 5000}) for number in range(1000))
    blocks = (replace(table, rows=tuple(many)), Log("failures", "Runs that failed", failures))
    line = LineFigure("f", "F", Axis("x"), Axis("y"), (Line("m0", (0, 1), (0, 1)),))
    return replace(with_blocks(*blocks, line), models=tuple(Model(f"m{number}", "deep") for number in range(rows)))


def test_a_page_of_ten_thousand_cells_is_bounded_and_quick(tmp_path: Path) -> None:
    report = big_report(rows=1000, seeds=30)
    html.render(EMPTY, tmp_path)
    start = time.process_time()
    path = html.render(report, tmp_path)
    assert time.process_time() - start < 5
    assert path.stat().st_size < LONGEST
    page = Page(path.read_text(encoding="utf-8"))
    assert "Left out to keep this page small" in page.text
    assert 0 < len([each for each in page.named("td") if "data-runs" in each]) < 1000


def items(figure: LineFigure | ScatterFigure) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = chart(figure, (Model("a", "deep"),))["items"]
    return found


def test_values_that_are_no_number_leave_gaps_in_figures() -> None:
    figure = LineFigure("f", "F", Axis("x"), Axis("y"), (Line("a", (0, 1, 2), (0.1, math.nan, math.inf)),))
    assert items(figure)[0]["y"] == [0.1, None, None]


def test_bands_of_no_width_are_left_out() -> None:
    line = Line("a", (0, 1), (0.1, 0.2), low=(0.1, 0.2), high=(0.1, 0.2))
    assert "low" not in items(LineFigure("f", "F", Axis("x"), Axis("y"), (line,)))[0]


def test_figures_know_what_is_possible() -> None:
    figure = ScatterFigure("f", "F", Axis("x", "s", is_log=True), Axis("y", low=0, high=1), (Point("a", 1, 0.5),))
    described = chart(figure, ())
    assert (described["x"]["low"], described["x"]["high"]) == (None, None)
    assert (described["y"]["low"], described["y"]["high"]) == (0, 1)
    assert "m" not in described["items"][0]
    assert described["items"][0]["name"] == "a"


def test_the_page_imports_no_numerical_library() -> None:
    code = "import sys, bench_reports.page, bench_reports.charts; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "plotly", "pandas"} & set(run.stdout.split())


def test_the_packed_library_is_the_one_that_is_installed(page: Page) -> None:
    (place,) = (number for number, each in enumerate(page.named("script")) if each.get("id") == "plotly")
    assert gzip.decompress(base64.b64decode(page.scripts[place])).decode() == get_plotlyjs()
