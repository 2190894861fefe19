"""Problems with known answers that ask what a model remembers, each at growing lag."""

from __future__ import annotations

from bench import DatasetSpec, Space

__all__ = ["ALL", "MEMORY", "TEST", "TRAIN", "VALIDATION"]

# Samples of each part. Solved or not is clear from far fewer tests; what takes many is training.
TRAIN, VALIDATION, TEST = 20_000, 1_000, 1_000
ALL = TRAIN + VALIDATION + TEST
# So many symbols are there to be remembered, and so many of them are copied.
SYMBOLS, COPIED = 8, 10
BLANK, GO = "blank", "go"
DIGITS = tuple(str(number) for number in range(1, SYMBOLS + 1))


def _spec(name: str, loader: str, lag: int, summary: str, inputs: Space, targets: Space, citation: str) -> DatasetSpec:
    return DatasetSpec(
        name=f"{name}-{lag}",
        target=f"bench_data.{loader}:load",
        summary=summary,
        inputs=inputs,
        targets=targets,
        sample_count=ALL,
        has_official_test=True,
        licence="CC0 1.0",
        source=f"drawn by bench_data.{loader}",
        citation=citation,
    )


def _adding(lag: int) -> DatasetSpec:
    return _spec(
        "adding",
        "adding_problem",
        lag,
        f"{ALL:,} series of {lag} random numbers, two of them marked: what is their sum?",
        Space("tc", (lag, 2)),
        Space(),
        "S. Hochreiter, J. Schmidhuber: Long short-term memory, 1997, experiment 4",
    )


def _copy(lag: int) -> DatasetSpec:
    tokens = (BLANK, *DIGITS, GO)
    return _spec(
        "copy",
        "copy_memory",
        lag,
        f"{ALL:,} times {COPIED} symbols, to be repeated after {lag} blanks",
        Space("t", (lag + 2 * COPIED,), "index", len(tokens), tokens),
        Space("t", (lag + 2 * COPIED,), "index", len(tokens), tokens, missing=True),
        "M. Arjovsky, A. Shah, Y. Bengio: Unitary evolution recurrent neural networks, 2016, section 4.1",
    )


def _recall(lag: int) -> DatasetSpec:
    return _spec(
        "recall",
        "delayed_recall",
        lag,
        f"{ALL:,} rows of a symbol and {lag} more: which one was the first?",
        Space("t", (lag + 1,), "index", SYMBOLS, DIGITS),
        Space(kind="index", size=SYMBOLS, names=DIGITS),
        "Y. Bengio, P. Simard, P. Frasconi: Learning long-term dependencies with gradient descent is difficult, 1994",
    )


# The shortest of each is one that a plain recurrent network should solve, or nearly.
MEMORY = (
    *map(_adding, (50, 100, 200, 400)),
    *map(_copy, (10, 50, 100, 200)),
    *map(_recall, (10, 20, 50, 100, 200)),
)
