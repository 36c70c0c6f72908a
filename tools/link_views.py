"""How links are told: in words, as lists, as Mermaid text, and as what a change affects."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pydantic import Field

from flowmaster.engine.links.model import (
    DATA,
    DECISION,
    FORM,
    MESSAGE,
    PROCESS,
    ROLE,
    SIGNAL,
    WORDS,
    Link,
    Node,
)
from flowmaster.runtime.models import Models
from flowmaster.stores.graph import Asking, KeptLink, View
from flowmaster.stores.protocol import Reader
from flowmaster.stores.rows import InstanceFilter
from flowmaster.tools.models import Shape

IMPACT_DEPTH = 5
"""How far a change is followed."""

LISTED_MAX = 100
"""How many things an answer tells of by what each of them needs a look into the store."""

_USES = ("calls", "decides_by", "requires")
_EVENTS = ("sends", "receives", "starts")
_SHARED = {DATA: "data", FORM: "form", ROLE: "role"}
_ENDED = ("completed", "cancelled", "failed")


class NodeView(Shape):
    """Something of the landscape."""

    id: str = Field(description="Its kind and name: `process:order`.")
    name: str = Field(default="", description="What people call it.")
    state: str = Field(default="", description="draft, published, archived, `missing`, or `expression`.")


class LinkView(Shape):
    """A link."""

    text: str = Field(description="The link in words.")
    kind: str = Field(description="Its kind.")
    source: str = Field(description="Where it begins.")
    target: str = Field(description="Where it leads to.")
    element: str = Field(default="", description="The element in the process that has the link.")
    enters: str = Field(default="", description="For calls: the element where the called process begins.")
    version: int | None = Field(default=None, description="The version that has it; none: the newest draft.")
    pinned: str = Field(default="", description="The version it asks for, where not the newest.")


class Affected(Shape):
    """What a change or removal affects."""

    what: str = Field(description="Its kind and name.")
    how: str = Field(description="In words.")
    direct: bool = Field(default=True, description="False if only through others.")
    version: int | None = Field(
        default=None, description="The version that has the link; none: the newest draft."
    )
    instances: int = Field(default=0, description="How many of its instances run.")


class Reach(NamedTuple):
    """What links are told from."""

    reader: Reader
    graph: Asking
    models: Models
    tenant: str
    view: View

    def is_there(self, node: Node) -> bool:
        """Whether the definition of a node exists."""
        return self.reader.find_definition(self.tenant, node.kind, node.key) is not None

    def notes(self, start: Node, kept: Iterable[KeptLink]) -> list[str]:
        """Return what is unknown, and what nobody hears or says."""
        notes: list[str] = []
        links = [one.link for one in kept]
        for node in dict.fromkeys([start, *(node for link in links for node in (link.source, link.target))]):
            if not node.is_known:
                notes.append(f"Only a run names the {node.kind} of `{node.key}`.")
            elif node.kind in (PROCESS, DECISION) and not self.is_there(node):
                notes.append(f"There is no {node.kind} {node.key!r}.")
            elif node.kind in (MESSAGE, SIGNAL):
                sent, heard = (
                    self.graph.walk(self.tenant, node, up=up, depth=1, kinds=_EVENTS, view=self.view)
                    for up in (True, False)
                )
                if sent and not heard:
                    notes.append(f"No process receives the {node.kind} {node.key!r}.")
                if heard and not sent:
                    notes.append(f"No process sends the {node.kind} {node.key!r}; it comes from outside.")
        return notes[:LISTED_MAX]


def link_views(reach: Reach, kept: Iterable[KeptLink]) -> list[LinkView]:
    """Return links as an answer lists them."""
    return [
        LinkView(
            text=in_words(one.link),
            kind=one.link.kind,
            source=_id(one.link.source),
            target=_id(one.link.target),
            element=one.link.element,
            enters=_entry(reach, one.link),
            version=one.version or None,
            pinned=one.link.pinned,
        )
        for one in kept
    ]


def node_views(reach: Reach, start: Node, kept: Iterable[KeptLink]) -> list[NodeView]:
    """Return what links meet, the start first."""
    found = dict.fromkeys([start, *(node for one in kept for node in (one.link.source, one.link.target))])
    return [_node_view(reach, node) for node in found]


def _node_view(reach: Reach, node: Node) -> NodeView:
    if not node.is_known:
        return NodeView(id=_id(node), state="expression")
    if node.kind not in (PROCESS, DECISION):
        return NodeView(id=_id(node))
    row = reach.reader.find_definition(reach.tenant, node.kind, node.key)
    if row is None:
        return NodeView(id=_id(node), state="missing")
    return NodeView(id=_id(node), name=row.name if row.name != node.key else "", state=row.state)


def _entry(reach: Reach, link: Link) -> str:
    """Return where a called process begins, if it is published."""
    if link.kind != "calls" or not link.target.is_known:
        return ""
    version = int(link.pinned) if link.pinned.isascii() and link.pinned.isdigit() else None
    number = version or reach.reader.version_number(reach.tenant, PROCESS, link.target.key, tag=link.pinned)
    found = None if number is None else reach.reader.version(reach.tenant, PROCESS, link.target.key, number)
    if found is None:
        return ""
    starts = reach.models.process(reach.reader, reach.tenant, link.target.key, found.version).root.starts
    return starts[0] if starts else ""


def in_words(link: Link) -> str:
    """Return a link as a sentence."""
    at = f" at {link.element!r}" if link.element else ""
    pinned = f" (version {link.pinned})" if link.pinned else ""
    return f"{_said(link.source)} {WORDS[link.kind]} {_said(link.target)}{pinned}{at}"


def path_in_words(way: Sequence[Link]) -> str:
    """Return a way of calls in words, nothing for none."""
    if not way:
        return ""
    steps = [f"{link.source.key} calls {link.target.key} at {link.element}" for link in way]
    return ", ".join(steps)


def preceding(kept: Iterable[KeptLink]) -> list[str]:
    """Return which process begins which other, by what they send and what starts them."""
    links = [one.link for one in kept]
    found = [
        f"{sent.source.key} ({sent.element}) precedes {begun.target.key} ({begun.element}), by {_said(sent.target)}"
        for sent in links
        if sent.kind == "sends"
        for begun in links
        if begun.kind == "starts" and begun.source == sent.target
    ]
    return list(dict.fromkeys(found))[:LISTED_MAX]


def neighbours_by_data(reach: Reach, start: Node) -> list[str]:
    """Return, for the data, forms and roles of a process, the other processes that have them too."""
    own = reach.graph.walk(
        reach.tenant, start, up=False, depth=1, kinds=("shares_data", "uses_form", "done_by"), view=reach.view
    )
    found: list[str] = []
    for node in list(dict.fromkeys(one.link.target for one in own if one.link.target.is_known))[:LISTED_MAX]:
        kinds = ("shares_data", "uses_form", "done_by")
        users = reach.graph.walk(reach.tenant, node, up=True, depth=1, kinds=kinds, view=reach.view)
        others = sorted({one.link.source.key for one in users} - {start.key})
        if others:
            found.append(f"{_SHARED[node.kind]} {node.key!r}: {', '.join(others)}")
    return found


def affected_by(reach: Reach, start: Node) -> list[Affected]:
    """Return what a change or removal of a node affects: what uses it, directly or not, and who hears or tells it."""
    kinds = _USES if start.kind in (PROCESS, DECISION) else tuple(WORDS)
    found = _newest(reach, start, up=True, kinds=kinds)
    if start.kind == PROCESS:
        for up in (True, False):
            found += [
                one for one in _newest(reach, start, up=up, kinds=_EVENTS, depth=2) if one.owner != start
            ]
    elif start.kind in (MESSAGE, SIGNAL):
        found += _newest(reach, start, up=False, kinds=_EVENTS, depth=1)
    older = reach.graph.walk(reach.tenant, start, up=True, depth=1, kinds=kinds, view="all")
    counts: dict[str, int] = {}
    for count in reach.reader.count_instances(reach.tenant):
        if count.status not in _ENDED:
            counts[count.process] = counts.get(count.process, 0) + count.instances
    told: dict[tuple[Node, int], Affected] = {}
    for one in found:
        direct = start in (one.link.source, one.link.target)
        running = counts.get(one.owner.key, 0) if one.owner.kind == PROCESS else 0
        told.setdefault((one.owner, one.version), _affected(one, direct=direct, instances=running))
    for one in older[:LISTED_MAX]:
        if one.owner.kind == PROCESS and one.version and (one.owner, one.version) not in told:
            running = _running(reach, one.owner.key, one.version)
            if running:
                told[one.owner, one.version] = _affected(one, direct=True, instances=running)
    return list(told.values())


def _newest(
    reach: Reach, start: Node, *, up: bool, kinds: Sequence[str], depth: int = IMPACT_DEPTH
) -> list[KeptLink]:
    return reach.graph.walk(reach.tenant, start, up=up, depth=depth, kinds=kinds, view="published")


def _running(reach: Reach, process: str, version: int) -> int:
    """Return how many instances of one version have not ended."""
    which = InstanceFilter(process=process, version=version, limit=1)
    ended = which._replace(statuses=_ENDED)
    find = reach.reader.find_instances
    return find(reach.tenant, which).total - find(reach.tenant, ended).total


def _affected(one: KeptLink, *, direct: bool, instances: int) -> Affected:
    return Affected(
        what=_id(one.owner),
        how=in_words(one.link),
        direct=direct,
        version=one.version or None,
        instances=instances,
    )


def mermaid(kept: Sequence[KeptLink]) -> str:
    """Return links as a Mermaid flow chart, nothing for none."""
    links = [one.link for one in kept]
    numbers: dict[Node, str] = {}
    for link in links:
        for node in (link.source, link.target):
            numbers.setdefault(node, f"n{len(numbers)}")
    if not links:
        return ""
    lines = [
        "flowchart LR",
        *(f'  {number}["{mermaid_text(_said(node))}"]' for node, number in numbers.items()),
    ]
    drawn = [f'  {numbers[link.source]} -->|"{WORDS[link.kind]}"| {numbers[link.target]}' for link in links]
    return "\n".join([*lines, *dict.fromkeys(drawn)])


def mermaid_text(text: str) -> str:
    """Return a text as it may stand in quotes in a Mermaid chart."""
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace("\n", " ")


def _said(node: Node) -> str:
    return f"{node.kind} {node.key!r}" if node.is_known else f"a {node.kind} that `{node.key}` names"


def _id(node: Node) -> str:
    return f"{node.kind}:{node.key}"
