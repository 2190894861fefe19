"""Super-resolution: draw the large image that a small one was made from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pydantic import Field

from bench import DatasetSpec, Space
from bench.data import Dataset, Split
from bench.errors import Refused
from bench.record import Score
from bench.tasks.base import Arrays, Task, TaskSettings
from bench.tasks.encoding import values_of
from bench_problems import metrics

__all__ = ["SuperResolution", "SuperResolutionSettings"]


class SuperResolutionSettings(TaskSettings):
    """factor: how many times as wide and as high as the small image the large one is."""

    factor: int = Field(2, ge=2)


class SuperResolution(Task):
    """Tell the pixels of an image from the means of its blocks of factor × factor pixels."""

    Settings = SuperResolutionSettings
    settings: SuperResolutionSettings
    objective = "mse"
    # Small and large image on one scale, so that a pixel handed on as it is stays as bright as it was.
    input_scale = target_scale = "bounds"

    def spaces(self, offer: DatasetSpec) -> tuple[Space, Space]:
        large, factor = offer.inputs, self.settings.factor
        if large.axes != "chw" or large.bounds is None:
            raise Refused(f"{self.name} needs images with known bounds; {offer.name} has {large}")
        channels, height, width = large.sizes
        if height % factor or width % factor:
            raise Refused(f"{self.name} needs sides that {factor} divides; {offer.name} has {large}")
        return replace(large, shape=(channels, height // factor, width // factor)), large

    def view(self, dataset: Dataset, split: Split) -> tuple[np.ndarray, np.ndarray]:
        n, factor = len(split), self.settings.factor
        channels, height, width = dataset.spec.inputs.sizes
        blocks = (n, channels, height // factor, factor, width // factor, factor)
        return values_of(dataset.spec.inputs, split.x).reshape(blocks).mean((3, 5)), split.x

    def scores(self, answer: Arrays, truth: Arrays) -> tuple[Score, ...]:
        value = metrics.mse(answer["predictions"], truth["targets"])
        return (Score(name="mse", title="MSE", value=value, higher_is_better=False, low=0.0),)
