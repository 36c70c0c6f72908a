"""Running instances that move over to another version of their process, element kind by element kind."""

from typing import Any

import pytest

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.compare.plan import plan
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.evolve import fold
from flowmaster.engine.migrating import migrated
from flowmaster.engine.model import Executable
from flowmaster.engine.state import TaskWait, TimerWait
from tests.engine.cases import Case, E, S, flows, job, model, script, timer, user
from tests.engine.pieces import DEFINITIONS, handler, marked, several, sub, undone

DAY = 86_400_000


def move(case: Case, new: Executable, **given: str) -> list[ev.Event]:
    """Let a case go on by another version; folding its events gives the same state."""
    new = new._replace(version=case.model.version + 1)
    before = case.state.copy()
    decided = migrated(
        new, case.state.copy(), plan(case.model.process, new.process, given), at=case.now, by="tester"
    )
    assert fold(before, decided.events) == decided.state
    assert decided.state.version == new.version
    case.model, case.state = new, decided.state
    case.events += decided.events
    case._check_tokens()
    return list(decided.events)


def refused(case: Case, new: Executable, **given: str) -> list[str]:
    """Return the causes for which a case cannot move over, which leave it as it is."""
    before = case.state.copy()
    with pytest.raises(FlowMasterError) as caught:
        move(case, new, **given)
    assert case.state == before
    assert caught.value.code == "instance.not_migratable"
    assert caught.value.fix
    expected: Any = caught.value.expected
    return [str(cause["cause"]) for cause in expected]


def line(*steps: str, **more: str) -> Executable:
    """Return a process of steps in a row."""
    keys = [each.split(' id="')[1].split('"')[0] for each in steps]
    pairs = zip(["s", *keys], [*keys, "e"], strict=True)
    return model(S + E + "".join(steps) + flows(*map(" ".join, pairs)) + "".join(more.values()))


def named(body: str, key: str, name: str) -> str:
    return body.replace(f' id="{key}"', f' id="{key}" name="{name}"')


def test_a_step_with_another_id_is_found_by_its_name_and_its_task_stays_as_people_left_it() -> None:
    case = Case(line(named(user("a"), "a", "Check"), user("b")))
    case.do(cmd.ActOnTask, case.wait("a").id, "claim", by="ann")
    case.do(cmd.ActOnTask, case.wait("a").id, "save_draft", {"x": 1}, by="ann")
    was = case.wait("a")
    events = move(case, line(named(user("check"), "check", "Check"), user("b"), user("c")))
    assert case.wait("check") == was.but(element="check")
    assert [type(event) for event in events] == [ev.InstanceMigrated]
    for step in ("check", "b", "c"):
        case.complete(step, by="ann")
    assert case.state.status == "completed"
    assert case.state.variables["x"] == 1


def test_a_step_that_is_gone_is_refused_unless_somebody_names_what_it_becomes() -> None:
    case = Case(line(user("a"), user("b")))
    new = line(user("x"), user("y"), user("b"))
    assert refused(case, new) == ["gone"]
    with pytest.raises(FlowMasterError, match="Did you mean 'x'"):
        move(case, new, a="xx")
    move(case, new, a="y")
    assert case.waiting == ["y"]


def test_a_task_takes_what_the_new_version_says_of_it_and_keeps_its_holder() -> None:
    def task(roles: str, due: str) -> str:
        assigned = f'<zeebe:assignmentDefinition candidateGroups="{roles}"/><zeebe:taskSchedule dueDate="=&quot;{due}&quot;"/>'
        return user("a", assigned)

    case = Case(line(task("clerk", "P1D")))
    opened = case.now
    case.now += DAY
    case.do(cmd.ActOnTask, case.wait("a").id, "claim", by="ann")
    move(case, line(task("boss", "P3D")))
    revised = case.wait("a")
    assert (revised.roles, revised.due) == (("boss",), opened + 3 * DAY)
    assert (revised.assignee, revised.state) == ("ann", "reserved")


def test_times_that_were_changed_count_from_the_beginning_and_others_stay() -> None:
    old = line(
        user("a"), t=timer("t", "a", "P2D") + timer("k", "a", "P9D"), f=flows("t e", "k e").replace("f", "g")
    )
    case = Case(old)
    opened = case.now
    kept = case.wait("k")
    case.now += DAY
    move(
        case,
        line(
            user("a"),
            t=timer("t", "a", "P5D") + timer("k", "a", "P9D"),
            f=flows("t e", "k e").replace("f", "g"),
        ),
    )
    assert case.wait("t").due == opened + 5 * DAY
    assert case.wait("k") == kept
    case.fire("t")
    assert case.state.status == "completed"


def test_what_stands_newly_on_the_border_is_waited_for_and_what_is_gone_is_not() -> None:
    plain, timed = (
        line(user("a")),
        line(user("a"), t=timer("t", "a", "P2D"), f=flows("t e").replace("f", "g")),
    )
    case = Case(plain)
    case.now += DAY
    move(case, timed)
    assert case.wait("t").due == case.now + 2 * DAY, "what is newly waited for counts from now"
    move(case, plain)
    assert case.waiting == ["a"]
    case.complete("a")
    assert case.state.status == "completed"


def test_what_has_happened_does_not_happen_again() -> None:
    def version(duration: str) -> Executable:
        once = timer("t", "a", duration, interrupting=False)
        return line(user("a"), t=once, f=flows("t e").replace("f", "g"))

    case = Case(version("P1D"))
    case.fire("t")
    move(case, version("P1D"))
    assert case.waiting == ["a"]
    move(case, version("P3D"))
    assert case.waiting == ["a"]


def test_a_job_is_offered_by_its_new_type_with_the_retries_it_has_left() -> None:
    case = Case(line(job("a", "old")))
    case.do(cmd.FailJob, case.wait("a").id, "no", 1, None)
    move(case, line(job("a", "new")))
    assert (case.wait("a").type, case.wait("a").retries) == ("new", 1)
    case.job("a")
    assert case.state.status == "completed"


def test_turns_under_way_go_on_and_a_loop_of_another_kind_is_refused() -> None:
    def version(marker: str, step: str = "a") -> Executable:
        return line(named(marked(user(step), marker), step, "Ask"), script("z", "1", "z"))

    each = several(items="[1,2,3]", sequential=True, collected="item")
    case = Case(version(each))
    case.complete("a")
    move(case, version(each, "ask"))
    for _ in range(2):
        case.complete("ask")
    assert case.state.status == "completed"
    assert case.state.variables["results"] == [1, 2, 3]
    assert refused(Case(version(each)), version(several(items="[1,2,3]", collected="item"))) == ["other_loop"]
    assert refused(Case(version(each)), line(named(user("a"), "a", "Ask"))) == ["other_loop"]


def test_a_called_process_goes_on_and_comes_back() -> None:
    call = '<callActivity id="c"><extensionElements><zeebe:calledElement processId="q"/></extensionElements></callActivity>'
    case = Case(line(named(call, "c", "Do")))
    case.do(cmd.ReportChildStarted, case.wait("c").id, "q:1")
    move(case, line(named(call.replace('"c"', '"c2"').replace('"q"', '"r"'), "c2", "Do"), user("b")))
    assert (case.wait("c2").process, case.wait("c2").child) == ("q", "q:1")
    case.do(cmd.ReportChildEnded, case.wait("c2").id, "completed", {"x": 1}, "", "")
    assert case.waiting == ["b"]


def both(*more: str, join: str = "parallelGateway", extra: str = "") -> Executable:
    """Return a fork into two tasks and more, and their join."""
    ways = ["s f", "f a", "f b", "a j", "b j", "j e", *more]
    gates = f'<parallelGateway id="f"/><{join} id="j"/>'
    return model(S + E + gates + user("a") + user("b") + extra + flows(*ways))


def test_a_token_at_a_join_waits_for_the_ways_that_the_new_version_has() -> None:
    case = Case(both())
    case.complete("a")
    later = model(
        S + E + '<parallelGateway id="f"/><parallelGateway id="j"/>' + user("a") + user("b") + user("c")
        + flows("s f", "f a", "f b", "a c", "c j", "b j", "j e")
    )  # fmt: skip
    move(case, later)
    case.complete("b")
    assert case.state.status == "completed"


def test_a_join_that_would_wait_in_vain_is_refused() -> None:
    case = Case(both())
    case.complete("a")
    assert refused(case, both("f c", "c j", extra=user("c"))) == ["in_vain"]
    early = Case(line(user("a")))
    move(early, line(user("a"), user("b")))
    assert early.waiting == ["a"]


def test_a_join_that_asks_for_no_more_lets_its_token_go_on() -> None:
    case = Case(both())
    case.complete("a")
    alone = model(S + E + '<parallelGateway id="f"/><parallelGateway id="j"/>' + user("a") + user("b")
                  + flows("s f", "f a", "f b", "a j", "j e", "b e"))  # fmt: skip
    move(case, alone)
    assert case.waiting == ["b"]
    case.complete("b")
    assert case.state.status == "completed"


def test_events_inside_and_around_sub_processes_are_armed_anew() -> None:
    def version(*, handled: bool) -> Executable:
        stop = handler("h", '<signalEventDefinition signalRef="go"/>', user("u"), "h_s u", "u h_e")
        inner = user("a") + (stop if handled else "")
        return model(S + E + sub("x", inner, "x_s a", "a x_e") + flows("s x", "x e"), DEFINITIONS)

    case = Case(version(handled=False))
    move(case, version(handled=True))
    assert case.waiting == ["a", "h_s"]
    case.receive("h_s")
    assert case.waiting == ["u"]
    assert refused(case, version(handled=False)) == ["gone", "gone"]


def test_the_way_to_undo_what_is_done_must_not_get_lost() -> None:
    def version(*, kept: bool) -> Executable:
        step = user("a") + (undone("a", script("w", "1", "w")) if kept else "")
        throw = '<intermediateThrowEvent id="c"><compensateEventDefinition/></intermediateThrowEvent>'
        return model(S + E + step + user("b") + throw + flows("s a", "a b", "b c", "c e"))

    case = Case(version(kept=True))
    case.complete("a")
    assert refused(case, version(kept=False)) == ["undoing_lost"]
    move(case, version(kept=True))
    case.complete("b")
    assert case.state.variables["w"] == 1


def test_an_incident_moves_with_its_stage_and_is_mended_by_the_new_version() -> None:
    wrong, right = (
        user("a", f'<zeebe:assignmentDefinition assignee="={who}"/>') for who in ("1", "&quot;ann&quot;")
    )
    case = Case(line(wrong))
    assert case.incidents() == {"a": "task.assignee_no_name"}
    move(case, line(right))
    assert case.incidents() == {"a": "task.assignee_no_name"}
    case.do(cmd.Retry)
    assert case.wait("a").assignee == "ann"


def test_exclusions_still_know_who_performed_a_renamed_step() -> None:
    case = Case(line(named(user("a"), "a", "Check"), user("b")))
    case.complete("a", by="ann")
    move(case, line(named(user("z"), "z", "Check"), user("b")))
    assert case.state.performers == {"z": ("ann",)}


def test_an_ended_instance_is_refused() -> None:
    case = Case(line(script("a", "1", "y")))
    with pytest.raises(FlowMasterError, match="completed"):
        move(case, line(script("a", "1", "y")))


def test_a_timer_in_the_flow_and_an_event_gateway_follow_the_new_version() -> None:
    def version(duration: str, signal: str, gateway: str = "g") -> Executable:
        t = f'<intermediateCatchEvent id="t"><timerEventDefinition><timeDuration>{duration}</timeDuration></timerEventDefinition></intermediateCatchEvent>'
        k = f'<intermediateCatchEvent id="k"><signalEventDefinition signalRef="{signal}"/></intermediateCatchEvent>'
        signals = '<signal id="go" name="go"/><signal id="no" name="no"/>'
        body = f'<eventBasedGateway id="{gateway}"/>' + t + k
        return model(
            S + E + body + flows(f"s {gateway}", f"{gateway} t", f"{gateway} k", "t e", "k e"), signals
        )

    case = Case(version("P1D", "go"))
    begun = case.now
    case.now += 1000
    move(case, version("P2D", "no", "gate"))
    waits: dict[str, Any] = {wait.element: wait for wait in case.state.waits.values()}
    assert waits["t"].due == begun + 2 * DAY
    assert waits["k"].name == "no"
    case.receive("k")
    assert case.state.status == "completed"


def test_deadlines_follow_the_new_version_and_those_that_stay_are_kept() -> None:
    def version(*durations: str) -> Executable:
        inner = "".join(f'<fm:deadline after="{one}" action="remind"/>' for one in durations)
        return line(user("a", inner))

    case = Case(version("P1D", "P2D"))
    opened = case.now
    case.now += 1000
    move(case, version("P1D", "P4D", "P6D"))
    dues = sorted(wait.due - opened for wait in case.state.waits.values() if isinstance(wait, TimerWait))
    assert dues == [DAY, 4 * DAY, 6 * DAY]
    assert sum(isinstance(wait, TaskWait) for wait in case.state.waits.values()) == 1
