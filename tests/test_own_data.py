"""A user's own data: one command from a file to a page, with all that was inferred said, and a suite to edit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bench.cli import main
from bench.data import Dataset
from bench.errors import ChecksumMismatch
from bench.own_data import Inspection
from bench.plugins import Plugins, discover
from bench.runner.own_data import inspect_own
from bench.runner.plan import Choices, expand
from bench.sources import DataSource
from bench.spaces import Space
from bench.specs import resolve
from bench.store import open_store
from bench.suite import load_suite
from bench.suite_of_run import suite_of
from bench.tasks.classification import Classification
from bench.tasks.encoding import MOST_LEVELS, encoded_space, fit_encoder
from bench.testing import check_dataset
from bench.testing.poison import differences, poisoned
from bench_data.own_leaks import class_share_told, value_share_told
from bench_data.own_values import date_format, decimal_of, numbers
from tests.conftest import Bench
from tests.own_files import customers, images, leaking, table, temperatures

SUITE = """
[[compare]]
task = "{task}"
datasets = [{{ dataset = "csv", path = "{path}"{more} }}]
models = ["baseline"]
protocol = {{ name = "fixed-budget", epochs = 1 }}
"""


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return discover()


def seen(path: Path, *, task: str = "", **settings: object) -> Inspection:
    return inspect_own(discover(), path, settings=settings, task=task)


def loaded(found: Inspection) -> Dataset:
    dataset: Dataset = resolve(found.spec.target)(DataSource.of(found.spec))
    dataset.check()
    return dataset


def kinds(found: Inspection) -> dict[str, str]:
    return {fact.name: fact.kind for fact in found.columns}


def test_one_command_from_a_file_to_a_page(bench: Bench) -> None:
    customers(bench.folder / "kunden.csv")
    wanted = ("--models", "baseline,logistic-regression", "--seeds", "1", "--threads", "1")
    said = " ".join(bench("run", "--data", "kunden.csv", "--target", "Kündigung", *wanted).stdout.split())
    for sentence in (
        "target: 2 classes (ja",
        "Kunden-Nr id left out: another value in every row",
        "Land constant left out: 'DE' in every row",
        "becomes days, month, weekday",
        "numbers with a decimal comma",
        "Windows line ends",
        "1 row(s) without a value of 'Kündigung' are left out",
        "'?' counts as gaps",
        "119 samples",
        "The suite compares baseline, logistic-regression",
    ):
        assert sentence in said
    page = (bench.folder / "bench-results" / "report" / "kunden" / "report.html").read_text()
    assert "Kunden-Nr (another value in every row, so it names rows)" in page
    assert "Numbers with a decimal comma." in page
    assert {record["status"] for record in bench.records()} == {"ok"}
    # The suite that was written makes the same runs.
    again = bench("run", "bench-results/kunden.toml", *wanted, "--json").stdout
    assert json.loads(again)["made"] == {}
    # Without the file, the report still tells of it.
    (bench.folder / "kunden.csv").unlink()
    bench("report", "kunden", "--output", "later")
    assert "another value in every row" in (bench.folder / "later" / "report.md").read_text()


def test_what_gives_the_target_away_is_suspected_aloud(tmp_path: Path) -> None:
    found = seen(leaking(tmp_path / "houses.csv"), target="sold")
    assert [sentence.partition(":")[0] for sentence in found.suspected] == [
        "'id' alone tells the target (100.0%), though it only names rows",
        "'closed' alone tells the target (100.0%)",
    ]
    assert kinds(found) == {"sold": "category", "id": "id", "size": "number", "closed": "category"}
    dropped = seen(leaking(tmp_path / "again.csv"), target="sold", columns={"closed": "drop"})
    assert dropped.spec.inputs.names == ("size",)
    assert not any("'closed'" in sentence for sentence in dropped.suspected)
    assert any("closed (as asked)" in note for note in dropped.spec.notes)


def test_every_kind_of_column_can_be_overruled(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", "zip,score,day,y", "1{j}5,{i}.5,2020-01-{j}1,{i}")
    plain = seen(path, target="y")
    assert plain.spec.inputs.levels[0] == 0
    assert plain.spec.targets == Space()
    asked = seen(path, target="y", columns={"zip": "category", "day": "drop"})
    assert asked.spec.inputs.names == ("zip", "score")
    assert asked.spec.inputs.levels == (2, 0)


def test_the_task_decides_what_few_numbers_are(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", "x,stars", "{i}.5,{j}")
    classes, value = seen(path, target="stars"), seen(path, target="stars", task="regression")
    assert classes.spec.targets == Space(kind="index", size=2, names=("0", "1"))
    assert "2 different numbers, which are taken for classes" in " ".join(classes.said)
    assert (value.spec.targets, value.suggested["task"]) == (Space(), "regression")


def test_a_table_is_read_as_its_spec_says(tmp_path: Path) -> None:
    found = seen(customers(tmp_path / "kunden.csv"), target="Kündigung")
    dataset = check_dataset(found.spec)
    assert dataset.whole is not None
    row = dict(zip(found.spec.inputs.names, dataset.whole.x[0], strict=True))
    line = (tmp_path / "kunden.csv").read_bytes().decode("utf-8-sig").split("\r\n")[1].split(";")
    assert row["Umsatz (€)"] == pytest.approx(float(line[2].replace(",", ".")))
    assert found.spec.targets is not None
    assert found.spec.targets.names[int(dataset.whole.y[0])] == line[-1]  # type: ignore[index]
    when = np.datetime64("-".join(reversed(line[4].split("."))))
    assert row["Eintritt.days"] == (when - np.datetime64("2000-01-01")).astype(int)


def test_a_series_is_known_by_its_dates(tmp_path: Path) -> None:
    found = seen(temperatures(tmp_path / "weather.csv"))
    assert found.spec.ordered
    assert found.suggested["task"] == {"name": "forecasting", "look_back": 12, "horizon": 6}
    assert (found.spec.inputs.names, found.spec.inputs.period) == (("temperature", "rain"), 7)
    assert len(loaded(found).train) == 128
    alone = seen(temperatures(tmp_path / "one.csv"), task="forecasting", target="rain", period=30)
    assert (alone.spec.inputs.names, alone.spec.inputs.period) == (("rain",), 30)


def test_one_column_of_sentences_is_a_text(tmp_path: Path) -> None:
    path = table(tmp_path / "mails.tsv", "label\tmessage", "{j}\tthis is message number {i} of many")
    found = seen(path, target="label")
    assert found.spec.inputs.kind == "text"
    assert loaded(found).train.x[0].startswith("this is message")
    beside = table(tmp_path / "more.csv", "label,message,size", "{j},this is message number {i} of many,{i}.5")
    assert seen(beside, target="label").spec.inputs.names == ("size",)
    assert seen(beside, target="label", columns={"message": "text"}).spec.inputs.kind == "text"


def test_two_columns_of_sentences_leave_a_table(tmp_path: Path) -> None:
    line = "{j},this is message number {i} of many,and that is answer number {i} to it,{i}.5"
    found = seen(table(tmp_path / "t.csv", "y,message,reply,size", line), target="y")
    again = inspect_own(discover(), tmp_path / "t.csv", settings=found.spec.settings)
    assert again.spec.inputs.names == ("size",)
    assert loaded(again).train.x.shape == (38, 1)


def test_a_suite_names_data_by_their_path(tmp_path: Path, plugins: Plugins) -> None:
    customers(tmp_path / "kunden.csv")
    path = tmp_path / "mine.toml"
    path.write_text(SUITE.format(task="classification", path="kunden.csv", more=', target = "Kündigung"'))
    jobs = expand(load_suite(str(path)), plugins, Choices())
    assert {job.dataset.name for job in jobs} == {"kunden.csv"}
    assert jobs[0].dataset.files[0].at == str(tmp_path / "kunden.csv")
    path.write_text(SUITE.format(task="regression", path="kunden.csv", more=', target = "Alter", name = "ages"'))
    assert {job.dataset.name for job in expand(load_suite(str(path)), plugins, Choices())} == {"ages"}


def test_the_identity_follows_what_the_file_holds(tmp_path: Path) -> None:
    def run_ids(folder: str, name: str, rows: int) -> set[str]:
        (tmp_path / folder).mkdir(exist_ok=True)
        customers(tmp_path / folder / name, rows)
        path = tmp_path / folder / f"{name}.toml"
        path.write_text(SUITE.format(task="classification", path=name, more=', target = "Kündigung"'))
        return {job.plan.run_id for job in expand(load_suite(str(path)), discover(), Choices())}

    assert run_ids("a", "one.csv", 90) == run_ids("b", "two.csv", 90)
    assert not run_ids("a", "one.csv", 90) & run_ids("c", "one.csv", 91)


def test_no_encoder_sees_test_rows(tmp_path: Path) -> None:
    lines = [f"{i % 70},{i * 7 % 13}.5,{'ab'[i % 2]}" for i in range(400)]
    (tmp_path / "t.csv").write_text("\n".join(["town,size,y", *lines]))
    dataset = loaded(seen(tmp_path / "t.csv", target="y", columns={"town": "category"}))
    task = Classification()
    clean, other = task.prepare(dataset), task.prepare(poisoned(dataset, ("validation", "test")))
    assert differences(clean.train, other.train) == ""
    assert differences(clean.encoding, other.encoding) == ""
    assert clean.problem.input is not None
    assert clean.problem.input.levels == (MOST_LEVELS, 0)


@given(counts=st.lists(st.integers(0, 5), min_size=MOST_LEVELS + 1, max_size=80))
def test_rare_categories_count_as_one(counts: list[int]) -> None:
    raw = np.repeat(np.arange(len(counts)), counts).astype(np.float32)[:, None]
    if not len(raw):
        return
    space = Space("c", (1,), levels=(len(counts),))
    encoder = fit_encoder(space, raw, "standard", is_grouped=True)
    assert encoder.space == encoded_space(space, "standard", is_grouped=True)
    codes = encoder.encode(np.arange(len(counts), dtype=np.float32)[:, None])[0][:, 0]
    trained = sorted(np.array(counts)[np.array(counts) > 0])
    # Whoever has a code of its own was seen as often as any of those that share one.
    alone = [count for count, code in zip(counts, codes, strict=True) if code < MOST_LEVELS - 1]
    assert sorted(alone) == trained[-(MOST_LEVELS - 1) :]
    assert len(set(codes[codes < MOST_LEVELS - 1])) == len(alone)
    assert bool(np.isnan(codes).any()) == (len(trained) < MOST_LEVELS and 0 in counts)


@given(st.lists(st.floats(-1e6, 1e6).map(lambda value: round(value, 2)), min_size=1))
def test_numbers_are_read_however_they_are_written(values: list[float]) -> None:
    english = [f"{value:,.2f}" for value in values]
    german = [text.translate(str.maketrans(",.", ".,")) for text in english]
    for written, decimal in ((english, "."), (german, ",")):
        assert decimal_of([written], separator_is_comma=True) == decimal
        assert numbers(written, decimal).tolist() == pytest.approx(values)  # type: ignore[arg-type]
        assert numbers([f"{text} €" for text in written], decimal).tolist() == pytest.approx(values)  # type: ignore[arg-type]


def test_codes_and_dates_are_no_numbers() -> None:
    assert np.isnan(numbers(["007", "1234567890123456", "", "x", "1 2"], ".")).all()
    assert date_format(["2020-01-31", "", "2020-02-01"]) == ("ISO8601", "")
    assert date_format(["31.01.2020", "01.02.2020"])[0] == "%d.%m.%Y"
    assert date_format(["01/02/2020", "03/04/2020"]) == ("%m/%d/%Y", "%d/%m/%Y")
    assert date_format(["north-east", "south"]) == ("", "")


@pytest.mark.parametrize(("noise", "is_leak"), [(0.0, True), (0.3, False)])
def test_a_column_that_tells_the_target(noise: float, is_leak: bool) -> None:
    draw = np.random.RandomState(0)
    column = draw.normal(size=500)
    labels = (column + noise * draw.normal(size=500) > 0.3).astype(np.int64)
    assert (class_share_told(column, labels) > 0.98) == is_leak
    assert (value_share_told(column, np.exp(column) + noise * draw.normal(size=500)) > 0.98) == is_leak
    assert class_share_told(draw.normal(size=500), labels) < 0.6


def test_a_dry_run_writes_nothing_and_says_it_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    leaking(tmp_path / "houses.csv")
    words = ["run", "--data", "houses.csv", "--target", "sold", "--drop", "closed", "--dry-run", "--json"]
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 0
    said = json.loads(capsys.readouterr().out)
    assert {run["action"] for run in said["runs"]} == {"run"}
    assert said["data"]["samples"] == 100
    assert [column["kind"] for column in said["data"]["columns"]] == ["category", "id", "number", "drop"]
    assert [path.name for path in tmp_path.iterdir()] == ["houses.csv"]
    with pytest.raises(SystemExit):
        main([*words, "--write-suite", "my.toml"])
    jobs = expand(load_suite("my.toml"), discover(), Choices())
    assert {job.dataset.inputs.names for job in jobs} == {("size",)}


def test_an_edited_suite_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    leaking(tmp_path / "houses.csv")
    words = ["run", "--data", "houses.csv", "--target", "sold"]
    with pytest.raises(SystemExit):
        main([*words, "--dry-run", "--write-suite", "bench-results/houses.toml"])
    suite = tmp_path / "bench-results" / "houses.toml"
    suite.write_text(suite.read_text().replace('size = "number"', 'size = "category"'))
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "was edited since it was written: run it" in capsys.readouterr().err
    assert 'size = "category"' in suite.read_text()


def test_a_run_on_own_data_can_be_written_as_a_suite(bench: Bench) -> None:
    leaking(bench.folder / "houses.csv")
    said = bench("run", "--data", "houses.csv", "--target", "sold", "--models", "baseline", "--seeds", "1").stdout
    page = (bench.folder / "bench-results" / "report" / "houses" / "report.md").read_text()
    for sentence in ("'closed' alone tells the target (100.0%)", "though it only names rows: they seem to be sorted"):
        assert sentence in said
        assert sentence in page
    with open_store(bench.folder / "bench-results" / "bench.sqlite", create=False) as store:
        (record,), plan = list(store.records()), store.plans()["houses"]
    (dataset,) = suite_of(record, {spec.name: spec for spec in plan.datasets})["compare"][0]["datasets"]
    assert dataset["path"] == str(bench.folder / "houses.csv")
    (bench.folder / "again.toml").write_text(bench("show", record.run.run_id, "--as-suite").stdout)
    assert json.loads(bench("run", "again.toml", "--json").stdout)["made"] == {}


def test_a_folder_of_images_becomes_images_of_one_size(tmp_path: Path) -> None:
    found = seen(images(tmp_path / "photos"))
    assert found.spec.inputs == Space("chw", (3, 16, 16), bounds=(0.0, 1.0))
    assert found.spec.name == "photos-folder"
    dataset = check_dataset(found.spec)
    assert dataset.whole is not None
    means = [dataset.whole.x[dataset.whole.y == label].mean() for label in (0, 1)]
    assert means[1] - means[0] == pytest.approx(120, abs=5)
    assert seen(tmp_path / "photos", side=8, channels=1).spec.inputs.shape == (1, 8, 8)
    Image.new("RGB", (16, 16)).save(tmp_path / "photos" / "cat" / "0.png")
    with pytest.raises(ChecksumMismatch, match="changed since they were looked through"):
        loaded(found)
    changed = seen(tmp_path / "photos")
    assert changed.spec.files[0].checksum != found.spec.files[0].checksum


def test_every_reader_suggests_what_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    images(tmp_path / "photos")
    temperatures(tmp_path / "weather.csv")
    table(tmp_path / "mails.tsv", "label\tmessage", "{j}\tthis is message number {i} of many")
    table(tmp_path / "sizes.csv", "a,b", "{i}.5,{i}.25")
    for path, words, needed in (
        ("photos", (), {"baseline", "logistic-regression", "mlp-1", "lenet"}),
        ("weather.csv", (), {"baseline", "seasonal-naive", "dlinear"}),
        ("mails.tsv", ("--target", "label"), {"baseline", "naive-bayes", "logistic-regression"}),
        ("sizes.csv", ("--target", "b"), {"baseline", "ridge", "hist-gradient-boosting", "mlp", "tabular-resnet"}),
    ):
        with pytest.raises(SystemExit) as ended:
            main(["run", "--data", path, *words, "--dry-run", "--write-suite", "s.toml"])
        assert ended.value.code == 0, capsys.readouterr().err
        assert needed <= {job.plan.model for job in expand(load_suite("s.toml"), discover(), Choices())}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize(("separator", "mark"), [(",", "."), (";", ","), ("\t", ","), ("|", ".")])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_table_is_the_same_however_it_is_written(
    tmp_path: Path, encoding: str, separator: str, mark: str, end: str
) -> None:
    rows = [
        [f"{i}.25", ["süß", "zäh"][i % 3 == 0], "" if i % 7 == 0 else f'"a{separator}""{i % 4}"""', f"{i * i}"]
        for i in range(40)
    ]
    texts = [separator.join([row[0].replace(".", mark), *row[1:]]) for row in rows]
    names = separator.join(["größe", "art", "note", "preis"])
    (tmp_path / "t.csv").write_bytes(end.join([names, *texts, ""]).encode(encoding))
    found = seen(tmp_path / "t.csv", target="preis")
    assert (found.spec.inputs.names, found.spec.inputs.levels) == (("größe", "art", "note"), (0, 2, 4))
    whole = loaded(found).whole
    assert whole is not None
    assert whole.y is not None
    assert whole.x[:, 0].tolist() == [i + 0.25 for i in range(40)]
    assert whole.x[:, 1].tolist() == [float(i % 3 == 0) for i in range(40)]
    assert np.isnan(whole.x[:, 2]).tolist() == [i % 7 == 0 for i in range(40)]
    assert whole.y.tolist() == [float(i * i) for i in range(40)]


def test_a_parquet_file_is_the_same_table(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    import pandas as pd

    frame = pd.DataFrame(
        {
            "when": pd.date_range("2020-01-01", periods=60),
            "size": [None if i == 3 else i / 4 for i in range(60)],
            "kind": pd.Categorical(["ab"[i % 2] for i in range(60)]),
            "y": [i % 3 == 0 for i in range(60)],
        }
    )
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_csv(tmp_path / "t.csv", index=False)
    packed, plain = seen(tmp_path / "t.parquet", target="y"), seen(tmp_path / "t.csv", target="y")
    assert (packed.spec.inputs, packed.spec.targets) == (plain.spec.inputs, plain.spec.targets)
    np.testing.assert_array_equal(loaded(packed).train.x, loaded(plain).train.x)
