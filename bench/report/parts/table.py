"""Lay out one section as tables: models by scores and costs, models by what the protocol varied, and comparisons."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from bench.evidence import LEVEL, Pair
from bench.report import text
from bench.report.blocks import Cell, Choice, Column, Comparison, Row, Table
from bench.report.numbers.grouping import canonical
from bench.report.numbers.values import by_size
from bench.report.section import ModelRow, SectionData, Summary, Variable
from bench.specs import Value

__all__ = ["comparison_table", "comparisons", "filled", "model_table", "notes", "pivots", "scope"]

CONCURRENT, PARTIAL = "*", "†"
NOTES = {
    CONCURRENT: "Timed while other runs were made on the same machine: compare within this table only.",
    PARTIAL: "Mean of the successful runs only: others failed, so the model is never said to be better than another.",
}
VERDICTS = {"different": "different", "equivalent": "equivalent", "open": "not decided"}
PIVOTED = ("train_seconds", "latency_p50", "peak_memory", "parameters")
# Details that count what a score was made of.
COUNTED = {"n": "test samples", "n_real": "real samples", "n_fake": "drawn samples", "samples": "samples"}
# More pairs than this are listed on demand, and the page has the rest in its data files.
PAIR_LIMIT = 400


def model_table(section: SectionData, key: str, title: str, *, is_folded: bool = False) -> Table:
    """Return the section's table: a row per model (and variant), the best of the main score first."""
    rows = section.rows
    has_splits = any(row.split_count > 1 for row in rows)
    names = list(dict.fromkeys(name for row in rows for name in row.variant))
    found: dict[str, list[Cell]] = {"model": [Cell(row.label) for row in rows]}
    columns = [Column("model", "Model", "model")]
    for name in names:
        columns.append(Column(f"variant.{name}", name.replace("_", " ").capitalize(), "count"))
        found[columns[-1].key] = [_variant_cell(row, name) for row in rows]
    columns.append(Column("seeds", "Seeds", "count"))
    found["seeds"] = [_seeds(row) for row in rows]
    if has_splits:
        columns.append(Column("splits", "Splits", "count"))
        found["splits"] = [Cell(f"{row.split_count}", row.split_count) for row in rows]
    for variable in _ordered(section):
        columns.append(column(variable))
        found[variable.key] = filled(section, variable)
    return Table(
        key=key,
        title=title,
        caption=_caption(section),
        columns=tuple(columns),
        rows=tuple(
            _row(rows[number], {name: each[number] for name, each in found.items()}) for number in range(len(rows))
        ),
        notes=notes(cell for cells in found.values() for cell in cells),
        is_folded=is_folded,
    )


def filled(section: SectionData, variable: Variable) -> list[Cell]:
    """Return the cells of a variable, row by row, with the marks of the notes that they need."""
    rows = section.rows
    summaries = [row.values.get(variable.key) for row in rows]
    made = text.cells(variable.measure, summaries, [row.good_count for row in rows])
    return [_marked(cell, _marks(variable, each)) for cell, each in zip(made, summaries, strict=True)]


def notes(cells: Iterable[Cell]) -> dict[str, str]:
    """Return the notes that cells refer to."""
    used = {mark for cell in cells for mark in cell.marks}
    return {mark: note for mark, note in NOTES.items() if mark in used}


def column(variable: Variable) -> Column:
    """Return the heading of a variable."""
    measure = variable.measure
    about = "; ".join(filter(None, [measure.about, *(_detail(name, value) for name, value in measure.detail)]))
    return Column(
        variable.key, measure.title, measure.kind, measure.unit, measure.better, variable.words, about,
        is_folded=not measure.is_shown, measure=measure.name,
    )  # fmt: skip


def _detail(name: str, value: Value) -> str:
    """Return `359 test samples`; what has no words of its own as `resize bicubic`."""
    if name in COUNTED and isinstance(value, int):
        return f"{value:,} {COUNTED[name]}"
    return f"{name.replace('_', ' ')} {value}"


def _ordered(section: SectionData) -> list[Variable]:
    """Return the variables as they are read: the main score, what is shown beside it, then what is folded."""
    shown = [each for each in section.variables if each.measure.is_shown]
    return [*shown, *(each for each in section.variables if not each.measure.is_shown)]


def _caption(section: SectionData) -> str:
    main = section.main
    what = "" if main is None else f", the best {main.measure.title} first"
    return (
        f"{section.task} on {section.dataset} by {section.protocol}{what}. Means over runs; ± is half of the 95 % "
        "interval."
    )


def _variant_cell(row: ModelRow, name: str) -> Cell:
    value = row.variant.get(name)
    if value is None:
        return Cell()
    return Cell(str(value), float(value) if isinstance(value, int | float) else None)


def _seeds(row: ModelRow) -> Cell:
    if not row.run_count:
        return Cell("not applicable")
    if row.ok_count == row.run_count:
        return Cell(str(row.seed_count), row.seed_count)
    return Cell(f"{row.ok_count}/{row.run_count} ok", row.ok_count, note=text.outcomes(row.outcomes))


def _marks(variable: Variable, found: Summary | None) -> tuple[str, ...]:
    """Return which notes of the table a cell needs; a score that a target was missed for says so itself."""
    is_partial = found is not None and found.failed and not found.infinite and variable.measure.kind == "score"
    return (*([CONCURRENT] if variable.condition.is_alone is False else []), *([PARTIAL] if is_partial else []))


def _marked(cell: Cell, marks: tuple[str, ...]) -> Cell:
    if not marks or cell.is_absent:
        return cell
    return Cell(**{**vars(cell), "marks": marks})


def _row(row: ModelRow, found: Mapping[str, Cell]) -> Row:
    settings = ", ".join(f"{name} = {value}" for name, value in row.hyperparameters.items())
    return Row({key: cell for key, cell in found.items() if not cell.is_absent}, row.label, row.family, about=settings)


def pivots(section: SectionData, key: str, title: str) -> Choice | None:
    """Return the tables of models by what the protocol varied: one per measure, the main score first; None for none."""
    variants = sorted({canonical(row.variant) for row in section.rows if row.variant}, key=by_size)
    if len(variants) < 2:
        return None
    chosen = [*section.mains[:1], *(each for each in section.variables if each.measure.name in PIVOTED)]
    tables: dict[str, Table] = {}
    for variable in chosen:
        name = ", ".join(filter(None, (variable.measure.title, variable.words)))
        tables[name] = _pivot(
            section, variable, variants, f"{key}-{variable.key.partition('#')[0]}", f"{title}: {name}"
        )
    return Choice(key, title, tables) if tables else None


def _pivot(section: SectionData, variable: Variable, variants: Sequence[str], key: str, title: str) -> Table:
    rows = {(row.label, canonical(row.variant)): row for row in section.rows}
    labels = list(dict.fromkeys(row.label for row in section.rows))
    columns = [Column("model", "Model", "model")]
    found: dict[str, list[Cell]] = {"model": [Cell(label) for label in labels]}
    words = {each: json.loads(each) for each in variants}
    names = {name for each in words.values() for name in each}
    measure = variable.measure
    for each in variants:
        lines = [rows.get((label, each)) for label in labels]
        heading = str(next(iter(words[each].values()))) if len(names) == 1 else text.variant(words[each])
        columns.append(Column(each, heading, measure.kind, measure.unit, measure.better, measure=measure.name))
        summaries: list[Summary | None] = [None if row is None else row.values.get(variable.key) for row in lines]
        found[each] = text.cells(measure, summaries, [0 if row is None else row.good_count for row in lines])
    name = text.join(sorted(each.replace("_", " ") for each in names))
    families = section.families
    return Table(
        key, title, f"{measure.title} by {name}, on {section.dataset}; ± is half of the 95 % interval.", tuple(columns),
        tuple(
            Row({n: each[place] for n, each in found.items() if not each[place].is_absent}, label, families[label])
            for place, label in enumerate(labels)
        ),
    )  # fmt: skip


def comparisons(section: SectionData, settings: Mapping[str, str]) -> Iterator[Comparison]:
    """Yield every comparison of two models: of all scores, and of the costs that the first table shows."""
    order, mains = _order(section), section.mains
    for variable in section.variables:
        measure = variable.measure
        if measure.kind != "score" and not measure.is_shown:
            continue
        is_main = variable in mains
        for (key, variant), compared in section.compared.items():
            if key != variable.key:
                continue
            words = text.variant(json.loads(variant))
            for each in compared.pairs:
                pair = _oriented(each, order)
                yield Comparison(
                    section.dataset, section.task, section.protocol, settings, words, measure.name, variable.words,
                    pair.a, pair.b, pair.difference, pair.low, pair.high, pair.p_value, pair.p_adjusted, pair.verdict,
                    pair.better, compared.margin, compared.level, pair.basis, pair.scope, _remedy(pair), pair.note,
                    is_main,
                )  # fmt: skip


def comparison_table(section: SectionData, key: str) -> Table | None:
    """Return all pairs of models by the main score, for a page to show on demand; None where nothing is compared."""
    main = section.main
    if main is None:
        return None
    found = [(variant, compared) for (name, variant), compared in section.compared.items() if name == main.key]
    order = _order(section)
    pairs = [(variant, _oriented(pair, order)) for variant, compared in found for pair in compared.pairs]
    pairs.sort(key=lambda each: (by_size(each[0]), order[each[1].a], order[each[1].b]))
    if not pairs:
        return None
    columns = (
        Column("a", "A", "text"), Column("b", "B", "text"), Column("variant", "Variant", "text"),
        Column("difference", "A − B", "score", main.measure.unit), Column("interval", "95 % interval", "text"),
        Column("p", "p, corrected", "score"), Column("verdict", "Verdict", "text"),
        Column("remedy", "What would decide", "text"),
    )  # fmt: skip
    kept = [each for each in columns if each.key != "variant" or section.has_variants]
    return Table(
        key, "Comparisons",
        f"Every pair of models by {main.measure.title}. Verdicts are corrected together for the number of pairs"
        f"{' of a variant' if section.has_variants else ''} (Holm), at the {100 * LEVEL:g} % level; intervals are of "
        f"each pair alone. {_margin(found[0][1].margin, main.measure.unit)} {scope(section)}", tuple(kept),
        tuple(_pair_row(variant, pair) for variant, pair in pairs[:PAIR_LIMIT]), is_folded=True,
    )  # fmt: skip


def scope(section: SectionData) -> str:
    """Return what the verdicts on the main score speak of, under all variants; "" where there are none."""
    main = section.main
    found = [of.scope for (key, _), of in section.compared.items() if main is not None and key == main.key]
    return " ".join(dict.fromkeys(filter(None, found)))


def _margin(margin: float | None, unit: str) -> str:
    if margin is None:
        return "No margin of equivalence is known for it, so that no pair is equivalent: --margin names one."
    return f"Equivalent: within ± {text.significant(margin, 2)}{f' {unit}' if unit else ''}."


def _remedy(pair: Pair) -> str:
    return "" if pair.remedy is None or pair.remedy.is_empty else str(pair.remedy)


def _order(section: SectionData) -> dict[str, int]:
    return {label: number for number, label in enumerate(dict.fromkeys(row.label for row in section.rows))}


def _oriented(pair: Pair, order: Mapping[str, int]) -> Pair:
    """Return the pair with the model first that stands first in the table."""
    if order[pair.a] < order[pair.b]:
        return pair
    # Less zero, so that no difference is minus nothing.
    return replace(pair, a=pair.b, b=pair.a, difference=0.0 - pair.difference, low=-pair.high, high=-pair.low)


def _pair_row(variant: str, pair: Pair) -> Row:
    verdict = f"{pair.better} is better" if pair.better else VERDICTS[pair.verdict]
    found = {
        "a": Cell(pair.a),
        "b": Cell(pair.b),
        "variant": Cell(text.variant(json.loads(variant))),
        "difference": Cell(text.signed(pair.difference), pair.difference if math.isfinite(pair.difference) else None),
        "interval": Cell(text.interval(pair.low, pair.high) or "–"),
        "p": Cell(text.p_value(pair.p_adjusted), pair.p_adjusted),
        "verdict": Cell(verdict, note=pair.note),
        "remedy": Cell(_remedy(pair)),
    }
    return Row({name: cell for name, cell in found.items() if cell.text})
