"""The coordinator's hold on the run server: submit jobs, read what they print and report, enforce the time limit."""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from pydantic import ValidationError

from bench.errors import RunnerError
from bench.record import CurvePoint, Status
from bench.runner.jobs import Job, Message, Outcome
from bench.runner.server import MESSAGE_BYTES

__all__ = ["Active", "Ended", "Pool"]

OUTPUT_CHARACTERS = 64_000
START_SECONDS = 300.0
CLOSE_SECONDS = 3.0
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
CHANNEL_BYTES = 256 * 2**20
# The server finds its modules where the coordinator does, and hands no changed environment on to the runs.
BOOT = "import json, sys; sys.path[:] = json.loads(sys.argv[2]); from bench.runner.server import main; main()"


@dataclass
class Active:
    """A job that runs now, and what it has said so far."""

    job: Job
    number: int
    output: int
    channel: int
    started: float
    began_at: str
    pid: int = 0
    said: bytearray = field(default_factory=bytearray)
    left_out: int = 0
    pending: bytearray = field(default_factory=bytearray)
    curve: list[CurvePoint] = field(default_factory=list)
    outcome: Outcome | None = None
    value: Any = None
    garbage: str = ""
    is_overdue: bool = False

    @property
    def deadline(self) -> float:
        """The moment, on the monotonic clock, at which the run is killed."""
        return self.started + self.job.timeout_seconds

    def text(self) -> str:
        """Return the captured output: its beginning and its end, with a word on what lies between."""
        text = self.said.decode("utf-8", "replace")
        if not self.left_out:
            return text
        half = OUTPUT_CHARACTERS // 2
        return f"{text[:half]}\n… {self.left_out} bytes left out …\n{text[half:]}"


@dataclass(frozen=True)
class Ended:
    """A run whose process is gone: what it said and how it went."""

    active: Active
    status: int
    killed_for: str
    left_behind: int
    wall_seconds: float

    def outcome(self, oom_kills: int) -> Outcome:
        """Return the run's own word where it gave one, else what its end tells; `oom_kills`: by the kernel."""
        if self.active.outcome is not None:
            return self.active.outcome
        status, reason = self._verdict(oom_kills)
        return Outcome(status=status, reason=reason)

    def _verdict(self, oom_kills: int) -> tuple[Status, str]:
        job = self.active.job
        if self.killed_for == "timeout":
            return "timeout", f"not finished after {job.timeout_seconds:g} s, the limit (--timeout)"
        if self.killed_for == "out-of-memory":
            limit = (job.memory_limit_bytes or 0) / 1e6
            return "out-of-memory", f"more than {limit:,.0f} MB of memory in use, the limit (--memory-limit)"
        if os.WIFSIGNALED(self.status):
            return _signalled(os.WTERMSIG(self.status), oom_kills)
        code = os.waitstatus_to_exitcode(self.status)
        if self.active.garbage:
            return "failed", f"wrote something else to the channel of results: {self.active.garbage}"
        return "failed", f"the process ended with exit code {code} before it reported a result"


def _signalled(number: int, oom_kills: int) -> tuple[Status, str]:
    name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
    if number == signal.SIGKILL and oom_kills:
        return "out-of-memory", "killed by the kernel, which had run out of memory"
    if number in (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP):
        return "killed", f"killed from outside by {name}"
    return "failed", f"crashed with {name}; the captured output may hold a traceback"


class Pool:
    """Runs jobs in processes forked by one server; at most as many at a time as the caller submits."""

    def __init__(self, preload: Sequence[str], *, threads: int = 1, expected_runs: int = 1) -> None:
        path = [entry or str(Path.cwd()) for entry in sys.path]
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the pool
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (ours, theirs):
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
        self._socket = ours
        self._selector = selectors.DefaultSelector()
        self._selector.register(ours, selectors.EVENT_READ)
        self._active: dict[int, Active] = {}
        self._count = 0
        self._is_ready = False
        self.problems: dict[str, str] = {}
        self._send({"preload": list(preload), "expected_runs": expected_runs})

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def active(self) -> list[Active]:
        """The jobs that run now."""
        return list(self._active.values())

    def wait_ready(self) -> None:
        """Wait until the server has imported everything; raises RunnerError where it dies on the way."""
        if self._is_ready:
            return
        self._socket.settimeout(START_SECONDS)
        try:
            message = self._receive()
        except TimeoutError:
            raise RunnerError(f"the run server was not ready after {START_SECONDS:g} s\n{self._server_log()}") from None
        self._socket.settimeout(None)
        self.problems, self._is_ready = message["problems"], True

    def submit(self, job: Job, began_at: str) -> Active:
        """Start a job in a process of its own."""
        return self._spawn(job, {"job": job.model_dump(mode="json")}, began_at)

    def call(self, job: Job, target: str, arguments: dict[str, Any]) -> Any:
        """Call a function of ours in a process of its own, within the job's limits; return its value as parsed JSON."""
        active = self._spawn(job, {"call": target, "arguments": arguments}, "")
        while True:
            for ended in self.wait(lambda *_: None):
                if ended.active is active:
                    if active.value is None:
                        raise RunnerError(f"{target} failed: {ended.outcome(0).reason}\n{active.text()}")
                    return active.value

    def wait(self, on_point: Callable[[Active, CurvePoint], None], until: float = 1.0) -> Iterator[Ended]:
        """Wait up to `until` seconds for something to happen; yield the runs that ended."""
        now = monotonic()
        due = min(
            (active.deadline for active in self._active.values() if not active.is_overdue),
            default=now + until,
        )
        for key, _ in self._selector.select(max(0.0, min(until, due - now))):
            if key.fileobj is self._socket:
                ended = self._hear(on_point)
                if ended is not None:
                    yield ended
            elif key.data.number in self._active:
                # A run whose end was heard in this same look has its pipes read and closed already.
                self._read(key.data, key.fd, on_point)
        for active in self._active.values():
            if monotonic() >= active.deadline and not active.is_overdue:
                active.is_overdue = True
                self._send({"kind": "kill", "number": active.number, "cause": "timeout"})

    def close(self) -> None:
        """End every run, everything they left behind, and the server."""
        self._selector.close()
        self._socket.close()
        for active in self._active.values():
            os.close(active.output)
            os.close(active.channel)
        self._active.clear()
        try:
            self._process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _spawn(self, job: Job, request: dict[str, Any], began_at: str) -> Active:
        self.wait_ready()
        self._count += 1
        output, output_end = os.pipe()
        channel, channel_end = os.pipe()
        active = Active(job, self._count, output, channel, monotonic(), began_at)
        for descriptor in (output, channel):
            os.set_blocking(descriptor, False)
            self._selector.register(descriptor, selectors.EVENT_READ, active)
        self._active[active.number] = active
        message = {"kind": "spawn", "number": active.number, **request}
        try:
            self._send(message, [output_end, channel_end])
        finally:
            os.close(output_end)
            os.close(channel_end)
        return active

    def _hear(self, on_point: Callable[[Active, CurvePoint], None]) -> Ended | None:
        message = self._receive()
        active = self._active.get(message["number"])
        if active is None:
            return None
        if message["kind"] == "started":
            active.pid = message["pid"]
            return None
        for descriptor in (active.output, active.channel):
            self._read(active, descriptor, on_point)
            if descriptor in self._selector.get_map():
                self._selector.unregister(descriptor)
            os.close(descriptor)
        del self._active[active.number]
        wall = monotonic() - active.started
        return Ended(active, message["status"], message["killed_for"], message["left_behind"], wall)

    def _read(self, active: Active, descriptor: int, on_point: Callable[[Active, CurvePoint], None]) -> None:
        """Take in what lies in a pipe, until it is empty."""
        for _ in range(1024):
            try:
                chunk = os.read(descriptor, 1 << 16)
            except BlockingIOError:
                return
            if not chunk:
                # Closed by the run itself; left registered, it would wake the selector without end.
                if descriptor in self._selector.get_map():
                    self._selector.unregister(descriptor)
                return
            if descriptor == active.output:
                _keep(active, chunk)
            else:
                active.pending += chunk
                self._parse(active, on_point)

    def _parse(self, active: Active, on_point: Callable[[Active, CurvePoint], None]) -> None:
        *lines, rest = active.pending.split(b"\n")
        active.pending = rest if len(rest) < CHANNEL_BYTES else bytearray()
        for line in lines:
            try:
                message = Message.model_validate_json(bytes(line))
            except ValidationError:
                active.garbage = repr(bytes(line[:80]))
                continue
            if message.point is not None:
                active.curve.append(message.point)
                on_point(active, message.point)
            active.outcome = message.outcome or active.outcome
            active.value = message.value if message.kind == "value" else active.value

    def _send(self, message: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
        try:
            socket.send_fds(self._socket, [json.dumps(message).encode()], descriptors)
        except OSError as error:
            raise RunnerError(f"the run server is gone: {error}\n{self._server_log()}") from error

    def _receive(self) -> dict[str, Any]:
        try:
            content = self._socket.recv(MESSAGE_BYTES)
        except ConnectionResetError:
            content = b""
        if not content:
            raise RunnerError(f"the run server died\n{self._server_log()}")
        message: dict[str, Any] = json.loads(content)
        return message

    def _server_log(self) -> str:
        self._log.seek(0)
        return self._log.read()[-4000:].decode("utf-8", "replace")


def _keep(active: Active, chunk: bytes) -> None:
    """Keep the first and the last half of what is allowed; a run may print gigabytes."""
    active.said += chunk
    surplus = len(active.said) - OUTPUT_CHARACTERS
    if surplus > 0:
        half = OUTPUT_CHARACTERS // 2
        del active.said[half : half + surplus]
        active.left_out += surplus
