"""A small calibration: claims that are false, intervals that hold the truth, and claims that are right."""

from __future__ import annotations

import importlib
import sys
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

SCRIPTS = Path(__file__).parents[1] / "scripts"


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> tuple[ModuleType, ModuleType]:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    for name in ("calibrate", "populations", "scenarios", "simulations"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module("calibrate"), importlib.import_module("simulations")


@pytest.mark.parametrize(
    ("draw", "given", "repetitions"),
    [
        ("classifiers", {"n": 114, "seeds": 5}, 800),
        ("classifiers", {"n": 1000, "seeds": 3}, 600),
        ("classifiers", {"n": 360, "seeds": 5, "fixed": 2}, 800),
        ("classifiers", {"n": 360, "seeds": 5, "accuracies": (0.967,) * 5}, 200),
        ("ranked", {"n": 360, "seeds": 5, "positives": 0.1}, 300),
        ("series", {"n": 500, "seeds": 5, "rho": 0.8}, 300),
        ("clusters", {"count": 50, "seeds": 5}, 400),
        ("resplits", {"size": 150}, 300),
        ("distances", {"seeds": 5}, 800),
        ("distances", {"seeds": 5, "is_fixed": True}, 2000),
        ("distances", {"seeds": 3, "spread": 0.2, "is_normal": True, "is_fixed": True}, 2000),
        ("distances", {"seeds": 3, "spread": 0.2, "is_cost": True}, 2000),
        ("classifiers", {"n": 1000, "seeds": 2, "of_seed": 0.2}, 1000),
        ("classifiers", {"n": 360, "seeds": 2}, 800),
        ("classifiers", {"n": 360, "seeds": 15, "is_sequential": True}, 100),
        ("resplits", {"size": 150, "splits": 30, "margin": 0.01, "is_sequential": True}, 150),
    ],
)
def test_equal_models_are_rarely_said_to_differ(
    scripts: tuple[ModuleType, ModuleType], draw: str, given: dict[str, object], repetitions: int
) -> None:
    calibrate, simulations = scripts
    scenario = calibrate.Scenario(f"{draw} {given}", partial(getattr(simulations, draw), **given), repetitions)
    counts = calibrate.simulate(scenario, repetitions)
    # Three standard errors above 5 %.
    bound = 0.05 + 3 * (0.05 * 0.95 / counts.trials) ** 0.5
    assert counts.any_false / counts.trials <= bound
    assert counts.held / counts.pairs >= 1 - bound - 0.03 * given.get("is_sequential", False)


def test_what_differs_is_found_as_often_as_it_should_be(scripts: tuple[ModuleType, ModuleType]) -> None:
    calibrate, simulations = scripts
    draw = partial(simulations.classifiers, n=1000, seeds=5, accuracies=(0.967, 0.947))
    counts = calibrate.simulate(calibrate.Scenario("apart", draw, 200), 200)
    assert counts.right / counts.unequal >= 0.88


def test_three_times_as_long_is_found_in_three_runs(scripts: tuple[ModuleType, ModuleType]) -> None:
    calibrate, simulations = scripts
    draw = partial(simulations.distances, seeds=3, spread=0.2, times=3.0, is_cost=True)
    counts = calibrate.simulate(calibrate.Scenario("times apart", draw, 500), 500)
    assert counts.right / counts.unequal >= 0.8
    assert counts.held / counts.pairs >= 0.92


@pytest.mark.parametrize(
    ("count", "given"), [(10, {"means": (0.0,) * 3}), (10, {"means": (0.926, 0.0), "upsets": 0.3})]
)
def test_equal_models_are_rarely_said_to_differ_on_other_data_sets(
    scripts: tuple[ModuleType, ModuleType], count: int, given: dict[str, object]
) -> None:
    calibrate, _ = scripts
    populations = importlib.import_module("populations")
    draw = partial(populations.ranking, population=populations.Population(**given), count=count)
    counts = calibrate.simulate(calibrate.Scenario(f"{count} data sets {given}", draw, 300), 300)
    bound = 0.05 + 3 * (0.05 * 0.95 / counts.trials) ** 0.5
    assert counts.any_false / counts.trials <= bound
    assert counts.held / counts.pairs >= 1 - bound
    assert counts.score_held / counts.scores >= 1 - bound


def test_models_that_differ_on_most_data_sets_are_found(scripts: tuple[ModuleType, ModuleType]) -> None:
    calibrate, _ = scripts
    populations = importlib.import_module("populations")
    draw = partial(populations.ranking, population=populations.Population((2.0, 0.0, -2.0)), count=20)
    counts = calibrate.simulate(calibrate.Scenario("data sets apart", draw, 100), 100)
    assert counts.right / counts.unequal >= 0.9
