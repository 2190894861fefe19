"""What the formats made of text lay out alike: which blocks they show, their headings, what stands beside a number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import TypeGuard

from bench.report.blocks import Cell, Choice, Column, Gallery, Log, Picture, Prose, Report, Section, Table
from bench.report.figures import Figure
from bench.specs import Family

__all__ = [
    "ARROWS",
    "FAMILIES",
    "PictureFile",
    "Shown",
    "arrow",
    "beside",
    "families",
    "file_name",
    "halves",
    "heading",
    "identifying",
    "notes",
    "picture_files",
    "reading",
    "scope",
    "shown",
    "under",
]

ARROWS = {"higher": "↑", "lower": "↓", "": ""}
FAMILIES: tuple[Family, ...] = ("shallow", "deep", "generative")
Shown = Prose | Table | Figure | Gallery | Log


def reading(best: str, undecided: str) -> str:
    """Say how to read the tables; best, undecided: what these standings look like, the first at a sentence's start."""
    return (
        f"{best}: the best of its column, or equivalent to it; {undecided}: in the tie group, but not decided; plain, "
        "beside such: some model is better. ± is half of the 95 % interval; where its halves differ much, its ends "
        "stand in parentheses. Arrows show which way is better."
    )


def shown(section: Section) -> Iterator[Shown]:
    """Yield the blocks that a format without selectors shows: of a choice, the first option.

    A title that the section has already is left out where nothing else needs it.
    """
    for block in section.blocks:
        if isinstance(block, Choice):
            yield from list(block.options.values())[:1]
        elif _repeats_title(block, section):
            yield replace(block, title="")
        else:
            yield block


def _repeats_title(block: Shown, section: Section) -> TypeGuard[Prose | Log]:
    is_told = isinstance(block, Prose) or (isinstance(block, Log) and not block.is_folded)
    return is_told and block.title == section.title


def arrow(column: Column) -> str:
    """Return which way is better, as an arrow."""
    return ARROWS[column.better]


def under(column: Column) -> str:
    """Return what stands below a column's title: its unit and its condition."""
    return ", ".join(filter(None, (column.unit, column.condition)))


def heading(column: Column) -> str:
    """Return a column's whole heading on one line: `Training (s, CPU) ↓`."""
    below = under(column)
    return " ".join(filter(None, (column.title, f"({below})" if below else "", arrow(column))))


def beside(cell: Cell) -> str:
    """Return what stands beside a number: ± half its interval, or its ends where the halves differ."""
    if cell.spread:
        return f"± {cell.spread}"
    return f"({cell.interval})" if cell.interval else ""


def identifying(table: Table) -> tuple[Column, ...]:
    """Return the columns before the first number that was measured: the model, what was varied, the seeds."""
    return tuple(takewhile(lambda column: column.kind in ("model", "text", "count"), table.columns))


def halves(table: Table) -> tuple[Table, Table | None]:
    """Return a table of what is always shown, and one of the columns that a page shows on demand, None for none."""
    first = identifying(table)
    folded = tuple(column for column in table.columns if column.is_folded and column not in first)
    if not folded:
        return table, None
    rest = tuple(column for column in table.columns if column in first or column not in folded)
    return replace(table, columns=rest), replace(table, key=f"{table.key}-more", columns=(*first, *folded))


def families(table: Table) -> list[Family]:
    """Return the families of a table's models where there are several: one alone tells nothing."""
    found = {row.family for row in table.rows}
    return [each for each in FAMILIES if each in found] if len(found - {None}) > 1 else []


def notes(table: Table) -> list[tuple[str, str]]:
    """Return what stands below a table: its marks with their sentences, and what its headings stand for."""
    marks = {mark for row in table.rows for column in table.columns for mark in row.cell(column).marks}
    marked = [(mark, sentence) for mark, sentence in table.notes.items() if mark in marks]
    return marked + [(column.title, column.about) for column in table.columns if column.about]


def scope(section: Section) -> str:
    """Return what the verdicts of a section speak of, "" where it has none."""
    found = [sentence for block in section.blocks if isinstance(block, Prose) and block.kind == "scope"
             for sentence in block.sentences]  # fmt: skip
    return " ".join(dict.fromkeys(found))


def file_name(key: str) -> str:
    """Return a key as the name of a file that every system, every link and LaTeX can read."""
    return re.sub(r"[^A-Za-z0-9]+", "-", key).strip("-").lower() or "untitled"


@dataclass(frozen=True)
class PictureFile:
    """A picture and where it lies, relative to the report; None where there is none."""

    picture: Picture
    path: str | None


def picture_files(report: Report, folder: Path) -> dict[str, Sequence[PictureFile]]:
    """Write the pictures of all galleries to `report_samples/`; return them by the key of their gallery."""
    galleries = [block for _, block in report.blocks() if isinstance(block, Gallery)]
    return {each.key: [_written(each, number, folder) for number in range(len(each.pictures))] for each in galleries}


def _written(gallery: Gallery, number: int, folder: Path) -> PictureFile:
    picture = gallery.pictures[number]
    if picture.png is None:
        return PictureFile(picture, None)
    path = folder / "report_samples" / f"{file_name(gallery.key)}-{number}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture.png)
    return PictureFile(picture, path.relative_to(folder).as_posix())
