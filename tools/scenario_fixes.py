"""Ready edits for a scenario that fails: a limit moved to the other side of its value, or the expectation as it happened."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from flowmaster.engine.feel.expression import compile_expression
from flowmaster.engine.lookup import job_of
from flowmaster.engine.model import Flow, Process
from flowmaster.engine.outline.scenarios import Scenario
from flowmaster.engine.values import Json
from flowmaster.tools.cases_limits import ORDERED, comparisons
from flowmaster.tools.cases_origins import World
from flowmaster.tools.cases_rules import RuleBook
from flowmaster.tools.cases_search import Tried
from flowmaster.tools.cases_shown import happened
from flowmaster.tools.cases_trace import Tracer, Turn, node_of
from flowmaster.tools.json_text import write_json
from flowmaster.tools.scenario_play import Played
from flowmaster.tools.scenario_stage import Stage
from flowmaster.tools.scenario_verdict import outcome_of

FIXED_MAX = 3
"""For how many failing scenarios ready edits are made."""

LIMITS_TRIED = 4
"""How many other limits are tried for one scenario."""

EDIT_BYTES = 900
"""How long an edit may be that an answer carries."""

_OPERATOR = re.compile(r"(?<![<>!=])(<=|>=|<|>)(?!=)")
_OTHER = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}


class Fixer:
    """Makes edits for failing scenarios of one process; what it changes in the process keeps the others passing."""

    def __init__(
        self, stage: Stage, rules: RuleBook, scenarios: Sequence[Scenario], passed: set[str]
    ) -> None:
        self._stage = stage
        self._world = World(stage.model, rules)
        self._passing = [scenario for scenario in scenarios if scenario.name in passed]

    def edits(self, scenario: Scenario, raw: Mapping[str, Json], played: Played) -> dict[str, Json]:
        """Return `fix_edit`, and `or_edit` where there are two ways to make the scenario pass."""
        if not played.ended or any(self._is_job(element) for element in played.refusals):
            return {}  # Nobody but the author knows what a service answers, or what ends it.
        tried = Tried(raw, played, Tracer(self._world).run(played.history))
        found = [edit for edit in (self._limit(scenario, tried), self._expectation(raw, tried)) if edit]
        return dict(zip(("fix_edit", "or_edit"), found, strict=False))

    def _is_job(self, element: str) -> bool:
        found = self._stage.model.elements.get(element)
        return found is not None and job_of(found) is not None

    def _expectation(self, raw: Mapping[str, Json], tried: Tried) -> Json:
        edit: Json = {"set_scenarios": [{**raw, "expect": happened(self._stage.model, tried)}]}
        return edit if len(write_json(edit)) <= EDIT_BYTES else None

    def _limit(self, scenario: Scenario, tried: Tried) -> Json:
        """Return the edit of a condition whose value stands at its limit, if the scenario passes with it."""
        number = 0
        for turn in tried.trace.turns:
            for flow in turn.element.outgoing:
                for text in _other_limits(turn, flow):
                    number += 1
                    if number > LIMITS_TRIED:
                        return None
                    if self._passes(scenario, flow, text):
                        return {"set": flow.id, "if": text}
        return None

    def _passes(self, scenario: Scenario, flow: Flow, text: str) -> bool:
        """Tell whether a scenario passes with another condition on a flow, and all that passed still do."""
        model = _with_condition(self._stage.model, self._world, flow, text)
        kit = self._stage.kit._replace(processes={**self._stage.kit.processes, model.id: model})
        stage = Stage(kit, model.id, self._stage.at, self._stage.between)
        return all(
            outcome_of(model, each, stage.play(each))["passed"] is True for each in (scenario, *self._passing)
        )


def _other_limits(turn: Turn, flow: Flow) -> Iterator[str]:
    """Give the condition of a flow with one limit counted in or out, if a value stands at a limit of it."""
    node = node_of(flow.condition) if flow.condition is not None else None
    if node is None or flow.condition is None:
        return
    text = flow.condition.text
    sides = [(turn.view.value(left), turn.view.value(right)) for left, right in comparisons(node)]
    if any(left == right and isinstance(left, ORDERED) for left, right in sides):
        for found in _OPERATOR.finditer(text):
            yield text[: found.start()] + _OTHER[found[0]] + text[found.end() :]


def _with_condition(process: Process, world: World, flow: Flow, text: str) -> Process:
    names = [item.name for item in process.data]
    changed = replace(flow, condition=compile_expression(text, names=names, declared=world.declared))
    source = process.elements[flow.source]
    outgoing = tuple(changed if each.id == flow.id else each for each in source.outgoing)
    return replace(process, elements={**process.elements, source.id: replace(source, outgoing=outgoing)})
