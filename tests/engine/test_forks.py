"""A fork does what the other instance would do: the same commands have the same events, whatever the process."""

from collections.abc import Iterator, Sequence

import pytest
from msgspec.structs import replace

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.decide import decide
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.evolve import blank, fold
from flowmaster.engine.model import Executable
from flowmaster.engine.state import ChildWait, Origin, Parent, State, TaskWait, TimerWait
from flowmaster.stores.codec import decode_events, encode_events
from flowmaster.stores.erasing import erase_values
from tests.engine.random_play import Player

RUNS = 100
BLOCK = 20


def forked(model: Executable, source: State, at: int, later: int = 0) -> State:
    """Fork an instance, check what holds for every fork, and return its state."""
    children = {wait.id: wait.child for wait in source.waits.values() if isinstance(wait, ChildWait)}
    command = cmd.ForkInstance(at, "ann", "p:1-fork-1", source, later, None, children)
    events, state = decide(model, None, command)
    written = encode_events(events)
    assert fold(blank("", "", 0), decode_events(written)) == state
    erased = erase_values(written.decode(), None)
    assert fold(blank("", "", 0), decode_events(erased)).waits.keys() == state.waits.keys()
    assert (state.sandbox, state.origin) == (True, Origin(source.instance, source.seq))
    return state


def like(fork: State, other: State) -> State:
    """Return the state of a fork with what must tell it apart as the other has it."""
    return replace(
        fork, instance=other.instance, seq=other.seq, parent=other.parent, sandbox=other.sandbox, origin=None
    )


def accepted(
    model: Executable, state: State, command: cmd.Command
) -> tuple[Sequence[ev.Event], State] | None:
    """Return what a command leads to, None if it is refused."""
    try:
        return decide(model, state, command)
    except FlowMasterError:
        return None


def states_of(player: Player) -> Iterator[tuple[int, State]]:
    """Return where an instance stood after each command that was not refused, with the number of the next one."""
    state = decide(player.model, None, player.commands[0]).state
    yield 1, state
    for number, command in enumerate(player.commands[1:], 2):
        if (outcome := accepted(player.model, state, command)) is not None:
            state = outcome[1]
            yield number, state


@pytest.mark.parametrize("first", range(0, RUNS, BLOCK))
def test_a_fork_answers_the_same_commands_with_the_same_events(first: int) -> None:
    compared = 0
    for seed in range(first, first + BLOCK):
        player = Player(seed)
        player.play()
        stood = [found for found in states_of(player) if found[1].status in ("active", "paused")]
        if not stood:
            continue
        number, state = player.dice.choice(stood)
        fork = forked(player.model, state, player.commands[number - 1].at)
        assert like(fork, state) == replace(state, sandbox=False)
        for command in player.commands[number:]:
            real, tried = accepted(player.model, state, command), accepted(player.model, fork, command)
            assert (real is None) == (tried is None), (seed, command)
            if real is None or tried is None:
                continue
            assert tried[0] == real[0], (seed, command)
            state, fork = real[1], tried[1]
            assert like(fork, state) == state, (seed, command)
            compared += 1
    assert compared > 5


def test_what_is_due_is_as_far_ahead_of_the_fork_as_it_was_and_only_its_own_caller_counts() -> None:
    player = Player(0)
    source = State("p:1", player.model.process.id, 1, parent=Parent("o:1", 4))
    started = ev.InstanceStarted("p:1", player.model.process.id, 1, "", 0, Parent("o:1", 4), {})
    source = fold(source, [started, ev.InstancePaused("")])
    source.waits = {
        5: TaskWait(5, 1, "a", 10, "ready", "", (), (), (), 100, None, 50, None),
        6: TimerWait(6, 1, "a", 10, 200, "", 0, ""),
    }
    fork = forked(player.model, source, 2_000, later=1_000)
    task, timer = fork.waits[5], fork.waits[6]
    assert isinstance(task, TaskWait)
    assert isinstance(timer, TimerWait)
    assert (task.since, task.due, task.follow_up) == (1_010, 1_100, None)
    assert (timer.since, timer.due) == (1_010, 1_200)
    assert (fork.parent, fork.status, fork.seq) == (None, "paused", 1)


@pytest.mark.parametrize("status", ["completed", "cancelled", "failed"])
def test_an_instance_that_is_over_is_not_forked(status: str) -> None:
    player = Player(0)
    over = State("p:1", player.model.process.id, 1, status=status)
    with pytest.raises(FlowMasterError) as refused:
        decide(player.model, None, cmd.ForkInstance(0, "ann", "p:1-fork-1", over))
    assert refused.value.code == "instance.fork_impossible"
