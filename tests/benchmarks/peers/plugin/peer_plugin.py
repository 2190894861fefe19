"""The plugin of the peer comparisons: two networks every library can build, and a grid that does nothing."""

from __future__ import annotations

from collections.abc import Iterable

from bench import CLASS, DatasetSpec, ModelSpec, Role, Space, TaskSpec, hookimpl

CLASSIFIES = (Role("predict", target=CLASS),)


@hookimpl
def bench_models() -> Iterable[ModelSpec]:
    """Return the networks of the training comparison and the model that does nothing."""
    for network in ("MLP", "CNN", "LSTM", "Transformer"):
        target = f"peer_networks:{network}"
        yield ModelSpec(name=f"peer-{network.lower()}", target=target, family="deep", roles=CLASSIFIES)
    yield ModelSpec(name="idle", target="peer_nothing:Idle", family="shallow", roles=CLASSIFIES)


@hookimpl
def bench_datasets() -> Iterable[DatasetSpec]:
    """Return sixteen samples of nothing."""
    yield DatasetSpec(
        name="tiny",
        target="peer_nothing:tiny",
        inputs=Space("c", (4,)),
        targets=Space(kind="index", size=2, names=("even", "odd")),
        licence="none",
        source="none",
    )


@hookimpl
def bench_tasks() -> Iterable[TaskSpec]:
    """Return the task that asks nothing."""
    yield TaskSpec(name="nothing", target="peer_nothing:Nothing", summary="nothing is asked, a constant is scored")
