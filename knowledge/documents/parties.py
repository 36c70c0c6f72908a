"""Who wrote the invoice and who shall pay it: names from letterhead, sender line, footer and address blocks."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from flowmaster.knowledge.documents.evidence import Candidate
from flowmaster.knowledge.documents.labels import LabelHit, PageLayout
from flowmaster.knowledge.documents.layout import Run
from flowmaster.knowledge.documents.model import Box, box_around
from flowmaster.knowledge.documents.vocabulary import plain, vocabulary

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


def blocks_of(layout: PageLayout) -> list[Block]:
    """Gather segments that stand below each other at one left edge."""
    open_blocks: list[tuple[list[Run], list[int]]] = []
    closed: list[tuple[list[Run], list[int]]] = []
    for number, segments in enumerate(layout.segments):
        top = layout.lines[number].box.top
        size = layout.type_size
        closed.extend(block for block in open_blocks if top - block[0][-1].box.bottom > size)
        open_blocks = [block for block in open_blocks if top - block[0][-1].box.bottom <= size]
        for run in segments:
            home = next((b for b in open_blocks if abs(b[0][0].box.x0 - run.box.x0) < 0.6 * size), None)
            if home is None or home[1][-1] == number:
                open_blocks.append(([run], [number]))
            else:
                home[0].append(run)
                home[1].append(number)
    found = [*closed, *open_blocks]
    return [Block(layout.page.number, tuple(runs), tuple(numbers)) for runs, numbers in found]


def find_parties(layouts: Sequence[PageLayout], hits: dict[int, list[LabelHit]]) -> Parties:
    """Collect candidates for supplier and buyer from where names stand; labels are read elsewhere."""
    blocks = {layout.page.number: blocks_of(layout) for layout in layouts}
    buyers = list(_buyer_blocks(layouts[0], blocks[layouts[0].page.number], hits)) if layouts else []
    buyer_boxes = tuple((block.page, block.box) for block, _ in buyers)
    taken = {plain(name.quote) for _, name in buyers}
    supplier: list[Candidate] = []
    for layout in layouts:
        supplier.extend(_companies(layout, buyer_boxes))
    if layouts and not supplier:
        supplier.extend(_companies(layouts[0], buyer_boxes, anywhere=True))
    if layouts and not supplier:
        supplier.extend(_letterhead(layouts[0], hits.get(layouts[0].page.number, [])))
    supplier = [candidate for candidate in supplier if plain(candidate.quote) not in taken]
    issuers = {plain(candidate.quote) for candidate in supplier}
    buyer = [name for _, name in buyers if plain(name.quote) not in issuers]
    return Parties(tuple(supplier), tuple(buyer), buyer_boxes)


def _companies(
    layout: PageLayout, buyer_boxes: tuple[tuple[int, Box], ...], *, anywhere: bool = False
) -> Iterator[Candidate]:
    height = max(layout.page.height, 1.0)
    for segments in layout.segments:
        for run in segments:
            span = company_in(run.text)
            box = run.box_between(*span) if span else run.box
            if span is None or any(page == layout.page.number and _within(box, b) for page, b in buyer_boxes):
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
    layout: PageLayout, blocks: Sequence[Block], hits: dict[int, list[LabelHit]]
) -> Iterator[tuple[Block, Candidate]]:
    """Yield the blocks below a buyer's label; without any, address blocks where letters have their window."""
    page_hits = hits.get(layout.page.number, [])
    in_window: list[tuple[Block, Candidate]] = []
    labelled = False
    for found in blocks:
        block = _without_sender(found, page_hits)
        numbered = zip(block.lines, block.numbers, strict=True)
        first = next((n for n, (run, line) in enumerate(numbered) if _is_name(run, line, page_hits)), None)
        if first is None:
            continue
        heads = [hit for hit in page_hits if hit.first and _heads(hit, block, layout)]
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


def _means(hit: LabelHit, key: str) -> bool:
    return any(use.key == key for use in hit.uses)


def _heads(hit: LabelHit, block: Block, layout: PageLayout) -> bool:
    """Tell whether a label without a value of its own stands just above the block, or is its first line."""
    if hit.end < len(layout.segments[hit.line][hit.segment].words):
        return False
    first = block.lines[0].box
    return _just_above(hit.box, first, layout.type_size) or (
        hit.line == block.numbers[0] and _within(hit.box, first)
    )


def _in_window(block: Block, first: int, layout: PageLayout) -> bool:
    box, page = block.lines[0].box, layout.page
    return (
        page.unit == "pt"
        and box.x0 < 0.5 * page.width
        and 0.1 * page.height < box.top < _UPPER * page.height
        and any(_POSTAL.search(run.text) for run in block.lines[first + 1 :])
    )


def _without_sender(block: Block, hits: Sequence[LabelHit]) -> Block:
    """Leave out leading lines that are a whole address by themselves, or a label with its value."""
    first = 0
    while first < len(block.lines):
        run, line = block.lines[first], block.numbers[first]
        labelled = any(
            hit.line == line
            and hit.start == 0
            and hit.end < len(run.words)
            and run.box.overlap_x(hit.box) > 0
            for hit in hits
        )
        if not labelled and not (_POSTAL.search(run.text) and len(_SEPARATORS.split(run.text)) > 2):
            break
        first += 1
    return Block(block.page, block.lines[first:], block.numbers[first:])


def _is_name(run: Run, line: int, hits: Sequence[LabelHit]) -> bool:
    if any(
        hit.line == line and run.box.overlap_x(hit.box) > 0 and hit.start == 0 and hit.firm for hit in hits
    ):
        return False
    text = run.text.strip()
    if text.lower().rstrip(":") in _SALUTATION or _POSTAL.search(text) or len(_SEPARATORS.split(text)) > 2:
        return False
    return sum(letter.isalpha() for letter in text) > 2


def _just_above(label: Box, block: Box, size: float) -> bool:
    return abs(label.x0 - block.x0) < size and -0.2 * size <= block.top - label.bottom < 2.2 * size


def _within(inner: Box, outer: Box) -> bool:
    return outer.x0 - 1 <= inner.x0 <= outer.x1 + 1 and outer.top - 1 <= inner.middle <= outer.bottom + 1
