"""The order in which families of models stand, everywhere in a report."""

from __future__ import annotations

from typing import get_args

from bench.specs import Family

__all__ = ["family_place"]

FAMILIES: tuple[str, ...] = get_args(Family)


def family_place(family: str) -> int:
    """Return where a family stands: shallow models first, then deep, then generative ones."""
    return FAMILIES.index(family)
