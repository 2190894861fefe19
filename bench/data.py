"""Data in memory: raw parts, how they are cut, and whether they hold what the data set declares."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.conformity import complaint
from bench.errors import DataError
from bench.specs import DatasetSpec

__all__ = ["Dataset", "Split", "fold", "holdout", "split"]

Array = npt.NDArray[Any]
# Shares of all that is not yet cut off.
TEST_SHARE, VALIDATION_SHARE = 0.2, 0.2
# Into so many equal parts a real target is cut, so that each part of the data holds small and large ones.
STRATA = 10


@dataclass(frozen=True)
class Split:
    """One part of a data set, raw: in the units of the data, before anything is fitted.

    x:       (n, *input shape) numbers, or (n,) strings; images are channels first. uint8 stands for 256 levels between
             the bounds of its space: an image in 0 … 255 of a space with bounds (0, 1) is read as 0 … 1.
    y:       (n, *target shape) of the default target; None where the data set has none.
    strata:  (n,) int64 that resplits and smaller parts keep the shares of; by default the classes, or the tenths of a
             real target.
    groups:  (n,) int64 that no split tears apart, such as the patient of each picture.
    lengths: (n,) int64 where samples differ in length along t and x is padded.
    """

    x: Array
    y: Array | None = None
    strata: Array | None = None
    groups: Array | None = None
    lengths: Array | None = None

    def __post_init__(self) -> None:
        if not len(self.x):
            raise DataError("a split needs at least one sample; got none")
        for name in ("y", "strata", "groups", "lengths"):
            array = getattr(self, name)
            if array is not None and len(array) != len(self.x):
                raise DataError(f"a split needs as many {name} as samples; got {len(array)} and {len(self.x)}")

    def __len__(self) -> int:
        return len(self.x)

    def _map(self, change: Callable[[str, Array], Array]) -> Split:
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        changed: dict[str, Any] = {
            name: None if array is None else change(name, array) for name, array in given.items()
        }
        return Split(**changed)

    def take(self, indices: Array) -> Split:
        """Return the samples at those indices."""
        return self._map(lambda _, array: array[indices])

    def joined(self, *others: Split) -> Split:
        """Return this part and others as one, in this order."""
        return self._map(lambda name, array: np.concatenate([array, *(getattr(other, name) for other in others)]))

    def layers(self) -> Array:
        """Return (n,) int64, the stratum of each sample."""
        if self.strata is not None:
            return self.strata
        y = self.y
        if y is None or y.ndim != 1 or y.dtype.kind not in "iuf":
            return np.zeros(len(self), np.int64)
        return _tenths(y) if y.dtype.kind == "f" else y.astype(np.int64)

    def for_spec(self, spec: DatasetSpec) -> Split:
        """Return the split with the strata that its array alone cannot tell: whole numbers that are no classes."""
        y, is_real = self.y, spec.targets is not None and spec.targets.kind == "real"
        if not is_real or self.strata is not None or y is None or y.ndim != 1 or y.dtype.kind not in "iu":
            return self
        return replace(self, strata=_tenths(y))

    def sha256(self) -> str:
        """Hash of shape, type and content of all that a task may read: two equal hashes are the same data."""
        digest = hashlib.sha256()
        for array in (self.x, self.y, self.lengths):
            if array is not None:
                digest.update(f"{array.dtype}{array.shape}".encode())
                digest.update(_bytes(array))
        return digest.hexdigest()


def _tenths(y: Array) -> Array:
    """Return (n,) int64, in which tenth of all the values each one lies."""
    known = y[np.isfinite(y)]
    edges = np.quantile(known, np.linspace(0, 1, STRATA + 1)[1:-1]) if len(known) else np.zeros(0)
    return np.searchsorted(edges, y, side="right").astype(np.int64)


def _bytes(array: Array) -> Any:
    if array.dtype.kind == "O":
        return "\0".join(map(str, array.ravel())).encode()
    return (
        np.ascontiguousarray(array).view(np.uint8).data if array.dtype.kind == "U" else np.ascontiguousarray(array).data
    )


@dataclass(frozen=True)
class Dataset:
    """A data set in memory, in parts. The official test part is the test part; validation is cut from training.

    whole: all samples in the order of the file, where the parts were cut by us and not by the publisher.
    """

    spec: DatasetSpec
    train: Split
    validation: Split
    test: Split
    whole: Split | None = None

    def __post_init__(self) -> None:
        for name, part in self.parts().items():
            object.__setattr__(self, name, part.for_spec(self.spec))

    @classmethod
    def cut(cls, spec: DatasetSpec, whole: Split) -> Dataset:
        """Cut data that comes without an official test part: 64 % train, 16 % validation, 20 % test."""
        whole = whole.for_spec(spec)
        return cls(spec, *holdout(whole, 0, is_ordered=spec.ordered), whole)

    def resplit(self, scheme: str, number: int, count: int = 1) -> Dataset:
        """Return the same samples in other parts: the number-th random cut, or fold `number` of `count`.

        Cut before anything is fitted; strata keep their shares, groups stay together, and data in the order of time
        are cut in that order, with the origin of the forecast moved back (rolling origin). Cut number 0 is the one
        that the data set comes with. Raises DataError where the samples do not suffice.
        """
        if scheme == "official" or (scheme, number) == ("holdout", 0):
            return self
        whole = self.whole if self.whole is not None else self.train.joined(self.validation, self.test)
        ordered = self.spec.ordered
        if scheme == "kfold":
            parts = fold(whole, number, count, is_ordered=ordered)
        else:
            parts = holdout(whole, number, is_ordered=ordered)
        return replace(self, train=parts[0], validation=parts[1], test=parts[2], whole=whole)

    def parts(self) -> dict[str, Split]:
        """Return the three parts by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    def hashes(self) -> dict[str, str]:
        """Return the hash of each part, as it goes into every record."""
        return {name: part.sha256() for name, part in self.parts().items()}

    def complaints(self) -> Iterator[str]:
        """Yield where a part does not hold what the data set declares: part, value and cure."""
        for name, part in self.parts().items():
            for what, space, array in (("input", self.spec.inputs, part.x), ("target", self.spec.targets, part.y)):
                if problem := complaint(space, array):
                    yield f"{name} part, {what}: {problem}"
            if not self.spec.inputs.ragged or self.spec.inputs.kind == "text":
                continue
            if part.lengths is None:
                yield f"{name} part: samples of varying length need `lengths`"
            elif not 1 <= part.lengths.min() <= part.lengths.max() <= part.x.shape[1]:
                told = f"{part.lengths.min()} to {part.lengths.max()}"
                yield f"{name} part: lengths must lie in 1 … {part.x.shape[1]}, the padded length; got {told}"

    def check(self) -> None:
        """Raise DataError where a part does not hold what the data set declares; see `complaints`."""
        if problem := next(self.complaints(), ""):
            raise DataError(f"data set {self.spec.name!r}, {problem}")


def holdout(whole: Split, number: int, *, is_ordered: bool = False) -> tuple[Split, Split, Split]:
    """Return train, validation and test of the number-th cut: 64, 16 and 20 %.

    In the order of time, cut `number` ends a tenth of the data earlier for each.
    """
    if is_ordered:
        if whole.groups is not None:
            raise DataError("a cut in the order of time tears groups apart: declare ordered=True or give groups")
        tenth = max(1, len(whole) // 10)
        end = len(whole) - number * tenth
        test, validation = round(TEST_SHARE * len(whole)), round(VALIDATION_SHARE * (1 - TEST_SHARE) * len(whole))
        if end - test - validation < tenth:
            raise DataError(f"cut {number} of {len(whole)} samples in the order of time leaves too few to train on")
        places = np.arange(end)
        return tuple(map(whole.take, np.split(places, [end - test - validation, end - test])))  # type: ignore[return-value]  # three pieces
    # Two salts a cut, which keep the two of it apart; those of cut 0 are older than resplits.
    rest, test_part = split(whole, share=TEST_SHARE, salt=2 * number)
    return *split(rest, share=VALIDATION_SHARE, salt=2 * number + 1), test_part


def fold(whole: Split, number: int, count: int, *, is_ordered: bool = False) -> tuple[Split, Split, Split]:
    """Return train, validation and test: the test part is fold `number` of `count`, validation 20 % of the rest.

    Raises DataError for a fold that is not there, and for data in the order of time, which have no folds.
    """
    if is_ordered:
        raise DataError('data in the order of time have no folds: use splits = { scheme = "holdout" }')
    units = whole.groups if whole.groups is not None else np.arange(len(whole))
    if not 0 <= number < count or count < 2 or len(np.unique(units)) < count:
        raise DataError(f"fold {number} of {count} folds of {len(np.unique(units))} samples or groups does not exist")
    generator = np.random.RandomState(20_240)
    names, unit_of = np.unique(units, return_inverse=True)
    fold_of_unit = np.empty(len(names), np.int64)
    dealt = 0
    for members in _strata_of_units(whole, units):
        places = np.searchsorted(names, generator.permutation(members))
        # Where a stratum ended, the next goes on: folds differ by one sample, not by one of each stratum.
        fold_of_unit[places] = (dealt + np.arange(len(places))) % count
        dealt += len(places)
    fold_of = fold_of_unit[unit_of]
    is_test = fold_of == number
    rest, test = whole.take(np.flatnonzero(~is_test)), whole.take(np.flatnonzero(is_test))
    return *split(rest, share=VALIDATION_SHARE, salt=2 * number + 1), test


def _strata_of_units(part: Split, units: Array) -> list[Array]:
    """Return the units (samples or groups) of each stratum; a group is of its first sample's stratum."""
    first = np.unique(units, return_index=True)
    layers = part.layers()[first[1]]
    return [first[0][layers == layer] for layer in np.unique(layers)]


def split(part: Split, *, share: float, salt: int = 0) -> tuple[Split, Split]:
    """Cut a stratified `share` off; return (rest, cut off).

    Fixed for ever: numpy promises that RandomState's stream does not change between versions. `salt` tells
    two cuts of the same data apart. Each stratum gives round(share · size) samples (or groups), at least one.
    """
    generator = np.random.RandomState(20_240 + salt)
    units = part.groups if part.groups is not None else np.arange(len(part))
    chosen: list[Array] = []
    for members in _strata_of_units(part, units):
        chosen.append(generator.permutation(members)[: max(1, round(share * len(members)))])
    is_chosen = np.isin(units, np.concatenate(chosen))
    if bool(is_chosen.all()):
        raise DataError(f"{len(part)} samples are too few to cut {share:.0%} off and keep some of each class or group")
    return part.take(np.flatnonzero(~is_chosen)), part.take(np.flatnonzero(is_chosen))
