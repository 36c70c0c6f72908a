"""Collects the problems of one process while it is read and checked."""

from collections.abc import Mapping, Sequence

from flowmaster.engine.bpmn.problem import ERROR, WARNING, Problem, Severity, in_order
from flowmaster.engine.bpmn.rules import RULES
from flowmaster.engine.errors import did_you_mean
from flowmaster.engine.model import Element
from flowmaster.engine.values import Json

NEAR_MAX = 20
"""How many times near names are looked for in one process; more would cost more than it helps."""


class Findings:
    """The problems found so far.

    `strict` is true for models that declare roles or data: what a plain BPMN file may leave open is an error
    there. `documentary` is true for processes that are not meant to run: nothing is more than a warning.
    """

    def __init__(self, *, strict: bool, documentary: bool) -> None:
        self.strict = strict
        self.documentary = documentary
        self._problems: list[Problem] = []
        self._near = 0

    def add(
        self,
        code: str,
        element: str,
        message: str,
        *,
        line: int = 0,
        fix: str = "",
        fix_edit: Mapping[str, Json] | None = None,
        at_most: Severity = ERROR,
    ) -> None:
        """Note a problem; severity and fix come from the catalogue unless `at_most` lowers or `fix` says more."""
        rule = RULES[code]
        severity = rule.strict if self.strict and rule.strict else rule.severity
        problem = Problem(code, element, severity, message, fix or rule.fix, fix_edit, line)
        self._problems.append(problem.at_most(WARNING if self.documentary else at_most))

    def near(self, wrong: str, known: Sequence[str]) -> str:
        """Return ` Did you mean 'x'?` for the first wrong names, and nothing for those that follow."""
        self._near += 1
        return did_you_mean(wrong, known) if wrong and self._near <= NEAR_MAX else ""

    def all(self) -> tuple[Problem, ...]:
        """Return the problems, the gravest first."""
        return in_order(self._problems)


def called(identifier: str, name: str) -> str:
    """Return how messages call an element: its name with its id, or the id alone."""
    return f"{name!r} ({identifier})" if name and name != identifier else repr(identifier)


def named(element: Element) -> str:
    """Return how messages call an element of a model."""
    return called(element.id, element.name)
