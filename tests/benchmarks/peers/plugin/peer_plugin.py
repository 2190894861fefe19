"""The plugin of the peer comparisons: two networks every library can build, and a grid that does nothing."""

from __future__ import annotations

from collections.abc import Iterable

from bench.hookspecs import hookimpl
from bench.specs import DatasetSpec, MetricSpec, ModelSpec, TaskSpec


@hookimpl
def bench_models() -> Iterable[ModelSpec]:
    """Return the networks of the training comparison and the model that does nothing."""
    for name, target in (("peer-mlp", "peer_networks:MLP"), ("peer-cnn", "peer_networks:CNN")):
        yield ModelSpec(name=name, target=target, family="deep", tasks=("classification",))
    yield ModelSpec(name="idle", target="peer_nothing:Idle", family="shallow", tasks=("nothing", "classification"))


@hookimpl
def bench_datasets() -> Iterable[DatasetSpec]:
    """Return sixteen samples of nothing."""
    yield DatasetSpec(
        name="tiny",
        target="peer_nothing:tiny",
        tasks=("nothing", "classification"),
        modality="table",
        licence="none",
        source="none",
    )


@hookimpl
def bench_tasks() -> Iterable[TaskSpec]:
    """Return the task that asks nothing."""
    yield TaskSpec(name="nothing", target="peer_nothing:Nothing", summary="nothing is asked, a constant is scored")


@hookimpl
def bench_metrics() -> Iterable[MetricSpec]:
    """Return the constant score."""
    yield MetricSpec(name="value", task="nothing", target="peer_nothing:value", higher_is_better=True)
