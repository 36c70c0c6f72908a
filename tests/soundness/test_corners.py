"""What the check of the control flow makes of rare elements and shapes, each in a small process."""

from flowmaster.engine.bpmn.checks import check_process
from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.model import Process
from flowmaster.engine.soundness.analysis import Fault, judge
from flowmaster.engine.soundness.net import Act
from flowmaster.engine.soundness.telling import told
from tests.engine.cases import HEAD, E, S, flows, job, model, timer, user

ERRORS = '<error id="e1" errorCode="E1"/><error id="e2" errorCode="=code"/><escalation id="c1" escalationCode="C1"/>'
THROW = (
    '<intermediateThrowEvent id="{}"><escalationEventDefinition escalationRef="c1"/></intermediateThrowEvent>'
)
TERMINATE = '<endEvent id="k"><terminateEventDefinition/></endEvent>'


def process(*parts: str) -> Process:
    """Read a process."""
    return model("".join(parts), ERRORS).process


def faults(*parts: str) -> list[tuple[str, str]]:
    """Return the kind and the element of every fault."""
    return [(one.kind, one.element) for one in judge(process(*parts)).faults]


def fault(kind: str, *parts: str) -> Fault:
    """Return the first fault of a kind."""
    return next(one for one in judge(process(*parts)).faults if one.kind == kind)


def gateway(kind: str, key: str, default: str = "") -> str:
    """Write a gateway."""
    return f'<{kind}Gateway id="{key}"' + (f' default="{default}"/>' if default else "/>")


def sub(key: str, *parts: str) -> str:
    """Write a sub-process."""
    return f'<subProcess id="{key}">{"".join(parts)}</subProcess>'


def inner(*pairs: str) -> str:
    """Write the flows of a sub-process: t1, t2, ..."""
    return flows(*pairs).replace('id="f', 'id="t')


def test_each_way_to_start_is_tried_and_told() -> None:
    started = '<startEvent id="m"><messageEventDefinition/></startEvent>'
    both = gateway("parallel", "j") + user("a") + user("b")
    found = fault("deadlock", S, started, both, E, flows("s a", "m b", "a j", "b j", "j e"))
    assert found.acts[0].kind == "start"
    text = told(process(S, started, both, E, flows("s a", "m b", "a j", "b j", "j e")), found.acts)
    assert text == "it starts at 's', then 'a' is done"


def test_steps_that_nothing_leads_to_begin_side_by_side() -> None:
    assert faults(user("a"), user("b"), gateway("parallel", "j"), user("c"), flows("a j", "b j", "j c")) == []
    assert faults(user("a"), user("b"), user("c"), flows("a c", "b c")) == [("doubled", "c")]


def test_a_link_leads_on_and_its_target_can_be_dead() -> None:
    link = '<{0} id="{1}"><linkEventDefinition name="l"/></{0}>'
    throw, catch = link.format("intermediateThrowEvent", "t"), link.format("intermediateCatchEvent", "u")
    assert faults(S, throw, catch, E, flows("s t", "u e")) == []
    stuck = gateway("parallel", "j") + gateway("exclusive", "g", "f2") + user("a")
    assert faults(S, stuck, throw, catch, E, flows("s g", "g a", "g j: x", "a j", "j t", "u e")) == [
        ("deadlock", "j")
    ]


def test_a_gateway_that_leads_nowhere_ends_its_way() -> None:
    assert faults(S, user("a"), gateway("exclusive", "g"), flows("s a", "a g")) == []


def test_an_escalation_that_may_interrupt_its_scope_may_also_let_it_go_on() -> None:
    throw = THROW.format("x").replace("c1", "c2")
    inside = '<startEvent id="t"/>' + throw + user("i") + '<endEvent id="y"/>'
    definitions = ERRORS + '<escalation id="c2" escalationCode="=code"/>'
    on = '<boundaryEvent id="b" attachedToRef="p1"><escalationEventDefinition escalationRef="c1"/></boundaryEvent>'
    pairs = flows("s p1", "p1 e", "b e")
    links = '<sequenceFlow id="i1" sourceRef="t" targetRef="x"/><sequenceFlow id="i2" sourceRef="x" targetRef="i"/>'
    links += '<sequenceFlow id="i3" sourceRef="i" targetRef="y"/>'
    read = model(S + sub("p1", inside, links) + on + E + pairs, definitions).process
    assert judge(read).faults == ()


def test_what_a_scope_surely_throws_makes_dead_what_is_behind_it() -> None:
    inside = '<startEvent id="t"/>' + THROW.format("x") + user("i") + '<endEvent id="y"/>'
    links = '<sequenceFlow id="i1" sourceRef="t" targetRef="x"/><sequenceFlow id="i2" sourceRef="x" targetRef="i"/>'
    links += '<sequenceFlow id="i3" sourceRef="i" targetRef="y"/>'
    on = '<boundaryEvent id="b" attachedToRef="p1"><escalationEventDefinition/></boundaryEvent>'
    found = faults(S, sub("p1", inside, links), on, user("a"), E, flows("s p1", "p1 a", "a e", "b e"))
    assert found == [("dead", "i"), ("dead", "a")]


def test_work_that_others_do_may_throw_any_error_to_the_scopes_around() -> None:
    inside = '<startEvent id="t"/>' + job("w") + '<sequenceFlow id="i1" sourceRef="t" targetRef="w"/>'
    for definition in ('<errorEventDefinition errorRef="e1"/>', '<errorEventDefinition errorRef="e2"/>',
                       "<errorEventDefinition/>"):  # fmt: skip
        on = f'<boundaryEvent id="b" attachedToRef="p1">{definition}</boundaryEvent>'
        assert faults(S, sub("p1", inside), on, user("a"), E, flows("s p1", "p1 e", "b a", "a e")) == []


def test_what_a_step_catches_itself_does_not_reach_the_scope_around_it() -> None:
    own = '<boundaryEvent id="o" attachedToRef="w"><errorEventDefinition/></boundaryEvent>'
    inside = '<startEvent id="t"/>' + job("w") + own + '<sequenceFlow id="i1" sourceRef="t" targetRef="w"/>'
    on = '<boundaryEvent id="b" attachedToRef="p1"><errorEventDefinition/></boundaryEvent>'
    found = faults(S, sub("p1", inside), on, user("a"), E, flows("s p1", "p1 e", "b a", "a e"))
    assert found == [("dead", "b")]


def test_an_error_that_an_outer_scope_catches_is_told_where_a_run_takes_it() -> None:
    ended = '<startEvent id="t"/><endEvent id="y"><errorEventDefinition errorRef="e1"/></endEvent>'
    ended += '<sequenceFlow id="i1" sourceRef="t" targetRef="y"/>'
    on = '<boundaryEvent id="b" attachedToRef="p1"><errorEventDefinition/></boundaryEvent>'
    inside = '<startEvent id="q"/>' + sub("p2", ended) + user("i")
    inside += '<sequenceFlow id="i2" sourceRef="q" targetRef="p2"/><sequenceFlow id="i3" sourceRef="p2" targetRef="i"/>'
    read = process(S, sub("p1", inside), on, user("a"), E, flows("s p1", "p1 e", "b a", "a e"))
    verdict = judge(read)
    assert [(one.kind, one.element) for one in verdict.faults] == [("dead", "i")]
    assert told(read, ()) == ""


def test_events_beside_a_step_that_meet_the_main_way_are_played_with_it() -> None:
    remind = timer("b", "a", "PT1H", interrupting=False)
    assert ("doubled", "c") in faults(S, user("a"), remind, user("c"), E, flows("s a", "a c", "b c", "c e"))
    apart = flows("s a", "a e", "b r", "r y")
    assert faults(S, user("a"), remind, user("r"), '<endEvent id="y"/>', E, apart) == []
    assert faults(S, user("a"), remind, user("r"), TERMINATE, E, flows("s a", "a e", "b r", "r k")) == [
        ("cut_off", "k")
    ]


def test_nothing_is_said_where_a_complex_gateway_decides() -> None:
    kind = "complex"
    split = gateway("parallel", "g") + user("a") + user("b") + gateway(kind, "j")
    assert faults(S, split, E, flows("s g", "g a", "g b", "a j", "b j", "j e")) == []


def test_a_choice_among_very_many_conditions_is_not_decided() -> None:
    many = [f"t{number}" for number in range(8)]
    pairs = [f"g {one}: {one}" for one in many] + [f"{one} e" for one in many]
    split = gateway("inclusive", "g") + "".join(map(user, many))
    assert ("undecided", "p") in faults(S, split, E, flows("s g", *pairs))


def test_a_way_that_is_always_taken_needs_no_condition_to_hold() -> None:
    split = '<userTask id="g"/>' + user("a") + user("b") + gateway("parallel", "j")
    found = fault("deadlock", S, split, E, flows("s g", "g a", "g b: x", "a j", "b j", "j e"))
    assert (found.element, found.lacking) == ("j", ("f5",))


def test_tokens_that_multiply_without_a_rest_stop_the_search() -> None:
    fork = gateway("exclusive", "m") + gateway("parallel", "g")
    assert faults(S, fork, user("a"), E, flows("s m", "m g", "g m", "g a", "a e"))
    assert faults(S, fork, user("a"), E, flows("s m", "m g", "g m", "g m", "g a", "a e"))


def test_ways_without_a_step_meet_in_a_patient_join() -> None:
    for kind in ("exclusive", "parallel", "inclusive"):
        split = gateway(kind, "g", "" if kind == "parallel" else "f2")
        direct = gateway("inclusive", "j") + user("a")
        when = "" if kind == "parallel" else ": x"
        assert (
            faults(S, split, direct, E, flows("s g", "g j", f"g j{when}", f"g a{when}", "a j", "j e")) == []
        )
        assert faults(S, split, gateway("inclusive", "j"), E, flows("s g", "g j", f"g j{when}", "j e")) == []


def test_a_loop_around_a_step_that_can_be_left_out_is_one_step() -> None:
    again = gateway("exclusive", "m") + gateway("exclusive", "g", "f3")
    assert faults(S, again, user("a"), E, flows("s m", "m g", "g e", "g a: x", "a m")) == []


def test_a_scope_whose_last_step_never_ends_is_not_blamed_for_it() -> None:
    inside = '<startEvent id="t"/>' + user("i") + '<sequenceFlow id="i1" sourceRef="t" targetRef="i"/>'
    inside += '<sequenceFlow id="i2" sourceRef="i" targetRef="i"/>'
    pairs = flows("s a", "a p1", "p1 e")
    assert faults(S, user("a"), sub("p1", inside), E, pairs) == [("endless", "i"), ("dead", "e")]


def test_an_event_outside_never_comes_where_nothing_takes_time() -> None:
    inside = '<startEvent id="t"/><endEvent id="y"/><sequenceFlow id="i1" sourceRef="t" targetRef="y"/>'
    pairs = flows("s p1", "p1 e", "b e")
    assert faults(S, sub("p1", inside), timer("b", "p1", "PT1H"), E, pairs) == [("dead", "b")]


def test_choices_by_computed_data_are_not_free_of_each_other() -> None:
    rule = '<businessRuleTask id="r"><extensionElements><zeebe:calledDecision decisionId="d" resultVariable="level"/>'
    rule += "</extensionElements></businessRuleTask>"
    script = '<scriptTask id="z"><extensionElements><zeebe:script expression="=x" resultVariable="w"/></extensionElements>'
    script += '</scriptTask><scriptTask id="z2"><extensionElements><zeebe:script expression="=w" resultVariable="v"/>'
    script += "</extensionElements></scriptTask>"
    ends = '<endEvent id="y"/>' + gateway("exclusive", "h", "f6") + gateway("exclusive", "g", "f10")
    body = ends + user("a") + user("b") + gateway("parallel", "f") + gateway("parallel", "j")
    for before, inside, free in (
        ("x", "v", False),
        ("x", "level", False),
        ("x", "u", True),
        ("x", "x", False),
    ):
        pairs = ("s r", "r z", "z z2", "z2 h", f"h f: {before}", "h y", "f g", "f b", f"g e: {inside}", "g j", "b j", "j a", "a e")  # fmt: skip
        found = fault("deadlock", S, rule, script, body, E, flows(*pairs))
        assert found.free is free, (before, inside)


def test_a_patient_join_in_a_loop_beside_a_step_is_played_with_the_main_way() -> None:
    remind = timer("b", "a", "PT1H", interrupting=False)
    loop = gateway("inclusive", "j") + gateway("exclusive", "g", "f7") + user("r") + '<endEvent id="y"/>'
    pairs = flows("s a", "a e", "b j", "j r", "r g", "g j: x", "g y")
    assert faults(S, user("a"), remind, loop, E, pairs) == []


def test_a_time_limit_around_a_deadlock_is_noticed() -> None:
    inside = (
        '<startEvent id="t"/><task id="i"/><exclusiveGateway id="g" default="t2"/><parallelGateway id="j"/>'
    )
    inside += '<endEvent id="y"/>' + inner("t g", "g i", "i j", "g j", "j y")
    found = fault("deadlock", S, sub("p1", inside), timer("b", "p1", "PT1H"), E, flows("s p1", "p1 e", "b e"))
    assert found.rescued


def test_ways_are_told_by_name_or_by_where_they_lead() -> None:
    split = gateway("exclusive", "g") + user("a") + user("b") + gateway("parallel", "j")
    pairs = flows("s g", "g a", "g b", "a j", "b j", "j e")
    for name, words in ((' name="first"', "the way 'first'"), ("", "the way to 'a'")):
        read = process(S, split, E, pairs.replace('id="f2"', f'id="f2"{name}'))
        first = next(one for one in judge(read).faults if one.kind == "deadlock")
        assert told(read, first.acts) == f"at 'g' {words}, then 'a' is done"


def test_an_event_subprocess_may_end_what_waits_in_vain() -> None:
    timed = "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"
    inside = f'<startEvent id="t">{timed}</startEvent><endEvent id="y"/>' + inner("t y")
    handler = f'<subProcess id="h" triggeredByEvent="true">{inside}</subProcess>'
    split = gateway("exclusive", "g") + user("a") + user("b") + gateway("parallel", "j")
    pairs = flows("s g", "g a: x", "g b: y", "a j", "b j", "j e")
    assert fault("deadlock", S, split, handler, E, pairs).rescued


def test_what_is_beside_a_step_that_no_run_comes_to_is_not_judged() -> None:
    split = gateway("exclusive", "g", "f2") + user("a") + gateway("parallel", "j") + user("c")
    remind = timer("b", "c", "PT1H", interrupting=False) + user("r")
    pairs = flows("s g", "g a", "g j: x", "a j", "j c", "c e", "b r", "r r")
    assert faults(S, split, remind, E, pairs) == [("deadlock", "j")]


def test_what_is_thrown_out_of_a_subprocess_may_end_the_scope_around_it() -> None:
    ended = '<startEvent id="t"/><endEvent id="y"><errorEventDefinition errorRef="e1"/></endEvent>' + user(
        "u"
    )
    split = (
        gateway("parallel", "f")
        + gateway("exclusive", "m")
        + user("a")
        + sub("p1", ended + inner("t u", "u y"))
    )
    read = process(S, split, E, flows("s f", "f m", "m a", "a m", "f p1", "p1 e"))
    assert [(one.kind, one.element) for one in judge(read).faults] == [("dead", "e")]
    assert told(read, (Act("thrown", "p1"),)) == "what is thrown in 'p1' ends it"


def test_where_a_patient_join_looks_elsewhere_the_moment_of_passing_counts() -> None:
    """The join `j` is no block's, so that what may be passed at once is played as it is."""
    body = gateway("parallel", "f") + gateway("inclusive", "j") + user("a") + user("b") + user("c")
    choice = gateway("exclusive", "g", "f5") + gateway("exclusive", "h") + gateway("exclusive", "m")
    block = gateway("inclusive", "o", "f11") + gateway("inclusive", "k")
    out = gateway("exclusive", "q", "f17") + '<endEvent id="y"/>'
    pairs = flows("s f", "f a", "f b", "a g", "g m", "g h: x", "h m", "m j", "b o", "o c: y", "o k", "c k", "k q", "q y: z", "j e", "f j", "q j")  # fmt: skip
    assert judge(process(S, body, choice, block, out, E, pairs)).faults == ()


def test_a_step_before_one_that_never_ends_is_one_with_it() -> None:
    stuck = '<startEvent id="t"/>' + user("i") + user("z") + inner("t i", "i z", "z i")
    assert faults(S, user("a"), sub("p1", stuck), flows("s a", "a p1")) == [("endless", "i")]


def test_choices_upon_choices_without_a_step_are_not_decided() -> None:
    many = [f"t{number}" for number in range(6)]
    splits = gateway("inclusive", "g") + gateway("inclusive", "h") + "".join(map(user, many)) + user("u")
    pairs = (
        [f"g h: {one}" for one in many] + [f"h {one}: {one}" for one in many] + [f"{one} e" for one in many]
    )
    assert ("undecided", "p") in faults(S, splits, E, flows("s g", "u h", *pairs))


def said(*parts: str) -> list[str]:
    """Return the messages about the control flow of a process."""
    text = f'{HEAD}{ERRORS}<process id="p" isExecutable="true">{"".join(parts)}</process></definitions>'
    (read,) = read_processes(parse_bpmn(text), RUNNABLE)
    return [one.message for one in check_process(read) if one.code.startswith("soundness.")]


def test_a_join_that_gets_two_tokens_over_a_flow_is_told_so() -> None:
    body = gateway("parallel", "g") + user("a") + user("b") + user("c") + gateway("parallel", "j")
    body += gateway("exclusive", "m")
    pairs = flows("s g", "g a", "g b", "g c", "a m", "b m", "m j", "c j", "j e")
    messages = said(S, body, E, pairs)
    assert any(one.startswith("'j' can get a second token over a flow.") for one in messages)


def test_a_process_that_is_not_drawn_to_its_end_is_not_judged() -> None:
    split = gateway("exclusive", "g", "f2") + user("a") + user("b") + gateway("parallel", "j")
    pairs = flows("s g", "g a", "g b: x", "a j", "b j", "j e")
    assert len(said(S, split, E, pairs)) == 1
    assert said(S, split, E, pairs + '<sequenceFlow id="l" sourceRef="j" targetRef="ghost"/>') == []


def test_more_faults_of_a_kind_than_are_shown_are_counted() -> None:
    names = [f"a{number}" for number in range(7)]
    pairs = [f"f {one}" for one in names] + [
        pair for one in names for pair in (f"{one} m{one}", f"{one} m{one}")
    ]
    pairs += [pair for one in names for pair in (f"m{one} u{one}", f"u{one} e")]
    body = gateway("parallel", "f") + "".join(
        user(one) + gateway("exclusive", f"m{one}") + user(f"u{one}") for one in names
    )
    assert [one for one in said(S, body, E, flows("s f", *pairs)) if "There are" in one] != []


def test_a_deadlock_that_a_terminating_end_would_not_mend_gets_no_such_edit() -> None:
    split = gateway("parallel", "g") + user("a") + gateway("exclusive", "h", "f5") + '<endEvent id="y"/>'
    split += gateway("parallel", "j") + user("b") + gateway("exclusive", "i", "f9") + user("c")
    pairs = flows("s g", "g a", "g b", "a h", "h j", "h y: x", "b i", "i j: y", "i c", "c e", "j e")
    text = f'{HEAD}<process id="p" isExecutable="true">{S}{split}{E}{pairs}</process></definitions>'
    (read,) = read_processes(parse_bpmn(text), RUNNABLE)
    edits = [one.fix_edit for one in check_process(read) if one.code == "soundness.deadlock"]
    assert edits == [None]


def test_a_deadlock_that_may_not_be_the_end_is_told_so() -> None:
    inside = (
        '<startEvent id="t"/><task id="i"/><exclusiveGateway id="g" default="t2"/><parallelGateway id="j"/>'
    )
    inside += '<endEvent id="y"/>' + inner("t g", "g i", "i j", "g j", "j y")
    messages = said(S, sub("p1", inside), timer("b", "p1", "PT1H"), E, flows("s p1", "p1 e", "b e"))
    assert any("Only an event from outside can still end it." in one for one in messages)
