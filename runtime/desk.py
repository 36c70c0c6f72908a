"""One transaction's work on instances: load, decide, append, and do what follows inside the server.

Effects on other instances (called processes, messages) are followed up in the same transaction where they
fit; what is left stays in the outbox and is done next, by whichever process comes first.
"""

import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.compare.plan import plan as plan_of
from flowmaster.engine.decide import Decided, catches, decide_in_place
from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.evolve import blank
from flowmaster.engine.limits import CALL_DEPTH_MAX
from flowmaster.engine.migrating import migrated
from flowmaster.engine.model import Executable
from flowmaster.engine.state import EventWait, JobWait, Parent, State, TimerWait
from flowmaster.engine.timers import iso
from flowmaster.engine.values import Json
from flowmaster.runtime.bounds import Bounds
from flowmaster.runtime.clock import Clock
from flowmaster.runtime.models import Models, unknown_process
from flowmaster.runtime.policies import policy_of
from flowmaster.runtime.routes import picked, read_route
from flowmaster.stores.protocol import Reader, Transaction
from flowmaster.stores.rows import NARROW_NODES, Effect, Once, Step

logger = logging.getLogger(__name__)

FOLLOW_UPS_MAX = 250
"""Effects that are followed up in the transaction of the step that caused them; the rest comes right after."""


class Request(NamedTuple):
    """Who asks for a change, by which operation, and why; it goes on record with the step.

    `by` is the person, `agent` who acts for them, if somebody does.
    """

    tenant: str
    by: str
    operation: str
    reason: str = ""
    once: Once | None = None
    agent: str = ""


class Note(NamedTuple):
    """Something to be counted once it is stored: an incident by its code, an end by its status, a timer by its lag.

    Of a timer it also tells whose it was, and from when to when (nanoseconds of real time) it was worked on.
    """

    kind: Literal["started", "ended", "incident", "timer"]
    about: str = ""
    lag_ms: int = 0
    tenant: str = ""
    begun: int = 0
    ended: int = 0


class Start(NamedTuple):
    """A wish to start an instance.

    `version` 0 means the newest, or where a route leads; `trigger` is that of the start event that came; `instance` is the
    id where one was taken already.
    """

    process: str
    version: int = 0
    variables: Mapping[str, Json] = {}
    business_key: str = ""
    element: str = ""
    parent: Parent | None = None
    sandbox: bool = False
    trigger: int = 0
    instance: str = ""


class Pending(NamedTuple):
    """An effect to follow up, and the outbox row that it came from (0 if it was never stored)."""

    tenant: str
    instance: str
    effect: Effect
    row: int
    sandbox: bool


class Desk:
    """Works on instances inside one transaction."""

    def __init__(
        self,
        transaction: Transaction,
        models: Models,
        clock: Clock,
        follow: "Mapping[str, Callable[[Desk, Pending], bool]]",
        bounds: Bounds | None = None,
    ) -> None:
        self._follow_table = follow
        self.bounds = bounds or Bounds()
        self.transaction = transaction
        self.models = models
        self.now = clock.now(transaction)
        self.pending: deque[Pending] = deque()
        self.woken: set[str] = set()
        self.states: dict[str, State] = {}
        self.notes: list[Note] = []
        self.whole = True
        """Whether `states` has all that the steps moved; one that had to be taken back is not told apart from the others."""
        self.few = False
        """Whether of wide instances few waits are shown: the first ones, and those that the steps have moved."""
        self._moved: dict[str, set[int]] = {}

    def start(self, request: Request, start: Start) -> str:
        """Start an instance, run it to its first wait states, and return its id."""
        tenant = request.tenant
        start = self.routed(tenant, start)
        version = start.version
        model = self.models.executable(self.transaction, tenant, start.process, version, self.now)
        instance = start.instance or self._new_id(tenant, start)
        command = cmd.StartInstance(
            self.now,
            request.by,
            instance,
            start.variables,
            start.business_key,
            start.element,
            start.parent,
            start.sandbox,
            start.trigger,
        )
        decided = decide_in_place(model, blank(instance, start.process, version), command)
        self._append(request, model, 0, decided)
        return instance

    def routed(self, tenant: str, start: Start, *, base: bool = False) -> Start:
        """Return a wish with the version it begins by, where it has none or that is only the `base` of a route."""
        if start.version and not base:
            return start
        newest, text = self.transaction.routed(tenant, "process", start.process)
        if newest is None:
            raise unpublished(self.transaction, tenant, start.process)
        route = read_route(text)
        if route is None or not route.leads:
            return start if start.version else start._replace(version=newest)
        if route.percent is not None and not (start.business_key or start.instance):
            start = start._replace(instance=self._new_id(tenant, start))
        version = picked(
            self.models,
            self.transaction,
            tenant,
            start.process,
            route,
            variables=start.variables,
            business_key=start.business_key,
            instance=start.instance,
            at=self.now,
        )
        return start._replace(version=version)

    def fork(self, request: Request, command: cmd.ForkInstance) -> None:
        """Begin a sandbox instance as the command says."""
        source = command.source
        model = self.models.executable(
            self.transaction, request.tenant, source.process, source.version, self.now
        )
        decided = decide_in_place(model, blank(command.instance, source.process, source.version), command)
        self._append(request, model, 0, decided)

    def cause(self, tenant: str, effect: Effect, state: State) -> None:
        """Have an effect of an instance followed up."""
        self.pending.append(Pending(tenant, state.instance, effect, 0, state.sandbox))

    def step(self, request: Request, instance: str, command: Callable[[State, int], cmd.Command]) -> State:
        """Run the command that `command(state, now)` makes for an instance, and return its state after."""
        state = self.load(request.tenant, instance)
        model = self.models.executable(
            self.transaction, request.tenant, state.process, state.version, self.now
        )
        expected = state.seq
        made = self._informed(request.tenant, state, command(state, self.now))
        decided = decide_in_place(model, state, made)
        if decided.events:
            self._append(request, model, expected, decided)
        return decided.state

    def migrate(self, request: Request, instance: str, version: int, given: Mapping[str, str]) -> State:
        """Let an instance go on by another version, by the plan between the two with what is `given` for it."""
        state = self.load(request.tenant, instance)
        old = self.models.process(self.transaction, request.tenant, state.process, state.version)
        model = self.models.executable(self.transaction, request.tenant, state.process, version, self.now)
        expected, plan = state.seq, plan_of(old, model.process, given)
        decided = migrated(model, state, plan, at=self.now, by=request.by)
        self._append(request, model, expected, decided)
        return decided.state

    def _informed(self, tenant: str, state: State, command: cmd.Command) -> cmd.Command:
        """Tell the command that brings an error to a called process whether one of the callers catches it."""
        match command:
            case cmd.ThrowJobError(code=code) | cmd.ReportChildEnded(error=code) if (
                code and state.parent is not None
            ):
                return command._replace(caller_catches=self._catches(tenant, state.parent, code))
        return command

    def _catches(self, tenant: str, parent: Parent | None, code: str) -> bool:
        """Return whether a caller, or one of its own, catches an error."""
        while parent is not None:
            state = self.load(tenant, parent.instance)
            model = self.models.executable(self.transaction, tenant, state.process, state.version, self.now)
            if catches(model, state, parent.wait, code, self.now):
                return True
            parent = state.parent
        return False

    def load(self, tenant: str, instance: str) -> State:
        """Return the state of an instance, for this desk alone, or refuse an unknown one."""
        state = self.transaction.state(tenant, instance)
        if state is None:
            raise absent(self.transaction, tenant, instance)
        return state

    def shown(self) -> dict[str, State]:
        """Return the states after all steps, to be shown while the writer goes on with the wide ones among them."""
        for instance, state in self.states.items():
            if len(state.nodes) >= NARROW_NODES:
                self.states[instance] = state.glimpse(self._moved.get(instance, ()), few=self.few)
        return self.states

    def follow_up(self) -> bool:
        """Do what the steps so far caused; return whether all of it is done."""
        done = 0
        while self.pending and done < FOLLOW_UPS_MAX:
            done += 1
            self._follow(self.pending.popleft())
        rest, self.pending = self.pending, deque()
        for left in rest:
            if not left.row:
                self.transaction.put_outbox(left.tenant, left.instance, self.now, [left.effect])
        return not rest

    def take_outbox(self, limit: int, after: int = 0, tenant: str | None = None) -> int:
        """Queue effects that earlier transactions left, of all tenants or of one, and return the id of the last one."""
        for row in self.transaction.take_outbox(limit=limit, after=after, tenant=tenant):
            cause = self.transaction.load(row.tenant, row.instance)
            apart = cause is not None and cause.row.sandbox
            self.pending.append(Pending(row.tenant, row.instance, row.effect, row.id, apart))
            after = row.id
        return after

    # What follows a step.

    def _new_id(self, tenant: str, start: Start) -> str:
        """Return the id of a new instance; sandboxes are numbered apart, so that they leave no gaps."""
        if start.sandbox:
            number = self.transaction.next_number(tenant, f"sandbox:{start.process}")
            return f"{start.process}:sandbox-{number}"
        return f"{start.process}:{self.transaction.next_number(tenant, f'instance:{start.process}')}"

    def _append(self, request: Request, model: Executable, expected: int, decided: Decided) -> None:
        events, state = decided
        self.states[state.instance] = state
        if len(state.nodes) >= NARROW_NODES:
            self._moved.setdefault(state.instance, set()).update(state.changed.opened, state.changed.waits)
        labels: dict[str, str] = {}
        noted: list[Note] = []
        for event in [each for each in events if type(each) in _LOOKED_AT]:
            kind = type(event)
            if kind in _NOTABLE:
                self._note(request, state, event, model, labels)
            if kind in _COUNTED and not state.sandbox:
                noted.append(_counted(event))
        self.transaction.append(
            Step(
                request.tenant,
                expected,
                state,
                events,
                self.now,
                request.by,
                request.operation,
                request.reason,
                once=request.once,
                labels=labels,
                agent=request.agent,
            )
        )
        self.notes += noted

    def _note(
        self, request: Request, state: State, event: ev.Event, model: Executable, labels: dict[str, str]
    ) -> None:
        match event:
            case ev.WaitOpened(wait=wait):
                labels[wait.element] = model.process.elements[wait.element].label
                self._wake_for(wait)
                if isinstance(wait, EventWait) and wait.kind == "message" and not state.sandbox:
                    self._queue(
                        request, state, "buffered", {"wait": wait.id, "name": wait.name, "key": wait.key}
                    )
            case ev.InstanceEnded():
                self._note_end(request, state, event)
            case ev.InstanceForked(waits=waits) | ev.InstanceMigrated(waits=waits):
                labels.update((each.element, model.process.elements[each.element].label) for each in waits)
                self.woken.add("timers")
            case ev.JobFailed(wait=wait) | ev.JobRetried(wait=wait) | ev.WaitRevised(wait=wait):
                self._wake_for(wait)
            case ev.MessageSent(name=name, key=key, variables=variables):
                payload: dict[str, Json] = {"name": name, "key": key, "variables": dict(variables)}
                self._queue(request, state, "message", payload)
            case ev.SignalSent(name=name, variables=variables):
                self._queue(request, state, "signal", {"name": name, "variables": dict(variables)})
            case ev.EscalationThrown(caught_by="") if state.parent is not None:
                told: dict[str, Json] = {"code": event.code, "variables": dict(event.variables)}
                told["wait"] = state.parent.wait
                effect = Effect(state.parent.instance, "escalated", told)
                self.pending.append(Pending(request.tenant, state.parent.instance, effect, 0, state.sandbox))
            case ev.ChildRequested():
                self._queue(request, state, "call", event.fields())
            case ev.ChildCancelRequested(wait=key):
                self._queue(request, state, "cancel_child", {"wait": key})
            case ev.InstanceResumed():
                self.woken.update(("timers", "outbox"))

    def _note_end(self, request: Request, state: State, event: ev.InstanceEnded) -> None:
        self.woken.add("instances")
        if state.parent is None:
            return
        payload: dict[str, Json] = {
            "wait": state.parent.wait,
            "status": event.status,
            "variables": dict(state.variables),
            "error": event.error,
            "message": event.message,
        }
        effect = Effect(state.parent.instance, "child_ended", payload)
        self.pending.append(Pending(request.tenant, state.parent.instance, effect, 0, state.sandbox))

    def _wake_for(self, wait: object) -> None:
        if isinstance(wait, TimerWait):
            self.woken.add("timers")
        elif isinstance(wait, JobWait):
            self.woken.add("jobs")

    def _queue(self, request: Request, state: State, kind: str, payload: Mapping[str, Json]) -> None:
        self.cause(request.tenant, Effect(state.instance, kind, payload), state)

    def _follow(self, pending: Pending) -> None:
        noted = len(self.notes)
        try:
            with self.transaction.savepoint():
                kept = self._follow_table[pending.effect.kind](self, pending)
        except Exception:
            logger.exception("The effect %s of %s failed", pending.effect.kind, pending.instance)
            self.states.clear()
            self.whole = False
            del self.notes[noted:]
            kept = True
        if kept and not pending.row:
            self.transaction.put_outbox(pending.tenant, pending.instance, self.now, [pending.effect])
        elif not kept and pending.row:
            self.transaction.delete_outbox([pending.row])

    def newest(self, tenant: str, process: str) -> int:
        """Return the newest published version of a process, or refuse."""
        version = self.transaction.version_number(tenant, "process", process)
        if version is None:
            raise unpublished(self.transaction, tenant, process)
        return version


def absent(reader: Reader, tenant: str, instance: str) -> FlowMasterError:
    """Return the refusal of an instance that is not there: it was erased, or nobody knows it."""
    gone = reader.erased(tenant, instance)
    if gone is None:
        return unknown_instance(instance)
    return FlowMasterError(
        "instance.erased",
        f"The instance {instance!r} was erased on {iso(gone.at)} by {gone.erasure!r}.",
        path="instance",
        fix="Read by whom and on which ground in the audit log of that erasure; its data do not come back.",
        next=[Hint("audit_find", {"scope": gone.erasure}, "See who erased it, and why.")],
        status=410,
    )


def unknown_instance(instance: str) -> FlowMasterError:
    """Return the refusal of an instance that nobody knows."""
    return FlowMasterError(
        "instance.unknown",
        f"There is no instance {instance!r}.",
        path="instance",
        fix="Call `instance_find` to see the instances.",
        next=[Hint("instance_find", {}, "List the instances.")],
        status=404,
    )


def unpublished(reader: Reader, tenant: str, process: str) -> FlowMasterError:
    """Return the refusal to start a process that has no published version."""
    row = reader.find_definition(tenant, "process", process)
    if row is None:
        return unknown_process(reader, tenant, process)
    if row.state == "archived":
        return out_of_use(process)
    return FlowMasterError(
        "process.not_published",
        f"The process {process!r} has no published version yet.",
        path="process",
        fix="Publish its draft first.",
        next=[Hint("process_publish", {"process": process}, "Publish the draft.")]
        if not policy_of(reader, tenant, process).approvals
        else [Hint("process_approvals", {"process": process}, "See who has to approve the draft.")],
        status=409,
    )


def out_of_use(process: str) -> FlowMasterError:
    """Return the refusal to start a process that was taken out of use."""
    return FlowMasterError(
        "process.archived",
        f"The process {process!r} is out of use: no instance of it begins any more.",
        path="process",
        fix="Use the one that came in its place, or bring it back.",
        next=[
            Hint("process_archive", {"process": process, "action": "bring_back"}, "Bring it back into use.")
        ],
        status=409,
    )


_NOTABLE = frozenset(
    {
        ev.WaitOpened,
        ev.InstanceForked,
        ev.InstanceMigrated,
        ev.WaitRevised,
        ev.JobFailed,
        ev.JobRetried,
        ev.MessageSent,
        ev.SignalSent,
        ev.EscalationThrown,
        ev.ChildRequested,
        ev.ChildCancelRequested,
        ev.InstanceEnded,
        ev.InstanceResumed,
    }
)

_COUNTED = frozenset({ev.InstanceStarted, ev.InstanceEnded, ev.IncidentRaised})
_LOOKED_AT = _NOTABLE | _COUNTED


def _counted(event: ev.Event) -> Note:
    match event:
        case ev.IncidentRaised(code=code):
            return Note("incident", code)
        case ev.InstanceEnded(status=status):
            return Note("ended", status)
    return Note("started")


CALL_TOO_DEEP = f"More than {CALL_DEPTH_MAX} processes call each other; the chain has no end."
