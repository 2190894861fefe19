"""Write every figure of the report as an SVG and a PDF file, for slides and papers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.report.blocks import Report
from bench.report.figures import Figure
from bench_reports import palette
from bench_reports.layout import file_name

__all__ = ["FOLDER", "figure_files", "render"]

FOLDER = "report_figures"
INDEX = "index.json"
SUFFIXES = ("svg", "pdf")


def render(report: Report, folder: Path) -> Path:
    """Write the figures to `report_figures/`; return the path of its index, the digest of each figure by file name.

    A figure that is there already, drawn from the same values by the same code, is not drawn again; files of figures
    that the report no longer has are removed.
    """
    from bench_reports.plots import draw, save

    place = folder / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    known, wanted = _index(place), _digests(report)
    for stem in known.keys() - wanted.keys():
        for suffix in SUFFIXES:
            (place / f"{stem}.{suffix}").unlink(missing_ok=True)
    for stem, figure in _named(report):
        if known.get(stem) != wanted[stem] or not _is_there(place, stem):
            save(draw(figure, report.models), [place / f"{stem}.{suffix}" for suffix in SUFFIXES])
    path = place / INDEX
    path.write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")
    return path


def figure_files(report: Report, folder: Path) -> dict[str, str]:
    """Return where the figures of a report lie, by their key: paths relative to the folder, without their suffix.

    Only files that show what the report says now: what an earlier report left behind is not among them.
    """
    place = folder / FOLDER
    known = _index(place)
    if not known:
        return {}
    wanted = _digests(report)
    return {
        figure.key: f"{FOLDER}/{stem}"
        for stem, figure in _named(report)
        if known.get(stem) == wanted[stem] and _is_there(place, stem)
    }


def _named(report: Report) -> Iterator[tuple[str, Figure]]:
    """Yield the figures, each with a file name of its own."""
    taken: set[str] = set()
    for _, block in report.blocks():
        if not isinstance(block, Figure):
            continue
        stem, number = file_name(block.key), 1
        while stem in taken:
            number += 1
            stem = f"{file_name(block.key)}-{number}"
        taken.add(stem)
        yield stem, block


def _digests(report: Report) -> dict[str, str]:
    looks = [(model.label, model.family) for model in report.models]
    code = b"".join((Path(__file__).parent / name).read_bytes() for name in ("plots.py", "labels.py", "palette.py"))
    return {
        stem: hashlib.sha256(repr((figure, looks, palette.COLOURS)).encode() + code).hexdigest()
        for stem, figure in _named(report)
    }


def _index(place: Path) -> Mapping[str, str]:
    try:
        found = json.loads((place / INDEX).read_text(encoding="utf-8"))
    # An index that was cut off while it was written is as good as none: the figures are drawn again.
    except (FileNotFoundError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    # A name that is none of ours could lead out of the folder.
    return {stem: digest for stem, digest in found.items() if file_name(stem) == stem}


def _is_there(place: Path, stem: str) -> bool:
    return all((place / f"{stem}.{suffix}").is_file() for suffix in SUFFIXES)
