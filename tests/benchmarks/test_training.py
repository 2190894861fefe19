"""What a training step costs beside one written by hand, and what an evaluation costs."""

from __future__ import annotations

import statistics
from dataclasses import replace

import pytest

from bench.plugins import discover
from bench.tasks.scoring import score


@pytest.fixture
def work(peers):
    import contenders

    return replace(contenders.WORKLOADS["digits-mlp"], epochs=10)


def test_training_steps(benchmark, work):
    import contenders

    from bench.protocols.loop import train

    data = work.data()
    by_hand, ours = [], []

    def setup():
        # The loop by hand runs before each round, so that both see the same machine.
        by_hand.append(contenders.tensors(work, data).seconds)
        context = contenders.run_context(data, lambda: work.model(data), lambda point: None)
        return (context, work.budget(), work.model(data)), {}

    def harness(context, budget, model):
        history = train(context, budget, model)
        ours.append(context.clocks.train.seconds)
        return history

    history = benchmark.pedantic(harness, setup=setup, rounds=15, warmup_rounds=2)
    assert history.steps == work.epochs * -(-len(data.train) // work.batch_size)
    benchmark.extra_info["ratio_to_loop_by_hand"] = statistics.median(ours) / statistics.median(by_hand)
    benchmark.extra_info["microseconds_per_step"] = 1e6 * statistics.median(ours) / history.steps


def test_evaluation(benchmark, work):
    plugins = discover()
    metrics = [offer.spec for offer in plugins.metrics.values() if offer.missing() is None]
    data = work.data()
    task, model = plugins.tasks["classification"].load()(), work.model(data)

    def evaluate():
        return score(task, metrics, task.answer(model, data, data.test).arrays, data.truth, {})

    scores, notes = benchmark(evaluate)
    assert notes == ()
    assert {score.name for score in scores} == {
        spec.name for spec in metrics if spec.arrays == ("probabilities", "labels")
    }
