"""Pictures for agents and people: PNG of every view, the time that steps took as heat, small enough to be sent."""

from base64 import b64decode
from pathlib import Path
from struct import unpack

import pytest
from mcp import Client

from flowmaster.engine import events as ev
from flowmaster.engine.bpmn.document import new_document
from flowmaster.engine.bpmn.svg import draw_svg
from flowmaster.engine.bpmn.svg_heat import Heat, duration_text
from flowmaster.server.cli import run
from flowmaster.server.mcp_door import mcp_server
from flowmaster.stores.rows import HistoryEntry
from flowmaster.tools import raster
from flowmaster.tools.data_urls import PNG
from flowmaster.tools.pictures import heat_of
from flowmaster.tools.raster import EDGE_MAX, png_of
from tests.acceptance.agent import Agent, played
from tests.bpmn.models import large_model

OUTLINE = """
process: leave
name: Leave
roles: {boss: Head of department}
data: {days: number}
start: {needs: [days]}
steps:
  - approve: {ask: boss, into: approved}
  - end: granted
"""


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG")
    width, height = unpack(">II", png[16:24])
    return width, height


def named(name: str) -> str:
    document = new_document("p", "P")
    document.processes[0].add("task", {"id": "t", "name": name})
    return draw_svg(document)


def test_a_picture_is_drawn_as_png_in_its_own_size() -> None:
    svg = named("Prüfen")
    width, height = size_of(png_of(svg))
    assert f'viewBox="0 0 {width} {height}"' in svg


def test_letters_are_drawn_without_any_font_of_the_machine() -> None:
    blank, umlauts, cyrillic = (png_of(named(name)) for name in ("", "Äöüß", "Счёт"))
    assert len({blank, umlauts, cyrillic}) == 3


def test_letters_that_our_font_lacks_do_no_harm() -> None:
    assert size_of(png_of(named("发票审批 🙂")))


def test_a_large_process_is_scaled_down_until_an_answer_can_carry_it(monkeypatch: pytest.MonkeyPatch) -> None:
    svg = draw_svg(large_model(120))
    drawn = png_of(svg)
    assert max(size_of(drawn)) <= EDGE_MAX
    monkeypatch.setattr(raster, "BYTES_MAX", len(drawn) // 2)
    assert len(png_of(svg)) <= len(drawn) // 2


def test_heat_counts_passes_and_time_and_what_is_still_open() -> None:
    def at(time: int, event: ev.Event) -> HistoryEntry:
        return HistoryEntry(1, time, "", "", "", event)

    history = [
        at(0, ev.ElementEntered(1, "a", 0, ())),
        at(500, ev.ElementCompleted(1, "a")),
        at(500, ev.ElementEntered(2, "a", 0, ())),
        at(900, ev.ElementCancelled(2, "a")),
        at(900, ev.FlowTaken("f", 0)),
        at(900, ev.ElementEntered(3, "b", 0, ())),
    ]
    heat = heat_of(history, 3_000)
    assert heat == Heat({"a": 2, "b": 1}, {"a": 900, "b": 2_100})
    assert heat.text_of("a") == "2× 900 ms"
    assert heat.text_of("b") == "2.1 s"


@pytest.mark.parametrize(
    ("time", "text"),
    [(0, "0 s"), (7, "7 ms"), (1_000, "1 s"), (90_000, "1.5 min"), (7_200_000, "2 h"), (864_000_000, "10 d")],
)
def test_spans_of_time_are_told_in_their_largest_unit(time: int, text: str) -> None:
    assert duration_text(time) == text


def test_an_agent_sees_the_process_and_the_case_as_images_and_pays_for_no_letters_of_them() -> None:
    async def play(agent: Agent) -> None:
        await agent.published(OUTLINE)
        begun = await agent.started("leave", days=3)
        await agent.advance("PT30M")
        async with Client(mcp_server(agent.app)) as client:
            shown = await client.call_tool("process_read", {"process": "leave", "view": "png"})
            case = await client.call_tool(
                "instance_read", {"instance": begun["instance"], "detail": ["picture", "heat"]}
            )
        for answer, field in ((shown, "content"), (case, "picture")):
            text, image = answer.content
            assert image.type == "image"
            assert image.mime_type == "image/png"
            assert size_of(b64decode(image.data))
            assert answer.structured_content is not None
            assert answer.structured_content[field] == "PNG, shown as image 1 of this answer."
            assert len(text.model_dump_json()) < 4_000

    played(play)


def test_a_case_is_drawn_with_its_heat_and_a_scale() -> None:
    async def play(agent: Agent) -> None:
        await agent.published(OUTLINE)
        begun = await agent.started("leave", days=3)
        await agent.advance("PT30M")
        plain = await agent.ask("instance_read", instance=begun["instance"], detail=["diagram"])
        hot = await agent.ask("instance_read", instance=begun["instance"], detail=["heat"])
        assert "time spent" in hot["diagram"]
        assert "30 min" in hot["diagram"]
        assert "time spent" not in plain["diagram"]
        png = (await agent.ask("process_read", process="leave", view="png"))["content"]
        assert png.startswith(PNG)

    played(play)


def test_the_command_line_writes_a_view_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data", str(tmp_path / "data")]
    outline = tmp_path / "leave.yaml"
    outline.write_text(OUTLINE)
    assert run(["call", "process_create", f"outline=@{outline}", *data]) == 0
    for view, begin in (("png", b"\x89PNG"), ("svg", b"<svg"), ("bpmn", b"<?xml")):
        file = tmp_path / f"leave.{view}"
        assert run(["call", "process_read", "process=leave", f"view={view}", "--out", str(file), *data]) == 0
        assert file.read_bytes().startswith(begin)
    capsys.readouterr()
    away = str(tmp_path / "no" / "where.png")
    assert run(["call", "process_read", "process=leave", "view=png", "--out", away, *data]) == 2
    assert "cannot write" in capsys.readouterr().err
    assert run(["call", "process_read", "process=leave", "view=table", "--out", away, *data]) == 2
    assert "ask for a view" in capsys.readouterr().err
