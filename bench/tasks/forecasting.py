"""Forecasting: the next steps of one series or of several, from the steps just before them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from bench.data import Dataset, Split
from bench.errors import DataError, Refused
from bench.metrics.forecasting import seasonal_naive_errors, standardised_mse
from bench.model import Problem
from bench.spaces import Space
from bench.specs import DatasetSpec
from bench.tasks.base import Arrays, Part, Task, TaskData, TaskSettings
from bench.tasks.data import Array
from bench.tasks.encoding import Encoding, Scaled, encoded_space

if TYPE_CHECKING:
    from bench.tasks.baseline import LastValue

__all__ = ["Forecasting", "ForecastingSettings"]


class ForecastingSettings(TaskSettings):
    """look_back: steps that are given; horizon: steps that are asked for.

    stride:  steps from one window of the validation and the test part to the next; training has a window at every step.
    columns: the names of the series that are given and asked for; all where it is empty.
    standardise: by mean and deviation of each series over the training part, which models meet instead of the values.
    """

    look_back: int = Field(default=24, gt=0)
    horizon: int = Field(default=12, gt=0)
    stride: int = Field(default=1, gt=0)
    columns: list[str] = Field(default_factory=list)
    standardise: bool = True


class Forecasting(Task):
    """Tell the next steps of every series; scored by every metric of `predictions`, `targets` and `scales`.

    Windows are views of the series: they take its memory, not that of all windows. Those of the validation and the test
    part look back into the part before, so that each step of a part can be forecast; what is asked for lies in the part
    itself.
    """

    Settings = ForecastingSettings
    settings: ForecastingSettings
    objective: ClassVar[str] = "standardised_mse"

    def __init__(self, settings: TaskSettings | None = None, name: str = "forecasting", cache: str = "") -> None:
        super().__init__(settings, name, cache)
        self.input_scale = self.target_scale = "standard" if self.settings.standardise else "none"

    def spaces(self, offer: DatasetSpec) -> tuple[Space, Space]:
        """Return a window and the steps after it; raises Refused where the data are no series of numbers."""
        held, asked = offer.inputs, self.settings
        if not offer.ordered or held.kind != "real" or held.axes not in ("", "c") or any(held.levels) or held.missing:
            order = "" if offer.ordered else ", not in the order of time"
            raise Refused(
                f"{self.name} needs numbers without gaps in the order of time; {offer.name} has {held}{order}"
            )
        if unknown := [name for name in asked.columns if name not in held.names]:
            there = ", ".join(held.names) or "one without a name"
            raise Refused(
                f"{self.name} needs series that are there; {offer.name} has {there}; it has no {unknown[0]!r}"
            )
        if 0 < offer.sample_count < asked.look_back + asked.horizon:
            steps = f"{asked.look_back} steps to look back and {asked.horizon} to forecast"
            raise Refused(f"{self.name} needs {steps}; {offer.name} has {offer.sample_count}")
        names = tuple(asked.columns) or held.names
        count = len(asked.columns) or (held.sizes or (1,))[0]
        window = Space("tc", (asked.look_back, count), names=names, period=held.period)
        return window, replace(window, shape=(asked.horizon, count))

    def view(self, dataset: Dataset, split: Split) -> tuple[Array, Array]:
        """Return the windows of a part, (n, look_back, c), and the steps after each, (n, horizon, c): views."""
        rows, stride = self._rows(dataset, split)
        length = self._length(dataset, rows)
        windows = np.lib.stride_tricks.sliding_window_view(rows, length, axis=0)[::stride].transpose(0, 2, 1)
        return windows[:, : self.settings.look_back], windows[:, self.settings.look_back :]

    def _rows(self, dataset: Dataset, split: Split) -> tuple[Array, int]:
        """Return the steps of a part, (steps, c), those before it that its first window looks back to, the stride."""
        if split is dataset.train:
            return self._chosen(dataset, split), 1
        before = [dataset.train] if split is dataset.validation else [dataset.train, dataset.validation]
        known = np.concatenate([self._chosen(dataset, part) for part in before])
        past = known[max(0, len(known) - self.settings.look_back) :]
        return np.concatenate([past, self._chosen(dataset, split)]), self.settings.stride

    def _length(self, dataset: Dataset, rows: Array) -> int:
        """Return the steps of a window; raises DataError where a part has fewer."""
        length = self.settings.look_back + self.settings.horizon
        if len(rows) < length:
            raise DataError(
                f"task {self.name} finds no window of {length} steps in a part of {dataset.spec.name!r} that has "
                f"{len(rows)}: set a smaller look_back or horizon, or fewer splits"
            )
        return length

    def _chosen(self, dataset: Dataset, split: Split) -> Array:
        rows = split.x.reshape(len(split), -1)
        names = dataset.spec.inputs.names
        return rows[:, [names.index(name) for name in self.settings.columns]] if self.settings.columns else rows

    def prepare(self, dataset: Dataset, like: Encoding | None = None) -> TaskData:
        """Fit mean and deviation to the steps of the training part, each counted once, and cut every part to windows.

        Raises DataError where a part is too short for a window.
        """
        given, wanted = self.spaces(dataset.spec)
        series = self._chosen(dataset, dataset.train)
        encoding = _taken(like or Encoding(None, None), self._fitted(series, given, wanted))
        parts = {name: self._part(dataset, split, encoding) for name, split in dataset.parts().items()}
        sides = tuple(None if side is None else side.space for side in (encoding.input, encoding.target))
        problem = Problem(self.name, dataset.spec.name, len(parts["train"]), self.answer_kind, *sides)
        told = _told(series, dataset.spec.inputs.period)
        validation, test = (
            {**self.truth(split, self.view(dataset, split)[1], wanted), **told}
            for split in (dataset.validation, dataset.test)
        )
        return TaskData(
            problem,
            parts["train"],
            parts["validation"],
            parts["test"],
            encoding,
            validation_truth=validation,
            truth=test,
        )

    def _fitted(self, series: Array, given: Space, wanted: Space) -> Encoding:
        # Fitted to windows, they would count the steps in the middle of the part more often than those at its ends.
        values, count = series.astype(np.float32), series.shape[1]
        mean, deviation = np.zeros((1, count), np.float32), np.ones((1, count), np.float32)
        if self.settings.standardise:
            mean, deviation = values.mean(0, np.float64, keepdims=True), _deviation(values)[None]
        # What holds for a row, (1, c), holds for every step of a window, (n, t, c).
        scale = (mean.astype(np.float32), deviation.astype(np.float32))
        return Encoding(*(Scaled(encoded_space(each, self.input_scale), each, *scale) for each in (given, wanted)))

    def _part(self, dataset: Dataset, split: Split, encoding: Encoding) -> Part:
        """Encode each step once, and return windows that are views of what came out."""
        import torch

        rows, stride = self._rows(dataset, split)
        length, look_back = self._length(dataset, rows), self.settings.look_back
        x, y = (
            torch.from_numpy(rows if side is None else side.encode(rows)[0]).unfold(0, length, stride).transpose(1, 2)
            for side in (encoding.input, encoding.target)
        )
        return Part(x[:, :look_back], y[:, look_back:], is_ordered=True)

    def baseline(self, problem: Problem) -> LastValue:
        """Return the model that says: as it is now."""
        from bench.tasks.baseline import LastValue

        return LastValue(problem.wanted)

    def validate(self, answer: Arrays, truth: Arrays) -> dict[str, float]:
        """Return the mean squared error in units of each series' deviation."""
        return {"standardised_mse": standardised_mse(answer["predictions"], truth["targets"], truth["scales"])}


def _taken(like: Encoding, found: Encoding) -> Encoding:
    return Encoding(like.input or found.input, like.target or found.target)


def _deviation(series: Array) -> Array:
    """Return the deviation of each series, (c,) float64; 1 where it is constant, since that carries nothing."""
    deviation: Array = series.std(0, np.float64)
    return np.where(deviation > 0, deviation, 1.0)


def _told(series: Array, period: int) -> Arrays:
    """Return what scores need to know of the training part, for each series: (1, 1, c) float64."""
    return {
        "scales": _deviation(series.astype(np.float32))[None, None],
        "naive_errors": seasonal_naive_errors(series, period)[None, None],
        "ordered": np.array(True),
    }
