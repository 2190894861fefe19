"""A Transformer whose tokens are patches of a window: some steps of one series each."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bench.errors import ContractError
from bench.model import Problem

__all__ = ["PatchTransformer"]

SMALLEST_DEVIATION = 1e-5


class PatchTransformer(nn.Module):
    """Patches, learnt positions, a Transformer encoder, a linear head over all patches (PatchTST, Nie et al., 2023).

    Every series of a window is a sample of its own, brought to mean 0 and deviation 1 by its own values, which the
    forecast gets back (Kim et al., 2022). The paper normalises batches between layers, this each patch, before a layer.
    """

    def __init__(
        self, problem: Problem, *, patch: int, width: int, heads: int, depth: int, hidden: int, dropout: float
    ) -> None:
        super().__init__()
        given, asked = problem.input_shape[0], problem.output_shape[0]
        if width % heads:
            raise ContractError(f"patch-transformer needs a width that its heads can share; got {width} for {heads}")
        self.patch = min(patch, given)
        self.stride = max(1, self.patch // 2)
        # The last value is said again, so that the patches reach the end of every window.
        self.ends = nn.ReplicationPad1d((0, self.stride))
        count = (given + self.stride - self.patch) // self.stride + 1
        self.embed = nn.Linear(self.patch, width)
        self.places = nn.Parameter(0.02 * torch.randn(count, width))
        layer = nn.TransformerEncoderLayer(
            width, heads, hidden, dropout, activation="gelu", batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, depth, norm=nn.LayerNorm(width), enable_nested_tensor=False)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(dropout), nn.Linear(count * width, asked))

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, look-back, series) to (n, horizon, series)."""
        mean = x.mean(1, keepdim=True)
        deviation = (x.var(1, keepdim=True, correction=0) + SMALLEST_DEVIATION).sqrt()
        series = ((x - mean) / deviation).transpose(1, 2)
        patches = self.ends(series).flatten(0, 1).unfold(1, self.patch, self.stride)
        tokens = self.dropout(self.embed(patches) + self.places)
        ahead: Tensor = self.head(self.encoder(tokens)).unflatten(0, series.shape[:2])
        return ahead.transpose(1, 2) * deviation + mean
