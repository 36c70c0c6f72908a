"""A dry run tells what the real call would do, and does nothing: random calls of every write, each tried first."""

import base64
import random
from collections.abc import Callable
from typing import Any

from flowmaster.tools.catalog import catalog
from tests.acceptance.agent import Agent, Body, body_of, outcome, played, whole_state
from tests.acceptance.clocks import timed
from tests.acceptance.town import LEAVE, LETTER, LEVELS, settled

CALLS = 1_300
SEED = 20_260_214
NEEDS: dict[str, Body] = {"leave": {"days": 2, "who": "ann"}, "letter": {"number": "4711"}}


class Chance:
    """Draws calls that are often right and often wrong, from what is there at the moment."""

    def __init__(self, agent: Agent, seed: int) -> None:
        self.agent = agent
        self.random = random.Random(seed)
        self.jobs: list[str] = []

    async def call(self) -> tuple[str, Body]:
        """Return an operation and its arguments."""
        operation = self.random.choice(list(DRAWN))
        return operation, await DRAWN[operation](self)

    def one(self, *choices: Any) -> Any:
        """Return one of the choices."""
        return self.random.choice(choices)

    async def instance(self) -> str:
        """Return an instance, mostly one that exists."""
        items = (await self.agent.ask("instance_find", limit=50))["items"]
        return str(self.one(*(item["instance"] for item in items), "leave:9999"))

    async def task(self) -> str:
        """Return a task, mostly an open one."""
        items = (await self.agent.ask("task_find", limit=50))["items"]
        return str(self.one(*(item["task"] for item in items), "leave:1/check.4", "nobody"))

    def process(self) -> str:
        """Return a process, mostly one that exists."""
        return str(self.one("leave", "letter", "reminded", "leave", "leaves"))


async def _create(chance: Chance) -> Body:
    outline = {**chance.one(LEAVE, LETTER), "name": f"Name {chance.random.random()}"}
    wrong = {**LEAVE, "steps": [{"a": {"ask": "nobody"}}]}
    return {
        "outline": chance.one(outline, outline, wrong, "process: ["),
        "process": chance.one("", "", "other"),
    }


async def _edit(chance: Chance) -> Body:
    number = chance.random.randrange(1_000)
    edits = [
        {"rename": "check", "to": f"check {number}"},
        {"set": "sign", "within": chance.one("PT48H", "soon", None)},
        {"add_after": "check", "step": {f"step {number}": {"call": "work"}}},
        {"delete": chance.one("book", "nothing")},
        {"set_data": {f"v{number}": "number"}},
        {"set_attributes": "check", "attributes": {"name": f"look {number}"}},
    ]
    chosen = chance.random.sample(edits, chance.random.randint(1, 2))
    process = chance.one(chance.process(), chance.process(), "leave@a", "leave@b")
    return {"process": process, "edits": chosen, "base_draft": chance.one(None, None, 1)}


async def _test(chance: Chance) -> Body:
    scenarios = [{"name": "new", "given": {"number": "1"}, "expect": {"waits_at": "reply"}}]
    return {
        "process": chance.process(),
        "scenarios": chance.one([], scenarios),
        "save": chance.one(True, False),
    }


async def _publish(chance: Chance) -> Body:
    return {"process": chance.process(), "note": "again"}


async def _start(chance: Chance) -> Body:
    process = chance.process()
    needs = NEEDS.get(process, {})
    variables = chance.one(needs, needs, {"days": -1, "who": "ann"}, {})
    return {"process": process, "variables": variables, "version": chance.one(None, None, 1, 99)}


async def _restore(chance: Chance) -> Body:
    return {"process": chance.process(), "version": chance.one(1, 1, 2, 99, "gold")}


async def _archive(chance: Chance) -> Body:
    return {"process": chance.process(), "action": chance.one("archive", "bring_back", "bring_back", "burn")}


async def _delete(chance: Chance) -> Body:
    if chance.random.random() < 0.3:
        trial = f"trial-{chance.random.randrange(1_000)}"
        await chance.agent.ask("process_create", outline={**LETTER, "process": trial})
        return {"process": trial}
    return {"process": chance.process(), "version": chance.one(None, 1, 1, 2, 99)}


async def _branch(chance: Chance) -> Body:
    begin = chance.one({}, {}, {"from": chance.one(1, 9, "draft")}, {"action": "delete"})
    return {
        "process": chance.one("leave", chance.process()),
        "branch": chance.one("a", "b", "no name"),
        **begin,
    }


async def _merge(chance: Chance) -> Body:
    every = {"*": chance.one("ours", "theirs", "base")}
    resolve = chance.one({}, every, every, {"check": "theirs"})
    into = chance.one({}, {}, {}, {}, {"into": "@b"}, {"base_draft": 2})
    return {"process": chance.one("leave@a", "leave@a", "leave@b", "leave"), "resolve": resolve, **into}


async def _policy(chance: Chance) -> Body:
    names = chance.one([], [], ["admin"], ["user:ann"], [""])
    return {
        "process": chance.process(),
        "approvals": chance.one(None, 0, 0, 1, 2),
        "by": names,
        "as_user": "zoe",
    }


async def _approve(chance: Chance) -> Body:
    decision = chance.one("approve", "approve", "reject", "withdraw")
    return {
        "process": chance.one("guarded", "guarded", "guarded", chance.process()),
        "decision": decision,
        "as_user": chance.one("", "ann", "bob"),
        "draft": chance.one(None, None, 1, 9),
    }


async def _tag(chance: Chance) -> Body:
    more = chance.one({}, {"version": 1}, {"version": 99}, {"version": "gold"}, {"action": "remove"})
    return {"process": chance.process(), "tag": chance.one("stable", "beta", "7"), **more}


async def _route(chance: Chance) -> Body:
    some = {"action": "set", "version": chance.one(None, 1, 2, 99), "percent": chance.one(0, 50, 100, 101)}
    more = chance.one(
        some, some, {"action": "set", "when": chance.one("days > 1", "day")}, {"action": "hold"}
    )
    return {"process": chance.process(), **chance.one(more, more, {"action": "clear"}, {"action": "promote"})}


async def _control(chance: Chance) -> Body:
    action = chance.one(
        "pause", "resume", "cancel", "retry", "skip", "move", "set_variables", "fork", "migrate"
    )
    element = chance.one("check", "sign", "book", "reply", "file", "look", "ghost")
    more: dict[str, Body] = {
        "skip": {"element": element, "variables": {"ok": True}},
        "move": {"from": element, "to": chance.one("check", "book", "reply", "ghost")},
        "set_variables": {"variables": {"days": 7}, "scope": chance.one("", element)},
        "fork": {"variables": chance.one({}, {"days": 7}), "at": chance.one(None, 7, 99)},
        "migrate": {"version": chance.one(1, 2, 3, 99), "mapping": chance.one({}, {"check": element})},
    }
    return {"instance": await chance.instance(), "action": action, **more.get(action, {})}


async def _timer(chance: Chance) -> Body:
    process = chance.one("nightly", "nightly", "nightly", "leave", "nihgtly")
    more = chance.one({}, {}, {"element": "start"}, {"number": 0}, {"number": 9})
    return {"process": process, "action": chance.one("pause", "resume", "trigger"), **more}


async def _batch(chance: Chance) -> Body:
    action = chance.one("pause", "resume", "set_variables", "retry", "skip")
    more: dict[str, Body] = {
        "skip": {"element": "look", "variables": {}},
        "set_variables": {"variables": {"days": 7}},
    }
    named = {"instances": [await chance.instance() for _ in range(3)]}
    which = chance.one(named, {"process": chance.process(), "limit": 3}, {"incidents": True}, {})
    selection = chance.one("", "", "2-other")
    return {"action": action, "selection": selection, **which, **more.get(action, {})}


async def _send(chance: Chance) -> Body:
    kind = chance.one("message", "message", "signal")
    name = chance.one("answer", "answer", "nothing")
    key = chance.one("4711", "", "4712")
    return {"kind": kind, "name": name, "correlation_key": key, "ttl": chance.one("", "PT1H", "soon")}


async def _advance(chance: Chance) -> Body:
    return chance.one({"by": "PT6H"}, {"by": "PT5M"}, {"to": "2001-01-01T00:00:00Z"}, {})  # type: ignore[no-any-return]  # one of them


async def _act(chance: Chance) -> Body:
    actions = ("claim", "release", "complete", "save_draft", "assign", "delegate", "reject", "comment")
    action = chance.one(*actions, "complete", "suspend", "resume", "escalate")
    variables = chance.one({"ok": True, "signed": True, "seen": True}, {"ok": "maybe"}, {})
    person = chance.one("ann", "bob", "cid", "dora", "")
    to = chance.one("", "bob", "ann", "boss")
    return {
        "task": await chance.task(), "action": action, "variables": variables, "as_user": person, "to": to,
    }  # fmt: skip


async def _take(chance: Chance) -> Body:
    return {"types": chance.one([], ["hr.book"], ["archive"], ["none"]), "limit": chance.one(1, 2)}


async def _finish(chance: Chance) -> Body:
    how = chance.one(
        {"variables": {"receipt": "R"}}, {"failure": "down"}, {"error_code": "GONE"}, {"backoff": "x"}
    )
    return {"job": chance.one(*chance.jobs, "leave:1/book.9~none"), **how}


async def _rule(chance: Chance) -> Body:
    wrong = {**LEVELS, "rules": [["<=", '"low"']]}
    return {"table": chance.one(LEVELS, wrong), "decision": chance.one("", "level", "other")}


async def _rule_test(chance: Chance) -> Body:
    cases = [{"inputs": {"amount": chance.random.randrange(3)}, "expect": chance.one("low", "high")}]
    given = chance.one({"tests": cases}, {"tests": []}, {}, {"tests": [{"input": 1}]})
    return {"decision": chance.one("level", "other"), "save": chance.one(True, False), **given}


async def _import(chance: Chance) -> Body:
    text = chance.one(
        "1. The clerk checks it.\n2. If it is wrong, go back to step 1.", "Hello.", "", "- Pay it (Boss)"
    )
    return {
        "text": text,
        "process": chance.one("", "paid", "leave", "no id!"),
        "language": chance.one(None, "en", "de"),
    }


async def _document(chance: Chance) -> Body:
    text = f"Rechnung {chance.random.randrange(20)}\nNetto 100,00 EUR\n".encode()
    return {
        "content_base64": chance.one(base64.b64encode(text).decode(), "###"), "filename": chance.one("a.txt", "b.txt"),
    }  # fmt: skip


async def _erase(chance: Chance) -> Body:
    named = {
        "instances": [await chance.instance() for _ in range(2)],
        "what": chance.one("values", "everything"),
    }
    aged = {"process": chance.process(), "ended_before": chance.one("2999-01-01T00:00:00Z", "soon")}
    which = chance.one(named, {"values": ["4711"]}, aged, {}, {"instances": ["leave:1"], "names": ["days"]})
    return {**which, "running": chance.one(True, False)}


async def _scrub(chance: Chance) -> Body:
    return {}


async def _hold(chance: Chance) -> Body:
    return {"instances": [await chance.instance()], "hold": chance.one(True, False)}


async def _rebuild(chance: Chance) -> Body:
    return {}


async def _retention(chance: Chance) -> Body:
    after = chance.one("P1Y", "PT1H", "soon", "", "P0D")
    return {"process": chance.process(), "after": after, "hold": chance.one(True, False, False)}


DRAWN: dict[str, Callable[[Chance], Any]] = {
    "process_create": _create,
    "process_edit": _edit,
    "process_test": _test,
    "process_publish": _publish,
    "process_import": _import,
    "process_restore": _restore,
    "process_archive": _archive,
    "process_delete": _delete,
    "process_branch": _branch,
    "process_merge": _merge,
    "process_policy": _policy,
    "process_approve": _approve,
    "process_tag": _tag,
    "process_route": _route,
    "instance_start": _start,
    "instance_control": _control,
    "instance_batch": _batch,
    "timer_control": _timer,
    "event_send": _send,
    "clock_advance": _advance,
    "task_act": _act,
    "work_take": _take,
    "work_finish": _finish,
    "rule_save": _rule,
    "rule_test": _rule_test,
    "document_add": _document,
    "data_erase": _erase,
    "data_scrub": _scrub,
    "data_hold": _hold,
    "graph_rebuild": _rebuild,
    "retention_save": _retention,
}


def test_random_calls_are_drawn_of_every_write() -> None:
    writes = {each.name for each in catalog() if not each.read_only}
    assert set(DRAWN) == writes - {"operation_call"}


def test_a_dry_run_changes_nothing_and_foretells_the_real_run() -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        await agent.published(timed("0 3 * * *", process="nightly"))
        await agent.ask("process_create", outline={**LETTER, "process": "guarded"})
        await agent.ask("process_policy", process="guarded", approvals=1)
        for number in range(8):
            leave = await agent.started("leave", days=1, who="ann")
            await agent.started("letter", number=f"471{number}")
            if number % 2:
                for element in ("check", "sign"):
                    skip = {"instance": leave["instance"], "action": "skip", "element": element}
                    await agent.ask("instance_control", **skip)
        chance = Chance(agent, SEED)
        succeeded: dict[str, int] = dict.fromkeys(DRAWN, 0)
        for number in range(CALLS):
            operation, arguments = await chance.call()
            call = (SEED, number, operation, arguments)
            before = whole_state(agent.app)
            dry = await agent.answer(operation, {**arguments, "dry_run": True})
            assert whole_state(agent.app) == before, call
            real = await agent.answer(operation, arguments)
            foretold, came = body_of(dry), body_of(real)
            assert (dry.status, foretold.get("code")) == (real.status, came.get("code")), (
                call,
                foretold,
                came,
            )
            if real.refused:
                assert whole_state(agent.app) == before, call
                assert foretold == came, call
                continue
            succeeded[operation] += 1
            if operation not in (
                "work_take",
                "clock_advance",
            ):  # leases are random, and dry time stands still
                assert outcome(foretold) == outcome(came), call
                assert foretold["dry_run"], call
                assert {each["operation"] for each in foretold.get("next", [])} <= {operation}, call
            chance.jobs += [item["job"] for item in came.get("items", []) if "job" in item]
        assert min(succeeded.values()) >= 3, min(succeeded.items(), key=lambda each: each[1])

    played(play)
