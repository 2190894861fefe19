"""A depthbench plugin with one model."""

from __future__ import annotations

from collections.abc import Iterable

from bench import CLASS, Integer, ModelSpec, Real, Role, hookimpl

__all__ = ["bench_models"]


@hookimpl
def bench_models() -> Iterable[ModelSpec]:
    """Return the models of this plugin; torch waits until one of them is used."""
    yield ModelSpec(
        name="hello",
        target="bench_hello.random_features:RandomFeatures",
        summary="random Fourier features and one linear layer that learns",
        family="shallow",
        roles=(Role("predict", target=CLASS),),
        hyperparameters={
            "features": Integer(512, 16, 4096, log=True),
            "length_scale": Real(1.0, 0.1, 10.0, log=True),
        },
        paper="A. Rahimi, B. Recht: Random features for large-scale kernel machines, 2007",
    )
