"""Mixed tables and messages hold what their files say, gaps and categories included, and cuts share no rows."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from pkgutil import resolve_name

import numpy as np
import pytest

from bench.data import Dataset
from bench.errors import DataError, DataMissing
from bench.sources import DataSource
from bench.spaces import Space
from bench.tasks.classification import Classification
from bench_data import DATASETS
from bench_data.columns import ADULT, CALIFORNIA_HOUSING, TELCO_CHURN, WINE_QUALITY, table_space
from bench_data.mixed import coded, records_of

SPECS = {spec.name: spec for spec in DATASETS}
# Train, validation and test, for ever: results of two versions can only be compared while these hold.
HASHES = {
    "adult": ("884a2d4747ff", "c6b8b288737a", "4137dd122ec8"),
    "california-housing": ("c5573d257fa5", "d59d5a82ac00", "690d3eed8d4b"),
    "diabetes": ("6d89f5471ebb", "e020b7c08899", "de242a284a13"),
    "sentiment-sentences": ("351122756d36", "b6175a23bde5", "4959f95af06a"),
    "sms-spam": ("2f2fd4a0796c", "f5af197c5625", "81eb6311f388"),
    "telco-churn": ("7a4cdba349af", "d87262571d79", "f1b07b939e78"),
    "wine-quality": ("cabc7c70880b", "14d3d75dbadb", "c273328e9500"),
}


def load(name: str) -> Dataset:
    """Return a data set that lies under BENCH_DATA, or inside scikit-learn; skips where it does not."""
    if SPECS[name].embedded_in:
        pytest.importorskip(SPECS[name].embedded_in)
    source = DataSource.of(SPECS[name], Path(os.environ.get("BENCH_DATA", "none")))
    try:
        dataset = resolve_name(SPECS[name].target)(source)
    except DataMissing as absent:
        pytest.skip(f"real data is needed under BENCH_DATA: {absent}")
    assert isinstance(dataset, Dataset)
    return dataset


def joined(dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    parts = dataset.parts().values()
    return np.concatenate([part.x for part in parts]), np.concatenate([part.y for part in parts])


@pytest.mark.parametrize("name", HASHES)
def test_the_cuts_never_change(name: str) -> None:
    hashes = load(name).hashes()
    assert tuple(hashes[part][:12] for part in ("train", "validation", "test")) == HASHES[name]


def test_adult_has_the_rows_gaps_and_shares_of_its_card() -> None:
    dataset = load("adult")
    assert [len(part) for part in dataset.parts().values()] == [26_049, 6_512, 16_281]
    assert int(dataset.train.y.sum() + dataset.validation.y.sum()) == 7_841
    assert int(dataset.test.y.sum()) == 3_846
    gaps = [int(np.isnan(part.x).any(1).sum()) for part in dataset.parts().values()]
    assert (gaps[0] + gaps[1], gaps[2]) == (2_399, 1_221)
    # The second line of adult.test, below its remark.
    expected = (25, "Private", 226_802, "11th", 7, "Never-married", "Machine-op-inspct", "Own-child", "Black", "Male",
                0, 0, 40, "United-States")  # fmt: skip
    found = [
        categories[int(value)] if categories else value
        for categories, value in zip(ADULT.values(), dataset.test.x[0], strict=True)
    ]
    assert tuple(found) == expected


def test_categories_are_those_that_occur() -> None:
    for name, columns in (("adult", ADULT), ("telco-churn", TELCO_CHURN), ("california-housing", CALIFORNIA_HOUSING)):
        x, _ = joined(load(name))
        for place, (column, categories) in enumerate(columns.items()):
            if categories:
                codes = x[~np.isnan(x[:, place]), place]
                assert set(codes.tolist()) == set(range(len(categories))), (name, column)


def test_houses_are_told_in_units_of_100_000_dollars() -> None:
    x, y = joined(load("california-housing"))
    assert float(y.max()) == pytest.approx(5.00001)
    assert float(y.astype(np.float64).std()) == pytest.approx(1.15396, abs=1e-4)
    assert int(np.isnan(x[:, 4]).sum()) == int(np.isnan(x).sum()) == 207


def test_customers_have_no_identifier_and_eleven_gaps() -> None:
    dataset = load("telco-churn")
    x, y = joined(dataset)
    assert "customerID" not in dataset.spec.inputs.names
    assert (len(y), int(y.sum()), int(np.isnan(x).sum())) == (7_043, 1_869, 11)
    # Whoever has no charges yet came this month: a gap, not a zero.
    assert (x[np.isnan(x[:, -1]), TELCO_CHURN_TENURE] == 0).all()


TELCO_CHURN_TENURE = list(TELCO_CHURN).index("tenure")


def test_equal_wines_lie_in_one_part() -> None:
    dataset = load("wine-quality")
    _, y = joined(dataset)
    assert Counter(y.tolist())[6.0] == 2_836
    assert (len(y), float(y.min()), float(y.max())) == (6_497, 3.0, 9.0)
    for number in range(2):
        rows = [{row.tobytes() for row in part.x} for part in dataset.resplit("holdout", number).parts().values()]
        assert not rows[0] & rows[1] | rows[0] & rows[2] | rows[1] & rows[2]
    red = np.concatenate([part.x[part.x[:, -1] == 0] for part in dataset.parts().values()])
    assert (len(red), tuple(WINE_QUALITY)[-1]) == (1_599, "colour")


def test_patients_are_those_of_scikit_learn() -> None:
    expected = pytest.importorskip("sklearn.datasets").load_diabetes(scaled=False)
    x, y = joined(load("diabetes"))
    rows = expected.data.astype(np.float32)
    rows[:, 1] -= 1
    found = sorted(map(tuple, np.column_stack([x, y]).tolist()))
    assert found == sorted(map(tuple, np.column_stack([rows, expected.target]).tolist()))


def test_messages_keep_their_quotes_and_equal_ones_lie_in_one_part() -> None:
    dataset = load("sms-spam")
    x, y = joined(dataset)
    assert (len(x), int(y.sum())) == (5_574, 747)
    assert len(set(x.tolist())) == 5_171
    assert max(map(len, x)) == 910
    assert sum('"' in text for text in x) > 100
    parts = [set(part.x.tolist()) for part in dataset.parts().values()]
    assert not parts[0] & parts[1] | parts[0] & parts[2] | parts[1] & parts[2]


def test_words_that_only_the_test_part_holds_are_unknown() -> None:
    dataset = load("sms-spam")
    data = Classification().prepare(dataset)
    known = set(data.encoding.input.space.names)
    new = {word for text in dataset.test.x for word in text.lower().split() if word.isalpha()} - known
    assert new
    assert bool((data.test.x[np.arange(len(data.test))] == 0).any())


COLUMNS = {"kind": ("a", "b"), "size": ()}


def test_a_value_that_does_not_belong_is_named_with_its_place() -> None:
    rows = records_of(["a, 1.5", "", "b, ?", "?, -2"], ("kind", "size"))
    found = coded(rows, COLUMNS, "toy", gap="?")
    np.testing.assert_array_equal(found, np.array([[0, 1.5], [1, np.nan], [np.nan, -2]], np.float32))
    with pytest.raises(DataError, match=r"'toy', row 1: kind is 'c', and should be one of a, b"):
        coded([{"kind": "c", "size": "1"}], COLUMNS, "toy")
    with pytest.raises(DataError, match=r"'toy', row 2: size is 'x', and should be a number"):
        coded([{"kind": "a", "size": "1"}, {"kind": "a", "size": "x"}], COLUMNS, "toy")


def test_a_space_says_what_columns_hold() -> None:
    assert table_space(COLUMNS, missing=True) == Space("c", (2,), names=("kind", "size"), levels=(2, 0), missing=True)


def test_sentences_keep_their_odd_characters_and_their_labels() -> None:
    x, y = joined(load("sentiment-sentences"))
    assert (len(x), int(y.sum())) == (3000, 1500)
    # Python's own splitlines() would end a line there.
    assert sum("\x85" in text for text in x) == 2
    labels = dict(zip(x.tolist(), y.tolist(), strict=True))
    assert labels["Wow... Loved this place."] == 1
    assert labels["Crust is not good."] == 0
