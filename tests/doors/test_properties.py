"""Whatever JSON comes in: an answer or a refusal with a place, never a fault, and accepted values unchanged."""

import json
from typing import Any

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from flowmaster.engine.errors import FlowMasterError
from flowmaster.tools.answer import Answer
from flowmaster.tools.invoke import invoke, parsed
from flowmaster.tools.json_text import read_json, write_json
from tests.doors.sample import local_call, sample_app, sample_echo

NAMES = st.sampled_from(
    [
        "text",
        "txet",
        "number",
        "count",
        "state",
        "value",
        "variables",
        "place",
        "edits",
        "page",
        "kind",
        "step",
        "name",
    ]
)
VALUES: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=True, allow_infinity=True)
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=8)
    | st.sampled_from(["draft", "rename", "remove", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)
APP = sample_app()


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(NAMES, VALUES, max_size=5) | VALUES)
def test_no_arguments_end_in_a_fault(arguments: Any) -> None:
    async def ask() -> Answer:
        return await invoke(APP.registry, local_call(APP), "sample_echo", arguments)

    answer = anyio.run(ask)
    body: Any = answer.data()
    assert answer.status in (200, 422)
    if answer.refused:
        assert body["code"] == "arguments.invalid"
        assert body["message"]
        json.dumps(body, default=str).encode()


@settings(deadline=None)
@given(VALUES)
def test_what_is_accepted_comes_out_as_it_came_in(value: Any) -> None:
    try:
        arguments: Any = parsed(sample_echo, {"text": "x", "value": value})
    except FlowMasterError:
        return
    text = write_json(arguments.value)
    assert read_json(text) == arguments.value
    assert write_json(read_json(text)) == text
