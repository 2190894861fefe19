"""Data that cannot be used end in one sentence: the file, the place in it and the cure; never in a traceback."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from bench.cli import main
from tests.own_files import images, table, temperatures

Made = Callable[[Path], object]
ROWS = "\n".join(f"{number},{number * 7 % 11},{'ab'[number % 2]}" for number in range(40))


def written(name: str, content: str | bytes) -> Made:
    def write(folder: Path) -> None:
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    return write


def lines(name: str, header: str, line: str, rows: int = 40) -> Made:
    return lambda folder: table(folder / name, header, line, rows)


def folder_of(*classes: str, count: int = 12, spoilt: str = "", content: bytes = b"no image") -> Made:
    def write(folder: Path) -> None:
        images(folder / "photos", classes, count)
        if spoilt:
            (folder / "photos" / spoilt).write_bytes(content)

    return write


def unreadable(folder: Path) -> None:
    if os.geteuid() == 0:
        # Root may read every file but this one.
        (folder / "t.csv").symlink_to("/proc/self/mem")
    else:
        table(folder / "t.csv", "x,y", "{i}.5,{j}").chmod(0)


def unordered(folder: Path) -> None:
    path = temperatures(folder / "t.csv")
    head, first, second, *rest = path.read_text().split("\n")
    path.write_text("\n".join([head, second, first, *rest]))


def torn(folder: Path) -> None:
    images(folder / "photos")
    path = folder / "photos" / "cat" / "3.png"
    path.write_bytes(path.read_bytes()[:150])


def with_hole(folder: Path) -> None:
    path = temperatures(folder / "t.csv")
    rows = path.read_text().split("\n")
    rows[9] = rows[9].partition(",")[0] + ",,1"
    path.write_text("\n".join(rows))


Y = ("--target", "y")
SERIES = ("--task", "forecasting")
CASES: dict[str, tuple[Made, str, tuple[str, ...], list[str]]] = {
    "empty": (written("t.csv", ""), "t.csv", Y, ["is empty", "a line of column names"]),
    "header only": (written("t.csv", "x,y\n"), "t.csv", Y, ["and no rows"]),
    "no header": (lines("t.csv", "1,2", "{i},{j}"), "t.csv", Y, ["line 1 holds values", "put a line of names above"]),
    "one row": (written("t.csv", "x,y\n1,a\n"), "t.csv", Y, ["has 1 row(s)", "at least 20"]),
    "one class": (lines("t.csv", "x,y", "{i}.5,yes"), "t.csv", Y, ["'y' is 'yes' in every row", "two classes"]),
    "a constant number": (
        lines("t.csv", "x,y", "{i}.5,1.5"), "t.csv", (*Y, "--task", "regression"), ["is 1.5 in every row"],
    ),
    "no target named": (lines("t.csv", "x,y", "{i}.5,{j}"), "t.csv", (), ["--target COLUMN, one of: x, y"]),
    "a misspelt target": (
        lines("t.csv", "x,Churn", "{i}.5,{j}"), "t.csv", ("--target", "chrun"), ["no column 'chrun'", "'Churn'?"],
    ),
    "a misspelt column": (
        lines("t.csv", "size,y", "{i}.5,{j}"), "t.csv", (*Y, "--drop", "siez"), ["no column 'siez'", "'size'?"],
    ),
    "an unknown kind": (
        lines("t.csv", "x,y", "{i}.5,{j}"), "t.csv", (*Y, "--column", "x=int"), ["columns.x = 'int'", "'number'"],
    ),
    "an empty target": (lines("t.csv", "x,y", "{i}.5,"), "t.csv", Y, ["'y' is empty in every row", "--target"]),
    "no column with values": (
        lines("t.csv", "x,k,y", ",1,{j}"), "t.csv", Y, ["no column is left", "x: left out: no value at all"],
    ),
    "a short line": (written("t.csv", f"x,z,y\n{ROWS}\n1,2\n"), "t.csv", Y, ["line 42 has 2 values", "3 columns"]),
    "a long line": (written("t.csv", f"x,z,y\n1,2,a,4\n{ROWS}"), "t.csv", Y, ["line 2 has 4 values", "double quotes"]),
    "an open quote": (written("t.csv", f'x,z,y\n{ROWS}\n1,"2,a\n'), "t.csv", Y, ["line 42", "double quotes"]),
    "binary": (written("t.csv", b"\x7fELF\x02\0\0\0" * 40), "t.csv", Y, ["is no text", "Save the table as CSV"]),
    "a broken encoding": (
        written("t.csv", b"x,y\n1,\x81\x8d\x8f\n"), "t.csv", Y, ["line 2", "cp1252", "as UTF-8"],
    ),
    "a cut UTF-16": (written("t.csv", b"\xff\xfex\0,\0y\0\n\0\x00\xd8"), "t.csv", Y, ["utf-16", "as UTF-8"]),
    "the same name twice": (
        lines("t.csv", "x,x,y", "{i},{i},{j}"), "t.csv", Y, ["'x' more than once (columns 1 and 2)", "of its own"],
    ),
    "a target of names": (lines("t.csv", "x,y", "{i}.5,name{i}"), "t.csv", Y, ["40 different values in 40 rows"]),
    "a target of dates": (lines("t.csv", "x,y", "{i}.5,2020-01-1{j}"), "t.csv", Y, ["'y' holds dates"]),
    "a rare class": (
        written("t.csv", f"x,z,y\n{ROWS}\n7,7,c\n"), "t.csv", Y, ["'c' (1)", "Each needs 3", "add some, join classes"],
    ),
    "infinite": (written("t.csv", f"x,z,y\n{ROWS}\n1e99,2,a\n"), "t.csv", Y, ["line 42: 'x' is 1e99", "--drop 'x'"]),
    "a task that does not fit": (
        lines("t.csv", "x,y", "{i}.5,{j}"), "t.csv", (*Y, "--task", "image-generation"), ["needs images"],
    ),
    "a folder without folders": (lambda folder: (folder / "photos").mkdir(), "photos", (), ["has no folders in it"]),
    "another ending": (written("t.xlsx", "x"), "t.xlsx", Y, ["ending '.xlsx'", "csv: .csv"]),
    "a path that is not there": (lines("houses.csv", "x,y", "{i},{j}"), "house.csv", Y, ["mean 'houses.csv'?"]),
    "no permission": (unreadable, "t.csv", Y, ["t.csv cannot be read: ", "chmod"]),
    "one class of images": (folder_of("cat"), "photos", (), ["images in cat alone", "two folders or more"]),
    "an image that is none": (
        folder_of("cat", "dog", spoilt="dog/99.png"), "photos", (), ["dog/99.png is no image", "take it out"],
    ),
    "a torn image": (torn, "photos", (), ["cat/3.png is no image that can be read"]),
    "few images": (folder_of("cat", "dog", count=2), "photos", (), ["cat (2), dog (2)", "Each needs 3"]),
    "a column for images": (folder_of("cat", "dog"), "photos", Y, ["a folder of images: setting target"]),
    "a series without dates": (
        lines("t.csv", "a,b", "{i}.5,{j}", 99), "t.csv", SERIES, ["no column of dates", "another task with --target"],
    ),
    "a series out of order": (
        unordered, "t.csv", SERIES, ["line 3: '2020-01-01' does not come after '2020-01-02'", "sort the rows"],
    ),
    "a series with a gap": (with_hole, "t.csv", SERIES, ["line 10: the series 'temperature' has a gap", "--drop"]),
    "two series below each other": (
        lines("t.csv", "date,a", "2020-01-01,{i}", 99), "t.csv", SERIES, ["keep one row for each point in time"],
    ),
    "a short series": (lambda folder: temperatures(folder / "t.csv", 20), "t.csv", SERIES, ["20 steps; at least 50"]),
    "Parquet without pyarrow": (
        written("t.parquet", b"PAR1garbage"), "t.parquet", Y,
        ["save it as CSV"] if find_spec("pyarrow") else ["pyarrow", "pip install 'depthbench[parquet]'"],
    ),
    "Parquet under a wrong name": (
        written("t.csv", b"PAR1garbage"), "t.csv", Y,
        ["save it as CSV"] if find_spec("pyarrow") else ["pyarrow", "pip install 'depthbench[parquet]'"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_clear_error(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make, path, options, told = CASES[name]
    make(tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["run", "--data", path, *options])
    said = capsys.readouterr()
    assert ended.value.code in (2, 3)
    assert "Traceback" not in said.err
    assert said.err.startswith("Error: ")
    assert len(said.err.strip().splitlines()) == 1
    assert [sentence for sentence in (*told, path.partition(".")[0]) if sentence not in said.err] == []
    # Nothing is left behind by what could not begin.
    assert not (tmp_path / "bench-results").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "name a suite (bench list suites), or your own data"),
        (["quickstart", "--data", "t.csv"], "leave quickstart out"),
        (["quickstart", "--target", "y"], "--target: this belongs to --data FILE"),
        (["--data", "t.csv", "--target", "y", "--column", "x"], "write it as NAME=KIND"),
        (["--data", "t.csv", "--target", "y", "--task", "clasification"], "Did you mean 'classification'?"),
    ],
)
def test_options_that_contradict_each_other(
    words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    table(tmp_path / "t.csv", "x,y", "{i}.5,{j}")
    with pytest.raises(SystemExit) as ended:
        main(["run", *words])
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_mistakes_in_a_suite_name_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    table(tmp_path / "t.csv", "x,y", "{j}.5,{j}")
    (tmp_path / "s.toml").write_text(
        '[[compare]]\ntask = "classification"\nmodels = ["baseline"]\n'
        'protocol = { name = "fixed-budget", epochs = 1 }\ndatasets = [\n  { path = "t.csv", target = "z" },\n'
        '  { path = "t.csv", target = "y", colums = 1 },\n  { dataset = "iris", target = "y" },\n'
        '  { path = "t.csv", target = "y" },\n  { path = "t.csv", target = "x" },\n]\n'
    )
    with pytest.raises(SystemExit) as ended:
        main(["run", "s.toml", "--dry-run"])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    for told in (
        "line 6: ", "no column 'z'", "line 7: ", "setting colums: ", "line 8: ", "only your own data",
        "line 10: ", "two different data sets are called 't.csv'",
    ):  # fmt: skip
        assert told in said
