"""Operating one instance: pause, resume, cancel, retry, skip, move, set variables, migrate, and fork it to try something."""

from collections.abc import Mapping
from typing import Literal, TypeAlias, assert_never

from pydantic import Field

from flowmaster.engine import commands as cmd
from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.state import State
from flowmaster.runtime.desk import Desk, Request
from flowmaster.runtime.forks import fork
from flowmaster.runtime.results import check_types
from flowmaster.tools.instance_view import InstanceView, after, load, view
from flowmaster.tools.losses import loss_of
from flowmaster.tools.models import Variables, WriteArguments
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import request_of
from flowmaster.tools.versions import VersionName, number_of

LEFT_TAKEN_UP = 100
"""Effects held back by a pause that a resume takes up at once."""

Action: TypeAlias = Literal["pause", "resume", "cancel", "retry", "skip", "move", "set_variables", "migrate"]


class _One(WriteArguments):
    """Which instance."""

    instance: str = Field(description="Instance id.")
    action: Literal[Action, "fork"] = Field(description="What to do.")


class ActionArguments(WriteArguments):
    """What an action needs to know beyond its name, whichever instance it is done to."""

    element: str = Field(default="", description="retry, skip: where.")
    variables: Variables = Field(default={}, description="set_variables, skip, fork.")
    scope: str = Field(default="", description="set_variables: where.")
    compensate: bool = Field(default=False, description="cancel: undo what is done.")
    source: str = Field(default="", alias="from", description="move: from it.")
    target: str = Field(default="", alias="to", description="move: to it.")
    mapping: dict[str, str] = Field(default={}, description="migrate: {old id: new}.")


class InstanceControl(ActionArguments, _One):
    """Which instance, and what to do to it."""

    incident: int | None = Field(default=None, ge=1, description="retry: this one.")
    at: int | None = Field(default=None, description="fork: after this event.")
    version: VersionName | None = Field(default=None, description="migrate: to it.")


async def _controlled_again(call: Call, arguments: InstanceControl, subject: str) -> InstanceView:
    runtime, tenant = call.app.runtime, call.caller.tenant
    return view(runtime, runtime.reader, tenant, load(runtime.reader, tenant, subject))


def _loss(call: Call, arguments: InstanceControl, tried: InstanceView) -> str:
    return loss_of(call, arguments.action, arguments.element or arguments.source, arguments.target, tried)


@operation(right="instance.control", core=True, destructive=True, destroys=_loss, recover=_controlled_again)
async def instance_control(call: Call, arguments: InstanceControl) -> InstanceView:
    """Operate an instance; fork copies it to try things. For many see `instance_batch`."""
    request = request_of(call, f"instance_control.{arguments.action}", arguments.reason)
    check_action(arguments.action, arguments, version=arguments.version)
    if arguments.at is not None and arguments.action != "fork":
        raise _misplaced("at", arguments.action)

    def work(desk: Desk) -> str:
        if arguments.action == "fork":
            _check_types(desk, request, desk.load(request.tenant, arguments.instance), arguments)
            return fork(desk, request, arguments.instance, at=arguments.at, variables=arguments.variables)
        if arguments.action == "migrate":
            migrate(desk, request, arguments.instance, arguments.version, arguments.mapping)
        else:
            act(
                desk,
                request,
                arguments.instance,
                arguments.action,
                arguments,
                incident=arguments.incident or 0,
            )
        return arguments.instance

    lasting = arguments.action in ("fork", "resume", "cancel")
    outcome = await call.app.runtime.do(work, dry_run=arguments.dry_run, lasting=lasting)
    return after(call, outcome, outcome.result)


def check_action(
    action: str, arguments: ActionArguments, *, version: int | str | None, named: str = "version"
) -> None:
    """Refuse an action that lacks what it needs, or is given what only a migration takes, the version as it is `named`."""
    needs = {
        "skip": ("element",),
        "move": ("from", "to"),
        "set_variables": ("variables",),
        "migrate": (named,),
    }
    given = {
        "element": arguments.element,
        "from": arguments.source,
        "to": arguments.target,
        "variables": arguments.variables,
        named: version,
    }
    for name in needs.get(action, ()):
        if not given[name]:
            raise FlowMasterError(
                "arguments.invalid",
                f"`{action}` needs `{name}`.",
                path=name,
                fix=f"Give `{name}`.",
            )
    for name, value in ((named, version), ("mapping", arguments.mapping)):
        if value and action != "migrate":
            raise _misplaced(name, action)


def migrate(
    desk: Desk, request: Request, instance: str, wanted: int | str | None, given: Mapping[str, str]
) -> State:
    """Let an instance go on by another version of its process, and return how it is after."""
    assert wanted is not None, "checked before"
    state = desk.load(request.tenant, instance)
    version = number_of(desk.transaction, request.tenant, state.process, wanted)
    if state.version == version:
        raise FlowMasterError(
            "instance.same_version",
            f"{instance!r} runs by version {version} already.",
            path="version",
            expected="another published version",
            fix="Name the version that it shall go on by.",
            next=[Hint("process_read", {"process": state.process, "view": "versions"}, "List the versions.")],
            status=409,
        )
    return desk.migrate(request, instance, version, given)


def act(
    desk: Desk,
    request: Request,
    instance: str,
    action: Action,
    arguments: ActionArguments,
    *,
    incident: int = 0,
) -> State:
    """Do an action to an instance and return how it is after."""

    def command(state: State, now: int) -> cmd.Command:
        if action in ("set_variables", "skip"):
            _check_types(desk, request, state, arguments)
        return _command(action, arguments, incident, request, now)

    state = desk.step(request, instance, command)
    if action == "resume":
        desk.take_outbox(LEFT_TAKEN_UP)
    return state


def _check_types(desk: Desk, request: Request, state: State, arguments: ActionArguments) -> None:
    process = desk.models.process(desk.transaction, request.tenant, state.process, state.version)
    check_types(process, arguments.variables, process.elements.get(arguments.element))


def _command(
    action: Action, arguments: ActionArguments, incident: int, request: Request, now: int
) -> cmd.Command:
    by, note = request.by, request.reason
    match action:
        case "pause":
            return cmd.PauseInstance(now, by, note)
        case "resume":
            return cmd.ResumeInstance(now, by, note)
        case "cancel":
            return cmd.CancelInstance(now, by, note, arguments.compensate)
        case "retry":
            return cmd.Retry(now, by, arguments.element, incident)
        case "skip":
            return cmd.Skip(now, by, arguments.element, arguments.variables)
        case "move":
            return cmd.Move(now, by, arguments.source, arguments.target)
        case "set_variables":
            return cmd.SetVariables(now, by, arguments.variables, arguments.scope)
        case "migrate":
            raise AssertionError("a migration needs two models")
        case _:
            assert_never(action)


def _misplaced(name: str, action: str) -> FlowMasterError:
    return FlowMasterError(
        "arguments.invalid",
        f"`{action}` takes no `{name}`.",
        path=name,
        fix=f"Leave `{name}` out.",
    )


OPERATIONS = (instance_control,)
