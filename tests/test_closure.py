"""A closure holds every definition that a target may use, and as little else as can be said for sure."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.runner.identity import source_fingerprint

ODD = """\
x, w = 1, 3
texts = f"{x:}", f"{x:>{w}}", f"{x!r:{w}.{w}}" "b" f"{x}", f"", u"u", "\U0001fae8"
def f(a=0, /, b=None, *, c, d=1, **k):
    return {**k, "a": a, "b": texts}, Some, g
class Some(dict):
    "A docstring."
async def g(some):
    return [each async for each in some if each]
"""

FILES = {
    "__init__": """
        from bench import ModelSpec, hookimpl
        from . import tracker
        SPECS = [ModelSpec(name="a", target="depthbench_zoo.nets:build", family="deep", roles=())]
        @hookimpl
        def bench_models():
            return SPECS
    """,
    "tracker": """
        import json
        def watch(record):
            json.dumps(record)
    """,
    "nets": """
        import math
        from torch import nn
        from depthbench_zoo import layers
        from depthbench_zoo.base import Base as Parent, unused
        from depthbench_zoo.tables import *
        WIDTH: int = 8
        DEPTH = 2
        class Net(Parent):
            "A network."
            def __init__(self, width=WIDTH):
                super().__init__()
                self.body = layers.linear(width)
        class Other(Parent):
            depth = DEPTH
        def build(problem: "Problem"):
            from .late import late
            return late(Net(problem))
        def dynamic(name):
            import importlib
            return importlib.import_module("depthbench_zoo." + name)
        def by_name(name):
            return getattr(layers, name)
        def by_text(text):
            return eval(text)
        class Problem:
            size = 1
    """,
    "layers": """
        from torch import nn
        if True:
            BIAS = False
        def linear(width):
            return nn.Linear(width, SIZES[0], bias=BIAS)
        def other(width):
            return width
        SIZES = (1, 2)
        UNUSED = (3, 4)
    """,
    "base": """
        class Root:
            pass
        class Base(Root):
            rate = 1
        def unused():
            return 1
    """,
    "tables": "FIRST = 1\ndef second():\n    return 2\n",
    "late": """
        def late(net):
            return net
        def too_late(net):
            return net
    """,
    "never": "def never():\n    return 1\n",
}

# (file, old text, new text): does the fingerprint of `nets:build` change?
EDITS = {
    "a class it makes": ("nets", "self.body =", "self.head =", True),
    "a constant it uses": ("nets", "WIDTH: int = 8", "WIDTH: int = 9", True),
    "a base class": ("base", "rate = 1", "rate = 2", True),
    "the base of a base class": ("base", "pass", "rate = 3", True),
    "a helper of another module": ("layers", "SIZES[0]", "SIZES[1]", True),
    "a constant of the helper": ("layers", "(1, 2)", "(2, 1)", True),
    "an if at module level": ("layers", "if True", "if 1 > 0", True),
    "a module imported inside": ("late", "return net\n        def too", "return net()\n        def too", True),
    "an annotation written as text": ("nets", "size = 1", "size = 2", True),
    "a module imported with a star": ("tables", "return 2", "return 3", True),
    "where a name comes from": ("nets", "import Base as Parent, unused", "import Root as Parent, unused", True),
    "a name that is bound again": ("nets", "DEPTH = 2", "WIDTH = 2", True),
    "a statement at import": ("tracker", "import json", "import json\n        print()", True),
    "a call at import": ("tracker", "import json", "import json\n        X = json.dumps([])", True),
    "an import for its effect": ("tracker", "import json", "import json\n        import hypothesis", True),
    "a decorator with an effect": ("tracker", "def watch", "@print\n        def watch", True),
    "an attribute set from outside": ("tracker", "import json", "import json\n        json.loads = None", True),
    "a registering base": (
        "base", "pass", "\n            def __init_subclass__(cls):\n                pass", True,
    ),
    "a docstring": ("nets", "A network.", "Another.", False),
    "a docstring more": ("layers", "def linear(width):", "def linear(width):\n            'Doc.'", False),
    "a comment": ("nets", "DEPTH = 2", "DEPTH = 2  # two", False),
    "another model of the file": ("nets", "depth = DEPTH", "depth = DEPTH + 1", False),
    "a constant of the other model": ("nets", "DEPTH = 2", "DEPTH = 3", False),
    "a function that is imported, not used": ("base", "return 1", "return 2", False),
    "a neighbour of a helper": ("layers", "return width", "return -width", False),
    "a constant that nothing uses": ("layers", "(3, 4)", "(4, 3)", False),
    "a neighbour of what is imported inside": ("late", "def too_late(net):", "def too_late(net, more):", False),
    "a tracker": ("tracker", "json.dumps(record)", "json.dumps([record])", False),
    "a constant of a tracker": ("tracker", "import json", "import json\n        LEVEL = 3", False),
    "a spec": ("__init__", 'family="deep"', 'family="deep", summary="One."', False),
    "a hook": ("__init__", "return SPECS", "return tuple(SPECS)", False),
    "a list for a hook": ("__init__", "SPECS = [", "NUMBER = max(1, 2)\n        SPECS = [", False),
    "a module that nobody imports": ("never", "return 1", "return 2", False),
}  # fmt: skip


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    folder = tmp_path / "depthbench_zoo"
    folder.mkdir()
    for name, text in FILES.items():
        write(folder / f"{name}.py", text)
    return folder


def write(path: Path, text: str) -> None:
    path.write_text("\n".join(line.removeprefix(" " * 8) for line in text.splitlines()) + "\n", encoding="utf-8")


def edit(folder: Path, file: str, old: str, new: str) -> None:
    assert old in FILES[file]
    write(folder / f"{file}.py", FILES[file].replace(old, new, 1))


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_counts_where_the_target_may_use_it(name: str, package: Path) -> None:
    file, old, new, counts = EDITS[name]
    before = source_fingerprint("depthbench_zoo.nets:build")
    edit(package, file, old, new)
    assert (source_fingerprint("depthbench_zoo.nets:build") != before) is counts


def test_a_class_that_registers_itself_counts_though_nothing_names_it(package: Path) -> None:
    edit(package, "base", "pass", "\n            def __init_subclass__(cls):\n                pass")
    before = source_fingerprint("depthbench_zoo.nets:build")
    edit(package, "nets", "depth = DEPTH", "depth = 5")
    assert source_fingerprint("depthbench_zoo.nets:build") != before


@pytest.mark.parametrize(
    ("attribute", "file", "old", "new"),
    [
        ("dynamic", "never", "return 1", "return 2"),
        ("by_name", "layers", "return width", "return -width"),
        ("by_text", "nets", "depth = DEPTH", "depth = 5"),
        ("missing", "nets", "depth = DEPTH", "depth = 5"),
    ],
)
def test_what_is_only_known_at_run_time_takes_whole_modules(
    attribute: str, file: str, old: str, new: str, package: Path
) -> None:
    before = source_fingerprint(f"depthbench_zoo.nets:{attribute}")
    edit(package, file, old, new)
    assert source_fingerprint(f"depthbench_zoo.nets:{attribute}") != before


def test_files_beside_a_module_that_knows_its_place_count(package: Path) -> None:
    weights = package / "weights.bin"
    weights.write_bytes(b"1")
    before = source_fingerprint("depthbench_zoo.nets:build")
    weights.write_bytes(b"22")
    assert source_fingerprint("depthbench_zoo.nets:build") == before
    edit(package, "layers", "SIZES = (1, 2)", "SIZES = (1, __file__)")
    before = source_fingerprint("depthbench_zoo.nets:build")
    weights.write_bytes(b"333")
    assert source_fingerprint("depthbench_zoo.nets:build") != before


def test_a_lone_module_counts_the_files_that_it_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "depthbench_lone.py").write_text("def build():\n    return open(__file__ + '/../weights.bin')\n")
    found = []
    for name in ("notes.txt", "notes.txt", "weights.bin"):
        found.append(source_fingerprint("depthbench_lone:build"))
        (tmp_path / name).write_text("x" * len(found))
    found.append(source_fingerprint("depthbench_lone:build"))
    assert found[0] == found[1] == found[2] != found[3]


def test_folders_without_a_module_of_their_own_are_looked_into(package: Path) -> None:
    folder = package / "parts"
    folder.mkdir()
    write(folder / "part.py", "def part():\n    return 1\n")
    write(
        package / "user.py",
        "import depthbench_zoo.parts.part\ndef build():\n    return depthbench_zoo.parts.part.part()\n",
    )
    write(package / "other.py", "def build():\n    from .parts import part\n    return part.part\n")
    targets = ("depthbench_zoo.user:build", "depthbench_zoo.other:build", "depthbench_zoo.parts.part:part")
    before = [source_fingerprint(target) for target in targets]
    write(folder / "part.py", "def part():\n    return 22\n")
    after = [source_fingerprint(target) for target in targets]
    assert [old != new for old, new in zip(before, after, strict=True)] == [True, True, True]


def test_what_cannot_be_parsed_counts_by_its_bytes(package: Path) -> None:
    (package / "layers.py").write_text("def linear(:\n")
    before = source_fingerprint("depthbench_zoo.nets:build")
    (package / "layers.py").write_text("def linear(::\n")
    assert source_fingerprint("depthbench_zoo.nets:build") != before


def test_modules_beside_a_plugin_of_no_distribution_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place, name, text in (
        ("a", "depthbench_mine", "import depthbench_yours as yours\ndef build():\n    return yours.net()\n"),
        ("b", "depthbench_yours", "def net():\n    return 1\n"),
    ):
        (tmp_path / place).mkdir()
        (tmp_path / place / f"{name}.py").write_text(text)
        monkeypatch.syspath_prepend(tmp_path / place)
    before = source_fingerprint("depthbench_mine:build")
    (tmp_path / "b" / "depthbench_yours.py").write_text("def net():\n    return 22\n")
    assert source_fingerprint("depthbench_mine:build") != before


def test_a_package_that_imports_late_is_followed_by_what_type_checkers_see(package: Path) -> None:
    text = """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from depthbench_zoo.late import late
        def __getattr__(name):
            raise AttributeError(name)
    """
    write(package / "lazy.py", text)
    write(package / "user.py", "from depthbench_zoo.lazy import late\ndef build():\n    return late\n")
    before = source_fingerprint("depthbench_zoo.user:build")
    edit(package, "late", "def too_late(net):", "def too_late(net, more):")
    assert source_fingerprint("depthbench_zoo.user:build") == before
    edit(package, "late", "def late(net):", "def late(net, more):")
    assert source_fingerprint("depthbench_zoo.user:build") != before


def test_modules_that_import_each_other_have_a_fingerprint(package: Path) -> None:
    write(
        package / "egg.py", "from depthbench_zoo.hen import hen as egg, egg as hen\ndef lay():\n    return egg, hen\n"
    )
    write(package / "hen.py", "from depthbench_zoo.egg import lay, hen, egg\nlay()\n")
    assert source_fingerprint("depthbench_zoo.egg:lay") == source_fingerprint("depthbench_zoo.egg:lay")


def test_a_source_has_one_fingerprint_on_every_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    source = tmp_path / "depthbench_odd.py"

    def fingerprint(text: str) -> str:
        source.write_text(text, encoding="utf-8")
        return source_fingerprint("depthbench_odd:f")

    # Written down once: the same wherever these tests run.
    assert fingerprint(ODD) == "3b24d69d7abac23b9c21a3acf85a09a2f80d88a9c775df65537c09968897fafb"
    assert fingerprint(ODD.replace("A docstring", "Another docstring") + "# a comment\n") == fingerprint(ODD)
    for old, new in (
        ("b=None", "b=0"),
        ("1, 3", "1, 3.0"),
        ("{w}.{w}", "{w}.{x}"),
        ("{**k,", "{None: k,"),
        ("async for", "for"),
    ):
        assert fingerprint(ODD.replace(old, new)) != fingerprint(ODD)


DEFINITIONS = (
    "def f():\n    return g(A) + K.value\n",
    "def g(a):\n    return a\n",
    "class K:\n    value = 1\n",
    "A = 3\n",
    "B = A\n",
    "def unused():\n    return B\n",
)


@given(st.permutations(DEFINITIONS), st.sets(st.sampled_from(DEFINITIONS[4:])))
def test_neither_order_nor_neighbours_count(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], left_out: set[str]
) -> None:
    folder = tmp_path_factory.mktemp("order")
    sys.path.insert(0, str(folder))
    sys.path_importer_cache.clear()
    try:
        found = set()
        for number, body in enumerate((DEFINITIONS, [text for text in texts if text not in left_out])):
            path = folder / "depthbench_order.py"
            path.write_text(f"# {'x' * number}\n" + "".join(body))
            found.add(source_fingerprint("depthbench_order:f"))
    finally:
        sys.path.remove(str(folder))
    assert len(found) == 1


def test_a_fingerprint_is_the_same_in_every_process(package: Path) -> None:
    program = "from bench.runner.identity import *; print(source_fingerprint('depthbench_zoo.nets:dynamic'))"
    found = set()
    for seed in ("1", "2", "3"):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": os.pathsep.join([str(package.parent), *sys.path]),
        }
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )
        found.add(done.stdout)
    assert found == {source_fingerprint("depthbench_zoo.nets:dynamic") + "\n"}
