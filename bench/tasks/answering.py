"""Ask a model for its answers, whatever its role, and reduce them to what is kept."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bench.errors import ContractError, Diverged
from bench.measure.seeds import noise_seed
from bench.metrics.samples import draw
from bench.model import is_network
from bench.spaces import Space
from bench.tasks.black_box import assert_finite, expected_shape, shares_of_black_box, values_of_black_box
from bench.tasks.data import Answer, Array, Part, TaskData

__all__ = ["GRID_SEED", "ask", "check", "drawn", "kept_samples"]

# Pictures of samples are compared by eye, so that all are drawn from one noise; scores are not (see `drawn`).
GRID_SEED = 0
EVALUATION_BATCH = 1024
# Numbers that a network may answer at once: a batch of 256 sequences over 10,000 tokens would be a gigabyte.
NUMBERS_AT_ONCE = 2**24
MOST_CLASSES = 256
NEEDED = {
    "predict": (("forward",), ("fit",)),
    "sample": (("training_step", "sample"), ("fit", "sample")),
    "score": (("training_step", "score_samples"), ("fit", "score_samples")),
    "assign": (("training_step", "assign"), ("fit", "predict")),
}


def check(model: Any, data: TaskData) -> None:
    """Raise ContractError where a model cannot be asked, or a network answers in the wrong shape before training."""
    problem, kind = data.problem, type(model).__name__
    is_net = is_network(model)
    needed = NEEDED[problem.answer][0 if is_net else 1]
    if not is_net and problem.answer == "predict":
        needed = ("fit", "predict_proba" if problem.wanted.kind == "index" else "predict")
    if missing := [name for name in needed if not callable(getattr(model, name, None))]:
        what = "is neither a torch.nn.Module nor a black box: it " if not is_net and "fit" in missing else ""
        cure = "scikit-learn's CalibratedClassifierCV adds it. " if missing == ["predict_proba"] else ""
        raise ContractError(
            f"{kind} {what}has no {' and no '.join(missing)}, which task {problem.task!r} asks of a model that is to "
            f"{problem.answer}. {cure}See bench.model.Network and bench.model.BlackBox"
        )
    if not is_net:
        return
    few = data.train.take(slice(0, 2))
    if problem.answer == "sample":
        try:
            draw(model, len(few), problem.wanted.sizes, seed=GRID_SEED, condition=few.x)
        except Diverged as error:
            raise ContractError(f"before any training {error}") from error
    elif problem.answer == "predict":
        _outputs(model, few.trimmed(), problem.wanted)


def ask(model: Any, data: TaskData, part: Part, count: int, sampling: AbstractContextManager[Any]) -> Answer:
    """Return the answer for every sample of a part, or `count` samples drawn; see `bench.tasks.data.Answer`."""
    problem = data.problem
    if problem.answer == "sample":
        samples, notes = drawn(model, data, part, count, sampling)
        return Answer(kept_samples(samples, data), notes)
    if is_network(model):
        model.eval()
    if problem.answer == "score":
        return Answer({"anomaly_scores": -_column(model, part, "score_samples", np.float32)})
    if problem.answer == "assign":
        return Answer({"clusters": _column(model, part, "assign" if is_network(model) else "predict", np.int32)})
    space = problem.wanted
    if space.kind == "index":
        return _chosen(model, part, space)
    return _values(model, data, part, space)


def _chosen(model: Any, part: Part, space: Space) -> Answer:
    """Classes and tokens: whole distributions for one position of few classes, else what is needed of them."""
    is_whole = not space.axes and (space.size or 0) <= MOST_CLASSES
    kept: list[dict[str, Array]] = []
    for batch, shares in _shares(model, part, space):
        assert_finite(shares, "predictions")
        if is_whole:
            kept.append({"probabilities": shares.float().cpu().numpy()})
            continue
        if batch.y is None:
            raise ContractError("log-likelihoods need the tokens that were to be predicted")
        wanted = batch.y.to(shares.device)
        likelihood = shares.gather(-1, wanted.clamp_min(0)[..., None]).squeeze(-1).clamp_min(1e-15).log()
        likelihood = torch.where(wanted >= 0, likelihood, torch.nan)
        top = shares.argmax(-1).cpu().numpy().astype(np.uint16 if (space.size or 0) <= 2**16 else np.uint32)
        kept.append({"log_likelihoods": likelihood.float().cpu().numpy(), "top": top})
    return Answer({name: _joined([each[name] for each in kept], part) for name in kept[0]})


def _joined(arrays: list[Array], part: Part) -> Array:
    """Join batches, whose padding was cut to different lengths; what a model answers to padding is left out.

    Beyond a sample's length stand NaN, or 0 in whole numbers.
    """
    if not part.is_stepwise or part.lengths is None:
        return np.concatenate(arrays)
    lengths, kind = part.lengths.cpu().numpy(), arrays[0].dtype
    filler = np.nan if kind.kind == "f" else 0
    found = np.full((len(part), part.target.shape[1], *arrays[0].shape[2:]), filler, kind)
    start = 0
    for array in arrays:
        found[start : start + len(array), : array.shape[1]] = array
        start += len(array)
    found[np.arange(found.shape[1]) >= lengths[:, None]] = filler
    return found


def _shares(model: Any, part: Part, space: Space) -> Iterator[tuple[Part, Tensor]]:
    """Yield batches and the probabilities (n, …, size) float64 that the model gives them."""
    if is_network(model):
        for batch in _batches(part, space):
            yield batch, _outputs(model, batch, space).double().softmax(-1)
        return
    for batch in _batches(part, space, most=len(part)):
        yield batch, shares_of_black_box(model, batch, space)


def _values(model: Any, data: TaskData, part: Part, space: Space) -> Answer:
    if is_network(model):
        found = [_outputs(model, batch, space).float().cpu().numpy() for batch in _batches(part, space)]
        for batch in found:
            assert_finite(batch, "predictions")
        output = _joined(found, part)
        values = _categories_chosen(output, space) if any(space.levels) else output
    else:
        values = values_of_black_box(model, part, space)
    encoder = data.encoding.target
    return Answer({"predictions": _kept(values if encoder is None else encoder.decode(values), data)})


def _kept(values: Array, data: TaskData) -> Array:
    """Images between known bounds are kept as 256 levels, everything else as float32."""
    encoder = data.encoding.target
    raw: Space | None = getattr(encoder, "raw", None)
    if raw is None or raw.bounds is None or raw.axes != "chw":
        return values.astype(np.float32)
    low, high = raw.bounds
    return np.round(255 * (np.clip(values, low, high) - low) / (high - low)).astype(np.uint8)


def _categories_chosen(output: Array, space: Space) -> Array:
    columns, place = [], 0
    for level in space.levels:
        given = output[:, place : place + max(1, level)]
        columns.append(given.argmax(1).astype(np.float32) if level else given[:, 0])
        place += max(1, level)
    return np.stack(columns, 1)


def drawn(
    model: Any,
    data: TaskData,
    part: Part,
    count: int,
    sampling: AbstractContextManager[Any],
    condition: Tensor | None = None,
) -> tuple[Tensor, tuple[str, ...]]:
    """Return samples as they are encoded, brought within the bounds of their space, and a note where they had to be.

    condition: what they are drawn under, `count` of it; by default the first inputs of the part, where it has any.

    The noise follows from the run's seed: with one noise for all runs, the spread of their scores would hide what
    another draw of samples changes. It is the same at every look at the validation part, and another for the test part.
    """
    space = data.problem.wanted
    seed = noise_seed(data.seed, "validation" if part is data.validation else "test")
    with sampling:
        condition = part.x[:count] if condition is None and part.x is not None else condition
        samples = draw(model, count, space.sizes, seed=seed, condition=condition)
    if space.bounds is None:
        return samples, ()
    low, high = space.bounds
    outside = float(((samples > high + 1e-6) | (samples < low - 1e-6)).double().mean())
    note = f"{outside:.2%} of the samples' values lay outside [{low:g}, {high:g}] and were clamped"
    return samples.clamp(low, high), (note,) if outside else ()


def kept_samples(samples: Tensor, data: TaskData) -> dict[str, Array]:
    """Return samples in the units of the data, as they are kept."""
    values, encoder = samples.cpu().numpy(), data.encoding.target
    return {"samples": _kept(values if encoder is None else encoder.decode(values), data)}


def _column(model: Any, part: Part, method: str, kind: type[np.generic]) -> Array:
    """Ask for one number per sample."""
    if is_network(model):
        asked = getattr(model, method)
        with torch.no_grad():
            found = [torch.as_tensor(asked(*_on(model, batch).inputs())).cpu() for batch in _batches(part, None)]
        values = torch.cat(found).numpy()
    else:
        values = np.asarray(getattr(model, method)(part.numpy()[0]))
    if values.shape != (len(part),):
        raise ContractError(
            f"{type(model).__name__}.{method} answered {len(part)} samples with shape {values.shape}; "
            f"expected one number each"
        )
    assert_finite(values, "answers")
    return values.astype(kind)


def _batches(part: Part, space: Space | None, most: int = EVALUATION_BATCH) -> Iterator[Part]:
    each = 1 if space is None else math.prod(expected_shape(part, space)[1:])
    size = max(1, min(most, NUMBERS_AT_ONCE // max(1, each)))
    for start in range(0, len(part), size):
        yield part.take(slice(start, start + size)).trimmed()


def _on(model: Any, batch: Part) -> Part:
    """Data that does not fit on the device stays on the host, and each batch is sent."""
    device = next((parameter.device for parameter in model.parameters()), batch.device)
    return batch if batch.device == device else batch.to(device)


def _outputs(model: Any, batch: Part, space: Space) -> Tensor:
    with torch.no_grad():
        output = model.eval()(*_on(model, batch).inputs())
    expected = expected_shape(batch, space)
    if not isinstance(output, Tensor) or tuple(output.shape) != expected:
        got = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        asked = tuple(batch.x.shape) if batch.x is not None else (len(batch),)
        what = "logits" if space.kind == "index" else "values"
        more = ", one column per class" if what == "logits" and not space.axes else ""
        raise ContractError(
            f"{type(model).__name__}.forward answered a batch of shape {asked} with {got}; "
            f"expected {what} of shape {expected}{more}"
        )
    return output
