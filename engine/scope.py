"""How names are looked up: the variables of a node, then of each scope around it (BPMN 2.0.2, 10.4.3)."""

from collections.abc import Iterator, Mapping

from flowmaster.engine.state import ROOT, State, Turns
from flowmaster.engine.values import Json

_EMPTY: dict[str, Json] = {}


def counters(turns: Turns) -> dict[str, Json]:
    """Return what expressions in a loop see of it beside its variables (BPMN 2.0.2, tables 10.28 and 10.30)."""
    return {
        "loopCounter": turns.begun,
        "numberOfInstances": turns.total,
        "numberOfActiveInstances": turns.begun - turns.completed - turns.terminated,
        "numberOfCompletedInstances": turns.completed,
        "numberOfTerminatedInstances": turns.terminated,
    }


class Scope(Mapping[str, Json]):
    """A read-only view of the variables that a node sees, nearest scope first."""

    __slots__ = ("_levels",)

    def __init__(self, levels: tuple[Mapping[str, Json], ...]) -> None:
        self._levels = levels

    def __getitem__(self, name: str) -> Json:
        for level in self._levels:
            if name in level:
                return level[name]
        raise KeyError(name)

    def get(self, name: str, default: Json = None) -> Json:  # type: ignore[override]  # any default is JSON
        """Return the nearest value of `name`, or `default`."""
        for level in self._levels:
            if name in level:
                return level[name]
        return default

    def __contains__(self, name: object) -> bool:
        return any(name in level for level in self._levels)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for level in self._levels for name in level))

    def __len__(self) -> int:
        return len({name for level in self._levels for name in level})


def scope_of(state: State, key: int) -> Mapping[str, Json]:
    """Return what the node `key` sees; a plain dictionary where only one scope has variables."""
    levels: list[Mapping[str, Json]] = []
    while key:
        node = state.nodes[key]
        if node.variables:
            levels.append(node.variables)
        if node.turns is not None and node.turns.total >= 0:
            levels.append(counters(node.turns))
        key = node.scope
    if len(levels) == 1:
        return levels[0]
    return Scope(tuple(levels)) if levels else _EMPTY


def owner_of(state: State, key: int, name: str) -> int:
    """Return the nearest scope from `key` outwards that has the variable `name`, else the process scope."""
    while key:
        node = state.nodes[key]
        if node.variables and name in node.variables:
            return key
        key = node.scope
    return ROOT


def visible(state: State, key: int) -> dict[str, Json]:
    """Return all variables that the node `key` sees, as a dictionary of its own."""
    levels: list[Mapping[str, Json]] = []
    while key:
        node = state.nodes[key]
        if node.variables:
            levels.append(node.variables)
        key = node.scope
    seen: dict[str, Json] = {}
    for level in reversed(levels):
        seen.update(level)
    return seen
