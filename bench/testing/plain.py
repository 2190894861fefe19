"""Tasks that ask no more than a role promises: what the core's tasks leave untried."""

from __future__ import annotations

from typing import ClassVar

from bench.errors import Refused
from bench.spaces import AnswerKind, Space
from bench.specs import DatasetSpec
from bench.tasks.base import Task
from bench.tasks.encoding import Scale

__all__ = ["PLAIN_TASKS"]

CLUSTERS = 3


class PredictValues(Task):
    """Predict whatever target there is, unless it is a class: classification asks for those."""

    objective: ClassVar[None] = None

    def spaces(self, offer: DatasetSpec) -> tuple[Space, Space]:
        """Return the data set's own spaces."""
        target = offer.targets
        if target is None or (target.kind == "index" and not target.axes):
            raise Refused(f"{self.name} needs values to predict; the target of {offer.name} is {target or 'not given'}")
        return offer.inputs, target


class PredictBounded(Task):
    """Name the class of images whose bounds are known, which standardisation would lose: levels of grey need them."""

    objective: ClassVar[None] = None
    input_scale: Scale = "bounds"

    def spaces(self, offer: DatasetSpec) -> tuple[Space, Space]:
        """Return the data set's own spaces."""
        target = offer.targets
        if offer.inputs.axes != "chw" or offer.inputs.bounds is None or target is None or target.kind != "index":
            raise Refused(f"{self.name} needs labelled images with known bounds; {offer.name} has {offer.inputs}")
        return offer.inputs, target


class SampleUnbounded(Task):
    """Draw rows or series whose values know no bounds."""

    objective: ClassVar[None] = None
    answer_kind: ClassVar[AnswerKind] = "sample"

    def spaces(self, offer: DatasetSpec) -> tuple[None, Space]:
        """Return the inputs as what is to be drawn."""
        space = offer.inputs
        if space.kind != "real" or space.missing or space.ragged or space.bounds is not None:
            raise Refused(f"{self.name} needs whole samples of values without bounds; {offer.name} has {space}")
        return None, space


class SampleBounded(Task):
    """Draw images whose values lie between bounds; no judge of samples is needed."""

    objective: ClassVar[None] = None
    answer_kind: ClassVar[AnswerKind] = "sample"
    target_scale: Scale = "bounds"

    def spaces(self, offer: DatasetSpec) -> tuple[None, Space]:
        """Return the inputs as what is to be drawn."""
        if offer.inputs.kind != "real" or offer.inputs.bounds is None:
            raise Refused(f"{self.name} needs values with known bounds; {offer.name} has {offer.inputs}")
        return None, offer.inputs


class ScoreSamples(Task):
    """Say how normal each sample is."""

    objective: ClassVar[None] = None
    answer_kind: ClassVar[AnswerKind] = "score"

    def spaces(self, offer: DatasetSpec) -> tuple[Space, None]:
        """Return the inputs."""
        return offer.inputs, None


class AssignClusters(Task):
    """Put each sample into one of three clusters."""

    objective: ClassVar[None] = None
    answer_kind: ClassVar[AnswerKind] = "assign"

    def spaces(self, offer: DatasetSpec) -> tuple[Space, Space]:
        """Return the inputs, and how many clusters there are."""
        return offer.inputs, Space(kind="index", size=CLUSTERS)


PLAIN_TASKS = (
    PredictValues(name="plain-prediction"),
    PredictBounded(name="plain-classification-bounded"),
    SampleBounded(name="plain-sampling"),
    SampleUnbounded(name="plain-sampling-unbounded"),
    ScoreSamples(name="plain-scoring"),
    AssignClusters(name="plain-clustering"),
)
