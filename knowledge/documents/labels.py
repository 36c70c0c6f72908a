"""Where labels stand in a document, and the words beside and below them that may be their value."""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from flowmaster.knowledge.documents.layout import Across, Areas, Run, lines_of, run_of, segments_of
from flowmaster.knowledge.documents.model import Box, Line, Page, Word, box_around
from flowmaster.knowledge.documents.schema import FieldSpec
from flowmaster.knowledge.documents.vocabulary import plain, spellings, vocabulary
from flowmaster.knowledge.documents.work import Work

OTHER = ""
"""The name of labels that no wanted field has: they only end the values of others."""
_WORDS_PER_LABEL = 7
_BELOW_LINES = 2.4
_SENTENCE_WORDS_MAX = 20
"""How many words behind a label inside a sentence its value is looked for, past labels that follow."""
_GLUED = re.compile(r"^(?P<label>[^\W\d][^:]*:)(?P<value>[^\s:/].*)$")
_HASH = re.compile(r"^(?P<label>#)(?P<value>\w.*)$")
_VALUE_ENDS = re.compile(r"\d[\d.,%)€-]*$")


@dataclass(frozen=True, slots=True)
class LabelUse:
    """What a label means: the field, and whether it means it firmly or only for want of a better one."""

    field: str
    weak: bool
    key: str = ""


@dataclass(frozen=True, slots=True)
class LabelHit:
    """A label as it stands on a page: in which segment of which line, from which word to which."""

    page: int
    line: int
    segment: int
    start: int
    end: int
    text: str
    box: Box
    uses: tuple[LabelUse, ...]
    firm: bool
    """The label begins its segment, follows a value, or ends with a colon: it is not a word in a sentence."""
    first: bool
    """The label begins its segment or ends with a colon."""
    until: int
    """At which word of the segment the next label begins."""
    until_firm: int
    """At which word of the segment the next firm label begins."""


class PageLayout:
    """A page as lines of segments, with labels and values that were written together parted."""

    def __init__(self, page: Page, work: Work, without: Sequence[Box] = ()) -> None:
        self.page = page
        areas = Areas(without)
        self.lines: tuple[Line, ...] = lines_of(
            part
            for line in work.each(page.lines)
            for word in line.words
            for part in _parted(word)
            if not any(_holds(area, part.box) for area in areas.at(part.box.middle, margin=0))
        )
        self.segments: tuple[tuple[Run, ...], ...] = tuple(
            segments_of(line) for line in work.each(self.lines)
        )
        self._across: dict[int, Across] = {}

    def touching(self, line: int, span: Box) -> list[int]:
        """Return which words of a line share a length with the span horizontally."""
        across = self._across.get(line)
        if across is None:
            across = self._across[line] = Across([word.box for word in self.lines[line].words])
        return across.touching(span)

    @cached_property
    def type_size(self) -> float:
        """Return the middle type size of the page."""
        sizes = sorted(word.size for line in self.lines for word in line.words)
        return sizes[len(sizes) // 2] if sizes else 1.0


def _holds(area: Box, word: Box) -> bool:
    middle = (word.x0 + word.x1) / 2
    return area.x0 <= middle <= area.x1 and area.top <= word.middle <= area.bottom


def _parted(word: Word) -> Iterator[Word]:
    match = _GLUED.match(word.text) or _HASH.match(word.text)
    if match is None or "@" in word.text:
        yield word
        return
    cut = word.box.x0 + word.box.width * len(match["label"]) / len(word.text)
    yield Word(match["label"], Box(word.box.x0, word.box.top, cut, word.box.bottom), word.size, word.ref)
    yield Word(match["value"], Box(cut, word.box.top, word.box.x1, word.box.bottom), word.size, word.ref)


class LabelIndex:
    """All labels by their plain spelling; the longest one that fits at a place is the one that stands there."""

    def __init__(self, uses: Mapping[str, tuple[LabelUse, ...]]) -> None:
        self._uses = uses
        self._longest = max(map(len, uses), default=0)
        self._beginnings = frozenset(form[:length] for form in uses for length in range(1, len(form) + 1))

    def may_begin(self, word: Word) -> bool:
        """Tell whether some label begins with this word."""
        return plain(word.text) in self._beginnings

    @classmethod
    def of_fields(cls, specs: Iterable[FieldSpec]) -> "LabelIndex":
        """Build the index of wanted fields; all other labels of the vocabulary end values, too."""
        uses: dict[str, list[LabelUse]] = {}
        words = vocabulary()
        for spec in specs:
            for weak, labels in ((False, spec.labels), (True, spec.weak)):
                for form in (form for label in labels for form in spellings(label)):
                    uses.setdefault(form, []).append(LabelUse(spec.name, weak, spec.key))
        others = [label for meaning in words.fields.values() for label in meaning.labels]
        for form in (form for label in (*others, *words.other_labels) for form in spellings(label)):
            uses.setdefault(form, [LabelUse(OTHER, False)])
        return cls({form: tuple(found) for form, found in uses.items()})

    def at(self, run: Run, start: int) -> tuple[int, tuple[LabelUse, ...]] | None:
        """Return where the longest label that begins at this word ends, and what it means."""
        key = ""
        best: tuple[int, tuple[LabelUse, ...]] | None = None
        for index in range(start, min(len(run.words), start + _WORDS_PER_LABEL)):
            text = run.words[index].text
            part = plain(text)
            if not part and index == start:
                return None
            key += part
            if len(key) > self._longest:
                break
            if part and key in self._uses:
                best = (index + 1, self._uses[key])
            if text.endswith(":"):
                break
        return best


class PageLabels:
    """The labels of a page in reading order, found by the line and the place where they stand."""

    def __init__(self, layout: PageLayout, hits: Sequence[LabelHit]) -> None:
        self.hits = hits
        self._lines: dict[int, list[LabelHit]] = {}
        self._firm: dict[tuple[int, int], int] = {}
        self._firm_words: set[int] = set()
        self._across: dict[int, Across] = {}
        for hit in hits:
            self._lines.setdefault(hit.line, []).append(hit)
            if hit.firm:
                self._firm.setdefault((hit.line, hit.segment), hit.start)
                self._firm_words.add(id(layout.segments[hit.line][hit.segment].words[hit.start]))

    def over(self, line: int, span: Box) -> list[LabelHit]:
        """Return the labels of a line that share a length with the span horizontally."""
        found = self._lines.get(line, [])
        across = self._across.get(line)
        if across is None:
            across = self._across[line] = Across([hit.box for hit in found])
        return [found[place] for place in across.touching(span)]

    def first_firm(self, line: int, segment: int) -> int | None:
        """Return at which word of a segment its first firm label begins."""
        return self._firm.get((line, segment))

    def begins_firm(self, word: Word) -> bool:
        """Tell whether a firm label begins with this word of the page."""
        return id(word) in self._firm_words


def find_labels(layout: PageLayout, index: LabelIndex, work: Work) -> PageLabels:
    """Find the labels of a page."""
    hits: list[LabelHit] = []
    for number, segments in enumerate(work.each(layout.segments)):
        for segment, run in enumerate(segments):
            hits.extend(_hits_in(run, layout.page.number, number, segment, index))
    return PageLabels(layout, hits)


def _hits_in(run: Run, page: int, line: int, segment: int, index: LabelIndex) -> list[LabelHit]:
    found: list[tuple[int, int, tuple[LabelUse, ...]]] = []
    start = 0
    while start < len(run.words):
        label = index.at(run, start)
        if label is not None:
            found.append((start, *label))
        start = label[0] if label is not None else start + 1
    hits: list[LabelHit] = []
    opening = _opening(run) if found else 0
    until = until_firm = len(run.words)
    for start, end, uses in reversed(found):
        words = run.words[start:end]
        first = start <= opening or _has_colon(run, end)
        firm = first or _follows_value(run.words[start - 1])
        hits.append(
            LabelHit(
                page=page,
                line=line,
                segment=segment,
                start=start,
                end=end,
                text=" ".join(word.text for word in words).rstrip(":"),
                box=box_around(word.box for word in words),
                uses=uses,
                firm=firm,
                first=first,
                until=until,
                until_firm=until_firm,
            )
        )
        until, until_firm = start, start if firm else until_firm
    return hits[::-1]


def _opening(run: Run) -> int:
    """Return the first word that has a letter or a digit."""
    return next((place for place, word in enumerate(run.words) if plain(word.text)), len(run.words))


def _has_colon(run: Run, end: int) -> bool:
    return run.words[end - 1].text.endswith(":") or (end < len(run.words) and run.words[end].text == ":")


def _follows_value(before: Word) -> bool:
    return bool(_VALUE_ENDS.search(before.text)) or before.text in {"|", "•", "·", "/"}


@dataclass(frozen=True, slots=True)
class Region:
    """Words that may hold a label's value, and how they stand to it."""

    run: Run
    how: str
    """`same` segment, `right` of it, or `below` it."""
    aligned: bool = True


def regions_of(hit: LabelHit, layout: PageLayout, labels: PageLabels) -> Iterator[Region]:
    """Yield the places where the label's value may stand, the likeliest first."""
    run = layout.segments[hit.line][hit.segment]
    reach = len(run.words) if hit.firm else max(hit.until, hit.end + _SENTENCE_WORDS_MAX)
    for end in dict.fromkeys((hit.until, min(hit.until_firm, reach))):
        words = _value_words(run.words[hit.end : end])
        if words:
            yield Region(run_of(words), "same")
    if hit.until_firm == len(run.words):
        yield from _right_of(hit, layout, labels)
    below = _below(hit, layout, labels) if hit.firm else None
    if below is not None:
        yield below


def _right_of(hit: LabelHit, layout: PageLayout, labels: PageLabels) -> Iterator[Region]:
    segments = layout.segments[hit.line]
    left = sys.maxsize if hit.firm else _SENTENCE_WORDS_MAX
    for segment in range(hit.segment + 1, len(segments)):
        end = labels.first_firm(hit.line, segment)
        words = _value_words(segments[segment].words[: left if end is None else min(end, left)])
        if words:
            yield Region(run_of(words), "right")
        left -= len(segments[segment].words)
        if end is not None or left <= 0:
            break


def _value_words(words: tuple[Word, ...]) -> tuple[Word, ...]:
    first = 0
    while first < len(words) and not any(
        letter.isalnum() or letter in "€$£☐☑☒✓✔" for letter in words[first].text
    ):
        if words[first].text in {"-", "−", "("}:
            break
        first += 1
    return words[first:]


def _below(hit: LabelHit, layout: PageLayout, labels: PageLabels) -> Region | None:
    right = _next_start(hit, layout)
    left = _previous_end(hit, layout)
    reach = hit.box.bottom + _BELOW_LINES * max(hit.box.height, 0.9)
    for number in range(hit.line + 1, len(layout.lines)):
        line = layout.lines[number]
        if line.box.top > reach:
            return None
        words = _column_words(line.words, layout.touching(number, hit.box), left, right, layout.type_size)
        if not words:
            continue
        if labels.begins_firm(words[0]):
            return None
        aligned = abs(words[0].box.x0 - hit.box.x0) < layout.type_size
        return Region(run_of(words), "below", aligned)
    return None


def _next_start(hit: LabelHit, layout: PageLayout) -> float:
    run = layout.segments[hit.line][hit.segment]
    if hit.end < len(run.words):
        return run.words[hit.end].box.x0
    segments = layout.segments[hit.line]
    return segments[hit.segment + 1].words[0].box.x0 if hit.segment + 1 < len(segments) else float("inf")


def _previous_end(hit: LabelHit, layout: PageLayout) -> float:
    run = layout.segments[hit.line][hit.segment]
    if hit.start:
        return run.words[hit.start - 1].box.x1
    segments = layout.segments[hit.line]
    return segments[hit.segment - 1].words[-1].box.x1 if hit.segment else float("-inf")


def _column_words(
    words: tuple[Word, ...], touching: Sequence[int], left: float, right: float, size: float
) -> tuple[Word, ...]:
    if not touching:
        return ()
    first, last = touching[0], touching[-1]
    gap = size * 1.5
    while first and words[first].box.x0 - words[first - 1].box.x1 < gap and words[first - 1].box.x0 > left:
        first -= 1
    while (
        last + 1 < len(words)
        and words[last + 1].box.x0 - words[last].box.x1 < gap
        and words[last + 1].box.x0 < right
    ):
        last += 1
    return words[first : last + 1]
