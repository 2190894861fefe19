"""Count how often two coins of equal bias are said to differ on 200 data sets, and over them.

python scripts/coins_check.py FOLDER                     # 2,000 runs; runs again what is missing
python scripts/coins_check.py FOLDER --splits official   # one test part each instead of a cut for every seed
bench report coins --store FOLDER/bench.sqlite           # the same runs as a page
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from coins_plugin import DATASETS, MODELS
from stored import grouped, read, run

from bench.evidence import across, compare

SUITE = """
seeds = 5
threads = 1
[[compare]]
task = "classification"
datasets = {datasets}
models = {models}
protocol = {{ name = "fixed-budget", epochs = 1 }}
"""


def main() -> None:
    """Run the suite in a folder, as far as it is not there, and print what is claimed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--datasets", type=int, default=len(DATASETS), help="so many of them")
    parser.add_argument("--splits", default="", help="as of `bench run`")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    options = ["--plugin", str(Path(__file__).with_name("coins_plugin.py")), "--jobs", str(given.jobs)]
    options += ["--splits", given.splits] if given.splits else []
    suite = SUITE.format(datasets=list(DATASETS[: given.datasets]), models=list(MODELS))
    store = run("coins", suite, given.folder, *options)
    with read(store) as (records, reader):
        found = {name: reader(some) for name, some in grouped(records, lambda record: record.run.dataset).items()}
    told = sum(pair.verdict != "open" for each in found.values() for pair in compare(each).pairs)
    over = across(found).pairs[0]
    sys.stdout.write(
        f"{told} of {len(found)} sections have a verdict ({told / len(found):.1%}); over all of them a wins "
        f"{over.rate:.3f} [{over.low:.3f}, {over.high:.3f}] of runs, p = {over.p_value:.2g}: {over.verdict}\n"
    )


if __name__ == "__main__":
    main()
