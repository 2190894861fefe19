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
from bench.report import Report, build_report
from bench.specs import ProtocolSpec
from bench_reports import html, markdown
from tests.report_records import ENVIRONMENT, picture, plan, record

# All that a third party writes for a protocol with a report section of its own: one file.
PLUGIN = """
    from bench import ProtocolSpec, hookimpl
    from bench.report import Line, LineFigure, ProtocolPart, SectionData

    @hookimpl
    def bench_protocols():
        yield ProtocolSpec(name="annealing", target="bench_annealing:Annealing", report="bench_annealing:part")

    def part(section: SectionData) -> ProtocolPart:
        temperatures = sorted({float(row.variant["temperature"]) for row in section.rows})
        lines = tuple(
            Line(label, family, "", tuple(temperatures), *[(1.0,) * len(temperatures)] * 3, run_count=1)
            for label, family in section.families.items()
        )
        figure = LineFigure("annealing", "Heat", "temperature", "Temperature", "Accuracy", lines)
        return ProtocolPart((figure,), (f"Temperatures: {temperatures}, judged by {section.main_score}.",))
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
    return build_report(runs, {"env-a": ENVIRONMENT}, picture, title="t", command="c", protocols=plugins.protocols)


def test_a_protocol_of_a_third_party_brings_its_part(plugins: Any, tmp_path: Path) -> None:
    installed = plugins(PLUGIN)
    assert installed.problems == []
    made = annealed(installed)
    (section,) = made.sections
    assert [figure.name for figure in section.figures] == ["annealing"]
    assert section.findings[0] == "Temperatures: [0.5, 2.0], judged by accuracy."
    assert section.notes == ()
    assert "Heat" in html.render(made, tmp_path).read_text()
    assert "judged by accuracy" in markdown.render(made, tmp_path).read_text()


def test_records_are_readable_without_the_plugin() -> None:
    core = discover(lambda: [EntryPoint("core", "bench.builtins", "bench")])
    (section,) = annealed(core).sections
    assert section.columns[0].measure.name == "accuracy"
    assert len(section.rows) == 4
    assert section.notes == (
        "The protocol annealing is not installed here: figures and findings of its own are left out. "
        "Install the plugin that offers it and make the report again.",
    )


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("raise ValueError('no heat')", "ValueError: no heat"),
        ("return None", "TypeError: it returned NoneType, and a ProtocolPart is wanted"),
        ("return ProtocolPart(('x',))", "TypeError: str is no figure"),
        ("return ProtocolPart((), (3,))", "TypeError: a finding is a sentence, got int"),
    ],
)
def test_a_part_that_breaks_is_left_out_and_said(plugins: Any, body: str, told: str) -> None:
    start = dedent(PLUGIN).partition("def part")[0]
    (section,) = annealed(plugins(f"{start}def part(section):\n    {body}\n")).sections
    assert len(section.rows) == 4
    assert [figure.name for figure in section.figures] == ["variant-temperature"]
    (note,) = section.notes
    assert told in note
    assert "protocol annealing of plugin 'annealing'" in note


def test_the_name_of_a_part_is_checked() -> None:
    with pytest.raises(PluginError, match="report 'nonsense' of protocol 'x' is not of the form"):
        ProtocolSpec(name="x", target="a:b", report="nonsense")


def test_the_core_names_its_parts_in_its_specs_alone() -> None:
    """No file of the report outside of a protocol's own may know a protocol by name."""
    names = {spec.name for spec in bench_protocols()}
    folder = Path(bench.report.__file__).parent
    own = {path.stem for path in (folder / "protocols").glob("*.py")} - {"__init__", "effects", "sizes"}
    assert own == {name.replace("-", "_") for name in names} - {"fixed_budget"}
    texts = {path.name: path.read_text() for path in [*folder.glob("*.py"), *folder.glob("compare/*.py")]}
    assert [(file, name) for file, text in texts.items() for name in names if f'"{name}"' in text] == []
    assert [file for file, text in texts.items() if "bench.report.protocols" in text] == []
