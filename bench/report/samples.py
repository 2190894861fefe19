"""Hang the pictures of the generative models side by side, all drawn with one seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from bench.errors import StoreError
from bench.record import RunRecord, Score
from bench.report.conditions import device_name
from bench.report.repetition import Repetition
from bench.report.tree import SampleGrid, SampleWall
from bench.report.values import FLOOR, REFERENCE

__all__ = ["ARTIFACT", "Artifacts", "sample_wall"]

ARTIFACT = "samples.png"
SCORE_LIMIT = 2
Artifacts = Callable[[RunRecord, str], bytes]


def sample_wall(
    records: Sequence[RunRecord], labels: Sequence[str], artifacts: Artifacts, main: str
) -> SampleWall | None:
    """Return the grids of one seed (and split), the one most models have; None where no model drew anything.

    records: of the section, in any state; labels: its rows in order; main: the score that captions begin with.
    """
    drawn = {record.run.label: record.run.family for record in records if _has_grid(record)}
    if not drawn:
        return None
    found: dict[Repetition, dict[str, list[RunRecord]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        if _has_grid(record):
            found[Repetition.of(record)][record.run.label].append(record)
    chosen = min(found, key=lambda each: (-len(found[each]), each))
    has_devices = len({record.run.device for each in found[chosen].values() for record in each}) > 1
    grids = [
        grid
        for label in dict.fromkeys(labels)
        if label in drawn
        for grid in _grids(label, drawn[label], found[chosen].get(label, []), artifacts, main, has_devices)
    ]
    return SampleWall(str(chosen), tuple(grids))


def _has_grid(record: RunRecord) -> bool:
    return record.is_ok and any(artifact.name == ARTIFACT for artifact in record.artifacts)


def _grids(
    label: str, family: str, records: Sequence[RunRecord], artifacts: Artifacts, main: str, has_devices: bool
) -> list[SampleGrid]:
    if not records:
        return [SampleGrid(label, family, "no picture with this seed")]
    grids = []
    for record in sorted(records, key=lambda each: each.run.device):
        name = f"{label}, {device_name(record.run.device)}" if has_devices else label
        try:
            grids.append(SampleGrid(name, family, _caption(record, main), artifacts(record, ARTIFACT)))
        except StoreError as error:
            grids.append(SampleGrid(name, family, str(error)))
    return grids


def _caption(record: RunRecord, main: str) -> str:
    scores = sorted(record.scores, key=lambda score: score.name != main)
    return "; ".join(_score_text(score) for score in scores[:SCORE_LIMIT])


def _score_text(score: Score) -> str:
    floor = score.detail.get(REFERENCE, score.detail.get(FLOOR))
    beside = [] if floor is None else [f"floor {floor:.3g}"]
    beside += [f"{name} {value}" for name, value in score.detail.items() if isinstance(value, int) and name != FLOOR]
    text = f"{score.name} {score.value:.3g}{f' {score.unit}' if score.unit else ''}"
    return f"{text} ({', '.join(beside)})" if beside else text
