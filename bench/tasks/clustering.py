"""Clustering: put samples into groups of which nobody has been told anything but how many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from bench.data import Dataset
from bench.errors import Refused
from bench.record import Score
from bench.spaces import AnswerKind, Space
from bench.specs import DatasetSpec
from bench.tasks.base import Arrays, Part, Task, TaskData, TaskSettings
from bench.tasks.data import Array
from bench.tasks.encoding import Encoding
from bench.tasks.unlabelled import everywhere, without_strata

__all__ = ["Clustering", "ClusteringSettings"]

# All pairs of them are compared by a silhouette.
MOST_ROWS = 2000
SEED = 20_245


class ClusteringSettings(TaskSettings):
    """clusters: how many; by default as many as the data set has classes.

    training: `apart`: models are fitted to the training part and put the samples of the test part into its clusters;
    `all`: they are fitted to every sample and put the same ones into clusters, as papers report it.
    standardise: by mean and deviation of what models are fitted to.
    """

    clusters: int | None = Field(None, ge=2)
    training: Literal["apart", "all"] = "apart"
    standardise: bool = True


class Clustering(Task):
    """Put each sample into one of k clusters; scored by every metric of `clusters` with `labels`, or with `inputs`.

    There is no objective: labels may choose nothing, and no score without labels says which clusters are meant.
    """

    Settings = ClusteringSettings
    settings: ClusteringSettings
    answer_kind: ClassVar[AnswerKind] = "assign"
    objective: ClassVar[None] = None

    def __init__(self, settings: TaskSettings | None = None, name: str = "clustering", cache: str = "") -> None:
        super().__init__(settings, name, cache)
        self.input_scale = "standard" if self.settings.standardise else "none"

    def spaces(self, offer: DatasetSpec) -> tuple[Space, Space]:
        """Return the input and the clusters; raises Refused where it is not known how many, or nothing is near."""
        target, held = offer.targets, offer.inputs
        if held.kind != "real" or held.ragged or held.missing or any(held.levels) or not held.axes:
            raise Refused(f"{self.name} needs numbers without gaps, of one length; {offer.name} has {held}")
        classes = target.size if target is not None and target.kind == "index" and not target.axes else None
        count = self.settings.clusters or classes
        if not count or count < 2:
            raise Refused(f"{self.name} needs to know how many clusters: set clusters = 3; {offer.name} has no classes")
        return held, Space(kind="index", size=count)

    def prepare(self, dataset: Dataset, like: Encoding | None = None) -> TaskData:
        """Prepare parts without labels, and keep some rows by which to say how far apart clusters lie."""
        chosen = everywhere(dataset) if self.settings.training == "all" else dataset
        train, validation, test = map(without_strata, chosen.parts().values())
        data = super().prepare(replace(chosen, train=train, validation=validation, test=test), like)
        if self.settings.training == "all":
            # One storage for the three.
            data = replace(data, validation=data.train, test=data.train)
        return replace(data, truth={**data.truth, **_rows(data.test)})

    def main_score(self, scores: Sequence[Score]) -> str:
        """Return the mutual information with the labels, by which reports order models; else the silhouette."""
        there = {score.name for score in scores}
        return next((name for name in ("nmi", "silhouette") if name in there), "")


def _rows(part: Part) -> Arrays:
    """Return `inputs`, (m, d) float32 rows as models meet them, and `places`, (m,) which samples they are."""
    order: Array = np.random.RandomState(SEED).permutation(len(part))[:MOST_ROWS]
    places = np.sort(order)
    x, _ = part.numpy()
    return {"inputs": x[places].reshape(len(places), -1), "places": places}
