"""Pictures of samples beside real images, and of the test samples that only one family gets right."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bench.errors import StoreError
from bench.metrics.pictures import sheet, size, tiles
from bench.model import Problem
from bench.record import Artifact, Score, SplitPlan
from bench.report.blocks import Gallery, Prose, Table
from bench.report.parts.gallery import sample_gallery
from bench.report.parts.only_deep import only_deep_blocks
from bench.spaces import Space
from tests.report_records import DISTANCE, failed, plan, record
from tests.report_sections import Kept, section_of

SHAPE = (1, 8, 8)
PNG = (Artifact(name="samples.png", media_type="image/png"),)


def noise(count: int, shape=SHAPE, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, *shape)).astype(np.uint8)


def drawer(label: str, *, has_real: bool = True, **changes):
    """Return the record of a generator that drew a picture."""
    return record(
        plan(label, family="generative", task="image-generation", **changes),
        scores=(Score(name=DISTANCE, value=9.13, higher_is_better=False, detail={"reference": 1.25}),),
        objective=DISTANCE,
        artifacts=PNG,
        kept=("features", "real_images", "samples") if has_real else ("features", "samples"),
        problem=Problem("image-generation", "digits", 100, "sample", None, Space("chw", SHAPE, bounds=(-1.0, 1.0))),
    )


def pictures(drawn: dict[str, tuple[np.ndarray, int]]):
    return lambda each, name: sheet(*drawn[each.run.label])


def real(each):
    return {"real_images": noise(80, seed=9).reshape(8, 10, *SHAPE)}


@given(st.integers(1, 4), st.integers(1, 5), st.sampled_from([(1, 8, 8), (3, 5, 7), (1, 60, 50)]))
@settings(max_examples=20, deadline=None)
def test_what_is_laid_out_can_be_cut_again(rows, columns, shape):
    images = noise(rows * columns, shape)
    found = tiles(sheet(images, columns), shape)
    assert found is not None
    assert found.shape[:2] == (rows, columns)
    assert (found.reshape(-1, *shape) == images).all()


def test_a_picture_of_another_layout_is_not_cut():
    buffer = io.BytesIO()
    Image.new("L", (83, 80)).save(buffer, "PNG")
    assert tiles(buffer.getvalue(), SHAPE) is None


def test_real_images_come_first_and_all_pictures_are_of_one_size():
    records = [drawer("gan"), drawer("class-gaussian")]
    drawn = {"gan": (noise(64), 8), "class-gaussian": (noise(80, seed=1), 10)}
    found = sample_gallery(section_of(records), pictures(drawn), real, "s-samples")
    assert found is not None
    assert found.pictures[0].title == "Real images"
    assert {each.label for each in found.pictures} == {"", "gan", "class-gaussian"}
    assert {each.size for each in found.pictures} == {(10 * 50 + 2, 6 * 50 + 2)}
    by_label = {each.label: tiles(each.png or b"", SHAPE) for each in found.pictures}
    # By class there is a column each; the first 60 of a square, and six rows of the others.
    assert (by_label["class-gaussian"] == noise(80, seed=1).reshape(8, 10, *SHAPE)[:6]).all()
    assert (by_label["gan"] == noise(64)[:60].reshape(6, 10, *SHAPE)).all()
    assert (by_label[""] == noise(80, seed=9).reshape(8, 10, *SHAPE)[:6]).all()


def test_a_caption_tells_the_score_and_what_real_images_have():
    found = sample_gallery(section_of([drawer("gan")]), pictures({"gan": (noise(64), 8)}), real, "s")
    assert found is not None
    assert found.pictures[1].caption == "Fréchet distance (LeNet, digits) 9.1 (reference 1.2)"


def test_records_from_before_have_no_real_images_and_the_caption_says_so():
    section = section_of([drawer("gan", has_real=False)])
    found = sample_gallery(section, pictures({"gan": (noise(64), 8)}), lambda each: {}, "s")
    assert found is not None
    assert [each.label for each in found.pictures] == ["gan"]
    assert "Real images were not kept" in found.caption


def test_few_real_images_take_none_from_the_models():
    few = {"real_images": noise(10).reshape(1, 10, *SHAPE)}
    found = sample_gallery(section_of([drawer("gan")]), pictures({"gan": (noise(64), 8)}), lambda each: few, "s")
    assert found is not None
    assert [each.size for each in found.pictures] == [(10 * 50 + 2, 1 * 50 + 2), (10 * 50 + 2, 6 * 50 + 2)]


def test_pictures_that_cannot_be_cut_stay_as_they_are():
    buffer = io.BytesIO()
    Image.new("RGB", (30, 20)).save(buffer, "PNG")
    found = sample_gallery(section_of([drawer("gan")]), lambda each, name: buffer.getvalue(), real, "s")
    assert found is not None
    assert found.pictures[1].png == buffer.getvalue()
    assert found.pictures[1].size == size(buffer.getvalue()) == (30, 20)


def test_the_seed_is_the_one_most_models_have_and_the_others_say_so():
    records = [drawer("gan", seed=0), drawer("gan", seed=1), drawer("vae", seed=1), drawer("dcgan", seed=2)]
    drawn = {label: (noise(64), 8) for label in ("gan", "vae", "dcgan")}
    found = sample_gallery(section_of(records), pictures(drawn), real, "s")
    assert found is not None
    assert "seed 1" in found.caption
    (absent,) = (each for each in found.pictures if each.label == "dcgan")
    assert (absent.png, absent.caption) == (None, "no picture with this seed")


def test_a_picture_that_cannot_be_read_says_why():
    def broken(each, name):
        raise StoreError("the picture is gone")

    found = sample_gallery(section_of([drawer("gan")]), broken, real, "s")
    assert found is not None
    assert found.pictures[1].caption == "the picture is gone"


def test_two_devices_have_a_picture_each():
    records = [drawer("gan"), drawer("gan", device="cuda")]
    found = sample_gallery(section_of(records), pictures({"gan": (noise(64), 8)}), real, "s")
    assert found is not None
    assert [each.title for each in found.pictures] == ["Real images", "gan, CPU", "gan, CUDA"]


def test_where_nothing_was_drawn_there_is_no_gallery():
    records = [record(plan("lenet")), failed(plan("gan", family="generative"))]
    assert sample_gallery(section_of(records), lambda each, name: b"", None, "s") is None


LABELS = np.array([0, 1, 2, 0, 1, 2])


def saying(*classes: int) -> dict[str, np.ndarray]:
    return {"probabilities": np.eye(3, dtype=np.float32)[list(classes)], "labels": LABELS}


def both_families() -> Kept:
    """Sample 1 is right by the deep alone, sample 5 by the shallow alone, sample 3 by one deep model alone."""
    kept = Kept()
    names = ("cat", "dog", "bird")
    for seed in range(3):
        odd = 1 if seed == 2 else 0
        kept.add("logistic", saying(0, odd, 2, 1, 1, 2), seed=seed, family="shallow", names=names)
        kept.add("forest", saying(0, 2, 2, 2, 1, 2), seed=seed, family="shallow", names=names)
        kept.add("lenet", saying(0, 1, 2, 0, 1, 0), seed=seed, names=names)
        kept.add("resnet", saying(0, 1, 2, 1, 1, 1), seed=seed, names=names)
        kept.add("baseline", saying(1, 1, 1, 1, 1, 1), seed=seed, family="shallow", names=names)
    return kept


def test_samples_that_only_one_family_gets_right_are_listed():
    kept = both_families()
    (table,) = only_deep_blocks(kept.section(), kept, "s")
    assert isinstance(table, Table)
    rows = [{key: cell.text for key, cell in row.cells.items()} for row in table.rows]
    assert (
        rows
        == [
            {
                "sample": "1",
                "right": "deep models",
                "class": "dog",
                "shallow": "cat (logistic), bird (forest)",
                "deep": "dog",
            },
            {
                "sample": "5",
                "right": "shallow models",
                "class": "bird",
                "shallow": "bird",
                "deep": "cat (lenet), dog (resnet)",
            },
        ]
        or rows[0]["shallow"] == "bird (forest), cat (logistic)"
    )
    assert "on 1 of 6 test samples" in table.caption
    assert "2 deep and 2 shallow models" in table.caption
    assert "no evidence" in table.caption


def test_their_pictures_stand_beside_where_the_inputs_are_at_hand():
    kept = both_families()
    images = noise(6)
    found, table = only_deep_blocks(kept.section(), kept, "s", lambda each: images)
    assert isinstance(found, Gallery)
    assert isinstance(table, Table)
    assert "on 1 of 6 test samples" in found.caption
    assert [each.title for each in found.pictures] == ["Sample 1, dog", "Sample 5, bird"]
    assert found.pictures[0].caption == "deep models alone are right; shallow: cat (logistic), bird (forest)"
    shown = tiles(found.pictures[0].png or b"", SHAPE)
    assert shown is not None
    assert (shown[0, 0] == images[1]).all()
    # What is not the test part of these runs shows nothing of it.
    assert len(only_deep_blocks(kept.section(), kept, "s", lambda each: images[:5])) == 1


def test_where_no_sample_is_of_that_kind_a_sentence_says_so():
    kept = Kept()
    kept.add("logistic", saying(*LABELS), family="shallow")
    kept.add("lenet", saying(*LABELS))
    (prose,) = only_deep_blocks(kept.section(), kept, "s")
    assert isinstance(prose, Prose)
    assert "on 0 of 6 test samples" in prose.sentences[0]


@pytest.mark.parametrize("family", ["shallow", "deep"])
def test_one_family_alone_has_none(family):
    kept = Kept()
    kept.add("some", saying(*LABELS), family=family)
    assert only_deep_blocks(kept.section(), kept, "s") == ()
    assert not kept.read


def test_answers_to_one_test_part_are_compared():
    kept = Kept()
    for number in range(3):
        split = SplitPlan(scheme="holdout", number=number)
        kept.add("lenet", saying(*LABELS), seed=number, split=split)
        if number > 0:
            kept.add("logistic", saying(1, 1, 2, 0, 1, 2), seed=number, split=split, family="shallow")
    (table,) = only_deep_blocks(kept.section(), kept, "s")
    assert isinstance(table, Table)
    assert [row.cells["sample"].value for row in table.rows] == [0]
    assert set(kept.read) == {each.run.run_id for each in kept.records if each.run.split.number == 1}


def test_a_long_list_is_cut_and_counted():
    kept = Kept()
    labels = np.zeros(50, np.int64)
    wrong = np.eye(2, dtype=np.float32)[np.ones(50, int)]
    kept.add("lenet", {"probabilities": np.eye(2, dtype=np.float32)[labels], "labels": labels})
    kept.add("logistic", {"probabilities": wrong, "labels": labels}, family="shallow")
    (table,) = only_deep_blocks(kept.section(), kept, "s")
    assert isinstance(table, Table)
    assert len(table.rows) <= 12
    assert "on 50 of 50" in table.caption
