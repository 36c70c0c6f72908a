"""The form of a rule of the catalogue."""

from typing import NamedTuple

from flowmaster.engine.bpmn.problem import Severity


class Rule(NamedTuple):
    """One rule: its severity, that for models of our own, the next move, and what it means."""

    severity: Severity
    fix: str
    docs: str
    strict: Severity | None = None
