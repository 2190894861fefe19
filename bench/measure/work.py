"""The size of a model: parameters, depth and operations, read off the built object."""

from __future__ import annotations

import copy
import random
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from bench.measure.blackbox import black_box_size, inner_module
from bench.measure.peak import machine_peak_flops, share_of_peak
from bench.measure.trace import Trace, TraceTooLong, trace
from bench.record import ModelSize
from bench.spaces import AnswerKind

__all__ = ["machine_peak_flops", "model_size", "share_of_peak"]

NAMED_AT_MOST = 4


def model_size(
    model: Any, inputs: tuple[Tensor, ...], answer: AnswerKind = "predict"
) -> tuple[ModelSize, tuple[str, ...]]:
    """Return parameters, depth and operations of a model, and notes on what could not be read.

    inputs: what one call is given, (1, …) each, on any device: nothing, the input, or the input and its length.
    answer: the role, which says what is called: `forward`, `sample(1)`, `score_samples` or `assign`.

    A copy of a torch module, in evaluation mode on the CPU, is followed through one such call; where that fails, a
    copy on the meta device. Depth counts the layers with weights on the longest path, those applied again (as in
    recurrence) once; operations are those of products: matrix products, convolutions, attention (see `trace`). For a
    generator, training operations are those of a pass through `sample` and back, not of its whole game. The model, its
    gradients, its mode and the random state stay as they were. Never raises: what a model's own code raises becomes a
    note.
    """
    module = inner_module(model)
    try:
        return black_box_size(model) if module is None else _module_size(module, inputs, answer)
    except Exception as error:  # noqa: BLE001 - a plugin's model may do anything, and a size is not worth a run
        return ModelSize(), (f"size not measured: {_sentence(error)}",)


def _module_size(
    module: nn.Module, inputs: tuple[Tensor, ...], answer: AnswerKind
) -> tuple[ModelSize, tuple[str, ...]]:
    parameters = list(module.parameters())
    counts = {
        "parameter_count": sum(parameter.numel() for parameter in parameters),
        "trainable_parameter_count": sum(p.numel() for p in parameters if p.requires_grad),
    }
    traced, notes = _traced(module, inputs, answer)
    if traced is None:
        return ModelSize(**counts), notes
    if parameters and traced.forward_macs == 0:
        note = "operations not counted: no weight was seen to meet data in a product"
        return ModelSize(**counts, depth=traced.depth), (note,)
    size = ModelSize(**counts, depth=traced.depth, forward_macs=traced.forward_macs, training_macs=traced.training_macs)
    return size, tuple(_notes_on_weights(module, traced))


def _notes_on_weights(module: nn.Module, traced: Trace) -> Iterator[str]:
    """Say of which weights the counted operations are not; a number that leaves some out must not look whole."""
    if unseen := _listed(module, traced.unseen):
        yield f"no product was seen to use the weights of {unseen}: what operations they cost is not counted"
    if looked_up := _listed(module, traced.looked_up):
        yield f"looked up, which is no product and counts no operations: {looked_up}"


def _listed(module: nn.Module, chosen: Sequence[str]) -> str:
    """Name parameters by the outermost modules of which all are among them; lone vectors, which are no layers, not."""
    dimensions = {name: parameter.dim() for name, parameter in module.named_parameters()}
    found: dict[str, None] = {}
    for name in chosen:
        parts = name.split(".")
        for prefix in (".".join(parts[: place + 1]) for place in range(len(parts))):
            members = [each for each in dimensions if f"{each}.".startswith(f"{prefix}.")]
            if set(members) <= set(chosen):
                if max(dimensions[each] for each in members) > 1:
                    found[prefix] = None
                break
    shown, hidden = list(found)[:NAMED_AT_MOST], len(found) - NAMED_AT_MOST
    return ", ".join(shown) + (f" and {hidden} more" if hidden > 0 else "")


def _traced(module: nn.Module, inputs: tuple[Tensor, ...], answer: AnswerKind) -> tuple[Trace | None, tuple[str, ...]]:
    """Try the CPU, then the meta device, which asks for no memory; return a note when both fail."""
    reasons = []
    for device in ("cpu", "meta"):
        try:
            with _undisturbed():
                moved = tuple(each.detach().to(device, copy=True) for each in inputs)
                return _pass(_copy(module, device), moved, answer), ()
        except TraceTooLong as error:
            return None, (f"depth and operations not measured: {error}",)
        except Exception as error:  # noqa: BLE001 - the model's own code runs here, and a size is not worth a run
            reasons.append(f"{device}: {_sentence(error)}")
    return None, (f"depth and operations not measured ({'; '.join(reasons)})",)


def _pass(module: Any, inputs: tuple[Tensor, ...], answer: AnswerKind) -> Trace:
    calls: dict[AnswerKind, Callable[[], Any]] = {
        "predict": lambda: module(*inputs),
        "sample": lambda: module.sample(1, *inputs),
        "score": lambda: module.score_samples(*inputs),
        "assign": lambda: module.assign(*inputs),
    }
    return trace(module, calls[answer], inputs[:1])


def _copy(module: nn.Module, device: str) -> nn.Module:
    """Return a copy in evaluation mode on another device, without copying the numbers where they are not needed."""
    memo: dict[int, Any] = {}
    for tensor in (*module.parameters(), *module.buffers()):
        moved = tensor.detach().to(device, copy=True)
        is_parameter = isinstance(tensor, nn.Parameter)
        memo[id(tensor)] = nn.Parameter(moved, tensor.requires_grad) if is_parameter else moved
    return copy.deepcopy(module, memo).to(device).eval()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep the random states, and keep fused kernels away that hide their products."""
    python_state, numpy_state = random.getstate(), np.random.get_state()
    was_fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        is_awake: bool = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        cuda = [torch.cuda.current_device()] if is_awake else []
        with torch.random.fork_rng(devices=cuda), sdpa_kernel(SDPBackend.MATH), _without_mkldnn():
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(was_fast)
        random.setstate(python_state)
        np.random.set_state(numpy_state)


@contextmanager
def _without_mkldnn() -> Iterator[None]:
    with warnings.catch_warnings():
        # torch warns about Intel GPUs whenever these flags are set.
        warnings.simplefilter("ignore", UserWarning)
        with torch.backends.mkldnn.flags(enabled=False):
            yield


def _sentence(error: Exception) -> str:
    """Return the first line of an error with its type."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
