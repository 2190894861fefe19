"""A suite file's mistakes are named with file, line, value and a suggestion."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import SuiteError, UnknownName
from bench.plugins import Plugins, discover
from bench.runner.jobs import Job
from bench.runner.plan import Choices, expand
from bench.suite import Splits, load_suite, read_suite, shipped_suites

GOOD = """\
seeds = 2

[[compare]]
task = "classification"
datasets = ["digits", "iris"]
models = ["mlp-1", { model = "mlp", label = "wide", hyperparameters = { width = 512 } }]
protocol = { name = "fixed-budget", epochs = 3 }
"""


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return discover()


def write(folder: Path, text: str) -> str:
    path = folder / "suite.toml"
    path.write_text(text)
    return str(path)


def plan(folder: Path, text: str, plugins: Plugins, **choices: object) -> list[Job]:
    return expand(load_suite(write(folder, text)), plugins, Choices(**choices))  # type: ignore[arg-type]


def test_a_suite_expands_to_models_by_data_sets_by_seeds(tmp_path: Path, plugins: Plugins) -> None:
    jobs = plan(tmp_path, GOOD, plugins)
    assert len({job.plan.run_id for job in jobs}) == len(jobs) == 8
    assert [job.plan.seed for job in jobs] == [0] * 4 + [1] * 4
    wide = next(job.plan for job in jobs if job.plan.label == "wide")
    assert wide.hyperparameters["width"] == 512
    assert wide.model == "mlp"


@pytest.mark.parametrize("name", sorted(shipped_suites()))
def test_shipped_suites_are_valid(name: str, plugins: Plugins) -> None:
    file = load_suite(name)
    assert file.suite.description
    assert expand(file, plugins, Choices())


def test_all_promised_suites_are_shipped() -> None:
    promised = {
        "quickstart",
        "mnist",
        "fashion-mnist",
        "cifar10",
        "tabular",
        "tables",
        "tables-small",
        "regression",
        "regression-small",
        "series",
        "series-small",
        "text",
        "text-small",
        "memory",
        "memory-small",
        "sequences",
        "sequences-small",
        "pixels",
        "permuted",
        "generative-mnist",
        "generative-small",
        "conditional",
        "conditional-small",
    }
    assert promised <= set(shipped_suites())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seeds = 2", "seds = 2", r"line 1: unknown key 'seds'\. Did you mean 'seeds'\?"),
        ("seeds = 2", "seeds = -1", "line 1: seeds = "),
        ("seeds = 2", "seeds = [0, 'a']", r"line 1: seeds\.1 = 'a'"),
        ("seeds = 2", "seeds = ", "is not valid TOML"),
        ("seeds = 2", 'seeds = "3"', r"line 1: seeds = '3': a number of seeds or a list.*; write 3 without quotes"),
        ("seeds = 2", "seeds = 2\nthreads = '1'", "line 2: threads = '1': a whole number is needed: write 1 without"),
        ("seeds = 2", "seeds = 2\npaired = 1", "line 2: paired = 1: true or false is needed"),
        ("epochs = 3", 'epochs = "2"', r"line 7: protocol\.epochs = '2': a whole number is needed: write 2 without"),
        ("epochs = 3", "epochs = 2.5", r"line 7: protocol\.epochs = 2\.5: a whole number is needed$"),
        ("epochs = 3", "epochs = 3, schedule = 'cos'", "line 7: .*schedule = 'cos': must be 'constant' or 'cosine'"),
        ("width = 512", 'width = "4"', r"line 6: mlp\.width = '4': a whole number is needed: write 4 without quotes"),
        ("width = 512", "width = [4]", r"line 6: compare.*hyperparameters\.width = \[4\]: .*is needed"),
        ("epochs = 3", "epochs = 0", r"line 7: protocol\.epochs = 0: must be greater than 0"),
        ("epochs = 3", "epoch = 3", r"line 7: unknown setting protocol\.epoch\. Did you mean 'epochs'\?"),
        ("epochs = 3", "epochs = 3, steps = 4", r"line 7: protocol: give exactly one of .* got epochs, steps"),
        ('task = "classification"', 'tsk = "classification"', "'compare.0.task' is missing"),
        ("width = 512", "widht = 512", r"unknown hyperparameter of model 'mlp': 'widht'.*Did you mean 'width'"),
        ("width = 512", 'width = "wide"', r"line 6: mlp\.width = 'wide': a whole number is needed"),
        ('"mlp-1"', '"mlp1"', r"unknown model 'mlp1' in .*line 6\. Did you mean 'mlp-1'"),
        ('"iris"', '"irs"', r"unknown data set 'irs' in .*line 5\. Did you mean 'iris'"),
        ('"classification"', '"clasification"', r"unknown task 'clasification' in .*line 4"),
        ('"fixed-budget"', '"fixed"', r"unknown protocol 'fixed' in .*line 7"),
        ('"classification"', '"image-generation"', "line 5: image-generation needs images"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, plugins: Plugins, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises((SuiteError, UnknownName), match=message):
        plan(tmp_path, GOOD.replace(old, new, 1), plugins)


def test_whole_numbers_stand_for_numbers(tmp_path: Path, plugins: Plugins) -> None:
    jobs = plan(tmp_path, GOOD.replace("epochs = 3", "seconds = 3, learning_rate = 1"), plugins)
    assert jobs[0].plan.settings["protocol"]["seconds"] == 3.0


MISTAKEN = """\
seeds = "3"
threds = 1

[[compare]]
task = "classification"
datasets = ["digits", 7, "irs"]
models = ["mlp-1", { label = "nothing" }, { model = "mlp", hyperparameters = { depth = "4", widht = 1 } }, "mlp1"]
protocol = { name = "fixed-budget", epoch = 3, batch_size = "2" }

[[compare]]
task = "clasification"
models = []
protocol = "fixed"
"""


def test_mistakes_of_every_stage_are_told_at_once_in_the_order_of_the_file(tmp_path: Path, plugins: Plugins) -> None:
    with pytest.raises(SuiteError) as raised:
        expand(read_suite(write(tmp_path, MISTAKEN)), plugins, Choices())
    title, *lines = str(raised.value).splitlines()
    assert title.startswith("14 mistakes in ")
    expected = (
        (1, "seeds = '3'"),
        (2, "unknown key 'threds'. Did you mean 'threads'?"),
        (6, "compare.0.datasets.1 = 7: a text in quotes is needed"),
        (6, "unknown data set 'irs'"),
        (7, "compare.0.models.1: name a model"),
        (7, "mlp.depth = '4': a whole number is needed: write 4 without quotes"),
        (7, "unknown hyperparameter of model 'mlp': 'widht'"),
        (7, "unknown model 'mlp1'"),
        (8, "unknown setting protocol.epoch. Did you mean 'epochs'?"),
        (8, "protocol.batch_size = '2': a whole number is needed: write 2 without quotes"),
        (10, "'compare.1.datasets' is missing"),
        (11, "unknown task 'clasification'"),
        (12, "compare.1.models is empty"),
        (13, "unknown protocol 'fixed'"),
    )
    for line, text in expected:
        assert any(f"line {line}" in each and text in each for each in lines), text
    numbers = [int(each.partition("line ")[2].split(":")[0].split(".")[0]) for each in lines]
    assert numbers == sorted(numbers)
    assert not any("Input should" in each or "valid integer" in each for each in lines)


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        ("0", "line 1: splits = 0: must be 1 or more"),
        ('"kfolds"', "line 1: splits = 'kfolds': must be 'official', 'holdout' or 'kfold'"),
        ('{ scheme = "kfold" }', "line 1: splits: 1 fold leaves nothing to train on"),
        ('{ scheme = "kfold", count = 3, numbers = [3] }', "line 1: splits: numbers has 3; with count = 3"),
        ('{ count = 5, scheem = "kfold" }', "line 1: unknown key 'splits.scheem'. Did you mean 'scheme'"),
    ],
)
def test_splits_that_cannot_be_are_named(tmp_path: Path, splits: str, message: str) -> None:
    with pytest.raises(SuiteError, match=message):
        load_suite(write(tmp_path, f"splits = {splits}\n{GOOD}"))


def test_splits_go_with_seeds(tmp_path: Path, plugins: Plugins) -> None:
    def made(more: str, **choices: object) -> list[tuple[int, str, int]]:
        jobs = plan(tmp_path, f"{more}\n{GOOD}", plugins, **choices)
        plans = [job.plan for job in jobs if job.plan.dataset == "iris" and job.plan.label == "wide"]
        return [(plan.seed, plan.split.scheme, plan.split.number) for plan in plans]

    assert made('splits = "official"') == [(0, "official", 0), (1, "official", 0)]
    assert made("splits = 3") == [(0, "holdout", 0), (1, "holdout", 1), (0, "holdout", 2)]
    assert len(made("splits = 3\npaired = false")) == 6
    assert made('splits = { scheme = "kfold", count = 2 }') == [(0, "kfold", 0), (1, "kfold", 1)]
    assert made("splits = 3", seeds=(1,)) == [(1, "holdout", 1)]
    assert made("splits = 3", splits=Splits(scheme="kfold", count=2), seeds=(4,)) == [(4, "kfold", 0), (4, "kfold", 1)]


def test_a_comparison_has_splits_of_its_own(tmp_path: Path, plugins: Plugins) -> None:
    text = GOOD + "splits = 4\n" + GOOD.partition("\n\n")[2].replace("epochs = 3", "epochs = 4")
    jobs = plan(tmp_path, f"splits = 'official'\n{text}", plugins)
    by_epochs = {(job.plan.settings["protocol"]["epochs"], job.plan.split.scheme) for job in jobs}
    assert by_epochs == {(3, "holdout"), (4, "official")}
    ids = {job.plan.run_id for job in jobs}
    assert len(ids) == len(jobs), "the split is part of a run's identity"


def test_small_data_without_an_official_test_part_have_a_cut_for_each_seed(tmp_path: Path, plugins: Plugins) -> None:
    def numbers(dataset: str) -> set[tuple[str, int]]:
        jobs = plan(tmp_path, GOOD.replace('"digits", "iris"', f'"{dataset}"'), plugins)
        return {(job.plan.split.scheme, job.plan.split.number) for job in jobs}

    assert numbers("iris") == {("holdout", 0), ("holdout", 1)}
    assert numbers("mnist") == {("official", 0)}


def test_an_unknown_suite_names_the_shipped_ones() -> None:
    with pytest.raises(UnknownName, match=r"unknown suite 'quikstart'.*Did you mean 'quickstart'\?"):
        load_suite("quikstart")


def test_a_missing_file_is_named() -> None:
    with pytest.raises(SuiteError, match=r"nowhere\.toml does not exist"):
        load_suite("nowhere.toml")


def test_the_command_line_narrows_and_adds(tmp_path: Path, plugins: Plugins) -> None:
    def labels(**choices: object) -> set[str]:
        return {job.plan.label for job in plan(tmp_path, GOOD, plugins, **choices)}

    assert labels(models=("wide",)) == {"wide"}
    assert labels(models=("logistic-regression",)) == {"logistic-regression"}
    assert labels(models=("+logistic-regression",)) == {"mlp-1", "wide", "logistic-regression"}
    assert {job.plan.dataset for job in plan(tmp_path, GOOD, plugins, datasets=("iris",))} == {"iris"}
    assert {job.plan.seed for job in plan(tmp_path, GOOD, plugins, seeds=(7, 9))} == {7, 9}
    with pytest.raises(UnknownName, match="unknown model 'lenett' in --models"):
        labels(models=("lenett",))


def test_a_black_box_stays_on_the_cpu(tmp_path: Path, plugins: Plugins) -> None:
    text = GOOD.replace('"mlp-1"', '"random-forest"')
    devices = {job.plan.label: job.plan.device for job in plan(tmp_path, text, plugins, devices=("cuda",))}
    assert devices == {"random-forest": "cpu", "wide": "cuda"}
