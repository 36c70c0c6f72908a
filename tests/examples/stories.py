"""What happens to one instance of each example, from its start to its end, all through the operations."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tests.acceptance.agent import Agent, Body
from tests.examples.worker import Office

Story = Callable[[Agent, Body], Awaitable[None]]


async def begun(agent: Agent, process: str, start: Mapping[str, Any]) -> Office:
    """Start an instance and return its office."""
    return Office(agent, str((await agent.started(process, **start))["instance"]))


async def invoice(agent: Agent, start: Body) -> None:
    """An invoice above 10,000 EUR needs two people; the bank fails once, the account is closed once."""
    large = {**start, "invoice": {**start["invoice"], "total": 10000.01}}
    office = await begun(agent, "invoice-to-pay", large)
    assert await office.refused("approve", "hauke", approved=True) == "task.person_excluded"
    await office.act("approve", "tjark", approved=True)
    assert await office.refused("second_approval", "tjark", confirmed=True) == "task.person_excluded"
    await office.act("second_approval", "carla", confirmed=True)
    await office.work("bank.transfer", failure="timeout")
    await agent.advance("PT5M")
    await office.work("bank.transfer", error_code="ACCOUNT_CLOSED")
    await office.act("correct_account", "levke", iban="DE02120300000000202051")
    assert (await office.work("bank.transfer", variables={"receipt": "R-1"}))[
        "iban"
    ] == "DE02120300000000202051"
    assert await office.ended_at() == "paid"


async def loan(agent: Agent, start: Body) -> None:
    """A loan of 45,000 EUR: doubts about the document, missing papers, two deciders, a late answer, two tries to pay."""
    first = {**start, "application": {**start["application"], "number": "L-2026-8"}}
    office = await begun(agent, "loan-origination", first)
    await office.work("kyc.check", error_code="DOCUMENT_UNREADABLE")
    identity = {"verified": True, "reference": "seen in the branch"}
    assert await office.refused("check_identity_by_hand", "anton", **identity) == "task.person_excluded"
    assert await office.refused("check_identity_by_hand", "sina", verified=True) == "task.answer_invalid"
    await office.act("check_identity_by_hand", "sina", **identity)
    await office.work("bureau.query", variables={"bureau": {"score": 700, "defaults": 0}})
    assert (await office.read())["variables"]["authority"] == "senior"

    await office.act("check_papers", "sina", papers_complete=False, papers_missing="payslip of May")
    assert (await office.work("mail"))["missing"] == "payslip of May"
    await agent.advance("P7D")
    await office.work("mail")
    papers = [{"name": "payslip", "document": "payslip.pdf"}]
    assert await office.send("papers sent", "L-2026-8", papers=papers) == [office.instance]
    await office.act("check_papers", "sina", papers_complete=True)

    given = await office.work("agent", variables={"summary": "Steady income, one late paper."})
    assert (given["papers"], given["assessment"]["band"]) == (papers, "B")
    decision = {"decision": "approve", "reason": "Steady income."}
    assert await office.refused("underwrite", "anton", **decision) == "task.person_excluded"
    await agent.advance("P4D")
    delayed = await office.work("mail")  # Ten days are over: the head of credit is told.
    assert delayed["number"] == "L-2026-8"
    task = await agent.ask("task_find", instance=office.instance)
    assert task["items"][0]["roles"] == ["head"]
    await office.act("underwrite", "ulla", **decision)
    assert await office.refused("senior_approval", "ulla", **decision) == "task.person_excluded"
    await office.act("senior_approval", "sven", **decision)

    await office.work("documents.offer", variables={"offer": {"number": "O-1", "document": "offer.pdf"}})
    assert (await office.work("mail"))["document"] == "offer.pdf"
    await agent.advance("P10D")
    assert (await office.work("mail"))["number"] == "O-1"
    await office.send("offer answered", "L-2026-8", offer_accepted=True)
    assert await office.refused("release", "sven", iban="DE02120300000000202051") == "task.person_excluded"
    await office.act("release", "paul", iban="DE02120300000000202051")
    assert await office.send("application withdrawn", "L-2026-8", reason="too late") == []
    await office.work("bank.transfer", failure="timeout")
    await agent.advance("PT10M")
    paid = await office.work("bank.transfer", variables={"reference": "T-1"})
    assert (paid["amount"], paid["iban"]) == (45000, "DE02120300000000202051")
    assert await office.ended_at() == "paid out"
    await withdrawn(agent, start)


async def withdrawn(agent: Agent, start: Body) -> None:
    """An application that is withdrawn while the bureau is asked."""
    second = {**start, "application": {**start["application"], "number": "L-2026-9"}}
    office = await begun(agent, "loan-origination", second)
    await office.work("kyc.check", variables={"identity": {"verified": True, "reference": "K-1"}})
    assert await office.send("application withdrawn", "L-2026-9", reason="a gift") == [office.instance]
    await office.work("mail")
    assert await office.ended_at() == "withdrawn"


async def onboarding(agent: Agent, start: Body) -> None:
    """An engineer who works at home: silence of the works council, a price above the budget, a laptop that is late."""
    hired = {**start, "employee": {**start["employee"], "number": "E-2099-8"}}
    office = await begun(agent, "employee-onboarding", hired)
    hire = {"confirmed": True, "employment": "permanent"}
    assert await office.refused("confirm_the_hire", "rita", **hire) == "task.person_excluded"
    await office.act("confirm_the_hire", "hanna", **hire)
    await agent.advance("P7D")
    assert (await office.read())["variables"]["consent"] is True
    await office.act("approve_equipment", "felix", budget_approved=True)

    await office.work("it.order", error_code="OUT_OF_STOCK")
    await office.act("choose_another_laptop", "ida", laptop="standard")
    assert (await office.work("it.order", variables={"order_number": "PO-7"}))["model"] == "standard"
    await office.work("mail")
    papers = {"iban": "DE02120300000000202051", "tax_number": "12345678901"}
    assert await office.send("employee papers", "E-2099-8", papers=papers) == [office.instance]
    await office.act("enter_payroll", "pia", payroll_number="P-77")
    assert await office.refused("check_payroll", "pia", payroll_correct=True) == "task.person_excluded"
    await office.act("check_payroll", "paul", payroll_correct=True)
    await office.act("plan_first_weeks", "marc", buddy="bea", plan="Meet the team, ship a first change.")
    assert await office.open_tasks() == ["set up laptop"]

    await late_laptop(office)
    await office.act("set_up_laptop", "ida", asset_tag="NB-0815", encrypted=True)
    await office.work("parcel.ship", variables={"tracking": "P-9"})
    await office.work(
        "directory.create", variables={"account": {"user": "mlind", "email": "m@company.example"}}
    )
    assert (await office.work("mail"))["buddy"] == "bea"
    await office.advance_to("2099-06-01T09:00:00Z")
    await office.act("welcome", "marc", arrived=True)
    assert await office.send("start cancelled", "E-2099-8", reason="too late") == []
    await office.advance_to("2099-11-03T09:00:00Z")
    await office.act("review_probation", "marc", result="passed", assessment="Learns quickly and asks well.")
    await office.work("mail")
    assert await office.ended_at() == "probation passed"
    assert (await office.read())["variables"]["parcel"] == "P-9"


async def late_laptop(office: Office) -> None:
    """On day -3 the desk is reminded, on day -1 the head of IT gets the task and human resources are told."""
    task = await office.agent.task(office.instance, "set_up_laptop")
    for day, roles in (("2099-05-29", ["it"]), ("2099-05-31", ["it_lead"])):
        await office.advance_to(f"{day}T09:00:00Z")
        assert (await office.agent.ask("task_read", task=task))["roles"] == roles
    read = await office.agent.ask("task_read", task=task, detail=["history"])
    changes = [entry["data"]["action"] for entry in read["history"] if entry["event"] == "task_changed"]
    assert (changes, read["due"]) == (["remind", "escalate"], "2099-05-29T09:00:00Z")
    assert (await office.work("mail"))["manager"] == "marc"


async def order(agent: Agent, start: Body) -> None:
    """A television: declined once, given to another carrier, cancelled on the way, and back in the warehouse."""
    mine = {**start, "order": {**start["order"], "number": "SO-9"}}
    office = await begun(agent, "order-fulfilment", mine)
    assert await office.refused("approve_order", "tessa", approved=True) == "task.person_excluded"
    assert await office.refused("approve_order", "ole", approved=False) == "task.answer_forbidden"
    await office.act("approve_order", "ole", approved=True)
    reserved = await office.work("stock.reserve", variables={"reservation": "RES-9"})
    assert [line["sku"] for line in reserved["lines"]] == ["TV-55", "WM-10"]
    await office.work("payment.charge", error_code="DECLINED")
    assert (await office.work("mail"))["attempt"] == 1
    assert await office.send("payment updated", "SO-9") == [office.instance]
    charged = await office.work("payment.charge", variables={"payment": "PAY-9"})
    assert float(charged["amount"]) == 1213.8
    await office.act("pack", "wanda", complete=True, parcels=2, weight=24)
    assert await office.refused("seal_parcels", "wanda", sealed=True) == "task.person_excluded"
    await office.act("seal_parcels", "willi", sealed=True)

    await office.work("carrier.book", variables={"shipment": {"tracking": "T-1", "label": "l.pdf"}})
    await agent.advance("P2D")
    await office.work("mail")  # What was promised is broken: the customer is told.
    await office.act("chase_carrier", "sven", collects=False, answer="On strike.")
    assert (await office.work("carrier.cancel"))["tracking"] == "T-1"
    await office.work("carrier.book", variables={"shipment": {"tracking": "T-2", "label": "l.pdf"}})
    assert await office.send("parcel handed over", "T-1") == []
    await office.send("parcel handed over", "T-2")
    await office.work("mail")

    assert await office.send("order cancelled", "SO-9", reason="too late") == [office.instance]
    assert (await office.work("carrier.recall"))["tracking"] == "T-2"
    (wait,) = (await office.read())["waiting"]
    back = Office(agent, wait["child"])
    assert await back.send("goods came back", "SO-9") == [back.instance]
    await back.act("inspect_goods", "willi", condition="as new")
    await back.work("stock.restock")
    paid_back = await office.work("payment.refund", variables={"refund_number": "RF-9"})
    assert float(paid_back["amount"]) == 1213.8
    await office.work("mail")
    assert await office.ended_at() == "returned"
    await cancelled_in_time(agent, start)


async def cancelled_in_time(agent: Agent, start: Body) -> None:
    """An order that is cancelled while the parcel waits for the carrier: all is undone, the last thing first."""
    office = await begun(agent, "order-fulfilment", {**start, "order": {**start["order"], "number": "SO-10"}})
    await office.act("approve_order", "ole", approved=True)
    await office.work("stock.reserve", variables={"reservation": "RES-10"})
    await office.work("payment.charge", variables={"payment": "PAY-10"})
    await office.act("pack", "wanda", complete=True, parcels=2, weight=24)
    await office.act("seal_parcels", "willi", sealed=True)
    await office.work("carrier.book", variables={"shipment": {"tracking": "T-3", "label": "l.pdf"}})
    await office.send("order cancelled", "SO-10", reason="moved house")
    await office.work("carrier.cancel")
    await office.work("payment.refund", error_code="REFUND_REJECTED")
    await office.act("transfer_in_full", "finn", refund_number="HAND-1")
    assert (await office.work("stock.release"))["reservation"] == "RES-10"
    assert (await office.work("mail"))["refund"] == "HAND-1"
    assert await office.ended_at() == "cancelled"


async def incident(agent: Agent, start: Body) -> None:
    """A P1 that nobody takes in time, with a doubtful triage, two war room tasks, a fix that fails and a breach."""
    mine = {"incident": {**start["incident"], "number": "INC-9"}}
    office = await begun(agent, "major-incident", mine)
    assert (await office.work("pager"))["priority"] == "P1"
    triage = {"area": "database", "likely_cause": "The pool is empty.", "confidence": 0.6}
    await office.work("agent", variables={"triage": triage})
    await agent.advance("PT10M")  # Nobody looks at the doubt.
    await agent.advance("PT5M")
    task = await agent.ask("task_find", instance=office.instance)
    assert task["items"][0]["roles"] == ["manager"]
    await agent.advance("PT15M")
    task = await agent.ask("task_find", instance=office.instance)
    assert sorted(task["items"][0]["roles"]) == ["head", "manager"]
    await office.act("acknowledge", "hilda", lead="lena")

    for person, what in (("vera", "Call the ten largest customers"), ("vito", "Keep the board away")):
        assert await office.send("task needed", "INC-9", task=what, assignee=person) == [office.instance]
    tasks = await agent.ask("task_find", instance=office.instance)
    assert {item["assignee"] for item in tasks["items"]} == {"lena", "vera", "vito"}

    cause = "The pool of connections is empty."
    await office.act("diagnose", "lena", cause=cause, fix="configuration")
    await office.act("approve_change", "mia", approved=True)
    await office.work("deploy.run", variables={"deployment": "D-1"})
    assert await office.refused("verify", "lena", works=True) == "task.person_excluded"
    await office.act("verify", "oskar", works=False, comment="Still slow.")
    assert (await office.work("deploy.rollback"))["deployment"] == "D-1"
    await agent.advance("PT1H")
    await office.act("write_update", "karl", update="We know the cause and work on it.")
    assert (await office.work("status page"))["text"] == "We know the cause and work on it."
    await agent.advance("PT3H")
    assert (await office.read())["variables"]["update"] == "We are still working on it."
    assert (
        len(await office.jobs("status page")) == 2
    )  # Two hours nobody wrote, and a line goes out all the same.
    await office.jobs("pager")
    assert (await office.read())["variables"]["sla_broken"] is True

    await office.act("diagnose", "lena", cause=cause, fix="restart")
    await office.work("deploy.run", variables={"deployment": "D-2"})
    await office.act("verify", "oskar", works=True)
    await office.act("war_room_task", "vera", answer="All ten know.")
    assert await office.open_tasks() == ["war room task", "write update"]
    await agent.advance("PT20M")
    await office.jobs("status page")
    await office.act("war_room_task", "vito", answer="Till noon.")
    await after_the_war_room(office)


async def after_the_war_room(office: Office) -> None:
    """The post-mortem is drafted, written, sent back, accepted, and its two actions are carried out."""
    assert (await office.work("status page"))["broken"] is True
    actions = [
        {"title": title, "owner": owner, "days": 10} for title, owner in (("Watch", "ada"), ("Grow", "ben"))
    ]
    await office.work("agent", variables={"draft": {"summary": "Too small.", "actions": actions}})
    await office.act("write_post-mortem", "mia", lessons="The pool had no alarm and was too small.")
    assert await office.refused("accept_post-mortem", "mia", accepted=True) == "task.person_excluded"
    await office.act("accept_post-mortem", "hilda", accepted=False, comment="Why was there no alarm?")
    await office.act("write_post-mortem", "mia", lessons="Nobody owned the alarms of the pool. Now Ada does.")
    await office.act("accept_post-mortem", "hilda", accepted=True)
    assert await office.open_tasks() == ["carry out action", "carry out action"]
    await office.act("carry_out_action", "ada", done="There is an alarm.")
    await office.act("carry_out_action", "ben", done="It has 200 connections now.")
    assert await office.ended_at() == "solved and learned from"


async def merchant(agent: Agent, start: Body) -> None:
    """A shop whose owners nobody finds, with a namesake on a list, missing papers, a year of peace and then adverse news."""
    number = "M-2026-9"
    office = await begun(
        agent, "merchant-onboarding", {**start, "merchant": {**start["merchant"], "number": number}}
    )
    await office.work("register.read", error_code="NOT_FOUND")
    company = {"status": "active", "since": "2026-10-01"}
    assert await office.refused("look_it_up_by_hand", "anton", company=company) == "task.person_excluded"
    await office.act("look_it_up_by_hand", "sina", company=company)
    people = [
        {"name": name, "share": share, "country": "DE", "exposed": False}
        for name, share in (("Mara Lind", 60), ("Jon Berg", 25))
    ]
    await office.work("ownership.resolve", variables={"owners": people})
    assert (await office.read())["variables"]["beneficial"] == people[:1]
    taken = await agent.ask("work_take", types=["sanctions.screen"], instance=office.instance, limit=10)
    assert {job["variables"]["name"] for job in taken["items"]} == {"Mara Lind", start["merchant"]["name"]}
    for job in taken["items"]:
        await agent.ask(
            "work_finish", job=job["job"], variables={"hit": job["variables"]["name"] == "Mara Lind"}
        )
    why = {"explanation": "Born in another year than the listed person."}
    await office.act("clear_hits", "cora", cleared=True, **why)
    assert (await office.read())["variables"]["risk"] == "medium"

    assert (await office.work("mail"))["papers"] == ["register extract", "list of shareholders"]
    await agent.advance("P14D")
    await office.work("mail")
    await office.send("papers sent", number, papers=[])
    assert await office.refused("check_papers", "sina", papers_complete=False) == "task.answer_forbidden"
    await office.act("check_papers", "sina", papers_complete=False, papers_missing="list of shareholders")
    assert (await office.work("mail"))["missing"] == "list of shareholders"
    await office.send("papers sent", number, papers=[{"name": "list", "document": "list.pdf"}])
    await office.act("check_papers", "sina", papers_complete=True)
    decision = {"decision": "accept", "reason": "Plausible for this trade."}
    assert await office.refused("compliance_decides", "sina", **decision) == "task.person_excluded"
    await office.act("compliance_decides", "cora", **decision)
    assert (await office.work("acquiring.open", variables={"account": "A-9"}))["entity"] == "eu"
    assert await office.send("application withdrawn", number) == []
    await office.work("mail")

    await agent.advance("P366D")
    await office.work("ownership.resolve", variables={"owners": people})
    await office.work("sanctions.screen", variables={"hit": False})
    assert (await office.read())["variables"]["reviews"] == 1
    assert await office.send("adverse news", number) == [office.instance]
    await office.work("ownership.resolve", variables={"owners": people})
    await office.work("sanctions.screen", variables={"hit": True})
    await office.act("review_the_merchant", "cora", keep=False, reason="Charged with fraud last week.")
    assert (await office.work("acquiring.suspend"))["account"] == "A-9"
    await office.work("mail")
    assert await office.ended_at() == "suspended"
    assert (await office.read())["variables"]["outcome"] == "suspended"


STORIES: Mapping[str, Story] = {
    "employee-onboarding": onboarding,
    "invoice-to-pay": invoice,
    "loan-origination": loan,
    "major-incident": incident,
    "merchant-onboarding": merchant,
    "order-fulfilment": order,
}
"""The story of each example."""
