"""The figure over the number that names of data sets end in: shares of runs that reached a target, or main scores."""

from __future__ import annotations

import math

from bench.record import RunRecord
from bench.report.figures import LineFigure
from tests.report_records import failed, lines, plan, record, report, timed


def figures(records: list[RunRecord]) -> list[LineFigure]:
    (overview,) = [section for section in report(records).sections if section.key == "overview"]
    return lines(overview, "by-number")


def at(each: RunRecord, dataset: str) -> RunRecord:
    """Return the record of the same run on another data set."""
    run = each.run.model_copy(update={"dataset": dataset, "run_id": f"{each.run.run_id} {dataset}"})
    return each.model_copy(update={"run": run})


def test_the_share_of_runs_that_reached_the_target_is_drawn_over_the_number() -> None:
    reached = {("lstm", 50): 2, ("lstm", 100): 1, ("lstm", 200): 0, ("rnn", 50): 1, ("rnn", 200): 0, ("mlp", 50): 0}
    records = [
        at(timed(label, seed, 3.0 if seed < count else math.inf), f"adding-{lag}")
        for (label, lag), count in reached.items()
        for seed in range(2)
    ]
    (figure,) = figures(records)
    drawn = {line.label: (line.x, line.y) for line in figure.lines}
    # Of a model at one number alone there is no line.
    assert drawn == {"lstm": ((50, 100, 200), (1, 0.5, 0)), "rnn": ((50, 200), (0.5, 0))}
    assert figure.y.is_share
    assert figure.title.startswith("adding-…: ")


def test_failed_runs_count_among_those_that_did_not_reach_it() -> None:
    records = [at(timed("lstm", seed, 3.0), f"adding-{lag}") for lag in (50, 100) for seed in range(2)]
    records += [at(timed("lstm", 0, 3.0), "adding-200")]
    lost = failed(plan("lstm", dataset="adding-200", protocol="time-to-target", seed=1))
    (figure,) = figures([*records, lost])
    assert figure.lines[0].y == (1, 1, 0.5)


def test_main_scores_are_drawn_with_their_intervals_where_there_is_no_target() -> None:
    records = [
        record(plan(label, dataset=f"copy-{lag}", seed=seed), accuracy=0.9 - lag / 1000 + seed / 100)
        for label in ("gru", "tcn")
        for lag in (10, 50, 100)
        for seed in range(3)
    ]
    (figure,) = figures(records)
    for line in figure.lines:
        assert line.x == (10, 50, 100)
        assert [round(value, 6) for value in line.y] == [0.9, 0.86, 0.81]
        assert all(low < mean < high for low, mean, high in zip(line.low, line.y, line.high, strict=True))


def test_two_data_sets_that_end_in_a_number_by_chance_are_no_series() -> None:
    names = ("digits-0-4", "digits-5-9", "cifar10", "mnist")
    assert figures([record(plan("gru", dataset=name, seed=seed)) for name in names for seed in range(2)]) == []
