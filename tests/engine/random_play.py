"""Plays a random process with random commands, and checks after every step what must always hold."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from random import Random
from typing import Any

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine import state as st
from flowmaster.engine.decide import Decided, decide
from flowmaster.engine.elements.adhoc import tools_of
from flowmaster.engine.elements.scopes import may_start
from flowmaster.engine.elements.task_actions import TRANSITIONS
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.evolve import blank, evolve, fold
from flowmaster.engine.jobs import TASK_EVENTS
from flowmaster.engine.limits import STEPS_MAX
from flowmaster.engine.model import Executable
from flowmaster.stores.codec import (
    decode_body,
    decode_events,
    decode_wait,
    encode_body,
    encode_events,
    encode_wait,
)
from tests.engine.random_models import TOOL_BOX, draw

COMMANDS_MAX = 30
RUNS_PER_MODEL = 4
PEOPLE = ("ann", "bob", "cid")
CODES = ("E1", "E2", "C1", "C2", "nobody's")


@lru_cache(maxsize=200)
def drawn(number: int) -> tuple[Executable, str]:
    """Draw the process of a number."""
    return draw(Random(number))


class Player:
    """One instance of a random process, and what a store would hold of it."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.model, self.text = drawn(seed // RUNS_PER_MODEL)
        self.now = 1_700_000_000_000
        self.state = blank("", "", 0)
        self.replayed = blank("", "", 0)
        self.history: list[ev.Event] = []
        self.closed: dict[int, st.Wait] = {}
        self.commands: list[cmd.Command] = []
        self.refused = 0

    def play(self) -> None:
        """Start the instance and give it random commands until it is over or has had enough of them."""
        starts = [
            one.id for one in self.model.process.elements.values() if may_start(self.model.process, one)
        ]
        start = self.dice.choice(["", *starts])
        data, parent, trigger = self._data(True), self._parent(), self.dice.randrange(2)
        self._do(cmd.StartInstance(self.now, "ann", "p:1", data, start=start, parent=parent, trigger=trigger))
        for _ in range(COMMANDS_MAX):
            self.now += self.dice.choice([0, 1, 60_000, 3_600_000])
            self._do(self._command())
            if self._has_had_enough():
                break
        while self.state.status in ("active", "paused"):
            self._do(cmd.CancelInstance(self.now, "ann"))
        self._check_history_is_whole()

    def _has_had_enough(self) -> bool:
        """An instance that is over only gets a few stale commands; one in an endless loop is left there."""
        over = self.state.status not in ("active", "paused") and self.dice.random() < 0.3
        return over or any(
            incident.code == "engine.too_many_steps" for incident in self.state.incidents.values()
        )

    def _do(self, command: cmd.Command) -> None:
        self.commands.append(command)
        before = self.state
        written = _stored(before)
        started = None if isinstance(command, cmd.StartInstance) else before
        decided: Decided | None = None
        try:
            decided = decide(self.model, started, command)
        except FlowMasterError as refused:
            self._check_refusal(refused)
        assert _stored(before) == written, "the given state was changed"
        if decided is None:
            self.refused += 1
            return
        events, after = decided
        assert not _is_stale(before, command), "a stale command was taken"
        assert fold(before, events) == after, "folding the events gives another state"
        again = decode_events(encode_events(events))
        assert again == list(events), "the codec changes events"
        for event in again:
            evolve(self.replayed, event)
        assert self.replayed == after, "replaying the history gives another state"
        assert _read_again(after) == after, "the codec changes the state"
        for key, wait in before.waits.items():
            if key not in after.waits:
                self.closed[key] = wait
        self.history += events
        self.state = after
        assert sum(isinstance(event, ev.FlowTaken) for event in events) <= 3 * STEPS_MAX
        check(after)
        for node in after.nodes.values():
            for join, waiting in (node.arrivals or {}).items():
                if self.model.process.elements[join].kind not in ("parallelGateway", "inclusiveGateway"):
                    continue  # The others wait for more than one token on each flow.
                needed = {flow.id for flow in self.model.process.elements[join].incoming}
                assert needed - set(waiting), "a join waits although it has all its tokens"

    def _check_refusal(self, refused: FlowMasterError) -> None:
        told = refused.fix
        assert told, f"{refused.code} does not say what to do"

    def _check_history_is_whole(self) -> None:
        """Whatever was entered, opened or raised was also left, closed or resolved."""
        entered = {event.key for event in self.history if isinstance(event, ev.ElementEntered)}
        left = [
            event.key
            for event in self.history
            if isinstance(event, ev.ElementCompleted | ev.ElementCancelled | ev.ElementCompensated)
        ]
        assert sorted(left) == sorted(entered)
        opened = {event.wait.id for event in self.history if isinstance(event, ev.WaitOpened)}
        assert {event.wait for event in self.history if isinstance(event, ev.WaitClosed)} == opened
        raised = {event.id for event in self.history if isinstance(event, ev.IncidentRaised)}
        assert {event.id for event in self.history if isinstance(event, ev.IncidentResolved)} == raised
        called = {event.wait for event in self.history if isinstance(event, ev.ChildRequested)}
        ended = {
            event.wait
            for event in self.history
            if isinstance(event, ev.WaitClosed)
            and event.how in ("completed", "cancelled", "failed", "refused")
        }
        unwanted = {event.wait for event in self.history if isinstance(event, ev.ChildCancelRequested)}
        assert called <= ended | unwanted

    def _command(self) -> cmd.Command:
        waits = list(self.state.waits.values())
        choice = self.dice.random()
        if self.state.status == "paused" and choice < 0.5:
            return cmd.ResumeInstance(self.now, "ann")
        if waits and choice < 0.75:
            return self._answer(self.dice.choice(waits))
        if choice < 0.82:
            return self._stale()
        return self._control()

    def _stale(self) -> cmd.Command:
        """Return a command for a wait that is over, was never there, or is of another kind."""
        if self.closed and self.dice.random() < 0.7:
            return self._answer(self.dice.choice(list(self.closed.values())))
        wait = self.dice.choice([-1, 0, 1, 999_999, *self.state.waits])
        draws: list[cmd.Command] = [
            cmd.CompleteJob(self.now, "ann", wait),
            cmd.FireTimer(self.now, "ann", wait),
            cmd.ReceiveEvent(self.now, "ann", wait),
        ]
        return self.dice.choice(draws)

    def _answer(self, wait: st.Wait) -> cmd.Command:
        now, dice = self.now, self.dice
        match wait:
            case st.TaskWait():
                action = dice.choice(["complete", "complete", "complete", *TRANSITIONS, "eat"])
                person, roles = dice.choice(PEOPLE), None
                if dice.random() < 0.2:
                    roles = frozenset({dice.choice(["clerk", "cfo"])})
                to = dice.choice(["", *PEOPLE])
                return cmd.ActOnTask(now, person, wait.id, action, self._data(), to, "why", roles)
            case st.JobWait():
                return self._job(wait)
            case st.TimerWait():
                self.now = max(self.now, wait.due)
                return cmd.FireTimer(self.now, "system", wait.id)
            case st.EventWait(kind="condition" | "mutex"):
                return cmd.SetVariables(now, "ann", self._data(True))
            case st.EventWait():
                return cmd.ReceiveEvent(now, "ann", wait.id, self._data())
            case st.ChildWait():
                return self._child(wait)

    def _job(self, wait: st.JobWait) -> cmd.Command:
        now, dice = self.now, self.dice
        result = self._data()
        if wait.type == TOOL_BOX:
            tools = tools_of(self.model.process.elements, self.model.process.elements[wait.element])
            names = [one.id for one in tools]
            some = [dice.choice(names) for _ in range(dice.randint(0, 2))] if names else []
            result |= dice.choice([{"activate": some}, {"activate": some}, {"done": True}])
        if wait.purpose.partition(":")[0] in TASK_EVENTS:
            corrections: dict[str, Any] = {
                "assignee": dice.choice(PEOPLE),
                "candidateGroups": ["cfo"],
                "priority": 101,
            }
            chosen = dice.sample(sorted(corrections), 1)
            verdicts: list[dict[str, Any]] = [{}, {}, {"denied": True}, result]
            verdicts.append({"corrections": {name: corrections[name] for name in chosen}})
            result = dice.choice(verdicts)
        draws: list[cmd.Command] = [
            cmd.CompleteJob(now, "ann", wait.id, result),
            cmd.CompleteJob(now, "ann", wait.id, result),
            cmd.FailJob(now, "ann", wait.id, "down", dice.randint(0, 2), dice.choice([None, now])),
            cmd.ThrowJobError(now, "ann", wait.id, dice.choice(CODES), "bad", self._data()),
        ]
        return dice.choice(draws)

    def _child(self, wait: st.ChildWait) -> cmd.Command:
        now, dice = self.now, self.dice
        status, error = dice.choice(
            [("completed", ""), ("completed", ""), ("cancelled", ""), ("refused", ""), ("failed", "E1")]
        )
        draws: list[cmd.Command] = [
            cmd.ReportChildStarted(now, "system", wait.id, "other:1"),
            cmd.ReportChildEnded(now, "system", wait.id, status, self._data(), error, "over"),
            cmd.ReportChildEnded(now, "system", wait.id, "completed", self._data()),
            cmd.ReportEscalation(now, "system", wait.id, dice.choice(CODES), self._data()),
        ]
        return dice.choice(draws)

    def _control(self) -> cmd.Command:
        now, dice, state = self.now, self.dice, self.state
        standing = [node.element for node in state.nodes.values()] or ["p"]
        elements = list(self.model.process.elements)
        incident = dice.choice([0, 77, *state.incidents])
        draws: list[Callable[[], cmd.Command]] = [
            lambda: cmd.SetVariables(now, "ann", self._data(True), dice.choice(["", *standing, "nowhere"])),
            lambda: cmd.SetVariables(now, "ann", self._data(True)),
            lambda: cmd.Retry(now, "ann"),
            lambda: cmd.Retry(now, "ann", dice.choice(["", *standing]), incident),
            lambda: cmd.Skip(now, "ann", dice.choice(standing), self._data()),
            lambda: cmd.Move(now, "ann", dice.choice(standing), dice.choice([*elements, "nowhere"])),
            lambda: cmd.PauseInstance(now, "ann") if dice.random() < 0.5 else cmd.ResumeInstance(now, "ann"),
        ]
        if dice.random() < 0.02:
            return cmd.CancelInstance(now, "ann", compensate=dice.random() < 0.5)
        return dice.choice(draws)()

    def _parent(self) -> st.Parent | None:
        return self.dice.choice([None, st.Parent("caller:1", 5, 2)])

    def _data(self, all_names: bool = False) -> dict[str, Any]:
        """Draw variables, of which one in twenty is of no use."""
        dice = self.dice
        values: dict[str, Any] = {
            "n": dice.randint(0, 3),
            "x": dice.choice([True, False]),
            "y": dice.choice([True, False]),
            "code": dice.choice(["E1", "C1", "C1"]),
            "when": dice.choice(["PT1H", "2030-01-01T00:00:00Z", "PT5M"]),
            "name": dice.choice(["paid", "go"]),
            "key": dice.choice(["k", 7, Decimal("1.50")]),
            "boss": dice.choice(["ann", "bob"]),
            "deep": {"list": [1, {"a": None}], "text": "ä\u2028"},
        }
        useless = {
            "n": "much",
            "x": None,
            "code": None,
            "when": "soon",
            "name": None,
            "key": "",
            "boss": None,
        }
        values |= {name: value for name, value in useless.items() if dice.random() < 0.05}
        return {name: value for name, value in values.items() if all_names or dice.random() < 0.15}


def check(state: st.State) -> None:
    """Check what holds for every state between two commands."""
    nodes, waits, incidents = state.nodes, state.waits, state.incidents
    inside = Counter(node.scope for node in nodes.values())
    held = {wait.id: wait.node for wait in waits.values()}
    for key, node in nodes.items():
        assert key == node.key
        assert node.scope in nodes or key == st.ROOT
        joined = sum(sum(counts.values()) for counts in (node.arrivals or {}).values())
        assert node.open == inside[key] + joined, (node, inside, joined)
        assert all(held.pop(wait) == key for wait in node.waits)
    assert not held, "a wait refers to no node"
    stopped = [incident.node for incident in incidents.values()]
    assert all(node in nodes for node in stopped), "an incident refers to no node"
    assert len(stopped) == len(set(stopped)), "a node has two incidents"
    assert state.keys >= max([*nodes, *waits, *incidents, 0])
    if state.status in ("active", "paused"):
        joined = any(node.arrivals for node in nodes.values())
        assert waits or incidents or joined, "nothing is waited for"
    else:
        assert list(nodes) == [st.ROOT]
        assert not waits
        assert not incidents


def _is_stale(state: st.State, command: cmd.Command) -> bool:
    """Return whether a command is for a wait that is not there, or for an instance that is over."""
    if isinstance(command, cmd.StartInstance):
        return False
    wait = getattr(command, "wait", None)
    return state.status not in ("active", "paused") or (wait is not None and wait not in state.waits)


def _stored(state: st.State) -> tuple[bytes, list[bytes]]:
    return encode_body(state), [encode_wait(wait) for wait in state.waits.values()]


def _read_again(state: st.State) -> st.State:
    """Return the state as a store gives it back: its columns, its waits and its body."""
    again = st.State(
        state.instance, state.process, state.version, state.status, state.business_key, state.started,
        state.seq, parent=state.parent,
    )  # fmt: skip
    body, waits = _stored(state)
    again.waits = {wait.id: wait for wait in map(decode_wait, waits)}
    return decode_body(body, again)
