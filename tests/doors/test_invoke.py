"""The one path of every call: strict, once, by right, and never an exception."""

import logging
from dataclasses import replace
from decimal import Decimal
from typing import Any

import anyio
import pytest

from flowmaster.tools.answer import Answer
from flowmaster.tools.invoke import invoke
from flowmaster.tools.json_text import read_json
from flowmaster.tools.registry import Call, Caller
from tests.doors.sample import EXACT, TOTALS, Answers, local_call, sample_app


def ask(name: str, arguments: object, call: Call | None = None) -> Any:
    """Invoke and return the body."""
    return told(name, arguments, call).data()


def told(name: str, arguments: object, call: Call | None = None) -> Answer:
    call = call or local_call(sample_app())
    return anyio.run(invoke, call.app.registry, call, name, arguments)


def refusal(arguments: object) -> Any:
    answer = told("sample_echo", arguments)
    assert answer.refused
    body: Any = answer.data()
    assert body["code"] == "arguments.invalid"
    return body


def test_an_unknown_operation_is_refused_with_the_near_names() -> None:
    body = ask("sample_ecko", {})
    assert body["code"] == "operation.unknown"
    assert "Did you mean 'sample_echo'" in body["message"]


def test_a_misspelt_argument_is_refused_with_the_call_corrected() -> None:
    body = refusal({"txet": "x"})
    assert body["path"] == "txet"
    assert body["next"] == [
        {"operation": "sample_echo", "arguments": {"text": "x"}, "why": "The same call, the name corrected."}
    ]


def test_a_misspelt_argument_inside_a_nested_model_is_refused_by_its_path() -> None:
    body = refusal({"text": "x", "place": {"pgae": 1}})
    assert body["path"] == "place.pgae"
    assert body["expected"] == ["page"]
    assert body["next"][0]["arguments"] == {"text": "x", "place": {"page": 1}}


def test_a_misspelt_argument_inside_a_list_of_alternatives_is_refused_by_its_path() -> None:
    body = refusal({"text": "x", "edits": [{"kind": "rename", "step": "a", "nmae": "b"}]})
    assert body["path"] == "edits[0].nmae"
    assert "name" in body["fix"]


def test_an_unknown_alternative_is_refused_with_the_known_ones() -> None:
    body = refusal({"text": "x", "edits": [{"kind": "delete", "step": "a"}]})
    assert body["path"].startswith("edits[0]")
    assert "remove" in body["message"]
    assert "rename" in body["message"]


def test_an_endless_name_is_refused_in_few_words() -> None:
    body = refusal({"text": "x", "y" * 5_000_000: 1})
    assert len(str(body)) < 1_000


def test_a_missing_argument_is_refused_with_an_example() -> None:
    body = refusal({})
    assert body["path"] == "text"
    assert body["fix"] == 'Give `text`, for example "hello".'


@pytest.mark.parametrize(
    ("arguments", "path", "expected"),
    [
        ({"text": 1}, "text", "string"),
        ({"text": "x", "count": "5"}, "count", "integer, at least 1, at most 50"),
        ({"text": "x", "count": 51}, "count", "integer, at least 1, at most 50"),
        ({"text": "x", "count": True}, "count", "integer, at least 1, at most 50"),
        ({"text": "x", "number": "5"}, "number", "number"),
        ({"text": "x", "number": True}, "number", "number"),
        ({"text": "x", "state": "dead"}, "state", ["draft", "live"]),
        ({"text": "x", "variables": []}, "variables", "object"),
        ({"text": "x", "place": {"page": 0}}, "place.page", "integer, at least 1"),
        (
            {"text": "x", "edits": [{"kind": "rename", "step": "a"}]},
            "edits[0].name",
            "string, length at most 20",
        ),
        ({"text": "x", "edits": {}}, "edits", "array, entries at most 3"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_expected(arguments: Any, path: str, expected: Any) -> None:
    body = refusal(arguments)
    assert (body["path"], body["expected"]) == (path, expected)
    assert body["fix"]


def test_several_wrong_arguments_are_told_at_once() -> None:
    message = refusal({"text": 1, "count": 0, "colour": "red"})["message"]
    assert message.startswith("`colour`")
    assert "`text`" in message
    assert "`count`" in message


def deep(depth: int) -> Any:
    value: Any = "bottom"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "path", "says"),
    [
        ({"a": [1, float("nan")]}, "value.a[1]", "NaN"),
        (float("-inf"), "value", "-Infinity"),
        (Decimal("Infinity"), "value", "Infinity"),
        ({"a\x00": 1}, "value.a\\u0000", "NUL"),
        ("a\x00b", "value", "NUL"),
        (["\ud800"], "value[0]", "surrogate"),
        ({"\udfff": 1}, "value.?", "surrogate"),
        (deep(200), "value" + "[0]" * 20, "100 deep"),
        ("x" * 10_000_000, "value", "10000000 characters"),
        (read_json('{"a": {"b": 1, "b": 2}}'), "value.a.b", "given twice"),
        (read_json("[1e999999999]"), "value[0]", "range of decimals"),
        (read_json("[" + "9" * 2_000 + "]"), "value[0]", "1000 digits"),
        (read_json("-Infinity"), "value", "-Infinity"),
        (10**1_000, "value", "1000 digits"),
        (Decimal("1e9999"), "value", "range of decimals"),
        ({1: 2}, "value.1", "string as its key"),
        ({1, 2}, "value", "set"),
    ],
    ids=lambda value: str(value)[:20].encode("ascii", "backslashreplace").decode(),
)
def test_what_no_json_value_may_hold_is_refused_where_it_stands(value: Any, path: str, says: str) -> None:
    body = refusal({"text": "x", "value": value})
    assert body["path"].startswith(path)
    assert says in body["message"]


@pytest.mark.parametrize("arguments", [None, [], "text", 5, read_json("[NaN]")])
def test_arguments_that_are_no_object_are_refused(arguments: object) -> None:
    assert refusal(arguments)["expected"] == "object"


def test_numbers_stay_exact_on_the_way_in_and_out() -> None:
    text = '{"text":"x","number":%s,"value":[0.1,1.10,1E+3,123456789012345678901234567890],"variables":{"a":-0.30}}'
    body = told("sample_echo", read_json(text % EXACT)).text
    assert f'"number":{EXACT}' in body
    assert '"value":[0.1,1.10,1E+3,123456789012345678901234567890]' in body
    assert '"variables":{"a":-0.30}' in body


def test_floats_of_a_caller_inside_the_process_become_decimals() -> None:
    assert ask("sample_echo", {"text": "x", "number": 0.1})["number"] == Decimal("0.1")


def test_a_caller_without_the_right_is_refused_and_nothing_happens() -> None:
    call = local_call(sample_app(), Caller(actor="eve", rights=frozenset({"sample.read"})))
    answer = told("sample_add", {"amount": 1}, call)
    body: Any = answer.data()
    assert (body["code"], body["expected"], answer.status) == ("access.denied", "sample.write", 403)
    assert TOTALS == {}


def test_the_right_of_the_reached_operation_counts_behind_the_general_doors() -> None:
    call = local_call(sample_app(), Caller(actor="eve", rights=frozenset({"operation.call"})))
    body = ask("operation_call", {"operation": "sample_add", "arguments": {"amount": 1}}, call)
    assert body["code"] == "access.denied"


def test_a_missing_part_is_named_with_the_command_that_adds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowmaster.tools.extras.EXTRAS", {"arango": ("there_is_no_such_package",)})
    monkeypatch.setattr("flowmaster.tools.extras._found", set[str]())
    body = ask("sample_extra", {})
    assert body["code"] == "server.extra_missing"
    assert "pip install 'flowmaster[arango]'" in body["fix"]


def test_a_fault_is_logged_with_a_reference_and_keeps_its_insides(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = told("sample_break", {})
    body: Any = answer.data()
    assert (body["code"], answer.status) == ("server.fault", 500)
    assert "secret" not in answer.text
    reference = body["message"].split()[-1].rstrip(".")
    assert reference in caplog.text
    assert "the secret insides" in caplog.text


def test_the_same_key_and_arguments_act_once_and_answer_the_same() -> None:
    call = local_call(sample_app())
    first = told("sample_add", {"amount": 5, "idempotency_key": "k"}, call)
    again = told("sample_add", {"amount": 5, "idempotency_key": "k"}, call)
    assert first == again
    assert TOTALS == {"default": 5}


def test_the_same_key_with_other_arguments_is_a_conflict() -> None:
    call = local_call(sample_app())
    told("sample_add", {"amount": 5, "idempotency_key": "k"}, call)
    body = ask("sample_add", {"amount": 6, "idempotency_key": "k"}, call)
    assert (body["code"], body["path"]) == ("idempotency.conflict", "idempotency_key")
    assert TOTALS == {"default": 5}


def test_keys_of_tenants_are_apart() -> None:
    app = sample_app()
    for tenant in ("one", "two"):
        told("sample_add", {"amount": 5, "idempotency_key": "k"}, local_call(app, Caller(tenant=tenant)))
    assert TOTALS == {"one": 5, "two": 5}


def test_simultaneous_calls_with_one_key_act_once() -> None:
    call = local_call(sample_app())

    async def all_at_once() -> list[Answer]:
        answers: list[Answer] = []

        async def one() -> None:
            answers.append(
                await invoke(call.app.registry, call, "sample_add", {"amount": 5, "idempotency_key": "k"})
            )

        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(one)
        return answers

    answers = anyio.run(all_at_once)
    assert len(answers) == 20
    assert len(set(answers)) == 1
    assert TOTALS == {"default": 5}


def test_a_lost_answer_is_told_again_from_what_was_committed() -> None:
    call = local_call(sample_app())
    first = told("sample_add", {"amount": 5, "idempotency_key": "k"}, call)
    book = call.app.answers
    assert isinstance(book, Answers)
    book.lose("default", "k", subject="5")
    assert told("sample_add", {"amount": 5, "idempotency_key": "k"}, call) == first
    assert TOTALS == {"default": 5}


def test_a_refused_call_leaves_its_key_free() -> None:
    call = local_call(sample_app())
    assert ask("sample_add", {"amount": 5_000, "idempotency_key": "k"}, call)["code"] == "sum.too_large"
    assert ask("sample_add", {"amount": 5, "idempotency_key": "k"}, call) == {"total": 5}


def test_a_dry_run_changes_nothing_and_uses_up_no_key() -> None:
    call = local_call(sample_app())
    dry = {"amount": 5, "idempotency_key": "k", "dry_run": True}
    assert ask("sample_add", dry, call) == {"dry_run": True, "total": 5}
    assert TOTALS == {}
    assert ask("sample_add", {"amount": 7, "idempotency_key": "k"}, call) == {"total": 7}


def test_a_dry_run_with_a_used_key_answers_as_the_call_would() -> None:
    call = local_call(sample_app())
    given = {"amount": 7, "idempotency_key": "k"}
    assert ask("sample_add", given, call) == {"total": 7}
    assert ask("sample_add", {**given, "dry_run": True}, call) == {"total": 7}
    other = {**given, "amount": 8}
    refused = ask("sample_add", {**other, "dry_run": True}, call)
    assert refused["code"] == "idempotency.conflict"
    assert ask("sample_add", other, call) == refused


def test_the_query_door_refuses_what_writes_and_points_to_the_other() -> None:
    body = ask("operation_query", {"operation": "sample_add", "arguments": {"amount": 1}})
    assert body["code"] == "operation.writes"
    assert body["next"][0]["operation"] == "operation_call"
    assert TOTALS == {}


def test_the_general_doors_answer_as_the_operation_itself_does() -> None:
    call = local_call(sample_app())
    direct = told("sample_echo", {"text": "x", "number": EXACT}, call)
    through = told(
        "operation_query", {"operation": "sample_echo", "arguments": {"text": "x", "number": EXACT}}, call
    )
    assert through == direct
    assert told("operation_call", {"operation": "sample_echo", "arguments": {"txet": "x"}}, call) == told(
        "sample_echo", {"txet": "x"}, call
    )


@pytest.mark.parametrize("door", ["operation_find", "operation_query", "operation_call"])
def test_a_door_does_not_lead_to_a_door(door: str) -> None:
    body = ask("operation_call", {"operation": door, "arguments": {}})
    assert body["code"] == "operation.is_a_door"


def test_an_operation_is_found_by_what_one_wants_to_do() -> None:
    items = ask("operation_find", {"query": "add to the sum"})["items"]
    assert items[0]["operation"] == "sample_add"
    assert items[0]["through"] == "sample_add"
    assert items[0]["arguments"].startswith("amount")
    assert items[0]["input_schema"]["properties"]["idempotency_key"]


@pytest.mark.parametrize("query", ["sample_add", "smaple add", "samples to add"])
def test_an_operation_is_found_by_forms_and_misspellings_of_its_words(query: str) -> None:
    assert ask("operation_find", {"query": query})["items"][0]["operation"] == "sample_add"


def test_a_search_that_finds_nothing_tells_all_names() -> None:
    told = ask("operation_find", {"query": "xylophone"})
    assert told["items"] == []
    assert "sample_add" in told["names"]


def test_a_caller_acts_with_the_rights_it_has_now() -> None:
    caller = Caller(rights=frozenset({"sample.read"}))
    assert not caller.may("sample.write")
    assert replace(caller, rights=frozenset({"*"})).may("sample.write")
