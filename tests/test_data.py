"""Data is what it says it is, lies where it may, and is cut the same way for ever."""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import tarfile
from dataclasses import replace
from pathlib import Path
from pkgutil import resolve_name
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as npst

from bench.data import Dataset
from bench.errors import ChecksumMismatch, DataError, DataMissing
from bench.sources import DataSource, fingerprint, verify
from bench.spaces import Space
from bench.specs import DataFile, DatasetSpec
from bench_data import DATASETS
from bench_data.cifar10 import load as load_cifar10
from bench_data.cifar10 import read_batch
from bench_data.fashion_mnist import load as load_fashion_mnist
from bench_data.idx import parse_idx

SPECS = {spec.name: spec for spec in DATASETS}


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def spec_of(*files: DataFile) -> DatasetSpec:
    return DatasetSpec(
        name="toy", target="toy:load", inputs=Space("c", (1,)),
        licence="none", source="https://example.org/toy", files=files,
    )  # fmt: skip


def load(name: str, root: Path | None = None) -> Dataset:
    dataset = resolve_name(SPECS[name].target)(DataSource.of(SPECS[name], root))
    assert isinstance(dataset, Dataset)
    return dataset


# The cuts of every data set, for ever: results of two versions can only be compared while these hold.
HASHES = {
    "digits": ("697cbe790769", "d7f1921fe029", "1919c97a197d"),
    "digits-0-4": ("a5a0c8873f39", "d56287d1cb80", "5f03e6149177"),
    "digits-5-9": ("1e0564c9820e", "f149b149245c", "14e24b0c670a"),
    "iris": ("84fe119abc0f", "c1b72a5dcae7", "72c1755e06d5"),
    "wine": ("943923e049fe", "adf942851de3", "f0b52ae72923"),
    "breast-cancer": ("69e2bef0d3ec", "d0a0d4a6c271", "cef9c36c1f03"),
}


@pytest.mark.parametrize("name", HASHES)
def test_the_cuts_never_change(name: str) -> None:
    hashes = load(name).hashes()
    assert tuple(hashes[part][:12] for part in ("train", "validation", "test")) == HASHES[name]


@pytest.mark.parametrize(
    ("name", "loader"), [("iris", "load_iris"), ("wine", "load_wine"), ("breast-cancer", "load_breast_cancer")]
)
def test_tables_hold_the_rows_of_scikit_learn(name: str, loader: str) -> None:
    sklearn_datasets = pytest.importorskip("sklearn.datasets")
    expected = getattr(sklearn_datasets, loader)()
    dataset = load(name)
    parts = (dataset.train, dataset.validation, dataset.test)
    found = np.concatenate([np.column_stack([part.x, part.y]) for part in parts])
    rows = np.column_stack([expected.data.astype(np.float32), expected.target])
    assert sorted(map(tuple, found.tolist())) == sorted(map(tuple, rows.tolist()))
    assert dataset.spec.targets.names == tuple(expected.target_names)


def test_digits_hold_the_images_of_scikit_learn() -> None:
    sklearn_datasets = pytest.importorskip("sklearn.datasets")
    expected = sklearn_datasets.load_digits().images / 16
    dataset = load("digits")
    found = np.concatenate([part.x for part in (dataset.train, dataset.validation, dataset.test)])[:, 0]
    assert sorted(image.tobytes() for image in found) == sorted(
        image.tobytes() for image in expected.astype(np.float32)
    )


def test_the_halves_of_digits_keep_every_image_in_its_part() -> None:
    whole, halves = load("digits"), (load("digits-0-4"), load("digits-5-9"))
    assert [name for half in halves for name in half.spec.targets.names] == list(whole.spec.targets.names)
    for part in ("train", "validation", "test"):
        found = [
            (int(half.spec.targets.names[label]), image.tobytes())
            for half in halves
            for image, label in zip(getattr(half, part).x, getattr(half, part).y, strict=True)
        ]
        images, labels = getattr(whole, part).x, getattr(whole, part).y
        expected = [(int(label), image.tobytes()) for image, label in zip(images, labels, strict=True)]
        assert sorted(found) == sorted(expected)


def test_mnist_is_read_packed_as_it_lies_there(data_root: Path) -> None:
    dataset = load("mnist", data_root)
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (54_999, 5_001, 10_000)
    assert dataset.train.x.dtype == np.uint8
    assert dataset.spec.inputs.shape == dataset.test.x.shape[1:] == (1, 28, 28)
    pixels = (float(part.x.sum(dtype=np.int64)) for part in (dataset.train, dataset.validation))
    assert sum(pixels) / (60_000 * 784 * 255) == pytest.approx(0.1307, abs=5e-5)
    assert dataset.test.y[:5].tolist() == [7, 2, 1, 0, 4]


def test_missing_data_name_the_command_that_fetches_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        DataMissing, match=r"'mnist' is not under .*: MNIST/raw/.* Run: bench data fetch mnist --data-root /\S+$"
    ):
        load("mnist", tmp_path)
    monkeypatch.setenv("BENCH_DATA", str(tmp_path))
    with pytest.raises(DataMissing, match=r"Run: bench data fetch cifar10$"):
        load("cifar10", tmp_path)


def test_a_file_is_read_plain_or_packed(tmp_path: Path) -> None:
    content, packed = b"1,2,3", gzip.compress(b"1,2,3")
    spec = spec_of(DataFile("a/b.csv", sha256(packed), unpacked_checksum=sha256(content)))
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b.csv").write_bytes(content)
    assert DataSource.of(spec, tmp_path).read("a/b.csv") == content
    assert verify(spec, tmp_path) == {"a/b.csv": sha256(content)}
    (tmp_path / "a/b.csv.gz").write_bytes(packed)
    assert DataSource.of(spec, tmp_path).read("a/b.csv") == content
    assert verify(spec, tmp_path) == {"a/b.csv": sha256(packed)}


@pytest.mark.parametrize("name", ["b.csv", "b.csv.gz"])
def test_another_file_in_its_place_is_refused_by_name(tmp_path: Path, name: str) -> None:
    spec = spec_of(DataFile("b.csv", sha256(b"right"), unpacked_checksum=sha256(b"also right")))
    (tmp_path / name).write_bytes(b"wrong")
    with pytest.raises(ChecksumMismatch, match=rf"{name} is not the file of data set 'toy'.*found {sha256(b'wrong')}"):
        DataSource.of(spec, tmp_path).read("b.csv")


def test_a_file_that_is_not_declared_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("unverified")
    with pytest.raises(DataError, match="declares no file 'secret'"):
        DataSource.of(spec_of(), tmp_path).read("secret")


def test_data_inside_a_package_that_is_not_installed_are_missing() -> None:
    with pytest.raises(DataMissing, match="inside no_such_package"):
        DataSource.of(replace(spec_of(), embedded_in="no_such_package"))


def test_another_checksum_is_another_data_set() -> None:
    ours, theirs = (spec_of(DataFile("a", sha256(content))) for content in (b"1", b"2"))
    assert fingerprint(ours) != fingerprint(theirs)
    assert fingerprint(ours) == fingerprint(replace(ours, summary="better described"))


# --- IDX ----------------------------------------------------------------------------------------------------------


def idx_of(array: np.ndarray) -> bytes:
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


@settings(deadline=None)
@given(npst.arrays(np.uint8, npst.array_shapes(max_dims=3, max_side=6)))
def test_idx_gives_back_what_was_written(array: np.ndarray) -> None:
    assert np.array_equal(parse_idx(idx_of(array), "x"), array)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is not an IDX file: it begins with nothing"),
        (gzip.compress(b"x", mtime=0), "is not an IDX file: it begins with 1f 8b"),
        (bytes([0, 0, 13, 1, 0, 0, 0, 0]), "IDX type 0x0d"),
        (bytes([0, 0, 8, 1, 0, 0, 0, 5, 1]), r"announces \(5,\), 5 bytes, and holds 1"),
        (bytes([0, 0, 8, 3, 0, 0]), "announces"),
    ],
)
def test_a_file_that_is_not_idx_is_refused_with_the_reason(content: bytes, complaint: str) -> None:
    with pytest.raises(DataError, match=f"some-file .*{complaint}"):
        parse_idx(content, "some-file")


def test_fashion_mnist_is_read_in_torchvisions_layout(tmp_path: Path) -> None:
    folder = tmp_path / "FashionMNIST/raw"
    folder.mkdir(parents=True)
    labels = np.repeat(np.arange(10, dtype=np.uint8), 12)
    contents = {
        f"{part}-{kind}-ubyte": idx_of(array)
        for part in ("train", "t10k")
        for kind, array in (("images-idx3", np.zeros((120, 28, 28), np.uint8)), ("labels-idx1", labels))
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    files = tuple(DataFile(f"FashionMNIST/raw/{name}", sha256(content)) for name, content in contents.items())
    dataset = load_fashion_mnist(DataSource.of(replace(SPECS["fashion-mnist"], files=files), tmp_path))
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (110, 10, 120)
    assert dataset.spec.targets.names[9] == "ankle boot"


# --- CIFAR-10 -----------------------------------------------------------------------------------------------------


class Python2Pickler(pickle._Pickler):
    """Write bytes as Python 2 wrote its strings, as the batches of CIFAR-10 hold them."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def save_string(self, value: bytes) -> None:
        self.write(pickle.BINSTRING + len(value).to_bytes(4, "little") + value)

    dispatch[bytes] = save_string


def batch_of(seed: int, n: int = 20) -> bytes:
    pixels = np.random.RandomState(seed).randint(0, 256, (n, 3072), dtype=np.uint8)
    buffer = io.BytesIO()
    Python2Pickler(buffer, 2).dump({b"data": pixels, b"labels": [i % 10 for i in range(n)], b"batch_label": b"toy"})
    # The module had another name in the numpy of 2009.
    return buffer.getvalue().replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


class Attack:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return eval, ("__import__('os').abort()",)


def test_a_batch_is_read_with_channels_first() -> None:
    part = read_batch(batch_of(0))
    assert part.x.shape == (20, 3, 32, 32)
    assert part.x.dtype == np.uint8
    assert part.y.tolist() == [i % 10 for i in range(20)]
    rows = np.random.RandomState(0).randint(0, 256, (20, 3072), dtype=np.uint8)
    assert part.x[3, 1, 0].tolist() == rows[3, 1024 : 1024 + 32].tolist()


def test_a_batch_that_asks_for_code_is_refused() -> None:
    with pytest.raises(DataError, match=r"asks for builtins\.eval"):
        read_batch(pickle.dumps({b"data": Attack()}))


def cifar10_spec(contents: dict[str, bytes]) -> DatasetSpec:
    archive = DataFile("cifar-10-python.tar.gz", "sha256:", url="http://127.0.0.1/unused")
    files = (
        DataFile(f"cifar-10-batches-py/{name}", sha256(content), archive=archive) for name, content in contents.items()
    )
    return replace(SPECS["cifar10"], files=tuple(files))


CONTENTS = {f"data_batch_{number}": batch_of(number) for number in range(1, 6)} | {"test_batch": batch_of(6)}


def write_archive(place: Path, contents: dict[str, bytes]) -> None:
    with tarfile.open(place, "w:gz") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def test_cifar10_is_the_same_from_the_folder_and_from_the_tar(tmp_path: Path) -> None:
    (tmp_path / "plain/cifar-10-batches-py").mkdir(parents=True)
    for name, content in CONTENTS.items():
        (tmp_path / "plain/cifar-10-batches-py" / name).write_bytes(content)
    (tmp_path / "packed").mkdir()
    write_archive(tmp_path / "packed/cifar-10-python.tar.gz", CONTENTS)
    plain, packed = (
        load_cifar10(DataSource.of(cifar10_spec(CONTENTS), tmp_path / where)) for where in ("plain", "packed")
    )
    assert plain.hashes() == packed.hashes()
    assert (len(plain.train), len(plain.validation), len(plain.test)) == (90, 10, 20)


def test_a_wrong_archive_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "cifar-10-python.tar.gz"
    spec = cifar10_spec(CONTENTS)
    write_archive(place, CONTENTS | {"data_batch_1": batch_of(99)})
    with pytest.raises(ChecksumMismatch, match=r"cifar-10-python\.tar\.gz is not the file of data set 'cifar10'"):
        load_cifar10(DataSource.of(spec, tmp_path))
    write_archive(place, {"data_batch_2": CONTENTS["data_batch_2"]})
    with pytest.raises(ChecksumMismatch, match="holds no cifar-10-batches-py/data_batch_1"):
        load_cifar10(DataSource.of(spec, tmp_path))
    place.write_bytes(b"half a download")
    with pytest.raises(ChecksumMismatch, match="cannot be read"):
        load_cifar10(DataSource.of(spec, tmp_path))
