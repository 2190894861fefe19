"""Say in words what is wrong with a generator, from the scores that its record holds."""

from __future__ import annotations

from collections.abc import Iterable

from bench.record import Score

__all__ = ["FEW", "generator_faults"]

# Of samples that have a near copy among the others: fresh real ones 1 %, a variational autoencoder that has learnt
# little more than the typical digits a third, draws from 100 images nearly all.
FEW = 0.5
# Of `memorised`, where a record does not hold them: with these nothing is a copy.
HARMLESS = {"limit": 1.0, "z": 0.0, "z_limit": 0.0}


def generator_faults(scores: Iterable[Score]) -> tuple[str, ...]:
    """Return what is wrong with a generator, a phrase each that begins with a verb; nothing for an honest one.

    Reads `memorised`, `duplicates`, `modes_captured` and `conditional_accuracy` with their details, and says nothing of
    what is not there. How often an honest generator is named stands in docs/measures.md.
    """
    known = {score.name: score for score in scores}
    noun = "rows" if "energy_distance" in known else "images"
    found = (
        _copies(known.get("memorised"), noun),
        _repeats(known.get("duplicates"), noun),
        _drops(known.get("modes_captured")),
        _ignores(known.get("conditional_accuracy")),
    )
    return tuple(fault for fault in found if fault)


def _copies(score: Score | None, noun: str) -> str:
    if score is None:
        return ""
    limit, z, z_limit = (float(score.detail.get(name, default)) for name, default in HARMLESS.items())
    if score.value > limit:
        return f"copies training {noun}, in {100 * score.value:.0f} % of its samples"
    return f"copies training {noun} with changes (z = {z:.1f})" if z < z_limit else ""


def _repeats(score: Score | None, noun: str) -> str:
    if score is None or score.value <= FEW:
        return ""
    return f"repeats few {noun}: {100 * score.value:.0f} % of its samples have a near copy among the others"


def _drops(score: Score | None) -> str:
    dropped, classes = (0, 0) if score is None else (score.detail.get("dropped", 0), score.detail.get("of", 0))
    return f"draws {int(classes) - int(dropped)} of {classes} classes" if dropped else ""


def _ignores(score: Score | None) -> str:
    if score is None or score.value > float(score.detail.get("chance_limit", 0.0)):
        return ""
    return f"does not heed the class that is asked for: {100 * score.value:.0f} % of its samples are of it"
