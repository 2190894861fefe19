"""Write the report as Markdown for a README, an issue or a pull request."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bench.report import Failure, RankRow, Ranks, Report, SampleWall, ScatterFigure, Section
from bench_reports.words import (
    ABSENT,
    CellText,
    column_texts,
    determinism_text,
    losing_text,
    main_columns,
    moment,
    outcome_text,
    plural,
    rank_text,
    seed_cells,
    seed_headings,
    settings_text,
    significant,
    variant_text,
)

__all__ = ["escape", "render"]

ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "$": "&#36;", "@": "&#64;"}
MARKUP = re.compile(r"([\\`*_{}\[\]#~!])")


def escape(text: object) -> str:
    """Return a text that Markdown, its tables, HTML and GitHub's mathematics all leave as it is, on one line."""
    marked = MARKUP.sub(r"\\\1", " ".join(str(text).split()))
    return "".join(ENTITIES.get(letter, letter) for letter in marked)


def render(report: Report, folder: Path) -> Path:
    """Write `report.md`, and the pictures of generative models beside it under `report_samples/`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.md"
    parts = [_head(report), *(_section(section, folder) for section in report.sections), _end(report)]
    path.write_text("\n\n".join(part for part in parts if part) + "\n", encoding="utf-8")
    return path


def _head(report: Report) -> str:
    lines = [
        f"# {escape(report.title)}",
        f"{report.progress or plural(report.run_count, 'run')} ({escape(outcome_text(report.outcomes) or 'none')}), "
        f"depthbench {escape(report.version)}, {moment(report.created_at)}.",
        _fence(report.command),
        *(f"> **Note:** {escape(warning)}" for warning in report.warnings),
        "Means over seeds (and splits, where there are several) ± half the 95 % interval. **Bold**: the best mean and "
        "every model that cannot be told apart from it, where at least one other model can. "
        "Arrows show which way is better.",
    ]
    return "\n\n".join(lines)


def _section(section: Section, folder: Path) -> str:
    settings = ", ".join(f"{name} {value}" for name, value in settings_text(section))
    parts = [
        f"## {escape(section.title)}",
        escape(settings),
        _table(section),
        *(escape(finding) for finding in section.findings),
        *(_front(figure) for figure in section.figures if isinstance(figure, ScatterFigure)),
        "" if section.samples is None else _samples(section.samples, section.key, folder),
        "\n".join(f"- {escape(note)}" for note in section.notes),
    ]
    return "\n\n".join(part for part in parts if part)


def _table(section: Section) -> str:
    columns = column_texts(main_columns(section), section.rows)
    names = section.variant_names
    head = [
        "Model",
        "Family",
        *(name.replace("_", " ").capitalize() for name in names),
        *seed_headings(section),
        *(column.heading for column in columns),
    ]
    lines = [
        [
            escape(row.label),
            row.family,
            *(escape(row.variant.get(name, ABSENT)) for name in names),
            *seed_cells(section, row),
            *(
                _cell(
                    column.cells[number],
                    is_best=column.column.key in row.cells and row.cells[column.column.key].is_best,
                )
                for column in columns
            ),
        ]
        for number, row in enumerate(section.rows)
    ]
    return _grid([escape(each) for each in head], lines, left=2)


def _cell(text: CellText | None, *, is_best: bool) -> str:
    if text is None:
        return ABSENT
    value = escape(text.value)
    value = f"**{value}**" if is_best else value
    return value + (f" ± {text.spread}" if text.spread else "") + (f" ({text.note})" if text.note else "")


def _grid(head: Sequence[str], lines: Iterable[Sequence[str]], *, left: int) -> str:
    rule = ["---" if number < left else "---:" for number in range(len(head))]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *lines))


def _front(figure: ScatterFigure) -> str:
    found: dict[str, list[str]] = {}
    for point in sorted(figure.points, key=lambda point: point.x.mean):
        if point.is_on_front:
            found.setdefault(point.condition, []).append(f"{point.label} ({significant(point.x.mean)} {figure.x.unit})")
    return "\n\n".join(
        f"Pareto front, {escape(figure.y.title)} against {escape(figure.x.title.lower())}"
        f"{f', {escape(condition)}' if condition else ''}: {escape(', '.join(labels))}."
        for condition, labels in found.items()
    )


def _samples(wall: SampleWall, key: str, folder: Path) -> str:
    pictures = []
    for number, grid in enumerate(wall.grids):
        if grid.png is None:
            pictures.append(escape(grid.caption))
            continue
        path = folder / "report_samples" / f"{key}-{number}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(grid.png)
        pictures.append(f"![samples of {escape(grid.label)}](report_samples/{path.name})")
    head = [escape(grid.label) for grid in wall.grids]
    captions = [escape(grid.caption) if grid.png else "" for grid in wall.grids]
    return f"Samples, {wall.drawn_with}:\n\n{_grid(head, [pictures, captions], left=len(head))}"


def _end(report: Report) -> str:
    parts = [*_ranks(report.ranks), *_failures(report.failures), *_determinism(report), *_machines(report)]
    return "\n\n".join(parts)


def _ranks(found: Sequence[Ranks]) -> Iterator[str]:
    if found:
        yield "## Ranks across data sets"
    for ranks in found:
        yield f"### {escape(ranks.title)}"
        head = ["Model", "Mean rank", f"Loses to {ranks.rows[0].label}", *ranks.datasets]
        lines = [
            [
                escape(row.label),
                f"{row.mean_rank:.2f}",
                losing_text(row.loses),
                *(_rank(row, number) for number in range(len(row.ranks))),
            ]
            for row in ranks.rows
        ]
        yield _grid([escape(each) for each in head], lines, left=1)
        yield escape(ranks.finding)
        if ranks.cliques:
            groups = "; ".join(", ".join(clique) for clique in ranks.cliques)
            yield f"Groups that cannot be told apart: {escape(groups)}."
        if ranks.left_out:
            yield f"Left out: {escape(', '.join(ranks.left_out))}."


def _rank(row: RankRow, number: int) -> str:
    return rank_text(row.ranks[number]) + ("" if math.isfinite(row.values[number]) else " (failed or missed)")


def _determinism(report: Report) -> Iterator[str]:
    text = determinism_text(report)
    if not text:
        return
    yield "## Determinism"
    yield escape(text)
    told = [each for each in report.repeats if each.differing]
    if told:
        yield "\n".join(f"- {escape(f'{each.label}, {each.device}: {each.example}')}" for each in told)


def _failures(failures: Sequence[Failure]) -> Iterator[str]:
    if not failures:
        return
    yield "## Runs that did not end well"
    head = ["Model", "Data set", "Task", "Protocol", "Variant", "Device", "Seeds", "Status", "Reason"]
    yield _grid(
        head,
        (
            [
                escape(failure.label),
                escape(failure.dataset),
                escape(failure.task),
                escape(failure.protocol),
                escape(variant_text(failure.variant) or ABSENT),
                escape(failure.device),
                failure.repetitions.removeprefix("seeds ").removeprefix("seed "),
                failure.status,
                escape(failure.reason),
            ]
            for failure in failures
        ),
        left=len(head),
    )


def _machines(report: Report) -> Iterator[str]:
    yield "## Machine and versions"
    for machine in report.machines:
        facts = "\n".join(f"- {escape(name)}: {escape(value)}" for name, value in machine.facts)
        where = f"{machine.title}, {machine.device}, {plural(machine.run_count, 'run')}"
        yield f"{escape(where)}:\n\n{facts or '- not described'}"
    if report.versions:
        yield ", ".join(f"{escape(name)} {escape(version)}" for name, version in report.versions)


def _fence(text: str) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}sh\n{text}\n{fence}"
