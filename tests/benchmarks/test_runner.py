"""What a run that does nothing costs in a process of its own."""

from __future__ import annotations

import pytest

from bench.plugins import discover
from bench.runner.executor import Ended
from bench.runner.plan import Choices, expand
from bench.runner.pool import Pool
from bench.runner.preload import preload
from bench.suite import load_suite

SUITE = """
seeds = 1
threads = 1
[[compare]]
task = "nothing"
datasets = ["tiny"]
models = ["idle"]
protocol = { name = "fixed-budget", epochs = 1 }
"""


@pytest.fixture
def job(peers, tmp_path):
    path = tmp_path / "nothing.toml"
    path.write_text(SUITE)
    (job,) = expand(load_suite(str(path)), discover(), Choices(cache=tmp_path))
    return job


def test_a_run_that_does_nothing(benchmark, job):
    def run(pool):
        pool.submit(job)
        while True:
            for event in pool.events():
                if isinstance(event, Ended):
                    return event.outcome

    with Pool(preload([job])) as pool:
        pool.wait_ready()
        outcome = benchmark.pedantic(run, (pool,), rounds=20, warmup_rounds=2)
    assert outcome.status == "ok", outcome.reason
    benchmark.extra_info["seconds_inside_the_process"] = outcome.times.wall_seconds
