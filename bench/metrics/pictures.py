"""Lay images out in one picture; needs no torch, so that a report can make pictures of what was kept."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["GRID_SIDE", "MOST_COLUMNS", "sheet", "size", "tiles"]

# A grid of samples: so many rows and columns, or one column for each of at most 16 classes.
GRID_SIDE = 8
MOST_COLUMNS = 16
GAP = 2
SMALLEST_SIDE = 48


def sheet(levels: NDArray[Any], columns: int) -> bytes:
    """Lay images, (n, 1 or 3, height, width) of uint8, out row by row in a PNG.

    Small ones are enlarged by whole pixels, so that what was drawn is what is seen.
    """
    scale = _scale(levels.shape[2:])
    tiles = levels.transpose(0, 2, 3, 1).repeat(scale, 1).repeat(scale, 2)
    count, height, width, channels = tiles.shape
    rows = -(-count // columns)
    whole = np.full((rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, channels), 255, np.uint8)
    for index, tile in enumerate(tiles):
        top, left = (
            GAP + place * (side + GAP) for place, side in zip(divmod(index, columns), (height, width), strict=True)
        )
        whole[top : top + height, left : left + width] = tile
    buffer = io.BytesIO()
    Image.fromarray(whole.squeeze(2) if channels == 1 else whole).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def tiles(png: bytes, image: tuple[int, ...]) -> NDArray[np.uint8] | None:
    """Return the images that a sheet was laid out from, (rows, columns, channels, height, width).

    image: (channels, height, width) of one. None where the picture is no full sheet of such images.
    """
    channels, height, width = image
    scale = _scale((height, width))
    with Image.open(io.BytesIO(png)) as opened:
        whole = np.asarray(opened.convert("L" if channels == 1 else "RGB"))
    whole = whole.reshape(*whole.shape[:2], channels)
    steps = [side * scale + GAP for side in (height, width)]
    rows, columns = ((size - GAP) // step for size, step in zip(whole.shape[:2], steps, strict=True))
    if not rows or not columns or whole.shape[:2] != (rows * steps[0] + GAP, columns * steps[1] + GAP):
        return None
    cut = whole[GAP:, GAP:].reshape(rows, steps[0], columns, steps[1], channels)
    found = cut[:, : height * scale : scale, :, : width * scale : scale]
    return found.transpose(0, 2, 4, 1, 3)


def size(png: bytes) -> tuple[int, int]:
    """Return width and height of a picture in pixels."""
    with Image.open(io.BytesIO(png)) as opened:
        return opened.size


def _scale(sides: tuple[int, ...]) -> int:
    return max(1, -(-SMALLEST_SIDE // min(sides)))
