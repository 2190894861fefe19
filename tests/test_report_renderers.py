"""Every format of the report: what it holds, and that hostile texts stay texts."""

from __future__ import annotations

import csv as csv_module
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.record import Memory
from bench.report import Report, build_report
from bench.specs import resolve
from bench_reports import bench_renderers, latex, markdown
from bench_reports import csv as csv_renderer
from bench_reports.words import main_columns, significant
from tests.report_records import (
    ENVIRONMENT,
    NASTY,
    classifiers,
    failed,
    picture,
    plan,
    record,
    terminal_text,
    whole_suite,
)

Render = Callable[[Report, Path], Path]
RENDERERS: list[Render] = [markdown.render, csv_renderer.render, latex.render]


@pytest.fixture(scope="module")
def hostile() -> Report:
    """A report in which every text that a stranger chooses tries to break out."""
    records = [*whole_suite()]
    records += [
        record(
            plan(NASTY, dataset=NASTY, seed=seed, settings={NASTY: NASTY}, hyperparameters={NASTY: NASTY}),
            notes=(NASTY,),
        )
        for seed in range(2)
    ]
    records += [failed(plan("breaker", seed=0, dataset=NASTY), reason=NASTY)]
    return build_report(records, {"env-a": ENVIRONMENT}, picture, title=NASTY, command=NASTY)


@pytest.fixture(scope="module")
def ordinary() -> Report:
    return build_report(
        whole_suite(), {"env-a": ENVIRONMENT}, picture, title="quickstart", command="bench run quickstart"
    )


@pytest.mark.parametrize("render", RENDERERS)
def test_each_format_writes_one_file_that_it_names(render: Render, ordinary: Report, tmp_path: Path) -> None:
    path = render(ordinary, tmp_path / "new")
    assert path.parent == tmp_path / "new"
    assert path.read_text(encoding="utf-8").count("resnet") > 1


def test_offered_formats_resolve_and_name_their_suffix(ordinary: Report, tmp_path: Path) -> None:
    specs = list(bench_renderers())
    assert {spec.name for spec in specs} == {"html", "markdown", "csv", "latex"}
    for spec in specs:
        assert resolve(spec.target)(ordinary, tmp_path).suffix == spec.suffix


def test_offering_the_formats_imports_nothing_heavy() -> None:
    code = "import sys, bench_reports; list(bench_reports.bench_renderers()); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pandas", "plotly", "jinja2", "torch", "numpy", "rich"} & set(run.stdout.split())


@pytest.mark.parametrize("render", RENDERERS)
@pytest.mark.parametrize("records", [[], [failed(plan())], [record()]], ids=["none", "failed", "one"])
def test_formats_cope_with_next_to_nothing(render: Render, records: list, tmp_path: Path) -> None:
    report = build_report(records, {}, picture, title="t", command="c")
    assert render(report, tmp_path).stat().st_size > 0


def test_markdown_tables_keep_their_shape(hostile: Report, tmp_path: Path) -> None:
    lines = markdown.render(hostile, tmp_path).read_text(encoding="utf-8").splitlines()
    tables = [line for line in lines if line.startswith("|")]
    widths: list[int] = []
    for number, line in enumerate(tables):
        cells = len(re.findall(r"(?<!\\)\|", line))
        if number and not lines[lines.index(line) - 1].startswith("|"):
            widths.clear()
        widths.append(cells)
        assert cells == widths[0], line


def test_markdown_escapes(hostile: Report, tmp_path: Path) -> None:
    source = markdown.render(hostile, tmp_path).read_text(encoding="utf-8")
    # the command stands in a code fence, where nothing is read as markup
    outside = re.sub(r"^(`{3,})sh\n.*?\n\1$", "", source, flags=re.S | re.M)
    assert "<script>" not in outside
    assert "$" not in outside
    assert r"c\_d" in outside
    assert "a&#124;b" in outside


@given(st.text(alphabet="<>&|$`*_[]\\#~!{}ab \n\r\t"))
def test_markdown_escape_leaves_nothing_special(text: str) -> None:
    escaped = markdown.escape(text)
    assert not set("<>|$\n\r") & set(escaped)
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]]", escaped)


def test_markdown_writes_pictures_beside_itself(ordinary: Report, tmp_path: Path) -> None:
    source = markdown.render(ordinary, tmp_path).read_text(encoding="utf-8")
    links = re.findall(r"!\[[^]]*\]\(([^)]+)\)", source)
    assert len(links) == 4
    assert all((tmp_path / link).read_bytes().startswith(b"\x89PNG") for link in links)


def test_latex_escapes_every_special(hostile: Report, tmp_path: Path) -> None:
    source = latex.render(hostile, tmp_path).read_text(encoding="utf-8")
    body = "\n".join(line for line in source.splitlines() if not line.startswith("%"))
    assert r"\LaTeX" not in body
    assert r"\textbackslash{}LaTeX\$" in body
    assert r"a\textbar{}b c\_d e\&f" in body
    assert r"100\% \#1 \{h\}" in body


@given(st.text(alphabet="\\{}$&%#_^~<>|`'\"ab \n"))
def test_latex_escape_balances_and_leaves_nothing_active(text: str) -> None:
    escaped = latex.escape(text)
    bare = re.sub(r"\\(?:[a-z]+\{\}|[{}$&%#_])", "", escaped)
    assert not set("\\{}$&%#_^~\n") & set(bare)


def test_latex_rows_have_as_many_cells_as_columns(hostile: Report, tmp_path: Path) -> None:
    source = latex.render(hostile, tmp_path).read_text(encoding="utf-8")
    for table in re.findall(r"\\begin\{tabular\}\{(l+r+)\}(.*?)\\end\{tabular\}", source, flags=re.S):
        rows = [line for line in table[1].splitlines() if line.rstrip().endswith(r"\\")]
        assert rows
        assert all(len(re.findall(r"(?<!\\)&", row)) == len(table[0]) - 1 for row in rows)


def test_latex_tables_stay_narrow_enough_to_be_read(tmp_path: Path) -> None:
    variants = [
        each.model_copy(update={"run": each.run.model_copy(update={"variant": {"size": size, "start": "here"}})})
        for each in whole_suite()
        if each.run.task == "classification"
        for size in (1, 2)
    ]
    records = [*whole_suite(), *variants]
    ordinary = build_report(records, {"env-a": ENVIRONMENT}, picture, title="quickstart", command="bench run")
    source = latex.render(ordinary, tmp_path).read_text(encoding="utf-8")
    widths = [len(columns) for columns in re.findall(r"\\begin\{tabular\}\{(l+r+)\}", source)]
    assert "Model & Size & Start & Seeds" in source
    assert max(widths) <= 2 + latex.MOST_COLUMNS
    for column in main_columns(ordinary.sections[0]):
        assert latex.escape(column.measure.title) in source
    labels = re.findall(r"\\label\{([^}]+)\}", source)
    assert len(set(labels)) == len(labels) > len(ordinary.sections)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("kind", ["ordinary", "hostile"])
def test_latex_compiles(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    made: Report = request.getfixturevalue(kind)
    packages = re.findall(r"\\usepackage(?:\[\w+\])?\{\w+\}", latex.render(made, tmp_path).read_text(encoding="utf-8"))
    lines = [r"\documentclass{article}", *packages, r"\begin{document}", r"\input{report}", r"\end{document}"]
    (tmp_path / "paper.tex").write_text("\n".join(lines), encoding="utf-8")
    # A draft writes no pages, for which fonts might have to be made.
    command = ["pdflatex", "-draftmode", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=120)
    assert answer.returncode == 0, answer.stdout[-2000:]
    assert "Overfull" not in answer.stdout


def test_latex_comment_cannot_be_left(tmp_path: Path) -> None:
    report = build_report([record()], {}, picture, title="a\n\\input{evil}\rb", command="c\n\\evil")
    source = latex.render(report, tmp_path).read_text(encoding="utf-8")
    assert all(line.startswith("%") for line in source.splitlines()[:3])
    assert not re.search(r"^\\(input|evil)", source, flags=re.M)


def test_csv_is_tidy(ordinary: Report, tmp_path: Path) -> None:
    with csv_renderer.render(ordinary, tmp_path).open(newline="", encoding="utf-8") as file:
        lines = list(csv_module.DictReader(file))
    resnet = [line for line in lines if line["model"] == "resnet" and line["dataset"] == "digits"]
    (accuracy,) = (line for line in resnet if line["measure"] == "accuracy")
    assert float(accuracy["low"]) < float(accuracy["mean"]) < float(accuracy["high"])
    assert (accuracy["n"], accuracy["ok_runs"], accuracy["runs"], accuracy["is_best"]) == ("5", "5", "5", "1")
    assert next(line for line in resnet if line["measure"] == "latency_p50")["unit"] == "ms"
    (broken,) = (line for line in lines if line["model"] == "segfaulter")
    assert (broken["measure"], broken["ok_runs"], broken["runs"]) == ("runs", "0", "5")


def test_csv_holds_no_formula(tmp_path: Path) -> None:
    report = build_report([record(plan("=cmd|' /C calc'!A0"))], {}, picture, title="t", command="c")
    with csv_renderer.render(report, tmp_path).open(newline="", encoding="utf-8") as file:
        assert all(not cell.startswith("=") for line in csv_module.reader(file) for cell in line)


def test_csv_reads_back_hostile_texts(hostile: Report, tmp_path: Path) -> None:
    with csv_renderer.render(hostile, tmp_path).open(newline="", encoding="utf-8") as file:
        assert NASTY in {line["model"] for line in csv_module.DictReader(file)}


def test_terminal_fits_a_hundred_columns_and_cuts_no_number(ordinary: Report) -> None:
    text = terminal_text(ordinary)
    assert max(map(len, text.splitlines())) <= 100
    assert "0.9879 ± 0.0021" in text
    assert "272,474" in text
    assert "0/5 ok" in text
    assert "SIGSEGV" in text


def test_terminal_fits_with_two_devices() -> None:
    report = build_report([*classifiers(), *classifiers(device="cuda")], {}, picture, title="t", command="c")
    text = terminal_text(report)
    assert "s, CUDA" in text
    assert "…" not in text


def test_terminal_reads_no_markup() -> None:
    report = build_report(
        [failed(plan("[bold]x[/bold]"), reason="[red]oops[/nothing]")], {}, picture, title="t", command="c"
    )
    text = terminal_text(report)
    assert "[bold]x[/bold]" in text
    assert "[red]oops[/nothing]" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.98765, "0.988"), (12.3456, "12.3"), (123456.7, "123,457"), (0.0, "0"), (1.5e-7, "1.50e-07"), (3e9, "3.00e+09")],
)
def test_significant_digits(value: float, text: str) -> None:
    assert significant(value) == text


def test_memory_claims_no_more_digits_than_it_has(tmp_path: Path) -> None:
    runs = [
        record(plan(label, seed=seed), memory=Memory(peak_memory_bytes=size + seed * 4096))
        for label, size in (("mlp", 6_042_404), ("lenet", 2_932_100))
        for seed in range(3)
    ]
    made = build_report(runs, {}, picture, title="t", command="c")
    text = markdown.render(made, tmp_path).read_text(encoding="utf-8")
    assert "6.0" in text
    assert "6.04" not in text
    assert "2.93" not in text
