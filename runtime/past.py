"""Instances as they stood: what happened until then, played again."""

from collections.abc import Iterator

from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.evolve import blank, evolve
from flowmaster.engine.state import State
from flowmaster.stores.protocol import Reader
from flowmaster.stores.rows import AuditEntry, AuditFilter

PART = 1_000
"""Events, or steps, that are looked at together."""


def state_at(reader: Reader, tenant: str, latest: State, at: int) -> State:
    """Return the state after the event number `at`, or refuse a number that no event has."""
    _check(latest, at)
    if at == latest.seq:
        return latest
    state, last = blank("", "", 0), 0
    while last < at:
        part = reader.history(tenant, latest.instance, after=last, limit=min(PART, at - last))
        for entry in part:
            evolve(state, entry.event)
        if not part:
            break
        last = part[-1].seq
    return state


def step_of(reader: Reader, tenant: str, latest: State, at: int) -> AuditEntry:
    """Return the step that an event belongs to; when it was over the instance came to rest."""
    _check(latest, at)
    return next(step for step in steps_of(reader, tenant, latest.instance) if step.first <= at)


def steps_of(reader: Reader, tenant: str, instance: str) -> Iterator[AuditEntry]:
    """Return the steps of an instance, newest first."""
    which = AuditFilter(scope=instance, limit=PART)
    while True:
        page = reader.audit(tenant, which)
        yield from page.items
        if page.next_cursor is None:
            return
        which = which._replace(cursor=page.next_cursor)


def _check(latest: State, at: int) -> None:
    if not 1 <= at <= latest.seq:
        raise FlowMasterError(
            "history.no_event",
            f"{latest.instance!r} has events 1 to {latest.seq}, none with the number {at}.",
            path="at",
            expected=f"1 to {latest.seq}",
            fix="Take the `seq` of an entry of its history.",
            next=[
                Hint(
                    "instance_read", {"instance": latest.instance, "detail": ["history"]}, "See its history."
                )
            ],
            status=404,
        )
