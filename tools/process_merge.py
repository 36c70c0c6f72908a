"""Merging a branch into its process, or one line of drafts into another: what both did, or the conflicts between them."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from pydantic import Field

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.compare.changes import compare
from flowmaster.engine.compare.words import summary, worded
from flowmaster.engine.errors import FlowMasterError, Hint, did_you_mean
from flowmaster.engine.merging.conflict import EVERY, Conflict
from flowmaster.engine.merging.merging import Merge, merge
from flowmaster.engine.merging.words import Names, element_words, told
from flowmaster.engine.values import Json
from flowmaster.runtime.lines import MARK, Line
from flowmaster.runtime.models import compile_process
from flowmaster.stores import refusals
from flowmaster.stores.protocol import Reader, Transaction
from flowmaster.stores.rows import Draft
from flowmaster.tools.authors import authors_of
from flowmaster.tools.bounds import leading, left_out
from flowmaster.tools.branch_bases import Base, base_of, pass_on, put_base
from flowmaster.tools.branches import ADDRESS_MAX
from flowmaster.tools.draft_problems import shown_problems
from flowmaster.tools.draft_tests import draft_tested
from flowmaster.tools.drafts import (
    ProcessFile,
    draft_of,
    file_of_branch,
    known_line,
    read_file,
    save_draft,
)
from flowmaster.tools.models import Result, WriteArguments, follow_up
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import journal_process, store_once

CHANGES_BYTES = 2_000
PROBLEMS_BYTES = 1_500
CONFLICTS_BYTES = 3_500
KEYS_BYTES = 700
"""How long the parts of an answer or refusal may be."""

_DRAWINGS = {
    "ours": "The drawing stays as it was, with what is new put in.",
    "theirs": "The drawing is that of {theirs}, with what is new put in.",
    "both": "Both were drawn anew: the drawing stays as in {ours}, with what is new put in.",
    "anew": "Everything was drawn anew.",
}


class ProcessMerge(WriteArguments):
    """What is merged into what, and how conflicts are resolved."""

    process: str = Field(
        max_length=ADDRESS_MAX,
        description="The branch to merge, `process@branch`; a process where `into` is a branch of it.",
        examples=["leave@dual-control"],
    )
    into: str = Field(
        default="",
        max_length=ADDRESS_MAX,
        description="Default: its process. Else a branch, `@branch`.",
        examples=["@other"],
    )
    base_draft: int | None = Field(
        default=None, ge=1, description="Refuse if this is not the newest draft of what is merged into."
    )
    resolve: dict[str, Literal["ours", "theirs", "base"]] = Field(
        default={},
        max_length=1_000,
        description="By conflict what is taken: `ours` is merged into, `theirs` is merged, `base` was before both. "
        "`*` is for all others.",
        examples=[{"approve": "theirs"}],
    )


class ProcessMerged(Result):
    """What the merge brought."""

    process: str = Field(description="What was merged into.")
    draft: int = Field(description="Number of its newest draft.")
    summary: str = Field(description="How much has changed there.")
    changes: list[str] = Field(description="The changes in words.")
    resolved: list[str] = Field(default=[], description="Conflicts that `resolve` decided.")
    renamed: dict[str, str] = Field(
        default={}, description="New ids of what was merged: both sides had given these to different things."
    )
    kept: list[str] = Field(
        default=[], description="Removed by one side, kept since the other came to use it."
    )
    dropped: list[str] = Field(default=[], description="Gone with what it hung on, as resolved.")
    drawing: str = Field(default="", description="Whose drawing was taken.")
    problems: list[dict[str, Any]] = Field(description="What is wrong now; errors refuse publishing.")
    scenarios: str = Field(default="", description="How its scenarios go, unless it has errors.")
    failing: list[dict[str, Any]] = Field(default=[], description="Those that fail, with what differs.")


class _Sides(NamedTuple):
    """The two lines of a merge with their newest drafts, and what they have in common."""

    source: Line
    target: Line
    ours: Draft
    theirs: Draft
    base: Base

    @property
    def names(self) -> Names:
        """What the sides are called."""
        return Names(self.target.address, self.source.address)


class _Prepared(NamedTuple):
    """A merge without conflicts: what it came to, read and checked."""

    sides: _Sides
    merged: Merge
    file: ProcessFile

    @property
    def changes_nothing(self) -> bool:
        """Whether all that is merged was there already."""
        return self.merged.document.to_xml() == self.sides.ours.content


@operation(right="process.write")
async def process_merge(call: Call, arguments: ProcessMerge) -> ProcessMerged:
    """Merge a branch into its process: what one side changed is taken; where both did, conflicts are told."""
    runtime, tenant = call.app.runtime, call.caller.tenant
    first = _prepare(call, runtime.reader, arguments)

    def work(transaction: Transaction) -> tuple[_Prepared, int]:
        sides = _sides(transaction, tenant, arguments)
        done = first if sides == first.sides else _prepare(call, transaction, arguments)
        return done, _save(call, transaction, arguments, done)

    done, draft = await runtime.write(work, dry_run=arguments.dry_run)
    target, process = done.sides.target, done.sides.target.process
    models = [
        compile_process(each, process) for each in (done.sides.ours.content, done.file.document.to_xml())
    ]
    compared = compare(models[0], models[1])
    words = [worded(change, models[0], models[1]) for change in compared.changes]
    changes = leading(words, CHANGES_BYTES)
    problems = done.file.problems[process]
    wrong = leading(shown_problems(problems), PROBLEMS_BYTES)
    tested = await draft_tested(call, done.file, process, target.branch)
    return ProcessMerged(
        process=target.address,
        draft=draft,
        summary=_summary(done) or summary(compared),
        changes=changes,
        resolved=leading(sorted(done.merged.resolved), KEYS_BYTES),
        renamed=done.merged.renamed,
        kept=_named(done.merged.kept, done.merged),
        dropped=_named(done.merged.dropped, done.merged),
        drawing=""
        if done.changes_nothing
        else _DRAWINGS.get(done.merged.drawing, "").format(**done.sides.names._asdict()),
        problems=wrong,
        scenarios=tested.told,
        failing=tested.failing,
        left_out=left_out({"changes": (len(words), len(changes)), "problems": (len(problems), len(wrong))}),
        next=[follow_up(hint) for hint in tested.hints],
    )


def _summary(done: _Prepared) -> str:
    """Return why nothing was to be merged, if so."""
    sides = done.sides
    if sides.theirs.content == sides.base.content:
        return f"{sides.source.address!r} has not changed since ({sides.base.told})."
    return "All of it was there already." if done.changes_nothing else ""


def _named(ids: Sequence[str], merged: Merge) -> list[str]:
    return leading([element_words(each, merged.states) for each in ids], KEYS_BYTES)


def _sides(reader: Reader, tenant: str, arguments: ProcessMerge) -> _Sides:
    """Return what is merged into what, or refuse what cannot be."""
    source = known_line(reader, tenant, arguments.process)
    named = f"{source.process}{arguments.into}" if arguments.into.startswith(MARK) else arguments.into
    target = known_line(reader, tenant, named, "into") if named else Line(source.process)
    if target.process != source.process or target == source:
        raise FlowMasterError(
            "merge.target_wrong",
            f"{source.address!r} cannot be merged into {target.address!r}.",
            path="into",
            expected=f"{source.process} or a branch of it, {source.process}{MARK}name",
            fix="Name the branch as `process`, or another branch of the same process as `into`.",
            next=[Hint("process_branches", {"process": source.process}, "List its branches.")],
            status=422,
        )
    source = file_of_branch(reader, tenant, source) if source.branch else source
    target = file_of_branch(reader, tenant, target) if target.branch else Line(source.process)
    if source.process != target.process:
        source = source if source.branch else Line(target.process)
    ours, theirs = draft_of(reader, tenant, target.address), draft_of(reader, tenant, source.address)
    if arguments.base_draft is not None and arguments.base_draft != ours.number:
        raise refusals.draft_stale(target.address, base=arguments.base_draft, newest=ours.number)
    base = base_of(reader, tenant, *((source, target) if source.branch else (target, source)))
    if base is None:
        raise FlowMasterError(
            "merge.no_base",
            f"{source.address!r} and {target.address!r} have no state in common.",
            path="into",
            fix="Compare them, and bring over what is wanted by edits.",
            next=[Hint("process_compare", {"process": source.address}, "See what differs.")],
            status=409,
        )
    return _Sides(source, target, ours, theirs, base)


def _prepare(call: Call, reader: Reader, arguments: ProcessMerge) -> _Prepared:
    """Merge, and refuse while conflicts are not resolved."""
    tenant = call.caller.tenant
    sides = _sides(reader, tenant, arguments)
    documents = [parse_bpmn(each) for each in (sides.base.content, sides.ours.content, sides.theirs.content)]
    merged = merge(documents[0], documents[1], documents[2], arguments.resolve)
    unknown = sorted(arguments.resolve.keys() - merged.known - {EVERY})
    if unknown:
        raise _unknown(unknown[0], sorted(merged.known))
    if merged.conflicts:
        raise _conflicts(arguments, sides, merged)
    _refuse_known(reader, tenant, sides, merged)
    file = read_file(
        merged.document, call.app.registry, reader, tenant, at=call.app.runtime.clock.now(reader)
    )
    return _Prepared(sides, merged, file)


def _save(call: Call, transaction: Transaction, arguments: ProcessMerge, done: _Prepared) -> int:
    """Save the merged draft, and note what the lines have in common from now on; return the draft's number."""
    tenant, (source, target, ours, theirs, _) = call.caller.tenant, done.sides
    at = call.app.runtime.clock.now(transaction)
    number, told = ours.number, f"draft {theirs.number} of {source.address} merged"
    if not done.changes_nothing:
        numbers = save_draft(
            transaction,
            tenant,
            done.file,
            by=call.caller.person,
            at=at,
            note=arguments.reason or told,
            base=ours.number,
            main=target.address,
            authors=authors_of(transaction, tenant, source.kind, source.address) if source.branch else (),
        )
        number = numbers[target.process]
    newest = draft_of(transaction, tenant, target.address)
    note = f"merged at draft {number}"
    if source.branch:
        put_base(transaction, tenant, source, target, theirs.content, draft=theirs, there=number, told=note)
    if target.branch:
        put_base(
            transaction, tenant, target, source, theirs.content, draft=newest, there=theirs.number, told=told
        )
    if source.branch:
        pass_on(transaction, tenant, source, target, number)
    data: Json = {"draft": number, "merged": source.address, "resolved": dict(arguments.resolve)}
    journal_process(transaction, call, target.address, "process_merge", at, data, arguments.reason)
    store_once(transaction, call, subject=target.address)
    return number


def _refuse_known(reader: Reader, tenant: str, sides: _Sides, merged: Merge) -> None:
    """Refuse a process that the merge would bring and that is there already, in a file of its own."""
    known = {each.id for each in parse_bpmn(sides.ours.content).processes}
    for made in merged.document.processes:
        place = sides.target.sibling(made.id)
        if made.id not in known and reader.find_definition(tenant, place.kind, place.address) is not None:
            raise FlowMasterError(
                "edit.process_exists",
                f"There is already a process {place.address!r}, which the merge would bring.",
                path="process",
                fix="Extract to a process of another name on the branch.",
                status=409,
            )


def _unknown(key: str, known: Sequence[str]) -> FlowMasterError:
    return FlowMasterError(
        "merge.resolve_unknown",
        f"There is no conflict {key[:120]!r}.{did_you_mean(key, known)}",
        path=f"resolve.{key[:120]}",
        expected=[*known],
        fix="Name conflicts as the refusal of the merge names them."
        if known
        else "Leave `resolve` out: nothing conflicts.",
        status=422,
    )


def _conflicts(arguments: ProcessMerge, sides: _Sides, merged: Merge) -> FlowMasterError:
    every = [_body(conflict, sides, merged) for conflict in merged.conflicts]
    shown = leading(every, CONFLICTS_BYTES, least=1)
    keys = [str(each["conflict"]) for each in every]
    named = leading(keys, KEYS_BYTES, least=1)
    more = f" and {len(keys) - len(named)} more" if len(named) < len(keys) else ""
    resolve: dict[str, Json] = {**arguments.resolve, **dict.fromkeys(named, "ours")}
    if more:
        resolve[EVERY] = "ours"
    call: dict[str, Json] = {"process": arguments.process, "resolve": resolve}
    if arguments.into:
        call["into"] = arguments.into
    return FlowMasterError(
        "merge.conflicts",
        f"{sides.source.address!r} and {sides.target.address!r} conflict in {', '.join(named)}{more}. Nothing was saved.",
        path="resolve",
        expected=[*shown],
        fix=f"Say for each what is taken: ours ({sides.target.address}), theirs ({sides.source.address}) or base; or "
        "change one side.",
        next=[Hint("process_merge", call, "Resolve them, here all for ours.")],
        status=409,
    )


def _body(conflict: Conflict, sides: _Sides, merged: Merge) -> dict[str, Json]:
    words = told(conflict, merged.states, sides.names)
    found: dict[str, Json] = {"conflict": words.key, "text": words.text}
    return found | {"base": words.base, "ours": words.ours, "theirs": words.theirs}


OPERATIONS = (process_merge,)
