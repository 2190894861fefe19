"""Who else runs suites on this machine: times taken beside another session are not times taken alone."""

from __future__ import annotations

import fcntl
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO

__all__ = ["OtherSessions", "shared_folder"]


def shared_folder() -> Path:
    """Return the folder in which the sessions of this user leave their marks."""
    return Path(tempfile.gettempdir()) / f"depthbench-{os.getuid()}"


class OtherSessions:
    """A mark that this session is alive, and a look at the marks of the others of the same user.

    A mark is a file that its session holds locked: the lock ends with the process, however it ends. `folder` is for
    tests. Where the folder cannot be used no other session is seen.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or shared_folder()
        self._own: Path | None = None
        self._file: IO[str] | None = None

    def __enter__(self) -> OtherSessions:
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            if self.folder.lstat().st_uid != os.getuid():
                return self
            # Locked under another name first: nobody may take it for the mark of a session that is gone.
            new = self.folder / f".{os.getpid()}-{id(self)}"
            self._file = new.open("w")
            fcntl.flock(self._file, fcntl.LOCK_EX)
            self._own = new.rename(new.with_name(new.name[1:]))
        except OSError:
            self._own = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._own is not None:
            self._own.unlink(missing_ok=True)
        if self._file is not None:
            self._file.close()

    def count(self) -> int:
        """Return how many other sessions are alive."""
        if self._own is None:
            return 0
        marks = [mark for mark in self.folder.iterdir() if mark != self._own and not mark.name.startswith(".")]
        return sum(map(_is_alive, marks))


def _is_alive(mark: Path) -> bool:
    try:
        with mark.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            mark.unlink(missing_ok=True)
    except BlockingIOError:
        return True
    except OSError:
        # It was taken away just now.
        return False
    return False
