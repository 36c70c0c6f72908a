"""Plays an agent's session on a real invoice: design, test, publish, run and explain, over MCP.

    flowmaster demo

A FlowMaster server runs as a child process; this program is its MCP client. Every call and the heart of every
answer are shown. Any unexpected answer ends the demo with exit code 1.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters

MATERIAL = Path(__file__).parent / "material"
OUTPUT = Path("demo-output")
TOTAL_STEPS = 12
WIDTH = 100


BOLD, GREEN = 1, 32


def lit(text: str, style: int) -> str:
    """Return a text in a style, where a terminal shows it."""
    is_shown = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return f"\033[{style}m{text}\033[0m" if is_shown else text


class Unexpected(Exception):
    """The server answered something that the demo does not expect."""


class Session:
    """An agent's session: calls operations and shows them."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._step = 0
        self.calls = 0

    def chapter(self, title: str) -> None:
        """Begin a new part of the story."""
        self._step += 1
        filled = self._step * 24 // TOTAL_STEPS
        print("\n" + lit(f"[{'#' * filled}{'.' * (24 - filled)}] {self._step}/{TOTAL_STEPS}  {title}", BOLD))

    async def call(self, name: str, /, *, refused: str = "", **arguments: Any) -> dict[str, Any]:
        """Call an operation; with `refused`, expect just this refusal."""
        self.calls += 1
        print(f"  > {name}  {shortened(arguments)}")
        result = await self._client.call_tool(name, arguments)
        body: dict[str, Any] = json.loads(result.content[0].text, parse_float=Decimal)  # type: ignore[union-attr]  # all answers are text
        if bool(result.is_error) != bool(refused) or (refused and body["code"] != refused):
            raise Unexpected(f"{name} answered {json.dumps(body, default=str)[:1500]}")
        if refused:
            print(f"    refused: {body['message'][: WIDTH * 2]}")
        return body


def shortened(arguments: Mapping[str, Any]) -> str:
    """Return arguments on one line."""
    text = json.dumps(arguments, default=str, ensure_ascii=False)
    return text if len(text) <= WIDTH else f"{text[:WIDTH]}... ({len(text):,} characters)"


def table(rows: list[Mapping[str, Any]], *columns: str) -> None:
    """Print rows as a table."""
    cells = [[str(row.get(column, "")) for column in columns] for row in rows]
    widths = [min(48, max(len(line[i]) for line in [list(columns), *cells])) for i in range(len(columns))]
    for line in [list(columns), ["-" * width for width in widths], *cells]:
        print("    " + "  ".join(f"{cell[:width]:{width}}" for cell, width in zip(line, widths, strict=True)))


def expect(truth: object, what: str) -> None:
    """End the demo unless something holds."""
    if not truth:
        raise Unexpected(what)
    print(f"    {lit('ok', GREEN)} {what}")


async def design(session: Session) -> None:
    """Rules, the process with one mistake in it, its tests, and the edit that mends it."""
    session.chapter("The rules: duplicates, the match with the order, the approval matrix")
    for file in sorted((MATERIAL / "rules").glob("*.json")):
        saved = await session.call("rule_save", table=json.loads(file.read_text(encoding="utf-8")))
        print(f"    {saved['decision']} version {saved['version']}")
    tried = await session.call(
        "rule_evaluate", decision="approval_level", inputs={"invoice": {"total": 10000.01}}
    )
    expect(tried["result"]["second"] is True, tried["why"])

    session.chapter("The process, from an outline; a wrong limit has crept in")
    outline = (MATERIAL / "process.yaml").read_text(encoding="utf-8")
    wrong = outline.replace("when: approval.second", "when: invoice.total > 100000")
    created = await session.call("process_create", outline=wrong)
    print(f"    {created['summary']}")
    expect(not [p for p in created["problems"] if p["severity"] == "error"], "the draft has no errors")

    session.chapter("Its scenarios are played in a sandbox; publishing is refused while one fails")
    tested = await session.call("process_test", process="invoice-to-pay")
    print(f"    {tested['passed']} passed, {tested['failed']} failed")
    failing = tested["scenarios"][0]
    table(failing["differences"], "what", "expected", "got")
    print(f"    because: {failing['because'][-1]}")
    expect(tested["failed"] > 0, f"the scenario {failing['name']!r} found the wrong limit")
    await session.call("process_publish", process="invoice-to-pay", refused="process.scenarios_fail")

    session.chapter("One edit mends it")
    edited = await session.call(
        "process_edit",
        process="invoice-to-pay",
        edits=[{"set": "invoice.total > 100000?", "if": "approval.second"}],
    )
    table(edited["diff"], "change", "element", "what")
    tested = await session.call("process_test", process="invoice-to-pay")
    coverage = tested["coverage"]
    expect(
        not tested["failed"],
        f"{tested['passed']} scenarios pass; {coverage['covered']} of {coverage['branches']} branches",
    )
    published = await session.call("process_publish", process="invoice-to-pay", note="First version")
    expect(published["version"] == 1, "version 1 is published")


async def papers(session: Session, name: str) -> dict[str, Any]:
    """Read an invoice, its order and what is paid, and return start variables."""
    read = await session.call("document_add", path=str((MATERIAL / name).resolve()), schema="invoice")
    fields = read["fields"]
    shown = ("invoice_number", "supplier", "order_number", "net", "total", "iban")
    table(
        [
            {
                "field": key,
                **{part: fields[key].get(part, "") for part in ("value", "page", "confidence", "quote")},
            }
            for key in shown
        ],
        "field",
        "value",
        "page",
        "confidence",
        "quote",
    )
    values = read["values"]
    orders = await session.call("document_add", path=str((MATERIAL / "purchase-orders.csv").resolve()))
    rows = await session.call("document_read", document=orders["document"], question=values["order_number"])
    order = rows["rows"][0]
    paid = await session.call("document_add", path=str((MATERIAL / "paid-invoices.csv").resolve()))
    booked = await session.call("document_read", document=paid["document"], pages="1")
    return {
        "invoice": {
            key: values[key]
            for key in ("invoice_number", "supplier", "supplier_vat_id", "net", "total", "iban")
        },
        "order": {key: order[key] for key in ("order_number", "order_total", "cost_centre_owner")},
        "paid": [
            {key: row[key] for key in ("invoice_number", "supplier_vat_id", "total")}
            for row in booked["rows"]
        ],
        "requester": order["requester"],
    }


def plain(value: Any) -> Any:
    """Return a value that JSON can write, numbers as they are."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


async def clean(session: Session) -> None:
    """The invoice that matches its order: from PDF to payment, with the reasons."""
    session.chapter("A real invoice: PDF to typed fields, each with its place")
    variables = plain(await papers(session, "invoice-clean.pdf"))

    session.chapter("The invoice starts an instance; rules decide at once")
    begun = await session.call(
        "instance_start",
        process="invoice-to-pay",
        variables=variables,
        business_key=variables["invoice"]["invoice_number"],
    )
    print(
        f"    {begun['instance']} waits at {begun['waiting'][0]['name']!r}; match: {begun['variables']['match']}"
    )
    expect(begun["variables"]["match"]["ok"] is True, "the invoice matches its order")

    session.chapter("A person answers; the requester may not")
    task = begun["waiting"][0]["task"]
    await session.call("task_read", task=task, detail=["briefing"])
    answer = {"task": task, "action": "complete", "variables": {"approved": True}}
    await session.call("task_act", **answer, as_user=variables["requester"], refused="task.person_excluded")
    acted = await session.call("task_act", **answer, as_user=variables["order"]["cost_centre_owner"])
    expect(acted["waiting"][0]["kind"] == "job", "after the approval the payment is handed to a worker")

    session.chapter("A worker pays")
    taken = await session.call("work_take", types=["bank.transfer"], worker="bank")
    job = taken["items"][0]
    print(f"    pays {job['variables']['amount']} to {job['variables']['iban']}")
    done = await session.call("work_finish", job=job["job"], variables={"receipt": "R-2026-1"})
    expect(done["status"] == "completed", f"{done['instance']} is completed")

    session.chapter("Why it went this way, and the picture of it")
    read = await session.call(
        "instance_read", instance=begun["instance"], detail=["why", "history", "diagram"]
    )
    for reason in read["why"]:
        print(f"    {reason['sentence'][: WIDTH + 20]}")
    print(f"    the history has {len(read['history'])} entries, the last one: {read['history'][-1]['event']}")
    OUTPUT.mkdir(exist_ok=True)
    picture = OUTPUT / "invoice-to-pay.svg"
    picture.write_text(read["diagram"], encoding="utf-8")
    expect(read["diagram"].startswith("<"), f"the diagram with the path taken: {picture}")


async def others(session: Session) -> None:
    """The invoice that is off, the duplicate, and an approval that nobody gives."""
    session.chapter("An invoice that is off, and a duplicate")
    off = plain(await papers(session, "invoice-price-off.pdf"))
    begun = await session.call("instance_start", process="invoice-to-pay", variables=off)
    expect(
        begun["waiting"][0]["element"] == "clarify_difference",
        "560 EUR more than ordered: a person clarifies",
    )
    twice = plain(await papers(session, "invoice-duplicate.pdf"))
    stopped = await session.call("instance_start", process="invoice-to-pay", variables=twice)
    expect(
        stopped["status"] == "completed" and "match" not in stopped["variables"],
        "the duplicate stopped at once",
    )

    session.chapter("Time passes: a reminder after 48 hours, escalation after 72")
    task = begun["waiting"][0]["task"]
    clarified = await session.call(
        "task_act", task=task, action="complete", variables={"accepted": True}, as_user="levke.nissen"
    )
    approval = clarified["waiting"][0]["task"]
    for hours in ("PT49H", "PT24H"):
        await session.call("operation_call", operation="clock_advance", arguments={"by": hours})
    now = await session.call("task_read", task=approval, detail=["history"])
    events = [entry["data"]["action"] for entry in now["history"] if entry["event"] == "task_changed"]
    expect(events == ["remind", "escalate"], f"the approval was {events[0]}ed of and {events[1]}d")
    expect(now["roles"] == ["cfo"], "the CFO may approve now")

    session.chapter("The log of who did what is whole")
    checked = await session.call(
        "operation_query", operation="audit_verify", arguments={"scope": begun["instance"]}
    )
    expect(checked["whole"], f"{checked['rows']} entries, each chained to the one before")


async def play() -> int:
    """Start the server and play the session."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="flowmaster-demo-") as data:
        server = StdioServerParameters(
            command=sys.executable,
            args=["-m", "flowmaster", "mcp", "--data", data, "--clock", "virtual"],
            env={**os.environ, "FLOWMASTER_DOCUMENT_FOLDERS": str(MATERIAL.resolve())},
        )
        async with Client(server) as client:
            tools = (await client.list_tools()).tools
            print(f"Connected to FlowMaster over MCP: {len(tools)} tools.")
            session = Session(client)
            await design(session)
            await clean(session)
            await others(session)
    print(f"\nDone: {session.calls} calls in {time.monotonic() - began:.1f} s.")
    return 0


def run_demo() -> int:
    """Run the demo and return its exit code."""
    try:
        return asyncio.run(play())
    except BaseExceptionGroup as group:
        fault: BaseException = group
        while isinstance(fault, BaseExceptionGroup):
            fault = fault.exceptions[0]
        if not isinstance(fault, Unexpected):
            raise
    except Unexpected as unexpected:
        fault = unexpected
    print(f"\nUnexpected: {fault}", file=sys.stderr)
    return 1
