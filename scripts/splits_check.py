"""Count verdicts on single splits of four small data sets that the order over 25 splits contradicts.

    python scripts/splits_check.py FOLDER              # about 10 minutes on two free cores; runs again what is missing
    python scripts/splits_check.py FOLDER --splits 5

Five models with three seeds meet every split. On each split alone all pairs are compared; a verdict is against the
order where the model it calls worse is the better one on average over all splits. Beside it what a test over seeds
alone would say, which knows nothing of the luck of a test part.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from stored import Reader, grouped, read, run

from bench.evidence import Section, compare, observe, score_interval
from bench.record import RunRecord

SUITE = """
seeds = {seeds}
splits = {splits}
paired = false
threads = 1
[[compare]]
task = "classification"
datasets = ["iris", "wine", "breast-cancer", "digits"]
models = [
  "logistic-regression",
  {{ model = "random-forest", hyperparameters = {{ n_estimators = 50 }} }},
  {{ model = "hist-gradient-boosting", hyperparameters = {{ max_iter = 20 }} }},
  "mlp-1",
  "mlp",
]
protocol = {{ name = "fixed-budget", epochs = 40, batch_size = 32, learning_rate = 3e-3, schedule = "cosine" }}
"""
HEAD = (
    "data set | splits | claims on one split | against the order | both ways | seeds alone | against | over all splits"
)


def claims(section: Section) -> list[tuple[str, str]]:
    """Return (better, worse) of every pair that is said to differ."""
    return [(p.better, p.b if p.better == p.a else p.a) for p in section.pairs if p.verdict == "different"]


def line(dataset: str, records: list[RunRecord], reader: Reader) -> str:
    """Return the counts of one data set."""
    whole = observe(records, "accuracy")
    order = {model: score_interval(whole, model).score for model in whole.models}
    splits = grouped(records, lambda record: str(record.run.split.number)).values()
    found = [claims(compare(reader(some))) for some in splits]
    seeds = [claims(compare(observe(some, "accuracy"))) for some in splits]
    told = {pair for each in found for pair in each}
    both = sum((worse, better) in told for better, worse in told) // 2
    cells = [
        dataset, len(found), sum(map(len, found)), _against(found, order), both,
        sum(map(len, seeds)), _against(seeds, order), len(claims(compare(whole))),
    ]  # fmt: skip
    return " | ".join(map(str, cells))


def _against(found: list[list[tuple[str, str]]], order: Mapping[str, float]) -> int:
    return sum(order[better] < order[worse] for each in found for better, worse in each)


def main() -> None:
    """Run the suite in a folder, as far as it is not there, and print a line per data set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--splits", type=int, default=25)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    suite = SUITE.format(seeds=given.seeds, splits=given.splits)
    store = run("splits", suite, given.folder, "--jobs", str(given.jobs))
    sys.stdout.write(f"{HEAD}\n")
    with read(store) as (records, reader):
        for dataset, some in grouped(records, lambda record: record.run.dataset).items():
            sys.stdout.write(f"{line(dataset, some, reader)}\n")


if __name__ == "__main__":
    main()
