"""How many people must approve a draft before it is published: the policy of a process, or the one for all."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from flowmaster.engine.values import Json
from flowmaster.stores.protocol import Reader

PROCESS: Final = "process"

EVERY: Final = "*"
"""In the place of a process: the policy of all processes that have none of their own."""


class Policy(NamedTuple):
    """So many people must approve a draft, of those named `by` role or person; anybody where none are named."""

    approvals: int = 0
    by: tuple[str, ...] = ()
    of: str = ""

    def is_weaker(self, other: "Policy") -> bool:
        """Return whether less is asked than another policy asks, or somebody else may approve."""
        if not other.approvals:
            return False
        others_may = bool(other.by) and not (self.by and set(self.by) <= set(other.by))
        return self.approvals < other.approvals or others_may

    def told(self) -> dict[str, Json]:
        """Return what a store, a journal and an answer say of it."""
        return {"approvals": self.approvals, "by": [*self.by]}


NO_POLICY: Final = Policy()


def policy_of(reader: Reader, tenant: str, process: str) -> Policy:
    """Return the policy that a process stands under: its own, else that of all processes, else none."""
    return own_policy(reader, tenant, process) or own_policy(reader, tenant, EVERY) or NO_POLICY


def own_policy(reader: Reader, tenant: str, process: str) -> Policy | None:
    """Return the policy that was set for a process, or for all."""
    for row in reader.releases(tenant, PROCESS, process, "policy"):
        body = row.body if isinstance(row.body, Mapping) else {}
        approvals, by = body.get("approvals"), body.get("by")
        names = tuple(map(str, by)) if isinstance(by, list) else ()
        return Policy(approvals if isinstance(approvals, int) else 0, names, process)
    return None
