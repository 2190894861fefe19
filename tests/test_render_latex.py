"""LaTeX: every cell stands in a table that compiles, labels are stable, and no text is read as a command."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.report import Source, build_report
from bench.report.blocks import Cell, Choice, Column, Gallery, Report, Row, Section, Table
from bench_reports import latex
from bench_reports.latex_table import LINE, MOST_ROWS
from bench_reports.latex_text import escape
from bench_reports.layout import halves, shown
from tests.report_records import ENVIRONMENT, picture, whole_suite
from tests.sample_report import SCOPE, sample_report
from tests.sample_tables import CLASSIFIERS, NASTY

TABLE = re.compile(r"\\begin\{table\}(.*?)\\end\{table\}", re.S)
ROWS = re.compile(r"\\midrule\n(.*?)\\bottomrule", re.S)
SCORE = Column("accuracy", "Accuracy", "score", better="higher")
MODEL = Column("model", "Model", "model")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(sample_report(), tmp_path_factory.mktemp("report"))


def written(report: Report, folder: Path) -> str:
    return latex.render(report, folder).read_text(encoding="utf-8")


def built() -> Report:
    return build_report(whole_suite(), {"env-a": ENVIRONMENT}, Source(picture), title="t", command="c")


def report_of(table: Table) -> Report:
    return Report("t", "", "1", "c", (Section("s", "S", (table,)),))


def lines(source: str) -> list[list[str]]:
    """Return the cells of every row of every table."""
    found = [line for body in TABLE.findall(source) for line in ROWS.findall(body)[0].splitlines()]
    return [re.split(r"(?<!\\)&", line.removesuffix(r" \\")) for line in found if line.endswith(r" \\")]


@pytest.mark.parametrize("report", [sample_report(), built()], ids=["by hand", "from records"])
def test_every_cell_is_written_as_the_report_has_it(report: Report, tmp_path: Path) -> None:
    rows = lines(written(report, tmp_path))
    count = 0
    for section in report.sections:
        for table in (block for block in shown(section) if isinstance(block, Table) and not block.is_folded):
            for row in table.rows:
                own = [cell for line in rows if escape(row.label) in line[0] for cell in line]
                for column in halves(table)[0].columns:
                    text = row.cell(column).text
                    assert any(escape(text) in cell or text.replace(",", "") in cell for cell in own), (table.key, text)
                    count += 1
    assert count > 120


def test_marks_spreads_and_intervals_stand_beside_their_numbers(source: str) -> None:
    assert r"\bfseries 0.9875 & $\pm$\,0.0061" in source
    assert r"{\underline{0.9781}} & $\pm$\,0.0087" in source
    assert r"0.9736 & $\pm$\,0.0094" in source
    assert r"& \scriptsize (8.9 to 9.5) \scriptsize real: 1.9" in source
    assert r"\textsuperscript{{*}}" in source
    assert "Runs were timed while others ran on the same machine." in source


def test_captions_are_sentences_and_labels_come_from_keys(source: str) -> None:
    assert (
        r"\caption{Scores, times and memory of 8 models on digits, means over 5 seeds with 95 \% intervals." in source
    )
    assert {r"\label{tab:digits-results}", r"\label{tab:across-accuracy}", r"\label{fig:images-samples}"} <= set(
        re.findall(r"\\label\{[^}]+\}", source)
    )
    labels = re.findall(r"\\label\{([^}]+)\}", source)
    assert len(set(labels)) == len(labels)


def test_tables_of_one_key_have_labels_of_their_own(tmp_path: Path) -> None:
    table = Table("a b", "T", "A.", (MODEL,), (Row({"model": Cell("a")}, "a"),))
    report = replace(report_of(table), sections=(Section("s", "S", (table, replace(table, key="A.b"))),))
    assert re.findall(r"\\label\{tab:([^}]+)\}", written(report, tmp_path)) == ["a-b", "a-b-2"]


def test_verdicts_say_what_they_speak_of(source: str) -> None:
    assert rf"\emph{{{escape(SCOPE)}}}" in source


def test_every_row_has_as_many_cells_as_columns(source: str) -> None:
    for body in TABLE.findall(source):
        head = re.search(r"\\begin\{tabular\}\{@\{\}(.*)@\{\}\}\n", body)
        assert head is not None
        plain = re.sub(
            r"@\{\\,\}|\[.*?\]|>\{\\raggedright\\arraybackslash\}|p\{.*?\}", lambda m: "p" * (m[0][0] == "p"), head[1]
        )
        assert all(len(line) == len(plain) for line in lines(rf"\begin{{table}}{body}\end{{table}}"))


def test_what_a_page_shows_on_demand_is_left_out_until_it_is_asked_for(source: str, tmp_path: Path) -> None:
    assert "Macro F1" not in source
    table = Table("t", "T", "A.", (MODEL, replace(SCORE, is_folded=True)), (Row({"model": Cell("a")}, "a"),))
    assert "Accuracy" not in written(report_of(table), tmp_path)
    assert "Accuracy" in written(report_of(replace(table, columns=(MODEL, SCORE))), tmp_path)


def test_a_wide_table_is_parted_and_every_part_names_the_models(tmp_path: Path) -> None:
    columns = [Column(f"c{n}", f"Score {n}", "score") for n in range(9)]
    row = Row({"model": Cell("lenet"), **{each.key: Cell("0.9875", 0.9875, "0.0061") for each in columns}}, "lenet")
    source = written(report_of(Table("t", "T", "A.", (MODEL, *columns), (row,))), tmp_path)
    found = lines(source)
    assert len(found) > 1
    assert all(line[0].strip() == "lenet" for line in found)
    assert sum(len(line) - 1 for line in found) == 2 * len(columns)
    # About as many columns in each part, and none wider than the page.
    assert max(map(len, found)) - min(map(len, found)) <= 2
    assert all(15 * (len(line) - 1) / 2 <= LINE for line in found)
    assert re.findall(r"\\label\{tab:(.*)\}", source) == ["t", *(f"t-{n}" for n in range(2, len(found) + 1))]


def test_a_long_table_is_parted(tmp_path: Path) -> None:
    rows = tuple(Row({"model": Cell(f"m{n}")}, f"m{n}") for n in range(MOST_ROWS + 1))
    bodies = TABLE.findall(written(report_of(Table("t", "T", "A.", (MODEL,), rows)), tmp_path))
    assert [len(lines(rf"\begin{{table}}{body}\end{{table}}")) for body in bodies] == [MOST_ROWS, 1]


def test_a_table_without_rows_is_still_a_table(tmp_path: Path) -> None:
    assert r"\bottomrule" in written(report_of(Table("t", "T", "A.", (MODEL, SCORE), ())), tmp_path)


def test_special_letters_are_escaped(source: str) -> None:
    body = "\n".join(line for line in source.splitlines() if not line.startswith("%"))
    assert r"\LaTeX" not in body
    assert r"\textbackslash{}LaTeX\$" in body
    assert r"a\textbar{}b c\_d e\&f" in body
    assert r"100\% \#1 \{h\}" in body


@given(st.text(alphabet="\\{}$&%#_^~<>|`'\"ab \n"))
def test_an_escaped_text_leaves_nothing_active(text: str) -> None:
    escaped = escape(text)
    bare = re.sub(r"\\(?:[a-z]+\{\}|[{}$&%#_])", "", escaped)
    assert not set("\\{}$&%#_^~\n") & set(bare)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("été", "été"), ("χ² ≤ −1", r"$\chi$² $\leq$ $-$1"), ("日", "?"), ("ℋ", "H"), ("a--b", "a-{}-b"), ("a\0b", "a b")],
)
def test_letters_that_latex_lacks_are_replaced(text: str, expected: str) -> None:
    assert escape(text) == expected


def test_a_long_name_may_be_broken_at_its_joints() -> None:
    assert escape("protocol.hyperparameter=width") == r"protocol.\allowbreak{}hyperparameter=\allowbreak{}width"
    assert escape("a.b=c") == "a.b=c"


def test_a_comment_cannot_be_left(tmp_path: Path) -> None:
    report = Report("a\n\\input{evil}\rb", "", "1", "c\n\\evil")
    source = written(report, tmp_path)
    assert not re.search(r"^\\(input|evil)", source, flags=re.M)


def hard() -> Report:
    """A report of what LaTeX finds hard: letters of many kinds, deep tables, many floats."""
    letters = "".join(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x391, 0x3CA), *range(0x2010, 0x2027)]))
    number = Column("n", NASTY, "score", NASTY, "lower", NASTY, NASTY)
    standings = ("best", "undecided", "distinguishable", None)
    texts = ("1,234.5", "-0.1", "−12", "+3.25", "< 1", "∞", "missed", "1.50e-07", NASTY, "–")
    rows = tuple(
        Row(
            {
                "model": Cell(letters),
                "n": Cell(text, 1.0, "0.1" if n % 2 else "", 0.0, 1.0, "0 to 1", standing, ("*",), NASTY),
            },
            NASTY,
        )
        for n, text in enumerate(texts)
        for standing in standings
    )
    table = Table("t", NASTY, NASTY, (MODEL, number, SCORE), rows, {"*": NASTY})
    sections = tuple(Section(f"s{n}", NASTY, (replace(table, key=f"t{n}", rows=rows[:3]),) * 3) for n in range(25))
    return Report(NASTY, "", "1", NASTY, (Section("s", letters, (table,)), *sections), warnings=(NASTY, letters))


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("report", [sample_report(), built(), hard()], ids=["by hand", "from records", "hard"])
def test_the_report_compiles(report: Report, tmp_path: Path) -> None:
    written(report, tmp_path)
    text = [r"\documentclass{article}", *latex.PACKAGES, r"\begin{document}", r"\input{report}", r"\end{document}"]
    (tmp_path / "paper.tex").write_text("\n".join(text), encoding="utf-8")
    # A draft writes no pages, for which fonts might have to be made.
    command = ["pdflatex", "-draftmode", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=120)
    assert answer.returncode == 0, answer.stdout[-2000:]
    if report is sample_report():
        # Of a hostile name that cannot be broken, a few letters reach over the end of their column.
        assert all(float(each) < 6 for each in re.findall(r"Overfull \\hbox \(([\d.]+)pt", answer.stdout))


def test_pictures_of_samples_are_shown(source: str) -> None:
    gallery = next(block for _, block in sample_report().blocks() if isinstance(block, Gallery))
    assert source.count(r"\includegraphics[width=\linewidth]{report_samples/") == len(gallery.pictures) - 1
    assert "no picture: the run wrote none" in source


def test_a_choice_shows_its_first_option(source: str) -> None:
    choices = [block for section in sample_report().sections for block in section.blocks if isinstance(block, Choice)]
    assert len(choices) == 2
    assert "tab:across-macro-f1" not in source
    assert all(escape(label) in source for label in CLASSIFIERS)
