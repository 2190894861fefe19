"""The contract tests let sound plugins pass and say of broken ones what is wrong."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bench.errors import ContractError
from bench.spaces import CLASS, NOTHING, Need, Role, Space
from bench.specs import Choice, DataFile, DatasetSpec, Hyperparameter, Integer, ModelSpec, Real, TaskSpec
from bench.testing import check_dataset, check_hyperparameters, check_model, check_task, tiny_dataset, tiny_datasets

ROWS = Need(levels=True, missing=True)
CLASSIFIES = Role("predict", ROWS, CLASS)
DRAWS = Role("sample", NOTHING, Need(axes=("chw",), bounded=True))
READS = Role("predict", Need(axes=("tc",), ragged=True), CLASS)


def model(name: str, *roles: Role, **hyperparameters: Hyperparameter) -> ModelSpec:
    return ModelSpec(
        name="toy", target=f"tests.contract.broken:{name}", family="shallow",
        roles=roles or (CLASSIFIES,), hyperparameters=hyperparameters,
    )  # fmt: skip


def data(name: str, *files: DataFile) -> DatasetSpec:
    return DatasetSpec(
        name="toy", target=f"tests.contract.broken:{name}", inputs=Space("c", (1,)),
        targets=Space(kind="index", size=3, names=("a", "b", "c")), sample_count=60,
        licence="none", source="none", files=files,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["Sound", "BlackBox"])
def test_a_sound_classifier_passes(name: str) -> None:
    check_model(model(name))


def test_a_sound_generator_passes() -> None:
    check_model(model("Draws", DRAWS))


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("WrongShape", r"WrongShape.forward answered a batch of shape .*expected logits of shape"),
        ("NotFinite", "finite scalar losses"),
        ("VectorLoss", "finite scalar losses"),
        ("NeverLearns", "training does not help"),
        ("DrawsElsewhere", "trainings from the same seed differ"),
        ("LooksAtItsNeighbours", r"depends on the other samples of its batch: is forward"),
        ("ChangesWhenLookedAt", "evaluation changed looks"),
        ("HidesState", "part of its state is not in it"),
        ("KeepsAPickle", "state_dict holds more than tensors"),
        ("KnowsThreeClasses", r"\(.* to one of 2 classes\): .*expected logits of shape \(2, 2\)"),
        ("Stumbles", "KeyError: 'width'"),
        ("SumsToTwo", "do not sum to one"),
        ("GuessesWrong", r"worse than guessing: log loss .*, 1\.099 by class shares"),
        ("HasItsOwnDice", "trainings from the same seed differ"),
        ("NoFit", "has no fit"),
    ],
)
def test_a_broken_classifier_is_told_what_is_wrong(name: str, complaint: str) -> None:
    place = r"^model 'toy', task 'classification' on 'tiny-[a-z]+' \(.* to one of \d classes\): "
    with pytest.raises(
        ContractError, match=f"{place}.*{complaint}" if "to one" not in complaint else complaint
    ) as told:
        check_model(model(name))
    assert str(told.value).count("model 'toy'") == 1


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("DrawsTooFew", r"DrawsTooFew.sample\(2\) answered with \(1, 1, 8, 8\)"),
        ("DrawsTooBright", r"finite and in \[-1, 1\]; got"),
        ("DrawsWithGradients", "require gradients"),
        ("HasNoStep", "HasNoStep has no training_step, which task"),
        ("NoFit", "has no fit and no sample"),
        ("WrongLikelihood", "log_likelihood must answer 5 finite numbers"),
    ],
)
def test_a_broken_generator_is_told_what_is_wrong(name: str, complaint: str) -> None:
    with pytest.raises(ContractError, match=rf"model 'toy', task 'image-generation' on 'tiny-grey'.*{complaint}"):
        check_model(model(name, DRAWS))


@pytest.mark.parametrize(
    ("name", "complaint"),
    [("ReadsItsPadding", "what lies in the padding changes"), ("CountsItsPadding", "batch or its padding")],
)
def test_padding_must_change_nothing(name: str, complaint: str) -> None:
    check_model(model("AveragesSteps", READS), datasets=[ragged()])
    with pytest.raises(ContractError, match=complaint):
        check_model(model(name, READS), datasets=[ragged()])


def ragged():
    return next(dataset for dataset in tiny_datasets() if dataset.spec.name == "tiny-ragged")


def test_a_model_that_refuses_every_problem_is_told_its_own_reasons() -> None:
    with pytest.raises(ContractError, match=r"'toy' was built for none of the \d+ problems .*: too small for me$"):
        check_model(model("Refuses"))


def test_a_role_that_nothing_fits_needs_data_of_its_own() -> None:
    volumes = Role("predict", Need(axes=("cdhw",)), CLASS)
    with pytest.raises(ContractError, match=r"claims to predict .*fits none.*datasets=\[…\], or a task, tasks=\[…\]"):
        check_model(model("Sound", volumes))
    spec = replace(data("unused"), inputs=Space("cdhw", (1, 4, 4, 4)))
    check_model(model("Sound", volumes), datasets=[tiny_dataset(spec)])


def test_a_second_role_that_nothing_fits_is_found_beside_a_sound_one() -> None:
    with pytest.raises(ContractError, match="claims to sample"):
        check_model(
            model("Sound", CLASSIFIES, Role("sample", Need(axes=("t",), kinds=("index",)), Need(axes=("cdhw",))))
        )


def test_a_task_of_another_plugin_is_met_where_it_is_given() -> None:
    task = TaskSpec(name="ranking", target="tests.contract.broken_tasks:Ranks")
    with pytest.raises(ContractError, match=r"^model 'toy', task 'classification'"):
        check_model(model("WrongShape"), tasks=[task])
    check_model(model("Sound"), tasks=[task])


@pytest.mark.parametrize(
    "parameter",
    [Real(2.0, 0.0, 1.0), Real(0.5, 0.0, 1.0, log=True), Integer(3, 3, 3), Choice("c", ("a", "b"))],
)
def test_a_default_outside_its_space_is_found(parameter: Hyperparameter) -> None:
    with pytest.raises(ContractError, match="the default of 'width' is not in its space"):
        check_hyperparameters(model("Sound", width=parameter))


@pytest.mark.parametrize("name", ["sound_data", "sound_in_double"])
def test_sound_data_pass(name: str) -> None:
    assert len(check_dataset(data(name)).test) == 12


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("leaks", "train and test share 100% of their samples"),
        ("shuffles", "two loads differ"),
        ("forgets_a_class", r"the training part has no sample of class 1 \(b\)$"),
        ("holds_two_of_three_classes", r"the training part has no sample of class 1 \(b\)$"),
        (
            "counts_from_one",
            "train part, target: its values go from 1 to 3, and one of 3 classes is numbered from 0 to 2",
        ),
        ("has_words_for_numbers", "train part, input: .*needs numbers; the values are <U"),
        ("has_fractions_for_classes", "train part, target: .*needs whole numbers; the values are float32"),
        ("has_gaps", r"part, input: it holds 1 missing value\(s\) \(NaN\)"),
        ("has_two_columns", r"train part, input: .*one sample has shape \(2,\)"),
        ("has_another_spec", "returned the data of another spec, 'other'"),
        ("returns_arrays", "must return a bench.data.Dataset, got tuple"),
    ],
)
def test_broken_data_are_told_what_is_wrong(name: str, complaint: str) -> None:
    with pytest.raises(ContractError, match=f"^data set 'toy': .*{complaint}"):
        check_dataset(data(name))


def test_classes_without_names_are_found() -> None:
    spec = replace(data("sound_data"), targets=Space(kind="index", size=3))
    with pytest.raises(ContractError, match="its 3 classes have no names: give its target space names="):
        check_dataset(spec)


def test_a_wrong_count_of_samples_is_found() -> None:
    with pytest.raises(ContractError, match="declares sample_count=61, and its parts hold 60"):
        check_dataset(replace(data("sound_data"), sample_count=61))


def test_a_file_that_is_declared_and_not_read_is_found() -> None:
    with pytest.raises(ContractError, match=r"declares files it never reads.*\['unread\.csv'\]"):
        check_dataset(data("sound_data", DataFile("unread.csv", "sha256:0")))


TABLE = tiny_datasets()[0]
LABELLED = [each for each in tiny_datasets() if each.spec.targets and each.spec.targets.kind == "index"]


def task(name: str) -> TaskSpec:
    return TaskSpec(name="ranking", target=f"tests.contract.broken_tasks:{name}")


@pytest.mark.parametrize("dataset", LABELLED, ids=lambda each: each.spec.name)
def test_a_sound_task_passes(dataset) -> None:
    assert check_task(task("Ranks"), dataset).problem.task == "ranking"


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("PlansWithTorch", "in a fresh process without torch and without the data: .*torch must not be needed here"),
        (
            "StumblesOverOtherData",
            "on data such as 'tiny-table-number' it raises AssertionError: raise Refused with a sentence instead",
        ),
        ("RefusesWithoutAWord", "it refuses data without a reason"),
        ("KeepsAState", "its input was planned as Space.*period=.* and prepared as Space.*period="),
        ("ScoresWithTorch", "torch must not be needed here"),
        ("RemembersTheData", "AttributeError: 'RemembersTheData' object has no attribute 'count'"),
        ("NamesAnotherObjective", "its objective 'glory' is not among the scores of the trivial model: hits"),
        ("ForgetsItsObjective", "without its objective 'hits'"),
        ("FitsOnEverything", r"in the split holdout 0: other values in validation and test change the encoding"),
        ("SortsItsTruth", "the truth's 'labels' do not stand in the order of the test part"),
        ("AnswersBackwards", "the answer 'probabilities' does not keep the order"),
    ],
)
def test_a_broken_task_is_told_what_is_wrong(name: str, complaint: str) -> None:
    with pytest.raises(ContractError, match=f"^task 'ranking' on 'tiny-table': .*{complaint}") as told:
        check_task(task(name), TABLE)
    assert not re.search("task 'ranking'.*task 'ranking'", str(told.value))
