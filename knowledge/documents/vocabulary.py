"""The words that invoices and orders use for their parts, read once from `vocabulary.json`."""

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_SIGNS = str.maketrans({"ß": "ss", "#": "no", "№": "no", "º": "o", "°": "o"})
_NO_LETTERS = re.compile("[^a-z0-9]+")
_LABELS_KEPT = 4096
"""Of so many labels the spellings are remembered; the vocabulary has some hundreds."""


def plain(text: str) -> str:
    """Return the letters and digits of a text without case, accents, spaces or punctuation."""
    if text.isascii():
        return _NO_LETTERS.sub("", text.lower().replace("#", "no"))
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_SIGNS))
    return "".join(letter for letter in folded if letter.isascii() and letter.isalnum())


@lru_cache(_LABELS_KEPT)
def spellings(label: str) -> frozenset[str]:
    """Return the plain forms of a label, with umlauts as one and as two letters."""
    return frozenset((plain(label), plain(label.casefold().translate(_UMLAUTS)))) - {""}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What documents call one thing: its type, the names of fields that mean it, and its labels."""

    key: str
    type: str
    shape: str
    names: frozenset[str]
    labels: tuple[str, ...]
    weak: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All meanings: of fields, of the columns of line items, and of labels that only end other values."""

    fields: dict[str, Meaning]
    lines: dict[str, Meaning]
    other_labels: tuple[str, ...]
    carried: frozenset[str]
    titles: frozenset[str]
    legal_forms: tuple[str, ...]

    def field(self, name: str) -> Meaning | None:
        """Return what a field of this name means, if the vocabulary knows it."""
        return _named(self.fields, name)

    def column(self, name: str) -> Meaning | None:
        """Return what a column of line items of this name means, if the vocabulary knows it."""
        return _named(self.lines, name)


@cache
def vocabulary() -> Vocabulary:
    """Read the vocabulary that comes with FlowMaster."""
    content: dict[str, Any] = json.loads(
        files("flowmaster.knowledge.documents").joinpath("vocabulary.json").read_text(encoding="utf-8")
    )
    return Vocabulary(
        fields=_meanings(content["fields"]),
        lines=_meanings(content["lines"]),
        other_labels=tuple(content["other_labels"]),
        carried=frozenset(form for label in content["carried"] for form in spellings(label)),
        titles=frozenset(form for label in content["titles"] for form in spellings(label)),
        legal_forms=tuple(content["legal_forms"]),
    )


def _meanings(entries: dict[str, Any]) -> dict[str, Meaning]:
    return {
        key: Meaning(
            key=key,
            type=entry["type"],
            shape=entry.get("shape", ""),
            names=frozenset(plain(name) for name in entry["names"]),
            labels=tuple(entry["labels"]),
            weak=tuple(entry.get("weak", ())),
        )
        for key, entry in entries.items()
    }


def _named(meanings: dict[str, Meaning], name: str) -> Meaning | None:
    wanted = plain(name)
    return next((meaning for meaning in meanings.values() if wanted in meaning.names), None)
