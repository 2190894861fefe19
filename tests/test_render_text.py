"""The formats that are text: Markdown, CSV, JSON and the terminal say what the report says, and nothing breaks out."""

from __future__ import annotations

import csv as csv_module
import html as html_module
import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from bench.report import Source, build_report
from bench.report.blocks import (
    Cell,
    Choice,
    Column,
    Comparison,
    Entry,
    Gallery,
    Log,
    Prose,
    Report,
    Row,
    Section,
    Table,
)
from bench_reports import csv, json_report, markdown, terminal
from bench_reports.layout import file_name, shown
from tests.report_records import ENVIRONMENT, picture, whole_suite
from tests.sample_report import SCOPE, sample_report
from tests.sample_tables import NASTY

Render = Callable[[Report, Path], Path]
RENDERERS: list[Render] = [markdown.render, csv.render, json_report.render]


@pytest.fixture(scope="module")
def made() -> Report:
    return sample_report()


@pytest.fixture(scope="module", params=["by hand", "from records"])
def report(request: pytest.FixtureRequest) -> Report:
    if request.param == "by hand":
        return sample_report()
    return build_report(whole_suite(), {"env-a": ENVIRONMENT}, Source(picture), title="quickstart", command="bench run")


def tables(report: Report) -> Iterator[Table]:
    """Yield the tables that formats without selectors show."""
    for section in report.sections:
        yield from (block for block in shown(section) if isinstance(block, Table))


def cells(report: Report) -> Iterator[tuple[Table, Row, Column, Cell]]:
    """Yield all cells of all tables, options of choices included."""
    for _, block in report.blocks():
        if isinstance(block, Table):
            yield from ((block, row, column, row.cell(column)) for row in block.rows for column in block.columns)


def one_table(*rows: Row, columns: tuple[Column, ...] = (Column("model", "Model", "model"),)) -> Report:
    table = Table("t", "T", "A table.", columns, rows)
    return Report("t", "2026-03-01T10:00:00+00:00", "1", "c", (Section("s", "S", (table,)),))


def printed(report: Report, width: int = 100, *, is_wrapped: bool = True) -> str:
    console = Console(width=width, force_terminal=False)
    with console.capture() as capture:
        console.print(terminal.summary(report, is_wrapped=is_wrapped), crop=False)
    return capture.get()


@pytest.mark.parametrize("render", RENDERERS)
def test_a_format_writes_one_file_that_it_names(render: Render, made: Report, tmp_path: Path) -> None:
    path = render(made, tmp_path / "new")
    assert path.parent == tmp_path / "new"
    assert path.read_text(encoding="utf-8").count("resnet") > 1


@pytest.mark.parametrize("render", RENDERERS)
def test_a_format_names_every_model(render: Render, report: Report, tmp_path: Path) -> None:
    text = render(report, tmp_path).read_text(encoding="utf-8").replace("\\", "")
    assert all(model.label in text for model in report.models if model.label != NASTY)


@pytest.mark.parametrize("render", RENDERERS)
def test_a_format_copes_with_an_empty_report(render: Render, tmp_path: Path) -> None:
    report = Report("t", "yesterday", "1", "c")
    assert render(report, tmp_path).stat().st_size > 0
    assert "0 runs: none" in printed(report)


@pytest.mark.parametrize("render", RENDERERS)
def test_a_format_says_what_verdicts_speak_of(render: Render, made: Report, tmp_path: Path) -> None:
    text = render(made, tmp_path).read_text(encoding="utf-8")
    assert SCOPE in text
    assert SCOPE in printed(made, is_wrapped=False)


def parsed(source: str) -> tuple[list[list[list[str]]], str]:
    """Return the tables of a Markdown file as a reader sees them, and everything as HTML."""
    page = MarkdownIt("commonmark").enable("table").render(source)
    found = [
        [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line, re.S) for line in re.findall(r"<tr>(.*?)</tr>", body, re.S)]
        for body in re.findall(r"<table>(.*?)</table>", page, re.S)
    ]
    return found, page


def plain(cell: str) -> str:
    return html_module.unescape(re.sub(r"<[^>]+>", "", cell))


def test_markdown_shows_every_cell_as_the_report_has_it(report: Report, tmp_path: Path) -> None:
    found, _ = parsed(markdown.render(report, tmp_path).read_text(encoding="utf-8"))
    lines = [[plain(cell) for cell in line] for table in found for line in table]
    for table in tables(report):
        for row in table.rows:
            own = [cell for line in lines if line[0].startswith(row.label) for cell in line]
            for column in table.columns:
                cell = row.cell(column)
                assert any(each.startswith(cell.text) and cell.note in each for each in own), (table.key, cell)


def test_markdown_tables_keep_their_shape_and_marks(made: Report, tmp_path: Path) -> None:
    found, page = parsed(markdown.render(made, tmp_path).read_text(encoding="utf-8"))
    assert len(found) > 5
    assert all(len(line) == len(table[0]) for table in found for line in table)
    assert "<strong>0.9875</strong>\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}0.0061" in page
    assert "<ins>0.9781</ins>\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}0.0087" in page
    assert "<sup>†</sup>" in page
    assert page.count("<details>") == page.count("</details>") == 4


def test_markdown_keeps_hostile_texts_as_texts(made: Report, tmp_path: Path) -> None:
    source = markdown.render(made, tmp_path).read_text(encoding="utf-8")
    _, page = parsed(source)
    assert "<script" not in page
    assert NASTY in html_module.unescape(re.sub(r"<[^>]+>", "", page))
    # GitHub reads mathematics between dollars, and an at sign before a name calls for a person.
    assert not set("$@") & set(re.sub(r"^```text\n.*?\n```$", "", source, flags=re.S | re.M))


def test_a_folded_title_of_markdown_is_html(tmp_path: Path) -> None:
    table = Table("t", "a_b <i>", "Caption.", (Column("model", "Model", "model"),), (), is_folded=True)
    report = Report("t", "", "1", "c", (Section("s", "S", (table,)),))
    source = markdown.render(report, tmp_path).read_text(encoding="utf-8")
    assert "<summary>a_b &lt;i&gt;</summary>" in source


@given(st.text(alphabet="<>&|$`*_[]\\#~!{}ab1.)-+= \n\r\t"))
def test_an_escaped_text_reads_as_it_was(text: str) -> None:
    escaped = markdown.escape(text)
    assert not set("<>|$\n\r") & set(escaped)
    page = MarkdownIt("commonmark").enable("table").render(escaped)
    line = " ".join(text.split())
    assert page == (f"<p>{html_module.escape(line).replace('&#x27;', chr(39))}</p>\n" if line else "")


def test_markdown_links_pictures_and_figures_that_are_there(made: Report, tmp_path: Path) -> None:
    source = markdown.render(made, tmp_path).read_text(encoding="utf-8")
    links = re.findall(r"!\[[^]]*\]\(([^)]+)\)", source)
    assert len(links) == 4
    assert all((tmp_path / link).read_bytes().startswith(b"\x89PNG") for link in links)
    assert "no picture: the run wrote none" in source


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv_module.DictReader(file))


def test_csv_has_a_line_for_every_number(report: Report, tmp_path: Path) -> None:
    names = ("table", "model", "measure", "column", "condition", "text", "mean", "standing")
    lines = [tuple(line[name] for name in names) for line in read_csv(csv.render(report, tmp_path)) if line["measure"]]
    expected = [
        (table.key, row.label, column.measure or column.key, column.title, column.condition, cell.text,
         str(cell.value) if cell.value is not None and math.isfinite(cell.value) else "", cell.standing or "")
        for table, row, column, cell in cells(report)
        if column.is_number and not cell.is_absent
    ]  # fmt: skip
    assert len(expected) > 100
    assert lines == expected


def test_csv_has_a_line_for_a_model_without_numbers(tmp_path: Path) -> None:
    report = one_table(Row({"model": Cell("broken")}, "broken", "deep"))
    (line,) = read_csv(csv.render(report, tmp_path))
    assert (line["model"], line["family"], line["measure"], line["mean"]) == ("broken", "deep", "", "")


def test_csv_says_what_was_varied(tmp_path: Path) -> None:
    columns = (Column("model", "Model", "model"), Column("size", "Size", "count"), Column("acc", "Accuracy", "score"))
    rows = [Row({"model": Cell("a"), "size": Cell(str(size), size), "acc": Cell("0.5", 0.5)}, "a") for size in (10, 20)]
    lines = read_csv(csv.render(one_table(*rows, columns=columns), tmp_path))
    assert [line["row"] for line in lines if line["measure"] == "acc"] == ["Size=10", "Size=20"]


@pytest.mark.parametrize("label", ["=cmd|' /C calc'!A0", "+SUM(A1)", "@x", "-1+1"])
def test_csv_holds_no_formula(label: str, tmp_path: Path) -> None:
    report = one_table(Row({"model": Cell(label)}, label))
    assert [line["model"] for line in read_csv(csv.render(report, tmp_path))] == [f"'{label}"]


def test_csv_leaves_a_signed_number_as_it_is(tmp_path: Path) -> None:
    columns = (Column("model", "Model", "model"), Column("d", "Difference", "score"))
    report = one_table(Row({"model": Cell("a"), "d": Cell("+0.012", 0.012)}, "a"), columns=columns)
    assert [line["text"] for line in read_csv(csv.render(report, tmp_path))] == ["+0.012"]


def test_csv_has_every_comparison(made: Report, tmp_path: Path) -> None:
    csv.render(made, tmp_path)
    lines = read_csv(tmp_path / "comparisons.csv")
    assert len(lines) == len(made.comparisons)
    for line, each in zip(lines, made.comparisons, strict=True):
        assert (line["a"], line["b"], line["verdict"], line["scope"]) == (each.a, each.b, each.verdict, each.scope)
        assert float(line["difference"]) == each.difference


def read_json(report: Report, folder: Path) -> dict:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    return json.loads(json_report.render(report, folder).read_text(encoding="utf-8"), parse_constant=refuse)


def test_json_has_every_cell_of_every_table(report: Report, tmp_path: Path) -> None:
    found = read_json(report, tmp_path)
    written = {}
    for section in found["sections"]:
        for block in section["blocks"]:
            for each in block["options"].values() if block["type"] == "choice" else [block]:
                if each["type"] == "table":
                    written[each["key"]] = each
    count = 0
    for table, row, column, cell in cells(report):
        if column.key not in row.cells:
            continue
        kept = written[table.key]["rows"][table.rows.index(row)]["cells"][column.key]
        assert (kept["text"], kept["spread"], kept["standing"]) == (cell.text, cell.spread, cell.standing)
        assert kept["value"] == (cell.value if cell.value is not None and math.isfinite(cell.value) else None)
        assert kept["runs"] == dict(cell.runs)
        count += 1
    assert count > 150


def test_json_has_every_comparison(made: Report, tmp_path: Path) -> None:
    found = read_json(made, tmp_path)["comparisons"]
    keys = ["dataset", "task", "protocol", "metric", "a", "b", "difference", "low", "high", "p_adjusted", "verdict"]
    assert [[each[key] for key in keys] for each in found] == [
        [getattr(each, key) for key in keys] for each in made.comparisons
    ]


def test_json_has_every_figure_and_names_pictures(made: Report, tmp_path: Path) -> None:
    found = read_json(made, tmp_path)
    blocks = [block for section in found["sections"] for block in section["blocks"]]
    assert {block["type"] for block in blocks} == {
        "prose", "table", "gallery", "log", "choice", "scatter", "lines", "dots", "matrix",
    }  # fmt: skip
    (wins,) = (block for block in blocks if block.get("key") == "across-wins")
    assert wins["values"][0][:2] == [None, 1.0]
    (gallery,) = (block for block in blocks if block["type"] == "gallery")
    files = [picture["file"] for picture in gallery["pictures"]]
    assert files[-1] is None
    assert all((tmp_path / file).is_file() for file in files[:-1])


def test_numbers_that_json_does_not_know_are_null(tmp_path: Path) -> None:
    comparison = replace(sample_report().comparisons[0], low=math.nan, high=math.inf)
    found = read_json(replace(sample_report(), comparisons=(comparison,)), tmp_path)["comparisons"]
    assert (found[0]["low"], found[0]["high"]) == (None, None)


@pytest.mark.parametrize("width", [80, 100, 200])
def test_the_terminal_fits_and_cuts_no_number(width: int, made: Report) -> None:
    text = printed(made, width)
    assert max(map(len, text.splitlines())) <= width
    assert max(len(line) for line in text.splitlines() if "─" in line) <= 100
    assert "0.9875 ± 0.0061 ★" in text
    assert "0.9781 ± 0.0087 ☆" in text
    assert "…" not in re.sub(r"leaves 31,…|<…", "", text)


def test_the_terminal_answers_first(made: Report) -> None:
    lines = printed(made).splitlines()
    assert lines[0] == "What was found"
    assert lines[-1] == "120 of 130 runs made so far: 118 ok, 1 failed, 1 timeout"


def test_a_pipe_gets_sentences_on_one_line(made: Report) -> None:
    text = printed(made, 80, is_wrapped=False)
    for block in (block for block in made.sections[0].blocks if isinstance(block, Prose) and block.kind == "answer"):
        assert all(f"- {sentence}" in text.splitlines() for sentence in block.sentences)


def test_the_terminal_shows_costs_rather_than_a_third_score(made: Report) -> None:
    text = printed(made)
    assert "Training" in text
    assert "Log loss" not in text


def test_the_terminal_tells_failures_and_reads_no_markup() -> None:
    report = one_table(Row({"model": Cell("[bold]x[/bold]")}, "[bold]x[/bold]"))
    assert "[bold]x[/bold]" in printed(report)
    assert "resnet on adult, seed 1: timeout" in printed(sample_report())


@given(st.text())
def test_a_file_name_is_plain(key: str) -> None:
    name = file_name(key)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert file_name(name) == name


def test_a_title_that_the_section_has_is_not_said_twice(tmp_path: Path) -> None:
    entry = Entry("lenet on digits: failed", {"reason": "no memory"})
    log = Log("failures", "Failures", (entry,), is_folded=False)
    report = Report("t", "", "1", "c", (Section("failures", "Failures", (log, Prose(("One.",), title="Failures"))),))
    assert markdown.render(report, tmp_path).read_text(encoding="utf-8").count("Failures") == 1
    assert printed(report).count("Failures") == 1
    assert "lenet on digits: failed: no memory" in printed(report)


def test_the_terminal_leaves_out_a_section_that_has_nothing_to_show() -> None:
    report = Report("t", "", "1", "c", (Section("s", "Ranks", (Prose(("Holds for others.",), "scope"),)),))
    assert "Ranks" not in printed(report)


def test_a_choice_is_shown_by_its_first_option(made: Report) -> None:
    across = next(section for section in made.sections if section.kind == "across")
    choice = next(block for block in across.blocks if isinstance(block, Choice))
    assert next(shown(across)) is next(iter(choice.options.values()))
    assert isinstance(made.comparisons[0], Comparison)
    assert any(isinstance(block, Gallery) for _, block in made.blocks())
