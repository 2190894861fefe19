"""Download the files of a data set into the data root: verified, whole or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import DataError, DataMissing, MissingExtra
from bench.sources import DataSource, data_root
from bench.specs import DataFile, DatasetSpec

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["destination", "fetch"]

TIMEOUT_SECONDS = 30


def fetch(spec: DatasetSpec, root: Path | str | None = None, progress: bool = True) -> list[Path]:
    """Download what is not there yet and return the paths of all files, archives once.

    A file is written beside its place and moved there after its checksum held; one that is there and right
    is left alone, one that is there and wrong is replaced. Raises DataError where the root cannot be written,
    the network does not answer or the file is another; MissingExtra without pooch.
    """
    source = DataSource(spec, data_root(root))
    wanted = [file for file in spec.files if not _is_right(source, file)]
    downloads = {destination(download, source.root): download for download in map(_download, wanted)}
    with _bars(progress and bool(downloads)) as bars:
        for place, download in downloads.items():
            _retrieve(spec, download, place, bars)
    return sorted({source.locate(file) for file in spec.files})


def destination(file: DataFile, root: Path) -> Path:
    """Return where a download goes: `path`, with `.gz` where its address has that and the path does not."""
    is_packed = file.url.endswith(".gz") and not file.path.endswith(".gz")
    return root / (f"{file.path}.gz" if is_packed else file.path)


def _download(file: DataFile) -> DataFile:
    return file if file.archive is None else file.archive


def _is_right(source: DataSource, file: DataFile) -> bool:
    try:
        source.read(file.path)
    except DataError:
        return False
    return True


def _retrieve(spec: DatasetSpec, file: DataFile, place: Path, bars: Progress | None) -> None:
    """Try the addresses of a file in order; raise DataError with what each of them answered."""
    pooch = _pooch(spec)
    urls = [url for url in (file.url, *file.mirrors) if url]
    by_hand = f"Get it by hand from {spec.source} and put it at {place} ({file.checksum})"
    if not urls:
        raise DataMissing(f"data set {spec.name!r} names no address for {file.path}. {by_hand}")
    _assert_writable(spec, place)
    failures = []
    for url in urls:
        bar = _Bar(bars, place.name) if bars else None
        downloader = pooch.HTTPDownloader(progressbar=bar or False, timeout=TIMEOUT_SECONDS)
        try:
            pooch.retrieve(url, file.checksum, fname=place.name, path=place.parent, downloader=downloader)
        except (OSError, ValueError) as error:
            # OSError: no network, no such address, disk full; ValueError: another checksum
            failures.append(f"{url}: {_sentence(error)}")
        else:
            return
    raise DataError(f"cannot fetch {file.path} of data set {spec.name!r}: {'; '.join(failures)}. {by_hand}")


def _sentence(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text.rstrip(".") or type(error).__name__


def _assert_writable(spec: DatasetSpec, place: Path) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place.parent):
            pass
    except OSError as error:
        raise DataError(
            f"cannot write {place} of data set {spec.name!r}: {error.strerror}. "
            "Name another folder with --data-root or BENCH_DATA"
        ) from error


def _pooch(spec: DatasetSpec) -> Any:
    try:
        import pooch
    except ModuleNotFoundError as error:
        cure = "pip install 'depthbench[data]'"
        raise MissingExtra(f"fetching data set {spec.name!r}", ["pooch"], cure) from error
    # Its notes on every file would break the progress display; errors are raised, not logged.
    pooch.get_logger().setLevel("ERROR")
    return pooch


@contextmanager
def _bars(is_wanted: bool) -> Iterator[Progress | None]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) if is_wanted else nullcontext() as bars:
        yield bars


class _Bar:
    """What pooch asks of a progress bar, drawn by rich."""

    def __init__(self, bars: Progress, name: str) -> None:
        self.bars = bars
        self.task = bars.add_task(name, total=None)
        self.total = 0

    def update(self, size: int) -> None:
        self.bars.update(self.task, total=self.total, advance=size)

    def reset(self) -> None:
        self.bars.update(self.task, completed=0)

    def close(self) -> None:
        self.bars.stop_task(self.task)
