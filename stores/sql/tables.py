"""Where text lies in the tables: what a search for personal data looks through.

Hard rule: every column that holds text or bytes stands here, so that a search proves that nothing is left
(`tests/stores/test_erasing.py` compares this with the schemas).
"""

from typing import Final, NamedTuple


class Table(NamedTuple):
    """A table as a search sees it: the key of a row, what people know it by, its texts, and whose it is.

    `source` joins what else is needed; without a `tenant` its rows belong to the whole installation.
    """

    source: str
    key: tuple[str, ...]
    shown: str
    texts: tuple[str, ...]
    tenant: str
    numbered: bool = False


TABLES: Final[dict[str, Table]] = {
    "instance": Table(
        "instance t", ("t.num",), "t.id", ("t.id", "t.business_key", "t.parent", "t.body"), "t.tenant", True
    ),
    "wait": Table(
        "wait t JOIN instance i ON i.num = t.instance",
        ("t.instance", "t.id"),
        "i.id",
        ("t.key", "t.nonce", "t.body"),
        "t.tenant",
    ),
    "part": Table(
        "part t JOIN instance i ON i.num = t.instance",
        ("t.instance", "t.id"),
        "i.id",
        ("t.body",),
        "i.tenant",
    ),
    "journal": Table(
        "journal t LEFT JOIN instance i ON i.num = t.scope LEFT JOIN scope s ON s.num = -t.scope",
        ("t.id",),
        "coalesce(i.id, s.name)",
        ("t.reason", "t.events"),
        "t.tenant",
        True,
    ),
    "message": Table("message t", ("t.id",), "t.name", ("t.name", "t.key", "t.variables"), "t.tenant", True),
    "outbox": Table(
        "outbox t",
        ("t.id",),
        "t.instance",
        ("t.instance", "t.target", "t.kind", "t.payload"),
        "t.tenant",
        True,
    ),
    "document": Table(
        "document t",
        ("t.num",),
        "t.id",
        ("t.id", "t.name", "t.media_type", "t.sha256", "t.meta"),
        "t.tenant",
        True,
    ),
    "once": Table(
        "once t", ("t.tenant", "t.key"), "''", ("t.key", "t.digest", "t.subject", "t.answer"), "t.tenant"
    ),
    "setting": Table("setting t", ("t.tenant", "t.name"), "''", ("t.name", "t.value"), "t.tenant"),
    "long_call": Table("long_call t", ("t.handle",), "''", ("t.handle", "t.owner", "t.body"), "t.tenant"),
    "draft": Table(
        "draft t JOIN definition d ON d.num = t.definition",
        ("t.definition", "t.number"),
        "d.key",
        ("t.name", "t.note", "t.meta", "t.content"),
        "d.tenant",
    ),
    "version": Table(
        "version t JOIN definition d ON d.num = t.definition",
        ("t.definition", "t.version"),
        "d.key",
        ("t.name", "t.tag", "t.digest", "t.note", "t.meta", "t.content"),
        "d.tenant",
    ),
    "definition": Table(
        "definition t", ("t.num",), "t.key", ("t.key", "t.name", "t.route"), "t.tenant", True
    ),
    "release": Table(
        "release t",
        ("t.tenant", "t.kind", "t.key", "t.aspect", "t.name"),
        "t.key",
        ("t.key", "t.aspect", "t.name", "t.body"),
        "t.tenant",
    ),
    "start": Table(
        "start t",
        ("t.tenant", "t.process", "t.element", "t.number"),
        "t.element",
        ("t.element", "t.kind", "t.name", "t.every"),
        "t.tenant",
    ),
    "counter": Table("counter t", ("t.tenant", "t.name"), "''", ("t.name",), "t.tenant"),
    "lease": Table("lease t", ("t.name",), "t.name", ("t.name", "t.holder"), ""),
    "erasure": Table(
        "erasure t",
        ("t.tenant", "t.instance"),
        "t.instance",
        ("t.instance", "t.erasure", "t.what"),
        "t.tenant",
    ),
    "scope": Table("scope t", ("t.num",), "t.name", ("t.name",), "t.tenant", True),
    "word": Table("word t", ("t.id",), "''", ("t.text",), "", True),
}
"""The tables by the kind of their places; `blob` is searched as bytes."""

STRUCTURE: Final[dict[str, tuple[str, ...]]] = {
    "instance": ("tenant", "process", "status"),
    "wait": ("tenant", "label", "state", "topic"),
    "journal": ("tenant", "operation"),
    "evaluation": ("decision",),
    "definition": ("tenant", "kind"),
    "sent": ("kind", "name"),
    "document": ("tenant",),
    "setting": ("tenant",),
    "start": ("process",),
    "release": ("tenant", "kind"),
}
"""Where words are names of the house, which nobody erases."""

OPEN_WORK: Final[dict[str, tuple[str, ...]]] = {"wait": ("person", "worker"), "candidate": ("who",)}
"""Where words are names of people who have something to do."""

PEOPLE: Final[dict[str, tuple[str, ...]]] = {
    "journal": ("by", "agent"),
    "wait": ("person", "worker"),
    "candidate": ("who",),
    "message": ("by",),
    "document": ("by",),
    "definition": ("updated_by",),
    "release": ("by",),
}
"""Where words are names of people."""
