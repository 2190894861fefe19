"""Scores as pure functions of NumPy arrays: of kept answers and truth, never of a model or of the data."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["bits_per_character", "mse", "nats_per_character", "psnr", "r2", "rmse", "ssim", "top_accuracy"]

Array = npt.NDArray[np.generic]
# The window and the two constants of Wang et al., 2004, as scikit-image sets them.
WINDOW, K1, K2 = 7, 0.01, 0.03
LEVELS = 255


def _errors(predictions: Array, targets: Array) -> npt.NDArray[np.float64]:
    return predictions.astype(np.float64) - targets.astype(np.float64)


def mse(predictions: Array, targets: Array) -> float:
    """Mean squared error over every value of every sample, in squared units of the data; (n, …) each."""
    return float((_errors(predictions, targets) ** 2).mean())


def rmse(predictions: Array, targets: Array) -> float:
    """Root of the mean squared error, in units of the data; (n, …) each."""
    return mse(predictions, targets) ** 0.5


def r2(predictions: Array, targets: Array) -> float:
    """Share of the targets' variance that predictions explain, (n,) each: at most 1, and 0 for their mean.

    NaN where all targets are equal: there is nothing to explain.
    """
    spread = float(targets.astype(np.float64).var())
    return 1 - mse(predictions, targets) / spread if spread else float("nan")


def nats_per_character(log_likelihoods: Array) -> float:
    """Mean negative log-likelihood of the characters that followed, (n, length); NaN where none was asked for."""
    return -float(np.nanmean(log_likelihoods.astype(np.float64)))


def bits_per_character(log_likelihoods: Array) -> float:
    """The same in bits: what an ideal compressor would need for each character."""
    return nats_per_character(log_likelihoods) / float(np.log(2))


def top_accuracy(top: Array, tokens: Array) -> float:
    """Share of places at which the most probable character followed; (n, length) each, -1 where none was asked for."""
    is_asked = tokens >= 0
    return float((top == tokens)[is_asked].mean())


def psnr(predictions: Array, targets: Array, bounds: Array) -> float:
    """Peak signal-to-noise ratio in decibels, mean over images; (n, channels, height, width) each, bounds (2,).

    Answers are kept as 256 levels: an error below what rounding to them causes, step² / 12, counts as that.
    """
    span = float(bounds[1] - bounds[0])
    squares = (_errors(predictions, targets) ** 2).mean(axis=(1, 2, 3))
    return float((10 * np.log10(span**2 / np.maximum(squares, (span / LEVELS) ** 2 / 12))).mean())


def ssim(predictions: Array, targets: Array, bounds: Array) -> float:
    """Structural similarity, mean over images, channels and places; arrays as for `psnr`; at most 1.

    Every window of 7 × 7 pixels, or of the largest odd side that fits, that lies inside the image counts alike;
    variances are those of a sample (Wang et al., 2004, eq. 13; scikit-image's definition).
    """
    x, y = predictions.astype(np.float64), targets.astype(np.float64)
    side = min(WINDOW, *(size - (size + 1) % 2 for size in x.shape[2:]))
    span = float(bounds[1] - bounds[0])
    first, second = (K1 * span) ** 2, (K2 * span) ** 2
    sample = side**2 / (side**2 - 1) if side > 1 else 1.0
    mean_x, mean_y = _windows(x, side), _windows(y, side)
    var_x = sample * (_windows(x * x, side) - mean_x**2)
    var_y = sample * (_windows(y * y, side) - mean_y**2)
    covariance = sample * (_windows(x * y, side) - mean_x * mean_y)
    alike = (2 * mean_x * mean_y + first) * (2 * covariance + second)
    return float((alike / ((mean_x**2 + mean_y**2 + first) * (var_x + var_y + second))).mean())


def _windows(images: npt.NDArray[np.float64], side: int) -> npt.NDArray[np.float64]:
    """Mean of every side × side window, (n, channels, height - side + 1, width - side + 1)."""
    height, width = (size - side + 1 for size in images.shape[2:])
    total = np.zeros((*images.shape[:2], height, width))
    for row in range(side):
        for column in range(side):
            total += images[:, :, row : row + height, column : column + width]
    return total / side**2
