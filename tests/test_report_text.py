"""Numbers as text: what is written lies within half a unit of its last digit, and nothing reads as what it is not."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench.report import Measure, Summary, text
from bench.report.numbers.conditions import Repetition

SCORE = Measure("mse", "MSE", "", "lower", "score")
SHARE = Measure("accuracy", "Accuracy", "", "higher", "score", low=0.0, high=1.0)
TIME = Measure("train_seconds", "Training", "s", "lower", "time", low=0.0)
MEMORY = Measure("peak_memory", "Memory", "MB", "lower", "memory", low=0.0)

sizes = st.floats(min_value=1e-9, max_value=1e9)
numbers = st.one_of(st.just(0.0), sizes, sizes.map(lambda value: -value))


def parsed(written: str) -> float:
    return float(written.replace(",", "").replace("−", "-"))


def unit(written: str) -> float:
    """Return what one more in the last digit is worth."""
    digits, _, exponent = written.partition("e")
    return 10.0 ** (int(exponent or 0) - len(digits.partition(".")[2]))


def assert_true(written: str, value: float) -> None:
    assert abs(parsed(written) - value) <= 0.5001 * unit(written) + 1e-12 * abs(value), (written, value)
    assert not (parsed(written) == 0 and written.lstrip().startswith(("-", "−", "+"))), written


def summary(mean: float, half: float | None = None) -> Summary:
    low, high = (None, None) if half is None else (mean - half, mean + half)
    return Summary(mean, low, high, {Repetition(0): mean}, 1)


@given(numbers)
@example(-1e-9)
@example(0.9995)
@example(9_999_999.6)
def test_a_difference_is_written_as_it_is(value: float) -> None:
    written = text.signed(value)
    assert_true(written, value)
    assert "e" not in written
    assert (written[0] in "+−") == (parsed(written) != 0)


@given(numbers, numbers)
def test_the_ends_of_an_interval_are_written_as_they_are(one: float, other: float) -> None:
    low, high = sorted((one, other))
    left, _, right = text.interval(low, high).partition(" to ")
    assert_true(left, low)
    assert_true(right, high)
    assert unit(left) == unit(right)


def test_no_interval_is_no_text() -> None:
    assert text.interval(math.nan, math.nan) == text.interval(-math.inf, 1.0) == ""
    assert text.signed(math.nan) == "–"


@given(numbers, st.integers(1, 4))
def test_significant_digits_are_true(value: float, digits: int) -> None:
    written = text.significant(value, digits)
    assert_true(written, value)
    assert ("e" in written) == (value != 0 and not 1e-4 <= abs(value) < 1e7)
    # No number is made nothing.
    assert (parsed(written) == 0) == (value == 0)


@given(st.lists(numbers, min_size=1, max_size=6))
@example([-1e-9, 0.5])
@example([-1e-9])
@example([1e-9, 2e-9])
def test_means_are_true_in_columns_of_any_range(values: list[float]) -> None:
    for value, cell in zip(
        values, text.cells(SCORE, [summary(each) for each in values], [1] * len(values)), strict=True
    ):
        assert_true(cell.text, value)
        assert cell.value == value


@given(numbers)
@example(-1e-9)
def test_a_column_of_small_numbers_shows_them(value: float) -> None:
    (cell,) = text.cells(SCORE, [summary(value)], [1])
    assert (parsed(cell.text) == 0) == (value == 0)
    assert "e" not in cell.text


@given(st.lists(st.tuples(numbers, sizes), min_size=1, max_size=6))
@example([(1.0, 1e-9)])
@example([(1e-9, 1e-10)])
@example([(-3.0, 0.5)])
def test_no_half_of_an_interval_reads_as_nothing(values: list[tuple[float, float]]) -> None:
    found = text.cells(SCORE, [summary(mean, half) for mean, half in values], [1] * len(values))
    for cell in found:
        assert cell.low is not None
        assert cell.high is not None
        kept = (cell.high - cell.low) / 2  # of what a float64 can hold
        assert (parsed(cell.spread) > 0) == (kept > 0)
        assert parsed(cell.spread) >= 0.66 * kept
        left, _, right = cell.interval.partition(" to ")
        assert parsed(left) <= parsed(right)
        for end in (left, right):
            assert not (parsed(end) == 0 and end.startswith("-"))


def test_memory_is_known_to_a_tenth_of_a_megabyte_and_so_is_its_spread() -> None:
    (cell,) = text.cells(MEMORY, [summary(6.6, 0.001)], [1])
    assert (cell.text, cell.spread) == ("6.6", "0.1")


@pytest.mark.parametrize(("value", "written"), [(math.inf, "∞"), (-math.inf, "−∞"), (0.0, "0")])
def test_odd_means(value: float, written: str) -> None:
    (cell,) = text.cells(SCORE, [Summary(value, None, None, {}, 1)], [1])
    assert cell.text == written


def test_a_row_without_a_value_is_absent() -> None:
    assert text.cells(SCORE, [None, summary(1.0)], [0, 1])[0].is_absent


def test_short_times_are_ticks() -> None:
    assert [cell.text for cell in text.cells(TIME, [summary(1e-5), summary(0.2)], [1, 1])] == ["< 0.001", "0.200"]


def test_uneven_intervals_of_a_cost_are_told_by_their_ends() -> None:
    (cell,) = text.cells(TIME, [Summary(1.0, 0.4, 2.5, {Repetition(0): 1.0}, 1)], [1])
    assert (cell.spread, cell.interval) == ("", "0.4 to 2.5")


@given(st.floats(0.0, 1.0))
def test_p_values_are_true_or_below_a_thousandth(value: float) -> None:
    written = text.p_value(value)
    if written.startswith("<"):
        assert value < 0.001
    else:
        assert_true(written, value)


@given(st.floats(1e-3, 1e6))
def test_ratios_are_true(value: float) -> None:
    assert_true(text.ratio(value).removesuffix(" ×"), value)


@pytest.mark.parametrize(
    ("value", "unit_", "written"),
    [(0.0041, "s", "4.1 ms"), (0.4, "s", "0.40 s"), (180, "s", "3 min"), (7200, "s", "2.0 h"), (120, "MB", "120 MB")],
)
def test_amounts_are_as_people_say_them(value: float, unit_: str, written: str) -> None:
    assert text.amount(value, unit_) == written


def test_words_are_joined() -> None:
    assert [text.join("abc"[:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert (text.plural(1, "run"), text.plural(0, "run"), text.plural(1200, "run")) == ("1 run", "0 runs", "1,200 runs")


def test_numbers_wider_than_a_table_have_an_exponent() -> None:
    (cell,) = text.cells(SCORE, [summary(1.5e30, 3e29)], [1])
    assert (cell.text, cell.spread, cell.interval) == ("1.50e+30", "3.00e+29", "1.20e+30 to 1.80e+30")
    assert text.signed(-1.5e30) == "−1.50e+30"
    assert text.interval(-1.5e30, 2.0) == "−1.50e+30 to +2"
