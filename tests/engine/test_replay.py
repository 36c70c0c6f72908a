"""Whatever was recorded applies: replaying never fails and never touches the state it began with."""

import pytest

from flowmaster.engine import events as ev
from flowmaster.engine.evolve import blank, fold
from flowmaster.engine.scope import Scope
from flowmaster.engine.state import Done, EventWait, Incident, JobWait, Node, Origin, State

WAIT = JobWait(9, 8, "a", 0, "work", 3, None)
STRAY: tuple[ev.Event, ...] = (
    ev.ElementEntered(9, "a", 8, ("f1",)),
    ev.ElementEntered(0, "a", 8, ()),
    ev.ElementCompleted(9, "a"),
    ev.ElementCancelled(9, "a"),
    ev.FlowTaken("f1", 8),
    ev.TokenJoined("j", "f1", 8),
    ev.VariablesSet(8, "a", {"x": 1}),
    ev.WaitOpened(WAIT),
    ev.WaitClosed(9, "a", "completed", {}),
    ev.TaskChanged(WAIT, "claim", {}),
    ev.TaskPerformed(9, "a", "ann"),
    ev.JobFailed(WAIT, "down"),
    ev.JobRetried(WAIT),
    ev.ChildStarted(WAIT),
    ev.DecisionMade(9, "a", "d", 1, {}, (), None),
    ev.MessageSent("a", "m", "", {}),
    ev.SignalSent("a", "s", {}),
    ev.ErrorThrown("a", "E", "", ""),
    ev.EscalationThrown("a", "C", "", {}),
    ev.ChildRequested(9, "a", "other", "", {}),
    ev.ChildCancelRequested(9, "a", ""),
    ev.IncidentRaised(9, 8, "a", "active", "x.y", "", 0, 1),
    ev.IncidentResolved(9, "a", "retried"),
    ev.TokensDropped(8, "x"),
    ev.InstancePaused(""),
    ev.InstanceResumed(""),
    ev.InstanceEnded("completed", "", ""),
    ev.LoopBegan(9, "a", 2, (), True),
    ev.LoopStopped(9, "a"),
    ev.TurnCollected(9, "a", 0, 1),
    ev.CompensationKept(9, "a"),
    ev.CompensationBegan(9, "a", 8, ""),
    ev.ElementCompensated(9, "a"),
    ev.GatewayStarted("j", 8, ("f1",)),
    ev.GatewayReset("j", 8),
    ev.ConditionSeen(WAIT),
    ev.WaitRevised(WAIT),
    ev.InstanceMigrated(2, (("a", "b"),), (("f", "g"),), (WAIT,)),
    ev.InstanceForked("p:2", "p", 1, "", 0, None, Origin("p:1", 3), "active", 0, (), (), (), ()),
)


@pytest.mark.parametrize("event", STRAY, ids=lambda event: type(event).__name__)
def test_an_event_about_what_is_not_there_applies_all_the_same(event: ev.Event) -> None:
    before = blank("p:1", "p", 1)
    after = fold(before, [event])
    assert after.seq == 1
    assert before == blank("p:1", "p", 1)


def test_a_state_shares_nothing_with_its_copy_that_could_change() -> None:
    state = State("p:1", "p", 1, nodes={1: Node(1, "p", 0, 2, {"x": 1}, {"j": {"f": 2}}, (5,))})
    state.waits[5] = EventWait(5, 1, "k", 0, "signal", "go", "")
    state.incidents[6] = Incident(6, 1, "p", "active", "x.y", "", 0, 1)
    copied = state.copy()
    changed = fold(
        copied,
        [
            ev.ElementEntered(7, "j", 1, ("f",)),
            ev.VariablesSet(1, "p", {"x": 2}),
            ev.WaitClosed(5, "k", "received", {}),
            ev.IncidentResolved(6, "p", "retried"),
            ev.TaskPerformed(5, "k", "ann"),
        ],
    )
    assert copied == state
    assert changed.nodes[1].arrivals == {"j": {"f": 1}}
    assert (changed.variables, changed.waits, changed.incidents) == ({"x": 2}, {}, {})


def test_tokens_of_one_join_do_not_touch_those_of_another() -> None:
    start = ev.InstanceStarted("p:1", "p", 1, "", 0, None, {})
    joined: list[ev.Event] = [
        ev.FlowTaken("f", 1),
        ev.TokenJoined("j", "f", 1),
        ev.FlowTaken("h", 1),
        ev.TokenJoined("k", "h", 1),
    ]
    after = fold(blank("", "", 0), [start, *joined, ev.ElementEntered(2, "j", 1, ("f",))])
    assert after.nodes[1].arrivals == {"k": {"h": 1}}


def test_a_node_without_its_scope_leaves_with_its_waits() -> None:
    state = State("p:1", "p", 1, nodes={9: Node(9, "a", 8, waits=(5,))})
    state.waits[5] = EventWait(5, 9, "a", 0, "signal", "go", "")
    after = fold(state, [ev.ElementCancelled(9, "a")])
    assert (after.nodes, after.waits) == ({}, {})


def test_an_instance_without_a_process_scope_has_no_variables() -> None:
    assert blank("p:1", "p", 1).variables == {}


def test_a_scope_shows_each_name_once_with_its_nearest_value() -> None:
    scope = Scope(({"x": 1}, {"x": 2, "y": 3}))
    assert (len(scope), list(scope), dict(scope)) == (2, ["x", "y"], {"x": 1, "y": 3})
    assert ("y" in scope, "z" in scope, scope.get("z", 7)) == (True, False, 7)
    with pytest.raises(KeyError):
        scope["z"]


@pytest.mark.parametrize("place", [-2, 2, 99])
def test_a_result_at_a_place_that_is_not_there_changes_nothing(place: int) -> None:
    state = State("p:1", "p", 1, nodes={1: Node(1, "p", 0)})
    begun = fold(state, [ev.LoopBegan(1, "p", 2, (), True)])
    assert fold(begun, [ev.TurnCollected(1, "p", place, 7)]).nodes == begun.nodes


def test_what_stands_in_a_scope_that_compensates_is_what_was_done_or_its_handler() -> None:
    done = (Done("a", {"x": 1}), Done("b", {"y": 2}))
    state = State("p:1", "p", 1, nodes={1: Node(1, "p", 0, done=done)})
    undoing = fold(state, [ev.CompensationBegan(1, "p", 1, ""), ev.ElementEntered(2, "b", 1, ())])
    assert (undoing.nodes[2].variables, undoing.nodes[2].undo, undoing.nodes[1].undo) == (
        {"y": 2},
        (),
        done[:1],
    )
    handled = fold(undoing, [ev.ElementEntered(3, "undo_a", 1, ())])
    assert (handled.nodes[3].variables, handled.nodes[3].undo, handled.nodes[1].undo) == (None, None, ())
