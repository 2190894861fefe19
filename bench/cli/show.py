"""`bench show`: everything recorded about one run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli.common import ID_DIGITS, console, echo_json, json_option, store_option, table

if TYPE_CHECKING:
    from bench.record import RunRecord, Work

__all__ = ["command"]

# Of a moment in ISO 8601: what comes before its seconds.
MINUTES = 16


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
    "--as-suite", is_flag=True, help="Print a suite that makes the run again, a tuned one with its best setting."
)
def command(
    run: str | None, store: Path, as_json: bool, attempt: int | None, artifacts: Path | None, as_suite: bool
) -> None:
    """Show everything recorded about RUN, an id or its beginning; without RUN, list the runs there are."""
    if as_suite and (as_json or run is None):
        raise click.UsageError("--as-suite prints the TOML of one RUN: name it, and leave --json out")
    from bench.store import Store

    with Store(store, create=False) as opened:
        if run is None:
            _list(list(opened.records()), as_json)
            return
        attempts = opened.find(run)
        chosen = [record for record in attempts if attempt in (None, record.attempt)]
        if not chosen:
            raise click.UsageError(f"run {run} has attempts 1 to {len(attempts)}, not {attempt}")
        record = chosen[-1]
        if artifacts is not None:
            artifacts.mkdir(parents=True, exist_ok=True)
            for artifact in record.artifacts:
                (artifacts / Path(artifact.name).name).write_bytes(opened.artifact(record, artifact.name))
    if as_suite:
        import tomli_w

        from bench.suite import suite_of

        click.echo(tomli_w.dumps(suite_of(record)), nl=False)
    elif as_json:
        echo_json(record.model_dump(mode="json"))
    else:
        _print(record, len(attempts))


def _list(records: list[RunRecord], as_json: bool) -> None:
    rows = [
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
        echo_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    shown = [
        (run_id[:ID_DIGITS], status, what, seconds, finished[:MINUTES].replace("T", " "), reason.partition("\n")[0])
        for run_id, status, what, seconds, finished, reason in rows
    ]
    columns = ("run", "status", "what", "seconds", "finished (UTC)", "reason")
    console(is_wide_in_pipes=True).print(table("", columns, shown, whole=2))


def _print(record: RunRecord, attempts: int) -> None:
    out = console()
    out.print(f"{record.run}", style="bold")
    plan, times, size, memory = record.run, record.times, record.size, record.memory
    rows = [
        ("run", plan.run_id),
        ("status", f"{record.status}  {record.reason}".strip()),
        ("attempt", f"{record.attempt} of {attempts}"),
        ("suite", plan.suite),
        ("task, protocol", f"{plan.task}, {plan.protocol}"),
        (
            "hyperparameters",
            ", ".join(f"{name}={value}" for name, value in plan.hyperparameters.items()) or "none",
        ),
        ("started, finished", f"{record.started_at}  {record.finished_at}"),
        ("training", f"{times.train_seconds:.3f} s"),
        ("set-up, evaluation", f"{times.setup_seconds:.3f} s, {times.evaluation_seconds:.3f} s"),
        ("whole run", f"{times.wall_seconds:.3f} s" + ("" if record.is_alone else " (other runs beside it)")),
        ("peak memory", _number(memory.peak_memory_bytes, 1e6, "MB")),
        ("model on disk", _number(memory.model_bytes, 1e3, "KB")),
        ("parameters, depth", f"{_number(size.parameter_count)}, {_number(size.depth)}"),
        ("multiply-accumulates", f"{_number(size.forward_macs)} forward, {_number(size.training_macs)} there and back"),
        ("training rate", _rate(record.work)),
        ("energy", _number(record.energy_joules, 1, "J")),
    ]
    if record.latency:
        rows.append(
            (
                "latency p50, p95, p99",
                f"{record.latency.p50_seconds * 1e3:.3f} ms{_error(record.latency.relative_error)}, "
                f"{record.latency.p95_seconds * 1e3:.3f} ms, {record.latency.p99_seconds * 1e3:.3f} ms",
            )
        )
    out.print(table("", ("", ""), rows))
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
                _number(point.train_loss),
                _scores(point.validation),
            )
            for point in record.curve
        ]
        out.print(table("Learning curve", ("epoch", "step", "train s", "train loss", "validation"), points))
    for title, text in (
        ("Notes", "\n".join(record.notes)),
        ("Identity", "\n".join(f"{name}: {value}" for name, value in plan.identity.items())),
        ("Captured output", record.output.strip()),
        ("Traceback", record.traceback.strip()),
    ):
        if text:
            out.print(title, style="bold")
            out.print(text, soft_wrap=True)


def _scores(scores: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in scores.items())


def _rate(work: Work) -> str:
    """Return operations per second in training and what share of the machine's peak they are."""
    share = "" if work.share_of_peak is None else f", {work.share_of_peak:.2%} of the machine's peak"
    return f"{_number(work.flops_per_second, 1e9, 'GFLOP/s')}{share}"


def _error(relative: float | None) -> str:
    return "" if relative is None else f" ± {relative:.1%}"


def _number(value: float | None, scale: float = 1, unit: str = "") -> str:
    if value is None:
        return "–"
    text = f"{value:,}" if isinstance(value, int) and scale == 1 else f"{value / scale:,.4g}"
    return f"{text} {unit}".strip()
