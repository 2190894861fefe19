"""A user's own images: a folder with a folder for each class, brought to one size."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError
from pydantic import BaseModel, ConfigDict, Field

from bench.data import Dataset, Split
from bench.errors import ChecksumMismatch, DataError, UsageError
from bench.mistakes import wrong_values
from bench.own_data import ColumnFact, Inspection, OwnSource
from bench.sources import DataSource
from bench.spaces import Space
from bench.specs import DataFile, DatasetSpec
from bench_data.own_suggested import suggested
from bench_data.own_target import FEWEST_OF_A_CLASS

__all__ = ["ImageSettings", "inspect", "load"]

Array = npt.NDArray[Any]
FOLDER = "images"
ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff"})
# Larger ones take hours without a GPU.
LARGEST_SIDE = 32
FEWEST_IMAGES = 20
GREY = frozenset({"1", "L", "I", "I;16", "F", "LA"})


class ImageSettings(BaseModel):
    """What a suite may say of images: the side to which all are brought, and whether their colours count."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    side: int = Field(default=0, ge=0, le=1024)
    channels: int = Field(default=0, ge=0, le=3)


def load(source: DataSource) -> Dataset:
    """Return the images; x: (n, channels, side, side) uint8; y: (n,) the number of each one's folder."""
    (file,) = source.spec.files
    classes = _classes(Path(file.at))
    if _digest(classes) != file.checksum:
        raise ChecksumMismatch(f"images in {file.at} were changed since they were looked through: run again")
    source.seen[file.path] = file.checksum
    settings = ImageSettings.model_validate(source.spec.settings)
    shown = [_pixels(path, settings.side, settings.channels) for _, path in _each(classes)]
    return Dataset.cut(source.spec, Split(np.stack(shown), _labels(classes)))


def inspect(source: OwnSource) -> Inspection:
    """Return the data set that a folder is; raises UsageError and DataError, which name folder or file and cure."""
    place = source.path
    for wrong in wrong_values(ImageSettings, source.settings):
        raise UsageError(f"{place}, a folder of images: setting {'.'.join(map(str, wrong.location))}: {wrong.reason}")
    settings = ImageSettings.model_validate(source.settings)
    classes = _classes(place)
    sizes, modes = Counter[tuple[int, int]](), Counter[str]()
    for _, path in _each(classes):
        with _opened(path) as image:
            sizes[image.size] += 1
            modes[image.mode] += 1
    side = settings.side or min(LARGEST_SIDE, *(length for size in sizes for length in size))
    channels = settings.channels or (1 if set(modes) <= GREY else 3)
    count, names = sum(map(len, classes.values())), tuple(classes)
    said = _said(sizes, side, channels, count)
    spec = DatasetSpec(
        name=source.name,
        target="bench_data.own_images:load",
        summary=f"{count:,} images of your own",
        inputs=Space("chw", (channels, side, side), bounds=(0.0, 1.0)),
        targets=Space(kind="index", size=len(names), names=names),
        sample_count=count,
        licence="your own",
        source=place.name,
        files=(DataFile(FOLDER, _digest(classes), at=str(place)),),
        reader=source.reader,
        settings={"side": side, "channels": channels},
        notes=tuple(f"{each[0].upper()}{each[1:]}." for each in said),
    )
    facts = [ColumnFact(name, "class", f"{len(paths)} images") for name, paths in classes.items()]
    wanted = suggested(source.task or "classification", count, content="" if source.task else "images")
    return Inspection(spec, wanted, tuple(facts), said, _copies(classes))


def _classes(folder: Path) -> dict[str, list[Path]]:
    """Return class → its images in order; raises DataError where there are no two classes, or too few of one."""
    names = sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))
    found = {each.name: sorted(path for path in each.iterdir() if path.suffix.lower() in ENDINGS) for each in names}
    if not names:
        raise DataError(f"{folder} has no folders in it: put the images of each class into a folder named after it")
    for each in names:
        if not found[each.name] and any(inner.is_dir() for inner in each.iterdir()):
            raise DataError(f"{each} holds folders and no images: name it as the data, --data {each}")
    found = {name: paths for name, paths in found.items() if paths}
    if len(found) < 2:
        held = f"images in {', '.join(found)} alone" if found else f"no images ({', '.join(sorted(ENDINGS))})"
        raise DataError(f"{folder} has {held}: two folders or more, one for each class, are needed")
    few = [f"{name} ({len(paths)})" for name, paths in found.items() if len(paths) < FEWEST_OF_A_CLASS]
    if few:
        raise DataError(
            f"{folder}: too few images of some classes: {', '.join(few)}. Each needs {FEWEST_OF_A_CLASS}, one to train "
            "on, one to validate, one to test: add some, or take the folder out"
        )
    count = sum(map(len, found.values()))
    if count < FEWEST_IMAGES:
        raise DataError(f"{folder} has {count} images: at least {FEWEST_IMAGES} are needed. Add some")
    return found


def _each(classes: dict[str, list[Path]]) -> list[tuple[str, Path]]:
    return [(name, path) for name, paths in classes.items() for path in paths]


def _labels(classes: dict[str, list[Path]]) -> Array:
    return np.repeat(np.arange(len(classes)), [len(paths) for paths in classes.values()]).astype(np.int64)


def _digest(classes: dict[str, list[Path]]) -> str:
    """Hash names of classes and contents, in order: what the files are called beside that decides nothing."""
    digest = hashlib.sha256()
    for name, path in _each(classes):
        digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return f"sha256:{digest.hexdigest()}"


def _copies(classes: dict[str, list[Path]]) -> tuple[str, ...]:
    seen = Counter(hashlib.sha256(path.read_bytes()).hexdigest() for _, path in _each(classes))
    count = sum(times - 1 for times in seen.values())
    if not count:
        return ()
    return (f"{count:,} images are there more than once: one in training may give away its copy in the test part.",)


def _opened(path: Path) -> Image.Image:
    try:
        # Of bytes, since a file whose image is torn would stay open.
        image = Image.open(io.BytesIO(path.read_bytes()))
        image.load()
    except PermissionError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}. Let yourself read it (chmod u+r)") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = "its format is not known" if isinstance(error, UnidentifiedImageError) else str(error)
        raise DataError(f"{path} is no image that can be read: {reason}. Save it again, or take it out") from error
    return image


def _pixels(path: Path, side: int, channels: int) -> Array:
    """Return (channels, side, side) uint8; the middle square of an image that is none."""
    with _opened(path) as image:
        square = min(image.size)
        left, top = ((length - square) // 2 for length in image.size)
        plain = image.convert("RGB" if channels == 3 else "L").crop((left, top, left + square, top + square))
        values = np.asarray(plain.resize((side, side), Image.Resampling.BILINEAR), np.uint8)
    return values.transpose(2, 0, 1) if channels == 3 else values[None]


def _said(sizes: Counter[tuple[int, int]], side: int, channels: int, count: int) -> tuple[str, ...]:
    colours = "in colour" if channels == 3 else "in grey"
    if set(sizes) == {(side, side)}:
        return (f"{count:,} images of {side} × {side}, {colours}",)
    low, high = min(sizes, key=np.prod), max(sizes, key=np.prod)
    from_to = f"{low[0]} × {low[1]}" + (f" to {high[0]} × {high[1]}" if low != high else "")
    return (
        f"{count:,} images of {from_to}: the middle of each is brought to {side} × {side}, {colours} (side = {side})",
    )
