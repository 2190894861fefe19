"""`bench show`: everything recorded about a run stands there, and what was trained rather than what was planned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bench
from bench.arrays import pack, unpack
from bench.cli import main
from bench.errors import StoreError, UsageError
from bench.record import Latency, Memory, ModelSize, RunRecord, Times
from bench.store import open_store
from tests.report_records import ENVIRONMENT, failed, plan, record

LATENCY = Latency(
    p50_seconds=0.002, p95_seconds=None, p99_seconds=None, repeats=12, throughput_per_second=640.0, batch_size=64
)


def shown(each: RunRecord, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", "200")
    path = folder / "results.sqlite"
    with open_store(path, create=True) as store:
        store.add_environment(ENVIRONMENT)
        store.append(each)
    with pytest.raises(SystemExit) as ended:
        main(["show", each.run.run_id, "--store", str(path)])
    assert not ended.value.code
    return " ".join(capsys.readouterr().out.split())


def tuned(best: dict[str, Any] | None) -> RunRecord:
    run = plan(protocol="tuned", hyperparameters={"width": 64, "depth": 2}, run_id="tuned-run")
    if best is None:
        return failed(run)
    trials = [{"setting": {"width": 64}, "objective": 0.9}, {"setting": {"width": 333}, "objective": 0.95}]
    return record(run, details={"best": {"width": 64, "depth": 2, **best}, "trials": trials})


def test_a_tuned_run_shows_what_was_trained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = shown(tuned({"width": 333}), tmp_path, capsys, monkeypatch)
    assert "hyperparameters width=333, depth=2" in text
    assert "tuned 2 trials; best width=333" in text
    assert "width=64" not in text


def test_a_search_that_failed_shows_where_it_began(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "hyperparameters before tuning width=64" in shown(tuned(None), tmp_path, capsys, monkeypatch)


def test_everything_recorded_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = record(
        plan(device="cuda", run_id="a-run"),
        times=Times(train_seconds=2.0, sampling_seconds=0.75, wall_seconds=3.0),
        memory=Memory(peak_memory_bytes=5_000_000, cuda_allocated_bytes=70_000_000, cuda_reserved_bytes=90_000_000),
        size=ModelSize(parameter_count=5000, trainable_parameter_count=1234, depth=3),
        latency=LATENCY,
        details={"pre_training_seconds": 1.5, "best_step": 17},
    )
    text = shown(run, tmp_path, capsys, monkeypatch)
    for words in (
        "peak memory, host 5 MB",
        "peak memory, GPU 70 MB allocated, 90 MB reserved",
        "parameters 5,000 (1,234 trainable)",
        "pre-training 1.500 s",
        "sampling 0.750 s",
        "latency p50, p95, p99 2.000 ms, –, – (12 calls)",
        "throughput 640 samples/s at batch size 64",
        "environment cuda, 1 thread, AMD EPYC 7B13, Linux 6.8, id env-a",
        "best step 17",
    ):
        assert words in text


def written(file: Path) -> dict[str, np.ndarray]:
    if file.suffix == ".npz":
        with np.load(file) as content:
            return dict(content)
    return unpack(file.read_bytes())


@pytest.fixture
def answered(tmp_path: Path) -> Path:
    """A store with a run of two attempts that kept their answers, one that drew without truth, and one that failed."""
    path = tmp_path / "results.sqlite"
    truth = pack({"labels": np.array([0, 1])})
    with open_store(path, create=True) as store:
        for value in (0.25, 0.75):
            answer = pack({"probabilities": np.full((2, 2), value, "f4")})
            store.append(record(plan(run_id="a-run")), answer=answer, truth=truth)
        store.append(record(plan(run_id="drawn")), answer=pack({"samples": np.zeros((1, 3), "u1")}))
        store.append(failed(plan(run_id="broken")))
        store.append(record(plan(run_id="early")))
    return path


def test_answers_load_as_arrays_of_the_newest_attempt(answered: Path) -> None:
    answers, truth = bench.load_answers(answered, "a-")
    assert list(answers) == ["probabilities"]
    assert answers["probabilities"].dtype == np.float32
    assert (answers["probabilities"] == 0.75).all()
    assert truth["labels"].tolist() == [0, 1]
    answers, truth = bench.load_answers(f"sqlite:{answered}", "drawn")
    assert (list(answers), truth) == (["samples"], {})


def test_a_run_without_answers_says_why(answered: Path) -> None:
    with pytest.raises(StoreError, match=r"attempt 1 of run broken kept no answer in .*: it ended as failed"):
        bench.load_answers(answered, "broken")
    with pytest.raises(StoreError, match=r"run early kept no answer in .* bench run SUITE --repeat makes it again"):
        bench.load_answers(str(answered), "early")
    with pytest.raises(UsageError, match=r"no run begins with 'other'.*bench show --store"):
        bench.load_answers(answered, "other")


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_answers_are_written_for_another_program(
    answered: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, value in (((), 0.75), (("--attempt", "1"), 0.25)):
        file = answered.parent / "new folder" / f"answers{suffix}"
        with pytest.raises(SystemExit) as ended:
            main(["show", "a-run", "--store", str(answered), "--answers", str(file), *words])
        assert not ended.value.code
        assert capsys.readouterr().err == f"Answers: {file}\n"
        arrays = written(file)
        assert sorted(arrays) == ["answer.probabilities", "truth.labels"]
        assert (arrays["answer.probabilities"] == value).all()
        assert arrays["truth.labels"].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("a-run", "--answers", "x.csv"), 2, "'x.csv' ends in none of .npz, .safetensors"),
        (("--answers", "x.npz"), 2, "--answers writes those of one RUN"),
        (("broken", "--answers", "x.npz"), 3, "it ended as failed"),
    ],
)
def test_answers_that_cannot_be_written_say_why(
    answered: Path,
    words: tuple[str, ...],
    code: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(answered.parent)
    with pytest.raises(SystemExit) as ended:
        main(["show", *words, "--store", str(answered)])
    assert ended.value.code == code
    assert message in " ".join(capsys.readouterr().err.split())
    assert list(answered.parent.iterdir()) == [answered]
