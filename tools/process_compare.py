"""What differs between two versions of a process."""

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from flowmaster.engine.compare.changes import Change, Compared, compare
from flowmaster.engine.compare.words import summary, worded
from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.model import Executable, Process
from flowmaster.engine.values import Json
from flowmaster.runtime.lines import MARK
from flowmaster.runtime.models import StepLibrary, compile_process
from flowmaster.stores.protocol import Reader
from flowmaster.tools.behaviour_view import BehaviourView, RuleVersions, bounded, summary_of
from flowmaster.tools.bounds import leading, left_out
from flowmaster.tools.compare_behaviour import Sided, behaviour_view
from flowmaster.tools.compare_picture import PictureView, drawn_changes
from flowmaster.tools.drafts import KIND, draft_of, known_line, version_of
from flowmaster.tools.migration_view import MigrationView, migration_view, moved
from flowmaster.tools.models import Arguments, NextCall, Result, Shape, follow_up
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.versions import no_tag

CHANGES_BYTES = 5_000
DRAFT = "draft"


class ProcessCompare(Arguments):
    """Which process, and which two states of it."""

    process: str = Field(
        max_length=250, description="Process id, or `process@branch`.", examples=["invoice-approval"]
    )
    from_version: Annotated[int, Field(ge=1)] | str | None = Field(
        default=None,
        alias="from",
        description="The older one: a version by number or tag, `draft` or `@branch`; default: the newest version, "
        "of a branch the draft of its process.",
    )
    to: Annotated[int, Field(ge=1)] | str | None = Field(
        default=None, description="The newer one, in the same way; default: the newest draft, or the branch."
    )
    what: Literal["structure", "behaviour", "migration"] = Field(
        default="structure",
        description="What is compared; `behaviour` plays cases on both and tells which end otherwise and why,"
        " `migration` tries on copies which instances can move over.",
    )
    view: PictureView | None = Field(
        default=None, description="The changes of the structure on a drawing, instead of as a list."
    )
    cursor: str | None = Field(default=None, description="Of the drawing: its next_cursor.")
    mapping: dict[str, str] = Field(
        default={}, description="For migration: {old id: new id}.", examples=[{"check": "examine"}]
    )
    rules: dict[str, RuleVersions] = Field(
        default={},
        description="For behaviour: versions of decisions that the sides use.",
        examples=[{"approval_level": {"from": 1, "to": 2}}],
    )


class ChangeView(Shape):
    """One change; without `element` and `before` one of the process as a whole."""

    kind: Literal["removed", "added", "moved", "renamed", "changed"] = Field(description="Its kind.")
    text: str = Field(description="The change in words.")
    element: str = Field(default="", description="The element's id now.")
    before: str = Field(default="", description="Its id before, where that was another one or it is gone.")
    what: str = Field(default="", description="What of it has changed.")
    was: Any = Field(default=None, description="The value before.")
    now: Any = Field(default=None, description="The value now.")
    behaves: bool = Field(default=True, description="False if instances do the same as before.")


class ProcessCompared(Result):
    """What differs."""

    process: str = Field(description="Its id.")
    compared: str = Field(description="What was compared with what.")
    summary: str = Field(description="How much has changed.")
    same_behaviour: bool = Field(description="True if no change touches what instances do.")
    changes: list[ChangeView] = Field(description="The changes, what is gone or new first.")
    picture: str = Field(
        default="", description="The newer one with what is new, changed, moved, renamed and gone marked."
    )
    next_cursor: str | None = Field(default=None, description="Give it as `cursor` for the rest.")
    behaviour: BehaviourView | None = Field(default=None, description="What cases do otherwise, and why.")
    migration: MigrationView | None = Field(default=None, description="What comes of instances under way.")


@operation(right="process.read", read_only=True, lasting="may")
async def process_compare(call: Call, arguments: ProcessCompare) -> ProcessCompared:
    """Tell what differs between two versions of a process: their steps, or what cases do otherwise; plan a migration."""
    reader, tenant = call.app.runtime.reader, call.caller.tenant
    line = known_line(reader, tenant, arguments.process)
    process = line.process
    is_beside = line.branch and arguments.what != "migration"  # Instances are under way on versions alone.
    newest = DRAFT if is_beside else reader.version_number(tenant, KIND, process) or DRAFT
    old = _side(reader, tenant, process, "from", arguments.from_version or newest)
    new = _side(
        reader, tenant, process, "to", arguments.to or (f"{MARK}{line.branch}" if line.branch else DRAFT)
    )
    _check_fields(arguments)
    if arguments.what == "migration":
        return _migration(call, arguments, old, new)
    if arguments.what == "behaviour":
        return await _behaviour(call, arguments, old, new)
    compared = compare(old.process, new.process)
    if arguments.view is not None:
        picture, cursor = await drawn_changes(old, new, compared, arguments.view, arguments.cursor)
        return ProcessCompared(
            process=arguments.process,
            compared=f"{old.name} with {new.name}",
            summary=_summary(compared, old, new),
            same_behaviour=not any(one.behaves for one in compared.changes),
            changes=[],
            picture=picture,
            next_cursor=cursor,
        )
    views = [_view(one, old.process, new.process) for one in compared.changes]
    shown = leading(views, CHANGES_BYTES)
    return ProcessCompared(
        process=arguments.process,
        compared=f"{old.name} with {new.name}",
        summary=_summary(compared, old, new),
        same_behaviour=not any(one.behaves for one in compared.changes),
        changes=shown,
        next=[follow_up(Hint("process_test", {"process": new.address}, "Play the scenarios on the draft."))]
        if new.address
        else [],
        left_out=left_out({"changes": (len(views), len(shown))}),
    )


def _check_fields(arguments: ProcessCompare) -> None:
    """Refuse what is for another comparison."""
    for name, what in (("mapping", "migration"), ("rules", "behaviour"), ("view", "structure")):
        if getattr(arguments, name) and arguments.what != what:
            raise FlowMasterError(
                "arguments.invalid",
                f"`{name}` is for `what: {what}`.",
                path=name,
                expected=f"what: {what}",
                fix=f"Leave `{name}` out, or ask for the {what}.",
            )


async def _behaviour(call: Call, arguments: ProcessCompare, old: "_Side", new: "_Side") -> ProcessCompared:
    """Play cases on both sides and tell which go another way, and why."""
    sides = [
        Sided(side.process, side.bpmn, side.version, rules)
        for side, rules in (
            (old, {name: each.from_version for name, each in arguments.rules.items()}),
            (new, {name: each.to for name, each in arguments.rules.items()}),
        )
    ]
    if old.bpmn == new.bpmn and not arguments.rules:
        return ProcessCompared(
            process=arguments.process,
            compared=f"{old.name} with {new.name}",
            summary="Both are the same file.",
            same_behaviour=True,
            changes=[],
        )
    view = await behaviour_view(call, *sides)
    shown, left = bounded(view)
    return ProcessCompared(
        process=arguments.process,
        compared=f"{old.name} with {new.name}",
        summary=summary_of(view),
        same_behaviour=view.cases > 0 and not view.changed and not view.not_reached,
        changes=[],
        behaviour=shown,
        next=[] if arguments.rules else _played_next(shown, new),
        left_out=left,
    )


def _played_next(view: BehaviourView, new: "_Side") -> list[NextCall]:
    """Return the call that plays the first example on the newer side."""
    first = view.differences[0].example if view.differences else None
    if first is None or "too_long" in first.case:
        return []
    scenario: dict[str, Json] = {"name": "what goes another way", **first.case}
    asked: dict[str, Json] = {"process": new.address or new.process.id, "scenarios": [scenario]}
    if new.version is not None:
        asked["version"] = new.version
    return [follow_up(Hint("process_test", asked, "Play the first example on the newer side."))]


def _migration(call: Call, arguments: ProcessCompare, old: "_Side", new: "_Side") -> ProcessCompared:
    """Plan how instances of the older side move over to the newer one."""
    runtime, tenant, process = call.app.runtime, call.caller.tenant, new.process.id
    library = StepLibrary(runtime.models, runtime.reader, tenant, runtime.now())
    model = Executable(new.process, new.version or 0, library)
    view, left = migration_view(call, old.process, old.version, model, arguments.mapping)
    told = f"{view.migratable} of {view.examined} instances under way can move over."
    hints = []
    if old.version is not None and new.version is not None and view.migratable:
        hints.append(follow_up(moved(process, old.version, new.version, arguments.mapping)))
    return ProcessCompared(
        process=arguments.process,
        compared=f"{old.name} with {new.name}",
        summary=told if view.open else f"No instance is under way on {old.name}.",
        same_behaviour=old.bpmn == new.bpmn,
        changes=[],
        migration=view,
        next=hints,
        left_out=left,
    )


class _Side(NamedTuple):
    """One state of a process: what people call it, its model, its file, its number if it is published.

    `address` is that of the process or branch which it is the newest draft of.
    """

    name: str
    process: Process
    bpmn: str
    version: int | None = None
    address: str = ""


def _side(reader: Reader, tenant: str, process: str, path: str, wanted: int | str) -> _Side:
    if wanted == DRAFT or str(wanted).startswith(MARK):
        line = known_line(reader, tenant, process if wanted == DRAFT else f"{process}{wanted}", path)
        draft = draft_of(reader, tenant, line.address)
        model = compile_process(draft.content, process)
        name = f"draft {draft.number} of {line.address}" if line.branch else f"draft {draft.number}"
        return _Side(name, model, draft.content, address=line.address)
    number = wanted if isinstance(wanted, int) else reader.version_number(tenant, KIND, process, tag=wanted)
    if number is None:
        raise no_tag(reader, tenant, process, str(wanted), path, further=(DRAFT,))
    try:
        version = version_of(reader, tenant, process, number)
    except FlowMasterError as error:
        error.path = path
        raise
    model = compile_process(version.content, process)
    return _Side(f"version {version.version}", model, version.content, version.version)


def _summary(compared: Compared, old: _Side, new: _Side) -> str:
    if old.name == new.name:
        return f"Both sides are {old.name}: name another version, tag or `@branch` as `from` or `to`."
    if old.bpmn == new.bpmn:
        return "Both are the same file."
    return summary(compared)


def _view(change: Change, old: Process, new: Process) -> ChangeView:
    return ChangeView(
        kind=change.kind,  # type: ignore[arg-type]  # one of these
        text=worded(change, old, new),
        element=change.element,
        before=change.before if change.before != change.element else "",
        what=change.what,
        was=change.was,
        now=change.now,
        behaves=change.behaves,
    )


OPERATIONS = (process_compare,)
