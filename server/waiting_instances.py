"""How a call stands that waits for the end of an instance: read off the instance, so that waiting costs nothing.

While people or messages are waited for, input is required. Tasks that the caller may do and whose form is flat are
offered as questions; a reply completes the task as any other call would, with the same checks.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from flowmaster.engine.values import Json
from flowmaster.stores.rows import LongCall
from flowmaster.tools.answer import Answer
from flowmaster.tools.asking import FORM, Question, Replies, flat_schema, form, is_sound, reply_of
from flowmaster.tools.invoke import invoke
from flowmaster.tools.registry import Call

OFFERED_MAX: Final = 5
"""Tasks that are offered as questions at a time."""

WAITS_TOLD: Final = 5
"""Waits that the note of a call names."""

DECLINED: Final = -1
"""Stands for a task that the caller does not want to do here."""

_INPUT: Final = ("user_task", "message", "signal")


class Standing(NamedTuple):
    """How a call stands: its status, a note on it, what is asked, and its answer once there is one."""

    status: str
    note: str
    asked: Mapping[str, Question]
    answer: Answer | None


async def standing(call: Call, record: LongCall) -> Standing:
    """Return how a call stands that waits for the end of an instance."""
    answer = await _called(call, "instance_read", {"instance": record.instance})
    body = answer.data()
    assert isinstance(body, Mapping)
    if answer.refused or body["status"] in ("completed", "cancelled", "failed"):
        return Standing("completed", "", {}, answer)
    waiting = [each for each in _list(body["waiting"]) if isinstance(each, Mapping)]
    note = _note(record.instance, str(body["status"]), waiting)
    if body["status"] != "active" or not any(wait.get("kind") in _INPUT for wait in waiting):
        return Standing("working", note, {}, None)
    return Standing("input_required", note, await _offered(call, record, waiting), None)


async def taken_up(call: Call, record: LongCall, replies: Replies) -> tuple[dict[str, Json], str]:
    """Complete the offered tasks that were replied to; return how often each was tried, and what was refused."""
    now = await standing(call, record)
    tried, told = dict(record.answered), ""
    for key, reply in replies.items():
        question = now.asked.get(key)
        if question is None:
            continue
        task, number = _parts(key)
        tried[task] = number
        if not is_sound(question, reply):
            told = f"The reply to {key!r} is not of the form that was asked for."
            continue
        said = reply_of(reply)
        if said.action != "accept":
            tried[task] = DECLINED
            continue
        asked: dict[str, Json] = {"task": task, "action": "complete", "variables": dict(said.content)}
        answer = await _called(call, "task_act", asked)
        body = answer.data()
        if answer.refused and isinstance(body, Mapping):
            told = str(body["message"])
    return tried, told


async def _offered(call: Call, record: LongCall, waiting: list[Mapping[str, Json]]) -> dict[str, Question]:
    offered: dict[str, Question] = {}
    if not call.client.can_answer(FORM):
        return offered
    for wait in waiting:
        task = str(wait.get("task", ""))
        tried = record.answered.get(task, 0)
        if not task or not isinstance(tried, int) or tried == DECLINED:
            continue
        question = await _question(call, task, f"{task}#{tried + 1}")
        if question is not None:
            offered[question.name] = question
        if len(offered) == OFFERED_MAX:
            break
    return offered


async def _question(call: Call, task: str, key: str) -> Question | None:
    """Return a task as a question, None if the caller may not do it or its form is not flat."""
    shown = (await _called(call, "task_read", {"task": task})).data()
    if not isinstance(shown, Mapping) or not isinstance(shown.get("form"), Mapping):
        return None
    schema = flat_schema(_prefilled(shown["form"], shown.get("values")))
    if schema is None:
        return None
    if shown.get("state") == "reserved":
        may = shown.get("assignee") == call.caller.actor
    else:
        claim: dict[str, Json] = {"task": task, "action": "claim", "dry_run": True}
        may = not (await _called(call, "task_act", claim)).refused
    return form(key, f"{shown['name']} ({shown['instance']})", schema) if may else None


def _prefilled(schema: Any, values: Json) -> dict[str, Json]:
    """Return the schema of a form with what is known already as its defaults."""
    known = values if isinstance(values, Mapping) else {}
    fields = {
        name: {**field, "default": known[name]} if isinstance(known.get(name), str | int | Decimal) else field
        for name, field in schema.get("properties", {}).items()
    }
    return {**schema, "properties": fields}


def _note(instance: str, status: str, waiting: list[Mapping[str, Json]]) -> str:
    names = [f"{wait.get('name')!r} ({wait.get('kind')})" for wait in waiting[:WAITS_TOLD]]
    more = f" and {len(waiting) - WAITS_TOLD} more" if len(waiting) > WAITS_TOLD else ""
    waits = f" It waits for {', '.join(names)}{more}." if names else ""
    return f"{instance} is {status}.{waits}"


def _parts(key: str) -> tuple[str, int]:
    task, _, number = key.rpartition("#")
    return task, int(number)


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


async def _called(call: Call, name: str, arguments: dict[str, Json]) -> Answer:
    return await invoke(call.app.registry, call, name, arguments)
