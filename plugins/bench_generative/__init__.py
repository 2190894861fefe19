"""Models that draw: adversarial and variational networks, and the shallow densities that they must beat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bench import CLASS, NOTHING, Choice, Fixed, Integer, ModelSpec, Need, Real, Role, hookimpl

# Tanh and the Bernoulli decoder draw between bounds.
IMAGES = Need(axes=("chw",), bounded=True)
DRAWS_IMAGES = (Role("sample", NOTHING, IMAGES),)
# What sees a sample as a row of numbers draws rows of tables as well.
DRAWS = (Role("sample", NOTHING, Need(axes=("chw", "c"), bounded=True)),)
DRAWS_CLASSES = (Role("sample", CLASS, IMAGES),)
# A density of each class also names the class of an image, by Bayes' rule.
DENSITY_OF_CLASSES = (*DRAWS, *DRAWS_CLASSES, Role("predict", Need(axes=("chw",)), CLASS))
# What reads images as grey levels must know their bounds, which a standardised input has lost.
LEVELS_OF_CLASSES = (*DRAWS_IMAGES, *DRAWS_CLASSES, Role("predict", IMAGES, CLASS))
GREY = "bench_generative.rules:grey"
GREY_LEVELS_OF_CLASSES = tuple(replace(role, rule=GREY) for role in LEVELS_OF_CLASSES)
DRAWS_IN_QUARTERS = (Role("sample", NOTHING, IMAGES, rule="bench_generative.rules:sides_in_quarters"),)
# An adversarial model steps its own optimizers, hence its own rate beside the protocol's.
ADVERSARIAL_RATE = Real(2e-4, 1e-5, 1e-2, log=True)
VAE_SETTINGS: Mapping[str, Real | Choice] = {
    "beta": Real(1.0, 0.1, 10.0, log=True),
    "likelihood": Choice("bernoulli", ("bernoulli", "logistic")),
}
# Other levels are another unit of the likelihood.
LEVEL_SETTINGS: Mapping[str, Choice | Fixed] = {
    "levels": Fixed(256),
    "distribution": Choice("logistic-mixture", ("logistic-mixture", "softmax")),
}

MODELS = (
    ModelSpec(
        name="gaussian",
        target="bench_generative.gaussian:ClassGaussian",
        summary="one normal distribution of pixels per class; also names classes, by Bayes' rule",
        family="shallow",
        roles=DENSITY_OF_CLASSES,
        hyperparameters={"shrinkage": Real(0.01, 1e-4, 1.0, log=True)},
        paper="O. Ledoit, M. Wolf: A well-conditioned estimator for large covariance matrices, 2004",
        devices=("cpu",),
    ),
    ModelSpec(
        name="gaussian-mixture",
        target="bench_generative.gaussian_mixture:GaussianMixture",
        summary="several normal distributions of pixels, of all images or of each class, fitted by EM",
        family="shallow",
        roles=DENSITY_OF_CLASSES,
        hyperparameters={
            "components": Integer(20, 1, 50, log=True),
            "per_class": Choice(False, (False, True)),
            "prior_samples": Real(3.0, 0.1, 100.0, log=True),
        },
        paper="A. Dempster, N. Laird, D. Rubin: Maximum likelihood from incomplete data via the EM algorithm, 1977",
        devices=("cpu",),
    ),
    ModelSpec(
        name="pca-gaussian",
        target="bench_generative.pca_gaussian:PCAGaussian",
        summary="one normal distribution of the principal components of all images, with noise around them",
        family="shallow",
        roles=DRAWS,
        hyperparameters={"variance": Real(0.95, 0.5, 0.999)},
        paper="M. Tipping, C. Bishop: Probabilistic principal component analysis, 1999",
        devices=("cpu",),
    ),
    ModelSpec(
        name="kernel-density",
        target="bench_generative.kernel_density:KernelDensity",
        summary="a normal distribution around every training image: draws these with noise",
        family="shallow",
        roles=DRAWS,
        hyperparameters={
            "bandwidth": Choice("cross-validation", ("cross-validation", "scott", "silverman")),
            "shrinkage": Real(0.01, 1e-4, 1.0, log=True),
        },
        paper="B. Silverman: Density estimation for statistics and data analysis, 1986",
        devices=("cpu",),
    ),
    ModelSpec(
        name="copy",
        target="bench_generative.copy:Copy",
        summary="hands out training images: near perfect to every distance, and no generator at all",
        family="shallow",
        roles=DRAWS,
        paper="C. Meehan, K. Chaudhuri, S. Dasgupta: A non-parametric test to detect data-copying, 2020",
        devices=("cpu",),
    ),
    ModelSpec(
        name="gan",
        target="bench_generative.gan:GAN",
        summary="generator against discriminator, both of linear layers",
        family="generative",
        roles=DRAWS,
        hyperparameters={
            "latent_size": Integer(64, 2, 256, log=True),
            "width": Integer(256, 16, 1024, log=True),
            "learning_rate": ADVERSARIAL_RATE,
            "loss": Choice("non-saturating", ("non-saturating", "minimax")),
        },
        paper="I. Goodfellow et al.: Generative adversarial nets, 2014",
    ),
    ModelSpec(
        name="cgan",
        target="bench_generative.cgan:ConditionalGAN",
        summary="generator against discriminator, both of linear layers and told the class",
        family="generative",
        roles=DRAWS_CLASSES,
        hyperparameters={
            "latent_size": Integer(64, 2, 256, log=True),
            "width": Integer(256, 16, 1024, log=True),
            "learning_rate": ADVERSARIAL_RATE,
            "loss": Choice("non-saturating", ("non-saturating", "minimax")),
        },
        paper="M. Mirza, S. Osindero: Conditional generative adversarial nets, 2014",
    ),
    ModelSpec(
        name="wgan-gp",
        target="bench_generative.wgan_gp:WGANGP",
        summary="generator against a critic with a gradient penalty, both of linear layers",
        family="generative",
        roles=DRAWS,
        hyperparameters={
            "latent_size": Integer(64, 2, 256, log=True),
            "width": Integer(256, 16, 1024, log=True),
            "learning_rate": ADVERSARIAL_RATE,
            "critic_steps": Integer(5, 1, 10),
            "penalty": 10.0,
        },
        paper="I. Gulrajani et al.: Improved training of Wasserstein GANs, 2017",
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
        roles=DRAWS,
        hyperparameters={
            "latent_size": Integer(16, 2, 256, log=True),
            "width": Integer(512, 16, 2048, log=True),
            **VAE_SETTINGS,
        },
        paper="D. Kingma, M. Welling: Auto-encoding variational Bayes, 2014",
    ),
    ModelSpec(
        name="cvae",
        target="bench_generative.cvae:ConditionalVAE",
        summary="variational autoencoder of linear layers that is told the class",
        family="generative",
        roles=DRAWS_CLASSES,
        hyperparameters={
            "latent_size": Integer(16, 2, 256, log=True),
            "width": Integer(512, 16, 2048, log=True),
            **VAE_SETTINGS,
        },
        paper="K. Sohn, H. Lee, X. Yan: Learning structured output representation using deep conditional generative "
        "models, 2015",
    ),
    ModelSpec(
        name="made",
        target="bench_generative.made:MADE",
        summary="autoregressive: linear layers, masked so that each number is told from those before it",
        family="generative",
        roles=LEVELS_OF_CLASSES,
        hyperparameters={"width": Integer(512, 16, 2048, log=True), **LEVEL_SETTINGS},
        paper="M. Germain et al.: MADE: Masked autoencoder for distribution estimation, 2015",
    ),
    ModelSpec(
        name="pixelcnn",
        target="bench_generative.pixelcnn:PixelCNN",
        summary="autoregressive: gated convolutions that see pixels above and to the left; grey images",
        family="generative",
        roles=GREY_LEVELS_OF_CLASSES,
        hyperparameters={
            "width": Integer(32, 8, 128, log=True),
            "depth": Integer(4, 1, 12),
            **LEVEL_SETTINGS,
        },
        paper="A. van den Oord et al.: Conditional image generation with PixelCNN decoders, 2016",
    ),
    ModelSpec(
        name="ddpm",
        target="bench_generative.ddpm:DDPM",
        summary="U-net that takes noise away step by step, sampled by DDIM; sides divisible by 4",
        family="generative",
        roles=DRAWS_IN_QUARTERS,
        hyperparameters={
            "width": Integer(32, 8, 128, log=True),
            "sampling_steps": Integer(25, 5, 200, log=True),
            "average_decay": Real(0.99, 0.9, 0.9999),
        },
        paper="J. Ho, A. Jain, P. Abbeel: Denoising diffusion probabilistic models, 2020",
    ),
)


@hookimpl
def bench_models() -> Iterable[ModelSpec]:
    """Return the generative models."""
    return MODELS
