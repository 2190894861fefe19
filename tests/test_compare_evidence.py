"""`bench compare` on kept answers: other code is compared over test samples, too, the same code over seeds alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pytest

from bench.arrays import pack
from bench.cli import main
from bench.metrics import classification
from bench.model import Problem
from bench.record import Score, SplitPlan
from bench.store import open_store
from tests.comparisons import run
from tests.report_records import ENVIRONMENT

N = 200
LABELS = np.arange(N) % 2
OLD, NEW = {"model source": "old", "libraries": "torch 2.14"}, {"model source": "new", "libraries": "torch 2.14"}
UPGRADED = {"model source": "old", "libraries": "torch 2.15"}
# Returns the rows of a store: seed, number of the split, the samples that the run got wrong.
Wrong = Callable[[int, int], "list[int] | range"]


def written(path: Path, wrong: Wrong, identity: dict[str, str], *, splits: int = 0, kept: bool = True) -> str:
    """Write a results file of five seeds of a classifier whose answers are kept, each seed on `splits` cuts."""
    with open_store(path, create=True) as store:
        store.add_environment(ENVIRONMENT)
        for seed in range(5):
            for number in range(splits or 1):
                answers = LABELS.copy()
                answers[list(wrong(seed, number))] ^= 1
                probabilities = np.eye(2, dtype=np.float32)[answers]
                value = classification.accuracy(probabilities, LABELS)
                split = SplitPlan(scheme="holdout", number=number) if splits else SplitPlan()
                store.append(
                    run(
                        seed,
                        seconds=2.0 + len(path.stem) / 1e4,
                        split=split,
                        identity=identity | {"seed": str(seed), "split": str(number)},
                        scores=(Score(name="accuracy", value=value, higher_is_better=True, source="s", low=0, high=1),),
                        objective="accuracy",
                        kept=("labels", "probabilities"),
                        problem=Problem("classification", "digits", 4 * N),
                        run_id=f"{path.stem}-{seed}-{number}",
                    ),
                    answer=pack({"probabilities": probabilities}) if kept else None,
                    truth=pack({"labels": LABELS}),
                )
    return str(path)


def document(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    with pytest.raises(SystemExit):
        main(["compare", *words, "--json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def accuracy(found: dict[str, Any]) -> dict[str, Any]:
    (only,) = (each for each in found["changes"] if each["measure"] == "accuracy")
    assert isinstance(only, dict)
    return only


def few(count: int, spread: int, name: str) -> Wrong:
    """Return wrong answers at places that are the model's, with `spread` more that each seed draws anew."""

    def wrong(seed: int, number: int) -> list[int]:
        own = np.random.RandomState(crc32(f"{name}{number}".encode())).permutation(N)[:count].tolist()
        drawn = np.random.RandomState(crc32(f"{name}{number}{seed}".encode())).randint(0, spread + 1)
        return own[: count - drawn]

    return wrong


def test_other_code_is_not_called_different_where_seeds_alone_would_say_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every seed of the one errs on ten samples, of the other on sixteen of its own: six are the luck of 200."""
    a, b = written(tmp_path / "a.sqlite", few(10, 2, "a"), OLD), written(tmp_path / "b.sqlite", few(16, 2, "b"), NEW)
    got = accuracy(document(capsys, a, b))
    assert (got["basis"], got["verdict"], got["outcome"]) == ("seeds and samples", "open", "open")
    assert "other seeds and other test samples (5 seeds, 200 independent" in got["scope"]
    assert got["remedy"]["samples"] > N
    lost = [written(tmp_path / f"{name}.sqlite", wrong, code, kept=False)
            for name, wrong, code in (("c", few(10, 2, "a"), OLD), ("d", few(16, 2, "b"), NEW))]  # fmt: skip
    seeds_alone = accuracy(document(capsys, *lost))
    assert (seeds_alone["basis"], seeds_alone["outcome"]) == ("seeds", "worse")
    assert "nothing is known of other test samples" in seeds_alone["scope"]


def test_the_same_code_is_asked_whether_it_changed_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a = written(tmp_path / "a.sqlite", few(10, 2, "a"), OLD)
    b = written(tmp_path / "b.sqlite", few(16, 2, "b"), UPGRADED)
    found = document(capsys, a, b)
    got = accuracy(found)
    assert (got["basis"], got["verdict"], got["outcome"]) == ("seeds", "different", "worse")
    assert got["scope"] == (
        "The same code on the same test part: did it change? Other seeds count, test samples do not."
    )
    assert found["changed"] == ["libraries (1 of 1 cells)"]
    with pytest.raises(SystemExit):
        main(["compare", a, b])
    assert f"Over seeds: {got['scope']}" in capsys.readouterr().out


def test_a_clear_difference_of_other_code_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = written(tmp_path / "a.sqlite", few(10, 2, "a"), OLD), written(tmp_path / "b.sqlite", few(60, 2, "b"), NEW)
    got = accuracy(document(capsys, a, b))
    assert (got["basis"], got["outcome"]) == ("seeds and samples", "worse")
    assert got["low"] < got["difference"] < got["high"] < 0
    assert got["difference"] == pytest.approx(got["b_mean"] - got["a_mean"])


def test_other_code_on_several_splits_is_compared_over_them_and_the_same_code_over_its_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a = written(tmp_path / "a.sqlite", few(20, 9, "a"), OLD, splits=4)
    b = written(tmp_path / "b.sqlite", few(26, 9, "b"), NEW, splits=4)
    c = written(tmp_path / "c.sqlite", few(26, 9, "b"), UPGRADED, splits=4)
    other, same = accuracy(document(capsys, a, b)), accuracy(document(capsys, a, c))
    assert (other["basis"], same["basis"]) == ("splits", "seeds")
    assert "the same test parts" in same["scope"]
    assert (same["count"], same["difference"]) == (20, pytest.approx(other["difference"]))
    assert same["high"] - same["low"] < other["high"] - other["low"]


def test_answers_are_read_where_a_run_comes_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both files hold runs of one name; an answer of the other file would make them alike."""
    for name, errors in (("before", 10), ("after", 60)):
        (tmp_path / name).mkdir()
        code = OLD if name == "before" else NEW
        written(tmp_path / name / "same.sqlite", few(errors, 2, name), code)
    got = accuracy(document(capsys, *(str(tmp_path / name / "same.sqlite") for name in ("before", "after"))))
    assert got["b_mean"] < got["a_mean"] - 0.2
    assert (got["basis"], got["outcome"]) == ("seeds and samples", "worse")
    assert got["difference"] == pytest.approx(got["b_mean"] - got["a_mean"])
