"""What models of series need of the spaces they meet, beyond what a `Need` can say; imports nothing heavy."""

from __future__ import annotations

from bench.spaces import Space

__all__ = ["few_values", "same_series"]

# A model for each of them is trained by itself.
MOST_VALUES = 128


def same_series(given: Space | None, wanted: Space | None) -> str:
    """Return a complaint where the series that are asked for are not those that are given."""
    if given is None or wanted is None or given.shape[1] == wanted.shape[1]:
        return ""
    return f"gives the next steps of the series it is given; got {given}, and {wanted} to tell"


def few_values(given: Space | None, wanted: Space | None) -> str:
    """Return a complaint where a sample asks for more values than models that tell one each should be trained for."""
    if wanted is None or wanted.output_size <= MOST_VALUES:
        return ""
    return f"gives at most {MOST_VALUES} values, a model for each; got {wanted}"
