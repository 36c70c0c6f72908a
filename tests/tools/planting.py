"""A person's data in every place where users put data, so that an erasure has something to find."""

import base64
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Final

from flowmaster.engine.values import Json
from flowmaster.stores.call_log import CallLine
from tests.acceptance.agent import Agent

MARKER: Final = 'Marker "Ada" 7391@x.example'
"""A text that needs quoting inside JSON, twice where JSON stands in JSON."""

PERSON: Final = "marker.ada.7391"
"""A user id."""

TEXTS: Final = [MARKER, PERSON]

_NUMBERS = count(1)

CASE: Final[dict[str, Json]] = {
    "process": "case",
    "roles": ["clerk"],
    "data": {"who": "text", "more": "context", "fine": "boolean", "got": "text", "level": "text"},
    "steps": [
        {"check": {"ask": "clerk", "form": {"fine": "boolean", "note?": "text"}, "into": "fine"}},
        {"rate": {"rule": "level", "into": "level"}},
        {"inner": {"run": "part", "with": {"who": "who"}}},
        {"work": {"call": "do.work", "with": {"text": "who"}, "into": "got"}},
        {"hear": {"wait": {"message": "news"}, "key": "who"}},
        {"end": "done"},
    ],
}
PART: Final[dict[str, Json]] = {
    "process": "part",
    "roles": ["clerk"],
    "data": {"who": "text", "ok": "boolean"},
    "steps": [{"look": {"ask": "clerk", "form": {"ok": "boolean"}, "into": "ok"}}, {"end": "seen"}],
}
RULE: Final[dict[str, Json]] = {
    "decision": "level",
    "inputs": [{"name": "who", "type": "string"}],
    "outputs": [{"name": "level", "type": "string"}],
    "hit": "FIRST",
    "rules": [["-", '"low"']],
}


async def published(agent: Agent) -> None:
    """Publish what the person's cases run on."""
    await agent.ask("rule_save", table=RULE)
    await agent.published(PART)
    await agent.published(CASE)


async def lived(agent: Agent) -> str:
    """Let a case of the person run from beginning to end, with data of the person at every step, and return it."""
    ada = Agent(agent.app, replace(agent.caller, actor=PERSON))
    more: dict[str, Json] = {MARKER: 1, "deep": [{"deeper": {MARKER: [MARKER, "other"]}}], "count": 3}
    started = await agent.ask(
        "instance_start",
        process="case",
        variables={"who": MARKER, "more": more},
        business_key=MARKER,
        idempotency_key=f"start {MARKER} {next(_NUMBERS)}",
        reason=f"for {MARKER}",
    )
    instance = str(started["instance"])
    task = await agent.task(instance, "check")
    await ada.ask("task_act", task=task, action="claim")
    await ada.ask("task_act", task=task, action="comment", comment=f"called {MARKER}")
    await ada.ask("task_act", task=task, action="save_draft", variables={"note": MARKER})
    await agent.ask("instance_control", instance=instance, action="fork", variables={"extra": MARKER})
    await ada.ask("task_act", task=task, action="complete", variables={"fine": True, "note": MARKER})
    inner = (await agent.ask("instance_find", process="part"))["items"][0]["instance"]
    await agent.ask(
        "task_act", task=await agent.task(inner), action="complete", variables={"ok": True}, as_user=PERSON
    )
    for failure in (f"no line to {MARKER}", f"still none to {MARKER}"):
        (job,) = (await agent.ask("work_take", instance=instance, worker=PERSON))["items"]
        await agent.ask("work_finish", job=job["job"], failure=failure, retries=0)
        await agent.ask("instance_control", instance=instance, action="retry", element="work", reason=MARKER)
    await agent.ask("instance_control", instance=instance, action="pause", reason=MARKER)
    await agent.ask("instance_control", instance=instance, action="resume", reason=MARKER)
    await agent.ask("instance_control", instance=instance, action="fork")
    (job,) = (await agent.ask("work_take", instance=instance))["items"]
    await agent.ask(
        "work_finish",
        job=job["job"],
        variables={"got": MARKER},
        idempotency_key=f"j{MARKER} {next(_NUMBERS)}",
    )
    await agent.ask(
        "event_send", kind="message", name="news", correlation_key=MARKER, variables={"told": MARKER}
    )
    assert (await agent.ask("instance_read", instance=instance))["status"] == "completed"
    return instance


async def left_behind(agent: Agent) -> None:
    """Leave data of the person beside any case: a message nobody waits for, documents, calls, keys, notes of rules."""
    ada = Agent(agent.app, replace(agent.caller, actor="helper", on_behalf_of=PERSON))
    await agent.ask(
        "event_send", kind="message", name="lost", correlation_key=MARKER, variables={"x": MARKER}, ttl="P9D"
    )
    for name, text in ((f"{MARKER}.txt", "nothing"), ("plain.txt", f"Letter to {MARKER}\n")):
        content = base64.b64encode(text.encode()).decode()
        await ada.ask("document_add", content_base64=content, filename=name, reason=MARKER)
    calls, folder = agent.app.calls, agent.app.settings.data
    if calls is not None:
        calls.note(
            CallLine(1.0, "task_find", PERSON, "default", "rest", "d", "done", 1.0, on_behalf_of=MARKER)
        )
        calls.flush()
        (Path(folder) / "flowmaster.log").write_text(f"a fault: {MARKER!r}\n", encoding="utf-8")
    await ada.ask("event_send", kind="message", name="lost", correlation_key="x", variables={}, ttl="PT1H")
    with suppress(AssertionError):
        await ada.ask("instance_start", process="case", variables={"nobody": MARKER})


async def told_of(agent: Agent) -> None:
    """Let rule cases name the person, and a draft's note."""
    case: Mapping[str, Json] = {"name": MARKER, "inputs": {"who": MARKER}, "expect": "low"}
    await agent.ask("rule_save", table=RULE, tests=[case])
    scenario: Json = {"name": "as with " + PERSON, "given": {"who": MARKER}, "expect": {"end": "seen"}}
    await agent.ask(
        "process_edit", process="part", edits=[{"set_scenarios": [scenario]}], reason="from a case"
    )


PLANTS: Final[tuple[Callable[[Agent], Awaitable[object]], ...]] = (lived, left_behind, told_of)


def bytes_with(folder: Path) -> list[str]:
    """Return the files of a folder in which a text stands, looked at apart from what the server does."""
    wanted = [text.encode().lower() for text in TEXTS]
    wanted += [text.replace(b'"', b'\\"') for text in wanted] + [
        text.replace(b'"', b'\\\\\\"') for text in wanted
    ]
    return [
        path.name
        for path in sorted(folder.rglob("*"))
        if path.is_file() and any(text in path.read_bytes().lower() for text in wanted)
    ]
