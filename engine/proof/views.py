"""What a solver knows at one moment: the variables, what they may hold, and how they come to hold something else."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.expression import to_json
from flowmaster.engine.feel.scope import NOTHING
from flowmaster.engine.proof.changes import Change, Place, changed
from flowmaster.engine.values import Json

ITEM = "item"
"""What a filter calls the item that it looks at."""


class View(Protocol):
    """What is known at one moment: the variables, and how they may come to hold other values."""

    def value(self, node: s.Node, more: Mapping[str, object] = NOTHING) -> object:
        """Evaluate an expression now, with more variables in sight."""
        ...

    def reach(self, name: str, path: tuple[str, ...], value: object) -> Iterator[Change]:
        """Give the changes after which a variable, or a part of it, holds a value."""
        ...

    def choices(self, name: str, path: tuple[str, ...]) -> Iterable[object]:
        """Give values that a variable, or a part of it, may hold; of a list, items that it may hold."""
        ...

    def under(self, change: Change) -> "View":
        """Return the view as it would be after a change."""
        ...


class ItemView:
    """A view from inside of a list: one item has a name or, in a filter, its entries have theirs."""

    def __init__(self, outer: View, name: str, item: object, level: int | str) -> None:
        self._outer = outer
        self._name = name or ITEM
        self._item = item
        self._entries: Mapping[str, object] = item if not name and isinstance(item, Mapping) else NOTHING
        self._root: Place = (ITEM, level)

    def value(self, node: s.Node, more: Mapping[str, object] = NOTHING) -> object:
        """Evaluate with the item in sight."""
        return self._outer.value(node, {**self._entries, self._name: self._item, **more})

    def reach(self, name: str, path: tuple[str, ...], value: object) -> Iterator[Change]:
        """Give changes of the item, or of what lies outside of it."""
        if name == self._name:
            yield {(*self._root, *path): to_json(value)}
        elif name in self._entries:
            yield {(*self._root, name, *path): to_json(value)}
        else:
            yield from self._outer.reach(name, path, value)

    def choices(self, name: str, path: tuple[str, ...]) -> Iterable[object]:
        """Give the values that something outside may hold."""
        own = name == self._name or name in self._entries
        return () if own else self._outer.choices(name, path)

    def under(self, change: Change) -> View:
        """Return the view after a change of the item, or of what lies outside."""
        outer = self._outer.under(self.outside(change))
        name = "" if self._name == ITEM else self._name
        return ItemView(outer, name, self.made(change), self._root[1])

    def made(self, change: Change) -> Json:
        """Return the item with those parts of a change that are about it."""
        size = len(self._root)
        own = {place[size:]: value for place, value in change.items() if place[:size] == self._root}
        return changed(to_json(self._item), own)

    def outside(self, change: Change) -> Change:
        """Return the parts of a change that are not about the item."""
        return {place: value for place, value in change.items() if place[:2] != self._root}


def path_of(node: s.Node) -> tuple[str, tuple[str, ...]] | None:
    """Return the variable and the path into it that an expression is, else None."""
    steps: list[str] = []
    while isinstance(node, s.Path):
        steps.append(node.name)
        node = node.source
    return (node.name, tuple(reversed(steps))) if isinstance(node, s.Name) else None
