"""Time to target: training seconds until the validation part shows a wanted quality."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import ClassVar

from bench.errors import NotApplicable
from bench.protocols.base import Budget, Protocol, ProtocolSettings, RunContext, Trained
from bench.record import CurvePoint, Score

__all__ = ["TimeToTarget", "TimeToTargetSettings"]


class TimeToTargetSettings(Budget):
    """The target of the task's validation objective, and the budget after which a run counts as a miss.

    The answer is as fine as the looks: `evaluations` looks are spread over the budget.
    """

    target: float


class TimeToTarget(Protocol):
    """Train until the target is reached; a run that does not reach it is a miss, its time is infinite."""

    Settings: ClassVar[type[ProtocolSettings]] = TimeToTargetSettings
    settings: TimeToTargetSettings

    def train(self, context: RunContext) -> Trained:
        """Train; score the training seconds at the first look that showed the target."""
        from bench.protocols.training import train_model

        task, target = context.task, self.settings.target
        objective = task.objective
        if objective is None:
            raise NotApplicable(f"protocol time-to-target: task {task.name} has no main score to reach a target of")
        sign = 1 if task.higher else -1
        seen: list[CurvePoint] = []

        def reached(point: CurvePoint) -> bool:
            return sign * point.validation.get(objective, -sign * math.inf) >= sign * target

        def report(point: CurvePoint) -> None:
            seen.append(point)
            context.report(point)

        trained = train_model(replace(context, report=report), self.settings, until=reached)
        first = next((point for point in seen if reached(point)), None)
        score = Score(
            name="time_to_target",
            value=first.train_seconds if first else math.inf,
            higher_is_better=False,
            unit="s",
            low=0.0,
            detail={"target": target, "objective": objective, "is_reached": first is not None},
        )
        return replace(trained, scores=(*trained.scores, score))
