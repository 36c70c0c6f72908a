"""Processes as PDF: handbooks and pictures whose text can be searched, on pages that fit, whatever the names hold."""

import cmath
import json
import math
import re
import time
from base64 import b64decode
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import mcp_types as types
import pdfplumber
import pypdfium2
import pytest
from mcp import Client
from PIL import Image, ImageChops, ImageFilter, ImageStat

from examples.load import examples, load
from flowmaster.engine.bpmn.identifiers import xml_safe
from flowmaster.engine.bpmn.svg import draw_svg
from flowmaster.server.cli import run
from flowmaster.server.mcp_door import mcp_server
from flowmaster.tools import extras
from flowmaster.tools.data_urls import PDF
from flowmaster.tools.handbook import spoken
from flowmaster.tools.pdf_book import MARGIN, TITLE, Book, Line, Picture, Section, Table, pdf_of
from flowmaster.tools.pdf_pen import arc_curves
from flowmaster.tools.raster import large_png
from tests.acceptance.agent import Agent, played
from tests.bpmn.models import large_model
from tests.bpmn.varied import varied_model
from tests.house.tree import ROOT
from tests.tools.test_pictures import OUTLINE, named


def pages_of(url: str) -> list[str]:
    """Return the text of each page of a PDF in a data URL."""
    assert url.startswith(PDF)
    with pdfplumber.open(BytesIO(b64decode(url.removeprefix(PDF)))) as document:
        return [" ".join(page.extract_text().split()) for page in document.pages]


@pytest.mark.parametrize("example", examples())
def test_the_handbook_of_each_example_tells_all_its_steps_and_roles(example: str) -> None:
    async def play(agent: Agent) -> None:
        await load(lambda operation, given: agent.ask(operation, **given), ROOT / "examples" / example)
        told = await agent.ask("process_read", process=example, view="pdf")
        pages = pages_of(told["content"])
        whole = "".join(pages).replace(" ", "")
        for title in ("In words", "Steps", "Who does what", "Data", "Times"):
            assert any(page.startswith(title) or f" {title} " in page for page in pages), title
        table = (await agent.ask("process_read", process=example, view="table"))["content"]
        for row in table:
            if row["name"] != row["element"]:
                assert row["name"].replace(" ", "") in whole, row
        assert all(page.endswith(f"{number} / {len(pages)}") for number, page in enumerate(pages, 1))
        again = await agent.ask("process_read", process=example, view="pdf")
        assert again["content"] == told["content"]

    played(play)


def test_the_handbook_of_a_role_holds_its_own_steps_alone() -> None:
    async def play(agent: Agent) -> None:
        await load(
            lambda operation, given: agent.ask(operation, **given), ROOT / "examples" / "invoice-to-pay"
        )
        told = await agent.ask("process_read", process="invoice-to-pay", view="pdf", performer="cfo")
        whole = " ".join(pages_of(told["content"]))
        assert "second approval" in whole
        assert "clarify difference" not in whole
        refused = await agent.refusal("process_read", process="invoice-to-pay", view="pdf", performer="cook")
        assert "CFO" in json.dumps(refused["expected"])

    played(play)


def test_a_picture_stands_on_the_page_as_it_stands_in_svg() -> None:
    svg = named("Prüfen & genehmigen")
    data = pdf_of(Book("P", "draft 1", [Picture("P", svg)]))
    with pdfplumber.open(BytesIO(data)) as document:
        (page,) = document.pages
        words = {word["text"]: word for word in page.extract_words()}
        boxes = [each for each in (*page.rects, *page.curves) if each["width"] > 50]
    assert {"Prüfen", "&", "genehmigen"} <= set(words)
    name = words["genehmigen"]
    assert any(
        box["x0"] < name["x0"] < name["x1"] < box["x1"] and box["top"] < name["top"] < box["bottom"]
        for box in boxes
    )


def test_pages_are_as_large_as_what_they_show_needs() -> None:
    small, large = named("a"), draw_svg(large_model(500))
    began = time.process_time()
    document = pypdfium2.PdfDocument(
        pdf_of(Book("P", "x", [Picture("small", small), Picture("large", large)]))
    )
    assert time.process_time() - began < 30
    widths = [page.get_width() for page in document]
    assert len(widths) == 2
    assert widths[0] <= 842
    assert 842 < widths[1] <= 3400


@pytest.mark.parametrize(
    "name", ["<b>bold</b> & <script>", "x" * 500, "发票审批 🙂", "فاتورة", "a\u0000b\ud800"]
)
def test_names_of_any_kind_do_no_harm(name: str) -> None:
    said = name.encode("utf-8", "replace").decode()
    sections = [
        Section(said, [Line(said), Line("after")]),
        Section("T", Table((said, "b"), [(said, said)], (1, 1))),
    ]
    document = pypdfium2.PdfDocument(
        pdf_of(Book(said, said, [Picture(said, named(xml_safe(said)))], sections))
    )
    text = "".join(page.get_textpage().get_text_range() for page in document)
    assert "after" in text
    if name.startswith("<b>"):
        assert "<b>bold</b> & <script>" in text
    if name.startswith("发"):
        assert "Letters that this font does not have are shown as ?" in text


def test_a_book_without_pictures_begins_with_its_text_and_long_tables_go_on() -> None:
    rows = [(f"row {number}", "word " * 40) for number in range(200)]
    data = pdf_of(Book("B", "x", sections=[Section("Rows", Table(("a", "b"), rows, (1, 3)))]))
    with pdfplumber.open(BytesIO(data)) as document:
        texts = [page.extract_text() for page in document.pages]
    assert len(texts) > 5
    assert texts[0].startswith("Rows")
    assert all(text.startswith("a b") for text in texts[1:])
    assert all(any(f"row {number}" in text for text in texts) for number in range(200))


def test_drawings_with_figures_of_instances_and_differences_are_printed(tmp_path: Path) -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=OUTLINE)
        await agent.ask("process_publish", process="leave")
        instance = (await agent.started("leave", days=2))["instance"]
        drawn = await agent.ask("process_draw", process="leave", colours="time", view="pdf")
        assert "approve" in pages_of(drawn["picture"])[0]
        assert "svg" not in drawn
        shown = await agent.ask("instance_draw", instance=instance, view="pdf")
        assert instance in pages_of(shown["picture"])[0]
        await agent.ask("process_create", outline=OUTLINE.replace("granted", "given"))
        compared = await agent.ask("process_compare", process="leave", view="pdf")
        first, second = pages_of(compared["picture"])
        assert "given" in first
        assert "What has changed" in second
        assert "given" in second

    played(play)


def test_an_unsound_model_is_printed_with_its_problems() -> None:
    async def play(agent: Agent) -> None:
        stuck = "process: stuck\nsteps:\n  - all: [[{a: {ask: x}}], [{name: q, if: y, then: [{end: out}]}]]\n  - end: done\n"
        await agent.ask("process_create", outline=stuck)
        whole = " ".join(pages_of((await agent.ask("process_read", process="stuck", view="pdf"))["content"]))
        assert "What is open" in whole

    played(play)


def test_at_each_door_a_pdf_is_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data", str(tmp_path / "data")]
    outline, file = tmp_path / "leave.yaml", tmp_path / "leave.pdf"
    outline.write_text(OUTLINE)
    assert run(["call", "process_create", f"outline=@{outline}", *data]) == 0
    assert run(["call", "process_read", "process=leave", "view=pdf", "--out", str(file), *data]) == 0
    assert file.read_bytes().startswith(b"%PDF")
    assert "written to" in capsys.readouterr().out

    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=OUTLINE)
        async with Client(mcp_server(agent.app)) as client:
            answer = await client.call_tool("process_read", {"process": "leave", "view": "pdf"})
            text, embedded = answer.content
            assert text.type == "text"
            assert len(text.text) < 4_000
            assert embedded.type == "resource"
            assert isinstance(embedded.resource, types.BlobResourceContents)
            assert embedded.resource.mime_type == "application/pdf"
            assert b64decode(embedded.resource.blob).startswith(b"%PDF")
            (read,) = (await client.read_resource("process://leave/handbook.pdf")).contents
            assert isinstance(read, types.BlobResourceContents)
            assert read.blob == embedded.resource.blob

    played(play)


def test_without_the_part_that_makes_pdfs_the_call_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=OUTLINE)
        monkeypatch.setattr(extras, "_found", set())
        monkeypatch.setitem(extras.EXTRAS, "documents", ("no_such_package",))
        refused = await agent.refusal("process_read", process="leave", view="pdf")
        assert refused["code"] == "server.extra_missing"
        assert "flowmaster[documents]" in refused["fix"]

    played(play)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gets it when it is late (after PT72H)", "gets it when it is late (after 72 hours)"),
        ("P1D", "1 day"),
        ("P2DT3H", "2 days 3 hours"),
        ("PT0S", "at once"),
        ("P", "P"),
        ("PT", "PT"),
        ("APPROVAL P7DX", "APPROVAL P7DX"),
    ],
)
def test_durations_are_told_as_people_say_them(text: str, said: str) -> None:
    assert spoken(text) == said


@pytest.mark.parametrize("turned", [0, 30])
@pytest.mark.parametrize(("large", "clockwise"), [(False, False), (False, True), (True, False), (True, True)])
def test_arcs_lie_on_their_ellipse_and_end_where_they_shall(
    turned: int, *, large: bool, clockwise: bool
) -> None:
    start, end, (a, b) = (10.0, 20.0), (60.0, 35.0), (40.0, 25.0)
    curves = list(arc_curves(start, end, (a, b), turned, large, clockwise))
    assert curves[-1][2] == pytest.approx(end)
    turn, here, points = cmath.exp(-1j * math.radians(turned)), start, [complex(*start)]
    for one, two, to in curves:
        for part in (0.25, 0.5, 0.75, 1.0):
            rest = 1 - part
            shares = (rest**3, 3 * rest**2 * part, 3 * rest * part**2, part**3)
            given = (complex(*point) for point in (here, one, two, to))
            points.append(sum((share * each for share, each in zip(shares, given, strict=True)), 0j))
        here = to
    # With the ellipse made a circle of radius 1, both ends tell the two centers that there may be.
    flat = [complex((each * turn).real / a, (each * turn).imag / b) for each in points]
    half = (flat[-1] - flat[0]) / 2
    aside = 1j * half / abs(half) * math.sqrt(1 - abs(half) ** 2)
    centers = [flat[0] + half + each for each in (aside, -aside)]
    (center,) = [one for one in centers if all(abs(abs(each - one) - 1) < 0.001 for each in flat)]
    sweep = sum(cmath.phase((after - center) / (before - center)) for before, after in pairwise(flat))
    assert (abs(sweep) > math.pi, sweep > 0) == (large, clockwise)


@pytest.mark.parametrize("seed", range(6))
def test_pictures_look_in_pdf_as_they_look_in_png(seed: int) -> None:
    svg = draw_svg(varied_model(seed, 30))
    (found,) = re.findall(r'viewBox="0 0 (\d+) (\d+)"', svg)
    width, height = map(int, found)
    page: Any = pypdfium2.PdfDocument(pdf_of(Book("P", "x", [Picture("P", svg)])))[0]
    room = (page.get_width() - 2 * MARGIN - 1, page.get_height() - 2 * MARGIN - TITLE - 1)
    # As large as the picture itself: a thin line counts as much on both.
    zoom = 1 / min(1.0, room[0] / width, room[1] / height)
    left, top = round(MARGIN * zoom), round((MARGIN + TITLE) * zoom)
    there = page.render(scale=zoom).to_pil().convert("L").crop((left, top, left + width, top + height))
    drawn = Image.open(BytesIO(large_png(svg))).convert("L").resize((width, height), Image.Resampling.LANCZOS)
    blurred = [each.filter(ImageFilter.BoxBlur(4)) for each in (there, drawn)]
    apart = ImageStat.Stat(ImageChops.difference(*blurred))
    assert apart.mean[0] < 1.5, apart.mean
    assert apart.extrema[0][1] < 90, "something is drawn elsewhere"
