"""Means and covariances of large sets of images, some rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

__all__ = ["chunks", "covariance_of", "flat_rows", "mean_variance", "shrunk"]

# 60,000 images of 28 x 28 would be 376 MB in float64; so many are 26 MB.
ROWS_AT_ONCE = 4096


def flat_rows(y: Any) -> Tensor:
    """Return samples (n, *shape), an array or a tensor, as rows (n, d) on the CPU, without a copy where one can do."""
    return torch.as_tensor(y).cpu().flatten(1)


def chunks(rows: Tensor, size: int = ROWS_AT_ONCE) -> Iterator[Tensor]:
    """Yield rows (n, d) in float64, `size` at a time."""
    for part in torch.split(rows, size):
        yield part.double()


def covariance_of(rows: Tensor, *, is_unbiased: bool = False) -> tuple[Tensor, Tensor]:
    """Return mean (d,) and covariance (d, d) of rows (n, d), float64; divided by n, or by n - 1 where unbiased."""
    mean = torch.stack([part.sum(0) for part in chunks(rows)]).sum(0) / len(rows)
    products = torch.zeros(len(mean), len(mean), dtype=torch.float64)
    for part in chunks(rows):
        centred = part - mean
        products.addmm_(centred.T, centred)
    return mean, products / max(1, len(rows) - is_unbiased)


def mean_variance(covariance: Tensor) -> float:
    """Return tr S / d, and a little where nothing varies: data without any variance still need a density."""
    return max(float(covariance.trace()) / len(covariance), torch.finfo(torch.float32).eps)


def shrunk(covariance: Tensor, shrinkage: float) -> Tensor:
    """Draw a covariance (d, d) towards a ball, (1 - λ) S + λ (tr S / d) I (Ledoit & Wolf, 2004, eq. 14).

    Without that, pixels that never change make it singular.
    """
    ball = mean_variance(covariance) * torch.eye(len(covariance), dtype=torch.float64)
    return (1 - shrinkage) * covariance + shrinkage * ball
