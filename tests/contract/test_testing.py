"""The contract tests let sound plugins pass and say of broken ones what is wrong."""

from __future__ import annotations

import pytest

from bench.errors import ContractError
from bench.model import Problem
from bench.specs import Choice, DataFile, DatasetSpec, Hyperparameter, Integer, ModelSpec, Real
from bench.testing import check_dataset, check_hyperparameters, check_model


def model(name: str, task: str = "classification", **hyperparameters: Hyperparameter) -> ModelSpec:
    return ModelSpec(
        name="toy", target=f"tests.contract.broken:{name}", family="shallow",
        tasks=(task,), hyperparameters=hyperparameters,
    )  # fmt: skip


def data(name: str, *files: DataFile) -> DatasetSpec:
    return DatasetSpec(
        name="toy", target=f"tests.contract.broken:{name}", tasks=("classification",), modality="table",
        licence="none", source="none", files=files,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "task"),
    [("Sound", "classification"), ("BlackBox", "classification"), ("Draws", "image-generation")],
)
def test_a_sound_model_passes(name: str, task: str) -> None:
    check_model(model(name, task))


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("Refuses", "was tried on none of it: too small for me"),
        ("WrongShape", r"expected logits of shape"),
        ("NotFinite", "finite scalar losses"),
        ("VectorLoss", "finite scalar losses"),
        ("NeverLearns", "training does not help"),
        ("DrawsElsewhere", "trainings from the same seed differ"),
        ("LooksAtItsNeighbours", "depends on the other samples of its batch"),
        ("ChangesWhenLookedAt", "evaluation changed looks"),
        ("HidesState", "part of its state is not in it"),
        ("KeepsAPickle", "state_dict holds more than tensors"),
        ("SumsToTwo", "do not sum to one"),
        ("HasItsOwnDice", "trainings from the same seed differ"),
        ("NoFit", "has no fit"),
    ],
)
def test_a_broken_classifier_is_told_what_is_wrong(name: str, complaint: str) -> None:
    with pytest.raises(ContractError, match=rf"model 'toy'.*{complaint}"):
        check_model(model(name))


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("DrawsTooFew", r"sample\(5\) must be a float32 tensor of shape \(5, 1, 8, 8\)"),
        ("DrawsTooBright", r"finite and in \[-1, 1\]"),
        ("DrawsWithGradients", "require gradients"),
        ("HasNoStep", "HasNoStep has no training_step, see"),
        ("NoFit", "NoFit has no fit and no sample"),
        ("WrongLikelihood", "log_likelihood must answer 96 finite numbers"),
    ],
)
def test_a_broken_generator_is_told_what_is_wrong(name: str, complaint: str) -> None:
    with pytest.raises(ContractError, match=rf"model 'toy', image-generation of samples.*{complaint}"):
        check_model(model(name, "image-generation"))


def test_a_task_of_another_plugin_needs_its_own_problems() -> None:
    with pytest.raises(ContractError, match=r"claims the task 'ranking'.*give check_model some problems"):
        check_model(model("Sound", "ranking"))
    check_model(model("Sound", "ranking"), [Problem("ranking", "tiny", (4,), 3, 60)])


@pytest.mark.parametrize(
    "parameter",
    [Real(2.0, 0.0, 1.0), Real(0.5, 0.0, 1.0, log=True), Integer(3, 3, 3), Choice("c", ("a", "b"))],
)
def test_a_default_outside_its_space_is_found(parameter: Hyperparameter) -> None:
    with pytest.raises(ContractError, match="the default of 'width' is not in its space"):
        check_hyperparameters(model("Sound", width=parameter))


def test_sound_data_pass() -> None:
    assert check_dataset(data("sound_data")).class_names == ("a", "b", "c")


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("leaks", "train and test share 100% of their samples"),
        ("shuffles", "two loads differ"),
        ("forgets_a_class", "the training part lacks a class"),
        ("counts_from_one", "train: labels must be one whole number each, 0 to 2"),
        ("is_double", "train: x must be float32 or uint8"),
        ("has_gaps", "train: x holds values that are not finite"),
    ],
)
def test_broken_data_are_told_what_is_wrong(name: str, complaint: str) -> None:
    with pytest.raises(ContractError, match=f"data set 'toy': {complaint}"):
        check_dataset(data(name))


def test_a_file_that_is_declared_and_not_read_is_found() -> None:
    with pytest.raises(ContractError, match=r"declares files it never reads.*\['unread\.csv'\]"):
        check_dataset(data("sound_data", DataFile("unread.csv", "sha256:0")))
