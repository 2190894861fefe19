"""A run is identified by all that can change its result, and by nothing else."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bench as core
from bench.runner.identity import hash_parts, libraries_of
from tests.conftest import Bench

SUITE = """
    # {comment}
    seeds = 2
    [[compare]]
    task = "classification"
    datasets = ["toy"]
    models = [{{ model = "first", hyperparameters = {{ width = {width} }} }}, "second"]
    protocol = {{ name = "fixed-budget", epochs = {epochs} }}
"""

PLUGIN = """
    from bench import DataFile, DatasetSpec, MetricSpec, ModelSpec, Need, Role, Space, hookimpl

    ROLES = (Role("predict", Need(), Need(kinds=("index",), axes=("",))),)
    MODELS = tuple(
        ModelSpec(
            name=name, family="deep", roles=ROLES, target=f"zoo_{name}:build",
            hyperparameters={"width": 8} if name == "first" else {}, summary="A network.",
        )
        for name in ("first", "second")
    )

    def offered():
        return list(MODELS)

    EVERYTHING = offered()

    @hookimpl
    def bench_models():
        return EVERYTHING

    @hookimpl
    def bench_metrics():
        yield MetricSpec(
            name="zoo-score", target="zoo_metrics:score", arrays=("probabilities", "labels"), higher_is_better=True
        )

    @hookimpl
    def bench_run_finished(record):
        print(record.status)

    @hookimpl
    def bench_datasets():
        yield DatasetSpec(
            name="toy", target="zoo_data:load",
            inputs=Space("c", (4,)), targets=Space(kind="index", size=2, names=("no", "yes")),
            licence="CC0", source="here",
            files=(DataFile("toy.csv", "sha256:CHECKSUM"),),
        )
"""

HELPERS = {
    "zoo_first": """
        from zoo_blocks import linear
        def build(problem, width):
            return linear(problem.input_size, problem.classes)
        class Other:
            depth = 1
    """,
    "zoo_second": """
        def build(problem):
            from torch import nn
            return nn.Linear(problem.input_size, problem.classes)
    """,
    "zoo_blocks": """
        def linear(a, b):
            from torch import nn
            return nn.Linear(a, b)
    """,
    "zoo_metrics": "def score(probabilities, labels):\n    return 0.0\n",
    "zoo_data": "def load(source):\n    raise RuntimeError\n",
}


class Zoo:
    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.settings = {"comment": "a", "width": 8, "epochs": 2}
        self.plugin = PLUGIN
        self.helpers = dict(HELPERS)

    def ids(self, *options: str) -> dict[tuple[str, int], str]:
        self.bench.plugin("zoo", self.plugin, **self.helpers)
        suite = self.bench.suite(SUITE.format(**self.settings))
        out = self.bench("run", str(suite), "--dry-run", "--json", "--threads", "1", *options).stdout
        return {tuple(row["run"].split(", ")[:2]): row["run_id"] for row in json.loads(out)}  # type: ignore[misc]


@pytest.fixture
def zoo(bench: Bench) -> Zoo:
    return Zoo(bench)


def changed(before: dict, after: dict) -> set[str]:
    assert before.keys() == after.keys()
    return {label.split(" on ")[0] for (label, _), run_id in after.items() if before[label, _] != run_id}


def test_only_what_can_change_a_result_changes_its_identity(zoo: Zoo) -> None:
    before = zoo.ids()
    zoo.settings["comment"] = "another comment"
    assert changed(before, zoo.ids()) == set()
    zoo.settings["width"] = 16
    assert changed(before, zoo.ids()) == {"first"}
    zoo.settings["width"] = 8
    zoo.helpers["zoo_second"] = HELPERS["zoo_second"].replace("problem.classes)", "problem.classes, bias=False)")
    assert changed(before, zoo.ids()) == {"second"}
    zoo.helpers["zoo_second"] = HELPERS["zoo_second"].replace("def build", "# a comment\n        def build")
    assert changed(before, zoo.ids()) == set()
    zoo.helpers["zoo_blocks"] = HELPERS["zoo_blocks"].replace("(a, b)\n", "(a, b, False)\n")
    assert changed(before, zoo.ids()) == {"first"}
    zoo.helpers["zoo_blocks"] = HELPERS["zoo_blocks"]
    for old, new in (("CHECKSUM", "0123"), ("(4,)", "(5,)")):
        zoo.plugin = PLUGIN.replace(old, new)
        assert changed(before, zoo.ids()) == {"first", "second"}
    zoo.plugin = PLUGIN
    zoo.helpers["zoo_data"] = "def load(source):\n    raise ValueError\n"
    assert changed(before, zoo.ids()) == {"first", "second"}
    zoo.helpers["zoo_data"] = HELPERS["zoo_data"]
    zoo.settings["epochs"] = 3
    assert changed(before, zoo.ids()) == {"first", "second"}
    zoo.settings["epochs"] = 2
    assert changed(before, zoo.ids("--threads", "2")) == {"first", "second"}
    assert changed(before, zoo.ids()) == set()


def test_trackers_summaries_metrics_and_neighbours_train_nothing_again(zoo: Zoo) -> None:
    before = zoo.ids()
    for old, new in (
        ("print(record.status)", "print(record.run.seed)"),
        ("A network.", "A network, in other words."),
        ("higher_is_better=True", 'higher_is_better=True, unit="%"'),
        ("return list(MODELS)", "return [*MODELS]"),
    ):
        zoo.plugin = PLUGIN.replace(old, new)
        assert zoo.plugin != PLUGIN
        assert changed(before, zoo.ids()) == set(), new
    zoo.plugin = PLUGIN
    zoo.helpers["zoo_metrics"] = HELPERS["zoo_metrics"].replace("0.0", "1.0")
    zoo.helpers["zoo_first"] = HELPERS["zoo_first"].replace("depth = 1", "depth = 2")
    zoo.helpers["zoo_new"] = "import torch\n\ntorch.set_num_threads(1)\n"
    assert changed(before, zoo.ids()) == set()


def test_a_newer_version_of_the_distribution_is_another_model(bench: Bench) -> None:
    zoo = Zoo(bench)
    before = zoo.ids()
    bench.plugins.clear()
    (bench.folder / "plugins" / "zoo" / "zoo-1.0.dist-info").rename(
        bench.folder / "plugins" / "zoo" / "zoo-2.0.dist-info"
    )
    bench.plugin("zoo", PLUGIN, version="2.0", **HELPERS)
    assert changed(before, zoo_ids(bench)) == {"first", "second"}


def zoo_ids(bench: Bench) -> dict[tuple[str, int], str]:
    suite = str(bench.folder / "suite.toml")
    out = bench("run", suite, "--dry-run", "--json", "--threads", "1").stdout
    return {tuple(row["run"].split(", ")[:2]): row["run_id"] for row in json.loads(out)}  # type: ignore[misc]


def test_a_model_is_identified_by_the_space_that_a_search_may_draw_from(zoo: Zoo) -> None:
    zoo.plugin = PLUGIN.replace('{"width": 8}', '{"width": bench.Integer(8, 4, 16)}').replace(
        "from", "import bench\n    from", 1
    )
    before = zoo.ids()
    zoo.plugin = zoo.plugin.replace("16)", "32)")
    assert changed(before, zoo.ids()) == {"first"}


def test_a_plan_names_the_parts_that_have_changed(zoo: Zoo, bench: Bench) -> None:
    bench.plugin("zoo", zoo.plugin, **zoo.helpers)
    suite = str(bench.suite(SUITE.format(**zoo.settings).replace("toy", "iris")))
    # However the runs end, they are recorded.
    bench("run", suite, "--threads", "1", code=None)
    bench.plugin("zoo", zoo.plugin, **{**HELPERS, "zoo_blocks": HELPERS["zoo_blocks"].replace("b)\n", "b, False)\n")})
    out = bench("run", suite, "--dry-run", "--json", "--threads", "1").stdout
    assert {row["why"] for row in json.loads(out) if row["run"].startswith("first")} == {"changed: model source"}


MODEL, DATA = "bench_deep.mlp:MLP", "bench_data.digits:load"
TASK, PROTOCOL = "bench.tasks.classification:Classification", "bench.protocols.fixed_budget:FixedBudget"
# A definition of the core, and what of a run an edit of it concerns.
CORE = {
    "runner/worker.py:_limit": {"harness"},
    "runner/execute.py:execute": {"harness"},
    "measure/seeds.py:seed_everything": {"harness"},
    "data.py:fold": {"harness", DATA, TASK, PROTOCOL},
    "sources.py:DataSource": {"harness", DATA},
    "spaces.py:Need": {"harness", PROTOCOL},
    "protocols/training.py:train_model": {PROTOCOL},
    "protocols/base.py:Budget": {PROTOCOL},
    "protocols/tuned.py:Tuned": set(),
    "tasks/classification.py:Classification": {TASK},
    "tasks/image_generation.py:ImageGeneration": set(),
    "metrics/classification.py:calibration_error": set(),
    "record.py:RunRecord": set(),
    "record.py:SuitePlan": set(),
    "hookspecs.py:bench_models": set(),
    "__init__.py:__getattr__": set(),
    "store.py:": set(),
}


def core_fingerprints(folder: Path) -> dict[str, str]:
    """Fingerprint what runs use in a copy of the core, in a process that finds the copy first."""
    program = (
        "import json; from bench.runner.identity import harness_fingerprint, source_fingerprint; "
        f"found = {{target: source_fingerprint(target) for target in {[MODEL, DATA, TASK, PROTOCOL]}}}; "
        "print(json.dumps({'harness': harness_fingerprint(), **found}))"
    )
    environment = {"PYTHONPATH": f"{folder}:{Path(core.__file__).parents[1] / 'plugins'}"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


def touch(path: Path, name: str) -> None:
    """Add a statement to a function or class; without a name, a function to the module."""
    source = path.read_text()
    if not name:
        path.write_text(source + "\n\ndef another() -> None:\n    print()\n")
        return
    found = next((node for node in ast.parse(source).body if getattr(node, "name", "") == name), None)
    assert found is not None, f"{path} no longer defines {name}: name another definition of that kind here"
    last = found.body[-1]  # type: ignore[attr-defined]
    decorators = getattr(last, "decorator_list", [])
    lines = source.splitlines()
    lines.insert(min([last.lineno, *(each.lineno for each in decorators)]) - 1, " " * last.col_offset + "touched = 1")
    path.write_text("\n".join(lines))


@pytest.fixture(scope="module")
def copied_core(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("core")
    shutil.copytree(Path(core.__file__).parent, folder / "bench", ignore=shutil.ignore_patterns("__pycache__"))
    return folder, core_fingerprints(folder)


@pytest.mark.parametrize("edited", CORE)
def test_an_edit_of_the_core_concerns_the_runs_that_use_it(
    edited: str, copied_core: tuple[Path, dict[str, str]]
) -> None:
    folder, before = copied_core
    place, _, name = edited.partition(":")
    path = folder / "bench" / place
    if not path.is_file():
        path = path.with_suffix("") / "__init__.py"
    kept = path.read_text()
    try:
        touch(path, name)
        after = core_fingerprints(folder)
    finally:
        path.write_text(kept)
    assert {part for part, value in after.items() if before[part] != value} == CORE[edited]


EXECUTED = """
import ast, sys
from pathlib import Path
from bench.plugins import discover
from bench.runner.closure import Closure
from bench.runner.execute import execute
from bench.runner.identity import HARNESS
from bench.runner.plan import Choices, expand
from bench.suite import read_suite

job = expand(read_suite(sys.argv[1]), discover(), Choices())[0].model_copy(update={"metrics": ()})
places = set()

def note(frame, event, argument):
    # The body of a module or a class runs once, with whichever import comes first.
    if event == "call" and frame.f_code.co_flags & 2:
        places.add((frame.f_code.co_filename, frame.f_code.co_firstlineno))

sys.setprofile(note)
outcome = execute(job, lambda point: None)
sys.setprofile(None)
targets = (HARNESS, *[(each,) for each in (job.model_target, job.task_target, job.protocol_target, job.dataset.target)])
reached, own = set(), set()
for closure in (Closure.of(*each) for each in targets):
    for name, module in closure.modules.loaded.items():
        numbers = closure.reached.get(name, ())
        reached |= {(str(module.path), module.statements[number].lineno) for number in numbers}
for file, line in sorted(places):
    if not file.startswith(tuple(sys.argv[2:])):
        continue
    for each in ast.parse(Path(file).read_text()).body:
        first = min([each.lineno, *[other.lineno for other in getattr(each, "decorator_list", ())]])
        if first <= line <= each.end_lineno:
            own.add((file, each.lineno))
print(len(own), *sorted(own - reached))
"""


def test_no_run_executes_what_its_identity_does_not_hold(bench: Bench) -> None:
    suite = bench.suite(
        """
        seeds = 1
        [[compare]]
        task = "classification"
        datasets = ["iris"]
        models = ["mlp"]
        protocol = { name = "fixed-budget", epochs = 1 }
        """
    )
    root = Path(core.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", EXECUTED, str(suite), f"{root}/bench/", f"{root}/plugins/"],
        env=bench.environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    count, *left_out = done.stdout.split(maxsplit=1)
    assert int(count) > 50
    assert left_out == []


def test_the_core_imports_late_what_it_says_it_does() -> None:
    """Identities trust `from bench import …` to be what type checkers read there."""
    tree = ast.parse(Path(core.__file__).read_text())
    promised = next(node for node in tree.body if isinstance(node, ast.If))
    for node in promised.body:
        assert isinstance(node, ast.ImportFrom)
        for alias in node.names:
            assert getattr(core, alias.name) is getattr(import_module(node.module or ""), alias.name)
    assert {alias.name for node in promised.body for alias in node.names} == set(core.__all__)  # type: ignore[attr-defined]


def test_libraries_are_those_that_the_reached_code_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "depthbench_libraries.py").write_text(
        "import json\nimport hypothesis\nimport numpy as np\nfrom pydantic import BaseModel\n"
        "def build():\n    from sklearn.svm import SVC\n    return np.ones(1), json, BaseModel\n"
        "def other():\n    return hypothesis\n"
    )
    found = libraries_of("depthbench_libraries:build")
    assert found == {"numpy": version("numpy"), "sklearn": version("scikit-learn")}
    assert libraries_of("bench_deep.mlp:MLP") == {"bench_deep": core.__version__, "torch": version("torch")}


@given(st.dictionaries(st.text(min_size=1), st.text(), min_size=1))
def test_the_order_of_the_parts_does_not_count_but_every_part_does(parts: dict[str, str]) -> None:
    run_id = hash_parts(parts)
    assert hash_parts(dict(reversed(parts.items()))) == run_id
    for name in parts:
        assert hash_parts({**parts, name: parts[name] + "x"}) != run_id
