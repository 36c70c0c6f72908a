"""How much of everything one server takes on: the bounds that an operator may set.

Reaching one is a refusal that names it; what is refused has changed nothing.
"""

from typing import Final, NamedTuple

from flowmaster.engine.errors import FlowMasterError, did_you_mean


class Bounds(NamedTuple):
    """The bounds of one server."""

    waiting: int = 10_000
    tenant_waiting: int = 5_000
    wait_seconds: int = 5
    bytes: int = 256_000_000
    reads: int = 6
    tenant_reads: int = 4
    reads_waiting: int = 200
    jobs: int = 16
    tenant_jobs: int = 12
    connection_jobs: int = 6
    messages: int = 20_000
    name_messages: int = 5_000
    waiters: int = 100
    connections: int = 4_000
    streams: int = 2_000
    tenant_streams: int = 500


ABOUT: Final = {
    "waiting": "Changes that wait to be stored, of all tenants. Beyond it only tenants with less than an equal share are let in.",
    "tenant_waiting": "Changes of one tenant that wait to be stored.",
    "wait_seconds": "How long a change should wait to be stored: starts and lists are refused at half of it, other "
    "changes at four fifths, what finishes a task or job at all of it.",
    "bytes": "Bytes of the requests over HTTP that are being read or answered, of all callers.",
    "reads": "Slow reads of lists that run at once, beside everything else. On PostgreSQL, less than 8.",
    "tenant_reads": "Slow reads of lists that run at once for one tenant.",
    "reads_waiting": "Slow reads of lists of one tenant that wait for their turn.",
    "jobs": "Jobs that connectors work on at once.",
    "tenant_jobs": "Jobs of one tenant that connectors work on at once.",
    "connection_jobs": "Jobs of one tenant that talk to one and the same host at once.",
    "messages": "Messages of one tenant that are kept for a receiver who does not wait yet.",
    "name_messages": "Messages of one tenant and name that are kept.",
    "waiters": "Calls of one tenant that wait for a job or for an instance (`wait_seconds`) at once; further ones answer at once.",
    "connections": "Connections over HTTP that are open, of all callers; as many as the system lets the server have files for.",
    "streams": "Streams of news (`subscriptions/listen`) that are open, of all callers.",
    "tenant_streams": "Streams of news that are open for the callers of one tenant.",
}
"""What each bound is about, for the people who set them."""


def bounds_from(text: str) -> Bounds:
    """Return the bounds that a setting says: `waiting=2000,wait_seconds=3`; what it does not name stays as it is."""
    given: dict[str, int] = {}
    for part in filter(None, text.split(",")):
        name, _, value = part.strip().partition("=")
        if name not in Bounds._fields or not value.isdecimal() or int(value) < 1:
            raise FlowMasterError(
                "bound.unreadable",
                f"{part[:80]!r} is no bound.{did_you_mean(name, Bounds._fields)}",
                path="--bounds",
                expected=[f"{each}=<number>" for each in Bounds._fields],
                fix="Say bounds with commas between them, such as waiting=2000,wait_seconds=3; each is at least 1.",
            )
        given[name] = int(value)
    return Bounds()._replace(**given)
