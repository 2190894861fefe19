"""Discovery names what is broken and goes on with the rest."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bench.errors import PluginError, UnknownName
from bench.plugins import discover
from bench.spaces import CLASS, Role
from bench.specs import Choice, Fixed, ModelSpec
from tests.conftest import Bench

HELLO = """
    from bench import CLASS, ModelSpec, Role, hookimpl

    @hookimpl
    def bench_models():
        yield ModelSpec(name="{name}", family="shallow", roles=(Role("predict", target=CLASS),), target="hello:build")

    def build(problem):
        from torch import nn
        return nn.Sequential(nn.Flatten(), nn.Linear(problem.input_size, problem.classes))
"""


def test_built_ins_come_through_the_entry_points_of_strangers() -> None:
    plugins = discover()
    assert plugins.problems == []
    assert {owner.plugin for owner in plugins.owners} >= {"core", "data", "deep", "generative", "reports", "shallow"}
    assert set(plugins.models) >= {"logistic-regression", "random-forest", "mlp-1", "mlp", "lenet", "resnet-small"}
    assert set(plugins.tasks) >= {"classification", "image-generation"}


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"unknown model 'lenet5' in suite\.toml, line 3\. Did you mean 'lenet'\?"):
        discover().models.find("lenet5", "suite.toml, line 3")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def broken(:\n", "SyntaxError"),
        ("import no_such_module_anywhere\n", "no_such_module_anywhere"),
        ("raise SystemExit(1)\n", "SystemExit"),
        ("from bench import hookimpl\n@hookimpl\ndef bench_models():\n    raise RuntimeError('boom')\n", "boom"),
        ("from bench import hookimpl\n@hookimpl\ndef bench_models(unknown):\n    return []\n", "unknown"),
        ("from bench import hookimpl\n@hookimpl\ndef bench_models():\n    return ['lenet']\n", "not a ModelSpec"),
        ("from bench import hookimpl\n@hookimpl\ndef bench_models():\n    return 3\n", "TypeError"),
        ("from bench import hookimpl\n@hookimpl\ndef bench_models():\n    exit('licence')\n", "SystemExit: licence"),
        ("from bench import hookimpl\n@hookimpl\ndef bench_model():\n    return []\n", "Did you mean 'bench_models'?"),
        ("def bench_models():\n    return []\n", "implements no hook: mark its functions with @bench.hookimpl"),
    ],
)
def test_a_broken_plugin_is_listed_with_its_reason_and_stops_nothing(bench: Bench, source: str, reason: str) -> None:
    bench.plugin("hello", HELLO.format(name="hello"))
    bench.plugin("broken", source, distribution="bench-broken")
    listed = bench("list", "plugins").stdout
    line = next(line for line in listed.splitlines() if "bench-broken" in line and "broken:" in line)
    assert reason in line
    assert not [line for line in listed.splitlines() if "bench-broken" in line and " ok" in line]
    models = bench("list", "models").stdout
    assert "hello" in models
    assert "lenet" in models


def test_what_is_left_of_an_uninstalled_plugin_stops_nothing(bench: Bench) -> None:
    bench.plugin("hello", HELLO.format(name="hello"), distribution="bench-hello")
    module = bench.plugin("gone", "", distribution="bench-gone")
    module.unlink()
    next(module.parent.glob("*.dist-info")).joinpath("METADATA").unlink()
    line = next(line for line in bench("list", "plugins").stdout.splitlines() if "broken:" in line)
    assert line.split()[:3] == ["gone", "?", "?"]
    assert "No module named 'gone'" in line
    assert "hello" in bench("list", "models").stdout


@pytest.mark.parametrize("module", ["nosuch.mod", ""])
def test_a_needed_module_that_cannot_even_be_looked_for_is_missing(bench: Bench, module: str) -> None:
    source = f"""
        from bench import DatasetSpec, Space, TaskSpec, hookimpl

        @hookimpl
        def bench_tasks():
            return [TaskSpec(name="riddle", target="riddles:Riddle", requires=({module!r},))]

        @hookimpl
        def bench_datasets():
            return [DatasetSpec(
                name="riddles", target="riddles:load", inputs=Space(kind="text"), licence="", source="",
                embedded_in="nosuch.mod",
            )]
    """
    bench.plugin("riddles", source)
    assert f"riddle needs {module}: pip install" in bench("list", "tasks").stdout
    assert "missing" in next(line for line in bench("list", "datasets").stdout.splitlines() if "riddles" in line)


def test_what_plugins_print_does_not_stand_in_json(bench: Bench) -> None:
    source = HELLO.format(name="hello").replace("@hookimpl", "print('imported')\n    @hookimpl")
    bench.plugin("hello", source.replace("yield", "print('asked')\n        yield"))
    result = bench("list", "models", "--json")
    assert "hello" in {document["name"] for document in json.loads(result.stdout)}
    assert result.stderr.split() == ["imported", "asked"]


@pytest.mark.parametrize("value", [[64, 32], (64, 32), None, Choice("a", ("a", None)), Fixed([1])])  # type: ignore[arg-type]
def test_a_hyperparameter_of_a_type_that_cannot_be_stored_is_refused(value: object) -> None:
    reason = r"model 'x': hyperparameter 'width' cannot be .*: a value is a bool, an int, a float or a str"
    with pytest.raises(PluginError, match=reason):
        ModelSpec(
            name="x",
            family="deep",
            roles=(Role("predict", target=CLASS),),
            target="a:b",
            hyperparameters={"width": value},  # type: ignore[dict-item]
        )


def test_a_duplicate_name_is_an_error_that_names_both_owners(bench: Bench) -> None:
    bench.plugin("hello", HELLO.format(name="lenet"), distribution="bench-hello")
    listed = bench("list", "plugins").stdout
    assert "'lenet' is offered twice: by 'deep' of depthbench" in listed
    assert "by 'hello' of bench-hello 1.0 (left out)" in listed
    assert '"bench_deep.lenet:LeNet"' in bench("list", "models", "--json").stdout


def test_two_distributions_may_use_the_same_entry_point_name(bench: Bench) -> None:
    for name in ("hello", "world"):
        source = HELLO.format(name=name).replace("hello:build", f"{name}:build")
        bench.plugin(name, source, distribution=f"bench-{name}", entry="models")
    listed = bench("list", "models").stdout
    assert "hello" in listed
    assert "world" in listed


@pytest.mark.parametrize("name", ["../evil", "Upper", "", "a" * 65, "with space", "-dash", "a/b"])
def test_a_name_that_could_leave_its_folder_is_refused(name: str) -> None:
    with pytest.raises(PluginError, match="is not allowed"):
        ModelSpec(name=name, family="deep", roles=(Role("predict", target=CLASS),), target="a:b")


@pytest.mark.parametrize("given", [{"roles": "predict"}, {"requires": "torch"}, {"devices": "cpu"}])
def test_names_given_as_a_bare_string_are_refused(given: dict[str, Any]) -> None:
    (name,) = given
    with pytest.raises(PluginError, match=f"'x': {name} must be a tuple"):
        ModelSpec(
            **{"name": "x", "family": "deep", "roles": (Role("predict", target=CLASS),), "target": "a:b", **given}
        )


@pytest.mark.parametrize("roles", [(), ("classification",)])
def test_a_model_without_a_role_is_refused(roles: tuple[Any, ...]) -> None:
    with pytest.raises(PluginError, match="'x': roles must hold at least one Role"):
        ModelSpec(name="x", family="deep", roles=roles, target="a:b")


def test_a_missing_extra_fails_only_its_own_models_and_prints_the_cure(bench: Bench) -> None:
    source = HELLO.format(name="hello").replace(
        'target="hello:build"', 'target="hello:build", requires=("no_such",), extra="x"'
    )
    bench.plugin("hello", source, distribution="bench-hello")
    assert "hello needs no_such: pip install 'bench-hello[x]'" in bench("list", "models").stdout


EVENTS = """
    from pathlib import Path
    from bench import hookimpl

    @hookimpl
    def bench_run_started(run):
        note(f"started {run.label} {run.seed}")

    @hookimpl
    def bench_epoch_ended(run, point):
        note(f"epoch {point.epoch:g}")

    @hookimpl
    def bench_run_finished(record):
        note(f"finished {record.status}")
        print("the tracker speaks")
        raise RuntimeError("the tracker is down")

    def note(text):
        with open("events.txt", "a") as file:
            print(text, file=file)
"""


SUITE = """
    seeds = 1
    [[compare]]
    task = "classification"
    datasets = ["iris"]
    models = ["mlp-1"]
    protocol = { name = "fixed-budget", epochs = 2, evaluations = 2 }
"""


def test_trackers_hear_every_event_and_may_fail(bench: Bench) -> None:
    bench.plugin("tracker", EVENTS)
    suite = bench.suite(SUITE)
    result = bench("run", str(suite), "--no-report")
    assert (bench.folder / "events.txt").read_text().split("\n") == [
        "started mlp-1 0", "epoch 1", "epoch 2", "finished ok", "",
    ]  # fmt: skip
    assert "bench_run_finished raised RuntimeError: the tracker is down" in result.stderr
    assert "the tracker speaks" in result.stderr
    assert "the tracker speaks" not in result.stdout


def test_a_tracker_that_exits_does_not_end_the_suite(bench: Bench) -> None:
    bench.plugin("tracker", "from bench import hookimpl\n@hookimpl\ndef bench_run_started():\n    exit('no server')\n")
    suite = bench.suite(SUITE)
    result = bench("run", str(suite), "--no-report")
    assert "bench_run_started raised SystemExit: no server" in result.stderr
    assert "1 ok" in result.stdout
