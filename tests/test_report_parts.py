"""A protocol brings its own part of the report through its spec, a third party's as the core's own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

import bench.report
from bench.builtins import bench_protocols
from bench.errors import PluginError
from bench.plugins import Plugins, discover
from bench.report import LineFigure, Prose, Report, Section, Source, Table, build_report
from bench.specs import ProtocolSpec
from tests.report_records import ENVIRONMENT, picture, plan, record, results, table

# All that a third party writes for a protocol with a report section of its own: one file.
PLUGIN = """
    from bench import ProtocolSpec, hookimpl
    from bench.report import Axis, Cell, Column, Line, LineFigure, ProtocolPart, Row, SectionData, Table

    @hookimpl
    def bench_protocols():
        yield ProtocolSpec(name="annealing", target="bench_annealing:Annealing", report="bench_annealing:part")

    def part(section: SectionData) -> ProtocolPart:
        temperatures = sorted({float(row.variant["temperature"]) for row in section.rows})
        lines = tuple(
            Line(label, tuple(temperatures), (1.0,) * len(temperatures)) for label in section.families
        )
        figure = LineFigure("annealing", "Heat", Axis("Temperature"), Axis("Accuracy", low=0.0, high=1.0), lines)
        columns = (Column("model", "Model", "model"),)
        rows = tuple(Row({"model": Cell(label)}, label) for label in section.families)
        table = Table("heated", "Heated models", "Models that were heated.", columns, rows)
        return ProtocolPart((f"Temperatures: {temperatures}, judged by {section.main_score}.",), (figure,), (table,))
"""


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a function that installs a plugin of one file and discovers it beside the core."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(source: str) -> Plugins:
        (tmp_path / "bench_annealing.py").write_text(dedent(source))
        core = EntryPoint("core", "bench.builtins", "bench")
        return discover(lambda: [core, EntryPoint("annealing", "bench_annealing", "bench")])

    yield install
    sys.modules.pop("bench_annealing", None)


def annealed(plugins: Plugins) -> Report:
    runs = [
        record(plan(label, protocol="annealing", variant={"temperature": heat}, seed=seed), accuracy=0.9 - heat / 10)
        for label in ("lenet", "mlp")
        for heat in (0.5, 2.0)
        for seed in range(3)
    ]
    source = Source(artifacts=picture, protocols=plugins.protocols)
    return build_report(runs, {"env-a": ENVIRONMENT}, source, title="t", command="c")


def sentences(section: Section, kind: str) -> list[str]:
    prose = [block for block in section.blocks if isinstance(block, Prose) and block.kind == kind]
    return [sentence for block in prose for sentence in block.sentences]


def notes(section: Section) -> list[str]:
    """Return what is noted about the protocol."""
    return [note for note in sentences(section, "note") if "annealing" in note]


def keys(section: Section, kind: type[LineFigure] | type[Table]) -> list[str]:
    return [block.key for block in section.blocks if isinstance(block, kind)]


def test_a_protocol_of_a_third_party_brings_its_part(plugins: Any) -> None:
    installed = plugins(PLUGIN)
    assert installed.problems == []
    (section,) = results(annealed(installed))
    assert keys(section, LineFigure) == [f"{section.key}-annealing"]
    assert f"{section.key}-heated" in keys(section, Table)
    assert sentences(section, "answer") == ["Temperatures: [0.5, 2.0], judged by accuracy."]
    assert notes(section) == []


def test_records_are_readable_without_the_plugin() -> None:
    core = discover(lambda: [EntryPoint("core", "bench.builtins", "bench")])
    (section,) = results(annealed(core))
    assert len(table(section).rows) == 4
    assert keys(section, LineFigure) == [f"{section.key}-variant-temperature"]
    assert notes(section) == [
        "The protocol annealing is not installed here: figures and findings of its own are left out. "
        "Install the plugin that offers it and make the report again."
    ]


def test_a_part_without_figures_keeps_the_general_ones(plugins: Any) -> None:
    start = dedent(PLUGIN).partition("def part")[0]
    (section,) = results(annealed(plugins(f"{start}def part(section):\n    return ProtocolPart(('Heated.',))\n")))
    assert sentences(section, "answer") == ["Heated."]
    assert keys(section, LineFigure) == [f"{section.key}-variant-temperature"]


LONG = "Line('a', (1.0, 2.0), (1.0,))"
AXES = "Axis('x'), Axis('y')"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("raise ValueError('no heat')", "ValueError: no heat"),
        ("return None", "TypeError: it returned NoneType, and a ProtocolPart is wanted"),
        ("return ProtocolPart((), ('x',))", "TypeError: str is no figure"),
        ("return ProtocolPart((3,))", "TypeError: a finding is a sentence, got int"),
        ("return ProtocolPart((), None, (3,))", "TypeError: int is no block"),
        (
            "from bench.report import Choice\n"
            "    inner = Choice('inner', 'Inner', {})\n"
            "    return ProtocolPart((), None, (Choice('outer', 'Outer', {'a': inner}),))",
            "TypeError: Choice is no option of a choice",
        ),
        (
            f"return ProtocolPart((), (LineFigure('f', 'F', {AXES}, ({LONG},)),))",
            "ValueError: line 'a' of figure 'f' has 2 values of x, 1 of y",
        ),
        (
            "from bench.report import MatrixFigure\n"
            "    matrix = MatrixFigure('m', 'M', 'x', 'y', ('a', 'b'), ('c',), ((1.0,),), (('1',),))\n"
            "    return ProtocolPart((), (matrix,))",
            "ValueError: values of figure 'm' are not of 1 rows and 2 columns",
        ),
    ],
)
def test_a_part_that_breaks_is_left_out_and_said(plugins: Any, body: str, told: str) -> None:
    start = dedent(PLUGIN).partition("def part")[0]
    (section,) = results(annealed(plugins(f"{start}def part(section):\n    {body}\n")))
    assert len(table(section).rows) == 4
    assert keys(section, LineFigure) == [f"{section.key}-variant-temperature"]
    (note,) = notes(section)
    assert told in note
    assert "protocol annealing of plugin 'annealing'" in note


def test_the_name_of_a_part_is_checked() -> None:
    with pytest.raises(PluginError, match="report 'nonsense' of protocol 'x' is not of the form"):
        ProtocolSpec(name="x", target="a:b", report="nonsense")


def test_the_core_names_its_parts_in_its_specs_alone() -> None:
    """No file of the report outside of a protocol's own may know a protocol by name."""
    names = {spec.name for spec in bench_protocols()}
    folder = Path(bench.report.__file__).parent
    own = {path.stem for path in (folder / "protocols").glob("*.py")} - {"__init__", "effects", "sizes", "tuning"}
    assert own == {name.replace("-", "_") for name in names} - {"fixed_budget"}
    folders = (folder, *(folder / name for name in ("compare", "numbers", "parts")))
    texts = {path.name: path.read_text() for each in folders for path in each.glob("*.py")}
    assert [(file, name) for file, text in texts.items() for name in names if f'"{name}"' in text] == []
    assert [file for file, text in texts.items() if "bench.report.protocols" in text] == []
