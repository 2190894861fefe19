"""Fixed budget: the same epochs, steps or seconds for every model, best validation checkpoint restored."""

from __future__ import annotations

from typing import ClassVar

from bench.protocols.base import Budget, Protocol, ProtocolSettings, RunContext, Trained

__all__ = ["FixedBudget"]


class FixedBudget(Protocol):
    """Train once within the budget; early stopping where the suite sets `patience`."""

    Settings: ClassVar[type[ProtocolSettings]] = Budget
    settings: Budget

    def train(self, context: RunContext) -> Trained:
        """Train one model; a black box is fitted once, as a whole."""
        from bench.protocols.training import train_model

        return train_model(context, self.settings)
