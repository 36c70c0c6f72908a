"""What is said of a draft's problems: how many an answer lists, what to do next, and why it is not published."""

from collections.abc import Mapping, Sequence
from typing import Any

from flowmaster.engine.bpmn.problem import Problem
from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.values import Json
from flowmaster.runtime.lines import Line, line_at
from flowmaster.tools.bounds import leading
from flowmaster.tools.drafts import ProcessFile, errors_of
from flowmaster.tools.json_text import write_json
from flowmaster.tools.scenarios import Tested, in_short, scenarios_of

PROBLEMS_SHOWN = 30
"""How many problems one answer lists; the view `problems` lists all."""

PROBLEMS_BYTES = 4_500
SIDE_BYTES = 1_200
"""How long the problems of an answer may be, and the lists beside them."""


def shown_problems(problems: tuple[Problem, ...]) -> list[dict[str, Any]]:
    """Return the problems that one answer lists; the view `problems` lists all."""
    return leading([problem.body() for problem in problems[:PROBLEMS_SHOWN]], PROBLEMS_BYTES)


def finished(line: Line) -> Hint:
    """Return what to do with a draft that is as it should be: publish it, or merge the branch that it is of."""
    if line.branch:
        return Hint(
            "process_branches",
            {"process": line.address},
            "See how far it has gone; `process_merge` brings it in.",
        )
    return Hint("process_publish", {"process": line.process}, "Publish it.")


def after_draft(file: ProcessFile, line: Line) -> list[Hint]:
    """Return what to do next with a draft: mend it, test it, or publish it."""
    wrong, address = errors_of(file.problems[line.process]), line.address
    edits: list[Json] = [dict(problem.fix_edit) for problem in wrong if problem.fix_edit is not None]
    if edits:
        mending: Json = leading(edits, SIDE_BYTES)
        return [Hint("process_edit", {"process": address, "edits": mending}, "Mend the errors.")]
    if wrong:
        return [Hint("process_read", {"process": address, "view": "problems"}, "See all problems.")]
    if scenarios_of(file.process(line.process)):
        return [Hint("process_test", {"process": address}, "Run its scenarios.")]
    return [finished(line)]


def after_test(
    process: str,
    version: int | str | None,
    tested: Tested,
    shown: Sequence[Mapping[str, Json]],
    file: ProcessFile,
    *,
    may_publish: bool,
) -> list[Hint]:
    """Return what to do after a test: read what was left out of a scenario that fails, mend or publish a new draft."""
    if tested.failed:
        more = _told_in_short(tested, shown)
        at = {} if version is None else {"version": version}
        why = "See all that differs; other scenarios one by one in the same way."
        return [Hint("process_test", {"process": process, "scenarios": more, **at}, why)] if more else []
    if tested.broken or not tested.passed or not may_publish:
        return []
    line = line_at(process)
    if errors_of(file.problems[line.process]):
        return after_draft(file, line)
    return [finished(line)]


def _told_in_short(tested: Tested, shown: Sequence[Mapping[str, Json]]) -> list[Json]:
    """Return the first failing scenario that an answer does not tell whole, with those of the same test that it is like."""
    told = {outcome["name"]: outcome for outcome in shown}
    wanted: Json = next(
        (
            outcome["name"]
            for outcome in tested.outcomes
            if not outcome["passed"] and "path" not in told.get(outcome["name"], {})
        ),
        None,
    )
    by_name = {raw["name"]: raw for raw in tested.listed}
    found: list[Json] = []
    while isinstance(wanted, str) and wanted in by_name:
        raw = by_name.pop(wanted)
        found.append(dict(raw))
        wanted = raw.get("like") if tested.chosen else None
    return found if len(found) < len(tested.listed) and len(write_json(found)) <= SIDE_BYTES else []


def refuse_errors(file: ProcessFile, process: str) -> None:
    """Refuse to publish a file while errors stand in it."""
    wrong = [problem for problems in file.problems.values() for problem in errors_of(problems)]
    if not wrong:
        return
    told = "; ".join(f"{problem.element}: {problem.message}" for problem in wrong[:5])
    more = f" (and {len(wrong) - 5} more)" if len(wrong) > 5 else ""
    edits: list[Json] = [dict(problem.fix_edit) for problem in wrong if problem.fix_edit is not None]
    raise FlowMasterError(
        "process.has_errors",
        f"{process!r} cannot be published: {told}{more}",
        path=f"element:{wrong[0].element}",
        expected=shown_problems(tuple(wrong)),
        fix=wrong[0].fix or "Mend the errors, then publish again.",
        next=[
            Hint(
                "process_edit", {"process": process, "edits": leading(edits, SIDE_BYTES)}, "Mend the errors."
            )
        ]
        if edits
        else [Hint("process_read", {"process": process, "view": "problems"}, "See all problems.")],
        status=409,
    )


def refuse_failures(process: str, tested: Tested) -> None:
    """Refuse to publish a process while scenarios of it fail, or a case breaks a law of it."""
    if not tested.failed:
        _refuse_broken(process, tested)
        return
    failing = [outcome for outcome in tested.outcomes if not outcome["passed"]]
    names = ", ".join(repr(outcome["name"]) for outcome in failing[:5])
    raise FlowMasterError(
        "process.scenarios_fail",
        f"{process!r} cannot be published: {tested.failed} of {tested.passed + tested.failed} scenarios fail: {names}.",
        path="scenarios",
        expected=in_short(failing[:3]),
        fix="Change the process or the scenarios until they agree.",
        next=[Hint("process_test", {"process": process}, "See what differs.")],
        status=409,
    )


def _refuse_broken(process: str, tested: Tested) -> None:
    if not tested.broken:
        return
    first = tested.broken[0]
    name = first.get("always") or first.get("never")
    raise FlowMasterError(
        "process.law_broken",
        f"{process!r} cannot be published: the law {name!r} does not hold in every case.",
        path="always" if "always" in first else "never",
        expected=leading(tested.broken, SIDE_BYTES, least=1),
        fix="Change the process so that the case cannot come about, or the law.",
        next=[Hint("process_test", {"process": process}, "See every law.")],
        status=409,
    )
