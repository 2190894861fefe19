"""Curves of known truth: flat ones are rarely called rising, rising ones are found; and what cannot be judged."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from bench.evidence import is_flat, was_flat
from bench.record import CurvePoint, RunRecord, Score
from tests.report_records import plan, record

Array = NDArray[np.float64]
REPETITIONS = 1500


def noise(random: np.random.Generator, count: int, memory: float = 0.0) -> Array:
    """Return (count,) standard normal values of which neighbours correlate."""
    values = random.standard_normal(count)
    for place in range(1, count):
        values[place] = memory * values[place - 1] + math.sqrt(1 - memory**2) * values[place]
    return values


def share_rising(make: Callable[[np.random.Generator, Array], Array], count: int) -> float:
    random, time = np.random.default_rng(7), np.arange(1, count + 1) / count
    found = [is_flat(make(random, time).tolist(), higher=True) for _ in range(REPETITIONS)]
    assert None not in found
    return found.count(False) / REPETITIONS


FLAT = {
    "independent noise": lambda random, time: 0.9 + 0.01 * noise(random, len(time)),
    "noise with memory": lambda random, time: 0.9 + 0.01 * noise(random, len(time), 0.5),
    "24 validation samples": lambda random, time: random.binomial(24, 0.95, len(time)) / 24,
    "risen early": lambda random, time: 0.9 - 0.8 * np.exp(-time / 0.05) + 0.01 * noise(random, len(time), 0.3),
    "overfitting": lambda random, time: 0.9 - 0.1 * time + 0.01 * noise(random, len(time), 0.3),
    "a loss that is done": lambda random, time: -0.05 * np.exp(0.1 * noise(random, len(time))),
}
# Each with the share that must be found of curves of 20 and of 40 evaluations.
RISING = {
    "two deviations of the noise in a quarter": (
        lambda random, time: 0.5 + 0.08 * time + 0.01 * noise(random, len(time)), 0.8, 0.95
    ),
    "four, in noise with memory": (
        lambda random, time: 0.5 + 0.16 * time + 0.01 * noise(random, len(time), 0.5), 0.95, 0.97
    ),
    "half way up": (lambda random, time: 0.9 - 0.8 * np.exp(-time / 0.5) + 0.01 * noise(random, len(time)), 0.97, 0.98),
    "a distance that falls as a power": (
        lambda random, time: -5 * time**-0.7 * np.exp(0.08 * noise(random, len(time), 0.3)), 0.9, 0.95
    ),
}  # fmt: skip


@pytest.mark.parametrize("count", [10, 20, 40])
@pytest.mark.parametrize("kind", FLAT)
def test_flat_curves_are_rarely_called_rising(kind: str, count: int) -> None:
    # 5 %, and three standard errors of so many repetitions.
    assert share_rising(FLAT[kind], count) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / REPETITIONS)


@pytest.mark.parametrize("kind", RISING)
def test_rising_curves_are_found(kind: str) -> None:
    make, of_20, of_40 = RISING[kind]
    assert share_rising(make, 20) >= of_20
    assert share_rising(make, 40) >= of_40


def test_a_rise_below_one_per_cent_in_a_quarter_is_flat_whatever_the_noise() -> None:
    time = np.arange(1, 41) / 40
    assert is_flat((0.9 + 0.03 * time).tolist(), higher=True) is False
    assert is_flat((0.9 - 0.8 * np.exp(-time / 0.03) + 0.01 * time).tolist(), higher=True) is True


curves = st.lists(st.floats(-1e6, 1e6), min_size=10, max_size=60)


@given(curves, st.booleans())
def test_direction_unit_and_origin_of_time_change_nothing(values: list[float], higher: bool) -> None:
    found = is_flat(values, higher=higher)
    assert found is not None
    assert is_flat([-value for value in values], higher=not higher) is found
    assert is_flat([4 * value for value in values], higher=higher) is found
    assert is_flat(values, higher=higher, steps=[8 * (place + 1) for place in range(len(values))]) is found


@given(st.lists(st.tuples(st.floats(0.001, 1e4), st.floats(-1e6, 1e6)), max_size=40))
def test_evaluations_at_any_time_are_judged_where_the_last_half_has_five(points: list[tuple[float, float]]) -> None:
    steps, values = np.cumsum([wait for wait, _ in points]), [value for _, value in points]
    is_judged = len(points) >= 10 and bool((steps > steps[-1] / 2).sum() >= 5)
    assert (is_flat(values, higher=True, steps=steps.tolist()) is not None) == is_judged


@given(st.lists(st.floats(-1e6, 1e6), min_size=10, max_size=60))
def test_a_curve_that_never_gets_better_is_flat(values: list[float]) -> None:
    assert is_flat(sorted(values, reverse=True), higher=True) is True
    assert is_flat(sorted(values), higher=False) is True


@pytest.mark.parametrize(
    "values", [[], [0.5] * 9, [math.nan] * 30, [*[math.nan] * 21, *[0.1 * place for place in range(9)]]]
)
def test_few_finite_evaluations_cannot_be_judged(values: list[float]) -> None:
    assert is_flat(values, higher=True) is None


def test_times_that_do_not_grow_cannot_be_judged_and_as_many_are_needed() -> None:
    assert is_flat([0.5] * 20, higher=True, steps=[1.0] * 20) is None
    with pytest.raises(ValueError, match="20 values and 19 steps"):
        is_flat([0.5] * 20, higher=True, steps=range(19))


def rising(name: str = "accuracy", objective: str = "accuracy", *, up: bool = True, **changes: object) -> RunRecord:
    sign = 1 if up else -1
    points = [
        CurvePoint(epoch=place, step=9 * place, train_seconds=place, validation={name: sign * place / 40})
        for place in range(1, 41)
    ]
    score = Score(name=objective, value=1.0, higher_is_better=True)
    fields: dict[str, object] = {"curve": tuple(points), "scores": (score,), "objective": objective} | changes
    return record(plan("mlp"), **fields)


def with_protocol(**settings: object) -> RunRecord:
    run = plan("mlp")
    return rising().model_copy(update={"run": run.model_copy(update={"settings": {"task": {}, "protocol": settings}})})


def test_a_record_is_judged_by_the_curve_of_its_main_score() -> None:
    assert was_flat(rising()) is False
    assert was_flat(rising(up=False)) is True
    assert was_flat(rising("distance", "distance:judge-1")) is False
    assert was_flat(with_protocol(schedule="constant", epochs=40)) is False


@pytest.mark.parametrize(
    "found",
    [
        rising(status="failed"),
        rising(curve=()),
        rising(objective=""),
        rising(curve=rising().curve[:1]),
        with_protocol(schedule="cosine"),
        with_protocol(target=0.9),
    ],
)
def test_what_says_nothing_of_the_budget_is_not_judged(found: RunRecord) -> None:
    assert was_flat(found) is None
