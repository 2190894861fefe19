"""Draw a critical-difference diagram as inline SVG, which needs no script and follows the page's colours."""

from __future__ import annotations

import math
from collections.abc import Callable
from html import escape

from markupsafe import Markup

from bench.report import RankRow, Ranks
from bench_reports.words import significant

__all__ = ["rank_diagram"]

WIDTH, MARGIN, LABEL = 720, 14, 190
AXIS, STEP, BAR_STEP = 62, 22, 9


def rank_diagram(ranks: Ranks) -> Markup:
    """Return the diagram: models on an axis of mean ranks, best on the left; bars join what cannot be told apart.

    Source: Demšar, Statistical comparisons of classifiers over multiple data sets, 2006, figure 1.
    """
    lowest, highest = 1, max(len(ranks.rows), 2)
    left, right = MARGIN + LABEL, WIDTH - MARGIN - LABEL

    def place(rank: float) -> float:
        return left + (rank - lowest) / (highest - lowest) * (right - left)

    bars = [_bar(ranks, clique, number, place) for number, clique in enumerate(ranks.cliques)]
    first = AXIS + 18 + BAR_STEP * len(bars)
    half = math.ceil(len(ranks.rows) / 2)
    labels = [_left(row, place(row.mean_rank), first + STEP * n) for n, row in enumerate(ranks.rows[:half])]
    rest = list(reversed(ranks.rows[half:]))
    labels += [_right(row, place(row.mean_rank), first + STEP * n) for n, row in enumerate(rest)]
    height = first + STEP * half
    ticks = [_tick(place(rank), rank) for rank in range(lowest, highest + 1)]
    axis = f'<line class="axis" x1="{left}" x2="{right}" y1="{AXIS}" y2="{AXIS}"/>'
    width = min(ranks.critical_difference, highest - lowest) / (highest - lowest) * (right - left)
    words = f"Mean ranks of {len(ranks.rows)} models: " + ", ".join(
        f"{row.label} {significant(row.mean_rank)}" for row in ranks.rows
    )
    parts = [_difference(ranks, left, width), axis, *ticks, *bars, *labels]
    head = f'<svg class="ranks" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(words)}">'
    return Markup(f"{head}{''.join(parts)}</svg>")  # noqa: S704 - numbers of ours, and labels that were escaped


def _difference(ranks: Ranks, left: float, width: float) -> str:
    """Draw the critical difference as a ruler over the axis; one longer than the axis is cut, and says so."""
    is_cut = ranks.critical_difference > max(len(ranks.rows), 2) - 1
    words = f"critical difference {ranks.critical_difference:.2f}{', longer than the axis' if is_cut else ''}"
    end = "" if is_cut else f'<line class="ruler" x1="{left + width:.1f}" x2="{left + width:.1f}" y1="18" y2="26"/>'
    return (
        f'<line class="ruler" x1="{left}" x2="{left + width:.1f}" y1="22" y2="22"/>'
        f'<line class="ruler" x1="{left}" x2="{left}" y1="18" y2="26"/>{end}'
        f'<text x="{left}" y="12">{words}</text>'
    )


def _tick(x: float, rank: int) -> str:
    return (
        f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{AXIS - 5}" y2="{AXIS}"/>'
        f'<text class="tick" x="{x:.1f}" y="{AXIS - 10}" text-anchor="middle">{rank}</text>'
    )


def _bar(ranks: Ranks, clique: tuple[str, ...], number: int, place: Callable[[float], float]) -> str:
    found = [place(row.mean_rank) for row in ranks.rows if row.label in clique]
    y = AXIS + 9 + BAR_STEP * number
    return f'<line class="bar" x1="{min(found) - 4:.1f}" x2="{max(found) + 4:.1f}" y1="{y}" y2="{y}"/>'


def _left(row: RankRow, x: float, y: float) -> str:
    return _leader(x, y, MARGIN + LABEL - 8) + _name(row, MARGIN + LABEL - 12, y, "end")


def _right(row: RankRow, x: float, y: float) -> str:
    return _leader(x, y, WIDTH - MARGIN - LABEL + 8) + _name(row, WIDTH - MARGIN - LABEL + 12, y, "start")


def _leader(x: float, y: float, end: float) -> str:
    return f'<path class="leader" d="M{x:.1f} {AXIS}V{y:.1f}H{end:.1f}"/>'


def _name(row: RankRow, x: float, y: float, anchor: str) -> str:
    label = row.label if len(row.label) <= 26 else f"{row.label[:25]}…"
    return (
        f'<text class="family {escape(row.family)}" x="{x:.1f}" y="{y + 4:.1f}" text-anchor="{anchor}">'
        f"{escape(label)}<title>{escape(row.label)}: mean rank {row.mean_rank:.2f}</title></text>"
    )
