"""What a report says of methods and data, in sentences that can go into a paper."""

from __future__ import annotations

import numpy as np
import pytest

from bench.matching import BASELINE
from bench.model import Problem
from bench.plugins import discover
from bench.record import Environment, Score, SplitPlan
from bench.report.blocks import Prose
from bench.report.parts.datafacts import data_block, data_facts
from bench.report.parts.methods import Offers, methods, settings_words
from bench.spaces import Role, Space
from bench.specs import DatasetSpec, ModelSpec, ProtocolSpec
from tests.report_records import ENVIRONMENT, classifiers, generators, plan, record
from tests.report_sections import Kept, section_of

PAPER = "Y. LeCun et al.: Gradient-based learning applied to document recognition, 1998"
CITATION = "E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, 1998"


def dataset(name: str = "digits", *, citation: str = CITATION, **changes) -> DatasetSpec:
    fields = {
        "target": "nowhere:load",
        "inputs": Space("chw", (1, 8, 8), bounds=(0.0, 1.0)),
        "targets": Space(kind="index", size=2, names=("cat", "dog")),
        "sample_count": 1000,
        "licence": "CC BY 4.0",
        "source": "https://example.org/digits",
        "citation": citation,
    }
    return DatasetSpec(name=name, **{**fields, **changes})


def model(name: str, paper: str = "", summary: str = "") -> ModelSpec:
    return ModelSpec(
        name=name, target="nowhere:model", family="deep", roles=(Role("predict"),), paper=paper, summary=summary
    )


def offers(*models: ModelSpec, datasets: tuple[DatasetSpec, ...] = (dataset(),)) -> Offers:
    protocol = ProtocolSpec(name="fixed-budget", target="nowhere:rules", summary="the same budget for every model")
    return Offers(
        {each.name: each for each in models}, {each.name: each for each in datasets}, {protocol.name: protocol}
    )


def paragraphs(blocks) -> dict[str, str]:
    assert all(isinstance(each, Prose) for each in blocks)
    return {each.title: " ".join(each.sentences) for each in blocks}


def test_models_are_named_with_family_settings_and_paper():
    records = [*classifiers(seeds=range(2))]
    said = paragraphs(methods([section_of(records)], {}, offers(model("lenet", PAPER, "LeNet-5"))))
    assert "7 models were compared with depthbench" in said["Models"]
    assert "Shallow: logistic (width = 64); random-forest" in said["Models"]
    assert "Deep: mlp-deep (width = 64); lenet" in said["Models"]
    assert "lenet (LeNet-5; width = 64) [1]" in said["Models"]
    assert said["References"].startswith(f"[1] {PAPER}")


def test_a_work_is_cited_by_one_number_however_often():
    models = offers(model("lenet", PAPER), model("resnet", PAPER))
    said = paragraphs(methods([section_of([*classifiers(seeds=range(2))])], {}, models))
    assert said["Models"].count("[1]") == 2
    assert said["References"].count(PAPER) == 1
    # Every number in the text stands in the list, and the other way round.
    body = " ".join(text for title, text in said.items() if title != "References")
    numbers = {int(each) for part in body.split("[")[1:] for each in part.split("]")[0].split(", ") if each.isdigit()}
    assert numbers == {int(part.split("]")[0]) for part in said["References"].split("[")[1:]}


def test_settings_that_differ_between_data_sets_stand_beside_each_other():
    sections = [
        section_of([record(plan("lenet", dataset=name, hyperparameters={"width": width}))])
        for name, width in (("digits", 8), ("wine", 16))
    ]
    assert "lenet (width = 8 or 16)" in paragraphs(methods(sections, {}))["Models"]


def test_the_trivial_model_is_called_so():
    records = [record(plan("trivial", model=BASELINE, family="shallow")), record(plan("lenet"))]
    said = paragraphs(methods([section_of(records)], {}))["Models"]
    assert "trivial is the trivial model of its task" in said
    assert "Shallow" not in said


def test_what_no_plugin_offers_any_more_is_told_without_its_spec():
    said = paragraphs(methods([section_of([record(plan("lenet"))])], {}))
    assert "Deep: lenet (width = 64)." in said["Models"]
    assert "digits: one cut" in said["Data"]


@pytest.mark.parametrize(
    ("splits", "official", "expected"),
    [
        ([SplitPlan()], True, "digits: the official test part, 1 seed."),
        ([SplitPlan()], False, "digits: one cut (64 % to train on, 16 % for validation and 20 % to test, each class"),
        ([SplitPlan(scheme="holdout", number=n) for n in range(3)], True, "digits: 3 random cuts"),
        ([SplitPlan(scheme="holdout", number=n) for n in range(3)], False, "3 seeds, one on each."),
        ([SplitPlan(scheme="kfold", number=n, count=5) for n in range(4)], False, "5-fold cross-validation, 4 folds"),
    ],
)
def test_splits_are_told_as_they_were_made(splits, official, expected):
    records = [record(plan("lenet", split=each, seed=seed, run_id=str(seed))) for seed, each in enumerate(splits)]
    said = paragraphs(methods([section_of(records)], {}, offers(datasets=(dataset(has_official_test=official),))))
    assert expected in said["Data"]


def test_data_in_the_order_of_time_are_cut_so():
    said = paragraphs(methods([section_of([record()])], {}, offers(datasets=(dataset(ordered=True),))))
    assert "in the order of time" in said["Data"]


def test_two_tasks_on_one_data_set_are_told_apart():
    sections = [section_of([*classifiers(seeds=range(3))]), section_of([*generators(seeds=range(2))])]
    said = paragraphs(methods(sections, {}, offers()))
    assert "digits (classification): one cut" in said["Data"]
    assert "digits (image generation): one cut" in said["Data"]
    assert said["Data"].count("digits has 1,000 samples") == 1
    assert "Image generation on digits" in said["Protocol"]


def test_the_protocol_is_in_words():
    said = paragraphs(methods([section_of([record()])], {}, offers()))["Protocol"]
    assert "Classification on digits, protocol fixed-budget (the same budget for every model): 20 epochs" in said
    assert "batches of 64, learning rate 0.001, constant schedule" in said


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"steps": 300, "epochs": None, "patience": 0}, "300 steps"),
        ({"patience": 3}, "stopped after 3 evaluations without improvement"),
        ({"sizes": [50, 100]}, "sizes 50, 100"),
        ({"standardise": True, "inception": False}, "standardise: yes, inception: no"),
        ({"search": {"trials": 10}}, "search trials 10"),
        ({}, ""),
    ],
)
def test_settings_are_in_words(settings, expected):
    assert settings_words(settings) == expected


def test_the_test_is_named_by_the_rule_that_was_used():
    on_one = paragraphs(methods([section_of([*classifiers()])], {}))
    assert "Student's t over seeds" in on_one["Statistics"]
    assert "Holm" in on_one["References"]
    assert "corrected resampled" not in on_one["Statistics"]
    resplit = [
        each.model_copy(
            update={"run": each.run.model_copy(update={"split": SplitPlan(scheme="holdout", number=each.run.seed)})}
        )
        for each in classifiers()
    ]
    over_splits = paragraphs(methods([section_of(resplit)], {}))
    assert "corrected resampled t test" in over_splits["Statistics"]
    assert "Nadeau" in over_splits["References"]


def test_where_nothing_was_compared_no_test_is_named():
    assert "Statistics" not in paragraphs(methods([section_of([record()])], {}))


def test_the_machine_is_named_once_with_its_software():
    records = [*classifiers(seeds=range(2)), record(plan("odd", seed=7), is_alone=False)]
    said = paragraphs(methods([section_of(records)], {"env-a": ENVIRONMENT}))["Machine"]
    assert said.count("AMD EPYC 7B13") == 1
    assert "1 thread" in said
    assert "torch 2.15.0" in said
    assert "1 of 15 runs were timed while others ran" in said


def test_a_gpu_is_named_before_the_processor():
    facts = {**ENVIRONMENT.facts, "device": "cuda", "gpu": {"name": "NVIDIA H200"}}
    environment = Environment(environment_id="env-g", facts=facts)
    records = [record(plan("lenet", device="cuda"), environment_id="env-g")]
    said = paragraphs(methods([section_of(records)], {"env-g": environment}))["Machine"]
    assert "on CUDA" in said
    assert "NVIDIA H200, AMD EPYC 7B13" in said


def test_a_machine_that_nothing_is_known_of_is_not_named():
    assert "Machine" not in paragraphs(methods([section_of([record()])], {}))


def test_nothing_made_is_nothing_said():
    assert methods([], {}) == ()


def test_every_installed_model_and_data_set_can_be_told():
    plugins = discover()
    catalogues = plugins.models, plugins.datasets, plugins.protocols
    found = Offers(*({name: offer.spec for name, offer in each.items()} for each in catalogues))
    for name in found.datasets:
        records = [record(plan(label, dataset=name, family=spec.family)) for label, spec in found.models.items()]
        said = paragraphs(methods([section_of(records)], {}, found))
        for spec in (*found.models.values(), found.datasets[name]):
            work = spec.paper if isinstance(spec, ModelSpec) else spec.citation
            assert work in said["References"]


def of_classes(counts, **changes) -> Kept:
    kept = Kept()
    labels = np.repeat(np.arange(len(counts)), counts)
    shares = np.eye(len(counts), dtype=np.float32)[labels]
    made = kept.add("lenet", {"probabilities": shares, "labels": labels}, **changes)
    score = Score(name="accuracy", value=1.0, higher_is_better=True, detail={"n": len(labels)})
    kept.records = [made.model_copy(update={"scores": (score,)})]
    return kept


def test_the_facts_of_data_are_counted():
    kept = of_classes([150, 50])
    facts = data_facts(kept.section(), {"digits": dataset()}, kept)
    assert facts.sentences() == (
        "digits has 1,000 samples (images of 1 × 8 × 8; target: one of 2 classes).",
        "A run has 100 samples to train on, 700 for validation and 200 in the test part.",
        "Of the test part the most frequent class, cat, has 75.0 %, the least frequent, dog, 25.0 %.",
        "Licence: CC BY 4.0; source: https://example.org/digits",
    )
    assert len(kept.read) == 1


def test_equal_classes_are_told_in_one_clause():
    kept = of_classes([50, 50])
    assert data_facts(kept.section(), {"digits": dataset()}, kept).balance == "Each class has 50.0 % of the test part."


def test_without_the_plugin_what_models_met_is_told():
    kept = of_classes([30, 10])
    facts = data_facts(kept.section(), {}, kept)
    assert facts.size == "digits: images of 1 × 8 × 8; target: one of 2 classes."
    assert facts.balance.startswith("Of the test part the most frequent class, 0,")
    assert facts.terms == ""


def test_without_answers_nothing_is_said_of_classes():
    kept = of_classes([30, 10])
    assert data_facts(kept.section(), {"digits": dataset()}).balance == ""
    assert not kept.read


def test_generators_are_judged_by_a_choice_of_the_test_part_whose_shares_are_kept():
    drawn = record(
        plan("gan", family="generative", task="image-generation"),
        scores=(Score(name="modes", value=2.0, higher_is_better=True),),
        kept=("class_shares", "labels", "samples"),
        problem=Problem("image-generation", "digits", 640, "sample", None, Space("chw", (1, 8, 8))),
    )
    kept = {"class_shares": np.array([0.9, 0.1]), "labels": np.array([0, 1])}
    facts = data_facts(section_of([drawn]), {"digits": dataset()}, lambda each: kept)
    assert (
        facts.balance == "Of the test part the most frequent class, cat, has 90.0 %, the least frequent, dog, 10.0 %."
    )
    # How many of the test part there are is not known here, so that nothing is said of validation either.
    assert facts.parts == "A run has 640 samples to train on."


def test_a_section_of_failed_runs_has_no_facts_beyond_the_declared():
    section = section_of([record(plan("lenet"), accuracy=None, status="failed", reason="x")])
    block = data_block(section, {"digits": dataset()})
    assert block is not None
    assert block.sentences[0].startswith("digits has 1,000 samples")
    assert data_block(section, {}) is None
