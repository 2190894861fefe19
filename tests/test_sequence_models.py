"""Models of sequences: padding changes nothing, no answer sees what comes after it, and each is what its paper says."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from bench.errors import ContractError
from bench.layers import EmbedSteps
from bench.measure.work import model_size
from bench.model import Problem
from bench.spaces import UNKNOWN, Space
from bench.specs import Choice, resolve
from bench_deep import MODELS
from bench_deep.tcn import blocks_for
from bench_deep.transformer import positions
from tests.contract_problems import answers, run
from tests.pages import DOCS

SPECS = {spec.name: spec for spec in MODELS if spec.name in ("rnn", "lstm", "gru", "tcn", "transformer")}
SMALL: dict[str, dict[str, Any]] = {
    **{name: {"width": 6, "layers": 2} for name in ("rnn", "lstm", "gru")},
    "tcn": {"width": 6, "kernel": 3},
    "transformer": {"width": 16, "layers": 2},
}
LENGTH = 11
SERIES, RAGGED = Space("tc", (LENGTH, 3)), Space("tc", (LENGTH, 3), ragged=True)
TOKENS = Space("t", (LENGTH,), "index", 7)
RAGGED_TOKENS = Space("t", (LENGTH,), "index", 7, ragged=True)
CLASSES = Space(kind="index", size=4)
# What may be asked, and the shape of the answer for one sample of so many steps.
ASKED = {
    "classes of series": (SERIES, CLASSES, lambda steps: (4,)),
    "numbers of series": (SERIES, Space(), lambda steps: ()),
    "two numbers of tokens": (RAGGED_TOKENS, Space("c", (2,)), lambda steps: (2,)),
    "classes of tokens": (TOKENS, CLASSES, lambda steps: (4,)),
    "a window of a series": (SERIES, Space("tc", (5, 2)), lambda steps: (5, 2)),
    "as long a window": (SERIES, Space("tc", (LENGTH, 2)), lambda steps: (LENGTH, 2)),
    "tokens of tokens": (TOKENS, TOKENS, lambda steps: (steps, 7)),
    "fewer tokens": (TOKENS, Space("t", (2,), "index", 5), lambda steps: (2, 5)),
    "tokens of a series": (RAGGED, Space("t", (LENGTH,), "index", 5, ragged=True), lambda steps: (steps, 5)),
    "values of tokens": (RAGGED_TOKENS, Space("tc", (LENGTH, 2), ragged=True), lambda steps: (steps, 2)),
    "a value at each step": (RAGGED, Space("t", (LENGTH,), ragged=True), lambda steps: (steps,)),
    "a series of one channel": (Space("t", (LENGTH,)), CLASSES, lambda steps: (4,)),
    "a series with gaps": (Space("tc", (LENGTH, 2), missing=True), CLASSES, lambda steps: (4,)),
}


def build(name: str, given: Space, wanted: Space, **more: Any) -> nn.Module:
    torch.manual_seed(0)
    problem = Problem("toy", "toy", 96, "predict", given, wanted)
    model: nn.Module = resolve(SPECS[name].target)(problem, **{**SPECS[name].defaults(), **SMALL[name], **more})
    return model.eval()


def inputs(space: Space, count: int = 4, steps: int = LENGTH) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    shape = (count, steps, *space.sizes[1:])
    if space.kind == "index":
        return torch.randint(0, space.size or 1, shape, generator=generator)
    x = torch.randn(shape, generator=generator)
    return x.masked_fill(x > 1.5, torch.nan) if space.missing else x


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("asked", ASKED)
def test_every_kind_of_question_is_answered_in_its_shape(name: str, asked: str) -> None:
    given, wanted, shape = ASKED[asked]
    x = inputs(given)
    lengths = (torch.tensor([LENGTH, 3, 1, 7]),) if given.ragged else ()
    answer = build(name, given, wanted)(x, *lengths)
    assert answer.shape == (4, *shape(LENGTH))
    assert bool(answer.isfinite().all())


WHOLE_AND_STEPWISE = [
    *((name, {}, wanted) for name in SPECS for wanted in (CLASSES, RAGGED_TOKENS)),
    *((name, {"direction": "both"}, CLASSES) for name in ("rnn", "lstm", "gru")),
]


@pytest.mark.parametrize("given", [RAGGED, RAGGED_TOKENS], ids=["series", "tokens"])
@pytest.mark.parametrize(("name", "more", "wanted"), WHOLE_AND_STEPWISE)
def test_padding_changes_nothing(name: str, more: dict[str, str], given: Space, wanted: Space) -> None:
    model, x, lengths = build(name, given, wanted, **more), inputs(given), torch.tensor([LENGTH, 3, 1, 7])
    together = model(x, lengths)
    other = x.clone()
    for row, length in zip(other, lengths, strict=True):
        row[length:] = 5
    again = model(other, lengths)
    for place, length in enumerate(lengths.tolist()):
        known = slice(length if wanted.axes else None)
        alone = model(x[place : place + 1, :length], lengths[place : place + 1])[0]
        torch.testing.assert_close(together[place][known], alone, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(again[place][known], together[place][known], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", SPECS)
@settings(deadline=None, max_examples=10)
@given(place=st.integers(1, LENGTH - 1))
def test_no_answer_sees_a_later_step(name: str, place: int) -> None:
    model, x = build(name, TOKENS, TOKENS), inputs(TOKENS)
    later = x.clone()
    later[:, place:] = (later[:, place:] + 1) % 7
    before, after = model(x), model(later)
    torch.testing.assert_close(before[:, :place], after[:, :place], rtol=1e-4, atol=1e-5)
    assert not torch.allclose(before[:, place], after[:, place])


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
def test_both_directions_are_refused_where_they_would_see_the_answer(name: str) -> None:
    with pytest.raises(ContractError, match="would see the steps after the one that is asked about"):
        build(name, TOKENS, TOKENS, direction="both")


@pytest.mark.parametrize("name", SPECS)
def test_an_answer_for_the_whole_depends_on_the_first_step_and_the_last(name: str) -> None:
    model, x = build(name, Space("tc", (60, 3)), CLASSES), inputs(SERIES, 1, 60).requires_grad_()
    model(x)[0, 0].backward()
    assert x.grad is not None
    assert bool((x.grad[0, [0, 59]].abs().sum(1) > 0).all())


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("wanted", [CLASSES, TOKENS], ids=["whole", "stepwise"])
def test_a_search_may_draw_whatever_the_space_holds(name: str, wanted: Space) -> None:
    for parameter, space in SPECS[name].space.items():
        drawn = space.options if isinstance(space, Choice) else (getattr(space, "low", space.default),)
        for value in drawn:
            assert build(name, TOKENS, wanted, **{parameter: value})(inputs(TOKENS)).isfinite().all()


def test_a_direction_that_there_is_none_of_is_refused() -> None:
    with pytest.raises(ContractError, match="direction = 'back' is neither 'forward' nor 'both'"):
        build("gru", SERIES, CLASSES, direction="back")


# --- recurrent ----------------------------------------------------------------------------------------------------


def test_the_plain_network_is_elmans() -> None:
    model, x = build("rnn", SERIES, CLASSES, layers=1), inputs(SERIES)
    weights = dict(model.recurrent.named_parameters())
    state = torch.zeros(4, 6)
    for step in range(LENGTH):
        fed = x[:, step] @ weights["weight_ih_l0"].T + weights["bias_ih_l0"]
        state = torch.tanh(fed + state @ weights["weight_hh_l0"].T + weights["bias_hh_l0"])
    torch.testing.assert_close(model(x), model.readout.linear(state), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("direction", ["forward", "both"])
def test_a_cell_begins_by_keeping_what_it_holds(direction: str) -> None:
    model = build("lstm", SERIES, CLASSES, direction=direction)
    biases = {name: value for name, value in model.recurrent.named_parameters() if name.startswith("bias")}
    assert len(biases) == 4 * (2 if direction == "both" else 1)
    for name, value in biases.items():
        assert (value[6:12] == float(name.startswith("bias_ih"))).all()
        assert not (value[:6] == 0).any()


# --- convolutions -------------------------------------------------------------------------------------------------


@given(st.integers(1, 5000), st.integers(2, 9))
def test_as_many_blocks_as_the_length_takes_and_no_more(length: int, kernel: int) -> None:
    def seen(blocks: int) -> int:
        return 1 + sum(2 * (kernel - 1) * 2**place for place in range(blocks))

    blocks = blocks_for(length, kernel)
    assert seen(blocks) >= length
    assert blocks == 1 or seen(blocks - 1) < length


def test_the_receptive_field_is_what_the_formula_says() -> None:
    model = build("tcn", Space("tc", (15, 3)), Space("t", (15,), "index", 3), kernel=3)
    assert len(model.blocks) == blocks_for(15, 3) == 3
    x = inputs(SERIES, 1, 60).requires_grad_()
    model(x)[0, -1, 0].backward()
    assert x.grad is not None
    reached = (x.grad[0].abs().sum(1) > 0).nonzero().flatten().tolist()
    # 1 + 2 · 2 · (2^3 - 1) steps, the last of 60 among them.
    assert (reached[0], reached[-1]) == (60 - 29, 59)


# --- attention ----------------------------------------------------------------------------------------------------


@given(st.integers(0, 300), st.integers(0, 7))
def test_positions_are_the_papers(place: int, wave: int) -> None:
    found = positions(301, 16)[place]
    angle = place / 10_000 ** (2 * wave / 16)
    np.testing.assert_allclose(found[2 * wave : 2 * wave + 2], [math.sin(angle), math.cos(angle)], atol=1e-4)


def test_attention_knows_the_order() -> None:
    model, x = build("transformer", TOKENS, CLASSES), inputs(TOKENS)
    assert not torch.allclose(model(x), model(x.flip(1)), atol=1e-4)


def test_heads_that_cannot_share_the_width_are_refused() -> None:
    with pytest.raises(ContractError, match="width = 20 cannot be shared by 4 heads: take a multiple of 8"):
        build("transformer", SERIES, CLASSES, width=20)


# --- what they cost -----------------------------------------------------------------------------------------------


def test_operations_are_those_of_the_formulas() -> None:
    steps, channels, width, classes = 20, 3, 16, 4
    recurrent = {"rnn": 1, "gru": 3, "lstm": 4}
    expected = {name: steps * gates * width * (channels + width) for name, gates in recurrent.items()}
    # Two blocks of kernel 3: with their dilations they see 13 of the steps, so it takes three.
    first = steps * 3 * width * (channels + width) + steps * channels * width
    expected["tcn"] = first + 2 * steps * 2 * 3 * width**2
    # Projection; queries, keys, values, output; scores and mixtures; a network of four times the width.
    layer = steps * 4 * width**2 + 2 * steps**2 * width + steps * 8 * width**2
    expected["transformer"] = steps * channels * width + layer
    for name, macs in expected.items():
        more = {"kernel": 3} if name == "tcn" else {"layers": 1}
        model = build(name, Space("tc", (steps, channels)), CLASSES, width=width, **more)
        size, notes = model_size(model, (torch.randn(1, steps, channels),))
        assert (size.forward_macs, notes) == (macs + width * classes, ()), name


@pytest.mark.parametrize("name", SPECS)
def test_parameters_are_as_many_as_the_page_says(name: str) -> None:
    table = (DOCS / "sequences.md").read_text().partition("| parameters |")[2].partition("\n\n")[0]
    (row,) = [line for line in table.splitlines() if line.startswith(f"| `{name}` |")]
    rows, digits = Space("tc", (28, 28)), Space(kind="index", size=10)
    count = sum(each.numel() for each in build(name, rows, digits, **SPECS[name].defaults()).parameters())
    assert row.split("|")[3].strip() == f"{count:,}"


@pytest.mark.parametrize("name", SPECS)
def test_short_sequences_cost_less(name: str) -> None:
    model = build(name, RAGGED_TOKENS, CLASSES)
    macs = [
        model_size(model, (inputs(TOKENS, 1, steps), torch.tensor([steps])))[0].forward_macs for steps in (4, LENGTH)
    ]
    assert 0 < 2 * macs[0] < macs[1]


# --- first layer --------------------------------------------------------------------------------------------------


def test_a_token_that_training_never_saw_says_nothing() -> None:
    known = EmbedSteps(Space("t", (None,), "index", 3, (UNKNOWN, "a", "b"), ragged=True), 5)
    assert bool((known(torch.tensor([[0, 0]])) == 0).all())
    assert not bool((known(torch.tensor([[1, 2]])) == 0).any())
    assert not bool((EmbedSteps(Space("t", (2,), "index", 3), 5)(torch.tensor([[0]])) == 0).any())


def test_gaps_become_zeros_and_flags() -> None:
    embed = EmbedSteps(Space("tc", (2, 2), missing=True), 9)
    assert embed.width == 4
    found = embed(torch.tensor([[[1.0, torch.nan], [torch.nan, 2.0]]]))
    assert found.tolist() == [[[1, 0, 0, 1], [0, 2, 1, 0]]]


def test_steps_are_refused_of_what_has_none() -> None:
    with pytest.raises(ContractError, match="embedded of series and of token sequences; got images of 1 × 8 × 8"):
        EmbedSteps(Space("chw", (1, 8, 8)), 4)


# --- through the harness ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("dataset", ["tokens", "tracks", "texts", "titled", "summed"])
def test_each_trains_on_sequences_of_varying_length(name: str, dataset: str) -> None:
    """Tokens and values at each step, classes of texts, texts of texts, several numbers of a series."""
    more = {**SPECS[name].defaults(), **SMALL[name]}
    outcome = run("Values", dataset, SPECS[name].target, epochs=1, hyperparameters=more)
    assert answers(outcome)
    (score,) = outcome.scores
    assert math.isfinite(score.value)
