"""The one error class of FlowMaster: something in the request or the world is wrong, and here is the fix.

Broken code is an `assert`; a broken request is a `FlowMasterError`. Doors translate it, nobody invents another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher, get_close_matches

from flowmaster.engine.values import Json

MESSAGE_LENGTH_MAX = 2_000
"""Characters of a message; what quotes a longer value loses its middle."""

EXPECTED_MAX = 40
"""Entries of a list of what is allowed."""

SHORT_NAME = 4
"""A name of fewer characters is near another only if almost all of them are the same, or all of them begin it."""
SHORT_NAME_LIKENESS = 0.75

WRONG_LENGTH_MAX = 120
"""Characters of a wrong name that are compared with the right ones."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A concrete call that is valid next: an operation with its arguments, and why one would make it."""

    operation: str
    arguments: Mapping[str, Json] = field(default_factory=dict)
    why: str = ""


class FlowMasterError(Exception):
    """A refusal that a person or a model can act on.

    `code` is stable and reads `noun.what_is_wrong` (`task.unknown`); `path` names the offending argument or
    element (`variables.amount`, `element:approve`); `expected` says what is allowed; `fix` is the next move in
    words; `next` holds calls that repair it; `retry_after` says in how many seconds the same call may succeed;
    `status` is the HTTP status of the same refusal.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        path: str = "",
        expected: Json = None,
        fix: str = "",
        next: Sequence[Hint] = (),
        retry_after: int = 0,
        status: int = 400,
    ) -> None:
        message = shortened(message)
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = path
        self.expected = _listed(expected)
        self.fix = fix
        self.next = tuple(next)
        self.retry_after = retry_after
        self.status = status

    def body(self) -> dict[str, Json]:
        """Return the form that every door shows: only the parts that say something."""
        body: dict[str, Json] = {"code": self.code, "message": self.message}
        if self.path:
            body["path"] = self.path
        if self.expected is not None:
            body["expected"] = self.expected
        if self.fix:
            body["fix"] = self.fix
        if self.retry_after:
            body["retry_after"] = self.retry_after
        if self.next:
            body["next"] = [
                {"operation": hint.operation, "arguments": dict(hint.arguments), "why": hint.why}
                for hint in self.next
            ]
        return body


def _listed(expected: Json) -> Json:
    """Return what is allowed, of a long list the beginning."""
    if not isinstance(expected, list) or len(expected) <= EXPECTED_MAX:
        return expected
    return [*expected[:EXPECTED_MAX], f"... and {len(expected) - EXPECTED_MAX} more"]


def shortened(text: str) -> str:
    """Return a text of bounded length: a long one keeps its two ends."""
    if len(text) <= MESSAGE_LENGTH_MAX:
        return text
    half = MESSAGE_LENGTH_MAX // 2
    return f"{text[:half]}...{text[-half:]}"


def did_you_mean(wrong: str, known: Sequence[str]) -> str:
    """Return ` Did you mean 'x'?` for the nearest known names, or an empty text."""
    near = near_names(wrong, known)
    return f" Did you mean {' or '.join(map(repr, near))}?" if near else ""


def near_names(wrong: str, known: Sequence[str]) -> list[str]:
    """Return the known names that may be meant by a wrong one, the nearest first."""
    wrong = wrong[:WRONG_LENGTH_MAX]
    return [name for name in get_close_matches(wrong, known, 3, 0.6) if _is_near(wrong, name)]


def _is_near(wrong: str, name: str) -> bool:
    """Return whether one of two like names may be meant by the other; a short one must be nearer, or begin the other."""
    if min(len(wrong), len(name)) >= SHORT_NAME or wrong.startswith(name) or name.startswith(wrong):
        return True
    return SequenceMatcher(None, name, wrong).ratio() >= SHORT_NAME_LIKENESS
