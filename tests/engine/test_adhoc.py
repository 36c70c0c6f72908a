"""The ad-hoc sub-process: inner activities in any order, until enough is done or nothing is left (10.3.5, 13.3.5)."""

import pytest

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.limits import NODES_MAX
from tests.engine.cases import Case, E, S, flows, model, script, user
from tests.engine.pieces import DEFINITIONS, ERROR, SIGNAL, border, handler, several, ways

TWO = user("a") + user("b")


def ad_hoc(
    body: str = TWO,
    *inner: str,
    ordering: str = "Parallel",
    until: str = "",
    cancels: bool = True,
    active: str = "",
    collected: str = "",
    more: str = "",
    behind: tuple[str, ...] = (),
    **variables: object,
) -> Case:
    """Run an ad-hoc sub-process `h` with a body."""
    zeebe = f'activeElementsCollection="={active}"' if active else ""
    if collected:
        zeebe += f' outputCollection="results" outputElement="={collected}"'
    over = f"<completionCondition>={until}</completionCondition>" if until else ""
    held = (
        f'<adHocSubProcess id="h" ordering="{ordering}" cancelRemainingInstances="{str(cancels).lower()}">'
        f"<extensionElements><zeebe:adHoc {zeebe}/></extensionElements>{body}{ways('h', *inner)}{over}"
        "</adHocSubProcess>"
    )
    return Case(model(S + held + more + E + flows("s h", "h e", *behind), DEFINITIONS), variables)


def test_side_by_side_all_activities_begin_that_nothing_leads_to() -> None:
    case = ad_hoc(TWO + user("c"), "a c")
    assert case.waiting == ["a", "b"]
    case.complete("a")
    assert case.waiting == ["b", "c"]
    case.complete("c")
    case.complete("b")
    assert case.state.status == "completed"


def test_one_at_a_time_what_follows_an_activity_comes_before_the_next() -> None:
    case = ad_hoc(TWO + user("c"), "a c", ordering="Sequential")
    for name in ("a", "c", "b"):
        assert case.waiting == [name]
        case.complete(name)
    assert case.state.status == "completed"


def test_scripts_run_one_after_the_other_without_a_wait() -> None:
    case = ad_hoc(script("a", "n + 1", "n") + script("b", "n * 2", "n"), ordering="Sequential", n=1)
    assert (case.state.status, case.state.variables["n"]) == ("completed", 4)


@pytest.mark.parametrize("ordering", ["Parallel", "Sequential"])
def test_data_choose_what_begins_by_id_or_name(ordering: str) -> None:
    body = (
        TWO
        + '<userTask id="c" name="Call back"><extensionElements><zeebe:userTask/></extensionElements></userTask>'
    )
    case = ad_hoc(body, active="chosen", ordering=ordering, chosen=["Call back", "a"])
    if ordering == "Parallel":
        assert case.waiting == ["a", "c"]
    else:
        assert case.waiting == ["c"]
        case.complete("c")
        assert case.waiting == ["a"]


def test_an_activity_named_twice_runs_twice() -> None:
    assert ad_hoc(active="[&quot;a&quot;, &quot;a&quot;]").waiting == ["a", "a"]
    case = ad_hoc(active="[&quot;a&quot;, &quot;a&quot;]", ordering="Sequential")
    case.complete("a")
    case.complete("a")
    assert case.state.status == "completed"


def test_nothing_chosen_is_over_at_once() -> None:
    case = ad_hoc(active="[]", collected="1")
    assert (case.state.status, case.state.variables["results"]) == ("completed", [])


@pytest.mark.parametrize(
    ("chosen", "code"),
    [
        ("a", "adhoc.no_list"),
        (None, "adhoc.no_list"),
        (["a", "nobody"], "adhoc.activity_unknown"),
        ([7], "adhoc.activity_unknown"),
        (["a"] * NODES_MAX, "adhoc.too_many"),
    ],
)
def test_a_wrong_choice_is_an_incident_that_is_mended_and_tried_again(chosen: object, code: str) -> None:
    case = ad_hoc(active="chosen", chosen=chosen)
    assert (case.incidents(), case.waiting) == ({"h": code}, [])
    case.do(cmd.SetVariables, {"chosen": ["b"]})
    case.do(cmd.Retry)
    assert (case.incidents(), case.waiting) == ({}, ["b"])


def test_the_completion_condition_ends_what_still_runs() -> None:
    case = ad_hoc(until="done")
    case.complete("a", done=True)
    assert (case.state.status, case.cancelled()) == ("completed", ["b"])


def test_what_runs_may_be_finished_first() -> None:
    case = ad_hoc(until="done", cancels=False)
    case.complete("a", done=True)
    assert case.waiting == ["b"]
    case.complete("b")
    assert case.state.status == "completed"


def test_what_has_yet_to_begin_does_not_begin_once_it_is_enough() -> None:
    case = ad_hoc(until="done", cancels=False, ordering="Sequential")
    case.complete("a", done=True)
    assert case.state.status == "completed"
    assert "b" not in case.completed()


def test_results_are_collected_in_the_order_of_completion() -> None:
    case = ad_hoc(collected="mine")
    case.complete("b", mine=2)
    case.complete("a", mine=1)
    assert case.state.variables["results"] == [2, 1]


def test_a_condition_that_is_neither_true_nor_false_collects_the_result_once() -> None:
    case = ad_hoc(collected="1", until="flag", flag="no")
    case.complete("a")
    assert case.incidents() == {"a": "condition.not_boolean"}
    case.do(cmd.Retry)
    case.do(cmd.SetVariables, {"flag": False})
    case.do(cmd.Retry)
    case.complete("b")
    assert case.state.variables["results"] == [1, 1]


def test_gateways_events_and_event_sub_processes_inside_are_no_activities() -> None:
    own = handler("es", SIGNAL, "", "es_s es_e", interrupting=False)
    note = f'<intermediateThrowEvent id="n">{SIGNAL}</intermediateThrowEvent><exclusiveGateway id="x"/>'
    case = ad_hoc(user("a") + note + own, "a n", "n x", collected="1")
    case.complete("a")
    assert "es" in case.completed()
    assert case.state.variables["results"] == [1]


def test_an_event_sub_process_that_interrupts_keeps_the_rest_from_beginning() -> None:
    own = handler("es", SIGNAL, user("k"), "es_s k", "k es_e")
    case = ad_hoc(TWO + own, ordering="Sequential")
    case.receive("es_s")
    assert case.waiting == ["k"]
    case.complete("k")
    assert case.state.status == "completed"


def test_an_error_inside_leaves_by_the_border() -> None:
    case = ad_hoc(
        user("a") + f'<endEvent id="x">{ERROR}</endEvent>',
        "a x",
        more=border("bad", "h", ERROR) + user("k"),
        behind=("bad k",),
    )
    case.complete("a")
    assert case.waiting == ["k"]


def test_activities_inside_may_have_turns() -> None:
    place = user("a").replace("</userTask>", several("2") + "</userTask>")
    case = ad_hoc(place + user("b"), ordering="Sequential", collected="1")
    assert case.waiting == ["a", "a"]
    for wait in list(case.state.waits):
        case.do(cmd.ActOnTask, wait, "complete", {})
    case.complete("b")
    assert case.state.variables["results"] == [1, 1]


def test_skipping_and_moving_inside_go_on_with_the_next() -> None:
    case = ad_hoc(ordering="Sequential")
    case.do(cmd.Skip, "a")
    assert case.waiting == ["b"]
    case.do(cmd.Move, "b", "a")
    assert case.waiting == ["a"]
    case.complete("a")
    assert case.state.status == "completed"


def test_skipping_the_whole_ends_what_runs() -> None:
    case = ad_hoc()
    case.do(cmd.Skip, "h")
    assert case.state.status == "completed"
    assert case.cancelled() == ["a", "b"]


def test_many_activities_one_after_the_other_need_no_recursion() -> None:
    case = ad_hoc(
        script("a", "n + 1", "n"), active="for i in 1..1000 return &quot;a&quot;", ordering="Sequential", n=0
    )
    assert case.state.variables["n"] == 1000


def test_a_first_activity_that_is_enough_keeps_the_others_from_beginning() -> None:
    case = ad_hoc(script("a", "true", "done") + user("b"), until="done")
    assert case.state.status == "completed"
    assert not [event for event in case.events if isinstance(event, ev.WaitOpened)]


def test_what_comes_in_between_is_finished_before_the_next_activity_begins() -> None:
    own = handler("es", SIGNAL, user("k"), "es_s k", "k es_e", interrupting=False)
    body = script("a", "1", "x") + user("b") + own
    held = f'<adHocSubProcess id="h" ordering="Sequential">{body}</adHocSubProcess>'
    throw = f'<intermediateThrowEvent id="n">{SIGNAL}</intermediateThrowEvent>'
    case = Case(
        model(
            S + '<parallelGateway id="g"/>' + throw + held + E + flows("s g", "g h", "g n", "n e", "h e"),
            DEFINITIONS,
        )
    )
    assert case.waiting == ["es_s", "k"]
    case.complete("k")
    assert case.waiting == ["b", "es_s"]
