"""`bench report` writes what it can of what is stored, under the labels of every suite that lists it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from bench.record import SuitePlan
from bench.store import open_store
from tests.conftest import Bench
from tests.report_records import plan, record

RENDERER = """
    from bench import RendererSpec, hookimpl

    @hookimpl
    def bench_renderers():
        return [RendererSpec(name="worse", target="worse:render", suffix=".txt")]

    def render(report, folder):
        {body}
"""
OWNER = "'worse' of plugin 'worse' of bench-worse 1.0"


def keep(path: Path, **suites: tuple[str, ...]) -> None:
    """Store two seeds of one model, listed by suites under these labels."""
    with open_store(path, create=True) as store:
        for name, labels in suites.items():
            runs = tuple(
                plan(label, suite=name, model="lenet", seed=seed, run_id=f"run-{seed}")
                for label in labels
                for seed in (0, 1)
            )
            store.set_plan(SuitePlan(suite=name, planned_at="2026-01-01", command=f"bench run {name}", runs=runs))
        for run in runs[:2]:
            store.append(record(run))


def rows(bench: Bench, *suites: str) -> dict[str, str]:
    """Return label → number of seeds in the reported table."""
    folder = Path(bench("report", *suites, "--store", "s.sqlite", "--formats", "csv").stdout.strip().splitlines()[-1])
    with (bench.folder / folder).open(encoding="utf-8") as file:
        return {row["model"]: row["mean"] for row in csv.DictReader(file) if row["measure"] == "seeds"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise RuntimeError('no ink')", f"format {OWNER} is broken: RuntimeError: no ink"),
        ("raise SystemExit('no ink')", f"format {OWNER} is broken: SystemExit: no ink"),
        ("return None", f"format {OWNER} is broken: TypeError"),
        ("import no_such_module", f"format {OWNER} is broken: ModuleNotFoundError"),
    ],
)
def test_a_broken_format_is_named_and_stops_no_other(bench: Bench, body: str, reason: str) -> None:
    bench.plugin("worse", RENDERER.format(body=body), distribution="bench-worse")
    keep(bench.folder / "s.sqlite", one=("lenet",))
    result = bench("report", "--store", "s.sqlite")
    assert f"Warning: {reason}" in result.stderr
    assert {path.suffix for path in (bench.folder / "report").iterdir()} >= {".html", ".md", ".csv", ".tex"}
    chosen = bench("report", "--store", "s.sqlite", "--formats", "csv,worse", code=3)
    assert f"Error: {reason}" in chosen.stderr
    assert "Traceback" not in chosen.stderr


def test_a_format_that_cannot_be_loaded_stops_no_other(bench: Bench) -> None:
    bench.plugin(
        "worse", RENDERER.format(body="pass").replace("worse:render", "nowhere:render"), distribution="bench-worse"
    )
    keep(bench.folder / "s.sqlite", one=("lenet",))
    assert f"Warning: {OWNER} cannot be loaded" in bench("report", "--store", "s.sqlite").stderr


def test_a_run_that_two_suites_share_keeps_both_labels(bench: Bench) -> None:
    keep(bench.folder / "s.sqlite", one=("lenet",), two=("my-lenet",))
    assert rows(bench) == {"lenet": "2", "my-lenet": "2"}
    assert rows(bench, "one") == {"lenet": "2"}
    # Made once, whatever it is called.
    assert "2 runs: 2 ok" in bench("report", "--store", "s.sqlite").stdout


def test_a_run_that_two_suites_share_under_one_label_counts_once(bench: Bench) -> None:
    keep(bench.folder / "s.sqlite", one=("lenet",), two=("lenet",))
    assert rows(bench) == {"lenet": "2"}


def test_measures_limit_the_tables_of_every_format(bench: Bench) -> None:
    keep(bench.folder / "s.sqlite", one=("lenet",))
    bench("report", "--store", "s.sqlite", "--formats", "latex,csv", "--measures", "train_seconds,accuracy")
    with (bench.folder / "report" / "report.csv").open(encoding="utf-8") as file:
        measures = [row["measure"] for row in csv.DictReader(file)]
    assert list(dict.fromkeys(each for each in measures if each not in ("seeds", ""))) == ["train_seconds", "accuracy"]
    head = (bench.folder / "report" / "report.tex").read_text(encoding="utf-8").partition(r"\toprule")[2]
    assert 0 < head.index("Training") < head.index("Accuracy")


def test_an_unknown_measure_is_told_with_those_there_are(bench: Bench) -> None:
    keep(bench.folder / "s.sqlite", one=("lenet",))
    told = bench("report", "--store", "s.sqlite", "--measures", "acuracy", code=2).stderr
    assert "unknown measure 'acuracy' in --measures. Did you mean 'accuracy'? Available: accuracy, " in told


def test_a_format_whose_extra_is_missing_is_left_out_and_says_its_cure(bench: Bench) -> None:
    source = RENDERER.format(body="pass").replace('suffix=".txt"', 'suffix=".txt", requires=("no_such_module",)')
    bench.plugin("worse", source, distribution="bench-worse")
    keep(bench.folder / "s.sqlite", one=("lenet",))
    result = bench("report", "--store", "s.sqlite")
    assert "Note: worse needs no_such_module: pip install 'no_such_module'. The other formats" in result.stderr
    assert "pip install" in bench("report", "--store", "s.sqlite", "--formats", "worse", code=3).stderr


def test_formats_that_link_to_others_are_written_after_them(bench: Bench) -> None:
    pytest.importorskip("matplotlib")
    runs = [plan(label, seed=seed, run_id=f"{label}-{seed}") for label in ("lenet", "resnet") for seed in (0, 1)]
    with open_store(bench.folder / "s.sqlite", create=True) as store:
        store.set_plan(SuitePlan(suite="one", planned_at="2026-01-01", command="bench run one", runs=tuple(runs)))
        for run in runs:
            store.append(record(run))
    bench("report", "--store", "s.sqlite", "--formats", "markdown,latex,figures")
    folder = bench.folder / "report"
    names = [path.stem for path in (folder / "report_figures").glob("*.svg")]
    assert names
    assert all(f"](report_figures/{name}.svg)" in (folder / "report.md").read_text("utf-8") for name in names)
    assert all(f"{{report_figures/{name}.pdf}}" in (folder / "report.tex").read_text("utf-8") for name in names)


def test_in_a_pipe_no_sentence_is_folded(bench: Bench) -> None:
    keep(bench.folder / "s.sqlite", one=("lenet",))
    lines = bench("report", "--store", "s.sqlite", "--formats", "csv").stdout.splitlines()
    assert any(line.endswith(".") and len(line) > 100 for line in lines)
    assert max(len(line) for line in lines if "─" in line) <= 100


def test_a_format_that_is_no_default_is_written_where_it_is_named(bench: Bench) -> None:
    source = RENDERER.format(body="(folder / 'w.txt').write_text('w'); return folder / 'w.txt'")
    bench.plugin("worse", source.replace('suffix=".txt"', 'suffix=".txt", is_default=False'))
    keep(bench.folder / "s.sqlite", one=("lenet",))
    assert "w.txt" not in bench("report", "--store", "s.sqlite").stdout
    assert "w.txt" in bench("report", "--store", "s.sqlite", "--formats", "worse").stdout
