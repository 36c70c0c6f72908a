"""The operation on links: what a process or decision leads to, what leads to it, and what a change of it affects."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from flowmaster.engine.errors import FlowMasterError, Hint, did_you_mean
from flowmaster.engine.feel.said import quoted
from flowmaster.engine.links.model import DECISION, NODE_KINDS, PROCESS, REVISION, WORDS, Node
from flowmaster.engine.links.ways import endless_calls
from flowmaster.runtime.graph import Asked
from flowmaster.runtime.models import unknown_process
from flowmaster.stores.graph import LINKS_MAX, KeptLink, View
from flowmaster.tools.bounds import leading, left_out
from flowmaster.tools.link_views import (
    Affected,
    LinkView,
    NodeView,
    Reach,
    affected_by,
    link_views,
    mermaid,
    neighbours_by_data,
    node_views,
    path_in_words,
    preceding,
)
from flowmaster.tools.linking import make_up
from flowmaster.tools.models import Arguments, Result, follow_up
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.rule_versions import unknown_decision

CALLS_DEPTH_MAX = 20
"""How far circles of calls are followed."""

LINKS_BYTES = 3_000
SIDE_BYTES = 1_500
"""How long the links of an answer may be, and the lists beside them."""

LinkKind = Literal[
    "calls", "sends", "receives", "starts", "decides_by", "requires", "uses_form", "shares_data", "done_by"
]


class ProcessLinks(Arguments):
    """Whose links, which way and how far."""

    process: str = Field(default="", max_length=200, description="Process id.", examples=["invoice-to-pay"])
    decision: str = Field(default="", max_length=200, description="Or decision id.")
    node: str = Field(
        default="",
        max_length=300,
        description="Or anything else: `message:NAME`, `signal:`, `form:`, `data:` or `role:`.",
    )
    direction: Literal["up", "down", "both"] = Field(
        default="both", description="`up`: what leads to it. `down`: what it leads to or uses."
    )
    depth: int = Field(default=2, ge=1, le=5, description="How many links far.")
    kinds: list[LinkKind] = Field(default=[], max_length=9, description="Only these; default: all.")
    view: View = Field(
        default="published",
        description="`published`: newest versions, drafts of what has none. `draft`: newest drafts. `all`: old versions too.",
    )


class ProcessLinked(Result):
    """A part of the landscape."""

    node: str = Field(description="Whose links.")
    nodes: list[NodeView] = Field(description="What is met, nearest first.")
    edges: list[LinkView] = Field(description="The links, nearest first.")
    precedes: list[str] = Field(
        default=[], description="Which process begins what other process by which event."
    )
    shares: list[str] = Field(default=[], description="Other processes with the same data, forms or roles.")
    impact: list[Affected] = Field(default=[], description="What a change or removal of it affects.")
    circle: str = Field(
        default="", description="Calls that come back to the process without any wait: endless."
    )
    notes: list[str] = Field(default=[], description="What is unknown or nobody answers to.")
    mermaid: str = Field(default="", description="The links as Mermaid text.")


@operation(right="process.read", read_only=True)
async def process_links(call: Call, arguments: ProcessLinks) -> ProcessLinked:
    """Show what a process, decision, message, form, data or role is linked to, up and down, and what a change affects.

    Links come from the models: calls, messages and signals from throw to catch or start, decisions and what these
    require, forms, data of the same name, roles. Look here before changing or removing anything that others use.
    """
    start = _start(call, arguments)
    unread = await _made_up(call)
    return await call.app.runtime.graph.run(
        call.caller.tenant, lambda asked: _linked(call, arguments, start, asked, unread)
    )


def _linked(
    call: Call, arguments: ProcessLinks, start: Node, asked: Asked, unread: list[str]
) -> ProcessLinked:
    tenant = call.caller.tenant
    kinds: Sequence[str] = arguments.kinds or tuple(WORDS)
    ways = ("up", "down") if arguments.direction == "both" else (arguments.direction,)
    kept: dict[KeptLink, None] = {}
    cut = False
    for way in ways:
        found = asked.walk(
            tenant, start, up=way == "up", depth=arguments.depth, kinds=kinds, view=arguments.view
        )
        cut = cut or len(found) >= LINKS_MAX
        kept |= dict.fromkeys(found)
    reach = Reach(asked.tables, asked, call.app.runtime.models, tenant, arguments.view)
    if not kept:
        _refuse_unknown(asked, tenant, start)
    views, nodes = link_views(reach, kept), node_views(reach, start, kept)
    calls = asked.walk(tenant, start, up=False, depth=CALLS_DEPTH_MAX, kinds=("calls",), view=arguments.view)
    impact, shares = affected_by(reach, start), neighbours_by_data(reach, start)
    edges, shown = leading(views, LINKS_BYTES), leading(impact, SIDE_BYTES)
    return ProcessLinked(
        node=f"{start.kind}:{start.key}",
        nodes=(met := leading(nodes, SIDE_BYTES)),
        edges=edges,
        precedes=preceding(kept),
        shares=(shared := leading(shares, SIDE_BYTES)),
        impact=shown,
        circle=path_in_words(endless_calls((one.link for one in calls), start)),
        notes=[
            *reach.notes(start, kept),
            *unread,
            *asked.notes,
            *([f"Only the nearest {LINKS_MAX} links."] if cut else []),
        ],
        mermaid=mermaid(list(kept)[: len(edges)]),
        left_out=left_out(
            {
                "nodes": (len(nodes), len(met)),
                "edges": (len(views), len(edges)),
                "impact": (len(impact), len(shown)),
                "shares": (len(shares), len(shared)),
            }
        ),
        next=[follow_up(hint) for hint in _next(start, kept)],
    )


def _start(call: Call, arguments: ProcessLinks) -> Node:
    """Return whose links are asked for, or refuse what is not there."""
    given = [text for text in (arguments.process, arguments.decision, arguments.node) if text]
    if len(given) != 1:
        raise FlowMasterError(
            "arguments.invalid",
            "Give one of `process`, `decision` and `node`.",
            path="process",
            fix="Name one thing whose links are shown.",
        )
    reader, tenant = call.app.runtime.reader, call.caller.tenant
    if arguments.node:
        kind, colon, key = arguments.node.partition(":")
        if not colon or not key or kind not in NODE_KINDS:
            raise FlowMasterError(
                "node.invalid",
                f"{quoted(arguments.node)} is not a kind and a name.{did_you_mean(kind, list(NODE_KINDS))}",
                path="node",
                expected=[f"{one}:NAME" for one in NODE_KINDS],
                fix="Write the kind, a colon and the name: `message:order shipped`.",
                status=422,
            )
        return Node(kind, key)
    if arguments.process:
        if reader.find_definition(tenant, PROCESS, arguments.process) is None:
            raise unknown_process(reader, tenant, arguments.process)
        return Node(PROCESS, arguments.process)
    if reader.find_definition(tenant, DECISION, arguments.decision) is None:
        raise unknown_decision(reader, tenant, arguments.decision)
    return Node(DECISION, arguments.decision)


def _refuse_unknown(asked: Asked, tenant: str, start: Node) -> None:
    """Refuse a name that neither a definition nor any link has."""
    if asked.tables.find_definition(tenant, start.kind, start.key) is not None:
        return
    if any(asked.walk(tenant, start, up=up, depth=1, kinds=tuple(WORDS), view="all") for up in (True, False)):
        return
    raise FlowMasterError(
        "node.unknown",
        f"No process or decision has {start.kind} {quoted(start.key)}.",
        path="node",
        fix="Take the name from the `nodes` of a process's links.",
        next=[Hint("process_find", {}, "List the processes.")],
        status=404,
    )


async def _made_up(call: Call) -> list[str]:
    """Derive the links of what an older FlowMaster stored; say so where this server may not write."""
    runtime, tenant = call.app.runtime, call.caller.tenant
    if not runtime.reader.unlinked(tenant, revision=REVISION, limit=1):
        return []
    try:
        while not await runtime.write(lambda transaction: make_up(transaction, tenant)):
            pass
    except FlowMasterError as error:
        if error.code != "store.read_only":
            raise
        return ["Some models have no links yet, and this server only reads: ask one that writes once."]
    return []


def _next(start: Node, kept: dict[KeptLink, None]) -> list[Hint]:
    met = [node for one in kept for node in one.link[1:3] if node.kind == PROCESS and node.is_known]
    others = [node for node in dict.fromkeys(met) if node != start]
    known = [one.owner for one in kept]
    return [
        Hint("process_links", {"process": node.key}, "See its links.") for node in others if node in known
    ][:1]


OPERATIONS = (process_links,)
