"""`bench show`: everything recorded about one run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli.common import ID_DIGITS, console, echo_json, json_option, store_option, table
from bench.cli.recorded import number, rows

if TYPE_CHECKING:
    import numpy as np

    from bench.record import Environment, RunRecord

__all__ = ["command"]

# Of a moment in ISO 8601: what comes before its seconds.
MINUTES = 16
ARRAY_SUFFIXES = (".npz", ".safetensors")


@click.command()
@click.argument("run", required=False)
@store_option
@json_option
@click.option("--attempt", type=int, help="An earlier attempt; the newest by default.")
@click.option(
    "--artifacts",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the run's files into this folder.",
)
@click.option(
    "--answers",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=lambda _ctx, _parameter, value: _known(value),
    help="Write what the run answered, and the truth, into this .npz or .safetensors file.",
)
@click.option(
    "--as-suite", is_flag=True, help="Print a suite that makes the run again, a tuned one with its best setting."
)
def command(
    run: str | None,
    store: str,
    as_json: bool,
    attempt: int | None,
    artifacts: Path | None,
    answers: Path | None,
    as_suite: bool,
) -> None:
    """Show everything recorded about RUN, an id or its beginning; without RUN, list the runs there are."""
    if as_suite and (as_json or run is None):
        raise click.UsageError("--as-suite prints the TOML of one RUN: name it, and leave --json out")
    if answers is not None and run is None:
        raise click.UsageError("--answers writes those of one RUN: name it")
    from bench.store import kept_arrays, open_store

    with open_store(store, create=False) as opened:
        if run is None:
            _list(list(opened.records()), as_json)
            return
        attempts = opened.find(run)
        chosen = [record for record in attempts if attempt in (None, record.attempt)]
        if not chosen:
            raise click.UsageError(f"run {run} has attempts 1 to {len(attempts)}, not {attempt}")
        record = chosen[-1]
        environment = opened.environments().get(record.environment_id)
        plan = opened.plans().get(record.run.suite)
        own = {spec.name: spec for spec in (() if plan is None else plan.datasets)}
        if artifacts is not None:
            artifacts.mkdir(parents=True, exist_ok=True)
            for artifact in record.artifacts:
                (artifacts / Path(artifact.name).name).write_bytes(opened.artifact(record, artifact.name))
            click.echo(f"Files: {len(record.artifacts)} in {artifacts}", err=True)
        if answers is not None:
            answered, truth = kept_arrays(opened, record)
            named = {f"answer.{name}": array for name, array in answered.items()}
            _write_arrays(named | {f"truth.{name}": array for name, array in truth.items()}, answers)
            click.echo(f"Answers: {answers}", err=True)
    if as_suite:
        import tomli_w

        from bench.suite_of_run import suite_of

        click.echo(tomli_w.dumps(suite_of(record, own)), nl=False)
    elif as_json:
        echo_json(record.model_dump(mode="json"))
    else:
        _print(record, len(attempts), environment)


def _known(file: Path | None) -> Path | None:
    if file is not None and file.suffix not in ARRAY_SUFFIXES:
        raise click.BadParameter(
            f"{str(file)!r} ends in none of {', '.join(ARRAY_SUFFIXES)}: which says how to write it"
        )
    return file


def _write_arrays(arrays: dict[str, np.ndarray], file: Path) -> None:
    import numpy as np

    from bench.arrays import pack

    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".npz":
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type] # no name is savez's own: each holds a dot
    else:
        file.write_bytes(pack(arrays))


def _list(records: list[RunRecord], as_json: bool) -> None:
    runs = [
        (
            record.run.run_id,
            record.status,
            str(record.run),
            f"{record.times.wall_seconds:.1f}",
            record.finished_at,
            record.reason,
        )
        for record in records
    ]
    if as_json:
        names = ("run_id", "status", "run", "wall_seconds", "finished_at", "reason")
        echo_json([dict(zip(names, row, strict=True)) for row in runs])
        return
    shown = [
        (run_id[:ID_DIGITS], status, what, seconds, finished[:MINUTES].replace("T", " "), reason.partition("\n")[0])
        for run_id, status, what, seconds, finished, reason in runs
    ]
    columns = ("run", "status", "what", "seconds", "finished (UTC)", "reason")
    console(is_wide_in_pipes=True).print(table("", columns, shown, whole=2))


def _print(record: RunRecord, attempts: int, environment: Environment | None) -> None:
    out = console()
    out.print(f"{record.run}", style="bold")
    out.print(table("", ("", ""), rows(record, attempts, environment)))
    if record.scores:
        scores = [
            (
                score.name,
                f"{score.value:.5g} {score.unit}".strip(),
                ", ".join(f"{k}={v}" for k, v in score.detail.items()),
            )
            for score in record.scores
        ]
        out.print(table("Scores on the test part", ("score", "value", "with"), scores))
    if record.curve:
        points = [
            (
                f"{point.epoch:.1f}",
                str(point.step),
                f"{point.train_seconds:.2f}",
                number(point.train_loss),
                _scores(point.validation),
            )
            for point in record.curve
        ]
        out.print(table("Learning curve", ("epoch", "step", "train s", "train loss", "validation"), points))
    for title, text in (
        ("Notes", "\n".join(record.notes)),
        ("Identity", "\n".join(f"{name}: {value}" for name, value in record.run.identity.items())),
        ("Captured output", record.output.strip()),
        ("Traceback", record.traceback.strip()),
    ):
        if text:
            out.print(title, style="bold")
            out.print(text, soft_wrap=True)


def _scores(scores: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in scores.items())
