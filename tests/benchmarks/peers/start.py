"""Compare how long the commands take to start: ours, and benchopt's."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from compare import Took, machine, median, program, rounds, run, table, verdict, write

BAR = 0.3
PEER = "benchopt --help"


def main() -> None:
    """Start each command in turn, and print medians and their ratio to the peer's."""
    options = _arguments()
    bench, benchopt = options.bench, options.benchopt
    commands: dict[str, Sequence[str | Path]] = {
        PEER: [benchopt, "--help"],
        "bench --help": [bench, "--help"],
        "bench list models": [bench, "list", "models"],
    }
    for words in commands.values():
        # Compiled files are written and the disk is read before the clock runs.
        run(words, PYTHONPATH="")
    took: dict[str, list[Took]] = {name: [] for name in commands}
    for name in rounds(list(commands), options.rounds):
        took[name].append(run(commands[name], PYTHONPATH=""))
    wall = {name: median(each.wall_seconds for each in given) or 0.0 for name, given in took.items()}
    cpu = {name: median(each.cpu_seconds for each in given) or 0.0 for name, given in took.items()}
    rows = [(name, wall[name], wall[name] / wall[PEER], cpu[name], cpu[name] / cpu[PEER]) for name in commands]
    print(f"# Start\n\n{machine()}; medians of {options.rounds}\n")
    print(table(("", "s", "ratio", "CPU s", "CPU ratio"), rows), end="\n\n")
    for name in commands:
        if name != PEER:
            print(verdict(f"{name} / {PEER}", wall[name] / wall[PEER], BAR))
    seconds = {name: [each.wall_seconds for each in given] for name, given in took.items()}
    write(options.json, {"rounds": options.rounds, "seconds": seconds})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--bench", type=Path, default=program("bench"), help="the command, where it is elsewhere")
    parser.add_argument("--benchopt", type=Path, default=program("benchopt"), help="likewise")
    parser.add_argument("--json", type=Path, help="write every single measurement there")
    return parser.parse_args()


if __name__ == "__main__":
    main()
