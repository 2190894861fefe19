"""Say in a sentence what a verdict speaks of, and which runs it leaves out."""

from __future__ import annotations

from bench.evidence.estimate import Estimate
from bench.evidence.observations import Observations

__all__ = ["notes", "scope"]


def scope(found: Estimate, *, is_cost: bool = False) -> str:
    """Return what an estimate holds for: other seeds, other test samples, other data, or other runs on a machine."""
    if is_cost and found.basis != "nothing":
        return f"Holds for other runs on the same machine ({found.seeds} of each model)."
    if found.basis == "splits":
        return (
            f"Holds for other training and test parts of this data ({found.splits} splits, "
            f"{_several(found.seeds, 'seed')}, varied together)."
        )
    if found.basis == "seeds and samples":
        return (
            f"Holds for other seeds and other test samples ({found.seeds} seeds, {found.samples:,} independent test "
            "samples) of models trained on this training part; other training data may give another order."
        )
    if found.basis == "samples":
        seeds = (
            "the answers are the same for every seed"
            if found.is_repeated
            else "one seed, so that nothing is known of other seeds"
        )
        return f"Holds for other test samples ({found.samples:,} independent ones; {seeds}) and this training part."
    if found.basis == "seeds":
        return f"Holds for other seeds ({found.seeds}) on this very test part; nothing is known of other test samples."
    if found.is_repeated:
        return "Says nothing of other runs: all are identical and count as one."
    return "Says nothing of other runs: there are too few to compare."


def notes(observations: Observations, a: str, b: str, shared: int) -> str:
    """Return which runs of a pair failed or are missing, and what that means for the verdict; "" where none are."""
    parts = []
    for model in (a, b):
        if failed := observations.failures(model):
            ended = len(observations.finite(model))
            parts.append(
                f"{failed} of {failed + ended} runs of {model} failed; those that ended can tell against it, "
                "not in its favour"
            )
    most = max(len(observations.finite(a)), len(observations.finite(b)))
    if shared < most:
        parts.append(f"{_several(shared, 'run')} of {most} shared by both")
    return "; ".join(parts)


def _several(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
