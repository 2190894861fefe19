"""Train the same networks by hand, with Lightning, skorch, Keras and depthbench, in turn, and compare their seconds."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from compare import HERE, last_json, machine, median, rounds, run, table, verdict, write
from contenders import CONTENDERS, LEARNING_RATE, SEED, WORKLOADS

BY_HAND = ("tensors", "dataloader")
WHOLE = "depthbench, bench run"
# The peer, and the share of its training seconds that depthbench may take on the MLP.
BARS = {"best loop by hand": 1.03, "skorch": 0.6, "lightning": 0.5}
SUITE = """
name = "peers"
seeds = {seeds}
threads = 1
splits = "official"
[[compare]]
task = "classification"
datasets = ["{dataset}"]
models = ["{model}"]
protocol = {{ name = "fixed-budget", epochs = {epochs}, batch_size = {batch_size}, learning_rate = {learning_rate} }}
"""
Answers = Mapping[str, Sequence[Mapping[str, Any]]]


def main() -> None:
    """Run the comparison; with --check, end with 1 where a bar was missed."""
    options = _arguments()
    measured: dict[str, Answers] = {}
    print(f"# Training\n\n{machine()}\n")
    for workload in options.workloads:
        measured[workload] = measure(workload, options.contenders, options.rounds, options.repeats)
        print(report(workload, measured[workload]), end="\n\n", flush=True)
    write(options.json, {"rounds": options.rounds, "repeats": options.repeats, "measured": measured})
    if options.check and any("MISSED" in line for name, of in measured.items() for line in bars(name, of)):
        sys.exit(1)


def measure(workload: str, contenders: Sequence[str], count: int, repeats: int) -> Answers:
    """Return what every contender answered in every round."""
    answers: dict[str, list[dict[str, Any]]] = {name: [] for name in contenders}
    for name in rounds(contenders, count):
        answer = through_the_runner(workload, repeats) if name == WHOLE else alone(workload, name, repeats)
        answers[name].append(answer)
        print(f"{workload} {name}: {answer['train_seconds']:.3f} s", file=sys.stderr, flush=True)
    return answers


def alone(workload: str, name: str, repeats: int) -> dict[str, Any]:
    """Train with one contender in a process of its own."""
    return last_json(run([sys.executable, HERE / "contenders.py", name, workload, str(repeats)]))


def through_the_runner(workload: str, repeats: int) -> dict[str, Any]:
    """Train with the command `bench run`, a seed per repeat, and return the seconds of the fastest run.

    The accuracy is that of the seed the other contenders have.
    """
    work = WORKLOADS[workload]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        suite = SUITE.format(
            seeds=[SEED + number for number in range(repeats)],
            dataset=work.dataset,
            model=f"peer-{work.network.lower()}",
            epochs=work.epochs,
            batch_size=work.batch_size,
            learning_rate=LEARNING_RATE,
        )
        (folder / "peers.toml").write_text(suite)
        store = folder / "bench.sqlite"
        bench = [sys.executable, "-m", "bench"]
        run([*bench, "run", "peers.toml", "--device", "cpu", "--store", store, "--no-report"], folder=folder)
        records = sound_records(store)
    seconds = min(record.times.train_seconds for record in records)
    return {
        "train_seconds": seconds,
        "cpu_seconds": None,
        "microseconds_per_step": 1e6 * seconds / records[0].details["steps"],
        "test_accuracy": next(record.score("accuracy") for record in records if record.run.seed == SEED),
        "weights": "",
    }


def sound_records(store: Path) -> list[Any]:
    """Return the records of a store; raises ValueError where one did not end well."""
    from bench.store import open_store

    with open_store(store, create=False) as opened:
        records = list(opened.records())
    for record in records:
        if not record.is_ok:
            raise ValueError(f"bench run ended with {record.status}: {record.reason}")
    return records


def report(workload: str, answers: Answers) -> str:
    """Return the table of one workload, ratios to the best loop by hand, and the bars."""
    work, seconds = WORKLOADS[workload], _medians(answers, "train_seconds")
    best, cpu = _best(answers, "train_seconds"), _medians(answers, "cpu_seconds")
    best_cpu = _best(answers, "cpu_seconds")
    reference = {each["weights"] for each in answers.get("tensors", ())}
    rows = [
        (
            name,
            seconds[name],
            _ratio(seconds[name], best),
            cpu[name],
            _ratio(cpu[name], best_cpu),
            median(each["microseconds_per_step"] for each in given),
            median(each["test_accuracy"] for each in given),
            _same({each["weights"] for each in given}, reference),
        )
        for name, given in answers.items()
    ]
    columns = ("", "train s", "ratio", "CPU s", "CPU ratio", "µs per step", "test accuracy", "same weights")
    title = f"## {workload}: {work.epochs} epochs, batches of {work.batch_size}, medians\n\n"
    return "\n".join([title + table(columns, rows), "", *bars(workload, answers)])


def bars(workload: str, answers: Answers) -> list[str]:
    """Return a line per bar: depthbench's training clock against the peers'. The bars are set for the MLP."""
    seconds = _medians(answers, "train_seconds") | {"best loop by hand": _best(answers, "train_seconds")}
    wanted = BARS if WORKLOADS[workload].network == "MLP" else {"best loop by hand": BARS["best loop by hand"]}
    ours = (name for name in ("depthbench", WHOLE) if name in answers)
    return [
        verdict(f"{name} / {peer}", _ratio(seconds[name], seconds.get(peer)), bar)
        for name in ours
        for peer, bar in wanted.items()
    ]


def _medians(answers: Answers, key: str) -> dict[str, float | None]:
    return {name: median(each[key] for each in given) for name, given in answers.items()}


def _best(answers: Answers, key: str) -> float | None:
    by_hand = _medians({name: answers[name] for name in BY_HAND if name in answers}, key)
    return min((value for value in by_hand.values() if value is not None), default=None)


def _ratio(value: float | None, reference: float | None) -> float | None:
    return None if value is None or not reference else value / reference


def _same(weights: set[str], reference: set[str]) -> str | None:
    """Did training end in the very same bits as by hand? None where the weights are not at hand."""
    return None if weights == {""} or not reference else "yes" if weights == reference else "no"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    everyone = [*CONTENDERS, WHOLE]
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--repeats", type=int, default=3, help="each contender trains so often a round; its fastest counts"
    )
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=["digits-mlp", "digits-cnn"])
    parser.add_argument("--contenders", nargs="+", choices=everyone, default=everyone)
    parser.add_argument("--json", type=Path, help="write every single measurement there")
    parser.add_argument("--check", action="store_true", help="end with 1 where a bar is missed")
    return parser.parse_args()


if __name__ == "__main__":
    main()
