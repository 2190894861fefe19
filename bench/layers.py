"""First layers that networks share: from whatever a space holds to rows of numbers, or to steps of them."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from bench.errors import ContractError
from bench.spaces import UNKNOWN, Space

__all__ = ["Embed", "EmbedSteps", "Shaped"]

WIDEST = 16


class Embed(nn.Module):
    """Turn (n, *shape) into (n, width): flattened, gaps as 0 and a flag, each category as a learnt vector.

    width: how many numbers come out. A category that is missing, or that training never saw, has a vector of its own.
    Without categories there is nothing to learn.
    """

    def __init__(self, space: Space) -> None:
        super().__init__()
        self.missing, self.levels = space.missing, space.levels
        self.numeric = [column for column, level in enumerate(space.levels) if not level]
        sizes = [(level + 1, min(WIDEST, (level + 2) // 2)) for level in space.levels if level]
        self.tables = nn.ModuleList(nn.Embedding(count, width) for count, width in sizes)
        plain = math.prod(space.sizes) - space.categorical_count
        self.width = plain * (2 if space.missing else 1) + sum(width for _, width in sizes)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, *shape), NaN where something is missing, to (n, width)."""
        if not len(self.tables):
            rows = x.flatten(1)
            return _with_flags(rows) if self.missing else rows
        numbers = x[:, self.numeric]
        blocks = [_with_flags(numbers) if self.missing else numbers]
        columns = [column for column, level in enumerate(self.levels) if level]
        for column, table in zip(columns, self.tables, strict=True):
            codes = x[:, column]
            unknown = torch.full_like(codes, self.levels[column])
            blocks.append(table(torch.where(codes.isnan(), unknown, codes).long()))
        return torch.cat(blocks, 1)


class EmbedSteps(nn.Module):
    """Turn sequences, (n, length, channels) or tokens (n, length), into (n, length, width).

    Channels pass as they are, gaps as 0 and a flag each; a token becomes a learnt vector of `size` numbers. One that
    training never saw has the vector zero, since nothing trains it: it says nothing, where noise would say something.
    """

    def __init__(self, space: Space, size: int) -> None:
        super().__init__()
        if space.axes not in ("t", "tc") or (space.kind == "index" and (space.axes == "tc" or not space.size)):
            raise ContractError(f"steps are embedded of series and of token sequences; got {space}")
        self.missing, self.is_single = space.missing, space.axes == "t"
        self.table: nn.Embedding | None = None
        if space.kind == "index":
            self.width, self.table = size, nn.Embedding(space.size or 0, size)
            if space.names[:1] == (UNKNOWN,):
                nn.init.zeros_(self.table.weight[0])
            return
        self.width = (1 if self.is_single else space.sizes[-1]) * (2 if space.missing else 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, length, channels) or (n, length), NaN where something is missing, to (n, length, width)."""
        if self.table is not None:
            vectors: Tensor = self.table(x)
            return vectors
        steps = x[..., None] if self.is_single else x
        return _with_flags(steps) if self.missing else steps


class Shaped(nn.Module):
    """Give rows (n, size) the shape of a target; rows of logits stay as they are."""

    def __init__(self, space: Space) -> None:
        super().__init__()
        self.shape = space.output_shape

    def forward(self, rows: Tensor) -> Tensor:
        """Map (n, size) to (n, *output_shape)."""
        return rows.reshape(len(rows), *self.shape)

    @staticmethod
    def needed(space: Space) -> bool:
        """Do rows need another shape at all?"""
        return len(space.output_shape) != 1


def _with_flags(rows: Tensor) -> Tensor:
    gaps = rows.isnan()
    return torch.cat([rows.nan_to_num(), gaps.to(rows.dtype)], -1)
