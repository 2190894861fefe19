"""A report made by hand, with every kind of block and every oddity a format has to cope with."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from functools import cache
from typing import Literal

from PIL import Image

from bench.report.blocks import (
    Block,
    Cell,
    Choice,
    Column,
    Comparison,
    Entry,
    Gallery,
    Log,
    Model,
    Picture,
    Prose,
    Report,
    Row,
    Section,
    Table,
)
from bench.report.figures import (
    Axis,
    Dot,
    DotFigure,
    Line,
    LineFigure,
    MatrixFigure,
    Point,
    ScatterFigure,
)
from tests.sample_tables import CLASSIFIERS, GENERATORS, NASTY, SIZES, classifier_table, generator_table, pivoted_table

SCOPE = "These verdicts speak of these 5 seeds' kind and of other test samples of this size, from this one test part."
TRACEBACK = 'Traceback (most recent call last):\n  File "model.py", line 12, in fit\nValueError: ' + NASTY
SHARE = Axis("Accuracy", low=0.0, high=1.0, better="higher", is_share=True)
SECONDS = Axis("Training time", "s", is_log=True, low=0.0, better="lower")


def digits_section() -> Section:
    """Return a section of results with every kind of figure."""
    labels = list(CLASSIFIERS)
    front = {"majority-class", "logistic", "random-forest", "mlp-shallow", "lenet"}
    points = tuple(
        Point(
            label,
            each[5],
            each[1],
            (each[5] * 0.9, each[5] * 1.1),
            (each[1] - each[2], min(each[1] + each[2], 1.0)),
            note="5 runs",
            is_on_front=label in front,
        )
        for label, each in CLASSIFIERS.items()
    )
    matrix = tuple(tuple(0.97 if i == j else 0.03 / 9 for j in range(10)) for i in range(10))
    digits = tuple(str(each) for each in range(10))
    blocks: tuple[Block, ...] = (
        Prose(("1,797 images of 8 × 8 pixels, 10 classes of 174 to 183.", "Trained 20 epochs in batches of 64.")),
        Prose(("Curves of resnet still fall when training ends: its order may be a matter of budget.",), "warning"),
        classifier_table(),
        Prose((SCOPE,), "scope"),
        ScatterFigure(
            "digits-pareto",
            "Accuracy against training time",
            SECONDS,
            SHARE,
            points,
            "The line joins models that no other beats in both.",
        ),
        Choice(
            "digits-curves",
            "Validation loss",
            {
                "epochs": curves("digits-curves-epochs", "Epoch", "", labels),
                "seconds": curves("digits-curves-seconds", "Training time", "s", labels),
            },
        ),
        MatrixFigure(
            "digits-confusion",
            "Confusion of lenet",
            "Answered",
            "True class",
            digits,
            digits,
            matrix,
            tuple(tuple(f"{value:.0%}" for value in row) for row in matrix),
            caption="Share of each true class that got an answer.",
        ),
        LineFigure(
            "digits-reliability",
            "Reliability",
            Axis("Stated confidence", low=0, high=1, is_share=True),
            Axis("Share correct", low=0, high=1, is_share=True),
            (
                Line("", (0, 1), (0, 1), name="perfect calibration", is_reference=True),
                Line("lenet", (0.3, 0.6, 0.95), (0.35, 0.58, 0.97)),
            ),
        ),
    )
    return Section(
        "digits-classification-standard",
        "digits, classification, standard training",
        blocks,
        summary="lenet and resnet are best; logistic costs 1/80 of their time.",
    )


def curves(key: str, title: str, unit: str, labels: Sequence[str]) -> LineFigure:
    """Return falling losses with bands; one line misses a seed late on."""
    x = tuple(float(each) for each in range(1, 21))
    lines = []
    for number, label in enumerate(labels[:-1]):
        y = tuple(2.3 * math.exp(-each / (3 + number)) + 0.05 * (number + 1) for each in x)
        counts = tuple(5 if each < 12 or number != 2 else 4 for each in x)
        lines.append(
            Line(
                label,
                x,
                y,
                tuple(v * 0.9 for v in y),
                tuple(v * 1.1 for v in y),
                counts=counts,
                tried=(5,) * 20,
                misses=(14.0,) if number == 2 else (),
            )
        )
    return LineFigure(
        key,
        "Validation loss",
        Axis(title, unit, low=0.0),
        Axis("Validation loss", "nats", low=0.0, better="lower"),
        tuple(lines),
        "Means over seeds with 95 % bands.",
    )


def sizes_section() -> Section:
    """Return a section whose protocol varies something."""
    lines = tuple(
        Line(label, tuple(map(float, SIZES)), tuple(1 - 0.3 / math.log10(size) - 0.01 * number for size in SIZES))
        for number, label in enumerate(("logistic", "lenet", "resnet", NASTY))
    )
    figure = LineFigure(
        "adult-sizes-figure", "Accuracy by size", Axis("Training samples", is_log=True, low=1), SHARE, lines
    )
    blocks: tuple[Block, ...] = (Prose((f"Adult income {NASTY}",)), pivoted_table(), figure)
    return Section("adult-classification-sizes", f"adult {NASTY}, classification, sizes", blocks)


def images_section() -> Section:
    """Return a section with pictures, of which one is missing."""
    pictures = (
        Picture("", "Real images", "from the test part", picture(0), (160, 160)),
        *(
            Picture(label, label, f"distance {each[0]}", picture(n + 1), (160, 160))
            for n, (label, each) in enumerate(GENERATORS.items())
            if label != "vae"
        ),
        Picture("vae", "vae", "no picture: the run wrote none"),
    )
    gallery = Gallery(
        "images-samples", "Samples", "Drawn with the noise of seed 0, the same for every model.", pictures
    )
    dots = tuple(
        Dot(label, value, (value - 1, value + 1), series, note="3 runs")
        for label, (mean, *_) in GENERATORS.items()
        for series, value in (("untuned", mean + 3), ("tuned", mean))
    )
    tuned = DotFigure(
        "images-tuned", "Tuned and untuned", Axis("Fréchet distance", low=0, better="lower"), dots, is_joined=True
    )
    return Section(
        "digits-generation-standard", "digits, generation, standard training", (generator_table(), gallery, tuned)
    )


def across_section() -> Section:
    """Return tables of models by data sets, one per metric, ranks as dots and a table of wins."""
    names = ("digits", "breast-cancer", "iris", "adult")
    labels = list(CLASSIFIERS)

    def table(metric: str, better: Literal["higher", "lower"]) -> Table:
        columns = (
            Column("model", "Model", "model"),
            *(Column(name, name, "score", better=better, unit=metric) for name in names),
            Column("rank", "Mean rank", "score", better="lower"),
        )
        rows = tuple(
            Row(
                {
                    "model": Cell(label),
                    **{
                        name: Cell(f"{each[1] - 0.01 * n:.3f}", each[1] - 0.01 * n, "0.009", standing=each[3])
                        for n, name in enumerate(names)
                    },
                    "rank": Cell(f"{number + 1:.2f}", number + 1.0, "0.80"),
                },
                label,
                each[0],
            )
            for number, (label, each) in enumerate(CLASSIFIERS.items())
        )
        return Table(f"across-{metric}", metric, f"{metric} of every model on every data set.", columns, rows)

    wins = tuple(tuple(math.nan if i == j else (1.0 if i < j else 0.0) for j in range(8)) for i in range(8))
    texts = tuple(tuple("" if math.isnan(value) else f"{value * 4:.0f} of 4" for value in row) for row in wins)
    ranks = tuple(
        Dot(label, n + 1.0, (max(1.0, n + 0.2), min(8.0, n + 1.8)), note="4 data sets")
        for n, label in enumerate(labels)
    )
    return Section(
        "across",
        "Models across data sets",
        (
            Choice(
                "across-scores",
                "Scores by",
                {"Accuracy": table("Accuracy", "higher"), "Macro F1": table("Macro F1", "higher")},
            ),
            DotFigure(
                "across-ranks",
                "Mean ranks",
                Axis("Mean rank", low=1, high=8, better="lower"),
                ranks,
                "1 is best; with 95 % intervals over data sets.",
            ),
            MatrixFigure(
                "across-wins",
                "Wins",
                "against",
                "model",
                tuple(labels),
                tuple(labels),
                wins,
                texts,
                caption="Data sets on which the row beats the column.",
                is_centred=True,
            ),
        ),
        "across",
    )


def answers_section() -> Section:
    """Return what was found, in sentences."""
    found = (
        "On digits, lenet and resnet are best (accuracy 0.988 and 0.986); mlp-deep and mlp-shallow are undecided.",
        "The cheapest of the four is mlp-shallow: 0.62 s of training where lenet takes 3.4 s.",
        f"On adult, {NASTY} is distinguishable from nothing.",
    )
    return Section(
        "answers", "What was found", (Prose(found, "answer", is_list=True), Prose((SCOPE,), "scope")), "answers"
    )


def about_section() -> Section:
    """Return methods, machines and failures."""
    failure = Entry(
        f"random-forest on digits, seed 3: {NASTY}",
        {"status": "failed", "run": "a1b2c3", "ended": "2026-03-01 09:12 UTC"},
        {"Traceback": TRACEBACK, "Output": "epoch 1\nepoch 2\n"},
    )
    machines = Log(
        "machines",
        "Machines",
        (Entry("AMD EPYC 7B13, 2 cores", {"memory": "15.6 GiB", "torch": "2.5.1", "system": "Linux"}),),
    )
    blocks: tuple[Block, ...] = (
        Prose(
            (
                "Every model was trained with 5 seeds on the official split.",
                "Intervals come from seeds and test samples together.",
            ),
            title="Methods",
        ),
        Log(
            "failures",
            "Runs that failed",
            (failure, Entry("resnet on adult, seed 1: timeout", {"status": "timeout"})),
            "Failed runs count against a model.",
            is_folded=False,
        ),
        machines,
        Prose(
            ("± is half of the 95 % interval.", "Numbers that are not comparable stand in different columns."),
            "note",
            "How to read this",
            is_list=True,
        ),
    )
    return Section("about", "About these results", blocks, "about")


def comparison(a: str, b: str, *, metric: str = "accuracy") -> Comparison:
    """Return one comparison on digits."""
    difference = CLASSIFIERS[a][1] - CLASSIFIERS[b][1]
    is_open = abs(difference) < 0.005
    return Comparison(
        "digits",
        "classification",
        "standard",
        {"epochs": "20"},
        "",
        metric,
        "",
        a,
        b,
        difference,
        difference - 0.004,
        difference + 0.004,
        0.3 if is_open else 0.001,
        0.6 if is_open else 0.008,
        "open" if is_open else "different",
        "" if is_open else (a if difference > 0 else b),
        None,
        0.05,
        "seeds and test samples",
        SCOPE,
        "about 40 seeds" if is_open else "",
    )


def picture(seed: int) -> bytes:
    """Return a small PNG."""
    image = Image.new("L", (160, 160))
    image.putdata([(x * y * (seed + 3) + 17 * seed) % 256 for y in range(160) for x in range(160)])
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


@cache
def sample_report() -> Report:
    """Return the whole report."""
    labels = list(CLASSIFIERS)
    models = [Model(label, each[0], f"{label} as people know it") for label, each in CLASSIFIERS.items()]
    models += [Model(label, "generative") for label in GENERATORS] + [Model(NASTY, "shallow", NASTY)]
    return Report(
        title="Quickstart",
        created_at="2026-03-01T10:00:00+00:00",
        version="0.9.0",
        command="bench report quickstart",
        sections=(
            answers_section(),
            across_section(),
            digits_section(),
            sizes_section(),
            images_section(),
            about_section(),
        ),
        models=tuple(models),
        comparisons=tuple(comparison(a, b) for n, a in enumerate(labels) for b in labels[n + 1 :]),
        outcomes={"ok": 118, "failed": 1, "timeout": 1},
        period=("2026-03-01T09:00:00+00:00", "2026-03-01T09:40:00+00:00"),
        warnings=("Some runs were timed while others ran on the same machine.",),
        planned=130,
    )
