"""The process that forks runs: heavy modules imported once, CUDA never touched, no user code, no threads.

Started by `bench.runner.link` with a socket's descriptor as its first argument. It waits on that one socket. When
the coordinator is gone, however it went, the socket ends, and with it every run and everything the runs left behind.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
from dataclasses import dataclass
from importlib import import_module
from time import monotonic
from typing import Any

from bench.measure import proc
from bench.runner.huge_pages import use_huge_pages

__all__ = ["MESSAGE_BYTES", "Server", "main"]

PR_SET_CHILD_SUBREAPER = 36
MESSAGE_BYTES = 1 << 20
WATCH_MILLISECONDS = 50
# Finding and adding up workers costs several times a look at the run itself.
WORKERS_SECONDS = 0.5
# It takes a third of a second, which is what it saves on forty runs.
RUNS_WORTH_HUGE_PAGES = 50


@dataclass
class Child:
    """A living run: its number, its process, the most resident memory it may have, why it was killed if it was."""

    number: int
    pid: int
    pidfd: int
    memory_limit_bytes: int | None
    killed_for: str = ""


class Server:
    """Forks a process per run, watches it, and clears up behind it."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.children: dict[int, Child] = {}
        self.looked_at_workers = 0.0

    def serve(self) -> None:
        """Answer requests until the coordinator is gone; then leave nobody behind."""
        try:
            while self._turn():
                pass
        finally:
            for child in list(self.children.values()):
                self._kill(child, "shutdown")
            self._sweep()

    def _turn(self) -> bool:
        poll = select.poll()
        poll.register(self.connection, select.POLLIN)
        for child in self.children.values():
            poll.register(child.pidfd, select.POLLIN)
        watched = any(child.memory_limit_bytes for child in self.children.values())
        ready = {descriptor for descriptor, _ in poll.poll(WATCH_MILLISECONDS if watched else None)}
        self._watch_memory()
        for child in [child for child in self.children.values() if child.pidfd in ready]:
            self._reap(child)
        return self._answer() if self.connection.fileno() in ready else True

    def _answer(self) -> bool:
        message, descriptors, _, _ = socket.recv_fds(self.connection, MESSAGE_BYTES, 2)
        if not message:
            return False
        request = json.loads(message)
        if request["kind"] == "spawn":
            self._spawn(request, *descriptors)
        elif request["kind"] == "kill":
            for child in self.children.values():
                if child.number == request["number"]:
                    self._kill(child, request["cause"])
        return True

    def _spawn(self, request: dict[str, Any], output: int, channel: int) -> None:
        server = os.getpid()
        pid = os.fork()
        if pid == 0:
            self.connection.close()
            for child in self.children.values():
                os.close(child.pidfd)
            from bench.runner.worker import run_and_exit

            run_and_exit(request, output, channel, server)
        os.close(output)
        os.close(channel)
        limit = request.get("job", {}).get("memory_limit_bytes")
        # A fork is born with the server's pages; the limit is on what comes on top.
        most = limit + proc.resident_bytes(server) if limit else None
        self.children[pid] = Child(request["number"], pid, os.pidfd_open(pid), most)
        self._say(kind="started", number=request["number"], pid=pid)

    def _kill(self, child: Child, cause: str) -> None:
        child.killed_for = child.killed_for or cause
        for pid in (*proc.descendants(child.pid), child.pid):
            _kill(pid)
        _kill_group(child.pid)

    def _reap(self, child: Child) -> None:
        """Reap a run that ended, end what it left behind, report."""
        _, status, usage = os.wait4(child.pid, 0)
        os.close(child.pidfd)
        del self.children[child.pid]
        left = self._sweep(session=child.pid)
        self._say(
            kind="exited",
            number=child.number,
            status=status,
            killed_for=child.killed_for,
            cpu_seconds=usage.ru_utime + usage.ru_stime,
            left_behind=left,
        )

    def _sweep(self, session: int | None = None) -> int:
        """Kill every process a dead run left: as the nearest subreaper we have inherited them. Return how many."""
        if session is not None:
            _kill_group(session)
        swept: set[int] = set()
        while orphans := [pid for pid in proc.children(os.getpid()) if pid not in self.children]:
            for pid in orphans:
                for each in (*proc.descendants(pid), pid):
                    _kill(each)
                swept.add(pid)
            for pid in orphans:
                try:
                    os.waitpid(pid, 0)
                except ChildProcessError:
                    continue
        return len(swept)

    def _watch_memory(self) -> None:
        with_workers = monotonic() - self.looked_at_workers > WORKERS_SECONDS
        if with_workers:
            self.looked_at_workers = monotonic()
        for child in self.children.values():
            if child.memory_limit_bytes and is_over(child.pid, child.memory_limit_bytes, with_workers=with_workers):
                self._kill(child, "out-of-memory")

    def _say(self, **message: object) -> None:
        try:
            self.connection.send(json.dumps(message).encode())
        except (BrokenPipeError, ConnectionResetError):
            # The coordinator is gone; the next turn reads the end of the socket and clears up.
            return


def is_over(pid: int, most: int, *, with_workers: bool) -> bool:
    """Does a run have more memory than it may, alone or with its workers?"""
    own = proc.resident_bytes(pid)
    if own > most or not with_workers:
        return own > most
    workers = list(proc.descendants(pid))
    # Here what they share is counted for each of them: cheap, and most often enough to say no.
    if own + sum(map(proc.resident_bytes, workers)) <= most:
        return False
    # Here each page is counted once. Of the server's own pages, which the limit leaves out, a part is the server's:
    # the answer is never too strict.
    rollups = (proc.sizes(proc.PROC / str(each) / "smaps_rollup") for each in (pid, *workers))
    return sum(proc.total(rollup, "Pss_Anon", "Pss_Shmem") for rollup in rollups) > most


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def main() -> None:
    """Import what runs need, say so, and serve."""
    connection = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    start = json.loads(connection.recv(MESSAGE_BYTES))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    problems = {}
    for module in start["preload"]:
        try:
            import_module(module)
        except Exception as error:  # noqa: BLE001 - the run that needs it will fail and say so; others may not need it
            problems[module] = f"{type(error).__name__}: {error}"
    gc.collect()
    if start["expected_runs"] >= RUNS_WORTH_HUGE_PAGES:
        use_huge_pages()
    # What was imported is never garbage; frozen, the collector of a child does not touch (and copy) its pages.
    gc.freeze()
    connection.send(json.dumps({"kind": "ready", "problems": problems}).encode())
    Server(connection).serve()
