"""What the suites of sequences show: who remembers, who reads digits row by row, who finds spam. Minutes each."""

from __future__ import annotations

import math
import os
from collections import defaultdict

import pytest

from bench.record import RunRecord
from bench.store import open_store
from tests.conftest import Bench

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
NEEDS_DATA = pytest.mark.skipif("BENCH_DATA" not in os.environ, reason="real data is needed under BENCH_DATA")


def records_of(bench: Bench, *words: str) -> list[RunRecord]:
    with bench.start("run", *words, "--device", "cpu", "--no-report") as process:
        out, err = process.communicate(timeout=1800)
    assert process.returncode == 0, out + err
    with open_store(bench.folder / "bench-results" / "bench.sqlite", create=False) as store:
        found: list[RunRecord] = list(store.records())
    assert {record.status for record in found} == {"ok"}
    return found


def scores_of(records: list[RunRecord], name: str) -> dict[tuple[str, str], list[float]]:
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for record in records:
        value = record.score(name)
        assert value is not None
        found[record.run.dataset, record.run.label].append(value)
    return found


def test_who_remembers_what(bench: Bench) -> None:
    reached = {
        place: sum(map(math.isfinite, values))
        for place, values in scores_of(records_of(bench, "memory-small"), "time_to_target").items()
    }
    assert {reached["recall-10", label] for label in ("lstm", "gru", "tcn", "transformer")} == {2}
    assert {reached["adding-50", label] for label in ("tcn", "transformer")} == {2}
    # Neither the shares of the answers nor a bag of symbols tell which symbol was the first.
    assert {reached[place] for place in reached if place[1] in ("baseline", "naive-bayes")} == {0}
    # A plain recurrent network does not learn to carry a number over fifty steps.
    assert reached["adding-50", "rnn"] == 0


@NEEDS_DATA
def test_a_gru_reads_digits_row_by_row(bench: Bench) -> None:
    words = ("sequences", "--models", "gru", "--seeds", "1")
    assert min(scores_of(records_of(bench, *words), "accuracy")["mnist-rows", "gru"]) >= 0.98


@NEEDS_DATA
def test_the_best_find_spam(bench: Bench) -> None:
    models = ("support-vector-machine", "gru")
    words = ("text", "--datasets", "sms-spam", "--models", ",".join(models), "--seeds", "1")
    found = scores_of(records_of(bench, *words), "accuracy")
    assert max(found["sms-spam", label][0] for label in models) >= 0.975
