"""A data set as a task prepared it: parts as tensors, the encoding, and the truth that no model sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bench.data import Split
from bench.errors import DataError
from bench.model import Problem
from bench.tasks.encoding import Encoding, without_padding

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["Answer", "Arrays", "Part", "TaskData", "encoded"]

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]


@dataclass(frozen=True)
class Answer:
    """What a model answered for every sample of a part, in the part's order, and notes on how.

    arrays: rounded as they are stored, before they are scored: stored and live scores are one.
    """

    arrays: Arrays
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """Train, validation or test as tensors; any of them None where there is none.

    x:       (n, *input shape), float32 or int64, encoded.
    y:       (n, *target shape): classes and tokens int64 (-1: not asked), values float32, encoded (NaN: not asked).
    lengths: (n,) int64 where samples differ in length along t; x is padded.
    strata:  (n,) int64 whose shares smaller parts keep, where y holds no classes.
    is_ordered: are neighbours in the part neighbours in time?
    is_stepwise: do samples differ in length, and has y a value for each step of x? Then y is padded as x is.
    """

    x: Tensor | None = None
    y: Tensor | None = None
    lengths: Tensor | None = None
    strata: Tensor | None = None
    is_ordered: bool = False
    is_stepwise: bool = False

    def __len__(self) -> int:
        return len(self._any())

    def _any(self) -> Tensor:
        for tensor in (self.x, self.y, self.strata):
            if tensor is not None:
                return tensor
        raise ValueError("a part needs an input or a target")

    @property
    def target(self) -> Tensor:
        """The target; raises ValueError where there is none."""
        if self.y is None:
            raise ValueError("this part has no target")
        return self.y

    @property
    def device(self) -> torch.device:
        """Where the part lies."""
        return self._any().device

    def map(self, change: Callable[[Tensor], Tensor]) -> Part:
        """Return the part with every tensor changed."""
        given = (self.x, self.y, self.lengths, self.strata)
        x, y, lengths, strata = (None if each is None else change(each) for each in given)
        return Part(x, y, lengths, strata, self.is_ordered, self.is_stepwise)

    def to(self, device: torch.device) -> Part:
        """Return the part on a device; windows that share a storage share one there, too."""
        return self.map(lambda tensor: _moved(tensor, device))

    def take(self, indices: Tensor | slice) -> Part:
        """Return the samples at those indices."""
        return self.map(lambda tensor: tensor[indices])

    def nbytes(self) -> int:
        """Bytes of all tensors; those that share a storage, as overlapping windows do, count it once."""
        storages = {}
        for tensor in (self.x, self.y, self.lengths, self.strata):
            if tensor is not None:
                storages[tensor.untyped_storage().data_ptr()] = min(tensor.untyped_storage().nbytes(), tensor.nbytes)
        return sum(storages.values())

    def inputs(self) -> tuple[Tensor, ...]:
        """Return what `forward` is called with: nothing, the input, or the input and its lengths."""
        if self.x is None:
            return ()
        return (self.x,) if self.lengths is None else (self.x, self.lengths)

    def trimmed(self) -> Part:
        """Return the part without the padding that none of its samples needs: it would cost operations."""
        if self.lengths is None or self.x is None:
            return self
        longest = int(self.lengths.max())
        y = self.y[:, :longest] if self.is_stepwise and self.y is not None else self.y
        return Part(self.x[:, :longest], y, self.lengths, self.strata, self.is_ordered, self.is_stepwise)

    def layers(self) -> Tensor:
        """Return (n,) int64 on the CPU, the stratum of each sample: its class, where nothing else is said."""
        import torch

        if self.strata is not None:
            return self.strata.cpu()
        if self.y is not None and self.y.ndim == 1 and not self.y.is_floating_point():
            return self.y.cpu()
        return torch.zeros(len(self), dtype=torch.int64)

    def numpy(self) -> tuple[Any, Any]:
        """Return input and target as NumPy arrays on the host; inputs of varying length as a list of arrays."""
        x: Any = None if self.x is None else self.x.detach().cpu().numpy()
        y: Any = None if self.y is None else self.y.detach().cpu().numpy()
        if x is not None and self.lengths is not None:
            lengths = self.lengths.cpu().tolist()
            if y is not None and self.is_stepwise:
                y = [row[:length] for row, length in zip(y, lengths, strict=True)]
            x = [row[:length] for row, length in zip(x, lengths, strict=True)]
        return x, y


@dataclass(frozen=True)
class TaskData:
    """A data set as a task prepared it: the same numbers for every model.

    truth, validation_truth: what answers on the test and the validation part are scored against, raw; no model sees it.
    tools: what the task itself needs to reduce answers, such as the judge of samples; tasks keep no state.
    seed:  that of the run, from which the noise of samples follows.
    """

    problem: Problem
    train: Part
    validation: Part
    test: Part
    encoding: Encoding = field(default_factory=lambda: Encoding(None, None))
    validation_truth: Arrays = field(default_factory=dict)
    truth: Arrays = field(default_factory=dict)
    tools: tuple[Any, ...] = ()
    seed: int = 0

    def to(self, device: torch.device) -> TaskData:
        """Return the data on a device."""
        parts = {name: getattr(self, name).to(device) for name in ("train", "validation", "test")}
        return replace(self, **parts)

    def nbytes(self) -> int:
        """Bytes of all parts."""
        return self.train.nbytes() + self.validation.nbytes() + self.test.nbytes()

    def with_train(self, train: Part) -> TaskData:
        """Return the data with another training part, e.g. a smaller or a noisier one."""
        return replace(self, train=train, problem=replace(self.problem, training_size=len(train)))


def _moved(tensor: Tensor, device: torch.device) -> Tensor:
    storage = tensor.untyped_storage().nbytes() // tensor.element_size()
    if tensor.device == device or tensor.numel() <= storage:
        return tensor.to(device)
    whole = tensor.as_strided((storage,), (1,), 0).to(device)
    return whole.as_strided(tensor.shape, tensor.stride(), tensor.storage_offset())


def encoded(encoding: Encoding, split: Split, x: Array | None, y: Array | None, *, is_ordered: bool) -> Part:
    """Return a view of a split as a part; strata are kept only where y does not hold them already.

    Raises DataError where input and target both differ in length, and not alike.
    """
    import torch

    def tensor(array: Array | None) -> Tensor | None:
        # Arrays read straight from a file cannot be written to, and torch warns of such: a copy can.
        return None if array is None else torch.from_numpy(array if array.flags.writeable else array.copy())

    lengths = y_lengths = split.lengths if x is not None else None
    if x is not None and encoding.input is not None:
        x, lengths = encoding.input.encode(x, lengths)
    is_stepwise = False
    if y is not None and encoding.target is not None:
        y, y_lengths = encoding.target.encode(y, y_lengths)
        is_stepwise = lengths is not None and encoding.target.space.ragged
    if is_stepwise and encoding.target is not None and y is not None and y_lengths is not None:
        if not np.array_equal(lengths if lengths is not None else (), y_lengths):
            raise DataError("where input and target differ in length, they must do so alike: a step of y for each of x")
        y = without_padding(encoding.target.space, y, y_lengths)
    # A view may make other samples than the file has, such as windows of a series; they have no strata of the file's.
    count = next((len(array) for array in (x, y) if array is not None), len(split))
    strata = split.layers() if count == len(split) else np.zeros(count, np.int64)
    is_known = y is not None and y.ndim == 1 and y.dtype == np.int64 and np.array_equal(y, strata)
    is_one = not len(strata) or bool((strata == strata[0]).all())
    kept = None if is_known or is_one else tensor(strata)
    return Part(tensor(x), tensor(y), tensor(lengths), kept, is_ordered, is_stepwise)
