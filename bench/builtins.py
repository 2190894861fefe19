"""The tasks, protocols and metrics the core itself offers, through the door that strangers use."""

from __future__ import annotations

import math
from collections.abc import Iterable

from bench.hookspecs import hookimpl
from bench.matching import BASELINE
from bench.spaces import Need, Role
from bench.specs import MetricSpec, ModelSpec, ProtocolSpec, TaskSpec


@hookimpl
def bench_models() -> Iterable[ModelSpec]:
    """Return the trivial model that every other must beat."""
    anything = Need(kinds=("real", "index", "text"), levels=True, missing=True, ragged=True, none=True)
    yield ModelSpec(
        name=BASELINE,
        target="bench.tasks.baseline:baseline",
        summary="the trivial answer: class shares, the mean, the last value, each column by itself",
        family="shallow",
        roles=(
            Role("predict", anything, anything),
            Role("sample", anything, anything),
            Role("score", anything, anything),
            Role("assign", anything, anything),
        ),
        devices=("cpu",),
    )


@hookimpl
def bench_tasks() -> Iterable[TaskSpec]:
    """Return the core's tasks."""
    yield TaskSpec(
        name="classification",
        target="bench.tasks.classification:Classification",
        summary="name the class of a table row, an image or a series",
    )
    yield TaskSpec(
        name="regression",
        target="bench.tasks.regression:Regression",
        summary="tell the number that belongs to a table row, an image or a series",
    )
    yield TaskSpec(
        name="forecasting",
        target="bench.tasks.forecasting:Forecasting",
        summary="tell the next steps of one series or of several",
    )
    yield TaskSpec(
        name="sequence-labelling",
        target="bench.tasks.sequence_labelling:SequenceLabelling",
        summary="name a token for each step of a sequence",
    )
    yield TaskSpec(
        name="anomaly-detection",
        target="bench.tasks.anomaly_detection:AnomalyDetection",
        summary="say how unusual each sample is, without having been told which are",
    )
    yield TaskSpec(
        name="clustering",
        target="bench.tasks.clustering:Clustering",
        summary="put samples into groups of which only the number is told",
    )
    yield TaskSpec(
        name="image-generation",
        target="bench.tasks.image_generation:ImageGeneration",
        summary="draw images that could be from the data",
    )
    yield TaskSpec(
        name="conditional-generation",
        target="bench.tasks.conditional_generation:ConditionalGeneration",
        summary="draw images of the classes that are asked for",
    )
    yield TaskSpec(
        name="table-synthesis",
        target="bench.tasks.table_synthesis:TableSynthesis",
        summary="draw rows of numbers that could be from the data",
    )


@hookimpl
def bench_protocols() -> Iterable[ProtocolSpec]:
    """Return the core's protocols, each with its part of the report where it has one."""
    yield ProtocolSpec(
        name="fixed-budget",
        target="bench.protocols.fixed_budget:FixedBudget",
        summary="the same epochs, steps or seconds for every model",
    )
    for name, kind, summary in (
        ("learning-curve", "LearningCurve", "quality on growing parts of the training data"),
        ("noise", "Noise", "quality under label noise, and with inputs shuffled as a control"),
        ("scaling", "Scaling", "quality and cost as the model's width or depth grows"),
        ("time-to-target", "TimeToTarget", "training seconds until a wanted quality"),
        ("transfer", "Transfer", "fine-tuning on few samples against training from scratch"),
        ("tuned", "Tuned", "the same number of tuning trials for every model, with their cost"),
    ):
        module = name.replace("-", "_")
        requires, extra = (("optuna",), "tuning") if name == "tuned" else ((), "")
        yield ProtocolSpec(
            name=name,
            target=f"bench.protocols.{module}:{kind}",
            report=f"bench.report.protocols.{module}:part",
            summary=summary,
            requires=requires,
            extra=extra,
        )


@hookimpl
def bench_metrics() -> Iterable[MetricSpec]:
    """Return the core's metrics of classes and of values."""
    scores = (
        ("accuracy", True, "share of samples whose most probable class is the true one"),
        ("precision", True, "precision, mean over classes"),
        ("recall", True, "recall, mean over classes"),
        ("f1", True, "F1, mean over classes"),
        ("auroc", True, "area under the ROC curve, one class against the rest, mean over classes"),
        ("log_loss", False, "mean negative log-probability of the true class, nats"),
        ("calibration_error", False, "expected calibration error, 15 bins of equal width"),
    )
    for name, higher_is_better, summary in scores:
        yield MetricSpec(
            name=name,
            arrays=("probabilities", "labels"),
            target=f"bench.metrics.classification:{name}",
            summary=summary,
            higher_is_better=higher_is_better,
            unit="nats" if name == "log_loss" else "",
            low=0.0,
            high=math.inf if name == "log_loss" else 1.0,
        )
    for name, title, higher_is_better, summary in (
        ("rmse", "RMSE", False, "root of the mean squared error, in units of the data"),
        ("mae", "MAE", False, "mean absolute error, in units of the data"),
        ("r2", "R²", True, "share of the targets' variance that is explained; 0 for their mean"),
    ):
        yield MetricSpec(
            name=name,
            title=title,
            arrays=("predictions", "targets"),
            target=f"bench.metrics.regression:{name}",
            summary=summary,
            higher_is_better=higher_is_better,
            low=-math.inf if higher_is_better else 0.0,
            high=1.0 if higher_is_better else math.inf,
        )
    for name, title, truth, summary in (
        ("standardised_mse", "MSE (standardised)", "scales", "mean squared error, in deviations of each series"),
        ("standardised_mae", "MAE (standardised)", "scales", "mean absolute error, in deviations of each series"),
        ("smape", "sMAPE", "naive_errors", "symmetric mean absolute percentage error"),
        ("mase", "MASE", "naive_errors", "mean absolute error; 1 is that of the seasonal naive forecast in training"),
    ):
        yield MetricSpec(
            name=name,
            title=title,
            arrays=("predictions", "targets", truth),
            target=f"bench.metrics.forecasting:{name}",
            summary=summary,
            higher_is_better=False,
            unit="%" if name == "smape" else "",
            low=0.0,
            high=200.0 if name == "smape" else math.inf,
        )
    for name, arrays, higher_is_better, summary in (
        ("token_accuracy", ("top", "tokens"), True, "share of tokens that are the most probable ones"),
        ("sequence_accuracy", ("top", "tokens"), True, "share of sequences without a single wrong token"),
        ("nats_per_token", ("log_likelihoods",), False, "mean negative log-likelihood of the true tokens, nats"),
    ):
        yield MetricSpec(
            name=name,
            arrays=arrays,
            target=f"bench.metrics.tokens:{name}",
            summary=summary,
            higher_is_better=higher_is_better,
            unit="" if higher_is_better else "nats",
            low=0.0,
            high=1.0 if higher_is_better else math.inf,
        )
    for name, title, summary in (
        ("anomaly_auroc", "AUROC", "share of pairs of an anomaly and a normal sample that are in the right order"),
        ("average_precision", "Average precision", "mean precision over the recall of anomalies"),
        ("best_f1", "Best F1", "largest F1 of all thresholds"),
    ):
        yield MetricSpec(
            name=name,
            title=title,
            arrays=("anomaly_scores", "labels"),
            target=f"bench.metrics.anomalies:{name}",
            summary=summary,
            higher_is_better=True,
            low=0.0,
            high=1.0,
        )
    for name, title, read, low, summary in (
        ("nmi", "NMI", ("clusters", "labels"), 0.0, "mutual information of clusters and classes, normalised"),
        ("ari", "ARI", ("clusters", "labels"), -0.5, "pairs on which clusters and classes agree, less chance"),
        ("silhouette", "Silhouette", ("clusters", "inputs", "places"), -1.0, "how much nearer the own cluster is"),
    ):
        yield MetricSpec(
            name=name,
            title=title,
            arrays=read,
            target=f"bench.metrics.clusters:{name}",
            summary=summary,
            higher_is_better=True,
            low=low,
            high=1.0,
        )
