"""What is done is undone: in reverse, once, with the data it had, and nothing of it catches any more (10.7, 13.5.5)."""

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.state import EventWait, TaskWait
from tests.engine.cases import Case, E, S, flows, job, model, script, timer, user
from tests.engine.pieces import (
    DEFINITIONS,
    ERROR,
    ESCALATION,
    MESSAGE,
    SIGNAL,
    TERMINATE,
    UNDO,
    border,
    handler,
    marked,
    repeated,
    several,
    sub,
    throw,
    undone,
)

COMPENSATE = "<compensateEventDefinition/>"


def order(case: Case, *names: str) -> list[str]:
    return [element for element in case.completed() if element in names]


TWO = script("a", "1", "x") + script("b", "2", "y") + undone("a", script("ua", "0", "x"))


def test_handlers_run_in_reverse_and_then_the_token_goes_on() -> None:
    case = Case(
        model(S + TWO + undone("b", user("ub")) + UNDO + user("t") + flows("s a", "a b", "b c", "c t"))
    )
    assert case.waiting == ["ub"]
    assert case.state.variables["x"] == 1
    case.complete("ub")
    assert (case.waiting, case.state.variables["x"]) == (["t"], 0)
    assert order(case, "ub", "ua", "c") == ["ub", "ua", "c"]


def test_what_has_been_undone_is_not_undone_again() -> None:
    case = Case(model(S + TWO + UNDO + throw("c2") + E + flows("s a", "a b", "b c", "c c2", "c2 e")))
    assert order(case, "ua", "c", "c2") == ["ua", "c", "c2"]
    assert case.state.status == "completed"


def test_what_was_done_several_times_is_undone_as_often() -> None:
    gate = '<exclusiveGateway id="g"/><exclusiveGateway id="h"/>'
    count = script("a", "n + 1", "n") + undone("a", script("ua", "n - 1", "n"))
    body = S + gate + count + UNDO + E + flows("s g", "g a", "a h", "h g: n &lt; 3", "h c: n &gt;= 3", "c e")
    case = Case(model(body), {"n": 0})
    assert order(case, "ua") == ["ua"] * 3
    assert case.state.variables["n"] == 0


def test_one_activity_alone_is_undone_where_the_event_names_it() -> None:
    body = S + TWO + undone("b", script("ub", "0", "y")) + throw("c", 'activityRef="a"') + user("t")
    case = Case(model(body + throw("again") + E + flows("s a", "a b", "b c", "c t", "t again", "again e")))
    assert order(case, "ua", "ub") == ["ua"]
    case.complete("t")
    assert order(case, "ua", "ub") == ["ua", "ub"]


def test_an_activity_that_has_not_completed_or_did_nothing_is_not_undone() -> None:
    fork = '<parallelGateway id="g"/>'
    body = S + fork + user("a") + undone("a", script("ua", "0", "x")) + UNDO + E
    case = Case(model(body + flows("s g", "g a", "g c", "c e")))
    assert case.waiting == ["a"]
    assert order(case, "ua", "c") == ["c"]


def test_what_was_interrupted_is_not_undone() -> None:
    body = S + user("a") + undone("a", script("ua", "0", "x")) + timer("late", "a", "PT1H") + UNDO + E
    case = Case(model(body + flows("s a", "a e", "late c", "c e")))
    case.fire("late")
    assert order(case, "ua", "late", "c") == ["late", "c"]


def test_an_event_that_does_not_wait_goes_on_beside_the_undoing() -> None:
    body = S + script("a", "1", "x") + undone("a", user("ua")) + throw("c", 'waitForCompletion="false"')
    case = Case(model(body + user("t") + E + flows("s a", "a c", "c t", "t e")))
    assert case.waiting == ["t", "ua"]
    case.complete("t")
    assert case.state.status == "active"
    case.complete("ua")
    assert case.state.status == "completed"
    assert order(case, "c") == ["c"]


def test_an_end_event_compensates_before_the_scope_is_over() -> None:
    case = Case(
        model(
            S
            + script("a", "1", "x")
            + undone("a", user("ua"))
            + throw("c", kind="endEvent")
            + flows("s a", "a c")
        )
    )
    assert case.waiting == ["ua"]
    case.complete("ua")
    assert case.state.status == "completed"


INNER = script("a", "item", "x") + undone("a", user("ua"))


def nested(more: str = "", marker: str = "") -> str:
    return sub("sub", INNER + more, "sub_s a", "a sub_e", marker=marker)


def test_a_sub_process_is_undone_inside_with_the_variables_it_had() -> None:
    mapping = '<extensionElements><zeebe:ioMapping><zeebe:input source="=n" target="item"/></zeebe:ioMapping></extensionElements>'
    inside = nested().replace('<startEvent id="sub_s"/>', mapping + '<startEvent id="sub_s"/>', 1)
    case = Case(
        model(S + inside + script("m", "99", "n") + UNDO + E + flows("s sub", "sub m", "m c", "c e")),
        {"n": 7},
    )
    (again,) = [node for node in case.state.nodes.values() if node.element == "sub"]
    assert again.variables == {"item": 7}
    case.complete("ua")
    assert case.state.status == "completed"


def test_scopes_in_scopes_are_undone_from_the_inside_of_the_last_one() -> None:
    deep = sub("deep", script("b", "1", "y") + undone("b", script("ub", "0", "y")), "deep_s b", "b deep_e")
    body = script("a", "1", "x") + undone("a", script("ua", "0", "x"))
    outer = sub("sub", body + deep, "sub_s a", "a deep", "deep sub_e")
    last = script("z", "1", "z") + undone("z", script("uz", "0", "z"))
    case = Case(model(S + outer + last + UNDO + E + flows("s sub", "sub z", "z c", "c e")))
    assert order(case, "ua", "ub", "uz") == ["uz", "ub", "ua"]
    assert case.state.status == "completed"


def test_a_handler_of_a_sub_process_as_a_whole_replaces_those_inside() -> None:
    body = S + nested() + undone("sub", user("us")) + UNDO + E
    case = Case(model(body + flows("s sub", "sub c", "c e")))
    assert case.waiting == ["us"]
    case.complete("us")
    assert case.state.status == "completed"


def test_an_event_sub_process_undoes_a_scope_and_may_let_its_inside_be_undone() -> None:
    own = handler("es", COMPENSATE, user("first") + throw("t"), "es_s first", "first t", "t es_e")
    case = Case(model(S + nested(own) + UNDO + E + flows("s sub", "sub c", "c e")))
    assert case.waiting == ["first"]
    case.complete("first")
    assert case.waiting == ["ua"]
    case.complete("ua")
    assert order(case, "first", "ua", "t", "es", "c") == ["first", "ua", "t", "es", "c"]
    assert case.state.status == "completed"


def test_an_event_sub_process_that_does_not_ask_for_it_leaves_the_inside_as_it_is() -> None:
    own = handler("es", COMPENSATE, user("first"), "es_s first", "first es_e")
    case = Case(model(S + nested(own) + UNDO + E + flows("s sub", "sub c", "c e")))
    case.complete("first")
    assert case.state.status == "completed"
    assert "ua" not in case.completed()


def test_an_event_in_an_event_sub_process_undoes_what_its_scope_has_done() -> None:
    own = handler("es", SIGNAL, throw("t"), "es_s t", "t es_e")
    body = sub("sub", INNER + user("w") + own, "sub_s a", "a w", "w sub_e")
    case = Case(model(S + body + E + flows("s sub", "sub e"), DEFINITIONS))
    case.receive("es_s")
    assert case.waiting == ["ua"]
    case.complete("ua")
    assert case.state.status == "completed"


def test_an_event_inside_finds_the_activity_it_names_further_out() -> None:
    inside = sub("sub", throw("t", 'activityRef="a"'), "sub_s t", "t sub_e")
    case = Case(
        model(
            S
            + script("a", "1", "x")
            + undone("a", script("ua", "0", "x"))
            + inside
            + E
            + flows("s a", "a sub", "sub e")
        )
    )
    assert order(case, "ua", "t") == ["ua", "t"]


def test_an_event_inside_undoes_its_own_scope_alone() -> None:
    inside = sub("sub", INNER + throw("t"), "sub_s a", "a t", "t sub_e")
    outer = script("z", "1", "z") + undone("z", script("uz", "0", "z"))
    case = Case(model(S + outer + inside + E + flows("s z", "z sub", "sub e")))
    case.complete("ua")
    assert order(case, "ua", "uz") == ["ua"]


def test_each_turn_is_undone_with_its_own_item_the_last_one_first() -> None:
    work = marked(script("a", "item", "x"), several(items="[1, 2, 3]"))
    undo = undone("a", script("ua", "append(seen, item)", "seen"))
    case = Case(model(S + work + undo + UNDO + E + flows("s a", "a c", "c e")), {"seen": []})
    assert case.state.variables["seen"] == [3, 2, 1]


def test_each_round_of_a_loop_is_undone() -> None:
    work = marked(script("a", "n + 1", "n"), repeated("n &lt; 3"))
    undo = undone("a", script("ua", "n - 1", "n"))
    case = Case(model(S + work + undo + UNDO + E + flows("s a", "a c", "c e")), {"n": 0})
    assert (order(case, "ua"), case.state.variables["n"]) == (["ua"] * 3, 0)


def test_turns_of_a_sub_process_are_undone_one_by_one_by_what_they_hold() -> None:
    work = nested(marker=several(items="[1, 2]"))
    case = Case(model(S + work + UNDO + E + flows("s sub", "sub c", "c e")))
    for item in (2, 1):
        (task,) = case.state.waits.values()
        seen = case.state.nodes[case.state.nodes[case.state.nodes[task.node].scope].scope].variables
        assert seen is not None
        assert seen["item"] == item
        case.complete("ua")
    assert case.state.status == "completed"


def test_turns_are_undone_one_by_one_by_their_event_sub_process() -> None:
    own = handler("es", COMPENSATE, script("us", "append(seen, item)", "seen"), "es_s us", "us es_e")
    work = nested(own, several(items="[1, 2]"))
    case = Case(model(S + work + UNDO + E + flows("s sub", "sub c", "c e")), {"seen": []})
    assert case.state.variables["seen"] == [2, 1]


def test_an_activity_whose_turns_were_none_has_nothing_to_undo() -> None:
    work = marked(script("a", "1", "x"), several("0"))
    case = Case(model(S + work + undone("a", user("ua")) + UNDO + E + flows("s a", "a c", "c e")))
    assert case.state.status == "completed"


def test_what_a_handler_does_inside_is_not_undone_itself() -> None:
    undoing = sub("h", script("k", "1", "k") + undone("k", user("uk")), "h_s k", "k h_e")
    body = S + script("a", "1", "x") + undone("a", undoing) + UNDO + throw("c2") + throw("c3") + E
    case = Case(model(body + flows("s a", "a c", "c c2", "c2 c3", "c3 e")))
    assert case.state.status == "completed"


def test_an_event_on_the_border_of_a_handler_takes_nothing_from_what_is_left_to_undo() -> None:
    body = S + TWO + undone("b", user("ub")) + timer("late", "ub", "PT1H") + user("call") + UNDO + E
    case = Case(model(body + flows("s a", "a b", "b c", "c e", "late call")))
    case.fire("late")
    assert case.waiting == ["call"]
    case.complete("call")
    assert order(case, "late", "call", "ua", "c") == ["late", "call", "ua", "c"]


def test_an_error_of_a_handler_goes_out_to_the_scope_around_the_event() -> None:
    inside = sub("sub", script("a", "1", "x") + undone("a", job("ua")) + UNDO, "sub_s a", "a c", "c sub_e")
    body = S + inside + border("b", "sub", ERROR) + user("k") + E + flows("s sub", "sub e", "b k")
    case = Case(model(body, DEFINITIONS))
    case.do(cmd.ThrowJobError, case.wait("ua").id, "E", "", {})
    assert case.waiting == ["k"]


def test_the_borders_of_what_is_undone_catch_nothing_any_more() -> None:
    inside = sub("sub", script("a", "1", "x") + undone("a", job("ua")), "sub_s a", "a sub_e")
    body = (
        S + inside + border("b", "sub", ERROR) + user("k") + UNDO + E + flows("s sub", "sub c", "b k", "c e")
    )
    case = Case(model(body, DEFINITIONS))
    case.do(cmd.ThrowJobError, case.wait("ua").id, "E", "", {})
    assert case.incidents() == {"ua": "error.not_caught"}
    case.do(cmd.Retry)
    case.job("ua")
    assert case.state.status == "completed"


def test_an_escalation_of_a_handler_reaches_the_scope_around_the_event() -> None:
    note = f'<intermediateThrowEvent id="note">{ESCALATION}</intermediateThrowEvent>'
    undoing = sub("h", note, "h_s note", "note h_e")
    inside = sub("sub", script("a", "1", "x") + undone("a", undoing) + UNDO, "sub_s a", "a c", "c sub_e")
    beside = border("b", "sub", ESCALATION, interrupting=False)
    case = Case(model(S + inside + beside + user("k") + E + flows("s sub", "sub e", "b k"), DEFINITIONS))
    assert case.waiting == ["k"]
    assert "sub" in case.completed()


def test_a_terminate_in_a_handler_ends_the_handler_alone() -> None:
    undoing = sub(
        "h",
        user("w") + f'<endEvent id="x">{TERMINATE}</endEvent>' + '<parallelGateway id="g"/>',
        "h_s g",
        "g w",
        "g x",
    )
    case = Case(
        model(
            S
            + TWO.replace(undone("a", script("ua", "0", "x")), undone("a", undoing))
            + UNDO
            + E
            + flows("s a", "a b", "b c", "c e")
        )
    )
    assert case.state.status == "completed"
    assert "w" in case.cancelled()


def test_a_mutex_is_not_held_by_what_is_undone() -> None:
    mutex = '<extensionElements><fm:mutex name="m"/></extensionElements>'
    inside = nested().replace('<startEvent id="sub_s"/>', mutex + '<startEvent id="sub_s"/>', 1)
    fork = '<parallelGateway id="g"/>'
    body = S + inside + fork + UNDO + user("t", '<fm:mutex name="m"/>') + E
    case = Case(model(body + flows("s sub", "sub g", "g c", "g t", "c e", "t e")))
    assert sorted(wait.element for wait in case.state.waits.values() if isinstance(wait, TaskWait)) == [
        "t",
        "ua",
    ]
    assert not [wait for wait in case.state.waits.values() if isinstance(wait, EventWait)]


def test_a_handler_may_run_several_times() -> None:
    undoing = marked(user("ua"), several("2"))
    case = Case(
        model(S + script("a", "1", "x") + undone("a", undoing) + UNDO + E + flows("s a", "a c", "c e"))
    )
    assert case.waiting == ["ua", "ua"]
    for wait in list(case.state.waits):
        case.do(cmd.ActOnTask, wait, "complete", {})
    assert case.state.status == "completed"


def test_a_handler_that_fails_is_tried_again() -> None:
    undoing = '<businessRuleTask id="ua"><extensionElements><zeebe:calledDecision decisionId="no" resultVariable="x"/></extensionElements></businessRuleTask>'
    case = Case(
        model(S + script("a", "1", "x") + undone("a", undoing) + UNDO + E + flows("s a", "a c", "c e"))
    )
    assert case.incidents() == {"ua": "rule.unknown"}
    case.do(cmd.Retry)
    assert case.incidents() == {"ua": "rule.unknown"}
    case.do(cmd.Skip, "ua")
    assert case.state.status == "completed"


def test_an_instance_that_is_undone_catches_no_errors_at_its_own_handlers() -> None:
    own = handler("es", ERROR, user("k"), "es_s k", "k es_e")
    case = Case(
        model(
            S + script("a", "1", "x") + undone("a", job("ua")) + user("t") + own + flows("s a", "a t"),
            DEFINITIONS,
        )
    )
    case.do(cmd.CancelInstance, compensate=True)
    case.do(cmd.ThrowJobError, case.wait("ua").id, "E", "", {})
    assert case.incidents() == {"ua": "error.not_caught"}
    case.do(cmd.Skip, "ua")
    assert case.state.status == "cancelled"


def test_whatever_is_thrown_beside_has_no_place_in_what_is_undone() -> None:
    message = f'<intermediateThrowEvent id="m1">{MESSAGE}</intermediateThrowEvent>'
    undoing = sub("h", message, "h_s m1", "m1 h_e")
    case = Case(
        model(S + script("a", "1", "x") + undone("a", undoing) + user("t") + flows("s a", "a t"), DEFINITIONS)
    )
    case.do(cmd.CancelInstance, compensate=True)
    assert [event.name for event in case.events if isinstance(event, ev.MessageSent)] == ["go"]
    assert case.state.status == "cancelled"


def test_an_inclusive_join_does_not_wait_for_what_is_undone_beside() -> None:
    fork = '<inclusiveGateway id="g"/><inclusiveGateway id="j"/>'
    body = S + script("a", "1", "x") + undone("a", user("ua")) + fork + user("w") + user("t")
    body += throw("c", 'waitForCompletion="false"')
    case = Case(model(body + flows("s a", "a g", "g c", "g w", "c j", "w j", "j t")))
    case.complete("w")
    assert case.waiting == ["t", "ua"]
