"""The comparison with peers compares what it says: equal training, and parts of the runner that exist."""

from __future__ import annotations

import importlib
from dataclasses import replace

import pytest


@pytest.mark.parametrize("workload", ["digits-mlp", "digits-cnn"])
def test_the_harness_trains_to_the_same_bits_as_loops_by_hand(peers, workload):
    contenders = importlib.import_module("contenders")
    work = replace(contenders.WORKLOADS[workload], epochs=2)
    data = work.data()
    trained = [each(work, data) for each in (contenders.tensors, contenders.dataloader, contenders.depthbench)]
    assert len({each.weights for each in trained}) == 1
    assert trained[0].weights != contenders.fingerprint(work.model(data))


def test_every_part_that_the_breakdown_watches_exists(peers):
    spans = importlib.import_module("spans")
    for parts in (spans.RUN, spans.COORDINATOR):
        for module, names in parts.items():
            for path in names:
                owner = importlib.import_module(module)
                for name in path.split("."):
                    owner = getattr(owner, name)
                assert callable(owner), f"{module}:{path}"


def test_a_part_does_not_count_the_time_of_the_parts_inside_it(peers, monkeypatch):
    spans = importlib.import_module("spans")
    now = iter([0.0, 1.0, 4.0, 10.0])
    monkeypatch.setattr(spans, "perf_counter", lambda: next(now))
    watched = spans.Spans()
    inner = watched.timed(lambda: None, "inner")
    watched.timed(inner, "outer")()
    assert watched.seconds == {"inner": 3.0, "outer": 7.0}


def test_slope_and_intercept_are_those_of_the_line_through_both_medians(peers):
    harness = importlib.import_module("harness")
    seconds = {("depthbench", 6, "new"): [2.6, 9.0, 2.6], ("depthbench", 300, "new"): [32.0, 32.0, 1.0]}
    slope, intercept = harness.line(seconds, "depthbench", "new", (6, 300))
    assert slope == pytest.approx(0.1)
    assert intercept == pytest.approx(2.0)


def test_every_name_begins_a_round(peers):
    compare = importlib.import_module("compare")
    assert list(compare.rounds(["a", "b", "c"], 3)) == ["a", "b", "c", "b", "c", "a", "c", "a", "b"]


def test_a_missed_bar_is_said(peers):
    compare = importlib.import_module("compare")
    assert compare.verdict("ours / theirs", 1.2, 1.03).endswith("MISSED")
    assert compare.verdict("ours / theirs", 1.02, 1.03).endswith("met")
    assert "not measured" in compare.verdict("ours / theirs", None, 1.03)


def test_contenders_compute_the_same_distance(peers):
    pytest.importorskip("pytorch_fid", reason="needs the generative extra")
    distances = importlib.import_module("distances")
    found = []
    for name in distances.CONTENDERS:
        work, value = distances.distance_work(name, *distances.SIZES["d = 64"])
        found.append(value(work()))
    assert found == pytest.approx([found[0]] * 3, rel=1e-9)
    assert found[0] > 1
