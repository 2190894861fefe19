"""A model of one's own meets the suites without a plugin: from a file, or from any library."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.errors import SuiteError, UsageError
from bench.plugins import Plugins, discover
from bench.runner.jobs import Job
from bench.runner.plan import Choices, expand
from bench.suite import load_suite
from tests.conftest import Bench

SUITE = """\
seeds = 1
threads = 1
splits = "official"
[[compare]]
task = "classification"
datasets = ["iris"]
models = [{models}]
protocol = {{ name = "fixed-budget", epochs = 2 }}
"""
MINE = """\
import torch

class Net(torch.nn.Module):
    def __init__(self, problem, width=8):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(problem.input_size, width), torch.nn.ReLU(), torch.nn.Linear(width, problem.output_size)
        )

    def forward(self, x):
        return self.layers(x)

def plain(size=3):
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, size))

def nothing():
    return 3

made = plain()
"""


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return discover()


def planned(folder: Path, entries: str, plugins: Plugins, source: str = MINE, **choices: object) -> list[Job]:
    (folder / "my_models.py").write_text(source)
    path = folder / "suite.toml"
    path.write_text(SUITE.format(models=entries))
    return expand(load_suite(str(path)), plugins, Choices(**choices))  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _own_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test finds the module beside its own suite."""
    import sys

    monkeypatch.setattr(sys, "path", [*sys.path])


def test_files_and_libraries_run_beside_plugins(bench: Bench) -> None:
    (bench.folder / "my_models.py").write_text(MINE)
    models = ", ".join(
        (
            '{ target = "my_models:Net", label = "net", family = "deep", hyperparameters = { width = 4 } }',
            '{ target = "my_models:plain" }',
            '{ target = "sklearn.neighbors:KNeighborsClassifier", label = "k", hyperparameters = { n_neighbors = 3 } }',
            '{ target = "my_models:nothing", label = "bad" }',
            '{ target = "my_models:made", label = "object" }',
            '{ target = "my_models:plain", label = "typo", hyperparameters = { sise = 3 } }',
        )
    )
    suite = bench.suite(SUITE.format(models=models))
    bench("run", str(suite), "--models", "+sklearn.tree:DecisionTreeClassifier", code=1)
    records = {record["run"]["label"]: record for record in bench.records()}
    good = {"net", "my_models:plain", "k", "sklearn.tree:DecisionTreeClassifier"}
    assert {label for label, record in records.items() if record["status"] == "ok"} == good
    assert {label: record["status"] for label, record in records.items() if label not in good} == dict.fromkeys(
        ("bad", "object", "typo"), "failed"
    )
    assert "gave an object of int; a torch.nn.Module or an estimator with fit" in records["bad"]["reason"]
    assert "name its class, or a function that returns it" in records["object"]["reason"]
    assert "unexpected keyword argument 'sise'. It takes: size" in records["typo"]["reason"]
    assert records["net"]["run"]["family"] == "deep"
    assert records["k"]["run"]["family"] == "shallow"
    assert records["net"]["size"]["parameter_count"] == 4 * 4 + 4 + 4 * 3 + 3
    assert records["k"]["run"]["hyperparameters"] == {
        "target": "sklearn.neighbors:KNeighborsClassifier",
        "n_neighbors": 3,
    }
    # A suite made of a stored run makes the same run again.
    again = bench("show", records["net"]["run"]["run_id"], "--as-suite").stdout
    path = bench.folder / "again.toml"
    path.write_text(again)
    assert json.loads(bench("run", str(path), "--json").stdout)["stored"] == {"ok": 1}


def test_an_edit_of_the_users_file_makes_its_runs_again_and_a_comment_does_not(
    tmp_path: Path, plugins: Plugins
) -> None:
    def ids(source: str) -> dict[str, str]:
        models = '{ target = "my_models:Net" }, { target = "sklearn.svm:SVC" }'
        return {job.plan.label: job.plan.run_id for job in planned(tmp_path, models, plugins, source)}

    first = ids(MINE)
    assert ids(f"# a word\n{MINE}") == first
    edited = ids(MINE.replace("ReLU", "Tanh"))
    assert edited["my_models:Net"] != first["my_models:Net"]
    assert edited["sklearn.svm:SVC"] == first["sklearn.svm:SVC"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('{ target = "nowhere_at_all:build" }', r"line 7: target 'nowhere_at_all:build': there is no module.*--plugin"),
        ('{ target = "my_models:Nett" }', r"line 7: .*my_models\.py has no 'Nett'\. Did you mean 'Net'"),
        ('{ target = "sklearn.smv:SVC" }', r"package 'sklearn' has no module 'smv'\. Did you mean 'svm'"),
        ('{ target = "my_models.deep:Net" }', "'my_models' is no package"),
        ('{ target = "../my_models:Net" }', r"line 7: .*is not of the form \"package\.module:attribute\""),
        ('{ target = "my_models:Net", model = "mlp" }', "got model and target of them"),
        ('{ target = "my_models:Net", family = "depe" }', "family = 'depe': must be 'shallow', 'deep' or 'generative'"),
        ('{ target = "my_models:Net", hyperparameters = { target = 1 } }', "cannot be called 'target'"),
        ('{ model = "mlp", family = "deep" }', "family belongs to a target"),
    ],
)
def test_a_path_that_leads_nowhere_is_named_with_the_cure(
    tmp_path: Path, plugins: Plugins, entry: str, message: str
) -> None:
    with pytest.raises(SuiteError, match=message):
        planned(tmp_path, entry, plugins)


def test_a_path_on_the_command_line_is_checked_too(tmp_path: Path, plugins: Plugins) -> None:
    with pytest.raises(UsageError, match="there is no module 'nowhere_at_all'"):
        planned(tmp_path, '"mlp"', plugins, models=("+nowhere_at_all:build",))
    jobs = planned(tmp_path, '"mlp"', plugins, models=("my_models:Net",))
    assert [(job.plan.label, job.plan.model, job.plan.family) for job in jobs] == [
        ("my_models:Net", "my_models-net", "deep")
    ]


PLUGIN = """\
from bench import ModelSpec, Need, Role, hookimpl

@hookimpl
def bench_models():
    yield ModelSpec(
        name="mine", family="shallow", target="{target}:Mine", devices=("cpu",),
        roles=(Role("predict", Need(), Need(axes=("",), kinds=("index",))),),
    )

class Mine:
    def __init__(self, problem):
        self.classes = problem.classes

    def fit(self, x, y):
        return self

    def predict_proba(self, x):
        import numpy as np
        from helper_beside import SHARE
        return np.full((len(x), self.classes), SHARE / self.classes)
"""


def test_a_plugin_from_one_file(bench: Bench) -> None:
    folder = bench.folder / "elsewhere"
    folder.mkdir()
    (folder / "my_plugin.py").write_text(PLUGIN.format(target="my_plugin"))
    (folder / "helper_beside.py").write_text("SHARE = 1.0\n")
    suite = str(bench.suite(SUITE.format(models='"mine"')))
    assert "unknown model 'mine'" in bench("run", suite, code=2).stderr
    option = ("--plugin", "elsewhere/my_plugin.py")
    made = json.loads(bench("run", suite, *option, "--json").stdout)
    assert made["made"] == {"ok": 1}
    (folder / "helper_beside.py").write_text("SHARE = 2 / 2\n")
    runs = json.loads(bench("run", suite, *option, "--dry-run", "--json").stdout)
    assert [(run["action"], run["why"]) for run in runs] == [("run", "changed: model source")]


@pytest.mark.parametrize(
    ("name", "source", "message"),
    [
        ("broken.py", "x = 1\n\ny = z\n", "broken.py, line 3: NameError: name 'z' is not defined"),
        ("broken.py", "def f(:\n", "broken.py, line 1"),
        ("my-plugin.py", "", "call it my_plugin.py"),
        ("json.py", "", "there is a module 'json' already"),
        ("notes.txt", "", "it cannot be imported under its name"),
        (
            "hooked.py",
            "from bench import hookimpl\n@hookimpl\ndef bench_models():\n    return [3]\n",
            "bench_models() offered 3, which is not a ModelSpec",
        ),
    ],
)
def test_a_file_that_is_no_plugin_is_refused_with_its_line(bench: Bench, name: str, source: str, message: str) -> None:
    place = bench.folder / "elsewhere" / name
    place.parent.mkdir()
    place.write_text(source)
    result = bench("run", "quickstart", "--plugin", str(place), "--dry-run", code=None)
    assert result.returncode in (2, 3)
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_a_package_is_taken_by_its_folder(bench: Bench) -> None:
    package = bench.folder / "lone_nets"
    package.mkdir()
    (package / "nets.py").write_text(MINE)
    (package / "__init__.py").write_text(
        "from bench import CLASS, ModelSpec, Role, hookimpl\n@hookimpl\ndef bench_models():\n"
        "    yield ModelSpec(name='lone', target='lone_nets.nets:Net', family='deep', "
        "roles=(Role('predict', target=CLASS),))\n"
    )
    suite = str(bench.suite(SUITE.format(models='"lone"')))
    assert "1 ok" in bench("run", suite, "--plugin", str(package), "--no-report").stdout
    assert "0 to run" in bench("run", suite, "--plugin", str(package / "__init__.py"), "--dry-run").stdout
