"""Say first what was found: for each data set who leads, who is the cheapest of them, and what depth costs and buys."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from bench.evidence import FAILED, Pair
from bench.evidence import Section as Compared
from bench.matching import BASELINE
from bench.metrics.faults import generator_faults
from bench.report import text
from bench.report.section import ModelRow, SectionData, Variable

__all__ = ["Answer"]

# More models than this are counted rather than named.
LIST_LIMIT = 4
COSTS = (("train_seconds", "the training time"), ("latency_p50", "the latency"), ("peak_memory", "the memory"))
# Below these a ratio of costs is one of clock ticks.
LEAST = {"train_seconds": 1e-3, "latency_p50": 1e-3, "peak_memory": 1.0}
# From this on a smaller cost is written as one part of so many: 1/3 of the time, but 0.7 × the time.
LEAST_FRACTION = 2.5
# Costs within this factor are about the same.
ABOUT = 1.25


class Answer:
    """The sentences on one section without variants; each is made from its comparisons and nothing else."""

    def __init__(self, section: SectionData) -> None:
        self.section = section
        self.main = section.main
        found = None if self.main is None else section.compared.get((self.main.key, "{}"))
        self.compared: Compared | None = found
        self.rows = {row.label: row for row in section.rows if self._has_mean(row)}
        shown = [] if self.main is None else [row.values[self.main.key] for row in self.rows.values()]
        texts = (
            []
            if self.main is None
            else text.cells(self.main.measure, shown, [row.good_count for row in self.rows.values()])
        )
        told = [
            f"{cell.text}, {cell.note}" if each.is_partial and cell.note else cell.text
            for cell, each in zip(texts, shown, strict=True)
        ]
        self.texts = dict(zip(self.rows, told, strict=True))

    def sentences(self) -> tuple[str, ...]:
        """Return the answer; empty where fewer than two models have a score."""
        if self.compared is None or len(self.rows) < 2:
            return ()
        return (
            *self._leaders(),
            *self._without(),
            *self._faults(),
            *self._cheapest(),
            *self._depth(),
            *self._trivial(),
            *self._open(),
        )

    @property
    def group(self) -> list[str]:
        """The models that no other is better than, the best mean first; those without a mean are left out."""
        return [label for label in self.rows if self.compared is not None and label in self.compared.tie_group]

    def _has_mean(self, row: ModelRow) -> bool:
        return self.main is not None and self.main.key in row.values and math.isfinite(row.values[self.main.key].mean)

    def _measure(self) -> str:
        if self.main is None:
            return ""
        title, name = self.main.measure.title, self.main.measure.name
        # A title made of the name begins a sentence; a proper name, as Fréchet's, or an acronym stays as it is.
        is_word = name.startswith(title.partition(" ")[0].lower()) and not title[1:2].isupper()
        return title[:1].lower() + title[1:] if is_word else title

    def _leaders(self) -> Iterator[str]:
        group, others = self.group, [label for label in self.rows if label not in self.group]
        rest = f"the other {len(others)} are" if len(others) > 1 else f"{others[0]} is" if others else ""
        if len(group) == 1 and others:
            best = group[0]
            is_all = all((pair := self._pair(best, each)) is not None and pair.better == best for each in others)
            told = (
                f"{rest} distinguishable from it" if is_all else f"each of the others is worse than {best} or another"
            )
            yield f"{best} has the best {self._measure()} ({self.texts[best]}); {told}."
        elif self._is_settled(group):
            named = self._named(group)
            yield f"{named} are equivalent in {self._measure()}{f', and {rest} worse' if rest else ''}."
        elif others:
            yield (
                f"{self._named(group)} share the lead in {self._measure()}: none of these {len(group)} is "
                f"distinguishable from the best; {rest} worse."
            )
        else:
            yield f"No model is distinguishable from the best {self._measure()}: {self._named(group)}."

    def _without(self) -> Iterator[str]:
        """Name the models that were tried and have nothing to compare; what was skipped was not tried."""
        tried = FAILED | {"ok"}
        rows = [row for row in self.section.rows if row.label not in self.rows]
        lost = [row.label for row in rows if tried & row.outcomes.keys()]
        if lost:
            named = text.join(lost, "or") if len(lost) <= LIST_LIMIT else f"{len(lost)} models"
            yield f"No run of {named} gave a finite {self._measure()}."

    def _is_settled(self, group: Sequence[str]) -> bool:
        return self.compared is not None and all(self.compared.standing[label] == "best" for label in group)

    def _named(self, group: Sequence[str]) -> str:
        if len(group) > LIST_LIMIT:
            first = [f"{label} ({self.texts[label]})" for label in group[: LIST_LIMIT - 1]]
            return f"{', '.join(first)} and {len(group) - LIST_LIMIT + 1} more"
        return text.join(f"{label} ({self.texts[label]})" for label in group)

    def _cheapest(self) -> Iterator[str]:
        times = [each for each in self.section.variables if each.measure.name == "train_seconds"]
        group = self.group
        if len(group) < 2 or not times:
            return
        # Of several devices, or of runs alone and beside others, where most of the group were timed.
        timed = max(times, key=lambda each: sum(self._cost(label, each) is not None for label in group))
        known = {label: each for label in group if (each := self._cost(label, timed)) is not None}
        if len(known) < 2:
            return
        least = min(known, key=known.__getitem__)
        most = max(known, key=known.__getitem__)
        where = f" ({timed.words})" if timed.words else ""
        is_whole = len(known) == len(group)
        if known[most] <= ABOUT * known[least]:
            whose = "All of them" if is_whole else "Those of them that were timed there"
            yield f"{whose} take about the same training time{where}: {text.amount(known[least], 's')}."
        else:
            whose = "The cheapest of them" if is_whole else "The cheapest of those of them that were timed there"
            yield (
                f"{whose} is {least}: {text.amount(known[least], 's')} of training{where}, "
                f"against {text.amount(known[most], 's')} of {most}."
            )

    def _cost(self, label: str, variable: Variable) -> float | None:
        summary = self.rows[label].values.get(variable.key)
        return summary.mean if summary is not None and math.isfinite(summary.mean) else None

    def _depth(self) -> Iterator[str]:
        """Compare the best deep model with the best shallow one; the correction for all pairs pays for the choice."""
        shallow = next(
            (row.label for row in self.rows.values() if row.family == "shallow" and row.label != BASELINE), ""
        )
        deep = next((row.label for row in self.rows.values() if row.family == "deep"), "")
        pair = self._pair(deep, shallow) if shallow and deep else None
        if pair is None or self.main is None:
            return
        unit = f" {self.main.measure.unit}" if self.main.measure.unit else ""
        difference = pair.difference if pair.a == deep else -pair.difference
        low, high = (pair.low, pair.high) if pair.a == deep else (-pair.high, -pair.low)
        ends = text.interval(low, high)
        told = f"{text.signed(difference)}{unit}{f' ({ends})' if ends else ''}"
        costs = self._ratios(deep, shallow)
        against = f"{deep} against {shallow}, the deep and the shallow model with the best means"
        of = f"of {self._measure()}{' (lower is better)' if self.main.measure.better == 'lower' else ''}"
        if pair.verdict == "equivalent":
            yield f"Depth buys nothing here: {against}, is equivalent in {self._measure()}, {told}{costs}."
        elif pair.better == deep:
            yield f"Depth buys {told} {of}: {against}{costs}."
        elif pair.better == shallow:
            yield f"Depth loses {told} {of}: {against}{costs}."
        else:
            yield f"Whether depth buys anything is not decided: {against}, {told} {of}{costs}{self._why_open(pair)}."

    def _pair(self, a: str, b: str) -> Pair | None:
        pairs = () if self.compared is None else self.compared.pairs
        return next((pair for pair in pairs if {pair.a, pair.b} == {a, b}), None)

    def _ratios(self, deep: str, shallow: str) -> str:
        words = []
        for name, title in COSTS:
            variable = next((each for each in self.section.variables if each.measure.name == name), None)
            above, below = (
                (None, None) if variable is None else (self._cost(deep, variable), self._cost(shallow, variable))
            )
            if above is None or below is None or max(above, below) < LEAST[name]:
                continue
            factor = max(above, LEAST[name]) / max(below, LEAST[name])
            if 1 / ABOUT < factor < ABOUT:
                words.append(f"about {title}")
            else:
                is_fraction = 1 / factor >= LEAST_FRACTION
                words.append(f"1/{1 / factor:,.0f} of {title}" if is_fraction else f"{text.ratio(factor)} {title}")
        return f", for {text.join(words)}" if words else ""

    def _faults(self) -> Iterator[str]:
        """Name the generators that copy, repeat or leave out, in most of their runs, by the run in the middle."""
        found: dict[str, dict[str, list[str]]] = {label: defaultdict(list) for label in self.rows}
        runs = Counter(record.run.label for record in self.section.records)
        for record in self.section.records:
            for fault in generator_faults(record.scores) if record.run.label in found else ():
                found[record.run.label][fault.partition(" ")[0]].append(fault)
        for label, faults in found.items():
            told = [sorted(each)[len(each) // 2] for each in faults.values() if 2 * len(each) > runs[label]]
            if told:
                yield f"{label} {text.join(told)}; read its other scores with that in mind."

    def _trivial(self) -> Iterator[str]:
        """Name the models that are not better than the trivial one."""
        if BASELINE not in self.rows:
            return
        better = self._better_than(BASELINE)
        beaten = [label for label in self.rows if label != BASELINE and label not in better]
        if beaten:
            is_one = len(beaten) == 1
            named = text.join(beaten) if len(beaten) <= LIST_LIMIT else f"{len(beaten)} models"
            yield (
                f"{named} {'is' if is_one else 'are'} not distinguishably better than the trivial baseline "
                f"({self.texts[BASELINE]})."
            )

    def _better_than(self, label: str) -> set[str]:
        """Return the models that verdicts say are better, in one step or in several: a over b, and b over c."""
        pairs = () if self.compared is None else self.compared.pairs
        found: set[str] = set()
        new = {label}
        while new:
            new = {pair.better for pair in pairs if pair.better and {pair.a, pair.b} - {pair.better} <= new} - found
            found |= new
        return found - {label}

    def _why_open(self, pair: Pair) -> str:
        """Say what keeps a pair open whose own interval holds no zero, unless that is said of it at the end."""
        if not (pair.low > 0 or pair.high < 0):
            return ""
        if pair.remedy is None:
            return "" if {pair.a, pair.b} == set(self.group[:2]) else f"; {pair.note}"
        return f"; corrected for the number of pairs, p = {text.p_value(pair.p_adjusted)}"

    def _open(self) -> Iterator[str]:
        """Say what would decide between the two best of a tie group that is not decided, or what keeps it open."""
        group = self.group
        pair = self._pair(*group[:2]) if len(group) > 1 else None
        if pair is None or pair.verdict != "open":
            return
        between = f"between {group[0]} and {group[1]}"
        if pair.remedy is None:
            yield f"Nothing is decided {between}: {pair.note}."
        elif pair.basis == "nothing":
            why = "there are too few runs" if pair.can_runs_decide else "all runs of each are identical"
            yield f"Nothing can be said {between}: {why}."
        elif pair.remedy.is_empty:
            yield f"No number of such runs would decide {between}, if the difference is as small as it now seems."
        else:
            yield f"To decide {between}, about {pair.remedy} are needed, if the difference is as large as it now seems."
