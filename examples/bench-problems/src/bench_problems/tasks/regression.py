"""Regression: one number per sample."""

from __future__ import annotations

from bench import DatasetSpec, Space
from bench.errors import Refused
from bench.record import Score
from bench.tasks.base import Arrays, Task
from bench_problems import metrics

__all__ = ["Regression"]


class Regression(Task):
    """Tell the number that belongs to each sample."""

    objective = "rmse"

    def spaces(self, offer: DatasetSpec) -> tuple[Space, Space]:
        target = offer.targets
        if target is None or target.kind != "real" or target.axes:
            raise Refused(f"{self.name} needs a number to tell; the target of {offer.name} is {target or 'not given'}")
        return offer.inputs, target

    def scores(self, answer: Arrays, truth: Arrays) -> tuple[Score, ...]:
        given, true = answer["predictions"], truth["targets"]
        return (
            Score(name="rmse", title="RMSE", value=metrics.rmse(given, true), higher_is_better=False, low=0.0),
            Score(name="r2", title="R²", value=metrics.r2(given, true), higher_is_better=True, high=1.0),
        )
