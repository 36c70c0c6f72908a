"""What is known while an outline is read: problems, defaults taken, open questions, roles, names and expressions."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.feel.expression import compile_expression
from flowmaster.engine.feel.said import said
from flowmaster.engine.outline import values
from flowmaster.engine.outline.problems import Problems
from flowmaster.engine.outline.vocabulary import MEANT
from flowmaster.engine.values import Json

ALWAYS_KNOWN = frozenset(
    {
        "loopCounter",
        "numberOfInstances",
        "numberOfActiveInstances",
        "numberOfCompletedInstances",
        "activationCount",
        "waitingForStart",
    }
)
"""What FEEL sees in models without any declaration."""

SHOWN_LENGTH = 60
"""Characters of a wrong value that a problem repeats."""

_BARE_WORD = re.compile(r"[\w -]+\Z")


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression of the outline, kept to be checked once all names are known."""

    text: str
    path: str
    names: frozenset[str]


@dataclass(slots=True)
class Reading:
    """Everything that the parts of the reader share."""

    problems: Problems
    defaults: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    roles: dict[str, str] = field(default_factory=dict)
    role_kinds: dict[str, str] = field(default_factory=dict)
    roles_given: bool = False
    types: Mapping[str, Json] = field(default_factory=dict)
    data: dict[str, Mapping[str, Json]] = field(default_factory=dict)
    data_given: bool = False
    forms: dict[str, Json] = field(default_factory=dict)
    produced: set[str] = field(default_factory=set)
    items: set[str] = field(default_factory=set)
    expressions: list[Expression] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    def wrong(self, path: str, message: str, *, expected: Json = None, fix: str = "") -> None:
        """Note that a value is not of the wanted form."""
        self.problems.add("outline.value_wrong", path, message, expected=expected, fix=fix)

    def unknown_words(self, given: Iterable[str], allowed: Sequence[str], path: str) -> None:
        """Note every key that is no word here, with the nearest one."""
        for key in given:
            if key in allowed:
                continue
            meant = MEANT.get(key.lower().replace(" ", "_").replace("-", "_"), "")
            hint = f" The word here is `{meant}`." if meant in allowed else did_you_mean(key, allowed)
            broken = any(mark in key for mark in "()[]<>=")
            self.problems.add(
                "outline.word_unknown",
                f"{path}.{key}" if path else key,
                f"{key!r} is no word here.{hint}",
                expected=list(allowed),
                fix="Quote expressions that hold a comma, colon or bracket." if broken else "",
            )

    def text(self, value: Json, path: str, what: str, *, empty: bool = False) -> str:
        """Return a text; numbers and booleans are taken as they are written."""
        if isinstance(value, str) and (value.strip() or empty):
            return value.strip()
        if value is not None and not isinstance(value, str | Mapping | Sequence):
            return values.feel_of(value)
        self.wrong(path, f"{what} is a text, not {shown(value)}.", expected="text")
        return ""

    def flag(self, value: Json, path: str) -> bool:
        """Return a boolean."""
        if not isinstance(value, bool):
            self.wrong(path, f"{shown(value)} is neither true nor false.", expected="true or false")
        return value is True

    def feel(self, value: Json, path: str, what: str = "An expression") -> str:
        """Return the text of a FEEL expression, without `=`, and note it for the check of its names."""
        if isinstance(value, Mapping | Sequence) and not isinstance(value, str) and not value:
            return values.feel_of(value)
        source = values.feel_of(value) if value is not None else ""
        if not source:
            self.wrong(path, f"{what} is missing.", expected="FEEL, for example `invoice.total > 10000`")
            return ""
        try:
            compiled = compile_expression(source)
        except FlowMasterError as error:
            self.problems.add(
                "outline.expression_wrong",
                path,
                f"{source!r} is no valid FEEL: {error.message}",
                expected="FEEL, for example `invoice.total > 10000 and not(approved)`",
                fix=error.fix,
            )
            return source
        self.expressions.append(Expression(source, path, compiled.names))
        return source

    def duration(self, value: Json, path: str) -> str:
        """Return an ISO 8601 duration or `=expression`."""
        found = values.duration(value) if isinstance(value, str) else None
        return self._timed(found, value, path, "a duration", "PT48H, P14D, `48 hours` or `=expression`")

    def date(self, value: Json, path: str) -> str:
        """Return an ISO 8601 date or `=expression`; a bare expression is taken as one."""
        if not isinstance(value, str):
            return self._timed(None, value, path, "a date", "2026-12-31T17:00:00Z or `=expression`")
        found = values.date(value)
        return self._timed(found or f"={value.strip()}", value, path, "a date", "")

    def cycle(self, value: Json, path: str) -> str:
        """Return a repeating interval, a cron text or `=expression`."""
        found = values.cycle(value) if isinstance(value, str) else None
        return self._timed(
            found, value, path, "a repetition", "P1D, R3/PT1H, cron `0 9 * * 1-5` or `=expression`"
        )

    def _timed(self, found: str | None, value: Json, path: str, what: str, expected: str) -> str:
        if found is None:
            self.wrong(path, f"{shown(value)} is not {what}.", expected=expected)
            return "PT1H"
        if found.startswith("="):
            return f"={self.feel(found, path)}"
        return found

    def text_or_feel(self, value: Json, path: str, what: str) -> str:
        """Return a literal text or `=expression`."""
        found = self.text(value, path, what)
        return f"={self.feel(found, path, what)}" if found.startswith("=") else found

    def variable(self, value: Json, path: str) -> str:
        """Return the path of a variable that is written to, and remember that it is produced.

        A question mark behind it, as types have it, says that it may be missing.
        """
        name = self.text(value, path, "The name of a variable").removeprefix("=").removesuffix("?").strip()
        if name and not all(values.is_name(part) for part in name.split(".")):
            self.wrong(
                path,
                f"{name!r} cannot be the name of a variable.",
                expected="letters, digits and underscores, for example total_net or invoice.total",
            )
            return ""
        self.produced.add(name.split(".")[0])
        return name

    def role(self, value: Json, path: str) -> str:
        """Return a declared role; where the outline declares none, roles are taken as they come."""
        name = self.text(value, path, "A role")
        if name.startswith("="):
            return f"={self.feel(name, path)}"
        if not name or name in self.roles:
            return name
        if not self.roles_given:
            self.roles[name] = name
            self.defaults.append(f"Role {name!r} is declared, since `{path}` names it.")
            return name
        self.problems.add(
            "outline.role_unknown",
            path,
            f"There is no role {name!r}.{did_you_mean(name, list(self.roles))}",
            expected=list(self.roles),
            fix=f"Take one of them or add {name!r} under `roles`; a person by expression is `=requester`.",
        )
        return name

    def check_names(self) -> None:
        """Note every variable that is read and that nothing declares or sets, where the outline declares data."""
        if not self.data_given:
            return
        known = {*self.data, *self.produced, *ALWAYS_KNOWN}
        noted: set[tuple[str, str]] = set()
        for expression in self.expressions:
            for name in sorted(expression.names - known):
                if (name, expression.path) in noted:
                    continue
                noted.add((name, expression.path))
                text = _BARE_WORD.match(expression.text) is not None
                self.problems.add(
                    "outline.variable_unknown",
                    expression.path,
                    f"Nothing declares or sets {name!r}, which {expression.text!r} reads."
                    f"{did_you_mean(name, sorted(known))}",
                    expected=sorted(known - ALWAYS_KNOWN),
                    fix=(
                        f"""For the text write '"{expression.text}"'; for a variable """
                        if text
                        else "Otherwise "
                    )
                    + f"declare {name!r} under `data` or set it by `into`.",
                )


def shown(value: Json) -> str:
    """Return a value in words short enough for a message."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "a list"
    return "nothing" if value is None else said(value, SHOWN_LENGTH)
