"""Four eyes: so many people other than its authors approve a draft before it is published.

Approvals are bound to the number and the digest of one draft: a new draft asks for them anew. Whatever makes a draft
(saving, importing, restoring, merging) makes whoever did it one of its authors, and publishing is the one way to a version.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from pydantic import Field

from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.feel.said import said
from flowmaster.engine.timers import iso
from flowmaster.engine.values import Json
from flowmaster.runtime.lines import not_merged
from flowmaster.runtime.policies import Policy, policy_of
from flowmaster.stores import codec
from flowmaster.stores.protocol import Reader, Transaction
from flowmaster.stores.releases import ReleaseRow
from flowmaster.stores.rows import Draft
from flowmaster.tools.authors import authors_of, drop_authors
from flowmaster.tools.drafts import KIND, draft_of, known_line
from flowmaster.tools.models import Arguments, NextCall, Result, Shape, WriteArguments, follow_up
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import check_person, store_once
from flowmaster.tools.roles import LOCAL, ROLES

APPROVAL: Final = "approval"
USER: Final = "user:"
"""How a person is named among those who may approve; all else are roles."""

NAMES_SHOWN: Final = 20


class ProcessApprove(WriteArguments):
    """Which draft, and what is decided on it."""

    process: str = Field(max_length=200, description="Process id.", examples=["invoice-approval"])
    draft: int | None = Field(
        default=None, ge=1, description="The draft that was looked at; refused if there is a newer one."
    )
    decision: Literal["approve", "reject", "withdraw"] = Field(
        default="approve", description="`withdraw` takes back what the same person decided."
    )
    comment: str = Field(default="", max_length=2_000, description="A word to others.")
    as_user: str = Field(default="", max_length=200, description="The person acted for.", examples=["ann"])


class ProcessApprovals(Arguments):
    """Of which process."""

    process: str = Field(max_length=200, description="Process id.", examples=["invoice-approval"])


class Decided(Shape):
    """What somebody decided on a draft."""

    by: str = Field(description="The person.")
    at: str = Field(description="When.")
    comment: str = Field(default="", description="The word to others.")


class ApprovalsView(Result):
    """How a draft stands."""

    process: str = Field(description="Its id.")
    draft: int | None = Field(description="The draft that is to be published; null: none is.")
    needed: int = Field(description="How many approvals it needs.")
    by: list[str] = Field(description="Who may approve: roles, and `user:` people; none: anybody else.")
    authors: list[str] = Field(description="Who worked on it and may not approve it.")
    approved: list[Decided] = Field(description="Who approved it.")
    rejected: list[Decided] = Field(description="Who rejected it.")
    missing: int = Field(description="How many approvals are missing.")
    publishable: bool = Field(description="Whether nothing of this keeps it from being published.")
    told: str = Field(description="How it stands, in words.")


class Standing(NamedTuple):
    """How the newest draft of a process stands."""

    policy: Policy
    draft: Draft
    authors: list[str]
    approved: list[ReleaseRow]
    rejected: list[ReleaseRow]

    @property
    def missing(self) -> int:
        """How many approvals are missing."""
        return max(0, self.policy.approvals - len(self.approved))

    @property
    def publishable(self) -> bool:
        """Whether it may be published as far as approvals go."""
        return not self.policy.approvals or not (self.missing or self.rejected)


@operation(right="process.approve")
async def process_approve(call: Call, arguments: ProcessApprove) -> ApprovalsView:
    """Approve or reject exactly this draft, or withdraw that; authors of drafts since the last version may not.

    Where a policy asks for approvals (`process_policy`), publishing is refused until so many people have approved the
    newest draft. A rejection blocks it until it is withdrawn. A new draft is decided on anew.
    """
    runtime, tenant, process = call.app.runtime, call.caller.tenant, arguments.process
    person = arguments.as_user or call.caller.person
    check_person(call, arguments.as_user)

    def work(transaction: Transaction) -> Standing:
        now = _standing(transaction, tenant, process)
        _refuse_stale(transaction, tenant, arguments, now)
        _refuse_author(arguments, person, call, now)
        fits = fitting(call, now.policy, person)
        if now.policy.by and not fits:
            raise _not_asked(process, person, now.policy)
        store_once(transaction, call, subject=process)
        before = next(
            (row for row in _rows(transaction, tenant, process, now.draft) if row.name == person), None
        )
        if arguments.decision == "withdraw" and before is None:
            raise _nothing_decided(process, person, now)
        at = runtime.clock.now(transaction)
        body: dict[str, Json] = {
            "digest": codec.digest(now.draft.content),
            "decision": arguments.decision,
            "comment": arguments.comment,
            "fits": fits,
            "spoke": _speaker(call, arguments.as_user),
        }
        if before is not None and before.body == body:
            return now
        _drop_old(transaction, tenant, process, now.draft, person)
        if arguments.decision != "withdraw":
            row = ReleaseRow("approval", person, person, at, now.draft.number, body)
            transaction.put_release(tenant, KIND, process, row)
        _journal(transaction, call, arguments, person, now.draft.number, at)
        return _standing(transaction, tenant, process)

    stands = await runtime.write(work, dry_run=arguments.dry_run)
    return _view(call, process, stands)


@operation(right="process.read", read_only=True)
async def process_approvals(call: Call, arguments: ProcessApprovals) -> ApprovalsView:
    """Show whether the newest draft of a process may be published: who approved or rejected it, who may, what is missing."""
    reader, tenant, process = call.app.runtime.reader, call.caller.tenant, arguments.process
    stands = _standing(reader, tenant, process)
    row = reader.find_definition(tenant, KIND, process)
    return _view(call, process, stands, is_open=row is not None and row.changed)


def refuse_unapproved(reader: Reader, tenant: str, processes: Sequence[str], content: str) -> None:
    """Refuse to publish a file with a process that a policy wants approved, unless the file is its newest, approved draft."""
    for process in processes:
        if policy_of(reader, tenant, process).approvals:
            _refuse_unapproved(reader, tenant, process, content)


def _refuse_unapproved(reader: Reader, tenant: str, process: str, content: str) -> None:
    stands = _standing(reader, tenant, process)
    if stands.draft.content != content:
        raise FlowMasterError(
            "publish.not_approved",
            f"The file holds {process!r} too, otherwise than its draft {stands.draft.number}, which alone can be approved.",
            path="process",
            fix=f"Save the file again, so that it is the newest draft of {process!r}, and have it approved.",
            next=[Hint("process_approvals", {"process": process}, "See how its draft stands.")],
            status=409,
        )
    if not stands.publishable:
        raise _not_approved(process, stands)


def settle_approvals(transaction: Transaction, tenant: str, process: str, version: int) -> list[str]:
    """Keep with a version who approved it, forget who worked on it, and return who approved."""
    if transaction.draft(tenant, KIND, process) is None:
        return []
    stands = _standing(transaction, tenant, process)
    for row in stands.approved:
        comment = row.body.get("comment", "") if isinstance(row.body, Mapping) else ""
        kept = ReleaseRow("approved", f"{version} {row.name}", row.by, row.at, version, {"comment": comment})
        transaction.put_release(tenant, KIND, process, kept)
    names = [row.name for row in transaction.releases(tenant, KIND, process, "approval")]
    transaction.drop_releases(tenant, KIND, process, "approval", names)
    drop_authors(transaction, tenant, KIND, process)
    return [row.name for row in stands.approved]


def approvers(reader: Reader, tenant: str, process: str) -> dict[int, list[str]]:
    """Return who approved each version."""
    found: dict[int, list[str]] = {}
    for row in reader.releases(tenant, KIND, process, "approved"):
        found.setdefault(row.version, []).append(row.by)
    return found


def possible(call: Call, hints: list[Hint]) -> list[Hint]:
    """Return what to do next, where it is not yet to publish: to see who has to approve."""
    return [_possible(call, hint) if hint.operation == "process_publish" else hint for hint in hints]


def _possible(call: Call, hint: Hint) -> Hint:
    process, reader, tenant = str(hint.arguments["process"]), call.app.runtime.reader, call.caller.tenant
    draft = reader.draft(tenant, KIND, process)
    if draft is None:
        return hint
    beside = draft.meta.get("processes") if isinstance(draft.meta, Mapping) else None
    for key in map(str, beside if isinstance(beside, list) else [process]):
        try:
            refuse_unapproved(reader, tenant, [key], draft.content)
        except FlowMasterError:
            return Hint(
                "process_approvals", {"process": key}, "See who has to approve it before it is published."
            )
    return hint


def fitting(call: Call, policy: Policy, person: str) -> list[Json]:
    """Return as what of a policy somebody may approve: by name, or by a role; the single user holds every role."""
    return [name for name in policy.by if _fits(call, name, person)]


def _fits(call: Call, name: str, person: str) -> bool:
    if name.startswith(USER):
        return name.removeprefix(USER) == person
    if call.caller.actor == LOCAL:
        return True
    return all(map(call.caller.may, ROLES.get(name, {name})))


def _speaker(call: Call, as_user: str) -> str:
    """Return whose word it is: the person's own, or that of a caller who says so of others and counts once."""
    caller = call.caller
    if caller.actor == LOCAL:
        return as_user or caller.person
    return caller.actor if as_user not in ("", caller.actor, caller.on_behalf_of) else caller.person


def _standing(reader: Reader, tenant: str, process: str) -> Standing:
    line = known_line(reader, tenant, process)
    if line.branch:
        raise not_merged(line)
    policy, draft = policy_of(reader, tenant, process), draft_of(reader, tenant, process)
    authors = authors_of(reader, tenant, KIND, process)
    approved: dict[str, ReleaseRow] = {}
    rejected: list[ReleaseRow] = []
    for row in _rows(reader, tenant, process, draft):
        body = row.body if isinstance(row.body, Mapping) else {}
        spoke, fits = str(body.get("spoke", "")), body.get("fits")
        if body.get("decision") == "reject":
            rejected.append(row)
        elif row.name not in authors and spoke not in authors and _counts(policy, fits):
            approved.setdefault(spoke, row)
    return Standing(policy, draft, authors, list(approved.values()), rejected)


def _rows(reader: Reader, tenant: str, process: str, draft: Draft) -> list[ReleaseRow]:
    """Return what was decided on exactly this draft."""
    digest = codec.digest(draft.content)
    return [
        row
        for row in reader.releases(tenant, KIND, process, "approval")
        if row.version == draft.number and isinstance(row.body, Mapping) and row.body.get("digest") == digest
    ]


def _counts(policy: Policy, fits: Json) -> bool:
    """Return whether somebody approved as what the policy asks for now."""
    return not policy.by or (isinstance(fits, list) and any(name in policy.by for name in fits))


def _drop_old(transaction: Transaction, tenant: str, process: str, draft: Draft, person: str) -> None:
    """Forget what was decided on drafts before, and what this person decided."""
    rows = transaction.releases(tenant, KIND, process, "approval")
    gone = [row.name for row in rows if row.version != draft.number or row.name == person]
    transaction.drop_releases(tenant, KIND, process, "approval", gone)


def _journal(
    transaction: Transaction, call: Call, arguments: ProcessApprove, person: str, draft: int, at: int
) -> None:
    caller = call.caller
    transaction.journal(
        caller.tenant,
        f"process:{arguments.process}",
        at=at,
        by=person,
        agent="" if caller.actor in (person, LOCAL) else caller.actor,
        operation=f"process_approve.{arguments.decision}",
        reason=arguments.reason or "",
        data={"draft": draft, "comment": arguments.comment},
    )


def _view(call: Call, process: str, stands: Standing, *, is_open: bool = True) -> ApprovalsView:
    return ApprovalsView(
        process=process,
        draft=stands.draft.number if is_open else None,
        needed=stands.policy.approvals,
        by=[*stands.policy.by],
        authors=stands.authors[:NAMES_SHOWN],
        approved=[_decided(row) for row in stands.approved[:NAMES_SHOWN]],
        rejected=[_decided(row) for row in stands.rejected[:NAMES_SHOWN]],
        missing=stands.missing if is_open else 0,
        publishable=is_open and stands.publishable,
        told=_told(stands) if is_open else "The newest draft is published; nothing is to be approved.",
        next=_next(call, process, stands) if is_open else [],
        left_out={"authors": len(stands.authors) - NAMES_SHOWN} if len(stands.authors) > NAMES_SHOWN else {},
    )


def _decided(row: ReleaseRow) -> Decided:
    comment = str(row.body.get("comment", "")) if isinstance(row.body, Mapping) else ""
    return Decided(by=row.by, at=iso(row.at), comment=comment[:300])


def _told(stands: Standing) -> str:
    """Say how a draft stands."""
    policy, number = stands.policy, stands.draft.number
    if not policy.approvals:
        return f"Draft {number} needs no approval."
    if stands.rejected:
        return f"Draft {number} was rejected by {', '.join(repr(row.by) for row in stands.rejected)}."
    if not stands.missing:
        return f"Draft {number} is approved."
    people = "approval is" if stands.missing == 1 else "approvals are"
    return f"Draft {number} needs {policy.approvals}; {stands.missing} {people} missing."


def _next(call: Call, process: str, stands: Standing) -> list[NextCall]:
    caller, policy = call.caller, stands.policy
    if stands.publishable:
        may = caller.may("process.publish")
        hints = possible(call, [Hint("process_publish", {"process": process}, "Publish it.")])
        return [follow_up(hint) for hint in hints] if may else []
    decided = {row.name for row in (*stands.approved, *stands.rejected)}
    mine = caller.person not in stands.authors and caller.person not in decided
    if (
        not mine
        or not caller.may("process.approve")
        or (policy.by and not fitting(call, policy, caller.person))
    ):
        return []
    told: dict[str, Json] = {"process": process, "draft": stands.draft.number}
    return [follow_up(Hint("process_approve", told, "Approve it, or reject it with a comment."))]


def _not_approved(process: str, stands: Standing) -> FlowMasterError:
    """Return the refusal to publish: how many are missing, who may approve, and by which call."""
    number = stands.draft.number
    words = [
        f" {row.by!r} says {said(_decided(row).comment)}." for row in stands.rejected if _decided(row).comment
    ]
    who = ", ".join(stands.policy.by) or "anybody"
    others = f" except {', '.join(map(repr, stands.authors))}" if stands.authors else ""
    told: dict[str, Json] = {
        "missing": stands.missing,
        "by": [*stands.policy.by],
        "not_by": [*stands.authors],
        "approved": [row.by for row in stands.approved],
        "rejected": [row.by for row in stands.rejected],
    }
    fix = (
        "Let whoever rejected it withdraw that (`process_approve`, `decision: withdraw`), or save a new draft."
        if stands.rejected
        else f"Have {stands.missing} more approve it, {who}{others}: "
        f"`process_approve` with `process: {process}`, `draft: {number}`, and `as_user` where one speaks for them."
    )
    return FlowMasterError(
        "publish.not_approved",
        f"{process!r} is not published: {_told(stands)}{''.join(words[:3])}",
        path="process",
        expected=told,
        fix=fix,
        next=[Hint("process_approvals", {"process": process}, "See how the draft stands.")],
        status=409,
    )


def _refuse_stale(reader: Reader, tenant: str, arguments: ProcessApprove, now: Standing) -> None:
    """Refuse to decide on anything but the newest draft, and where nothing is to be decided."""
    process = arguments.process
    see = [Hint("process_approvals", {"process": process}, "See how the newest draft stands.")]
    if arguments.draft is not None and arguments.draft != now.draft.number:
        if arguments.draft > now.draft.number:
            draft_of(reader, tenant, process, arguments.draft)
        raise FlowMasterError(
            "draft.stale",
            f"Draft {now.draft.number} of {process!r} was saved since draft {arguments.draft}.",
            path="draft",
            expected=now.draft.number,
            fix="Look at the newest draft and decide on that.",
            next=see,
            status=409,
        )
    row = reader.find_definition(tenant, KIND, process)
    if row is None or not row.changed or not now.policy.approvals:
        why = "needs no approval" if row is not None and row.changed else "is published already"
        raise FlowMasterError(
            "approval.not_needed",
            f"Draft {now.draft.number} of {process!r} {why}.",
            path="process",
            fix="Save a draft first."
            if row is None or not row.changed
            else "Publish it, or ask for approvals with `process_policy`.",
            next=see,
            status=409,
        )


def _refuse_author(arguments: ProcessApprove, person: str, call: Call, now: Standing) -> None:
    spoke = _speaker(call, arguments.as_user)
    if person not in now.authors and spoke not in now.authors:
        return
    single = call.caller.actor == LOCAL and not arguments.as_user
    raise FlowMasterError(
        "approval.own_work",
        f"{(person if person in now.authors else spoke)!r} saved drafts of {arguments.process!r} since its last version and cannot decide on them.",
        path="as_user",
        expected={"not_by": [*now.authors]},
        fix="Give `as_user`, the person who looked at it." if single else "Let somebody else look at it.",
        status=409,
    )


def _not_asked(process: str, person: str, policy: Policy) -> FlowMasterError:
    return FlowMasterError(
        "approval.not_asked",
        f"{person!r} is not among those who approve drafts of {process!r}.",
        path="as_user",
        expected=[*policy.by],
        fix="Let one of the expected roles or people decide.",
        status=403,
    )


def _nothing_decided(process: str, person: str, now: Standing) -> FlowMasterError:
    decided: list[Any] = [row.name for row in (*now.approved, *now.rejected)]
    return FlowMasterError(
        "approval.none",
        f"{person!r} has decided nothing on draft {now.draft.number} of {process!r}.",
        path="as_user",
        expected=decided,
        fix="Withdraw as one of those who decided." if decided else "There is nothing to withdraw.",
        status=409,
    )


OPERATIONS = (process_approve, process_approvals)
