"""A tale without an end, for models of text: written by a small grammar, kept as a file.

`python -m bench_problems.data.tale FILE` writes it anew, character for character. Words and grammar were made for this
example and are free for any use (CC0 1.0).
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np

from bench.data import Dataset, Split
from bench.sources import DataSource

__all__ = ["load", "write"]

SENTENCES, PARAGRAPH = 640, 8
# Each line: a symbol, and what may stand for it, parted by bars. A symbol is written in braces.
GRAMMAR = """
sentence: {who} {did}. | {who} {did}, and {who} {did}. | {when}, {who} {did}. | {when}, {who} {did}, but {who} {did}.
sentence: {who} {asked}, '{question}?' | '{saying},' said {who}. | '{saying}!' cried {who}; {who} {did}. | {there}.
who: {name} | {name} | the {person} | the {age} {person} | the {person} from the {place} | {name} the {person}
name: Anna | Bertram | Cecily | Dorian | Edith | Falk | Greta | Hugo | Ida | Jorun
person: miller | smith | ferryman | widow | shepherd | baker | child | stranger | weaver | judge
age: old | young | tired | cheerful | silent | clever
place: valley | harbour | mountain | far village | north | mill | forest
when: In the morning | At noon | When the rain had ended | After the harvest | One winter | Before the bells rang
when: While the others slept | A year later | On the way to the {place}
did: went to the {place} | came back from the {place} | found {thing} | lost {thing}
did: carried {thing} to the {place}
did: sold {thing} to {who} | waited for {who} | told nobody | sang of the {place} | looked for {thing} {where}
did: could not forget {thing} | laughed | gave {who} {thing} | wrote a letter | slept {where} | mended {thing}
thing: {a} {kind} {object} | {a} {object} | the {object} of {name} | two {object}s | the {kind} {object}
a: a | his neighbour's | her mother's | that
kind: golden | broken | heavy | little | forgotten | wooden | blue
object: key | boat | lantern | horse | ring | book | basket | bell | coat | clock
where: by the river | under the bridge | behind the {place} | near the well | on the roof | in an empty barn
asked: asked | asked {who} | wanted to know | whispered
question: Where is the {object} | Who has seen {name} | Why did {who} leave the {place} | Is it far to the {place}
question: What does a {kind} {object} cost
saying: Nobody needs {thing} | I have been to the {place} | There is {thing} {where} | {name} knows the way
saying: It was not me
saying: Never lend {thing} to {who}
there: There was {thing} {where} | It rained on the {place} | Nobody spoke of {thing} any more
there: The {object} hung {where}, and no one knew why
"""


def load(source: DataSource) -> Dataset:
    """Return the characters in their order. x: (characters,) int64, their places in the spec's names; no target."""
    place_of = {character: place for place, character in enumerate(source.spec.inputs.names)}
    text = source.read("data/tale.txt").decode("ascii")
    return Dataset.cut(source.spec, Split(np.array([place_of[character] for character in text], np.int64)))


def write() -> str:
    """Write the tale by the grammar."""
    choices: dict[str, list[str]] = {}
    for line in GRAMMAR.strip().splitlines():
        symbol, _, options = line.partition(": ")
        choices.setdefault(symbol, []).extend(option.strip() for option in options.split(" | "))
    # NumPy promises that this stream is the same in every version.
    generator = np.random.RandomState(2)

    def expand(symbol: str) -> str:
        chosen = choices[symbol][generator.randint(len(choices[symbol]))]
        return re.sub(r"{(\w+)}", lambda found: expand(found[1]), chosen)

    sentences = [expand("sentence") for _ in range(SENTENCES)]
    sentences = [re.sub(r"[a-zA-Z]", lambda found: found[0].upper(), each, count=1) for each in sentences]
    paragraphs = [" ".join(sentences[at : at + PARAGRAPH]) for at in range(0, SENTENCES, PARAGRAPH)]
    return "\n".join(paragraphs) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(write(), encoding="ascii", newline="\n")
