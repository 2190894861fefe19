"""Models that draw: adversarial and variational networks, and a Gaussian as their shallow control."""

from __future__ import annotations

from collections.abc import Iterable

from bench import NOTHING, Integer, ModelSpec, Need, Real, Role, hookimpl

# Tanh and the Bernoulli decoder draw between bounds.
IMAGES = Need(axes=("chw",), bounded=True)
DRAWS_IMAGES = (Role("sample", NOTHING, IMAGES),)
DRAWS_IN_QUARTERS = (Role("sample", NOTHING, IMAGES, rule="bench_generative.rules:sides_in_quarters"),)
# An adversarial model steps its own optimizers, hence its own rate beside the protocol's.
ADVERSARIAL_RATE = Real(2e-4, 1e-5, 1e-2, log=True)

MODELS = (
    ModelSpec(
        name="gaussian",
        target="bench_generative.gaussian:ClassGaussian",
        summary="one normal distribution of pixels per class",
        family="shallow",
        roles=DRAWS_IMAGES,
        hyperparameters={"shrinkage": Real(0.01, 1e-4, 1.0, log=True)},
        paper="O. Ledoit, M. Wolf: A well-conditioned estimator for large covariance matrices, 2004",
        devices=("cpu",),
    ),
    ModelSpec(
        name="gan",
        target="bench_generative.gan:GAN",
        summary="generator against discriminator, both of linear layers",
        family="generative",
        roles=DRAWS_IMAGES,
        hyperparameters={
            "latent_size": Integer(64, 2, 256, log=True),
            "width": Integer(256, 16, 1024, log=True),
            "learning_rate": ADVERSARIAL_RATE,
        },
        paper="I. Goodfellow et al.: Generative adversarial nets, 2014",
    ),
    ModelSpec(
        name="dcgan",
        target="bench_generative.dcgan:DCGAN",
        summary="generator against discriminator, both convolutional; sides divisible by 4",
        family="generative",
        roles=DRAWS_IN_QUARTERS,
        hyperparameters={
            "latent_size": Integer(64, 2, 256, log=True),
            "width": Integer(32, 8, 128, log=True),
            "learning_rate": ADVERSARIAL_RATE,
        },
        paper="A. Radford, L. Metz, S. Chintala: Unsupervised representation learning with DCGANs, 2016",
    ),
    ModelSpec(
        name="vae",
        target="bench_generative.vae:VAE",
        summary="variational autoencoder of linear layers with a Bernoulli decoder",
        family="generative",
        roles=DRAWS_IMAGES,
        hyperparameters={
            "latent_size": Integer(16, 2, 256, log=True),
            "width": Integer(512, 16, 2048, log=True),
        },
        paper="D. Kingma, M. Welling: Auto-encoding variational Bayes, 2014",
    ),
)


@hookimpl
def bench_models() -> Iterable[ModelSpec]:
    """Return the generative models."""
    return MODELS
