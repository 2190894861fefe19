"""Simulate the rules of `bench.evidence` through its public functions and write docs/calibration.md.

    python scripts/calibrate.py                     # or: tox -e calibration; minutes on one core
    python scripts/calibrate.py --share 0.1         # a tenth of the repetitions, to the screen only
    python scripts/calibrate.py --only "data sets"  # the scenarios with these words in their names, likewise

Every scenario draws models whose true difference is known, asks `compare` for verdicts and `score_interval` for
intervals, and counts: claims that are false (per pair, and any in a section), intervals that hold the truth, and claims
that are right. The draws depend on the scenario's name alone.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from populations import RankTrial
from scenarios import SCENARIOS, Scenario
from simulations import Trial

from bench.evidence import Section, across, compare, outlook, score_interval

PAGE = Path(__file__).parents[1] / "docs" / "calibration.md"
FALSE_CLAIMS, COVERAGE = 6.0, (92.0, 98.0)


@dataclass
class Counts:
    """What is counted over the repetitions of one scenario, in shares of trials or of pairs; seeds where one stops."""

    trials: int = 0
    equal: int = 0
    false: int = 0
    any_false: int = 0
    unequal: int = 0
    right: int = 0
    held: int = 0
    pairs: int = 0
    score_held: int = 0
    scores: int = 0
    best_false: int = 0
    has_best: bool = True
    seeds: int = 0

    def add(self, trial: Trial) -> None:
        """Ask for the verdicts of one trial and count them."""
        (section, stopped), self.trials = _verdicts(trial, self), self.trials + 1
        truth, wrong = trial.truth, 0
        for pair, final in zip(section.pairs, stopped.pairs, strict=True):
            difference = truth[pair.a] - truth[pair.b]
            self.pairs += math.isfinite(pair.low)
            self.held += pair.low <= difference <= pair.high
            is_equal = abs(difference) < 1e-12
            leader = pair.a if (difference > 0) == trial.observations.higher else pair.b
            is_wrong = pair.verdict == "different" and (is_equal or pair.better != leader)
            is_wrong |= pair.verdict == "equivalent" and abs(difference) >= (section.margin or 0) - 1e-12
            self.equal += is_equal or section.margin is not None
            self.false += is_wrong
            wrong += is_wrong
            self.unequal += not is_equal
            self.right += final.verdict == "different" and not is_equal and final.better == leader
        self.any_false += wrong > 0
        self.best_false += _best_is_wrong(section, trial)
        for model, value in truth.items() if trial.has_scores else ():
            found = score_interval(trial.observations, model)
            self.scores += math.isfinite(found.low)
            self.score_held += found.low <= value <= found.high

    def add_ranking(self, trial: RankTrial) -> None:
        """Ask for the verdicts over data sets of one trial and count them; scores are mean ranks."""
        found, wrong, self.has_best = across(trial.datasets), 0, False
        for pair in found.pairs:
            rate = trial.rates[pair.a, pair.b]
            is_equal = rate == 0.5
            leader = pair.a if rate > 0.5 else pair.b
            is_right = pair.verdict == "different" and not is_equal and pair.better == leader
            is_wrong = pair.verdict == "different" and not is_right
            self.equal += is_equal
            self.false += is_wrong
            wrong += is_wrong
            self.unequal += not is_equal
            self.right += is_right
            self.pairs += 1
            self.held += pair.low <= rate <= pair.high
        self.trials += 1
        self.any_false += wrong > 0
        self.scores += len(found.models)
        self.score_held += sum(each.low <= trial.ranks[each.model] <= each.high for each in found.models)


def _verdicts(trial: Trial, counts: Counts) -> tuple[Section, Section]:
    """Compare once, or after every run from the third; return the verdicts of the last and of those when one stops.

    One stops as `bench run --until-decided` does. False claims are counted with looking to the end, or until all pairs
    are decided.
    """
    if not trial.is_sequential:
        section = compare(trial.observations, margin=trial.margin)
        return section, section
    runs = sorted({key for runs in trial.observations.models.values() for key in runs})
    stopped = None
    for seeds in range(3, len(runs) + 1):
        seen = trial.first(runs[:seeds])
        section = compare(seen, margin=trial.margin, is_sequential=True)
        if stopped is None and not any(outlook(pair, seen) == "open" for pair in section.pairs):
            stopped = section
            counts.seeds += seeds
        if all(pair.verdict != "open" for pair in section.pairs):
            break
    if stopped is None:
        counts.seeds += len(runs)
    return section, stopped or section


def _best_is_wrong(section: Section, trial: Trial) -> bool:
    """Would multiple comparisons with the best (each against k − 1, one-sided) exclude a model that is a best one?"""
    best, out = max(trial.truth.values()), set()
    count = len(trial.truth) - 1
    for pair in section.pairs:
        if pair.p_value / 2 * count <= section.level:
            out.add(pair.b if pair.difference > 0 else pair.a)
    return any(trial.truth[model] == best for model in out)


def simulate(scenario: Scenario, repetitions: int) -> Counts:
    """Return the counts of a scenario over so many repetitions."""
    random = np.random.default_rng(zlib.crc32(scenario.name.encode()))
    counts = Counts()
    for _ in range(repetitions):
        trial = scenario.draw(random)
        if isinstance(trial, RankTrial):
            counts.add_ranking(trial)
        else:
            counts.add(trial)
    return counts


def row(scenario: Scenario, counts: Counts) -> str:
    """Return a line of the table; shares in per cent, what does not apply left empty, what misses its bar bold."""

    def share(part: int, whole: int, is_met: Callable[[float], bool] = lambda _: True) -> str:
        if not whole:
            return ""
        value = 100 * part / whole
        return f"{value:.1f}" if is_met(value) else f"**{value:.1f}**"

    cells = [
        scenario.name,
        str(counts.trials),
        share(counts.false, counts.equal, lambda value: value <= FALSE_CLAIMS),
        share(counts.any_false, counts.trials if counts.equal else 0, lambda value: value <= FALSE_CLAIMS),
        share(counts.held, counts.pairs, lambda value: COVERAGE[0] <= value <= COVERAGE[1]),
        share(counts.score_held, counts.scores, lambda value: COVERAGE[0] <= value <= COVERAGE[1]),
        share(counts.right, counts.unequal),
        share(
            counts.best_false, counts.trials if counts.has_best and counts.equal and counts.pairs > counts.trials else 0
        ),
        f"{counts.seeds / counts.trials:.1f}" if counts.seeds else "",
    ]
    return "| " + " | ".join(cells) + " |"


HEAD = """\
| scenario | repetitions | false claims per pair | any false claim | coverage, pairs | coverage, scores | power | \
best only | seeds |
|---|---|---|---|---|---|---|---|---|
"""


def lines(share: float, words: str = "") -> Iterator[str]:
    """Yield the table line by line as it is simulated: the scenarios with these words in their names."""
    for scenario in (each for each in SCENARIOS if words in each.name):
        yield row(scenario, simulate(scenario, max(20, round(scenario.repetitions * share))))


def main() -> None:
    """Simulate all scenarios and write the page; of a share of the repetitions, or some scenarios, show the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=1.0, help="share of the repetitions (default: all)")
    parser.add_argument("--only", default="", metavar="WORDS", help="scenarios with these words in their names")
    given = parser.parse_args()
    began, table = time.process_time(), []
    for line in lines(given.share, given.only):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        table.append(line)
    if given.share == 1.0 and not given.only:
        text = PAGE.read_text(encoding="utf-8")
        before, _, after = text.partition("<!-- table -->\n")
        _, _, after = after.partition("<!-- end -->\n")
        made = f"Made by `python scripts/calibrate.py` on {datetime.now(UTC):%Y-%m-%d}"
        made += f" in {time.process_time() - began:.0f} s of one core, NumPy {np.__version__}.\n\n"
        table_text = HEAD + "\n".join(table)
        PAGE.write_text(f"{before}<!-- table -->\n{made}{table_text}\n\n<!-- end -->\n{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
