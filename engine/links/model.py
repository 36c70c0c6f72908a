"""What a link between two things of the landscape says."""

from collections.abc import Mapping
from typing import Final, NamedTuple

REVISION: Final = 1
"""Which links are derived; raised when more of a model become links, so that all are derived again."""

PROCESS: Final = "process"
DECISION: Final = "decision"
MESSAGE: Final = "message"
SIGNAL: Final = "signal"
FORM: Final = "form"
DATA: Final = "data"
ROLE: Final = "role"
NODE_KINDS: Final = (PROCESS, DECISION, MESSAGE, SIGNAL, FORM, DATA, ROLE)

WORDS: Final[Mapping[str, str]] = {
    "calls": "calls",
    "sends": "sends",
    "receives": "is received by",
    "starts": "starts",
    "decides_by": "decides by",
    "requires": "requires",
    "uses_form": "uses",
    "shares_data": "has",
    "done_by": "has work for",
}
"""The kinds of links, and how they are said between source and target."""


class Node(NamedTuple):
    """Something of the landscape. A key that begins with `=` is an expression: only a run will name it."""

    kind: str
    key: str

    @property
    def is_known(self) -> bool:
        """Whether the model names it."""
        return not self.key.startswith("=")


class Link(NamedTuple):
    """One link: `element` stands in the process that has it, `pinned` is the version it asks for, if not the newest.

    `free` calls can be reached from a start without waiting for anybody.
    """

    kind: str
    source: Node
    target: Node
    element: str = ""
    pinned: str = ""
    free: bool = False
