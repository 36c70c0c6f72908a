"""Whether the choices of a run can depend on each other, so that data may rule the run out."""

from collections.abc import Iterable

from flowmaster.engine.model import Element, IoMapping, Process, Rule, Script
from flowmaster.engine.soundness.net import Act, Acts

_ANYTHING = "*"
"""Stands for what a decision table reads, which the process does not tell."""


class Correlation:
    """Which variables of a process hang together: one computed from another is not free of it."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._above: dict[str, str] = {}
        for element in process.elements.values():
            self._tie(element)

    def is_free(self, acts: Acts) -> bool:
        """Return whether each choice that matters reads data that no other one reads, directly or not."""
        choices = [act for act in acts if act.kind == "choice" and not act.idle]
        seen: set[str] = set()
        for act in choices:
            groups = self._groups(act)
            if not groups or groups & seen or (_ANYTHING in groups | seen and len(choices) > 1):
                return False
            seen |= groups
        return True

    def _groups(self, act: Act) -> set[str]:
        """Return what a choice depends on; nothing where its conditions are fixed or exclude each other."""
        element = self._process.elements[act.element]
        reads = [
            {self._top(name) for name in flow.condition.names} for flow in element.outgoing if flow.condition
        ]
        groups = set[str]().union(*reads)
        several = element.kind != "exclusiveGateway" and sum(map(len, reads)) > len(groups)
        return set() if several or not all(reads) else groups

    def _tie(self, element: Element) -> None:
        details = element.details
        if isinstance(details, Script):
            self._join([details.result, *details.expression.names])
        elif isinstance(details, Rule):
            self._join([details.result, _ANYTHING])
        for mapping in (*element.inputs, *element.outputs):
            self._join(_names(mapping))

    def _join(self, names: Iterable[str]) -> None:
        first, *others = (self._top(name) for name in names)
        for other in others:
            if self._top(other) != self._top(first):
                low, high = sorted((self._top(other), self._top(first)))
                self._above[high] = low

    def _top(self, name: str) -> str:
        while name in self._above:
            name = self._above[name]
        return name


def _names(mapping: IoMapping) -> list[str]:
    return [mapping.target[0], *sorted(mapping.source.names)]
