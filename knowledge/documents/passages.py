"""Where a document speaks of something: the lines that share the rarest words with a question."""

import math
import re
from collections import Counter
from dataclasses import dataclass

from flowmaster.engine.values import Json
from flowmaster.knowledge.documents.model import Line, ReadDocument
from flowmaster.knowledge.documents.vocabulary import plain
from flowmaster.knowledge.documents.work import Work

_STEM = 6
_WORDS_MAX = 40


@dataclass(frozen=True, slots=True)
class Passage:
    """A line of a document that answers to a question, with its place."""

    page: int
    line: Line
    score: float

    def as_json(self) -> dict[str, Json]:
        """Return the passage as a JSON value."""
        ref = self.line.words[0].ref if self.line.words else ""
        shown: dict[str, Json] = {"page": self.page, "box": self.line.box.as_json(), "quote": self.line.text}
        return {**shown, "ref": ref} if ref else shown


def find_passages(document: ReadDocument, question: str, work: Work, *, limit: int) -> list[Passage]:
    """Return the lines that fit a question best, in order of fit; none if no word of it occurs."""
    asked = _stems(question)
    lines = [
        (page.number, line, _stems(line.text)) for page in document.pages for line in work.each(page.lines)
    ]
    counts = Counter(stem for _, _, stems in lines for stem in stems)
    total = max(len(lines), 1)
    weights = {stem: math.log(1 + total / counts[stem]) for stem in asked if stem in counts}
    found = [
        Passage(number, line, sum(weights[stem] for stem in stems & weights.keys()))
        for number, line, stems in lines
    ]
    best = sorted((passage for passage in found if passage.score > 0), key=lambda passage: -passage.score)
    return best[:limit]


def _stems(text: str) -> frozenset[str]:
    words = [plain(word) for word in re.findall(r"[\w./-]+", text)[:_WORDS_MAX]]
    return frozenset(word[:_STEM] if word.isalpha() else word for word in words if len(word) > 1)
