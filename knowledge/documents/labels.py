"""Where labels stand in a document, and the words beside and below them that may be their value."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from flowmaster.knowledge.documents.layout import Run, lines_of, run_of, segments_of
from flowmaster.knowledge.documents.model import Box, Line, Page, Word, box_around
from flowmaster.knowledge.documents.schema import FieldSpec
from flowmaster.knowledge.documents.vocabulary import plain, spellings, vocabulary

OTHER = ""
"""The name of labels that no wanted field has: they only end the values of others."""
_WORDS_PER_LABEL = 7
_BELOW_LINES = 2.4
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


class PageLayout:
    """A page as lines of segments, with labels and values that were written together parted."""

    def __init__(self, page: Page, without: Sequence[Box] = ()) -> None:
        self.page = page
        self.lines: tuple[Line, ...] = lines_of(
            part
            for word in page.words
            for part in _parted(word)
            if not any(_holds(area, part.box) for area in without)
        )
        self.segments: tuple[tuple[Run, ...], ...] = tuple(segments_of(line) for line in self.lines)

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


def find_labels(layout: PageLayout, index: LabelIndex) -> list[LabelHit]:
    """Return the labels of a page in reading order."""
    hits: list[LabelHit] = []
    for number, segments in enumerate(layout.segments):
        for segment, run in enumerate(segments):
            hits.extend(_hits_in(run, layout.page.number, number, segment, index))
    return hits


def _hits_in(run: Run, page: int, line: int, segment: int, index: LabelIndex) -> Iterator[LabelHit]:
    start = 0
    while start < len(run.words):
        found = index.at(run, start)
        if found is None:
            start += 1
            continue
        end, uses = found
        words = run.words[start:end]
        yield LabelHit(
            page=page,
            line=line,
            segment=segment,
            start=start,
            end=end,
            text=" ".join(word.text for word in words).rstrip(":"),
            box=box_around(word.box for word in words),
            uses=uses,
            firm=_is_firm(run, start, end),
            first=_is_first(run, start, end),
        )
        start = end


def _is_first(run: Run, start: int, end: int) -> bool:
    if not any(plain(word.text) for word in run.words[:start]):
        return True
    return run.words[end - 1].text.endswith(":") or (end < len(run.words) and run.words[end].text == ":")


def _is_firm(run: Run, start: int, end: int) -> bool:
    before = run.words[:start]
    if _is_first(run, start, end):
        return True
    return bool(_VALUE_ENDS.search(before[-1].text)) or before[-1].text in {"|", "•", "·", "/"}


@dataclass(frozen=True, slots=True)
class Region:
    """Words that may hold a label's value, and how they stand to it."""

    run: Run
    how: str
    """`same` segment, `right` of it, or `below` it."""
    aligned: bool = True


def regions_of(hit: LabelHit, layout: PageLayout, hits: list[LabelHit]) -> Iterator[Region]:
    """Yield the places where the label's value may stand, the likeliest first."""
    on_line = [other for other in hits if other.line == hit.line and other is not hit]
    segments = layout.segments[hit.line]
    run = segments[hit.segment]
    after = [o for o in on_line if o.segment == hit.segment and o.start >= hit.end]
    first_any = min((o.start for o in after), default=len(run.words))
    first_firm = min((o.start for o in after if o.firm), default=len(run.words))
    for end in dict.fromkeys((first_any, first_firm)):
        words = _value_words(run.words[hit.end : end])
        if words:
            yield Region(run_of(words), "same")
    if first_firm == len(run.words):
        for segment in range(hit.segment + 1, len(segments)):
            starts = [o.start for o in on_line if o.segment == segment and o.firm]
            words = _value_words(segments[segment].words[: min(starts, default=None)])
            if words:
                yield Region(run_of(words), "right")
            if starts:
                break
    below = _below(hit, layout, hits)
    if below is not None and hit.firm:
        yield below


def _value_words(words: tuple[Word, ...]) -> tuple[Word, ...]:
    first = 0
    while first < len(words) and not any(
        letter.isalnum() or letter in "€$£☐☑☒✓✔" for letter in words[first].text
    ):
        if words[first].text in {"-", "−", "("}:
            break
        first += 1
    return words[first:]


def _below(hit: LabelHit, layout: PageLayout, hits: list[LabelHit]) -> Region | None:
    right = _next_start(hit, layout)
    left = _previous_end(hit, layout)
    reach = hit.box.bottom + _BELOW_LINES * max(hit.box.height, 0.9)
    for number in range(hit.line + 1, len(layout.lines)):
        line = layout.lines[number]
        if line.box.top > reach:
            return None
        words = _column_words(line.words, hit.box, left, right, layout.type_size)
        if not words:
            continue
        starts = {
            id(layout.segments[o.line][o.segment].words[o.start]) for o in hits if o.line == number and o.firm
        }
        if id(words[0]) in starts:
            return None
        aligned = abs(words[0].box.x0 - hit.box.x0) < layout.type_size
        return Region(run_of(words), "below", aligned)
    return None


def _next_start(hit: LabelHit, layout: PageLayout) -> float:
    run = layout.segments[hit.line][hit.segment]
    if hit.end < len(run.words):
        return run.words[hit.end].box.x0
    following = layout.segments[hit.line][hit.segment + 1 :]
    return following[0].words[0].box.x0 if following else float("inf")


def _previous_end(hit: LabelHit, layout: PageLayout) -> float:
    run = layout.segments[hit.line][hit.segment]
    if hit.start:
        return run.words[hit.start - 1].box.x1
    before = layout.segments[hit.line][: hit.segment]
    return before[-1].words[-1].box.x1 if before else float("-inf")


def _column_words(
    words: tuple[Word, ...], label: Box, left: float, right: float, size: float
) -> tuple[Word, ...]:
    touching = [i for i, word in enumerate(words) if word.box.overlap_x(label) > 0]
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
