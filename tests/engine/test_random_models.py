"""Whatever process one draws and whatever one does to it, the engine keeps its promises after every command.

A run that breaks one is told with its seed, its process and its commands: `Player(seed).play()` repeats it.
"""

import pytest

from flowmaster.engine.elements.table import RUNNABLE
from tests.engine.random_play import Player, drawn

RUNS = 100
MODELS = 200
RUNS_SOAKED = 10_000
BLOCK = 50
BLOCK_SOAKED = 400


def played(seed: int) -> Player:
    """Play one run, and tell all about it if it breaks a promise."""
    player = Player(seed)
    try:
        player.play()
    except Exception as broken:
        commands = "\n".join(map(repr, player.commands))
        raise AssertionError(f"seed {seed}: {broken}\n{commands}\n{player.text}") from broken
    return player


@pytest.mark.parametrize("first", range(0, RUNS, BLOCK))
def test_random_commands_on_random_processes_break_no_promise(first: int) -> None:
    players = [played(seed) for seed in range(first, first + BLOCK)]
    assert {player.state.status for player in players} <= {"completed", "cancelled", "failed"}
    assert all(player.refused for player in players if len(player.commands) > 25)


@pytest.mark.soak
@pytest.mark.parametrize("first", range(RUNS, RUNS_SOAKED, BLOCK_SOAKED))
def test_ten_thousand_random_runs_break_no_promise(first: int) -> None:
    for seed in range(first, first + BLOCK_SOAKED):
        played(seed)


def test_random_processes_hold_every_family_that_runs() -> None:
    families = {
        element.family for number in range(MODELS) for element in drawn(number)[0].process.elements.values()
    }
    assert RUNNABLE - families == set()


def test_a_seed_always_draws_the_same_process_and_the_same_run() -> None:
    first, second = played(7), played(7)
    assert first.text == second.text
    assert first.commands == second.commands
    assert first.history == second.history
