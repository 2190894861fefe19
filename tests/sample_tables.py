"""Tables made by hand, for a report with every oddity a format has to cope with."""

from __future__ import annotations

import math

from bench.evidence import Standing
from bench.report.blocks import Cell, Column, Row, Table
from bench.specs import Family

NASTY = "<script>alert('x')</script> </script> $\\LaTeX$ a|b c_d e&f `g` 100% #1 {h} ~ ^ \\end"
LONG = "gradient-boosting, leaves 31, learning rate 0.05, early stopping"
# label: family, accuracy, half its interval, standing, log loss, seconds, milliseconds, megabytes, parameters
CLASSIFIERS: dict[str, tuple[Family, float, float, Standing, float, float, float, float, int | None]] = {
    "lenet": ("deep", 0.9875, 0.0061, "best", 0.0451, 3.4, 0.34, 6.2, 61_706),
    "resnet": ("deep", 0.9864, 0.0066, "best", 0.0498, 14.8, 1.9, 31.5, 272_474),
    "mlp-deep": ("deep", 0.9781, 0.0087, "undecided", 0.0904, 1.18, 0.12, 1.9, 42_634),
    "mlp-shallow": ("shallow", 0.9775, 0.0089, "undecided", 0.0811, 0.62, 0.071, 0.6, 4_810),
    "random-forest": ("shallow", 0.9736, 0.0094, "distinguishable", 0.2101, 0.215, 6.4, 4.1, None),
    LONG: ("shallow", 0.9681, 0.0101, "distinguishable", 0.1127, 1.92, 1.7, 9.8, None),
    "logistic": ("shallow", 0.9592, 0.0112, "distinguishable", 0.1412, 0.041, 0.062, 0.4, 650),
    "majority-class": ("shallow", 0.1013, 0.0, "distinguishable", 2.3026, 0.001, 0.001, 0.1, None),
}
GENERATORS: dict[str, tuple[float, float, Standing, float, int]] = {
    "class-gaussian": (9.1, 0.4, "best", 0.004, 10),
    "vae": (15.2, 1.1, "distinguishable", 17.5, 10),
    "dcgan": (12.5, 3.9, "undecided", 58.0, 10),
    "copier": (8.2, 0.2, "distinguishable", 0.002, 10),
}
SIZES = (100, 300, 1000, 3000)


def classifier_table() -> Table:
    """Return a table of eight models with main, further and folded columns, spreads, standings, runs and notes."""
    columns = (
        Column("model", "Model", "model"),
        Column("seeds", "Seeds", "count"),
        Column(
            "accuracy", "Accuracy", "score", better="higher", about="accuracy: share of samples classified correctly"
        ),
        Column("loss", "Log loss", "score", unit="nats", better="lower"),
        Column("train", "Training", "time", unit="s", better="lower", condition="CPU, 2 threads"),
        Column("latency", "Latency, median", "time", unit="ms", better="lower", condition="CPU, 2 threads"),
        Column("memory", "Peak memory", "memory", unit="MB", better="lower", condition="CPU"),
        Column("parameters", "Parameters", "size"),
        Column("macro_f1", "Macro F1", "score", better="higher", is_folded=True),
        Column(
            "ece", "Calibration error", "score", better="lower", is_folded=True, about="ece: 15 bins of equal width"
        ),
        Column("depth", "Depth", "size", unit="layers", is_folded=True),
    )
    return Table(
        "digits-results",
        "Results",
        "Scores, times and memory of 8 models on digits, means over 5 seeds with 95 % intervals.",
        columns,
        tuple(_classifier(label, number) for number, label in enumerate(CLASSIFIERS)),
        notes={
            "*": "Runs were timed while others ran on the same machine.",
            "†": "1 of 5 runs failed; the mean is over successful runs only, so the model is never called best.",
            "1": "Predicts the most frequent class of the training part.",
        },
    )


def _classifier(label: str, number: int) -> Row:
    family, accuracy, half, standing, loss, seconds, latency, memory, parameters = CLASSIFIERS[label]
    runs = {f"seed {seed}": accuracy + (seed - 2) * half / 3 for seed in range(5)}
    low, high = accuracy - half, min(accuracy + half, 1.0)
    cells = {
        "model": Cell(label, marks=("1",) if label == "majority-class" else ()),
        "seeds": Cell("4/5", 4.0, marks=("†",)) if label == "random-forest" else Cell("5", 5.0),
        "accuracy": Cell(
            f"{accuracy:.4f}",
            accuracy,
            f"{half:.4f}" if half else "",
            low,
            high,
            f"{low:.4f} to {high:.4f}" if half else "",
            standing,
            runs=runs,
        ),
        "loss": Cell(f"{loss:.4f}", loss, "0.0104", loss - 0.0104, loss + 0.0104, standing="distinguishable"),
        "train": Cell(f"{seconds:,.3f}", seconds, marks=("*",) if label == "mlp-deep" else ()),
        "latency": Cell(f"{latency:.3f}", latency),
        "memory": Cell(f"{memory:.1f}", memory),
        "macro_f1": Cell(f"{accuracy - 0.001:.4f}", accuracy - 0.001),
        "depth": Cell("missed", math.inf, note="0 of 5 reached") if number == 3 else Cell(str(number), float(number)),
    }
    if parameters is not None:
        cells["parameters"] = Cell(f"{parameters:,}", float(parameters))
    return Row(cells, label, family, group=family, about=f"{label} with its own defaults; width = 64")


def pivoted_table() -> Table:
    """Return a table of models by sizes of the training part, with hostile texts and a model of every family."""
    labels: dict[str, Family] = {"logistic": "shallow", "lenet": "deep", "resnet": "deep", NASTY: "shallow"}
    columns = (
        Column("model", "Model", "model"),
        *(Column(str(each), f"{each:,} samples", "score", better="higher") for each in SIZES),
    )
    rows = []
    for number, (label, family) in enumerate(labels.items()):
        values = {size: 1 - (0.3 - 0.04 * number) / math.log10(size) for size in SIZES if (number, size) != (2, 100)}
        cells = {str(size): Cell(f"{value:.3f}", value, "0.012") for size, value in values.items()}
        rows.append(Row({"model": Cell(label), **cells}, label, family, about=NASTY))
    return Table(
        "adult-sizes", f"Sizes {NASTY}", f"Accuracy by training samples. {NASTY}", columns, tuple(rows), {"†": NASTY}
    )


def generator_table() -> Table:
    """Return a table in which one interval has unlike halves and one cell is an infinite value."""
    columns = (
        Column("model", "Model", "model"),
        Column(
            "distance", "Fréchet distance (LeNet, digits)", "score", better="lower", about="fd:lenet-digits-v1@1f0c9a22"
        ),
        Column("modes", "Modes covered", "score", unit="of 10", better="higher"),
        Column("train", "Training", "time", unit="s", better="lower"),
        Column("note", "Memorisation", "text"),
    )
    rows = []
    for label, (distance, half, standing, seconds, modes) in GENERATORS.items():
        ends = (distance - half / 2, distance + half)
        is_copier = label == "copier"
        cells = {
            "model": Cell(label, marks=("‡",) if is_copier else ()),
            "distance": Cell(
                f"{distance:.1f}", distance, "", *ends, f"{ends[0]:.1f} to {ends[1]:.1f}", standing, note="real: 1.9"
            ),
            "modes": Cell(str(modes), float(modes)),
            "train": Cell(f"{seconds:.3f}", seconds) if label != "vae" else Cell("∞", math.inf, note="1 of 3 infinite"),
            "note": Cell("copies its training images" if is_copier else "none found"),
        }
        rows.append(Row(cells, label, "generative"))
    return Table(
        "images-results",
        "Results",
        "Generators of digits.",
        columns,
        tuple(rows),
        {"‡": "Nearer to training images than test images are."},
    )
