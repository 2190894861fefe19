"""Add seeds to a suite until every pair of its models is decided, or more seeds could not decide it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count, islice

from bench.errors import UsageError
from bench.evidence import Observations, Outlook, Pair, SampleScores, compare, default_margin, observe, outlook
from bench.evidence.objective import is_clocked, main_score
from bench.plugins import Plugins
from bench.record import RunRecord
from bench.runner.identity import canonical
from bench.runner.jobs import Job
from bench.runner.plan import Choices, expand
from bench.runner.session import Added, pending
from bench.store import Store
from bench.suite import SuiteFile
from bench.tasks.scoring import own_scores

__all__ = ["FEWEST", "MOST", "Group", "Judge", "Looked", "Search", "groups_of"]

# Seeds: of fewer nothing can be said; more are made where somebody asks for them.
FEWEST, MOST = 3, 30


@dataclass(frozen=True)
class Looked:
    """The pairs of the models under one variant of a protocol, as one evaluation of their runs shows them."""

    variant: str
    pairs: tuple[Pair, ...]
    outlooks: tuple[Outlook, ...]


@dataclass
class Group:
    """The runs whose models are compared: of one data set, task and protocol.

    rounds: the suite's own seeds first, then one seed in each. own: how many seeds the first round has. handed: how
    many rounds were handed out. looked: what the last evaluation showed, one for each variant of the protocol.
    """

    dataset: str
    task: str
    protocol: str
    rounds: list[list[Job]]
    own: int
    handed: int = 0
    looked: tuple[Looked, ...] = ()
    is_closed: bool = False

    def __str__(self) -> str:
        return f"{self.dataset}, {self.task}, {self.protocol}"

    @property
    def made(self) -> list[Job]:
        """The runs that were handed out."""
        return [job for jobs in self.rounds[: self.handed] for job in jobs]

    @property
    def saved(self) -> list[Job]:
        """The runs that were not needed."""
        return [job for jobs in self.rounds[self.handed :] for job in jobs]

    @property
    def seeds(self) -> int:
        """How many seeds were handed out."""
        return self.own + max(0, self.handed - 1)

    @property
    def outlooks(self) -> Counter[Outlook]:
        """How many pairs are decided in which way, and how many are not."""
        return Counter(each for looked in self.looked for each in looked.outlooks)


def groups_of(file: SuiteFile, plugins: Plugins, choices: Choices, most: int = MOST) -> list[Group]:
    """Return the groups of a suite with their runs for up to so many seeds.

    Each further seed has the split that goes with it. Raises UsageError where the suite begins with more.
    """
    listed = choices.seeds or tuple(file.suite.seeds)
    later = count(max(listed) + 1)
    own = (*listed, *islice(later, max(0, FEWEST - len(listed))))
    if len(own) > most:
        cure = f"--seeds {most}" if most >= FEWEST else f"--max-seeds {FEWEST}"
        raise UsageError(f"--max-seeds {most} is less than the {len(own)} seeds that the suite begins with. Use {cure}")
    further = tuple(islice(later, most - len(own)))
    # As the suite has them where it has enough: with more splits than seeds it has more runs than seeds.
    first = expand(file, plugins, choices if own == listed else replace(choices, seeds=own))
    rest = expand(file, plugins, replace(choices, seeds=(*own, *further))) if further else []
    groups: dict[tuple[str, ...], Group] = {}
    for job in first:
        run = job.plan
        found = groups.setdefault(_key(job), Group(run.dataset, run.task, run.protocol, [[]], len(own)))
        found.rounds[0].append(job)
    by_seed: dict[tuple[tuple[str, ...], int], list[Job]] = defaultdict(list)
    for job in rest:
        by_seed[_key(job), job.plan.seed].append(job)
    for key, group in groups.items():
        group.rounds += [by_seed[key, seed] for seed in further]
    return list(groups.values())


def _key(job: Job) -> tuple[str, ...]:
    run = job.plan
    return run.dataset, run.task, run.protocol, canonical(run.settings)


class Search:
    """Hands out the runs of a suite, round by round and group by group, until all groups are closed.

    What a group is given depends on the runs of the rounds before alone, so that a search that is interrupted and
    begun again takes the same decisions. judge: looks at runs by their ids. Both are None where nothing is stored: then
    the first rounds alone are known.
    """

    def __init__(
        self,
        groups: Sequence[Group],
        store: Store | None,
        judge: Callable[[Iterable[str]], tuple[Looked, ...]] | None,
        *,
        retry_failed: bool = False,
    ) -> None:
        self.groups, self._store, self._judge, self._retry_failed = groups, store, judge, retry_failed

    def advance(self) -> Added:
        """Return the runs of every open group up to the first round that is not stored yet; none where all are closed.

        Runs that were handed out before count as made, however they ended.
        """
        statuses = self._store.statuses() if self._store is not None else {}
        jobs: list[Job] = []
        reasons: list[str] = []
        for group in self.groups:
            jobs += self._advance(group, statuses, reasons)
        return Added(tuple(jobs), "; ".join(reasons))

    def _advance(self, group: Group, statuses: dict[str, str], reasons: list[str]) -> list[Job]:
        jobs: list[Job] = []
        while not group.is_closed:
            if group.handed and self._judge is not None:
                group.looked = self._judge(job.plan.run_id for job in group.made)
                group.is_closed = not group.outlooks["open"] or group.handed == len(group.rounds)
                if group.is_closed:
                    break
            due = group.rounds[group.handed]
            group.handed += 1
            jobs += due
            if pending(due, statuses, retry_failed=self._retry_failed):
                if group.handed > 1:
                    open_pairs, every = group.outlooks["open"], group.outlooks.total()
                    reasons.append(f"seed {due[0].plan.seed} for {group} (open pairs: {open_pairs} of {every})")
                break
        return jobs


class Judge:
    """Compares the models of a group by the main score of their runs, by a rule that holds however often one looks."""

    def __init__(self, store: Store, plugins: Plugins, tasks: Iterable[str]) -> None:
        self._store = store
        metrics = {name: offer.spec for name, offer in plugins.metrics.items()}
        self._samples = SampleScores(store.answer, store.truth, metrics, own_scores(plugins.tasks, {*tasks}))

    @property
    def problems(self) -> tuple[str, ...]:
        """What of the kept answers could not be read, so that runs count as one value each."""
        return self._samples.problems

    def __call__(self, run_ids: Iterable[str]) -> tuple[Looked, ...]:
        """Return the pairs under each variant of the protocol."""
        variants: dict[str, list[RunRecord]] = defaultdict(list)
        for record in self._store.records(list(run_ids)):
            variants[canonical(record.run.variant)].append(record)
        return tuple(self._looked(variant, records) for variant, records in variants.items())

    def _looked(self, variant: str, records: Sequence[RunRecord]) -> Looked:
        observed = self._observed(records)
        margin = default_margin(observed.low, observed.high)
        pairs = compare(observed, margin=margin, is_sequential=True).pairs
        return Looked(variant, pairs, tuple(outlook(pair, observed) for pair in pairs))

    def _observed(self, records: Sequence[RunRecord]) -> Observations:
        """Return the main score: of a race to a target the time to it, which belongs to no test sample."""
        name = main_score(records)
        is_of_clock = any(score.name == name and is_clocked(score) for record in records for score in record.scores)
        return observe(records, name, None if is_of_clock else self._samples)
