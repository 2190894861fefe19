"""Run the command as one whom the permissions of files hold, whoever runs the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tests.conftest import COMMAND, Bench

__all__ = ["as_user"]

# Root reads and writes whatever it likes; without these two capabilities it is held to the permissions of its files.
AS_USER = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if os.geteuid() == 0 else ()


def as_user(bench: Bench, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command as one whom file permissions hold."""
    if AS_USER and not shutil.which(AS_USER[0]):
        pytest.skip("root needs setpriv to be held by file permissions")
    return subprocess.run(
        [*AS_USER, sys.executable, "-c", COMMAND, *words],
        cwd=bench.folder, env=bench.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
