"""Compare what a run that does nothing costs: ours in a process of its own, benchopt's in the process of all."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from compare import HERE, Took, machine, program, rounds, run, table, verdict, write

SUITE = """
name = "nothing"
seeds = {count}
threads = 1
[[compare]]
task = "{task}"
datasets = ["tiny"]
models = ["idle"]
protocol = {{ name = "fixed-budget", epochs = 1 }}
"""
BENCH = [sys.executable, "-m", "bench"]
BARS = {"new": 3.0, "stored": 1.0}
# (tool, runs, "new" or "stored") → the seconds of every round
Seconds = dict[tuple[str, int, str], list[float]]


def main() -> None:
    """Run the grids in turn, print slopes and intercepts, then where the time of a run goes."""
    options = _arguments()
    print(f"# Runs that do nothing\n\n{machine()}; medians of {options.rounds}\n")
    counts = (options.few, options.many)
    wall, cpu = measure(options.rounds, counts, options.task)
    print(report(wall, cpu, counts), end="\n\n", flush=True)
    parts = breakdown(options.few + options.many // 10, options.task)
    print(where_it_goes(parts))
    plain = {f"{tool} {count} {state}": values for (tool, count, state), values in wall.items()}
    write(options.json, {"rounds": options.rounds, "wall_seconds": plain, "breakdown_seconds": parts})


def measure(count: int, sizes: tuple[int, int], task: str) -> tuple[Seconds, Seconds]:
    """Return wall-clock and processor seconds of every grid, each run twice: anew, and with everything stored."""
    wall: Seconds = defaultdict(list)
    cpu: Seconds = defaultdict(list)
    names = [f"{tool} {size}" for size in sizes for tool in ("depthbench", "benchopt")]
    for name in rounds(names, count):
        tool, size = name.split()
        for state, took in (ours if tool == "depthbench" else theirs)(int(size), task).items():
            wall[tool, int(size), state].append(took.wall_seconds)
            cpu[tool, int(size), state].append(took.cpu_seconds)
            print(f"{name} {state}: {took.wall_seconds:.2f} s", file=sys.stderr, flush=True)
    return wall, cpu


def ours(count: int, task: str) -> dict[str, Took]:
    """Run our grid twice into a new store."""
    with tempfile.TemporaryDirectory() as name:
        words = _suite(Path(name), count, task)
        return {state: run([*BENCH, *words], folder=Path(name)) for state in BARS}


def theirs(count: int, _: str) -> dict[str, Took]:
    """Run benchopt's grid twice with a new cache: as many repetitions as we have seeds."""
    with tempfile.TemporaryDirectory() as name:
        folder = shutil.copytree(HERE / "nothing", Path(name) / "nothing")
        words = ["run", folder, "--local", "-r", str(count), "--seed", "0", "--no-plot", "--no-display"]
        return {state: run([program("benchopt"), *words], folder=Path(name)) for state in BARS}


def report(wall: Seconds, cpu: Seconds, counts: tuple[int, int]) -> str:
    """Return the table of slopes and the bars."""
    slopes, rows = {}, []
    for tool in ("depthbench", "benchopt"):
        for state in BARS:
            slope, intercept = line(wall, tool, state, counts)
            slopes[tool, state] = slope
            rows.append((f"{tool}, {state}", 1e3 * slope, intercept, 1e3 * line(cpu, tool, state, counts)[0]))
    columns = ("", "ms per run", "intercept s", "CPU ms per run")
    verdicts = (
        verdict(f"{state} run / benchopt's", slopes["depthbench", state] / slopes["benchopt", state], bar)
        for state, bar in BARS.items()
    )
    return "\n".join([table(columns, rows), "", *verdicts])


def line(seconds: Seconds, tool: str, state: str, counts: tuple[int, int]) -> tuple[float, float]:
    """Return slope and intercept of the line through the medians at both numbers of runs."""
    few, many = (statistics.median(seconds[tool, count, state]) for count in counts)
    slope = (many - few) / (counts[1] - counts[0])
    return slope, few - counts[0] * slope


def breakdown(count: int, task: str) -> dict[str, dict[str, float]]:
    """Return the seconds per run of every part: inside the run's process, and in the coordinator."""
    with tempfile.TemporaryDirectory() as name:
        folder, spans = Path(name), HERE / "spans"
        path = os.pathsep.join([str(spans), str(HERE / "plugin")])
        words = [sys.executable, "-c", "import spans; spans.coordinate()", *_suite(folder, count, task)]
        run(words, folder=folder, PYTHONPATH=path, PEER_SPANS=str(folder / "spans.jsonl"))
        lines = [json.loads(text) for text in (folder / "spans.jsonl").read_text().splitlines()]
    inside = [each for each in lines if each["kind"] == "run" and "build the outcome" in each["parts"]]
    (coordinator,) = (each["parts"] for each in lines if each["kind"] == "coordinator")
    labels = dict.fromkeys(label for each in inside for label in each["parts"])
    parts = {label: statistics.median(each["parts"].get(label, 0.0) for each in inside) for label in labels}
    alive = statistics.median(each["whole"] for each in inside)
    parts["everything else"] = statistics.median(each["whole"] - sum(each["parts"].values()) for each in inside)
    outside = {label: seconds / len(inside) for label, seconds in coordinator.items()}
    waited = outside.pop("wait for the run's process")
    outside["fork, exit, clearing up"] = waited - alive
    return {"in the run's process": parts, "in the coordinator and the server": outside}


def where_it_goes(parts: Mapping[str, Mapping[str, float]]) -> str:
    """Return a table of the parts of a run, the greatest first."""
    rows = [
        (f"{label} ({place})", 1e3 * seconds)
        for place, group in parts.items()
        for label, seconds in sorted(group.items(), key=lambda item: -item[1])
        if seconds >= 5e-5
    ]
    whole = 1e3 * sum(sum(group.values()) for group in parts.values())
    return "## Where the time of a run goes\n\n" + table(("", "ms per run"), [*rows, ("all", whole)])


def _suite(folder: Path, count: int, task: str) -> list[str]:
    """Write our suite and return the arguments that run it."""
    (folder / "nothing.toml").write_text(SUITE.format(count=count, task=task))
    return ["run", "nothing.toml", "--device", "cpu", "--store", "bench.sqlite", "--no-report"]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--few", type=int, default=6)
    parser.add_argument("--many", type=int, default=300)
    parser.add_argument("--task", choices=["nothing", "classification"], default="nothing")
    parser.add_argument("--json", type=Path, help="write every single measurement there")
    return parser.parse_args()


if __name__ == "__main__":
    main()
