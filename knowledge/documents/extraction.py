"""What an extraction answers: values with their place and evidence, what is missing, and the checks made."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from flowmaster.engine.values import Json
from flowmaster.knowledge.documents.evidence import Candidate
from flowmaster.knowledge.documents.model import Box


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One value where it stands: page (from 1), box, the text as written, and the rule that found it."""

    value: Json
    confidence: Decimal
    page: int
    box: Box
    quote: str
    method: str
    label: str = ""
    ref: str = ""
    evidence: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Json]:
        """Return the place as a JSON value; empty parts are left out."""
        shown: dict[str, Json] = {
            "value": self.value,
            "confidence": self.confidence,
            "page": self.page,
            "box": self.box.as_json(),
            "quote": self.quote,
            "method": self.method,
        }
        if self.label:
            shown["label"] = self.label
        if self.ref:
            shown["ref"] = self.ref
        return shown


def place_of(candidate: Candidate) -> Place:
    """Return a candidate as the place that is shown."""
    return Place(
        value=candidate.value,
        confidence=candidate.confidence,
        page=candidate.page,
        box=candidate.box,
        quote=candidate.quote,
        method=candidate.method,
        label=candidate.label,
        ref=candidate.ref,
        evidence=candidate.evidence,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field that was found: its best place, the other values that were seen, and the cells of rows."""

    name: str
    place: Place
    alternatives: tuple[Place, ...] = ()
    conflict: bool = False
    rows: tuple[Mapping[str, Place], ...] = ()

    def as_json(self, *, cells: bool = True) -> dict[str, Json]:
        """Return the field as a JSON value; `rows` has the place of each cell, unless left out with the value."""
        shown = self.place.as_json()
        if self.rows and not cells:
            del shown["value"]
            shown["rows"] = len(self.rows)
            return shown
        if self.conflict:
            shown["conflict"] = True
        if self.alternatives:
            shown["alternatives"] = [other.as_json() for other in self.alternatives]
        if self.rows:
            shown["rows"] = [{name: cell.as_json() for name, cell in row.items()} for row in self.rows]
        return shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A calculation over the values: what it is, whether it holds, and the figures of both sides."""

    name: str
    passed: bool
    message: str
    fields: tuple[str, ...]

    def as_json(self) -> dict[str, Json]:
        """Return the check as a JSON value."""
        return {
            "name": self.name,
            "passed": self.passed,
            "message": self.message,
            "fields": list(self.fields),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """The fields of a document by a schema: found ones, missing ones, and the checks made on them."""

    fields: Mapping[str, Field]
    missing: tuple[str, ...]
    missing_required: tuple[str, ...]
    checks: tuple[Check, ...]

    @property
    def values(self) -> dict[str, Json]:
        """Return name and value of every field that was found, ready to be used as variables."""
        return {name: field.place.value for name, field in self.fields.items()}

    @property
    def conflicts(self) -> tuple[str, ...]:
        """Return the names of fields for which another value is as likely."""
        return tuple(name for name, field in self.fields.items() if field.conflict)

    def as_json(self) -> dict[str, Json]:
        """Return all of it as a JSON value."""
        return {
            "fields": {name: field.as_json() for name, field in self.fields.items()},
            "values": self.values,
            "missing": list(self.missing),
            "missing_required": list(self.missing_required),
            "conflicts": list(self.conflicts),
            "checks": [check.as_json() for check in self.checks],
        }
