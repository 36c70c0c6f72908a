"""Plays an example at random: any person, any answer its forms allow, any outcome of work, messages and time as they come."""

import json
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from tests.acceptance.agent import Agent, Body, body_of

ACTS_MAX = 400
PEOPLE = ("ada", "ben", "cleo", "dan", "eve", "fay")
LATE = ("task.person_excluded", "task.answer_forbidden")
"""Refusals that another try may avoid: another person, another answer."""

Make = Callable[[Random], Body]


class World(NamedTuple):
    """What an example meets outside: its start, what each kind of work gives or fails with, and the messages."""

    start: Callable[[Random, Body, date], Body]
    work: Mapping[str, Make]
    errors: Mapping[str, tuple[str, ...]]
    messages: Mapping[str, Make]


async def instances(agent: Agent, folder: Path, seeds: range) -> None:
    """Play one instance of a published example for each seed; every one ends, whatever happens."""
    start, world = start_of(folder), WORLDS[folder.name]
    for seed in seeds:
        random = Random(seed)
        today = date.fromisoformat(str((await agent.ask("server_info"))["now"])[:10])
        player = Player(agent, world, random)
        body = await player.play(folder.name, world.start(random, start, today))
        assert body["status"] == "completed", (seed, player.acts, body)


def start_of(folder: Path) -> Body:
    """Return the start variables that lie beside an example."""
    found: Body = json.loads((folder / "start.json").read_text(encoding="utf-8"))
    return found


class Player:
    """Acts at random on one instance until it ends."""

    def __init__(self, agent: Agent, world: World, random: Random) -> None:
        self.agent = agent
        self.world = world
        self.random = random
        self.acts: list[str] = []
        self._failed: set[str] = set()

    async def play(self, process: str, start: Body) -> Body:
        """Return the instance once it has ended."""
        body = await self.agent.started(process, **start)
        for _ in range(ACTS_MAX):
            body = await self.agent.ask("instance_read", instance=body["instance"])
            assert body["incidents"] == [], (self.acts, body["incidents"])
            if body["status"] != "active":
                return body
            await self._act(body)
        raise AssertionError(f"it does not end: {self.acts}")

    async def _act(self, body: Body) -> None:
        wait = self.random.choice(body["waiting"])
        if wait["kind"] == "child":
            child = await self.agent.ask("instance_read", instance=wait["child"])
            assert child["incidents"] == [], (self.acts, child["incidents"])
            await self._act(child)
            return
        if wait["kind"] in ("message", "timer") and self.random.random() < 0.7 and len(body["waiting"]) > 1:
            return
        self.acts.append(f"{wait['kind']} {wait['element']}")
        match wait["kind"]:
            case "user_task":
                await self._answer(wait["task"])
            case "job":
                await self._work(str(body["instance"]), wait)
            case "message":
                variables = self.world.messages[wait["message"]](self.random)
                await self.agent.ask(
                    "event_send",
                    kind="message",
                    name=wait["message"],
                    correlation_key=wait["correlation_key"],
                    variables=variables,
                )
            case "timer":
                due = max(str(wait["due"]), str((await self.agent.ask("server_info"))["now"]))
                await self.agent.ask("clock_advance", to=due)
            case other:
                assert other == "join", wait

    async def _answer(self, task: str) -> None:
        read = await self.agent.ask("task_read", task=task, detail=["form"])
        arguments = {
            "task": task,
            "action": "complete",
            "variables": answer_to(self.random, read["form"]),
            "as_user": read.get("assignee") or self.random.choice(PEOPLE),
        }
        answer = await self.agent.answer("task_act", arguments)
        assert not answer.refused or body_of(answer)["code"] in LATE, answer.text

    async def _work(self, instance: str, wait: Body) -> None:
        kind = str(wait["type"])
        taken = await self.agent.ask("work_take", types=[kind], instance=instance)
        if not taken["items"]:  # It is tried again later.
            await self.agent.advance("PT1H")
        for job in taken["items"]:
            outcome: Body = {"variables": self.world.work.get(kind, nothing)(self.random)}
            errors = self.world.errors.get(kind, ())
            if errors and self.random.random() < 0.3:
                outcome = {"error_code": self.random.choice(errors)}
            elif job["element"] not in self._failed and self.random.random() < 0.1:
                self._failed.add(str(job["element"]))
                outcome = {"failure": "timeout"}
            await self.agent.ask("work_finish", job=job["job"], **outcome)


def answer_to(random: Random, schema: Body) -> Any:
    """Return a value that a JSON Schema of the examples allows; what is optional is left out half of the time."""
    if "enum" in schema:
        return random.choice(schema["enum"])
    match schema.get("type"):
        case "object":
            required = schema.get("required", ())
            return {
                name: answer_to(random, entry)
                for name, entry in schema.get("properties", {}).items()
                if name in required or random.random() < 0.5
            }
        case "boolean":
            return random.random() < 0.7
        case "integer" | "number":
            return random.randint(int(schema.get("minimum", 0)), int(schema.get("maximum", 1_000)))
        case "array":
            return [answer_to(random, schema["items"]) for _ in range(random.randint(1, 3))]
        case "string":
            if schema.get("format") == "date":
                return f"20{random.randint(10, 25)}-0{random.randint(1, 9)}-15"
            if schema.get("format") == "person":
                return random.choice(PEOPLE)
            return "x" * random.randint(schema.get("minLength", 0) or 1, min(40, schema.get("maxLength", 40)))
        case other:
            raise AssertionError(f"no value is made for {other!r}: {schema}")


def nothing(random: Random) -> Body:
    """Return what work gives that has nothing to say."""
    return {}


def papers(random: Random) -> Body:
    """Return what an employee sends."""
    return {"papers": {"iban": "DE02120300000000202051", "tax_number": "12345678901"}}


def a_loan(random: Random, start: Body, today: date) -> Body:
    """Return an application of any size, with any finances."""
    application = {"amount": random.choice((1000, 9000, 10000, 25000, 45000, 60001, 100000))}
    finances = {
        "net_income": random.choice((0, 1500, 3000, 9000)),
        "employed_months": random.choice((0, 5, 6, 100)),
    }
    number = f"L-{random.getrandbits(40)}"
    return {
        **start,
        "application": {**start["application"], **application, "number": number},
        "finances": {**start["finances"], **finances},
        "advisor": random.choice(PEOPLE),
    }


def a_hire(random: Random, start: Body, today: date) -> Body:
    """Return an employee of any kind, whose first day comes soon or later."""
    employee = {
        "number": f"E-{random.getrandbits(40)}",
        "entity": random.choice(("DE01", "FR01", "GB01", "US01")),
        "level": random.choice(("staff", "manager", "executive")),
        "job": random.choice(("office", "sales", "engineering", "field", "production")),
        "remote": random.random() < 0.5,
        "first_day": (today + timedelta(days=random.choice((1, 2, 5, 40)))).isoformat(),
    }
    return {
        **start,
        "employee": {**start["employee"], **employee},
        "manager": random.choice(PEOPLE),
        "requester": random.choice(PEOPLE),
    }


def an_invoice(random: Random, start: Body, today: date) -> Body:
    """Return an invoice that matches its order or not, paid before or not."""
    net = random.choice((6200, 6250, 6400, 9000))
    invoice = {**start["invoice"], "net": net, "total": random.choice((7378, 10000, 10001))}
    paid = [invoice] if random.random() < 0.1 else []
    return {**start, "invoice": invoice, "paid": paid, "requester": random.choice(PEOPLE)}


def an_order(random: Random, start: Body, today: date) -> Body:
    """Return an order of any size, of a customer who is known or not, to anywhere."""
    price = random.choice((20, 300, 301, 1000, 1000.01))
    delivery = {
        "country": random.choice(("DE", "AT", "CH", "FR", "NL", "US")),
        "service": random.choice(("standard", "express")),
        "other_address": random.random() < 0.5,
    }
    customer = {"paid_orders": random.choice((0, 3)), "blocked": random.random() < 0.1}
    lines = [{"sku": "ANY-1", "name": "Anything", "quantity": 1, "price": price}]
    return {
        "order": {"number": f"SO-{random.getrandbits(40)}", "lines": lines, "total": price},
        "customer": {**start["customer"], **customer},
        "delivery": {**start["delivery"], **delivery},
        "taken_by": random.choice(PEOPLE),
    }


def an_incident(random: Random, start: Body, today: date) -> Body:
    """Return an incident of any size, of any service."""
    incident = {
        "number": f"INC-{random.getrandbits(40)}",
        "users": random.choice((1, 99, 100, 999, 1000)),
        "service_class": random.choice(("gold", "silver", "bronze")),
        "data_at_risk": random.random() < 0.2,
    }
    return {"incident": {**start["incident"], **incident}}


def a_thought(random: Random) -> Body:
    """Return what the agent says of an incident, and what it drafts of the post-mortem."""
    area = random.choice(("network", "security", "unknown"))
    triage = {"area": area, "likely_cause": "a", "confidence": random.choice((0.2, 0.7, 0.9))}
    actions = [{"title": "Watch it", "owner": random.choice(PEOPLE), "days": random.choice((1, 30))}]
    return {"triage": triage, "draft": {"summary": "s", "actions": actions * random.choice((0, 1, 3))}}


def a_merchant(random: Random, start: Body, today: date) -> Body:
    """Return a merchant of any country, form, line of business and size."""
    merchant = {
        "number": f"M-{random.getrandbits(40)}",
        "country": random.choice(("DE", "GB", "TR", "KP", "BR")),
        "legal_form": random.choice(("sole_trader", "partnership", "limited", "public", "association")),
        "activity": random.choice(("5499", "5812", "6051", "7995")),
        "monthly_volume": random.choice((5_000, 50_001, 100_000, 2_000_000)),
    }
    return {**start, "merchant": {**start["merchant"], **merchant}, "salesperson": random.choice(PEOPLE)}


def its_owners(random: Random) -> Body:
    """Return up to three owners, of whom some own a quarter or less."""
    shares = random.choice(((100,), (60, 25), (25, 25, 25), (26, 26, 26), ()))
    exposed = random.random() < 0.2
    return {
        "owners": [
            {"name": f"Owner {share}", "share": share, "country": "DE", "exposed": exposed}
            for share in shares
        ]
    }


WORLDS: Mapping[str, World] = {
    "employee-onboarding": World(
        start=a_hire,
        work={
            "it.order": lambda random: {"order_number": "PO-1"},
            "directory.create": lambda random: {"account": {"user": "u", "email": "u@company.example"}},
            "parcel.ship": lambda random: {"tracking": "P-1"},
        },
        errors={"it.order": ("OUT_OF_STOCK",)},
        messages={"employee papers": papers, "start cancelled": lambda random: {"reason": "another job"}},
    ),
    "invoice-to-pay": World(
        start=an_invoice,
        work={"bank.transfer": lambda random: {"receipt": "R-1"}},
        errors={"bank.transfer": ("ACCOUNT_CLOSED",)},
        messages={},
    ),
    "loan-origination": World(
        start=a_loan,
        work={
            "kyc.check": lambda random: {
                "identity": {"verified": random.random() < 0.9, "reference": "KYC-1"}
            },
            "bureau.query": lambda random: {
                "bureau": {
                    "score": random.choice((300, 450, 600, 700, 800)),
                    "defaults": int(random.random() < 0.1),
                }
            },
            "agent": lambda random: {"summary": "A case."},
            "documents.offer": lambda random: {"offer": {"number": "O-1", "document": "offer.pdf"}},
            "bank.transfer": lambda random: {"reference": "T-1"},
        },
        errors={
            "kyc.check": ("DOCUMENT_UNREADABLE", "SANCTIONS_HIT"),
            "bureau.query": ("NO_RECORD",),
            "bank.transfer": ("ACCOUNT_CLOSED",),
        },
        messages={
            "papers sent": lambda random: {"papers": [{"name": "payslip", "document": "p.pdf"}]},
            "application withdrawn": lambda random: {"reason": "a gift"},
            "offer answered": lambda random: {"offer_accepted": random.random() < 0.7},
        },
    ),
    "major-incident": World(
        start=an_incident,
        work={"agent": a_thought, "deploy.run": lambda random: {"deployment": "D-1"}},
        errors={"deploy.run": ("DEPLOY_FAILED",)},
        messages={
            "supplier answered": lambda random: {"note": "It is mended."},
            "task needed": lambda random: {"task": "Call them", "assignee": random.choice(PEOPLE)},
            "more users affected": lambda random: {"users": random.choice((500, 5000))},
            "false alarm": nothing,
            "incident merged": lambda random: {"into": "INC-0"},
        },
    ),
    "merchant-onboarding": World(
        start=a_merchant,
        work={
            "register.read": lambda random: {
                "company": {
                    "status": random.choice(("active", "active", "active", "dissolved")),
                    "since": "2019-04-01",
                }
            },
            "ownership.resolve": its_owners,
            "sanctions.screen": lambda random: {"hit": random.random() < 0.1},
            "acquiring.open": lambda random: {"account": "A-1"},
        },
        errors={"register.read": ("NOT_FOUND",), "ownership.resolve": ("CHAIN_BROKEN",)},
        messages={
            "papers sent": lambda random: {"papers": []},
            "application withdrawn": nothing,
            "adverse news": nothing,
            "account closed": nothing,
        },
    ),
    "order-fulfilment": World(
        start=an_order,
        work={
            "stock.reserve": lambda random: {"reservation": "RES-1"},
            "payment.charge": lambda random: {"payment": "PAY-1"},
            "payment.refund": lambda random: {"refund_number": "RF-1"},
            "carrier.book": lambda random: {
                "shipment": {"tracking": f"T-{random.getrandbits(40)}", "label": "label.pdf"}
            },
            "carrier.label": lambda random: {"label": {"tracking": "R-1", "document": "return.pdf"}},
        },
        errors={
            "stock.reserve": ("OUT_OF_STOCK",),
            "payment.charge": ("DECLINED", "FRAUD_SUSPECTED"),
            "payment.refund": ("REFUND_REJECTED",),
            "carrier.book": ("ADDRESS_UNKNOWN",),
        },
        messages={
            "shortage answered": lambda random: {"customer_waits": random.random() < 0.7},
            "goods arrived": nothing,
            "payment updated": nothing,
            "order cancelled": lambda random: {"reason": "found a better one"},
            "parcel handed over": nothing,
            "parcel delivered": nothing,
            "parcel undeliverable": nothing,
            "return announced": lambda random: {"reason": random.choice(("withdrawal", "defect"))},
            "goods came back": nothing,
        },
    ),
}
"""What each example meets."""
