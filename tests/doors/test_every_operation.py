"""Every operation gives the same answer, and the same refusal, at every door."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from flowmaster.tools.catalog import catalog
from flowmaster.tools.registry import AnyOperation
from tests.doors.doors import (
    Told,
    alike,
    example_arguments,
    over_command_line,
    over_mcp,
    over_rest,
    over_stdio,
)

REGISTRY = catalog()


def good_and_bad(operation: AnyOperation) -> list[tuple[str, Any]]:
    """Return calls of an operation: with its examples, and with everything wrong that its schema can tell."""
    good = example_arguments(operation)
    calls: list[dict[str, Any]] = [good, {**good, "bogus_argument": 1}, {}]
    for name, node in operation.input_schema.get("properties", {}).items():
        calls.append({key: value for key, value in good.items() if key != name})
        calls.append({**good, name[:-1] + "q": good.get(name, 1)})
        if node:
            calls.append({**good, name: {"wrong": [1]} if node.get("type") != "object" else "wrong"})
        calls.append({**good, name: "a\x00b"})
    if "dry_run" in operation.input_schema.get("properties", {}):
        calls.append({**good, "dry_run": True})
        calls.append({**good, "idempotency_key": "once", "reason": "a test"})
        calls.append({**good, "idempotency_key": "once", "reason": "another test"})
    return [(operation.name, each) for each in calls]


SCRIPT = [call for operation in REGISTRY for call in good_and_bad(operation)]


@pytest.fixture(scope="module")
def over_rest_told(tmp_path_factory: pytest.TempPathFactory) -> list[Told]:
    folder = tmp_path_factory.mktemp("rest")
    return alike(over_rest(folder, SCRIPT), folder)


def assert_same(told: list[Told], expected: list[Told]) -> None:
    for (name, arguments), one, other in zip(SCRIPT, told, expected, strict=True):
        if name in ("call_find", "server_load") and not one.refused:  # They tell of each door by itself.
            assert (one.refused, one.body.keys() - {"servers"}) == (
                other.refused,
                other.body.keys() - {"servers"},
            )
        else:
            assert one == other, f"{name} {json.dumps(arguments)[:300]}"


def test_mcp_answers_as_rest_does(tmp_path: Path, over_rest_told: list[Told]) -> None:
    assert_same(alike(over_mcp(tmp_path, SCRIPT), tmp_path), over_rest_told)


def test_mcp_over_stdio_answers_as_rest_does(tmp_path: Path, over_rest_told: list[Told]) -> None:
    assert_same(alike(over_stdio(tmp_path, SCRIPT), tmp_path), over_rest_told)


def test_the_command_line_answers_as_rest_does(
    tmp_path: Path, over_rest_told: list[Told], capsys: pytest.CaptureFixture[str]
) -> None:
    assert_same(alike(over_command_line(capsys)(tmp_path, SCRIPT), tmp_path), over_rest_told)


def test_no_call_ends_in_a_fault_of_the_server(over_rest_told: list[Told]) -> None:
    faults = [
        (call, told.body)
        for call, told in zip(SCRIPT, over_rest_told, strict=True)
        if told.body.get("code") == "server.fault"
    ]
    assert not faults


def test_every_answer_fits_the_output_schema(over_rest_told: list[Told]) -> None:
    for (name, _), told in zip(SCRIPT, over_rest_told, strict=True):
        if not told.refused:
            Draft202012Validator(REGISTRY.get(name).output_schema).validate(told.body)


def test_every_refusal_says_what_is_wrong_and_how_to_repair_it(over_rest_told: list[Told]) -> None:
    for (name, arguments), told in zip(SCRIPT, over_rest_told, strict=True):
        if told.refused:
            body = told.body
            known = {"code", "message", "path", "expected", "fix", "retry_after", "next"}
            assert set(body) <= known
            noun, _, wrong = body["code"].partition(".")
            assert noun.isidentifier()
            assert wrong.isidentifier()
            assert body["message"], (name, arguments)
            assert body.get("fix") or body.get("expected") is not None, (name, arguments, body)
            assert len(body.get("next", [])) <= 3
            assert "Traceback" not in json.dumps(body)


def test_an_unknown_argument_is_refused_by_its_name(over_rest_told: list[Told]) -> None:
    for (_, arguments), told in zip(SCRIPT, over_rest_told, strict=True):
        if "bogus_argument" in arguments:
            assert told.refused
            assert told.body["code"] == "arguments.invalid"
            assert told.body["path"] == "bogus_argument"


@pytest.mark.parametrize("operation", list(REGISTRY), ids=lambda each: each.name)
def test_schemas_are_valid_and_examples_fit_them(operation: AnyOperation) -> None:
    Draft202012Validator.check_schema(operation.input_schema)
    Draft202012Validator.check_schema(operation.output_schema)
    Draft202012Validator(operation.input_schema).validate(example_arguments(operation))
    operation.asked.model_validate(example_arguments(operation))
