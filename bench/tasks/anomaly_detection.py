"""Anomaly detection: say how unusual each sample is, without having been told which samples are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from bench.data import Dataset, Split
from bench.errors import DataError, Refused
from bench.record import Score
from bench.spaces import AnswerKind, Space
from bench.specs import DatasetSpec
from bench.tasks.base import Arrays, Task, TaskData, TaskSettings
from bench.tasks.data import Array
from bench.tasks.encoding import Encoding
from bench.tasks.unlabelled import everywhere, without_strata

__all__ = ["AnomalyDetection", "AnomalyDetectionSettings"]

# Classes of these names are what a suite need not say.
NORMAL = ("normal", "benign")


class AnomalyDetectionSettings(TaskSettings):
    """anomalies: the names of the classes that are anomalies; where it is empty, every class but `normal` or `benign`.

    training: `normal`: anomalies are left out of the training part (semi-supervised); `mixed`: it stays as it is
    (unsupervised); `all`: models are fitted to every sample and score the same ones, as unsupervised detection is
    often reported. Labels are never told.
    standardise: by mean and deviation of what models are fitted to.
    """

    anomalies: list[str] = Field(default_factory=list)
    training: Literal["normal", "mixed", "all"] = "normal"
    standardise: bool = True


class AnomalyDetection(Task):
    """Say how unusual each sample is; scored by every metric of `anomaly_scores` and `labels`.

    There is no objective: a score that needs labels may choose neither weights nor hyperparameters of a model that is
    to do without them. Reports order models by the area under the ROC curve of the test part.
    """

    Settings = AnomalyDetectionSettings
    settings: AnomalyDetectionSettings
    answer_kind: ClassVar[AnswerKind] = "score"
    objective: ClassVar[None] = None

    def __init__(self, settings: TaskSettings | None = None, name: str = "anomaly-detection", cache: str = "") -> None:
        super().__init__(settings, name, cache)
        self.input_scale = "standard" if self.settings.standardise else "none"

    def spaces(self, offer: DatasetSpec) -> tuple[Space, None]:
        """Return the input; raises Refused where no class, or every one, would be an anomaly."""
        target = offer.targets
        if target is None or target.kind != "index" or target.axes or target.missing:
            raise Refused(
                f"{self.name} needs the class of each sample, to score answers; the target of {offer.name} is "
                f"{target or 'not given'}"
            )
        self._anomalous(target, offer.name)
        return offer.inputs, None

    def _anomalous(self, classes: Space, name: str) -> list[int]:
        """Return the numbers of the classes that are anomalies."""
        given = self.settings.anomalies or [each for each in classes.names if each not in NORMAL]
        there = ", ".join(classes.names) or "classes without names"
        if unknown := [each for each in given if each not in classes.names]:
            raise Refused(f"{self.name} needs anomalies that are classes; {name} has {there}, and no {unknown[0]!r}")
        if not given or len(set(given)) == len(classes.names):
            cure = f'anomalies = ["{classes.names[0]}"]' if classes.names else "a data set whose classes have names"
            raise Refused(
                f"{self.name} needs to know which classes are anomalies, and which are not: set {cure}, for example; "
                f"{name} has {there}"
            )
        return [classes.names.index(each) for each in given]

    def prepare(self, dataset: Dataset, like: Encoding | None = None) -> TaskData:
        """Leave out of the training part what it must not hold; whatever is fitted, is fitted to the rest.

        Raises DataError where nothing is left to train on.
        """
        chosen = everywhere(dataset) if self.settings.training == "all" else dataset
        train = chosen.train
        if self.settings.training == "normal":
            is_anomaly = self.truth(train, None, dataset.spec.targets)["labels"]
            if is_anomaly.all():
                name = dataset.spec.name
                raise DataError(f"task {self.name} finds no normal samples in the training part of {name!r}")
            train = train.take(np.flatnonzero(is_anomaly == 0))
        # Strata are classes, and reach models with their parts: a stratum for each digit would tell the odd one.
        train, validation, test = map(without_strata, (train, chosen.validation, chosen.test))
        return super().prepare(replace(chosen, train=train, validation=validation, test=test), like)

    def truth(self, split: Split, target: Array | None, space: Space | None) -> Arrays:
        """Return `labels`, (n,) int64: 1 for an anomaly."""
        if space is None or split.y is None:
            return {}
        return {"labels": np.isin(split.y, self._anomalous(space, "the data set")).astype(np.int64)}

    def main_score(self, scores: Sequence[Score]) -> str:
        """Return the area under the ROC curve, by which reports order models."""
        return next((score.name for score in scores if score.name == "anomaly_auroc"), "")
