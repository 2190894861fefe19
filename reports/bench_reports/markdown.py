"""Write the report as Markdown for a README, an issue or a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape as html_text
from pathlib import Path

from bench.report.blocks import ABSENT, Cell, Column, Entry, Gallery, Log, Prose, Report, Section, Table
from bench.report.figures import Figure
from bench.report.text import moment, outcomes, plural
from bench_reports.figures import figure_files
from bench_reports.layout import (
    PictureFile,
    Shown,
    arrow,
    beside,
    families,
    halves,
    notes,
    picture_files,
    reading,
    shown,
    under,
)

__all__ = ["escape", "render"]

ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "$": "&#36;", "@": "&#64;"}
SPECIAL = str.maketrans(ENTITIES | {letter: f"\\{letter}" for letter in r"\`*_{}[]#~!"})
# What would begin a list or underline a heading where it stands at the beginning of a line.
OPENING = re.compile(r"^(?:(\d+)(?=[.)](?:\s|$))|(?=[-+=](?:[-+=\s]|$)))")
NO_BREAK = "\N{NO-BREAK SPACE}"
READING = reading("**Bold**", "<ins>underlined</ins>")


def escape(text: object) -> str:
    """Return a text that Markdown, its tables, HTML and GitHub's mathematics all leave as it is, on one line."""
    return OPENING.sub(r"\1\\", " ".join(str(text).split()).translate(SPECIAL))


def render(report: Report, folder: Path) -> Path:
    """Write `report.md`, and the pictures of samples beside it; figures are linked where they have been drawn."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.md"
    writer = _Writer(figure_files(report, folder), picture_files(report, folder))
    parts = [_head(report), *(part for section in report.sections for part in writer.section(section))]
    path.write_text("\n\n".join(part for part in parts if part) + "\n", encoding="utf-8")
    return path


def _head(report: Report) -> str:
    made = report.progress or plural(report.run_count, "run")
    lines = [
        f"# {escape(report.title)}",
        f"{made} ({escape(outcomes(report.outcomes) or 'none')}), "
        f"depthbench {escape(report.version)}, {escape(moment(report.created_at))}.",
        _fence(report.command, "sh"),
        *(f"> **Warning:** {escape(warning)}" for warning in report.warnings),
        READING,
    ]
    return "\n\n".join(lines)


@dataclass(frozen=True)
class _Writer:
    """Writes sections; knows where figures and pictures lie, relative to the report."""

    figures: dict[str, str]
    pictures: dict[str, Sequence[PictureFile]]

    def section(self, section: Section) -> Iterator[str]:
        yield f"## {escape(section.title)}"
        for block in shown(section):
            yield from self._block(block, section)

    def _block(self, block: Shown, section: Section) -> Iterator[str]:
        if isinstance(block, Prose):
            yield _prose(block)
        elif isinstance(block, Table):
            yield _table(block, section)
        elif isinstance(block, Gallery):
            yield self._gallery(block)
        elif isinstance(block, Log):
            yield _log(block)
        elif isinstance(block, Figure):
            yield self._figure(block)

    def _figure(self, figure: Figure) -> str:
        path = self.figures.get(figure.key)
        if path is None:
            return ""
        return f"![{escape(figure.title)}]({path}.svg)\n\n{escape(figure.caption)}".strip()

    def _gallery(self, gallery: Gallery) -> str:
        files = self.pictures[gallery.key]
        head = [escape(each.picture.title) for each in files]
        images = [
            f"![{escape(each.picture.title)}]({each.path})" if each.path else escape(each.picture.caption)
            for each in files
        ]
        captions = [escape(each.picture.caption) if each.path else "" for each in files]
        lines = [images, captions] if any(captions) else [images]
        grid = _grid(head, lines, [False] * len(head))
        return "\n\n".join(filter(None, [f"### {escape(gallery.title)}", escape(gallery.caption), grid]))


def _prose(block: Prose) -> str:
    sentences = [escape(sentence) for sentence in block.sentences]
    body = "\n".join(f"- {each}" for each in sentences) if block.is_list else " ".join(sentences)
    if block.kind == "warning":
        body = "\n".join(f"> **Warning:** {each}" for each in sentences)
    if block.kind == "scope":
        body = f"*{body}*"
    return f"### {escape(block.title)}\n\n{body}" if block.title else body


def _table(table: Table, section: Section) -> str:
    first, rest = halves(table)
    title = "" if table.title == section.title else f"### {escape(table.title)}\n\n"
    parts = [escape(table.caption), _rows(first), _notes(first)]
    if rest is not None:
        parts.append(_folded("Further measures", "\n\n".join(filter(None, (_rows(rest), _notes(rest))))))
    body = "\n\n".join(filter(None, parts))
    return _folded(table.title, body) if table.is_folded else f"{title}{body}"


def _rows(table: Table) -> str:
    head = [_heading(column) for column in table.columns]
    lines = [[_cell(row.cell(column)) for column in table.columns] for row in table.rows]
    are_right = [column.is_number for column in table.columns]
    if families(table):
        for line, name in zip([head, *lines], ["Family", *(row.family or ABSENT for row in table.rows)], strict=True):
            line.insert(1, name)
        are_right.insert(1, False)
    return _grid(head, lines, are_right)


def _heading(column: Column) -> str:
    title = NO_BREAK.join(filter(None, (escape(column.title), arrow(column))))
    below = under(column)
    return f"{title}<br>{escape(below)}" if below else title


def _cell(cell: Cell) -> str:
    text = escape(cell.text)
    if cell.standing == "best":
        text = f"**{text}**"
    elif cell.standing == "undecided":
        text = f"<ins>{text}</ins>"
    marks = f"<sup>{escape(' '.join(cell.marks))}</sup>" if cell.marks else ""
    note = f"<br><sub>{escape(cell.note)}</sub>" if cell.note else ""
    # A number and what stands beside it stay on one line, however narrow the column.
    return NO_BREAK.join(filter(None, (text, escape(beside(cell)).replace(" ", NO_BREAK)))) + marks + note


def _notes(table: Table) -> str:
    return "\n".join(f"- {escape(mark)}: {escape(sentence)}" for mark, sentence in notes(table))


def _grid(head: Sequence[str], lines: Iterable[Sequence[str]], are_right: Iterable[bool]) -> str:
    rule = ["---:" if is_right else "---" for is_right in are_right]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *lines))


def _log(log: Log) -> str:
    body = "\n\n".join(filter(None, [escape(log.caption), *map(_entry, log.entries)]))
    if log.is_folded:
        return _folded(log.title, body)
    return f"### {escape(log.title)}\n\n{body}" if log.title else body


def _entry(entry: Entry) -> str:
    facts = "\n".join(f"- {escape(name)}: {escape(value)}" for name, value in entry.facts.items())
    texts = [_folded(name, _fence(text, "text")) for name, text in entry.texts.items()]
    return "\n\n".join(filter(None, [f"**{escape(entry.title)}**", facts, *texts]))


def _folded(title: str, body: str) -> str:
    """Return what a reader unfolds; Markdown in HTML needs empty lines around it, and a summary is HTML alone."""
    return f"<details><summary>{html_text(title)}</summary>\n\n{body}\n\n</details>"


def _fence(text: str, language: str) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"
