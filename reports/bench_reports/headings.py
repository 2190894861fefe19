"""Break a heading into two lines, as narrow as its column allows."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["wrapped"]

MOST_LINES = 2
# A heading breaks between words, and an identifier such as `fd:lenet-digits-v1@b841f88f` at its joints.
JOINTS = re.compile(r"( +)|(?<=[:_-])|(?=@)")
NO_BREAK = "\N{NO-BREAK SPACE}"


def wrapped(heading: str, arrow: str, width: int) -> tuple[str, ...]:
    """Return a heading in at most two lines, as narrow as that allows but no narrower than `width`; the arrow stays
    with its last word.
    """
    text = f"{' '.join(heading.split())}{NO_BREAK if arrow else ''}{arrow}"
    parts = [part for part in JOINTS.split(text) if part]
    pieces = [part for part in parts if part.strip(" ")]
    for limit in range(max([width, *map(len, pieces)]), len(text)):
        lines = _lines(parts, limit)
        if len(lines) <= MOST_LINES:
            return tuple(lines)
    return (text,)


def _lines(parts: Sequence[str], limit: int) -> list[str]:
    """parts: words, what joins them without a space, and spaces."""
    lines = [""]
    for part in parts:
        if len(f"{lines[-1]}{part}".rstrip(" ")) <= limit:
            lines[-1] += part
        elif part.strip(" "):
            lines.append(part)
    return [line.strip(" ") for line in lines]
