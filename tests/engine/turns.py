"""Activities with a loop marker under test, and the tasks of their turns."""

from flowmaster.engine import commands as cmd
from flowmaster.engine.state import TaskWait
from tests.engine.cases import Case, E, S, flows, model
from tests.engine.pieces import (
    DEFINITIONS,
    marked,
)


def run(activity: str, marker: str, more: str = "", *pairs: str, **variables: object) -> Case:
    """Run one activity `t` with a marker, and what is beside it."""
    body = S + marked(activity, marker) + more + E + flows("s t", "t e", *pairs)
    return Case(model(body, DEFINITIONS), variables)


def turn(case: Case, number: int, **variables: object) -> None:
    """Complete the task of the turn with a number."""
    for wait in case.state.waits.values():
        around = case.state.nodes[wait.node]
        while (around.variables or {}).get("loopCounter") is None and around.scope:
            around = case.state.nodes[around.scope]
        if isinstance(wait, TaskWait) and (around.variables or {}).get("loopCounter") == number:
            case.do(cmd.ActOnTask, wait.id, "complete", variables)
            return
    raise AssertionError(f"no turn {number}: {case.waiting}")
