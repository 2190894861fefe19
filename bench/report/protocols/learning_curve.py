"""Learning curves over the size of the training set: the lines, and which of them cross."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise

from bench.report.levels import LEVEL
from bench.report.protocols.effects import Effect, effects, main_values
from bench.report.protocols.sizes import Sizes
from bench.report.section_data import ProtocolPart, SectionData
from bench.report.tree import Column, Figure
from bench.report.variants import CAPTION, line_figure

__all__ = ["part"]

CROSSING_LIMIT = 5


def part(section: SectionData) -> ProtocolPart:
    """Return what this protocol adds to its sections."""
    return ProtocolPart(tuple(figures(section)), tuple(findings(section)))


def figures(section: SectionData) -> Iterator[Figure]:
    """Draw the main score, then the training time, over the number of training samples."""
    sizes = Sizes(section)
    caption = " ".join((CAPTION, *sizes.findings()))
    time = next((column for column in section.columns if column.measure.name == "train_seconds"), None)
    quality = line_figure(
        section, section.main, name="training-size", title="Quality against training samples",
        axis="training samples", place=sizes.place, caption=caption,
    )  # fmt: skip
    cost = line_figure(
        section, time, name="training-size-cost", title="Training time against training samples",
        axis="training samples", place=sizes.place, y_title="Training time (s)", caption=caption,
    )  # fmt: skip
    yield from (figure for figure in (quality, cost) if figure is not None)


def findings(section: SectionData) -> Iterator[str]:
    """Say for each device which curves cross beyond noise, and that the others don't."""
    sizes = Sizes(section)
    yield from sizes.findings()
    for column in section.mains:
        yield from _crossings(section, column, sizes)


def _crossings(section: SectionData, column: Column, sizes: Sizes) -> Iterator[str]:
    values = {
        label: {int(size): seeds for variant, seeds in variants if (size := sizes.of(label, variant)) is not None}
        for label, variants in main_values(section, column).items()
    }
    pairs = [
        (left, right, size)
        for left, right in combinations(values, 2)
        for size in sorted(values[left].keys() & values[right].keys())
    ]
    if not pairs:
        return
    tested = effects([(str(size), values[right][size], values[left][size]) for left, right, size in pairs])
    curves: dict[tuple[str, str], list[tuple[int, Effect]]] = {}
    for (left, right, size), effect in zip(pairs, tested, strict=True):
        curves.setdefault((left, right), []).append((size, effect))
    sign = 1 if column.measure.better == "higher" else -1
    crossed = [text for names, points in curves.items() if (text := _crossing(names, points, sign))]
    where = f", {column.condition}" if column.condition else ""
    yield from (f"Curves that cross{where}: {text}" for text in crossed[:CROSSING_LIMIT])
    if len(crossed) > CROSSING_LIMIT:
        yield f"{len(crossed) - CROSSING_LIMIT} more pairs of curves cross{where}."
    if not crossed:
        judged = [effect for effect in tested if not effect.lost]
        decided = any(effect.test.can_decide for effect in judged)
        test = f"{len(judged)} paired t tests, Holm-corrected, {LEVEL}" if decided else "too few shared seeds"
        if len(judged) < len(tested):
            test += f"; {len(tested) - len(judged)} of {len(tested)} points not judged for runs without a value"
        yield f"No two of {len(values)} curves cross beyond noise{where} ({test})."


def _crossing(names: tuple[str, str], points: list[tuple[int, Effect]], sign: int) -> str:
    """Return where one curve is clearly better first and clearly worse later; "" where it is not."""
    clear = [(size, sign * effect.sign) for size, effect in points if effect.is_real]
    for (small, before), (large, after) in pairwise(clear):
        if before != after:
            better, worse = names if before > 0 else names[::-1]
            return f"{better} is better than {worse} with {small:,} samples, {worse} is better with {large:,}."
    return ""
