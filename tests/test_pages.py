"""Huge pages: a large process keeps what it holds, gains no memory by it, and forks faster."""

from __future__ import annotations

import json
import mmap
import subprocess
import sys

import pytest

# In a process of its own: what is gathered stays so.
PROGRAM = """
import json, mmap, os, statistics, time
import numpy as np
from bench.runner.pages import gather

def resident():
    fields = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
    return int(fields["VmRSS"].split()[0]) * 1024

def fork():
    started = time.perf_counter()
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)
    return time.perf_counter() - started

full = np.arange(64 * 2**20 // 8)
# Every second page is never touched, so that no huge block of it is whole.
holes = np.frombuffer(mmap.mmap(-1, 64 * 2**20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS), np.uint8)
holes[:: 2 * mmap.PAGESIZE] = 1
before, slow = resident(), statistics.median(fork() for _ in range(15))
gathered = gather()
after, fast = resident(), statistics.median(fork() for _ in range(15))
same = bool((full == np.arange(len(full))).all())
print(json.dumps([gathered, after - before, same, int(holes.sum()), fast / slow]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="huge pages are gathered on Linux only")
def test_gathered_memory_is_the_same_and_no_larger_and_forks_faster() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    gathered, grown, is_same, touched, ratio = json.loads(done.stdout)
    if not gathered:
        pytest.skip("this kernel does not collapse pages (Linux 6.1 does)")
    assert is_same
    assert touched == 64 * 2**20 // (2 * mmap.PAGESIZE)
    assert 56 * 2**20 <= gathered <= 96 * 2**20
    assert grown < 4 * 2**20
    assert ratio < 1
