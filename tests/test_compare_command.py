"""`bench compare` as a command: what a name stands for, exit codes, JSON, and lines that a pipe gets whole."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bench.arrays import pack
from bench.cli import main
from bench.cli.sides import find_side
from bench.errors import UnknownName, UsageError
from bench.record import SuitePlan
from bench.store import open_store
from tests.comparisons import accuracies, run
from tests.report_records import ENVIRONMENT, plan


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    """Two results files: in `after.sqlite` lenet is worse; `before.sqlite` holds two suites and two labels."""
    for name, base in (("before", 0.95), ("after", 0.85)):
        with open_store(tmp_path / f"{name}.sqlite", create=True) as store:
            store.add_environment(ENVIRONMENT)
            records = [
                *accuracies(base),
                *(run(seed, 0.9 + seed**2 / 1e4, label="mlp", suite="t") for seed in range(6)),
            ]
            for each in records:
                store.append(each)
            for suite in ("quickstart", "t"):
                runs = tuple(each.run for each in records if each.run.suite == suite)
                store.set_plan(SuitePlan(suite=suite, planned_at="", command="bench run", runs=runs))
    return tmp_path


def bench(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["compare", *words])
    return int(ended.value.code or 0)


def test_exit_codes(stores: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = str(stores / "before.sqlite"), str(stores / "after.sqlite")
    assert bench(before, after) == 0
    assert "Worse" in capsys.readouterr().out
    assert bench(before, after, "--fail-on", "regression") == 1
    assert bench(after, before, "--fail-on", "regression") == 0
    assert bench(before, after, "--fail-on", "regression", "--margin", "accuracy=0.2") == 0
    assert bench(before, before) == 2
    assert bench(before, str(stores / "none.sqlite")) == 2
    assert "there is no results file" in capsys.readouterr().err
    assert bench(before, after, "--margin", "much") == 2
    assert bench(before, after, "--margin", "acuracy=1") == 2
    assert "no such measure" in capsys.readouterr().err


def test_nothing_comparable_is_exit_code_three(stores: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_store(stores / "other.sqlite", create=True) as store:
        store.append(run(0, dataset="iris"))
    assert bench(str(stores / "before.sqlite"), str(stores / "other.sqlite"), "--fail-on", "regression") == 3
    captured = capsys.readouterr()
    assert "Nothing could be compared" in captured.err
    assert "Only in B:\n  iris · " in captured.out


def test_json_document(stores: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(str(stores / "before.sqlite"), str(stores / "after.sqlite"), "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert {each["label"] for each in document["changes"] if each["outcome"] == "worse"} == {"lenet"}
    assert document["changes"][0]["settings"]["protocol.epochs"] == "20"


def test_answers_that_cannot_be_read_are_told_and_end_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, accuracy in (("before", 0.9), ("after", 0.8)):
        with open_store(tmp_path / f"{name}.sqlite", create=True) as store:
            store.add_environment(ENVIRONMENT)
            for seed in range(3):
                made = run(seed, accuracy, kept=("labels", "probabilities"), identity={"source": name})
                store.append(made, answer=b"no archive", truth=pack({"labels": np.arange(4) % 2}))
    assert bench(str(tmp_path / "before.sqlite"), str(tmp_path / "after.sqlite")) == 0
    assert "Warning: The answers of lenet on digits, seed 0, cpu cannot be read" in capsys.readouterr().err


def test_names_are_looked_up_in_order(stores: Path) -> None:
    store = stores / "before.sqlite"
    assert find_side(str(store), store).kind == "results file"
    assert find_side("quickstart", store).kind == "suite"
    assert find_side("mlp", store).kind == "label"
    assert {each.run.label for each in find_side("suite:t", store).records} == {"mlp"}
    assert len(find_side("label:lenet", store).records) == 6
    with pytest.raises(UnknownName, match=r"unknown suite or label 'lent'.* Did you mean 'lenet'"):
        find_side("lent", store)
    with pytest.raises(UnknownName, match="unknown suite 'mlp'"):
        find_side("suite:mlp", store)
    with pytest.raises(UsageError, match=r"no store .* to look for"):
        find_side("mlp", stores / "none.sqlite")


def test_a_name_that_is_suite_and_label_is_refused(stores: Path) -> None:
    store = stores / "before.sqlite"
    with open_store(store, create=True) as opened:
        opened.set_plan(SuitePlan(suite="mlp", planned_at="", command="", runs=(plan("mlp"),)))
    with pytest.raises(UsageError, match="write suite:mlp or label:mlp"):
        find_side("mlp", store)
    assert find_side("label:mlp", store).kind == "label"


def test_hostile_names_stay_text(stores: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = stores / "x.sqlite"
    with open_store(store, create=True) as opened:
        for label in ("[bold]x[/bold]", "[/nothing]"):
            opened.append(run(0, label=label))
    assert bench("label:[bold]x[/bold]", "label:[/nothing]", "--store", str(store)) == 0
    assert "[bold]x[/bold] → [/nothing]" in capsys.readouterr().out


def test_a_pipe_gets_every_line_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    name = "a model whose name is longer than any terminal is wide " * 6
    for file, base in (("before", 0.95), ("after", 0.85)):
        with open_store(tmp_path / f"{file}.sqlite", create=True) as store:
            for each in (*accuracies(base, label=name), *accuracies(base, label="lenet")):
                store.append(each)
            store.append(run(0, label=f"{name}, {file}"))
    assert bench(str(tmp_path / "before.sqlite"), str(tmp_path / "after.sqlite")) == 0
    lines = capsys.readouterr().out.splitlines()
    assert name in lines
    (row,) = {line for line in lines if line.startswith("  Accuracy") and "-0.1" in line and line.endswith("seeds")}
    assert len(row) > 40
    assert lines[lines.index("Only in A:") + 1] == f"  {name}, before"
    assert lines[lines.index("Only in B:") + 1] == f"  {name}, after"


def test_every_cell_that_one_side_lacks_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = [f"model-{number}" for number in range(12)]
    for file, kept in (("before", labels), ("after", labels[:2])):
        with open_store(tmp_path / f"{file}.sqlite", create=True) as store:
            for label in kept:
                store.append(run(0, label=label))
    assert bench(str(tmp_path / "before.sqlite"), str(tmp_path / "after.sqlite")) == 0
    lines = capsys.readouterr().out.splitlines()
    start = lines.index("Only in A:")
    assert lines[start + 1 : start + 11] == [f"  {label}" for label in labels[2:]]
    assert any("10 cells without a partner" in line for line in lines)
