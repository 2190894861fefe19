"""What strings of a table stand for: numbers however they are written, and dates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["DateFormat", "Decimal", "date_format", "dates", "decimal_of", "numbers"]

Array = npt.NDArray[Any]
Decimal = Literal[".", ","]
# A format of dates as pandas takes it.
DateFormat = str

BY_COMMA = re.compile(r"[-+]?(\d{1,3}(\.\d{3})+|\d+),\d+")
BY_POINT = re.compile(r"[-+]?(\d{1,3}(,\d{3})+|\d*)\.\d+")
THOUSANDS_COMMA = re.compile(r"[-+]?\d{1,3}(,\d{3})+")
THOUSANDS_POINT = re.compile(r"[-+]?\d{1,3}(\.\d{3})+")
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?(inf|infinity)", re.IGNORECASE)
# 007 and numbers of cards are names.
CODE = re.compile(r"[-+]?0\d+|\d{16,}")
UNITS = "€$£¥% \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"
FORMATS = (
    "ISO8601",
    *(f"{day}{time}" for day in ("%d.%m.%Y", "%d.%m.%y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%m/%d/%y", "%d/%m/%y",
                                 "%d-%m-%Y", "%d %b %Y", "%d-%b-%Y", "%b %d, %Y")
      for time in ("", " %H:%M", " %H:%M:%S")),
)  # fmt: skip
LOOKS_LIKE_A_DATE = re.compile(r"\d{1,4}[-./ ][\w]{1,3}([-./ ,]\s?\d{1,4})?.*|[A-Z][a-z]{2} \d{1,2}, \d{4}.*")
TRIED = 30


def decimal_of(columns: Iterable[Sequence[str]], separator_is_comma: bool) -> Decimal:
    """Return the decimal mark of a file: a comma where numbers have one that cannot stand for thousands."""
    commas = points = unclear = 0
    for values in columns:
        for value in map(_bare, values[:1000]):
            if THOUSANDS_COMMA.fullmatch(value):
                unclear += 1
            elif BY_COMMA.fullmatch(value):
                commas += 1
            elif BY_POINT.fullmatch(value) and not THOUSANDS_POINT.fullmatch(value):
                points += 1
    return "," if commas > points or (unclear and not points and not separator_is_comma) else "."


def numbers(values: Sequence[str], decimal: Decimal) -> Array:
    """Return (n,) float64, NaN for a gap and for what is no number; a code such as 007 is none."""
    found = np.full(len(values), np.nan)
    for place, value in enumerate(values):
        plain = _plain(value, decimal) if value else ""
        if plain and NUMBER.fullmatch(plain) and not CODE.fullmatch(plain):
            found[place] = float(plain)
    return found


def _bare(value: str) -> str:
    return value.strip(UNITS)


def _plain(value: str, decimal: Decimal) -> str:
    """Return a number as Python writes it; what is none comes back as it is or worse."""
    text = _bare(value).replace("\N{MINUS SIGN}", "-")
    text = re.sub(r"(?<=\d)['\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}](?=\d{3})", "", text)
    if decimal == ",":
        if BY_COMMA.fullmatch(text) or THOUSANDS_POINT.fullmatch(text):
            text = text.replace(".", "")
        return text.replace(",", ".")
    return text.replace(",", "") if THOUSANDS_COMMA.fullmatch(text.partition(".")[0]) else text


def date_format(values: Sequence[str]) -> tuple[DateFormat, DateFormat]:
    """Return the format of a column of dates and another that fits as well; empty where none does."""
    known = [value for value in values if value]
    if not known or not all(LOOKS_LIKE_A_DATE.fullmatch(value) for value in known[:TRIED]):
        return "", ""
    fitting = [each for each in FORMATS if _fits(known[:TRIED], each)]
    whole = [each for each in fitting if _fits(known, each)]
    return (whole[0], whole[1] if len(whole) > 1 and whole[0] != "ISO8601" else "") if whole else ("", "")


def _fits(values: Sequence[str], format_: DateFormat) -> bool:
    return not bool(pd.isna(_parsed(values, format_)).any())


def _parsed(values: Sequence[str], format_: DateFormat) -> pd.DatetimeIndex:
    found = pd.to_datetime(list(values), format=format_, errors="coerce", utc=True)
    return pd.DatetimeIndex(found).tz_localize(None)


def dates(values: Sequence[str], format_: DateFormat) -> pd.DatetimeIndex:
    """Return (n,) points in time, NaT for a gap."""
    return _parsed([value or None for value in values], format_)  # type: ignore[misc]  # pandas reads None as a gap
