"""The interface of a task: what is asked, how an answer is found, and how it is scored."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict

from bench.data import Dataset, Split
from bench.errors import ContractError, DataError
from bench.model import Problem, is_network
from bench.record import Score
from bench.spaces import AnswerKind, Space
from bench.specs import DatasetSpec
from bench.tasks.data import Answer, Array, Arrays, Part, TaskData, encoded
from bench.tasks.encoding import Encoding, Scale, encoded_space, fit_encoder, without_padding

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Answer", "Arrays", "Part", "Task", "TaskData", "TaskSettings"]

Loss = Callable[["Tensor", "Tensor"], "Tensor"]
# A part of the data set, and the raw input and target that the task takes from it.
View = tuple[Split, Array | None, Array | None]


class TaskSettings(BaseModel):
    """What a suite may set about a task; an unknown setting is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Task(ABC):
    """What is asked of a model and how the answer is scored. A subclass writes `spaces` and `scores`.

    Only its settings distinguish two tasks of a class: whatever scoring needs is in the answer and in the truth, so
    that stored answers can be scored again without data, without torch and in another process.

    answer_kind:  the role a model must have: `predict`, `sample`, `score` or `assign`.
    objective:    the name of *the* main score, by which weights are chosen and models are ranked; None where the task
                  has none, and then every budget is trained to its end.
    higher:       is a higher objective better?
    tie_breaker:  the name of a score that `validate` returns, less of it is better, by which weights of the same
                  objective are chosen: accuracy on a few samples is the same for many. None keeps the first of them.
    input_scale, target_scale: `standard`: mean 0 and deviation 1 over the training part, per column or channel;
                  `bounds`: the bounds of the space become [-1, 1]; `none`: as it stands.
    is_resplit:   are small data sets cut anew for each seed where a suite names no splits? Not where scores of two cuts
                  cannot share a column.
    cache:        a folder this user may write.
    """

    Settings: ClassVar[type[TaskSettings]] = TaskSettings
    answer_kind: ClassVar[AnswerKind] = "predict"
    objective: ClassVar[str | None]
    higher: ClassVar[bool] = False
    tie_breaker: ClassVar[str | None] = None
    input_scale: Scale = "standard"
    target_scale: Scale = "standard"
    is_resplit: ClassVar[bool] = True

    def __init__(self, settings: TaskSettings | None = None, name: str = "", cache: str = "") -> None:
        self.settings = settings or self.Settings()
        self.name, self.cache = name or type(self).__name__, cache

    # What a task must say.

    @abstractmethod
    def spaces(self, offer: DatasetSpec) -> tuple[Space | None, Space | None]:
        """Return what is given and what must be produced, raw, for a data set that offers this.

        Raises Refused, in a sentence, where nothing of this kind can be asked of it. Imports nothing heavy.
        """

    def scores(self, answer: Arrays, truth: Arrays) -> tuple[Score, ...]:
        """Return this task's own scores of an answer; metrics of plugins are added by the harness."""
        return ()

    # What a task may say, where the spaces do not say it already.

    def view(self, dataset: Dataset, split: Split) -> tuple[Array | None, Array | None]:
        """Return the raw input and target of a part; by default the data set's own, or the input as what is drawn."""
        if self.answer_kind == "predict":
            return split.x, split.y
        return (None, split.x) if self.answer_kind == "sample" else (split.x, None)

    def truth(self, split: Split, target: Array | None, space: Space | None) -> Arrays:
        """Return what answers are scored against: `labels`, `tokens` or `targets`, raw, and what else it takes.

        target: the raw target of `view`, and its space. By default the data set's own target where the view has none.
        `bounds`, (2,) float64, stand beside targets whose bounds are known. A task may add `groups`, (n,) int64:
        samples of one group depend on each other (rows of one person, windows of one recording) and count as one.
        """
        known = split.y if target is None else target
        if known is None or space is None:
            return {}
        # The space decides, not the type of the array: images may lie there as whole numbers, too.
        if space.kind != "real" and (self.answer_kind != "sample" or target is None):
            return {"tokens" if space.axes else "labels": known.astype(np.int64)}
        bounds = {} if space.bounds is None else {"bounds": np.array(space.bounds, np.float64)}
        return {"targets": known, **bounds}

    def validate(self, answer: Arrays, truth: Arrays) -> dict[str, float]:
        """Return a few scores of an answer on the validation part, the objective among them; quick."""
        if self.objective is None:
            return {}
        return {score.name: score.value for score in self.scores(answer, truth) if score.name == self.objective}

    def main_score(self, scores: Sequence[Score]) -> str:
        """Return the name of *the* main score among those of the test part; empty where the task has none."""
        return self.objective if any(score.name == self.objective for score in scores) and self.objective else ""

    def baseline(self, problem: Problem) -> Any:
        """Return the trivial model that every other must beat."""
        from bench.tasks.baseline import baseline

        return baseline(problem)

    def loss(self, problem: Problem) -> Loss:
        """Return the training loss of networks that bring none of their own: (output, y) → scalar."""
        from bench.tasks.losses import loss_between

        return loss_between(problem)

    def sample_count(self, data: TaskData, part: Part) -> int:
        """Return how many samples are drawn for a part."""
        return len(part)

    def artifacts(self, model: Any, data: TaskData) -> Mapping[str, tuple[str, bytes]]:
        """Return files worth keeping, as `name → (media type, bytes)`."""
        return {}

    # What follows from the above.

    def planned(self, offer: DatasetSpec) -> tuple[Space | None, Space | None]:
        """Return the spaces a model will meet, as far as they are known before anything is fitted."""
        given, wanted = self.spaces(offer)
        return (
            None if given is None else encoded_space(given, self.input_scale, is_grouped=True),
            None if wanted is None else encoded_space(wanted, self.target_scale),
        )

    def prepare(self, dataset: Dataset, like: Encoding | None = None) -> TaskData:
        """Fit the encoding on the training part and turn every part into tensors on the CPU.

        like: encoders to take instead of fitting one, for the input, for the target or for both.
        Raises DataError where a part has no samples.
        """
        given, wanted = self.spaces(dataset.spec)
        views = {name: self._viewed(dataset, name, split, wanted) for name, split in dataset.parts().items()}
        encoding = self._fit((given, wanted), views["train"], like or Encoding(None, None))
        parts = {name: encoded(encoding, *view, is_ordered=dataset.spec.ordered) for name, view in views.items()}
        problem = Problem(
            self.name,
            dataset.spec.name,
            len(parts["train"]),
            self.answer_kind,
            None if encoding.input is None else encoding.input.space,
            # What must be produced without ever being told, such as one of k clusters, needs no encoder.
            wanted if encoding.target is None else encoding.target.space,
        )
        truths = {}
        for name in ("validation", "test"):
            split, _, target = views[name]
            space = dataset.spec.targets if target is None else wanted
            if target is not None and encoding.target is not None and wanted is not None and wanted.kind == "text":
                # Only as tokens can a text be compared with what a model answers.
                target, space = parts[name].target.numpy(), encoding.target.space
            # Neighbours in time depend on each other, which whoever compares scores must know.
            order = {"ordered": np.array(True)} if dataset.spec.ordered else {}
            truths[name] = {**self.truth(split, target, space), **order}
        sides = (truths["validation"], truths["test"])
        return TaskData(problem, parts["train"], parts["validation"], parts["test"], encoding, *sides)

    def _viewed(self, dataset: Dataset, name: str, split: Split, wanted: Space | None) -> View:
        x, y = self.view(dataset, split)
        if any(array is not None and not len(array) for array in (x, y)):
            raise DataError(f"task {self.name} finds no samples in the {name} part of {dataset.spec.name!r}")
        lengths = split.lengths if self.answer_kind == "predict" else None
        if y is not None and wanted is not None and wanted.ragged and wanted.axes and lengths is not None:
            y = without_padding(wanted, y, lengths)
        return split, x, y

    def _fit(self, spaces: tuple[Space | None, Space | None], view: View, like: Encoding) -> Encoding:
        (given, wanted), (split, x, y) = spaces, view
        input, target = like.input, like.target
        if input is None and given is not None and x is not None:
            input = fit_encoder(given, x, self.input_scale, split.lengths, is_grouped=True)
        if target is None and wanted is not None and y is not None:
            target = fit_encoder(wanted, y, self.target_scale, split.lengths if wanted.ragged else None)
        return Encoding(input, target)

    def check(self, model: Any, data: TaskData) -> None:
        """Ask an untrained network for two answers and look at their shape; a black box only has to be one.

        Raises ContractError where the model cannot be asked this task or answers in the wrong shape.
        """
        from bench.tasks.answering import check

        check(model, data)

    def answer(
        self, model: Any, data: TaskData, part: Part, sampling: AbstractContextManager[Any] | None = None
    ) -> Answer:
        """Ask a model about every sample of a part; `sampling` is entered while it draws samples.

        Raises ContractError on a wrong shape, Diverged on values that are not finite.
        """
        from bench.tasks.answering import ask

        return ask(model, data, part, self.sample_count(data, part), sampling or nullcontext())

    def fit(self, model: Any, part: Part) -> None:
        """Train a black box on a part, as a whole, with whichever of input and target there is."""
        x, y = part.numpy()
        given = [array for array in (x, y) if array is not None]
        if not given:
            raise ContractError(f"{self.name} has nothing to fit a model to")
        # A shallow generator may learn one density per class; networks get classes only where the task gives them.
        strata = {"strata": part.layers().numpy()} if self.answer_kind == "sample" and _takes_strata(model) else {}
        model.fit(*given, **strata)

    def predictor(self, model: Any, data: TaskData) -> Callable[[Part], Any]:
        """Return the function whose latency is measured: one call answers one batch."""
        if is_network(model):
            model.eval()
        if self.answer_kind == "sample":
            given = Part.inputs if is_network(model) else lambda part: () if part.x is None else part.numpy()
            return lambda part: model.sample(len(part), *given(part)[:1])
        if is_network(model):
            if self.answer_kind == "predict":
                return lambda part: model(*part.inputs())
            asked = model.score_samples if self.answer_kind == "score" else model.assign
            return lambda part: asked(*part.inputs())
        names = {"score": ("score_samples",), "assign": ("predict",)}.get(
            self.answer_kind, ("predict_proba", "predict")
        )
        is_class = data.problem.target is not None and data.problem.target.kind == "index"
        ask = getattr(model, names[0] if is_class or len(names) == 1 else names[-1])
        return lambda part: ask(part.numpy()[0])


def _takes_strata(model: Any) -> bool:
    from inspect import signature

    return "strata" in signature(model.fit).parameters
