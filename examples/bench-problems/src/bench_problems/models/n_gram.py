"""An n-gram model with back-off: what followed the last few characters, and where they are new, fewer of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench import Problem

__all__ = ["NGram"]

Array = npt.NDArray[np.generic]
Counts = dict[tuple[int, ...], npt.NDArray[np.float64]]


class NGram:
    """Witten-Bell smoothing: a context hands on as much probability as it has seen different characters follow.

    p(c | context) = (count(context c) + kinds(context) · p(c | context without its first)) / (count + kinds)
    (Witten & Bell, 1991, method C). Below the empty context every character is equally probable.

    order: characters of a gram; the context is one shorter.
    """

    def __init__(self, problem: Problem, *, order: int) -> None:
        self.size, self.longest = problem.wanted.size or 0, order - 1
        self.counts: Counts = {}
        self._known: Counts = {}

    def fit(self, x: Array, y: Array) -> NGram:
        """Count what follows every context of 0 to order - 1 characters; x, y: (n, length) whole numbers."""
        self.counts, self._known = {}, {}
        for given, wanted in zip(x.tolist(), y.tolist(), strict=True):
            for place, character in enumerate(wanted):
                for context in self._contexts(given, place):
                    if context not in self.counts:
                        self.counts[context] = np.zeros(self.size)
                    self.counts[context][character] += 1
        return self

    def predict_proba(self, x: Array) -> npt.NDArray[np.float64]:
        """Return one row for each character of (n, length): (n · length, size)."""
        rows = [self._shares(self._contexts(row, place)[-1]) for row in x.tolist() for place in range(len(row))]
        return np.stack(rows)

    def _contexts(self, given: list[int], place: int) -> list[tuple[int, ...]]:
        """Return the last 0, 1, … characters up to a place, the longest context last."""
        return [tuple(given[place + 1 - size : place + 1]) for size in range(min(self.longest, place + 1) + 1)]

    def _shares(self, context: tuple[int, ...]) -> npt.NDArray[np.float64]:
        """Return (size,) probabilities after a context, and remember them."""
        if context not in self._known:
            shorter = self._shares(context[1:]) if context else np.full(self.size, 1 / self.size)
            counts = self.counts.get(context)
            if counts is not None:
                kinds = np.count_nonzero(counts)
                shorter = (counts + kinds * shorter) / (counts.sum() + kinds)
            self._known[context] = shorter
        return self._known[context]
