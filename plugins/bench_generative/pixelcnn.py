"""The gated PixelCNN, small, for grey images."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from bench.model import Problem
from bench_generative.autoregressive import Autoregressive
from bench_generative.grey_levels import to_values

__all__ = ["PixelCNN"]

# Rows and columns beyond the image that the first convolutions see.
BORDER = 2


class PixelCNN(Autoregressive):
    """Convolutions that see pixels above, and to the left in the same row (van den Oord et al., 2016b, section 2).

    Two stacks, one for the rows above and one for the row itself, leave no blind spot. A second channel says where the
    image is. Drawing keeps what each layer said of the row above and of the pixel before, and computes nothing twice.
    """

    def __init__(self, problem: Problem, *, width: int, depth: int, levels: int, distribution: str) -> None:
        super().__init__(problem, levels=levels, distribution=distribution)
        self.rows_above = nn.Conv2d(2, width, (BORDER, 3))
        self.pixels_before = nn.Conv2d(2, width, (1, BORDER))
        self.layers = nn.ModuleList(_Block(width, self.classes) for _ in range(depth))
        self.head = nn.Sequential(
            nn.ReLU(), nn.Conv2d(width, width, 1), nn.ReLU(), nn.Conv2d(width, self.distribution.outputs, 1)
        )

    @property
    def blocks(self) -> list[_Block]:
        """The layers of both stacks."""
        return [cast("_Block", layer) for layer in self.layers]

    def said(self, images: Tensor, classes: Tensor | None) -> Tensor:
        """Return what is said of each pixel of images (n, 1, height, width), (n, d, outputs)."""
        canvas = _canvas(images)
        height, width = images.shape[2:]
        above = self.rows_above(canvas[:, :, : height + 1, 1:])
        before = self.pixels_before(canvas[:, :, BORDER:, : width + 1])
        for block in self.blocks:
            to_rows, to_pixels = block.biases(classes)
            seen = block.rows(pad(above, (0, 0, 1, 0)))
            above = _gate(seen + to_rows)
            before = block.pixels(pad(before, (1, 0)), seen + to_pixels)
        said: Tensor = self.head(before).flatten(2).transpose(1, 2)
        return said

    def drawn(self, n: int, classes: Tensor | None) -> Tensor:
        """Draw images pixel by pixel."""
        _, height, width = self.shape
        canvas = _canvas(torch.zeros(n, *self.shape, device=self.rows_above.weight.device))
        biases = [block.biases(classes) for block in self.blocks]
        nothing = canvas.new_zeros(n, self.rows_above.out_channels, 1, width)
        row_above = [nothing] * len(biases)
        for row in range(height):
            above, seen = self.rows_above(canvas[:, :, row : row + BORDER, 1:]), []
            for place, block in enumerate(self.blocks):
                found = block.rows(torch.cat([row_above[place], above], 2))
                row_above[place], above = above, _gate(found + biases[place][0])
                seen.append(found + biases[place][1])
            left = [nothing[..., :1]] * len(biases)
            for column in range(width):
                before = self.pixels_before(canvas[:, :, row + BORDER, None, column : column + BORDER])
                for place, block in enumerate(self.blocks):
                    both = torch.cat([left[place], before], 3)
                    left[place], before = before, block.pixels(both, seen[place][..., column, None])
                said = self.head(before)[:, :, 0, 0]
                canvas[:, 0, row + BORDER, column + BORDER] = to_values(self.distribution.draw(said), self.levels)
        return canvas[:, :1, BORDER:, BORDER:-1]


class _Block(nn.Module):
    """One layer of both stacks; the row's is told what the rows above say, and adds to what was there."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.above = nn.Conv2d(width, 2 * width, (2, 3), padding=(0, 1))
        self.link = nn.Conv2d(2 * width, 2 * width, 1)
        self.before = nn.Conv2d(width, 2 * width, (1, 2))
        self.out = nn.Conv2d(width, width, 1)
        self.of_class = nn.Linear(classes, 4 * width, bias=False) if classes else None

    def rows(self, above: Tensor) -> Tensor:
        """Map rows, the one above first, (n, width, k + 1, w) to (n, 2 × width, k, w)."""
        seen: Tensor = self.above(above)
        return seen

    def pixels(self, before: Tensor, seen: Tensor) -> Tensor:
        """Map pixels, the one to the left first, (n, width, k, w + 1) to (n, width, k, w)."""
        changed: Tensor = before[..., 1:] + self.out(_gate(self.before(before) + self.link(seen)))
        return changed

    def biases(self, classes: Tensor | None) -> tuple[Tensor | float, Tensor | float]:
        """Return what a class adds to each stack, (n, 2 × width, 1, 1) each; nothing where none is given."""
        if classes is None or self.of_class is None:
            return 0.0, 0.0
        rows, pixels = self.of_class(classes)[..., None, None].chunk(2, 1)
        return rows, pixels


def _gate(x: Tensor) -> Tensor:
    """Half of the channels, as far as the other half lets them (van den Oord et al., 2016b, eq. 2)."""
    value, gate = x.chunk(2, 1)
    return value.tanh() * gate.sigmoid()


def _canvas(images: Tensor) -> Tensor:
    """Return images (n, 1, h, w) and where they are, with a border above and on both sides, (n, 2, h + 2, w + 3)."""
    return pad(torch.cat([images, torch.ones_like(images)], 1), (BORDER, 1, BORDER, 0))
