"""Read the documentation's pages: their blocks of code, their sections, the command lines they show."""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from bench.cli import COMMANDS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", ROOT / "examples" / "bench-hello" / "README.md", *sorted(DOCS.glob("*.md")))
# A comment before a block, `<!-- not run: reason -->`, leaves it out of the tests.
FENCE = re.compile(
    r"(?P<before>(?:^<!--[^\n]*-->\n)?)^```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
IN_BLOCK = re.compile(r"(?:^|&& |\$\()(bench .*?)(?= \d?[<>]| [|&]|\)|$)", re.MULTILINE)
IN_PROSE = re.compile(rf"`(bench (?:{'|'.join(COMMANDS)})\b[^`]*)`")


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    page: Path
    line: int
    language: str
    title: str
    code: str
    is_run: bool

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks(language: str, page: Path | None = None) -> list[Block]:
    """Return the blocks in a language, of one page or of all."""
    found = []
    for each in PAGES if page is None else (page,):
        text = each.read_text(encoding="utf-8")
        for match in FENCE.finditer(text):
            line = text.count("\n", 0, match.start("language")) + 1
            is_run = "not run:" not in match["before"]
            found.append(Block(each, line, match["language"], match["title"] or "", match["code"], is_run))
    return [block for block in found if block.language == language]


def modules(page: Path) -> dict[str, str]:
    """Return the sources of the modules a page shows, by file; blocks of one title make one module."""
    sources: dict[str, str] = defaultdict(str)
    for block in blocks("python", page):
        if block.title:
            sources[block.title] += f"{block.code}\n"
    return dict(sources)


def module_name(file: str) -> str:
    """Return what a module is imported as: `a/b.py` is `a.b`, `a/__init__.py` is `a`."""
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def sections(page: str) -> dict[str, str]:
    """Return heading → text up to the next heading, of a page in docs/."""
    parts = re.split(r"^#+ (.+)$", (DOCS / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def code_words(text: str) -> set[str]:
    """Return what stands in backquotes; lists of words are taken apart."""
    return {word for code in re.findall(r"`([^`\n]+)`", text) for word in re.split(r"[,\s]+", code)}


def command_lines() -> list[tuple[str, list[str]]]:
    """Return every `bench` command line of the pages, as place and words without `bench`."""
    found = [(str(block), line) for block in blocks("sh") for line in IN_BLOCK.findall(block.code)]
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        # In prose, capital letters, bars and brackets stand for what the reader fills in.
        found += [(page.name, line) for line in IN_PROSE.findall(text) if not re.search(r"\b[A-Z]{2,}\b|[|\[]", line)]
    return [(place, shlex.split(line)[1:]) for place, line in found]
