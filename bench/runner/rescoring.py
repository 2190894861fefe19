"""Compute metrics that came later, or were changed, for stored runs: from kept answers, without training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from bench.arrays import unpack
from bench.plugins import Plugins
from bench.record import RunRecord, Score
from bench.runner.identity import source_fingerprint
from bench.specs import MetricSpec
from bench.store import Store
from bench.tasks.scoring import metric_scores

__all__ = ["Rescorer", "metric_sources"]


def metric_sources(plugins: Plugins) -> dict[str, tuple[MetricSpec, str]]:
    """Return every installed metric that can be computed here, with the fingerprint of its code, by name."""
    offers = [offer for offer in plugins.metrics.values() if offer.missing() is None]
    return {offer.spec.name: (offer.spec, source_fingerprint(offer.spec.target)) for offer in offers}


class Rescorer:
    """Brings the scores of records up to what is installed now.

    computed: how many scores of each metric were computed.  problems: what failed, a sentence each.
    """

    def __init__(self, store: Store, metrics: Mapping[str, tuple[MetricSpec, str]]) -> None:
        self.store, self.metrics = store, metrics
        self.computed: Counter[str] = Counter()
        self.problems: dict[str, None] = {}

    def due(self, record: RunRecord) -> list[MetricSpec]:
        """Return the metrics that a record lacks, or has from other code, and whose arrays it kept.

        A score without a source is the task's own or a protocol's: it belongs to the run and is never computed again.
        """
        if not record.is_ok or not record.truth:
            return []
        kept, known = set(record.kept), {score.name: score.source for score in record.scores}
        return [
            spec
            for name, (spec, source) in self.metrics.items()
            if kept.issuperset(spec.arrays) and known.get(name) not in (source, "")
        ]

    def scores(self, record: RunRecord) -> tuple[Score, ...] | None:
        """Return all scores of a record as they are today; None where nothing is due."""
        wanted = self.due(record)
        answer = self.store.answer(record) if wanted else None
        if answer is None:
            return None
        arrays = {**unpack(self.store.truth(record.truth)), **unpack(answer)}
        sources = {spec.name: self.metrics[spec.name][1] for spec in wanted}
        found, problems = metric_scores(wanted, arrays, sources)
        self.problems.update(dict.fromkeys(problems))
        if not found:
            return None
        self.computed.update(score.name for score in found)
        later = {score.name: replace(score, detail={**score.detail, "rescored": True}) for score in found}
        kept = [later.pop(score.name, score) for score in record.scores]
        return (*kept, *later.values())

    def read(self, records: Iterable[RunRecord]) -> Iterator[RunRecord]:
        """Yield the records with today's scores; the store stays as it is."""
        for record in records:
            scores = self.scores(record)
            yield record if scores is None else record.model_copy(update={"scores": scores})

    def write(self, records: Iterable[RunRecord]) -> None:
        """Store today's scores of the records that lack some."""
        for record in list(records):
            scores = self.scores(record)
            if scores is not None:
                self.store.rescore(record, scores)
