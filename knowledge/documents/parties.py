"""Who wrote the invoice and who shall pay it: names from letterhead, sender line, footer and address blocks."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

from flowmaster.knowledge.documents.evidence import Candidate
from flowmaster.knowledge.documents.labels import LabelHit, PageLabels, PageLayout
from flowmaster.knowledge.documents.layout import Areas, Run
from flowmaster.knowledge.documents.model import Box, box_around
from flowmaster.knowledge.documents.vocabulary import plain, vocabulary
from flowmaster.knowledge.documents.work import Work

_SEPARATORS = re.compile(r"\s*[·•|∙●▪]\s*|\s+[–—-]\s+|\s{2,}|,\s+|;\s+|:\s+|\s*/{2}\s*")
_POSTAL = re.compile(
    r"(?:^|\s)(?:[A-Z]{1,2}-)?(?:\d{4,5}|\d{4}\s?[A-Z]{2})\s+[A-ZÄÖÜ]\S+"
    r"|[A-Z]{1,2}\d[A-Z\d]?\s+\d[A-Z]{2}|\b[A-Z]\d[\dW]\s?[A-Z\d]{4}\b|[A-Z][a-z]+,?\s+[A-Z]{2}\s+\d{5}"
)
_SALUTATION = frozenset(
    {"herrn", "herr", "frau", "firma", "an", "to", "mr", "mrs", "ms", "company", "z. hd.", "the", "eheleute"}
)
_TOP, _UPPER, _LOWER = 0.22, 0.45, 0.85


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that stand close below each other at the same left edge."""

    page: int
    lines: tuple[Run, ...]
    numbers: tuple[int, ...]

    @property
    def box(self) -> Box:
        """Return the box around the block."""
        return box_around(run.box for run in self.lines)


@dataclass(frozen=True, slots=True)
class Parties:
    """What the layout says about both sides, and where the buyer's block stands."""

    supplier: tuple[Candidate, ...]
    buyer: tuple[Candidate, ...]
    buyer_boxes: tuple[tuple[int, Box], ...]


@cache
def _legal_form() -> re.Pattern[str]:
    forms = sorted(vocabulary().legal_forms, key=len, reverse=True)
    return re.compile(r"(?<=\s)(?:" + "|".join(map(re.escape, forms)) + r")(?![\w])")


def company_in(text: str) -> tuple[int, int] | None:
    """Return where a company's name with its legal form stands in a text, or None."""
    last: tuple[int, int] | None = None
    position = 0
    for piece in _SEPARATORS.split(text):
        start = text.index(piece, position) if piece else position
        position = start + len(piece)
        match = _legal_form().search(piece)
        if match is None or not piece[: match.start()].strip()[:1].isupper() and not piece[:1].isdigit():
            continue
        if len(piece[: match.end()].split()) <= 8:
            last = last or (start, start + match.end())
    return last


def blocks_of(layout: PageLayout, work: Work) -> list[Block]:
    """Gather segments that stand below each other at one left edge."""
    open_blocks: list[_Open] = []
    closed: list[_Open] = []
    size = layout.type_size
    for number, segments in enumerate(work.each(layout.segments)):
        top = layout.lines[number].box.top
        closed.extend(block for block in open_blocks if top - block.runs[-1].box.bottom > size)
        open_blocks = [block for block in open_blocks if top - block.runs[-1].box.bottom <= size]
        lefts = _Lefts(open_blocks, 0.6 * size)
        for run in segments:
            home = lefts.first_at(run.box.x0)
            if home is None or home.numbers[-1] == number:
                open_blocks.append(_Open([run], [number]))
                lefts.add(open_blocks[-1])
            else:
                home.runs.append(run)
                home.numbers.append(number)
    return [
        Block(layout.page.number, tuple(block.runs), tuple(block.numbers))
        for block in (*closed, *open_blocks)
    ]


class _Open(NamedTuple):
    """A block that may go on below."""

    runs: list[Run]
    numbers: list[int]


class _Lefts:
    """Open blocks by their left edges."""

    def __init__(self, blocks: Iterable[_Open], within: float) -> None:
        self._within = within
        self._width = within or 1.0
        self._bands: dict[int, list[tuple[int, _Open]]] = {}
        self._count = 0
        for block in blocks:
            self.add(block)

    def add(self, block: _Open) -> None:
        self._bands.setdefault(self._band(block.runs[0].box.x0), []).append((self._count, block))
        self._count += 1

    def first_at(self, left: float) -> _Open | None:
        """Return the oldest block whose left edge is near."""
        band = self._band(left)
        near = [
            next((each for each in self._bands.get(place, ()) if self._is_near(each[1], left)), None)
            for place in (band - 1, band, band + 1)
        ]
        return min((each for each in near if each is not None), key=lambda each: each[0], default=(0, None))[
            1
        ]

    def _band(self, left: float) -> int:
        return int(left // self._width)

    def _is_near(self, block: _Open, left: float) -> bool:
        return abs(block.runs[0].box.x0 - left) < self._within


def find_parties(layouts: Sequence[PageLayout], labels: Mapping[int, PageLabels], work: Work) -> Parties:
    """Collect candidates for supplier and buyer from where names stand; labels are read elsewhere."""
    if not layouts:
        return Parties((), (), ())
    first = layouts[0]
    number = first.page.number
    buyers = list(_buyer_blocks(first, blocks_of(first, work), labels[number], work))
    buyer_boxes = tuple((block.page, block.box) for block, _ in buyers)
    areas, none = Areas(box for _, box in buyer_boxes), Areas(())
    taken = {plain(name.quote) for _, name in buyers}
    supplier: list[Candidate] = []
    for layout in layouts:
        supplier.extend(_companies(layout, areas if layout is first else none, work))
    if not supplier:
        supplier.extend(_companies(first, areas, work, anywhere=True))
    if not supplier:
        supplier.extend(_letterhead(first, labels[number].hits))
    supplier = [candidate for candidate in supplier if plain(candidate.quote) not in taken]
    issuers = {plain(candidate.quote) for candidate in supplier}
    buyer = [name for _, name in buyers if plain(name.quote) not in issuers]
    return Parties(tuple(supplier), tuple(buyer), buyer_boxes)


def _companies(
    layout: PageLayout, buyers: Areas, work: Work, *, anywhere: bool = False
) -> Iterator[Candidate]:
    height = max(layout.page.height, 1.0)
    for segments in work.each(layout.segments):
        for run in segments:
            span = company_in(run.text)
            if span is None:
                continue
            box = run.box_between(*span)
            if any(_within(box, buyer) for buyer in buyers.at(box.middle, margin=1)):
                continue
            share = box.middle / height
            sender = bool(_POSTAL.search(run.text)) and span[1] < len(run.text)
            if sender or share < _TOP or share > _LOWER:
                rule = "letterhead" if share < _TOP else "sender_line" if sender else "footer"
                yield _candidate(layout, run, span, rule)
            elif anywhere and share < _UPPER:
                yield _candidate(layout, run, span, "address_block")


def _candidate(layout: PageLayout, run: Run, span: tuple[int, int], rule: str) -> Candidate:
    words = run.words_between(*span)
    return Candidate(
        value=run.text[span[0] : span[1]],
        page=layout.page.number,
        box=run.box_between(*span),
        quote=run.text[span[0] : span[1]],
        method=f"company.{rule}",
        evidence=("address block" if rule == "address_block" else "letterhead or footer",),
        ref=words[0].ref if words else "",
    )


def _letterhead(layout: PageLayout, hits: Sequence[LabelHit]) -> Iterator[Candidate]:
    """Yield the largest line at the top of the first page that is no title and no label."""
    labelled = {(hit.line, hit.segment) for hit in hits}
    top = [
        run
        for number, segments in enumerate(layout.segments)
        for place, run in enumerate(segments)
        if run.box.middle < _TOP * layout.page.height
        and (number, place) not in labelled
        and plain(run.text) not in vocabulary().titles
        and sum(letter.isalpha() for letter in run.text) > 3
        and not any(letter.isdigit() for letter in run.text)
    ]
    if top:
        largest = max(top, key=lambda run: (round(run.words[0].size, 1), -run.box.top))
        yield _candidate(layout, largest, (0, len(largest.text)), "letterhead")


def _buyer_blocks(
    layout: PageLayout, blocks: Sequence[Block], labels: PageLabels, work: Work
) -> Iterator[tuple[Block, Candidate]]:
    """Yield the blocks below a buyer's label; without any, address blocks where letters have their window."""
    headings = _Headings(layout, labels)
    in_window: list[tuple[Block, Candidate]] = []
    labelled = False
    for found in work.each(blocks):
        block = _without_sender(found, labels)
        numbered = zip(block.lines, block.numbers, strict=True)
        first = next((n for n, (run, line) in enumerate(numbered) if _is_name(run, line, labels)), None)
        if first is None:
            continue
        heads = headings.over(block)
        runs = block.lines
        run = next((run for run in runs[first : first + 3] if company_in(run.text)), runs[first])
        name = _candidate(layout, run, company_in(run.text) or (0, len(run.text)), "address_block")
        if any(_means(hit, "buyer") for hit in heads):
            labelled = True
            yield block, name
        elif not heads and _in_window(block, first, layout):
            in_window.append((block, name))
    if not labelled:
        yield from in_window


class _Headings:
    """Labels without a value of their own, by the place where they stand."""

    def __init__(self, layout: PageLayout, labels: PageLabels) -> None:
        self._size = layout.type_size or 1.0
        self._labels = labels
        self._layout = layout
        self._places: dict[tuple[int, int], list[LabelHit]] = {}
        for hit in labels.hits:
            if self._is_bare(hit):
                self._places.setdefault(self._place(hit.box.x0, hit.box.bottom), []).append(hit)

    def over(self, block: Block) -> list[LabelHit]:
        """Return those that stand just above a block or are its first line."""
        first = block.lines[0].box
        column, row = self._place(first.x0, first.top)
        near = (
            hit
            for across in (column - 1, column, column + 1)
            for down in range(row - 3, row + 2)
            for hit in self._places.get((across, down), ())
        )
        above = [hit for hit in near if _just_above(hit.box, first, self._size)]
        around = replace(first, x0=first.x0 - 2, x1=first.x1 + 2)
        own = self._labels.over(block.numbers[0], around)
        return [*above, *(hit for hit in own if self._is_bare(hit) and _within(hit.box, first))]

    def _is_bare(self, hit: LabelHit) -> bool:
        return hit.first and hit.end == len(self._layout.segments[hit.line][hit.segment].words)

    def _place(self, left: float, height: float) -> tuple[int, int]:
        return int(left // self._size), int(height // self._size)


def _means(hit: LabelHit, key: str) -> bool:
    return any(use.key == key for use in hit.uses)


def _in_window(block: Block, first: int, layout: PageLayout) -> bool:
    box, page = block.lines[0].box, layout.page
    return (
        page.unit == "pt"
        and box.x0 < 0.5 * page.width
        and 0.1 * page.height < box.top < _UPPER * page.height
        and any(_POSTAL.search(run.text) for run in block.lines[first + 1 :])
    )


def _without_sender(block: Block, labels: PageLabels) -> Block:
    """Leave out leading lines that are a whole address by themselves, or a label with its value."""
    first = 0
    while first < len(block.lines):
        run, line = block.lines[first], block.numbers[first]
        labelled = any(hit.start == 0 and hit.end < len(run.words) for hit in labels.over(line, run.box))
        if not labelled and not (_POSTAL.search(run.text) and len(_SEPARATORS.split(run.text)) > 2):
            break
        first += 1
    return Block(block.page, block.lines[first:], block.numbers[first:])


def _is_name(run: Run, line: int, labels: PageLabels) -> bool:
    if any(hit.start == 0 and hit.firm for hit in labels.over(line, run.box)):
        return False
    text = run.text.strip()
    if text.lower().rstrip(":") in _SALUTATION or _POSTAL.search(text) or len(_SEPARATORS.split(text)) > 2:
        return False
    return sum(letter.isalpha() for letter in text) > 2


def _just_above(label: Box, block: Box, size: float) -> bool:
    return abs(label.x0 - block.x0) < size and -0.2 * size <= block.top - label.bottom < 2.2 * size


def _within(inner: Box, outer: Box) -> bool:
    return outer.x0 - 1 <= inner.x0 <= outer.x1 + 1 and outer.top - 1 <= inner.middle <= outer.bottom + 1
