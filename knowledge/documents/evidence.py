"""Confidence: how sure a value is, computed from the evidence for it and nothing else.

A candidate starts with the weight of the place where it was found, gains or loses by its form, by agreement, by
conflict and by the checks that it takes part in, and stays between 0.05 and 0.99. `docs/documents.md` shows the
weights.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from flowmaster.engine.values import Json
from flowmaster.knowledge.documents.model import Box

WEIGHTS: dict[str, float] = {
    "label in the same place": 0.82,
    "label to the left": 0.80,
    "label above": 0.76,
    "form anywhere in the document": 0.62,
    "letterhead or footer": 0.66,
    "address block": 0.66,
    "column of the table": 0.84,
    "signs beside the amounts": 0.80,
    "worked out from other fields": 0.55,
    "weak label": -0.20,
    "label inside a sentence": -0.18,
    "form that chance seldom makes": 0.06,
    "check digits hold": 0.13,
    "check digits fail": -0.40,
    "can be read in two ways": -0.22,
    "found more than once": 0.05,
    "another value is as likely": -0.25,
    "sums agree": 0.12,
    "sums disagree": -0.30,
}
LOW, HIGH = 0.05, 0.99
_FORMS = {
    "formatted": "form that chance seldom makes",
    "valid": "check digits hold",
    "invalid": "check digits fail",
    "ambiguous": "can be read in two ways",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A value that a field may have: where it stands, by which rule it was found, and the evidence for it."""

    value: Json
    page: int
    box: Box
    quote: str
    method: str
    evidence: tuple[str, ...]
    label: str = ""
    other: Json = None
    ref: str = ""
    line: int = 0

    @property
    def score(self) -> float:
        """Return the sum of the evidence, within bounds."""
        return min(max(sum(WEIGHTS[name] for name in self.evidence), LOW), HIGH)

    @property
    def confidence(self) -> Decimal:
        """Return the score as an exact number with two digits."""
        return Decimal(f"{self.score:.2f}")

    def backed_by(self, *evidence: str) -> "Candidate":
        """Return the candidate with more evidence, each kind counted once."""
        new = tuple(name for name in evidence if name not in self.evidence)
        return replace(self, evidence=(*self.evidence, *new))


def form_evidence(form: str) -> tuple[str, ...]:
    """Return the evidence that the form of a reading gives."""
    return (_FORMS[form],) if form in _FORMS else ()


@dataclass(frozen=True, slots=True)
class Choice:
    """The best candidate and the other values that were found, best first."""

    best: Candidate
    others: tuple[Candidate, ...]


CONFLICT_WITHIN = 0.10
"""Another value whose evidence comes this close is a conflict: both are shown, and both lose confidence."""
_OTHERS_MAX = 4


def choose(candidates: Sequence[Candidate]) -> Choice | None:
    """Pick the value with the best evidence; agreement raises it, a value nearly as good lowers it."""
    groups: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(value_key(candidate.value), []).append(candidate)
    merged: list[Candidate] = []
    for group in groups.values():
        best = max(group, key=lambda candidate: (candidate.score, not candidate.quote.isupper()))
        places = {(candidate.page, candidate.box) for candidate in group}
        merged.append(best.backed_by("found more than once") if len(places) > 1 else best)
    if not merged:
        return None
    merged.sort(key=lambda candidate: -candidate.score)
    best, others = merged[0], tuple(merged[1 : _OTHERS_MAX + 1])
    if others and others[0].score >= best.score - CONFLICT_WITHIN:
        best = best.backed_by("another value is as likely")
    return Choice(best, others)


def value_key(value: Json) -> str:
    """Return a text that is the same for values that are the same (1.5 and 1.50, case and spaces aside)."""
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return format(Decimal(value).normalize(), "f")
    return "".join(str(value).casefold().split())
