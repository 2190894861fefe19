"""Score predicted tokens against true ones, in NumPy alone, so that kept answers can be scored anywhere.

top, tokens: (n, length) whole numbers, the most probable and the true one, -1 where nothing is asked.
log_likelihoods: (n, length) of the true tokens in nats, NaN where nothing is asked. All arithmetic is in float64.
Raises ValueError where shapes differ, NotEnoughSamples where nothing was asked for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import NotEnoughSamples

__all__ = ["nats_per_token", "sequence_accuracy", "token_accuracy"]


def token_accuracy(top: ArrayLike, tokens: ArrayLike) -> float:
    """Share of tokens that were asked for and are the most probable ones."""
    is_right, is_asked = _compared(top, tokens)
    return float(is_right[is_asked].mean())


def sequence_accuracy(top: ArrayLike, tokens: ArrayLike) -> float:
    """Share of sequences of which every token that was asked for is right; those of which none was asked left out."""
    is_right, is_asked = _compared(top, tokens)
    whole: NDArray[np.bool_] = np.all(is_right | ~is_asked, axis=1)
    return float(whole[is_asked.any(1)].mean())


def nats_per_token(log_likelihoods: ArrayLike) -> float:
    """Mean negative log-likelihood of the tokens that were asked for."""
    values = np.asarray(log_likelihoods, dtype=np.float64)
    if not (~np.isnan(values)).any():
        raise NotEnoughSamples("a score of tokens needs at least one that is asked for; got none")
    return float(-np.nanmean(values))


def _compared(top: ArrayLike, tokens: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return (n, length) twice: which are right, which were asked for."""
    given, true = np.asarray(top, dtype=np.int64), np.asarray(tokens, dtype=np.int64)
    if given.shape != true.shape or given.ndim != 2:
        raise ValueError(f"top and tokens need one shape, (n, length); got {given.shape} and {true.shape}")
    is_asked = true >= 0
    if not is_asked.any():
        raise NotEnoughSamples(f"a score of tokens needs at least one that is asked for; got none of {true.size}")
    return given == true, is_asked
