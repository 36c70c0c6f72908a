"""How many people must approve drafts before they are published, and who may say that it are fewer."""

from typing import Final

from pydantic import Field

from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.values import Json
from flowmaster.runtime.models import unknown_process
from flowmaster.runtime.policies import EVERY, NO_POLICY, Policy, own_policy, policy_of
from flowmaster.stores.protocol import Reader, Transaction
from flowmaster.stores.releases import ReleaseRow
from flowmaster.stores.rows import DefinitionFilter
from flowmaster.tools.approvals import USER
from flowmaster.tools.authors import authors_of
from flowmaster.tools.drafts import KIND
from flowmaster.tools.models import Result, WriteArguments, follow_up
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import check_person, store_once
from flowmaster.tools.roles import GOVERN, LOCAL, ROLES

APPROVALS_MAX: Final = 5
NAMES_MAX: Final = 20
PROCESSES_MAX: Final = 1_000
"""Processes whose open drafts are looked through when the policy for all is made weaker."""


class ProcessPolicy(WriteArguments):
    """Which process, and what it is to ask for."""

    process: str = Field(
        max_length=200,
        description="Process id, or `*` for all without a policy of their own.",
        examples=["*"],
    )
    approvals: int | None = Field(
        default=None,
        ge=0,
        le=APPROVALS_MAX,
        description="How many must approve; left out: no policy of its own.",
    )
    by: list[str] = Field(
        default=[],
        max_length=NAMES_MAX,
        description="Who may: roles, or people as `user:ann`; none: anybody but the authors.",
        examples=[["admin", "user:ann"]],
    )
    as_user: str = Field(default="", max_length=200, description="The person acted for.", examples=["ann"])


class PolicyView(Result):
    """What is asked for now."""

    process: str = Field(description="Its id, or `*`.")
    approvals: int = Field(description="How many must approve a draft.")
    by: list[str] = Field(description="Who may; none: anybody but the authors.")
    was: dict[str, int | list[str]] = Field(description="What was asked for before.")
    inherited: bool = Field(default=False, description="Whether that is the policy for all processes.")
    notes: list[str] = Field(default=[], description="What to know of it.")


@operation(right="process.publish")
async def process_policy(call: Call, arguments: ProcessPolicy) -> PolicyView:
    """Ask for approvals before drafts of a process, or of all, are published; asking for less needs `process.govern`.

    Less is asked where fewer must approve, or where somebody may who might not before. Whoever worked on a draft that is
    to be published cannot make less be asked of it. `process_approvals` shows what a draft needs.
    """
    runtime, tenant, process = call.app.runtime, call.caller.tenant, arguments.process
    check_person(call, arguments.as_user)
    person = arguments.as_user or call.caller.person
    new = _wanted(arguments)

    def work(transaction: Transaction) -> tuple[Policy, Policy]:
        before, own = policy_of(transaction, tenant, process), own_policy(transaction, tenant, process)
        if process != EVERY and transaction.find_definition(tenant, KIND, process) is None:
            raise unknown_process(transaction, tenant, process)
        after = new
        if after is None:
            default = own_policy(transaction, tenant, EVERY) if process != EVERY else None
            after = default or NO_POLICY
        if after.is_weaker(before):
            _refuse_weaker(transaction, call, arguments, person, before)
        store_once(transaction, call, subject=process)
        if (own.told() if own else None) == (new.told() if new else None):
            return before, after
        at = runtime.clock.now(transaction)
        if new is None:
            transaction.drop_releases(tenant, KIND, process, "policy", [""])
        else:
            row = ReleaseRow("policy", "", person, at, body=new.told())
            transaction.put_release(tenant, KIND, process, row)
        _journal(transaction, call, arguments, person, before, after, at)
        return before, after

    before, after = await runtime.write(work, dry_run=arguments.dry_run)
    return PolicyView(
        process=process,
        approvals=after.approvals,
        by=[*after.by],
        was={"approvals": before.approvals, "by": [*before.by]},
        inherited=new is None and after.of == EVERY,
        notes=_notes(after),
        next=[]
        if process == EVERY
        else [follow_up(Hint("process_approvals", {"process": process}, "See what its draft needs."))],
    )


def _wanted(arguments: ProcessPolicy) -> Policy | None:
    """Return the policy that is wanted, None for none of its own; refuse one that nobody could fulfil."""
    names = tuple(dict.fromkeys(name.strip() for name in arguments.by))
    if any(not name or name == USER or len(name) > 200 for name in names):
        raise _wrong("by", "A name among `by` is empty or too long.", "Name roles, or people as `user:ann`.")
    if arguments.approvals is None:
        if names:
            raise _wrong("by", "`by` tells who of how many: `approvals` is missing.", "Give `approvals` too.")
        return None
    if names and all(name.startswith(USER) for name in names) and len(names) < arguments.approvals:
        raise FlowMasterError(
            "policy.unreachable",
            f"{arguments.approvals} are to approve, and `by` names {len(names)}.",
            path="by",
            expected=f"at least {arguments.approvals} people, or a role",
            fix="Name more people or a role, or ask for fewer approvals.",
            status=422,
        )
    return Policy(arguments.approvals, names, arguments.process)


def _wrong(path: str, message: str, fix: str) -> FlowMasterError:
    return FlowMasterError("arguments.invalid", message, path=path, fix=fix, status=422)


def _refuse_weaker(
    transaction: Transaction, call: Call, arguments: ProcessPolicy, person: str, before: Policy
) -> None:
    """Refuse to ask for less without the right to, and to whoever worked on a draft that would profit."""
    if not call.caller.may(GOVERN):
        raise FlowMasterError(
            "policy.weaker",
            f"{before.approvals} approvals are asked for, and this would ask for less or let others approve.",
            path="approvals",
            expected=GOVERN,
            fix=f"Leave it, ask for more, or let somebody who holds the right `{GOVERN}` do it, as `admin` does.",
            status=403,
        )
    people = {person} if call.caller.actor == LOCAL else {person, call.caller.person}
    own = _work_of(transaction, call.caller.tenant, arguments.process, people)
    if own:
        single = call.caller.actor == LOCAL and not arguments.as_user
        raise FlowMasterError(
            "policy.own_work",
            f"{person!r} has worked on the draft of {own!r}, and cannot make less be asked of it.",
            path="as_user",
            fix="Give `as_user`, the person who decides this."
            if single
            else "Let somebody else decide this.",
            status=409,
        )


def _work_of(reader: Reader, tenant: str, process: str, people: set[str]) -> str:
    """Return a process with a draft to be published that one of these people worked on, of those concerned."""
    keys = [process]
    if process == EVERY:
        page = reader.find_definitions(tenant, DefinitionFilter(kind=KIND, limit=PROCESSES_MAX))
        keys = [row.key for row in page.items if row.changed and own_policy(reader, tenant, row.key) is None]
    return next((key for key in keys if people & set(authors_of(reader, tenant, KIND, key))), "")


def _notes(policy: Policy) -> list[str]:
    """Tell of roles that no key and no token can hold."""
    strange = [
        name for name in policy.by if not name.startswith(USER) and name not in ROLES and "." not in name
    ]
    if not strange:
        return []
    told = ", ".join(map(repr, strange))
    return [f"{told}: no role of keys and tokens; only the single user of a machine counts as holding it."]


def _journal(
    transaction: Transaction,
    call: Call,
    arguments: ProcessPolicy,
    person: str,
    before: Policy,
    after: Policy,
    at: int,
) -> None:
    told: dict[str, Json] = {"was": before.told(), "now": after.told()}
    transaction.journal(
        call.caller.tenant,
        f"process:{arguments.process}",
        at=at,
        by=person,
        agent="" if call.caller.actor in (person, LOCAL) else call.caller.actor,
        operation="process_policy",
        reason=arguments.reason or "",
        data=told,
    )


OPERATIONS = (process_policy,)
