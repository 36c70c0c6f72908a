"""`set` changes the words of one element, and nothing else of it or of its neighbours."""

from typing import Any

import pytest

from flowmaster.engine.bpmn.vocabulary import fm, zeebe
from flowmaster.engine.values import Json
from tests.edits.models import DOCUMENT, changed_elements, edited, moved_shapes, parts, refusal, step

Words = dict[str, Any]


@pytest.mark.parametrize(
    ("name", "words", "says"),
    [
        ("approve", {"within": "PT48H"}, {"within": "PT48H", "late": {"escalate": "boss"}}),
        ("approve", {"late": None}, {"within": None, "late": None}),
        ("approve", {"within": None}, {"within": None, "late": None}),
        ("approve", {"within": "P1D", "late": None}, {"within": "P1D", "late": None}),
        ("approve", {"late": {"escalate": "buyer"}}, {"within": "PT72H", "late": {"escalate": "buyer"}}),
        ("approve", {"not": "total"}, {"not": "total"}),
        ("approve", {"not": None, "remind": ["P1D", "P2D"]}, {"not": None, "remind": ["P1D", "P2D"]}),
        (
            "approve",
            {"escalate": {"P1D": "boss", "P2D": "buyer"}},
            {"escalate": {"P1D": "boss", "P2D": "buyer"}},
        ),
        ("approve", {"priority": 7, "follow_up": "P3D"}, {"priority": 7, "follow_up": "P3D"}),
        ("approve", {"form": "other"}, {"form": "other"}),
        ("approve", {"about": "Look.", "title": "Approve it"}, None),
        ("approve", {"each": "line in lines"}, {"each": "line in lines"}),
        ("sign", {"within": "P2D"}, {"within": "P2D"}),
        ("sign", {"due": "2026-12-31"}, {"due": "2026-12-31"}),
        ("sign", {"form": None}, {"form": None}),
        ("pay", {"call": "other.bank"}, {"call": "other.bank", "retry": 3}),
        ("pay", {"retry": {"times": 5, "wait": "PT5M"}}, {"retry": {"times": 5, "wait": "PT5M"}}),
        ("pay", {"retry": None, "headers": {"a": "b"}}, {"retry": None, "headers": {"a": "b"}}),
        ("pay", {"with": {"sum": "total"}, "into": "fine"}, {"with": {"sum": "total"}, "into": "fine"}),
        ("pay", {"within": "P9D"}, {"within": "P9D"}),
        ("pay", {"repeat": {"while": "fine", "max": 2}}, {"repeat": {"while": "fine", "max": 2}}),
        ("rate", {"rule": "other", "version": "v2"}, {"rule": "other", "into": "rating", "version": "v2"}),
        ("rate", {"into": "level"}, {"rule": "rating", "into": "level"}),
        ("rate", {"outputs": {"fine": "rating.fine"}}, {"outputs": {"fine": "rating.fine"}}),
        ("count", {"assign": {"total": 1, "fine": True}}, {"set": {"total": 1, "fine": True}}),
        ("run it", {"run": "another", "pass_all": False}, {"run": "another", "pass_all": False}),
        ("run it", {"into": "fine", "version": "v1"}, {"into": "fine", "version": "v1"}),
        (
            "think",
            {"agent": "Think hard", "tools": ["a"], "model": "m"},
            {"agent": "Think hard", "model": "m"},
        ),
        ("tell", {"send": "declined"}, {"send": "declined", "key": "who"}),
        ("tell", {"key": "total"}, {"send": "refused", "key": "total"}),
        ("tell", {"key": None, "via": "mail"}, {"send": "refused", "key": None, "via": "mail"}),
        ("alarm", {"throw": {"escalation": "HIGH"}}, {"throw": {"escalation": "HIGH"}}),
        ("alarm", {"throw": {"message": "m", "key": "who"}}, {"throw": {"message": "m", "key": "who"}}),
        ("alarm", {"with": {"a": 1}}, {"with": {"a": 1}, "throw": {"signal": "alarm"}}),
        ("cool off", {"wait": "2 days"}, {"wait": "P2D"}),
        ("cool off", {"wait": "2026-12-31"}, {"wait": "2026-12-31"}),
        ("cool off", {"after": "=total"}, {"wait": {"after": "=total"}}),
        ("cool off", {"wait": {"message": "m", "key": "who"}}, {"wait": {"message": "m", "key": "who"}}),
        ("paid", {"message": "settled"}, {"wait": {"message": "settled", "key": "who"}}),
        ("paid", {"key": "total"}, {"wait": {"message": "paid", "key": "total"}}),
        ("paid", {"into": "fine"}, {"into": "fine"}),
        ("inside", {"about": "Together.", "each": "line in lines"}, {"about": "Together."}),
    ],
)
def test_a_word_is_set_and_the_rest_of_the_process_stays(name: str, words: Words, says: Words | None) -> None:
    now = edited({"set": name, **words})
    (node,) = DOCUMENT.by_name(name, "userTask", "serviceTask", "businessRuleTask", "scriptTask", *OTHERS)
    beside = {event.id for event in DOCUMENT.boundary_events(node)}
    assert changed_elements(now) <= {node.id, *beside}
    assert changed_elements(now)
    assert moved_shapes(now) <= beside
    assert now.element(node.id).extension("{urn:x}note") is not None
    for word, value in (says or {}).items():
        assert step(now, name).get(word) == value, word


OTHERS = ("callActivity", "sendTask", "intermediateThrowEvent", "intermediateCatchEvent", "subProcess")


def test_a_title_and_a_text_are_set_and_taken_away() -> None:
    now = edited({"set": "approve", "title": "Approve it", "about": "Look."})
    assert (now.element("approve").name, now.element("approve").documentation) == ("Approve it", "Look.")
    bare = edited({"set": "approve", "title": None, "about": None}, of=now)
    assert (bare.element("approve").name, bare.element("approve").documentation) == ("", "")


def test_a_form_of_its_own_is_kept_in_the_process() -> None:
    now = edited({"set": "approve", "form": {"note": "text"}})
    assert step(now, "approve")["form"] == {"note": "text"}
    assert changed_elements(now) == set()


def test_a_message_without_service_goes_out_by_itself_again() -> None:
    through = edited({"set": "tell", "via": "mail"})
    assert through.element("tell").extension(zeebe("taskDefinition")) is not None
    bare = edited({"set": "tell", "via": None}, of=through)
    assert bare.element("tell").extension(zeebe("taskDefinition")) is None


def test_late_and_on_are_replaced_with_the_steps_that_only_they_led_to() -> None:
    now = edited(
        {"set": "pay", "on": {"GONE": "sign"}, "late": {"then": [{"nudge": {"call": "n"}}], "keep": True}}
    )
    assert now.find("mend") is None
    assert now.find("late") is None
    assert step(now, "pay")["on"] == {"GONE": "sign"}
    assert now.element("nudge").kind == "serviceTask"
    assert step(now, "pay")["late"]["keep"] is True
    bare = edited({"set": "pay", "on": None, "late": None})
    assert bare.boundary_events(bare.element("pay")) == []
    assert bare.find("mend") is None


def test_within_names_a_new_time_and_the_title_of_the_timer_follows() -> None:
    (before,) = [one for one in DOCUMENT.boundary_events(DOCUMENT.element("pay")) if one.name == "1 day"]
    now = edited({"set": "pay", "within": "P2D"})
    assert now.element(before.id).name == "2 days"
    named = edited({"set": before.id, "title": "Watch"}, {"set": "pay", "within": "P3D"})
    assert named.element(before.id).name == "Watch"


def test_who_does_a_step_decides_its_lane() -> None:
    now = edited({"set": "approve", "ask": "boss"})
    lane = now.lane_of(now.element("approve"))
    assert lane is not None
    assert lane.name == "Boss"
    back = edited({"set": "sign", "lane": "buyer"})
    lane = back.lane_of(back.element("sign"))
    assert lane is not None
    assert lane.name == "Buyers"
    assert edited({"set": "approve", "ask": "=who"}).lane_of(now.element("approve")) is not None


def test_the_condition_of_a_step_comes_changes_and_goes() -> None:
    guarded = edited({"set": "pay", "when": "total > 1"})
    assert step(guarded, "pay")["when"] == "total > 1"
    other = edited({"set": "pay", "when": "total > 2"}, of=guarded)
    assert step(other, "pay")["when"] == "total > 2"
    assert other.element("when_pay").name == "total > 2?"
    bare = edited({"set": "pay", "when": None}, of=other)
    assert bare.find("when_pay") is None
    assert changed_elements(edited({"set": "pay", "when": None})) == set()


def test_flows_and_decisions_take_conditions_titles_and_defaults() -> None:
    now = edited({"set": "if_fine", "if": "total > 3"})
    assert now.element("if_fine").name == "total > 3?"
    (yes, no) = now.outgoing(now.element("if_fine"))
    assert yes.text_of("conditionExpression") == "=total > 3"
    turned = edited({"set": "if_fine", "default": "sign", "name": "Which?"})
    assert turned.element("if_fine").get("default") == yes.id
    assert turned.element(yes.id).child("conditionExpression") is None
    assert edited({"set": "if_fine", "title": None}).element("if_fine").name == ""
    told = edited({"set": no.id, "title": "otherwise", "default": False})
    assert (told.element(no.id).name, told.element("if_fine").get("default")) == ("otherwise", "")
    bare = edited({"set": "if_fine -> sign", "if": None, "title": None})
    assert (bare.element(yes.id).name, bare.element(yes.id).child("conditionExpression")) == ("", None)
    both = edited({"set": no.id, "if": "not(fine)"})
    assert both.element("if_fine").get("default") == ""


def test_a_flow_whose_name_is_its_condition_is_renamed_with_it() -> None:
    branched = edited({"branch": "if_fine", "if": "total > 9", "then": [{"end": "nine"}]})
    flow = next(one for one in branched.outgoing(branched.element("if_fine")) if one.name == "total > 9")
    now = edited({"set": flow.id, "if": "total > 10"}, of=branched)
    assert now.element(flow.id).name == "total > 10"


@pytest.mark.parametrize(
    ("words", "name", "trigger"),
    [
        ({"end": "settled"}, "settled", ""),
        ({"end": True}, "", ""),
        ({"end": {"error": "E"}}, "done", "errorEventDefinition"),
        ({"end": {"terminate": True}}, "done", "terminateEventDefinition"),
        ({"terminate": True, "end": "over"}, "over", "terminateEventDefinition"),
        ({"terminate": True}, "done", "terminateEventDefinition"),
        ({"error": "E", "title": "Broken"}, "Broken", "errorEventDefinition"),
        ({"escalation": "E"}, "done", "escalationEventDefinition"),
    ],
)
def test_an_end_is_renamed_and_throws_something_else(words: Words, name: str, trigger: str) -> None:
    now = edited({"set": "done", **words})
    assert now.element("done").name == name
    assert (now.element("done").child(trigger) is not None) == bool(trigger) if trigger else True
    assert changed_elements(now) == {"done"}


def test_an_end_stops_all_else_no_longer() -> None:
    stopping = edited({"set": "done", "terminate": True})
    for said in (None, False):
        assert parts(edited({"set": "done", "terminate": said}, of=stopping), "done") == parts(
            DOCUMENT, "done"
        )


def test_an_event_beside_a_step_keeps_it_open_or_not() -> None:
    late = next(one.id for one in DOCUMENT.boundary_events(DOCUMENT.element("pay")) if one.name == "1 day")
    kept = edited({"set": late, "keep": True, "about": "Watch."})
    assert kept.element(late).get("cancelActivity") == "false"
    assert edited({"set": late, "keep": False}, of=kept).element(late).get("cancelActivity") == ""


def test_a_compensation_names_the_step_it_undoes() -> None:
    now = edited({"set": "alarm", "throw": {"compensate": "pay"}})
    definition = now.element("alarm").child("compensateEventDefinition")
    assert definition is not None
    assert definition.get("activityRef") == "pay"


def test_plain_attributes_are_set_as_they_are() -> None:
    now = edited(
        {"set_attributes": "pay", "attributes": {"completionQuantity": 1, "isForCompensation": False}}
    )
    assert now.element("pay").get("isForCompensation") == "false"
    assert edited({"set_attributes": "pay", "attributes": {"name": None}}).element("pay").name == ""
    assert changed_elements(edited({"set_attributes": "buy", "attributes": {"isClosed": True}})) == set()


def test_a_new_id_is_followed_by_exclusions_flows_lanes_and_the_picture() -> None:
    now = edited({"set": "sign", "not": "approve"}, {"rename": "approve", "id": "approval"})
    assert [one.get("step") for one in now.element("sign").extensions(fm("exclude"))] == ["approval"]
    assert now.find("approve") is None
    assert now.shape_of("approval") is not None
    assert now.lane_of(now.element("approval")) is not None
    flow = edited({"rename": "rate -> approve", "to": "next"})
    assert [one.name for one in flow.outgoing(flow.element("rate"))] == ["next"]


@pytest.mark.parametrize(
    ("edit", "code", "path", "says"),
    [
        ({"set": "pay", "within": "P1D", "late": None}, "edit.value_wrong", "within", "needs `late`"),
        ({"set": "rate", "within": "P1D"}, "edit.value_wrong", "within", "needs `late`"),
        ({"set": "rate", "late": "pay"}, "edit.value_wrong", "late", "needs `within`"),
        ({"set": "rate", "within": "P1D", "late": {"escalate": "boss"}}, "edit.value_wrong", "late", "`ask`"),
        ({"set": "count", "into": "x"}, "edit.word_unknown", "into", "no word of this edit"),
        ({"set": "inside", "transaction": True}, "edit.word_unknown", "transaction", "no word"),
        ({"set": "rate", "call": "x"}, "edit.kind_wrong", "call", "kind `rule`"),
        ({"set": "alarm", "throw": {"error": "E"}}, "outline.value_wrong", "throw", "must stand here"),
        ({"set": "cool off", "wait": 5}, "outline.value_wrong", "wait", "what is waited for"),
        ({"set": "cool off", "wait": "soon"}, "outline.value_wrong", "wait", "what is waited for"),
        ({"set": "cool off", "goto": "pay"}, "edit.word_unknown", "goto", "no word of this edit"),
        ({"set": "cool off", "keep": True}, "edit.word_unknown", "keep", "no word of this edit"),
        ({"set": "pay_closed", "keep": True}, "outline.value_wrong", "keep", "always ends the step"),
        ({"set": "pay_closed", "keep": "no"}, "outline.value_wrong", "keep", "neither true nor false"),
        ({"set": "done", "end": []}, "outline.value_wrong", "end", "name of an end is a text"),
        ({"set": "both", "if": "fine"}, "edit.ways_several", "", "0 conditions"),
        ({"set": "if_fine", "name": []}, "outline.value_wrong", "name", "A title is a text"),
        ({"set": "if_fine", "iff": "x"}, "edit.word_unknown", "iff", "Did you mean 'if'"),
        ({"set": "both -> left", "if": "fine"}, "edit.place_wrong", "", "have no conditions"),
        ({"set": "start -> rate", "default": True}, "edit.place_wrong", "", "have no conditions"),
        ({"set": "if_fine -> sign", "default": "yes"}, "outline.value_wrong", "default", "neither true"),
        ({"set": "nowhere -> sign"}, "edit.element_unknown", "", "no element 'nowhere'"),
        ({"set": ["a"]}, "edit.flow_unknown", "", "There is no flow"),
        ({"set": 5, "title": "x"}, "edit.value_wrong", "", "5 names no element"),
        ({"rename": "pay"}, "edit.value_wrong", "", "Say the new name"),
        ({"rename": "pay", "to": " "}, "edit.value_wrong", "to", "is a text"),
        ({"rename": "pay", "id": 5}, "edit.value_wrong", "", "Say the new name"),
        ({"rename": "pay", "id": "two words"}, "bpmn.id_invalid", "", "cannot be an id"),
        ({"set_attributes": "pay", "attributes": {"id": "x"}}, "edit.value_wrong", "attributes.id", "rename"),
        ({"set_attributes": "pay"}, "edit.value_wrong", "attributes", "Attributes are a mapping"),
        ({"set_attributes": "pay", "attributes": {"a b": "x"}}, "bpmn.name_invalid", "", "attribute"),
        ({"set_attributes": 5, "attributes": {}}, "edit.value_wrong", "", "names no element"),
    ],
)
def test_what_cannot_be_set_is_refused(edit: Words, code: str, path: str, says: str) -> None:
    refused = refusal({"set": "load", "about": "x"}, edit)
    assert refused.code == code
    assert refused.path == ".".join(("edits[1]", path) if path else ("edits[1]",))
    assert says in refused.message


def test_two_elements_of_one_name_are_told_apart_by_id() -> None:
    twice = edited({"set": "pay", "title": "same"}, {"set": "load", "title": "same"})
    refused = refusal({"set": "same", "about": "x"}, of=twice)
    assert refused.code == "edit.element_ambiguous"
    expected: Json = ["pay", "load"]
    assert refused.expected == expected


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pay", {"with": {"sum": "total"}}),
        ("pay", {"with": {"sum": "total"}, "into": "fine"}),
        ("pay", {"headers": {"a": "b"}}),
        ("pay", {"each": "line in lines"}),
        ("pay", {"repeat": {"while": "fine"}}),
        ("run it", {"version": "v1"}),
        ("think", {"tools": ["a"], "model": "m"}),
        ("sign", {"due": "2026-12-31", "follow_up": "P1D", "priority": 7}),
        ("sign", {"remind": "P1D", "escalate": {"P2D": "boss"}}),
        ("sign", {"not": "approve", "about": "Look."}),
        ("paid", {"into": "fine"}),
    ],
)
def test_null_takes_away_what_was_set_and_nothing_is_left_of_it(name: str, words: Words) -> None:
    bare = edited({"set": name, **dict.fromkeys(words)}, of=edited({"set": name, **words}))
    assert changed_elements(bare) == set()


def test_what_is_set_twice_is_written_once_and_inputs_stay_before_outputs() -> None:
    once = edited({"set": "pay", "into": "fine", "headers": {"a": "1"}, "each": "line in lines"})
    now = edited(
        {"set": "pay", "with": {"sum": "total"}, "headers": {"b": "2"}, "repeat": {"while": "fine"}}, of=once
    )
    mapping = now.element("pay").extension(zeebe("ioMapping"))
    assert mapping is not None
    assert [child.local_name for child in mapping.children()] == ["input", "output"]
    twice = edited({"set": "pay", "with": {"sum": "total * 2"}, "retry": 5}, of=now)
    said = step(twice, "pay")
    assert (said["with"], said["headers"], said["retry"]) == ({"sum": "total * 2"}, {"b": "2"}, 5)
    assert (said.get("each"), said["repeat"]) == (None, {"while": "fine"})


def test_bpmn_of_its_own_is_added_as_it_is() -> None:
    now = edited({"set": "pay", "extra": ["<bpmn:auditing/>", '<x:more xmlns:x="urn:x"/>']})
    assert now.element("pay").child("auditing") is not None
    assert now.element("pay").extension("{urn:x}more") is not None


def test_tries_of_a_message_need_a_service_that_sends_it() -> None:
    refused = refusal({"set": "tell", "retry": 3})
    assert (refused.code, refused.path) == ("outline.value_wrong", "edits[0].retry")
    assert step(edited({"set": "tell", "via": "mail", "retry": 3}), "tell")["retry"] == 3


def test_what_is_not_there_is_taken_away_without_a_trace() -> None:
    for words in ({"with": None}, {"into": None}, {"checks": None}):
        assert changed_elements(edited({"set": "sign", **words})) == set()


def test_checks_of_an_answer_replace_those_before() -> None:
    first = edited({"set": "approve", "checks": {"enough": "total > 1"}})
    second = edited({"set": "approve", "checks": {"more": "total > 5"}}, of=first)
    assert step(first, "approve")["checks"] == {"enough": "total > 1"}
    assert step(second, "approve")["checks"] == {"more": "total > 5"}
    assert parts(edited({"set": "approve", "checks": None}, of=second), "approve") == parts(
        DOCUMENT, "approve"
    )


def test_what_the_start_needs_is_set_by_an_edit_of_its_own() -> None:
    error = refusal({"set": "start", "checks": {"some": "total > 0"}})
    assert error.code == "edit.word_unknown"
    assert '{"set_start": {' in str(error.fix)
