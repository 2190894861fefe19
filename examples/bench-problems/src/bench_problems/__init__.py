"""A depthbench plugin with three tasks, and data, models and metrics for each; nothing heavy is imported here."""

from __future__ import annotations

import math
from collections.abc import Iterable

from bench import (
    NUMBER,
    DataFile,
    DatasetSpec,
    Integer,
    MetricSpec,
    ModelSpec,
    Need,
    Real,
    Role,
    Space,
    TaskSpec,
    hookimpl,
)

__all__ = ["bench_datasets", "bench_metrics", "bench_models", "bench_tasks"]

ALPHABET = tuple("\n ,.;?!'" + "abcdefghijklmnopqrstuvwxyz" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
MEASURES = ("age", "sex", "bmi", "blood pressure", "s1", "s2", "s3", "s4", "s5", "s6")

ROWS = Need(levels=True, missing=True)
TOKENS = Need(axes=("t",), kinds=("index",))
IMAGES = Need(axes=("chw",))
ENLARGING = Role("predict", IMAGES, IMAGES, rule="bench_problems.rules:enlarges")


@hookimpl
def bench_tasks() -> Iterable[TaskSpec]:
    """Return what is asked."""
    for name, target, summary in (
        ("plain-regression", "regression:Regression", "tell the number that belongs to each sample"),
        ("next-character", "next_character:NextCharacter", "tell how probable each next character of a text is"),
        ("super-resolution", "super_resolution:SuperResolution", "draw the large image a small one was made from"),
    ):
        yield TaskSpec(name=name, target=f"bench_problems.tasks.{target}", summary=summary)


@hookimpl
def bench_datasets() -> Iterable[DatasetSpec]:
    """Return what is known: a table, a text, images."""
    yield DatasetSpec(
        name="diabetes-progression",
        target="bench_problems.data.diabetes:load",
        summary="442 patients, ten measures, how far the disease went in a year",
        inputs=Space("c", (10,), names=MEASURES, levels=(0, 2, *[0] * 8)),
        targets=Space(),
        sample_count=442,
        licence="none stated; published with the paper",
        source="https://www4.stat.ncsu.edu/~boos/var.select/diabetes.html",
        citation="B. Efron, T. Hastie, I. Johnstone, R. Tibshirani: Least angle regression, 2004",
        # scikit-learn carries the files, so nothing is downloaded; they are verified before they are read.
        embedded_in="sklearn",
        requires=("sklearn",),
        files=(
            DataFile(
                path="datasets/data/diabetes_data_raw.csv",
                checksum="sha256:7fc0ded571454b1982210d3bb43f0aca44eae01a0b8654a3b24022bdb6b38009",
                unpacked_checksum="sha256:86badf50b4f9436ddd1e497dc0ae1b93166f8120221ee7dca4634fe849f3be7c",
                size_bytes=7_073,
            ),
            DataFile(
                path="datasets/data/diabetes_target.csv",
                checksum="sha256:8e53f65eb811df43c206f3534bb3af0e5fed213bc37ed6ba36310157d6023803",
                unpacked_checksum="sha256:244713a551f62a291a354212d8a048adec6cb1244b2bc44e66a0698f5006d26d",
                size_bytes=1_050,
            ),
        ),
    )
    yield DatasetSpec(
        name="tale",
        target="bench_problems.data.tale:load",
        summary="42,702 characters of a tale that a small grammar wrote",
        # One sample is one character; that they follow each other is what `ordered` says.
        inputs=Space(kind="index", size=len(ALPHABET), names=ALPHABET),
        ordered=True,
        sample_count=42_702,
        licence="CC0 1.0",
        source="written by bench_problems.data.tale",
        embedded_in="bench_problems",
        files=(
            DataFile(
                path="data/tale.txt",
                checksum="sha256:e740359467c8f46f61d4b664dc8e48844314eac11faaed06fc92edd1661ddad9",
                size_bytes=42_702,
            ),
        ),
    )
    yield DatasetSpec(
        name="shapes",
        target="bench_problems.data.shapes:load",
        summary="1,200 discs, boxes and rings, 16 × 16 grey values",
        inputs=Space("chw", (1, 16, 16), bounds=(0.0, 1.0)),
        sample_count=1200,
        licence="CC0 1.0",
        source="drawn by bench_problems.data.shapes",
    )


@hookimpl
def bench_models() -> Iterable[ModelSpec]:
    """Return who is asked: for each task a shallow and a deep model; each says what it takes and gives, no task."""
    yield ModelSpec(
        name="plain-ridge",
        target="bench_problems.models.ridge:ridge",
        summary="linear regression with a penalty on squared weights",
        family="shallow",
        roles=(Role("predict", ROWS, NUMBER),),
        hyperparameters={"alpha": Real(1.0, 1e-3, 1e3, log=True)},
        paper="A. Hoerl, R. Kennard: Ridge regression, 1970",
        devices=("cpu",),
        requires=("sklearn",),
    )
    yield ModelSpec(
        name="residual-mlp",
        target="bench_problems.models.residual_mlp:ResidualMLP",
        summary="deep network of residual blocks for rows of numbers",
        family="deep",
        roles=(Role("predict", ROWS, NUMBER),),
        hyperparameters={
            "depth": Integer(2, 1, 8),
            "width": Integer(64, 8, 512, log=True),
            "dropout": Real(0.1, 0.0, 0.6),
        },
        paper="Y. Gorishniy et al.: Revisiting deep learning models for tabular data, 2021",
    )
    yield ModelSpec(
        name="n-gram",
        target="bench_problems.models.n_gram:NGram",
        summary="counts of what followed the last few tokens, with back-off to fewer",
        family="shallow",
        roles=(Role("predict", TOKENS, TOKENS),),
        hyperparameters={"order": Integer(6, 1, 12)},
        paper="I. Witten, T. Bell: The zero-frequency problem, 1991",
        devices=("cpu",),
    )
    yield ModelSpec(
        name="plain-gru",
        target="bench_problems.models.gru:GRU",
        summary="gated recurrent network over tokens",
        family="deep",
        roles=(Role("predict", TOKENS, TOKENS),),
        hyperparameters={"width": Integer(128, 16, 1024, log=True), "depth": Integer(1, 1, 4)},
        paper="K. Cho et al.: Learning phrase representations using RNN encoder-decoder, 2014",
    )
    yield ModelSpec(
        name="patch-ridge",
        target="bench_problems.models.patch_ridge:PatchRidge",
        summary="one linear map from a neighbourhood of pixels to the larger ones in its middle",
        family="shallow",
        roles=(ENLARGING,),
        hyperparameters={"side": 5, "alpha": Real(1e-4, 1e-8, 1.0, log=True)},
        devices=("cpu",),
    )
    yield ModelSpec(
        name="srcnn",
        target="bench_problems.models.srcnn:SRCNN",
        summary="convolutions that correct an interpolated image",
        family="deep",
        roles=(ENLARGING,),
        hyperparameters={"width": Integer(32, 4, 256, log=True), "depth": Integer(4, 2, 20)},
        paper="C. Dong et al.: Learning a deep convolutional network for image super-resolution, 2014",
    )


@hookimpl
def bench_metrics() -> Iterable[MetricSpec]:
    """Return scores beside the tasks' own; each meets every task whose answers and truth hold the arrays it reads."""
    text, images = ("log_likelihoods",), ("predictions", "targets", "bounds")
    for name, title, arrays, is_higher_better, unit, summary in (
        ("bits_per_character", "", text, False, "bits", "what an ideal compressor would need for each character"),
        ("top_accuracy", "", ("top", "tokens"), True, "", "share of places where the most probable character followed"),
        ("psnr", "PSNR", images, True, "dB", "peak signal-to-noise ratio, mean over images"),
        ("ssim", "SSIM", images, True, "", "structural similarity, mean over images"),
    ):
        yield MetricSpec(
            name=name,
            title=title,
            target=f"bench_problems.metrics:{name}",
            summary=summary,
            arrays=arrays,
            higher_is_better=is_higher_better,
            unit=unit,
            low=0.0,
            high=1.0 if name in ("top_accuracy", "ssim") else math.inf,
        )
