"""Activities with one mutex run one at a time: critical sections (workflow pattern 39)."""

import pytest

from flowmaster.engine import commands as cmd
from flowmaster.engine.state import EventWait, TaskWait
from tests.engine.cases import Case, E, S, flows, job, model, script, timer, user
from tests.engine.pieces import marked, several

MUTEX = '<fm:mutex name="stamp"/>'
FORK = '<parallelGateway id="g"/><parallelGateway id="j"/>'


def section(*keys: str, beside: str = "", more: tuple[str, ...] = ()) -> Case:
    """Start tasks with one mutex side by side."""
    ways = [way for key in keys for way in (f"g {key}", f"{key} j")]
    tasks = "".join(user(key, MUTEX) for key in keys)
    return Case(model(S + FORK + tasks + beside + E + flows("s g", *ways, *more, "j e")))


def open_tasks(case: Case) -> list[str]:
    return [wait.element for wait in case.state.waits.values() if isinstance(wait, TaskWait)]


def test_one_runs_and_the_others_follow_in_the_order_they_came() -> None:
    case = section("a", "b", "c")
    queued = [wait.element for wait in case.state.waits.values() if isinstance(wait, EventWait)]
    assert (open_tasks(case), queued) == (["a"], ["b", "c"])
    for key, left in (("a", ["b"]), ("b", ["c"]), ("c", [])):
        case.complete(key)
        assert open_tasks(case) == left
    assert case.state.status == "completed"


def test_other_mutexes_and_activities_without_one_do_not_wait() -> None:
    other = user("o", '<fm:mutex name="other"/>') + user("n")
    case = section("a", "b", beside=other, more=("g o", "o j", "g n", "n j"))
    assert sorted(open_tasks(case)) == ["a", "n", "o"]


def test_who_is_interrupted_or_skipped_passes_the_mutex_on() -> None:
    case = section("a", "b", "c", beside=timer("late", "a", "PT1H"), more=("late j",))
    case.fire("late")
    assert open_tasks(case) == ["b"]
    case.do(cmd.Skip, "b")
    assert open_tasks(case) == ["c"]


def test_who_is_skipped_in_the_queue_does_not_free_the_mutex() -> None:
    case = section("a", "b", "c")
    case.do(cmd.Skip, "b")
    assert open_tasks(case) == ["a"]
    case.complete("a")
    assert open_tasks(case) == ["c"]


def test_a_time_limit_runs_from_when_the_mutex_is_had() -> None:
    case = section("a", "b", beside=timer("late", "b", "PT1H"), more=("late j",))
    assert "late" not in case.waiting
    case.complete("a")
    assert "late" in case.waiting


def test_a_sub_process_holds_the_mutex_to_its_end() -> None:
    inner = '<startEvent id="is"/>' + user("x") + '<sequenceFlow id="i" sourceRef="is" targetRef="x"/>'
    scope = f'<subProcess id="p1"><extensionElements>{MUTEX}</extensionElements>{inner}</subProcess>'
    case = section("a", beside=scope, more=("g p1", "p1 j"))
    case.complete("a")
    assert open_tasks(case) == ["x"]
    case.complete("x")
    assert case.state.status == "completed"


def test_a_multi_instance_activity_takes_the_mutex_as_a_whole() -> None:
    loop = "<multiInstanceLoopCharacteristics><loopCardinality>=2</loopCardinality></multiInstanceLoopCharacteristics>"
    many = user("m", MUTEX).replace("</userTask>", loop + "</userTask>")
    case = section("a", beside=many, more=("g m", "m j"))
    case.complete("a")
    assert open_tasks(case) == ["m", "m"]


def test_the_holder_keeps_the_mutex_over_its_incident() -> None:
    tasks = job("a", inner=MUTEX) + user("b", MUTEX)
    case = Case(model(S + FORK + tasks + E + flows("s g", "g a", "g b", "a j", "b j", "j e")))
    case.do(cmd.FailJob, case.wait("a").id, "broken", 0, None)
    assert (open_tasks(case), case.incidents()) == ([], {"a": "job.failed"})
    case.do(cmd.Retry)
    case.job("a")
    assert open_tasks(case) == ["b"]


def test_what_never_waits_is_not_held_up() -> None:
    body = S + script("a", "1", "x").replace("</extensionElements>", MUTEX + "</extensionElements>")
    case = Case(model(body + E + flows("s a", "a e")))
    assert case.state.status == "completed"


@pytest.mark.parametrize("marker", ["", several("3", sequential=True)])
def test_a_mutex_that_is_freed_twice_in_one_step_is_passed_on_once(marker: str) -> None:
    inner = '<startEvent id="is"/><parallelGateway id="ig"/>' + user("x", MUTEX) + user("y", MUTEX)
    ways = "".join(
        f'<sequenceFlow id="i{place}" sourceRef="{source}" targetRef="{target}"/>'
        for place, (source, target) in enumerate((("is", "ig"), ("ig", "x"), ("ig", "y")))
    )
    body = (
        S
        + FORK
        + f'<subProcess id="p1">{inner}{ways}</subProcess>'
        + user("w")
        + marked(user("b", MUTEX), marker)
        + E
    )
    case = Case(
        model(
            body + timer("late", "p1", "PT1H") + flows("s g", "g p1", "g w", "w b", "p1 e", "b e", "late e")
        )
    )
    case.complete("w")
    case.do(cmd.Move, "y", "y")
    assert open_tasks(case) == ["x"]
    case.fire("late")
    assert open_tasks(case) == ["b"]
