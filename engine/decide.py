"""Decides what a command does to an instance: `decide(model, state, command)` -> events and the next state.

Rule 1: pure. Time, ids and actors come with the command; nothing outside is read or written.
Rule 2: a refused command raises `FlowMasterError` and changes nothing; a fault inside the running process is
an incident among the events.
Rule 3: one command runs the instance to its next wait states.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.elements import task_actions
from flowmaster.engine.elements.compensation import compensate_all
from flowmaster.engine.elements.listeners import listener_done
from flowmaster.engine.elements.scopes import begin_at, may_start
from flowmaster.engine.elements.table import BEHAVIOURS, CALL, HUMAN, JOINS, TOOL_BOX
from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.evolve import blank
from flowmaster.engine.execution import Execution, Fault
from flowmaster.engine.forking import fork
from flowmaster.engine.jobs import TASK_EVENTS
from flowmaster.engine.migration.moving import migrate
from flowmaster.engine.model import AdHoc, Executable
from flowmaster.engine.repair import move, retry, skip
from flowmaster.engine.state import (
    ROOT,
    ChildWait,
    EventWait,
    JobWait,
    Node,
    State,
    TaskWait,
    TimerWait,
)
from flowmaster.engine.timers import Schedule, following
from flowmaster.engine.triggers import (
    arm_again,
    catcher_of,
    happen,
    needs_all,
    needs_more,
    receive,
    throw_error,
    throw_escalation,
)
from flowmaster.engine.values import Json


class Decided(NamedTuple):
    """The outcome of a command."""

    events: Sequence[ev.Event]
    state: State


def decide(model: Executable, state: State | None, command: cmd.Command) -> Decided:
    """Return the events that `command` causes, and the state after them; `state` is left as it was."""
    private = blank("", "", 0) if state is None else state.copy()
    return decide_in_place(model, private, command)


def decide_in_place(model: Executable, state: State, command: cmd.Command) -> Decided:
    """Do as `decide`, on a state that nobody else looks at; after an error it must be thrown away."""
    run = Execution(model, state, BEHAVIOURS, JOINS, receive=receive, at=command.at, by=command.by)
    if isinstance(command, cmd.StartInstance):
        _start(run, command)
    elif isinstance(command, cmd.ForkInstance):
        fork(run, command)
    else:
        _check_open(run.state, command)
        _HANDLERS[type(command)](run, command)
    run.settle()
    return Decided(run.events, run.state)


def catches(model: Executable, state: State, wait: int, code: str, at: int) -> bool:
    """Return whether an instance catches an error of a process that it called at a wait; it stays as it is."""
    waits = state.waits.get(wait)
    if waits is None:
        return False
    run = Execution(model, state, BEHAVIOURS, JOINS, receive=receive, at=at, by="")
    try:
        return catcher_of(run, state.nodes[waits.node], "error", code) is not None
    except (Fault, FlowMasterError):  # It stops there, where its catcher can be mended.
        return True


def _start(run: Execution, command: cmd.StartInstance) -> None:
    process = run.model.process
    run.emit(
        ev.InstanceStarted(
            command.instance,
            process.id,
            run.model.version,
            command.business_key,
            command.at,
            command.parent,
            command.variables,
            command.sandbox,
        )
    )
    root = run.state.nodes[ROOT]
    if not command.start or process.root.unsupported:
        run.begin(root, process.root)
        return
    element = process.elements.get(command.start)
    if element is None or not may_start(process, element):
        raise FlowMasterError(
            "instance.start_unknown",
            f"{process.id!r} has no start event {command.start!r}.",
            path="start",
            expected=[one.id for one in process.elements.values() if may_start(process, one)],
            fix="Use one of the listed start events.",
        )
    begin_at(run, root, element.id, command.trigger)


_WHILE_PAUSED = (
    cmd.ResumeInstance, cmd.CancelInstance, cmd.SetVariables, cmd.ReportChildStarted, cmd.ReportChildEnded,
    cmd.MigrateInstance,
)  # fmt: skip


def _check_open(state: State, command: cmd.Command) -> None:
    if state.status == "paused":
        if isinstance(command, _WHILE_PAUSED):
            return
        raise FlowMasterError(
            "instance.paused",
            f"The instance {state.instance!r} is paused.",
            path="instance",
            fix="Resume it first.",
            next=[_control(state, "resume", "Let it go on.")],
            status=409,
        )
    if state.status != "active":
        raise FlowMasterError(
            "instance.ended",
            f"The instance {state.instance!r} is {state.status}; nothing can be done to it any more.",
            path="instance",
            fix="Read what happened with `instance_read`.",
            next=[
                Hint(
                    "instance_read", {"instance": state.instance, "detail": ["history"]}, "See how it ended."
                )
            ],
            status=409,
        )
    if isinstance(command, cmd.ResumeInstance):
        raise FlowMasterError(
            "instance.not_paused",
            f"The instance {state.instance!r} is not paused.",
            path="action",
            expected=["pause", "cancel", "retry", "skip", "move", "set_variables"],
            fix="Go on with it as it is, or read it with `instance_read`.",
            status=409,
        )


def _control(state: State, action: str, why: str) -> Hint:
    return Hint("instance_control", {"instance": state.instance, "action": action}, why)


_W = TypeVar("_W", TaskWait, JobWait, TimerWait, EventWait, ChildWait)


def _wait(run: Execution, key: int, kind: type[_W]) -> _W:
    wait = run.state.waits.get(key)
    if not isinstance(wait, kind):
        raise FlowMasterError(
            "wait.over",
            f"The instance {run.state.instance!r} no longer waits for this.",
            path="wait",
            fix="Read what it waits for with `instance_read`.",
            next=[Hint("instance_read", {"instance": run.state.instance}, "See what it waits for now.")],
            status=409,
        )
    return wait


def _job(run: Execution, command: cmd.CompleteJob | cmd.FailJob | cmd.ThrowJobError) -> None:
    wait = _wait(run, command.wait, JobWait)
    node = run.state.nodes[wait.node]
    if isinstance(command, cmd.CompleteJob):
        run.resolve_incidents(node, "went on")
        run.emit(ev.WaitClosed(wait.id, wait.element, "completed", {}))
        element = run.element(node)
        if wait.purpose.partition(":")[0] in TASK_EVENTS:
            task_actions.heard(run, node, wait, command.variables)
        elif wait.purpose:
            listener_done(run, node, wait, command.variables)
        elif isinstance(element.details, AdHoc) and not run.is_body(node):
            TOOL_BOX.choose(run, node, element, command.variables)
        else:
            run.finish(node, command.variables)
    elif isinstance(command, cmd.ThrowJobError):
        if wait.purpose:
            raise _no_error_of_a_listener(wait)
        _throw(run, node, wait, command)
    else:
        failed = wait.but(retries=command.retries, due=command.due)
        run.emit(ev.JobFailed(failed, command.message))
        if command.retries <= 0:
            _stop(run, node, "working", "job.failed", command.message)


def _stop(run: Execution, node: Node, stage: str, code: str, message: str) -> None:
    """Stop a node that may be stopped already: the newest incident takes the place of the one before."""
    run.resolve_incidents(node, "replaced")
    run.raise_incident(node, stage, code, message)


def _no_error_of_a_listener(wait: JobWait) -> FlowMasterError:
    return FlowMasterError(
        "job.listener_error",
        f"A listener of {wait.element!r} cannot throw a business error.",
        path="error_code",
        fix="Finish with variables that the process decides on, or with `failure`.",
        status=422,
    )


def _throw(run: Execution, node: Node, wait: JobWait, command: cmd.ThrowJobError) -> None:
    # Where nothing catches, the job stays so that it can be retried once the model or the data are mended.
    code, message = (
        "error.not_caught",
        f"The error {command.code!r} is not caught: {command.message}".rstrip(": "),
    )
    try:
        if throw_error(run, node, wait.element, command.code, command.message, command.variables):
            return
        if command.caller_catches:
            _fail(run, command.code, command.message, command.variables)
            return
    except (Fault, FlowMasterError) as fault:
        code, message = fault.code, fault.message
    run.emit(ev.JobFailed(wait.but(retries=0), command.message))
    _stop(run, node, "working", code, message)


def _fail(run: Execution, code: str, message: str, variables: Mapping[str, Json]) -> None:
    """End with an error for the caller that catches it, and with what it brings along."""
    run.write(run.state.nodes[ROOT], variables)
    run.end("failed", code, message)


def _fire(run: Execution, timer: TimerWait) -> None:
    node = run.state.nodes[timer.node]
    run.emit(ev.WaitClosed(timer.id, timer.element, "fired", {}))
    if timer.purpose:
        HUMAN.deadline(run, node, timer.purpose)
        return
    if needs_more(run, timer):
        return
    element = run.elements[timer.element]
    if needs_all(element):
        happen(run, node, element)
        arm_again(run, node, element)
        return
    again = following(Schedule(timer.due, timer.every, timer.left), run.at, run.model.process.calendars)
    if again is not None and not element.interrupting and element.kind in ("boundaryEvent", "startEvent"):
        run.wait(timer.but(id=run.key(), since=run.at, due=again.due, every=again.every, left=again.left))
    happen(run, node, element)


def _child_ended(run: Execution, wait: ChildWait, command: cmd.ReportChildEnded) -> None:
    node = run.state.nodes[wait.node]
    run.emit(ev.WaitClosed(wait.id, wait.element, command.status, {"child": wait.child}))
    if command.status == "completed":
        run.resolve_incidents(node, "went on")
        CALL.returned(run, node, run.element(node), command.variables)
        return
    code = "error.not_caught" if command.error else f"call.{command.status}"
    message = command.message or f"The called process {wait.process!r} is {command.status}."
    try:
        if command.error and throw_error(
            run, node, wait.element, command.error, command.message, command.variables
        ):
            return
        if command.error and command.caller_catches:
            _fail(run, command.error, command.message, command.variables)
            return
    except (Fault, FlowMasterError) as fault:
        code, message = fault.code, fault.message
    _stop(run, node, "calling", code, message)


def _set_variables(run: Execution, command: cmd.SetVariables) -> None:
    state = run.state
    if not command.scope:
        run.emit(ev.VariablesSet(ROOT, state.nodes[ROOT].element, command.variables))
        return
    for node in state.nodes.values():
        if node.element == command.scope:
            run.emit(ev.VariablesSet(node.key, node.element, command.variables))
            return
    standing = sorted({node.element for node in state.nodes.values()})
    raise FlowMasterError(
        "instance.scope_unknown",
        f"No token of {state.instance!r} is at {command.scope!r}.",
        path="scope",
        expected=standing,
        fix="Use one of the listed elements, or leave `scope` out for the whole process.",
    )


def _act(run: Execution, command: cmd.ActOnTask) -> None:
    task_actions.act(run, _wait(run, command.wait, TaskWait), command)


def _timer(run: Execution, command: cmd.FireTimer) -> None:
    _fire(run, _wait(run, command.wait, TimerWait))


def _event(run: Execution, command: cmd.ReceiveEvent) -> None:
    receive(run, _wait(run, command.wait, EventWait), command.variables)


def _child_started(run: Execution, command: cmd.ReportChildStarted) -> None:
    wait = _wait(run, command.wait, ChildWait)
    run.emit(ev.ChildStarted(wait.but(child=command.child)))


def _child_over(run: Execution, command: cmd.ReportChildEnded) -> None:
    _child_ended(run, _wait(run, command.wait, ChildWait), command)


def _escalated(run: Execution, command: cmd.ReportEscalation) -> None:
    wait = _wait(run, command.wait, ChildWait)
    node = run.state.nodes[wait.node]
    try:
        throw_escalation(run, node, wait.element, command.code, command.variables)
    except (Fault, FlowMasterError) as fault:
        _stop(run, node, "beside", fault.code, fault.message)


def _cancel(run: Execution, command: cmd.CancelInstance) -> None:
    if command.compensate:
        compensate_all(run)
    else:
        run.end("cancelled", "", command.note)


def _pause(run: Execution, command: cmd.PauseInstance) -> None:
    run.emit(ev.InstancePaused(command.note))


def _resume(run: Execution, command: cmd.ResumeInstance) -> None:
    run.emit(ev.InstanceResumed(command.note))


_HANDLERS: Mapping[type, Callable[[Execution, Any], None]] = {
    cmd.ActOnTask: _act,
    cmd.CompleteJob: _job,
    cmd.FailJob: _job,
    cmd.ThrowJobError: _job,
    cmd.FireTimer: _timer,
    cmd.ReceiveEvent: _event,
    cmd.ReportChildStarted: _child_started,
    cmd.ReportChildEnded: _child_over,
    cmd.ReportEscalation: _escalated,
    cmd.CancelInstance: _cancel,
    cmd.PauseInstance: _pause,
    cmd.ResumeInstance: _resume,
    cmd.Retry: retry,
    cmd.Skip: skip,
    cmd.Move: move,
    cmd.SetVariables: _set_variables,
    cmd.MigrateInstance: migrate,
}
