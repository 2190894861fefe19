"""Classification: one label per sample, of table rows, images, series or texts."""

from __future__ import annotations

from typing import ClassVar

from bench.errors import Refused
from bench.metrics.classification import accuracy, log_loss
from bench.spaces import Space
from bench.specs import DatasetSpec
from bench.tasks.base import Arrays, Task, TaskSettings

__all__ = ["Classification", "ClassificationSettings"]


class ClassificationSettings(TaskSettings):
    """Standardisation uses training statistics alone: per column for tables, per channel for images."""

    standardise: bool = True


class Classification(Task):
    """Name the class of each sample; scored by every metric of `probabilities` and `labels`."""

    Settings = ClassificationSettings
    settings: ClassificationSettings
    objective: ClassVar[str] = "accuracy"
    higher: ClassVar[bool] = True
    tie_breaker: ClassVar[str] = "log_loss"

    def __init__(self, settings: TaskSettings | None = None, name: str = "classification", cache: str = "") -> None:
        super().__init__(settings, name, cache)
        self.input_scale = "standard" if self.settings.standardise else "none"

    def spaces(self, offer: DatasetSpec) -> tuple[Space, Space]:
        """Return the input and the classes; raises Refused where the default target is no class."""
        target = offer.targets
        if target is None or target.kind != "index" or target.axes:
            raise Refused(
                f"classification needs classes to tell; the target of {offer.name} is {target or 'not given'}"
            )
        if target.missing:
            raise Refused(f"classification needs the class of every sample; some of {offer.name} have none")
        return offer.inputs, target

    def validate(self, answer: Arrays, truth: Arrays) -> dict[str, float]:
        """Accuracy and mean log loss."""
        probabilities, labels = answer["probabilities"], truth["labels"]
        return {"accuracy": accuracy(probabilities, labels), "log_loss": log_loss(probabilities, labels)}
