"""A run is identified by all that can change its result, and by nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.runner.identity import hash_parts, source_fingerprint
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
    from bench import DataFile, DatasetSpec, ModelSpec, hookimpl

    @hookimpl
    def bench_models():
        yield ModelSpec(
            name="first", family="deep", tasks=("classification",), target="zoo_first:build",
            hyperparameters={"width": 8},
        )
        yield ModelSpec(name="second", family="deep", tasks=("classification",), target="zoo_second:build")

    @hookimpl
    def bench_datasets():
        yield DatasetSpec(
            name="toy", target="zoo_data:load", tasks=("classification",), modality="table",
            licence="CC0", source="here",
            files=(DataFile("toy.csv", "sha256:CHECKSUM"),),
        )
"""

HELPERS = {
    "zoo_first": """
        from zoo_blocks import linear
        def build(problem, width):
            return linear(problem.input_size, problem.classes)
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
    "zoo_data": "def load(source):\n    raise RuntimeError\n",
}


# What versions of Python parse in different ways or into other fields: type parameters, f-strings, new characters.
ODD = """\
x, w = 1, 3
texts = f"{x:}", f"{x:>{w}}", f"{x!r:{w}.{w}}" "b" f"{x}", f"", u"u", "\U0001fae8"
def f(a=0, /, b=None, *, c, d=1, **k):
    return {**k, "a": a}
class Some(dict):
    "A docstring."
async def g(some):
    return [each async for each in some if each]
"""


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
    zoo.plugin = PLUGIN.replace("CHECKSUM", "0123")
    assert changed(before, zoo.ids()) == {"first", "second"}
    zoo.plugin = PLUGIN
    zoo.settings["epochs"] = 3
    assert changed(before, zoo.ids()) == {"first", "second"}
    zoo.settings["epochs"] = 2
    assert changed(before, zoo.ids("--threads", "2")) == {"first", "second"}
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


def test_a_source_has_one_fingerprint_on_every_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    source = tmp_path / "depthbench_odd.py"

    def fingerprint(text: str) -> str:
        source.write_text(text, encoding="utf-8")
        return source_fingerprint("depthbench_odd:f")

    # Written down once: the same wherever these tests run.
    assert fingerprint(ODD) == "a7bb21187e91810833e76e6e83bcad3adc58dde0a6d78572a955491c25d6d208"
    assert fingerprint(ODD.replace("A docstring", "Another docstring") + "# a comment\n") == fingerprint(ODD)
    for old, new in (
        ("b=None", "b=0"),
        ("1, 3", "1, 3.0"),
        ("{w}.{w}", "{w}.{x}"),
        ("{**k,", "{None: k,"),
        ("async for", "for"),
    ):
        assert fingerprint(ODD.replace(old, new)) != fingerprint(ODD)


@given(st.dictionaries(st.text(min_size=1), st.text(), min_size=1))
def test_the_order_of_the_parts_does_not_count_but_every_part_does(parts: dict[str, str]) -> None:
    run_id = hash_parts(parts)
    assert hash_parts(dict(reversed(parts.items()))) == run_id
    for name in parts:
        assert hash_parts({**parts, name: parts[name] + "x"}) != run_id
