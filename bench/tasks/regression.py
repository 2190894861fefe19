"""Regression: one number per sample, of table rows, images or series."""

from __future__ import annotations

from typing import ClassVar

from bench.errors import Refused
from bench.metrics.regression import rmse
from bench.spaces import Space
from bench.specs import DatasetSpec
from bench.tasks.base import Arrays, Task, TaskSettings

__all__ = ["Regression", "RegressionSettings"]


class RegressionSettings(TaskSettings):
    """Standardisation uses training statistics alone, as the target's always does: models meet mean 0, deviation 1."""

    standardise: bool = True


class Regression(Task):
    """Tell the number that belongs to each sample; scored by every metric of `predictions` and `targets`."""

    Settings = RegressionSettings
    settings: RegressionSettings
    objective: ClassVar[str] = "rmse"

    def __init__(self, settings: TaskSettings | None = None, name: str = "regression", cache: str = "") -> None:
        super().__init__(settings, name, cache)
        self.input_scale = "standard" if self.settings.standardise else "none"

    def spaces(self, offer: DatasetSpec) -> tuple[Space, Space]:
        """Return the input and the number; raises Refused where the default target is none."""
        target = offer.targets
        if target is None or target.kind != "real" or target.axes:
            raise Refused(f"regression needs a number to tell; the target of {offer.name} is {target or 'not given'}")
        return offer.inputs, target

    def validate(self, answer: Arrays, truth: Arrays) -> dict[str, float]:
        """Root of the mean squared error."""
        return {"rmse": rmse(answer["predictions"], truth["targets"])}
