"""What is encoded can be decoded, gaps stay gaps, layers keep their width; losses leave out what is not asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from bench.columns import Flat, flat_width, on_flat_rows
from bench.errors import ContractError, DataError
from bench.layers import Embed, Shaped
from bench.model import Problem
from bench.spaces import Space
from bench.tasks.encoding import Columns, Vocabulary, encoded_space, fit_encoder
from bench.tasks.losses import loss_between
from bench.testing import tiny_datasets

NUMBERS = npst.arrays(np.float32, st.tuples(st.integers(2, 20), st.just(3)), elements=st.floats(-1e3, 1e3, width=32))
TINY = {dataset.spec.name: dataset for dataset in tiny_datasets()}
MIXED = Space("c", (3,), levels=(0, 3, 0), missing=True)
TABLES = st.integers(2, 20).flatmap(
    lambda n: st.tuples(
        npst.arrays(np.float32, (n, 2), elements=st.floats(-100, 100, width=32) | st.just(np.float32("nan"))),
        npst.arrays(np.float32, (n,), elements=st.sampled_from([0, 1, 2, np.nan])),
    ).map(lambda parts: np.stack([parts[0][:, 0], parts[1], parts[0][:, 1]], 1))
)


def close(found: np.ndarray, expected: np.ndarray) -> bool:
    scale = max(1.0, float(np.nanmax(np.abs(expected), initial=0)))
    return np.allclose(found, expected, rtol=1e-5, atol=1e-5 * scale, equal_nan=True)


@given(x=NUMBERS, scale=st.sampled_from(["standard", "none"]))
def test_numbers_come_back_within_rounding(x: np.ndarray, scale: Any) -> None:
    encoder = fit_encoder(Space("c", (3,)), x, scale)
    encoded, lengths = encoder.encode(x)
    assert encoded.dtype == np.float32
    assert lengths is None
    assert close(encoder.decode(encoded), x)
    assert np.array_equal(encoder.encode(x.astype(np.float64))[0], encoded)


@given(x=npst.arrays(np.float32, (4, 1, 2, 2), elements=st.floats(-2, 6, width=32)))
def test_values_between_bounds_come_back_and_stay_between(x: np.ndarray) -> None:
    encoder = fit_encoder(Space("chw", (1, 2, 2), bounds=(-2.0, 6.0)), x, "bounds")
    encoded = encoder.encode(x)[0]
    assert np.abs(encoded).max() <= 1 + 1e-6
    assert close(encoder.decode(encoded), x)
    assert encoder.decode(np.full_like(x, 9)).max() == 6


@given(x=npst.arrays(np.uint8, (5, 1, 2, 2)), scale=st.sampled_from(["standard", "bounds", "none"]))
def test_levels_and_floats_of_one_image_are_encoded_alike(x: np.ndarray, scale: Any) -> None:
    space = Space("chw", (1, 2, 2), bounds=(0.0, 1.0))
    floats = (x / 255).astype(np.float32)
    levels, values = (fit_encoder(space, raw, scale).encode(raw)[0] for raw in (x, floats))
    assert np.allclose(levels, values, atol=1e-4)


@given(x=TABLES)
def test_gaps_stay_gaps_and_the_rest_comes_back(x: np.ndarray) -> None:
    encoder = fit_encoder(MIXED, x, "standard")
    encoded = encoder.encode(x)[0]
    assert np.array_equal(np.isnan(encoded), np.isnan(x))
    assert close(encoder.decode(encoded), x)
    assert np.array_equal(encoded[:, 1], x[:, 1], equal_nan=True)


def test_a_category_that_training_never_saw_becomes_a_gap() -> None:
    space = Space("c", (2,), levels=(0, 4))
    encoder = fit_encoder(space, np.array([[1.0, 0], [2, 2]]), "standard")
    encoded = encoder.encode(np.array([[1.0, 0], [1, 1], [1, 2], [1, 3]]))[0]
    assert np.isnan(encoded[:, 1]).tolist() == [False, True, False, True]
    assert encoder.space.missing


def test_levels_of_uint8_beside_categories_are_encoded_as_they_were_fitted() -> None:
    space = Space("c", (2,), levels=(0, 3), bounds=(0.0, 255.0))
    raw = np.array([[0, 0], [255, 1], [51, 2]], np.uint8)
    encoder = fit_encoder(space, raw, "standard")
    assert isinstance(encoder, Columns)
    assert encoder.encode(raw)[0][:, 0].mean() == pytest.approx(0, abs=1e-6)
    half = fit_encoder(Space("c", (2,), levels=(0, 3), bounds=(0.0, 1.0)), raw, "standard")
    assert half.encode(raw)[0][:, 0].std() == pytest.approx(1, abs=1e-5)
    assert half.encode(raw)[0][:, 1].tolist() == [0, 1, 2]


def test_padding_is_no_part_of_a_mean() -> None:
    x = np.zeros((2, 4, 1), np.float32)
    x[0, :2] = 5
    x[1, :4] = 7
    encoder = fit_encoder(Space("tc", (4, 1), ragged=True), x, "standard", np.array([2, 4]))
    assert encoder.decode(np.zeros((1, 1, 1))).item() == pytest.approx((2 * 5 + 4 * 7) / 6)


def test_words_that_training_never_saw_are_one_unknown_token() -> None:
    encoder = fit_encoder(Space(kind="text"), np.array(["a b a", "b c"]), "standard")
    assert isinstance(encoder, Vocabulary)
    tokens, lengths = encoder.encode(np.array(["A new b", ""]))
    assert tokens.tolist() == [[1, 0, 2], [0, 0, 0]]
    assert lengths.tolist() == [3, 1]
    assert encoder.space.size == 4


def test_a_scale_without_bounds_is_refused() -> None:
    with pytest.raises(DataError, match=r"needs known bounds; got a table of 3 columns$"):
        fit_encoder(Space("c", (3,)), np.zeros((2, 3)), "bounds")


@pytest.mark.parametrize("name", ["tiny-table", "tiny-gaps", "tiny-grey", "tiny-series"])
def test_flat_rows_and_embeddings_are_as_wide_as_they_say(name: str) -> None:
    dataset = TINY[name]
    encoder = fit_encoder(dataset.spec.inputs, dataset.train.x, "standard")
    x = encoder.encode(dataset.train.x)[0]
    rows = Flat(encoder.space).fit(x).transform(x)
    assert rows.shape == (len(x), flat_width(encoder.space))
    assert np.isfinite(rows).all()
    embed = Embed(encoder.space)
    assert embed(torch.from_numpy(x)).shape == (len(x), embed.width)
    assert bool(embed(torch.from_numpy(x)).isfinite().all())


@given(x=TABLES)
def test_flat_rows_tell_a_gap_from_a_zero(x: np.ndarray) -> None:
    rows = Flat(MIXED).transform(x)
    assert rows.shape == (len(x), flat_width(MIXED) == 7 and 7)
    assert np.array_equal(rows[:, 2:4], np.isnan(x[:, [0, 2]]))
    assert np.array_equal(rows[:, 4:].sum(1), ~np.isnan(x[:, 1]))


def test_numeric_rows_need_no_step_in_front() -> None:
    estimator = object()
    assert on_flat_rows(Space("c", (3,)), estimator) is estimator
    assert on_flat_rows(Space("chw", (1, 2, 2)), estimator) is not estimator


def test_logits_keep_their_shape_and_values_take_that_of_the_target() -> None:
    assert not Shaped.needed(Space(kind="index", size=3))
    assert Shaped(Space("tc", (4, 2)))(torch.zeros(5, 8)).shape == (5, 4, 2)
    assert Shaped(Space())(torch.zeros(5, 1)).shape == (5,)


def problem(target: Space) -> Problem:
    return Problem("t", "d", 8, "predict", Space("c", (2,)), target)


ASKED = [
    (Space(kind="index", size=3, missing=True), torch.tensor([0, -1, 2, -1]), -1),
    (Space("t", (3,), "index", 5), torch.tensor([[0, 4, -1], [-1, -1, 2]]), -1),
    (Space(missing=True), torch.tensor([0.5, float("nan"), 2.0]), float("nan")),
    (MIXED, torch.tensor([[0.5, 1.0, float("nan")], [float("nan"), float("nan"), 1.0]]), float("nan")),
]


@pytest.mark.parametrize(("target", "y", "gap"), ASKED)
def test_a_loss_leaves_out_what_is_not_asked(target: Space, y: torch.Tensor, gap: float) -> None:
    torch.manual_seed(0)
    output = torch.randn(len(y), *target.output_shape, requires_grad=True)
    loss = loss_between(problem(target))(output, y)
    loss.backward()
    assert bool(loss.isfinite())
    assert bool(output.grad.isfinite().all())
    not_asked = y.isnan() if y.is_floating_point() else y < 0
    if not any(target.levels):
        assert not output.grad[not_asked].any()
        assert output.grad[~not_asked].any()
    assert loss_between(problem(target))(output.detach(), torch.full_like(y, gap)) == 0


def test_a_model_that_draws_brings_its_own_loss() -> None:
    drawn = Problem("t", "d", 8, "sample", None, Space("c", (2,)))
    with pytest.raises(ContractError, match=r"give it a training_step\(batch\)"):
        loss_between(drawn)(torch.zeros(2), torch.zeros(2))


@pytest.mark.parametrize("name", TINY)
def test_what_is_planned_is_what_comes_out(name: str) -> None:
    dataset = TINY[name]
    space, scale = dataset.spec.inputs, "standard"
    found = fit_encoder(space, dataset.train.x, scale, dataset.train.lengths).space
    planned = encoded_space(space, scale)
    assert (found.axes, found.kind, found.missing, found.ragged) == (
        planned.axes, planned.kind, planned.missing, planned.ragged
    )  # fmt: skip
