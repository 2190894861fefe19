"""A plan is what the suite and the command line say, and a mistake in either is named where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import SuiteError, UnknownName, UsageError
from bench.plugins import Plugins, discover
from bench.runner.jobs import Job
from bench.runner.plan import Choices, expand
from bench.suite import load_suite
from bench.toml_lines import line_of

COMPARE = """
[[compare]]
task = "classification"
datasets = ["digits"]
models = [{models}]
protocol = {{ name = "fixed-budget", epochs = {epochs} }}
"""


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return discover()


def compare(models: str, epochs: int = 3) -> str:
    return COMPARE.format(models=models, epochs=epochs)


def plan(folder: Path, text: str, plugins: Plugins, **choices: object) -> list[Job]:
    path = folder / "suite.toml"
    path.write_text(text)
    return expand(load_suite(str(path)), plugins, Choices(**choices))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("suite", "model", "count"),
    [("quickstart", "hist-gradient-boosting", 3), ("quickstart", "lenet", 1), ("protocols", "mlp-1", 27)],
)
def test_a_listed_model_is_chosen_where_the_suite_has_it_and_as_the_suite_has_it(
    plugins: Plugins, suite: str, model: str, count: int
) -> None:
    file = load_suite(suite)
    whole = {job.plan.run_id: job.plan.model for job in expand(file, plugins, Choices(seeds=(0,)))}
    wanted = {run_id for run_id, name in whole.items() if name == model}
    for chosen in (model, f"{model},+{model}"):
        jobs = expand(file, plugins, Choices(seeds=(0,), models=tuple(chosen.split(","))))
        assert {job.plan.run_id for job in jobs} == wanted
        assert len(jobs) == count
    added = expand(file, plugins, Choices(seeds=(0,), models=(f"+{model}",)))
    assert {job.plan.run_id for job in added} == whole.keys()


def test_a_model_that_joins_comes_along_where_the_protocol_has_something_to_vary(plugins: Plugins) -> None:
    jobs = expand(load_suite("protocols"), plugins, Choices(seeds=(0,), models=("hist-gradient-boosting",)))
    protocols = {job.plan.protocol for job in jobs}
    assert "scaling" not in protocols  # it varies the width, which trees have none of
    assert {"learning-curve", "noise", "tuned", "fixed-budget"} <= protocols


def test_a_label_that_is_another_models_name_means_the_entry(tmp_path: Path, plugins: Plugins) -> None:
    text = compare('{ model = "mlp", label = "lenet" }') + compare('"mlp-1"', epochs=4)
    assert {job.plan.model for job in plan(tmp_path, text, plugins, models=("lenet",))} == {"mlp"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            compare('"mlp-1", { model = "mlp-1", hyperparameters = { width = 8 } }'),
            "'mlp-1' is called 'mlp-1' on 'digits', and so is another 'mlp-1'",
        ),
        (
            compare('"mlp-1",\n{ model = "logistic-regression", label = "mlp-1" }'),
            "line 6: 'logistic-regression' is called 'mlp-1' on 'digits', and so is another 'mlp-1' .*line 5",
        ),
        (
            compare('"mlp"') + compare('{ model = "mlp", hyperparameters = { depth = 4 } }'),
            r"line 11: 'mlp' .* another 'mlp' .*line 5.*label = ",
        ),
    ],
)
def test_two_models_under_one_label_are_refused(tmp_path: Path, plugins: Plugins, text: str, message: str) -> None:
    with pytest.raises(SuiteError, match=message):
        plan(tmp_path, text, plugins)


def test_a_label_may_mean_two_things_where_other_settings_keep_them_apart(tmp_path: Path, plugins: Plugins) -> None:
    other = '{ model = "mlp", hyperparameters = { depth = 4 } }'
    assert len(plan(tmp_path, compare('"mlp"') + compare(other, epochs=4), plugins, seeds=(0,))) == 2
    assert len(plan(tmp_path, compare('"mlp"') + compare('"mlp", "mlp-1"'), plugins, seeds=(0,))) == 2


@pytest.mark.parametrize(
    ("models", "message"),
    [
        (
            '{ model = "mlp", label = "a" },\n{ model = "mlp-1", label = 5 }',
            r"line 6: compare\.0\.models\.1\.label = 5",
        ),
        (
            '{ model = "mlp-1", label = "a" }, # "mlp-1"\n{ model = "mlp-1", hyperparameters = { width = "x" } }',
            r"line 6: mlp-1\.width = 'x'",
        ),
        (
            '"mlp-1",\n{ model = "mlp-1", label = "b", hyperparameters.widht = 8 }',
            r"hyperparameter of model 'mlp-1': 'widht' in .*line 6",
        ),
        ('"mlp-1",\n{ model = "mlp-1", labl = "b" }', r"line 6: unknown key .*Did you mean 'label'"),
        (
            '"mlp-1",\n{ label = "b" }',
            r"line 6: compare\.0\.models\.1: name a model = .* or a target = .*got none of them",
        ),
        ('"mlp-1",\n{ model = "mpl", label = "mlp-1" }', "unknown model 'mpl' in .*line 6"),
    ],
)
def test_a_mistake_in_an_entry_is_named_with_the_line_of_that_entry(
    tmp_path: Path, plugins: Plugins, models: str, message: str
) -> None:
    with pytest.raises((SuiteError, UnknownName), match=message):
        plan(tmp_path, compare(models), plugins)


def test_entries_that_are_tables_of_their_own_have_their_lines(tmp_path: Path, plugins: Plugins) -> None:
    text = """\
[[compare]]
task = "classification"
datasets = ["digits"]
[compare.protocol]
name = "fixed-budget"
epochs = 1
[[compare.models]]
model = "mlp-1"
[[compare.models]]
model = "mlp"
[compare.models.hyperparameters]
depth = 0.5
"""
    with pytest.raises(SuiteError, match=r"line 12: mlp\.depth = 0\.5"):
        plan(tmp_path, text, plugins)
    with pytest.raises(SuiteError, match=r"line 6: protocol\.epochs = 0"):
        plan(tmp_path, text.replace("epochs = 1", "epochs = 0"), plugins)


def test_lines_are_found_in_every_spelling_of_toml() -> None:
    text = """\
# [[compare]]
"quoted" = 'a # b' # [x]
long = \"\"\"
[[compare]] \\"\"\"
\"\"\"
a.b = 3.5
inline = { x = [1, 2,
  "]", { y = 4 }], z = 1979-05-27 07:32:00 }
[[t]]
[[t.u]]
k = 1
[[t.u]]
k = 2
[[t]]
[t.v]
k = [[1], [
  2]]
"""
    lines = {
        ("quoted",): 2,
        ("long",): 3,
        ("a", "b"): 6,
        ("inline", "x", 1): 7,
        ("inline", "x", 2): 8,
        ("inline", "x", 3, "y"): 8,
        ("inline", "z"): 8,
        ("t", 0): 9,
        ("t", 0, "u", 1, "k"): 13,
        ("t", 1): 14,
        ("t", 1, "v", "k", 1, 0): 17,
        ("t", 1, "unheard-of"): 14,
        ("compare", 0): None,
    }
    assert {location: line_of(text, location) for location in lines} == lines


@pytest.mark.parametrize(
    ("seeds", "message"),
    [
        ("0", r"line 1: seeds = 0: a number of seeds is from 1 to 9999"),
        ("1_000_000_000_000", "line 1: seeds = 1000000000000: a number of seeds is from 1"),
        ("[0, 1, 0]", r"line 1: seeds = \[0, 1, 0\]: 0 stands there more than once"),
        ("[]", r"line 1: seeds = \[\]"),
        ("true", "line 1: seeds = True"),
    ],
)
def test_seeds_that_cannot_be_are_shown_as_they_were_written(tmp_path: Path, seeds: str, message: str) -> None:
    path = tmp_path / "suite.toml"
    path.write_text(f"seeds = {seeds}\n" + compare('"mlp"'))
    with pytest.raises(SuiteError, match=message):
        load_suite(str(path))


def test_a_data_set_without_any_chosen_model_is_not_called_unknown(plugins: Plugins) -> None:
    file = load_suite("quickstart")
    with pytest.raises(UsageError, match=r"nothing to run on data set 'iris': it compares no model of gan there"):
        expand(file, plugins, Choices(models=("gan",), datasets=("iris",)))
    with pytest.raises(UnknownName, match="unknown data set 'wine' in suite quickstart"):
        expand(file, plugins, Choices(models=("gan",), datasets=("wine",)))


def test_a_file_name_that_cannot_name_a_suite_is_cured_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "My Suite.toml"
    path.write_text(compare('"mlp"'))
    with pytest.raises(SuiteError, match=r'suite name .My Suite. is not allowed.*write name = "…" at its top'):
        load_suite(str(path))
    path.write_text('name = "mine"\n' + compare('"mlp"'))
    assert load_suite(str(path)).suite.name == "mine"
    path.write_text('\nname = "My own"\n' + compare('"mlp"'))
    with pytest.raises(
        SuiteError, match=r"line 2: suite name 'My own' is not allowed: use a-z, 0-9, '.', '_' and '-'$"
    ):
        load_suite(str(path))
