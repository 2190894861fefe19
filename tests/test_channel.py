"""The channel between a run and the coordinator: everything arrives as it was sent, in time linear in its size."""

from __future__ import annotations

import json
import os
from threading import Thread
from time import perf_counter

import numpy as np
import pytest
import torch

from bench.record import CurvePoint
from bench.runner import channel as module
from bench.runner.channel import Channel, Garbage, Reader
from bench.runner.jobs import Message, Outcome
from bench.runner.plain import plain

BYTES = bytes(range(256)) + b"\n\n{}\n"


def received(*messages: Message, chunk_bytes: int = 1 << 16) -> list[Message | Garbage]:
    """Send messages through a pipe, read in chunks of that size."""
    reading, writing = os.pipe()

    def send() -> None:
        channel = Channel(writing)
        for message in messages:
            channel.send(message)
        os.close(writing)

    sender, reader, found = Thread(target=send), Reader(), []
    sender.start()
    while chunk := os.read(reading, chunk_bytes):
        found += reader.feed(chunk)
    os.close(reading)
    sender.join()
    return found


def test_bytes_arrive_as_they_were_sent_between_other_messages() -> None:
    outcome = Outcome(
        status="ok",
        objective="accuracy",
        answer=BYTES,
        truth=BYTES[::-1],
        artifacts={"a.png": ("image/png", BYTES * 3), "empty": ("text/plain", b"")},
        details={"value": float("nan")},
    )
    point = Message(kind="point", point=CurvePoint(epoch=1, step=1, train_seconds=0.5, train_loss=float("inf")))
    for chunk_bytes in (1, 7, 1 << 16):
        first, second, third = received(
            point, Message(kind="outcome", outcome=outcome, counters={"x": 1.0}), point, chunk_bytes=chunk_bytes
        )
        assert first == third == point
        assert isinstance(second, Message)
        assert second.counters == {"x": 1.0}
        assert second.outcome is not None
        assert second.outcome.model_dump(exclude={"details"}) == outcome.model_dump(exclude={"details"})
        assert np.isnan(second.outcome.details["value"])


def test_sixty_four_megabytes_take_no_longer_than_their_size() -> None:
    def seconds(megabytes: int) -> float:
        outcome = Outcome(status="ok", answer=os.urandom(megabytes * 2**20))
        started = perf_counter()
        (message,) = received(Message(kind="outcome", outcome=outcome))
        assert isinstance(message, Message)
        assert message.outcome == outcome
        return perf_counter() - started

    seconds(1)
    # Split anew with each chunk, 64 MB took 74 s.
    assert seconds(64) < 10


def test_a_long_line_is_searched_once() -> None:
    line = json.dumps({"kind": "value", "value": "x" * (32 * 2**20)}).encode() + b"\n"
    reader, started, found = Reader(), perf_counter(), []
    for at in range(0, len(line), 1 << 12):
        found += reader.feed(line[at : at + (1 << 12)])
    assert perf_counter() - started < 10
    (message,) = found
    assert isinstance(message, Message)
    assert len(message.value) == 32 * 2**20


@pytest.mark.parametrize(
    "line",
    [
        b"not a message",
        b'{"kind":"outcome","outcome":{"status":"ok"},"sizes":[1]}',
        b'{"kind":"outcome","outcome":{"status":"ok"},"sizes":[-1,3]}',
        b'{"kind":"outcome","outcome":{"status":"ok"},"sizes":[0,999999999999]}',
    ],
)
def test_what_is_no_message_is_told_and_the_next_one_still_read(line: bytes) -> None:
    garbage, message = Reader().feed(line + b'\n{"kind":"value","value":3}\n')
    assert isinstance(garbage, Garbage)
    assert line[:20].decode() in garbage
    assert isinstance(message, Message)
    assert message.value == 3


def test_too_many_bytes_are_left_out_with_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMIT_BYTES", 1000)
    outcome = Outcome(status="ok", answer=b"x" * 2000, notes=("first",), details={"kept": 1})
    (message,) = received(Message(kind="outcome", outcome=outcome))
    assert isinstance(message, Message)
    assert message.outcome is not None
    assert message.outcome.answer == b""
    assert message.outcome.details == {"kept": 1}
    assert message.outcome.notes[0] == "first"
    assert "are not kept" in message.outcome.notes[1]
    assert list(Reader().feed(b"x" * 2000)) == [repr(b"x" * 80)]


class Odd:
    def __repr__(self) -> str:
        raise RuntimeError("no words")


def test_details_that_json_cannot_hold_become_text() -> None:
    loop: list[object] = []
    loop.append(loop)
    details = {
        "set": {"b", "a"},
        "tuple": (1, 2.5, None, True),
        "array": np.arange(3, dtype=np.float32),
        "number": np.float32(0.5),
        "flag": np.bool_(True),
        "tensor": torch.ones(2, 1, requires_grad=True),
        "large": np.zeros((1000, 1000)),
        "object": Outcome,
        "odd": Odd(),
        "half a character": "\ud800",
        "bytes": b"\x00",
        ("a", 1): 1,
        "loop": loop,
    }
    kept = Outcome(status="ok", details=details, reason="\udc80", notes=["\ud800"]).model_dump()  # type: ignore[arg-type]
    assert json.loads(json.dumps(kept["details"])) == kept["details"]
    expected = {
        "set": ["a", "b"],
        "tuple": [1, 2.5, None, True],
        "array": [0.0, 1.0, 2.0],
        "number": 0.5,
        "flag": True,
        "tensor": [[1.0], [1.0]],
        "large": "ndarray of shape (1000, 1000), float64",
        "half a character": "\\ud800",
        "('a', 1)": 1,
    }
    assert kept["details"] | expected == kept["details"]
    assert "cannot be shown: RuntimeError" in kept["details"]["odd"]
    assert (kept["reason"], kept["notes"]) == ("\\udc80", ("\\ud800",))
    assert len(plain("y" * 5000)) == 5000
    assert len(plain(Exception("y" * 5000))) == 1000
