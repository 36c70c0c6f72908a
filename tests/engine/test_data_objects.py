"""Data objects live as long as the visit of the sub-process that they stand in (BPMN 2.0.2, 10.4.1)."""

import pytest

from flowmaster.engine import commands as cmd
from tests.engine.cases import Case, E, S, flows, model, user

OBJECT = '<dataObject id="found" name="found"/><dataObjectReference id="found_at" dataObjectRef="found"/>'
SIGNALLED = '<startEvent id="in" isInterrupting="false"><signalEventDefinition signalRef="go"/></startEvent>'
COUNTS = '<intermediateCatchEvent id="k"><conditionalEventDefinition><condition>=found &gt; 0</condition></conditionalEventDefinition></intermediateCatchEvent>'


def inside(marker: str = "", data: str = OBJECT) -> str:
    """Write a sub-process in which somebody writes a data object that another way waits for."""
    ways = flows("in g", "g a", "g k", "k b", "a out", "b out").replace('"f', '"g')
    steps = (
        f'<startEvent id="in"/><parallelGateway id="g"/>{user("a")}{COUNTS}{user("b")}<endEvent id="out"/>'
    )
    return f'<subProcess id="q">{marker}{data}{steps}{ways}</subProcess>'


PARALLEL = "<multiInstanceLoopCharacteristics><loopCardinality>=2</loopCardinality></multiInstanceLoopCharacteristics>"
SEQUENTIAL = PARALLEL.replace("Characteristics>", 'Characteristics isSequential="true">', 1)
LOOP = '<standardLoopCharacteristics loopMaximum="2"/>'


def done(case: Case, element: str, **variables: int) -> None:
    """Complete the first of the open tasks at an element."""
    first = next(wait for wait in case.state.waits.values() if wait.element == element)
    case.do(cmd.ActOnTask, first.id, "complete", variables)


def test_turns_side_by_side_do_not_see_each_other_also_when_one_has_ended() -> None:
    case = Case(model(S + inside(PARALLEL) + E + flows("s q", "q e")))
    done(case, "a", found=3)
    assert case.waiting == ["a", "b", "k"]
    done(case, "b")
    assert case.waiting == ["a", "k"]
    done(case, "a", found=5)
    done(case, "b")
    assert case.state.status == "completed"
    assert case.state.variables == {}


def test_two_tokens_in_one_sub_process_do_not_see_each_other() -> None:
    fork = '<parallelGateway id="fork"/><exclusiveGateway id="both"/>'
    ways = flows("s fork", "fork both", "fork both", "both q", "q e")
    case = Case(model(S + fork + inside() + E + ways))
    done(case, "a", found=3)
    assert case.waiting == ["a", "b", "k"]


@pytest.mark.parametrize("marker", [SEQUENTIAL, LOOP])
def test_a_turn_begins_without_what_the_one_before_has_made(marker: str) -> None:
    case = Case(model(S + inside(marker) + E + flows("s q", "q e")))
    done(case, "a", found=3)
    done(case, "b")
    assert case.waiting == ["a", "k"]


def test_a_data_object_outside_is_another_one_though_it_has_the_same_name() -> None:
    outer = OBJECT.replace("found", "other").replace('name="other"', 'name="found"')
    case = Case(model(S + outer + inside() + E + flows("s q", "q e")), {"found": 7})
    assert case.waiting == ["a", "k"]
    done(case, "a", found=3)
    done(case, "b")
    assert case.state.variables == {"found": 7}


def test_a_data_object_outside_is_one_for_all_turns() -> None:
    case = Case(model(S + OBJECT + inside(PARALLEL, data="") + E + flows("s q", "q e")))
    done(case, "a", found=3)
    assert case.waiting == ["a", "b", "b"]


def test_a_property_of_a_sub_process_ends_with_it() -> None:
    case = Case(model(S + inside(data='<property id="found"/>') + E + flows("s q", "q e")))
    done(case, "a", found=3)
    done(case, "b")
    assert case.state.variables == {}


@pytest.mark.parametrize("interrupting", [False, True])
def test_what_an_event_begins_has_data_objects_of_its_own(*, interrupting: bool) -> None:
    start = SIGNALLED.replace("false", str(interrupting).lower())
    ways = flows("in a", "a out").replace('"f', '"g')
    handler = f'<subProcess id="h" triggeredByEvent="true">{OBJECT}{start}{user("a")}{user("b")}<endEvent id="out"/>'
    handler += ways.replace('targetRef="out"', 'targetRef="b"') + "</subProcess>"
    case = Case(model(S + user("w") + E + handler + flows("s w", "w e"), '<signal id="go" name="go"/>'))
    for _ in range(1 if interrupting else 2):
        case.receive("in")
    done(case, "a", found=1)
    held = [node.variables for node in case.state.nodes.values() if node.element == "h"]
    assert held == [{"found": 1}, {"found": None}][: len(held)]
    assert case.state.variables == {}


def test_a_mapping_into_a_data_object_reads_what_is_outside() -> None:
    mapped = '<extensionElements><zeebe:ioMapping><zeebe:input source="=found + 1" target="found"/></zeebe:ioMapping></extensionElements>'
    case = Case(model(S + inside(mapped) + E + flows("s q", "q e")), {"found": 1})
    assert case.waiting == ["a", "b"]
    assert case.state.variables == {"found": 1}


def test_what_a_turn_gives_by_a_mapping_goes_outside() -> None:
    mapped = '<extensionElements><zeebe:ioMapping><zeebe:output source="=found + 1" target="found"/></zeebe:ioMapping></extensionElements>'
    case = Case(model(S + inside(mapped + SEQUENTIAL) + E + flows("s q", "q e")))
    for _ in range(2):
        done(case, "a", found=3)
        done(case, "b")
    assert case.state.variables == {"found": 4}


DRAWN = '<dataObject id="d1"/><dataObjectReference id="r1" name="found" dataObjectRef="d1"/>'


def test_a_data_object_that_a_modeller_drew_holds_nothing() -> None:
    case = Case(model(S + inside(data=DRAWN) + E + flows("s q", "q e")), {"found": 1})
    assert case.waiting == ["a", "b"]
    done(case, "a", found=2)
    done(case, "b")
    assert case.state.variables == {"found": 2}


def test_a_drawn_data_object_that_an_association_moves_is_held() -> None:
    gives = (
        "<dataOutputAssociation><sourceRef>answer</sourceRef><targetRef>r1</targetRef>"
        "<assignment><from>=answer</from><to>=found</to></assignment></dataOutputAssociation>"
    )
    held = inside(data=DRAWN).replace("</userTask>", f"{gives}</userTask>", 1)
    case = Case(model(S + held + E + flows("s q", "q e")), {"found": 1})
    assert case.waiting == ["a", "k"]
