"""Figures as files: what is drawn where, and that a file never shows an older report."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.report.blocks import Model, Report, Section
from bench.report.figures import Axis, Figure, Line, LineFigure, Point, ScatterFigure
from bench_reports import figures, markdown, palette
from bench_reports.labels import Box, place
from tests.sample_report import sample_report
from tests.sample_tables import NASTY

pytest.importorskip("matplotlib")
from bench_reports.plots import draw

MODELS = (Model("a", "shallow"), Model("b", "deep"))


def report_of(*drawn: Figure) -> Report:
    return Report("t", "", "1", "c", (Section("s", "S", drawn),), MODELS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("report")
    figures.render(sample_report(), place)
    return place


def test_every_figure_is_written_as_svg_and_pdf(folder: Path) -> None:
    drawn = [block for _, block in sample_report().blocks() if isinstance(block, Figure)]
    found = figures.figure_files(sample_report(), folder)
    assert set(found) == {figure.key for figure in drawn}
    assert len(set(found.values())) == len(drawn) == 9
    for stem in found.values():
        assert (folder / f"{stem}.pdf").read_bytes().startswith(b"%PDF")
        assert ElementTree.parse(folder / f"{stem}.svg").getroot().tag.endswith("svg")


def test_texts_of_a_figure_stay_texts(folder: Path) -> None:
    tree = ElementTree.parse(folder / "report_figures" / "adult-sizes-figure.svg")
    texts = ["".join(each.itertext()) for each in tree.iter() if each.tag.endswith("}text")]
    assert {"Training samples", "lenet", "100", "1,000"} <= set(texts)
    assert any(NASTY.startswith(text.rstrip("…")) for text in texts if text.startswith("<script"))


def test_equal_reports_make_equal_files(folder: Path, tmp_path: Path) -> None:
    figures.render(sample_report(), tmp_path)
    written = {path.name: path.read_bytes() for path in (folder / figures.FOLDER).iterdir()}
    assert {path.name: path.read_bytes() for path in (tmp_path / figures.FOLDER).iterdir()} == written


def test_a_figure_is_drawn_again_only_when_it_changed(tmp_path: Path) -> None:
    first = ScatterFigure("one", "One", Axis("x"), Axis("y"), (Point("a", 1, 2),))
    second = replace(first, key="two")
    figures.render(report_of(first, second), tmp_path)
    times = {path.name: path.stat().st_mtime_ns for path in (tmp_path / figures.FOLDER).glob("*.svg")}
    figures.render(report_of(first, replace(second, title="Changed")), tmp_path)
    after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / figures.FOLDER).glob("*.svg")}
    assert after["one.svg"] == times["one.svg"]
    assert after["two.svg"] > times["two.svg"]


def test_files_of_an_older_report_are_neither_linked_nor_kept(tmp_path: Path) -> None:
    older = ScatterFigure("one", "One", Axis("x"), Axis("y"), (Point("a", 1, 2),))
    newer = replace(older, points=(Point("a", 1, 3),))
    figures.render(report_of(older), tmp_path)
    assert "](report_figures/one.svg)" in markdown.render(report_of(older), tmp_path).read_text()
    assert "report_figures" not in markdown.render(report_of(newer), tmp_path).read_text()
    figures.render(report_of(replace(newer, key="other")), tmp_path)
    assert sorted(path.name for path in (tmp_path / figures.FOLDER).iterdir()) == [
        "index.json", "other.pdf", "other.svg",
    ]  # fmt: skip


def test_an_index_leads_nowhere_else(tmp_path: Path) -> None:
    precious = tmp_path / "precious.svg"
    precious.write_text("mine")
    place = tmp_path / "report" / figures.FOLDER
    place.mkdir(parents=True)
    (place / "index.json").write_text('{"../../precious": "0"}')
    figures.render(report_of(), tmp_path / "report")
    assert precious.read_text() == "mine"


def test_figures_of_one_key_have_files_of_their_own(tmp_path: Path) -> None:
    one = ScatterFigure("a b", "One", Axis("x"), Axis("y"), (Point("a", 1, 2),))
    figures.render(report_of(one, replace(one, key="A.b")), tmp_path)
    assert sorted(path.name for path in (tmp_path / figures.FOLDER).glob("*.svg")) == ["a-b-2.svg", "a-b.svg"]


def test_nothing_is_drawn_beyond_what_is_possible() -> None:
    y = Axis("Accuracy", low=0.0, high=1.0)
    line = Line("a", (1.0, 2.0, 3.0), (0.97, 0.98, 0.99), (0.9, 0.92, 0.95), (1.2, 1.1, 1.05))
    (axes,) = draw(LineFigure("f", "F", Axis("Epoch", low=0), y, (line,)), MODELS).axes
    assert axes.get_ylim()[1] == 1.0
    (band,) = axes.collections
    assert band.get_paths()[0].vertices[:, 1].max() <= 1.0


def test_a_value_of_nothing_makes_a_logarithmic_axis_linear() -> None:
    figure = ScatterFigure("f", "F", Axis("Time", is_log=True), Axis("y"), (Point("a", 0.0, 1), Point("b", 10.0, 2)))
    (axes,) = draw(figure, MODELS).axes
    assert axes.get_xscale() == "linear"
    positive = replace(figure, points=figure.points[1:])
    assert draw(positive, MODELS).axes[0].get_xscale() == "log"


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_figure_copes_with_numbers_that_are_none(value: float, tmp_path: Path) -> None:
    line = Line("a", (1.0, 2.0), (value, 0.5), (value, 0.4), (value, 0.6))
    figures.render(report_of(LineFigure("f", "F", Axis("x"), Axis("y"), (line,))), tmp_path)
    assert (tmp_path / figures.FOLDER / "f.pdf").is_file()


@pytest.mark.parametrize("figure", [
    ScatterFigure("f", "F", Axis("x", is_log=True), Axis("y"), ()), LineFigure("f", "F", Axis("x"), Axis("y"), ()),
], ids=["scatter", "lines"])  # fmt: skip
def test_a_figure_of_nothing_is_drawn(figure: Figure, tmp_path: Path) -> None:
    figures.render(report_of(figure), tmp_path)
    assert (tmp_path / figures.FOLDER / "f.svg").is_file()


def test_a_model_has_one_colour_in_every_figure() -> None:
    found = palette.colours(sample_report().models)
    assert list(found.values()) == list(palette.COLOURS)[: len(found)]
    figure = ScatterFigure("f", "F", Axis("x"), Axis("y"), (Point("b", 1, 1),))
    (axes,) = draw(figure, MODELS).axes
    assert axes.lines[0].get_color() == palette.COLOURS[1]
    assert axes.lines[0].get_marker() == "s"


POINTS = st.lists(st.tuples(st.floats(0, 400), st.floats(0, 300)), max_size=6)


@given(POINTS)
def test_labels_stay_inside(points: list[tuple[float, float]]) -> None:
    frame = Box(0, 0, 400, 300)
    for box in place(points, [(60.0, 10.0)] * len(points), frame, gap=7.0):
        assert box.overlap(frame) == pytest.approx(box.area())


def test_labels_of_points_that_lie_together_cover_neither_points_nor_each_other() -> None:
    points = [(200.0 + 9 * n, 150.0 + (n % 2)) for n in range(6)]
    boxes = place(points, [(60.0, 10.0)] * 6, Box(0, 0, 400, 300), gap=7.0)
    assert not any(a.overlap(b) for a, b in combinations(boxes, 2))
    assert not any(box.left < x < box.right and box.bottom < y < box.top for box in boxes for x, y in points)


def test_a_label_keeps_clear_of_intervals() -> None:
    interval = Box(209, 0, 211, 300)
    (box,) = place([(200.0, 150.0)], [(60.0, 10.0)], Box(0, 0, 400, 300), 7.0, [interval])
    assert not box.overlap(interval)


def test_the_index_names_every_figure(folder: Path) -> None:
    text = (folder / figures.FOLDER / "index.json").read_text()
    assert len(re.findall(r'"[a-z0-9-]+": "[0-9a-f]{64}"', text)) == 9
