"""`bench fid`: the distance between two folders of images, kept statistics, and what is said where there is none."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bench.cli import main
from bench.metrics import inception
from bench.metrics.folders import load
from bench.metrics.frechet import FrechetStatistics, frechet_distance_of_features

pytest.importorskip("pytorch_fid", reason="needs the generative extra")


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Random weights in a file of their own."""
    generator = torch.Generator().manual_seed(0)
    with torch.device("meta"):
        state = inception._network().state_dict()
    for name, value in state.items():
        drawn = torch.ones(value.shape, dtype=value.dtype)
        if name.endswith("weight") and value.ndim > 1:
            drawn.normal_(std=(2 / value[0].numel()) ** 0.5, generator=generator)
        state[name] = drawn
    path = tmp_path_factory.mktemp("weights") / "random.pth"
    torch.save(state, path)
    return path


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Two folders of noise, coarse and fine."""
    root = tmp_path_factory.mktemp("images")
    for name, grain, count in (("coarse", 4, 12), ("fine", 16, 10)):
        (root / name).mkdir()
        pixels = np.random.default_rng(grain).integers(0, 256, (count, grain, grain, 3), dtype=np.uint8)
        for number, image in enumerate(pixels):
            Image.fromarray(image).resize((32, 32)).save(root / name / f"{number:02d}.png")
    return root


@pytest.fixture
def fid(weights, capsys):
    """Call `bench fid` with random weights and 64 features; returns exit code, output and what was told beside it."""

    def call(*words):
        with pytest.raises(SystemExit) as ended:
            main(["fid", *map(str, words), "--dims", "64", "--weights", str(weights), "--any-weights"])
        return ended.value.code, *capsys.readouterr()

    return call


def features(folder, weights):
    extractor = inception.Inception(weights, dimension=64, expected_sha256=None)
    pixels = [np.asarray(Image.open(path).convert("RGB")) for path in sorted(folder.iterdir())]
    return extractor.features(torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2) / 127.5 - 1)


def test_the_distance_is_that_of_the_features_of_all_images(images, weights, fid):
    code, out, told = fid(images / "coarse", images / "fine", "--batch-size", "7")
    assert code == 0
    found = re.fullmatch(r"fd:inception-random-64@\w{8}:  (\S+)\n", out)
    expected = frechet_distance_of_features(features(images / "coarse", weights), features(images / "fine", weights))
    assert float(found[1]) == pytest.approx(expected, rel=1e-6)
    assert "12 images and 10 images, 64 features" in told
    assert "Fewer images than features" in told


def test_the_reference_is_one_half_of_the_images_against_the_other(images, weights, fid):
    _, out, _ = fid(images / "coarse", images / "fine", "--json")
    halves = features(images / "coarse", weights)
    expected = frechet_distance_of_features(halves[::2], halves[1::2])
    assert json.loads(out)["reference"] == pytest.approx(expected, rel=1e-6)


def test_kept_statistics_stand_for_a_folder(images, fid, tmp_path):
    whole = json.loads(fid(images / "coarse", images / "fine", "--json")[1])
    assert fid(images / "coarse", tmp_path / "coarse.npz", "--save-stats")[0] == 0
    kept = json.loads(fid(tmp_path / "coarse.npz", images / "fine", "--json")[1])
    assert kept["value"] == pytest.approx(whole["value"], rel=1e-12)
    assert {**kept, "value": 0, "a": 0} == {**whole, "value": 0, "a": 0}
    assert kept["a"]["images"] == 12


def test_statistics_of_pytorch_fid_are_read(images, fid, tmp_path):
    fid(images / "coarse", tmp_path / "ours.npz", "--save-stats")
    ours = load(tmp_path / "ours.npz")
    np.savez_compressed(tmp_path / "theirs.npz", mu=ours.statistics.mean, sigma=ours.statistics.covariance)
    code, out, told = fid(tmp_path / "theirs.npz", tmp_path / "theirs.npz")
    assert (code, out) == (0, "fd:unknown:  0.0\n")
    assert "an unknown number of images" in told


def test_images_of_several_sizes_may_lie_side_by_side(images, fid, tmp_path):
    (tmp_path / "mixed").mkdir()
    for number, path in enumerate(sorted((images / "fine").iterdir())):
        side = 32 if number % 2 else 40
        Image.open(path).resize((side, side)).save(tmp_path / "mixed" / path.name)
    code, out, _ = fid(images / "coarse", tmp_path / "mixed")
    assert code == 0
    assert float(out.split()[-1]) > 0


def deep(path, colour):
    Image.new("I;16", (8, 8), colour).save(path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({}, "holds no images (bmp, jpg"),
        ({"inside/a.png": None}, "its subfolders (inside) are not searched"),
        ({"a.png": b"no image", "b.png": None}, "a.png is no image that can be read"),
        ({"a.png": deep, "b.png": None}, "a.png has more than 256 levels"),
        ({"a.png": None}, "a covariance needs at least 2 samples, got 1"),
    ],
)
def test_a_folder_that_cannot_be_used_is_named_with_the_reason(content, told, images, fid, tmp_path):
    for name, value in content.items():
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if value is None:
            Image.new("RGB", (8, 8)).save(path)
        elif callable(value):
            value(path, 3)
        else:
            path.write_bytes(value)
    (tmp_path / "folder").mkdir(exist_ok=True)
    code, out, error = fid(tmp_path / "folder", images / "fine")
    assert (code, out) == (3, "")
    assert told in error
    assert "Traceback" not in error


def test_a_missing_folder_and_a_file_without_statistics_are_misuse_or_data(images, fid, tmp_path):
    code, _, error = fid(images / "coarse", tmp_path / "nowhere")
    assert code == 2
    assert "nowhere" in error
    (tmp_path / "no.npz").write_bytes(b"x")
    code, _, error = fid(tmp_path / "no.npz", images / "fine")
    assert code == 3
    assert "no.npz is no file of statistics" in error
    code, _, error = fid(tmp_path / "no.npz", tmp_path / "out.npz", "--save-stats")
    assert code == 2
    assert "--save-stats reads a folder" in error


def test_features_of_two_networks_have_no_distance(images, fid, tmp_path):
    fid(images / "coarse", tmp_path / "ours.npz", "--save-stats")
    ours = load(tmp_path / "ours.npz")
    np.savez(
        tmp_path / "other.npz",
        mu=ours.statistics.mean,
        sigma=ours.statistics.covariance,
        extractor=np.str_("inception-2048@0"),
    )
    code, _, error = fid(tmp_path / "ours.npz", tmp_path / "other.npz")
    assert code == 3
    assert "compute both with one network" in error


def test_without_weights_and_network_the_file_and_its_address_are_named(images, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(inception, "WEIGHTS_URL", "http://127.0.0.1:9/weights.pth")
    with pytest.raises(SystemExit) as ended:
        main(["fid", str(images / "coarse"), str(images / "fine")])
    error = capsys.readouterr().err
    assert ended.value.code == 3
    assert "http://127.0.0.1:9/weights.pth could not be fetched" in error
    assert str(tmp_path) in error


@given(st.integers(0, 2**32 - 1), st.integers(2, 40), st.integers(1, 40), st.floats(-1e3, 1e3))
def test_merged_statistics_are_those_of_all_features(seed, n, m, shift):
    draw = np.random.default_rng(seed)
    a, b = draw.standard_normal((n, 3)), draw.standard_normal((m, 3)) + shift
    parts = []
    for each in (a, b):
        part = FrechetStatistics(3)
        part.update(each)
        parts.append(part)
    whole = parts[0].merged(parts[1])
    every = np.concatenate([a, b])
    assert whole.count == n + m
    np.testing.assert_allclose(whole.mean, every.mean(0), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(whole.covariance, np.cov(every.T), rtol=1e-8, atol=1e-8 * (1 + shift**2))
    assert parts[0].count == n
