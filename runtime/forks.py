"""Forks: a sandbox instance begins as another one stands or stood, with forks of all that it called.

The same moment counts for all of them: every step that was stored before the one at which the fork begins. So a
called process may have ended already while its caller did not know yet; the fork of the caller is told at once.
"""

from typing import NamedTuple

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.state import ChildWait, Parent, State
from flowmaster.engine.values import Json
from flowmaster.runtime.desk import Desk, Request
from flowmaster.runtime.past import PART, state_at, step_of, steps_of
from flowmaster.stores.rows import Effect

FORKED_MAX = 100
"""Instances that one fork makes: the one asked for and those that it called."""

OPEN = ("active", "paused")


class Moment(NamedTuple):
    """When a fork begins: its times are `later` by so much; steps from number `before` on do not count (0: all do)."""

    later: int
    before: int


def fork(desk: Desk, request: Request, instance: str, *, at: int | None, variables: dict[str, Json]) -> str:
    """Fork an instance as it stands, or as it came to rest after its event `at`, and return the fork's id."""
    source, moment = desk.load(request.tenant, instance), Moment(0, 0)
    if at is not None:
        step = step_of(desk.transaction, request.tenant, source, at)
        source = state_at(desk.transaction, request.tenant, source, step.last)
        moment = Moment(desk.now - step.at, step.id)
    _check_values(desk, request.tenant, source)
    fork = Fork(desk, request, moment)
    return fork.make(source, None, variables)


def _check_values(desk: Desk, tenant: str, source: State) -> None:
    """Refuse to go on from values that are no more."""
    if desk.transaction.erased_entries(tenant, source.instance, until=source.seq):
        raise FlowMasterError(
            "instance.values_erased",
            f"Values of {source.instance!r} up to its event {source.seq} were erased: a fork could not go on from them.",
            path="instance",
            expected="an instance with all its values, or an event before the first one marked `erased`",
            fix="Fork another instance, or start one in a scenario with values of your own.",
            status=409,
        )


class Fork:
    """Makes the instances of one fork."""

    def __init__(self, desk: Desk, request: Request, moment: Moment) -> None:
        self._desk = desk
        self._request = request
        self._moment = moment
        self._made = 0

    def make(self, source: State, parent: Parent | None, variables: dict[str, Json]) -> str:
        """Fork one instance and what it called, and return the id of its fork."""
        self._count(source)
        desk, tenant = self._desk, self._request.tenant
        number = desk.transaction.next_number(tenant, f"fork:{source.instance}")
        instance = f"{source.instance}-fork-{number}"
        depth = parent.depth + 1 if parent else 1
        children: dict[int, str] = {}
        effects: list[Effect] = []
        for wait in source.waits.values():
            if not isinstance(wait, ChildWait):
                continue
            child = self._child(wait)
            if child is None:
                effects.append(self._call(source, instance, wait))
            elif child.status in OPEN:
                children[wait.id] = self.make(child, Parent(instance, wait.id, depth), {})
            else:
                effects.append(self._return(child, instance, wait))
        request = self._request if parent is None else self._request._replace(once=None)
        desk.fork(
            request,
            cmd.ForkInstance(
                desk.now, request.by, instance, source, self._moment.later, parent, children, variables
            ),
        )
        for effect in effects:
            desk.cause(tenant, effect, desk.states[instance])
        return instance

    def _count(self, source: State) -> None:
        self._made += 1
        if self._made > FORKED_MAX:
            raise FlowMasterError(
                "instance.fork_too_large",
                f"{source.instance!r} and what it called are more than {FORKED_MAX} instances.",
                path="instance",
                expected=f"at most {FORKED_MAX} instances",
                fix="Fork one of the called instances alone.",
                next=[
                    Hint("instance_read", {"instance": source.instance}, "See which ones it called."),
                ],
                status=409,
            )

    def _child(self, wait: ChildWait) -> State | None:
        """Return a called instance as it stood at the moment of the fork, None if it had not begun."""
        if not wait.child:
            return None
        desk, tenant = self._desk, self._request.tenant
        latest = desk.load(tenant, wait.child)
        if not self._moment.before:
            return latest
        for step in steps_of(desk.transaction, tenant, wait.child):
            if step.id < self._moment.before:
                return state_at(desk.transaction, tenant, latest, step.last)
        return None

    def _call(self, source: State, instance: str, wait: ChildWait) -> Effect:
        """Return the call that had not been answered yet."""
        asked: ev.ChildRequested | None = None
        after = 0
        while after < source.seq:
            part = self._desk.transaction.history(
                self._request.tenant, source.instance, after=after, limit=PART
            )
            for entry in part:
                if isinstance(entry.event, ev.ChildRequested) and entry.event.wait == wait.id:
                    asked = entry.event
            after = part[-1].seq
        assert asked is not None, "a wait for a called process was opened without a call"
        return Effect(instance, "call", asked.fields())

    def _return(self, child: State, instance: str, wait: ChildWait) -> Effect:
        """Return the news of a called instance that had ended."""
        history = self._desk.transaction.history(
            self._request.tenant, child.instance, after=child.seq - 1, limit=1
        )
        ended = history[0].event
        assert isinstance(ended, ev.InstanceEnded), "an instance ends with the news of its end"
        payload: dict[str, Json] = {
            "wait": wait.id,
            "status": child.status,
            "variables": dict(child.variables),
            "error": ended.error,
            "message": ended.message,
        }
        return Effect(instance, "child_ended", payload)
