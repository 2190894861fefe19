"""Turn a matrix of numbers into a table whose cells are coloured by value: text to read, to copy and to print."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bench.report.figures import MatrixFigure

__all__ = ["Heat", "MatrixView", "matrix_view"]

# With more columns than these the numbers do not fit their cells; the colour and the popup stay.
TEXT_LIMIT = 16


@dataclass(frozen=True)
class Heat:
    """One cell. share: of the full colour, in per cent; side: `up`, or `down` below the middle of centred colours."""

    text: str
    share: int
    side: str


@dataclass(frozen=True)
class MatrixView:
    """A heat map; row_places, column_places: the numbers of models, all None where rows or columns are none."""

    figure: MatrixFigure
    rows: tuple[tuple[str, int | None, tuple[Heat, ...]], ...]
    column_places: tuple[int | None, ...]
    has_texts: bool

    @property
    def is_wide(self) -> bool:
        """Are the columns' names too long to stand upright?"""
        return max(map(len, self.figure.columns), default=0) > 4


def matrix_view(figure: MatrixFigure, places: Mapping[str, int]) -> MatrixView:
    """Lay out a matrix."""
    row_places, column_places = (_places(names, places) for names in (figure.rows, figure.columns))
    cells = [
        tuple(_heat(value, text, figure) for value, text in zip(values, texts, strict=True))
        for values, texts in zip(figure.values, figure.texts, strict=True)
    ]
    rows = tuple(zip(figure.rows, row_places, cells, strict=True))
    return MatrixView(figure, rows, column_places, len(figure.columns) <= TEXT_LIMIT)


def _places(names: tuple[str, ...], places: Mapping[str, int]) -> tuple[int | None, ...]:
    # Classes of samples may share their name with a model by chance: all are models, or none.
    if all(name in places for name in names):
        return tuple(places[name] for name in names)
    return (None,) * len(names)


def _heat(value: float, text: str, figure: MatrixFigure) -> Heat:
    if math.isnan(value) or figure.high <= figure.low:
        return Heat(text, 0, "none" if math.isnan(value) else "up")
    share = min(max((value - figure.low) / (figure.high - figure.low), 0.0), 1.0)
    if figure.is_centred:
        return Heat(text, round(abs(share - 0.5) * 200), "up" if share >= 0.5 else "down")
    return Heat(text, round(share * 100), "up")
