"""Every engine keeps the rules of `bench.store.base`; the second is there to prove the seam."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench.errors import StoreError, StoreMissing, UnknownName, UsageError
from bench.record import Artifact, Environment, Score, SuitePlan
from bench.store import ENGINES, Store, names_a_store, open_store
from tests.memory_store import KEPT
from tests.test_store import planned, record

PNG = Artifact(name="samples.png", media_type="image/png")
ACCURACY = Score(name="accuracy", value=0.5, higher_is_better=True)


@pytest.fixture(params=["sqlite", "memory"])
def location(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A place where there is no store yet. To try a further engine, name its scheme above."""
    monkeypatch.setitem(ENGINES, "memory", "tests.memory_store:open_memory")
    KEPT.clear()
    return f"{request.param}:{tmp_path / 's.sqlite'}"


@pytest.fixture
def store(location: str) -> Iterator[Store]:
    with open_store(location, create=True) as opened:
        yield opened


def reopened(store: Store, location: str) -> Store:
    store.close()
    return open_store(location, create=False)


def test_a_record_survives_the_trip(store: Store, location: str) -> None:
    nan = Score(name="x", value=float("nan"), higher_is_better=False)
    before = record(scores=[ACCURACY, nan], artifacts=[PNG], details={"best": {"width": 3}}, notes=["é\n"])
    store.append(before, {"samples.png": b"\x89PNG"})
    with reopened(store, location) as store:
        after = next(store.records())
        assert after.model_dump_json() == before.model_dump_json()
        assert store.artifact(after, "samples.png") == b"\x89PNG"
        with pytest.raises(StoreError, match="no artifact 'other'"):
            store.artifact(after, "other")


def test_only_the_newest_attempt_counts_and_the_others_stay(store: Store) -> None:
    for run_id, status in (("a1", "failed"), ("b2", "ok"), ("a1", "ok")):
        store.append(record(run_id, status=status))
    assert [(each.run.run_id, each.attempt) for each in store.records()] == [("b2", 1), ("a1", 2)]
    assert store.statuses() == {"a1": "ok", "b2": "ok"}
    every = [(each.run.run_id, each.attempt, each.status) for each in store.attempts()]
    assert every == [("a1", 1, "failed"), ("b2", 1, "ok"), ("a1", 2, "ok")]
    assert [each.status for each in store.attempts(["a1"])] == ["failed", "ok"]
    assert [each.status for each in store.find("a")] == ["failed", "ok"]
    assert list(store.attempts([])) == []


@pytest.mark.parametrize("count", [3, 700])
def test_some_runs_are_read_in_the_order_they_were_committed(store: Store, count: int) -> None:
    ids = [f"{(number * 7919) % 1009}" for number in range(count)]
    for run_id in ids:
        store.append(record(run_id))
    assert [each.run.run_id for each in store.records(reversed(ids[1:]))] == ids[1:]
    assert list(store.records(["unknown"])) == []


def test_a_run_is_found_by_the_beginning_of_its_id(store: Store) -> None:
    for run_id in ("abc", "abd", "b"):
        store.append(record(run_id))
    assert store.find("abc")[0].run.run_id == "abc"
    assert store.find("b")[0].run.run_id == "b"
    assert (store.status("abd"), store.status("ab")) == ("ok", None)
    assert store.statuses("ab") == {"abc": "ok", "abd": "ok"}
    with pytest.raises(UnknownName, match=r"Available: abc, abd$"):
        store.find("ab")
    for prefix in ("zz", "a%", "a*", "ab_", "abcd", "A"):
        with pytest.raises(UsageError, match=r"no run begins with .* in .*s\.sqlite.* bench show --store .*s\.sqlite$"):
            store.find(prefix)


def test_a_truth_is_kept_once_and_an_answer_for_each_attempt(store: Store, location: str) -> None:
    key = hashlib.sha256(b"truth").hexdigest()
    assert store.append(record("a1"), answer=b"first", truth=b"truth").truth == key
    assert store.append(record("a1"), answer=b"second", truth=b"truth").truth == key
    assert store.append(record("b2", truth=key), answer=b"").truth == key
    assert store.append(record("c3"), answer=b"drawn").truth == ""
    store.append(record("d4"))
    with reopened(store, location) as store:
        found = {(each.run.run_id, each.attempt): each for each in store.attempts()}
        answers = [store.answer(each) for each in found.values()]
        assert answers == [b"first", b"second", b"", b"drawn", None]
        assert [found[place].truth for place in (("a1", 1), ("a1", 2), ("b2", 1), ("d4", 1))] == [key, key, key, ""]
        assert store.truth(key) == b"truth"
        with pytest.raises(StoreError, match=r"no truth 'other' in .*s\.sqlite"):
            store.truth("other")


def test_what_cannot_be_kept_whole_is_not_kept_at_all(store: Store) -> None:
    key = hashlib.sha256(b"truth").hexdigest()
    with pytest.raises(KeyError):
        store.append(record(artifacts=[PNG]), {}, answer=b"answer", truth=b"truth")
    with pytest.raises(StoreError, match=r"run a1 names the truth .* never given to this store"):
        store.append(record(truth=key))
    assert list(store.records()) == []
    with pytest.raises(StoreError, match="no truth"):
        store.truth(key)
    assert store.answer(store.append(record())) is None


def test_new_scores_replace_those_of_one_attempt_and_nothing_else(store: Store, location: str) -> None:
    for run_id in ("a1", "a1", "b2"):
        store.append(record(run_id, scores=[ACCURACY], artifacts=[PNG]), {PNG.name: b"x"}, answer=b"y", truth=b"z")
    before = list(store.attempts())
    scores = (replace(ACCURACY, value=0.75), Score(name="f1", value=0.5, higher_is_better=True))
    after = store.rescore(before[0], scores)
    assert after == before[0].model_copy(update={"scores": scores})
    with pytest.raises(StoreError, match=r"run a1 has no attempt 9 in .*s\.sqlite"):
        store.rescore(before[0].model_copy(update={"attempt": 9}), ())
    with reopened(store, location) as store:
        assert list(store.attempts()) == [after, *before[1:]]
        assert (store.answer(after), store.truth(after.truth), store.artifact(after, PNG.name)) == (b"y", b"z", b"x")


def test_new_scores_leave_what_the_caller_did_not_read_again(store: Store) -> None:
    kept = store.append(record(notes=["kept"]))
    assert store.rescore(kept.model_copy(update={"notes": ()}), [ACCURACY]).notes == ("kept",)


def test_what_one_commits_another_sees_with_its_next_call(store: Store, location: str) -> None:
    with open_store(location, create=False) as reading:
        for count in range(3):
            assert len(list(reading.records())) == len(reading.statuses()) == count
            store.append(record(f"run-{count}"))


def test_environments_and_plans_are_changed_in_one_step(store: Store) -> None:
    environment = Environment(environment_id="e", facts={"cpu": "x"})
    store.add_slowdowns("e", {"heat": 1.0})
    assert store.environments() == {}
    for _ in range(2):
        store.add_environment(environment)
    assert store.environments() == {"e": environment}
    store.add_slowdowns("e", {"heat": 1.0})
    store.add_slowdowns("e", {"heat": 2.0})
    assert store.environments()["e"].facts["slowdowns"] == {"heat": 3.0}

    def plan(suite: str, *seeds: int) -> SuitePlan:
        runs = tuple(planned(f"{suite}{seed}", seed) for seed in seeds)
        return SuitePlan(suite=suite, planned_at="2026-01-01", command=f"bench run {suite}", runs=runs)

    store.set_plan(plan("t", 0))
    store.merge_plan(plan("s", 0), replace=False)
    store.merge_plan(plan("s", 1), replace=False)
    assert list(store.plans()) == ["s", "t"]
    assert len(store.plans()["s"].runs) == 2


@pytest.mark.parametrize("what", ["environment", "plan"])
def test_a_change_that_fails_leaves_things_as_they_were(store: Store, what: str) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        getattr(store, f"update_{what}")("s", fail)
    assert (store.environments(), store.plans()) == ({}, {})
    store.append(record())


def test_a_store_opened_to_be_read_is_never_written(store: Store, location: str) -> None:
    kept = store.append(record())
    writes: list[Callable[[Store], object]] = [
        lambda each: each.append(kept),
        lambda each: each.rescore(kept, [ACCURACY]),
        lambda each: each.add_environment(Environment(environment_id="e", facts={})),
        lambda each: each.set_plan(SuitePlan(suite="s", planned_at="", command="", runs=())),
    ]
    with reopened(store, location) as reading:
        for write in writes:
            with pytest.raises(StoreError, match=r"cannot write to .*s\.sqlite"):
                write(reading)
        assert list(reading.attempts()) == [kept]
        assert (reading.environments(), reading.plans()) == ({}, {})


def test_where_there_is_no_store_the_place_is_named(location: str, tmp_path: Path) -> None:
    with pytest.raises(StoreMissing, match=str(tmp_path / "s.sqlite")):
        open_store(location, create=False)
    assert list(tmp_path.iterdir()) == []


def test_paths_and_urls_name_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with open_store("s.sqlite", create=True) as store:
        store.append(record())
        assert store.folder == Path()
    absolute = tmp_path / "s.sqlite"
    for each in (
        Path("s.sqlite"),
        "sqlite:s.sqlite",
        "SQLite:./s.sqlite",
        absolute,
        f"sqlite:{absolute}",
        f"sqlite://{absolute}",
    ):
        with open_store(each, create=False) as store:
            assert store.statuses() == {"a1": "ok"}
    with open_store(absolute, create=False) as store:
        assert store.folder == tmp_path
    with open_store(Path("a:b.sqlite"), create=True), open_store("./a:b.sqlite", create=False):
        pass


def test_a_missing_file_is_named_by_its_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreMissing) as caught:
        open_store("not here.sqlite", create=False)
    assert str(caught.value).startswith(f"no results at {tmp_path}/not here.sqlite. Run a suite first: bench run ")
    assert str(caught.value).endswith("--store 'not here.sqlite'")


@pytest.mark.parametrize(
    ("location", "message"),
    [
        (
            "postgres://host/results",
            r"no store is known for postgres: .*Known: sqlite: or a path; .* \./postgres://host",
        ),
        ("sqlite://host/s.sqlite", "names a host. Write sqlite:///absolute/path"),
        ("sqlite:", "names no file"),
        ("", "names no file"),
    ],
)
@pytest.mark.parametrize("create", [True, False])
def test_a_url_that_cannot_be_opened_says_what_could(location: str, message: str, create: bool) -> None:
    with pytest.raises(StoreError, match=message):
        open_store(location, create=create)


def test_a_word_that_can_only_be_a_store(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for text in (str(tmp_path / "file"), "none.sqlite", "none.db", "sqlite:anything", "sqlite:///x"):
        assert names_a_store(text), text
    for text in ("quickstart", "suite:x", "label:x.db", str(tmp_path), ""):
        assert not names_a_store(text), text
