"""A suite file's mistakes are named with file, line, value and a suggestion."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import SuiteError, UnknownName
from bench.plugins import Plugins, discover
from bench.runner.jobs import Job
from bench.runner.plan import Choices, expand
from bench.suite import load_suite, shipped_suites

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
    promised = {"quickstart", "mnist", "fashion-mnist", "cifar10", "tabular", "generative-mnist"}
    assert promised <= set(shipped_suites())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seeds = 2", "seds = 2", r"line 1: unknown key 'seds'\. Did you mean 'seeds'\?"),
        ("seeds = 2", "seeds = -1", "line 1: seeds = "),
        ("seeds = 2", "seeds = [0, 'a']", r"line 1: seeds\.1 = 'a'"),
        ("seeds = 2", "seeds = ", "is not valid TOML"),
        ("epochs = 3", "epochs = 0", r"line 7: protocol\.epochs = 0: Input should be greater than 0"),
        ("epochs = 3", "epoch = 3", r"line 7: protocol.*epoch.*Known: epochs"),
        ("epochs = 3", "epochs = 3, steps = 4", r"line 7: protocol: give exactly one of .* got epochs, steps"),
        ('task = "classification"', 'tsk = "classification"', "'compare.0.task' is missing"),
        ("width = 512", "widht = 512", r"unknown hyperparameter of model 'mlp': 'widht'.*Did you mean 'width'"),
        ("width = 512", 'width = "wide"', r"line 6: mlp\.width = 'wide': a whole number is needed"),
        ('"mlp-1"', '"mlp1"', r"unknown model 'mlp1' in .*line 6\. Did you mean 'mlp-1'"),
        ('"iris"', '"irs"', r"unknown data set 'irs' in .*line 5\. Did you mean 'iris'"),
        ('"classification"', '"clasification"', r"unknown task 'clasification' in .*line 4"),
        ('"fixed-budget"', '"fixed"', r"unknown protocol 'fixed' in .*line 7"),
        ('"classification"', '"image-generation"', "cannot be asked 'image-generation'"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, plugins: Plugins, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises((SuiteError, UnknownName), match=message):
        plan(tmp_path, GOOD.replace(old, new, 1), plugins)


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
