"""Turn the records of one group into numbers: its variables, its rows, and the comparisons of its models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.evidence import SampleScores
from bench.evidence.objective import is_clocked, main_score
from bench.record import RunRecord
from bench.report.numbers.conditions import Conditions
from bench.report.numbers.grouping import Group
from bench.report.numbers.judged import Judge, Rules
from bench.report.numbers.rows import Rows
from bench.report.numbers.values import collect, column_words
from bench.report.section import Measure, SectionData, Variable

__all__ = ["analyse"]


DEFAULT = Rules()


def analyse(
    group: Group,
    machine_names: Mapping[str, str],
    siblings: Sequence[RunRecord] = (),
    samples: SampleScores | None = None,
    rules: Rules = DEFAULT,
) -> SectionData:
    """Return what the records of a group allow to say.

    siblings: records of other groups on the same data set and task. samples: reads scores of test samples from kept
    answers; without it a run is one value. rules: what is asked of the comparisons.
    """
    applicable = [record for record in group.records if record.status != "not-applicable"]
    good = [record for record in applicable if record.is_ok]
    main = main_score(group.records)
    found = collect(good, main)
    words = Conditions(applicable, machine_names)
    variables = [
        Variable(f"{values.measure.name}#{number}", values.measure, values.condition, name)
        for number, (values, name) in enumerate(zip(found, column_words(found, words), strict=True))
    ]
    if samples is not None:
        samples.load(good, dict.fromkeys(each.measure.name for each in found if _is_of_samples(each.measure, good)))
    judge = Judge(applicable, samples, main, rules)
    judged = [judge.of(variable, values) for variable, values in zip(variables, found, strict=True)]
    rows = Rows(group.records, variables, found, judged, main).rows()
    compared = {
        (variable.key, variant): each.compared
        for variable, of in zip(variables, judged, strict=True)
        for variant, each in of.items()
        if each.compared
    }
    if samples is not None:
        samples.forget()
        # What could not be read is tried by no figure again.
        good = samples.readable(good)
    return SectionData(
        group.dataset, group.task, group.protocol, main, good, variables, rows, compared,
        failed=[record for record in applicable if not record.is_ok],
        siblings=[record for record in siblings if record.is_ok],
        failed_siblings=[each for each in siblings if not each.is_ok and each.status != "not-applicable"],
        samples=samples,
    )  # fmt: skip


def _is_of_samples(measure: Measure, records: Sequence[RunRecord]) -> bool:
    """May the test samples behind a score count? Not for a time, nor for what the clock decided."""
    if measure.kind != "score" or measure.unit == "s":
        return False
    named = (score for record in records[:1] for score in record.scores if score.name == measure.name)
    return not any(is_clocked(score) for score in named)
