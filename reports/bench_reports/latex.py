"""Write the tables of the report for a paper: booktabs, for each section as many as stay legible on a page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.report import Ranks, Report, Row, Section
from bench_reports.words import (
    ABSENT,
    CellText,
    ColumnText,
    column_texts,
    main_columns,
    moment,
    rank_text,
    seed_cells,
    seed_headings,
    settings_text,
)

__all__ = ["escape", "render"]

SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    '"': r"\textquotedbl{}",
    # After the end of a row these would be its options.
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "·": r"\textperiodcentered{}",
    "–": "--",
    "“": "``",
    "”": "''",
    "…": r"\dots{}",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "±": r"$\pm$",
    "χ": r"$\chi$",
    "²": r"\textsuperscript{2}",
    "∞": r"$\infty$",
    "−": r"$-$",
}
# More of them beside model and seeds are too small to read on a page.
MOST_COLUMNS = 7
HEAD = r"""% {title}
% depthbench {version}, {created}; made by: {command}
% Needs \usepackage[T1]{{fontenc}}, \usepackage{{textcomp}}, \usepackage{{booktabs}} and \usepackage{{graphicx}}.
"""


def escape(text: object) -> str:
    """Return a text that LaTeX prints as it is, on one line."""
    return "".join(SPECIAL.get(letter, letter) for letter in " ".join(str(text).split()))


def render(report: Report, folder: Path) -> Path:
    r"""Write `report.tex`, to be read by `\input`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.tex"
    words = {"title": report.title, "version": report.version, "command": report.command}
    # A comment ends with its line, so that is all a hostile title could break out of.
    head = HEAD.format(
        created=moment(report.created_at), **{name: " ".join(text.split()) for name, text in words.items()}
    )
    tables = [*(table for section in report.sections for table in _tables(section)), *map(_ranks, report.ranks)]
    path.write_text("\n".join([head, *tables]), encoding="utf-8")
    return path


def _tables(section: Section) -> Iterator[str]:
    """Yield a section's columns in tables of about equal width, in the order of the page's first table."""
    columns = column_texts(main_columns(section), section.rows)
    most = max(1, MOST_COLUMNS - len(section.variant_names))
    count = max(1, -(-len(columns) // most))
    width = max(1, -(-len(columns) // count))
    for number in range(count):
        yield _table(section, columns[number * width : (number + 1) * width], number)


def _table(section: Section, columns: list[ColumnText], number: int) -> str:
    names = section.variant_names
    head = [
        "Model",
        *(name.replace("_", " ").capitalize() for name in names),
        *seed_headings(section),
        *(column.title for column in columns),
    ]
    units = ["", *([""] * (len(names) + len(seed_headings(section)))), *map(_under, columns)]
    body = [
        f"    {' & '.join(escape(each) for each in head)} \\\\",
        f"    {' & '.join(units)} \\\\",
        r"    \midrule",
        *(_line(section, row, columns) for row in range(len(section.rows))),
    ]
    if number:
        return _float(f"{escape(section.title)}, continued.", f"{section.key}-{number + 1}", len(head), body)
    return _float(_caption(section), section.key, len(head), body)


def _float(caption: str, key: str, width: int, body: list[str]) -> str:
    return "\n".join(
        [
            r"\begin{table}[htbp]",
            r"  \centering",
            r"  \setlength{\belowcaptionskip}{6pt}\setlength{\tabcolsep}{4pt}",
            rf"  \caption{{{caption}}}",
            rf"  \label{{tab:depthbench-{key}}}",
            r"  \resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
            rf"  \begin{{tabular}}{{l{'r' * (width - 1)}}}",
            r"    \toprule",
            *body,
            r"    \bottomrule",
            r"  \end{tabular}}",
            r"\end{table}",
            "",
        ]
    )


def _ranks(ranks: Ranks) -> str:
    head = [escape(each) for each in ("Model", "Mean rank", *ranks.datasets)]
    numbers = [[f"{row.mean_rank:.2f}", *map(rank_text, row.ranks)] for row in ranks.rows]
    lines = [
        [escape(row.label), *(f"${number}$" for number in line)] for row, line in zip(ranks.rows, numbers, strict=True)
    ]
    body = [f"    {' & '.join(head)} \\\\", r"    \midrule", *(f"    {' & '.join(line)} \\\\" for line in lines)]
    caption = f"Ranks across data sets, {ranks.title}. {ranks.finding}"
    return _float(escape(caption), ranks.key, len(head), body)


def _under(column: ColumnText) -> str:
    words = ", ".join(word for word in (column.unit, column.column.condition) if word)
    arrow = escape(column.arrow)
    return " ".join(part for part in (f"({escape(words)})" if words else "", arrow) if part)


def _line(section: Section, number: int, columns: list[ColumnText]) -> str:
    rows = section.rows
    row = rows[number]
    variant = (row.variant.get(name, ABSENT) for name in section.variant_names)
    start = [escape(each) for each in (row.label, *variant, *seed_cells(section, row))]
    cells = [_cell(row, column, column.cells[number]) for column in columns]
    rule = "    \\addlinespace\n" if number and rows[number - 1].family != row.family else ""
    return f"{rule}    {' & '.join([*start, *cells])} \\\\"


def _cell(row: Row, column: ColumnText, text: CellText | None) -> str:
    if text is None:
        return escape(ABSENT)
    note = f" ({escape(text.note)})" if text.note else ""
    if text.is_word:
        return f"{escape(text.value)}{note}"
    value = text.value.replace(",", "{,}")
    value = rf"\mathbf{{{value}}}" if row.cells[column.column.key].is_best else value
    spread = rf"\,{{\pm}}\,{text.spread.replace(',', '{,}')}" if text.spread else ""
    return f"${value}{spread}${note}"


def _caption(section: Section) -> str:
    settings = ", ".join(f"{name} {value}" for name, value in settings_text(section))
    return (
        f"{escape(section.title)}{f' ({escape(settings)})' if settings else ''}. Mean over seeds $\\pm$ half the "
        "95\\,\\% interval; bold where the best mean, and what cannot be told apart from it, differs from another "
        "model by more than noise."
    )
