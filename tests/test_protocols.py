"""Each protocol carried out on real data: what it varies, what it scores, and that the rules are the same for all."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import pytest

from tests.conftest import Bench

SUITE = """
    seeds = 1
    threads = 1

    [[compare]]
    task = "classification"
    datasets = ["digits"]
    models = ["mlp-1", "mlp"]
    protocol = { name = "learning-curve", sizes = [40, 400, 9999], steps = 60, evaluations = 3, learning_rate = 5e-3 }

    [[compare]]
    task = "classification"
    datasets = ["digits"]
    models = ["mlp-1", { model = "mlp-1", label = "narrow", hyperparameters = { width = 1 } }, "logistic-regression"]
    protocol = { name = "time-to-target", target = 0.9, epochs = 6, learning_rate = 5e-3 }

    [[compare]]
    task = "classification"
    datasets = ["digits"]
    models = ["mlp-1", "mlp"]
    protocol = { name = "scaling", hyperparameter = "width", values = [4, 64], epochs = 4, evaluations = 2 }

    [[compare]]
    task = "classification"
    datasets = ["digits"]
    models = ["mlp-1", "logistic-regression"]
    protocol = { name = "tuned", trials = 4, epochs = 3, evaluations = 3 }

    [[compare]]
    task = "classification"
    datasets = ["digits"]
    models = ["mlp-1"]
    protocol = { name = "noise", label_noise = [0.0, 0.8], epochs = 6, evaluations = 3, learning_rate = 5e-3 }

    [[compare]]
    task = "classification"
    datasets = ["digits-5-9"]
    models = ["mlp-1", "logistic-regression"]
    protocol = { name = "transfer", source = "digits-0-4", source_epochs = 8, sizes = [20], steps = 10 }

    [[compare]]
    task = "classification"
    datasets = ["digits"]
    models = [{ model = "mlp-1", label = "knows it all" }]
    protocol = { name = "transfer", source = "digits", source_epochs = 8, sizes = [20], steps = 10 }
"""
Record = Mapping[str, Any]


@pytest.fixture(scope="module")
def command(shared_bench: Bench) -> Bench:
    shared_bench("run", str(shared_bench.suite(SUITE)))
    return shared_bench


def of(command: Bench, protocol: str, label: str = "mlp-1") -> list[Record]:
    records = [each for each in command.records() if each["run"]["protocol"] == protocol]
    assert records
    return [each for each in records if each["run"]["label"] == label]


def score(record: Record, name: str) -> float:
    return float(next(each["value"] for each in record["scores"] if each["name"] == name))


def test_a_learning_curve_gives_every_size_the_same_steps_and_more_data_a_better_score(command: Bench) -> None:
    for label in ("mlp-1", "mlp"):
        runs = {each["run"]["variant"]["training_size"]: each for each in of(command, "learning-curve", label)}
        assert set(runs) == {40, 400, 9999}
        assert {each["details"]["steps"] for each in runs.values()} == {60}
        assert score(runs[40], "accuracy") + 0.05 < score(runs[9999], "accuracy")
    # 60 steps of 64 samples; where there are only 40, a batch holds no more.
    assert [runs[size]["work"]["training_samples"] for size in (40, 400)] == [60 * 40, 8 * 400 + 4 * 64]
    assert [runs[size]["details"]["training_samples"] for size in (40, 400, 9999)] == [40, 400, 1151]
    assert "training_size 9,999 is more than there is: all 1,151 samples were used" in runs[9999]["notes"]
    assert runs[400]["notes"] == []


def test_a_reached_target_is_a_time_and_a_missed_one_is_infinite(command: Bench) -> None:
    (reached,), (missed,) = of(command, "time-to-target"), of(command, "time-to-target", "narrow")
    seconds = score(reached, "time_to_target")
    assert 0 < seconds <= reached["times"]["train_seconds"]
    *before, last = reached["curve"]
    assert last["validation"]["accuracy"] >= 0.9
    assert all(point["validation"]["accuracy"] < 0.9 for point in before)
    assert missed["status"] == "ok"
    assert math.isinf(score(missed, "time_to_target"))
    page = (command.folder / "bench-results/report/suite/report.md").read_text()
    assert "missed" in page


def test_scaling_changes_the_size_alone(command: Bench) -> None:
    for label in ("mlp-1", "mlp"):
        small, large = sorted(of(command, "scaling", label), key=lambda each: each["run"]["variant"]["width"])
        assert small["run"]["hyperparameters"]["width"] == 4
        assert small["size"]["parameter_count"] < large["size"]["parameter_count"]
        assert small["size"]["depth"] == large["size"]["depth"]
        assert small["details"]["steps"] == large["details"]["steps"]


def test_tuning_has_the_same_number_of_trials_for_all_and_starts_from_the_default(command: Bench) -> None:
    for label, default in (("mlp-1", 256), ("logistic-regression", 1.0)):
        (record,) = of(command, "tuned", label)
        trials = record["details"]["trials"]
        assert len(trials) == 4
        assert default in trials[0]["setting"].values()
        chosen = max(trials, key=lambda trial: trial["objective"])
        assert chosen["setting"].items() <= record["details"]["best"].items()
        assert score(record, "tuning_seconds") > 0


def test_a_tuned_setting_can_be_run_again_and_answers_the_same(command: Bench) -> None:
    (tuned,) = of(command, "tuned")
    text = command("show", tuned["run"]["run_id"], "--as-suite").stdout
    assert "Made with --device cpu." in text
    path = command.suite(text, "again")
    made = json.loads(command("run", str(path), "--json", "--store", "again.sqlite").stdout)
    assert made["made"] == {"ok": 1}
    again = json.loads(command("show", "--store", "again.sqlite", "--json").stdout)[0]["run_id"]
    record = json.loads(command("show", again, "--store", "again.sqlite", "--json").stdout)
    assert record["run"]["protocol"] == "fixed-budget"
    assert record["run"]["hyperparameters"]["width"] == tuned["details"]["best"]["width"]
    assert score(record, "accuracy") == score(tuned, "accuracy")
    assert [point["train_loss"] for point in record["curve"]] == [point["train_loss"] for point in tuned["curve"]]


def test_wrong_labels_hurt_and_shuffled_pixels_do_not_hurt_a_network_that_sees_no_neighbours(command: Bench) -> None:
    runs = {tuple(each["run"]["variant"].values()): score(each, "accuracy") for each in of(command, "noise")}
    clean, noisy, shuffled = runs[0.0, "in order"], runs[0.8, "in order"], runs[0.0, "shuffled"]
    assert noisy < clean - 0.1
    assert abs(shuffled - clean) < 0.1


def test_transfer_begins_elsewhere_and_its_cost_lies_beside_the_training(command: Bench) -> None:
    runs = {each["run"]["variant"]["start"]: each for each in of(command, "transfer")}
    assert runs["pre-trained"]["details"]["pre_training_seconds"] > runs["pre-trained"]["times"]["train_seconds"]
    assert "pre_training_seconds" not in runs["from scratch"]["details"]
    first = {start: each["curve"][0]["train_loss"] for start, each in runs.items()}
    assert first["pre-trained"] != first["from scratch"]
    assert {name for name in runs["pre-trained"]["data"] if name.startswith("digits-0-4")}


def test_what_was_learnt_about_other_classes_stays_behind(command: Bench) -> None:
    hidden = ["layers.1.bias", "layers.1.weight"]
    carried = {
        label: each["details"]["carried_over"]
        for label in ("mlp-1", "knows it all")
        for each in of(command, "transfer", label)
        if each["run"]["variant"]["start"] == "pre-trained"
    }
    assert carried == {"mlp-1": hidden, "knows it all": [*hidden, "layers.3.bias", "layers.3.weight"]}


def test_pre_training_takes_nothing_off_the_memory_of_the_training(command: Bench) -> None:
    # One-time costs of a process, some 3 MB of them, fall on the first training where a warm-up leaves any.
    peaks = {each["run"]["variant"]["start"]: each["memory"]["peak_memory_bytes"] for each in of(command, "transfer")}
    assert abs(peaks["pre-trained"] - peaks["from scratch"]) < 2e6


def test_a_black_box_has_nothing_to_transfer_and_says_so(command: Bench) -> None:
    runs = {each["run"]["variant"]["start"]: each for each in of(command, "transfer", "logistic-regression")}
    assert runs["from scratch"]["status"] == "ok"
    assert runs["pre-trained"]["status"] == "not-applicable"
    assert "'logistic-regression' is a black box and has no weights to carry over" in runs["pre-trained"]["reason"]


def test_training_is_related_to_the_peak_of_the_machine(command: Bench) -> None:
    (record,) = of(command, "time-to-target")
    work, size = record["work"], record["size"]
    rate = 2 * size["training_macs"] * work["training_samples"] / record["times"]["train_seconds"]
    assert work["flops_per_second"] == pytest.approx(rate)
    assert 0 < work["share_of_peak"] < 1
    (box,) = of(command, "time-to-target", "logistic-regression")
    assert box["work"] == {"training_samples": None, "flops_per_second": None, "share_of_peak": None}
    assert "of the machine's peak" in command("show", record["run"]["run_id"]).stdout
