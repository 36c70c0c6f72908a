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
        case "array":
            return [answer_to(random, schema["items"]) for _ in range(random.randint(0, 2))]
        case "boolean":
            return random.random() < 0.7
        case "integer" | "number":
            return random.randint(int(schema.get("minimum", 0)), int(schema.get("maximum", 1_000)))
        case "string":
            if schema.get("format") == "person":
                return random.choice(PEOPLE)
            if schema.get("format") == "email":
                return "somebody@example.org"
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


def a_contract(random: Random, start: Body, today: date) -> Body:
    """Return a contract of any value and length, on our paper or theirs."""
    contract = {
        "number": f"CT-{random.getrandbits(40)}",
        "value": random.choice((500, 20000, 50000, 50001, 300000)),
        "months": random.choice((12, 24, 25)),
        "own_paper": random.random() < 0.5,
    }
    sender, *approvers = random.sample(PEOPLE, 4)
    return {"contract": {**start["contract"], **contract}, "sender": sender, "approvers": approvers}


def a_reading(random: Random) -> Body:
    """Return what the agent reads in a contract, and the redline that it drafts."""
    kinds = ("liability", "payment", "law", "data", "renewal", "property", "other")
    clauses = [
        {"kind": random.choice(kinds), "text": "t", "number": random.choice((0, 45, 90, 500000))}
        for _ in range(random.randint(0, 3))
    ]
    confidence = random.choice((0.5, 0.8, 0.99))
    return {"clauses": clauses, "confidence": confidence, "redline": "We propose this."}


def a_claim(random: Random, start: Body, today: date) -> Body:
    """Return a claim of any size, reported soon or late, with enough photos or too few."""
    claim = {
        "number": f"CL-{random.getrandbits(40)}",
        "happened": (today - timedelta(days=random.choice((2, 40)))).isoformat(),
        "reported": today.isoformat(),
        "estimate": random.choice((900, 1501, 9000, 30000)),
        "injured": random.random() < 0.2,
        "photos": start["claim"]["photos"][: random.choice((2, 3))],
    }
    return {"claim": {**start["claim"], **claim}}


def a_choice(random: Random) -> Body:
    """Return what the agent of a claim does next: it uses tools, or says that it is done."""
    tools = (
        "look_at_photos",
        "look_up_earlier_claims",
        "price_the_repair",
        "ask_the_customer",
        "inspect_the_car",
    )
    if random.random() < 0.6:
        return {"activate": random.sample(tools, random.choice((1, 2)))}
    assessment = {
        "damage": random.choice((200, 1500, 6000, 15000, 19000)),
        "suspicious": random.random() < 0.2,
        "confidence": random.choice((0.5, 0.8, 0.95)),
        "summary": "A dent.",
    }
    return {"done": True, "assessment": assessment}


def a_finding(random: Random) -> Body:
    """Return what a tool of the agent finds."""
    return {"finding": "The door is dented."}


def a_merchant(random: Random, start: Body, today: date) -> Body:
    """Return a merchant of any kind from anywhere, owned by people and a company."""
    merchant = {
        "country": random.choice(("DE", "GB", "US", "PA", "IR")),
        "legal_form": random.choice(("company", "trust")),
        "business": random.choice(("retail", "travel", "gambling")),
        "turnover": random.choice((1000, 200000, 2000000)),
    }
    entity = random.choice(("DE01", "GB01", "US01"))
    return {
        "application": {"number": f"M-{random.getrandbits(40)}", "entity": entity},
        "merchant": {**start["merchant"], **merchant},
        "owners": random.sample(start["owners"], random.randint(1, 3)),
        "sales": random.choice(PEOPLE),
    }


def a_screening(random: Random) -> Body:
    """Return what the lists say of somebody."""
    return {"hits": int(random.random() < 0.2), "exposed": random.random() < 0.2}


WORLDS: Mapping[str, World] = {
    "contract-review": World(
        start=a_contract,
        work={
            "agent": a_reading,
            "esign.send": lambda random: {"envelope": f"E-{random.getrandbits(40)}"},
            "archive.store": lambda random: {"archive_id": "A-1"},
        },
        errors={"esign.send": ("RECIPIENT_UNKNOWN",)},
        messages={
            "partner answers": lambda random: {
                "says": random.choice(("accepts", "counters", "counters", "rejects")),
                "document": "next.pdf",
            },
            "countersigned": nothing,
            "contract withdrawn": lambda random: {"reason": "no longer needed"},
        },
    ),
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
            "register.lookup": lambda random: {
                "register": {"number": "HRB 1", "active": random.random() < 0.9}
            },
            "sanctions.screen": a_screening,
            "agent": lambda random: {
                "news": {
                    "findings": random.choice((0, 1)),
                    "summary": "n",
                    "confidence": random.choice((0.5, 0.9)),
                }
            },
            "accounts.open": lambda random: {"account": "ACC-1"},
        },
        errors={"register.lookup": ("NOT_FOUND",)},
        messages={
            "papers sent": lambda random: {"papers": [{"name": "extract", "document": "e.pdf"}]},
            "application withdrawn": lambda random: {"reason": "another one"},
            "merchant data changed": lambda random: {
                "owners": [{"name": "Nora Berg", "country": "NO", "share": 100, "kind": "person"}]
            },
            "sanctions list changed": nothing,
            "merchant leaves": nothing,
        },
    ),
    "motor-claim": World(
        start=a_claim,
        work={
            "policy.check": lambda random: {
                "cover": {
                    "covered": random.random() < 0.9,
                    "deductible": 300,
                    "car_value": random.choice((10000, 20000, 60000)),
                    "since": "2020-01-01",
                }
            },
            "fraud.score": lambda random: {"fraud": {"score": random.choice((0.1, 0.6, 0.9)), "signs": []}},
            "claims.agent": a_choice,
            "photos.read": a_finding,
            "claims.history": a_finding,
            "workshop.price": a_finding,
            "bank.transfer": lambda random: {"reference": "T-1"},
        },
        errors={
            "policy.check": ("POLICY_UNKNOWN",),
            "fraud.score": ("NO_SCORE",),
            "claims.agent": ("NO_RESULT",),
            "bank.transfer": ("ACCOUNT_CLOSED",),
        },
        messages={
            "photos sent": lambda random: {"photos": [{"name": "door", "document": "4.jpg"}]},
            "wreck chosen": lambda random: {"keeps_wreck": random.random() < 0.5},
            "papers sent": lambda random: {"paper": "bill.pdf"},
            "task needed": lambda random: {"task": "Call them", "assignee": random.choice(PEOPLE)},
            "claim withdrawn": lambda random: {"reason": "repaired it myself"},
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
