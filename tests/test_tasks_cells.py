"""Every cell that the matrix allows trains for an epoch; every cell it refuses is refused in a sentence."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.arrays import unpack
from bench.plugins import Offer, Owner, discover
from bench.protocols.base import Budget
from bench.record import PlannedRun
from bench.runner.execute import execute
from bench.runner.jobs import Job
from bench.runner.matrix import matrix, task_of
from bench.testing import tiny_datasets
from bench.testing.threads import one_thread

PLUGINS = discover()
TINY = [dataset.spec for dataset in tiny_datasets()]
for spec in TINY:
    PLUGINS.datasets.add(Offer(spec, Owner("tiny", "tests", "0")))
OURS = [name for name, offer in PLUGINS.models.items() if offer.owner.distribution == "depthbench"]
MEETINGS = list(
    matrix(
        PLUGINS, ("classification", "regression", "forecasting", "image-generation"), [spec.name for spec in TINY], OURS
    )
)
POSSIBLE = [meeting for meeting in MEETINGS if meeting.is_possible]
METRICS = tuple(offer.spec for offer in PLUGINS.metrics.values() if offer.missing() is None)
SEQUENCE_MODELS = ("rnn", "lstm", "gru", "tcn", "transformer")
# What makes a black box quick: that it can be trained is asked here, not how well.
QUICK = {"n_estimators": 5, "max_iter": 5}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield


def job(task: str, dataset: str, model: str, cache: Path) -> Job:
    offer = PLUGINS.models[model]
    given = offer.spec.defaults()
    asked = task_of(PLUGINS.tasks[task])
    settings = {"task": asked.settings.model_dump(), "protocol": Budget(epochs=1, batch_size=16).model_dump()}
    plan = PlannedRun(
        run_id="0", suite="cells", label=model, model=model, family=offer.spec.family, task=task, dataset=dataset,
        protocol="fixed-budget", settings=settings, variant={}, seed=0, device="cpu", threads=1, identity={},
        hyperparameters={**given, **{name: value for name, value in QUICK.items() if name in given}},
    )  # fmt: skip
    return Job(
        plan=plan, model_target=offer.spec.target, task_target=PLUGINS.tasks[task].spec.target,
        protocol_target=PLUGINS.protocols["fixed-budget"].spec.target, dataset=PLUGINS.datasets[dataset].spec,
        metrics=METRICS, data_root=None, cache=str(cache),
    )  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*failed to converge")
@pytest.mark.parametrize("meeting", POSSIBLE, ids=lambda each: f"{each.task}-{each.dataset}-{each.model}")
def test_what_the_matrix_allows_trains_and_is_scored(meeting, cache: Path) -> None:
    if missing := PLUGINS.models[meeting.model].missing():
        pytest.skip(str(missing))
    outcome = execute(job(meeting.task, meeting.dataset, meeting.model, cache), lambda point: None)
    assert outcome.status == "ok", outcome.traceback
    (main,) = (score for score in outcome.scores if score.name == outcome.objective)
    assert math.isfinite(main.value)
    assert unpack(outcome.answer)
    assert unpack(outcome.truth)
    assert outcome.latency is not None


def test_the_matrix_allows_what_one_would_expect() -> None:
    met = {(each.dataset, each.model) for each in POSSIBLE if each.task == "classification"}
    assert {dataset for dataset, model in met if model == "baseline"} == {
        spec.name for spec in TINY if spec.targets is not None and spec.targets.kind == "index"
    }
    assert ("tiny-gaps", "hist-gradient-boosting") in met
    assert ("tiny-gaps", "mlp") in met
    assert ("tiny-table", "lenet") not in met
    assert {model for dataset, model in met if dataset == "tiny-texts"} == {
        "baseline", "logistic-regression", "naive-bayes", "support-vector-machine", *SEQUENCE_MODELS,
    }  # fmt: skip
    assert {model for dataset, model in met if dataset == "tiny-ragged"} == {"baseline", *SEQUENCE_MODELS}
    told = {(each.dataset, each.model) for each in POSSIBLE if each.task == "regression"}
    assert {dataset for dataset, model in told if model == "ridge"} == {
        "tiny-table-number", "tiny-gaps-number", "tiny-series-number",
    }  # fmt: skip
    assert {model for dataset, model in told if dataset == "tiny-gaps-number"} == {
        "baseline", "linear-regression", "ridge", "k-nearest-neighbours", "support-vector-machine", "random-forest",
        "hist-gradient-boosting", "lightgbm", "mlp-1", "mlp", "tabular-resnet",
    }  # fmt: skip
    drawn = {each.dataset for each in POSSIBLE if each.task == "image-generation" and each.model == "dcgan"}
    assert drawn == {"tiny-grey", "tiny-colour"}


def test_what_the_matrix_refuses_is_refused_in_a_sentence() -> None:
    refused = [meeting for meeting in MEETINGS if not meeting.is_possible]
    assert {meeting.refused_by for meeting in refused} == {"task", "model"}
    for meeting in refused:
        names = rf"{meeting.model} (takes|gives) .*; got .*"
        if meeting.refused_by == "task":
            names = rf"(task )?{meeting.task} (needs|asks) .*; .*"
        assert re.fullmatch(names, meeting.reason) or "asks a model to" in meeting.reason, meeting.reason
        assert "None" not in meeting.reason
        assert "()" not in meeting.reason


def test_a_constructor_that_refuses_late_is_not_applicable(cache: Path) -> None:
    asked = job("classification", "tiny-table", "mlp", cache)
    plan = asked.plan.model_copy(update={"hyperparameters": {}})
    refused = asked.model_copy(update={"model_target": "tests.contract.broken:Refuses", "plan": plan})
    outcome = execute(refused, lambda point: None)
    assert (outcome.status, outcome.reason) == ("not-applicable", "too small for me")


def test_every_part_of_a_split_is_another(cache: Path) -> None:
    asked = job("classification", "tiny-table", "baseline", cache)
    hashes = []
    for number in range(3):
        split = replace_split(asked, number)
        hashes.append(execute(split, lambda point: None).data["test"])
    assert len(set(hashes)) == 3


def replace_split(asked: Job, number: int) -> Job:
    split = asked.plan.split.model_copy(update={"scheme": "holdout", "number": number})
    return asked.model_copy(update={"plan": asked.plan.model_copy(update={"split": split})})
