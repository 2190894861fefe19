"""Check what a plan asks for against what there is: cores, kinds of values, files of data sets."""

from __future__ import annotations

from collections.abc import Iterable

from bench.errors import BenchError, UsageError
from bench.mistakes import needs
from bench.runner.jobs import Job
from bench.sources import DataSource
from bench.specs import Choice, Hyperparameter, Integer, Real, Value

__all__ = ["check_cores", "check_value", "missing_data"]


def check_cores(jobs: Iterable[Job], *, parallel: int, available: int) -> None:
    """Raise UsageError where runs side by side would not each have as many cores as threads."""
    if parallel > available:
        raise UsageError(f"--jobs {parallel} is more than the {available} cores there are; each run needs its own")
    threads, share = max((job.plan.threads for job in jobs), default=1), available // parallel
    if parallel > 1 and threads > share:
        raise UsageError(
            f"--jobs {parallel} leaves each run {share} of {available} cores, but these runs have "
            f"{threads} threads: use --jobs {max(1, available // threads)}, or --threads {share} (another "
            "number of threads is another result)"
        )


def check_value(parameter: Hyperparameter, value: Value) -> str:
    """Return what is wrong with a hyperparameter's value, or nothing.

    Only the kind is checked: outside the search space a value may still be worth a try.
    """
    if isinstance(parameter, Choice):
        kinds = {type(option) for option in parameter.options}
        if value in parameter.options and type(value) in kinds:
            return ""
        return f"not one of {', '.join(map(repr, parameter.options))}"
    kind = {Integer: int, Real: float}.get(type(parameter), type(parameter.default))
    return needs(kind, value)


def missing_data(jobs: Iterable[Job]) -> dict[str, str]:
    """Return data set → reason for the data sets of these jobs whose files are not there."""
    found: dict[str, str] = {}
    needed = {(spec.name, job.data_root): spec for job in jobs for spec in (job.dataset, *job.extra_datasets)}
    for (name, root), spec in needed.items():
        try:
            source = DataSource.of(spec, root)
            for file in spec.files:
                source.locate(file)
        except BenchError as error:
            found[name] = str(error)
    return found
