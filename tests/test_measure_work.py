"""Work: parameters, depth and operations equal the formulas one writes by hand, and nothing is disturbed."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from bench.measure.clock import Clock
from bench.measure.peak import machine_peak_flops, share_of_peak
from bench.measure.work import model_size
from bench.record import ModelSize

HIDDEN = "no product was seen to use the weights of {}: what operations they cost is not counted"


def size(model: object, *shape: int) -> ModelSize:
    measured, notes = model_size(model, (torch.rand(1, *shape),))
    assert notes == ()
    return measured


class Calls(nn.Module):
    """Modules and the function that puts them together."""

    def __init__(self, forward: Callable[..., Tensor], **modules: nn.Module) -> None:
        super().__init__()
        self.function = forward
        for name, module in modules.items():
            self.add_module(name, module)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self, x)


class Residual(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu_(self.branch(x) + self.shortcut(x))


LENET = nn.Sequential(
    nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
    nn.Flatten(), nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
)  # fmt: skip
RESNET = nn.Sequential(
    nn.Conv2d(3, 8, 3, 1, 1), nn.BatchNorm2d(8), nn.ReLU(),
    Residual(8, 8, 1), Residual(8, 16, 2), Residual(16, 16, 1),
    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10),
)  # fmt: skip


# --- operations, forward, by hand formula


@settings(deadline=None, max_examples=10)
@given(st.lists(st.integers(1, 9), min_size=2, max_size=6))
def test_an_mlp_counts_its_matrices(widths: list[int]) -> None:
    layers = [nn.Linear(a, b) for a, b in pairwise(widths)]
    model = nn.Sequential(*(module for layer in layers for module in (layer, nn.ReLU())))
    products = [a * b for a, b in pairwise(widths)]
    assert size(model, widths[0]) == ModelSize(
        parameter_count=sum(products) + sum(widths[1:]),
        trainable_parameter_count=sum(products) + sum(widths[1:]),
        depth=len(layers),
        forward_macs=sum(products),
        training_macs=3 * sum(products) - products[0],
    )


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_a_convolution_counts_one_filter_per_output(groups: int) -> None:
    model = nn.Conv2d(4, 8, (3, 5), stride=2, padding=1, groups=groups)
    outputs = 8 * 5 * 4  # of 9 by 9: (9 + 2 - 3) // 2 + 1 rows, (9 + 2 - 5) // 2 + 1 columns
    macs = outputs * (4 // groups) * 15
    measured = size(model, 4, 9, 9)
    assert (measured.depth, measured.forward_macs, measured.training_macs) == (1, macs, 2 * macs)


@pytest.mark.parametrize("groups", [1, 2])
def test_a_transposed_convolution_counts_one_filter_per_input(groups: int) -> None:
    model = nn.ConvTranspose2d(4, 6, 3, stride=2, groups=groups)
    assert size(model, 4, 5, 5).forward_macs == 4 * 5 * 5 * (6 // groups) * 9


@pytest.mark.parametrize(("kind", "gates"), [(nn.RNN, 1), (nn.GRU, 3), (nn.LSTM, 4)])
@pytest.mark.parametrize("layers", [1, 3])
def test_a_recurrent_layer_counts_its_gates_at_every_step(kind: type[nn.RNNBase], gates: int, layers: int) -> None:
    steps, inputs, hidden = 6, 5, 7
    measured = size(kind(inputs, hidden, layers, batch_first=True), steps, inputs)
    first, later = gates * hidden * (inputs + hidden), gates * hidden * 2 * hidden
    assert measured.forward_macs == steps * (first + (layers - 1) * later)
    assert measured.depth == layers
    to_weights, to_states = measured.forward_macs, layers * (steps - 1) * gates * hidden * hidden
    to_layers_below = (layers - 1) * steps * gates * hidden * hidden
    assert measured.training_macs == measured.forward_macs + to_weights + to_states + to_layers_below


def test_a_bidirectional_stack() -> None:
    macs = 6 * 2 * (4 * 7 * (5 + 7) + 4 * 7 * (14 + 7))
    measured = size(nn.LSTM(5, 7, 2, batch_first=True, bidirectional=True), 6, 5)
    assert (measured.depth, measured.forward_macs) == (2, macs)


def test_attention_counts_projections_scores_and_mixtures() -> None:
    length, width = 6, 8
    model = Calls(
        lambda self, x: self.attention(x, x, x, need_weights=False)[0],
        attention=nn.MultiheadAttention(width, 2, batch_first=True),
    )
    projection, scores = length * width * width, length * length * width
    measured = size(model, length, width)
    assert measured.forward_macs == 4 * projection + 2 * scores
    # The three projections of x need no gradient towards x; everything after them does.
    assert measured.training_macs == 3 * projection * 2 + 3 * projection + 3 * 2 * scores
    assert measured.depth == 2


def test_a_transformer_encoder_counts_four_layers_each() -> None:
    model = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 3)
    measured = size(model, 6, 8)
    assert measured.depth == 3 * 4
    assert measured.forward_macs == 3 * (4 * 6 * 64 + 2 * 36 * 8 + 2 * 6 * 8 * 16)


def test_a_bilinear_layer() -> None:
    assert size(Calls(lambda self, x: self.layer(x, x), layer=nn.Bilinear(3, 3, 4)), 3).forward_macs == 4 * 9


@pytest.mark.parametrize(("model", "shape"), [(LENET, (1, 28, 28)), (RESNET, (3, 16, 16))], ids=["lenet", "resnet"])
def test_forward_equals_torchs_own_counter(model: nn.Module, shape: tuple[int, ...]) -> None:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model.eval()(torch.rand(1, *shape))
    assert size(model, *shape).forward_macs == counter.get_total_flops() // 2


@pytest.mark.parametrize(("model", "shape"), [(LENET, (1, 28, 28)), (RESNET, (3, 16, 16))], ids=["lenet", "resnet"])
def test_a_training_step_equals_torchs_own_counter(model: nn.Module, shape: tuple[int, ...]) -> None:
    with FlopCounterMode(display=False) as counter:
        model.eval()(torch.rand(1, *shape)).sum().backward()
    model.zero_grad()
    assert size(model, *shape).training_macs == counter.get_total_flops() // 2


def test_frozen_layers_cost_no_gradient() -> None:
    model = nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 3))
    model[0].requires_grad_(False)
    measured = size(model, 5)
    assert (measured.parameter_count, measured.trainable_parameter_count) == (35 + 7 + 21 + 3, 21 + 3)
    assert measured.training_macs == 35 + 2 * 21


# --- depth


def test_depth_of_lenet_and_of_a_residual_network() -> None:
    assert size(LENET, 1, 28, 28).depth == 5
    assert size(RESNET, 3, 16, 16).depth == 1 + 3 * 2 + 1


def test_depth_takes_the_longest_path() -> None:
    long = nn.Sequential(*(nn.Linear(4, 4) for _ in range(3)))
    model = Calls(lambda self, x: torch.cat([self.long(x), self.short(x)], 1), long=long, short=nn.Linear(4, 4))
    assert size(model, 4).depth == 3
    unused = Calls(lambda self, x: self.short(x), long=long, short=nn.Linear(4, 4))
    measured, notes = model_size(unused, (torch.rand(1, 4),))
    assert (measured.depth, notes) == (1, (HIDDEN.format("long"),))


def unrolled(self: nn.Module, x: Tensor) -> Tensor:
    state = x.new_zeros(len(x), 4)
    for step in range(x.shape[1]):
        state = torch.tanh(self.inputs(x[:, step]) + self.states(state))
    return self.head(state)


def test_time_is_not_depth() -> None:
    model = Calls(unrolled, inputs=nn.Linear(3, 4), states=nn.Linear(4, 4), head=nn.Linear(4, 2))
    assert size(model, 9, 3).depth == 2


def test_a_layer_used_again_is_one_layer() -> None:
    shared = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))
    assert size(nn.Sequential(shared, nn.ReLU(), shared, shared), 4).depth == 2


def test_neither_norms_nor_added_positions_are_layers_but_embeddings_are() -> None:
    class Tokens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.places = nn.Embedding(10, 8), nn.Embedding(5, 8)
            self.offset = nn.Parameter(torch.zeros(1, 5, 8))
            self.norm, self.head = nn.LayerNorm((5, 8)), nn.Linear(8, 3)

        def forward(self, x: Tensor) -> Tensor:
            tokens = self.embedding(x) + self.places(torch.arange(5, device=x.device)) + self.offset
            return self.head(self.norm(tokens).mean(1))

    measured, notes = model_size(Tokens(), (torch.randint(10, (1, 5)),))
    assert (measured.depth, measured.forward_macs) == (2, 8 * 3)
    assert notes == ("looked up, which is no product and counts no operations: embedding, places",)


def test_a_normalised_weight_is_one_layer() -> None:
    layer = torch.nn.utils.parametrizations.spectral_norm(nn.Linear(6, 6))
    weight_norm = torch.nn.utils.parametrizations.weight_norm(nn.Linear(6, 2))
    assert size(nn.Sequential(layer, nn.ReLU(), weight_norm), 6).depth == 2


def test_inference_mode_hides_nothing() -> None:
    class Hidden(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(18, 3))

        @torch.inference_mode()
        def forward(self, x: Tensor) -> Tensor:
            return self.layers(x)

    measured = size(Hidden(), 1, 5, 5)
    assert (measured.depth, measured.forward_macs) == (2, 9 * 9 * 2 + 54)


# --- generators, and models that are hard to follow


class Gan(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.generator = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 6))
        self.discriminator = nn.Linear(6, 1)

    @torch.no_grad()
    def sample(self, n: int, condition: Tensor | None = None) -> Tensor:
        return self.generator(torch.randn(n, 4, device=self.discriminator.weight.device)).reshape(n, 1, 2, 3)


class HostGan(Gan):
    def sample(self, n: int, condition: Tensor | None = None) -> Tensor:
        noise = torch.from_numpy(np.random.default_rng().normal(size=(n, 4)).astype(np.float32))
        return torch.from_numpy(self.generator(noise * torch.randn(n, 4)).detach().numpy())


@pytest.mark.parametrize("kind", [Gan, HostGan])
def test_a_generator_is_followed_through_a_sample(kind: type[Gan]) -> None:
    measured, notes = model_size(kind(), (), "sample")
    assert (measured.parameter_count, measured.forward_macs) == (40 + 54 + 7, 32 + 48)
    assert measured.depth == 2
    assert notes == (HIDDEN.format("discriminator"),)


def test_a_model_may_look_at_its_data() -> None:
    def branch(self: nn.Module, x: Tensor) -> Tensor:
        return self.layer(x) if float(x.sum()) > 0 else x

    assert size(Calls(branch, layer=nn.Linear(3, 4)), 3).forward_macs == 12


def test_what_the_cpu_cannot_do_is_followed_without_numbers() -> None:
    class ForCuda(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            if x.device.type == "cpu":
                raise RuntimeError("my kernel knows no CPU")
            return super().forward(x)

    measured = size(ForCuda(3, 4), 3)
    assert (measured.depth, measured.forward_macs) == (1, 12)


def test_a_model_that_cannot_be_followed_still_shows_its_parameters() -> None:
    def refuse(self: nn.Module, x: Tensor) -> Tensor:
        raise RuntimeError("no such luck")

    measured, notes = model_size(Calls(refuse, layer=nn.Linear(3, 4)), (torch.rand(1, 3),))
    assert measured == ModelSize(parameter_count=16, trainable_parameter_count=16)
    assert "no such luck" in notes[0]


def test_weights_that_meet_no_data_are_an_error_not_a_zero() -> None:
    measured, notes = model_size(Calls(lambda self, x: x, layer=nn.Linear(3, 4)), (torch.rand(1, 3),))
    assert (measured.forward_macs, measured.parameter_count) == (None, 16)
    assert "not counted" in notes[0]


@torch.library.custom_op("depthbench_tests::own_kernel", mutates_args=())
def own_kernel(x: Tensor, weight: Tensor) -> Tensor:
    return x @ weight


@own_kernel.register_fake
def _(x: Tensor, weight: Tensor) -> Tensor:
    return x.new_empty(*x.shape[:-1], weight.shape[-1])


def through_numpy(self: nn.Module, x: Tensor) -> Tensor:
    hidden = x.detach().numpy() @ self.hidden.weight.detach().numpy().T
    return self.head(torch.from_numpy(hidden))


class OwnKernel(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.kernel, self.head = nn.Parameter(torch.rand(4, 4)), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(own_kernel(x, self.kernel))


def by_hand(self: nn.Module, x: Tensor) -> Tensor:
    return self.head((x[:, None] * self.hidden.weight).sum(2))


def never_called(self: nn.Module, x: Tensor) -> Tensor:
    return self.head(x)


@pytest.mark.parametrize(
    ("model", "named"),
    [
        (Calls(through_numpy, hidden=nn.Linear(4, 4), head=nn.Linear(4, 2)), "hidden"),
        (Calls(by_hand, hidden=nn.Linear(4, 4), head=nn.Linear(4, 2)), "hidden"),
        (Calls(never_called, block=nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4)), head=nn.Linear(4, 2)), "block"),
        (OwnKernel(), "kernel"),
    ],
    ids=["left torch", "by hand", "never called", "custom kernel"],
)
def test_weights_that_no_product_was_seen_to_use_are_named_beside_the_others(model: nn.Module, named: str) -> None:
    measured, notes = model_size(model, (torch.rand(1, 4),))
    assert measured.forward_macs == 4 * 2
    assert notes == (HIDDEN.format(named),)


def test_many_hidden_layers_are_counted_and_not_listed() -> None:
    layers = {f"layer_{number}": nn.Linear(4, 4) for number in range(9)}
    _, notes = model_size(Calls(lambda self, x: self.head(x), head=nn.Linear(4, 2), **layers), (torch.rand(1, 4),))
    assert notes == (HIDDEN.format("layer_0, layer_1, layer_2, layer_3 and 5 more"),)


def test_tokens_and_offsets_that_are_put_beside_the_data_hide_nothing() -> None:
    class Tagged(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tag, self.offset = nn.Parameter(torch.zeros(1, 1, 8)), nn.Parameter(torch.zeros(1, 6, 8))
            self.norm, self.head = nn.LayerNorm((6, 8)), nn.Linear(8, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.norm(torch.cat([self.tag.expand(len(x), 1, 8), x], 1) + self.offset)[:, 0])

    assert size(Tagged(), 5, 8).forward_macs == 8 * 3


def test_endless_sampling_is_given_up() -> None:
    class Endless(Gan):
        def sample(self, n: int, condition: Tensor | None = None) -> Tensor:
            x = torch.randn(n, 6, device=self.discriminator.weight.device)
            while True:
                x = x + 1

    measured, notes = model_size(Endless(), (), "sample")
    assert measured.parameter_count == 101
    assert "operations in one pass" in notes[0]


def test_nothing_is_disturbed() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(inplace=True), nn.Dropout(), nn.Linear(8, 2))
    model.train()
    gan, x = HostGan(), torch.rand(5, 4)
    model(x).sum().backward()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    gradients = [parameter.grad.clone() for parameter in model.parameters()]
    kept, states = x.clone(), (torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy())
    was_fast, had_mkldnn = torch.backends.mha.get_fastpath_enabled(), torch.backends.mkldnn.enabled

    model_size(model, (x,))
    model_size(gan, (), "sample")

    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert all(torch.equal(p.grad, g) for p, g in zip(model.parameters(), gradients, strict=True))
    assert model.training
    assert torch.equal(x, kept)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert random.getstate() == states[1]
    assert (np.random.get_state()[1] == states[2]).all()
    assert (torch.backends.mha.get_fastpath_enabled(), torch.backends.mkldnn.enabled) == (was_fast, had_mkldnn)


# --- the yardstick


def test_the_peak_is_what_a_large_product_reaches() -> None:
    peak = machine_peak_flops("cpu")
    assert 1e8 < peak < 1e14
    assert machine_peak_flops("cpu") == peak
    assert share_of_peak(macs=peak, seconds=4, peak_flops=peak) == 0.5


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_convolution_on_cuda_stays_below_the_peak() -> None:
    before = torch.get_float32_matmul_precision()
    peak = machine_peak_flops("cuda")
    assert torch.get_float32_matmul_precision() == before
    x, weight = torch.rand(64, 256, 56, 56, device="cuda"), torch.rand(256, 256, 3, 3, device="cuda")
    for _ in range(3):  # the first finds its algorithm
        with (clock := Clock("cuda")):
            nn.functional.conv2d(x, weight, padding=1)
    macs = 64 * 56 * 56 * 256 * 256 * 9
    assert share_of_peak(macs, clock.seconds, peak) < 1
