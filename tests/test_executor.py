"""The seam between a session and an executor: another one takes a few lines, and the session notices nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bench.errors import RunnerError
from bench.measure.environment import disturbances
from bench.plugins import Owner, Plugins, discover
from bench.record import CurvePoint, Environment, PlannedRun, RunRecord
from bench.runner.execute import execute
from bench.runner.executor import Ended, Event, Executor, Point, Trouble
from bench.runner.jobs import Job, Outcome
from bench.runner.plan import Choices, expand
from bench.runner.session import Added, Session
from bench.store import Store, open_store
from bench.suite import load_suite

SUITE = """
seeds = 2
threads = 1
[[compare]]
task = "classification"
datasets = ["iris"]
models = ["logistic-regression"]
protocol = { name = "fixed-budget", epochs = 1 }
"""
FACTS: dict[str, Any] = {"threads": 1, "cpu": {"usable_cores": 2, "core_limit": None}, "peak_flops": None}


class InThisProcess(Executor):
    """Makes runs one by one in the process of the session itself, each on a machine of its own name."""

    def __init__(self, jobs: Sequence[Job], **_: object) -> None:
        self.submitted: deque[Job] = deque()
        self.made = 0

    def submit(self, job: Job) -> None:
        self.submitted.append(job)

    def events(self, seconds: float = 1.0) -> Iterator[Event]:
        job, points = self.submitted.popleft(), list[CurvePoint]()
        outcome = execute(job, points.append)
        self.made += 1
        machine = Environment(environment_id=f"machine {self.made}", facts=FACTS)
        yield from (Point(job, point) for point in points)
        yield Ended(job, outcome, output="quiet", environment=machine, slowdowns={"core_throttles": 2.0})

    def close(self) -> None:
        self.submitted.clear()


class Broken(InThisProcess):
    """Makes one run and dies in the next."""

    def events(self, seconds: float = 1.0) -> Iterator[Event]:
        if self.made:
            raise RunnerError("the machine is gone")
        yield Trouble("it creaks")
        yield from super().events(seconds)


class Answering(InThisProcess):
    """Hands answers over, makes nothing."""

    def events(self, seconds: float = 1.0) -> Iterator[Event]:
        job = self.submitted.popleft()
        status = "ok" if job.plan.seed else "not-applicable"
        yield Ended(job, Outcome(status=status, objective="accuracy", answer=b"a", truth=b"t"), wall_seconds=3.0)


class Watcher:
    def __init__(self) -> None:
        self.said: list[str] = []

    def planned(self, total: int, stored: int) -> None:
        self.said.append(f"planned {total} {stored}")

    def added(self, runs: int, stored: int, why: str) -> None:
        self.said.append(f"added {runs} {stored} {why}")

    def started(self, run: PlannedRun) -> None:
        self.said.append(f"started {run.seed}")

    def point(self, run: PlannedRun, point: CurvePoint) -> None:
        self.said.append(f"point {run.seed}")

    def finished(self, record: RunRecord) -> None:
        self.said.append(f"finished {record.status}")

    def found(self, run: PlannedRun) -> None:
        self.said.append("found")

    def problem(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture
def plugins() -> Plugins:
    return discover()


@pytest.fixture
def jobs(tmp_path: Path, plugins: Plugins) -> list[Job]:
    path = tmp_path / "suite.toml"
    path.write_text(SUITE)
    return expand(load_suite(str(path)), plugins, Choices(cache=tmp_path))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "s.sqlite", create=True) as opened:
        yield opened


def test_another_executor_runs_a_suite(store: Store, plugins: Plugins, jobs: list[Job]) -> None:
    watcher = Watcher()
    tally = Session(store, plugins, watcher, open_with=InThisProcess).run(jobs)
    assert tally.exit_code == 0
    records = list(store.records())
    assert [record.environment_id for record in records] == ["machine 1", "machine 2"]
    assert {record.output for record in records} == {"quiet"}
    assert all(record.curve and record.scores for record in records)
    assert watcher.said[0] == "planned 2 0"
    assert watcher.said[-1] == "finished ok"
    environments = store.environments()
    assert sorted(environments) == ["machine 1", "machine 2"]
    told = "Cores were slowed down for heat while runs were made: 2 times."
    assert [disturbances(each) for each in environments.values()] == [(told,), (told,)]


class Tracker:
    """A plugin that writes down what it hears, and fails at each end."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def register(self, plugins: Plugins) -> None:
        from bench import hookimpl

        heard = self.heard

        class Hooks:
            @staticmethod
            @hookimpl
            def bench_suite_started(suite: str, runs: tuple[PlannedRun, ...]) -> None:
                heard.append(f"{suite} begins with {len(runs)}")

            @staticmethod
            @hookimpl
            def bench_run_finished(run: PlannedRun, record: RunRecord) -> None:
                heard.append(f"{run.seed} {record.status}")
                raise RuntimeError("no disk")

            @staticmethod
            @hookimpl
            def bench_suite_finished(statuses: dict[str, int], is_complete: bool) -> None:
                heard.append(f"{statuses} {is_complete}")

        plugins.register(Hooks, Owner("tracker", "tests", "1"))


def test_trackers_hear_of_the_suite_and_of_what_was_interrupted(
    store: Store, plugins: Plugins, jobs: list[Job]
) -> None:
    tracker, watcher = Tracker(), Watcher()
    tracker.register(plugins)
    with pytest.raises(RunnerError, match="the machine is gone"):
        Session(store, plugins, watcher, open_with=Broken).run(jobs)
    assert tracker.heard == ["suite begins with 2", "0 ok", "1 killed", "{'ok': 1} False"]
    assert [record.status for record in store.records()] == ["ok"]
    assert "it creaks" in watcher.said
    tracker.heard.clear()
    Session(store, plugins, watcher, open_with=InThisProcess).run(jobs)
    assert tracker.heard == ["suite begins with 1", "1 ok", "{'ok': 2} True"]


def test_a_tracker_that_fails_is_told_of_once_with_file_and_line(
    store: Store, plugins: Plugins, jobs: list[Job]
) -> None:
    Tracker().register(plugins)
    watcher = Watcher()
    Session(store, plugins, watcher, open_with=InThisProcess).run(jobs)
    (problem,) = (text for text in watcher.said if "no disk" in text)
    source = Path(__file__).read_text().splitlines()
    line = next(number for number, text in enumerate(source, 1) if 'raise RuntimeError("no disk")' in text)
    assert f"bench_run_finished raised RuntimeError: no disk ({__file__}, line {line})" in problem


def test_answers_reach_the_store_and_what_is_not_applicable_is_final_and_no_failure(
    store: Store, plugins: Plugins, jobs: list[Job]
) -> None:
    watcher = Watcher()
    assert Session(store, plugins, watcher, open_with=Answering).run(jobs).exit_code == 0
    first, second = store.records()
    assert (first.status, first.objective, first.times.wall_seconds) == ("not-applicable", "accuracy", 3.0)
    assert store.answer(second) == b"a"
    assert store.truth(second.truth) == b"t"
    again = Session(store, plugins, watcher, open_with=Answering).run(jobs, retry_failed=True)
    assert (again.exit_code, again.made.total(), again.stored.total()) == (0, 0, 2)


def test_runs_are_added_while_the_suite_runs_by_the_same_executor(
    store: Store, plugins: Plugins, jobs: list[Job]
) -> None:
    opened: list[Sequence[Job]] = []

    def executor(known: Sequence[Job], **options: object) -> Executor:
        opened.append(known)
        return InThisProcess(known, **options)

    rounds = [Added((jobs[1],), "one more"), Added((jobs[0],), "again"), Added(())]
    watcher = Watcher()
    session = Session(store, plugins, watcher, open_with=executor)
    tally = session.run(jobs[:1], further=lambda: rounds.pop(0))
    assert opened == [jobs[:1]]
    assert not rounds
    assert (dict(tally.made), dict(tally.stored)) == ({"ok": 2}, {"ok": 1})
    assert [said for said in watcher.said if "added" in said] == ["added 1 0 one more", "added 1 1 again"]
    assert len(list(store.records())) == 2
