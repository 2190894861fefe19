"""Models and runs that failed stay in what protocols say and draw; machines that differ share no mean."""

from __future__ import annotations

from typing import Any

import pytest

from bench.record import RunRecord
from bench.report import DotFigure, Prose, Section
from tests.report_records import SETTINGS, blocks, curve, data, draw, failed, lines, only, plan, record, table

TIMED = {"protocol": {"seconds": 5.0, "batch_size": 64}, "task": {}}


def findings(section: Section) -> list[str]:
    """Return what the protocol says of its section: after the answer, or in its place."""
    told = [each for each in section.blocks if isinstance(each, Prose) and each.kind in ("answer", "text")]
    return list(told[-1].sentences)


def noise(**planned: Any) -> list[RunRecord]:
    """Return four seeds of two models with clean and wrong labels; lenet fails on all of the wrong ones."""
    runs = []
    for label in ("mlp", "lenet"):
        for seed in range(4):
            for level in (0.0, 0.4):
                variant = {"label_noise": level, "inputs": "in order"}
                run = plan(label, seed=seed, protocol="noise", variant=variant, **planned)
                good = record(run, accuracy=0.95 - level / 5 + draw(label, seed, level))
                runs.append(failed(run, "diverged", data=good.data) if (label, level) == ("lenet", 0.4) else good)
    return runs


def test_a_model_that_failed_completely_is_in_the_finding_and_the_table() -> None:
    section = only(noise())
    assert findings(section)[0] == (
        "Accuracy from 0% to 40% wrong labels: falls for mlp (−0.082); not to be judged, since runs failed, for lenet."
    )
    lenet = next(row for row in table(section, "-noise").rows if row.label == "lenet")
    assert lenet.cells["difference"].is_absent
    assert (lenet.cells["verdict"].text, lenet.cells["verdict"].note) == ("not decided", "4 runs without a value")
    assert lenet.cells["runs"].text == "0"


def test_the_largest_size_is_the_one_that_was_asked_for() -> None:
    runs = []
    for width in (4, 64, 256):
        for seed in range(4):
            run = plan("mlp", protocol="scaling", variant={"width": width}, seed=seed)
            good = record(run, accuracy=0.8 + width / 1e4 + draw(width, seed))
            runs.append(failed(run, "out-of-memory", data=good.data) if width == 256 else good)
    told = findings(only(runs))[0]
    assert told == (
        "Accuracy from the smallest to the largest width: not to be judged, since runs failed, for mlp, width 4 to 256."
    )


def test_runs_that_failed_can_tell_against_their_side_but_not_in_its_favour() -> None:
    """Of the pre-trained runs half diverged: the others are no sample of them, be they ever so good."""

    def told(gain: float) -> str:
        runs = []
        for start, value in (("from scratch", 0.8), ("pre-trained", 0.8 + gain)):
            for seed in range(8):
                run = plan("mlp", protocol="transfer", variant={"training_size": 50, "start": start}, seed=seed)
                good = record(run, accuracy=value + draw(start, seed))
                is_lost = start == "pre-trained" and seed % 2 == 0
                runs.append(failed(run, "diverged", data=good.data) if is_lost else good)
        return findings(only(runs))[0]

    assert told(0.1) == (
        "Accuracy from scratch to pre-trained: not to be judged, since runs failed, for mlp, 50 samples."
    )
    assert "falls for mlp, 50 samples (−0.10)" in told(-0.1)


def on_two_machines(**planned: Any) -> list[RunRecord]:
    return [
        record(
            plan("mlp", seed=seed, **planned),
            accuracy=(0.9 if seed < 3 else 0.97) + draw(seed),
            environment_id="env-a" if seed < 3 else "env-b",
            curve=curve(0.9, 5.0),
        )
        for seed in range(6)
    ]


def accuracies(runs: list[RunRecord]) -> list[tuple[int, int]]:
    section = data(runs)
    (row,) = section.rows
    return [(row.values[each.key].count, row.values[each.key].tried) for each in section.mains]


def test_what_seconds_of_training_reach_is_no_mean_of_two_machines() -> None:
    timed = on_two_machines(settings=TIMED)
    assert accuracies(timed) == [(3, 3), (3, 3)]
    assert [column.condition for column in table(only(timed)).columns if column.measure == "accuracy"] == [
        "environment A", "environment B",
    ]  # fmt: skip
    by_epoch, _ = lines(only(timed), "learning")
    assert [line.condition for line in by_epoch.lines] == ["environment A", "environment B"]
    assert accuracies(on_two_machines()) == [(6, 6)]
    by_epoch, _ = lines(only(on_two_machines(settings=SETTINGS)), "learning")
    assert [line.condition for line in by_epoch.lines] == [""]


def test_findings_of_two_machines_are_apart_under_a_budget_in_seconds() -> None:
    runs = noise(settings=TIMED)
    moved = [each.model_copy(update={"environment_id": "env-b"}) if each.run.seed > 1 else each for each in runs]
    section = only(moved)
    told = [finding for finding in findings(section) if "wrong labels" in finding]
    assert ["environment A" in told[0], "environment B" in told[1]] == [True, True]
    for key in ("-noise", "-noise-2"):
        lenet = next(row for row in table(section, key).rows if row.label == "lenet")
        assert lenet.cells["verdict"].note == "2 runs without a value"


def growing(lost: int, sizes: tuple[int, ...] = (100, 1000), had: int | None = None) -> list[RunRecord]:
    """Return five seeds of a model at every size, `lost` of which diverge at the largest; had: samples there are."""
    runs = []
    for seed in range(5):
        for size in sizes:
            run = plan("mlp", seed=seed, protocol="learning-curve", variant={"training_size": size})
            details = {} if had is None else {"training_samples": min(size, had)}
            good = record(run, accuracy=0.9 + size / 1e5 + draw(seed, size), details=details)
            is_lost = size == sizes[-1] and seed < lost
            runs.append(failed(run, "diverged", data=good.data) if is_lost else good)
    return runs


def test_a_point_of_the_successful_runs_only_is_marked() -> None:
    figure, _ = lines(only(growing(lost=3)), "training-size")
    (line,) = figure.lines
    assert (line.counts, line.tried, line.partial) == ((5, 2), (5, 5), (False, True))
    assert "An open marker is the mean of the successful runs only" in figure.caption
    whole, _ = lines(only(growing(lost=0)), "training-size")
    assert "open marker" not in whole.caption


def test_a_learning_curve_of_the_successful_runs_only_says_how_many() -> None:
    runs = [record(plan(seed=seed), curve=curve(0.9, 2.0)) for seed in range(5)]
    lost = [failed(each.run, data=each.data) if each.run.seed < 2 else each for each in runs]
    for figure in lines(only(lost), "learning"):
        assert [line.note for line in figure.lines] == ["3 of 5 runs"]
        assert "the legend says how many" in figure.caption
    assert all(not line.note for figure in lines(only(runs), "learning") for line in figure.lines)


def test_a_dot_of_the_successful_runs_only_says_how_many() -> None:
    runs = []
    for seed in range(5):
        for inputs in ("in order", "shuffled"):
            run = plan("mlp", seed=seed, protocol="noise", variant={"label_noise": 0.0, "inputs": inputs})
            good = record(run, accuracy=0.9 + draw(seed, inputs))
            runs.append(failed(run, data=good.data) if (inputs, seed) == ("shuffled", 2) else good)
    figure = next(each for each in blocks(only(runs)) if isinstance(each, DotFigure))
    assert [(dot.series, dot.note) for dot in figure.dots] == [("in order", ""), ("shuffled", "4 of 5 runs")]


def test_times_of_failed_seeds_on_two_machines_count_where_they_were_made() -> None:
    runs = growing(lost=3)
    moved = [each.model_copy(update={"environment_id": "env-b"}) if each.run.seed > 3 else each for each in runs]
    (figure,) = lines(only(moved), "training-size-cost")
    assert {line.condition: (line.counts, line.tried) for line in figure.lines} == {
        "environment A": ((4, 1), (4, 4)),
        "environment B": ((1, 1), (1, 1)),
    }


def test_sizes_beyond_the_data_are_drawn_where_they_were() -> None:
    section = only(growing(lost=0, sizes=(100, 1000, 5000, 9000), had=800))
    words = (
        "There are 800 training samples only: what was asked for as 1,000, 5,000, 9,000 is drawn and compared at 800"
    )
    for figure in lines(section, "training-size"):
        assert figure.lines[0].x == (100, 800)
        assert words in figure.caption
    assert findings(section)[0].startswith(words)
    old, _ = lines(only(growing(lost=0, sizes=(100, 1000, 5000))), "training-size")
    assert old.lines[0].x == (100, 1000, 5000)
    assert "training samples only" not in old.caption


def test_a_size_that_was_tried_for_what_it_is_takes_no_second_point() -> None:
    figure, _ = lines(only(growing(lost=0, sizes=(100, 800, 1000), had=800)), "training-size")
    assert figure.lines[0].x == (100, 800)


@pytest.mark.parametrize("size", [50, 300])
def test_transfer_is_compared_once_for_every_size_there_was(size: int) -> None:
    runs = []
    for start, gain in (("from scratch", 0.0), ("pre-trained", 0.05)):
        for asked in (size, 1000, 2000):
            for seed in range(4):
                run = plan("mlp", protocol="transfer", variant={"training_size": asked, "start": start}, seed=seed)
                details = {"training_samples": min(asked, 300)}
                runs.append(record(run, accuracy=0.8 + gain + draw(seed, asked, start), details=details))
    section = only(runs)
    there = (50, 300) if size == 50 else (300,)
    figures = lines(section, "transfer")
    assert [{line.condition: line.x for line in figure.lines} for figure in figures] == (
        [{"from scratch": there, "pre-trained": there}] if len(there) > 1 else []
    )
    changes = [row.cells["detail"].text for row in table(section, "-pre-training").rows]
    assert changes == [f"{each} samples" for each in there]
