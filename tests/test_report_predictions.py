"""What is drawn from the answers that runs kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.metrics.classification import auroc, calibration_error
from bench.metrics.curves import calibration_bins, confusion, curve_at, mean_roc_curve, roc_curve
from bench.record import SplitPlan
from bench.report.blocks import Choice
from bench.report.figures import LineFigure, MatrixFigure
from bench.report.parts.predictions import prediction_blocks
from tests.report_sections import Kept

FINE = np.linspace(0, 1, 20_001)


def answers(seed: int, n: int = 200, classes: int = 3, skill: float = 2.0) -> dict[str, np.ndarray]:
    """Return answers of a classifier, the better the greater its skill, in tenths so that some are tied."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, n)
    logits = random.normal(size=(n, classes))
    logits[np.arange(n), labels] += skill
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return {"probabilities": shares.astype(np.float32), "labels": labels}


def figure(blocks, key: str) -> LineFigure:
    options = [each for block in blocks for each in (block.options.values() if isinstance(block, Choice) else (block,))]
    (found,) = (each for each in options if isinstance(each, LineFigure) and each.key == f"s-{key}")
    return found


def matrices(blocks) -> dict[str, MatrixFigure]:
    choice = next(each for each in blocks if isinstance(each, Choice))
    return {label: each for label, each in choice.options.items() if isinstance(each, MatrixFigure)}


@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(2, 60), st.booleans())
@settings(max_examples=60, deadline=None)
def test_curves_are_what_the_scores_are_made_of(seed, classes, n, is_rough):
    made = answers(seed, n, classes)
    p, y = made["probabilities"], made["labels"]
    if is_rough:
        # Ensembles answer in tenths, so that many answers are tied.
        p = np.round(p, 1) + 1e-3
        p = (p / p.sum(1, keepdims=True)).astype(np.float32)
    counts = confusion(p, y)
    assert counts.sum() == n
    assert counts.diagonal().sum() == (p.argmax(1) == y).sum()
    assert (counts.sum(1) == np.bincount(y, minlength=classes)).all()
    assert calibration_bins(p, y).error == pytest.approx(calibration_error(p, y), abs=1e-12)
    curves = [roc_curve(p[:, label], y == label) for label in np.unique(y)] if len(np.unique(y)) > 1 else []
    for false, true in curves:
        assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
        assert (np.diff(false) >= 0).all()
        assert (np.diff(true) >= 0).all()
    if curves:
        assert np.mean([np.trapezoid(true, false) for false, true in curves]) == pytest.approx(auroc(p, y), abs=1e-12)


def test_the_mean_curve_has_the_area_that_the_score_says():
    made = answers(3, 400, 5, skill=1.0)
    mean = mean_roc_curve(made["probabilities"], made["labels"], FINE)
    assert np.trapezoid(mean, FINE) == pytest.approx(auroc(made["probabilities"], made["labels"]), abs=2e-3)


def test_a_curve_is_read_at_its_upper_end_where_it_rises():
    curve = np.array([0.0, 0.0, 0.5, 0.5, 1.0]), np.array([0.0, 0.4, 0.4, 0.8, 1.0])
    assert curve_at(np.array([0.0, 0.25, 0.5, 0.75, 1.0]), curve) == pytest.approx([0.4, 0.4, 0.8, 0.9, 1.0])


def test_one_class_alone_has_no_roc_curve():
    kept = Kept()
    made = answers(0, 50)
    kept.add("lenet", {**made, "labels": np.zeros(50, np.int64)})
    blocks = prediction_blocks(kept.section(), kept, "s")
    assert [type(each).__name__ for each in blocks] == ["Choice", "LineFigure"]
    assert np.isnan(mean_roc_curve(made["probabilities"], np.zeros(50, np.int64), FINE)).all()


def test_confusions_are_summed_over_runs_and_coloured_by_true_class():
    kept = Kept()
    y = np.array([0, 0, 1, 1])
    for seed, wrong in enumerate((0, 1, 1)):
        p = np.eye(2, dtype=np.float32)[[wrong, 0, 1, 1]]
        kept.add("lenet", {"probabilities": p, "labels": y}, names=("cat", "dog"), seed=seed)
    (matrix,) = matrices(prediction_blocks(kept.section(), kept, "s")).values()
    assert matrix.rows == matrix.columns == ("cat", "dog")
    assert matrix.texts == (("4", "2"), ("", "6"))
    assert matrix.values[0] == pytest.approx((4 / 6, 2 / 6), abs=1e-4)
    assert "summed over 3 runs" in matrix.caption


def test_classes_without_names_are_numbers_and_those_without_samples_have_no_share():
    kept = Kept()
    kept.add("lenet", {"probabilities": np.eye(3, dtype=np.float32)[[0, 2]], "labels": np.array([0, 0])})
    (matrix,) = matrices(prediction_blocks(kept.section(), kept, "s")).values()
    assert matrix.rows == ("0", "1", "2")
    assert np.isnan(matrix.values[1]).all()


def test_of_many_classes_the_most_confused_are_shown():
    kept = Kept()
    labels = np.repeat(np.arange(30), 4)
    predicted = labels.copy()
    predicted[labels >= 25] = (labels[labels >= 25] - 20) % 30
    kept.add("lenet", {"probabilities": np.eye(30, dtype=np.float32)[predicted], "labels": labels})
    (matrix,) = matrices(prediction_blocks(kept.section(), kept, "s")).values()
    assert len(matrix.rows) == 20
    assert {str(each) for each in (*range(25, 30), *range(5, 10))} <= {*matrix.rows}
    assert "20 of 30 classes" in matrix.caption


def test_lines_stay_between_nought_and_one_beside_their_references():
    kept = Kept()
    for seed in range(3):
        kept.add("lenet", answers(seed), seed=seed)
        kept.add("logistic", answers(seed + 10, skill=1.0), seed=seed, family="shallow")
    blocks = prediction_blocks(kept.section(), kept, "s")
    for key, reference in (("reliability", "perfectly calibrated"), ("roc", "chance")):
        drawn = figure(blocks, key)
        assert [line.label for line in drawn.lines] == ["lenet", "logistic", ""]
        assert drawn.lines[-1].name == reference
        assert drawn.lines[-1].is_reference
        assert (drawn.x.low, drawn.x.high, drawn.y.low, drawn.y.high) == (0, 1, 0, 1)
        for line in drawn.lines:
            assert all(0 <= value <= 1 for value in (*line.x, *line.y))
            assert len(line.x) == len(line.y) <= 100
            assert list(line.x) == sorted(line.x)
        assert "3 runs of each model on one test part" in drawn.caption


def test_a_reliability_line_says_how_many_answers_its_bins_hold():
    kept = Kept()
    p = np.repeat([[0.5, 0.5], [0.9, 0.1]], [5, 95], axis=0).astype(np.float32)
    kept.add("lenet", {"probabilities": p, "labels": np.arange(100) % 2})
    line = figure(prediction_blocks(kept.section(), kept, "s"), "reliability").lines[0]
    assert "0.47–0.53: 5.0 %" in line.note
    assert "0.87–0.93: 95.0 %" in line.note
    # Five answers say nothing of how often such answers are right.
    assert line.x == pytest.approx([0.9])


@pytest.mark.parametrize(("skill", "first"), [(9.0, "up to 10 % false positives"), (1.0, "whole")])
def test_curves_that_lie_in_the_corner_are_shown_at_their_beginning_first(skill, first):
    kept = Kept()
    kept.add("lenet", answers(0, skill=9.0))
    kept.add("mlp", answers(1, skill=skill))
    choice = next(each for each in prediction_blocks(kept.section(), kept, "s") if each.key == "s-roc")
    assert isinstance(choice, Choice)
    assert next(iter(choice.options)) == first
    begin = choice.options["up to 10 % false positives"]
    assert isinstance(begin, LineFigure)
    assert begin.x.high == 0.1
    assert all(0 <= x <= 0.1 for line in begin.lines for x in line.x)


def test_two_classes_have_the_curve_of_the_second():
    kept = Kept()
    kept.add("lenet", answers(0, classes=2), names=("benign", "malignant"))
    assert "Class malignant against benign" in figure(prediction_blocks(kept.section(), kept, "s"), "roc").caption


def test_the_best_models_and_the_fastest_are_drawn_and_the_others_named():
    kept = Kept()
    for number in range(10):
        kept.add(f"model-{number}", answers(number, 400, skill=3 - number * 0.3), seconds=100.0 - 10 * number)
    kept.add("baseline", answers(99, skill=0.0), seconds=0.0)
    blocks = prediction_blocks(kept.section(), kept, "s")
    drawn = [line.label for line in figure(blocks, "roc").lines if line.label]
    scores = {each.run.label: each.score("accuracy") or 0.0 for each in kept.records if each.run.label != "baseline"}
    ranked = sorted(scores, key=lambda label: -scores[label])
    assert drawn == [*ranked[:7], "model-9"]
    assert f"left out: {ranked[7]} and {ranked[8]}" in figure(blocks, "roc").caption
    assert list(matrices(blocks)) == drawn
    # Answers of models that are not drawn are not read.
    assert not {run for run in kept.read if "baseline" in run or ranked[7] in run}


def test_at_most_five_runs_of_a_model_are_read_and_each_once():
    kept = Kept()
    for seed in range(12):
        kept.add("lenet", answers(seed), seed=seed)
        if seed >= 8:
            kept.add("mlp", answers(seed), seed=seed)
    blocks = prediction_blocks(kept.section(), kept, "s")
    counts = {each: kept.read.count(each) for each in kept.read}
    assert len(counts) == 9
    assert max(counts.values()) <= 2  # the first one is asked for its size, too
    # Seeds that both models have go first: 8 to 11.
    of_lenet = {each.run.seed for each in kept.records if each.run.label == "lenet" and each.run.run_id in counts}
    assert of_lenet == {0, 8, 9, 10, 11}
    assert "4 to 5 runs of each model" in figure(blocks, "roc").caption


def test_runs_on_several_splits_are_said_to_be():
    kept = Kept()
    for number in range(3):
        kept.add("lenet", answers(number), seed=number, split=SplitPlan(scheme="holdout", number=number))
    assert "3 runs of each model on 3 splits" in figure(prediction_blocks(kept.section(), kept, "s"), "roc").caption


def test_a_run_on_two_devices_counts_once():
    kept = Kept()
    for device in ("cuda", "cpu"):
        kept.add("lenet", answers(1), device=device)
    (matrix,) = matrices(prediction_blocks(kept.section(), kept, "s")).values()
    assert sum(int(text or 0) for row in matrix.texts for text in row) == 200


def test_of_variants_the_one_with_most_models_and_the_best_scores_is_drawn():
    kept = Kept()
    for size, skill in ((100, 0.5), (1000, 4.0), (50, 0.2)):
        for label in ("lenet", "logistic"):
            kept.add(label, answers(size, skill=skill), variant={"training_size": size})
    kept.add("mlp", answers(5, skill=9.0), variant={"training_size": 5000})
    drawn = figure(prediction_blocks(kept.section(), kept, "s"), "roc")
    assert "at training size = 1000" in drawn.caption
    assert {line.label for line in drawn.lines} == {"lenet", "logistic", ""}


def test_predicted_values_are_drawn_against_true_ones():
    kept = Kept()
    random = np.random.default_rng(0)
    for seed in range(2):
        y = random.normal(size=300)
        kept.add("linear", {"predictions": (y + random.normal(size=300)).astype(np.float32), "targets": y}, seed=seed)
        kept.add("oracle", {"predictions": y.astype(np.float32), "targets": y}, seed=seed)
    (drawn,) = prediction_blocks(kept.section(), kept, "s")
    assert isinstance(drawn, LineFigure)
    lines = {line.label: line for line in drawn.lines}
    assert len(lines["linear"].x) == 10
    assert lines["oracle"].x == pytest.approx(lines["oracle"].y, abs=1e-4)
    assert drawn.lines[-1].is_reference


def test_predictions_of_more_than_one_value_are_not_drawn():
    kept = Kept()
    kept.add("linear", {"predictions": np.zeros((20, 3)), "targets": np.zeros((20, 3))})
    assert prediction_blocks(kept.section(), kept, "s") == ()


def test_nothing_kept_is_nothing_drawn():
    kept = Kept()
    kept.add("vae", {"clusters": np.zeros(4)})
    assert prediction_blocks(kept.section(), kept, "s") == ()
    assert not kept.read
