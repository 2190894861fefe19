"""The built-in models are what their names promise."""

from __future__ import annotations

import math
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from bench.errors import ContractError
from bench.model import Problem
from bench.plugins import discover
from bench.spaces import Space
from bench.specs import ModelSpec, resolve
from bench.tasks.base import Part
from tests.conftest import SRC

OWN = ("bench_deep", "bench_generative", "bench_shallow")
SPECS = {
    name: offer.spec
    for name, offer in discover().models.items()
    if offer.spec.target.partition(".")[0] in OWN  # a stranger's models may be installed beside ours
}


AXES = {1: "c", 2: "tc", 3: "chw"}


def problem(*shape: int) -> Problem:
    """Three classes of tables, series or images."""
    target = Space(kind="index", size=3, names=("a", "b", "c"))
    return Problem("classification", "toy", 96, "predict", Space(AXES[len(shape)], shape), target)


def drawing(*shape: int) -> Problem:
    """Images (or a table) to be drawn."""
    return Problem("image-generation", "toy", 96, "sample", None, Space(AXES[len(shape)], shape, bounds=(-1.0, 1.0)))


def build(name: str, asked: Problem, **hyperparameters: object) -> nn.Module:
    torch.manual_seed(0)
    model = resolve(SPECS[name].target)(asked, **{**SPECS[name].defaults(), **hyperparameters})
    assert isinstance(model, nn.Module)
    return model


def widths(model: nn.Module) -> list[tuple[int, int]]:
    return [(layer.in_features, layer.out_features) for layer in model.modules() if isinstance(layer, nn.Linear)]


def test_plugins_import_nothing_heavy() -> None:
    names = ["bench_data", *OWN]
    heavy = {"torch", "numpy", "sklearn", "pandas", "torchvision", "scipy"}
    code = f"import sys, {', '.join(names)}; print(sorted({heavy!r} & set(sys.modules)))"
    environment = {"PYTHONPATH": ":".join(SRC)}
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda spec: spec.name)
def test_a_model_lies_in_the_file_that_bears_its_name(spec: ModelSpec) -> None:
    module = spec.target.partition(":")[0].rpartition(".")[2]
    assert module == spec.name.replace("-", "_")
    assert spec.paper
    assert spec.summary


def test_one_hidden_layer_is_one() -> None:
    assert widths(build("mlp-1", problem(2, 3), width=5)) == [(6, 5), (5, 3)]


def test_depth_counts_hidden_layers() -> None:
    model = build("mlp", problem(4), depth=3, width=7, dropout=0.5)
    assert widths(model) == [(4, 7), (7, 7), (7, 7), (7, 3)]
    assert sum(isinstance(layer, nn.Dropout) for layer in model.modules()) == 3


def test_blocks_of_a_tabular_network_add_to_what_is_there() -> None:
    model = build("tabular-resnet", problem(4), blocks=2, width=6, hidden_factor=2.0, dropout=0.1).eval()
    assert widths(model) == [(4, 6), (6, 12), (12, 6), (6, 12), (12, 6), (6, 3)]
    first, *rest = list(model.layers)[1:]
    for block in rest[:2]:
        nn.init.zeros_(block.residual[-1].weight)
        nn.init.zeros_(block.residual[-1].bias)
    # Corrections of zero leave the first linear map as it is, up to the head of normalisation, ReLU and linear map.
    x = torch.randn(5, 4)
    torch.testing.assert_close(model(x), nn.Sequential(first, *rest[2:])(x))


@pytest.mark.parametrize("name", ["lenet", "resnet-small"])
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 8, 8), (1, 28, 28), (3, 32, 32), (1, 12, 20)])
def test_convolutions_take_every_size_of_image(name: str, shape: tuple[int, int, int]) -> None:
    assert build(name, problem(*shape)).eval()(torch.zeros(2, *shape)).shape == (2, 3)


@pytest.mark.parametrize(
    ("name", "asked"), [("lenet", problem(13)), ("resnet-small", problem(13)), ("dcgan", drawing(13))]
)
def test_convolutions_refuse_tables_and_say_why(name: str, asked: Problem) -> None:
    (role,) = SPECS[name].roles
    verb = "gives" if asked.answer == "sample" else "takes"
    assert role.complaint(asked.input, asked.target) == f"{verb} images; got a table of 13 columns"
    # Whoever builds it without asking hears it from the constructor.
    with pytest.raises(ContractError, match=r"needs images.*'toy' has a table of 13 columns"):
        build(name, asked)


@pytest.mark.parametrize("name", ["mlp", "mlp-1"])
def test_networks_of_linear_layers_give_numbers_and_images_too(name: str) -> None:
    image, pair, gapped = Space("chw", (1, 4, 4)), Space("c", (2,)), Space("c", (3,), levels=(0, 4, 0), missing=True)
    for given, wanted, shape in ((image, Space(), ()), (gapped, pair, (2,)), (pair, image, (1, 4, 4))):
        x = torch.zeros(5, *given.sizes)
        x[0] = torch.nan if given.missing else 0
        answer = build(name, Problem("toy", "toy", 96, "predict", given, wanted)).eval()(x)
        assert answer.shape == (5, *shape)
        assert bool(answer.isfinite().all())


def test_blocks_and_width_shape_the_residual_network() -> None:
    model = build("resnet-small", problem(1, 8, 8), width=4, blocks=2)
    kernels = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d)]
    assert sum(layer.kernel_size == (3, 3) for layer in kernels) == 3 * 2 * 2
    assert max(layer.out_channels for layer in kernels) == 4 * 4


# --- scikit-learn -------------------------------------------------------------------------------------------------

sklearn = pytest.importorskip("sklearn")


@pytest.mark.parametrize("name", ["logistic-regression", "random-forest", "hist-gradient-boosting"])
def test_hyperparameters_reach_scikit_learn(name: str) -> None:
    spec = SPECS[name]
    parameters = resolve(spec.target)(problem(4), **spec.defaults()).get_params()
    assert {key: parameters[key] for key in spec.defaults()} == spec.defaults()


def test_a_forest_grows_on_the_threads_of_the_run() -> None:
    spec = SPECS["random-forest"]
    assert resolve(spec.target)(problem(4), **spec.defaults()).n_jobs == torch.get_num_threads()


def test_a_forest_follows_numpys_seed() -> None:
    generator = np.random.RandomState(0)
    y = np.arange(96) % 3
    x = generator.normal(0, 1, (3, 4))[y] + generator.normal(0, 2, (96, 4))
    answers = []
    for seed in (0, 0, 1):
        np.random.seed(seed)
        spec = SPECS["random-forest"]
        forest = resolve(spec.target)(problem(4), **{**spec.defaults(), "n_estimators": 5}).fit(x, y)
        answers.append(forest.predict_proba(x))
    assert np.array_equal(answers[0], answers[1])
    assert not np.array_equal(answers[0], answers[2])


# --- Gaussian -----------------------------------------------------------------------------------------------------


def gaussian(shrinkage: float, asked: Problem) -> object:
    return resolve(SPECS["gaussian"].target)(asked, shrinkage=shrinkage)


def test_the_gaussian_is_the_mixture_that_scipy_knows() -> None:
    from scipy.stats import multivariate_normal

    x = np.random.RandomState(0).uniform(-1, 1, (200, 1, 2, 2))
    y = np.arange(200) % 4 // 3
    model = gaussian(0.1, drawing(1, 2, 2)).fit(x, y)
    expected = np.zeros(200)
    for label, share in ((0, 0.75), (1, 0.25)):
        rows = x[y == label].reshape(-1, 4)
        covariance = np.cov(rows.T, bias=True)
        shrunk = 0.9 * covariance + 0.1 * np.trace(covariance) / 4 * np.eye(4)
        expected += share * multivariate_normal(rows.mean(0), shrunk).pdf(x.reshape(-1, 4))
    found = model.log_likelihood(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(found, np.log(expected), rtol=1e-9)


def test_the_gaussian_draws_what_it_saw_by_class() -> None:
    generator = np.random.RandomState(0)
    y = np.arange(3000) % 3
    centres = np.array([[-0.5, 0.0], [0.0, 0.5], [0.5, -0.5]])
    x = centres[y] + generator.normal(0, [0.1, 0.05], (3000, 2))
    model = gaussian(1e-4, drawing(1, 1, 2)).fit(x, y)
    torch.manual_seed(0)
    drawn = model.sample(4000, torch.full((4000,), 1)).reshape(-1, 2)
    np.testing.assert_allclose(drawn.mean(0), centres[1], atol=0.01)
    np.testing.assert_allclose(drawn.std(0), [0.1, 0.05], rtol=0.1)
    np.testing.assert_allclose(model.sample(6000).reshape(-1, 2).mean(0), centres.mean(0), atol=0.03)


def test_the_gaussian_says_what_it_cannot_draw() -> None:
    model = gaussian(0.1, drawing(1, 1, 2))
    with pytest.raises(ContractError, match="before it is fitted"):
        model.sample(1)
    model.fit(np.zeros((4, 2)), np.array([0, 0, 2, 2]))
    with pytest.raises(ContractError, match=r"classes \[1\] were not in the training part: only \[0, 2\]"):
        model.sample(2, torch.tensor([0, 1]))


# --- adversaries --------------------------------------------------------------------------------------------------


def images(n: int = 16) -> Part:
    """Images near one of three, as a task encodes them: what is drawn is the target."""
    generator = torch.Generator().manual_seed(7)
    centres = torch.randn(3, 1, 8, 8, generator=generator)
    noise = 0.3 * torch.randn(n, 1, 8, 8, generator=generator)
    return Part(y=torch.tanh(centres[torch.arange(n) % 3] + noise))


def snapshot(module: nn.Module) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in module.parameters()]


@pytest.mark.parametrize("name", ["gan", "dcgan"])
def test_a_step_moves_both_sides_and_reports_both_losses(name: str) -> None:
    model = build(name, drawing(1, 8, 8), learning_rate=0.01)
    before = {side: snapshot(getattr(model, side)) for side in ("generator", "discriminator")}
    losses = model.training_step(images())
    assert set(losses) == {"generator", "discriminator"}
    for side, values in before.items():
        moved = [not torch.equal(a, b) for a, b in zip(values, getattr(model, side).parameters(), strict=True)]
        assert all(moved), f"{side}: {moved}"


def test_a_discriminator_that_knows_nothing_loses_two_log_two() -> None:
    model = build("gan", drawing(1, 8, 8))
    last = model.discriminator[-1]
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    assert float(model.training_step(images())["discriminator"]) == pytest.approx(2 * math.log(2))


def test_against_a_generator_that_stands_still_the_discriminator_wins() -> None:
    model = build("gan", drawing(1, 8, 8), learning_rate=1e-3)
    for group in model.generator_steps.param_groups:
        group["lr"] = 0.0
    losses = [float(model.training_step(images())["discriminator"]) for _ in range(40)]
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize("sides", [(7, 8), (8, 6)])
def test_sides_that_cannot_be_halved_twice_are_refused_while_runs_are_planned(sides: tuple[int, int]) -> None:
    (role,) = SPECS["dcgan"].roles
    told = f"gives images with sides divisible by 4; got images of 1 × {sides[0]} × {sides[1]}"
    assert role.complaint(None, drawing(1, *sides).target) == told
    assert role.complaint(None, drawing(1, 8, 12).target) == ""


@pytest.mark.parametrize("name", ["gan", "dcgan", "vae"])
def test_drawing_leaves_a_model_in_training_as_it_was(name: str) -> None:
    model = build(name, drawing(1, 8, 8)).train()
    model.training_step(images())
    before = {key: value.clone() for key, value in model.state_dict().items()}
    model.sample(8)
    assert model.training
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


@pytest.mark.parametrize("name", ["gan", "dcgan", "vae"])
def test_models_without_classes_refuse_to_be_asked_for_one(name: str) -> None:
    with pytest.raises(ContractError, match="knows no classes"):
        build(name, drawing(1, 8, 8)).sample(2, torch.tensor([0, 1]))


# --- variational --------------------------------------------------------------------------------------------------


def blank_vae() -> nn.Module:
    """A model whose posterior is the prior and whose decoder answers one half everywhere."""
    model = build("vae", drawing(1, 2, 3), latent_size=2, width=4)
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    return model


def test_the_bound_of_a_blank_model_is_its_hand_formula() -> None:
    model = blank_vae()
    x = 2 * torch.rand(5, 1, 2, 3) - 1
    expected = torch.full((5,), -6 * math.log(2))
    torch.testing.assert_close(model.elbo(x), expected)
    torch.testing.assert_close(model.importance_bound(x, draws=3), expected)
    assert model.training_step(Part(y=x)).item() == pytest.approx(6 * math.log(2))


def test_the_bound_counts_the_divergence_from_the_prior() -> None:
    model = blank_vae()
    with torch.no_grad():
        model.encoder[-1].bias.copy_(torch.tensor([1.0, -2.0, 0.5, 0.0]))
    mean, log_variance = torch.tensor([1.0, -2.0]), torch.tensor([0.5, 0.0])
    posterior = torch.distributions.Normal(mean, torch.exp(log_variance / 2))
    divergence = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0)).sum()
    expected = -6 * math.log(2) - divergence
    torch.testing.assert_close(model.elbo(torch.zeros(1, 1, 2, 3)), expected[None])


def test_more_draws_tighten_the_bound() -> None:
    model = build("vae", drawing(1, 8, 8), latent_size=4, width=32)
    x = images(64).target
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(30):
        optimizer.zero_grad()
        model.training_step(Part(y=x)).backward()
        optimizer.step()
    bounds = [float(model.importance_bound(x, draws).mean()) for draws in (1, 10, 100)]
    assert all(loose < tight for loose, tight in pairwise(bounds))
