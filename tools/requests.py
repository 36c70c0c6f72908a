"""From a call at a door to a request of the runtime: who asks, and the key that makes it act once."""

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.values import Json
from flowmaster.runtime.clock import real_now
from flowmaster.runtime.desk import Request
from flowmaster.stores.protocol import Transaction
from flowmaster.stores.rows import Once
from flowmaster.tools.registry import Call
from flowmaster.tools.roles import FOR_OTHERS, LOCAL


def request_of(call: Call, name: str, reason: str | None, *, by: str = "") -> Request:
    """Return the request that a call makes; `by` is the person acted for, if the call names one."""
    caller = call.caller
    by = by or caller.person
    agent = "" if caller.actor in (by, LOCAL) else caller.actor
    return Request(caller.tenant, by, name, reason or "", once=once_of(call), agent=agent)


def once_of(call: Call) -> Once | None:
    """Return the idempotency key of a call as the store keeps it."""
    if call.once is None:
        return None
    return Once(call.once.key, f"{call.once.operation} {call.once.request_hash}")


def store_once(transaction: Transaction, call: Call, *, subject: str) -> None:
    """Keep the idempotency key of a call whose effect is no single step."""
    once = once_of(call)
    if once is not None:
        transaction.put_once(call.caller.tenant, once._replace(subject=subject), at=real_now())


def journal_process(
    transaction: Transaction, call: Call, process: str, name: str, at: int, data: Json, reason: str | None
) -> None:
    """Note in the journal of a process what a call did to it."""
    transaction.journal(
        call.caller.tenant,
        f"process:{process}",
        at=at,
        by=call.caller.person,
        agent=call.caller.agent,
        operation=name,
        reason=reason or "",
        data=data,
    )


def check_person(call: Call, as_user: str) -> None:
    """Refuse to act for somebody whom the caller does not act for anyway, without the right to act for others."""
    caller = call.caller
    if as_user and as_user not in (caller.actor, caller.on_behalf_of) and not caller.may(FOR_OTHERS):
        raise FlowMasterError(
            "access.denied",
            f"{caller.actor!r} may not act for others: that needs the right `{FOR_OTHERS}`.",
            path="as_user",
            expected=FOR_OTHERS,
            fix="Leave `as_user` out, or let someone who holds the right make the call.",
            status=403,
        )
