"""Images as sequences: the same samples in the same parts, every value kept, and one random order for all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.data import Dataset
from bench.sources import DataSource
from bench.specs import resolve
from bench_data import DATASETS

pytest.importorskip("sklearn")
SPECS = {spec.name: spec for spec in DATASETS}
KINDS = ("rows", "pixels", "pixels-permuted", "permuted")


def load(name: str) -> Dataset:
    found = resolve(SPECS[name].target)(DataSource.of(SPECS[name], Path("none")))
    assert isinstance(found, Dataset)
    return found


@pytest.fixture(scope="module")
def images() -> Dataset:
    return load("digits")


@pytest.mark.parametrize("kind", KINDS)
def test_every_image_keeps_its_place_its_class_and_its_values(kind: str, images: Dataset) -> None:
    made = load(f"digits-{kind}")
    assert made.spec.name == f"digits-{kind}"
    made.check()
    for name, part in made.parts().items():
        whole = images.parts()[name]
        assert np.array_equal(part.y, whole.y)
        assert np.array_equal(*(np.sort(each.x.reshape(len(each), -1), 1) for each in (part, whole)))


def test_rows_and_pixels_are_read_as_a_page_is(images: Dataset) -> None:
    assert np.array_equal(load("digits-rows").train.x[:, 2], images.train.x[:, 0, 2])
    assert np.array_equal(load("digits-pixels").train.x[:, 8 * 2 + 5, 0], images.train.x[:, 0, 2, 5])


def test_one_order_holds_for_all_images_and_is_far_from_the_old_one(images: Dataset) -> None:
    made = load("digits-permuted")
    order = np.array([np.random.RandomState(20_244).permutation(64)])
    for name, part in made.parts().items():
        flat = images.parts()[name].x.reshape(-1, 64)
        assert np.array_equal(part.x.reshape(-1, 64), flat[:, order[0]])
    assert np.array_equal(load("digits-pixels-permuted").test.x, made.test.x.reshape(-1, 64, 1))
    # Few pixels stay where they were, and few neighbours stay neighbours.
    assert (order[0] == np.arange(64)).sum() < 5
    assert (np.abs(np.diff(order[0])) == 1).sum() < 8


def test_other_cuts_are_those_of_the_images(images: Dataset) -> None:
    one, other = (each.resplit("holdout", 3) for each in (load("digits-pixels"), images))
    assert np.array_equal(one.test.x.reshape(-1, 64), other.test.x.reshape(-1, 64))


@pytest.mark.parametrize("kind", KINDS)
def test_large_ones_are_declared_alike(kind: str) -> None:
    small, large = SPECS[f"digits-{kind}"], SPECS[f"mnist-{kind}"]
    assert large.files == SPECS["mnist"].files
    assert (small.inputs.axes, small.inputs.bounds) == (large.inputs.axes, large.inputs.bounds)
    assert large.summary.startswith("70,000 handwritten digits, ")
