"""Metrics against their definitions, written out the slow way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from bench_problems import metrics
from scipy.ndimage import uniform_filter
from sklearn.metrics import r2_score, root_mean_squared_error

BOUNDS = np.array([-1.0, 3.0])
RANDOM = np.random.RandomState(3)


def test_errors_of_numbers_agree_with_scikit_learn() -> None:
    true = RANDOM.normal(100, 20, 50).astype(np.float32)
    given = true + RANDOM.normal(0, 5, 50).astype(np.float32)
    assert metrics.rmse(given, true) == pytest.approx(root_mean_squared_error(true, given), rel=1e-6)
    assert metrics.r2(given, true) == pytest.approx(r2_score(true, given), rel=1e-6)
    assert math.isnan(metrics.r2(given, np.ones(50)))


def test_likelihoods_count_only_what_was_asked() -> None:
    likelihoods = np.log(np.array([[0.5, 0.25], [0.125, np.nan]]))
    assert metrics.bits_per_character(likelihoods) == pytest.approx(2)
    assert metrics.nats_per_character(likelihoods) == pytest.approx(2 * math.log(2))
    assert metrics.top_accuracy(np.array([[1, 2], [3, 0]]), np.array([[1, 0], [3, -1]])) == pytest.approx(2 / 3)


def ssim_of(x: np.ndarray, y: np.ndarray, span: float) -> float:
    """One channel as scikit-image has it: filter everywhere, then cut the border off where windows leave the image."""
    sample = 49 / 48
    mean_x, mean_y = uniform_filter(x, 7), uniform_filter(y, 7)
    var_x, var_y = (sample * (uniform_filter(a * a, 7) - m * m) for a, m in ((x, mean_x), (y, mean_y)))
    covariance = sample * (uniform_filter(x * y, 7) - mean_x * mean_y)
    first, second = (0.01 * span) ** 2, (0.03 * span) ** 2
    above = (2 * mean_x * mean_y + first) * (2 * covariance + second)
    below = (mean_x**2 + mean_y**2 + first) * (var_x + var_y + second)
    return float((above / below)[3:-3, 3:-3].mean())


def test_ssim_is_that_of_scikit_image() -> None:
    true = RANDOM.uniform(-1, 3, (4, 2, 12, 9))
    given = np.clip(true + RANDOM.normal(0, 0.3, true.shape), -1, 3)
    channels = zip(given.reshape(8, 12, 9), true.reshape(8, 12, 9), strict=True)
    assert metrics.ssim(given, true, BOUNDS) == pytest.approx(np.mean([ssim_of(x, y, 4.0) for x, y in channels]))
    assert metrics.ssim(true, true, BOUNDS) == pytest.approx(1)
    # Of images smaller than the window, the largest odd window is taken.
    assert metrics.ssim(true[..., :4, :4], true[..., :4, :4], BOUNDS) == pytest.approx(1)


def test_psnr_is_the_mean_over_images_and_finite_for_equal_ones() -> None:
    true = np.zeros((2, 1, 4, 4))
    given = np.stack([np.full((1, 4, 4), 0.4), np.full((1, 4, 4), 0.04)])
    assert metrics.psnr(given, true, BOUNDS) == pytest.approx(30)
    assert metrics.psnr(true, true, BOUNDS) == pytest.approx(20 * math.log10(255) + 10 * math.log10(12))
