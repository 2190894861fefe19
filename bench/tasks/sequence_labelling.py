"""Sequence labelling: a token for each step of a sequence, wherever the data ask for one."""

from __future__ import annotations

from typing import ClassVar

from bench.errors import Refused
from bench.metrics.tokens import nats_per_token, token_accuracy
from bench.spaces import Space
from bench.specs import DatasetSpec
from bench.tasks.base import Arrays, Task, TaskSettings

__all__ = ["SequenceLabelling", "SequenceLabellingSettings"]


class SequenceLabellingSettings(TaskSettings):
    """Standardisation uses training statistics alone, per channel; tokens have none."""

    standardise: bool = True


class SequenceLabelling(Task):
    """Name the token of each step; scored by every metric of `log_likelihoods` or of `top` and `tokens`."""

    Settings = SequenceLabellingSettings
    settings: SequenceLabellingSettings
    objective: ClassVar[str] = "token_accuracy"
    higher: ClassVar[bool] = True
    tie_breaker: ClassVar[str] = "nats_per_token"

    def __init__(self, settings: TaskSettings | None = None, name: str = "sequence-labelling", cache: str = "") -> None:
        super().__init__(settings, name, cache)
        self.input_scale = "standard" if self.settings.standardise else "none"

    def spaces(self, offer: DatasetSpec) -> tuple[Space, Space]:
        """Return the input and the tokens; raises Refused where there is not one for each step of the input."""
        given, target = offer.inputs, offer.targets
        if target is None or target.kind != "index" or target.axes != "t":
            held = target or "not given"
            raise Refused(f"{self.name} needs a token to tell for each step; the target of {offer.name} is {held}")
        if not given.axes.startswith("t") or given.shape[0] != target.shape[0]:
            raise Refused(f"{self.name} needs a step of the input for each token; {offer.name} has {given}")
        return given, target

    def validate(self, answer: Arrays, truth: Arrays) -> dict[str, float]:
        """Share of right tokens, and the mean negative log-likelihood."""
        return {
            "token_accuracy": token_accuracy(answer["top"], truth["tokens"]),
            "nats_per_token": nats_per_token(answer["log_likelihoods"]),
        }
