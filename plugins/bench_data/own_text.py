"""Read a text file whose encoding and separator nobody has said: bytes in, named columns of strings out."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from bench.errors import DataError, UsageError

__all__ = ["GAPS", "Table", "decoded", "parsed", "table_of"]

# What stands in files where a value is missing, beside nothing.
GAPS = frozenset({"NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "None", "?", "-", "."})
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
LINES_TO_SNIFF = 50
# Whole articles stand in some tables; what is longer is a quote without its end.
LONGEST_VALUE = 10_000_000


@dataclass(frozen=True)
class Table:
    """The values of a file as they stand there, spaces around them stripped; "" where one is missing.

    place: the file, for sentences. columns: name → (rows,) strings. lines: where each row stands in the file, called by
    `unit`. said: what was found out on the way. separator: of values, in a text file.
    """

    place: str
    columns: dict[str, list[str]]
    lines: list[int]
    unit: str = "line"
    said: tuple[str, ...] = ()
    separator: str = ""

    def __len__(self) -> int:
        return len(self.lines)

    def take(self, rows: Sequence[int]) -> Table:
        """Return the table with these rows alone."""
        columns = {name: [values[row] for row in rows] for name, values in self.columns.items()}
        return replace(self, columns=columns, lines=[self.lines[row] for row in rows])

    def find(self, name: str) -> str:
        """Return a column's name; raises UsageError, with the nearest one, where there is none."""
        if name in self.columns:
            return name
        near = get_close_matches(name.lower(), [each.lower() for each in self.columns], n=1)
        meant = [each for each in self.columns if [each.lower()] == near]
        hint = f" Did you mean {meant[0]!r}?" if meant else ""
        raise UsageError(f"{self.place} has no column {name!r}.{hint} Columns: {', '.join(self.columns)}")


def decoded(content: bytes, place: str) -> tuple[str, tuple[str, ...]]:
    """Return the text of a file, and what to say of its encoding; raises DataError where it is no text."""
    if not content.strip():
        raise DataError(f"{place} is empty: a line of column names and a line for each sample are needed")
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if content.startswith(mark):
            told = f"a byte-order mark, read as {encoding.removesuffix('-sig').upper()}"
            return _as(content, encoding, place), (told,)
    if b"\0" in content[:4096]:
        raise DataError(
            f"{place} is no text: byte {content.index(0)} is zero. Save the table as CSV (UTF-8), or give a .parquet "
            "file"
        )
    try:
        return content.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
    text = _as(content, "cp1252", place)
    if sum(not each.isprintable() and each not in "\r\n\t" for each in text) > len(text) // 100:
        raise DataError(f"{place} is no text: it is neither UTF-8 nor Windows-1252. Save the table as CSV (UTF-8)")
    return text, (f"line {line} is not UTF-8: read as Windows-1252, so look whether names and accents are right",)


def _as(content: bytes, encoding: str, place: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{place}, line {line}: byte 0x{content[error.start]:02x} is no text in {encoding}. "
            "Save the file as UTF-8 and run again"
        ) from error


def table_of(content: bytes, place: str) -> Table:
    """Return the table of a text file; raises DataError, naming file, line and cure, where it is none."""
    text, said = decoded(content, place)
    separator = _separator(text)
    rows = parsed(text, separator, place)
    names, told = _names(rows[0][1], place)
    if separator != ",":
        said = (*said, f"separated by {SEPARATORS[separator]}")
    if b"\r\n" in content[:65536]:
        said = (*said, "Windows line ends")
    for line, row in rows[1:]:
        if len(row) != len(names):
            raise DataError(
                f"{place}, line {line} has {len(row)} values, and line {rows[0][0]} names {len(names)} columns. Mend "
                "that "
                f"line: put a value that holds the separator {separator!r} in double quotes"
            )
    if len(rows) < 2:
        raise DataError(f"{place} has a line of column names and no rows: nothing can be learned from it")
    columns = {name: [row[place_].strip() for _, row in rows[1:]] for place_, name in enumerate(names)}
    gaps = Counter(value for values in columns.values() for value in values if value in GAPS)
    if gaps:
        said = (*said, f"{_listed(map(repr, sorted(gaps)))} count{'s' if len(gaps) == 1 else ''} as gaps")
    columns = {name: ["" if value in GAPS else value for value in values] for name, values in columns.items()}
    return Table(place, columns, [line for line, _ in rows[1:]], said=(*said, *told), separator=separator)


def parsed(text: str, separator: str, place: str) -> list[tuple[int, list[str]]]:
    """Return the lines that hold anything, each with the number at which it begins in the file."""
    csv.field_size_limit(LONGEST_VALUE)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows, begins = [], 1
    try:
        for row in reader:
            if any(value.strip() for value in row) or len(row) > 1:
                rows.append((begins, row))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{place}, line {begins}: {error}. A value in double quotes must end with one, and a quote inside it is "
            "written twice"
        ) from error
    return rows


def _separator(text: str) -> str:
    """Return what most lines have as often as the first."""
    head = "\n".join(text.splitlines()[: LINES_TO_SNIFF + 1])
    best, found = (0.0, 0), ","
    for separator in SEPARATORS:
        rows = [row for row in csv.reader(io.StringIO(head), delimiter=separator) if row]
        count = len(rows[0]) if rows else 0
        same = sum(len(row) == count for row in rows) / max(1, len(rows))
        if count > 1 and (same, count) > best:
            best, found = (same, count), separator
    return found


def _names(given: Sequence[str], place: str) -> tuple[list[str], tuple[str, ...]]:
    names = [name.strip() for name in given]
    if all(_is_number(name) for name in names):
        raise DataError(
            f"{place}, line 1 holds values ({', '.join(names[:3])} …) where the names of the columns are needed: put "
            "a line "
            "of names above it"
        )
    if twice := [name for name, count in Counter(filter(None, names)).items() if count > 1]:
        where = " and ".join(str(number + 1) for number, name in enumerate(names) if name == twice[0])
        raise DataError(
            f"{place}, line 1 names {twice[0]!r} more than once (columns {where}): give each a name of its own"
        )
    unnamed = [number for number, name in enumerate(names) if not name]
    told = [f"column {number + 1} has no name and is called 'column {number + 1}'" for number in unnamed]
    return [name or f"column {number + 1}" for number, name in enumerate(names)], tuple(told)


def _is_number(value: str) -> bool:
    try:
        float(value.replace(",", "."))
    except ValueError:
        return False
    return True


def _listed(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
