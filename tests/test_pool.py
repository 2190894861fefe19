"""The pool: what it hears at once it must take in whatever the order."""

from __future__ import annotations

import time
from selectors import SelectorKey

import pytest

from bench.runner.jobs import Job
from bench.runner.pool import Ended, Pool
from bench.specs import DatasetSpec
from tests.report_records import plan


def test_the_end_of_a_run_may_be_heard_before_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both lie ready in one look when the coordinator was busy; the pipes are closed with the first."""
    job = Job(
        plan=plan("mlp"),
        model_target="",
        task_target="",
        protocol_target="",
        dataset=DatasetSpec(name="tiny", target="a:b", tasks=(), modality="table", summary="", licence="", source=""),
        metrics=(),
        data_root=None,
        cache="",
    )
    with Pool([]) as pool:
        select, seen = pool._selector.select, []

        def late_and_reversed(timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
            time.sleep(0.5)
            ready = sorted(select(timeout), key=lambda each: each[0].fileobj is not pool._socket)
            seen.append(len(ready))
            return ready

        monkeypatch.setattr(pool._selector, "select", late_and_reversed)
        pool.submit(job, "")
        ended: list[Ended] = []
        while not ended:
            ended += pool.wait(lambda *_: None)
    assert max(seen) > 1
    assert ended[0].outcome(0).status == "failed"
    assert "Empty module name" in ended[0].outcome(0).reason
