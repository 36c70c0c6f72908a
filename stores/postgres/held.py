"""Changes that are held back, so that many of one kind go to the database in one piece."""

from typing import Final, NamedTuple

from flowmaster.stores.sql.database import Values

HELD_MAX: Final = 2_000
"""Changes that are held back at most."""


class Group(NamedTuple):
    """Changes by one statement, and the instances whose rows they touch."""

    statement: str
    values: list[Values]
    instances: set[int]


class Held:
    """Changes of rows that belong to instances.

    One may overtake those of other instances, never an earlier one of its own instance.
    """

    def __init__(self) -> None:
        self._groups: list[Group] = []
        self._number = 0

    def __bool__(self) -> bool:
        return self._number > 0

    @property
    def full(self) -> bool:
        """Whether nothing more should be held back."""
        return self._number >= HELD_MAX

    def add(self, instance: int, statement: str, values: Values) -> None:
        """Hold back a change of an instance's rows."""
        self._number += 1
        for group in reversed(self._groups):
            if group.statement == statement:
                group.values.append(values)
                group.instances.add(instance)
                return
            if instance in group.instances:
                break
        self._groups.append(Group(statement, [values], {instance}))

    def take(self) -> list[Group]:
        """Return what is held back, in the order in which it has to be done, and hold nothing more."""
        groups, self._groups, self._number = self._groups, [], 0
        return groups
