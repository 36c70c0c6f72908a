"""The operation on the copy of the links in a graph database: have it made anew."""

from typing import Final

from pydantic import Field

from flowmaster.engine.links.model import DECISION, PROCESS
from flowmaster.stores.protocol import Reader, Transaction
from flowmaster.stores.rows import DefinitionFilter
from flowmaster.tools.models import Result, WriteArguments
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import request_of, store_once

SCOPE: Final = "graph:links"
"""Where the journal has it."""


class GraphRebuild(WriteArguments):
    """Why it is made anew."""

    reason: str | None = Field(default=None, max_length=500, description="Why, for the journal.")


class GraphRebuilt(Result):
    """What is copied anew."""

    definitions: int = Field(description="Processes and decisions whose links are copied.")
    links: int = Field(description="Links of their newest versions.")


async def _rebuilt_again(call: Call, arguments: GraphRebuild, subject: str) -> GraphRebuilt:
    """Tell again what there is to copy."""
    return _told(call.app.runtime.reader, call.caller.tenant)


@operation(right="instance.control", recover=_rebuilt_again)
async def graph_rebuild(call: Call, arguments: GraphRebuild) -> GraphRebuilt:
    """Have servers with `--graph` make their copy of the links in ArangoDB anew from the tables, which stay as they are.

    An empty ArangoDB is filled by itself; this is for one that somebody else has written to. Links are read from the
    tables until the copy is whole; then the former one is removed.
    """
    runtime, tenant = call.app.runtime, call.caller.tenant
    request = request_of(call, "graph_rebuild", arguments.reason)

    def renew(transaction: Transaction) -> GraphRebuilt:
        told = _told(transaction, tenant)
        transaction.renew_graph(tenant)
        transaction.journal(
            tenant,
            SCOPE,
            at=runtime.clock.now(transaction),
            by=request.by,
            agent=request.agent,
            operation=request.operation,
            reason=request.reason,
            data={"definitions": told.definitions, "links": told.links},
        )
        store_once(transaction, call, subject=SCOPE)
        return told

    return await runtime.write(renew, dry_run=arguments.dry_run)


def _told(reader: Reader, tenant: str) -> GraphRebuilt:
    definitions = sum(
        reader.find_definitions(tenant, DefinitionFilter(kind=kind, limit=1)).total
        for kind in (PROCESS, DECISION)
    )
    return GraphRebuilt(definitions=definitions, links=sum(reader.link_counts(tenant).values()))


OPERATIONS = (graph_rebuild,)
