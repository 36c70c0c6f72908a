"""Compares the verdict on a process with everything that the engine can do, and plays the told runs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine import state as st
from flowmaster.engine.decide import decide
from flowmaster.engine.evolve import blank, evolve
from flowmaster.engine.model import Element, Executable, Process
from flowmaster.engine.soundness.analysis import Fault, Verdict
from flowmaster.engine.soundness.net import Act, Acts
from tests.engine.cases import NoRules
from tests.soundness.exhaustive import Seen, held, on_tape, stuck_joins


def differences(process: Process, verdict: Verdict, seen: Seen) -> list[str]:
    """Return in what a verdict differs from what was seen; what was not followed to its end is not compared."""
    found = []
    faults = {
        kind: [one for one in verdict.faults if one.kind == kind]
        for kind in ("deadlock", "doubled", "endless")
    }
    deadlocked = {name for one in faults["deadlock"] for name in (one.element, *one.others)}
    if deadlocked != seen.deadlocked:
        found.append(f"deadlocks {deadlocked}, on the engine {seen.deadlocked}")
    own = come_to(process, beside=False)
    doubled = {one.element for one in faults["doubled"]} & own
    if doubled != seen.doubled & own and not seen.restless:
        found.append(f"doubled {doubled}, on the engine {seen.doubled & own}")
    dead = come_to(process, beside=True) - seen.entered
    if seen.whole and not seen.restless and verdict.dead & come_to(process, beside=True) != dead:
        found.append(f"dead {set(verdict.dead)}, on the engine {dead}")
    at_root = [one for one in faults["endless"] if one.scope == process.id and not one.rescued]
    if seen.whole and (
        (seen.endless and not faults["endless"] and not seen.restless) or (at_root and not seen.endless)
    ):
        found.append(f"endless {faults['endless']}, on the engine {seen.endless}")
    return found


def come_to(process: Process, *, beside: bool) -> set[str]:
    """Return the elements that paths lead to; with or without those behind events that do not interrupt."""
    found: set[str] = set()
    waiting = [process.id]
    while waiting:
        element = process.elements[waiting.pop()]
        if element.id in found:
            continue
        found.add(element.id)
        waiting += [flow.target for flow in element.outgoing]
        waiting += [one.id for one in element.boundaries if beside or one.interrupting]
        waiting += element.starts
        waiting += [
            one.id for one in process.elements.values() if one.scope == element.id and one.triggered_by_event
        ]
    return found - {process.id}


def scope_alone(process: Process, scope: str) -> Process:
    """Return a scope of a process as a process of its own."""
    inside, waiting = dict[str, Element](), [scope]
    while waiting:
        holder = waiting.pop()
        for one in process.elements.values():
            if one.scope == holder and one.id != process.id:
                inside[one.id] = one
                waiting.append(one.id)
    root = process.elements[scope]
    start = [process.elements[one] for one in root.starts]
    plain = {one.id: replace(one, family="startEvent", kind="startEvent") for one in start}
    alone = replace(root, kind="process", family="process", scope="", boundaries=(), triggered_by_event=False)
    handlers = {key: starts for key, starts in process.handlers.items() if key in inside or key == scope}
    return replace(process, id=scope, elements={scope: alone, **inside, **plain}, handlers=handlers)


class Script:
    """Answers conditions so that each choice takes the flows of the next act at its gateway."""

    def __init__(self, process: Process, acts: Acts) -> None:
        self._conditioned = {
            element.id: [flow.id for flow in element.outgoing if flow.condition is not None]
            for element in process.elements.values()
        }
        self._source = {flow: element for element, flows in self._conditioned.items() for flow in flows}
        self._kinds = {element.id: element.kind for element in process.elements.values()}
        self._left: dict[str, list[Act]] = {}
        for act in acts:
            if act.kind == "choice":
                self._left.setdefault(act.element, []).append(act)

    def asked(self, flow: str) -> bool:
        """Return whether a flow is taken; the last question about a choice makes room for the next."""
        gateway = self._source[flow]
        left = self._left.get(gateway, [])
        taken = bool(left) and flow in left[0].flows
        last = flow == self._conditioned[gateway][-1]
        if left and (last or (taken and self._kinds[gateway] == "exclusiveGateway")):
            left.pop(0)
        return taken


@dataclass(frozen=True)
class Scripted:
    """A condition that asks the script."""

    script: Script
    text: str
    names: frozenset[str] = frozenset()

    def value(self, variables: Mapping[str, object], at: int = 0) -> object:
        """Return what the script says."""
        return self.script.asked(self.text)


class Replay:
    """An instance that is led along the run of a fault."""

    def __init__(self, process: Process, fault: Fault) -> None:
        alone = process if fault.scope == process.id else scope_alone(process, fault.scope)
        self.process = on_tape(alone, Script(alone, fault.acts), Scripted)
        self.fault = fault
        self.doubled: set[str] = set()
        self.state = blank("", "", 0)

    def play(self) -> None:
        """Let every act happen."""
        self._do(None, cmd.StartInstance(1_000_000, "t", "p:1", {}))
        for act in self.fault.acts:
            if act.kind in ("done", "event"):
                wait = next(one for one in self.state.waits.values() if one.element == act.element)
                self._do(self.state, _answer(wait))

    def shows(self) -> bool:
        """Return whether the instance is where the fault says."""
        if self.fault.kind == "doubled":
            return self.fault.element in self.doubled
        if self.fault.kind == "deadlock":
            return self.fault.element in stuck_joins(self.process, self.state)
        return self.state.status == "active"

    def _do(self, state: st.State | None, command: cmd.Command) -> None:
        decided = decide(Executable(self.process, 1, NoRules()), state, command)
        now = blank("", "", 0) if state is None else state.copy()
        for event in decided.events:
            evolve(now, event)
            if isinstance(event, ev.ElementEntered):
                same = [
                    one
                    for one in now.nodes.values()
                    if (one.element, one.scope) == (event.element, event.scope)
                ]
                if len(same) > 1:
                    self.doubled.add(event.element)
            elif isinstance(event, ev.TokenJoined) and held(now, event) > 1:
                self.doubled.add(event.element)
        self.state = decided.state


def _answer(wait: st.Wait) -> cmd.Command:
    if isinstance(wait, st.TaskWait):
        return cmd.ActOnTask(1_000_000, "t", wait.id, "complete", {})
    assert isinstance(wait, st.TimerWait)
    return cmd.FireTimer(wait.due, "t", wait.id)


def can_be_led(fault: Fault, process: Process) -> bool:
    """Return whether the run of a fault names all that happens: nothing inside a sub-process on the way."""
    subs = [act.element for act in fault.acts if act.kind in ("done", "thrown") and process.elements[act.element].kind == "subProcess"]  # fmt: skip
    throws = any(
        process.elements[act.element].family.endswith(("/error", "/escalation"))
        for act in fault.acts
        if act.kind == "event"
    )
    return not throws and not subs
