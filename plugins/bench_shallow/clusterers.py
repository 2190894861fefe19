"""Models that put samples into clusters and are no networks: what they are called, take and can be set to."""

from __future__ import annotations

from bench import Choice, Integer, ModelSpec, Need, Real, Role

__all__ = ["CLUSTERERS"]

ASSIGNS = (Role("assign", Need()),)

CLUSTERERS = (
    ModelSpec(
        name="k-means",
        target="bench_shallow.k_means:k_means",
        summary="each sample with the nearest of k centres",
        family="shallow",
        roles=ASSIGNS,
        hyperparameters={"n_init": Integer(10, 1, 50, log=True)},
        paper="S. Lloyd: Least squares quantization in PCM, 1982",
        devices=("cpu",),
        requires=("sklearn",),
        extra="shallow",
    ),
    ModelSpec(
        name="gaussian-mixture-clusters",
        target="bench_shallow.gaussian_mixture_clusters:gaussian_mixture_clusters",
        summary="a normal distribution for each cluster, fitted by EM",
        family="shallow",
        roles=ASSIGNS,
        hyperparameters={
            "covariance_type": Choice("full", ("full", "tied", "diag", "spherical")),
            "reg_covar": Real(1e-2, 1e-6, 1.0, log=True),
            "n_init": Integer(5, 1, 20, log=True),
        },
        paper="A. Dempster, N. Laird, D. Rubin: Maximum likelihood from incomplete data via the EM algorithm, 1977",
        devices=("cpu",),
        requires=("sklearn",),
        extra="shallow",
    ),
)
