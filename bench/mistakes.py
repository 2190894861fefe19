"""Say in plain words what is wrong with a value that a suite or a setting cannot have."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from bench.errors import SuiteError

__all__ = ["Location", "Mistake", "Wrong", "checked", "needs", "raise_all", "wrong_values"]

# Where a value stands, e.g. ("compare", 0, "models", 2).
Location = tuple[str | int, ...]

KINDS = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "a text in quotes",
    "list_type": "a list such as [1, 2]",
    "tuple_type": "a list such as [1, 2]",
    "set_type": "a list such as [1, 2]",
    "dict_type": "a table such as { name = 1 }",
    "model_type": "a table such as { name = 1 }",
    "model_attributes_type": "a table such as { name = 1 }",
}
BOUNDS = {
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "multiple_of": "must be a multiple of {multiple_of}",
    "too_short": "needs {min_length} or more, and has {actual_length}",
    "too_long": "takes {max_length} or fewer, and has {actual_length}",
    "string_too_short": "needs {min_length} or more characters",
    "string_too_long": "takes {max_length} or fewer characters",
    "string_pattern_mismatch": "must have the form {pattern}",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "value_error": "{error}",
    "assertion_error": "{error}",
}


@dataclass(frozen=True)
class Mistake:
    """One mistake in a file: its line, 0 where none is known, and the sentence that names place, value and cure."""

    line: int
    text: str


@dataclass(frozen=True)
class Wrong:
    """One wrong value: where it stands, and why it cannot be. `kind` is unknown, missing or value."""

    location: Location
    kind: str
    value: Any
    reason: str


def raise_all(mistakes: Sequence[Mistake], path: object) -> None:
    """Raise SuiteError with every mistake, in the order of the file; nothing where there is none."""
    texts = list(dict.fromkeys(mistake.text for mistake in sorted(mistakes, key=lambda mistake: mistake.line)))
    if not texts:
        return
    title = f"{len(texts)} mistakes in {path}:\n" if len(texts) > 1 else ""
    raise SuiteError(title + "\n".join(texts))


def wrong_values(kind: type[BaseModel], document: Mapping[str, Any]) -> list[Wrong]:
    """Return everything that is wrong with what a file says, each place once; empty where it is valid.

    A whole number may stand for a number; a text never stands for either.
    """
    try:
        checked(kind, document)
    except ValidationError as error:
        found: dict[Location, list[Any]] = {}
        for problem in error.errors():
            place = problem["loc"] if problem["type"] == "missing" else _written(document, problem["loc"])
            found.setdefault(place, []).append(problem)
        return [_wrong(kind, place, problems) for place, problems in found.items()]
    return []


def checked(kind: type[BaseModel], document: Mapping[str, Any]) -> Any:
    """Return the document as a value of a kind; raises pydantic's ValidationError."""
    # Strict, so that "3" is not 3; through JSON, since a strict tuple would refuse the list that TOML has for it.
    return kind.model_validate_json(json.dumps(document, default=str), strict=True)


def _wrong(kind: type[BaseModel], place: Location, problems: Sequence[Any]) -> Wrong:
    first = problems[0]
    if first["type"] == "missing":
        return Wrong(place, "missing", None, "is missing")
    if first["type"] == "extra_forbidden":
        return Wrong(place, "unknown", first["input"], _nearest(str(place[-1]), kind, place))
    needed = dict.fromkeys(KINDS[each["type"]] for each in problems if each["type"] in KINDS)
    if needed:
        cure = _cure(first["input"], first["type"].partition("_")[0])
        return Wrong(place, "value", first["input"], f"{' or '.join(needed)} is needed{cure}")
    template = BOUNDS.get(first["type"], "is not a value that can stand here")
    return Wrong(place, "value", first["input"], template.format(**first.get("ctx", {})))


def needs(kind: type, value: object) -> str:
    """Return why a value is not of a plain kind, with the cure; nothing where it is. An int may stand for a float."""
    if type(value) is kind or (kind is float and type(value) is int):
        return ""
    name = "string" if kind is str else kind.__name__
    return f"{KINDS[f'{name}_type']} is needed{_cure(value, name)}"


def _cure(value: object, kind: str) -> str:
    """Return how to write a number or a truth value that stands in quotes, or a text that stands in none."""
    if kind == "string":
        return f': write "{value}"' if type(value) in (int, float) else ""
    if not isinstance(value, str):
        return ""
    try:
        plain = json.loads(value)
    except ValueError:
        return ""
    fits = type(plain) in {"bool": (bool,), "int": (int,), "float": (int, float)}.get(kind, ())
    return f": write {value} without quotes" if fits else ""


def _nearest(name: str, kind: type[BaseModel], place: Location) -> str:
    known = _keys(kind, place[:-1])
    near = get_close_matches(name, known, n=1)
    return f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known) or 'none'}."


def _keys(kind: Any, place: Location) -> list[str]:
    """Return the keys that a table may have, following a location down through nested kinds."""
    for part in place:
        if isinstance(part, str):
            kind = _inner(kind.model_fields[part].annotation) if part in kind.model_fields else kind
    return list(kind.model_fields)


def _inner(annotation: Any) -> Any:
    """Return the table kind inside `list[Annotated[Kind, …]]` or `Kind | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inside = (_inner(each) for each in getattr(annotation, "__args__", ()))
    return next((each for each in inside if each is not None), None)


def _written(document: Any, location: Sequence[str | int]) -> Location:
    """Return the part of a location that the file has: beyond it stands what a short form was taken for."""
    found: list[str | int] = []
    for part in location:
        has = part in document if isinstance(document, dict) else isinstance(document, list) and isinstance(part, int)
        if not has:
            break
        found.append(part)
        document = document[part]
    return tuple(found)
