"""Detectors of anomalies that are no networks: what they are called, take and can be set to."""

from __future__ import annotations

from bench import Integer, ModelSpec, Need, Real, Role

__all__ = ["DETECTORS"]

# What they say of a sample, they say of its flat row.
SCORES = (Role("score", Need(levels=True, missing=True)),)

DETECTORS = (
    ModelSpec(
        name="isolation-forest",
        target="bench_shallow.isolation_forest:isolation_forest",
        summary="random trees; what few random cuts set apart is unusual",
        family="shallow",
        roles=SCORES,
        # The paper's own: 100 trees of 256 samples each.
        hyperparameters={
            "n_estimators": Integer(100, 20, 1000, log=True),
            "max_samples": Integer(256, 16, 4096, log=True),
        },
        paper="F. T. Liu, K. M. Ting, Z.-H. Zhou: Isolation forest, 2008",
        devices=("cpu",),
        requires=("sklearn",),
        extra="shallow",
    ),
    ModelSpec(
        name="local-outlier-factor",
        target="bench_shallow.local_outlier_factor:local_outlier_factor",
        summary="unusual is a sample in thinner surroundings than its neighbours'",
        family="shallow",
        roles=SCORES,
        hyperparameters={"n_neighbors": Integer(20, 2, 500, log=True)},
        paper="M. Breunig, H.-P. Kriegel, R. Ng, J. Sander: LOF, identifying density-based local outliers, 2000",
        devices=("cpu",),
        requires=("sklearn",),
        extra="shallow",
    ),
    ModelSpec(
        name="mahalanobis",
        target="bench_shallow.mahalanobis:Mahalanobis",
        summary="one normal distribution; unusual is what lies far from its mean, in deviations",
        family="shallow",
        roles=SCORES,
        hyperparameters={"shrinkage": Real(0.01, 1e-4, 1.0, log=True)},
        paper="P. C. Mahalanobis: On the generalised distance in statistics, 1936",
        devices=("cpu",),
        requires=("sklearn",),
        extra="shallow",
    ),
    ModelSpec(
        name="gaussian-mixture-detector",
        target="bench_shallow.gaussian_mixture_detector:gaussian_mixture_detector",
        summary="several normal distributions; unusual is what has a small density",
        family="shallow",
        roles=SCORES,
        hyperparameters={
            "n_components": Integer(8, 1, 64, log=True),
            "reg_covar": Real(1e-3, 1e-6, 1.0, log=True),
        },
        paper="C. M. Bishop: Novelty detection and neural network validation, 1994",
        devices=("cpu",),
        requires=("sklearn",),
        extra="shallow",
    ),
    ModelSpec(
        name="pca-reconstruction",
        target="bench_shallow.pca_reconstruction:PCAReconstruction",
        summary="a few principal components; unusual is what they cannot reproduce",
        family="shallow",
        roles=SCORES,
        hyperparameters={"variance": Real(0.9, 0.3, 0.999)},
        paper="J. E. Jackson, G. S. Mudholkar: Control procedures for residuals associated with principal component "
        "analysis, 1979",
        devices=("cpu",),
        requires=("sklearn",),
        extra="shallow",
    ),
)
