"""What a model meets: the problem it is built for and the interfaces the harness looks for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from bench.errors import ContractError
from bench.spaces import AnswerKind, Space

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

__all__ = ["BlackBox", "Generator", "Network", "Problem", "is_network"]


@dataclass(frozen=True)
class Problem:
    """What a model is built for: spaces only, never the data.

    answer:        the role it is built for: `predict`, `sample`, `score` or `assign`.
    input:         what is given, encoded; None where nothing is.
    target:        what must be produced, or what samples look like; None where nothing is said of it.
    training_size: number of training samples.
    """

    task: str
    dataset: str
    training_size: int
    answer: AnswerKind = "predict"
    input: Space | None = None
    target: Space | None = None

    @property
    def given(self) -> Space:
        """The input's space; raises ContractError where the task gives nothing."""
        if self.input is None:
            raise ContractError(f"this model needs an input; task {self.task!r} on {self.dataset!r} gives none")
        return self.input

    @property
    def wanted(self) -> Space:
        """The target's space; raises ContractError where the task has none."""
        if self.target is None:
            raise ContractError(f"this model needs a target; task {self.task!r} on {self.dataset!r} has none")
        return self.target

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one sample's input without the batch axis, e.g. (13,) for a table."""
        return self.given.sizes

    @property
    def input_size(self) -> int:
        """Numbers in one sample's input."""
        return math.prod(self.input_shape)

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of what a network answers for one sample: (classes,) logits, or the values."""
        return self.wanted.output_shape

    @property
    def output_size(self) -> int:
        """Numbers that a network answers for one sample."""
        return self.wanted.output_size

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of the images given, or of those to draw where nothing is given.

        Raises ContractError where there are no images.
        """
        space = self.input if self.input is not None and self.answer != "sample" else self.target
        if space is None or space.axes != "chw":
            raise ContractError(
                f"this model needs images, (channels, height, width); {self.dataset!r} has {space or 'nothing'}"
            )
        channels, height, width = space.sizes
        return channels, height, width

    @property
    def classes(self) -> int:
        """The number of classes; raises ContractError where the target is no class."""
        if self.target is None or self.target.kind != "index" or self.target.axes or self.target.size is None:
            raise ContractError(f"task {self.task!r} on {self.dataset!r} has no classes; its target is {self.target}")
        return self.target.size


def is_network(model: Any) -> bool:
    """Is this a torch module, trained by our loop, rather than a black box?"""
    import torch

    return isinstance(model, torch.nn.Module)


@runtime_checkable
class Network(Protocol):
    """A torch model: an `nn.Module` that answers for its role.

    predict: `forward(x)` maps (n, *input_shape) to (n, *output_shape): logits of classes or tokens, or values as they
             are encoded; `forward(x, lengths)` where samples differ in length.
    sample:  `sample(n)`, or `sample(n, x)` where something is given; needs a `training_step`.
    score:   `score_samples(x)`, (n,), higher is more normal.  assign: `assign(x)`, (n,) whole numbers.

    Optional: `optimizer()` returns the optimizer to use instead of the protocol's own; `training_step(batch)` replaces
    `loss(forward(x), y)`, with a `bench.tasks.base.Part` of `x`, `y` and `lengths`. It returns either a scalar loss
    tensor, and the harness calls `backward` and `step`, or a mapping of named scalar losses, and the model has stepped
    its own optimizers (as a GAN does). `finish(part)` takes a step on the whole training part after the best weights
    are back, on the training clock (an autoencoder's k-means).
    """

    def forward(self, x: Tensor, /) -> Tensor:
        """Map a batch (n, *input_shape) to (n, *output_shape)."""
        ...


@runtime_checkable
class Generator(Protocol):
    """A model that samples: a torch module with `training_step`, or a black box with `fit`.

    Images are float32 in [-1, 1]. A model with a likelihood also has one of `log_probability(y)`, of images of 256 grey
    levels (or of as many as its attribute `levels` says), `log_probability_bound(y)`, never more than that, and
    `log_likelihood(y)`, the logarithm of a density; each with `(y, x)` where something is given. Nats, shape (n,).
    """

    def sample(self, n: int) -> Any:
        """Draw n samples, (n, *target shape) as they are encoded; `sample(n, x)` where something is given."""
        ...


@runtime_checkable
class BlackBox(Protocol):
    """A model that trains itself: scikit-learn, XGBoost … Timed as a whole.

    `fit` is called with whichever of x and y there is, NumPy arrays as they are encoded: (n, *input shape) float32
    standardised, categories as whole numbers and gaps as NaN, a list of arrays where samples differ in length;
    y: (n,) int64 classes, or values. Then `predict_proba` (classes), `predict` (values), `sample(n)`, or
    `score_samples` (higher is more normal). What wants flat numbers puts `bench.columns.Flat` in front.
    """

    def fit(self, x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> Any:
        """Train on the training part."""
        ...
