"""Documents are kept and read through operations: by path, by bytes, once each, with fields ready to start with."""

import base64
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pytest

from flowmaster.server.options import MEMORY
from flowmaster.server.settings import Settings, document_folders
from flowmaster.server.wiring import open_app
from flowmaster.tools.documents import OPERATIONS
from flowmaster.tools.invoke import invoke
from flowmaster.tools.registry import Call, Caller, Registry

EXAMPLE = Path(__file__).parents[2] / "examples" / "invoice-to-pay"
CLEAN = EXAMPLE / "invoice-clean.pdf"


def play(
    *calls: tuple[str, dict[str, Any]], door: str = "mcp", folder: Path = EXAMPLE
) -> list[dict[str, Any]]:
    """Play calls on a server of their own and return the answers, refusals under `code`."""

    async def played() -> list[dict[str, Any]]:
        async with open_app(Settings(data=MEMORY, folders=(str(folder),))) as app:
            registry = Registry(OPERATIONS)
            answers = []
            for name, arguments in calls:
                told = await invoke(registry, Call(app=app, caller=Caller(door=door)), name, arguments)
                answers.append(json.loads(told.text, parse_float=Decimal))
            return answers

    return anyio.run(played)


def test_an_invoice_is_recognised_kept_and_ready_to_start_with() -> None:
    added, question, page = play(
        ("document_add", {"path": str(CLEAN)}),
        ("document_read", {"document": "invoice-clean-pdf:1", "question": "zahlbar bis wann?"}),
        ("document_read", {"document": "invoice-clean-pdf:1", "pages": "1"}),
    )
    assert (added["document"], added["type"], added["schema_used"]) == (
        "invoice-clean-pdf:1",
        "pdf",
        "invoice",
    )
    assert added["values"]["order_number"] == "PO-2026-0117"
    assert added["values"]["total"] == Decimal("7378.00")
    total = added["fields"]["total"]
    assert {"value", "confidence", "page", "box", "quote", "method"} <= total.keys()
    assert total["confidence"] > Decimal("0.9")
    assert all(check["passed"] for check in added["checks"])
    assert "09.12.2026" in question["passages"][0]["quote"]
    assert page["text"].startswith("[page 1]\nHalbig")


def test_the_same_bytes_are_one_document_and_the_same_invoice_is_told() -> None:
    other = CLEAN.read_bytes() + b"\n% saved again\n"
    first, again, resaved = play(
        ("document_add", {"path": str(CLEAN)}),
        (
            "document_add",
            {"content_base64": base64.b64encode(CLEAN.read_bytes()).decode(), "filename": "copy.pdf"},
        ),
        ("document_add", {"content_base64": base64.b64encode(other).decode(), "filename": "resaved.pdf"}),
    )
    assert (again["document"], again["duplicate"]) == (first["document"], True)
    assert "duplicate" not in resaved
    assert resaved["same_invoice"] == [first["document"]]


def test_a_key_adds_once_and_a_dry_run_adds_nothing() -> None:
    arguments = {"path": str(CLEAN), "idempotency_key": "k1"}
    dry, unknown, first, again = play(
        ("document_add", {"path": str(CLEAN), "dry_run": True}),
        ("document_read", {"document": "invoice-clean-pdf:1"}),
        ("document_add", arguments),
        ("document_add", arguments),
    )
    assert dry["document"] == first["document"] == again["document"]
    assert unknown["code"] == "document.unknown"
    assert first == again


def test_rows_of_a_table_are_found_by_words() -> None:
    added, found, whole = play(
        ("document_add", {"path": str(EXAMPLE / "purchase-orders.csv")}),
        ("document_read", {"document": "purchase-orders-csv:1", "question": "PO-2026-0123"}),
        ("document_read", {"document": "purchase-orders-csv:1", "pages": "1"}),
    )
    assert (added["rows_total"], len(added["rows"])) == (36, 3)
    assert [row["unit_price"] for row in found["rows"]] == [Decimal("175.00"), Decimal("14.50")]
    assert len(whole["rows"]) == 36


def test_paths_lead_only_below_allowed_folders(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "secret.txt").write_text("secret", encoding="utf-8")
    (inside / "link.txt").symlink_to(outside / "secret.txt")
    (inside / "ok.txt").write_text("fine", encoding="utf-8")
    paths = [
        "/etc/passwd",
        str(inside / ".." / "outside" / "secret.txt"),
        str(inside / "link.txt"),
        "nul\x00byte",
        str(inside),
    ]
    *refused, fine = play(
        *(("document_add", {"path": path}) for path in [*paths, str(inside / "ok.txt")]), folder=inside
    )
    assert [answer["code"] for answer in refused[:3]] == ["document.path_refused"] * 3
    assert all(
        "secret" not in json.dumps(answer.get("message", ""), default=str).replace("secret.txt", "")
        for answer in refused
    )
    assert refused[4]["code"] == "document.file_unknown"
    assert fine["document"] == "ok-txt:1"


@pytest.mark.parametrize("door", ["rest", "mcp-http"])
def test_paths_are_never_read_over_http(door: str) -> None:
    (answer,) = play(("document_add", {"path": str(CLEAN)}), door=door)
    assert answer["code"] == "document.path_refused"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, "arguments.invalid"),
        ({"path": "a", "url": "b"}, "arguments.invalid"),
        ({"content_base64": "aGk="}, "arguments.invalid"),
        ({"content_base64": "%%%", "filename": "x.pdf"}, "document.content_invalid"),
        ({"content_base64": "aGk=", "filename": "x.pdf"}, "document.suffix_wrong"),
        ({"content_base64": "aGk=", "filename": "x.txt", "schema": {"a": "nothing"}}, "schema.invalid"),
        ({"url": "http://127.0.0.1:1/x.pdf"}, "http.address_forbidden"),
        ({"url": "file:///etc/passwd"}, "http.address_forbidden"),
    ],
)
def test_bad_input_is_refused_and_nothing_is_kept(arguments: dict[str, Any], code: str) -> None:
    refused, listed = play(("document_add", arguments), ("document_read", {"document": "x-txt:1"}))
    assert refused["code"] == code, refused
    assert listed["code"] == "document.unknown"


def test_pages_that_are_not_there_are_refused() -> None:
    _, answer = play(
        ("document_add", {"path": str(CLEAN)}),
        ("document_read", {"document": "invoice-clean-pdf:1", "pages": "2-9"}),
    )
    assert answer["code"] == "document.page_unknown"


def test_the_folder_of_the_start_is_allowed_but_not_a_home_or_the_root() -> None:
    home = Path("/home/ann")
    assert document_folders("", Path("/srv/project"), home) == ("/srv/project",)
    assert document_folders("", home, home) == ()
    assert document_folders("", Path("/"), home) == ()
    assert document_folders("/a:/b", Path("/"), home) == ("/a", "/b")
