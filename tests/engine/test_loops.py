"""Activities that run several times: turns, their variables and results, what happens on their border (10.3.8, 13.3.6)."""

import pytest

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.limits import NODES_MAX, TURNS_MAX
from tests.engine.cases import Case, E, S, flows, job, model, script, timer, user
from tests.engine.pieces import (
    DEFINITIONS,
    ERROR,
    ESCALATION,
    SIGNAL,
    TERMINATE,
    border,
    handler,
    marked,
    several,
    sub,
)
from tests.engine.turns import run, turn


def test_results_stand_in_the_order_of_the_items_whatever_the_turns_do() -> None:
    case = run(user("t"), several(items="[10, 20, 30]", collected="item + more"))
    for number in (3, 1, 2):
        turn(case, number, more=number)
    assert case.state.variables["results"] == [11, 22, 33]
    assert "item" not in case.state.variables


def test_a_sequence_runs_one_turn_at_a_time_in_order() -> None:
    case = run(script("t", "item * 2", "r"), several(items="[3, 1, 2]", collected="r", sequential=True))
    assert case.state.variables["results"] == [6, 2, 4]
    waiting = run(user("t"), several(items="[3, 1, 2]", sequential=True))
    for number in (1, 2, 3):
        assert waiting.waiting == ["t"]
        turn(waiting, number)
    assert waiting.state.status == "completed"


def test_the_item_is_what_it_was_when_the_activity_began() -> None:
    case = run(user("t"), several(items="list", collected="item", sequential=True), list=[1, 2])
    case.do(cmd.SetVariables, {"list": [7, 8, 9]})
    turn(case, 1)
    turn(case, 2)
    assert case.state.variables["results"] == [1, 2]


@pytest.mark.parametrize(
    "marker", [several("0"), several(items="[]", collected="item"), several(items="[]", sequential=True)]
)
def test_no_turns_are_over_at_once(marker: str) -> None:
    case = run(user("t"), marker)
    assert case.state.status == "completed"
    assert case.state.variables.get("results", []) == []


@pytest.mark.parametrize(
    ("marker", "code"),
    [
        (several("-1"), "loop.no_number"),
        (several("1.5"), "loop.no_number"),
        (several("true"), "loop.no_number"),
        (several("missing"), "loop.no_number"),
        (several('"2"'), "loop.no_number"),
        (several(items="missing"), "loop.no_list"),
        (several(items="{a: 1}"), "loop.no_list"),
        (several(), "loop.number_missing"),
        (several(str(NODES_MAX)), "loop.too_many"),
        (several("10001", sequential=True), "loop.too_many"),
        (several("10**6000"), "loop.too_many"),
        (several(items="[1..20000]"), "loop.no_list"),
        (several(items="for i in 1..20001 return i"), "loop.too_many"),
    ],
)
def test_what_is_no_number_of_turns_is_one_incident_at_the_activity(marker: str, code: str) -> None:
    case = run(user("t"), marker.replace('"2"', "&quot;2&quot;"))
    assert case.incidents() == {"t": code}
    assert len(case.state.incidents) == 1
    case.do(cmd.Retry)
    assert case.incidents() == {"t": code}
    case.do(cmd.Skip, "t")
    assert case.state.status == "completed"


def test_turns_in_turns_never_fill_an_instance_beyond_its_limit() -> None:
    inner = sub(
        "t", marked(user("u"), several(str(NODES_MAX * 3 // 10))), "t_s u", "u t_e", marker=several("4")
    )
    case = Case(model(S + inner + E + flows("s t", "t e")))
    assert set(case.incidents().values()) == {"loop.too_many"}
    assert len(case.state.nodes) <= NODES_MAX
    assert len(case.state.incidents) == 1


def test_as_many_turns_as_an_instance_has_room_for_run_side_by_side() -> None:
    case = run(script("t", "loopCounter", "x"), several(str(NODES_MAX - 2)))
    assert case.state.status == "completed"


def test_a_thousand_turns_one_after_the_other_need_no_recursion() -> None:
    case = run(
        script("t", "item", "x"), several(items="for i in 1..1000 return i", collected="x", sequential=True)
    )
    assert case.state.variables["results"] == list(range(1, 1001))


def test_a_sequence_that_passes_too_many_steps_goes_on_when_it_is_tried_again() -> None:
    case = run(script("t", "1", "x"), several(str(TURNS_MAX), sequential=True))
    assert set(case.incidents().values()) == {"engine.too_many_steps"}
    case.do(cmd.Retry)
    assert case.state.status == "completed"


def test_the_completion_condition_ends_the_rest_and_keeps_what_there_is() -> None:
    case = run(
        user("t"), several(items="[1, 2, 3]", collected="item", until="numberOfCompletedInstances = 2")
    )
    turn(case, 3)
    turn(case, 1)
    assert case.state.variables["results"] == [1, None, 3]
    assert case.cancelled() == ["t"]


def test_the_completion_condition_sees_the_turn_and_the_results_so_far() -> None:
    marker = several(
        items="[1, 2]", collected="vote", until="vote = &quot;no&quot; or count(results[item = null]) = 0"
    )
    case = run(user("t"), marker)
    turn(case, 2, vote="no")
    assert case.state.status == "completed"
    assert case.state.variables["results"] == [None, "no"]


def test_the_counters_are_those_of_the_standard() -> None:
    seen = "[numberOfInstances, numberOfActiveInstances, numberOfCompletedInstances, numberOfTerminatedInstances]"
    case = run(script("t", seen, "r"), several("3", sequential=True))
    assert case.state.variables["r"] == [3, 1, 2, 0]
    side = run(user("t"), several("3", until="numberOfActiveInstances = 1"))
    turn(side, 1)
    assert side.state.status == "active"
    turn(side, 2)
    assert side.state.status == "completed"


def test_a_condition_that_is_neither_true_nor_false_stops_the_turn_before_it_is_counted() -> None:
    case = run(user("t"), several(items="[1, 2]", collected="item", until="flag"), flag="no")
    turn(case, 1)
    assert case.incidents() == {"t": "condition.not_boolean"}
    case.do(cmd.SetVariables, {"flag": None})
    case.do(cmd.Retry)
    assert (case.incidents(), case.waiting) == ({}, ["t"])
    turn(case, 2)
    assert case.state.variables["results"] == [1, 2]


def test_a_result_that_cannot_be_evaluated_stops_the_turn() -> None:
    large = "if item = 1 then count(for i in 1..n return i) else 0"
    case = run(user("t"), several(items="[1, 2]", collected=large), n=10**9)
    turn(case, 1)
    assert len(case.state.incidents) == 1
    case.do(cmd.SetVariables, {"n": 5})
    case.do(cmd.Retry)
    turn(case, 2)
    assert case.state.variables["results"] == [5, 0]


def test_turns_have_their_own_mappings_and_results_go_out_by_them() -> None:
    mapping = '<zeebe:ioMapping><zeebe:input source="=item + 1" target="mine"/><zeebe:output source="=mine * 2" target="out"/></zeebe:ioMapping>'
    case = run(user("t", mapping), several(items="[1, 2]", collected="out"))
    turn(case, 2)
    turn(case, 1)
    assert case.state.variables["results"] == [4, 6]
    assert {"mine", "out", "item"} & set(case.state.variables) == set()


def test_variables_set_at_the_activity_are_seen_by_all_turns() -> None:
    case = run(user("t"), several(items="[1, 2]", collected="item + bonus"))
    case.do(cmd.SetVariables, {"bonus": 5}, "t")
    turn(case, 1)
    turn(case, 2)
    assert case.state.variables["results"] == [6, 7]


def test_an_incident_in_one_turn_leaves_the_others_at_work() -> None:
    case = run(job("t", retries="=tries"), several(items="[1, 2]", collected="item"), tries="x")
    assert len(case.state.incidents) == 2
    case.do(cmd.SetVariables, {"tries": 1})
    case.do(cmd.Retry, "", next(iter(case.state.incidents)))
    assert (len(case.state.incidents), case.waiting) == (1, ["t"])
    case.job("t")
    case.do(cmd.Retry)
    case.job("t")
    assert case.state.variables["results"] == [1, 2]


def test_skipping_the_activity_ends_all_turns_with_what_is_given() -> None:
    case = run(user("t"), several(items="[1, 2]", collected="item"))
    case.do(cmd.Skip, "t", {"results": [0]})
    assert (case.state.status, case.state.variables["results"]) == ("completed", [0])


def test_moving_away_ends_all_turns() -> None:
    case = run(user("t"), several("3"), user("k"), "k e")
    case.do(cmd.Move, "t", "k")
    assert case.waiting == ["k"]
    case.do(cmd.Move, "k", "t")
    assert case.waiting == ["t"] * 3


def test_an_error_of_one_turn_leaves_by_the_border_and_ends_the_others() -> None:
    case = run(job("t"), several("3"), border("b", "t", ERROR) + user("k"), "b k", "k e")
    case.do(cmd.ThrowJobError, next(iter(case.state.waits)), "E", "", {})
    assert case.waiting == ["k"]
    case.complete("k")
    assert case.state.status == "completed"


def test_a_timer_on_the_border_is_one_for_all_turns() -> None:
    case = run(user("t"), several("3"), timer("b", "t", "PT1H") + user("k"), "b k")
    assert case.waiting.count("b") == 1
    case.fire("b")
    assert case.waiting == ["k"]


def test_an_event_that_does_not_interrupt_leaves_the_turns() -> None:
    case = run(user("t"), several("2"), border("b", "t", SIGNAL, interrupting=False) + user("k"), "b k")
    case.receive("b")
    case.receive("b")
    assert case.waiting == ["b", "k", "k", "t", "t"]
    turn(case, 1)
    turn(case, 2)
    assert case.waiting == ["k", "k"]


def test_an_escalation_of_each_turn_reaches_the_border() -> None:
    note = f'<intermediateThrowEvent id="n">{ESCALATION}</intermediateThrowEvent>'
    inner = sub("t", note + user("u"), "t_s n", "n u", "u t_e", marker=several("2"))
    beside = border("b", "t", ESCALATION, interrupting=False) + user("k")
    case = Case(model(S + inner + beside + E + flows("s t", "t e", "b k"), DEFINITIONS))
    assert case.waiting == ["k", "k", "u", "u"]


def test_an_escalation_that_interrupts_in_the_first_turn_keeps_the_next_from_beginning() -> None:
    note = f'<intermediateThrowEvent id="n">{ESCALATION}</intermediateThrowEvent>'
    inner = sub("t", note, "t_s n", "n t_e", marker=several("3"))
    case = Case(
        model(
            S + inner + border("b", "t", ESCALATION) + user("k") + E + flows("s t", "t e", "b k"), DEFINITIONS
        )
    )
    assert case.waiting == ["k"]
    assert case.completed().count("n") <= 1


def test_a_terminate_ends_its_own_turn_alone() -> None:
    fork = '<parallelGateway id="g"/>'
    stop = f'<endEvent id="x">{TERMINATE}</endEvent>'
    inner = sub("t", fork + user("u") + user("w") + stop, "t_s g", "g u", "g w", "u x", marker=several("2"))
    case = Case(model(S + inner + E + flows("s t", "t e")))
    case.do(
        cmd.ActOnTask,
        next(wait.id for wait in case.state.waits.values() if wait.element == "u"),
        "complete",
        {},
    )
    assert case.waiting == ["u", "w"]
    case.complete("u")
    assert case.state.status == "completed"


def test_each_turn_has_its_own_event_sub_process() -> None:
    own = handler("es", SIGNAL, user("h"), "es_s h", "h es_e")
    inner = sub("t", user("u") + own, "t_s u", "u t_e", marker=several("2"))
    case = Case(model(S + inner + E + flows("s t", "t e"), DEFINITIONS))
    starts = [wait for wait in case.state.waits.values() if wait.element == "es_s"]
    assert len(starts) == 2
    case.do(cmd.ReceiveEvent, starts[0].id)
    assert case.waiting == ["es_s", "h", "u"]
    case.complete("h")
    case.complete("u")
    assert case.state.status == "completed"


def test_an_error_in_a_turn_is_caught_inside_it_first() -> None:
    own = handler("es", ERROR, user("h"), "es_s h", "h es_e")
    inner = sub("t", job("u") + own, "t_s u", "u t_e", marker=several("2"))
    case = Case(
        model(S + inner + border("b", "t", ERROR) + user("k") + E + flows("s t", "t e", "b k"), DEFINITIONS)
    )
    case.do(cmd.ThrowJobError, next(iter(case.state.waits)), "E", "", {})
    assert case.waiting == ["h", "u"]


CALL = '<callActivity id="t"><extensionElements><zeebe:calledElement processId="other" propagateAllChildVariables="true"/></extensionElements></callActivity>'


def test_each_turn_calls_a_process_of_its_own() -> None:
    case = run(CALL, several(items="[1, 2]", collected="answer"))
    asked = [event for event in case.events if isinstance(event, ev.ChildRequested)]
    assert [event.variables["item"] for event in asked] == [1, 2]
    for event in reversed(asked):
        case.do(cmd.ReportChildEnded, event.wait, "completed", {"answer": f"a{event.variables['item']}"})
    assert case.state.variables["results"] == ["a1", "a2"]


def test_called_processes_of_other_turns_are_cancelled_when_one_fails() -> None:
    case = run(CALL, several("2"), border("b", "t", ERROR) + user("k"), "b k")
    first, second = [event.wait for event in case.events if isinstance(event, ev.ChildRequested)]
    case.do(cmd.ReportChildEnded, first, "failed", {}, "E", "no")
    assert case.waiting == ["k"]
    assert [event.wait for event in case.events if isinstance(event, ev.ChildCancelRequested)] == [second]


def test_loops_in_loops_keep_their_results_apart() -> None:
    inner = marked(script("u", "item * 10", "r"), several(items="item", collected="r"))
    case = Case(
        model(
            S
            + sub("t", inner, "t_s u", "u t_e", marker=several(items="[[1, 2], [3]]", collected="results"))
            + E
            + flows("s t", "t e")
        )
    )
    assert case.state.variables["results"] == [[10, 20], [30]]


def test_a_first_turn_that_is_enough_keeps_the_others_from_beginning() -> None:
    case = run(script("t", "item", "x"), several(items="[1, 2, 3]", collected="x", until="true"))
    assert case.state.variables["results"] == [1, None, None]
    assert case.cancelled() == ["t", "t"]


def test_a_sequence_that_is_interrupted_between_two_turns_does_not_go_on() -> None:
    throw = f'<intermediateThrowEvent id="n">{SIGNAL}</intermediateThrowEvent>'
    work = marked(script("t", "1", "x"), several("3", sequential=True)) + border("b", "t", SIGNAL) + user("k")
    body = S + '<parallelGateway id="g"/>' + work + throw + E
    case = Case(model(body + flows("s g", "g t", "g n", "n e", "t e", "b k"), DEFINITIONS))
    assert case.waiting == ["k"]
    assert case.completed().count("t") == 1


def test_tokens_that_find_no_room_in_an_instance_are_incidents() -> None:
    many = script("a", "1", "x").replace(" id=", ' completionQuantity="6700" id=', 1)
    inner = f'<subProcess id="w">{user("u")}</subProcess>'
    case = Case(model(S + many + f'<subProcess id="t">{inner}</subProcess>' + E + flows("s a", "a t", "t e")))
    assert set(case.incidents().values()) == {"engine.too_many_nodes"}
