"""Forecasts are drawn beside what came, from where nothing more was known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.model import Problem
from bench.report.blocks import Choice
from bench.report.figures import LineFigure
from bench.report.parts.datafacts import data_facts
from bench.report.parts.predictions import prediction_blocks
from bench.spaces import Space
from bench.specs import DatasetSpec
from tests.report_sections import Kept


def windows(count: int, horizon: int, stride: int, series: int = 2) -> np.ndarray:
    """Return what is asked of a series whose value at step t is t, and 100 + t in the second one."""
    steps = stride * np.arange(count)[:, None] + np.arange(horizon)
    return np.stack([steps + 100.0 * number for number in range(series)], 2).astype(np.float32)


def kept(stride: int = 1, count: int = 9, models: int = 2, **settings: object) -> Kept:
    found = Kept()
    targets = windows(count, 4, stride)
    target = Space("tc", (4, 2), names=("load", "heat"))
    for number in range(models):
        made = found.add(
            f"model-{number}",
            {"predictions": targets + number, "targets": targets, "scales": np.ones((1, 1, 2))},
            task="forecasting", settings={"task": {"stride": stride}, "protocol": {}},
        )  # fmt: skip
        problem = Problem("forecasting", made.run.dataset, 50, "predict", Space("tc", (8, 2)), target)
        found.records[-1] = made.model_copy(update={"problem": problem})
    return found


def figures(found: Kept) -> list[LineFigure]:
    (block,) = prediction_blocks(found.section(), found, "s")
    assert isinstance(block, Choice)
    return [each for each in block.options.values() if isinstance(each, LineFigure)]


@given(stride=st.integers(1, 6), count=st.integers(1, 12))
def test_a_window_shows_what_came_and_what_was_said_of_it(stride: int, count: int) -> None:
    for figure in figures(kept(stride, count)):
        came, *said = figure.lines
        start = stride * (int(figure.caption.split("Window ")[1].split(" of ")[0]) - 1)
        assert figure.title == f"Forecasts from step {start} of the test part"
        assert came.is_reference
        # The value of the last series at step t is 100 + t, and step 1 ahead of a window is the one it begins with.
        assert [y - x for x, y in zip(came.x, came.y, strict=True)] == pytest.approx([100 + start - 1] * len(came.x))
        assert came.x[-4:] == (1, 2, 3, 4)
        assert min(came.x) >= 1 - min(4, start)
        for number, line in enumerate(said):
            assert line.label == f"model-{number}"
            ahead = [(x, y) for x, y in zip(line.x, line.y, strict=True) if x > 0]
            assert ahead == [(x, 99 + start + x + number) for x in (1, 2, 3, 4)]
            # Where the step before is known from another window, lines begin at it.
            assert (0 in line.x) == (0 in came.x) == (start > 0 and stride <= 4)


def test_few_windows_of_the_best_models_are_drawn_and_the_series_is_named() -> None:
    found = figures(kept(models=6))
    assert [each.title for each in found] == [f"Forecasts from step {step} of the test part" for step in (4, 5, 7, 8)]
    assert {len(each.lines) for each in found} == {1 + 4}
    assert found[0].y.title == "heat"
    assert "The 4 best models by the main score" in found[0].caption
    assert "Of 2 series, heat is drawn." in found[0].caption


def test_values_that_are_no_windows_have_no_forecasts() -> None:
    found = Kept()
    values = np.arange(6.0)
    found.add("ridge", {"predictions": values, "targets": values, "scales": np.ones(1)})
    assert all(not isinstance(each, Choice) for each in prediction_blocks(found.section(), found, "s"))


def test_data_are_told_in_steps_and_runs_in_windows() -> None:
    found = kept()
    spec = DatasetSpec(
        name=found.records[0].run.dataset, target="x:y", inputs=Space("c", (2,), period=4), ordered=True,
        sample_count=200, licence="CC0", source="drawn",
    )  # fmt: skip
    told = data_facts(found.section(), {spec.name: spec}).sentences()
    assert told[0] == f"{spec.name} has 200 steps (2 series)."
    assert told[1].startswith("A run has 50 windows to train on")
    assert "validation" not in told[1]
