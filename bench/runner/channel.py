"""The way from a run's process to the coordinator: one JSON line per message, raw bytes behind an outcome's line.

Bytes travel as they are: as text in JSON they would be a third larger, and encoding and decoding them would take longer
than sending them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import accumulate, pairwise

from pydantic import ValidationError

from bench.record import CurvePoint
from bench.runner.jobs import Message, Outcome

__all__ = ["Channel", "Garbage", "Reader"]

LIMIT_BYTES = 256 * 2**20
SHOWN_BYTES = 80


class Channel:
    """The end that a run's process writes to."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def send(self, message: Message) -> None:
        """Write a message whole."""
        contents: list[bytes] = []
        if message.outcome is not None:
            outcome, contents = _detach(_bounded(message.outcome))
            message = message.model_copy(update={"outcome": outcome, "sizes": tuple(map(len, contents))})
        # Floats that JSON has no word for are written as the constants that the record's model reads.
        self._write(message.model_dump_json(exclude_defaults=True).encode() + b"\n")
        for content in contents:
            self._write(content)

    def report(self, point: CurvePoint) -> None:
        """Send a point of the learning curve as it is measured."""
        self.send(Message(kind="point", point=point))

    def _write(self, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]


class Garbage(str):
    """The beginning of something in the channel that is no message of ours."""

    __slots__ = ()


class Reader:
    """The coordinator's end: takes chunks in as they come, gives messages as they are whole; linear in the bytes."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._searched = 0
        # The outcome whose raw bytes are still arriving, and how many they are.
        self._head: tuple[Message, Outcome] | None = None
        self._awaited = 0

    def feed(self, chunk: bytes) -> Iterator[Message | Garbage]:
        """Take a chunk in; yield the messages that it completes, and what is none as Garbage."""
        self._pending += chunk
        while (found := self._next()) is not None:
            yield found

    def _next(self) -> Message | Garbage | None:
        if self._head is not None:
            return self._attach(*self._head) if len(self._pending) >= self._awaited else None
        # What was searched before holds no line's end.
        end = self._pending.find(b"\n", self._searched)
        if end < 0:
            self._searched = len(self._pending)
            return self._give_up() if self._searched > LIMIT_BYTES else None
        line, self._searched = bytes(self._pending[:end]), 0
        del self._pending[: end + 1]
        try:
            message = Message.model_validate_json(line)
        except ValidationError:
            return Garbage(repr(line[:SHOWN_BYTES]))
        if message.outcome is None or not message.sizes:
            return message
        if not _can_be_attached(message.outcome, message.sizes):
            return Garbage(repr(line[:SHOWN_BYTES]))
        self._head, self._awaited = (message, message.outcome), sum(message.sizes)
        return self._next()

    def _attach(self, message: Message, outcome: Outcome) -> Message:
        with memoryview(self._pending) as pending:
            contents = [bytes(pending[start:end]) for start, end in pairwise(accumulate(message.sizes, initial=0))]
        del self._pending[: self._awaited]
        self._head = None
        return message.model_copy(update={"outcome": _reattach(outcome, contents), "sizes": ()})

    def _give_up(self) -> Garbage:
        said = Garbage(repr(bytes(self._pending[:SHOWN_BYTES])))
        self._pending, self._searched = bytearray(), 0
        return said


def _can_be_attached(outcome: Outcome, sizes: tuple[int, ...]) -> bool:
    """Does the announcement fit its outcome? A run may write to the channel what it likes."""
    return len(sizes) == 2 + len(outcome.artifacts) and min(sizes) >= 0 and sum(sizes) <= LIMIT_BYTES


def _detach(outcome: Outcome) -> tuple[Outcome, list[bytes]]:
    """Return the outcome without its bytes, and the bytes: answer, truth, then the artifacts in their order."""
    contents = [outcome.answer, outcome.truth, *(content for _, content in outcome.artifacts.values())]
    empty = {name: (media_type, b"") for name, (media_type, _) in outcome.artifacts.items()}
    return outcome.model_copy(update={"answer": b"", "truth": b"", "artifacts": empty}), contents


def _reattach(outcome: Outcome, contents: list[bytes]) -> Outcome:
    answer, truth, *rest = contents
    types = ((name, media_type) for name, (media_type, _) in outcome.artifacts.items())
    artifacts = {name: (media_type, content) for (name, media_type), content in zip(types, rest, strict=True)}
    return outcome.model_copy(update={"answer": answer, "truth": truth, "artifacts": artifacts})


def _bounded(outcome: Outcome) -> Outcome:
    """Leave out what is too large to be sent, and say so, rather than lose the run's measurements with it."""
    size = sum(map(len, _detach(outcome)[1]))
    if size <= LIMIT_BYTES:
        return outcome
    note = f"answers and files of {size / 1e6:,.0f} MB are not kept: a run may hand over {LIMIT_BYTES / 1e6:,.0f} MB"
    return outcome.model_copy(update={"answer": b"", "truth": b"", "artifacts": {}, "notes": (*outcome.notes, note)})
