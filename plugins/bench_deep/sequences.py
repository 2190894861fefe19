"""Deep models of sequences: series and tokens, of varying length too."""

from __future__ import annotations

from bench import Choice, Integer, ModelSpec, Need, Real, Role
from bench.specs import Hyperparameter, Value

__all__ = ["SEQUENCE_MODELS"]

# Of a whole sequence anything flat may be asked; of each step a token, or a value.
OF_SEQUENCES = Need(kinds=("index", "real"), axes=("", "c", "t", "tc"), levels=True, missing=True, ragged=True)
SEQUENCES = (
    Role("predict", Need(axes=("tc", "t"), missing=True, ragged=True), OF_SEQUENCES),
    Role("predict", Need(axes=("t",), kinds=("index",), ragged=True), OF_SEQUENCES),
)
RECURRENT: dict[str, Hyperparameter | Value] = {
    "layers": Integer(1, 1, 4),
    "width": Integer(128, 16, 512, log=True),
    # Not searched: "both" is refused where an answer is asked at each step, and one refusal would end the search.
    "direction": "forward",
    "dropout": Real(0.0, 0.0, 0.6),
}

SEQUENCE_MODELS = (
    ModelSpec(
        name="rnn",
        target="bench_deep.rnn:RNN",
        summary="plain recurrent network over the steps of a series or the tokens of a text",
        family="deep",
        roles=SEQUENCES,
        hyperparameters=RECURRENT,
        paper="J. Elman: Finding structure in time, 1990",
    ),
    ModelSpec(
        name="lstm",
        target="bench_deep.lstm:LSTM",
        summary="recurrent network whose cells gates write, keep and read",
        family="deep",
        roles=SEQUENCES,
        hyperparameters=RECURRENT,
        paper="S. Hochreiter, J. Schmidhuber: Long short-term memory, 1997",
    ),
    ModelSpec(
        name="gru",
        target="bench_deep.gru:GRU",
        summary="recurrent network with two gates per unit",
        family="deep",
        roles=SEQUENCES,
        hyperparameters=RECURRENT,
        paper="K. Cho et al.: Learning phrase representations using RNN encoder-decoder, 2014",
    ),
    ModelSpec(
        name="tcn",
        target="bench_deep.tcn:TCN",
        summary="causal convolutions that see twice as far back in each block, over series and texts",
        family="deep",
        roles=SEQUENCES,
        hyperparameters={
            "width": Integer(32, 8, 256, log=True),
            "kernel": Choice(7, (3, 5, 7, 9)),
            "dropout": Real(0.0, 0.0, 0.5),
        },
        paper="S. Bai, J. Z. Kolter, V. Koltun: An empirical evaluation of generic convolutional and recurrent "
        "networks for sequence modeling, 2018",
    ),
    ModelSpec(
        name="transformer",
        target="bench_deep.transformer:Transformer",
        summary="attention among all steps of a series or tokens of a text",
        family="deep",
        roles=SEQUENCES,
        hyperparameters={
            "layers": Integer(2, 1, 6),
            "width": Choice(64, (16, 32, 64, 128, 256)),
            "heads": Choice(4, (1, 2, 4, 8)),
            "dropout": Real(0.0, 0.0, 0.5),
        },
        paper="A. Vaswani et al.: Attention is all you need, 2017",
    ),
)
