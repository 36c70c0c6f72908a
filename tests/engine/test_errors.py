"""A refusal says only what it has to say, within bounds."""

from flowmaster.engine.errors import MESSAGE_LENGTH_MAX, FlowMasterError, Hint, did_you_mean


def test_a_body_holds_only_the_parts_that_say_something() -> None:
    assert FlowMasterError("a.b", "No.").body() == {"code": "a.b", "message": "No."}


def test_a_full_body_names_the_place_what_is_allowed_the_fix_and_what_to_call() -> None:
    hint = Hint("task_find", {"query": "x"}, "See it.")
    refused = FlowMasterError("a.b", "No.", path="to", expected=[], fix="Give one.", next=[hint], status=404)
    assert refused.status == 404
    assert refused.body() == {
        "code": "a.b",
        "message": "No.",
        "path": "to",
        "expected": [],
        "fix": "Give one.",
        "next": [{"operation": "task_find", "arguments": {"query": "x"}, "why": "See it."}],
    }


def test_a_long_message_keeps_its_two_ends() -> None:
    message = FlowMasterError("a.b", "begin " + "x" * 10_000 + " end").message
    assert len(message) == MESSAGE_LENGTH_MAX + 3
    assert message.startswith("begin ")
    assert message.endswith(" end")


def test_near_names_are_suggested_and_far_ones_are_not() -> None:
    assert did_you_mean("clain", ["claim", "release"]) == " Did you mean 'claim'?"
    assert did_you_mean("zzz", ["claim"]) == ""


def test_a_short_name_is_meant_only_by_one_that_is_nearly_the_same_or_begins_with_it() -> None:
    assert did_you_mean("nope", ["op"]) == ""
    assert did_you_mean("okay", ["ok"]) == " Did you mean 'ok'?"
    assert did_you_mean("bo", ["bot"]) == " Did you mean 'bot'?"
    assert did_you_mean("bto", ["boot"]) == ""
    assert did_you_mean("bxot", ["bot"]) == " Did you mean 'bot'?"
