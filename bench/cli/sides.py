"""Find out what a side of `bench compare` is, and read its records."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from bench.compare import Kind, Side
from bench.errors import StoreError, StoreMissing, UnknownName, UsageError
from bench.record import RunRecord
from bench.store import Store, names_a_store, open_store

__all__ = ["find_side"]


def find_side(name: str, store: str | Path) -> Side:
    """Return what a name stands for; its store is open until the side is closed.

    In this order: `suite:NAME` and `label:NAME` say it themselves; the path of an existing file, anything that
    ends in `.sqlite`, `.sqlite3` or `.db`, and the URL of a store are results; then the suites and the model
    labels in `store` are asked. Raises UsageError for a name that is both, UnknownName for one that is neither.
    """
    kind, _, rest = name.partition(":")
    is_told = kind in ("suite", "label") and bool(rest)
    is_file = not is_told and names_a_store(name)
    with ExitStack() as stack:
        opened = stack.enter_context(_opened(name, store, is_file=is_file))
        if is_file:
            side = _side(name, "results file", opened.records(), opened)
        else:
            side = _within(opened, rest if is_told else name, kind if is_told else "")
        stack.pop_all()
    return side


def _opened(name: str, store: str | Path, *, is_file: bool) -> Store:
    try:
        return open_store(name if is_file else store, create=False)
    except StoreMissing as error:
        if is_file:
            missing = f"there is no results file {error.place}. Give the path of a file that `bench run` wrote"
        else:
            missing = (
                f"{name!r} is no results file, and there is no store {error.place} to look for a suite or label of "
                "that name. Give the path of a results file, or --store"
            )
        raise UsageError(missing) from error


def _within(opened: Store, name: str, kind: str) -> Side:
    plans, records = opened.plans(), list(opened.records())
    labels = {record.run.label for record in records}
    is_suite, is_label = name in plans and kind != "label", name in labels and kind != "suite"
    if is_suite and is_label:
        raise UsageError(f"{name!r} is a suite and a model in {opened.location}: write suite:{name} or label:{name}")
    if is_label:
        return _side(name, "label", (record for record in records if record.run.label == name), opened)
    if not is_suite:
        known = {"suite": plans, "label": labels}.get(kind, {*plans, *labels})
        raise UnknownName(kind or "suite or label", name, known, place=opened.location)
    # A run may belong to several suites: it counts under the labels of the one that was asked for.
    places = {run.run_id: run for run in plans[name].runs}
    found = (each.model_copy(update={"run": places[each.run.run_id]}) for each in opened.records(places))
    return _side(name, "suite", found, opened)


def _side(name: str, kind: Kind, records: Iterable[RunRecord], store: Store) -> Side:
    found = tuple(records)
    if not found:
        raise StoreError(f"{kind} {name} holds no finished run in {store.location}")
    return Side(name, kind, found, store.environments(), store)
