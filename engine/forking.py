"""How a sandbox instance begins where another one stands, or stood: everything is taken over but its id and its times."""

from typing import assert_never

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.execution import Execution
from flowmaster.engine.state import (
    ROOT,
    ChildWait,
    EventWait,
    JobWait,
    Origin,
    State,
    TaskWait,
    TimerWait,
    Wait,
)


def fork(run: Execution, command: cmd.ForkInstance) -> None:
    """Begin a fork; one that begins paused stays so, and what its changed variables lead to happens at once."""
    source = command.source
    if source.status not in ("active", "paused"):
        raise _over(source)
    run.emit(
        ev.InstanceForked(
            command.instance,
            source.process,
            source.version,
            source.business_key,
            source.started,
            command.parent,
            Origin(source.instance, source.seq),
            source.status,
            source.keys,
            tuple(node.copy() for node in source.nodes.values()),
            tuple(_taken_over(wait, command) for wait in source.waits.values()),
            tuple(source.incidents.values()),
            tuple(source.performers.items()),
        )
    )
    if command.variables:
        run.emit(ev.VariablesSet(ROOT, run.state.nodes[ROOT].element, command.variables))


def _taken_over(wait: Wait, command: cmd.ForkInstance) -> Wait:
    """Return a wait as the fork has it: what is due is as far ahead as it was."""
    since = wait.since + command.later
    match wait:
        case TaskWait():
            due, follow_up = _later(wait.due, command.later), _later(wait.follow_up, command.later)
            return wait.but(since=since, due=due, follow_up=follow_up)
        case JobWait():
            return wait.but(since=since, due=_later(wait.due, command.later))
        case TimerWait():
            return wait.but(since=since, due=wait.due + command.later)
        case EventWait():
            return wait.but(since=since)
        case ChildWait():
            return wait.but(since=since, child=command.children.get(wait.id, ""))
        case _:
            assert_never(wait)


def _later(instant: int | None, by: int) -> int | None:
    return None if instant is None else instant + by


def _over(source: State) -> FlowMasterError:
    return FlowMasterError(
        "instance.fork_impossible",
        f"The instance {source.instance!r} is {source.status} after its event {source.seq}; a fork could not go on.",
        path="at",
        expected=f"the number of an event at which {source.instance!r} was still open",
        fix="Fork it `at` an earlier event: take the `seq` of an entry of its history.",
        next=[
            Hint("instance_read", {"instance": source.instance, "detail": ["history"]}, "See its events."),
        ],
        status=409,
    )
