"""Models and seeds that failed stay in the report's sentences and figures; machines that differ share no mean."""

from __future__ import annotations

from typing import Any

from bench.record import RunRecord
from bench.report import DotFigure, Section
from bench_reports.charts import chart
from tests.report_records import curve, draw, failed, lines, only, plan, record

TIMED = {"protocol": {"seconds": 5.0, "batch_size": 64}, "task": {}}


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


def test_a_model_that_failed_completely_is_in_the_finding() -> None:
    finding = only(noise()).findings[0]
    assert finding.startswith("Accuracy from 0% to 40% wrong labels:")
    assert "lenet: no pairs, not judged: 4 runs without a value" in finding
    assert "mlp: -0.0" in finding


def test_the_largest_size_is_the_one_that_was_asked_for() -> None:
    runs = []
    for width in (4, 64, 256):
        for seed in range(4):
            run = plan("mlp", protocol="scaling", variant={"width": width}, seed=seed)
            good = record(run, accuracy=0.8 + width / 1e4 + draw(width, seed))
            runs.append(failed(run, "out-of-memory", data=good.data) if width == 256 else good)
    assert "mlp from width 4 to 256: no pairs, not judged: 4 runs without a value" in only(runs).findings[0]


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


def accuracies(section: Section) -> list[tuple[str, int, int]]:
    (row,) = section.rows
    columns = [column for column in section.columns if column.measure.name == "accuracy"]
    return [(c.condition, row.cells[c.key].count, row.cells[c.key].tried) for c in columns]


def test_what_seconds_of_training_reach_is_no_mean_of_two_machines() -> None:
    timed = only(on_two_machines(settings=TIMED))
    assert accuracies(timed) == [("environment A", 3, 3), ("environment B", 3, 3)]
    by_epoch = next(each for each in lines(timed, "learning") if each.axis == "epochs")
    assert [line.run_count for line in by_epoch.lines] == [3, 3]
    assert accuracies(only(on_two_machines())) == [("", 6, 6)]


def test_findings_of_two_machines_are_told_apart_under_a_budget_in_seconds() -> None:
    runs = noise(settings=TIMED)
    moved = [each.model_copy(update={"environment_id": "env-b"}) if each.run.seed > 1 else each for each in runs]
    told = [finding for finding in only(moved).findings if "wrong labels" in finding]
    assert ["environment A" in told[0], "environment B" in told[1]] == [True, True]
    assert all("2 runs without a value" in finding for finding in told)


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


def test_a_point_of_the_lucky_seeds_is_marked() -> None:
    (figure,) = lines(only(growing(lost=3)), "training-size")
    (line,) = figure.lines
    assert (line.counts, line.tried, line.partial) == ((5, 2), (5, 5), (False, True))
    assert "An open marker is the mean of the lucky seeds alone" in figure.caption
    trace = chart(figure, ["mlp"])["traces"][-1]
    assert trace["marker"]["symbol"] == ["square", "square-open"]
    assert trace["customdata"] == ["5 runs", "2 of 5 runs, the others without a value"]
    (whole,) = lines(only(growing(lost=0)), "training-size")
    assert "open marker" not in whole.caption
    assert chart(whole, ["mlp"])["traces"][-1]["marker"]["symbol"] == "square"


def test_a_learning_curve_of_the_lucky_seeds_says_how_many() -> None:
    runs = [record(plan(seed=seed), curve=curve(0.9, 2.0)) for seed in range(5)]
    lost = [failed(each.run, data=each.data) if each.run.seed < 2 else each for each in runs]
    for figure in lines(only(lost), "learning"):
        assert [line.note for line in figure.lines] == ["3 of 5 runs"]
        assert "the legend says how many" in figure.caption
    assert all(not line.note for figure in lines(only(runs), "learning") for line in figure.lines)


def test_a_dot_of_the_lucky_seeds_says_how_many() -> None:
    runs = []
    for seed in range(5):
        for inputs in ("in order", "shuffled"):
            run = plan("mlp", seed=seed, protocol="noise", variant={"label_noise": 0.0, "inputs": inputs})
            good = record(run, accuracy=0.9 + draw(seed, inputs))
            runs.append(failed(run, data=good.data) if (inputs, seed) == ("shuffled", 2) else good)
    figure = next(each for each in only(runs).figures if isinstance(each, DotFigure))
    in_order, shuffled = chart(figure, ["mlp"])["traces"]
    assert (in_order["mode"], shuffled["mode"], shuffled["text"]) == ("markers", "markers+text", ["4 of 5 runs"])


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
    for name in ("training-size", "training-size-cost"):
        (figure,) = lines(section, name)
        assert figure.lines[0].x == (100, 800)
        assert words in figure.caption
    assert section.findings[0].startswith(words)
    (old,) = lines(only(growing(lost=0, sizes=(100, 1000, 5000))), "training-size")
    assert old.lines[0].x == (100, 1000, 5000)
    assert "training samples only" not in old.caption


def test_a_size_that_was_tried_for_what_it_is_takes_no_second_point() -> None:
    runs = growing(lost=0, sizes=(100, 800, 1000), had=800)
    (figure,) = lines(only(runs), "training-size")
    assert figure.lines[0].x == (100, 800)


def test_transfer_is_compared_once_for_every_size_there_was() -> None:
    runs = []
    for start, gain in (("from scratch", 0.0), ("pre-trained", 0.05)):
        for size in (50, 1000, 2000):
            for seed in range(4):
                run = plan("mlp", protocol="transfer", variant={"training_size": size, "start": start}, seed=seed)
                details = {"training_samples": min(size, 300)}
                runs.append(record(run, accuracy=0.8 + gain + draw(seed, size, start), details=details))
    section = only(runs)
    (figure,) = lines(section, "transfer")
    assert {line.condition: line.x for line in figure.lines} == {"from scratch": (50, 300), "pre-trained": (50, 300)}
    finding = next(each for each in section.findings if "to pre-trained" in each)
    assert "mlp, 300 samples" in finding
    assert "1,000" not in finding
