"""Clustering: scores are scikit-learn's, no label reaches a model, and embedded data fall into their classes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bench as depthbench
from bench.errors import Refused
from bench.metrics.clusters import ari, nmi, silhouette
from bench.plugins import discover
from bench.tasks.clustering import Clustering, ClusteringSettings
from bench.tasks.scoring import score
from bench.testing import check_task, tiny_datasets
from bench.testing.poison import differences
from tests.conftest import Bench

PLUGINS = discover()
METRICS = [offer.spec for offer in PLUGINS.metrics.values() if offer.owner.distribution == "depthbench"]
TINY = {dataset.spec.name: dataset for dataset in tiny_datasets()}


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), n=st.integers(4, 50), k=st.integers(1, 6), classes=st.integers(1, 6))
def test_scores_are_those_of_scikit_learn(seed: int, n: int, k: int, classes: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    random = np.random.RandomState(seed)
    clusters, labels, rows = random.randint(0, k, n), random.randint(0, classes, n), random.normal(size=(n, 3))
    assert nmi(clusters, labels) == pytest.approx(metrics.normalized_mutual_info_score(labels, clusters), abs=1e-9)
    assert ari(clusters, labels) == pytest.approx(metrics.adjusted_rand_score(labels, clusters), abs=1e-12)
    assert ari(clusters + 7, labels) == ari(clusters, labels)
    if 2 <= len(np.unique(clusters)) < n:
        expected = metrics.silhouette_score(rows, clusters)
        assert silhouette(clusters, rows, np.arange(n)) == pytest.approx(expected, abs=1e-9)
        assert silhouette(clusters, rows[1:], np.arange(1, n)) <= 1


def test_a_sample_that_is_left_out_is_left_out_of_all_three() -> None:
    from sklearn.metrics import silhouette_score

    draw = np.random.default_rng(0)
    clusters, rows = draw.integers(0, 3, 12), draw.normal(size=(12, 2))
    kept = np.arange(12) != 4
    expected = silhouette_score(rows[kept], clusters[kept])
    assert silhouette(clusters[kept], rows[kept], np.arange(12)[kept]) == pytest.approx(expected, abs=1e-9)


def test_one_cluster_for_all_says_nothing() -> None:
    labels = np.arange(12) % 3
    assert (nmi(np.zeros(12, int), labels), ari(np.zeros(12, int), labels)) == (0, 0)
    assert silhouette(np.zeros(12, int), np.arange(24.0).reshape(12, 2), np.arange(12)) == 0
    assert (nmi(labels, labels), ari(labels, labels)) == (pytest.approx(1), 1)


def test_all_samples_are_clustered_where_the_suite_says_so_and_no_label_reaches_a_model() -> None:
    task, dataset = Clustering(ClusteringSettings(training="all")), TINY["tiny-grey"]
    turned = replace(dataset.whole, y=np.random.RandomState(3).permutation(dataset.whole.y))
    one, two = task.prepare(dataset), task.prepare(replace(dataset, whole=turned))
    assert len(one.train) == len(one.test) == len(one.truth["labels"]) == len(dataset.whole)
    assert differences(one.truth, two.truth) == "labels"
    for name in ("problem", "encoding", "train", "validation", "test"):
        assert differences(getattr(one, name), getattr(two, name)) == "", name
    assert (one.train.y, one.train.strata, one.problem.classes) == (None, None, 3)


def test_the_number_of_clusters_is_that_of_the_classes_or_the_suites() -> None:
    with pytest.raises(Refused, match="needs to know how many clusters: set clusters = 3; tiny-table-alone has no"):
        Clustering().spaces(TINY["tiny-table-alone"].spec)
    task = Clustering(ClusteringSettings(clusters=4))
    data = check_task(task, TINY["tiny-table-alone"], metrics=METRICS)
    model = task.baseline(data.problem)
    task.fit(model, data.train)
    scores, notes = score(task, METRICS, task.answer(model, data, data.test).arrays, data.truth, {})
    assert ({each.name: each.value for each in scores}, notes) == ({"silhouette": 0}, ())
    assert task.main_score(scores) == "silhouette"
    with pytest.raises(Refused, match="needs numbers without gaps"):
        task.spaces(TINY["tiny-texts"].spec)


SUITE = """
seeds = 1
threads = 1

[[compare]]
task = { name = "clustering", training = "all" }
datasets = ["wine"]
models = ["baseline", "k-means", "gaussian-mixture-clusters", "autoencoder-k-means"]
protocol = { name = "fixed-budget", epochs = 15, batch_size = 32, evaluations = 2 }
"""


def test_wines_fall_into_their_growers(bench: Bench) -> None:
    pytest.importorskip("sklearn")
    assert "NMI" in bench("run", str(bench.suite(SUITE))).stdout
    frame = depthbench.load_records(bench.folder / "bench-results" / "bench.sqlite")
    assert set(frame.status) == {"ok"}
    mean = frame.groupby("label")[["score.nmi", "score.ari", "score.silhouette"]].mean()
    assert mean.loc["baseline"].tolist() == [0, 0, 0]
    # scikit-learn's k-means on standardised columns.
    assert mean.loc["k-means", "score.ari"] == pytest.approx(0.90, abs=0.03)
    assert mean.drop("baseline").to_numpy().min() > 0.15
