"""What may come next in an instance, in words that both engines share."""

from typing import NamedTuple


class Choice(NamedTuple):
    """What comes next, and where.

    The word is `complete` (a person's work), `work` (that of a worker), `fire` (a timer), `receive` (a message) or
    `signal`, which has a name in the place of an element. `turns` are the numbers of the turns that the element stands
    in, from outside; `what` is the message where an element waits for several things.
    """

    word: str
    element: str
    turns: tuple[int, ...] = ()
    what: str = ""
