"""Problems with known answers: drawn as their papers say, the same for ever; and the task that asks for tokens."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import NotEnoughSamples, Refused
from bench.metrics.tokens import nats_per_token, sequence_accuracy, token_accuracy
from bench.plugins import discover
from bench.sources import DataSource
from bench.spaces import Space
from bench.specs import DatasetSpec, resolve
from bench.tasks.sequence_labelling import SequenceLabelling
from bench.testing import check_task, tiny_dataset
from bench_data import adding_problem, copy_memory, delayed_recall
from bench_data.memory import COPIED, MEMORY, SYMBOLS, TEST, TRAIN, VALIDATION

SPECS = {spec.name: spec for spec in MEMORY}
# Train, validation and test, for ever: results of two versions can only be compared while these hold.
HASHES = {
    "adding-50": ("79229cb85047", "ce77644ac7fb", "ea69f0421925"),
    "copy-10": ("9c482c87f1a5", "3de8c0f7571c", "d20cc2ccb2cf"),
    "recall-10": ("20229f7f1cee", "018d075ff984", "58b106f234ac"),
}
SEEDS = st.integers(0, 2**32 - 1)


def random(seed: int) -> np.random.RandomState:
    return np.random.RandomState(seed)


@settings(deadline=None, max_examples=30)
@given(SEEDS, st.integers(2, 60))
def test_the_sum_is_that_of_the_two_marked_numbers(seed: int, length: int) -> None:
    x, y = adding_problem.draw(20, length, random(seed))
    values, marks = x[..., 0], x[..., 1]
    assert x.dtype == y.dtype == np.float32
    assert ((marks == 0) | (marks == 1)).all()
    half = length // 2
    assert (marks[:, :half].sum(1) == 1).all()
    assert (marks[:, half:].sum(1) == 1).all()
    assert (values >= 0).all()
    assert (values <= 1).all()
    np.testing.assert_allclose((values * marks).sum(1), y, rtol=1e-6)


def test_who_always_says_one_errs_by_a_sixth() -> None:
    _, y = adding_problem.draw(200_000, 4, random(0))
    assert float(((y - 1.0) ** 2).mean()) == pytest.approx(1 / 6, abs=2e-3)


@settings(deadline=None, max_examples=30)
@given(SEEDS, st.integers(1, 60))
def test_what_is_copied_is_what_came_first(seed: int, lag: int) -> None:
    x, y = copy_memory.draw(20, lag, random(seed))
    assert x.shape == y.shape == (20, lag + 2 * COPIED)
    assert np.array_equal(y[:, -COPIED:], x[:, :COPIED])
    assert (y[:, :-COPIED] == -1).all()
    assert (x[:, COPIED:-COPIED] == 0).all()
    assert (x[:, -COPIED:] == SYMBOLS + 1).all()
    assert set(np.unique(x[:, :COPIED])) <= set(range(1, SYMBOLS + 1))


@settings(deadline=None, max_examples=30)
@given(SEEDS, st.integers(1, 60))
def test_what_is_recalled_is_what_came_first(seed: int, lag: int) -> None:
    x, y = delayed_recall.draw(20, lag, random(seed))
    assert x.shape == (20, lag + 1)
    assert np.array_equal(x[:, 0], y)
    assert x.min() >= 0
    assert x.max() < SYMBOLS


def test_symbols_are_even_and_tell_nothing_of_each_other() -> None:
    x, y = delayed_recall.draw(80_000, 2, random(0))
    np.testing.assert_allclose(np.bincount(y, minlength=SYMBOLS) / len(y), 1 / SYMBOLS, atol=0.005)
    met = np.histogram2d(x[:, 1], y, bins=SYMBOLS)[0] / len(y)
    np.testing.assert_allclose(met, 1 / SYMBOLS**2, atol=0.002)


@pytest.mark.parametrize("name", SPECS)
def test_a_name_says_the_lag(name: str) -> None:
    spec, lag = SPECS[name], int(name.rpartition("-")[2])
    assert spec.inputs.sizes[0] == lag + {"adding": 0, "copy": 2 * COPIED, "recall": 1}[name.partition("-")[0]]
    assert not spec.files


@pytest.mark.parametrize("name", HASHES)
def test_the_draws_never_change(name: str) -> None:
    dataset = resolve(SPECS[name].target)(DataSource.of(SPECS[name]))
    assert [len(part) for part in dataset.parts().values()] == [TRAIN, VALIDATION, TEST]
    assert tuple(each[:12] for each in dataset.hashes().values()) == HASHES[name]


# --- sequence labelling -------------------------------------------------------------------------------------------


def test_the_task_keeps_its_contract() -> None:
    metrics = [offer.spec for offer in discover().metrics.values() if offer.spec.target.startswith("bench.")]
    check_task(SequenceLabelling(), tiny_dataset(SPECS["copy-10"]), metrics=metrics)


def test_the_task_refuses_in_a_sentence_what_has_no_token_for_each_step() -> None:
    tokens, classes = Space("t", (5,), "index", 4), Space(kind="index", size=3)
    task = SequenceLabelling()

    def offer(inputs: Space, targets: Space | None) -> DatasetSpec:
        return DatasetSpec(name="odd", target="a:b", inputs=inputs, targets=targets, licence="", source="")

    with pytest.raises(Refused, match="needs a token to tell for each step; the target of odd is one of 3 classes"):
        task.spaces(offer(tokens, classes))
    with pytest.raises(Refused, match="the target of odd is not given"):
        task.spaces(offer(tokens, None))
    with pytest.raises(Refused, match="needs a step of the input for each token; odd has a table of 5 columns"):
        task.spaces(offer(Space("c", (5,)), tokens))
    assert task.spaces(offer(tokens, tokens)) == (tokens, tokens)


def test_only_what_is_asked_is_scored() -> None:
    tokens = np.array([[-1, 2, 1], [-1, 0, 0], [-1, -1, -1]])
    top = np.array([[0, 2, 1], [0, 0, 1], [3, 3, 3]])
    assert token_accuracy(top, tokens) == 3 / 4
    assert sequence_accuracy(top, tokens) == 1 / 2
    assert nats_per_token(np.array([[np.nan, -1.0], [np.nan, -3.0]])) == 2.0


def test_scores_of_nothing_and_of_other_shapes_are_refused() -> None:
    nothing = np.full((2, 3), -1)
    for score in (token_accuracy, sequence_accuracy):
        with pytest.raises(NotEnoughSamples, match="none of 6"):
            score(nothing, nothing)
        with pytest.raises(ValueError, match=r"one shape, \(n, length\); got \(2, 3\) and \(2, 2\)"):
            score(nothing, nothing[:, :2])
    with pytest.raises(NotEnoughSamples, match="got none"):
        nats_per_token(np.full((2, 2), np.nan))
