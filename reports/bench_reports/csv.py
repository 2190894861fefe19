"""Write the report as one tidy table: a line for each section, model and measure, and one for each mean rank."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path

from bench.report import Column, Ranks, Report, Row, Section
from bench_reports.words import variant_text

__all__ = ["FIELDS", "render"]

FIELDS = (
    "section", "dataset", "task", "protocol", "settings", "model", "family", "variant", "device", "condition",
    "measure", "unit", "better", "mean", "low", "high", "n", "ok_runs", "runs", "seeds", "splits", "is_best",
    "floor", "infinite", "detail",
)  # fmt: skip
# A spreadsheet runs a text that begins so as a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render(report: Report, folder: Path) -> Path:
    """Write `report.csv`; a model without any number has one line for the measure `runs`."""
    path = folder / "report.csv"
    folder.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(FIELDS)
        for section in report.sections:
            for row in section.rows:
                writer.writerows(map(_safe, line) for line in _lines(section, row))
        for ranks in report.ranks:
            writer.writerows(map(_safe, line) for line in _rank_lines(ranks))
    return path


def _lines(section: Section, row: Row) -> Iterator[tuple[object, ...]]:
    settings = "; ".join(f"{name}={value}" for name, value in section.settings)
    place = (section.title, section.dataset, section.task, section.protocol, settings)
    start: tuple[object, ...] = (*place, row.label, row.family, variant_text(row.variant))
    count = row.run_count
    own: dict[str, object] = {
        **dict.fromkeys(FIELDS[len(start) :], ""),
        "measure": "runs",
        "mean": row.ok_count,
        "n": count,
        "ok_runs": row.ok_count,
        "runs": count,
        "seeds": row.seed_count,
        "splits": row.split_count,
        "detail": "" if row.is_applicable else "not applicable",
    }
    yield (*start, *own.values())
    for column in section.columns:
        if column.key in row.cells:
            yield (*start, *_numbers(column, row))


def _rank_lines(ranks: Ranks) -> Iterator[tuple[object, ...]]:
    count, detail = len(ranks.datasets), f"critical_difference={ranks.critical_difference:.6g}; p={ranks.p_value:.6g}"
    for row in ranks.rows:
        values = dict.fromkeys(FIELDS, "") | {
            "section": f"Ranks across data sets, {ranks.title}",
            "dataset": ", ".join(ranks.datasets),
            "model": row.label,
            "family": row.family,
            "measure": "mean_rank",
            "better": "lower",
            "mean": row.mean_rank,
            "n": count,
            "detail": detail,
        }
        yield tuple(values.values())


def _numbers(column: Column, row: Row) -> tuple[object, ...]:
    measure, cell = column.measure, row.cells[column.key]
    detail = "; ".join(f"{name}={value}" for name, value in measure.detail)
    place = (column.device, column.condition, measure.name, measure.unit, measure.better)
    # A mean that is not finite is left empty: `infinite` counts the runs that missed, and no reader trips over a word.
    mean = cell.mean if math.isfinite(cell.mean) else None
    value = (mean, cell.low, cell.high, cell.count, cell.run_count, row.tried.get(column.device, 0), *_counts(row))
    return (*place, *value, int(cell.is_best), cell.floor, cell.infinite, detail)


def _counts(row: Row) -> tuple[int, int]:
    return row.seed_count, row.split_count


def _safe(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
