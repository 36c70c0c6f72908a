"""What is wrong with a model, in the form that every door shows: code, element, severity, message and fix."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from flowmaster.engine.values import Json

Severity = Literal["error", "warning", "hint"]
ERROR: Severity = "error"
WARNING: Severity = "warning"
HINT: Severity = "hint"

_ORDER = {ERROR: 0, WARNING: 1, HINT: 2}


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding about a model. Only an `error` refuses publishing.

    `element` is the id of the element or flow, `line` its line in the BPMN file (0 where there is none), `fix` the
    next move in words and `fix_edit` the same as an edit that `process_edit` takes, where there is one.
    """

    code: str
    element: str
    severity: Severity
    message: str
    fix: str = ""
    fix_edit: Mapping[str, Json] | None = None
    line: int = 0

    def body(self) -> dict[str, Json]:
        """Return the form that doors show: only the parts that say something."""
        body: dict[str, Json] = {
            "code": self.code,
            "element": self.element,
            "severity": self.severity,
            "message": self.message,
        }
        if self.fix:
            body["fix"] = self.fix
        if self.fix_edit is not None:
            body["fix_edit"] = self.fix_edit
        if self.line:
            body["line"] = self.line
        return body

    def at_most(self, severity: Severity) -> "Problem":
        """Return the problem with its severity lowered to `severity`, if it is graver."""
        return self if _ORDER[self.severity] >= _ORDER[severity] else replace(self, severity=severity)


def in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    """Return problems without repetitions, the gravest first, then by their place in the file.

    What has no id in its file cannot be named by an edit, so that no problem of it offers one.
    """
    nameless = {one.element for one in problems if one.code == "element.id_missing"}
    once = {
        (one.code, one.element, one.message): replace(one, fix_edit=None) if one.element in nameless else one
        for one in problems
    }
    return tuple(sorted(once.values(), key=lambda one: (_ORDER[one.severity], one.line)))
