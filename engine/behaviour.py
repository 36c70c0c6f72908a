"""What an execution asks of the families of elements: how each behaves, and how tokens wait for each other."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol, TypeAlias

from flowmaster.engine.model import Element, Flow
from flowmaster.engine.state import EventWait, Node
from flowmaster.engine.values import Json

if TYPE_CHECKING:
    from flowmaster.engine.execution import Execution


class Behaviour(Protocol):
    """What one family of elements does at each stage of its life.

    The life cycle: a token *enters* (input mappings are made, boundary events are armed), the element is
    *activated* and either waits or is *finished*; finishing makes the output mappings, *completes* the node
    and leaves over the flows that `route` chooses. A node that is *withdrawn* is left before that.
    """

    def activate(self, run: "Execution", node: Node, element: Element) -> None:
        """Do the element's work, or begin to wait for it."""
        ...

    def route(self, run: "Execution", node: Node, element: Element) -> tuple[Flow, ...]:
        """Return the flows to leave over."""
        ...

    def withdraw(self, run: "Execution", node: Node, element: Element) -> None:
        """Undo what waits outside the instance, such as a called process."""
        ...

    def before_inner_done(self, run: "Execution", node: Node, element: Element, inner: Node) -> None:
        """Take what a node inside gives before it completes, where the node has turns."""
        ...

    def inner_done(self, run: "Execution", node: Node, element: Element) -> None:
        """Look at what is left inside after a node there has completed."""
        ...

    def go_on(self, run: "Execution", node: Node, element: Element) -> None:
        """Do what the node asked for by `Execution.later`."""
        ...


class Join(Protocol):
    """When the tokens that wait for each other at a family of elements go on."""

    def ready(
        self, run: "Execution", scope: Node, element: Element, *, resting: bool
    ) -> tuple[str, ...] | None:
        """Return the flows whose waiting tokens go on together now, or None while they wait.

        A join is asked when a token arrives and, if it looks at the tokens elsewhere, when all of them rest.
        """
        ...

    def take(self, run: "Execution", scope: Node, element: Element, flows: tuple[str, ...]) -> None:
        """Put on record that the tokens of these flows go on; there may be none."""
        ...


Receive: TypeAlias = "Callable[[Execution, EventWait, Mapping[str, Json]], None]"
"""Lets what a wait waits for reach it."""
