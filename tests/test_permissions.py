"""Files that may not be read, and folders that may not be written, end in one sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Bench
from tests.permissions import as_user


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data root that cannot be looked into."""
    monkeypatch.setenv("BENCH_DATA", str(tmp_path / "data"))
    folder = tmp_path / "data"
    (folder / "MNIST" / "raw").mkdir(parents=True)
    folder.chmod(0o000)
    yield folder
    folder.chmod(0o755)


def states(documents: str) -> dict[str, str]:
    return {each["name"]: each["state"] for each in json.loads(documents)}


def test_a_data_root_that_cannot_be_looked_into_is_told_for_its_data_sets_alone(bench: Bench, locked: Path) -> None:
    listed = as_user(bench, "data", "list", "--json")
    assert listed.returncode == 0, listed.stderr
    found = states(listed.stdout)
    assert found["digits"] == "ready"
    assert found["mnist"].startswith(f"data set 'mnist' cannot be read: {locked}/MNIST/raw/")
    assert "Permission denied" in found["mnist"]
    assert "--data-root" in found["mnist"]
    doctor = as_user(bench, "doctor", "--json")
    texts = [each["text"] for each in json.loads(doctor.stdout) if each["what"] == "data"]
    assert found["mnist"] in texts
    fetch = as_user(bench, "data", "fetch", "mnist")
    assert fetch.returncode == 3
    assert "Traceback" not in fetch.stderr


def test_a_data_file_that_may_not_be_read_is_named(bench: Bench, tmp_path: Path) -> None:
    place = tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte.gz"
    place.parent.mkdir(parents=True)
    place.touch()
    place.chmod(0o000)
    result = as_user(bench, "data", "verify", "mnist", "--json", "--data-root", str(tmp_path))
    assert result.returncode == 1, result.stderr
    found = json.loads(result.stdout)["mnist"]
    assert found["state"] == "wrong"
    assert f"{place}: Permission denied" in found["reason"]


def test_an_archive_that_may_not_be_read_is_not_told_to_be_removed(bench: Bench, tmp_path: Path) -> None:
    place = tmp_path / "cifar-10-python.tar.gz"
    place.touch()
    place.chmod(0o000)
    result = as_user(bench, "data", "verify", "cifar10", "--json", "--data-root", str(tmp_path))
    assert f"{place}: Permission denied" in json.loads(result.stdout)["cifar10"]["reason"]
