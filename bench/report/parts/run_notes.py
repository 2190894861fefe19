"""Say what runs of a section wished to say, which were left out, and where the data changed between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from bench.report import text
from bench.report.numbers.grouping import Group, data_versions
from bench.report.numbers.measures import is_rescored, score_title

__all__ = ["run_notes"]


def run_notes(found: Group) -> Iterator[str]:
    """Yield what runs wished to say, each sentence once, and which older runs were left out."""
    said: dict[str, dict[str, None]] = defaultdict(dict)
    for record in found.records:
        for note in record.notes:
            said[note][record.run.label] = None
    yield from (f"{', '.join(labels)}: {note}" for note, labels in said.items())
    for label, count in found.superseded.items():
        yield f"{label}: {text.plural(count, 'older run')} with another version, code or setting left out."
    yield from _rescored_notes(found)
    versions = data_versions(found)
    if len(versions) > 1:
        told = "; ".join(", ".join(labels) for labels in versions.values())
        yield (
            f"The files of {found.dataset} changed between runs, so that these models were not trained on the same "
            f"data: {told}. Run the suite again to compare them."
        )


def _rescored_notes(found: Group) -> Iterator[str]:
    """Say which scores were computed from kept answers after the run, and whose where not everybody's were."""
    told: dict[str, dict[str, None]] = defaultdict(dict)
    for record in found.records:
        for score in record.scores:
            if is_rescored(score):
                told[score_title(score.name, [score])][record.run.label] = None
    labels = {record.run.label for record in found.records if record.scores}
    for title, rescored in told.items():
        whose = "" if set(rescored) == labels else f" ({', '.join(rescored)})"
        yield f"{title}{whose}: computed after the runs, from the answers they kept."
