"""The sentences that a report begins with: who leads, who is the cheapest of them, what depth costs and buys."""

from __future__ import annotations

import random

from bench.record import RunRecord, Score, Times
from bench.report.parts.answers import Answer
from bench.report.parts.table import scope
from tests.report_records import classifiers, data, failed, plan, record

SPREAD = 0.002


def models(values: dict[str, tuple[str, float, float]], seeds: int = 8, *, spread: float = SPREAD) -> list[RunRecord]:
    """Return runs by label: family, accuracy, seconds of training."""
    return [
        record(
            plan(label, family=family, seed=seed),
            scores=(
                Score(
                    name="accuracy",
                    value=value + random.Random(f"{label}{seed}").gauss(0, spread),
                    higher_is_better=True,
                    low=0.0,
                    high=1.0,
                ),
            ),
            objective="accuracy",
            times=Times(train_seconds=seconds * (1 + 0.01 * seed)),
        )
        for label, (family, value, seconds) in values.items()
        for seed in range(seeds)
    ]


def sentences(runs: list[RunRecord]) -> str:
    return " ".join(Answer(data(runs)).sentences())


def test_a_single_leader_and_what_depth_buys() -> None:
    told = sentences(models({"linear": ("shallow", 0.8, 0.1), "deep": ("deep", 0.95, 5.0)}))
    assert "deep has the best accuracy (0.94" in told or "deep has the best accuracy (0.95" in told
    assert "linear is distinguishable from it." in told
    assert "Depth buys +0.15" in told
    assert "for 50 × the training time" in told


def test_depth_that_buys_nothing_is_said_to() -> None:
    told = sentences(models({"linear": ("shallow", 0.9, 0.1), "deep": ("deep", 0.9003, 5.0)}, seeds=12))
    assert "are equivalent in accuracy" in told
    assert "Depth buys nothing here: deep against linear" in told
    assert "The cheapest of them is linear: 0.11 s of training" in told


def test_depth_that_loses_is_said_to() -> None:
    told = sentences(models({"linear": ("shallow", 0.95, 0.1), "deep": ("deep", 0.8, 5.0)}))
    assert "Depth loses −0.15" in told


def test_what_is_open_says_what_would_decide_it() -> None:
    runs = models({"linear": ("shallow", 0.90, 0.1), "deep": ("deep", 0.93, 5.0)}, seeds=3, spread=0.03)
    told = sentences(runs)
    assert "No model is distinguishable from the best accuracy" in told
    assert "Whether depth buys anything is not decided" in told
    assert "To decide between" in told
    assert "seeds are needed" in told


def test_models_no_better_than_the_trivial_one_are_named() -> None:
    values = {"baseline": ("shallow", 0.5, 0.001), "coin": ("deep", 0.5, 1.0), "good": ("deep", 0.9, 1.0)}
    told = sentences(models(values))
    assert "coin is not distinguishably better than the trivial baseline (0.50" in told
    assert "good is not" not in told


def test_the_baseline_is_no_shallow_model_to_compare_depth_with() -> None:
    told = sentences(models({"baseline": ("shallow", 0.5, 0.001), "deep": ("deep", 0.9, 1.0)}))
    assert "Depth" not in told


def test_one_model_alone_has_no_answer() -> None:
    assert sentences(models({"deep": ("deep", 0.9, 1.0)})) == ""
    assert sentences([failed(plan(label)) for label in "ab"]) == ""


def test_the_lead_of_many_is_counted() -> None:
    told = sentences(models({f"m{number}": ("deep", 0.9, 1.0) for number in range(9)}, seeds=3))
    assert "and 6 more" in told


def test_costs_that_are_alike_are_no_cheapest() -> None:
    told = sentences(models({"a": ("deep", 0.9, 1.0), "b": ("deep", 0.9, 1.05)}, seeds=3))
    assert "about the same training time" in told


def test_an_answer_says_what_it_speaks_of() -> None:
    assert "Holds for other seeds" in scope(data(classifiers()))


def generator(label: str, seed: int, distance: float, memorised: float) -> RunRecord:
    about = {"limit": 0.03, "z": 0.1, "z_limit": -3.0}
    scores = (
        Score(name="fd:lenet-digits-v1@1f0c9a22", value=distance + seed / 10, higher_is_better=False, low=0.0),
        Score(name="memorised", value=memorised, higher_is_better=False, detail=about),
    )
    objective = "fd:lenet-digits-v1@1f0c9a22"
    run = plan(label, family="generative", task="image-generation", seed=seed)
    return record(run, scores=scores, objective=objective)


def test_a_generator_that_copies_is_named_and_an_honest_one_is_not() -> None:
    runs = [generator("copier", seed, 1.0, 0.98) for seed in range(5)]
    runs += [generator("honest", seed, 9.0, 0.01) for seed in range(5)]
    told = sentences(runs)
    assert "copier copies training images, in 98 % of its samples; read its other scores with that in mind." in told
    assert "honest copies" not in told
    # One run of five may be bad luck.
    lucky = [generator("honest", seed, 9.0, 0.98 if seed == 0 else 0.01) for seed in range(5)]
    assert "copies" not in sentences([*lucky, *(generator("other", seed, 3.0, 0.01) for seed in range(5))])
