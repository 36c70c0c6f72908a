"""Random instances that move over between random versions: the engine keeps its promises, and each comes to its end."""

from random import Random

import pytest

from flowmaster.engine import commands as cmd
from flowmaster.engine import state as st
from flowmaster.engine.bpmn.reader import ReadProcess
from flowmaster.engine.compare.pairs import Pair
from flowmaster.engine.compare.plan import GIVEN, Plan, plan
from flowmaster.engine.decide import decide
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.evolve import fold
from flowmaster.engine.migrating import migrated
from flowmaster.engine.model import Executable, Process
from flowmaster.engine.soundness.analysis import judge
from tests.engine.cases import NoRules
from tests.engine.changed_models import changed
from tests.engine.random_play import Player, check
from tests.soundness.drawing import draw
from tests.soundness.exhaustive import commands, on_tape

RUNS, RUNS_SOAKED, BLOCK = 60, 4_000, 200
ENDS, ENDS_SOAKED = 150, 6_000
TURNS_MAX = 3_000


class Moving(Player):
    """A run that now and then moves over to another version of its process."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.moved = self.kept = 0

    def _do(self, command: cmd.Command) -> None:
        super()._do(command)
        if self.state.status in ("active", "paused") and self.dice.random() < 0.15:
            self._move()

    def _move(self) -> None:
        process, text = changed(self.text, self.dice)
        found = _with_some_given(plan(self.model.process, process), self.dice)
        model = self.model._replace(process=process, version=self.state.version + 1)
        before = self.state.copy()
        try:
            migrated(model, self.state.copy(), found, at=self.now, by="ann")
        except FlowMasterError as refused:
            self._check_refusal(refused)
            self.kept += 1
            return
        finally:
            assert self.state == before
        self.moved += 1
        self.model, self.text = model, text
        super()._do(cmd.MigrateInstance(self.now, "ann", found))
        assert self.state.version == model.version


def _with_some_given(found: Plan, dice: Random) -> Plan:
    """Name what some elements become, as people do, right or wrong."""
    pairs = dict(found.pairs)
    for old, new in found.guesses.items():
        if dice.random() < 0.5:
            pairs[old] = Pair(new, GIVEN)
    if dice.random() < 0.1:
        ours, theirs = (
            [key for key in process.elements if key != process.id] for process in (found.old, found.new)
        )
        pairs[dice.choice(ours)] = Pair(dice.choice(theirs), GIVEN)
    return Plan(found.old, found.new, pairs, found.guesses)


def moving(seed: int) -> Moving:
    """Play one run, and tell all about it if it breaks a promise."""
    player = Moving(seed)
    try:
        player.play()
    except Exception as broken:
        told = "\n".join(map(repr, player.commands))
        raise AssertionError(f"seed {seed}: {broken}\n{told}\n{player.text}") from broken
    return player


def test_random_runs_that_move_over_break_no_promise() -> None:
    players = [moving(seed) for seed in range(RUNS)]
    assert sum(player.moved for player in players) > RUNS / 3
    assert sum(player.kept for player in players) > 0


@pytest.mark.soak
@pytest.mark.parametrize("first", range(RUNS, RUNS_SOAKED, BLOCK))
def test_thousands_of_runs_that_move_over_break_no_promise(first: int) -> None:
    for seed in range(first, first + BLOCK):
        moving(seed)


class Coin:
    """Answers every condition by chance."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice

    def answer(self) -> bool:
        """Return true or false."""
        return self._dice.random() < 0.5


def sound(process: Process) -> bool:
    """Whether every run of a process can come to its end, as far as the token game decides that for certain."""
    return not [one for one in judge(process).faults if one.kind != "dead"]


def ended(model: Executable, state: st.State, dice: Random) -> str:
    """Play an instance on until it is over, whatever its conditions say, and return how it ended."""
    for _ in range(TURNS_MAX):
        if state.status != "active":
            return state.status
        possible = commands(state) or [cmd.Retry(1_000_000, "t")]
        if state.incidents and dice.random() < 0.3:
            possible = [cmd.Retry(1_000_000, "t")]
        try:
            state = decide(model, state, dice.choice(possible)).state
        except FlowMasterError:
            return f"stuck at {sorted({node.element for node in state.nodes.values()})}"
        check(state)
    return "going round"


def comes_to_its_end(seed: int) -> str:
    """Move a random instance over between two sound versions; return how it ended, or why that was not tried."""
    dice = Random(seed)
    read: ReadProcess
    read, text = draw(seed)
    if not sound(read.process):
        return "unsound"
    process, written = changed(text, dice, 2)
    if not sound(process):
        return "unsound"
    old, new = (
        Executable(on_tape(one, Coin(dice)), number, NoRules())
        for number, one in enumerate((read.process, process), 1)
    )
    state = decide(old, None, cmd.StartInstance(1_000_000, "t", "p:1")).state
    for _ in range(dice.randint(0, 6)):
        possible = commands(state)
        if state.status == "active" and possible:
            state = decide(old, state, dice.choice(possible)).state
    if state.status != "active":
        return "over"
    found, before = plan(old.process, new.process), state.copy()
    try:
        events, after = migrated(new, state.copy(), found, at=1_000_000, by="t")
    except FlowMasterError as refused:
        return "refused" if refused.code == "instance.not_migratable" else refused.code
    finally:
        assert state == before
    assert fold(state, events) == after
    how = ended(new, after, dice)
    assert how in ("completed", "failed", "going round"), (seed, how, text, written)
    return "ended"


def test_who_moves_over_comes_to_its_end() -> None:
    found = [comes_to_its_end(seed) for seed in range(ENDS)]
    assert found.count("ended") > ENDS / 8
    assert "refused" in found
    assert set(found) <= {"ended", "refused", "over", "unsound"}


@pytest.mark.soak
@pytest.mark.parametrize("first", range(ENDS, ENDS_SOAKED, BLOCK))
def test_thousands_who_move_over_come_to_their_end(first: int) -> None:
    for seed in range(first, first + BLOCK):
        comes_to_its_end(seed)
