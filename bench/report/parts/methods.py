"""Say in sentences that can go into a paper what was compared, on what, how, and by which test."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import bench
from bench.evidence import LEVEL
from bench.matching import BASELINE
from bench.plugins import Plugins
from bench.record import Environment, RunRecord
from bench.report import text
from bench.report.blocks import Block, Prose, family_place
from bench.report.numbers.conditions import Repetition, device_name, split_count
from bench.report.numbers.grouping import canonical, flatten
from bench.report.parts.datafacts import data_facts
from bench.report.section import SectionData
from bench.specs import DatasetSpec, ModelSpec, ProtocolSpec

__all__ = ["Offers", "methods", "settings_words"]

# What a test is taken from; an unpublished name of a rule would help no reader.
HOLM = "S. Holm: A simple sequentially rejective multiple test procedure, 1979"
SCHUIRMANN = "D. J. Schuirmann: A comparison of the two one-sided tests procedure, 1987"
NADEAU = "C. Nadeau, Y. Bengio: Inference for the generalization error, 2003"
HILLIS = "S. L. Hillis: A comparison of denominator degrees of freedom methods for multiple observer ROC analysis, 2007"
DORFMAN = (
    "D. D. Dorfman, K. S. Berbaum, C. E. Metz: Receiver operating characteristic rating analysis: generalization to "
    "the population of readers and patients with the jackknife method, 1992"
)
# The shares of `bench.data.holdout`.
CUT = "64 % to train on, 16 % for validation and 20 % to test"


@dataclass(frozen=True)
class Offers:
    """What installed plugins say of the things a report is about, by name; empty where they are not installed."""

    models: Mapping[str, ModelSpec] = field(default_factory=dict)
    datasets: Mapping[str, DatasetSpec] = field(default_factory=dict)
    protocols: Mapping[str, ProtocolSpec] = field(default_factory=dict)

    @classmethod
    def of(cls, plugins: Plugins) -> Offers:
        """Return what these plugins say."""
        return cls(
            {name: offer.spec for name, offer in plugins.models.items()},
            {name: offer.spec for name, offer in plugins.datasets.items()},
            {name: offer.spec for name, offer in plugins.protocols.items()},
        )


class _References:
    """Numbers works as they are cited."""

    def __init__(self) -> None:
        self.works: dict[str, int] = {}

    def cite(self, *works: str) -> str:
        """Return ` [1, 4]`, nothing where no work is known."""
        numbers = [self.works.setdefault(work, len(self.works) + 1) for work in works if work]
        return f" [{', '.join(map(str, numbers))}]" if numbers else ""

    def listed(self) -> tuple[str, ...]:
        """Return each work after its number."""
        return tuple(f"[{number}] {work}" for work, number in self.works.items())


def methods(
    sections: Sequence[SectionData], environments: Mapping[str, Environment], offers: Offers = Offers()
) -> tuple[Block, ...]:
    """Return paragraphs on models, data, protocols, statistics and machines, and the list of works that they cite."""
    cited = _References()
    records = list({each.run.run_id: each for section in sections for each in section.records}.values())
    paragraphs = (
        ("Models", _models(sections, offers, cited)),
        ("Data", _data(sections, offers, cited)),
        ("Protocol", _protocols(sections, offers)),
        ("Statistics", _statistics(sections, cited)),
        ("Machine", _machines(records, environments)),
    )
    found: list[Block] = [
        Prose(tuple(sentences), title=title) for title, each in paragraphs if (sentences := list(each))
    ]
    return (*found, Prose(cited.listed(), title="References", is_list=True)) if cited.works else tuple(found)


def settings_words(settings: Mapping[str, Any]) -> str:
    """Return the settings of a task or a protocol in words: `20 epochs, batches of 64, learning rate 0.005`."""
    return ", ".join(filter(None, (_setting(name, value) for name, value in settings.items())))


def _setting(name: str, value: Any) -> str:
    words = name.replace("_", " ")
    if value is None or value == [] or (name == "patience" and not value):
        return ""
    if isinstance(value, bool):
        return f"{words}: {'yes' if value else 'no'}"
    told = {
        "epochs": f"{value} epochs",
        "steps": f"{value} steps",
        "seconds": f"{value} seconds of training",
        "batch_size": f"batches of {value}",
        "schedule": f"{value} schedule",
        "patience": f"stopped after {value} evaluations without improvement",
        "evaluations": f"at most {value} evaluations on the validation part",
    }
    if isinstance(value, Mapping):
        return ", ".join(f"{words} {inner} {each}" for inner, each in flatten(value).items())
    listed = ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
    return told.get(name, f"{words} {listed}")


def _models(sections: Sequence[SectionData], offers: Offers, cited: _References) -> Iterator[str]:
    runs = {each.run.label: each.run for section in sections for each in (*section.records, *section.failed)}
    if not runs:
        return
    settings = _hyperparameters(sections)
    yield f"{text.plural(len(runs), 'model')} were compared with depthbench {bench.__version__}."
    for family in sorted({run.family for run in runs.values()}, key=family_place):
        listed = []
        for label, run in runs.items():
            spec = offers.models.get(run.model)
            if run.family == family and run.model != BASELINE:
                about = "; ".join(filter(None, (spec.summary if spec else "", settings.get(label, ""))))
                listed.append(f"{label}{f' ({about})' if about else ''}{cited.cite(spec.paper if spec else '')}")
        if listed:
            yield f"{family[:1].upper()}{family[1:]}: {'; '.join(listed)}."
    trivial = [label for label, run in runs.items() if run.model == BASELINE]
    if trivial:
        yield f"{text.join(trivial)} is the trivial model of its task, which every other must beat."


def _hyperparameters(sections: Sequence[SectionData]) -> dict[str, str]:
    """Return the hyperparameters of every label in words; values that differ between sections beside each other."""
    values: dict[str, dict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
    for section in sections:
        for row in section.rows:
            for name, value in row.hyperparameters.items():
                values[row.label][name][str(value)] = None
    return {
        label: ", ".join(f"{name} = {text.join(each, 'or')}" for name, each in found.items())
        for label, found in values.items()
    }


def _data(sections: Sequence[SectionData], offers: Offers, cited: _References) -> Iterator[str]:
    by_name: dict[str, list[SectionData]] = defaultdict(list)
    for section in sections:
        by_name[section.dataset].append(section)
    for own in by_name.values():
        facts = data_facts(own[0], offers.datasets)
        if facts.size:
            yield facts.size.removesuffix(".") + cited.cite(facts.citation) + "."
    told = [(_name(section, by_name[section.dataset]), _splits(section, offers.datasets)) for section in sections]
    for sentence, names in _by_sentence(told):
        yield f"{text.join(dict.fromkeys(names))}: {sentence}."


def _name(section: SectionData, of_dataset: Sequence[SectionData]) -> str:
    """Return the name of the data, with the task where several are asked of them."""
    is_alone = len({each.task for each in of_dataset}) == 1
    return section.dataset if is_alone else f"{section.dataset} ({section.task.replace('-', ' ')})"


def _by_sentence(told: Iterable[tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    """Yield each sentence once, with the names it is true of."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, sentence in told:
        if sentence:
            found[sentence].append(name)
    yield from found.items()


def _splits(section: SectionData, datasets: Mapping[str, DatasetSpec]) -> str:
    """Return how the data were cut and how often models were run on them, "" where there are no runs."""
    repetitions = {Repetition.of(each) for each in (*section.records, *section.failed)}
    if not repetitions:
        return ""
    seeds, splits = len({each.seed for each in repetitions}), split_count(repetitions)
    spec = datasets.get(section.dataset)
    cut = f"{CUT}, in the order of time" if spec and spec.ordered else f"{CUT}, each class with its share"
    folds = max(each.folds for each in repetitions)
    if folds > 1:
        where = f"{folds}-fold cross-validation, {text.plural(splits, 'fold')} made"
    elif spec is not None and spec.has_official_test and not any(each.is_resplit for each in repetitions):
        where = "the official test part"
    else:
        many = "cuts, each further one ending earlier" if spec and spec.ordered else "random cuts"
        where = f"{splits} {many} ({cut})" if splits > 1 else f"one cut ({cut})"
    paired = ", one on each" if splits > 1 and len(repetitions) == splits == seeds else ""
    return f"{where}, {text.plural(seeds, 'seed')}{paired}"


def _protocols(sections: Sequence[SectionData], offers: Offers) -> Iterator[str]:
    groups: dict[str, list[SectionData]] = defaultdict(list)
    for section in sections:
        run = next((each.run for each in (*section.records, *section.failed)), None)
        if run is not None:
            groups[canonical([run.task, run.protocol, run.settings])].append(section)
    for own in groups.values():
        run = next(each.run for each in (*own[0].records, *own[0].failed))
        spec = offers.protocols.get(run.protocol)
        names = text.join(dict.fromkeys(section.dataset for section in own))
        rules = f"{run.protocol}{f' ({spec.summary})' if spec and spec.summary else ''}"
        told = settings_words({**run.settings.get("task", {}), **run.settings.get("protocol", {})})
        yield f"{run.task.replace('-', ' ').capitalize()} on {names}, protocol {rules}{f': {told}' if told else ''}."
    if groups:
        yield (
            "Networks keep the weights of the best evaluation on the validation part; models that train themselves are "
            "fitted once, whatever the budget. Scores are of the test part alone."
        )


def _statistics(sections: Sequence[SectionData], cited: _References) -> Iterator[str]:
    compared = [
        each for section in sections for (key, _), each in section.compared.items()
        if any(key == variable.key for variable in section.mains)
    ]  # fmt: skip
    bases = {pair.basis for each in compared for pair in each.pairs}
    if "splits" in bases:
        yield f"Over several splits models are compared by the corrected resampled t test{cited.cite(NADEAU)}."
    if bases & {"seeds and samples", "samples"}:
        yield (
            "On one test part seeds and test samples are crossed random effects of the per-sample differences"
            f"{cited.cite(HILLIS)}; scores that are no mean over samples enter through jackknife pseudo-values"
            f"{cited.cite(DORFMAN)}."
        )
    if "seeds" in bases:
        yield (
            "Scores of a set of samples as a whole, and those of runs without kept answers, are compared by Student's "
            "t over seeds."
        )
    if bases:
        yield (
            f"All pairs of models of one table are corrected together{cited.cite(HOLM)}; two models are called "
            f"distinguishable at the {100 * LEVEL:g} % level. ± is half of the {100 * (1 - LEVEL):g} % interval."
        )
    if any(each.margin is not None for each in compared):
        margins = text.join(sorted({f"{each.margin:g}" for each in compared if each.margin is not None}), "or")
        yield f"Models are equivalent within a margin of {margins}, by two one-sided tests{cited.cite(SCHUIRMANN)}."


def _machines(records: Sequence[RunRecord], environments: Mapping[str, Environment]) -> Iterator[str]:
    places: dict[str, dict[tuple[str, int], None]] = defaultdict(dict)
    for record in records:
        places[record.environment_id][record.run.device, record.run.threads] = None
    yield from dict.fromkeys(
        _machine(environments[identity], device, threads)
        for identity, used in places.items() if identity in environments
        for device, threads in used
    )  # fmt: skip
    shared = sum(not record.is_alone for record in records)
    if shared:
        yield f"{shared:,} of {text.plural(len(records), 'run')} were timed while others ran on the same machine."


def _machine(environment: Environment, device: str, threads: int) -> str:
    facts = environment.facts
    cpu, gpu = _inner(facts, "cpu"), _inner(facts, "gpu")
    named = [gpu.get("name") if device != "cpu" else None, cpu.get("model")]
    where = ", ".join(str(each) for each in named if each)
    software = _inner(facts, "software")
    versions = [
        f"{name.capitalize() if name == 'python' else name} {software[name]}" for name in WITH if name in software
    ]
    told = "; ".join(filter(None, (where, ", ".join(versions))))
    many = text.plural(threads, "thread")
    return f"Times and memory on {device_name(device)} are of runs with {many}{f' ({told})' if told else ''}."


WITH = ("python", "torch", "numpy", "scikit-learn")


def _inner(facts: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = facts.get(name)
    return found if isinstance(found, Mapping) else {}
