"""Estimate scores of models, and differences of two over the runs that both have: one by one, or a table at once."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from bench.evidence.estimate import Estimate
from bench.evidence.observations import Observations, RunKey, Runs
from bench.evidence.ratio import Side, ratio, side
from bench.evidence.resplits import ROUNDING
from bench.evidence.rule import estimate, estimate_values

__all__ = ["Asked", "differences", "estimated_differences", "estimated_scores", "shared_runs"]

# Two models, a and b, of what was observed.
Asked = tuple[Observations, str, str]


def estimated_scores(observations: Observations, models: Iterable[str]) -> dict[str, Estimate]:
    """Return the mean score of these models, and of whatever others stand in one table with them."""
    found: dict[str, Estimate] = {}
    for model in models:
        table = observations.tables.get(model)
        if table is None:
            sizes = observations.sizes(model).values()
            scale = sum(sizes) / len(sizes) if sizes else 0.0
            found[model] = estimate(observations.finite(model), scale, observations)
        elif model not in found:
            found |= zip(
                table.models, estimate_values(table.keys, table.values, table.sizes, observations), strict=True
            )
    return found


def estimated_differences(pairs: Sequence[Asked]) -> list[Estimate]:
    """Return a − b of each pair over the runs that both have.

    Models with one value a run, of the same runs, are columns of one table: all pairs of it are estimated at once.
    Values of runs without samples, on a scale with one end, are judged by their ratio. Where samples are known, or
    splits, many small errors make a mean that is not skewed.
    """
    found: dict[int, Estimate] = {}
    together: dict[int, list[int]] = defaultdict(list)
    for place, (observations, a, b) in enumerate(pairs):
        if _are_together(observations, a, b):
            together[id(observations.tables[a])].append(place)
        else:
            found[place] = estimate(*differences(observations, a, b), observations)
    for places in together.values():
        found.update(zip(places, _of_table([pairs[place] for place in places]), strict=True))
    sides: dict[tuple[int, str], Side | None] = {}
    return [_with_ratio(found[place], pair, sides) for place, pair in enumerate(pairs)]


def differences(observations: Observations, a: str, b: str) -> tuple[Runs, float]:
    """Return a − b run by run, of the runs that both have, and the scores' size; what is rounding is nothing."""
    one, other = observations.finite(a), observations.finite(b)
    shared = _shared(observations, a, b)
    sizes = observations.sizes(a), observations.sizes(b)
    scale = sum(sizes[0][key] + sizes[1][key] for key in shared) / len(shared) if shared else 0.0
    runs = {key: one[key] - other[key] for key in shared}
    return {key: values * (np.abs(values) > ROUNDING * scale) for key, values in runs.items()}, scale


def shared_runs(observations: Observations, a: str, b: str) -> int:
    """Count the runs that both have."""
    if _are_together(observations, a, b):
        return len(observations.tables[a].keys)
    return len(_shared(observations, a, b))


def _of_table(pairs: Sequence[Asked]) -> list[Estimate]:
    observations, first, _ = pairs[0]
    table = observations.tables[first]
    left = [table.models.index(a) for _, a, _ in pairs]
    right = [table.models.index(b) for _, _, b in pairs]
    scales = table.sizes[left] + table.sizes[right]
    found = table.values[:, left] - table.values[:, right]
    found[np.abs(found) <= ROUNDING * scales] = 0.0
    return estimate_values(table.keys, found, scales, observations)


def _with_ratio(found: Estimate, pair: Asked, sides: dict[tuple[int, str], Side | None]) -> Estimate:
    """Return the estimate with the ratio of the means, where they have one; sides: of the models of tables so far."""
    if found.basis != "seeds":
        return found
    observations, *models = pair
    both = []
    for model in models:
        if not _are_together(observations, *models):
            both.append(side(observations, model, _shared(observations, *models)))
            continue
        if (place := (id(observations), model)) not in sides:
            sides[place] = side(observations, model, observations.finite(model))
        both.append(sides[place])
    first, other = both
    if first is None or other is None:
        return found
    return replace(found, ratio=ratio(first, other, found.of_seeds, is_above=math.isfinite(observations.high)))


def _are_together(observations: Observations, a: str, b: str) -> bool:
    table = observations.tables.get(a)
    return table is not None and table is observations.tables.get(b)


def _shared(observations: Observations, a: str, b: str) -> list[RunKey]:
    one, other = observations.finite(a), observations.finite(b)
    return [key for key in one if key in other and one[key].shape == other[key].shape]
