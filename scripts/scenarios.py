"""List the scenarios of `calibrate.py`: what is drawn, and how often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from populations import Population, RankTrial, ranking
from simulations import (
    Kind,
    Random,
    Trial,
    classifiers,
    clusters,
    distances,
    gaussian,
    losses,
    ranked,
    resplits,
    series,
)


@dataclass(frozen=True)
class Scenario:
    """A name for the table, how a trial is drawn, and how many of them."""

    name: str
    draw: Callable[[Random], Trial | RankTrial]
    repetitions: int


WEAK, STRONG = Kind(0.7, 0.08, 0.2), Kind(0.99, 0.005, 0.01)
BASE = (0.967, 0.967)


def _scenarios() -> list[Scenario]:
    found: list[Scenario] = []

    def add(
        name: str, repetitions: int, draw: Callable[..., Trial | RankTrial], *given: object, **named: object
    ) -> None:
        found.append(Scenario(name, partial(_call, draw, given, tuple(named.items())), repetitions))

    for n, seed_counts, repetitions in (
        (30, (1, 3, 5, 10), 4000), (114, (1, 3, 5, 10), 4000), (360, (1, 2, 3, 5, 10), 4000),
        (1000, (1, 2, 3, 5, 10), 4000), (10_000, (1, 3, 5, 10), 1500),
    ):  # fmt: skip
        for seeds in seed_counts:
            add(f"two classifiers of accuracy .967, n = {n:,}, seeds: {seeds}", repetitions, classifiers, n, seeds)
    for n in (114, 360, 1000):
        add(f"one of them deterministic, n = {n:,}, 5 seeds", 4000, classifiers, n, 5, fixed=1)
        add(f"both deterministic, n = {n:,}, 5 seeds", 4000, classifiers, n, 5, fixed=2)
    add("seeds good or bad as a whole, n = 1,000, 2 seeds", 4000, classifiers, 1000, 2, of_seed=0.2)
    for seeds in (3, 5, 10):
        add(f"weak (.70), n = 360, {seeds} seeds", 4000, classifiers, 360, seeds, (0.7, 0.7), kind=WEAK)
        add(f"strong (.99), n = 1,000, {seeds} seeds", 4000, classifiers, 1000, seeds, (0.99, 0.99), kind=STRONG)
        add(f"seeds good or bad as a whole, n = 1,000, {seeds} seeds", 4000, classifiers, 1000, seeds, of_seed=0.2)
    for n in (114, 1000):
        add(f"five models, n = {n:,}, 5 seeds", 1000, classifiers, n, 5, (0.967,) * 5)
        add(f"ten models, n = {n:,}, 5 seeds", 300, classifiers, n, 5, (0.967,) * 10)
    add("ten models, n = 10,000, 10 seeds", 100, classifiers, 10_000, 10, (0.967,) * 10)
    add("five models, two of them 3 points worse, n = 1,000", 800, classifiers, 1000, 5, (*BASE, 0.967, 0.937, 0.937))
    for n in (360, 1000):
        for seeds in (2, 5):
            add(f"2 points apart, n = {n:,}, {seeds} seeds", 4000, classifiers, n, seeds, (0.967, 0.947))
    add(
        "2 points apart, both deterministic, n = 16,000",
        500,
        classifiers,
        16_000,
        1,
        (0.867, 0.847),
        fixed=2,
        kind=Kind(0.857, 0.05, 0.1),
    )
    add("equal, margin of 1 point, n = 1,000", 1500, classifiers, 1000, 5, margin=0.01)
    add("apart by just the margin of 1 point, n = 1,000", 1500, classifiers, 1000, 5, (0.967, 0.957), margin=0.01)
    for n, positives in ((100, 0.3), (360, 0.1), (1000, 0.02)):
        add(f"AUROC, n = {n:,}, {positives:.0%} positive, 5 seeds", 2500, ranked, n, 5, positives)
    for n in (114, 1000):
        add(f"log-normal losses, n = {n:,}, 5 seeds", 2500, losses, n, 5)
    for seeds in (3, 5, 10):
        add(f"Fréchet distances, log-normal, {seeds} seeds, no samples", 4000, distances, seeds)
        add(f"the same beside a constant, {seeds} seeds", 20_000, distances, seeds, is_fixed=True)
        add(f"the same, one three times the other, {seeds} seeds", 4000, distances, seeds, times=3.0)
        add(f"the same, a constant three times as large, {seeds} seeds", 4000, distances, seeds, True, times=3.0)
        add(f"the same, a constant a third as large, {seeds} seeds", 4000, distances, seeds, True, times=1 / 3)
        add(f"the same, spread of .3, beside a constant, {seeds} seeds", 4000, distances, seeds, True, 0.3)
        add(f"normal distances beside a constant, {seeds} seeds", 4000, distances, seeds, True, 0.2, is_normal=True)
        add(f"times, log-normal, spread of .2, {seeds} runs", 4000, distances, seeds, False, 0.2, is_cost=True)
        add(f"times, 1.5 times as long, {seeds} runs", 4000, distances, seeds, False, 0.2, 1.5, is_cost=True)
    for n in (500, 2000):
        for rho in (0.0, 0.5, 0.8, 0.95):
            add(f"series of {n:,} windows, autocorrelation {rho}", 2500 if n == 500 else 1500, series, n, 5, rho)
    for count in (10, 50):
        add(f"{count} clusters of 5 to 35 samples, 5 seeds", 3000, clusters, count, 5)
    for size in (150, 569, 1797):
        add(f"10 resplits of N = {size:,}", 2500, resplits, size)
    add("10 resplits of N = 569, 6 points apart", 400, resplits, 569, lead=0.06)
    add("10 resplits of N = 1,797, 2 points apart", 300, resplits, 1797, lead=0.02)
    for effect in (0.0, 1.0, 2.0):
        add(f"looking after each of 30 seeds, no samples, effect {effect:g}", 500, gaussian, effect)
    add(
        "looking after each of 30 seeds, distances beside a constant, spread of .5",
        1000, distances, 30, True, 0.5, is_sequential=True,
    )  # fmt: skip
    add("looking after each of 30 seeds, n = 360", 1000, classifiers, 360, 30, is_sequential=True)
    add(
        "looking after each of 30 seeds, n = 1,000, seeds good or bad as a whole",
        300,
        classifiers,
        1000,
        30,
        of_seed=0.2,
        is_sequential=True,
    )
    add(
        "looking after each of 30 seeds, n = 1,000, 3 points apart",
        300,
        classifiers,
        1000,
        30,
        (0.967, 0.937),
        is_sequential=True,
    )
    add("looking after each of 20 resplits of N = 150", 800, resplits, 150, 20, is_sequential=True)
    add("looking, five models, n = 360", 80, classifiers, 360, 30, (0.967,) * 5, is_sequential=True)
    # As `bench run --until-decided` asks: with a margin, of one hundredth of what accuracy can span.
    found += _until_decided()
    return found + _over_data_sets()


def _until_decided() -> list[Scenario]:
    found: list[Scenario] = []

    def add(name: str, repetitions: int, draw: Callable[..., Trial], *given: object, **named: object) -> None:
        every = {"margin": 0.01, "is_sequential": True, **named}
        found.append(Scenario(f"until decided, {name}", partial(_call, draw, given, tuple(every.items())), repetitions))

    for n in (360, 1000, 10_000):
        repetitions = 2000 if n < 10_000 else 500
        add(f"equal, n = {n:,}", repetitions, classifiers, n, 30)
        add(f"apart by just the margin, n = {n:,}", repetitions, classifiers, n, 30, (0.967, 0.957))
    add("five models, two of them 3 points worse, n = 1,000", 200, classifiers, 1000, 30, (*BASE, 0.967, 0.937, 0.937))
    for size in (150, 569, 1797):
        add(f"30 resplits of N = {size:,}", 1000, resplits, size, 30)
    add("30 resplits of N = 1,797, 4 points apart", 200, resplits, 1797, 30, lead=0.04)
    return found


def _over_data_sets() -> list[Scenario]:
    found: list[Scenario] = []

    def add(name: str, repetitions: int, population: Population, count: int, runs: int = 3) -> None:
        found.append(Scenario(name, partial(ranking, population=population, count=count, runs=runs), repetitions))

    for models, repetitions in ((3, 2000), (5, 1200), (10, 400)):
        for count in (3, 5, 10, 30):
            add(f"{count} data sets, {models} equal models", repetitions, Population((0.0,) * models), count)
    for count in (10, 30):
        add(f"{count} data sets, 3 equal deterministic models", 2000, Population((0.0,) * 3), count, 1)
        add(f"{count} data sets, 5 equal models that differ by noise alone", 1200, NOISE, count)
        add(f"{count} data sets, 5 equal models, one of which varies thrice as much", 1200, ERRATIC, count)
        add(f"{count} data sets, 5 equal models, a fifth of all runs fail", 1200, FAILING, count)
        add(f"{count} data sets, the usual winner far behind on three tenths, win rate 1/2", 2000, UPSET, count)
        add(f"{count} data sets, 5 models, two of them worse", 1200, Population((0.0, 0.0, 0.0, -1.5, -1.5)), count)
    for count in (3, 5, 10, 30):
        add(f"{count} data sets, 5 models in steps of 1", 1200, Population((2.0, 1.0, 0.0, -1.0, -2.0)), count)
    add("200 data sets, 2 coins", 400, Population((0.0, 0.0), spreads=(0.0, 0.0)), 200, 5)
    return found


NOISE = Population((0.0,) * 5, spreads=(0.0,) * 5)
ERRATIC = Population((0.0,) * 5, spreads=(3.0, 1.0, 1.0, 1.0, 1.0))
FAILING = Population((0.0,) * 5, failures=0.2)
# The lead elsewhere that makes up for three tenths lost, found by bisection.
UPSET = Population((0.926, 0.0), upsets=0.3)


def _call(
    draw: Callable[..., Trial | RankTrial],
    given: tuple[object, ...],
    named: tuple[tuple[str, object], ...],
    random: Random,
) -> Trial | RankTrial:
    return draw(random, *given, **dict(named))


SCENARIOS = _scenarios()
