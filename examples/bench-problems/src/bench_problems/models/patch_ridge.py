"""Super-resolution by one linear map from a neighbourhood of small pixels to the large ones in its middle."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench import Problem

__all__ = ["PatchRidge"]

Array = npt.NDArray[np.floating]


class PatchRidge:
    """Ridge regression, the same at every place of every image.

    side:  of the square neighbourhood, odd; beyond the border the outermost pixels repeat.
    alpha: penalty on squared weights, relative to the number of places.
    """

    def __init__(self, problem: Problem, *, side: int, alpha: float) -> None:
        self.side, self.alpha = side, alpha
        self.factor = problem.wanted.sizes[1] // problem.given.sizes[1]
        self.weights: npt.NDArray[np.float64] = np.zeros((0, 0))

    def fit(self, x: Array, y: Array) -> PatchRidge:
        """Solve the normal equations; x: (n, c, h, w), y: (n, c, factor · h, factor · w)."""
        patches = self._patches(x)
        n, channels, height, width = x.shape
        blocks = y.reshape(n, channels, height, self.factor, width, self.factor)
        wanted = blocks.transpose(0, 2, 4, 1, 3, 5).reshape(len(patches), -1).astype(np.float64)
        penalty = self.alpha * len(patches) * np.eye(patches.shape[1])
        penalty[-1, -1] = 0  # the constant is not pulled to zero
        self.weights = np.linalg.solve(patches.T @ patches + penalty, patches.T @ wanted)
        return self

    def predict(self, x: Array) -> Array:
        """Return (n, c, factor · h, factor · w)."""
        n, channels, height, width = x.shape
        blocks = (self._patches(x) @ self.weights).reshape(n, height, width, channels, self.factor, self.factor)
        large = blocks.transpose(0, 3, 1, 4, 2, 5)
        return large.reshape(n, channels, height * self.factor, width * self.factor).astype(np.float32)

    def _patches(self, x: Array) -> npt.NDArray[np.float64]:
        """Return the neighbourhood of each pixel and a one, (n · h · w, c · side² + 1)."""
        rim = self.side // 2
        padded = np.pad(x.astype(np.float64), ((0, 0), (0, 0), (rim, rim), (rim, rim)), mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, (self.side, self.side), axis=(2, 3))
        rows = windows.transpose(0, 2, 3, 1, 4, 5).reshape(x.shape[0] * x.shape[2] * x.shape[3], -1)
        return np.concatenate([rows, np.ones((len(rows), 1))], 1)
