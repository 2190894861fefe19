"""The report as a tree of plain, frozen values: what renderers draw, without any word on how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bench.report.ranked import RankRow, Ranks
from bench.specs import Value

__all__ = [
    "Cell",
    "Column",
    "Dot",
    "DotFigure",
    "Failure",
    "Figure",
    "Line",
    "LineFigure",
    "Machine",
    "Measure",
    "Point",
    "RankRow",
    "Ranks",
    "Repeats",
    "Report",
    "Row",
    "SampleGrid",
    "SampleWall",
    "ScatterFigure",
    "Section",
]

Direction = Literal["higher", "lower", ""]
Kind = Literal["score", "time", "memory", "size"]


@dataclass(frozen=True)
class Measure:
    """Something that was measured: its unit and which way is better ("" where neither is).

    detail: what a reader must know to compare it, e.g. the number of samples behind a distance.
    is_main: does it belong in the first table, or only in the one that holds everything?
    is_target: is an infinite value a target that was not reached, rather than a number?
    """

    name: str
    # What it is called makes no other measure of it: a plugin may find a better heading.
    title: str = field(compare=False)
    unit: str
    better: Direction
    kind: Kind
    is_main: bool = True
    detail: tuple[tuple[str, Value], ...] = ()
    is_target: bool = False


@dataclass(frozen=True)
class Column:
    """One measure under one condition. Numbers that are not comparable are in different columns.

    condition: the device and whatever else sets this column apart, "" where the section has only one.
    device: where the numbers were taken, "" where that does not matter to them.
    """

    key: str
    measure: Measure
    condition: str = ""
    device: str = ""


@dataclass(frozen=True)
class Cell:
    """The mean over runs with its 95 % interval; low and high are None where one run gives none.

    count: finite values in the mean; run_count: runs that ended well, so count < run_count means NaN or absent.
    infinite: runs whose value is infinitely bad, as the time to a target that was not reached is; then there is no
    interval, and where no run has a finite value the mean is infinite.
    tried: runs on record that should have a value here, failed and skipped ones included; where count is less, only
    the lucky ones are in the mean.
    floor: mean of the value that real data gets against real data, where the metric has one.
    is_best: not distinguishable from the best, while at least one other model is.
    """

    mean: float
    low: float | None
    high: float | None
    count: int
    run_count: int
    floor: float | None = None
    is_best: bool = False
    infinite: int = 0
    tried: int = 0

    @property
    def is_partial(self) -> bool:
        """Are there seeds that should be in the mean, but have no finite value?"""
        return self.count < self.tried


@dataclass(frozen=True)
class Row:
    """One model, under one variant of the protocol: `outcomes` counts its runs by status, on every device.

    seed_count, split_count: seeds and splits that ended well on at least one device; good_count: pairs of them.
    tried: pairs of a seed and a split on record by device, "" for all of them.
    """

    label: str
    family: str
    variant: Mapping[str, Value]
    hyperparameters: Mapping[str, Value]
    outcomes: Mapping[str, int]
    seed_count: int
    cells: Mapping[str, Cell]
    tried: Mapping[str, int] = field(default_factory=dict)
    split_count: int = 1
    good_count: int = 0

    @property
    def ok_count(self) -> int:
        """Runs that ended well."""
        return self.outcomes.get("ok", 0)

    @property
    def run_count(self) -> int:
        """Runs on record, those left out to which the model does not apply."""
        return sum(self.outcomes.values()) - self.outcomes.get("not-applicable", 0)

    @property
    def is_applicable(self) -> bool:
        """Does the model apply to the problem in any of its runs?"""
        return self.run_count > 0


@dataclass(frozen=True)
class Point:
    """A model in a scatter plot; x and y are means with 95 % intervals."""

    label: str
    family: str
    condition: str
    x: Cell
    y: Cell
    is_on_front: bool


@dataclass(frozen=True)
class ScatterFigure:
    """Quality (y) against cost (x), with the points nothing beats in both."""

    name: str
    title: str
    x: Measure
    y: Measure
    points: tuple[Point, ...]
    caption: str = ""


@dataclass(frozen=True)
class Line:
    """Means with their band; the four sequences have one length.

    counts, tried: of each point, the seeds in its mean and those that should be; empty where they are one for the
    whole line. note: what belongs behind the name. misses: where on the axis a run ended without what is counted.
    """

    label: str
    family: str
    condition: str
    x: tuple[float, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    run_count: int
    note: str = ""
    misses: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    tried: tuple[int, ...] = ()

    @property
    def partial(self) -> tuple[bool, ...]:
        """Of each point: are there seeds that should be in its mean, but failed?"""
        if not self.counts:
            return (False,) * len(self.x)
        return tuple(count < tried for count, tried in zip(self.counts, self.tried, strict=True))


@dataclass(frozen=True)
class LineFigure:
    """Lines over one axis, e.g. a learning curve; `axis` tells figures of one name apart, e.g. epochs and seconds.

    is_share: are these steps between 0 and 1, such as the share of runs that reached a target?
    """

    name: str
    title: str
    axis: str
    x_title: str
    y_title: str
    lines: tuple[Line, ...]
    is_log_x: bool = False
    is_log_y: bool = False
    is_share: bool = False
    caption: str = ""


@dataclass(frozen=True)
class Dot:
    """A mean with its interval; `series` tells the dots of one model apart, e.g. tuned and untuned."""

    label: str
    family: str
    series: str
    cell: Cell


@dataclass(frozen=True)
class DotFigure:
    """One row per model, one dot per series."""

    name: str
    title: str
    x_title: str
    dots: tuple[Dot, ...]
    caption: str = ""


Figure = ScatterFigure | LineFigure | DotFigure


@dataclass(frozen=True)
class SampleGrid:
    """A picture a generative model drew; png is None, with the reason in `caption`, where there is none."""

    label: str
    family: str
    caption: str
    png: bytes | None = None


@dataclass(frozen=True)
class SampleWall:
    """Grids of several models, drawn with one seed so that they can be compared; drawn_with: that seed in words."""

    drawn_with: str
    grids: tuple[SampleGrid, ...]


@dataclass(frozen=True)
class Failure:
    """Runs of one cell that did not end well, for one reason; traceback and output are the first run's.

    repetitions: their seeds, and splits where there are several, in words.
    """

    section: str
    label: str
    dataset: str
    task: str
    protocol: str
    device: str
    variant: Mapping[str, Value]
    status: str
    reason: str
    repetitions: str
    run_ids: tuple[str, ...]
    finished_at: str
    traceback: str = ""
    output: str = ""


@dataclass(frozen=True)
class Machine:
    """A machine with its software, as runs met it; `name` is how columns call it, `device` what ran there."""

    name: str
    device: str
    environment_id: str
    run_count: int
    facts: tuple[tuple[str, str], ...]

    @property
    def title(self) -> str:
        """The name as a heading."""
        return self.name[:1].upper() + self.name[1:]


@dataclass(frozen=True)
class Section:
    """One data set, task and protocol with its settings: what may be compared.

    main_score: the name of the score that models are ordered and judged by, "" where there is none.
    findings: sentences on what can and cannot be told apart. warnings: reasons to doubt a number.
    """

    key: str
    title: str
    dataset: str
    task: str
    protocol: str
    settings: tuple[tuple[str, str], ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    findings: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    samples: SampleWall | None = None
    failures: tuple[Failure, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    main_score: str = ""

    @property
    def has_splits(self) -> bool:
        """Were models run on several splits of the data?"""
        return any(row.split_count > 1 for row in self.rows)

    @property
    def main_columns(self) -> tuple[Column, ...]:
        """The columns of the main score, one for each condition it was measured under."""
        scores = (column for column in self.columns if column.measure.kind == "score")
        return tuple(column for column in scores if column.measure.name == self.main_score)

    @property
    def variant_names(self) -> tuple[str, ...]:
        """Names of what the protocol varied, in order of appearance."""
        return tuple(dict.fromkeys(name for row in self.rows for name in row.variant))


@dataclass(frozen=True)
class Repeats:
    """Whether runs of one model that were executed again gave the same bits.

    run_count: its runs in the report; repeated: those executed more than once on one machine; differing: those of
    them whose scores or curves differ; example: the first difference. is_deterministic: were only algorithms
    allowed that repeat bit for bit?
    """

    label: str
    family: str
    device: str
    is_deterministic: bool
    run_count: int
    repeated: int
    differing: int
    example: str = ""

    @property
    def verdict(self) -> str:
        """The outcome in words."""
        if not self.repeated:
            return "not repeated"
        return "differs" if self.differing else "repeats bit for bit"


@dataclass(frozen=True)
class Report:
    """Everything a renderer needs. created_at: ISO 8601 with its offset; command: what makes the report again.

    planned: runs the suites consist of, None where that is not known.
    """

    title: str
    created_at: str
    version: str
    command: str
    sections: tuple[Section, ...] = ()
    machines: tuple[Machine, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    outcomes: Mapping[str, int] = field(default_factory=dict)
    period: tuple[str, str] = ("", "")
    warnings: tuple[str, ...] = ()
    ranks: tuple[Ranks, ...] = ()
    repeats: tuple[Repeats, ...] = ()
    planned: int | None = None

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Failures of every section."""
        return tuple(failure for section in self.sections for failure in section.failures)

    @property
    def run_count(self) -> int:
        """Runs on record."""
        return sum(self.outcomes.values())

    @property
    def is_repeated(self) -> bool:
        """Was any run executed more than once?"""
        return any(each.repeated for each in self.repeats)

    @property
    def progress(self) -> str:
        """Say how many of the planned runs are on record where some are not, else nothing."""
        if self.planned is None or self.run_count >= self.planned:
            return ""
        return f"{self.run_count:,} of {self.planned:,} runs made so far"
