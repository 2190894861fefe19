"""What the contract promises of problems that are not rows and classes: varying length, gaps, texts, conditions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.arrays import unpack
from bench.errors import PluginError
from bench.model import Problem
from bench.spaces import Space
from bench.tasks.answering import ask
from bench.tasks.base import Part, TaskData
from bench.tasks.losses import loss_between
from tests.contract_problems import answers, run

TOKENS = Space("t", (4,), "index", 3)


@pytest.mark.parametrize("model", ["baseline", "Stepwise"])
def test_tokens_of_varying_length_are_answered_and_scored_without_their_padding(model: str) -> None:
    outcome = run("Values", "tokens", model)
    found, truth = answers(outcome), unpack(outcome.truth)
    assert found["log_likelihoods"].shape == truth["tokens"].shape == (len(truth["tokens"]), 9)
    # The file pads targets with 0, which is a token, too.
    assert (truth["tokens"] >= 0).sum(1).max() == 8
    assert (np.isnan(found["log_likelihoods"]) == (truth["tokens"] < 0)).all()
    assert outcome.objective == "error"


@pytest.mark.parametrize("model", ["baseline", "Stepwise"])
def test_values_of_varying_length_are_answered_and_scored_without_their_padding(model: str) -> None:
    outcome = run("Values", "tracks", model)
    predictions, targets = answers(outcome)["predictions"], unpack(outcome.truth)["targets"]
    assert predictions.shape == targets.shape == (len(targets), 9, 2)
    assert (np.isnan(predictions) == np.isnan(targets)).all()
    assert np.isnan(targets).any(1).all()


@pytest.mark.parametrize("model", ["baseline", "Whole"])
def test_values_are_no_steps_where_there_are_as_many_as_the_longest_sample_has(model: str) -> None:
    outcome = run("Values", "summed", model)
    assert answers(outcome)["predictions"].shape == (24, 9)


def test_only_the_first_axis_varies_in_length() -> None:
    with pytest.raises(PluginError, match="t as their first axis; got axes 'ct'"):
        Space("ct", (2, 9), ragged=True)


def test_a_batch_in_which_no_token_is_asked_for_has_no_loss() -> None:
    loss = loss_between(Problem("t", "d", 1, "predict", TOKENS, TOKENS))
    output = torch.randn(2, 4, 3, requires_grad=True)
    nothing = loss(output, torch.full((2, 4), -1))
    nothing.backward()
    assert (nothing.item(), bool(output.grad.isfinite().all())) == (0.0, True)
    y = torch.tensor([[0, 2, -1, -1], [1, -1, -1, -1]])
    wanted = torch.nn.functional.cross_entropy(output[y >= 0], y[y >= 0])
    assert loss(output, y).item() == pytest.approx(wanted.item())


class Answering:
    """A black box that answers as it is told."""

    def __init__(self, answer: np.ndarray) -> None:
        self.answer = answer

    def predict(self, x: object) -> np.ndarray:
        return self.answer

    predict_proba = predict


def asked(answer: np.ndarray, target: Space, y: torch.Tensor) -> np.ndarray:
    part = Part(torch.zeros(len(y), 2), y)
    data = TaskData(Problem("t", "d", 1, "predict", Space("c", (2,)), target), part, part, part)
    (found,) = ask(Answering(answer), data, part, 0, torch.no_grad()).arrays.values()
    return found


def test_an_answer_with_its_axes_swapped_is_refused_and_flat_rows_are_not() -> None:
    target, y = Space("tc", (2, 3)), torch.zeros(4, 2, 3)
    assert asked(np.zeros((4, 6)), target, y).shape == (4, 2, 3)
    with pytest.raises(Exception, match=r"answered 4 samples with shape \(3, 2, 4\); expected \(4, 2, 3\)"):
        asked(np.zeros((3, 2, 4)), target, y)


def test_probabilities_may_run_backwards_and_be_read_only() -> None:
    shares = np.broadcast_to([0.2, 0.5, 0.3], (4, 3))[:, ::-1]
    found = asked(shares, Space(kind="index", size=3), torch.zeros(4, dtype=torch.int64))
    assert found[0].tolist() == pytest.approx([0.3, 0.5, 0.2])
