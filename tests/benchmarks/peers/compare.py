"""What the three comparisons share: processes that are timed, rounds that alternate, tables."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PACKAGES = ("torch", "lightning", "skorch", "keras", "benchopt", "depthbench")


@dataclass(frozen=True)
class Took:
    """What a process took: wall-clock seconds, and processor seconds of it and of all it waited for."""

    wall_seconds: float
    cpu_seconds: float
    output: str


def environment(**extra: str) -> dict[str, str]:
    """Return an environment in which everything has one thread, no GPU, and sees the peers' plugin."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    fixed = {"PYTHONPATH": str(HERE / "plugin"), "CUDA_VISIBLE_DEVICES": "", "KERAS_BACKEND": "torch", "COLUMNS": "200"}
    return {**os.environ, **threads, **fixed, **extra}


def run(words: Sequence[str | Path], *, folder: Path | None = None, **extra: str) -> Took:
    """Run a command to its end; raises CalledProcessError with all it said where it fails."""
    with tempfile.TemporaryFile("w+") as said:
        started = time.perf_counter()
        process = subprocess.Popen(words, cwd=folder, env=environment(**extra), stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        output = said.read()
    if process.returncode:
        sys.stderr.write(output[-4000:])
        raise subprocess.CalledProcessError(process.returncode, list(map(str, words)), output)
    return Took(wall, usage.ru_utime + usage.ru_stime, output)


def last_json(took: Took) -> dict[str, Any]:
    """Return the JSON object that a process printed as its last line."""
    answer: dict[str, Any] = json.loads(took.output.strip().splitlines()[-1])
    return answer


def rounds(names: Sequence[str], count: int) -> Iterator[str]:
    """Yield every name once per round; each round begins with another, so that none always follows the same."""
    for number in range(count):
        start = number % len(names)
        yield from (*names[start:], *names[:start])


def program(name: str) -> Path:
    """Return the path of a command of this environment."""
    return Path(sys.executable).with_name(name)


def median(values: Iterable[float | None]) -> float | None:
    """Return the median of what was measured, None where nothing was."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table; numbers are right-aligned, None is a dash."""
    body = [[_text(value) for value in row] for row in rows]
    widths = [max(len(row[i]) for row in [list(columns), *body]) for i in range(len(columns))]
    head = " | ".join(name.ljust(width) for name, width in zip(columns, widths, strict=True))
    rule = "|".join("-" * (width + 2) if i == 0 else "-" * (width + 1) + ":" for i, width in enumerate(widths))
    lines = [
        " | ".join(
            text.rjust(width) if i else text.ljust(width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in body
    ]
    return "\n".join([f"| {head} |", f"|{rule}|", *(f"| {line} |" for line in lines)])


def verdict(text: str, value: float | None, bar: float) -> str:
    """Return one line that says whether a bar was met."""
    if value is None:
        return f"- {text}: not measured (at most {bar:g} wanted)"
    return f"- {text}: {value:.3g}, at most {bar:g} wanted: {'met' if value <= bar else 'MISSED'}"


def machine() -> str:
    """Return one line on the machine, its load and the versions that matter."""
    load = os.getloadavg()[0]
    versions = ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    return f"{_processor()}, {os.cpu_count()} cores, load {load:.1f}; Python {platform.python_version()}, {versions}"


def write(path: Path | None, content: Mapping[str, Any]) -> None:
    """Write everything that was measured as JSON, where a path is given."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"machine": machine(), **content}, indent=2) + "\n")


def _text(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown CPU")
