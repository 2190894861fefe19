"""Tuned: the same number of trials for every model, on the validation part only; the cost of tuning is reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

from pydantic import Field

from bench.errors import Diverged, MissingExtra, NotApplicable
from bench.protocols.base import Budget, Protocol, ProtocolSettings, RunContext, Trained, is_better
from bench.record import CurvePoint, Score
from bench.specs import Choice, Fixed, Hyperparameter, Integer, Real, Value

if TYPE_CHECKING:
    import optuna

__all__ = ["Tuned", "TunedSettings"]

CAUSES = {"diverged": "training diverged", "out-of-memory": "memory ran out"}


class TunedSettings(Budget):
    """How many trials every model gets, each with the whole budget.

    learning_rates: the interval (logarithmic) that a network's learning rate is searched in, beside the model's own
    search space; an empty list keeps the budget's.
    """

    trials: int = Field(default=20, gt=1)
    learning_rates: tuple[float, float] | tuple[()] = (1e-4, 1e-1)


class Tuned(Protocol):
    """Search with Optuna's TPE (Bergstra et al., 2011), then train once more with the best setting and score that."""

    Settings: ClassVar[type[ProtocolSettings]] = TunedSettings
    settings: TunedSettings

    def train(self, context: RunContext) -> Trained:
        """Tune, then train with what was best on the validation part; the test part is not looked at before."""
        if context.task.objective is None:
            raise NotApplicable(f"protocol tuned: task {context.task.name} has no main score to search by")
        cost = context.clocks.setup.paused()
        with cost:
            study = self._search(context)
        best = dict(study.best_params) if study is not None else {}
        trained = self._final(context, best)
        trials = [] if study is None else [_describe(trial) for trial in study.trials]
        scores = (
            Score(
                name="tuning_seconds",
                value=cost.seconds,
                higher_is_better=False,
                unit="s",
                low=0.0,
                detail={"trials": len(trials)},
            ),
        )
        notes = () if study is not None else ("nothing to tune: the model has no search space",)
        details = {**trained.details, "best": {**context.plan.hyperparameters, **best}, "trials": trials}
        return replace(trained, scores=(*trained.scores, *scores), notes=(*trained.notes, *notes), details=details)

    def _search(self, context: RunContext) -> optuna.Study | None:
        try:
            import optuna
        except ImportError:
            raise MissingExtra("protocol tuned", ["optuna"], "pip install 'depthbench[tuning]'") from None
        space = self._space(context)
        if not space:
            return None
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = optuna.create_study(
            direction="maximize" if context.task.higher else "minimize",
            sampler=optuna.samplers.TPESampler(seed=context.plan.seed),
        )
        # What the suite sets is the first trial, so that tuning is never worse than not tuning by bad luck alone.
        given = context.plan.hyperparameters
        study.enqueue_trial({name: given.get(name, parameter.default) for name, parameter in space.items()})
        study.optimize(lambda trial: self._trial(context, space, trial), n_trials=self.settings.trials)
        if all(trial.state is not optuna.trial.TrialState.COMPLETE for trial in study.trials):
            raise _none_ended_well(study.trials)
        return study

    def _space(self, context: RunContext) -> dict[str, Hyperparameter]:
        from bench.protocols.training import follows_the_budgets_rate

        space: dict[str, Hyperparameter] = {
            name: parameter for name, parameter in context.space.items() if not isinstance(parameter, Fixed)
        }
        rates = self.settings.learning_rates
        # A dimension that does nothing would cost a model with an optimizer of its own a part of its search.
        if rates and "learning_rate" not in context.space and follows_the_budgets_rate(context, self.settings):
            default = min(max(self.settings.learning_rate, rates[0]), rates[1])
            space["learning_rate"] = Real(default, *rates, log=True)
        return space

    def _trial(self, context: RunContext, space: Mapping[str, Hyperparameter], trial: optuna.Trial) -> float:
        import optuna

        from bench.measure.memory import is_out_of_memory

        values = {name: suggest(trial, name, parameter) for name, parameter in space.items()}
        seen: list[CurvePoint] = []
        reason = ""
        try:
            self._final(context.aside(seen.append), values)
        except Exception as error:
            # A setting that diverges or is too large is a bad setting, not a bad model.
            if not isinstance(error, Diverged) and not is_out_of_memory(error):
                raise
            trial.set_user_attr("cause", "diverged" if isinstance(error, Diverged) else "out-of-memory")
            reason = str(error) or type(error).__name__
        # Raised out here, where the error is gone, and with it what its frames held of the memory.
        if reason:
            trial.set_user_attr("reason", reason)
            raise optuna.TrialPruned(reason)
        best: float | None = None
        for point in seen:
            value = point.validation[context.task.objective or ""]
            best = value if is_better(value, best, higher=context.task.higher) else best
        if best is None:
            trial.set_user_attr("cause", "diverged")
            trial.set_user_attr("reason", f"{context.task.objective} was NaN at every evaluation")
            raise optuna.TrialPruned(trial.user_attrs["reason"])
        return best

    def _final(self, context: RunContext, values: Mapping[str, Value]) -> Trained:
        from bench.protocols.training import train_model

        own = {name: value for name, value in values.items() if name in context.space}
        rate = values.get("learning_rate")
        budget = self.settings
        if rate is not None and "learning_rate" not in context.space:
            budget = budget.model_copy(update={"learning_rate": float(rate)})
        return train_model(context, budget, hyperparameters=own)


def suggest(trial: optuna.Trial, name: str, parameter: Hyperparameter) -> Value:
    """Draw a value from a search space."""
    if isinstance(parameter, Integer):
        return trial.suggest_int(name, parameter.low, parameter.high, log=parameter.log)
    if isinstance(parameter, Real):
        return trial.suggest_float(name, parameter.low, parameter.high, log=parameter.log)
    if isinstance(parameter, Choice):
        return cast(Value, trial.suggest_categorical(name, list(parameter.options)))
    return parameter.default


def _describe(trial: Any) -> dict[str, Any]:
    told = {"setting": dict(trial.params), "objective": trial.value, "state": trial.state.name.lower()}
    return told | dict(trial.user_attrs)


def _none_ended_well(trials: Sequence[Any]) -> Exception:
    causes = {trial.user_attrs["cause"] for trial in trials}
    told = " or ".join(text for cause, text in CAUSES.items() if cause in causes)
    text = f"{told} in all of {len(trials)} trials, at last: {trials[-1].user_attrs['reason']}"
    return Diverged(text) if "diverged" in causes else MemoryError(text)
