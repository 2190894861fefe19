"""The scores of samples that do not grow where samples are few, beside the Fréchet distance, which does."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bench.metrics.extrapolation import FEWEST, frechet_distance_at_infinity
from bench.metrics.kernel_distance import kernel_distance
from bench.record import Score
from bench.specs import Value

__all__ = ["unbiased_distances"]

Floats = NDArray[np.float64]


def unbiased_distances(real: Floats, fake: Floats, extractor: str) -> Iterator[Score]:
    """Yield the kernel distance, `kd:EXTRACTOR`, and the distance at infinity, `fd_infinity:EXTRACTOR`.

    real: (n, d) features; fake: (m, d) features. Both can lie a little below 0. Of fewer than 20 samples there is no
    distance at infinity. The time of the first goes with n m: give a few thousand samples.
    """
    detail: dict[str, Value] = {"n_real": len(real), "n_fake": len(fake)}
    yield _score(f"kd:{extractor}", "Kernel distance", kernel_distance(real, fake), detail)
    if len(fake) >= FEWEST:
        value = frechet_distance_at_infinity(real, fake)
        yield _score(f"fd_infinity:{extractor}", "Fréchet distance at infinity", value, detail)


def _score(name: str, title: str, value: float, detail: dict[str, Value]) -> Score:
    return Score(name=name, title=title, value=value, higher_is_better=False, detail=detail)
