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


async def contract(agent: Agent, start: Body) -> None:
    """A contract of 84,000 EUR: read by hand, two reviewers, one redline, a vote of two of three, two signatures."""
    mine = {**start, "contract": {**start["contract"], "number": "CT-9"}}
    office = await begun(agent, "contract-review", mine)
    given = await office.work("agent", error_code="UNREADABLE")
    assert given["document"] == "ct-2026-55.pdf"
    unlimited = {"kind": "liability", "text": "Liability is unlimited."}
    late = {"kind": "payment", "text": "Payment within 45 days.", "number": 45}
    await office.act("read_by_hand", "lars", clauses=[unlimited, late])
    assert (await office.read())["variables"]["reviewers"] == ["legal", "finance"]
    assert await office.refused("review_for_legal", "lars", legal_ok=False) == "task.answer_forbidden"
    await office.act("review_for_legal", "lars", legal_ok=False, legal_says="Cap it.")
    assert await office.refused("review_for_finance", "silke", finance_ok=True) == "task.person_excluded"
    await office.act("review_for_finance", "fritz", finance_ok=True)

    assert (await office.work("agent", variables={"redline": "Cap it at the fees."}))[
        "legal_says"
    ] == "Cap it."
    await office.act("release_redline", "lars", redline="Section 7: capped at the fees.")
    assert (await office.work("mail"))["text"] == "Section 7: capped at the fees."
    await agent.advance("P7D")
    await office.work("mail")
    await office.send("partner answers", "CT-9", says="accepts", document="v2.pdf")
    capped = {"kind": "liability", "text": "Capped at the fees.", "number": 84000}
    read = await office.work("agent", variables={"clauses": [capped], "confidence": 0.97})
    assert read["document"] == "v2.pdf"

    tasks = (await agent.ask("task_find", instance=office.instance))["items"]
    assert sorted(item["assignee"] for item in tasks) == ["anke", "bernd", "carla"]
    for item in tasks[:2]:
        done = {"task": item["task"], "action": "complete", "as_user": item["assignee"]}
        await agent.ask("task_act", **done, variables={"agreed": True})
    assert await office.open_tasks() == ["sign for the company"]
    await office.act("sign_for_the_company", "dirk", place="Hamburg")
    assert await office.send("contract withdrawn", "CT-9", reason="too late") == []
    await office.work("esign.send", variables={"envelope": "E-9"})
    await office.send("countersigned", "E-9")
    await office.work("archive.store", variables={"archive_id": "A-9"})
    assert await office.ended_at() == "signed"
    assert (await office.read())["variables"]["outcome"] == "signed"


async def claim(agent: Agent, start: Body) -> None:
    """A total loss: the agent uses services and people as its tools and is not sure; the customer keeps the wreck."""
    mine = {**start, "claim": {**start["claim"], "number": "CL-9", "estimate": 15000}}
    office = await begun(agent, "motor-claim", mine)
    cover = {"covered": True, "deductible": 300, "car_value": 20000, "since": "2021-05-01"}
    await office.work("policy.check", variables={"cover": cover})
    assert float((await office.work("reserve.book"))["amount"]) == 18000
    await office.work("fraud.score", variables={"fraud": {"score": 0.2, "signs": []}})

    taken = await agent.ask("work_take", types=["claims.agent"], instance=office.instance)
    job = taken["items"][0]
    assert job["headers"]["instruction"].startswith("Find out what the damage of this claim is")
    assert [tool["elementName"] for tool in job["variables"]["adHocSubProcessElements"]] == [
        "look at photos",
        "look up earlier claims",
        "price the repair",
        "ask the customer",
        "inspect the car",
    ]
    question = {"element": "ask_the_customer", "variables": {"question": "Does the door open?"}}
    chosen = {"activate": ["look_at_photos", question]}
    await agent.ask("work_finish", job=job["job"], variables=chosen)
    await office.work("photos.read", variables={"finding": "The right side is hit."})
    await office.act("ask_the_customer", "clara", finding="The door does not open.")
    unsure = {"damage": 14500, "suspicious": False, "confidence": 0.7, "summary": "The right side."}
    asked = await office.work("claims.agent", variables={"done": True, "assessment": unsure})
    assert asked["findings"] == ["The right side is hit.", "The door does not open."]

    assert await office.send("task needed", "CL-9", task="Get the police report", assignee="paul") != []
    await office.act("assess_by_hand", "clara", damage=14800, grounds="The pillar is bent, too.")
    await office.act("value_the_wreck", "artur", wreck=4000)
    assert float((await office.work("mail"))["wreck"]) == 4000
    assert await office.send("wreck chosen", "CL-9", keeps_wreck=True) == [office.instance]
    assert float((await office.work("reserve.book"))["amount"]) == 15700
    assert await office.refused("approve_as_senior", "clara", approved=True) == "task.person_excluded"
    await office.act("approve_as_senior", "sven", approved=True)
    assert await office.open_tasks() == ["do what is needed"]
    await office.act("do_what_is_needed", "paul", answer="It is in the file.")

    await office.work("bank.transfer", error_code="ACCOUNT_CLOSED")
    assert (
        await office.refused("correct_account", "sven", iban="DE02500105170137075030")
        == "task.person_excluded"
    )
    await office.act("correct_account", "peter", iban="DE02500105170137075030")
    paid = await office.work("bank.transfer", variables={"reference": "T-9"})
    assert (float(paid["amount"]), paid["iban"]) == (15700, "DE02500105170137075030")
    await office.work("reserve.release")
    await office.work("mail")
    assert await office.ended_at() == "paid"


async def merchant(agent: Agent, start: Body) -> None:
    """A casino: an owner behind a company, one false hit, due diligence, twelve months, a changed list, a true match."""
    casino = {**start["merchant"], "business": "gambling"}
    mine = {**start, "merchant": casino, "application": {"number": "M-9", "entity": "DE01"}}
    office = await begun(agent, "merchant-onboarding", mine)
    await office.work("register.lookup", variables={"register": {"number": "HRB 9", "active": True}})
    behind = [{"name": "Urs Frei", "country": "CH", "share": 80, "kind": "person"}]
    assert (
        await office.refused("look_through_company", "silke", people_behind=behind) == "task.person_excluded"
    )
    await office.act("look_through_company", "anna", people_behind=behind)
    await screened(office, {"Mara Lind": 1})
    await office.act("judge_hit", "cora", true_match=False, reason="Born in another year.")
    assert (await office.read())["variables"]["risk"] == "high"

    await office.act("check_papers", "anna", papers_ok=False, papers_missing="licence")
    assert (await office.work("mail"))["missing"] == "licence"
    await agent.advance("P14D")
    await office.work("mail")
    papers = [{"name": "licence", "document": "licence.pdf"}]
    await office.send("papers sent", "M-9", papers=papers)
    await office.act("check_papers", "anna", papers_ok=True)
    assert await office.refused("confirm_papers", "anna", confirmed=True) == "task.person_excluded"
    await office.act("confirm_papers", "arne", confirmed=True)
    news = {"findings": 0, "summary": "Nothing is known.", "confidence": 0.6}
    given = await office.work("agent", variables={"news": news})
    assert given["people"] == ["Mara Lind", "Nordsee Beteiligungen AG", "Urs Frei"]
    await office.act("look_at_the_news", "cora", reason="It is not them.")
    await office.work("mail")
    await office.act("check_source_of_funds", "cora", source_of_funds="Twelve years of audits.", edd_ok=True)
    assert await office.refused("agree", "cora", agreed=True) == "task.person_excluded"
    await office.act("agree", "dirk", agreed=True)
    assert (await office.work("accounts.open", variables={"account": "ACC-9"}))["risk"] == "high"
    await office.work("mail")

    await agent.advance("P1Y")
    await office.work("mail")
    assert (await office.read())["variables"]["reviews"] == 1
    await office.work("register.lookup", variables={"register": {"number": "HRB 9", "active": True}})
    await office.act("look_through_company", "anna", people_behind=behind)
    await screened(office, {"Urs Frei": 2})
    await office.act("judge_hit", "cora", true_match=True, reason="Listed since March.")
    assert (await office.work("accounts.freeze"))["number"] == "ACC-9"
    assert (
        await office.refused("report_to_the_authority", "cora", reference="SAR-9") == "task.person_excluded"
    )
    await office.act("report_to_the_authority", "rolf", reference="SAR-9")
    assert (await office.work("authority.report"))["why"] == "Listed since March."
    assert await office.ended_at() == "refused for sanctions"


async def screened(office: Office, hits: Mapping[str, int]) -> None:
    """Screen the company and all its owners, side by side."""
    found = {"types": ["sanctions.screen"], "instance": office.instance, "limit": 10}
    taken = await office.agent.ask("work_take", **found)
    names = [job["variables"]["name"] for job in taken["items"]]
    assert names == ["Mara Lind", "Nordsee Beteiligungen AG", "Urs Frei", "Sonnenreisen GmbH"]
    for job, name in zip(taken["items"], names, strict=True):
        result = {"hits": hits.get(name, 0), "exposed": False}
        await office.agent.ask("work_finish", job=job["job"], variables=result)


STORIES: Mapping[str, Story] = {
    "contract-review": contract,
    "employee-onboarding": onboarding,
    "invoice-to-pay": invoice,
    "loan-origination": loan,
    "major-incident": incident,
    "merchant-onboarding": merchant,
    "motor-claim": claim,
    "order-fulfilment": order,
}
"""The story of each example."""
