"""Find what a protocol adds to the report of its sections, by the function that its spec names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar, get_args

from bench.plugins import BROKEN, Offer, sentence
from bench.report.blocks import Block, Choice, Prose
from bench.report.figures import Figure, LineFigure, MatrixFigure
from bench.report.parts.plots import general_blocks, not_flat
from bench.report.section import ProtocolPart, SectionData
from bench.specs import ProtocolSpec, resolve

__all__ = ["Found", "part_of"]

AnyBlock = TypeVar("AnyBlock", bound=Block)
Protocols = Mapping[str, Offer[ProtocolSpec]]
BLOCKS = get_args(Block)
# What one option of a choice can be: a choice between logs or choices is drawn by no renderer.
OPTIONS = tuple(kind for kind in BLOCKS if kind.__name__ not in ("Log", "Choice"))


@dataclass(frozen=True)
class Found:
    """The figures of a section, the protocol's or the general ones; the sentences and other blocks that its protocol
    adds; why something is left out; and, as a warning, which models a longer budget might have placed otherwise.
    """

    figures: tuple[Block, ...]
    findings: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def part_of(section: SectionData, protocols: Protocols, key: str) -> Found:
    """Return the figures of a section, and what its protocol adds.

    protocols: those installed. key: the section's, which keys of blocks begin with, so that a page has each key once.

    Records are readable without the plugin that made them, and a part that breaks is left out: then the section has
    what every section has, and a note says why it has no more.
    """
    found = _found(section, protocols)
    # A part may have read truths again for its contrasts.
    if section.samples is not None:
        section.samples.forget()
    figures = tuple(_keyed(block, key) for block in found.figures)
    blocks = tuple(_keyed(block, key) for block in found.blocks)
    return replace(found, figures=figures, blocks=blocks, warnings=not_flat(section))


def _found(section: SectionData, protocols: Protocols) -> Found:
    if section.protocol not in protocols:
        missing = (
            f"The protocol {section.protocol} is not installed here: figures and findings of its own are left out. "
            "Install the plugin that offers it and make the report again."
        )
        return Found(general_blocks(section), notes=(missing,))
    offer = protocols[section.protocol]
    if not offer.spec.report:
        return Found(general_blocks(section))
    try:
        part = _checked(resolve(offer.spec.report)(section))
    except BROKEN as error:
        broken = (
            f"The part of the report that protocol {section.protocol} of plugin {offer.owner} brings is left out, "
            f"since {offer.spec.report} is broken: {sentence(error)}."
        )
        return Found(general_blocks(section), notes=(broken,))
    figures = general_blocks(section) if part.figures is None else part.figures
    return Found(figures, part.findings, part.blocks)


def _keyed(block: Block, key: str) -> Block:
    """Return a block whose key, and those of its options, begin with its section's."""
    if isinstance(block, Choice):
        options = {name: _with_key(option, key) for name, option in block.options.items()}
        return replace(block, key=f"{key}-{block.key}", options=options)
    return _with_key(block, key)


def _with_key(block: AnyBlock, key: str) -> AnyBlock:
    """Prose has no key, and stays as it is."""
    return block if isinstance(block, Prose) else replace(block, key=f"{key}-{block.key}")


def _checked(part: object) -> ProtocolPart:
    """Return the part; raises TypeError where it is none, ValueError where no renderer could draw what it holds."""
    if not isinstance(part, ProtocolPart):
        raise TypeError(f"it returned {type(part).__name__}, and a ProtocolPart is wanted")
    for finding in part.findings:
        if not isinstance(finding, str):
            raise TypeError(f"a finding is a sentence, got {type(finding).__name__}")
    _check_kinds("figure", part.figures or (), get_args(Figure))
    _check_kinds("block", part.blocks, BLOCKS)
    for block in (*(part.figures or ()), *part.blocks):
        options = tuple(block.options.values()) if isinstance(block, Choice) else ()
        _check_kinds("option of a choice", options, OPTIONS)
        for each in options or (block,):
            _check_shape(each)
    return part


def _check_kinds(what: str, values: Iterable[object], kinds: tuple[type[Any], ...]) -> None:
    for value in values:
        if not isinstance(value, kinds):
            names = ", ".join(kind.__name__ for kind in kinds)
            raise TypeError(f"{type(value).__name__} is no {what}: those are {names}")


def _check_shape(block: object) -> None:
    """Raise ValueError where the numbers of a figure do not fit each other."""
    if isinstance(block, LineFigure):
        for line in block.lines:
            # A line may have no band.
            lengths = (len(line.y), len(line.low) or len(line.x), len(line.high) or len(line.x))
            if {*lengths} != {len(line.x)}:
                raise ValueError(
                    f"line {line.label!r} of figure {block.key!r} has {len(line.x)} values of x, {len(line.y)} of y, "
                    f"{len(line.low)} of low and {len(line.high)} of high"
                )
    if isinstance(block, MatrixFigure):
        for name, values in (("values", block.values), ("texts", block.texts)):
            if [len(row) for row in values] != [len(block.columns)] * len(block.rows):
                shape = f"{len(block.rows)} rows and {len(block.columns)} columns"
                raise ValueError(f"{name} of figure {block.key!r} are not of {shape}")
