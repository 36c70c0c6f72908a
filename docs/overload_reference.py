"""Writes the page on overload for operators: what is shared, what is refused, and every bound there is."""

from typing import NamedTuple

from flowmaster.connectors.http import BODY_BYTES_MAX, SECONDS_MAX, THREADS_MAX
from flowmaster.engine.limits import CALL_DEPTH_MAX, NODES_MAX, STEPS_MAX
from flowmaster.runtime import pieces, runtime, workers, writer
from flowmaster.runtime.admission import SHARES
from flowmaster.runtime.behalf import Urgency
from flowmaster.runtime.bounds import ABOUT, Bounds
from flowmaster.runtime.breaker import FAILURES
from flowmaster.runtime.desk import FOLLOW_UPS_MAX
from flowmaster.runtime.messages import SIGNAL_RECEIVERS_MAX
from flowmaster.runtime.reads import SLOW_SECONDS
from flowmaster.server.gathered import HEAD_BYTES_MAX, HEAD_SECONDS_MAX
from flowmaster.server.http_body import BODY_LENGTH_MAX, BODY_SECONDS_MAX
from flowmaster.server.long_calls import KEPT_MAX, OPEN_MAX
from flowmaster.server.mcp_http import SESSIONS_MAX
from flowmaster.server.mcp_subscriptions import STREAMS_MAX, WATCHED_MAX
from flowmaster.stores.rows import DESCENDANTS_MAX, INSTANCE_BYTES_MAX, PAGE_ITEMS_MAX
from flowmaster.tools.instance_batch import INSTANCES_MAX
from flowmaster.tools.instances import WAIT_SECONDS_MAX
from flowmaster.tools.limits import FINISHING, LISTING, STARTING, Limits

TEXT = """\
# Overload
{generated}

What a server does when more is asked of it than it can do, for those who keep one. Nothing that is refused has changed
anything, and every refusal names the bound and says when to come again.

## Whose turn it is
Changes are stored by one writer, many to a commit. Each tenant has a line of its own; lines take turns, each turn as
long as those of the others by what its changes cost. So one call of a tenant is stored with the next commit or the one
after it, however many of another tenant wait. Timers, effects between instances and what connectors bring back stand in
the line of their tenant too, {due} timers and {effects} effects at a time. Inside a line the order of arrival stays; what
finishes work ({finishing}) passes the rest.

Connectors have slots: a tenant gets its share while others want some, and a host that hangs holds `connection_jobs` of
them and no more. Further jobs for it wait, lose no try, and after {failures} failures in a row stand back for a while.

Lists that turn out slow (over {slow:g} ms) are read beside everything else, and tenants take turns at them.

## What is refused first
A server takes on what it stores in good time, measured by its last commits. While no more waits than the next commit
takes ({batch} changes), nothing is refused, however slow the disk. Beyond that `server.overloaded` refuses what would wait
too long or is too much, the least urgent first:

| what | up to this part of `waiting`, `tenant_waiting` and `wait_seconds` |
|---|---|
| starting instances ({starting}), and lists ({listing}) | {part_starting:.0%} |
| other changes | {part_ordinary:.0%} |
| finishing work ({finishing}) | {part_finishing:.0%} |

Single reads are never shed. What a call has begun is brought to its end. A call whose caller has hung up, or that was
cancelled, is dropped if it still waits: nobody was told that it is stored; the same call with its idempotency key may
follow. The server's own work is never refused: each kind of it has one piece for each tenant waiting at a time.

A refusal carries `retry_after`, the seconds after which the same call may succeed, by the pace that was measured. Over
HTTP it is also the header `Retry-After`, with status 429 where the caller's own calls are too many and 503 where
everybody's are; over MCP it is a field of the error result. Limits of callers and tenants (`--limits`,
[security.md](security.md#limits)) are told with every REST answer in `RateLimit-Policy` and `RateLimit` in the form of
draft-ietf-httpapi-ratelimit-headers-10: `"calls"` for the caller, `"tenant"` for all callers of its tenant.

## Bounds that you set
`--bounds "waiting=2000,wait_seconds=3"`; what is not named stays as it is.

| bound | as it is | what it bounds |
|---|---|---|
{bounds}

Limits of callers, `--limits "calls=50,tenant_calls=500"` (0 is no limit; those who sign in, and the local user over HTTP
where limits are given):

| limit | as it is |
|---|---|
{limits}

## Bounds that stand
| what | how much | at the bound |
|---|---|---|
{fixed}
"""


class Fixed(NamedTuple):
    """A bound that no setting changes: what it bounds, how much that is, and what happens there."""

    what: str
    most: float
    then: str


FIXED = (
    Fixed("changes in one commit", writer.BATCH_MAX, "the others go into the next"),
    Fixed(
        "seconds that a change is tried while other servers are at the same thing",
        pieces.CONTENDED_SECONDS_MAX,
        "`store.busy`",
    ),
    Fixed(
        "effects that follow a step in its own transaction", FOLLOW_UPS_MAX, "the others follow right after"
    ),
    Fixed(
        "timers that one advance of a virtual clock fires",
        runtime.FIRINGS_MAX,
        "the rest with the next advance",
    ),
    Fixed("instances that one signal reaches", SIGNAL_RECEIVERS_MAX, "the oldest are reached"),
    Fixed("bytes of an instance's state", INSTANCE_BYTES_MAX, "`instance.too_large`"),
    Fixed("tokens and nodes of an instance", NODES_MAX, "incident `engine.too_many_nodes`"),
    Fixed("elements that an instance passes without a wait", STEPS_MAX, "incident `engine.too_many_steps`"),
    Fixed("processes that call each other in a chain", CALL_DEPTH_MAX, "an incident at the step that calls"),
    Fixed("instances below one that are listed", DESCENDANTS_MAX, "`instance.too_many_descendants`"),
    Fixed("instances of one batch", INSTANCES_MAX, "`batch.too_large`"),
    Fixed("entries of one page of a list", PAGE_ITEMS_MAX, "a cursor to the next"),
    Fixed("seconds that a call waits for a job or instance", WAIT_SECONDS_MAX, "it is answered"),
    Fixed(
        "long calls of one caller under way",
        OPEN_MAX,
        "further ones are answered when they are done, or refused",
    ),
    Fixed("ended long calls of one caller that are kept", KEPT_MAX, "the oldest go"),
    Fixed("sessions of MCP clients of 2025-11-25", SESSIONS_MAX, "no further one is opened"),
    Fixed("streams of news of one caller", STREAMS_MAX, "no further one is opened"),
    Fixed("addresses that one caller watches", WATCHED_MAX, "no further one is watched"),
    Fixed("bytes of a request's head", HEAD_BYTES_MAX, "`request.head_too_large`"),
    Fixed("seconds for a request's head", HEAD_SECONDS_MAX, "`request.incomplete`"),
    Fixed("bytes of a request's body", BODY_LENGTH_MAX, "`request.too_large`"),
    Fixed("seconds for a request's body", BODY_SECONDS_MAX, "`request.incomplete`"),
    Fixed(
        "seconds of one request of the HTTP connector",
        SECONDS_MAX,
        "the job fails and is tried again as modelled",
    ),
    Fixed(
        "bytes of an answer that the HTTP connector reads",
        BODY_BYTES_MAX,
        "the job fails with `http.answer_too_long`",
    ),
    Fixed("requests of the HTTP connector under way, left ones included", THREADS_MAX, "further ones wait"),
    Fixed("seconds that any connector works on one job", workers.WORK_SECONDS_MAX, "the job fails"),
)


def overload_page(generated: str) -> str:
    """Return the page."""
    as_it_is = Bounds()._asdict()
    return TEXT.format(
        generated=generated,
        due=runtime.DUE_AT_ONCE,
        effects=runtime.OUTBOX_AT_ONCE,
        finishing=_named(FINISHING),
        starting=_named(STARTING),
        listing=_named(LISTING),
        failures=FAILURES,
        slow=SLOW_SECONDS * 1000,
        batch=writer.BATCH_MAX,
        part_starting=SHARES[Urgency.STARTING],
        part_ordinary=SHARES[Urgency.ORDINARY],
        part_finishing=SHARES[Urgency.FINISHING],
        bounds="\n".join(f"| `{name}` | {as_it_is[name]:,} | {about} |" for name, about in ABOUT.items()),
        limits="\n".join(f"| `{name}` | {most:,} |" for name, most in Limits()._asdict().items()),
        fixed="\n".join(f"| {each.what} | {each.most:,.10g} | {each.then} |" for each in FIXED),
    )


def _named(operations: frozenset[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(operations))
