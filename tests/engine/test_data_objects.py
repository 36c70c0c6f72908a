"""Each visit of a sub-process has data objects of its own, also where several stand side by side (BPMN 2.0.2, 10.4.1)."""

import pytest

from flowmaster.engine import commands as cmd
from tests.engine.cases import Case, E, S, flows, model, script, user

OBJECT = '<dataObject id="found" name="found"/><dataObjectReference id="found_at" dataObjectRef="found"/>'
SIGNALLED = '<startEvent id="in" isInterrupting="false"><signalEventDefinition signalRef="go"/></startEvent>'
COUNTS = '<intermediateCatchEvent id="k"><conditionalEventDefinition><condition>=found &gt; 0</condition></conditionalEventDefinition></intermediateCatchEvent>'


def turns(marker: str) -> str:
    """Write a sub-process that runs several times: somebody writes its data object, which another way waits for."""
    inside = (
        f'{OBJECT}<startEvent id="in"/>{script("zero", "if found = null then 0 else found", "found")}'
        f'<parallelGateway id="g"/>{user("a")}{COUNTS}{user("b")}<endEvent id="out"/>'
    )
    ways = flows("in zero", "zero g", "g a", "g k", "k b", "a out", "b out").replace('"f', '"g')
    return f'<subProcess id="q">{marker}{inside}{ways}</subProcess>'


PARALLEL = "<multiInstanceLoopCharacteristics><loopCardinality>=2</loopCardinality></multiInstanceLoopCharacteristics>"
SEQUENTIAL = PARALLEL.replace("Characteristics>", 'Characteristics isSequential="true">', 1)
LOOP = '<standardLoopCharacteristics loopMaximum="2"/>'


def done(case: Case, element: str, **variables: int) -> None:
    """Complete the first of the open tasks at an element."""
    first = next(wait for wait in case.state.waits.values() if wait.element == element)
    case.do(cmd.ActOnTask, first.id, "complete", variables)


def test_turns_side_by_side_do_not_see_each_other() -> None:
    case = Case(model(S + turns(PARALLEL) + E + flows("s q", "q e")))
    done(case, "a", found=3)
    assert case.waiting == ["a", "b", "k"]
    assert "found" not in case.state.variables
    done(case, "b")
    assert case.state.variables["found"] == 3
    done(case, "a", found=5)
    done(case, "b")
    assert case.state.status == "completed"
    assert case.state.variables["found"] == 5


@pytest.mark.parametrize("marker", [SEQUENTIAL, LOOP])
def test_a_turn_begins_with_what_the_one_before_has_left(marker: str) -> None:
    case = Case(model(S + turns(marker) + E + flows("s q", "q e")))
    done(case, "a", found=3)
    done(case, "b")
    assert case.waiting == ["a", "b"]
    done(case, "a", found=4)
    done(case, "b")
    assert case.state.variables == {"found": 4}


def test_a_data_object_outside_is_one_for_all_turns() -> None:
    body = S + OBJECT + turns(PARALLEL).replace(OBJECT, "") + E + flows("s q", "q e")
    case = Case(model(body))
    done(case, "a", found=3)
    assert case.waiting == ["a", "b", "b"]


def test_what_an_event_begins_beside_itself_has_data_objects_of_its_own() -> None:
    inside = f'{OBJECT}{SIGNALLED}{user("a")}<endEvent id="out"/>' + flows("in a", "a out").replace(
        '"f', '"g'
    )
    handler = f'<subProcess id="h" triggeredByEvent="true">{inside}</subProcess>'
    case = Case(model(S + user("w") + E + handler + flows("s w", "w e"), '<signal id="go" name="go"/>'))
    case.receive("in")
    case.receive("in")
    first, second = (node for node in case.state.nodes.values() if node.element == "h")
    done(case, "a", found=1)
    assert (second.variables, case.state.variables) == (None, {"found": 1})
    done(case, "a")
    assert case.state.variables == {"found": 1}


def test_what_a_turn_gives_by_a_mapping_goes_outside() -> None:
    mapped = '<extensionElements><zeebe:ioMapping><zeebe:output source="=found + 1" target="found"/></zeebe:ioMapping></extensionElements>'
    case = Case(model(S + turns(mapped + SEQUENTIAL) + E + flows("s q", "q e")))
    for _ in range(2):
        done(case, "a", found=3)
        done(case, "b")
    assert case.state.variables == {"found": 4}
