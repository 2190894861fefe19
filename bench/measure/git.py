"""The git state of a source folder: commit, and whether the files differ from it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

__all__ = ["git_state"]

TIMEOUT_SECONDS = 10


def git_state(path: Path) -> dict[str, Any] | None:
    """Return `{"commit": …, "is_dirty": …}` of the checkout that tracks a file or folder; None where none does.

    Something installed into a virtual environment that happens to lie in a checkout is not tracked by it.
    """
    folder = path if path.is_dir() else path.parent
    tracked = _git(folder, "ls-files", "--", "." if path.is_dir() else path.name)
    commit = _git(folder, "rev-parse", "HEAD") if tracked else None
    if not commit:
        return None
    changes = _git(folder, "status", "--porcelain")
    return {"commit": commit, "is_dirty": None if changes is None else bool(changes)}


def _git(folder: Path, *arguments: str) -> str | None:
    """Return what git prints; None where it is not installed, not a checkout, or too slow."""
    # A hook or an editor may have set GIT_DIR, which would answer for another repository.
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(folder), "--no-optional-locks", *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - git with our own arguments
            command, env=variables, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
