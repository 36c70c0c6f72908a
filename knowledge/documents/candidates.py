"""Candidates for each wanted field: what stands beside its labels, and forms that need no label."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

from flowmaster.knowledge.documents.evidence import Candidate, form_evidence
from flowmaster.knowledge.documents.formats import CurrencyFound, currencies_in
from flowmaster.knowledge.documents.labels import (
    LabelHit,
    LabelUse,
    PageLabels,
    PageLayout,
    Region,
    regions_of,
)
from flowmaster.knowledge.documents.layout import Areas, Run
from flowmaster.knowledge.documents.model import Box
from flowmaster.knowledge.documents.parties import company_in
from flowmaster.knowledge.documents.readings import Customs, Reading, read
from flowmaster.knowledge.documents.schema import FieldSpec
from flowmaster.knowledge.documents.vocabulary import plain, vocabulary
from flowmaster.knowledge.documents.work import Work

_PLACES = {"same": "label in the same place", "right": "label to the left", "below": "label above"}
_FORMS_WITHOUT_LABEL = frozenset({"iban", "vat_id"})
_FAR = 8.0


@dataclass(frozen=True)
class Reader:
    """A document ready for reading: its pages, the same without line items, the labels there, and its customs."""

    whole: Sequence[PageLayout]
    layouts: Sequence[PageLayout]
    labels: Mapping[int, PageLabels]
    customs: Customs
    work: Work

    def labelled(self, spec: FieldSpec) -> Iterator[Candidate]:
        """Yield the values beside and below the labels of a field."""
        for layout, hit, use in self.work.each(self._uses.get(spec.name, ())):
            if hit.first or not use.weak:
                found = self._beside(hit, layout, spec, use.weak)
                if found is not None:
                    yield found

    @cached_property
    def _uses(self) -> Mapping[str, Sequence[tuple[PageLayout, LabelHit, LabelUse]]]:
        """Where the labels of each field stand; of two uses of a label for one field, the first counts."""
        uses: dict[str, list[tuple[PageLayout, LabelHit, LabelUse]]] = {}
        for layout in self.layouts:
            for hit in self.labels[layout.page.number].hits:
                for use in {use.field: use for use in reversed(hit.uses)}.values():
                    uses.setdefault(use.field, []).append((layout, hit, use))
        return uses

    def _beside(self, hit: LabelHit, layout: PageLayout, spec: FieldSpec, weak: bool) -> Candidate | None:
        regions = list(regions_of(hit, layout, self.labels[layout.page.number]))
        if spec.type == "string" and not spec.pattern and spec.shape != "identifier":
            regions = _text_first(hit, regions, layout.type_size)
        if weak and spec.key == "invoice_number":
            regions = [region for region in regions if region.how != "below"]
        for region in regions:
            if (
                spec.type == "string"
                and spec.shape != "identifier"
                and region.how == "below"
                and not region.aligned
            ):
                continue
            reading = read(region.run, spec, self.customs)
            if reading is None or (weak and not _stands_first(region.run, reading)):
                continue
            evidence = [_PLACES[region.how], *form_evidence(reading.form)]
            if weak:
                evidence.append("weak label")
            if not hit.firm:
                evidence.append("label inside a sentence")
            return _candidate(layout, region, reading, hit, spec, tuple(evidence))
        return None

    def anywhere(self, spec: FieldSpec) -> Iterator[Candidate]:
        """Yield values whose form gives them away, wherever they stand: IBANs, VAT numbers and masks."""
        if spec.key == "invoice_date":
            yield from self._dated_lines(spec)
        if spec.type not in _FORMS_WITHOUT_LABEL and not spec.pattern:
            return
        for layout in self.layouts:
            for segments in self.work.each(layout.segments):
                for run in segments:
                    reading = read(run, spec, self.customs)
                    if reading is not None:
                        yield _unlabelled(layout, run, reading, spec)

    def _dated_lines(self, spec: FieldSpec) -> Iterator[Candidate]:
        """Yield dates that stand alone, after a town, or in the title, in the upper half of the first page."""
        layout = self.layouts[0]
        for number, (line, segments) in enumerate(
            self.work.each(zip(layout.lines, layout.segments, strict=True))
        ):
            if line.box.middle > layout.page.height / 2:
                return
            for run in segments:
                reading = read(run, spec, self.customs)
                if reading is None:
                    continue
                before, after = run.text[: reading.start], run.text[reading.end :]
                title = plain(run.words[0].text) in vocabulary().titles and _DATED.search(before)
                alone = not before and len(segments) == 1 and not self._labelled_near(number, run)
                if not after.strip(" .") and (title or alone or _TOWN.fullmatch(before)):
                    yield _unlabelled(layout, run, reading, spec)

    def _labelled_near(self, line: int, run: Run) -> bool:
        labels = self.labels[self.layouts[0].page.number]
        return any(labels.over(near, run.box) for near in range(line - 2, line + 1))

    def currency(self, amounts: Sequence[Candidate]) -> Iterator[Candidate]:
        """Yield the currencies that are named: beside the totals they weigh most, then beside other numbers."""
        totals = {(amount.page, round(amount.box.middle)) for amount in amounts}
        for layout in self.whole:
            for segments in self.work.each(layout.segments):
                for run in segments:
                    beside = (layout.page.number, round(run.box.middle)) in totals
                    for found in currencies_in(run.text):
                        yield _currency(layout, run, found, near=beside or _beside_number(run, found))

    def due_by_terms(self, issued: date) -> Iterator[Candidate]:
        """Yield the due date that the longest term of payment in a line gives (shorter ones earn a discount)."""
        for layout in self.layouts:
            for number, line in enumerate(self.work.each(layout.lines)):
                match = _TERMS.search(line.text)
                if match is None:
                    continue
                terms = [*_DAYS.findall(line.text), *filter(None, match.groups())]
                days = max(map(int, terms))
                if 0 < days <= 365:
                    yield Candidate(
                        value=(issued + timedelta(days=days)).isoformat(),
                        page=layout.page.number,
                        box=line.box,
                        quote=line.text,
                        method="derived.payment_days",
                        evidence=("worked out from other fields",),
                        line=number,
                    )


_TOWN = re.compile(r"[A-ZÄÖÜ][\w.()/ -]{1,40},\s+(?:den\s+)?")
_DATED = re.compile(r"\b(?:vom|dated|of|from|-|–|,)\s*$")
_UNTIL = re.compile(r"\b(?:bis|zum|spätestens|by|until|on)\b", re.IGNORECASE)
_DAYS = re.compile(r"\b(\d{1,3})\s+(?:Tage|days)", re.IGNORECASE)
_TERMS = re.compile(
    r"(?:zahlbar|zahlung|zahlungsziel|fällig|begleichen|überweisen)\D{0,60}?(\d{1,3})\s+Tage"
    r"|(?:payment|payable|due|pay|terms|net)\D{0,40}?(\d{1,3})\s+days|\bnet\s?(\d{1,3})\b(?!\s?[%.,\d])",
    re.IGNORECASE,
)


def _text_first(hit: LabelHit, regions: list[Region], size: float) -> list[Region]:
    """Prefer an aligned text below over one far to the right, which is more likely another column's."""
    same = [region for region in regions if region.how == "same"]
    if same:
        return same[:1]
    right = next((region for region in regions if region.how == "right"), None)
    below = next((region for region in regions if region.how == "below" and region.aligned), None)
    if right is not None and below is not None and right.run.box.x0 - hit.box.x1 > _FAR * size:
        return [below]
    return [region for region in (right, below) if region is not None][:1]


def _stands_first(run: Run, reading: Reading) -> bool:
    before = _UNTIL.sub("", run.text[: reading.start])
    return not any(letter.isalnum() for letter in before)


def _candidate(
    layout: PageLayout,
    region: Region,
    reading: Reading,
    hit: LabelHit,
    spec: FieldSpec,
    evidence: tuple[str, ...],
) -> Candidate:
    run, value, end = region.run, reading.value, reading.end
    if spec.shape == "name" and isinstance(value, str):
        span = company_in(value)
        if span is not None and span[0] == 0:
            value, end = value[: span[1]], reading.start + span[1]
    words = run.words_between(reading.start, end)
    return Candidate(
        value=value,
        page=layout.page.number,
        box=run.box_between(reading.start, end),
        quote=run.text[reading.start : end],
        method=f"label.{region.how}",
        evidence=evidence,
        label=hit.text,
        other=reading.other,
        ref=words[0].ref if words else "",
        line=hit.line,
    )


def _unlabelled(layout: PageLayout, run: Run, reading: Reading, spec: FieldSpec) -> Candidate:
    words = run.words_between(reading.start, reading.end)
    return Candidate(
        value=reading.value,
        page=layout.page.number,
        box=run.box_between(reading.start, reading.end),
        quote=run.text[reading.start : reading.end],
        method="form.mask" if spec.pattern else f"form.{spec.type}",
        evidence=("form anywhere in the document", *form_evidence(reading.form)),
        ref=words[0].ref if words else "",
    )


def _beside_number(run: Run, found: CurrencyFound) -> bool:
    before, after = found.start - 1, found.end
    while before >= 0 and run.text[before] in " (":
        before -= 1
    while after < len(run.text) and run.text[after] in " )":
        after += 1
    return (before >= 0 and run.text[before].isdigit()) or run.text[after : after + 1].isdigit()


def _currency(layout: PageLayout, run: Run, found: CurrencyFound, *, near: bool) -> Candidate:
    words = run.words_between(found.start, found.end)
    return Candidate(
        value=found.code,
        page=layout.page.number,
        box=run.box_between(found.start, found.end),
        quote=run.text[found.start : found.end],
        method="beside_amounts" if near else "form.currency",
        evidence=(
            "signs beside the amounts" if near else "form anywhere in the document",
            *(("can be read in two ways",) if found.ambiguous else ()),
        ),
        ref=words[0].ref if words else "",
    )


def with_reader_boxes(candidates: Sequence[Candidate], boxes: Sequence[tuple[int, Box]]) -> list[Candidate]:
    """Return the candidates that stand in none of the boxes."""
    pages = {page: Areas(box for at, box in boxes if at == page) for page in {page for page, _ in boxes}}
    return [
        candidate
        for candidate in candidates
        if candidate.page not in pages
        or not any(
            box.x0 - 2 <= candidate.box.x0 <= box.x1 + 2
            for box in pages[candidate.page].at(candidate.box.middle, margin=2)
        )
    ]


def rates_summed(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates and, where several rates stand on lines of their own, their sum."""
    by_line = {(candidate.page, round(candidate.box.middle)): candidate for candidate in candidates}
    parts = [candidate for candidate in by_line.values() if isinstance(candidate.value, (int, Decimal))]
    if not 2 <= len(parts) <= 6:
        return list(candidates)
    total = sum((Decimal(str(part.value)) for part in parts), Decimal(0))
    first = parts[0]
    summed = replace(
        first,
        value=total,
        quote=" + ".join(part.quote for part in parts),
        method="sum_of_rates",
        evidence=(*first.evidence, "can be read in two ways"),
    )
    return [*candidates, summed]
