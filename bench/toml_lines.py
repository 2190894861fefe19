"""Find the lines of keys and values in TOML text, for errors that name them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

__all__ = ["line_of"]

Location = tuple[str | int, ...]

TOKENS = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}|\'{3}.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*\''''
    r"|(?P<comment>\#[^\n]*)|[\n\[\]{},=.]|[^\s\[\]{},=.\#\"']+",
    re.DOTALL,
)


def line_of(text: str, location: Sequence[str | int]) -> int | None:
    """Return the line of a location such as ("compare", 0, "models", 2), or of the nearest part around it.

    text: what tomllib accepts, which keeps no positions itself. None where the text has nothing around the location.
    """
    lines, parts = _Reader(text).lines, tuple(location)
    return next((lines[parts[:end]] for end in range(len(parts), 0, -1) if parts[:end] in lines), None)


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    line, end = 1, 0
    for match in TOKENS.finditer(text):
        line += text.count("\n", end, match.start())
        end = match.start()
        if not match["comment"]:
            yield match[0], line


class _Reader:
    """Walks once through TOML that is known to be valid; what the values mean is not its business."""

    def __init__(self, text: str) -> None:
        self.tokens, self.at = list(_tokens(text)), 0
        self.lines: dict[Location, int] = {}
        self.newest: dict[Location, int] = {}
        table: Location = ()
        while self._is_open():
            if self._takes("["):
                table = self._header()
            elif not self._takes("\n"):
                self._pair(table)

    def _header(self) -> Location:
        is_array, line = self._takes("["), self.tokens[self.at][1]
        *parents, last = self._key()
        table: Location = ()
        for name in parents:
            # `[compare.task]` belongs to the last `[[compare]]` above it.
            table = (*table, name, self.newest[*table, name]) if (*table, name) in self.newest else (*table, name)
            self.lines.setdefault(table, line)
        table = (*table, last)
        self.lines.setdefault(table, line)
        if is_array:
            self.newest[table] = self.newest.get(table, -1) + 1
            table = (*table, self.newest[table])
            self.lines[table] = line
        while self._takes("]"):
            pass
        return table

    def _pair(self, table: Location) -> None:
        line = self.tokens[self.at][1]
        for name in self._key():
            table = (*table, name)
            self.lines.setdefault(table, line)
        self._takes("=")
        self._value(table)

    def _value(self, place: Location) -> None:
        if not self._is_open():
            return
        self.lines.setdefault(place, self.tokens[self.at][1])
        if self._takes("["):
            self._array(place)
        elif self._takes("{"):
            while self._is_open() and not self._takes("}"):
                if not (self._takes(",") or self._takes("\n")):
                    self._pair(place)
        else:
            self.at += 1
            while self._is_open() and self.tokens[self.at][0] not in (",", "]", "}", "\n"):
                self.at += 1

    def _array(self, place: Location) -> None:
        number = 0
        while self._is_open() and not self._takes("]"):
            if self._takes(","):
                number += 1
            elif not self._takes("\n"):
                self._value((*place, number))

    def _key(self) -> list[str]:
        names = [self._name()]
        while self._takes("."):
            names.append(self._name())
        return names

    def _name(self) -> str:
        token = self.tokens[self.at][0] if self._is_open() else ""
        self.at += 1
        return token[1:-1] if token[:1] in ('"', "'") else token

    def _takes(self, token: str) -> bool:
        found = self._is_open() and self.tokens[self.at][0] == token
        self.at += found
        return found

    def _is_open(self) -> bool:
        return self.at < len(self.tokens)
