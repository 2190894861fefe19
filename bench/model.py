"""What a model meets: the problem it is built for and the interfaces the harness looks for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from bench.errors import ContractError

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import Tensor

__all__ = ["BlackBox", "Generator", "Network", "Problem"]


@dataclass(frozen=True)
class Problem:
    """What a model is built for: shapes only, never the data.

    input_shape:  shape of one sample without the batch axis, e.g. (13,) for a table, (1, 28, 28) for grey images.
    class_count:  number of classes, None where the task has none.
    training_size: number of training samples.
    """

    task: str
    dataset: str
    input_shape: tuple[int, ...]
    class_count: int | None
    training_size: int

    @property
    def input_size(self) -> int:
        """Numbers in one sample."""
        return math.prod(self.input_shape)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of one sample; raises ContractError where samples are not images."""
        if len(self.input_shape) != 3:
            raise ContractError(
                f"this model needs images, (channels, height, width); "
                f"one sample of {self.dataset!r} has shape {self.input_shape}"
            )
        channels, height, width = self.input_shape
        return channels, height, width

    @property
    def classes(self) -> int:
        """The number of classes; raises ValueError where the task has none."""
        if self.class_count is None:
            raise ValueError(f"task {self.task!r} on {self.dataset!r} has no classes")
        return self.class_count


@runtime_checkable
class Network(Protocol):
    """A discriminative torch model: an `nn.Module` whose `forward` maps (n, *input_shape) to (n, classes) logits.

    Optional: `optimizer()` returns the optimizer to use instead of the protocol's own;
    `training_step(batch)` replaces `loss(forward(x), y)`. It returns either a scalar loss tensor, and the
    harness calls `backward` and `step`, or a mapping of named scalar losses, and the model has stepped
    its own optimizers (as a GAN does).
    """

    def forward(self, x: Tensor, /) -> Tensor:
        """Map a batch (n, *input_shape) to logits (n, classes)."""
        ...


@runtime_checkable
class Generator(Protocol):
    """A generative model: a torch module with `training_step`, or a black box with `fit(x, y)`.

    Images are float32 in [-1, 1]. A density model also has `log_likelihood(x)`, nats per sample, shape (n,).
    """

    def sample(self, n: int, condition: torch.Tensor | None = None) -> torch.Tensor:
        """Draw n samples, (n, *input_shape) in [-1, 1]; `condition` holds n class labels where given."""
        ...


@runtime_checkable
class BlackBox(Protocol):
    """A model that trains itself: scikit-learn, XGBoost … Timed as a whole.

    x: (n, input_size) float32, flattened and standardised; y: (n,) int64.
    """

    def fit(self, x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> Any:
        """Train on the training part."""
        ...

    def predict_proba(self, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Class probabilities, (n, classes)."""
        ...
