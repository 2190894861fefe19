"""What the data hold and what the shallow models compute, where the contract cannot know it."""

from __future__ import annotations

import numpy as np
import pytest
from bench_problems import bench_datasets
from bench_problems.data import tale
from bench_problems.models.n_gram import NGram
from bench_problems.models.patch_ridge import PatchRidge
from bench_problems.rules import enlarges
from bench_problems.tasks.next_character import NextCharacter
from bench_problems.tasks.super_resolution import SuperResolution, SuperResolutionSettings

from bench import Problem, Space
from bench.errors import Refused
from bench.sources import DataSource
from bench.specs import resolve

DATASETS = {spec.name: spec for spec in bench_datasets()}


def loaded(name: str):
    return resolve(DATASETS[name].target)(DataSource.of(DATASETS[name]))


def test_the_tale_is_what_its_grammar_writes() -> None:
    dataset = loaded("tale")
    text = "".join(dataset.spec.inputs.names[place] for place in dataset.whole.x)
    assert text == tale.write()


def test_a_window_is_followed_by_the_same_text_one_place_later() -> None:
    task, dataset = NextCharacter(), loaded("tale")
    given, wanted = task.view(dataset, dataset.test)
    assert given.shape == wanted.shape == ((len(dataset.test) - 1) // 32, 32)
    assert (given[:, 1:] == wanted[:, :-1]).all()
    assert (given[1:, 0] == wanted[:-1, -1]).all()


def test_small_images_hold_the_means_of_blocks() -> None:
    task, dataset = SuperResolution(), loaded("shapes")
    small, large = task.view(dataset, dataset.test)
    assert large.dtype == np.uint8
    assert small[5, 0, 3, 2] == pytest.approx(large[5, 0, 6:8, 4:6].mean() / 255, abs=1e-6)


def test_sides_that_cannot_be_divided_are_refused() -> None:
    with pytest.raises(Refused, match="sides that 3 divides; shapes has images of 1 × 16 × 16"):
        SuperResolution(SuperResolutionSettings(factor=3), "super-resolution").spaces(DATASETS["shapes"])


def test_models_that_enlarge_say_what_they_do_not() -> None:
    small, large = Space("chw", (1, 4, 4)), Space("chw", (1, 8, 8))
    assert enlarges(small, large) == ""
    assert "multiplies both sides" in enlarges(large, large)
    assert "multiplies both sides" in enlarges(small, Space("chw", (1, 8, 12)))


def test_witten_bell_by_hand() -> None:
    tokens = Space("t", (4,), "index", 2)
    model = NGram(Problem("t", "d", 1, "predict", tokens, tokens), order=2)
    model.fit(np.array([[0, 0, 1, 0]]), np.array([[0, 1, 0, 1]]))
    # Four characters, two kinds: (2 + 2 · 1/2) / (4 + 2) = 1/2 each. After 0 came 0, 1, 1: (1 + 2 · 1/2) / (3 + 2).
    assert model.predict_proba(np.array([[0]])) == pytest.approx(np.array([[0.4, 0.6]]))


def test_patch_ridge_finds_a_linear_map() -> None:
    problem = Problem("t", "d", 20, "predict", Space("chw", (2, 4, 5)), Space("chw", (2, 8, 10)))
    x = np.random.RandomState(0).normal(size=(20, 2, 4, 5)).astype(np.float32)
    y = 2 * np.repeat(np.repeat(x, 2, 2), 2, 3) + 1
    model = PatchRidge(problem, side=3, alpha=0.0).fit(x, y)
    assert model.predict(x) == pytest.approx(y, abs=1e-4)
