"""Fixtures that ask: in a form, for a text of the client's model, for the client's folders; in one round or several."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import Field

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.values import Json
from flowmaster.server.mcp_client import ROOTS, SAMPLING
from flowmaster.tools.answer import Answer
from flowmaster.tools.asking import Question, form
from flowmaster.tools.json_text import write_json
from flowmaster.tools.models import Arguments
from flowmaster.tools.registry import AnyOperation, Call
from tests.conformance.fixture import Nothing, fixture, said


class Prompt(Arguments):
    """A text for a model."""

    prompt: str = Field(description="What to ask the model.")


class Message(Arguments):
    """A text for a person."""

    message: str = Field(description="What to ask the person.")


@fixture("Ask the client's model.", asked=Prompt)
async def test_sampling(call: Call, arguments: Prompt) -> Answer:
    (reply,) = await asked(call, _sampling("answer", arguments.prompt, 100))
    return said(f"LLM response: {_text(reply)}")


@fixture("Ask for a name and an address.", asked=Message)
async def test_elicitation(call: Call, arguments: Message) -> Answer:
    fields: dict[str, Json] = {
        "username": {"type": "string", "description": "User's response"},
        "email": {"type": "string", "description": "User's email address"},
    }
    (reply,) = await asked(call, form("answer", arguments.message, fields_of(fields, *fields)))
    return said(f"User response: {_told(reply)}")


@fixture("Ask with defaults of all types.")
async def test_elicitation_sep1034_defaults(call: Call, arguments: Nothing) -> Answer:
    fields: dict[str, Json] = {
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": Decimal("95.5")},
        "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
        "verified": {"type": "boolean", "default": True},
    }
    (reply,) = await asked(call, form("answer", "Please review these defaults.", fields_of(fields)))
    return said(f"Elicitation completed: {_told(reply)}")


@fixture("Ask for choices of all kinds.")
async def test_elicitation_sep1330_enums(call: Call, arguments: Nothing) -> Answer:
    plain: list[Json] = ["option1", "option2", "option3"]
    titled: list[Json] = [
        {"const": f"value{number}", "title": f"{word} Option"}
        for number, word in enumerate(("First", "Second", "Third"), 1)
    ]
    fields: dict[str, Json] = {
        "untitledSingle": {"type": "string", "enum": plain},
        "titledSingle": {"type": "string", "oneOf": titled},
        "legacyEnum": {
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": plain}},
        "titledMulti": {"type": "array", "items": {"anyOf": titled}},
    }
    (reply,) = await asked(call, form("answer", "Please choose.", fields_of(fields)))
    return said(f"Elicitation completed: {_told(reply)}")


@fixture("Ask for a name.")
async def test_input_required_result_elicitation(call: Call, arguments: Nothing) -> Answer:
    (reply,) = await asked(call, name_question("user_name"))
    return said(f"Hello, {content_of(reply).get('name')}!")


@fixture("Ask the client's model, by the answer.")
async def test_input_required_result_sampling(call: Call, arguments: Nothing) -> Answer:
    (reply,) = await asked(call, _sampling("capital_question", "What is the capital of France?", 100))
    return said(_text(reply))


@fixture("Ask for the client's folders, by the answer.")
async def test_input_required_result_list_roots(call: Call, arguments: Nothing) -> Answer:
    (reply,) = await asked(call, Question("client_roots", ROOTS, {}))
    return said(f"Roots: {write_json(reply.get('roots')).decode()}")


@fixture("Ask for a confirmation, and know it again.")
async def test_input_required_result_request_state(call: Call, arguments: Nothing) -> Answer:
    await asked(call, _confirmation())
    return said("state-ok")


@fixture("Ask for a confirmation that nobody may tamper with.")
async def test_input_required_result_tampered_state(call: Call, arguments: Nothing) -> Answer:
    await asked(call, _confirmation())
    return said("state-ok")


@fixture("Ask for several things at once.")
async def test_input_required_result_multiple_inputs(call: Call, arguments: Nothing) -> Answer:
    name, greeting, roots = await asked(
        call,
        name_question("user_name"),
        _sampling("greeting", "Generate a greeting", 50),
        Question("client_roots", ROOTS, {}),
    )
    return said(f"{_text(greeting)} {content_of(name).get('name')}: {write_json(roots).decode()}")


@fixture("Ask for one thing after the other.")
async def test_input_required_result_multi_round(call: Call, arguments: Nothing) -> Answer:
    (first,) = await asked(call, name_question("step1", "Step 1: What is your name?"))
    color = fields_of({"color": {"type": "string"}}, "color")
    (second,) = await asked(call, form("step2", "Step 2: What is your favorite color?", color))
    return said(f"{content_of(first).get('name')} likes {content_of(second).get('color')}.")


@fixture("Ask, and never by a request of the server's own.")
async def test_streaming_elicitation(call: Call, arguments: Nothing) -> Answer:
    (reply,) = await asked(call, name_question("user_name"))
    return said(f"Hello, {content_of(reply).get('name')}!")


@fixture("Ask what the client can answer.")
async def test_input_required_result_capabilities(call: Call, arguments: Nothing) -> Answer:
    questions = (
        name_question("user_name"),
        _sampling("greeting", "Generate a greeting", 50),
        Question("client_roots", ROOTS, {}),
    )
    able = [question for question in questions if call.client.can_answer(question.kind)]
    replies = await asked(call, *able)
    return said(f"{len(replies)} answers")


def name_question(name: str, message: str = "What is your name?") -> Question:
    """Return the question for somebody's name."""
    return form(name, message, fields_of({"name": {"type": "string"}}, "name"))


def content_of(reply: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return what a form was filled in with."""
    content = reply.get("content")
    return content if isinstance(content, Mapping) else {}


async def asked(call: Call, *questions: Question) -> list[Mapping[str, Json]]:
    replies = await call.client.answers(questions)
    if replies is None:
        raise FlowMasterError("fixture.cannot_ask", "The client cannot answer this.")
    return [replies[question.name] for question in questions]


def _confirmation() -> Question:
    return form("confirm", "Please confirm", fields_of({"ok": {"type": "boolean"}}, "ok"), bound=True)


def _sampling(name: str, text: str, tokens: int) -> Question:
    content: dict[str, Json] = {"role": "user", "content": {"type": "text", "text": text}}
    return Question(name, SAMPLING, {"messages": [content], "maxTokens": tokens})


def fields_of(fields: Mapping[str, Json], *required: str) -> dict[str, Json]:
    return {"type": "object", "properties": dict(fields), "required": list(required)}


def _text(reply: Mapping[str, Json]) -> str:
    content: Any = reply.get("content")
    first = content[0] if isinstance(content, Sequence) and not isinstance(content, str) else content
    return str(first.get("text", "")) if isinstance(first, Mapping) else ""


def _told(reply: Mapping[str, Json]) -> str:
    return f"action={reply.get('action')}, content={write_json(dict(content_of(reply))).decode()}"


OPERATIONS: tuple[AnyOperation, ...] = (
    test_sampling,
    test_elicitation,
    test_elicitation_sep1034_defaults,
    test_elicitation_sep1330_enums,
    test_input_required_result_elicitation,
    test_input_required_result_sampling,
    test_input_required_result_list_roots,
    test_input_required_result_request_state,
    test_input_required_result_tampered_state,
    test_input_required_result_multiple_inputs,
    test_input_required_result_multi_round,
    test_input_required_result_capabilities,
    test_streaming_elicitation,
)
