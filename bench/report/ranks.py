"""Rank models across data sets, where enough data sets share enough models."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.record import RunRecord, Score
from bench.report.conditions import Condition, device_name
from bench.report.grouping import Group, canonical
from bench.report.levels import ALPHA, LEVEL
from bench.report.measures import score_scope, score_title
from bench.report.objective import main_score
from bench.report.profiles import against_first, profiled
from bench.report.tree import RankRow, Ranks
from bench.stats import RankTest, cliques, friedman, interquartile_mean, nemenyi_critical_difference, with_failures

__all__ = ["LEAST", "ranks"]

# Fewer data sets or models than this make no ranking worth a diagram.
LEAST = 3
# A model that was not run, or does not apply, is absent and has not failed.
UNTRIED = frozenset({"skipped", "not-applicable"})


@dataclass(frozen=True)
class Column:
    """One data set: the score that is ranked, its value for every model, higher being better, and their families.

    runs: the values behind it, −∞ for a run that failed.
    """

    dataset: str
    measure: str
    values: Mapping[str, float]
    families: Mapping[str, str]
    runs: Mapping[str, Sequence[float]]
    is_higher_better: bool


def ranks(groups: Iterable[Group]) -> tuple[Ranks, ...]:
    """Return a ranking for every task, protocol and device under which it can be made.

    A model's value on a data set is the interquartile mean over its seeds of the main score, in which a failed run, a
    value that is not a number, or a target that was missed counts as worse than any other.
    """
    blocks = {place: block for place, columns in _comparable(groups).items() if (block := _block(columns))}
    has_devices = len({device for _, _, device in blocks}) > 1
    found: list[Ranks] = []
    for (task, protocol, device), block in blocks.items():
        words = (task, protocol, device_name(device)) if has_devices else (task, protocol)
        found.append(_ranks(f"ranks-{len(found) + 1}", " · ".join(words), *block))
    return tuple(found)


def _comparable(groups: Iterable[Group]) -> dict[tuple[str, str, str], list[Column]]:
    """Put together what one ranking may hold: one task, protocol and device; of a data set run by several settings,
    only those that the other data sets have too."""
    places: dict[tuple[str, str, str], list[tuple[Group, Column]]] = defaultdict(list)
    for group in groups:
        if any(record.run.variant for record in group.records):
            continue
        for device in sorted({record.run.device for record in group.records}):
            column = _column(group, device)
            if column is not None:
                places[group.task, group.protocol, device].append((group, column))
    return {place: _one_each(each) for place, each in places.items()}


def _one_each(sections: Sequence[tuple[Group, Column]]) -> list[Column]:
    counts: dict[str, int] = defaultdict(int)
    for group, _ in sections:
        counts[canonical(group.settings)] += 1
    best: dict[str, tuple[int, Column]] = {}
    for group, column in sections:
        count = counts[canonical(group.settings)]
        if column.dataset not in best or count > best[column.dataset][0]:
            best[column.dataset] = (count, column)
    return [column for _, column in best.values()]


def _column(group: Group, device: str) -> Column | None:
    records = [record for record in group.records if record.run.device == device and record.status not in UNTRIED]
    score = _main(records)
    if score is None or (
        _depends_on_machine(score, records) and len({Condition.of(each, "machine") for each in records}) > 1
    ):
        return None
    labels: dict[str, list[RunRecord]] = defaultdict(list)
    for record in records:
        labels[record.run.label].append(record)
    sign = 1.0 if score.higher_is_better else -1.0
    measured = {label: kept for label, runs in labels.items() if (kept := _measured(runs, score))}
    values = {label: _values(runs, score) for label, runs in measured.items()}
    return Column(
        group.dataset,
        score_title(score.name, [score]),
        values={label: sign * interquartile_mean(each) for label, each in values.items()},
        families={label: runs[0].run.family for label, runs in measured.items()},
        runs={label: [sign * value for value in each] for label, each in values.items()},
        is_higher_better=score.higher_is_better,
    )


def _main(records: Sequence[RunRecord]) -> Score | None:
    name = main_score(records)
    return next((score for record in records for score in record.scores if score.name == name), None)


def _depends_on_machine(score: Score, records: Sequence[RunRecord]) -> bool:
    return any(score_scope(record, score) == "machine" for record in records)


def _measured(runs: Sequence[RunRecord], score: Score) -> list[RunRecord]:
    """Leave out good runs without the score: another machine's judge gave them another one, which is no failure."""
    kept = [run for run in runs if not run.is_ok or run.score(score.name) is not None]
    has_none = any(run.is_ok for run in runs) and not any(run.is_ok for run in kept)
    return [] if has_none else kept


def _values(runs: Sequence[RunRecord], score: Score) -> list[float]:
    worst = -math.inf if score.higher_is_better else math.inf
    numbers = [run.score(score.name) if run.is_ok else None for run in runs]
    # What is infinitely good is as little a result as what is no number.
    found = {n: x if x is not None and (math.isfinite(x) or x == worst) else None for n, x in enumerate(numbers)}
    return list(with_failures(found, score.higher_is_better).values())


def _block(columns: Sequence[Column]) -> tuple[list[Column], list[str], list[str]] | None:
    """Return data sets and the models that all of them have, and what was left out to get there.

    Where all data sets together share too few models, the one with the fewest is left out until they don't.
    """
    kept = sorted(columns, key=lambda column: -len(column.values))
    while len(kept) >= LEAST:
        labels = [label for label in kept[0].values if all(label in column.values for column in kept)]
        if len(labels) >= LEAST:
            left = [column.dataset for column in columns if column not in kept]
            return [column for column in columns if column in kept], labels, left
        kept.pop()
    return None


def _ranks(key: str, title: str, columns: Sequence[Column], labels: Sequence[str], left: Sequence[str]) -> Ranks:
    table = [[column.values[label] for label in labels] for column in columns]
    test = friedman(table)
    difference = nemenyi_critical_difference(len(labels), len(columns), ALPHA)
    # The mean ranks of a data set beside itself are its ranks.
    by_column = [friedman([row, row]).mean_ranks for row in table]
    families = columns[0].families
    rows = [
        RankRow(
            label,
            families[label],
            tuple(each[n] for each in by_column),
            tuple(row[n] for row in table),
            test.mean_ranks[n],
            counts=tuple(len(column.runs[label]) for column in columns),
        )
        for n, label in enumerate(labels)
    ]
    rows.sort(key=lambda row: row.mean_rank)
    runs = [[column.runs[row.label] for column in columns] for row in rows]
    rows = against_first(rows, runs)
    thresholds: tuple[float, ...] = ()
    if len({column.measure for column in columns}) == 1 and columns[0].is_higher_better:
        rows, thresholds = profiled(rows, runs)
    others = sorted({label for column in columns for label in column.values} - set(labels))
    can_decide = difference <= len(labels) - 1
    return Ranks(
        key=key,
        title=title,
        datasets=tuple(column.dataset for column in columns),
        measures=tuple(column.measure for column in columns),
        rows=tuple(rows),
        statistic=test.statistic,
        p_value=test.p_value,
        f_statistic=test.f_statistic,
        f_p_value=test.f_p_value,
        critical_difference=difference,
        cliques=tuple(tuple(labels[n] for n in each) for each in cliques(test.mean_ranks, difference)),
        can_decide=can_decide,
        finding=_finding(test, difference, len(labels), can_decide=can_decide),
        left_out=(
            *(f"{label} (not on every data set)" for label in others),
            *(f"{name} (too few models)" for name in left),
        ),
        thresholds=thresholds,
    )


def _finding(test: RankTest, difference: float, models: int, *, can_decide: bool) -> str:
    told = "differ" if test.f_p_value < ALPHA else "cannot be told from equal"
    f_value = "unbounded" if math.isinf(test.f_statistic) else f"{test.f_statistic:.3g}"
    start = (
        f"Mean ranks over {test.datasets} data sets {told} (Friedman χ² = {test.statistic:.3g}, "
        f"p = {test.p_value:.2g}; Iman and Davenport's F {f_value}, p = {test.f_p_value:.2g}). "
    )
    if not can_decide:
        return start + (
            "So few data sets can decide nothing between two models: even always first against always last of "
            f"{models} is less than Nemenyi's critical difference of {difference:.2f}."
        )
    return start + f"Two models differ where their mean ranks do by {difference:.2f} or more (Nemenyi, {LEVEL})."
