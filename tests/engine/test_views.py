"""What the views of a process make of less common elements."""

from typing import Any

from flowmaster.engine.model import Process
from flowmaster.engine.views.dataflow import dataflow
from flowmaster.engine.views.handoffs import after, hand_offs
from flowmaster.engine.views.lanes import hands_of
from flowmaster.engine.views.people import doers
from flowmaster.engine.views.raci import raci
from flowmaster.engine.views.spans import marks_of, span_of, span_text
from flowmaster.engine.views.timeline import plain, timeline, timeline_rows
from tests.engine.cases import E, S, flows, model

DEFINITIONS = (
    '<message id="m_" name="answer"><extensionElements><zeebe:subscription correlationKey="=k"/></extensionElements>'
    '</message><signal id="g_" name="alarm"/><error id="x_" name="BAD" errorCode="BAD"/>'
)
LOOP = (
    '<multiInstanceLoopCharacteristics isSequential="true"><extensionElements><zeebe:loopCharacteristics '
    'inputCollection="=items" inputElement="item" outputCollection="answers" outputElement="=item"/></extensionElements>'
    "</multiInstanceLoopCharacteristics>"
)
DURATION = "<timerEventDefinition><timeDuration>{}</timeDuration></timerEventDefinition>"


def read(body: str) -> Process:
    return model(body, DEFINITIONS).process


def inside(*parts: str) -> str:
    return f"<extensionElements>{''.join(parts)}</extensionElements>"


def catch(key: str, definition: str, more: str = "") -> str:
    return f'<intermediateCatchEvent id="{key}">{more}{definition}</intermediateCatchEvent>'


def job(key: str, kind: str = "serviceTask", more: str = "", type: str = "work") -> str:
    return f'<{kind} id="{key}">{inside(f"""<zeebe:taskDefinition type="{type}"/>""", more)}</{kind}>'


def line(*bodies: str) -> Process:
    """Read a process whose elements, each named by its `id`, follow each other."""
    keys = ["s", *(body.split('id="')[1].split('"')[0] for body in bodies), "e"]
    pairs = [f"{a} {b}" for a, b in zip(keys, keys[1:], strict=False)]
    return read(S + "".join(bodies) + E + flows(*pairs))


def who(process: Process, key: str) -> list[tuple[str, str]]:
    return [(one.kind, one.name) for one in doers(process, process.elements[key])]


def test_whoever_does_a_step_is_named_as_the_model_names_them() -> None:
    lanes = '<laneSet id="ls"><lane id="l1" name="Shop"><flowNodeRef>a</flowNodeRef></lane></laneSet>'
    assigned = '<zeebe:userTask/><zeebe:assignmentDefinition assignee="=boss" candidateUsers="ann, bob"/>'
    process = read(
        lanes
        + S
        + '<manualTask id="a"/><manualTask id="b"/>'
        + f'<userTask id="c">{inside(assigned)}</userTask>'
        + '<receiveTask id="dd" messageRef="m_"/>'
        + f'<callActivity id="f">{inside("""<zeebe:calledElement processId="other"/>""")}</callActivity>'
        + E
        + flows("s a", "a b", "b c", "c dd", "dd f", "f e")
    )
    assert who(process, "a") == [("role", "Shop")]
    assert who(process, "b") == []
    assert who(process, "c") == [("person", "=boss"), ("person", "ann"), ("person", "bob")]
    assert who(process, "dd") == [("outside", "sender of answer")]
    assert who(process, "f") == [("system", "process other")]
    assert hands_of(process) == {
        "a": "Shop",
        "b": "Nobody named",
        "c": "=boss",
        "dd": "Outside",
        "f": "Systems",
    }
    rows = {row.element.id: row.body() for row in raci(process)}
    assert (
        rows["b"]["open"] == "The model names nobody who does it. The model names nobody who answers for it."
    )


def test_whoever_gets_what_a_step_sends_is_told() -> None:
    to = '<zeebe:ioMapping><zeebe:input source="boss@example.com" target="to"/></zeebe:ioMapping>'
    header = '<zeebe:taskHeaders><zeebe:header key="cc" value="all@example.com"/><zeebe:header key="x" value="y"/></zeebe:taskHeaders>'
    process = line(job("a", "sendTask", to + header), '<sendTask id="b" messageRef="m_"/>')
    rows = {row.element.id: row.body() for row in raci(process)}
    assert set(rows["a"]["I"]) == {"boss@example.com", "all@example.com"}  # type: ignore[arg-type]  # an object
    assert list(rows["b"]["I"]) == ["receiver of answer"]  # type: ignore[arg-type]  # an object


def test_work_goes_on_over_links_and_errors_and_out_of_sub_processes() -> None:
    inner = (
        '<subProcess id="g"><startEvent id="gs"/><exclusiveGateway id="gx" default="q2"/>'
        + job("ga")
        + '<endEvent id="ok"/><endEvent id="bad"><errorEventDefinition errorRef="x_"/></endEvent>'
        + '<sequenceFlow id="q0" sourceRef="gs" targetRef="ga"/><sequenceFlow id="q1" sourceRef="ga" targetRef="gx"/>'
        + '<sequenceFlow id="q2" sourceRef="gx" targetRef="ok"/><sequenceFlow id="q3" sourceRef="gx" targetRef="bad">'
        + "<conditionExpression>=no</conditionExpression></sequenceFlow></subProcess>"
    )
    caught = '<boundaryEvent id="c" attachedToRef="g"><errorEventDefinition errorRef="x_"/></boundaryEvent>'
    link = '<{0} id="{1}"><linkEventDefinition id="d{1}" name="on"/></{0}>'
    process = read(
        S + inner + caught + job("after") + job("mend")
        + link.format("intermediateThrowEvent", "t") + link.format("intermediateCatchEvent", "u") + job("last") + E
        + flows("s g", "g after", "c mend", "after t", "u last", "last e", "mend e")
    )  # fmt: skip
    assert [key for key, _ in after(process, "ga")] == ["after", "mend"]
    assert after(process, "after") == [("last", "f5")]
    assert hand_offs(process, hands_of(process)) == []
    assert timeline(process)["last"].start.least == 0


def test_an_error_that_nothing_catches_leads_nowhere() -> None:
    body = (
        '<subProcess id="g"><startEvent id="gs"/>' + job("ga") + '<endEvent id="bad"><errorEventDefinition '
        'errorRef="x_"/></endEvent><sequenceFlow id="q0" sourceRef="gs" targetRef="ga"/><sequenceFlow id="q1" '
        'sourceRef="ga" targetRef="bad"/></subProcess>'
    )  # fmt: skip
    assert after(read(S + body + E + flows("s g", "g e")), "ga") == []


def test_data_comes_from_events_calls_and_loops() -> None:
    out = '<zeebe:ioMapping><zeebe:output source="=v" target="{}"/></zeebe:ioMapping>'
    several = f'<signalEventDefinition signalRef="g_"/>{DURATION.format("P1D")}'
    process = line(
        catch("a", '<messageEventDefinition messageRef="m_"/>', inside(out.format("one"))),
        catch("b", '<signalEventDefinition signalRef="g_"/>', inside(out.format("two"))),
        catch("c", several, inside(out.format("three"))),
        f'<callActivity id="f">{inside("""<zeebe:calledElement processId="other" propagateAllChildVariables="false"/>""", out.format("four"))}</callActivity>',
        f'<serviceTask id="h">{inside("""<zeebe:taskDefinition type="work"/>""")}{LOOP}</serviceTask>',
        catch(
            "w", "<conditionalEventDefinition><condition>=one &gt; 1</condition></conditionalEventDefinition>"
        ),
        catch("t", "<timerEventDefinition><timeDate>=two</timeDate></timerEventDefinition>"),
        f'<userTask id="u">{inside("<zeebe:userTask/>", out.format("five"))}</userTask>',
    )
    found = dataflow(process).variables
    sets: dict[str, Any] = {name: [use.how for use in found[name].sets] for name in found}
    assert sets["one"] == ["message answer"]
    assert sets["two"] == ["signal alarm"]
    assert sets["three"] == ["event"]
    assert sets["four"] == ["process other"]
    assert sets["item"] == ["each time round"]
    assert sets["five"] == ["answer of a person"]
    reads = {name: [use.how for use in found[name].reads] for name in found}
    assert reads["items"] == ["loop"]
    assert reads["one"] == ["condition"]
    assert reads["two"] == ["time"]
    assert reads["k"] == ["message"]
    assert found["k"].notes[0].startswith("Set by no step and no start")


def test_a_variable_of_a_sub_process_tells_where_it_lives_and_what_is_handed_in_is_set_there() -> None:
    handed = '<zeebe:ioMapping><zeebe:input source="=a + 1" target="b"/></zeebe:ioMapping>'
    body = (
        f'<subProcess id="g">{inside(handed)}<dataObject id="o" name="own"/><startEvent id="gs"/>' + job("ga")
        + '<endEvent id="ge"/><sequenceFlow id="q0" sourceRef="gs" targetRef="ga"/><sequenceFlow id="q1" '
        'sourceRef="ga" targetRef="ge"/></subProcess>'
    )  # fmt: skip
    found = dataflow(read(S + body + E + flows("s g", "g e"))).variables
    assert [use.how for use in found["b"].sets] == ["inside it"]
    assert [use.how for use in found["a"].reads] == ["input"]
    assert found["own"].body()["lives_in"] == "g"


def test_spans_follow_from_timers_due_dates_loops_and_what_is_waited_for() -> None:
    due = '<zeebe:userTask/><zeebe:taskSchedule dueDate="{}"/>'
    process = line(
        f'<userTask id="a">{inside(due.format("P3D"))}</userTask>',
        f'<userTask id="b">{inside(due.format("=when"))}</userTask>',
        f'<userTask id="c">{inside(due.format("P1D"))}{LOOP}</userTask>',
        '<manualTask id="dd"/>',
        catch("f", '<signalEventDefinition signalRef="g_"/>'),
        catch(
            "h", "<conditionalEventDefinition><condition>=one &gt; 1</condition></conditionalEventDefinition>"
        ),
        catch("i", f'<signalEventDefinition signalRef="g_"/>{DURATION.format("P2D")}'),
        catch("j", '<signalEventDefinition signalRef="g_"/><messageEventDefinition messageRef="m_"/>'),
        catch("t", "<timerEventDefinition><timeDate>=two</timeDate></timerEventDefinition>"),
        f'<callActivity id="k">{inside("""<zeebe:calledElement processId="other"/>""")}</callActivity>',
        '<receiveTask id="r" messageRef="m_"/>',
    )
    found = {key: span_of(process, one) for key, one in process.elements.items()}
    day = 86_400_000
    assert found["a"] == (0, 3 * day, "it is due")
    assert found["b"][1:] == (None, "due at when")
    assert found["c"][1:] == (None, "one after the other, for as many as there are")
    assert found["dd"] == (0, None, "done by hand")
    assert found["f"].why == "waits for signal alarm"
    assert found["h"].why == "waits for one > 1"
    assert found["i"] == (0, 2 * day, "the first of several")
    assert found["j"] == (0, None, "waits for events")
    assert found["t"] == (0, None, "until two")
    assert found["k"] == (0, None, "what process other takes")
    assert found["r"].why == "waits for message answer"
    assert timeline(process)["e"].end.open == {"b", "c", "dd", "f", "h", "j", "t", "k", "r"}


def test_a_timer_on_the_border_stops_a_step_and_begins_its_own_way() -> None:
    stop = f'<boundaryEvent id="x" attachedToRef="a">{DURATION.format("P1D")}</boundaryEvent>'
    ask = f'<boundaryEvent id="y" attachedToRef="a" cancelActivity="false">{DURATION.format("PT6H")}</boundaryEvent>'
    process = read(
        S + '<manualTask id="a"/>' + stop + ask + job("b") + job("c") + E
        + flows("s a", "a e", "x b", "y c", "b e", "c e")
    )  # fmt: skip
    windows = timeline(process)
    assert windows["a"].span == (0, 86_400_000, "a timer stops it")
    assert (windows["b"].start.least, windows["b"].start.most) == (86_400_000, 86_400_000)
    assert windows["c"].start.least == 21_600_000
    assert [(one.kind, one.text) for one in marks_of(process, process.elements["a"])] == [
        ("limit", "P1D to x"),
        ("timer", "PT6H to y"),
    ]


def test_loops_count_once_and_what_nothing_reaches_has_no_time() -> None:
    process = read(
        S + '<exclusiveGateway id="m1"/>' + catch("w", DURATION.format("P1D")) + '<exclusiveGateway id="x" default="f4"/>'
        + E + flows("s m1", "m1 w", "w x", "x e", "x m1: again")
    )  # fmt: skip
    windows = timeline(process)
    assert (windows["e"].end.least, windows["e"].end.most) == (86_400_000, 86_400_000)
    rows = timeline_rows(process)
    assert rows[1] == {"end": "e", "name": "e", "earliest": "P1D", "latest": "P1D"}


def test_spans_and_names_are_written_short_and_safe() -> None:
    assert [span_text(each) for each in (0, 1_500, 61_000, 90_000_000, 86_400_000)] == [
        "PT0S",
        "PT1.500S",
        "PT1M1S",
        "P1DT1H",
        "P1D",
    ]
    assert plain("a: b; c, #d%%\n") == "a b c d"
    assert plain(":") == "-"
