"""Downloads arrive verified and whole, or leave nothing behind and say what to do."""

from __future__ import annotations

import gzip
import hashlib
import io
import socket
import sys
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bench.errors import DataError, DataMissing, MissingExtra
from bench.fetch import fetch
from bench.sources import DataSource
from bench.spaces import Space
from bench.specs import DataFile, DatasetSpec

pytest.importorskip("pooch")

CONTENT = b"label,value\n1,2\n"
PACKED = gzip.compress(CONTENT)


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def spec_of(*files: DataFile) -> DatasetSpec:
    return DatasetSpec(
        name="toy", target="toy:load", inputs=Space("c", (2,)),
        licence="none", source="https://example.org/toy", files=files,
    )  # fmt: skip


@dataclass
class Server:
    """Files by path, as a mirror would serve them, and what was asked for."""

    port: int
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/{name}"


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.lstrip("/")
            here.asked.append(name)
            content = here.files.get(name)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        here = Server(httpd.server_address[1])
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield here
        httpd.shutdown()
        thread.join()


def packed_file(server: Server, checksum: str = sha256(PACKED)) -> DataFile:
    server.files["toy.csv.gz"] = PACKED
    return DataFile("raw/toy.csv", checksum, url=server.url("toy.csv.gz"))


def files_under(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_a_file_arrives_as_it_was_packed_and_is_read(server: Server, tmp_path: Path) -> None:
    spec = spec_of(packed_file(server))
    assert fetch(spec, tmp_path / "new", progress=False) == [tmp_path / "new/raw/toy.csv.gz"]
    assert files_under(tmp_path / "new") == ["raw/toy.csv.gz"]
    assert DataSource.of(spec, tmp_path / "new").read("raw/toy.csv") == CONTENT


def test_what_is_there_and_right_is_left_alone(server: Server, tmp_path: Path) -> None:
    spec = spec_of(packed_file(server))
    fetch(spec, tmp_path, progress=False)
    fetch(spec, tmp_path, progress=False)
    assert server.asked == ["toy.csv.gz"]


def test_what_is_there_and_wrong_is_replaced(server: Server, tmp_path: Path) -> None:
    spec = spec_of(packed_file(server))
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/toy.csv.gz").write_bytes(PACKED[:10])
    fetch(spec, tmp_path, progress=False)
    assert DataSource.of(spec, tmp_path).read("raw/toy.csv") == CONTENT


def test_progress_is_shown_on_standard_error(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    fetch(spec_of(packed_file(server)), tmp_path, progress=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "toy.csv.gz" in shown.err


def test_a_mirror_stands_in(server: Server, tmp_path: Path) -> None:
    server.files["mirror.csv"] = CONTENT
    file = DataFile("toy.csv", sha256(CONTENT), url=server.url("gone.csv"), mirrors=(server.url("mirror.csv"),))
    assert fetch(spec_of(file), tmp_path, progress=False) == [tmp_path / "toy.csv"]
    assert server.asked == ["gone.csv", "mirror.csv"]


def test_an_archive_is_fetched_once_for_all_its_members(server: Server, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name in ("in/a", "in/b"):
            member = tarfile.TarInfo(name)
            member.size = len(CONTENT)
            archive.addfile(member, io.BytesIO(CONTENT))
    server.files["all.tar.gz"] = buffer.getvalue()
    whole = DataFile("all.tar.gz", sha256(buffer.getvalue()), url=server.url("all.tar.gz"))
    spec = spec_of(*(DataFile(name, sha256(CONTENT), archive=whole) for name in ("in/a", "in/b")))
    assert fetch(spec, tmp_path, progress=False) == [tmp_path / "all.tar.gz"]
    assert server.asked == ["all.tar.gz"]
    assert DataSource.of(spec, tmp_path).read("in/b") == CONTENT


def test_another_checksum_leaves_nothing_and_says_where_to_put_the_file(server: Server, tmp_path: Path) -> None:
    file = packed_file(server, sha256(b"something else"))
    with pytest.raises(DataError) as caught:
        fetch(spec_of(file), tmp_path, progress=False)
    assert files_under(tmp_path) == []
    for part in ("raw/toy.csv of data set 'toy'", file.url, file.checksum, str(tmp_path / "raw/toy.csv.gz")):
        assert part in str(caught.value)
    assert "https://example.org/toy" in str(caught.value)


def test_no_network_names_the_address_and_the_place(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/toy.csv"
    with pytest.raises(DataError, match=rf"cannot fetch toy\.csv .*{url}.*put it at {tmp_path}"):
        fetch(spec_of(DataFile("toy.csv", sha256(CONTENT), url=url)), tmp_path, progress=False)
    assert files_under(tmp_path) == []


def test_a_root_that_cannot_be_written_is_an_error_with_the_cure(server: Server, tmp_path: Path) -> None:
    # A file where a folder should be stops even a superuser, who may write into read-only folders.
    (tmp_path / "root").write_text("not a folder")
    with pytest.raises(DataError, match=r"cannot write .*toy\.csv\.gz .*--data-root or BENCH_DATA"):
        fetch(spec_of(packed_file(server)), tmp_path / "root", progress=False)
    assert server.asked == []


def test_a_file_without_an_address_names_its_source(tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match=r"names no address for toy\.csv.*https://example\.org/toy"):
        fetch(spec_of(DataFile("toy.csv", sha256(CONTENT))), tmp_path, progress=False)


def test_without_pooch_the_extra_is_named(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(MissingExtra, match=r"pip install 'depthbench\[data\]'"):
        fetch(spec_of(packed_file(server)), tmp_path, progress=False)
