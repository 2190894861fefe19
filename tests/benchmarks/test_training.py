"""What a training step costs beside one written by hand, and what an evaluation costs."""

from __future__ import annotations

import statistics
from dataclasses import replace

import pytest

from bench.plugins import discover
from bench.sources import DataSource
from bench.tasks.base import Metric


@pytest.fixture
def work(peers):
    import contenders

    return replace(contenders.WORKLOADS["digits-mlp"], epochs=10)


def test_training_steps(benchmark, work):
    import contenders

    from bench.protocols.training import train

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
    metrics = [
        Metric(offer.spec, offer.load())
        for offer in plugins.metrics.values()
        if offer.spec.task == "classification" and offer.missing() is None
    ]
    kind = plugins.tasks["classification"].load()
    task, offer = kind(kind.Settings(), metrics, ""), plugins.datasets["digits"]
    data = task.prepare(offer.load()(DataSource.of(offer.spec)), "digits")
    evaluation = benchmark(task.evaluate, work.model(data), data)
    assert {score.name for score in evaluation.scores} == {metric.spec.name for metric in metrics}
