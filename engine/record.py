"""Records: the facts of an instance that are written down, each a JSON array `[code, field, ...]` by its kind's code.

Rule 1: a code never changes its meaning and is never given to another kind.
Rule 2: a kind may get further fields at its end, with a default; older text then simply lacks them.
"""

from typing import Any, Self

import msgspec


class Record(msgspec.Struct, frozen=True, array_like=True, tag_field="its code"):
    """A fact; two with the same fields are equal. Subclasses name their code as `tag`."""

    def but(self, **changed: Any) -> Self:
        """Return the record with some fields changed."""
        return msgspec.structs.replace(self, **changed)

    def fields(self) -> dict[str, Any]:
        """Return the values by the names of their fields."""
        return msgspec.structs.asdict(self)
