"""Operations on retention: rules by which data of ended instances go, and holds that forbid it."""

from collections.abc import Mapping

from flowmaster.engine.values import Json
from flowmaster.runtime.erasure import HOLD, RULE
from flowmaster.runtime.models import unknown_process
from flowmaster.runtime.retention import Rule, ended_by, rules_of
from flowmaster.stores.protocol import Transaction
from flowmaster.tools.erasure_models import (
    DataHeld,
    DataHold,
    RetentionFind,
    RetentionRules,
    RetentionSave,
    RuleView,
)
from flowmaster.tools.instance_view import load
from flowmaster.tools.naming import duration_of
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import journal_process, store_once
from flowmaster.tools.strict import refusal

DUE_COUNTED: int = 1_000
"""Due instances that an answer counts at most."""


def _losses(call: Call, arguments: RetentionSave, tried: RuleView) -> str:
    if not tried.after or tried.hold:
        return ""
    what = "all there is" if tried.what == "everything" else "the values"
    return f"Erase {what} of instances of {tried.process!r} {tried.after} after their end, {tried.due} of them now?"


@operation(right="data.erase", destructive=True, destroys=_losses, idempotent=True)
async def retention_save(call: Call, arguments: RetentionSave) -> RuleView:
    """Say how long data of a process are kept after the end of an instance; servers erase them then by themselves.

    Without a rule everything is kept. `hold` suspends the rule, for a legal hold; a rule without `after` ends it.
    """
    runtime, tenant = call.app.runtime, call.caller.tenant
    if runtime.reader.find_definition(tenant, "process", arguments.process) is None:
        raise unknown_process(runtime.reader, tenant, arguments.process)
    if arguments.after and duration_of(arguments.after, "after") <= 0 or "@" in arguments.after:
        raise refusal(
            "after",
            "must be a time that passes by the calendar",
            expected="an ISO 8601 duration such as P10Y or P90D",
            fix='Write it as years, months or days, for example "after": "P10Y".',
        )
    hold = (arguments.reason or "Held.") if arguments.hold else ""
    rule = Rule(arguments.process, arguments.after, arguments.what, hold)

    def work(transaction: Transaction) -> None:
        told: dict[str, Json] = rule.told()
        at = runtime.clock.now(transaction)
        transaction.put_setting(tenant, RULE + rule.process, told if rule.after or rule.hold else None)
        journal_process(transaction, call, rule.process, "retention_save", at, told, arguments.reason)
        store_once(transaction, call, subject=f"the rule for {rule.process}")

    await runtime.write(work, dry_run=arguments.dry_run)
    return _view(call, rule)


@operation(right="data.find", read_only=True)
async def retention_find(call: Call, arguments: RetentionFind) -> RetentionRules:
    """List the rules of retention, with how many instances are due; processes without one keep everything."""
    kept = call.app.runtime.reader.settings(call.caller.tenant, RULE)
    rules = [rule for rule in rules_of(kept) if arguments.process in ("", rule.process)]
    return RetentionRules(items=[_view(call, rule) for rule in rules])


@operation(right="data.erase", idempotent=True)
async def data_hold(call: Call, arguments: DataHold) -> DataHeld:
    """Forbid to erase instances, by anybody and by any rule, or lift that: a legal hold; `reason` says its ground."""
    runtime, tenant = call.app.runtime, call.caller.tenant
    for instance in arguments.instances:
        load(runtime.reader, tenant, instance)

    def work(transaction: Transaction) -> DataHeld:
        at = runtime.clock.now(transaction)
        changed = []
        for instance in arguments.instances:
            if (transaction.setting(tenant, HOLD + instance) is not None) == arguments.hold:
                continue
            ground: Mapping[str, Json] = {
                "by": call.caller.person,
                "at": at,
                "reason": arguments.reason or "",
            }
            transaction.put_setting(tenant, HOLD + instance, ground if arguments.hold else None)
            changed.append(instance)
        transaction.journal(
            tenant,
            "hold",
            at=at,
            by=call.caller.person,
            agent=call.caller.agent,
            operation="data_hold",
            reason=arguments.reason or "",
            data={"hold": arguments.hold, "instances": list(changed)},
        )
        store_once(transaction, call, subject="the holds")
        return DataHeld(changed=changed, held=len(transaction.settings(tenant, HOLD)))

    return await runtime.write(work, dry_run=arguments.dry_run)


def _view(call: Call, rule: Rule) -> RuleView:
    runtime, tenant = call.app.runtime, call.caller.tenant
    due: list[str] = []
    if rule.after:
        before = ended_by(runtime.now(), rule.after)
        due = runtime.reader.due_instances(
            tenant, rule.process, before=before, what=rule.what, limit=DUE_COUNTED
        )
    return RuleView(process=rule.process, after=rule.after, what=rule.what, hold=rule.hold, due=len(due))


OPERATIONS = (retention_save, retention_find, data_hold)
