"""Show that intervals of differences on 30 test samples hold the truth either nearly always or not often enough.

    python scripts/thirty_samples.py

Two classifiers of one true accuracy that disagree on 3.3 % of samples differ on 0 to 3 of 30 in 98.4 % of test parts.
So an interval that is to hold the truth, 0, in at most 98 % must leave it out on some of these, and there on the
clearest of them, where all three samples are won by one classifier. Part one counts exactly, for one seed, how often a
rule that does so is wrong where classifiers disagree more often. Part two simulates several seeds, where scores are
finer: the level that the crossed analysis would have to be tested at for 98 % coverage, and what it then claims falsely
of weaker classifiers.
"""

from __future__ import annotations

import math
import sys

import numpy as np
from simulations import Kind, classifiers

from bench.evidence import compare

SAMPLES, DISAGREEMENT = 30, 0.033
KINDS = {0.967: Kind(), 0.95: Kind(0.95, 0.03, 0.06), 0.9: Kind(0.9, 0.05, 0.1), 0.8: Kind(0.8, 0.08, 0.2)}


def chance_of(differing: int, disagreement: float, samples: int = SAMPLES) -> float:
    """Return how likely two classifiers are to differ on so many samples."""
    ways = math.comb(samples, differing)
    return float(ways * disagreement**differing * (1 - disagreement) ** (samples - differing))


def chance_of_at_most(differing: int, disagreement: float) -> float:
    """Return how likely two classifiers are to differ on so many samples or fewer."""
    return sum(chance_of(count, disagreement) for count in range(differing + 1))


def false_claims(differing: int, disagreement: float) -> float:
    """Return how often one of two equal classifiers wins all samples on which they differ, if so many or more."""
    counts = range(differing, SAMPLES + 1)
    return sum(chance_of(count, disagreement) * 2 * 0.5**count for count in counts)


def p_values(kind: Kind, seeds: int, repetitions: int) -> list[float]:
    """Return the p-values of pairs of equal classifiers on 30 samples, ascending."""
    random = np.random.default_rng(seeds)
    given = (SAMPLES, seeds, (kind.accuracy, kind.accuracy))
    drawn = (classifiers(random, *given, kind=kind).observations for _ in range(repetitions))
    return sorted(compare(observations).pairs[0].p_value for observations in drawn)


def level_for(share: float, values: list[float]) -> float:
    """Return the level at which so large a share of p-values, ascending, is a claim."""
    return values[math.ceil(share * len(values)) - 1]


def main() -> None:
    """Print both parts."""
    within = 100 * chance_of_at_most(3, DISAGREEMENT)
    sys.stdout.write(f"One seed: the two differ on at most 3 samples in {within:.2f} % of test parts.\n")
    sys.stdout.write("Disagreement, and false claims if all of 3 samples or more, or of 4, won by one were a claim:\n")
    for disagreement in (DISAGREEMENT, 0.06, 0.1, 0.13, 0.2):
        three, four = (100 * false_claims(count, disagreement) for count in (3, 4))
        sys.stdout.write(f"  {disagreement:.3f}  {three:4.1f} %  {four:4.1f} %\n")
    for seeds in (3, 5, 10):
        found = {accuracy: p_values(kind, seeds, 2000) for accuracy, kind in KINDS.items()}
        level = level_for(0.02, found[0.967])
        shares = {accuracy: 100 * float(np.mean(np.array(values) <= level)) for accuracy, values in found.items()}
        claims = ", ".join(f"{share:.1f} % at accuracy {accuracy}" for accuracy, share in shares.items())
        sys.stdout.write(f"{seeds} seeds: coverage is 98 % at a level of {level:.3f}; false claims then: {claims}.\n")


if __name__ == "__main__":
    main()
