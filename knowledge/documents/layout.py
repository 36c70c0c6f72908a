"""Words into lines, lines into segments, segments into text whose every character knows its box."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from flowmaster.knowledge.documents.model import Box, Line, Word, box_around

SEGMENT_GAP = 1.5
"""Words further apart than this many type sizes stand in different segments (columns) of a line."""
_SAME_LINE = 0.5


def lines_of(words: Iterable[Word]) -> tuple[Line, ...]:
    """Gather words into visual lines: they share at least half of the smaller one's height."""
    rows: list[list[Word]] = []
    spans: list[Box] = []
    for word in sorted(words, key=lambda word: (word.box.middle, word.box.x0)):
        row = _row_for(word, spans)
        if row is None:
            rows.append([word])
            spans.append(word.box)
        else:
            rows[row].append(word)
    lines = [tuple(sorted(row, key=lambda word: word.box.x0)) for row in rows]
    found = [Line(row, box_around(word.box for word in row)) for row in lines]
    return tuple(sorted(found, key=lambda line: (line.box.middle, line.box.x0)))


def _row_for(word: Word, spans: Sequence[Box]) -> int | None:
    nearest = range(len(spans) - 1, max(len(spans) - 6, -1), -1)
    for index in nearest:
        shared = spans[index].overlap_y(word.box)
        if shared >= _SAME_LINE * min(spans[index].height, word.box.height):
            return index
    return None


@dataclass(frozen=True)
class Run:
    """Words in reading order as one text; any part of the text gives back its words and their box."""

    words: tuple[Word, ...]
    text: str
    starts: tuple[int, ...]

    @cached_property
    def box(self) -> Box:
        """Return the box around all words."""
        return box_around(word.box for word in self.words)

    def words_between(self, start: int, end: int) -> tuple[Word, ...]:
        """Return the words that the characters from `start` to `end` touch."""
        first = max(bisect_right(self.starts, start) - 1, 0)
        last = bisect_right(self.starts, max(end - 1, start))
        return self.words[first:last]

    def box_between(self, start: int, end: int) -> Box:
        """Return the box around the words that the characters from `start` to `end` touch."""
        return box_around(word.box for word in self.words_between(start, end))


def run_of(words: Sequence[Word]) -> Run:
    """Join words with single spaces, remembering where each begins."""
    starts: list[int] = []
    position = 0
    for word in words:
        starts.append(position)
        position += len(word.text) + 1
    return Run(tuple(words), " ".join(word.text for word in words), tuple(starts))


def segments_of(line: Line) -> tuple[Run, ...]:
    """Part a line where the gap between words is wider than text would leave."""
    parts: list[list[Word]] = []
    for word in line.words:
        previous = parts[-1][-1] if parts else None
        if previous is None or _is_apart(previous, word):
            parts.append([word])
        else:
            parts[-1].append(word)
    return tuple(run_of(part) for part in parts)


def _is_apart(left: Word, right: Word) -> bool:
    return right.box.x0 - left.box.x1 > SEGMENT_GAP * max(min(left.size, right.size), 1.0)


class Across:
    """Boxes of one line in the order of their left edges; it tells which of them touch a span."""

    def __init__(self, boxes: Sequence[Box]) -> None:
        self._boxes = boxes
        self._lefts = [box.x0 for box in boxes]
        self._rights = list(accumulate((box.x1 for box in boxes), max))

    def touching(self, span: Box) -> list[int]:
        """Return the places of the boxes that share a length with the span horizontally."""
        first, end = bisect_right(self._rights, span.x0), bisect_left(self._lefts, span.x1)
        return [place for place in range(first, end) if self._boxes[place].overlap_x(span) > 0]


class Areas:
    """Areas of a page, found by the height at which they stand."""

    def __init__(self, boxes: Iterable[Box]) -> None:
        self._boxes = sorted(boxes, key=lambda box: box.top)
        self._tops = [box.top for box in self._boxes]
        self._tallest = max((box.height for box in self._boxes), default=0.0)

    def at(self, height: float, *, margin: float) -> Iterator[Box]:
        """Yield the areas that this height crosses, or misses by the margin at most."""
        first = bisect_left(self._tops, height - self._tallest - 2 * margin)
        end = bisect_right(self._tops, height + 2 * margin)
        for box in self._boxes[first:end]:
            if box.top - margin <= height <= box.bottom + margin:
                yield box
