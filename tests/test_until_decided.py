"""`bench run --until-decided`: seeds are added while they can decide something, and the same after an interruption."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest

from bench.store import open_store
from tests.conftest import Bench
from tests.until_decided_coins import PLUGIN

SUITE = """
    seeds = {seeds}
    threads = 1
    [[compare]]
    task = "classification"
    datasets = {datasets}
    models = [{models}]
    protocol = {{ name = "fixed-budget", epochs = 1 }}
"""
COIN = '{{ model = "{model}", label = "{label}", hyperparameters = {{ chance = {chance}, number = {number} }} }}'
Told = dict[str, Any]


def models(*each: tuple[str, str, float]) -> str:
    """Return models with their label and their chance of being right; each has coins of its own."""
    return ", ".join(
        COIN.format(model=model, label=label, chance=chance, number=number)
        for number, (model, label, chance) in enumerate(each, 1)
    )


CLEAR = models(("coin", "good", 0.95), ("coin", "bad", 0.7))
EQUAL = models(("coin", "a", 0.985), ("coin", "b", 0.985))
EQUAL_RULES = models(("rule", "a", 0.9), ("rule", "b", 0.9))


@pytest.fixture
def coins(bench: Bench) -> Bench:
    bench.plugin("coins", PLUGIN)
    return bench


def suite(bench: Bench, models: str, *, seeds: int | str = 2, datasets: str = '["sheet"]') -> str:
    return str(bench.suite(SUITE.format(models=models, seeds=seeds, datasets=datasets)))


def search(bench: Bench, path: str, *words: str, code: int = 0) -> Told:
    found = json.loads(bench("run", path, "--until-decided", "--json", *words, code=code).stdout)
    return {**found, **found["until_decided"], "group": found["until_decided"]["groups"][0]}


def outlooks(told: Told, group: int = 0) -> list[str]:
    return [pair["outlook"] for pair in told["groups"][group]["pairs"]]


def seeds_of(bench: Bench) -> list[int]:
    return sorted({record["run"]["seed"] for record in bench.records()})


def test_what_clearly_differs_is_decided_with_five_seeds_though_the_suite_has_two(coins: Bench) -> None:
    """Five are the fewest that the rule for continuous looking can decide anything with."""
    path = suite(coins, CLEAR)
    result = coins("run", path, "--until-decided")
    assert "sheet, classification, fixed-budget: 5 seeds of 30; of 1 pair 1 different" in result.stdout
    assert "Until decided: 5 of 30 seeds: saved 50 runs" in result.stdout
    assert "2 runs more: seed 3 for sheet, classification, fixed-budget (open pairs: 1 of 1)" in result.stderr
    assert seeds_of(coins) == [0, 1, 2, 3, 4]
    told = search(coins, path)
    assert (told["made"], told["stored"], told["saved_runs"]) == ({}, {"ok": 10}, 50)
    (pair,) = told["group"]["pairs"]
    assert (pair["outlook"], pair["better"]) == ("different", "good")
    assert pair["low"] > 0.2


def test_equal_rules_are_beyond_what_seeds_can_decide_and_it_says_what_would(coins: Bench) -> None:
    path = suite(coins, EQUAL_RULES)
    result = coins("run", path, "--until-decided", "--no-report")
    assert "3 seeds of 30" in result.stdout
    assert "1 that no number of seeds can decide (only more test samples or splits would)" in result.stdout
    assert outlooks(search(coins, path)) == ["beyond"]


def test_equal_coins_are_left_open_at_the_limit_and_found_equivalent_beyond_it(coins: Bench) -> None:
    path = suite(coins, EQUAL)
    told = search(coins, path, "--max-seeds", "4")
    assert (told["group"]["seeds"], outlooks(told), told["saved_runs"]) == (4, ["open"], 0)
    shown = coins("run", path, "--until-decided", "--max-seeds", "4", "--no-report").stdout
    assert "of 1 pair 1 still open: --max-seeds ended it" in shown
    assert "saved" not in shown
    later = search(coins, path)
    assert 5 <= later["group"]["seeds"] < 30
    assert outlooks(later) == ["equivalent"]


def test_a_search_goes_on_where_it_was_and_decides_the_same(coins: Bench) -> None:
    path = suite(coins, EQUAL)
    words = ("run", path, "--until-decided", "--json", "--no-report")
    process = coins.start(*words)
    assert process.stderr is not None
    finished = 0
    for line in process.stderr:
        finished += '"finished"' in line
        if finished == 7:
            break
    process.send_signal(2)
    process.communicate(timeout=60)
    assert process.returncode == 130
    kept = {(record["run"]["run_id"], record["finished_at"]) for record in coins.records()}
    assert len(kept) >= 7
    resumed = search(coins, path)
    records = coins.records()
    assert kept <= {(record["run"]["run_id"], record["finished_at"]) for record in records}
    assert {record["attempt"] for record in records} == {1}
    assert len(records) == 2 * resumed["group"]["seeds"]
    fresh = search(coins, path, "--store", "fresh.sqlite")
    assert fresh["groups"] == resumed["groups"]
    assert (resumed["stored"]["ok"], fresh["made"]["ok"]) == (len(kept), len(records))


def test_runs_beyond_the_decision_that_are_stored_change_nothing(coins: Bench) -> None:
    path = suite(coins, CLEAR, seeds=3)
    coins("run", path, "--no-report", "--seeds", "7")
    told = search(coins, path)
    assert (told["group"]["seeds"], told["made"], told["stored"]) == (5, {}, {"ok": 10})


def test_only_groups_with_an_open_pair_get_more_seeds_with_a_split_of_their_own(coins: Bench) -> None:
    models_of_both = models(("coin", "good", 0.99), ("coin", "bad", 0.5))
    text = SUITE.format(models=models_of_both, seeds=3, datasets='["sheet"]')
    text += text.partition("threads = 1")[2].replace('["sheet"]', '["breast-cancer"]').replace("0.99", "0.52")
    told = search(coins, str(coins.suite(text)), "--max-seeds", "6")
    assert [group["seeds"] for group in told["groups"]] == [5, 6]
    assert outlooks(told) == ["different"]
    splits = {
        (record["run"]["seed"], record["run"]["split"]["number"])
        for record in coins.records()
        if record["run"]["dataset"] == "breast-cancer"
    }
    assert splits == {(seed, seed) for seed in range(6)}


def test_a_model_that_always_fails_ends_the_search(coins: Bench) -> None:
    path = suite(coins, models(("coin", "good", 0.95), ("breaking", "broken", 0.9), ("coin", "bad", 0.7)))
    told = search(coins, path, code=1)
    assert told["group"]["seeds"] == 5
    assert sorted(outlooks(told)) == ["different", "failed", "failed"]
    shown = coins("run", path, "--until-decided", "--no-report", code=1).stdout
    assert "2 left open by runs that failed" in shown


def test_the_plan_holds_all_runs_and_the_command_and_says_that_one_looked(coins: Bench) -> None:
    path = suite(coins, EQUAL)
    coins("run", path, "--until-decided", "--max-seeds", "4", "--no-report")
    store = coins.folder / "bench-results" / "bench.sqlite"
    with open_store(store, create=False) as opened:
        plan = opened.plans()["suite"]
    assert plan.is_sequential
    assert plan.command.endswith("--until-decided --max-seeds 4")
    assert sorted(run.seed for run in plan.runs) == [0, 0, 1, 1, 2, 2, 3, 3]
    coins("run", path, "--no-report")
    with open_store(store, create=False) as opened:
        plan = opened.plans()["suite"]
    assert not plan.is_sequential
    assert len(plan.runs) == 4


def test_the_page_claims_no_more_than_the_search_did(coins: Bench) -> None:
    """Four seeds are too few for a rule that holds however often one looks; for a fixed number they would do."""
    path = suite(coins, CLEAR)
    told = search(coins, path, "--max-seeds", "4")
    assert outlooks(told) == ["open"]

    def verdicts() -> set[str]:
        coins("report", "suite", "--formats", "json", "--output", "page")
        (page,) = (coins.folder / "page").glob("*.json")
        pairs = json.loads(page.read_text())["comparisons"]
        return {pair["verdict"] for pair in pairs if pair["metric"] == "accuracy"}

    assert verdicts() == {"open"}
    with open_store(coins.folder / "bench-results" / "bench.sqlite", create=True) as opened:
        plan = opened.plans()["suite"]
        opened.set_plan(plan.model_copy(update={"is_sequential": False}))
    assert verdicts() == {"different"}


def test_a_dry_run_shows_what_is_certain_and_how_much_may_follow(coins: Bench) -> None:
    path = suite(coins, EQUAL)
    shown = coins("run", path, "--until-decided", "--max-seeds", "5", "--dry-run").stdout
    assert "6 to run, 0 stored" in shown
    assert "at most 4 runs" in shown
    assert not (coins.folder / "bench-results").exists()
    coins("run", path, "--until-decided", "--max-seeds", "4", "--no-report")
    listed = json.loads(coins("run", path, "--until-decided", "--max-seeds", "5", "--dry-run", "--json").stdout)
    assert [run["action"] for run in listed] == ["stored"] * 8 + ["run"] * 2
    done = coins("run", path, "--until-decided", "--max-seeds", "4", "--dry-run").stdout
    assert "No further seeds" in done


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--max-seeds", "9"), "--max-seeds is the limit of --until-decided"),
        (("--until-decided", "--repeat"), "--repeat makes the same runs again"),
        (("--until-decided", "--max-seeds", "2"), "Invalid value for '--max-seeds'"),
        (("--until-decided", "--max-seeds", "4", "--seeds", "7"), "--max-seeds 4 is less than the 7 seeds"),
    ],
)
def test_options_that_contradict_each_other_are_refused(coins: Bench, words: tuple[str, ...], message: str) -> None:
    assert message in coins("run", suite(coins, CLEAR), *words, code=2).stderr


def test_answers_that_cannot_be_read_are_told(coins: Bench) -> None:
    """Seeds alone then count, which is another verdict than the one that was asked for."""
    path = suite(coins, CLEAR)
    coins("run", path, "--until-decided")
    file = coins.folder / "bench-results" / "bench.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE answers SET content = x'00'")
    connection.close()
    result = coins("run", path, "--until-decided")
    assert "Warning: The answers of good on sheet, seed 0, cpu cannot be read" in result.stderr
