"""What the instances of one case cause among each other: calls and their returns, messages, signals, escalations."""

from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeGuard

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.decide import catches
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.limits import CALL_DEPTH_MAX
from flowmaster.engine.model import Executable
from flowmaster.engine.state import ChildWait, EventWait, Parent, Wait
from flowmaster.engine.values import Json
from flowmaster.runtime.desk import CALL_TOO_DEEP
from flowmaster.runtime.messages import meets
from flowmaster.runtime.simulation.plan import World
from flowmaster.runtime.simulation.play import Play, Whole

BY = "system"

Act: TypeAlias = Callable[[Play, cmd.Command], None]
Begin: TypeAlias = Callable[[Whole, Executable, cmd.StartInstance], Play]
Later: TypeAlias = Callable[[Callable[[int], None]], None]


class Family:
    """Follows up what one instance of a case asks of the others. Each thing is done right after the act that asks for it."""

    def __init__(self, world: World, act: Act, begin: Begin, later: Later) -> None:
        self._world = world
        self._act = act
        self._begin = begin
        self._later = later

    def hear(self, play: Play, event: ev.Event) -> None:
        """Plan what an event asks for."""
        parent = play.state.parent
        match event:
            case ev.ChildRequested():
                self._later(lambda at: self._call(play, event, at))
            case ev.ChildCancelRequested(child=child):
                self._later(lambda at: self._cancel(play.whole, child, at))
            case ev.InstanceEnded() if parent is not None:
                variables = dict(play.state.variables)
                self._later(lambda at: self._return(play.whole, parent, event, variables, at))
            case ev.EscalationThrown(caught_by="") if parent is not None:
                self._later(lambda at: self._escalate(play.whole, parent, event, at))
            case ev.MessageSent(name=name, key=key, variables=variables):
                self._later(lambda at: self._deliver(play.whole, name, key, variables, at))
            case ev.SignalSent(name=name, variables=variables):
                self._later(lambda at: self._broadcast(play, name, variables, at))
            case _:
                pass

    def catches(self, whole: Whole, parent: Parent | None, code: str, at: int) -> bool:
        """Return whether a caller, or one of its own, catches an error."""
        while parent is not None:
            caller = whole.plays.get(parent.instance)
            if caller is None:
                return False
            if catches(caller.model, caller.state, parent.wait, code, at):
                return True
            parent = caller.state.parent
        return False

    def _call(self, play: Play, event: ev.ChildRequested, at: int) -> None:
        if play.is_over() or not isinstance(play.state.waits.get(event.wait), ChildWait):
            return
        whole, above = play.whole, play.state.parent
        depth = above.depth + 1 if above else 1
        whole.calls += 1
        child = f"{play.state.instance}.{whole.calls}"
        try:
            if depth > CALL_DEPTH_MAX:
                raise FlowMasterError(
                    "call.too_deep", CALL_TOO_DEEP, fix="End the chain of calls by a condition."
                )
            model = self._world.called(event.process, event.version)
        except FlowMasterError as error:
            self._act(play, cmd.ReportChildEnded(at, BY, event.wait, "refused", message=error.message))
            return
        parent = Parent(play.state.instance, event.wait, depth)
        start = cmd.StartInstance(at, BY, child, event.variables, parent=parent)
        # The caller hears of it first: what the child does at once comes back to a caller that knows it.
        self._later(lambda now: self._tell_started(play, event.wait, child, now))
        self._begin(whole, model, start)

    def _tell_started(self, play: Play, wait: int, child: str, at: int) -> None:
        if isinstance(play.state.waits.get(wait), ChildWait) and not play.is_over():
            self._act(play, cmd.ReportChildStarted(at, BY, wait, child))

    def _cancel(self, whole: Whole, child: str, at: int) -> None:
        play = whole.plays.get(child)
        if play is not None and not play.is_over():
            self._act(play, cmd.CancelInstance(at, BY, "The caller went on."))

    def _return(
        self, whole: Whole, parent: Parent, event: ev.InstanceEnded, variables: Mapping[str, Json], at: int
    ) -> None:
        caller = whole.plays.get(parent.instance)
        if caller is None or caller.is_over() or parent.wait not in caller.state.waits:
            return
        caught = bool(event.error) and self.catches(whole, caller.state.parent, event.error, at)
        self._act(
            caller,
            cmd.ReportChildEnded(
                at, BY, parent.wait, event.status, variables, event.error, event.message, caught
            ),
        )

    def _escalate(self, whole: Whole, parent: Parent, event: ev.EscalationThrown, at: int) -> None:
        caller = whole.plays.get(parent.instance)
        if caller is not None and not caller.is_over() and parent.wait in caller.state.waits:
            self._act(caller, cmd.ReportEscalation(at, BY, parent.wait, event.code, event.variables))

    def _deliver(self, whole: Whole, name: str, key: str, variables: Mapping[str, Json], at: int) -> None:
        """Give a message to the first place of the case that waits for it."""
        for play in tuple(whole.plays.values()):
            for wait in () if play.is_over() else tuple(play.state.waits.values()):
                if _listens(wait, "message", name) and meets(wait, play.state, key):
                    self._act(play, cmd.ReceiveEvent(at, BY, wait.id, variables))
                    return

    def _broadcast(self, sender: Play, name: str, variables: Mapping[str, Json], at: int) -> None:
        for play in tuple(sender.whole.plays.values()):
            for wait in () if play is sender or play.is_over() else tuple(play.state.waits.values()):
                if _listens(wait, "signal", name) and wait.id in play.state.waits:
                    self._act(play, cmd.ReceiveEvent(at, BY, wait.id, variables))


def _listens(wait: Wait, kind: str, name: str) -> TypeGuard[EventWait]:
    return isinstance(wait, EventWait) and (wait.kind, wait.name) == (kind, name)
