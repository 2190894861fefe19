"""What the contract promises of problems that are not rows and classes: varying length, gaps, texts, conditions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import bench_deep
import bench_shallow
from bench.arrays import unpack
from bench.data import Dataset, Split
from bench.errors import DataError, PluginError, Refused
from bench.matching import complaint
from bench.metrics.samples import draw
from bench.model import Problem
from bench.spaces import Space
from bench.tasks.answering import _batches, ask
from bench.tasks.base import Part, TaskData
from bench.tasks.classification import Classification
from bench.tasks.losses import loss_between
from bench.tasks.scoring import in_units, metric_scores
from tests.contract_problems import DATASETS, Values, answers, metric, run

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


def test_a_text_is_compared_as_tokens() -> None:
    outcome = run("Values", "titled")
    found, truth = answers(outcome)["log_likelihoods"], unpack(outcome.truth)["tokens"]
    assert found.shape == truth.shape
    assert ((truth >= 0).sum(1) == (~np.isnan(found)).sum(1)).all()


def test_whole_numbers_that_are_no_classes_are_cut_by_their_tenths() -> None:
    data = Dataset.cut(DATASETS["counts"], Split(np.zeros((120, 4)), np.arange(120) * 11))
    assert len(np.unique(data.test.layers())) == 10
    assert len(np.unique(data.resplit("kfold", 1, 4).test.layers())) == 10
    assert run("Values", "counts").status == "ok"


@pytest.mark.parametrize(
    ("lengths", "told"), [([0, 3], "got 0 to 3"), ([2, 4], "1 … 3, the padded length; got 2 to 4")]
)
def test_lengths_lie_within_the_padding(lengths: list[int], told: str) -> None:
    spec = replace(DATASETS["summed"], inputs=Space("tc", (3, 2), ragged=True), targets=None)
    part = Split(np.zeros((2, 3, 2)), lengths=np.array(lengths))
    with pytest.raises(DataError, match=told):
        Dataset(spec, part, part, part).check()


def test_classification_refuses_samples_without_a_class() -> None:
    with pytest.raises(Refused, match="needs the class of every sample; some of gaps have none"):
        Classification().spaces(DATASETS["gaps"])
    assert run("Values", "gaps", "bench_shallow.mlp_1:OneHiddenLayer", hyperparameters={"width": 8}).status == "ok"


def test_a_part_without_samples_is_told_by_name() -> None:
    assert run("Empty", "rows").reason == "task empty finds no samples in the validation part of 'rows'"


@pytest.mark.parametrize("model", ["baseline", "Whole"])
def test_a_main_score_that_is_not_scored_is_told(model: str) -> None:
    outcome = run("Lost", "texts", model)
    assert "calls 'elsewhere' its main score" in outcome.reason


@pytest.mark.parametrize(
    ("protocol", "settings"),
    [("tuned", {"trials": 2}), ("time-to-target", {"target": 0.5}), ("fixed-budget", {"patience": 1})],
)
def test_what_needs_a_main_score_does_not_apply_without_one(protocol: str, settings: dict[str, float]) -> None:
    outcome = run("Unscored", "texts", "Whole", protocol, settings=settings)
    assert (outcome.status, "has no main score" in outcome.reason) == ("not-applicable", True)
    assert run("Unscored", "texts", "Whole", epochs=3).details == {"steps": 9, "best_step": 9}


@pytest.mark.parametrize(("source", "target"), [("texts", "two-texts"), ("two-texts", "texts")])
def test_a_vocabulary_is_carried_over_and_the_classes_are_not(source: str, target: str) -> None:
    outcome = run(
        "Values", target, "Whole", "transfer", variant={"training_size": 20, "start": "pre-trained"},
        settings={"source": source, "source_epochs": 1, "sizes": [20]}, extra_datasets=(DATASETS[source],),
    )  # fmt: skip
    assert (outcome.status, outcome.reason) == ("ok", "")
    assert outcome.details["carried_over"] == ["first.weight"]


@pytest.mark.parametrize("model", ["baseline", "Painter", "Stamp"])
def test_samples_of_a_class_that_is_given_are_kept_in_order_and_scored_in_the_units_of_the_data(model: str) -> None:
    metrics = (metric("seen_range", "samples", "targets"), metric("first_of", "count"))
    outcome = run("Conditional", "pictures", model, metrics=metrics)
    samples, targets = answers(outcome)["samples"], unpack(outcome.truth)["targets"]
    assert (samples.shape, samples.dtype) == (targets.shape, np.uint8)
    scores = {score.name: score.value for score in outcome.scores}
    assert scores["seen_range"] == pytest.approx(samples.max() / targets.max())
    assert outcome.latency is not None


def test_a_metric_may_read_a_lone_number_first_and_must_read_something() -> None:
    (score,), notes = metric_scores([metric("first_of", "count")], {"count": np.array(7)}, {})
    assert (score.value, score.detail, notes) == (7.0, {"n": 1}, ())
    with pytest.raises(PluginError, match="arrays must name what it reads"):
        metric("first_of")


def test_a_network_that_scores_must_bring_its_own_step() -> None:
    outcome = run("Odd", "rows", "Stepless")
    assert "Stepless has no training_step, which task 'odd' asks of a model that is to score" in outcome.reason


@pytest.mark.parametrize("name", ["mlp", "mlp-1", "baseline"])
def test_rows_with_categories_and_gaps_are_completed(name: str) -> None:
    specs = {spec.name: spec for spec in (*bench_deep.MODELS, *bench_shallow.MODELS)}
    target, hyperparameters = "baseline", {}
    if name in specs:
        assert complaint(specs[name], Values(), DATASETS["mixed"]) == ""
        target, hyperparameters = specs[name].target, specs[name].defaults()
    outcome = run("Values", "mixed", target, hyperparameters=hyperparameters)
    predictions, targets = answers(outcome)["predictions"], unpack(outcome.truth)["targets"]
    assert predictions.shape == targets.shape == (len(targets), 3)
    assert np.isnan(targets).any()
    assert np.isfinite(predictions).all()
    assert set(predictions[:, 1]) <= {0.0, 1.0, 2.0, 3.0}


def test_a_record_does_not_hold_the_whole_vocabulary() -> None:
    outcome = run("Values", "texts")
    assert outcome.problem.input.size == 8
    assert outcome.problem.input.names == ()
    assert run("Values", "titled").problem.target.names == ()


def test_a_model_without_probabilities_is_told_what_adds_them() -> None:
    outcome = run("Values", "rows", "Certain")
    assert outcome.status == "failed"
    assert outcome.reason.startswith("Certain has no predict_proba, which task 'values' asks of a model that is to")
    assert "CalibratedClassifierCV adds it" in outcome.reason


def test_a_sample_may_come_with_its_component_as_from_scikit_learns_mixtures() -> None:
    class Mixture:
        def sample(self, n: int) -> tuple[np.ndarray, np.ndarray]:
            return np.zeros((n, 2)), np.zeros(n)

    assert draw(Mixture(), 3, (2,), seed=0).shape == (3, 2)


def test_data_without_a_target_have_scores_and_an_empty_truth() -> None:
    outcome = run("Unlabelled", "rows")
    assert answers(outcome)["anomaly_scores"].shape == (24,)
    assert unpack(outcome.truth) == {}


def test_a_long_vocabulary_is_asked_in_small_batches() -> None:
    x = torch.zeros(600, 50, dtype=torch.int64)
    part = Part(x, x, torch.full((600,), 50), is_stepwise=True)
    sizes = [len(batch) for batch in _batches(part, Space("t", (None,), "index", 10_000, ragged=True))]
    assert (max(sizes), sum(sizes)) == (33, 600)


def test_groups_are_not_torn_apart_in_the_order_of_time_without_a_word() -> None:
    spec = replace(DATASETS["counts"], ordered=True)
    part = Split(np.zeros((120, 4)), np.arange(120), groups=np.arange(120) // 10)
    with pytest.raises(DataError, match="in the order of time tears groups apart"):
        Dataset.cut(spec, part)


def test_levels_become_values_only_where_a_score_reads_them() -> None:
    arrays = {"samples": np.full((2, 1), 255, np.uint8), "other": np.full((2, 1), 255, np.uint8)}
    found = in_units(arrays, {"bounds": np.array([-1.0, 1.0])})
    assert (found["samples"].tolist(), found["other"].dtype, found.keys()) == ([[1.0]] * 2, np.uint8, arrays.keys())
    # Not kept: it would stay as long as the arrays do.
    assert found["samples"] is not found["samples"]
    assert in_units(arrays, {}) is arrays
