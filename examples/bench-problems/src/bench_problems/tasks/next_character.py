"""Next character: given the characters so far, how probable is each that may follow?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pydantic import Field

from bench import DatasetSpec, Space
from bench.data import Dataset, Split
from bench.errors import Refused
from bench.record import Score
from bench.tasks.base import Arrays, Task, TaskSettings
from bench_problems import metrics

__all__ = ["NextCharacter", "NextCharacterSettings"]


class NextCharacterSettings(TaskSettings):
    """length: characters in one window; nothing is remembered from one window to the next."""

    length: int = Field(32, ge=2)


class NextCharacter(Task):
    """Tell the next character at every place of a text, from those before it in the same window."""

    Settings = NextCharacterSettings
    settings: NextCharacterSettings
    objective = "nats_per_character"

    def spaces(self, offer: DatasetSpec) -> tuple[Space, Space]:
        held = offer.inputs
        if held.kind != "index" or held.axes or not offer.ordered:
            raise Refused(f"{self.name} needs one token after the other in the order of time; {offer.name} has {held}")
        window = replace(held, axes="t", shape=(self.settings.length,))
        return window, window

    def view(self, dataset: Dataset, split: Split) -> tuple[np.ndarray, np.ndarray]:
        """Cut a text into windows, (n, length) each: the characters, and those that follow them one place later."""
        length = self.settings.length
        count = (len(split) - 1) // length
        text = split.x[: count * length + 1]
        return text[:-1].reshape(count, length), text[1:].reshape(count, length)

    def scores(self, answer: Arrays, truth: Arrays) -> tuple[Score, ...]:
        value = metrics.nats_per_character(answer["log_likelihoods"])
        return (Score(name=self.objective, value=value, higher_is_better=False, unit="nats", low=0.0),)
