"""How the scenarios of a draft go, told by the answer that saves it, so that nobody has to ask."""

from typing import Any, NamedTuple

from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.runtime.lines import Line
from flowmaster.tools.approvals import possible
from flowmaster.tools.draft_problems import after_draft, finished
from flowmaster.tools.drafts import ProcessFile, errors_of
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


async def draft_tested(call: Call, file: ProcessFile, main: str, branch: str = "") -> DraftTested:
    """Play the scenarios of a draft that has no errors; very many, and laws, wait for a test of their own.

    `branch` is the branch that the draft is of, if it is of one.
    """
    line = Line(main, branch)
    told, failing, hints = "", [], after_draft(file, line)
    process = file.process(main)
    if not errors_of(file.problems[main]) and 0 < len(scenarios_of(process)) <= PLAYED_MAX:
        try:
            tested = await run_scenarios(call, file.document.to_xml(), main, None, laws=False)
        except FlowMasterError as error:
            return DraftTested(error.message, [], possible(call, hints))
        told = summary_of(tested)
        outcomes = [outcome for outcome in tested.outcomes if not outcome["passed"]]
        failing = in_short(outcomes, FAILING_BYTES)
        if not failing and not process.laws and tested.coverage["covered"] == tested.coverage["branches"]:
            hints = [finished(line)]
    return DraftTested(told, failing, possible(call, hints))
