"""Put the pictures of the generative models beside real images, all of one seed and laid out alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import StoreError
from bench.metrics.pictures import sheet, size, tiles
from bench.record import RunRecord, Score
from bench.report import text
from bench.report.blocks import Gallery, Picture
from bench.report.numbers.conditions import Repetition, device_name
from bench.report.numbers.measures import score_title
from bench.report.numbers.values import OLD_REFERENCE, REFERENCE
from bench.report.parts.answered import Arrays
from bench.report.section import SectionData

__all__ = ["ARTIFACT", "REAL", "Artifacts", "sample_gallery"]

ARTIFACT = "samples.png"
# The array of the truth that holds real images, (rows, columns, channels, height, width) of uint8.
REAL = "real_images"
Artifacts = Callable[[RunRecord, str], bytes]
Levels = NDArray[np.uint8]


def sample_gallery(section: SectionData, artifacts: Artifacts, arrays: Arrays | None, key: str) -> Gallery | None:
    """Return the pictures of one seed (and split), the one most models have, after real images of the test part.

    None where no model drew anything. artifacts: returns the bytes of a record's picture; arrays: returns what is kept
    of a record's answer and truth by name, asked of one record alone. Runs from before real images were kept have none.
    """
    drawn = [record for record in section.records if any(each.name == ARTIFACT for each in record.artifacts)]
    if not drawn:
        return None
    found: dict[Repetition, dict[str, list[RunRecord]]] = defaultdict(lambda: defaultdict(list))
    for record in drawn:
        found[Repetition.of(record)][record.run.label].append(record)
    chosen = min(found, key=lambda each: (-len(found[each]), each))
    labels = [row.label for row in section.rows if any(row.label == record.run.label for record in drawn)]
    pictures = [
        picture for label in dict.fromkeys(labels) for picture in _pictures(label, found[chosen], section, artifacts)
    ]
    real = _real_images(found[chosen], arrays)
    shape = _image_shape(drawn[0])
    noun = "samples" if shape is None else "images"
    caption = f"What the models of {chosen} draw, beginning from the same noise."
    if real is None:
        caption += f" Real {noun} were not kept beside these runs; runs made again keep some."
    else:
        if shape is not None:
            caption += " Real images, and those of models that draw by class, stand in a column for each class."
        pictures.insert(0, Picture("", f"Real {noun}", "of the test part", sheet(*_flat(real))))
    laid = pictures if shape is None else _laid_out_alike(pictures, shape)
    sized = (each if each.png is None else replace(each, size=size(each.png)) for each in laid)
    return Gallery(key, "Samples", caption, tuple(sized))


def _pictures(
    label: str, found: Mapping[str, Sequence[RunRecord]], section: SectionData, artifacts: Artifacts
) -> Iterator[Picture]:
    if label not in found:
        yield Picture(label, label, "no picture with this seed")
        return
    for record in sorted(found[label], key=lambda each: (each.run.device, repr(each.run.variant))):
        device = device_name(record.run.device) if len(section.devices) > 1 else ""
        title = ", ".join(filter(None, (label, device, text.variant(record.run.variant))))
        try:
            yield Picture(label, title, _caption(record, section.main_score), artifacts(record, ARTIFACT))
        except StoreError as error:
            yield Picture(label, title, str(error))


def _caption(record: RunRecord, main: str) -> str:
    """Return the main score of the very run that drew the picture."""
    return next((_score_words(score) for score in record.scores if score.name == main), "")


def _score_words(score: Score) -> str:
    reference = score.detail.get(REFERENCE, score.detail.get(OLD_REFERENCE))
    beside = f" (reference {text.significant(reference, 2)})" if isinstance(reference, float) else ""
    return f"{score_title(score.name, [score])} {text.significant(score.value, 2)} {score.unit}".rstrip() + beside


def _real_images(found: Mapping[str, Sequence[RunRecord]], arrays: Arrays | None) -> Levels | None:
    with_real = (record for records in found.values() for record in records if REAL in record.kept)
    record = next(with_real, None)
    return None if record is None or arrays is None else np.asarray(arrays(record)[REAL], np.uint8)


def _image_shape(record: RunRecord) -> tuple[int, ...] | None:
    target = None if record.problem is None else record.problem.target
    return target.sizes if target is not None and target.axes == "chw" else None


def _laid_out_alike(pictures: Sequence[Picture], shape: tuple[int, ...]) -> Sequence[Picture]:
    """Return the pictures with as many rows and columns each; as they are where one is laid out in a way of its own.

    Real images, and models that draw by class, have a column for each class, other models a square: taken are the most
    columns there are, and the rows that every model can fill.
    """
    cut = [None if each.png is None else tiles(each.png, shape) for each in pictures]
    if any(each.png is not None and found is None for each, found in zip(pictures, cut, strict=True)):
        return pictures
    columns = max((found.shape[1] for found in cut if found is not None), default=0)
    # A small test part has few images of each class: it shows fewer, and no model fewer for it.
    drawn = [found for each, found in zip(pictures, cut, strict=True) if found is not None and each.label]
    rows = min((found.shape[0] * found.shape[1] for found in drawn), default=0) // max(columns, 1)
    if not rows:
        return pictures
    return [
        each if found is None or found.shape[:2] == (rows, columns) else _laid_out(each, found, rows, columns)
        for each, found in zip(pictures, cut, strict=True)
    ]


def _laid_out(picture: Picture, images: Levels, rows: int, columns: int) -> Picture:
    return replace(picture, png=sheet(_flat(images)[0][: rows * columns], columns))


def _flat(images: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """Return images one after another, and the number of columns they stood in."""
    return images.reshape(-1, *images.shape[2:]), images.shape[1]
