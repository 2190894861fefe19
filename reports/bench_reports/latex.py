"""Write the report for a paper: tables, figures and findings, to be read by `\\input`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.report.blocks import Entry, Gallery, Log, Prose, Report, Section, Table
from bench.report.figures import Figure
from bench.report.text import moment
from bench_reports.figures import figure_files
from bench_reports.latex_table import floats
from bench_reports.latex_text import escape
from bench_reports.layout import PictureFile, Shown, file_name, halves, picture_files, reading, shown

__all__ = ["PACKAGES", "render"]

PACKAGES = (
    r"\usepackage[T1]{fontenc}",
    r"\usepackage{textcomp}",
    r"\usepackage{amssymb}",
    r"\usepackage{booktabs}",
    r"\usepackage{array}",
    r"\usepackage{graphicx}",
    r"\usepackage{siunitx}",
)
# Names are long words that LaTeX cannot break: lines may be spaced more widely here than in the rest of a paper. It
# also gives up where too many tables wait for a page of their own, which they do until the end of the paper.
START = "\\maxdeadcycles=1000 \\extrafloats{400}\\begingroup\\emergencystretch=10em\n"
END = "\\par\\endgroup\n"
PICTURES_PER_ROW = 4
# Of a long list of events, the page has the rest.
MOST_EVENTS = 12


def render(report: Report, folder: Path) -> Path:
    """Write `report.tex`. What a page shows on demand is left out, but for columns that were asked for by name."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.tex"
    writer = _Writer(figure_files(report, folder), picture_files(report, folder))
    parts = [_head(report), *(part for section in report.sections for part in writer.section(section))]
    path.write_text("\n".join([*parts, END]), encoding="utf-8")
    return path


def _head(report: Report) -> str:
    made = f"depthbench {report.version}, {moment(report.created_at)}; made by: {report.command}"
    lines = [
        report.title,
        made,
        "Needs, before the document begins:",
        *PACKAGES,
        r"Where this file lies in another folder than the paper, \graphicspath{{FOLDER/}} finds the figures.",
    ]
    # A comment ends with its line, so that is all a hostile title could break out of.
    comment = "\n".join(f"% {' '.join(line.split())}" for line in lines)
    warnings = "".join(f"\n\\par\\textbf{{Warning:}} {escape(each)}\n" for each in report.warnings)
    return f"{comment}\n{START}{warnings}\n\\paragraph{{How to read the tables.}} {_reading()}\n"


def _reading() -> str:
    words = escape(reading("BOLD", "UNDERLINED"))
    return words.replace("BOLD", r"\textbf{Bold}").replace("UNDERLINED", r"\underline{underlined}")


@dataclass
class _Writer:
    """Writes sections; knows where figures and pictures lie, and which labels are taken."""

    figures: dict[str, str]
    pictures: dict[str, Sequence[PictureFile]]
    _labels: set[tuple[str, str]] = field(default_factory=set)

    def section(self, section: Section) -> Iterator[str]:
        yield f"\\subsection{{{escape(section.title)}}}\n\\label{{sec:{self._label('sec', section.key)}}}\n"
        for block in shown(section):
            yield from self._block(block)

    def _label(self, kind: str, key: str) -> str:
        """Return a key as the name of a label, with a number behind it where another of its kind has that name."""
        name, number = file_name(key), 1
        while (kind, name) in self._labels:
            number += 1
            name = f"{file_name(key)}-{number}"
        self._labels.add((kind, name))
        return name

    def _block(self, block: Shown) -> Iterator[str]:
        if isinstance(block, Prose):
            yield _prose(block)
        elif isinstance(block, Table):
            if not block.is_folded:
                yield from floats(halves(block)[0], self._label("tab", block.key))
        elif isinstance(block, Gallery):
            yield self._gallery(block)
        elif isinstance(block, Log):
            yield _log(block)
        elif isinstance(block, Figure) and block.key in self.figures:
            yield self._figure(block)

    def _figure(self, figure: Figure) -> str:
        path = f"{self.figures[figure.key]}.pdf"
        drawn = rf"\resizebox{{\ifdim\width>\linewidth\linewidth\else\width\fi}}{{!}}{{\includegraphics{{{path}}}}}"
        return _float(drawn, f"{figure.title}. {figure.caption}", self._label("fig", figure.key))

    def _gallery(self, gallery: Gallery) -> str:
        cells = [_picture(each) for each in self.pictures[gallery.key]]
        rows = [cells[first : first + PICTURES_PER_ROW] for first in range(0, len(cells), PICTURES_PER_ROW)]
        drawn = "\\\\[6pt]\n".join("\\hfill\n".join(row) for row in rows)
        return _float(drawn, f"{gallery.title}. {gallery.caption}", self._label("fig", gallery.key))


def _float(drawn: str, caption: str, label: str) -> str:
    return "\n".join(
        [
            r"\begin{figure}[htbp]",
            r"  \centering",
            drawn,
            rf"  \caption{{{escape(caption)}}}",
            rf"  \label{{fig:{label}}}",
            r"\end{figure}",
            "",
        ]
    )


def _picture(file: PictureFile) -> str:
    image = rf"\includegraphics[width=\linewidth]{{{file.path}}}\\" if file.path else ""
    words = ". ".join(filter(None, (file.picture.title, file.picture.caption)))
    width = f"{0.96 / PICTURES_PER_ROW:.2f}"
    return rf"\begin{{minipage}}[t]{{{width}\linewidth}}\centering\footnotesize {image}{escape(words)}\end{{minipage}}"


def _prose(block: Prose) -> str:
    sentences = [escape(sentence) for sentence in block.sentences]
    if block.is_list and len(sentences) > 1:
        items = "\n".join(rf"  \item {each}" for each in sentences)
        body = f"\\begin{{itemize}}\n{items}\n\\end{{itemize}}"
    else:
        body = " ".join(sentences)
    if block.kind == "warning":
        body = rf"\textbf{{Warning:}} {body}"
    elif block.kind == "scope":
        body = rf"\emph{{{body}}}"
    elif block.kind == "note":
        body = rf"{{\footnotesize {body}\par}}"
    title = rf"\paragraph{{{escape(block.title)}.}} " if block.title else r"\par "
    return f"{title}{body}\n"


def _log(log: Log) -> str:
    """Return a list of events; what each printed is on the page."""
    lines = [entry.title if log.is_folded else f"{entry.title}{_facts(entry)}" for entry in log.entries]
    more = [f"and {len(lines) - MOST_EVENTS} more"] if len(lines) > MOST_EVENTS else []
    return _prose(Prose((*lines[:MOST_EVENTS], *more), "note", log.title, is_list=True)) if lines else ""


def _facts(entry: Entry) -> str:
    return "".join(f"; {name}: {value}" for name, value in entry.facts.items())
