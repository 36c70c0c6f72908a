"""Migration as a whole: an instance moves over if it can, and if it can come to an end from where it then stands."""

from collections.abc import Iterable

from flowmaster.engine import commands as cmd
from flowmaster.engine.compare.plan import Plan
from flowmaster.engine.decide import Decided, decide_in_place
from flowmaster.engine.lookup import by_scope
from flowmaster.engine.migration.hindrances import Hindrance
from flowmaster.engine.migration.moving import not_migratable
from flowmaster.engine.model import Executable
from flowmaster.engine.soundness.analysis import Marking, stuck_from
from flowmaster.engine.state import State


def migrated(model: Executable, state: State, plan: Plan, *, at: int, by: str) -> Decided:
    """Return what comes of a migration, on a state that nobody else looks at; after an error it must be thrown away.

    Raises:
        FlowMasterError: `instance.not_migratable`, with every cause and what would help.
    """
    before = markings(state)
    decided = decide_in_place(model, state, cmd.MigrateInstance(at, by, plan))
    found = in_vain(plan, before, markings(decided.state))
    if found:
        raise not_migratable(state, model.version, found)
    return decided


def in_vain(plan: Plan, before: Iterable[Marking], after: Iterable[Marking]) -> list[Hindrance]:
    """Return the joins of the new version at which tokens would wait in vain, which they do not as they stand now."""
    stuck = stuck_from(plan.new, after)
    if not stuck:
        return []
    were = {plan.ids.get(join) for join in stuck_from(plan.old, before)}
    return [
        Hindrance(
            join,
            "in_vain",
            f"Tokens could wait in vain at {plan.new.elements[join].label!r} of the new version: the others that it"
            " waits for have passed, or never come.",
            (
                "move tokens to where the new version waits for all of them (`instance_control` `move`)",
                "let it finish on its version",
            ),
        )
        for join in stuck
        if join not in were
    ]


def markings(state: State) -> list[Marking]:
    """Return where the tokens of each scope of an instance are."""
    inside = by_scope(state)
    found: list[Marking] = []
    for node in state.nodes.values():
        within = [one for one in inside.get(node.key, ()) if one.element != node.element and one.undo is None]
        arrivals = node.arrivals or {}
        if within or arrivals:
            standing = tuple(sorted(one.element for one in within))
            came = tuple((join, tuple(sorted(counts.items()))) for join, counts in arrivals.items())
            found.append(Marking(node.element, standing, came))
    return list(dict.fromkeys(found))
