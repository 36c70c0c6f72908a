"""Confirming: what takes something away that does not come back is done when somebody has seen what and agreed.

Where the caller can be asked, the question tells what a dry run of the call came to, and only a yes to just that
counts. Where nobody can be asked, the caller needs the right to do so unasked.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.values import Json
from flowmaster.tools.asking import FORM, form
from flowmaster.tools.models import Arguments
from flowmaster.tools.registry import AnyOperation, Call

DESTROY: Final = "operation.destroy"
"""The right to do without being asked what takes something away."""

ROUNDS_MAX: Final = 3
"""How often is asked again because what would be taken away has changed since."""

_YES: Final[Mapping[str, Json]] = {
    "type": "object",
    "properties": {"confirm": {"type": "boolean", "title": "Yes, do this", "default": False}},
    "required": ["confirm"],
}


async def confirm(operation: AnyOperation, call: Call, arguments: Arguments) -> None:
    """Let a call pass that destroys nothing, or that is confirmed; refuse any other."""
    assert operation.destroys is not None
    asks = call.client.can_answer(FORM)
    dry_run = bool(getattr(arguments, "dry_run", False))
    if (dry_run and asks) or (not asks and call.caller.may(DESTROY)):
        return
    agreed = ""
    for _ in range(ROUNDS_MAX):
        tried = await operation.run(replace(call, once=None), arguments.model_copy(update={"dry_run": True}))
        loss = operation.destroys(call, arguments, tried)
        if not loss or loss == agreed:
            return
        if not asks:
            raise _unasked(operation, call)
        reply = await call.ask(form("confirm", loss, _YES, bound=True))
        if reply is None or reply.action != "accept" or reply.content.get("confirm") is not True:
            raise _unconfirmed(f"Nothing was done: `{operation.name}` was not confirmed. {loss}")
        agreed = loss
    raise _unconfirmed(f"Nothing was done: what `{operation.name}` would take away went on changing.")


def _unconfirmed(message: str) -> FlowMasterError:
    return FlowMasterError(
        "operation.not_confirmed",
        message,
        fix="Do not repeat the call unless the person who was asked wants it; a dry run changes nothing.",
        status=409,
    )


def _unasked(operation: AnyOperation, call: Call) -> FlowMasterError:
    return FlowMasterError(
        "access.denied",
        f"{call.caller.actor!r} may not call `{operation.name}` unasked: it takes something away, so it needs the "
        f"right `{DESTROY}` or a client that can ask somebody to confirm it.",
        expected=DESTROY,
        fix="Let someone who holds the right make the call, or make it with a client that can ask.",
        status=403,
    )
