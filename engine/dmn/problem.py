"""What is wrong with a decision, in the form that every door shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flowmaster.engine.values import Json


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding: `severity` is error, warning or hint, `rules` count from 1, `example` is an input as FEEL texts."""

    code: str
    message: str
    decision: str
    severity: str = "warning"
    rules: tuple[int, ...] = ()
    example: Mapping[str, str] = field(default_factory=dict)
    fix: str = ""

    def body(self) -> dict[str, Json]:
        """Return the form that doors show: only the parts that say something."""
        body: dict[str, Json] = {
            "code": self.code,
            "element": self.decision,
            "severity": self.severity,
            "message": self.message,
        }
        if self.rules:
            body["rules"] = list(self.rules)
        if self.example:
            body["example"] = dict(self.example)
        if self.fix:
            body["fix"] = self.fix
        return body
