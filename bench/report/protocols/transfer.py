"""Transfer: pre-trained beside from scratch, and what pre-training cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean

from bench.record import RunRecord
from bench.report import text
from bench.report.figures import Axis, Figure
from bench.report.parts.variants import CAPTION, line_figure
from bench.report.protocols.effects import WALL_TIME, Change, Told, by_variant, told
from bench.report.protocols.sizes import Sizes
from bench.report.section import ModelRow, ProtocolPart, SectionData, Variable

__all__ = ["part"]

START, BEFORE, SCRATCH = "start", "pre-trained", "from scratch"


def part(section: SectionData) -> ProtocolPart:
    """Return what this protocol adds to its sections."""
    sizes = Sizes(section)
    gains = [each for variable in section.mains for each in _gains(section, variable, sizes)]
    costs = (text for words, records in section.clocked() for text in _cost(section, words, records))
    findings = (*sizes.findings(), *(each.sentence for each in gains), *costs)
    return ProtocolPart(findings, tuple(_figures(section, sizes)), tuple(each.table for each in gains))


def _figures(section: SectionData, sizes: Sizes) -> Iterator[Figure]:
    """Draw the main score over the number of target samples, two lines for each model."""
    figure = line_figure(
        section,
        section.main,
        key="transfer",
        title="Pre-trained and from scratch",
        x=Axis("Training samples of the target", low=0.0),
        place=sizes.place,
        words=_start,
        caption=" ".join((CAPTION, *sizes.findings())),
    )
    if figure is not None:
        yield figure


def _gains(section: SectionData, variable: Variable, sizes: Sizes) -> Iterator[Told]:
    """Say what pre-training is worth at every size."""
    changes = []
    for label, variants in by_variant(section, variable).items():
        had = [(sizes.of(label, variant), variant.get(START), runs) for variant, runs in variants]
        found = {(int(size), start): runs for size, start, runs in had if size is not None}
        changes += [
            Change(label, f"{size:,} samples", found[size, SCRATCH], found[size, BEFORE])
            for size in sorted({size for size, _ in found})
            if (size, SCRATCH) in found and (size, BEFORE) in found
        ]
    yield from told(section, variable, "pre-training", "Pre-training", "from scratch to pre-trained", changes)


def _cost(section: SectionData, words: str, records: Sequence[RunRecord]) -> Iterator[str]:
    """Say what pre-training cost beside the training seconds."""
    costs = []
    for label in section.families:
        runs = [each for each in records if each.run.label == label and "pre_training_seconds" in each.details]
        if runs:
            seconds = fmean(float(each.details["pre_training_seconds"]) for each in runs)
            trained = fmean(each.times.train_seconds for each in runs)
            costs.append(f"{label} {text.amount(seconds, 's')} before {text.amount(trained, 's')} of fine-tuning")
    if costs:
        where = f", {words}" if words else ""
        yield f"Pre-training cost ({WALL_TIME}), not in the training times{where}: {'; '.join(costs)}."


def _start(row: ModelRow) -> str:
    return str(row.variant.get(START, ""))
