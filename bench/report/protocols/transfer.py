"""Transfer: pre-trained beside from scratch, and what pre-training cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean

from bench.record import RunRecord
from bench.report.protocols.effects import WALL_TIME, effects, main_values, sentence
from bench.report.protocols.sizes import Sizes
from bench.report.section_data import ProtocolPart, SectionData
from bench.report.tree import Figure, Row
from bench.report.variants import CAPTION, line_figure

__all__ = ["part"]

START, BEFORE, SCRATCH = "start", "pre-trained", "from scratch"


def part(section: SectionData) -> ProtocolPart:
    """Return what this protocol adds to its sections."""
    return ProtocolPart(tuple(figures(section)), tuple(findings(section)))


def figures(section: SectionData) -> Iterator[Figure]:
    """Draw the main score over the number of target samples, two lines for each model."""
    sizes = Sizes(section)
    figure = line_figure(
        section,
        section.main,
        name="transfer",
        title="Pre-trained and from scratch",
        axis="training samples of the target",
        place=sizes.place,
        words=_start,
        caption=" ".join((CAPTION, *sizes.findings())),
    )
    if figure is not None:
        yield figure


def findings(section: SectionData) -> Iterator[str]:
    """Say what pre-training is worth at every size, and what it cost beside the training seconds."""
    sizes = Sizes(section)
    yield from sizes.findings()
    for column in section.mains:
        pairs = []
        for label, variants in main_values(section, column).items():
            had = [(sizes.of(label, v), v.get(START), each) for v, each in variants]
            seeds = {(int(size), start): each for size, start, each in had if size is not None}
            pairs += [
                (f"{label}, {size:,} samples", seeds[size, SCRATCH], seeds[size, BEFORE])
                for size in sorted({size for size, _ in seeds})
                if (size, SCRATCH) in seeds and (size, BEFORE) in seeds
            ]
        where = f" ({column.condition})" if column.condition else ""
        if pairs:
            yield sentence(f"{column.measure.title}{where} from scratch to pre-trained", effects(pairs))
    for words, records in section.clocked():
        yield from _cost(section, words, records)


def _cost(section: SectionData, words: str, records: Sequence[RunRecord]) -> Iterator[str]:
    told = []
    for label in section.families:
        runs = [each for each in records if each.run.label == label and "pre_training_seconds" in each.details]
        if runs:
            seconds = fmean(float(each.details["pre_training_seconds"]) for each in runs)
            trained = fmean(each.times.train_seconds for each in runs)
            told.append(f"{label} {seconds:.3g} s before {trained:.3g} s of fine-tuning")
    if told:
        where = f", {words}" if words else ""
        yield f"Pre-training cost ({WALL_TIME}), not in the training times{where}: {'; '.join(told)}."


def _start(row: Row) -> str:
    return str(row.variant.get(START, ""))
