"""What deep models need of the spaces they meet, beyond what a `Need` can say; imports nothing heavy."""

from __future__ import annotations

from bench.spaces import Space

__all__ = ["same_series"]


def same_series(given: Space | None, wanted: Space | None) -> str:
    """Return a complaint where the series that are asked for are not those that are given."""
    if given is None or wanted is None or given.shape[1] == wanted.shape[1]:
        return ""
    return f"gives the next steps of the series it is given; got {given}, and {wanted} to tell"
