"""Execution listeners: jobs before the work of an element and behind it, one after the other."""

from typing import Any

import pytest

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.state import JobWait
from tests.engine.cases import Case, E, S, flows, job, model, timer, user


def heard(*listeners: str) -> str:
    """Write listeners: `start log`, `end bill 5` (event, job type, retries)."""
    written = []
    for each in listeners:
        event, kind, *retries = each.split()
        tries = f' retries="{retries[0]}"' if retries else ""
        written.append(f'<zeebe:executionListener eventType="{event}" type="{kind}"{tries}/>')
    return f"<zeebe:executionListeners>{''.join(written)}</zeebe:executionListeners>"


def listening(task: str, *listeners: str, more: str = "") -> str:
    """Put listeners on an element that `cases` wrote."""
    held = f"<extensionElements>{heard(*listeners)}{more}"
    if "<extensionElements>" in task:
        return task.replace("<extensionElements>", held, 1)
    head, _, _ = task.partition("/>")
    kind = head[1:].split()[0]
    return f"{head}>{held}</extensionElements></{kind}>"


def process(task: str, *after: str, inside: str = "") -> Case:
    body = S + task + inside + E + flows("s a", "a e", *after)
    return Case(model(body), {"n": 1})


def offered(case: Case) -> str:
    (wait,) = [one for one in case.state.waits.values() if isinstance(one, JobWait)]
    return wait.type


def done(case: Case, **result: Any) -> None:
    (wait,) = [one for one in case.state.waits.values() if isinstance(one, JobWait)]
    case.do(cmd.CompleteJob, wait.id, result)


def test_listeners_are_heard_in_order_around_the_work_and_their_values_go_where_mappings_put_theirs() -> None:
    mapping = '<zeebe:ioMapping><zeebe:input source="=n + 1" target="m"/><zeebe:output source="=m + seen" target="sum"/></zeebe:ioMapping>'
    case = process(
        listening(job("a"), "start look", "end bill", "start check", "end tell 7", more=mapping),
    )
    assert offered(case) == "look"
    done(case, seen=10)
    assert offered(case) == "check"
    assert "seen" not in case.state.variables
    done(case)
    own = offered(case)
    assert own not in ("look", "check", "bill", "tell")
    done(case)
    assert offered(case) == "bill"
    assert case.state.variables["sum"] == 12
    done(case, invoice="I-1")
    assert case.state.variables["invoice"] == "I-1"
    (wait,) = [one for one in case.state.waits.values() if isinstance(one, JobWait)]
    assert (wait.type, wait.retries) == ("tell", 7)
    assert case.state.status == "active"
    done(case)
    assert case.state.status == "completed"
    assert sum(isinstance(one, ev.ElementCompleted) and one.element == "a" for one in case.events) == 1


def test_events_on_the_border_are_waited_for_between_the_listeners_alone() -> None:
    case = process(
        listening(user("a"), "start look", "end bill"),
        "b c",
        inside=timer("b", "a", "PT1H") + '<endEvent id="c"/>',
    )
    assert [wait.element for wait in case.state.waits.values()] == ["a"]
    done(case)
    assert sorted(wait.element for wait in case.state.waits.values()) == ["a", "b"]
    case.do(cmd.ActOnTask, case.wait("a").id, "complete", {})
    assert [wait.element for wait in case.state.waits.values()] == ["a"]
    done(case)
    assert case.completed()[-1] == "e"


@pytest.mark.parametrize(
    "element",
    [
        '<exclusiveGateway id="a"/>',
        '<intermediateThrowEvent id="a"/>',
        '<scriptTask id="a"><extensionElements><zeebe:script expression="=1" resultVariable="r"/></extensionElements></scriptTask>',
        '<subProcess id="a"><extensionElements><zeebe:ioMapping/></extensionElements><startEvent id="is"/></subProcess>',
    ],
)
def test_everything_that_tokens_pass_can_have_listeners(element: str) -> None:
    case = process(listening(element, "start look", "end bill"))
    for kind in ("look", "bill"):
        assert offered(case) == kind
        done(case)
    assert case.state.status == "completed"


def test_each_turn_of_a_loop_has_its_listeners_and_the_whole_has_none() -> None:
    loop = (
        '<multiInstanceLoopCharacteristics isSequential="true"><extensionElements>'
        '<zeebe:loopCharacteristics inputCollection="=[1, 2]" inputElement="item"/></extensionElements>'
        "</multiInstanceLoopCharacteristics>"
    )
    task = listening(user("a"), "start look", "end bill")
    task = task.replace("</userTask>", loop + "</userTask>")
    case = process(task)
    for _ in range(2):
        assert offered(case) == "look"
        done(case)
        case.do(cmd.ActOnTask, case.wait("a").id, "complete", {})
        assert offered(case) == "bill"
        done(case)
    assert case.state.status == "completed"


def test_the_border_of_a_loop_is_waited_at_once_and_not_again_in_each_turn() -> None:
    loop = (
        "<multiInstanceLoopCharacteristics><extensionElements>"
        '<zeebe:loopCharacteristics inputCollection="=[1]" inputElement="item"/></extensionElements>'
        "</multiInstanceLoopCharacteristics>"
    )
    task = listening(user("a"), "start look").replace("</userTask>", loop + "</userTask>")
    case = process(task, "b c", inside=timer("b", "a", "PT1H") + '<endEvent id="c"/>')
    done(case)
    assert sorted(wait.element for wait in case.state.waits.values()) == ["a", "b"]


def test_a_listener_that_fails_is_an_incident_and_goes_on_after_a_retry() -> None:
    for kind in ("look", "bill"):
        case = process(listening(user("a"), "start look", "end bill"))
        if kind == "bill":
            done(case)
            case.do(cmd.ActOnTask, case.wait("a").id, "complete", {})
        (wait,) = [one for one in case.state.waits.values() if isinstance(one, JobWait)]
        case.do(cmd.FailJob, wait.id, "down", 0, None)
        assert case.incidents() == {"a": "job.failed"}
        case.do(cmd.Retry)
        assert offered(case) == kind
        done(case)
        if kind == "look":
            case.do(cmd.ActOnTask, case.wait("a").id, "complete", {})
            done(case)
        assert case.state.status == "completed"


@pytest.mark.parametrize("event", ["start", "end"])
def test_a_second_listener_that_cannot_be_offered_is_an_incident_and_loses_nothing(event: str) -> None:
    case = process(listening(job("a"), f"{event} one", f"{event} =wrong"))
    while case.incidents() == {}:
        done(case)
    assert case.incidents() == {"a": "expression.not_text"}
    case.do(cmd.SetVariables, {"wrong": "right"})
    case.do(cmd.Retry)
    for _ in range(4):
        if case.state.status == "active":
            done(case)
    assert case.state.status == "completed"


def test_a_listener_throws_no_business_error_and_can_be_skipped_and_cancelled() -> None:
    case = process(listening(user("a"), "start look"))
    (wait,) = case.state.waits.values()
    before = case.state.copy()
    with pytest.raises(FlowMasterError, match="cannot throw a business error"):
        case.do(cmd.ThrowJobError, wait.id, "BAD")
    assert case.state == before
    case.do(cmd.Skip, "a")
    assert case.state.status == "completed"
    case = process(listening(user("a"), "start look"))
    case.do(cmd.CancelInstance)
    assert (case.state.status, dict(case.state.waits)) == ("cancelled", {})


@pytest.mark.parametrize(
    ("body", "element"),
    [
        (S + listening(user("a"), "creating x") + E, "a"),
        (S + user("a").replace("<extensionElements>", "<extensionElements><zeebe:taskListeners><zeebe:taskListener "
         'eventType="canceling" type="x"/></zeebe:taskListeners>') + E, "a"),
        (S + job("a").replace("<extensionElements>", "<extensionElements><zeebe:taskListeners><zeebe:taskListener "
         'eventType="creating" type="x"/></zeebe:taskListeners>') + E, "a"),
        (S + user("a") + listening('<startEvent id="x"/>', "start y").replace("</startEvent>", '<timerEventDefinition>'
         "<timeDuration>PT1H</timeDuration></timerEventDefinition></startEvent>") + E, "x"),
    ],
)  # fmt: skip
def test_listeners_that_cannot_run_are_told_at_their_element(body: str, element: str) -> None:
    found = model(body + flows("s a", "a e")).process.elements
    assert "isteners" in found[element].unsupported


def test_listeners_of_a_whole_process_and_behind_a_race_are_told() -> None:
    told = model(f"<extensionElements>{heard('cancel x')}</extensionElements>" + S + E + flows("s e"))
    assert "Listeners run at the start and the end" in told.process.root.unsupported
    race = (
        S
        + '<eventBasedGateway id="g"/>'
        + listening('<intermediateCatchEvent id="a"/>', "start x").replace(
            "</intermediateCatchEvent>",
            "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>",
        )
        + E
    )
    assert "event-based" in model(race + flows("s g", "g a", "a e")).process.elements["a"].unsupported


def whole(*listeners: str, start: str = S, more: str = "", **begun: Any) -> Case:
    """Start a process with listeners of its own around one user task."""
    held = f"<extensionElements>{heard(*listeners)}</extensionElements>"
    return Case(model(held + start + more + user("a") + E + flows("s a", "a e")), {"n": 1}, **begun)


def test_listeners_of_a_process_are_heard_before_its_start_and_behind_its_last_token() -> None:
    case = whole("start look", "start check", "end bill", "end tell 7")
    assert (offered(case), case.completed()) == ("look", [])
    done(case, seen=3)
    assert case.state.variables == {"n": 1, "seen": 3}
    done(case)
    assert case.waiting == ["a"]
    case.complete("a")
    assert (case.completed()[-1], offered(case), case.state.status) == ("e", "bill", "active")
    done(case, total=5)
    (wait,) = [one for one in case.state.waits.values() if isinstance(one, JobWait)]
    assert (wait.type, wait.retries, wait.element) == ("tell", 7, "p")
    done(case)
    assert case.state.status == "completed"


MESSAGE = '<messageEventDefinition messageRef="m"/>'


def test_an_instance_that_an_event_begins_remembers_it_while_listeners_are_heard() -> None:
    other = f'<startEvent id="t"/><startEvent id="s">{MESSAGE}</startEvent>'
    held = f"<extensionElements>{heard('start look', 'start check')}</extensionElements>"
    body = held + other + user("a") + user("b") + E + flows("s a", "t b", "a e", "b e")
    case = Case(model(body, '<message id="m" name="paid"/>'), {"n": 1}, start="s")
    done(case)
    done(case)
    assert case.waiting == ["a"]


def test_an_instance_that_ends_early_is_not_listened_to_any_more() -> None:
    case = whole("end bill")
    case.do(cmd.CancelInstance)
    assert (case.state.status, case.state.waits) == ("cancelled", {})
    body = f"<extensionElements>{heard('end bill')}</extensionElements>{S}" + user("a")
    body += '<endEvent id="e"><errorEventDefinition errorRef="x"/></endEvent>' + flows("s a", "a e")
    case = Case(model(body, '<error id="x" errorCode="X"/>'))
    case.complete("a")
    assert (case.state.status, case.state.waits) == ("failed", {})


def test_listeners_of_a_process_that_fail_are_offered_again() -> None:
    for event in ("start", "end"):
        case = whole(f"{event} one", f"{event} =wrong", f"{event} three")
        if event == "end":
            case.complete("a")
        (wait,) = case.state.waits.values()
        case.do(cmd.FailJob, wait.id, "down", 0, None)
        assert case.incidents() == {"p": "job.failed"}
        case.do(cmd.Retry)
        done(case)
        assert case.incidents() == {"p": "expression.not_text"}
        case.do(cmd.SetVariables, {"wrong": "two"})
        case.do(cmd.Retry)
        for kind in ("one", "two", "three"):
            assert offered(case) == kind
            done(case)
        if event == "start":
            case.complete("a")
        assert case.state.status == "completed"


def test_a_listener_of_the_end_that_cannot_be_offered_is_an_incident_of_the_process() -> None:
    case = whole("end =wrong")
    case.complete("a")
    assert case.incidents() == {"p": "expression.not_text"}
    case.do(cmd.SetVariables, {"wrong": "bill"})
    case.do(cmd.Retry)
    done(case)
    assert case.state.status == "completed"
