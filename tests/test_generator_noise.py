"""Samples that are scored are drawn with noise of the run's own seed, pictures of samples with one noise for all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.arrays import unpack
from bench.measure.seeds import noise_seed, seed_everything
from bench.plugins import discover
from bench.protocols.base import Budget
from bench.record import PlannedRun
from bench.runner.execute import execute
from bench.runner.jobs import Job, Outcome
from bench.runner.matrix import task_of

pytest.importorskip("sklearn", reason="needs the data extra")

PLUGINS = discover()
SEEDS = range(4)


class OwnDraws:
    """A black box that learns nothing and draws from NumPy's global state alone."""

    def __init__(self, problem: object) -> None:
        self.shape = problem.output_shape  # type: ignore[attr-defined]

    def fit(self, y: object) -> None:
        """Learn nothing."""

    def sample(self, n: int) -> np.ndarray:
        """Draw noise."""
        return np.random.uniform(-1, 1, (n, *self.shape)).astype(np.float32)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def outcome(model: str, seed: int, cache: Path, target: str = "") -> Outcome:
    task = PLUGINS.tasks["image-generation"]
    settings = {"task": task_of(task).settings.model_dump(), "protocol": Budget(epochs=1).model_dump()}
    offer = PLUGINS.models[model]
    plan = PlannedRun(
        run_id="0", suite="noise", label=model, model=model if not target else "own", family=offer.spec.family,
        task="image-generation", dataset="digits", protocol="fixed-budget", settings=settings, variant={}, seed=seed,
        device="cpu", threads=1, identity={}, hyperparameters={} if target else offer.spec.defaults(),
    )  # fmt: skip
    job = Job(
        plan=plan, model_target=target or offer.spec.target, task_target=task.spec.target,
        protocol_target=PLUGINS.protocols["fixed-budget"].spec.target, dataset=PLUGINS.datasets["digits"].spec,
        metrics=(), data_root=None, cache=str(cache),
    )  # fmt: skip
    found = execute(job, lambda point: None)
    assert found.status == "ok", found.traceback
    return found


def distance(found: Outcome) -> float:
    return next(score.value for score in found.scores if score.name == found.objective)


@pytest.mark.parametrize(
    ("model", "target"), [("gaussian", ""), ("baseline", ""), ("baseline", "tests.test_generator_noise:OwnDraws")]
)
def test_runs_differ_by_the_noise_of_their_seed_and_repeat_with_it(model: str, target: str, cache: Path) -> None:
    """None of these learns anything from its seed: all that differs is what was drawn."""
    found = {seed: outcome(model, seed, cache, target) for seed in SEEDS}
    assert len({distance(each) for each in found.values()}) == len(SEEDS)
    again = outcome(model, 1, cache, target)
    assert again.scores == found[1].scores
    for name, array in unpack(again.answer).items():
        assert np.array_equal(array, unpack(found[1].answer)[name]), name


def test_pictures_are_drawn_with_one_noise_whatever_the_seed(cache: Path) -> None:
    pictures = {outcome("gaussian", seed, cache).artifacts["samples.png"] for seed in (0, 1)}
    assert len(pictures) == 1


def test_looks_at_the_validation_part_share_one_noise_that_the_test_part_does_not_see() -> None:
    seeds = {noise_seed(seed, part) for seed in range(50) for part in ("validation", "test")}
    assert len(seeds) == 100
    assert not seeds & set(range(50))
    assert noise_seed(3, "test") == noise_seed(3, "test")
    # Each is a seed that the rest of the harness takes.
    for seed in seeds:
        seed_everything(seed)
