"""Laws: conditions that hold in every case of a process, at every step of it (`always`), or in none (`never`).

    always:
      the requester never approves: not(requester = approve.by)
      paid only when approved: if pay.done then approved else true
    never:
      paid twice: pay.times > 1

A condition is FEEL over the variables of the process and its steps: `step.done` (whether it was completed), `step.times`
(how often) and `step.by` (who performed it last, null if nobody did), by name or id. Where a variable has the name of a
step, the name is the variable and the step is `steps.name`. A condition is looked at after each step and at the end.
Null breaks no law: what is not known yet is neither true nor false. A law that is null whatever happens is told.
"""

from collections.abc import Iterator, Mapping, Sequence

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel.expression import compile_expression
from flowmaster.engine.outline.problems import Problems
from flowmaster.engine.values import Json

LAWS_MAX = 100
WORDS = ("always", "never")
EXPECTED = "{the requester never approves: not(requester = approve.by)}"


def read_laws(value: Json, path: str, problems: Problems, steps: Sequence[str]) -> dict[str, str]:
    """Return conditions by their names; what is wrong goes to `problems`."""
    found: dict[str, str] = {}
    for name, condition in _entries(value, path, problems):
        at = f"{path}.{name}"
        if name in found:
            problems.add("law.name_twice", at, f"There are two laws {name!r}.", fix="Give each its own name.")
        elif not isinstance(condition, str) or not condition.strip():
            problems.add("law.value_wrong", at, f"{name!r} needs a condition in FEEL.", expected=EXPECTED)
        else:
            found[name] = condition.strip().removeprefix("=").strip()
            _check(found[name], at, problems, steps)
    if len(found) > LAWS_MAX:
        problems.add(
            "law.too_many", path, f"A process has at most {LAWS_MAX} laws of each kind.", fix="Join some."
        )
    return found


def _entries(value: Json, path: str, problems: Problems) -> Iterator[tuple[str, Json]]:
    """Give names with conditions: of a mapping, or of a list of mappings."""
    if value is None:
        return
    listed = [value] if isinstance(value, Mapping) else value
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        listed = [None]
    for number, entry in enumerate(listed):
        if isinstance(entry, Mapping):
            yield from entry.items()
        else:
            problems.add(
                "law.value_wrong", f"{path}[{number}]", "A law has a name and a condition.", expected=EXPECTED
            )


def _check(condition: str, at: str, problems: Problems, steps: Sequence[str]) -> None:
    try:
        compile_expression(condition, names=steps)
    except FlowMasterError as error:
        problems.add(
            "law.syntax", at, f"The condition is no valid FEEL: {error.message}", fix=error.fix or ""
        )
