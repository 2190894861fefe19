"""Spaces hold together, needs say why something does not fit, and arrays are what their space declares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.conformity import complaint
from bench.errors import PluginError
from bench.spaces import CLASS, NOTHING, NUMBER, Need, Role, Space

GAPS = "a table of 3 columns, 1 of them categorical, with missing values"
CLASSES = Space(kind="index", size=3, names=("a", "b", "c"))
TABLE = Space("c", (4,))
MIXED = Space("c", (3,), levels=(0, 2, 0), missing=True, names=("age", "sex", "pay"))
IMAGES = Space("chw", (1, 8, 8), bounds=(0.0, 1.0))
SERIES = Space("tc", (12, 3), ragged=True)
TOKENS = Space("t", (5,), "index", 7)
TEXT = Space(kind="text")
SPACES = st.sampled_from([CLASSES, TABLE, MIXED, IMAGES, SERIES, TOKENS, TEXT, Space(), Space("cdhw", (1, 2, 2, 2))])
NEEDS = st.builds(
    Need,
    axes=st.none() | st.lists(st.sampled_from(["", "c", "t", "tc", "chw"]), unique=True).map(tuple),
    kinds=st.sampled_from([("real",), ("index",), ("real", "index"), ("real", "index", "text")]),
    levels=st.booleans(),
    missing=st.booleans(),
    ragged=st.booleans(),
    none=st.booleans(),
    bounded=st.booleans(),
)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"axes": "c", "shape": (1, 2)}, "one letter of"),
        ({"axes": "x", "shape": (1,)}, "one letter of"),
        ({"axes": "cc", "shape": (1, 2)}, "one letter of"),
        ({"kind": "index"}, "needs its size"),
        ({"kind": "index", "size": 3, "names": ("a",)}, "3 classes or tokens need as many names; got 1"),
        ({"axes": "c", "shape": (2,), "levels": (0,)}, "one entry per column"),
        ({"axes": "c", "shape": (2,), "names": ("age",)}, "2 columns need as many names; got 1"),
        ({"axes": "chw", "shape": (1, 2, 2), "bounds": (1.0, 1.0)}, r"bounds must rise; got \(1.0, 1.0\)"),
    ],
)
def test_a_space_that_contradicts_itself_is_refused(wrong: dict, told: str) -> None:
    with pytest.raises(PluginError, match=told):
        Space(**wrong)


def test_a_numeric_table_has_one_spelling() -> None:
    assert Space("c", (2,)) == Space("c", (2,), levels=(0, 0))


@pytest.mark.parametrize(
    ("space", "shape"),
    [(CLASSES, (3,)), (TOKENS, (5, 7)), (MIXED, (4,)), (TABLE, (4,)), (IMAGES, (1, 8, 8)), (Space(), ())],
)
def test_a_network_answers_a_logit_for_each_class_or_category(space: Space, shape: tuple[int, ...]) -> None:
    assert space.output_shape == shape
    assert space.output_size == np.prod(shape)


def test_unknown_sizes_are_told() -> None:
    with pytest.raises(PluginError, match="vocabulary is not fitted"):
        _ = Space("t", (4,), "index", None).output_shape
    with pytest.raises(PluginError, match="only a task can decide"):
        _ = Space("t", (None,), "index", 3).sizes


@given(need=NEEDS, space=st.none() | SPACES)
def test_a_complaint_is_a_sentence_and_more_abilities_bring_no_new_one(need: Need, space: Space | None) -> None:
    told = need.complaint(space)
    assert not told or told.startswith("takes ")
    able = replace(need, axes=None, kinds=("real", "index", "text"), levels=True, missing=True, ragged=True, none=True)
    if not told:
        assert not replace(able, bounded=need.bounded).complaint(space)
    assert not replace(able, bounded=False).complaint(space)


@pytest.mark.parametrize(
    ("need", "space", "sentence"),
    [
        (Need(axes=("chw",)), TABLE, "takes images; got a table of 4 columns"),
        (Need(), MIXED, f"takes no categorical columns; got {GAPS}"),
        (Need(levels=True), MIXED, f"takes no missing values; got {GAPS}"),
        (Need(), SERIES, f"takes no samples of varying length; got {SERIES}"),
        (Need(bounded=True), TABLE, "takes only values with known bounds; got a table of 4 columns"),
        (Need(axes=("", "c", "chw")), TEXT, "takes numbers, tables or images; got text"),
        (Need(kinds=("index", "real"), axes=("",)), IMAGES, "takes classes or numbers; got images of 1 × 8 × 8"),
        (CLASS, Space(), "takes classes; got a number"),
        (NUMBER, CLASSES, "takes numbers; got one of 3 classes"),
        (NOTHING, TABLE, "takes nothing; got a table of 4 columns"),
        (NOTHING, Space("c", (1,)), "takes nothing; got a table of 1 column"),
        (Need(axes=("chw",)), None, "takes images; got nothing"),
        (Need(), TOKENS, "takes real values; got sequences of 5 tokens (7 different)"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_in_plain_words(need: Need, space: Space | None, sentence: str) -> None:
    assert need.complaint(space) == sentence


def test_a_rule_speaks_only_where_the_needs_are_met() -> None:
    role = Role("sample", NOTHING, Need(axes=("chw",)), rule="bench_generative.rules:sides_in_quarters")
    assert role.complaint(None, IMAGES) == ""
    assert role.complaint(None, replace(IMAGES, shape=(1, 6, 8))).startswith("gives images with sides divisible by 4")
    assert role.complaint(None, TABLE).startswith("gives images; got a table")
    assert role.complaint(IMAGES, IMAGES).startswith("takes nothing; got images")


@pytest.mark.parametrize(
    ("space", "array", "told"),
    [
        (TABLE, np.zeros((3, 4)), ""),
        (TABLE, np.zeros((3, 4), np.float32), ""),
        (TABLE, np.zeros((3, 4), np.int32), ""),
        (TABLE, np.zeros((3, 5)), r"one sample has shape (5,)"),
        (TABLE, np.zeros((3, 4), str), "needs numbers; the values are <U1"),
        (TABLE, np.full((3, 4), np.nan), "holds 12 missing value(s) (NaN)"),
        (TABLE, np.full((3, 4), np.inf), "holds 12 infinite value(s)"),
        (replace(TABLE, missing=True), np.full((3, 4), np.nan), ""),
        (IMAGES, np.full((2, 1, 8, 8), 255, np.uint8), ""),
        (IMAGES, np.full((2, 1, 8, 8), 255.0), "beyond the declared bounds (0.0, 1.0)"),
        (CLASSES, np.array([0, 2], np.int8), ""),
        (CLASSES, np.array([0, 3]), "go from 0 to 3, and one of 3 classes is numbered from 0 to 2"),
        (CLASSES, np.array([-1, 0]), "numbered from 0 to 2"),
        (replace(CLASSES, missing=True), np.array([-1, 0]), ""),
        (CLASSES, np.array([0.0, 1.0]), "needs whole numbers; the values are float64"),
        (MIXED, np.array([[0.5, 1, np.nan]]), ""),
        (MIXED, np.array([[0.5, np.nan, 1]]), ""),
        (MIXED, np.array([[0.5, 2, 1]]), "column sex has 2 categories, coded 0 to 1, and it holds 2 to 2"),
        (MIXED, np.array([[0.5, 0.5, 1]]), "column sex has 2 categories"),
        (TEXT, np.array(["a", "b"]), ""),
        (TEXT, np.array([1, 2]), "declared as text, and the values are int64"),
        (None, np.zeros(3), "declared as nothing, and there is an array of float64 (3,)"),
        (TABLE, None, "and there is nothing"),
        (None, None, ""),
    ],
)
def test_an_array_is_what_its_space_declares(space: Space | None, array: np.ndarray | None, told: str) -> None:
    found = complaint(space, array)
    assert (told in found) if told else not found
