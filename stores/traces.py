"""Where personal data may lie in a store, and what is kept of an erasure: plain rows, free of any database."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from flowmaster.engine.values import Json
from flowmaster.stores.erasing import MARK, Holding

VALUES: Final = "values"
"""An instance lost its values; its row, its history and its times stay."""

EVERYTHING: Final = "everything"
"""An instance is gone; what stays is when and by which erasure."""

TRACES_AT_ONCE: Final = 500
"""Traces that one look into a store brings."""

KINDS: Final = (
    "instance",
    "part",
    "wait",
    "journal",
    "message",
    "outbox",
    "document",
    "blob",
    "once",
    "setting",
    "release",
    "long_call",
    "draft",
    "version",
    "definition",
    "start",
    "counter",
    "lease",
    "erasure",
    "scope",
    "word",
)
"""The kinds of places, in the order in which they are erased: what is named by words goes before the words."""


class Erased(NamedTuple):
    """That an instance was erased: when (engine time), by which erasure, and what went."""

    instance: str
    at: int
    erasure: str
    what: str


class Blanked(NamedTuple):
    """What an erasure did to one instance: entries changed or removed, and the number and hash its chain ends with."""

    instance: str
    entries: int
    last: int
    head: str


class Trace(NamedTuple):
    """A place that holds a text: its kind, what people know it by, and the key of its row."""

    kind: str
    shown: str
    key: tuple[Json, ...]


class Traces(NamedTuple):
    """Some places, and the key behind which others may lie (None at the end)."""

    items: list[Trace]
    after: tuple[Json, ...] | None


class Fate(NamedTuple):
    """What became of a place: whether it was erased, else why it stays."""

    erased: bool
    stays: str = ""


ERASED: Final = Fate(True)
MODEL: Final = Fate(False, "a model says so; with `models` its text is changed")
UNDER_WAY: Final = Fate(False, "it is under way to another instance; repeat the call")
OPEN_WORK: Final = Fate(False, "open work names them; repeat the call when it is done")
NAME: Final = Fate(False, "it is the name of a process, step or operation")
OTHERS: Final = Fate(False, "it belongs to the installation or to another tenant")
OLD_SEAL: Final = Fate(False, "it was sealed by an older version, in clear")


class Scrubbed(NamedTuple):
    """What a store did about the remains of erased rows: bytes before and after, and what that proves."""

    before: int
    after: int
    complete: bool
    proves: str


def shown(text: str, texts: Collection[str]) -> str:
    """Return a name as it may be told: not if it holds what is looked for."""
    return MARK if Holding(texts).holds(text) else text


def in_bytes(data: bytes, texts: Sequence[str]) -> bool:
    """Whether bytes hold one of some texts as they lie, ignoring the case of ASCII."""
    lowered = data.lower()
    return any(text.encode().lower() in lowered for text in texts)
