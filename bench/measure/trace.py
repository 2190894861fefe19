"""Follow data and weights through one forward pass and count layers and multiply-accumulates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode

__all__ = ["Trace", "TraceTooLong", "trace"]

MOST_OPERATIONS = 30_000

# Operations that multiply (or look up) their factors, by the positions of these among the arguments. Additive
# arguments, such as a bias, are no factors.
FACTORS: Mapping[str, tuple[int, ...]] = {
    "mm": (0, 1),
    "bmm": (0, 1),
    "mv": (0, 1),
    "dot": (0, 1),
    "vdot": (0, 1),
    "addmm": (1, 2),
    "_addmm_activation": (1, 2),
    "baddbmm": (1, 2),
    "addbmm": (1, 2),
    "addmv": (1, 2),
    "convolution": (0, 1),
    "_convolution": (0, 1),
    "_trilinear": (0, 1, 2),
    "_cdist_forward": (0, 1),
    "embedding": (0, 1),
    "_embedding_bag": (0, 1),
    "_embedding_bag_forward_only": (0, 1),
    "index": (0, 1),
    "index_select": (0, 2),
    "gather": (0, 2),
}
LOOK_UPS = frozenset(("embedding", "_embedding_bag", "_embedding_bag_forward_only", "index", "index_select", "gather"))
# By element, with a sum behind it, anyone can write a product that no name gives away.
BY_ELEMENT = ("mul", "div", "addcmul", "addcdiv")
RANDOM = (
    "rand",
    "normal",
    "uniform",
    "bernoulli",
    "multinomial",
    "poisson",
    "exponential",
    "cauchy",
    "geometric",
)


class TraceTooLong(Exception):
    """More operations than a trace is worth, as in sampling pixel by pixel."""


@dataclass(frozen=True)
class Trace:
    """What one forward pass showed.

    depth: weights on the longest path from data to output, each counted where it is first applied.
    forward_macs: multiply-accumulates of the pass. training_macs: those of the pass and of its gradients.
    unseen: names of the parameters that no product was seen to use, although they are no mere offsets or factors.
    looked_up: names of those that data only chose rows of, which multiplies nothing.
    """

    depth: int
    forward_macs: int
    training_macs: int
    unseen: tuple[str, ...] = ()
    looked_up: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Origin:
    """What a storage was computed from.

    weights: of what weights it consists, where no data entered. applied: the weights met on all ways to it.
    """

    depth: int = 0
    is_data: bool = False
    needs_gradient: bool = False
    weights: frozenset[int] = frozenset()
    applied: frozenset[int] = frozenset()


CONSTANT = _Origin()
DATA = _Origin(is_data=True)


def trace(module: nn.Module, call: Callable[[], Any], data: Iterable[Tensor] = ()) -> Trace:
    """Run `call` once and follow what it does with `data` and with the parameters of `module`.

    A path's depth counts every weight where it is first applied: applied again, it is recurrence in time or
    sharing, and no further layer. A product counts as a layer when a weight meets data in it, so neither
    normalisation nor an added position does; a weight looked up by data (an embedding) does. Random numbers
    drawn within the call are data, so that a generator can be followed. Raises TraceTooLong, and whatever the
    call raises.
    """
    parameters = dict(module.named_parameters())
    tracer = _Tracer(parameters.values(), data)
    with torch.no_grad(), tracer:
        output = call()
    unseen, looked_up = tracer.without_product(list(parameters.values()))
    names = list(parameters)
    return Trace(
        tracer.depth(output),
        tracer.forward_macs,
        tracer.training_macs,
        tuple(names[number] for number in unseen),
        tuple(names[number] for number in looked_up),
    )


class _Tracer(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch leaves it untyped
    """Sees every operation below autograd, keeps an origin per storage, and adds operations up."""

    def __init__(self, parameters: Iterable[nn.Parameter], data: Iterable[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self.forward_macs = self.training_macs = 0
        self._operations = 0
        self._deepest = 0
        self._touched: set[int] = set()
        self._multiplied: set[int] = set()
        self._looked_up: set[int] = set()
        self._beside_data: set[int] = set()
        self._origins: dict[int, _Origin] = {}
        # A weak reference keeps a storage's key from being given to another, and lets its memory go.
        self._seen: list[StorageWeakRef] = []
        for number, parameter in enumerate(parameters):
            weights = frozenset((number,))
            self._set(parameter, _Origin(weights=weights, needs_gradient=parameter.requires_grad))
        for tensor in data:
            self._set(tensor, DATA)

    def depth(self, output: Any) -> int:
        """Return the depth of the output's deepest tensor; of the deepest layer where that is unknown."""
        deepest = max((self._get(tensor).depth for tensor in _tensors(output)), default=0)
        # An output that left torch on its way, through NumPy say, has lost its origin.
        return deepest or self._deepest

    def without_product(self, parameters: Sequence[Tensor]) -> tuple[list[int], list[int]]:
        """Return the numbers of the parameters that no product used, and of those that were only looked up.

        A matrix that stands beside data in an operation of torch's own (added, joined, in a normalisation) hides no
        product; one that is multiplied by element, or in an operation of somebody else, may. A vector is suspect only
        where nothing was done with it.
        """
        unseen, looked_up = [], []
        for number, parameter in enumerate(parameters):
            if number in self._multiplied:
                continue
            if number in self._looked_up:
                looked_up.append(number)
            elif number not in self._touched or (parameter.dim() > 1 and number not in self._beside_data):
                unseen.append(number)
        return unseen, looked_up

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        self._operations += 1
        if self._operations > MOST_OPERATIONS:
            raise TraceTooLong(f"more than {MOST_OPERATIONS} operations in one pass")
        if torch.is_inference_mode_enabled():
            # Composite operations arrive whole here; taken apart they come back through this method.
            with self:
                parts = func.decompose(*args, **kwargs)
            if parts is not NotImplemented:
                return parts
        result = func(*args, **kwargs)
        name = func.overloadpacket.__name__
        hides = func.namespace != "aten" or name.startswith(BY_ELEMENT)
        self._record(name, args, kwargs, result, may_hide=hides)
        return result

    def _record(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any, *, may_hide: bool) -> None:
        given = [self._get(tensor) for tensor in _tensors((args, kwargs))]
        origin = _merge(given)
        weights = frozenset[int]().union(*(each.weights for each in given))
        self._touched |= weights
        if origin.is_data and not may_hide:
            self._beside_data |= weights
        if name in FACTORS:
            factors = [list(_tensors(args[place])) for place in FACTORS[name]]
            origins = [_merge(self._get(tensor) for tensor in factor) for factor in factors]
            met = frozenset[int]().union(*(factor.weights for factor in origins))
            if name in LOOK_UPS:
                self._looked_up |= met
            else:
                self._multiplied |= met
                self._count(_macs(name, args, [factor[0] for factor in factors], result), origins)
            origin = self._layer(origins, origin)
        elif name.startswith(RANDOM):
            origin = DATA
        for tensor in _tensors(result):
            self._set(tensor, origin)

    def _count(self, macs: int, factors: Sequence[_Origin]) -> None:
        self.forward_macs += macs
        # The gradient of a product towards a factor takes as many operations as the product itself.
        self.training_macs += macs * (1 + sum(factor.needs_gradient for factor in factors))

    def _layer(self, origins: Sequence[_Origin], origin: _Origin) -> _Origin:
        data = _merge(factor for factor in origins if factor.is_data)
        weights = frozenset[int]().union(*(factor.weights for factor in origins))
        is_new = data.is_data and bool(weights - data.applied)
        depth = max(origin.depth, data.depth + is_new)
        self._deepest = max(self._deepest, depth)
        return replace(origin, depth=depth, applied=origin.applied | weights)

    def _get(self, tensor: Tensor) -> _Origin:
        return self._origins.get(tensor.untyped_storage()._cdata, CONSTANT)

    def _set(self, tensor: Tensor, origin: _Origin) -> None:
        storage = tensor.untyped_storage()
        if storage._cdata not in self._origins:
            self._seen.append(StorageWeakRef(storage))  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self._origins[storage._cdata] = origin


def _merge(origins: Iterable[_Origin]) -> _Origin:
    """Return the origin of what is computed from all of these."""
    distinct = {id(origin): origin for origin in origins if origin is not CONSTANT}
    if len(distinct) <= 1:
        return next(iter(distinct.values()), CONSTANT)
    origins = distinct.values()
    is_data = any(origin.is_data for origin in origins)
    return _Origin(
        depth=max(origin.depth for origin in origins),
        is_data=is_data,
        needs_gradient=any(origin.needs_gradient for origin in origins),
        weights=frozenset() if is_data else frozenset().union(*(origin.weights for origin in origins)),
        applied=frozenset().union(*(origin.applied for origin in origins)),
    )


def _macs(name: str, args: tuple[Any, ...], factors: list[Tensor], result: Any) -> int:
    """Return the multiply-accumulates of one product."""
    left, right = factors[:2]
    if name in ("convolution", "_convolution"):
        is_transposed = args[6]
        # Every output takes one filter of (channels / groups, *kernel); of a transposed one every input does.
        return (left if is_transposed else _first(result)).numel() * right[0].numel()
    if name == "_trilinear":
        return _first(result).numel() * right[0].numel()
    if name == "_cdist_forward":
        return left.numel() * right.shape[-2]
    return left.numel() * (right.shape[-1] if right.dim() > 1 else 1)


def _first(tree: Any) -> Tensor:
    return next(_tensors(tree))


def _tensors(tree: Any) -> Iterator[Tensor]:
    """Yield the tensors among arguments or results; torch's own tree functions take four times as long."""
    if isinstance(tree, Tensor):
        yield tree
    elif isinstance(tree, tuple | list):
        for branch in tree:
            yield from _tensors(branch)
    elif isinstance(tree, dict):
        yield from _tensors(list(tree.values()))
