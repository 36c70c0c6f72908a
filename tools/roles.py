"""Roles: named bundles of rights that a key or a token is given, defined in this one place.

A right is the `noun.verb` that an operation asks for; `*` is all of them. A role holds the rights of the ones
before it that it builds on, so that whoever may more may also read.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.tools.confirming import DESTROY
from flowmaster.tools.registry import EVERYTHING, Registry

FOR_OTHERS: Final = "task.as_other"
"""The right to act for another person (`as_user`), which no operation asks for by itself."""

GOVERN: Final = "process.govern"
"""The right to ask for fewer approvals than before, which no operation asks for by itself."""

LOCAL: Final = "local"
"""The name of the single user of this machine; no key and no token may have it."""

_READS: Final = frozenset(
    {
        "document.read",
        "instance.read",
        "operation.find",
        "operation.query",
        "process.read",
        "rule.read",
        "server.read",
        "task.read",
    }
)
_WORKS: Final = _READS | {
    "document.write",
    "event.send",
    "instance.start",
    "operation.call",
    "task.act",
    "work.finish",
    "work.take",
}

ROLES: Final[Mapping[str, frozenset[str]]] = {
    "reader": _READS,
    "worker": _WORKS,
    "designer": _READS
    | {
        "document.write",
        "operation.call",
        "process.approve",
        "process.publish",
        "process.write",
        "rule.write",
    },
    "operator": _WORKS | {"audit.read", "instance.control", "process.approve", "server.watch", FOR_OTHERS},
    "admin": frozenset({EVERYTHING}),
}
"""What each role may, the smallest first."""


@cache
def rights_of(names: tuple[str, ...]) -> frozenset[str]:
    """Return the rights that names of roles and of rights come to; an unknown name adds nothing."""
    return frozenset().union(*(ROLES.get(name, {name}) for name in names))


def role_for(right: str) -> str:
    """Return the smallest role that holds a right."""
    return next((role for role, rights in ROLES.items() if right in rights), "admin")


def check_names(names: Iterable[str], registry: Registry) -> None:
    """Refuse a name that is neither a role nor a right."""
    known = (*ROLES, *sorted({each.right for each in registry} | {FOR_OTHERS, DESTROY, GOVERN}))
    for name in names:
        if name not in known:
            raise FlowMasterError(
                "right.unknown",
                f"{name[:80]!r} is neither a role nor a right.{did_you_mean(name[:80], known)}",
                path="rights",
                expected=list(known),
                fix="Name roles, rights, or both, with commas between them.",
                status=422,
            )
