"""`bench run --until-decided`: which runs it begins with, and what is said of it at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from bench.evidence import Basis, Outlook
    from bench.runner.until_decided import Group

__all__ = ["as_json", "at_most", "say"]

# In this order.
DECIDED: dict[Outlook, str] = {"different": "different", "equivalent": "equivalent"}
ONLY: dict[Basis, str] = {
    "seeds and samples": "only more test samples or splits would",
    "samples": "only more test samples or splits would",
    "splits": "only more data would",
    "nothing": "all their runs are the same",
}


def say(groups: Sequence[Group], most: int) -> None:
    """Print what became of each group, and what was saved."""
    for group in groups:
        click.echo(f"{group}: {_seeds(group.seeds)} of {most}; {_told(group)}")
    saved = sum(len(group.saved) for group in groups)
    counts = [group.seeds for group in groups]
    used = f"{counts[0]}" if len(set(counts)) == 1 else f"{min(counts)} to {max(counts)}"
    click.echo(f"Until decided: {used} of {most} seeds" + (f": saved {_runs(saved)}" if saved else ""))


def as_json(groups: Iterable[Group], most: int) -> dict[str, Any]:
    """Return the same for scripts, every pair with its verdict."""
    listed = [
        {
            "dataset": group.dataset,
            "task": group.task,
            "protocol": group.protocol,
            "seeds": group.seeds,
            "saved_runs": len(group.saved),
            "pairs": [_pair(looked.variant, *each) for looked in group.looked for each in _each(looked)],
        }
        for group in groups
    ]
    return {"max_seeds": most, "saved_runs": sum(each["saved_runs"] for each in listed), "groups": listed}


def at_most(groups: Iterable[Group]) -> str:
    """Return how many runs may follow those that are shown."""
    later = sum(len(group.saved) for group in groups if not group.is_closed)
    if not later:
        return "No further seeds: all pairs are decided, or beyond what seeds can decide"
    return f"Then seed by seed until all pairs are decided, or beyond what seeds can decide: at most {_runs(later)}"


def _each(looked: Any) -> Iterator[tuple[Any, str]]:
    yield from zip(looked.pairs, looked.outlooks, strict=True)


def _pair(variant: str, pair: Any, outlook: str) -> dict[str, Any]:
    found = {"variant": variant, "a": pair.a, "b": pair.b, "difference": pair.difference, "low": pair.low}
    return found | {"high": pair.high, "p_adjusted": pair.p_adjusted, "better": pair.better, "outlook": outlook}


def _told(group: Group) -> str:
    counts = group.outlooks
    if not counts:
        return "nothing to compare: no two models have a run that ended"
    parts = [f"{counts[name]} {word}" for name, word in DECIDED.items() if counts[name]]
    beyond = [pair for looked in group.looked for pair, outlook in _each(looked) if outlook == "beyond"]
    if beyond:
        why = " or ".join(dict.fromkeys(ONLY.get(pair.basis, ONLY["splits"]) for pair in beyond))
        parts.append(f"{len(beyond)} that no number of seeds can decide ({why})")
    if counts["failed"]:
        parts.append(f"{counts['failed']} left open by runs that failed")
    if counts["open"]:
        parts.append(f"{counts['open']} still open: --max-seeds ended it")
    total = counts.total()
    return f"of {total} {'pair' if total == 1 else 'pairs'} {', '.join(parts)}"


def _seeds(count: int) -> str:
    return f"{count} seed" if count == 1 else f"{count} seeds"


def _runs(count: int) -> str:
    return f"{count} run" if count == 1 else f"{count} runs"
