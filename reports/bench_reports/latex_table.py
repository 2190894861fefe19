"""Set a table of the report for LaTeX: siunitx's columns, booktabs' lines, as wide and as long as a page can hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bench.report.blocks import Cell, Column, Row, Table
from bench_reports.headings import wrapped
from bench_reports.latex_text import escape
from bench_reports.layout import beside, families, identifying, notes, under

__all__ = ["FAMILY_SIGNS", "floats"]

FAMILY_SIGNS = {
    "shallow": r"$\circ$",
    "deep": r"{\tiny$\blacksquare$}",
    "generative": r"$\diamond$",
    None: r"\phantom{$\circ$}",
}
# Of letters in small print that fit the width of a page.
LINE = 84
# What stands between two columns is as wide as so many letters.
GAP = 1.5
MOST_ROWS = 42
# Words that need more letters are broken into lines.
LONGEST_WORDS = 24
NARROWEST_TITLE = 8
SETTINGS = (
    "mode=text, detect-weight=true, group-digits=integer, group-minimum-digits=4, "
    "group-separator={,}, retain-explicit-plus=true"
)
NUMBER = re.compile(r"([+-]?)([\d,]+)((?:\.\d+)?)")


def floats(table: Table, label: str) -> Iterator[str]:
    """Yield a table as LaTeX tables, split between columns and rows where it would be too large for a page.

    label: for `\\ref`; of the second and later parts with their number behind it.
    """
    table = _brief(table)
    parts = [(columns, rows) for rows in _lengths(table.rows) for columns in _widths(table)]
    for number, (columns, rows) in enumerate(parts, start=1):
        caption = escape(table.caption) if number == 1 else f"{escape(table.title)}, continued."
        name = label if number == 1 else f"{label}-{number}"
        part = Table(table.key, table.title, table.caption, columns, rows, table.notes)
        yield _float(part, f"{caption}{_legend(part) if number == 1 else ''}", name)


def _brief(table: Table) -> Table:
    """Return a table without the notes of its counts: `4/5 ok` is enough where there is little room."""
    counts = [column.key for column in table.columns if column.kind == "count"]
    rows = [
        replace(
            row, cells={**row.cells, **{key: replace(row.cells[key], note="") for key in counts if key in row.cells}}
        )
        for row in table.rows
    ]
    return replace(table, rows=tuple(rows))


def _lengths(rows: Sequence[Row]) -> list[tuple[Row, ...]]:
    return [tuple(rows[first : first + MOST_ROWS]) for first in range(0, max(len(rows), 1), MOST_ROWS)]


def _widths(table: Table) -> list[tuple[Column, ...]]:
    """Part the columns so that each part fits the page's width; all parts begin with those that tell rows apart."""
    first = identifying(table)
    others = [column for column in table.columns if column not in first]
    room = LINE - sum(_width(table, column) + GAP for column in first)
    widths = [_width(table, column) + GAP for column in others]
    sizes = _parted(widths, room)
    # The narrowest room that makes no more parts, so that none is left with one column where others are full.
    while room > 1 and len(narrower := _parted(widths, room - 1)) == len(sizes):
        sizes, room = narrower, room - 1
    ends = [sum(sizes[: number + 1]) for number in range(len(sizes))]
    return [(*first, *others[end - size : end]) for size, end in zip(sizes, ends, strict=True)]


def _parted(widths: Sequence[float], room: float) -> list[int]:
    """Return how many columns go into each part, at least one."""
    sizes, left = [0], room
    for width in widths:
        if sizes[-1] and width > left:
            sizes.append(0)
            left = room
        sizes[-1] += 1
        left -= width
    return sizes


def _width(table: Table, column: Column) -> int:
    cells = [row.cell(column) for row in table.rows]
    widest = max((len(_whole(cell)) for cell in cells), default=0)
    if not column.is_number:
        widest = min(widest, LONGEST_WORDS)
    return max(widest, *map(len, _title(column, widest)))


def _whole(cell: Cell) -> str:
    return " ".join(filter(None, (cell.text, beside(cell), *cell.marks, cell.note)))


def _title(column: Column, widest: int) -> tuple[str, ...]:
    below = under(column)
    width = max(widest, NARROWEST_TITLE)
    return (*wrapped(column.title, "", width), *(wrapped(below, "", width) if below else ()))


def _legend(table: Table) -> str:
    """Say in the caption what marks mean, since a table may be taken out of the report alone."""
    standings = {row.cell(column).standing for row in table.rows for column in table.columns}
    words = {"best": r"\textbf{bold}: best", "undecided": r"\underline{underlined}: in the tie group, not decided"}
    marks = [text for standing, text in words.items() if standing in standings]
    signs = [f"{FAMILY_SIGNS[family]} {family}" for family in families(table)]
    told = "; ".join(filter(None, [*marks, ", ".join(signs)]))
    return f" Marks: {told}." if told else ""


def _float(table: Table, caption: str, label: str) -> str:
    shapes = [_Shape.of(table, column) for column in table.columns]
    columns = list(zip(table.columns, shapes, strict=True))
    return "\n".join(
        [
            r"\begin{table}[htbp]",
            r"  \centering\footnotesize\setlength{\tabcolsep}{3pt}",
            # Bold digits are wider than those that siunitx leaves room for; nothing is cut by it.
            r"  \hfuzz=12pt\setlength{\belowcaptionskip}{6pt}",
            rf"  \sisetup{{{SETTINGS}}}",
            rf"  \caption{{{caption}}}",
            rf"  \label{{tab:{label}}}",
            r"  \resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
            rf"  \begin{{tabular}}{{@{{}}{''.join(_specification(table, *each) for each in columns)}@{{}}}}",
            r"    \toprule",
            f"    {' & '.join(_heading(table, *each) for each in columns)} \\\\",
            r"    \midrule",
            *_lines(table, shapes),
            r"    \bottomrule",
            r"  \end{tabular}}",
            *_notes(table),
            r"\end{table}",
            "",
        ]
    )


def _lines(table: Table, shapes: Sequence[_Shape]) -> Iterator[str]:
    has_families = bool(families(table))
    for number, row in enumerate(table.rows):
        rule = "    \\addlinespace\n" if number and table.rows[number - 1].group != row.group else ""
        cells = [_cell(row.cell(column), shape) for column, shape in zip(table.columns, shapes, strict=True)]
        if has_families:
            cells[0] = f"{FAMILY_SIGNS[row.family]} {cells[0]}"
        yield f"{rule}    {' & '.join(cells)} \\\\"


def _notes(table: Table) -> Iterator[str]:
    found = [f"{_superscript((mark,)) if mark in table.notes else f'{escape(mark)}: '}{escape(sentence)}"
             for mark, sentence in notes(table)]  # fmt: skip
    if found:
        yield rf"  \par\smallskip\parbox{{\linewidth}}{{\scriptsize\raggedright {' '.join(found)}}}"


def _superscript(marks: Sequence[str]) -> str:
    return rf"\textsuperscript{{{escape(' '.join(marks))}}}" if marks else ""


@dataclass(frozen=True)
class _Shape:
    """A column as LaTeX sets it: numbers by siunitx, and where any has something beside it a second column for that.

    whole: the longest part before the point; decimals: the most letters behind it.
    """

    is_number: bool
    whole: str
    decimals: int
    has_sign: bool
    has_beside: bool

    @classmethod
    def of(cls, table: Table, column: Column) -> _Shape:
        """Return the shape that holds every cell of a column."""
        cells = [row.cell(column) for row in table.rows]
        # Counts that are not all numbers, such as 4/5, are aligned at their right end.
        is_aligned = column.is_number and column.kind != "count"
        found = [match for cell in cells if (match := _number(cell)) is not None] if is_aligned else []
        return cls(
            bool(found),
            max((match[2] for match in found), key=len, default=""),
            max((len(match[3]) - 1 for match in found if match[3]), default=0),
            any(match[1] for match in found),
            bool(found) and any(cell.spread or cell.interval or cell.marks or cell.note for cell in cells),
        )

    @property
    def specification(self) -> str:
        """The column's type."""
        if not self.is_number:
            return "r"
        digits = len(self.whole.replace(",", ""))
        number = f"S[table-format={'-' if self.has_sign else ''}{digits}.{self.decimals}]"
        return rf"{number}@{{\,}}l" if self.has_beside else number


def _number(cell: Cell) -> re.Match[str] | None:
    """Return the parts of a number that siunitx can align, None where the text is anything else."""
    return NUMBER.fullmatch(cell.text.replace("−", "-"))


def _specification(table: Table, column: Column, shape: _Shape) -> str:
    if column.is_number:
        return shape.specification
    longest = max((len(row.cell(column).text) for row in table.rows), default=0)
    share = LONGEST_WORDS / LINE
    return rf">{{\raggedright\arraybackslash}}p{{{share:.2f}\linewidth}}" if longest > LONGEST_WORDS else "l"


def _heading(table: Table, column: Column, shape: _Shape) -> str:
    widest = max([NARROWEST_TITLE, *(len(_whole(row.cell(column))) for row in table.rows)])
    lines = [escape(line) for line in wrapped(column.title, "", widest)]
    if column.better:
        lines[-1] += rf" $\{'up' if column.better == 'higher' else 'down'}arrow$"
    below = under(column)
    lines += [rf"\scriptsize {escape(line)}" for line in (wrapped(below, "", widest) if below else ())]
    text = r" \\ ".join(lines)
    if len(lines) > 1:
        text = rf"\begin{{tabular}}[b]{{@{{}}{'c' if column.is_number else 'l'}@{{}}}}{text}\end{{tabular}}"
    return rf"\multicolumn{{2}}{{c}}{{{text}}}" if shape.has_beside else f"{{{text}}}"


def _beside(cell: Cell) -> str:
    """Return what stands beside a number: half its interval, or its ends; its marks; its note."""
    interval = rf"$\pm$\,{escape(cell.spread)}" if cell.spread else ""
    if cell.interval and not cell.spread:
        interval = rf"\scriptsize ({escape(cell.interval)})"
    note = rf"\scriptsize {escape(cell.note)}" if cell.note else ""
    return f"{interval}{_superscript(cell.marks)}{' ' if interval and note else ''}{note}"


def _cell(cell: Cell, shape: _Shape) -> str:
    """Return a cell, or two of them where the column has a second one for what stands beside its numbers."""
    match = _number(cell)
    if not shape.is_number:
        beside = _beside(cell)
        return f"{_marked(escape(cell.text), cell)}{' ' if beside and not cell.marks else ''}{beside}"
    if match is None:
        number = f"{{{_marked(escape(cell.text), cell)}}}"
    elif cell.standing == "undecided":
        number = _underlined(match, shape)
    else:
        bold = r"\bfseries " if cell.standing == "best" else ""
        number = f"{bold}{match[1]}{match[2].replace(',', '')}{match[3]}"
    return f"{number} & {_beside(cell)}" if shape.has_beside else number


def _marked(text: str, cell: Cell) -> str:
    if cell.standing == "best":
        return rf"\textbf{{{text}}}"
    return rf"\underline{{{text}}}" if cell.standing == "undecided" else text


def _underlined(match: re.Match[str], shape: _Shape) -> str:
    """Return an underlined number with as much room on both sides as siunitx would leave, which underlines none."""
    sign, whole, decimals = match[1], match[2], match[3]
    before = ("+" if shape.has_sign and not sign else "") + shape.whole[: len(shape.whole) - len(whole)]
    after = ("" if decimals or not shape.decimals else ".") + "0" * (shape.decimals - max(len(decimals) - 1, 0))
    signed = {"-": "$-$", "+": "+", "": ""}[sign]
    return f"{{{_room(before)}\\underline{{{signed}{whole}{decimals}}}{_room(after)}}}"


def _room(text: str) -> str:
    return rf"\phantom{{{text}}}" if text else ""
