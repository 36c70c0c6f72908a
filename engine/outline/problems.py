"""What is wrong with an outline: every problem with its place, what is allowed there and the fix."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.values import Json

PROBLEMS_MAX = 50
"""How many problems of one outline are reported; more would only bury the first."""

FIXES = {
    "outline.word_unknown": "Take one of the expected words, or leave it out.",
    "outline.kind_unclear": "Say it with one of the expected words.",
    "scenario.word_unknown": "Take one of the expected words, or leave it out.",
}
"""The next move where one of these stands alone and the place itself says none."""

EXPECTED_MAX = 240
"""How long the words may be that tell what one of several problems expects."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: `path` names the place (`steps[3].approve.within`), `line` the line of the text."""

    code: str
    message: str
    path: str
    line: int = 0
    expected: Json = None
    fix: str = ""

    def __str__(self) -> str:
        place = f"{self.path} (line {self.line})" if self.line else self.path
        return f"{place}: {self.message}{f' Fix: {self.fix}' if self.fix else ''}"

    def body(self) -> dict[str, Json]:
        """Return the parts that say something."""
        body: dict[str, Json] = {"code": self.code, "message": self.message, "path": self.path}
        if self.line:
            body["line"] = self.line
        if self.expected is not None:
            body["expected"] = self.expected
        if self.fix:
            body["fix"] = self.fix
        return body


class OutlineRefused(FlowMasterError):
    """An outline, a scenario or a step of an edit cannot be taken; `problems` lists everything that is wrong."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        many = len(problems) > 1
        listed = "\n".join(_numbered(problems))
        where = f"{first.path} (line {first.line})" if first.line else first.path
        super().__init__(
            first.code,
            f"{len(problems)} problems; nothing was made:\n{listed}" if many else f"{where}: {first.message}",
            path=first.path,
            expected=first.expected,
            fix="Mend all of them and send the whole again." if many else _fix_of(first),
            status=422,
        )
        self.problems = tuple(problems)


def _fix_of(problem: Problem) -> str:
    """Return the next move; where the place itself says none, one that goes by what is expected."""
    told = "Write it as `expected` shows." if problem.expected is not None else f"Mend `{problem.path}`."
    return problem.fix or FIXES.get(problem.code, told)


def _numbered(problems: Sequence[Problem]) -> Iterator[str]:
    """Yield the problems with their numbers; what is expected stands behind the first that expects it."""
    told = {"", _short(problems[0].expected)}
    for number, problem in enumerate(problems, 1):
        expected = _short(problem.expected)
        yield f"{number}. {problem}{f' Expected: {expected}' if expected not in told else ''}"
        told.add(expected)


def _short(expected: Json) -> str:
    """Return what is expected in a line, empty where it would be long."""
    if isinstance(expected, Sequence) and not isinstance(expected, str):
        expected = ", ".join(str(entry) for entry in expected)
    return expected if isinstance(expected, str) and len(expected) <= EXPECTED_MAX else ""


class Problems:
    """Collects problems while reading goes on, so that one answer names them all."""

    def __init__(self, lines: Mapping[str, int] | None = None) -> None:
        self._lines = lines or {}
        self.found: list[Problem] = []

    def add(self, code: str, path: str, message: str, *, expected: Json = None, fix: str = "") -> None:
        """Note a problem at a place."""
        self.found.append(Problem(code, message, path, self.line_of(path), expected, fix))

    def line_of(self, path: str) -> int:
        """Return the line of the text where `path` stands, or the nearest thing around it; 0 without a text."""
        while path:
            if path in self._lines:
                return self._lines[path]
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return 0

    def raise_if_any(self) -> None:
        """Refuse when anything was noted."""
        if self.found:
            raise OutlineRefused(self.found[:PROBLEMS_MAX])
