"""Deep models of series."""

from __future__ import annotations

from bench import Choice, Integer, ModelSpec, Need, Real, Role

__all__ = ["SERIES"]

STEPS = Need(axes=("tc",))
NEXT_STEPS = (Role("predict", STEPS, STEPS, rule="bench_deep.rules:same_series"),)

SERIES = (
    ModelSpec(
        name="n-beats",
        target="bench_deep.n_beats:NBeats",
        summary="N-BEATS: blocks of linear layers, each forecasting from what it explains of the window",
        family="deep",
        roles=NEXT_STEPS,
        hyperparameters={
            "blocks": Integer(4, 1, 12),
            "layers": Integer(4, 1, 6),
            "width": Integer(128, 16, 512, log=True),
        },
        paper="B. Oreshkin et al.: N-BEATS, neural basis expansion analysis for interpretable time series, 2020",
    ),
    ModelSpec(
        name="patch-transformer",
        target="bench_deep.patch_transformer:PatchTransformer",
        summary="PatchTST: a Transformer encoder over patches of each series, normalised by its own window",
        family="deep",
        roles=NEXT_STEPS,
        hyperparameters={
            "patch": Choice(16, (4, 8, 16, 24)),
            "width": Choice(16, (16, 32, 64, 128)),
            "heads": Choice(4, (2, 4, 8)),
            "depth": Integer(3, 1, 6),
            "hidden": Integer(128, 32, 512, log=True),
            "dropout": Real(0.3, 0.0, 0.6),
        },
        paper="Y. Nie et al.: A time series is worth 64 words, long-term forecasting with transformers, 2023",
    ),
)
