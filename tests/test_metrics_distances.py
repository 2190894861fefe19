"""Kernel distance, inception score and distance at infinity: their definitions, and what other programs compute."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bench.errors import NotEnoughSamples
from bench.metrics.extrapolation import frechet_distance_at_infinity
from bench.metrics.frechet import frechet_distance_of_features
from bench.metrics.generative import precision_and_recall
from bench.metrics.inception_score import inception_score, inception_scores
from bench.metrics.kernel_distance import kernel_distance, kernel_distance_of_subsets
from bench.metrics.unbiased import unbiased_distances

seeds = st.integers(0, 2**31 - 1)
FIDELITY = "needs torch-fidelity of the test extra"


def random(seed: int, *shape: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=shape)


def probabilities(seed: int, n: int, classes: int = 4) -> NDArray[np.float64]:
    return np.random.default_rng(seed).dirichlet(np.full(classes, 0.4), n)


# --- kernel distance ----------------------------------------------------------------------------------------------


def by_loops(real: NDArray[np.float64], fake: NDArray[np.float64]) -> float:
    def kernel(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
        return float(x @ y / len(x) + 1) ** 3

    def within(rows: NDArray[np.float64]) -> float:
        return float(np.mean([kernel(a, b) for i, a in enumerate(rows) for j, b in enumerate(rows) if i != j]))

    return within(real) + within(fake) - 2 * float(np.mean([kernel(a, b) for a in real for b in fake]))


@settings(deadline=None, max_examples=25)
@given(seed=seeds, n=st.integers(2, 8), m=st.integers(2, 8), d=st.integers(1, 4))
def test_the_kernel_distance_is_its_definition_written_as_loops(seed: int, n: int, m: int, d: int) -> None:
    real, fake = random(seed, n, d), random(seed + 1, m, d) + 0.5
    assert kernel_distance(real, fake) == pytest.approx(by_loops(real, fake), rel=1e-9, abs=1e-9)
    assert kernel_distance(fake, real) == pytest.approx(kernel_distance(real, fake), abs=1e-9)


def test_the_kernel_distance_is_zero_on_average_where_both_are_alike_however_few_they_are() -> None:
    found = [kernel_distance(random(2 * seed, 10, 5), random(2 * seed + 1, 20, 5)) for seed in range(400)]
    assert abs(np.mean(found)) < 4 * np.std(found) / 20
    assert min(found) < 0 < max(found)
    assert kernel_distance(random(0, 50, 5), random(1, 50, 5) + 1) > 1


def test_seams_between_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    real, fake = random(0, 57, 3), random(1, 43, 3)
    whole = kernel_distance(real, fake)
    monkeypatch.setattr("bench.metrics.kernel_distance.ROWS_AT_ONCE", 10)
    assert kernel_distance(real, fake) == pytest.approx(whole, rel=1e-12)


def test_the_kernel_distance_of_torchmetrics() -> None:
    from torchmetrics.image.kid import poly_mmd

    real, fake = random(0, 200, 64), 1.1 * random(1, 200, 64)
    theirs = float(poly_mmd(torch.from_numpy(real), torch.from_numpy(fake)))
    assert kernel_distance(real, fake) == pytest.approx(theirs, rel=1e-6)


def test_the_kernel_distance_of_torch_fidelity() -> None:
    theirs = pytest.importorskip("torch_fidelity.metric_kid", reason=FIDELITY)
    real, fake = random(0, 300, 64), 1.1 * random(1, 250, 64)
    features = (torch.from_numpy(real), torch.from_numpy(fake))
    expected = theirs.kid_features_to_metric(*features, kid_subsets=20, kid_subset_size=100, rng_seed=3, verbose=False)
    found = kernel_distance_of_subsets(real, fake, subsets=20, size=100, seed=3)
    assert found.mean == pytest.approx(expected[theirs.KEY_METRIC_KID_MEAN], rel=1e-6)
    assert found.deviation == pytest.approx(expected[theirs.KEY_METRIC_KID_STD], rel=1e-6)


def test_subsets_spread_around_the_distance_of_all() -> None:
    real, fake = random(0, 400, 8), random(1, 400, 8) + 0.5
    found = kernel_distance_of_subsets(real, fake, subsets=50, size=100)
    assert found == kernel_distance_of_subsets(real, fake, subsets=50, size=100)
    assert found != kernel_distance_of_subsets(real, fake, subsets=50, size=100, seed=1)
    assert abs(found.mean - kernel_distance(real, fake)) < 2 * found.deviation


def test_a_kernel_distance_refuses_what_it_cannot_compare() -> None:
    with pytest.raises(NotEnoughSamples, match="at least 2 fake samples, got 1"):
        kernel_distance(random(0, 5, 2), random(0, 1, 2))
    with pytest.raises(NotEnoughSamples, match="subsets of 6 need as many samples; got 5 real and 9 fake"):
        kernel_distance_of_subsets(random(0, 5, 2), random(0, 9, 2), size=6)
    with pytest.raises(ValueError, match=r"\(5, 2\) and \(5, 3\)"):
        kernel_distance(random(0, 5, 2), random(0, 5, 3))
    with pytest.raises(ValueError, match="1 real samples have features not finite"):
        kernel_distance(np.where(np.arange(5) == 2, np.nan, 0.0)[:, None], random(0, 5, 1))


# --- inception score ----------------------------------------------------------------------------------------------


def test_the_inception_score_counts_classes_that_are_drawn_as_often_and_seen_for_sure() -> None:
    assert inception_score(np.eye(10)[np.arange(100) % 10]) == pytest.approx(10)
    assert inception_score(np.eye(10)[np.arange(100) % 4]) == pytest.approx(4)
    assert inception_score(np.eye(10)[np.zeros(100, np.int64)]) == pytest.approx(1)
    assert inception_score(np.full((100, 10), 0.1)) == pytest.approx(1)


@settings(deadline=None)
@given(seed=seeds, n=st.integers(1, 30), classes=st.integers(2, 6))
def test_the_inception_score_lies_between_one_and_the_number_of_classes(seed: int, n: int, classes: int) -> None:
    p = probabilities(seed, n, classes)
    divergences = [sum(a * np.log(a / b) for a, b in zip(row, p.mean(0), strict=True) if a > 0) for row in p]
    assert inception_score(p) == pytest.approx(np.exp(np.mean(divergences)), rel=1e-9)
    assert 1 - 1e-9 <= inception_score(p) <= classes + 1e-9


@pytest.mark.parametrize("splits", [1, 5])
@pytest.mark.filterwarnings("ignore:Metric `InceptionScore` will save", "ignore:std")
def test_the_inception_score_of_torchmetrics(splits: int) -> None:
    from torchmetrics.image.inception import InceptionScore

    p = probabilities(0, 100)
    metric = InceptionScore(feature=torch.nn.Identity(), splits=splits).set_dtype(torch.float64)
    metric.update(torch.from_numpy(p).log())
    torch.manual_seed(0)
    order = torch.randperm(100).numpy()
    torch.manual_seed(0)
    assert inception_scores(p[order], splits).mean() == pytest.approx(float(metric.compute()[0]), rel=1e-6)


def test_the_inception_score_of_torch_fidelity() -> None:
    theirs = pytest.importorskip("torch_fidelity.metric_isc", reason=FIDELITY)
    p = probabilities(0, 100)
    expected = theirs.isc_features_to_metric(torch.from_numpy(p).log(), splits=10, shuffle=False)
    assert inception_scores(p).mean() == pytest.approx(expected[theirs.KEY_METRIC_ISC_MEAN], rel=1e-6)
    assert inception_scores(p).std() == pytest.approx(expected[theirs.KEY_METRIC_ISC_STD], rel=1e-6)


def test_an_inception_score_refuses_what_are_no_probabilities() -> None:
    with pytest.raises(NotEnoughSamples, match="at least 1 sample"):
        inception_score(np.zeros((0, 3)))
    with pytest.raises(NotEnoughSamples, match="10 parts need as many samples, got 9"):
        inception_scores(probabilities(0, 9))
    for wrong in ([[0.5, 0.6]], [[1.5, -0.5]], [[np.nan, 1.0]]):
        with pytest.raises(ValueError, match="sum to one"):
            inception_score(wrong)
    with pytest.raises(ValueError, match=r"got shape \(3,\)"):
        inception_score([0.2, 0.3, 0.5])


# --- at infinity --------------------------------------------------------------------------------------------------


def test_the_distance_at_infinity_has_lost_the_part_that_comes_from_few_samples() -> None:
    """Both sets from one distribution: the distance of many samples to these real ones is known."""
    real = random(0, 200, 16)
    truth = frechet_distance_of_features(real, random(1, 200_000, 16))
    plain, found = [], []
    for seed in range(2, 22):
        fake = random(seed, 200, 16)
        plain.append(frechet_distance_of_features(real, fake) - truth)
        found.append(frechet_distance_at_infinity(real, fake) - truth)
    assert np.mean(plain) > 0.3
    assert abs(np.mean(found)) < 0.25 * np.mean(plain)


def test_the_distance_at_infinity_is_the_intercept_of_a_line_in_one_over_n(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "bench.metrics.extrapolation.frechet_distance_of_features", lambda real, fake: 3.0 + 40.0 / len(fake)
    )
    assert frechet_distance_at_infinity(random(0, 50, 2), random(1, 500, 2)) == pytest.approx(3.0)


def test_the_distance_at_infinity_follows_its_seed_and_needs_samples() -> None:
    real, fake = random(0, 60, 3), random(1, 60, 3) + 1
    assert frechet_distance_at_infinity(real, fake) == frechet_distance_at_infinity(real, fake)
    assert frechet_distance_at_infinity(real, fake) != frechet_distance_at_infinity(real, fake, seed=1)
    with pytest.raises(NotEnoughSamples, match="at least 20 fake samples, got 19"):
        frechet_distance_at_infinity(real, fake[:19])


def test_scores_without_bias_are_named_after_the_extractor_and_titled_for_people() -> None:
    real, fake = random(0, 60, 3), random(1, 40, 3) + 1
    kernel, infinite = unbiased_distances(real, fake, "pixels@1234")
    assert (kernel.name, kernel.title) == ("kd:pixels@1234", "Kernel distance")
    assert (infinite.name, infinite.title) == ("fd_infinity:pixels@1234", "Fréchet distance at infinity")
    assert kernel.value == kernel_distance(real, fake)
    assert infinite.value == frechet_distance_at_infinity(real, fake)
    assert kernel.detail == infinite.detail == {"n_real": 60, "n_fake": 40}
    assert [score.name for score in unbiased_distances(real, fake[:19], "pixels")] == ["kd:pixels"]


# --- neighbours ---------------------------------------------------------------------------------------------------


def test_precision_and_recall_of_torch_fidelity() -> None:
    theirs = pytest.importorskip("torch_fidelity.metric_prc", reason=FIDELITY)
    real, fake = random(0, 300, 16), 1.2 * random(1, 250, 16)
    features = (torch.from_numpy(fake), torch.from_numpy(real))
    expected = theirs.prc_features_to_metric(*features, prc_neighborhood=4, prc_batch_size=100, verbose=False)
    found = precision_and_recall(real, fake, k=4)
    assert found[0] == pytest.approx(expected[theirs.KEY_METRIC_PRECISION], abs=1e-6)
    assert found[1] == pytest.approx(expected[theirs.KEY_METRIC_RECALL], abs=1e-6)
