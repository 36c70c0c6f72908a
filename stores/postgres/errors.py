"""What PostgreSQL's refusals mean to whoever called."""

import asyncio
from typing import Final

import asyncpg

from flowmaster.engine.errors import FlowMasterError
from flowmaster.stores import rows

CONTENDED: Final = frozenset({"40001", "40P01", "55P03", "23505"})
"""Another server came first (SQLSTATE of serialization, deadlock, lock, and of a row that was not there just now)."""

_UNREACHABLE: Final = ("08", "28", "3D", "57P", "25P03", "53300")
_TOLD: Final = {
    "53100": (
        "store.full",
        "The disk of {where!r} is full; nothing of this call was stored.",
        "Free space on that disk and repeat the call.",
        507,
    ),
    "42501": (
        "store.unwritable",
        "The user of {where!r} lacks a right ({error}).",
        "Give it the right to make and use tables in the schema.",
        500,
    ),
    "25006": (
        "store.unwritable",
        "The database at {where!r} takes no changes ({error}).",
        "Name the server that takes writes, not a copy of it.",
        500,
    ),
    "22003": (
        "value.not_storable",
        "A number does not fit a column of {where!r} ({error}).",
        "Use a smaller number and repeat the call.",
        422,
    ),
}


def told(error: Exception, where: str) -> FlowMasterError:
    """Return the refusal that stands for an error of the driver."""
    state = getattr(error, "sqlstate", None) or ""
    if state in CONTENDED:
        return rows.Contended()
    if isinstance(error, asyncpg.DataError) and not state.startswith("22"):
        state = "22003"
    if state in _TOLD:
        code, message, fix, status = _TOLD[state]
        return FlowMasterError(code, message.format(where=where, error=error), fix=fix, status=status)
    gone = isinstance(error, OSError | asyncio.TimeoutError | asyncpg.InterfaceError)
    if gone or state.startswith(_UNREACHABLE):
        return unreachable(error, where)
    return FlowMasterError(
        "store.failed",
        f"PostgreSQL refused at {where!r}: {type(error).__name__}: {error}.",
        fix="Look at the database's log; repeat the call.",
        status=500,
    )


def unreachable(error: Exception, where: str) -> FlowMasterError:
    """Return the refusal of a call whose database cannot be reached: nothing of it was stored."""
    why = str(error) or type(error).__name__
    return FlowMasterError(
        "store.unreachable",
        f"The database at {where!r} cannot be reached ({why}); nothing of this call was stored.",
        fix="Repeat the call when the database is back.",
        status=503,
    )


def in_doubt(where: str) -> FlowMasterError:
    """Return the refusal of a call of which nobody knows whether it was stored."""
    return FlowMasterError(
        "store.in_doubt",
        f"The database at {where!r} went away while this call was being stored: it may be stored or not.",
        fix="Repeat it with the same `idempotency_key`, or read the state before you repeat it.",
        status=503,
    )
