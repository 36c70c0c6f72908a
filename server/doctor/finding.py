"""What an examination found: one thing that was looked at, how it is, and the fix."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "fault"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    check: str
    state: State
    says: str
    fix: str = ""

    def body(self) -> dict[str, str]:
        """Return the form for machines."""
        return {"check": self.check, "state": self.state, "says": self.says} | (
            {"fix": self.fix} if self.fix else {}
        )
