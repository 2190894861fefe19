"""Classification of table rows and images: one label per sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from bench.data import Dataset, Split
from bench.errors import ContractError, Diverged
from bench.model import Problem
from bench.tasks.base import Evaluation, Part, Task, TaskData, TaskSettings

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["Classification", "ClassificationSettings"]

EVALUATION_BATCH = 1024


class ClassificationSettings(TaskSettings):
    """Standardisation uses training statistics alone: per column for tables, per channel for images."""

    standardise: bool = True


class Classification(Task):
    """Name the class of each sample; scored by the metrics offered for the task `classification`."""

    Settings = ClassificationSettings
    settings: ClassificationSettings
    objective: ClassVar[str] = "accuracy"
    is_objective_higher_better: ClassVar[bool] = True

    def prepare(self, dataset: Dataset, name: str) -> TaskData:
        """Standardise by the training part and turn into tensors."""
        shape = dataset.input_shape
        # Images have channels first and share statistics over pixels; a table's columns each have their own.
        axes = (0,) if len(shape) == 1 else (0, *range(2, len(shape) + 1))
        train = _as_float(dataset.train.x)
        mean, deviation = _statistics(train, axes) if self.settings.standardise else (0.0, 1.0)

        def part(split: Split, x: np.ndarray[Any, Any] | None = None) -> Part:
            import torch

            standard = ((_as_float(split.x) if x is None else x) - mean) / deviation
            return Part(torch.from_numpy(np.ascontiguousarray(standard, np.float32)), torch.tensor(split.y))

        return TaskData(
            problem=Problem("classification", name, shape, dataset.class_count, len(dataset.train)),
            train=part(dataset.train, train),
            validation=part(dataset.validation),
            test=part(dataset.test),
            class_names=dataset.class_names,
        )

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Cross-entropy of logits (n, classes) against labels (n,), mean over the batch."""
        # `from torch.nn.functional import …` would take a microsecond in every training step.
        import torch

        return torch.nn.functional.cross_entropy(output, target)

    def check(self, model: Any, data: TaskData) -> None:
        """Ask an untrained network for two predictions and look at their shape."""
        if not _is_network(model):
            missing = [name for name in ("fit", "predict_proba") if not callable(getattr(model, name, None))]
            if missing:
                raise ContractError(
                    f"{type(model).__name__} is neither a torch.nn.Module nor a black box: it has no "
                    f"{' and no '.join(missing)}. See bench.model.Network and bench.model.BlackBox"
                )
            return
        self._probabilities_of_batch(model, data.train.x[:2], data.problem.classes)

    def validate(self, model: Any, data: TaskData) -> dict[str, float]:
        """Accuracy and mean log loss on the validation part."""
        probabilities, labels = self.probabilities(model, data.validation, data.problem.classes)
        chosen = probabilities.gather(1, labels[:, None]).clamp_min(1e-15)
        return {
            "accuracy": float((probabilities.argmax(1) == labels).double().mean()),
            "log_loss": float(-chosen.log().mean()),
        }

    def evaluate(self, model: Any, data: TaskData) -> Evaluation:
        """Every metric on the test part."""
        probabilities, labels = self.probabilities(model, data.test, data.problem.classes)
        scores = (metric.score(metric.function(probabilities, labels), n=len(labels)) for metric in self.metrics)
        return Evaluation(tuple(scores))

    def predictor(self, model: Any) -> Callable[[Tensor], Any]:
        """Class scores of a batch: logits of a network, probabilities of a black box."""
        if _is_network(model):
            return model.eval()  # type: ignore[no-any-return]  # a module is the function that its forward is
        return lambda x: model.predict_proba(x.cpu().numpy().reshape(len(x), -1))

    def probabilities(self, model: Any, part: Part, classes: int) -> tuple[Tensor, Tensor]:
        """Return class probabilities (n, classes) float64 and labels (n,), both on the CPU.

        Raises ContractError on a wrong shape and Diverged on values that are not finite.
        """
        import torch

        if _is_network(model):
            model.eval()
            batches = torch.split(part.x, EVALUATION_BATCH)
            with torch.no_grad():
                found = torch.cat([self._probabilities_of_batch(model, batch, classes) for batch in batches]).cpu()
        else:
            found = _black_box_probabilities(model, part, classes)
        if not bool(torch.isfinite(found).all()):
            raise Diverged(f"{int((~torch.isfinite(found)).any(1).sum())} of {len(found)} predictions are not finite")
        return found, part.y.cpu()

    def _probabilities_of_batch(self, model: Any, x: Tensor, classes: int) -> Tensor:
        import torch

        # Data that does not fit on the device stays on the host, and each batch is sent.
        device = next((parameter.device for parameter in model.parameters()), x.device)
        with torch.no_grad():
            logits = model.eval()(x.to(device))
        expected = (len(x), classes)
        if not isinstance(logits, torch.Tensor) or tuple(logits.shape) != expected:
            got = tuple(logits.shape) if isinstance(logits, torch.Tensor) else type(logits).__name__
            raise ContractError(
                f"{type(model).__name__}.forward answered a batch of shape {tuple(x.shape)} with {got}; "
                f"expected logits of shape {expected}, one column per class"
            )
        return logits.double().softmax(1)


def _is_network(model: Any) -> bool:
    import torch

    return isinstance(model, torch.nn.Module)


def _as_float(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return x.astype(np.float32) / np.float32(255) if x.dtype == np.uint8 else x.astype(np.float32)


def _statistics(x: np.ndarray[Any, Any], axes: tuple[int, ...]) -> tuple[Any, Any]:
    mean = x.mean(axis=axes, keepdims=True, dtype=np.float64).astype(np.float32)
    deviation = x.std(axis=axes, keepdims=True, dtype=np.float64).astype(np.float32)
    # A constant column carries nothing; dividing by one leaves it at zero.
    return mean, np.where(deviation > 0, deviation, np.float32(1))


def _black_box_probabilities(model: Any, part: Part, classes: int) -> torch.Tensor:
    import torch

    given = np.asarray(model.predict_proba(part.x.cpu().numpy().reshape(len(part), -1)), dtype=np.float64)
    known = getattr(model, "classes_", None)
    if known is not None and given.ndim == 2 and len(known) == given.shape[1] < classes:
        # A small training part may lack a class; scikit-learn then leaves its column out.
        whole = np.zeros((len(given), classes))
        whole[:, np.asarray(known, dtype=np.int64)] = given
        given = whole
    if given.shape != (len(part), classes):
        raise ContractError(
            f"{type(model).__name__}.predict_proba answered {len(part)} samples with shape {given.shape}; "
            f"expected {(len(part), classes)}"
        )
    return torch.from_numpy(given)
