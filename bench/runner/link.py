"""The coordinator's line to the run server: start it, send it requests, hear what it says."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.errors import RunnerError
from bench.runner.server import MESSAGE_BYTES

__all__ = ["Link"]

START_SECONDS = 300.0
CLOSE_SECONDS = 3.0
LOG_BYTES = 4000
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# The server finds its modules where the coordinator does, and hands no changed environment on to the runs.
BOOT = "import json, sys; sys.path[:] = json.loads(sys.argv[2]); from bench.runner.server import main; main()"


class Link:
    """A run server and the socket to it; every method raises RunnerError where the server is gone."""

    def __init__(self, preload: Sequence[str], *, threads: int, expected_runs: int) -> None:
        path = [entry or str(Path.cwd()) for entry in sys.path]
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the link
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (self.socket, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * MESSAGE_BYTES)
        with theirs:
            # A session of its own: Ctrl-C reaches the coordinator alone, which then ends everything in order.
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own code
                [sys.executable, "-P", "-c", BOOT, str(theirs.fileno()), json.dumps(path)],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                start_new_session=True,
                # BLAS and OpenMP read these when they are loaded, which is in the server; in a run it is too late.
                env=os.environ | dict.fromkeys(THREAD_VARIABLES, str(threads)),
            )
        self.send({"preload": list(preload), "expected_runs": expected_runs})

    def wait_ready(self) -> dict[str, str]:
        """Wait until the server has imported everything; return module → reason for those it could not."""
        self.socket.settimeout(START_SECONDS)
        try:
            problems: dict[str, str] = self.receive()["problems"]
        except TimeoutError:
            raise RunnerError(f"the run server was not ready after {START_SECONDS:g} s\n{self._said()}") from None
        self.socket.settimeout(None)
        return problems

    def send(self, message: Mapping[str, Any], descriptors: Sequence[int] = ()) -> None:
        """Send a request, and the ends of pipes that belong to it."""
        try:
            socket.send_fds(self.socket, [json.dumps(message).encode()], descriptors)
        except OSError as error:
            raise RunnerError(f"the run server is gone: {error}\n{self._said()}") from error

    def receive(self) -> dict[str, Any]:
        """Wait for the server's next message."""
        try:
            content = self.socket.recv(MESSAGE_BYTES)
        except ConnectionResetError:
            content = b""
        if not content:
            raise RunnerError(f"the run server died\n{self._said()}")
        message: dict[str, Any] = json.loads(content)
        return message

    def close(self) -> None:
        """End the server, which ends every run and whatever the runs left behind."""
        self.socket.close()
        try:
            self._process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _said(self) -> str:
        self._log.seek(0)
        return self._log.read()[-LOG_BYTES:].decode("utf-8", "replace")
