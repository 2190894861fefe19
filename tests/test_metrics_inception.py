"""Inception features: weights are checked, and distances equal those of pytorch-fid's command line."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from bench.errors import ChecksumMismatch, DataMissing, MissingExtra
from bench.metrics import inception
from bench.metrics.frechet import FrechetStatistics, frechet_distance_of_features

pytest.importorskip("pytorch_fid", reason="needs the generative extra")


@pytest.fixture(scope="module")
def torch_home(tmp_path_factory):
    """Random weights where pytorch-fid and we look for the real ones, under their name."""
    home = tmp_path_factory.mktemp("torch-home")
    path = home / "hub" / "checkpoints" / inception.WEIGHTS_FILE
    path.parent.mkdir(parents=True)
    network = inception._network()
    generator = torch.Generator().manual_seed(0)
    for parameter in network.parameters():
        fan_in = parameter[0].numel()
        parameter.data.copy_(torch.randn(parameter.shape, generator=generator) * (2 / fan_in) ** 0.5 * 0.9)
    for name, buffer in network.named_buffers():
        if name.endswith("running_var"):
            buffer.fill_(1.0)
    torch.save(network.state_dict(), path)
    return home


@pytest.fixture(autouse=True)
def _use_torch_home(torch_home, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(torch_home))


def write_images(folder, count, seed, grain=8, side=48):
    """Coloured noise as PNG files; returns the same images as (n, 3, side, side) float32 in [-1, 1]."""
    folder.mkdir()
    coarse = np.random.default_rng(seed).integers(0, 256, (count, grain, grain, 3), dtype=np.uint8)
    images = [np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)) for image in coarse]
    for index, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{index:05d}.png")
    return torch.from_numpy(np.stack(images).transpose(0, 3, 1, 2) / np.float32(127.5) - 1)


def test_random_weights_under_the_name_of_the_real_ones_are_refused(torch_home):
    path = inception.default_weights()
    assert path.is_relative_to(torch_home)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(ChecksumMismatch, match=re.escape(str(path))) as caught:
        inception.Inception()
    assert "must begin 6726825d" in str(caught.value)
    assert found in str(caught.value)


def test_missing_weights_are_named_with_their_source(tmp_path):
    with pytest.raises(DataMissing, match=re.escape(inception.WEIGHTS_URL)):
        inception.Inception(tmp_path / "absent.pth")


def test_a_missing_extra_prints_its_cure(monkeypatch):
    monkeypatch.setattr(inception, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=re.escape("pip install 'depthbench[generative]'")):
        inception.Inception()


def test_only_the_weights_of_the_paper_give_a_fid(monkeypatch):
    extractor = inception.Inception(expected_sha256=None, dimension=64)
    assert re.fullmatch(r"fd:inception-random-64@[0-9a-f]{8}", extractor.score_name)
    # As if the file's hash were the right one: the name follows from the check that passed, and from all features.
    monkeypatch.setattr(inception, "_checked_sha256", lambda path, expected: "6726825d" + "0" * 56)
    assert inception.Inception().score_name == "fid"
    assert inception.Inception(dimension=64).score_name == "fd:inception-64@6726825d"


def test_an_unknown_dimension_is_refused():
    with pytest.raises(ValueError, match="no block of 100 features, only of 64, 192, 768, 2048"):
        inception.Inception(expected_sha256=None, dimension=100)


@pytest.mark.parametrize("dimension", [64, 2048])
def test_features_equal_those_of_pytorch_fid(dimension, tmp_path):
    from pytorch_fid.inception import InceptionV3

    images = write_images(tmp_path / "images", 3, seed=1)
    theirs = InceptionV3([InceptionV3.BLOCK_INDEX_BY_DIM[dimension]]).eval()
    with torch.no_grad():
        expected = theirs((images + 1) / 2)[0].mean((2, 3)).double()
    features = inception.Inception(expected_sha256=None, dimension=dimension).features(images)
    assert features.shape == (3, dimension)
    torch.testing.assert_close(torch.from_numpy(features), expected, rtol=1e-4, atol=1e-5 * float(expected.abs().max()))


def test_grey_images_are_seen_as_three_equal_channels():
    extractor = inception.Inception(expected_sha256=None, dimension=64)
    grey = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(0)) * 2 - 1
    np.testing.assert_allclose(extractor.features(grey), extractor.features(grey.repeat(1, 3, 1, 1)), rtol=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize(("count", "tolerance"), [(128, 1e-6), (48, 5e-5)])
def test_distance_equals_the_command_line_of_pytorch_fid(count, tolerance, tmp_path, torch_home):
    real, fake = write_images(tmp_path / "a", count, 1, grain=8), write_images(tmp_path / "b", count, 2, grain=24)
    command = [sys.executable, "-m", "pytorch_fid", "--device", "cpu", "--num-workers", "0", "--dims", "64"]
    done = subprocess.run(
        [*command, str(tmp_path / "a"), str(tmp_path / "b")],
        env={**os.environ, "TORCH_HOME": str(torch_home), "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
    )
    if "unexpected keyword argument 'disp'" in done.stderr:
        pytest.skip("pytorch-fid 0.3.0 needs scipy<1.18")
    assert done.returncode == 0, done.stderr
    expected = float(done.stdout.split("FID:")[1])
    extractor = inception.Inception(expected_sha256=None, dimension=64)
    a, b = extractor.features(real), extractor.features(fake)
    assert frechet_distance_of_features(a, b) == pytest.approx(expected, rel=tolerance)
    first, second = FrechetStatistics(64), FrechetStatistics(64)
    first.update(a)
    second.update(b)
    assert first.distance(second) == pytest.approx(expected, rel=tolerance)
