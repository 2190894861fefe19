"""What needs cannot say; read while runs are planned, so nothing heavy is imported."""

from __future__ import annotations

from bench.spaces import Space

__all__ = ["HALVINGS", "grey", "sides_in_quarters"]

# Two layers of stride 2.
HALVINGS = 4


def sides_in_quarters(given: Space | None, wanted: Space | None) -> str:
    """Return a complaint about images whose sides two halvings do not divide."""
    _, *sides = wanted.sizes if wanted is not None else (0,)
    if all(side % HALVINGS == 0 for side in sides):
        return ""
    return f"gives images with sides divisible by {HALVINGS}; got {wanted}"


def grey(given: Space | None, wanted: Space | None) -> str:
    """Return a complaint about images of more than one channel, on either side."""
    for space, verb in ((wanted, "gives"), (given, "takes")):
        if space is not None and space.axes == "chw" and space.sizes[0] != 1:
            return f"{verb} images of one channel; got {space}"
    return ""
