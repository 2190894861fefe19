"""What the command costs before it does anything."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("words", [("--help",), ("list", "models")], ids=" ".join)
def test_start(benchmark, words):
    def start():
        return subprocess.run([sys.executable, "-m", "bench", *words], capture_output=True, text=True, check=True)

    assert benchmark.pedantic(start, rounds=7, warmup_rounds=1).stdout
