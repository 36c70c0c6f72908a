"""Limits per caller: how many calls, how many bytes, how many at once, and how long the arguments of one may be.

Calls and bytes are counted in buckets that fill with time: a caller may use a full one in a burst, then as much as
flows in. A part of each is kept back for what finishes work, so that lists never starve it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Final, NamedTuple

from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.runtime.behalf import Urgency
from flowmaster.tools.registry import Caller
from flowmaster.tools.roles import LOCAL

FINISHING: Final = frozenset({"task_act", "work_finish"})
"""The operations that finish work: what is kept back is for them."""

STARTING: Final = frozenset({"instance_start"})
"""The operations that begin work: a loaded server sheds them first."""

LISTING: Final = frozenset(
    {
        "audit_find",
        "audit_verify",
        "call_find",
        "data_find",
        "document_find",
        "instance_find",
        "process_find",
        "retention_find",
        "rule_compare",
        "rule_find",
        "task_find",
        "timer_find",
    }
)
"""The operations that look through many things: a loaded server sheds them as it sheds starts."""

KEPT_BACK: Final = 0.2
"""The part of a bucket, and of the calls at once, that is kept back."""

BURST_SECONDS: Final = 2.0
"""How long a full bucket lasts at the rate at which it fills."""

CALLERS_MAX: Final = 10_000
"""Callers that are remembered; those who have not called for long are forgotten first."""

_HTTP_DOORS: Final = frozenset({"rest", "mcp-http"})


class Limits(NamedTuple):
    """What one caller may; 0 is no limit."""

    calls: int = 100
    bytes: int = 10_000_000
    at_once: int = 32
    size: int = 16_000_000
    tenant_calls: int = 0
    """Calls a second of all callers of a tenant."""


NO_LIMITS: Final = Limits(0, 0, 0, 0, 0)


LOOKING: Final = LISTING - {"call_find", "data_find", "rule_compare"}
"""Lists that wait for nothing but the store: where they are slow, they are read in threads."""


def urgency_of(operation: str) -> Urgency:
    """Return how urgent what an operation stores is."""
    if operation in FINISHING:
        return Urgency.FINISHING
    return Urgency.STARTING if operation in STARTING else Urgency.ORDINARY


class Standing(NamedTuple):
    """How a caller stands with a limit: the calls that are left, and the seconds until its bucket is full again."""

    name: str
    limit: int
    left: int
    full: float


@dataclass(slots=True)
class _Account:
    """What a caller has left, as of an instant."""

    at: float
    calls: float
    bytes: float
    running: int = 0


class Gate:
    """Lets the calls of each caller through as far as its limits go."""

    def __init__(
        self, limits: Limits, *, also_local: bool = False, now: Callable[[], float] = monotonic
    ) -> None:
        """Take the limits of each caller who signs in, and if need be those of the local one over HTTP."""
        self.limits = limits
        self._also_local = also_local
        self._now = now
        self._accounts: dict[tuple[str, str, str | None], _Account] = {}
        self._tenants: dict[str, _Account] = {}

    def watches(self, caller: Caller) -> bool:
        """Whether a caller has limits: not the single user of this machine."""
        return caller.actor != LOCAL or (self._also_local and caller.door in _HTTP_DOORS)

    def enter(self, caller: Caller, operation: str, size: int) -> None:
        """Count a call, or refuse it; each call that was let in leaves again."""
        limits = self.limits
        if limits.size and size > limits.size:
            raise _too_long(size, limits.size)
        account = self._account(caller)
        reserve = 0.0 if operation in FINISHING else KEPT_BACK
        if limits.at_once and account.running >= max(1, limits.at_once * (1 - reserve)):
            raise _refused("limit.at_once", f"You may make {limits.at_once} calls at once, and do.", 1.0)
        if limits.calls:
            lacking = 1 + reserve * limits.calls * BURST_SECONDS - account.calls
            if lacking > 0:
                raise _refused(
                    "limit.calls",
                    f"You may make {limits.calls} calls a second, and have.",
                    lacking / limits.calls,
                )
        tenant = self._tenant(caller)
        if limits.tenant_calls:
            lacking = 1 + reserve * limits.tenant_calls * BURST_SECONDS - tenant.calls
            if lacking > 0:
                raise _refused(
                    "limit.tenant_calls",
                    f"All callers of your tenant may make {limits.tenant_calls} calls a second, and have.",
                    lacking / limits.tenant_calls,
                )
        if limits.bytes:
            full = limits.bytes * BURST_SECONDS
            lacking = min(size, full * (1 - reserve)) + reserve * full - account.bytes
            if lacking > 0:
                raise _refused(
                    "limit.bytes",
                    f"You may send {limits.bytes} bytes a second, and have.",
                    lacking / limits.bytes,
                )
        tenant.calls -= 1
        account.calls -= 1
        account.bytes -= size
        account.running += 1

    def leave(self, caller: Caller) -> None:
        """Count a call as done."""
        account = self._accounts.get(_name(caller))
        if account is not None:
            account.running -= 1

    def standing(self, caller: Caller) -> list[Standing]:
        """Tell how a caller stands with its calls, and with those of its tenant; nothing without a limit."""
        if not self.watches(caller):
            return []
        buckets = (
            ("calls", self.limits.calls, self._account(caller)),
            ("tenant", self.limits.tenant_calls, self._tenant(caller)),
        )
        return [_standing(name, limit, account.calls) for name, limit, account in buckets if limit]

    def _account(self, caller: Caller) -> _Account:
        """Return the account of a caller, filled up to now."""
        name, limits = _name(caller), self.limits
        account = _filled(self._accounts.pop(name, None), self._now(), limits.calls, limits.bytes)
        self._accounts[name] = account
        if len(self._accounts) > CALLERS_MAX:
            self._forget()
        return account

    def _tenant(self, caller: Caller) -> _Account:
        """Return the account of a caller's tenant, filled up to now."""
        account = _filled(self._tenants.pop(caller.tenant, None), self._now(), self.limits.tenant_calls, 0)
        self._tenants[caller.tenant] = account
        if len(self._tenants) > CALLERS_MAX:
            del self._tenants[next(iter(self._tenants))]
        return account

    def _forget(self) -> None:
        """Forget the caller who has not called for the longest time, unless a call of it runs."""
        for name, account in self._accounts.items():
            if account.running == 0:
                del self._accounts[name]
                return


def limits_from(text: str) -> Limits:
    """Return the limits that a setting says: `calls=50,bytes=1000000,at_once=8,size=1000000`, or `none`."""
    if text == "none":
        return NO_LIMITS
    given: dict[str, int] = {}
    for part in filter(None, text.split(",")):
        name, _, value = part.strip().partition("=")
        if name not in Limits._fields or not value.isdecimal():
            raise FlowMasterError(
                "limit.unreadable",
                f"{part[:80]!r} is no limit.{did_you_mean(name, Limits._fields)}",
                path="--limits",
                expected=[f"{each}=<number>" for each in Limits._fields],
                fix="Say none, or limits with commas between them, such as calls=50,at_once=8; 0 is no limit.",
            )
        given[name] = int(value)
    return Limits()._replace(**given)


def limit_headers(standings: Sequence[Standing]) -> Mapping[str, str]:
    """Return the headers that tell a caller over HTTP how it stands (draft-ietf-httpapi-ratelimit-headers-10)."""
    if not standings:
        return {}
    return {
        "RateLimit-Policy": ", ".join(f'"{each.name}";q={each.limit};w=1' for each in standings),
        "RateLimit": ", ".join(f'"{each.name}";r={each.left};t={_whole(each.full)}' for each in standings),
    }


def _filled(account: _Account | None, now: float, calls: int, bytes: int) -> _Account:
    """Return an account with what flowed in since it was last looked at; that of a new caller is full."""
    full_calls, full_bytes = calls * BURST_SECONDS, bytes * BURST_SECONDS
    if account is None:
        return _Account(now, full_calls, full_bytes)
    passed, account.at = now - account.at, now
    account.calls = min(full_calls, account.calls + passed * calls)
    account.bytes = min(full_bytes, account.bytes + passed * bytes)
    return account


def _standing(name: str, limit: int, calls: float) -> Standing:
    full = limit * BURST_SECONDS
    return Standing(name, limit, max(0, int(calls)), (full - calls) / limit)


def _name(caller: Caller) -> tuple[str, str, str | None]:
    return caller.tenant, caller.actor, caller.on_behalf_of


def _whole(seconds: float) -> int:
    """Return whole seconds, rounded up."""
    return int(-(-max(0.0, seconds) // 1))


def _refused(code: str, message: str, wait: float) -> FlowMasterError:
    return FlowMasterError(
        code,
        message,
        expected=f"the next call in {max(0.1, wait):.1f} seconds",
        fix="Wait so long, then repeat the call; nothing has changed.",
        retry_after=max(1, _whole(wait)),
        status=429,
    )


def _too_long(size: int, limit: int) -> FlowMasterError:
    return FlowMasterError(
        "limit.size",
        f"The arguments are {size} bytes long.",
        path="arguments",
        expected=f"at most {limit} bytes",
        fix="Send less at once.",
        status=413,
    )
