"""A text into sentences, each with the place where it begins."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from flowmaster.knowledge.procedures.blocks import Block

_END = re.compile(
    r"(?<=[.!?])[\"')\]]?\s+(?=[\"'(\[]?[A-ZÄÖÜ0-9])|\n|;\s+(?=(?:otherwise|else|if|andernfalls|ansonsten|sonst|wenn|falls)\b)"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|approx|max|min|no|nr|vs|dr|mr|mrs|ms|prof|inc|ltd|co|dept|incl|excl|resp|fig|sec|art|"
    r"z\.\s?b|d\.\s?h|u\.\s?a|bzw|ca|ggf|evtl|usw|inkl|exkl|abs|lfd|tel|str|abt|vgl|s|o\.\s?ä|i\.\s?d\.\s?r|st)|\b\d{1,2}|\b[A-Z])\.$",
    re.IGNORECASE,
)


class Said(NamedTuple):
    """A sentence and where it begins."""

    text: str
    where: str


def sentences_of(block: Block) -> list[Said]:
    """Return the sentences of a block."""
    return [Said(text, block.where_at(offset)) for offset, text in _parts(block.text)]


def _parts(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for match in _END.finditer(text):
        piece = text[start : match.start()]
        if match[0].strip(" \"')]") == "" and "\n" not in match[0] and _ABBREVIATION.search(piece[-12:]):
            continue
        if piece.strip():
            yield start + len(piece) - len(piece.lstrip()), piece.strip()
        start = match.end()
    if text[start:].strip():
        yield start, text[start:].strip()
