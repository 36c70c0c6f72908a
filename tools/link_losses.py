"""Whom a change or removal leaves alone: what they send is received no more, or what they wait for is sent no more."""

from collections.abc import Collection, Iterable, Mapping

from flowmaster.engine.bpmn.problem import WARNING, Problem
from flowmaster.engine.bpmn.reader import ReadProcess
from flowmaster.engine.feel.said import quoted
from flowmaster.engine.links.deriving import process_links
from flowmaster.engine.links.model import PROCESS, Link, Node
from flowmaster.stores.graph import KeptLink
from flowmaster.stores.protocol import Reader

_SENT, _HEARD = ("sends",), ("starts", "receives")

LEFT_MAX = 20
"""Places that one process may leave alone and that are told."""


def left_alone(
    reader: Reader, tenant: str, gone: Collection[str], reads: Mapping[str, ReadProcess]
) -> list[Problem]:
    """Return who else sends or waits for what processes no longer take part in.

    `gone` are the processes that change or go; `reads` are those of them that stay, as they will be.
    """
    kept = [link for read in reads.values() for link in process_links(read.process)]
    found: list[Problem] = []
    for key in gone:
        for kinds, others in ((_HEARD, _SENT), (_SENT, _HEARD)):
            for heard in _given_up(reader, tenant, key, kinds, kept):
                if not _published(reader, tenant, heard, kinds, gone):
                    found += [
                        _problem(key, heard, one) for one in _published(reader, tenant, heard, others, gone)
                    ]
    return found[:LEFT_MAX]


def _given_up(
    reader: Reader, tenant: str, key: str, kinds: tuple[str, ...], kept: Iterable[Link]
) -> list[Node]:
    """Return the messages and signals that a published process has to do with, and that no link has any more."""
    links = reader.walk(
        tenant, Node(PROCESS, key), up=kinds == _HEARD, depth=1, kinds=kinds, view="published"
    )
    before = [_event(one.link) for one in links if one.version and one.owner.key == key]
    after = {_event(link) for link in kept if link.kind in kinds}
    return [node for node in dict.fromkeys(before) if node.is_known and node not in after]


def _published(
    reader: Reader, tenant: str, heard: Node, kinds: tuple[str, ...], without: Collection[str]
) -> list[KeptLink]:
    """Return the links of other published processes to a message or signal."""
    links = reader.walk(tenant, heard, up=kinds == _SENT, depth=1, kinds=kinds, view="published")
    return [one for one in links if one.version and one.owner.key not in without]


def _event(link: Link) -> Node:
    return link.target if link.kind in _SENT else link.source


def _problem(key: str, heard: Node, one: KeptLink) -> Problem:
    who, what = f"{one.owner.key!r} (version {one.version})", f"the {heard.kind} {quoted(heard.key)}"
    other, at = one.owner.key, one.link.element
    if one.link.kind in _SENT:
        return Problem(
            "message.unheard",
            key,
            WARNING,
            f"{who} sends {what} at {at!r}, and no published process would receive it any more.",
            f"Let {other!r} send it no more, or let a process receive it.",
        )
    return Problem(
        "message.unsent",
        key,
        WARNING,
        f"{who} {'begins by' if one.link.kind == 'starts' else 'waits for'} {what} at {at!r}, and no published process "
        "would send it any more: it would have to come from outside.",
        f"Let a process send it, or change {other!r}.",
    )
