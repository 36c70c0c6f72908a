"""How the scenarios of a draft go, told by the answer that saves it, so that nobody has to ask."""

from typing import Any, NamedTuple

from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.tools.draft_problems import after_draft
from flowmaster.tools.drafts import ProcessFile, errors_of
from flowmaster.tools.process_tools import taken_by
from flowmaster.tools.registry import Call
from flowmaster.tools.scenarios import in_short, run_scenarios, scenarios_of, summary_of

FAILING_BYTES = 1_500
"""How long the failing scenarios of an answer may be that tells of a draft."""


PLAYED_MAX = 60
"""How many scenarios are played without being asked: more would keep the caller waiting."""


class DraftTested(NamedTuple):
    """How the scenarios of a draft went, and what to do next."""

    told: str
    failing: list[dict[str, Any]]
    hints: list[Hint]


async def draft_tested(call: Call, file: ProcessFile, main: str) -> DraftTested:
    """Play the scenarios of a draft that has no errors; very many, and laws, wait for a test of their own."""
    hints = _after(call, file, main)
    if errors_of(file.problems[main]) or not 0 < len(scenarios_of(file.process(main))) <= PLAYED_MAX:
        return DraftTested("", [], hints)
    try:
        tested = await run_scenarios(call, file.document.to_xml(), main, None, laws=False)
    except FlowMasterError as error:
        return DraftTested(error.message, [], hints)
    if tested.failed:
        failing = [outcome for outcome in tested.outcomes if not outcome["passed"]]
        return DraftTested(summary_of(tested), in_short(failing, FAILING_BYTES), hints)
    whole = tested.coverage["covered"] == tested.coverage["branches"]
    if whole and not file.process(main).laws and not _is_taken(call, file, main):
        hints = [Hint("process_publish", {"process": main}, "Publish it.")]
    return DraftTested(summary_of(tested), [], hints)


def _after(call: Call, file: ProcessFile, main: str) -> list[Hint]:
    """Return what to do next with a draft, unless it cannot be published."""
    hints = after_draft(file, main)
    return [hint for hint in hints if hint.operation != "process_publish" or not _is_taken(call, file, main)]


def _is_taken(call: Call, file: ProcessFile, main: str) -> bool:
    """Return whether the name is taken that a draft wants as a tool."""
    taken = taken_by(call.app.registry, call.app.runtime.reader, call.caller.tenant, file.process(main))
    return bool(taken)
