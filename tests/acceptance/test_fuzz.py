"""Every operation, called by chance: an answer or one refusal that helps, in bounded time, and nothing half done."""

import asyncio
import copy
import json
import re
import time
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.wiring import open_app
from flowmaster.tools.answer import Answer
from flowmaster.tools.catalog import catalog
from flowmaster.tools.invoke import parsed
from flowmaster.tools.refusals import path_of
from flowmaster.tools.registry import AnyOperation, Caller
from tests.acceptance.agent import Agent, Body, body_of, played, put_back, whole_state
from tests.acceptance.agent import settings as app_settings
from tests.acceptance.fuzzing import JOB, Calls, calls, peopled, spoilt
from tests.hints import FAILED
from tests.house.tree import ROOT

REGISTRY = catalog()
WORK_SECONDS_MAX = 2.0
REFUSAL_LENGTH_MAX = 8_000
CODES = frozenset(re.findall(r"^### (.*)$", (ROOT / "docs" / "errors.md").read_text(encoding="utf-8"), re.M))
MENDS_MAX = 700
_STEP = re.compile(r"\[\d+\]|[^.\[\]]+")
_EXAMPLE = re.compile(r'[Ff]or example:? (?:"[^"]+": )?(.+)\.$', re.DOTALL)
LEAKS = ("Traceback (most recent", " object at 0x", "[object ", "<class '", "pydantic", "site-packages")
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@settings(UNHURRIED, max_examples=150)
@given(calls(at_most=24))
def test_calls_by_chance_are_answered_or_refused_with_help(run: Calls) -> None:
    asyncio.run(play(run, *town()))


@pytest.mark.soak
@settings(UNHURRIED, max_examples=5_000)
@given(calls(at_most=24))
def test_many_calls_by_chance_are_answered_or_refused_with_help(run: Calls) -> None:
    asyncio.run(play(run, *town()))


@cache
def town() -> tuple[Body, str]:
    """Return the whole state of the town with its people, and its leased job."""
    kept: list[tuple[Body, str]] = []

    async def found(agent: Agent) -> None:
        await peopled(agent)
        (job,) = (await agent.ask("work_take", types=["hr.book"], lease_seconds=86_400))["items"]
        kept.append((whole_state(agent.app), str(job["job"])))

    played(found)
    return kept[0]


async def play(run: Calls, state: Body, job: str) -> None:
    """Make the calls one after the other in a town that is as it was in the beginning."""
    async with open_app(app_settings()) as app:
        put_back(app, state)
        agent = Agent(app, Caller(door="test"))
        for name, arguments, spoils in run:
            await check(agent, name, with_job(spoilt(arguments, spoils), job))


async def check(agent: Agent, name: str, arguments: Any) -> None:
    """Make one call, and look at all that must be true of any."""
    before = whole_state(agent.app)
    began = time.process_time()
    answer = await agent.answer(name, arguments)
    worked = time.process_time() - began
    assert worked < WORK_SECONDS_MAX, (name, worked)
    assert_sound(name, repr(arguments), answer)
    dry = isinstance(arguments, dict) and arguments.get("dry_run") is True
    if answer.refused or dry or REGISTRY.get(name).read_only:
        assert whole_state(agent.app) == before
    assert not FAILED, FAILED.pop()
    if body_of(answer).get("code") == "arguments.invalid":
        assert_mends(REGISTRY.get(name), arguments)


def assert_sound(name: str, given: str, answer: Answer) -> None:
    """Check that an answer is what its schema says, or the one form of refusals, and tells no insides."""
    assert not [leak for leak in LEAKS if leak in answer.text and leak not in given], answer.text
    body = body_of(answer)
    if not answer.refused:
        _validator(name).validate(body)
        return
    assert set(body) <= {"code", "message", "path", "expected", "fix", "retry_after", "next"}
    assert body["code"] in CODES - {"server.fault"}, body
    assert body["message"]
    assert body.get("fix") or body.get("expected") is not None or body.get("next"), body
    assert len(answer.text) < REFUSAL_LENGTH_MAX, body


def assert_mends(operation: AnyOperation, arguments: Any) -> None:
    """Check that who knows nothing but the refusals gets to arguments that fit."""
    seen: list[str] = []
    for _ in range(MENDS_MAX):
        try:
            parsed(operation, arguments)
        except FlowMasterError as refusal:
            seen.append(f"{refusal.message} {refusal.fix}")
            mended = _mended(arguments, refusal)
            if mended is None:
                return  # The path is itself hostile, or too long to be told.
            arguments = mended
        else:
            return
    raise AssertionError(f"{operation.name} is not mended: {seen[-2:]}")


def _mended(arguments: Any, refusal: FlowMasterError) -> Any:
    """Return the arguments with the example of the refusal in its place, or without what stands there."""
    if refusal.next:
        return refusal.next[0].arguments
    mended = copy.deepcopy(arguments)
    steps = [int(step[1:-1]) if step[0] == "[" else step for step in _STEP.findall(refusal.path)]
    if not steps or path_of(steps) != refusal.path:
        return None
    here, last = mended, steps[-1]
    try:
        for step in steps[:-1]:
            here = here[step]
        example = _EXAMPLE.search(refusal.fix)
        if example:
            here[last] = json.loads(example[1])
        else:
            del here[last]
    except (LookupError, TypeError):
        return None
    return mended


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(REGISTRY.get(name).output_schema)


def with_job(value: Any, job: str) -> Any:
    """Return the arguments with the leased job's id in its place."""
    if isinstance(value, dict):
        return {key: with_job(each, job) for key, each in value.items()}
    if isinstance(value, list):
        return [with_job(each, job) for each in value]
    return job if value == JOB else value
