"""Where the files of a data set lie: found under the data root, verified before they are read."""

from __future__ import annotations

import gzip
import hashlib
import os
import shlex
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.errors import ChecksumMismatch, DataError, DataMissing
from bench.specs import DataFile, DatasetSpec, module_spec

__all__ = ["DataSource", "data_root", "fingerprint", "hash_bytes", "verify"]


def data_root(given: Path | str | None = None) -> Path:
    """Return where data lies: as given, else `BENCH_DATA`, else the user's cache."""
    if given is not None:
        return Path(given).expanduser()
    if named := os.environ.get("BENCH_DATA"):
        return Path(named).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("bench") / "data"


def hash_bytes(content: bytes, algorithm: str) -> str:
    """Return `"algorithm:hex"`."""
    return f"{algorithm}:{hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()}"


@dataclass(frozen=True)
class DataSource:
    """The files of one data set under one root; everything read through it is verified first."""

    spec: DatasetSpec
    root: Path
    seen: dict[str, str] = field(default_factory=dict)
    _members: dict[str, bytes] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, spec: DatasetSpec, root: Path | str | None = None) -> DataSource:
        """Return the source of a data set: inside the package that carries it, else under the data root."""
        if not spec.embedded_in:
            return cls(spec, data_root(root))
        found = module_spec(spec.embedded_in)
        if found is None or not found.submodule_search_locations:
            raise DataMissing(f"data set {spec.name!r} lies inside {spec.embedded_in}, which is not installed")
        return cls(spec, Path(found.submodule_search_locations[0]))

    def _fetch(self) -> str:
        """Return the command that puts the files under this root."""
        elsewhere = "" if self.root == data_root() else f" --data-root {shlex.quote(str(self.root))}"
        return f"bench data fetch {self.spec.name}{elsewhere}"

    def locate(self, file: DataFile) -> Path:
        """Return the path of a file, plain or with `.gz`, or of the archive that holds it.

        Raises DataMissing where it is not there, DataError where its folder cannot be looked into.
        The form whose checksum is declared goes first, then what is read fastest.
        """
        if file.at:
            return self._own(Path(file.at))
        candidates = [self.root / f"{file.path}.gz", self.root / file.path]
        if file.archive is not None:
            candidates.append(self.root / file.archive.path)
        for candidate in candidates:
            with self._reading(candidate):
                if candidate.is_file():
                    return candidate
        can_be_fetched = file.url or (file.archive is not None and file.archive.url)
        raise DataMissing(
            f"data set {self.spec.name!r} is not under {self.root}: {file.path} is missing. "
            + (f"Run: {self._fetch()}" if can_be_fetched else f"See {self.spec.source}")
        )

    def _own(self, place: Path) -> Path:
        with self._reading(place):
            if place.exists():
                return place
        raise DataMissing(f"data set {self.spec.name!r}: {place} is not there any more")

    def read(self, path: str) -> bytes:
        """Return the content of one of the spec's files, unpacked and verified.

        Raises DataMissing where it is not there, ChecksumMismatch where it is another file, DataError where it cannot
        be read.
        """
        file = next((file for file in self.spec.files if file.path == path), None)
        if file is None:
            raise DataError(f"data set {self.spec.name!r} declares no file {path!r}")
        place = self.locate(file)
        content = self._content(file, place)
        is_packed = place == self.root / f"{file.path}.gz"
        expected = file.checksum if is_packed or not file.unpacked_checksum else file.unpacked_checksum
        algorithm = expected.partition(":")[0]
        found = hash_bytes(content, algorithm)
        if found != expected and file.at:
            raise ChecksumMismatch(f"{place} was changed since it was looked through: run the same command again")
        if found != expected:
            raise ChecksumMismatch(
                f"{place} is not the file of data set {self.spec.name!r}: expected {expected}, found {found}. "
                f"Remove it and run: {self._fetch()}"
            )
        self.seen[path] = found
        return gzip.decompress(content) if is_packed else content

    def _content(self, file: DataFile, place: Path) -> bytes:
        if file.archive is None or place != self.root / file.archive.path:
            with self._reading(place):
                return place.read_bytes()
        if not self._members:
            # One pass over the tar: each jump back in a packed one would unpack it again from its start.
            with self._reading(place):
                self._members.update(_read_members(place, {wanted.path for wanted in self.spec.files}))
        if file.path not in self._members:
            raise ChecksumMismatch(f"{place} holds no {file.path}: it is another archive. Remove it and fetch it again")
        return self._members[file.path]

    @contextmanager
    def _reading(self, place: Path) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DataError(
                f"data set {self.spec.name!r} cannot be read: {error.filename or place}: {error.strerror or error}. "
                "Mend that, or name another folder with --data-root or BENCH_DATA"
            ) from error


def _read_members(place: Path, wanted: set[str]) -> dict[str, bytes]:
    try:
        with tarfile.open(place) as archive:
            streams = ((member.name, archive.extractfile(member)) for member in archive if member.name in wanted)
            return {name: stream.read() for name, stream in streams if stream is not None}
    except PermissionError:
        raise
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ChecksumMismatch(f"{place} cannot be read: {error}. Remove it and fetch it again") from error


def verify(spec: DatasetSpec, root: Path | str | None = None) -> dict[str, str]:
    """Read every file of a data set and return path → checksum; raises as `DataSource.read` does."""
    source = DataSource.of(spec, root)
    for file in spec.files:
        source.read(file.path)
    return source.seen


def fingerprint(spec: DatasetSpec) -> str:
    """Return one hash over the declared checksums: another file is another data set."""
    parts = [f"{file.path}={file.checksum}" for file in spec.files]
    # A user's own data are what they hold, whatever the file is called.
    name = "" if spec.reader else spec.name
    return hashlib.sha256("\n".join([name, *parts]).encode()).hexdigest()
