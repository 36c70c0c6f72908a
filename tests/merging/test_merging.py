"""Two states of a process that come from one are merged by elements: what goes together is taken, what does not is named."""

import pytest

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.merging.conflict import EVERY, Side
from flowmaster.engine.merging.merging import Merge, merge
from flowmaster.engine.merging.words import Names, told
from tests.merging.cases import Edit, again, claim, edited, merged, says, words

RENAME: Edit = {"rename": "check", "to": "look"}
REVIEW: Edit = {"rename": "check", "to": "review"}


def name_of(found: Merge, element: str) -> str:
    """Return the name that an element has after a merge."""
    return again(found).element(element).name


def test_what_one_side_changed_is_taken_and_what_both_changed_alike_once() -> None:
    found = merged([RENAME, {"set": "sign", "within": "PT8H"}], [RENAME, {"set": "book", "retry": 3}])
    assert found.conflicts == ()
    document = again(found)
    assert document.element("check").name == "look"
    assert says(document)["element", "sign"]["due"] == "PT8H"
    assert says(document)["element", "book"]["retry"] == {"times": "3"}


def test_a_name_changed_in_two_ways_is_a_conflict_told_with_all_three_values() -> None:
    found = merged([RENAME], [REVIEW])
    (one,) = words(found).values()
    assert one == (
        "check",
        'The user task "look" is changed in both: name.',
        'name: "check"',
        'name: "look"',
        'name: "review"',
    )
    assert name_of(found, "check") == "look"


@pytest.mark.parametrize(("side", "name"), [("ours", "look"), ("theirs", "review"), ("base", "check")])
def test_a_conflict_is_resolved_by_the_id_of_its_element_or_for_all(side: Side, name: str) -> None:
    for key in ("check", EVERY):
        found = merged([RENAME, {"set": "sign", "within": "PT8H"}], [REVIEW], {key: side})
        assert not found.conflicts
        assert found.known == found.resolved == {"check"}
        assert name_of(found, "check") == name
        assert says(again(found))["element", "sign"]["due"] == "PT8H"


PARTS: list[tuple[Edit, Edit, str, str]] = [
    ({"set": "check", "within": "PT1H"}, {"set": "check", "within": "PT2H"}, "check", "none"),
    ({"set": "book", "call": "ledger.a"}, {"set": "book", "call": "ledger.b"}, "book", 'job type: "ledger"'),
    (
        {"set": "if_amount_100_to_sign", "if": "amount > 5"},
        {"set": "if_amount_100_to_sign", "if": "amount > 7"},
        "if_amount_100_to_sign",
        'condition: "=amount > 100"',
    ),
    (
        {"set_data": {"amount": "number > 1"}},
        {"set_data": {"amount": "number > 2"}},
        "data:amount",
        "data amount: ",
    ),
    (
        {"set_scenarios": [{"name": "small", "given": {"amount": 2}, "expect": {"end": "done"}}]},
        {"set_scenarios": [{"name": "small", "given": {"amount": 3}, "expect": {"end": "done"}}]},
        "scenario:small",
        "scenario small: ",
    ),
    (
        {"set_roles": {"boss": "The chief"}},
        {"set_roles": {"boss": "The head"}},
        "role:boss",
        'role boss: "boss"',
    ),
    (
        {"set_process": {"about": "One thing."}},
        {"set_process": {"about": "Another thing."}},
        "claim",
        "documentation",
    ),
    (
        {"set": "check", "form": {"ok": "boolean", "a": "text"}},
        {"set": "check", "form": {"ok": "boolean", "b": "text"}},
        "userTaskForm:check_form",
        "user task form check_form: ",
    ),
    (
        {"set": "check", "into": {"ok": "ok and true"}},
        {"set": "check", "into": {"ok": "not(ok)"}},
        "check",
        'result ok: "=ok"',
    ),
    (
        {"set_always": {"paid": "amount > 1"}},
        {"set_always": {"paid": "amount > 2"}},
        "always:paid",
        "always paid: none",
    ),
]


@pytest.mark.parametrize(("ours", "theirs", "key", "base"), PARTS, ids=[each[2] for each in PARTS])
def test_each_part_of_a_process_is_merged_by_its_name(ours: Edit, theirs: Edit, key: str, base: str) -> None:
    found = merged([ours, {"rename": "tell", "to": "told"}], [theirs, {"rename": "pay", "to": "paid"}])
    assert key in words(found)
    assert base in words(found)[key].base
    sides: tuple[tuple[Side, Edit], ...] = (("ours", ours), ("theirs", theirs))
    for side, edit in sides:
        done = merged([ours], [theirs], {EVERY: side})
        assert done.conflicts == ()
        assert says(again(done)) == says(edited(claim(), [edit]))
    before = merged([ours], [theirs], {EVERY: "base"})
    assert says(again(before)) == says(claim())


def test_an_element_that_one_side_removed_and_the_other_changed_is_a_conflict() -> None:
    gone, changed = {"delete": "sign"}, {"set": "sign", "within": "PT8H"}
    for ours, theirs, by in ((gone, changed, "main"), (changed, gone, "branch")):
        found = merged([ours], [theirs])
        one = words(found)["sign"]
        other = "branch" if by == "main" else "main"
        assert one.text.startswith(f'The user task "sign" is removed in {by}, while {other} changes ')
        assert "removed" in (one.ours, one.theirs)
        assert again(found).find("sign") is not None
    kept = merged([gone], [changed], {"sign": "theirs"})
    assert says(again(kept))["element", "sign"]["due"] == "PT8H"
    assert again(merged([gone], [changed], {"sign": "ours"})).find("sign") is None
    before = says(again(merged([gone], [changed], {"sign": "base"})))["element", "sign"]
    assert before.get("due") is None


def test_an_element_that_one_side_removed_unchanged_is_gone() -> None:
    found = merged([{"delete": "tell"}], [RENAME])
    assert (found.conflicts, found.dropped) == ((), ())
    assert again(found).find("tell") is None
    assert again(found).shape_of("tell") is None
    assert name_of(found, "check") == "look"


def test_a_way_to_what_the_other_side_removed_is_a_conflict_of_that_element() -> None:
    ours: list[Edit] = [{"delete": "tell"}]
    theirs: list[Edit] = [{"add_before": "tell", "step": {"ask again": {"ask": "boss"}}}]
    found = merged(ours, theirs)
    one = words(found)["tell"]
    assert one.text.startswith(
        'The service task "tell" is removed in main, while branch uses it: the way from '
    )
    assert again(found).find("tell") is not None
    gone = merged(ours, theirs, {EVERY: "ours"})
    assert again(gone).find("tell") is None
    assert "ask_again_to_tell" in gone.dropped
    assert all(again(gone).target(flow) is not None for flow in again(gone).root.descendants("sequenceFlow"))
    back = merged(ours, theirs, {EVERY: "theirs"})
    assert again(back).find("tell") is not None


def test_a_step_put_into_a_group_that_the_other_side_removed_is_a_conflict_of_the_group() -> None:
    ours: list[Edit] = [{"delete": "settle"}]
    theirs: list[Edit] = [{"add_after": "book", "step": {"note": {"call": "notes"}}}]
    found = merged(ours, theirs)
    assert "settle" in words(found)
    assert again(found).element("note").parent == again(found).element("settle") or found.conflicts
    gone = merged(ours, theirs, {EVERY: "ours"})
    assert again(gone).find("note") is None
    assert "note" in gone.dropped
    assert again(merged(ours, theirs, {EVERY: "theirs"})).find("note") is not None


def test_steps_that_both_sides_added_under_one_id_are_one_if_alike_and_a_conflict_if_not() -> None:
    note: Edit = {"add_after": "tell", "step": {"note": {"call": "notes"}}}
    other: Edit = {"add_after": "tell", "step": {"note": {"call": "books"}}}
    assert merged([note], [note]).conflicts == ()
    found = merged([note], [other])
    (one,) = words(found).values()
    assert one.text == 'The service task "note" is new in both and differs in job type.'
    assert (one.ours, one.theirs) == ('job type: "notes"', 'job type: "books"')
    taken = merged([note], [other], {"note": "theirs"})
    assert says(again(taken))["element", "note"]["call"] == "books"
    neither = merged([note], [other], {"note": "base"})
    assert again(neither).find("note") is None


def test_what_cannot_be_one_element_is_renamed_on_the_other_side_and_told() -> None:
    note: Edit = {"add_after": "tell", "step": {"note": {"call": "notes"}}}
    asked: Edit = {"add_after": "check", "step": {"note": {"ask": "boss"}}}
    found = merged([note], [asked])
    assert found.renamed["note"] == "note_2"
    document = again(found)
    assert (document.element("note").kind, document.element("note_2").kind) == ("serviceTask", "userTask")
    assert [flow.get("sourceRef") for flow in document.incoming(document.element("note_2"))] == ["check"]


def test_a_lane_and_a_message_that_the_other_side_came_to_use_are_kept_and_told() -> None:
    base = edited(
        claim(), [{"add_after": "tell", "step": {"paid": {"wait": {"message": "paid"}, "key": "amount"}}}]
    )
    ours = parse_bpmn(base.to_xml())
    message = ours.definitions("message")[0]
    ours.remove(ours.element("paid"))
    ours.remove(message)
    theirs = edited(
        base, [{"add_after": "check", "step": {"more": {"wait": {"message": "paid"}, "key": "amount"}}}]
    )
    found = merge(base, ours, theirs, {})
    assert message.id in found.kept
    assert again(found).find(message.id) is not None
    assert found.conflicts == ()


def test_what_was_moved_by_one_side_and_changed_by_the_other_is_both() -> None:
    found = merged([{"wrap": ["tell"], "in": "telling"}], [{"set": "tell", "call": "post"}])
    assert found.conflicts == ()
    document = again(found)
    tell = document.element("tell")
    assert isinstance(tell.parent, Element)
    assert tell.parent.name == "telling"
    assert says(document)["element", "tell"]["call"] == "post"
    assert document.shape_of("tell") is not None


def test_steps_that_would_stand_in_each_other_are_conflicts_of_their_places() -> None:
    body = (
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="urn:t">'
        '<process id="p">{}</process></definitions>'
    )
    one, two = '<subProcess id="a">{}</subProcess>', '<subProcess id="b">{}</subProcess>'
    base = parse_bpmn(body.format(one.format("") + two.format("")))
    ours = parse_bpmn(body.format(one.format(two.format(""))))
    theirs = parse_bpmn(body.format(two.format(one.format(""))))
    found = merge(base, ours, theirs, {})
    assert {one.key for one in found.conflicts} == {"a", "b"}
    texts = [told(each, found.states, Names("main", "branch")) for each in found.conflicts]
    assert 'place: the sub process "b"' in {each.theirs for each in texts}
    for resolve, outer in (({EVERY: "ours"}, "a"), ({EVERY: "theirs"}, "b")):
        done = merge(base, ours, theirs, resolve)  # type: ignore[arg-type]  # sides
        parent = done.document.element("b" if outer == "a" else "a").parent
        assert parent is not None
        assert parent.id == outer
    mixed = merge(base, ours, theirs, {"a": "theirs", "b": "ours"})
    assert mixed.document.find("a") is not None
    assert mixed.document.find("b") is not None


def test_ways_out_keep_the_order_that_one_side_gave_them_and_two_orders_are_a_conflict() -> None:
    branch: Edit = {"branch": "check", "if": "amount > 500", "then": [{"call boss": {"call": "phone"}}]}
    base = edited(claim(), [branch])
    gateway = next(
        one
        for one in base.root.descendants("exclusiveGateway")
        if len(base.outgoing(one)) > 1 and one.id != "if_amount_100"
    )
    third = base.connect(gateway, base.element("done"), identifier="third", condition="=amount > 900")

    def ordered(*ids: str) -> Merge:
        turned = parse_bpmn(base.to_xml())
        for before, after in zip(ids, ids[1:], strict=False):
            turned.element(after).move_behind(turned.element(before))
        return merge(base, turned, turned, {})

    names = [flow.id for flow in base.outgoing(base.element(gateway.id))]
    assert third.id in names
    first = ordered(*reversed(names)).document
    assert [flow.id for flow in first.outgoing(first.element(gateway.id))] == names[::-1]
    assert [flow.id for flow in _ways(merge(base, base, first, {}), gateway.id)] == names[::-1]
    assert [flow.id for flow in _ways(merge(base, first, base, {}), gateway.id)] == names[::-1]
    second = ordered(names[1], names[0], names[2]).document
    found = merge(base, first, second, {})
    (one,) = found.conflicts
    assert one.key == gateway.id
    assert "order of its ways" in told(one, found.states, Names("main", "branch")).text
    for side, wanted in (("ours", names[::-1]), ("theirs", [names[1], names[0], names[2]]), ("base", names)):
        done = merge(base, first, second, {gateway.id: side})  # type: ignore[dict-item]  # a side
        assert [flow.id for flow in _ways(done, gateway.id)] == wanted


def _ways(found: Merge, step: str) -> list[Element]:
    document = again(found)
    return document.outgoing(document.element(step))


def test_new_steps_of_both_sides_are_drawn_once_each() -> None:
    found = merged(
        [{"add_after": "check", "step": {"one": {"call": "a"}}}],
        [{"add_after": "tell", "step": {"two": {"call": "b"}}}],
    )
    assert (found.conflicts, found.drawing) == ((), "both")
    document = again(found)
    for step in ("one", "two"):
        assert document.shape_of(step) is not None
    assert all(document.edge_of(flow.id) is not None for flow in document.root.descendants("sequenceFlow"))


def test_the_drawing_is_that_of_the_side_which_alone_has_drawn() -> None:
    base = claim()
    redrawn = parse_bpmn(base.to_xml())
    shape = redrawn.shape_of("check")
    assert shape is not None
    shape.set("id", "check_moved")
    assert merge(base, base, redrawn, {}).drawing == "theirs"
    assert merge(base, redrawn, base, {}).drawing == "ours"
    assert merge(base, base, redrawn, {}).document.to_xml() == redrawn.to_xml()


def test_a_merge_is_written_as_the_file_was() -> None:
    found = merged([RENAME], [{"set": "tell", "call": "post"}])
    ours = edited(claim(), [RENAME]).to_xml().splitlines()
    lines = found.document.to_xml().splitlines()
    differing = [line for line, was in zip(lines, ours, strict=True) if line != was]
    assert [line.strip() for line in differing] == ['<zeebe:taskDefinition type="post"/>']
