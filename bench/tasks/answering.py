"""Ask a model for its answers, whatever its role, and reduce them to what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bench.errors import ContractError, Diverged
from bench.metrics.samples import draw
from bench.model import is_network
from bench.spaces import Space
from bench.tasks.data import Answer, Array, Part, TaskData

__all__ = ["NOISE_SEED", "ask", "check", "drawn", "kept_samples"]

# One seed of noise for all models: else two grids, or two curves, could not be laid side by side.
NOISE_SEED = 0
EVALUATION_BATCH = 1024
# Numbers that a network may answer at once: a batch of 256 sequences over 10,000 tokens would be a gigabyte.
NUMBERS_AT_ONCE = 2**24
MOST_CLASSES = 256
NEEDED = {
    "predict": (("forward",), ("fit",)),
    "sample": (("training_step", "sample"), ("fit", "sample")),
    "score": (("score_samples",), ("fit", "score_samples")),
    "assign": (("assign",), ("fit", "predict")),
}


def check(model: Any, data: TaskData) -> None:
    """Raise ContractError where a model cannot be asked, or a network answers in the wrong shape before training."""
    problem, kind = data.problem, type(model).__name__
    is_net = is_network(model)
    needed = NEEDED[problem.answer][0 if is_net else 1]
    if not is_net and problem.answer == "predict":
        needed = ("fit", "predict_proba" if problem.wanted.kind == "index" else "predict")
    if missing := [name for name in needed if not callable(getattr(model, name, None))]:
        what = "" if is_net else "is neither a torch.nn.Module nor a black box: it "
        raise ContractError(
            f"{kind} {what}has no {' and no '.join(missing)}, which task {problem.task!r} asks of a model that is to "
            f"{problem.answer}. See bench.model.Network and bench.model.BlackBox"
        )
    if not is_net:
        return
    few = data.train.take(slice(0, 2))
    if problem.answer == "sample":
        try:
            draw(model, len(few), problem.wanted.sizes, seed=NOISE_SEED, condition=few.x)
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
        _assert_finite(shares, "predictions")
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
    return Answer({name: _joined([each[name] for each in kept], name) for name in kept[0]})


def _joined(arrays: list[Array], name: str) -> Array:
    """Join batches whose padding was cut to different lengths."""
    longest = max(array.shape[1] for array in arrays) if arrays[0].ndim > 1 else 0
    if all(array.ndim == 1 or array.shape[1] == longest for array in arrays):
        return np.concatenate(arrays)
    filler = np.nan if name == "log_likelihoods" else 0
    return np.concatenate(
        [np.pad(array, ((0, 0), (0, longest - array.shape[1])), constant_values=filler) for array in arrays]
    )


def _shares(model: Any, part: Part, space: Space) -> Iterator[tuple[Part, Tensor]]:
    """Yield batches and the probabilities (n, …, size) float64 that the model gives them."""
    if is_network(model):
        for batch in _batches(part, space):
            yield batch, _outputs(model, batch, space).double().softmax(-1)
        return
    size = space.size or 0
    given = np.asarray(model.predict_proba(part.numpy()[0]), dtype=np.float64)
    known = getattr(model, "classes_", None)
    if known is not None and given.ndim == 2 and len(known) == given.shape[1] < size:
        # A small training part may lack a class; scikit-learn then leaves its column out.
        whole = np.zeros((len(given), size))
        whole[:, np.asarray(known, dtype=np.int64)] = given
        given = whole
    if space.axes and part.lengths is not None and given.shape == (int(part.lengths.sum()), size):
        given = _padded(given, part)
    expected = (len(part), *space.output_shape) if None not in space.shape else (len(part), *given.shape[1:-1], size)
    if space.axes and given.shape == (int(np.prod(expected[:-1])), size):
        given = given.reshape(expected)
    if given.shape != expected:
        raise ContractError(
            f"{type(model).__name__}.predict_proba answered {len(part)} samples with shape {given.shape}; "
            f"expected {expected}"
        )
    yield part, torch.from_numpy(given)


def _padded(rows: Array, part: Part) -> Array:
    """Lay one row per token out as (n, longest, size)."""
    lengths = part.lengths.cpu().numpy() if part.lengths is not None else np.zeros(0, np.int64)
    found = np.full((len(lengths), int(lengths.max()), rows.shape[1]), 1 / rows.shape[1])
    found[np.arange(found.shape[1]) < lengths[:, None]] = rows
    return found


def _values(model: Any, data: TaskData, part: Part, space: Space) -> Answer:
    if is_network(model):
        found = [_outputs(model, batch, space).float().cpu() for batch in _batches(part, space)]
        output = torch.cat(found)
        values = _categories_chosen(output, space) if any(space.levels) else output.numpy()
    else:
        values = np.asarray(model.predict(part.numpy()[0]), dtype=np.float32)
        expected = (len(part), *space.sizes)
        if values.shape != expected:
            # scikit-learn answers flat rows where it was given flat targets.
            if values.size != int(np.prod(expected)):
                raise ContractError(
                    f"{type(model).__name__}.predict answered {len(part)} samples with shape {values.shape}; "
                    f"expected {expected}"
                )
            values = values.reshape(expected)
    _assert_finite(torch.from_numpy(values), "predictions")
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


def _categories_chosen(output: Tensor, space: Space) -> Array:
    columns, place = [], 0
    for level in space.levels:
        given = output[:, place : place + max(1, level)]
        columns.append(given.argmax(1).float() if level else given.squeeze(1))
        place += max(1, level)
    return torch.stack(columns, 1).numpy()


def drawn(
    model: Any, data: TaskData, part: Part, count: int, sampling: AbstractContextManager[Any]
) -> tuple[Tensor, tuple[str, ...]]:
    """Return samples as they are encoded, brought within the bounds of their space, and a note where they had to be."""
    space = data.problem.wanted
    with sampling:
        condition = None if part.x is None else part.x[:count]
        samples = draw(model, count, space.sizes, seed=NOISE_SEED, condition=condition)
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
    _assert_finite(torch.from_numpy(values.astype(np.float64)), "answers")
    return values.astype(kind)


def _batches(part: Part, space: Space | None) -> Iterator[Part]:
    each = max(1, space.output_size if space is not None and None not in space.shape else 1)
    size = max(1, min(EVALUATION_BATCH, NUMBERS_AT_ONCE // each))
    for start in range(0, len(part), size):
        yield part.take(slice(start, start + size)).trimmed()


def _on(model: Any, batch: Part) -> Part:
    """Data that does not fit on the device stays on the host, and each batch is sent."""
    device = next((parameter.device for parameter in model.parameters()), batch.device)
    return batch if batch.device == device else batch.to(device)


def _outputs(model: Any, batch: Part, space: Space) -> Tensor:
    with torch.no_grad():
        output = model.eval()(*_on(model, batch).inputs())
    lengths = tuple(batch.x.shape[1:2]) if batch.x is not None else ()
    shape = tuple(lengths[0] if size is None and lengths else size for size in space.shape)
    tail = (space.size,) if space.kind == "index" else ()
    expected = (len(batch), *(space.output_shape if any(space.levels) else (*shape, *tail)))
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


def _assert_finite(values: Tensor, what: str) -> None:
    if not bool(torch.isfinite(values).all()):
        broken = int((~torch.isfinite(values)).reshape(len(values), -1).any(1).sum())
        raise Diverged(f"{broken} of {len(values)} {what} are not finite")
