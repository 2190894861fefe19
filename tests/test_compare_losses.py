"""`bench compare`: runs that only one side has to show for are counted, never dropped in silence."""

from __future__ import annotations

import json
import math

import pytest

from bench.compare import plain
from bench.record import RunRecord, Score
from tests.comparisons import change, compared, run, shown
from tests.report_records import failed, timed


def lost(good: list[RunRecord], status: str, seeds: int) -> list[RunRecord]:
    return [failed(each.run, status, "no time") if each.run.seed < seeds else each for each in good]


@pytest.mark.parametrize("status", ["killed", "skipped"])
def test_a_cell_that_was_not_tried_is_named_with_the_reason(status: str) -> None:
    lenet, mlp = ([run(seed, 0.9, label=label) for seed in range(5)] for label in ("lenet", "mlp"))
    for found, side in (
        (compared([*lenet, *mlp], [*lenet, *lost(mlp, status, 5)]), "B"),
        (compared([*lenet, *lost(mlp, status, 5)], [*lenet, *mlp]), "A"),
    ):
        (each,) = found.unpaired
        assert (each.place.label, each.reason, each.repetitions) == ("mlp", f"5 runs of {side} {status}: no time", ())
        assert f"5 runs of {side} {status}: no time" in shown(found)
        assert "1 cell without a partner" in shown(found)
        assert json.loads(json.dumps(plain(found)))["unpaired"][0]["reason"] == each.reason


def test_runs_left_out_of_a_cell_are_counted() -> None:
    a = [run(seed, 0.9) for seed in range(5)]
    found = compared(a, lost(a, "killed", 3))
    assert change(found, "accuracy").count == 2
    (each,) = found.unpaired
    assert (each.reason, [one.seed for one in each.repetitions]) == ("3 runs of B killed: no time", [0, 1, 2])
    assert "3 runs left out of cells that are compared" in shown(found)
    assert plain(found)["unpaired"][0]["seeds"] == [0, 1, 2]


def test_seeds_of_one_side_are_counted() -> None:
    found = compared([run(seed, 0.9) for seed in range(5)], [run(seed, 0.9) for seed in (3, 4, 9)])
    assert {(each.reason, tuple(one.seed for one in each.repetitions)) for each in found.unpaired} == {
        ("seeds 0, 1, 2 only in A", (0, 1, 2)),
        ("seed 9 only in B", (9,)),
    }


@pytest.mark.parametrize("count", [1, 3, 5, 6])
def test_a_target_missed_now_is_worse_however_few(count: int) -> None:
    a, b = ([timed("lenet", s, value + s / 99) for s in range(count)] for value in (1.0, math.inf))
    misses = change(compared(a, b), "time_to_target_missed")
    assert (misses.outcome, misses.a_mean, misses.b_mean, misses.count) == ("worse", 0, count, count)
    assert misses.measure.title == "Missed targets"
    assert "not tested" in misses.scope
    assert change(compared(b, a), "time_to_target_missed").outcome == "better"


def test_equally_many_misses_are_noise_and_none_are_not_told() -> None:
    a, b = ([timed("lenet", s, math.inf if s == lucky else 1.0) for s in range(3)] for lucky in (0, 1))
    assert change(compared(a, b), "time_to_target_missed").outcome == "unchanged"
    reached = [timed("lenet", s, 1.0) for s in range(3)]
    assert "time_to_target_missed" not in {each.measure.name for each in compared(reached, reached).changes}


def test_a_failed_run_is_no_missed_target_too() -> None:
    a = [timed("lenet", s, 1.0) for s in range(3)]
    found = compared(a, [failed(each.run) for each in a])
    assert change(found, "failed_runs").outcome == "worse"
    assert "time_to_target_missed" not in {each.measure.name for each in found.changes}


def test_scores_that_are_no_numbers_now_are_worse_however_few() -> None:
    a, b = ([run(s, scores=(Score(name="fd", value=v, higher_is_better=False),)) for s in range(3)]
            for v in (1.0, math.nan))  # fmt: skip
    assert change(compared(a, b), "fd_missed").outcome == "worse"
