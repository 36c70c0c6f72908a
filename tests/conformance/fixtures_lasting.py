"""Fixtures that last: calls that become tasks, ask while they are tasks, fail, and are cancelled."""

import anyio
from pydantic import Field

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.values import Json
from flowmaster.tools.answer import Answer
from flowmaster.tools.asking import form
from flowmaster.tools.models import Arguments, Number
from flowmaster.tools.registry import AnyOperation, Call
from tests.conformance.fixture import Nothing, fixture, said
from tests.conformance.fixtures_asking import content_of, name_question

LONGER_THAN_GRACE_SECONDS = 2.5
"""Long enough for a call that may last to become a task."""


class Named(Arguments):
    """A name."""

    name: str = Field(description="Whom to greet.")


class Computed(Arguments):
    """How long to compute."""

    seconds: Number = Field(description="How long.")
    label: str = Field(default="", description="What it is called.")


class File(Arguments):
    """A file."""

    filename: str = Field(description="Which file.")


@fixture("Greet somebody, at once.", asked=Named)
async def greet(call: Call, arguments: Named) -> Answer:
    return said(f"Hello, {arguments.name}!")


@fixture("Compute for a while.", asked=Computed, lasting="always")
async def slow_compute(call: Call, arguments: Computed) -> Answer:
    await anyio.sleep(float(arguments.seconds))
    return said(f"Computed {arguments.label} in {arguments.seconds} seconds.")


@fixture("Fail after a while.", lasting="only")
async def failing_job(call: Call, arguments: Nothing) -> Answer:
    await anyio.sleep(1)
    raise FlowMasterError("fixture.failed", "The job failed, as it was meant to.")


@fixture("Break.", lasting="always")
async def protocol_error_job(call: Call, arguments: Nothing) -> Answer:
    raise RuntimeError("broken, as it was meant to be")


@fixture("Ask for a confirmation, as a task.", asked=File, lasting="always")
async def confirm_delete(call: Call, arguments: File) -> Answer:
    yes: dict[str, Json] = {
        "type": "object",
        "properties": {"confirm": {"type": "boolean"}},
        "required": ["confirm"],
    }
    question = form("confirm", f"Delete {arguments.filename!r}?", yes)
    reply = await call.ask(question)
    done = reply is not None and reply.content.get("confirm") is True
    return said(f"{arguments.filename} was {'deleted' if done else 'kept'}.")


@fixture("Ask for two things at once, as a task.", lasting="always")
async def multi_input(call: Call, arguments: Nothing) -> Answer:
    questions = (name_question("first"), name_question("second"))
    replies = await call.client.answers(questions) or {}
    return said(" and ".join(str(content_of(reply).get("name")) for reply in replies.values()))


@fixture("Ask for a name, then become a task.", lasting="may")
async def test_tool_with_task(call: Call, arguments: Nothing) -> Answer:
    replies = await call.client.answers([name_question("user_name")])
    await anyio.sleep(LONGER_THAN_GRACE_SECONDS)
    return said(f"Hello, {content_of((replies or {}).get('user_name', {})).get('name')}!")


OPERATIONS: tuple[AnyOperation, ...] = (
    greet,
    slow_compute,
    failing_job,
    protocol_error_job,
    confirm_delete,
    multi_input,
    test_tool_with_task,
)
