"""Huge pages: a large process keeps what it holds and gains no memory by it."""

from __future__ import annotations

import json
import mmap
import subprocess
import sys

import pytest

# In a process of its own: what is gathered stays so.
PROGRAM = """
import json, mmap
import numpy as np
from bench.runner.huge_pages import use_huge_pages

def state(file, name):
    fields = dict(line.split(":", 1) for line in open(f"/proc/self/{file}") if ":" in line)
    return int(fields[name].split()[0]) * 1024

def small_pages(size):
    # Not NumPy's own memory, for which it asks for huge pages itself.
    return np.frombuffer(mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS), np.uint8)

full, holes = small_pages(64 * 2**20), small_pages(64 * 2**20)
full[:] = np.arange(len(full)) % 251
# Every second page is never touched, so that no huge block of it is whole.
holes[:: 2 * mmap.PAGESIZE] = 1
resident, huge = state("status", "VmRSS"), state("smaps_rollup", "AnonHugePages")
gathered = use_huge_pages()
grown = state("status", "VmRSS") - resident
same = bool((full == np.arange(len(full)) % 251).all())
huge = state("smaps_rollup", "AnonHugePages") - huge
print(json.dumps([gathered, huge, grown, same, int(holes.sum())]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="huge pages are gathered on Linux only")
def test_gathered_memory_is_the_same_and_no_larger_and_lies_in_huge_pages() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    gathered, huge, grown, is_same, touched = json.loads(done.stdout)
    if not gathered:
        pytest.skip("this kernel does not collapse pages (Linux 6.1 does)")
    assert is_same
    assert touched == 64 * 2**20 // (2 * mmap.PAGESIZE)
    assert 56 * 2**20 <= gathered <= 96 * 2**20
    assert 56 * 2**20 <= huge <= 96 * 2**20
    assert grown < 4 * 2**20
