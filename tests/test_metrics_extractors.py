"""The judges of images: the shipped one is the one it should be, others are trained once and kept."""

from __future__ import annotations

import hashlib
import multiprocessing
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.errors import ChecksumMismatch, DataError
from bench.metrics import extractors, lenet
from bench.metrics.frechet import frechet_distance_of_features
from bench.metrics.lenet import LeNet, about, decode, encode, train_lenet
from bench.plugins import discover
from bench.sources import DataSource
from bench.specs import resolve

pytest.importorskip("sklearn", reason="needs the data extra")


@pytest.fixture(autouse=True)
def _short_training(monkeypatch):
    monkeypatch.setattr(lenet, "MOST_EPOCHS", 8)


@pytest.fixture(scope="module")
def digits():
    spec = discover().datasets["digits"].spec
    return resolve(spec.target)(DataSource.of(spec))


def images(split):
    return torch.from_numpy(split.x) * 2 - 1


def stripes(count=60, side=10, seed=0):
    """Two classes: bright left half, bright right half, with noise; (n, 3, side, side) in [-1, 1]."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 2
    x = 0.1 * torch.randn(count, 3, side, side, generator=generator)
    x[labels == 0, :, :, : side // 2] += 0.8
    x[labels == 1, :, :, side // 2 :] += 0.8
    return x.clamp(-1, 1), labels


def train_in_a_process(folder, answers):
    torch.set_num_threads(1)
    x, y = stripes()
    answers.put(extractors.classifier_for("stripes", x, y, 2, folder).name)


def test_the_shipped_judge_is_small_and_right(digits):
    judge = extractors.digits_classifier()
    assert re.fullmatch(r"lenet-digits-v1@[0-9a-f]{8}", judge.name)
    assert judge.score_name == f"fd:{judge.name}"
    assert extractors.DIGITS_WEIGHTS.stat().st_size < 200_000
    assert sum(parameter.numel() for parameter in judge.network.parameters()) < 45_000
    features = judge.features(images(digits.test))
    assert features.shape == (len(digits.test), 64)
    assert features.dtype == np.float64
    assert (judge.classes(features) == digits.test.y).mean() > 0.98


def test_the_shipped_judge_was_trained_on_the_training_part_alone(digits):
    told = about(extractors.DIGITS_WEIGHTS.read_bytes())
    assert told["data_sha256"] == extractors.hash_of(images(digits.train), torch.from_numpy(digits.train.y))


def test_the_distance_sees_what_it_is_for(digits):
    """Real against real is small; noise, a missing class, five missing, one class only, each larger by far."""
    judge = extractors.digits_classifier()
    train, test = images(digits.train), judge.features(images(digits.test))
    generator = torch.Generator().manual_seed(0)
    labels = torch.from_numpy(digits.train.y)

    def distance(x):
        chosen = x[torch.randperm(len(x), generator=generator)[: len(test)]]
        return frechet_distance_of_features(judge.features(chosen), test)

    floor = distance(train)
    noisy = distance((train + 0.2 * torch.randn(train.shape, generator=generator)).clamp(-1, 1))
    dropped = [distance(train[labels >= least]) for least in (1, 5)]
    alone = distance(train[labels == 9])
    assert 0.5 < floor < 1.5
    assert noisy > 1.3 * floor
    assert 2 * floor < dropped[0] < dropped[1] / 3 < alone / 6


def test_a_wrong_file_is_refused_by_name(digits, tmp_path, monkeypatch):
    content = bytearray(extractors.DIGITS_WEIGHTS.read_bytes())
    content[-1] ^= 1
    wrong = tmp_path / "lenet-digits-v1.safetensors"
    wrong.write_bytes(content)
    monkeypatch.setattr(extractors, "DIGITS_WEIGHTS", wrong)
    with pytest.raises(ChecksumMismatch, match=re.escape(str(wrong))) as caught:
        extractors.digits_classifier()
    assert extractors.DIGITS_SHA256 in str(caught.value)


def test_the_digits_use_the_shipped_judge_and_write_nothing(digits, tmp_path):
    x, y = images(digits.train), torch.from_numpy(digits.train.y)
    judge = extractors.classifier_for("digits", x, y, 10, tmp_path)
    assert judge.name == extractors.digits_classifier().name
    assert not list(tmp_path.iterdir())


def test_other_data_get_a_judge_that_is_trained_once(tmp_path, monkeypatch):
    x, y = stripes()
    first = extractors.classifier_for("stripes", x, y, 2, tmp_path)
    assert (first.classes(first.features(x)) == y.numpy()).all()
    monkeypatch.setattr(extractors, "train_lenet", lambda *_: pytest.fail("trained twice"))
    second = extractors.classifier_for("stripes", x, y, 2, tmp_path)
    assert second.name == first.name
    assert (second.features(x) == first.features(x)).all()


def test_other_images_of_the_same_name_get_another_judge(tmp_path):
    first = extractors.classifier_for("stripes", *stripes(seed=0), 2, tmp_path)
    second = extractors.classifier_for("stripes", *stripes(seed=1), 2, tmp_path)
    assert first.name != second.name


def test_a_damaged_cache_is_refused_with_its_cure(tmp_path):
    x, y = stripes()
    extractors.classifier_for("stripes", x, y, 2, tmp_path)
    (path,) = tmp_path.glob("*.safetensors")
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ChecksumMismatch, match="Remove it, it will be trained again"):
        extractors.classifier_for("stripes", x, y, 2, tmp_path)


@pytest.mark.slow
def test_processes_that_ask_at_once_share_one_judge(tmp_path):
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    workers = [context.Process(target=train_in_a_process, args=(tmp_path, answers)) for _ in range(3)]
    for worker in workers:
        worker.start()
    names = {answers.get(timeout=200) for _ in workers}
    for worker in workers:
        worker.join()
    assert len(names) == 1
    assert len(list(tmp_path.glob("*.safetensors"))) == 1


def test_training_repeats_and_leaves_the_random_state_alone():
    x, y = stripes(20)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first = encode(train_lenet(x, y, 2))
    assert torch.rand(3).equal(expected)
    assert encode(train_lenet(x, y, 2)) == first


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 32, 32), (1, 4, 6)])
def test_any_size_of_image_gives_64_features_and_survives_writing(shape):
    network = LeNet(shape, 7).eval()
    x = torch.rand(2, *shape) * 2 - 1
    again = decode(encode(network, dataset="any"))
    assert network.features(x).shape == (2, 64)
    assert network(x).shape == (2, 7)
    assert again(x).equal(network(x))
    assert about(encode(network, dataset="any"))["dataset"] == "any"


def test_features_of_real_images_are_computed_once(tmp_path, monkeypatch):
    judge = extractors.digits_classifier()
    x = torch.rand(5, 1, 8, 8)
    first = extractors.cached_features(judge, x, tmp_path)
    assert (first == judge.features(x)).all()
    monkeypatch.setattr(judge, "features", lambda _: pytest.fail("computed twice"))
    assert (extractors.cached_features(judge, x, tmp_path) == first).all()
    (path,) = tmp_path.glob("*.safetensors")
    path.write_bytes(b"short")
    with pytest.raises(ChecksumMismatch, match="damaged"):
        extractors.cached_features(judge, x, tmp_path)


@pytest.mark.slow
def test_the_script_makes_a_judge_like_the_shipped_one(digits, tmp_path):
    script = Path(__file__).parents[1] / "scripts" / "train_digits_extractor.py"
    output = tmp_path / "made.safetensors"
    command = [sys.executable, str(script), "--output", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    content = output.read_bytes()
    assert hashlib.sha256(content).hexdigest() in done.stdout
    assert about(content) == about(extractors.DIGITS_WEIGHTS.read_bytes())
    right = decode(content)(images(digits.test)).argmax(1) == torch.from_numpy(digits.test.y)
    assert float(right.double().mean()) > 0.97


def test_a_cache_that_cannot_be_written_is_told_with_its_cure(tmp_path):
    (tmp_path / "file").touch()
    x, y = torch.zeros(4, 1, 28, 28), torch.tensor([0, 1, 0, 1])
    with pytest.raises(DataError, match=r"kept in .*file/bench.*: Not a directory\. Set XDG_CACHE_HOME"):
        extractors.classifier_for("other", x, y, 2, tmp_path / "file" / "bench")
