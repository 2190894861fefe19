"""Table synthesis: rows of numbers that could be from the data, and points of densities in the plane."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from bench.data import Dataset
from bench.errors import Refused
from bench.record import Score
from bench.spaces import AnswerKind, Space
from bench.specs import DatasetSpec, Value
from bench.tasks.base import Arrays, Part, Task, TaskData, TaskSettings
from bench.tasks.data import Array
from bench.tasks.encoding import Encoding

__all__ = ["TableSynthesis", "TableSynthesisSettings"]

# All pairs of rows are compared.
VALIDATION_SAMPLES = 500
MOST_SAMPLES = 2000
# Of the picture of points in the plane, pixels.
PICTURE_SIDE = 160


class TableSynthesisSettings(TaskSettings):
    """samples: how many rows are drawn; by default as many as the test part has, at most 2,000."""

    samples: int | None = Field(None, ge=10, le=MOST_SAMPLES)


class TableSynthesis(Task):
    """Draw rows that could be from the data; scored by the energy distance to the test part.

    Columns count in units of their deviation over the training part (`scales`, (1, d)). The truth holds the test rows
    (`targets`), how far they lie from the training part (`real_training_distances`, (q, 2)), the training rows that
    samples are compared with (`train_targets`) and, where the data have classes, where these lie (`centres`, (k, d),
    `radii`, (k,), `class_shares`, (k,)), by which captured modes and the share of good rows are counted.
    """

    Settings = TableSynthesisSettings
    settings: TableSynthesisSettings
    answer_kind: ClassVar[AnswerKind] = "sample"
    objective: ClassVar[str] = "energy_distance"
    target_scale = "bounds"

    def __init__(self, settings: TaskSettings | None = None, name: str = "table-synthesis", cache: str = "") -> None:
        super().__init__(settings, name, cache)

    def spaces(self, offer: DatasetSpec) -> tuple[None, Space]:
        """Return the rows to draw; raises Refused where the data are no table of numbers between known bounds."""
        rows = offer.inputs
        if rows.axes != "c" or rows.kind != "real" or any(rows.levels) or rows.missing or rows.bounds is None:
            raise Refused(
                f"{self.name} needs a table of numbers without gaps, with known bounds; {offer.name} has {rows}"
            )
        return None, rows

    def prepare(self, dataset: Dataset, like: Encoding | None = None) -> TaskData:
        """Look at the training part: scales, modes, and how near real rows lie to it."""
        from bench.metrics.memorisation import nearest_two

        data = super().prepare(dataset, like)
        train = dataset.train.x.astype(np.float64)
        deviation = train.std(0, keepdims=True)
        scales = np.where(deviation > 0, deviation, 1.0)
        told: dict[str, Array] = {"scales": scales, **_modes(dataset, train / scales)}
        test = data.truth["targets"][:MOST_SAMPLES]
        near = nearest_two(test / scales, train / scales).astype(np.float32)
        pictured = {"real_images": _picture(test, dataset.spec.inputs)[None, None]} if train.shape[1] == 2 else {}
        truth = {**data.truth, **told, "train_targets": train, "real_training_distances": near, **pictured}
        return replace(data, truth=truth, validation_truth={**data.validation_truth, **told})

    def sample_count(self, data: TaskData, part: Part) -> int:
        """Return how many rows are drawn: at most 500 for validation, else as many as there are real ones."""
        if part is data.validation:
            return min(VALIDATION_SAMPLES, len(part))
        return min(self.settings.samples or len(part), MOST_SAMPLES)

    def validate(self, answer: Arrays, truth: Arrays) -> dict[str, float]:
        """Energy distance of at most 500 rows to the validation part."""
        from bench.metrics.tables import energy_distance

        real, fake = _scaled(truth["targets"][:VALIDATION_SAMPLES], truth), _scaled(answer["samples"], truth)
        return {"energy_distance": energy_distance(real, fake)}

    def scores(self, answer: Arrays, truth: Arrays) -> tuple[Score, ...]:
        """Every score of drawn rows against the test part, the energy distance first."""
        return (*self._distances(answer, truth), *_covered(answer, truth), _memorised(answer, truth))

    def artifacts(self, model: Any, data: TaskData) -> Mapping[str, tuple[str, bytes]]:
        """Return a picture of drawn points, where they lie in the plane."""
        from bench.metrics.pictures import sheet
        from bench.metrics.samples import draw
        from bench.tasks.answering import GRID_SEED, kept_samples

        space = data.problem.wanted
        if space.sizes != (2,) or data.encoding.target is None:
            return {}
        samples = draw(model, len(data.truth["targets"]), space.sizes, seed=GRID_SEED)
        raw = replace(space, bounds=_bounds(data.truth))
        return {"samples.png": ("image/png", sheet(_picture(kept_samples(samples, data)["samples"], raw)[None], 1))}

    def _distances(self, answer: Arrays, truth: Arrays) -> Iterator[Score]:
        from bench.metrics import tables

        real, fake = _scaled(truth["targets"][:MOST_SAMPLES], truth), _scaled(answer["samples"], truth)
        detail: dict[str, Value] = {"n_real": len(real), "n_fake": len(fake)}
        yield Score(
            name="energy_distance", value=tables.energy_distance(real, fake), higher_is_better=False, detail=detail
        )
        for name, value, high in (
            ("marginal_distance", tables.marginal_distance(real, fake), 1.0),
            ("correlation_error", tables.correlation_error(real, fake), 2.0),
            ("two_sample_accuracy", tables.two_sample_accuracy(real, fake), 1.0),
        ):
            yield Score(name=name, value=value, higher_is_better=False, detail=detail, low=0, high=high)


def _modes(dataset: Dataset, rows: Array) -> dict[str, Array]:
    """Return where the classes of the training part lie, in scaled columns; nothing where the data have none."""
    from bench.metrics.tables import modes_of

    classes, labels = dataset.spec.targets, dataset.train.y
    if classes is None or classes.kind != "index" or classes.axes or labels is None or not classes.size:
        return {}
    found = modes_of(rows, labels, classes.size)
    shares = np.bincount(labels, minlength=classes.size) / len(labels)
    return {"centres": found.centres, "radii": found.radii, "class_shares": shares}


def _covered(answer: Arrays, truth: Arrays) -> Iterator[Score]:
    """Yield where drawn rows lie among the real ones, and which modes they reach."""
    from bench.metrics import generative
    from bench.metrics.tables import Modes

    real, fake = _scaled(truth["targets"][:MOST_SAMPLES], truth), _scaled(answer["samples"], truth)
    about: dict[str, Value] = {"n_fake": len(fake)}
    if "centres" in truth:
        nearest, is_good = Modes(truth["centres"], truth["radii"]).nearest(fake)
        count, good = len(truth["radii"]), nearest[is_good]
        modes = generative.modes_captured(good, count) if len(good) else 0
        dropped = generative.dropped_classes(good, truth["class_shares"]) if len(good) else count
        of: dict[str, Value] = about | {"of": count, "dropped": float(dropped)}
        yield Score(name="modes_captured", value=modes, higher_is_better=True, detail=of)
        yield Score(
            name="good_rows", value=float(is_good.mean()), higher_is_better=True, detail=about, title="Good rows",
            low=0, high=1,
        )  # fmt: skip
    *shares, duplicates = generative.neighbour_scores(real, fake)
    about |= {"n_real": len(real), "neighbours": generative.NEIGHBOURS}
    for name, value in zip(("precision", "recall", "density", "coverage"), shares, strict=True):
        yield Score(name=name, value=value, higher_is_better=True, detail=about)
    yield Score(name="duplicates", value=duplicates, higher_is_better=False, detail=about | {"neighbours": 1})


def _memorised(answer: Arrays, truth: Arrays) -> Score:
    """Return the share of drawn rows that are near copies of a training row, and what says how much that means."""
    from bench.metrics.memorisation import memorisation, nearest_two

    fake = nearest_two(_scaled(answer["samples"], truth), _scaled(truth["train_targets"], truth))
    found = memorisation(fake, truth["real_training_distances"])
    measured = zip(("limit", "z", "z_limit"), map(float, found[1:]), strict=True)
    detail: dict[str, Value] = {"n_real": len(truth["real_training_distances"]), "n_fake": len(fake)}
    detail |= {name: value for name, value in measured if not math.isnan(value)}
    return Score(
        name="memorised",
        value=found.share,
        higher_is_better=False,
        detail=detail,
        title="Memorised share",
        low=0,
        high=1,
    )


def _scaled(rows: Array, truth: Arrays) -> Array:
    return rows.astype(np.float64) / truth["scales"]


def _bounds(truth: Arrays) -> tuple[float, float]:
    low, high = truth["bounds"].tolist()
    return low, high


def _picture(points: Array, space: Space) -> Array:
    """Return how many points, (n, 2), lie in each pixel, (1, side, side) uint8: white where there are none."""
    low, high = space.bounds or (0.0, 1.0)
    places = ((points - low) / (high - low) * PICTURE_SIDE).astype(np.int64).clip(0, PICTURE_SIDE - 1)
    counts = np.zeros((PICTURE_SIDE, PICTURE_SIDE))
    np.add.at(counts, (PICTURE_SIDE - 1 - places[:, 1], places[:, 0]), 1.0)
    # A single point must be seen, and a crowd may be no darker than black.
    shades = np.where(counts > 0, np.minimum(1.0, 0.35 + 0.2 * np.log2(np.maximum(counts, 1))), 0.0)
    return np.round(255 * (1 - shades)).astype(np.uint8)[None]
