"""Rank models over data sets, where enough data sets share enough models."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.evidence import Observations, Ranking, WinRate, across, observe
from bench.record import RunRecord
from bench.report import text
from bench.report.blocks import Block, Cell, Choice, Column, Prose, Row, Table
from bench.report.figures import Axis, Dot, DotFigure, Figure, MatrixFigure
from bench.report.parts.profiles import profile
from bench.report.section import SectionData
from bench.specs import Family

__all__ = ["LEAST", "rank_blocks"]

# Fewer data sets or models than this make no ranking worth a figure.
LEAST = 3


@dataclass(frozen=True)
class _Place:
    """A section with its main score's observations of every model that was tried."""

    section: SectionData
    settings: str
    observed: Observations

    @property
    def models(self) -> list[str]:
        return [model for model in self.observed.models if self._was_tried(model)]

    def _was_tried(self, model: str) -> bool:
        return bool(self.observed.models[model]) or bool(self.observed.failures(model))

    def only(self, models: Sequence[str]) -> Observations:
        """Return the observations of some models, in that order."""
        return Observations(
            {model: self.observed.models[model] for model in models},
            higher=self.observed.higher,
            failed={model: each for model, each in self.observed.failed.items() if model in models},
        )


def rank_blocks(sections: Sequence[tuple[str, SectionData]]) -> list[Block]:
    """Return a ranking for every task and protocol under which it can be made.

    sections: with their settings as canonical text. Of a data set that was run by several settings, those count that
    the other data sets have, too.
    """
    places: dict[tuple[str, str], list[_Place]] = defaultdict(list)
    for settings, section in sections:
        if section.main is not None and not section.has_variants and len(section.mains) == 1:
            records = _with_score([*section.records, *section.failed], section)
            place = _Place(section, settings, observe(records, section.main_score))
            places[section.task, section.protocol].append(place)
    found: list[Block] = []
    for number, ((task, protocol), each) in enumerate(places.items(), start=1):
        chosen = _block(_one_each(each))
        if chosen is not None:
            found += _blocks(f"ranks-{number}", f"{task} · {protocol}", *chosen)
    return found


def _with_score(records: Sequence[RunRecord], section: SectionData) -> list[RunRecord]:
    """Leave out good runs without the score: another machine's judge gave them another one, which is no failure."""
    named = section.main_score
    kept = [each for each in records if not each.is_ok or each.score(named) is not None]
    lost = {each.run.label for each in records if each.is_ok} - {each.run.label for each in kept if each.is_ok}
    return [each for each in kept if each.run.label not in lost]


def _one_each(places: Sequence[_Place]) -> list[_Place]:
    counts: dict[str, int] = defaultdict(int)
    for place in places:
        counts[place.settings] += 1
    best: dict[str, _Place] = {}
    for place in places:
        known = best.get(place.section.dataset)
        if known is None or counts[place.settings] > counts[known.settings]:
            best[place.section.dataset] = place
    return list(best.values())


def _block(places: Sequence[_Place]) -> tuple[list[_Place], list[str], list[str]] | None:
    """Return data sets and the models that all of them have, and what was left out to get there.

    Where all data sets together share too few models, the one with the fewest is left out until they don't.
    """
    kept = sorted(places, key=lambda place: -len(place.models))
    while len(kept) >= LEAST:
        models = [model for model in kept[0].models if all(model in place.models for place in kept)]
        if len(models) >= LEAST:
            ordered = [place for place in places if place in kept]
            others = sorted({model for place in ordered for model in place.models} - set(models))
            left = [f"{model} (not on every data set)" for model in others]
            return ordered, models, [*left, *(f"{p.section.dataset} (too few models)" for p in places if p not in kept)]
        kept.pop()
    return None


def _blocks(key: str, title: str, places: Sequence[_Place], models: Sequence[str], left: Sequence[str]) -> list[Block]:
    ranking = across({place.section.dataset: place.only(models) for place in places})
    families = {label: family for place in places for label, family in place.section.families.items()}
    figures: dict[str, Prose | Table | Figure] = {
        "mean ranks": _mean_ranks(ranking, key, title),
        "wins": _wins(ranking, key, title),
    }
    mains = [place.section.main for place in places]
    titles = {main.measure.title for main in mains if main is not None}
    if len(titles) == 1:
        drawn = profile([place.only(models) for place in places], list(models), titles.pop(), key, title)
        figures |= {} if drawn is None else {"profiles": drawn}
    found: list[Block] = [
        Prose(tuple(_sentences(ranking, left)), "answer", f"Ranks: {title}", is_list=True),
        Prose((ranking.scope,), "scope"),
        Choice(f"{key}-figures", f"Ranks: {title}", figures),
        _table(ranking, key, title, families),
        _pairs(ranking, key, title),
    ]
    return found


def _sentences(ranking: Ranking, left: Sequence[str]) -> Iterator[str]:
    group = [each for each in ranking.models if each.standing != "distinguishable"]
    first, others = ranking.models[0], len(ranking.models) - len(group)
    ends = f"mean rank {first.mean_rank:.2f}, {first.low:.1f} to {first.high:.1f}"
    worse = f"the other {others} are worse on such data" if others > 1 else f"{text.plural(others, 'model')} is worse"
    if len(group) == 1:
        yield f"{first.model} is ranked first ({ends}); {worse}."
    elif others:
        named = text.join(each.model for each in group) if len(group) <= 4 else f"{len(group)} models"
        yield f"{named} share the lead, {first.model} with the best {ends}; {worse}."
    else:
        yield f"No model is distinguishable from the best over data sets; {first.model} has the best {ends}."
    test = ranking.test
    told = "are unequal" if test.f_p_value <= ranking.level else "could be equal"
    value = "unbounded" if math.isinf(test.f_statistic) else f"{test.f_statistic:.3g}"
    yield (
        f"Over {len(ranking.datasets)} data sets mean ranks {told} (Friedman's χ² {test.statistic:.3g}, "
        f"p = {test.p_value:.2g}; Iman and Davenport's F {value}, p = {test.f_p_value:.2g})."
    )
    if left:
        yield f"Left out: {', '.join(left)}."


def _mean_ranks(ranking: Ranking, key: str, title: str) -> DotFigure:
    dots = tuple(Dot(each.model, each.mean_rank, (each.low, each.high)) for each in ranking.models)
    return DotFigure(
        f"{key}-mean", f"Mean ranks: {title}", Axis("Mean rank", low=1, high=len(ranking.models), better="lower"), dots,
        f"Over {len(ranking.datasets)} data sets, 1 being the best; bars are 95 % intervals over data sets.",
    )  # fmt: skip


def _wins(ranking: Ranking, key: str, title: str) -> MatrixFigure:
    names = tuple(each.model for each in ranking.models)
    values = tuple(tuple(math.nan if a == b else ranking.wins[a, b] for b in names) for a in names)
    texts = tuple(tuple("" if math.isnan(value) else f"{value:.0%}" for value in row) for row in values)
    return MatrixFigure(
        f"{key}-wins", f"Wins: {title}", "loses", "wins", names, names, values, texts,
        caption="How often a run of the model in the row beats one of the model in the column on the same data set, "
        "ties half, each data set counting once.", is_centred=True,
    )  # fmt: skip


def _table(ranking: Ranking, key: str, title: str, families: dict[str, Family]) -> Table:
    columns = (
        Column("model", "Model", "model"), Column("mean", "Mean rank", "score", better="lower"),
        *(Column(name, name, "score", better="lower") for name in ranking.datasets),
    )  # fmt: skip
    rows = []
    for each in ranking.models:
        ends = f"{each.low:.1f} to {each.high:.1f}"
        cells = {
            "model": Cell(each.model),
            "mean": Cell(
                f"{each.mean_rank:.2f}", each.mean_rank, low=each.low, high=each.high, interval=ends, note=ends,
                standing=each.standing,
            ),
        }  # fmt: skip
        cells |= {name: Cell(f"{rank:.3g}", rank) for name, rank in zip(ranking.datasets, each.ranks, strict=True)}
        rows.append(Row(cells, each.model, families[each.model]))
    return Table(
        f"{key}-table", f"Ranks: {title}", "Ranks on each data set: 1 plus the shares of runs that the model loses to "
        "each other one, so that models that differ by noise alone share a rank.", columns, tuple(rows), is_folded=True,
    )  # fmt: skip


def _pairs(ranking: Ranking, key: str, title: str) -> Table:
    columns = (
        Column("a", "A"), Column("b", "B"), Column("rate", "A wins", "score", "%"), Column("interval", "95 % interval"),
        Column("on", "Data sets A : B"), Column("p", "p, corrected", "score"), Column("verdict", "Verdict"),
        Column("remedy", "What would decide"),
    )  # fmt: skip
    return Table(
        f"{key}-pairs", f"Comparisons over data sets: {title}",
        "Every pair of models over data sets, by flipping the signs of their leads, corrected together (Holm).",
        columns, tuple(_pair_row(pair) for pair in ranking.pairs), is_folded=True,
    )  # fmt: skip


def _pair_row(pair: WinRate) -> Row:
    found = {
        "a": Cell(pair.a),
        "b": Cell(pair.b),
        "rate": Cell(f"{100 * pair.rate:.0f}", 100 * pair.rate, low=100 * pair.low, high=100 * pair.high),
        "interval": Cell(f"{100 * pair.low:.0f} to {100 * pair.high:.0f} %"),
        "on": Cell(f"{pair.better_on} : {pair.worse_on}"),
        "p": Cell(text.p_value(pair.p_adjusted), pair.p_adjusted),
        "verdict": Cell(f"{pair.better} is better" if pair.better else "not decided"),
    }
    if pair.remedy is not None and not pair.remedy.is_empty:
        found["remedy"] = Cell(str(pair.remedy))
    return Row(found)
