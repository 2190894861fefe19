"""Networks that learn to reproduce samples: what they are called, take and can be set to."""

from __future__ import annotations

from bench import Integer, ModelSpec, Need, Role

__all__ = ["DETECTORS"]

# Numbers without gaps: only these can be reproduced by the square of an error.
NUMBERS = Need(axes=("c", "tc", "chw"))
BOTTLENECK = {"latent_size": Integer(8, 1, 128, log=True), "width": Integer(128, 8, 1024, log=True)}

DETECTORS = (
    ModelSpec(
        name="autoencoder",
        target="bench_deep.autoencoder:Autoencoder",
        summary="network that reproduces a sample from a few numbers; unusual is what it cannot reproduce",
        family="deep",
        roles=(Role("score", NUMBERS),),
        hyperparameters=BOTTLENECK,
        paper="S. Hawkins, H. He, G. Williams, R. Baxter: Outlier detection using replicator neural networks, 2002",
    ),
    ModelSpec(
        name="vae-detector",
        target="bench_deep.vae_detector:VAEDetector",
        summary="variational autoencoder; unusual is what it thinks improbable",
        family="deep",
        roles=(Role("score", NUMBERS),),
        hyperparameters=BOTTLENECK,
        paper="J. An, S. Cho: Variational autoencoder based anomaly detection using reconstruction probability, 2015",
    ),
    ModelSpec(
        name="autoencoder-k-means",
        target="bench_deep.autoencoder_k_means:AutoencoderKMeans",
        summary="autoencoder, and k-means among its codes",
        family="deep",
        roles=(Role("assign", NUMBERS),),
        hyperparameters=BOTTLENECK,
        paper="J. Xie, R. Girshick, A. Farhadi: Unsupervised deep embedding for clustering analysis, 2016",
        requires=("sklearn",),
        extra="shallow",
    ),
)
