"""Deep models: two hidden layers and more."""

from __future__ import annotations

from collections.abc import Iterable

from bench import Choice, Integer, ModelSpec, Need, Real, Role, hookimpl
from bench_deep.detectors import DETECTORS
from bench_deep.sequences import SEQUENCE_MODELS
from bench_deep.series import SERIES

# What is not asked of a sample, the loss leaves out.
ANSWERS = Need(kinds=("index", "real"), axes=("", "c", "tc", "chw"), levels=True, missing=True)
NETWORK = (Role("predict", Need(levels=True, missing=True), ANSWERS),)
ONE_ANSWER = Need(kinds=("index", "real"), axes=("",), missing=True)
TABLES = (Role("predict", Need(axes=("c",), levels=True, missing=True), ONE_ANSWER),)
IMAGES = (Role("predict", Need(axes=("chw",)), ONE_ANSWER),)

MODELS = (
    ModelSpec(
        name="mlp",
        target="bench_deep.mlp:MLP",
        summary="network with several hidden layers of one width",
        family="deep",
        roles=NETWORK,
        hyperparameters={
            "depth": Integer(3, 2, 8),
            "width": Integer(128, 8, 1024, log=True),
            "dropout": Real(0.0, 0.0, 0.6),
        },
        paper="D. Rumelhart et al.: Learning representations by back-propagating errors, 1986",
    ),
    ModelSpec(
        name="tabular-resnet",
        target="bench_deep.tabular_resnet:TabularResNet",
        summary="residual network for tables, with learnt vectors for categories",
        family="deep",
        roles=TABLES,
        hyperparameters={
            "blocks": Integer(2, 1, 8),
            "width": Integer(128, 16, 512, log=True),
            "hidden_factor": Real(2.0, 1.0, 4.0),
            "dropout": Real(0.2, 0.0, 0.5),
        },
        paper="Y. Gorishniy et al.: Revisiting deep learning models for tabular data, 2021",
    ),
    ModelSpec(
        name="lenet",
        target="bench_deep.lenet:LeNet",
        summary="LeNet-5 with ReLU and max pooling; images from 8 × 8 pixels",
        family="deep",
        roles=IMAGES,
        hyperparameters={"width_factor": Choice(1, (1, 2, 4)), "dropout": Real(0.0, 0.0, 0.6)},
        paper="Y. LeCun et al.: Gradient-based learning applied to document recognition, 1998",
    ),
    ModelSpec(
        name="resnet-small",
        target="bench_deep.resnet_small:ResNetSmall",
        summary="residual network of three stages; images from 8 × 8 pixels",
        family="deep",
        roles=IMAGES,
        hyperparameters={"width": Choice(16, (8, 16, 32, 64)), "blocks": Integer(1, 1, 9)},
        paper="K. He et al.: Deep residual learning for image recognition, 2016",
    ),
    *SERIES,
    *SEQUENCE_MODELS,
    *DETECTORS,
)


@hookimpl
def bench_models() -> Iterable[ModelSpec]:
    """Return the deep models."""
    return MODELS
