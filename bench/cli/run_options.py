"""What `bench run` was asked for, as one value, and as the command that asks for it again."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from bench.cli.common import joined
from bench.errors import UsageError

__all__ = ["RunOptions"]


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """The options of `bench run` as they were given; empty or None where the suite or the machine decides.

    plugins: files that are plugins for this command alone. splits: a scheme and a count. memory_limit: in bytes.
    data: the user's own, and what is said of them up to `write_suite`, the file for the suite they are made to.
    """

    suite: str
    store: str
    models: tuple[str, ...]
    datasets: tuple[str, ...]
    seeds: tuple[int, ...]
    splits: tuple[str, int] | None
    plugins: tuple[Path, ...]
    device: str
    jobs: int
    threads: int | None
    data_root: Path | None
    timeout: float | None
    memory_limit: int | None
    retry_failed: bool
    repeat: bool
    until_decided: bool
    max_seeds: int | None
    deterministic: bool
    dry_run: bool
    with_report: bool
    as_json: bool
    data: str | None = None
    target: str | None = None
    task: str | None = None
    drop: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    column: tuple[str, ...] = ()
    write_suite: Path | None = None

    def check_data(self) -> None:
        """Raise UsageError unless there is a suite, or data of one's own and what belongs to them."""
        if not self.suite and self.data is None:
            raise UsageError(
                "name a suite (bench list suites), or your own data: bench run --data FILE --target COLUMN"
            )
        if self.suite and self.data is not None:
            raise UsageError(f"--data {self.data} makes a suite of its own: leave {self.suite} out")
        beside = ("target", "task", "drop", "categorical", "column", "write_suite")
        given = [f"--{name.replace('_', '-')}" for name in beside if getattr(self, name)]
        if given and self.data is None:
            raise UsageError(f"{', '.join(given)}: this belongs to --data FILE; a suite says it itself")

    def command_line(self, *, needs_data: bool) -> str:
        """Return the command that makes the same runs, with what differs from the defaults.

        needs_data: do these runs read files below the data root? Then the command names it, wherever it was set.
        """
        root = self.data_root or os.environ.get("BENCH_DATA") if needs_data else self.data_root
        words = ["bench", "run", self.suite, "--store", self.store]
        for path in self.plugins:
            words += ["--plugin", str(path)]
        for name, values in (("models", self.models), ("datasets", self.datasets)):
            words += [f"--{name}", joined(values)] if values else []
        if self.seeds:
            # A number alone would be a number of seeds.
            words += [
                "--seeds",
                ",".join(map(str, self.seeds)) if len(self.seeds) > 1 else f"{self.seeds[0]}-{self.seeds[0]}",
            ]
        if self.splits is not None:
            words += ["--splits", ":".join(map(str, self.splits))]
        for name, value, default in (
            ("jobs", self.jobs, 1),
            ("threads", self.threads, None),
            ("data-root", root, None),
            ("timeout", self.timeout, None),
            ("memory-limit", self.memory_limit, None),
            ("device", self.device, "auto"),
        ):
            words += [f"--{name}", str(value)] if value != default else []
        words += ["--until-decided"] if self.until_decided else []
        words += ["--max-seeds", str(self.max_seeds)] if self.max_seeds is not None else []
        return shlex.join([*words, *(["--deterministic"] if self.deterministic else [])])
