"""Whether the choices of a run can depend on each other, so that data may rule the run out."""

from collections.abc import Iterable

from flowmaster.engine.model import Call, Element, Job, Message, Process, Rule, Script, UserTask
from flowmaster.engine.soundness.net import Act, Acts

_ANYTHING = "*"
"""Stands for what a decision table reads, which the process does not tell."""


class Correlation:
    """Which variables of a process hang together: one computed from another is not free of it."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._above: dict[str, str] = {}
        self._tied: set[str] = set()
        for element in process.elements.values():
            self._tie(element)

    def is_free(self, acts: Acts) -> bool:
        """Return whether each choice that matters reads data that no other one reads, directly or not.

        What somebody else gives anew in between is free again.
        """
        choices = sum(act.kind == "choice" and not act.idle for act in acts)
        read: set[str] = set()
        for act in acts:
            if act.kind == "done":
                read -= self._renewed(act.element)
            elif act.kind == "choice" and not act.idle:
                names = self._names(act)
                groups, others = self._tops(names), self._tops(read)
                if not names or groups & others or (_ANYTHING in groups | others and choices > 1):
                    return False
                read |= names
        return True

    def _names(self, act: Act) -> set[str]:
        """Return what a choice reads; nothing where its conditions are fixed or may exclude each other."""
        element = self._process.elements[act.element]
        reads = [set(flow.condition.names) for flow in element.outgoing if flow.condition]
        names = set[str]().union(*reads)
        groups = sum(len(self._tops(one)) for one in reads)
        together = element.kind != "exclusiveGateway" and groups > len(self._tops(names))
        return names if all(reads) and not together else set()

    def _renewed(self, element: str) -> set[str]:
        """Return the variables that a step takes from outside and that nothing else is computed from."""
        found = self._process.elements[element]
        if not isinstance(found.details, UserTask | Job | Call | Message):
            return set()
        targets = {mapping.target[0] for mapping in found.outputs}
        return {name for name in targets if name not in self._tied}

    def _tops(self, names: Iterable[str]) -> set[str]:
        return {self._top(name) for name in names}

    def _tie(self, element: Element) -> None:
        details = element.details
        if isinstance(details, Script):
            self._join([details.result, *details.expression.names])
        elif isinstance(details, Rule):
            self._join([details.result, _ANYTHING])
        for mapping in (*element.inputs, *element.outputs):
            self._join([mapping.target[0], *sorted(mapping.source.names)])

    def _join(self, names: Iterable[str]) -> None:
        first, *others = names
        for other in others:
            if self._top(other) != self._top(first):
                self._tied |= {first, other}
                low, high = sorted((self._top(other), self._top(first)))
                self._above[high] = low

    def _top(self, name: str) -> str:
        while name in self._above:
            name = self._above[name]
        return name
