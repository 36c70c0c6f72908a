"""The differences between two versions are seen on the drawing, by more than their colours."""

import re
from base64 import b64decode
from typing import Any

import pytest
from lxml import etree

from flowmaster.engine.bpmn.diagram import read_diagrams
from flowmaster.engine.bpmn.document import BpmnDocument, parse_bpmn
from flowmaster.engine.bpmn.vocabulary import BOUNDS, WAYPOINT
from flowmaster.engine.compare.picture import KINDS
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.tools.data_urls import PNG
from tests.acceptance.agent import Agent, played
from tests.compare.test_changes import LEAVE, leave

SVG = "{http://www.w3.org/2000/svg}"


class Picture:
    """An SVG that is asked for its elements."""

    def __init__(self, svg: str) -> None:
        self.svg = svg
        self.root = etree.fromstring(svg.encode())

    def group(self, element: str) -> Any:
        """Return the group of an element."""
        (found,) = self.root.iterfind(f".//{SVG}g[@data-element='{element}']")
        return found

    def shape(self, element: str) -> Any:
        """Return what an element is drawn with first."""
        return next(one for one in self.group(element) if one.tag != f"{SVG}title")

    def line(self, element: str) -> tuple[str, str]:
        """Return the colour of an element's line, and how it is broken."""
        shape = self.shape(element)
        return shape.get("stroke"), shape.get("stroke-dasharray", "")

    def title(self, element: str) -> str:
        """Return what is said of an element to those who point at it."""
        return str(self.group(element).findtext(f"{SVG}title", ""))

    @property
    def words(self) -> list[str]:
        """All texts that can be read in the picture."""
        return [one.text or "" for one in self.root.iter(f"{SVG}text")]

    @property
    def told(self) -> str:
        """What is told to those who do not see it."""
        return str(self.root.findtext(f"{SVG}desc", ""))


def look(kind: str) -> tuple[str, str]:
    return KINDS[kind].style.line, KINDS[kind].style.dash


async def compared(agent: Agent, before: Any, after: Any, view: str = "svg") -> dict[str, Any]:
    """Return the comparison of two drafts, each an outline or a BPMN file."""
    for given in (before, after):
        named = {"bpmn": given} if isinstance(given, str) else {"outline": given}
        await agent.ask("process_create", **named)
        if given is before:
            await agent.ask("process_publish", process="leave")
    return await agent.ask("process_compare", process="leave", view=view)


def pictured(before: Any, after: Any) -> tuple[Picture, dict[str, Any]]:
    found: list[tuple[Picture, dict[str, Any]]] = []

    async def play(agent: Agent) -> None:
        answer = await compared(agent, before, after)
        found.append((Picture(answer["picture"]), answer))

    played(play)
    return found[0]


def by_hand(outline: dict[str, Any], *, wide: int = 100, gone: str = "") -> str:
    """Return a process as a file whose drawing is wider than the layout's, and without one of its steps."""
    document = compile_outline(outline).document
    for holder in (*document.root.descendants(BOUNDS), *document.root.descendants(WAYPOINT)):
        holder.set("x", str(int(holder.get("x")) * wide // 50))
        if int(holder.get("width", "0")) > 200:
            holder.set("width", str(int(holder.get("width")) * wide // 50))
    if gone:
        step = document.element(gone)
        (into,), (out,) = document.incoming(step), document.outgoing(step)
        source, target = document.source(into), document.target(out)
        assert source is not None
        assert target is not None
        document.remove(step)
        document.connect(source, target, identifier="around")
    return document.to_xml()


def boxes(document: BpmnDocument) -> dict[str, Any]:
    return {one.element.id: one.box for diagram in read_diagrams(document) for one in diagram.shapes}


def test_a_new_step_has_a_sign_a_line_and_words_of_its_own() -> None:
    seen, answer = pictured(LEAVE, leave("added"))
    assert seen.line("log") == look("added")
    assert seen.title("log") == 'log: The script task "log" is new, after "ask boss".'
    assert "+" in seen.words
    assert "new" in seen.words
    assert answer["summary"] in seen.words
    assert 'The script task "log" is new' in seen.told
    assert answer["changes"] == []
    assert seen.line("book")[0] not in {kind.style.line for kind in KINDS.values()}


def test_what_is_gone_stays_as_a_ghost_between_its_old_neighbours() -> None:
    seen, _ = pictured(LEAVE, leave("removed"))
    assert seen.line("removed_book") == look("removed")
    assert "×" in seen.words
    lines = [one.get("data-element") or "" for one in seen.root.iterfind(f".//{SVG}g[@data-element]")]
    assert sum(name.startswith("removed_") for name in lines) >= 3, "its ways are drawn too"


def test_moved_and_renamed_steps_are_outlined_in_blue_and_changed_ones_filled_with_yellow() -> None:
    moved, _ = pictured(LEAVE, leave("swapped"))
    assert moved.line("book") == look("moved")
    assert "»" in moved.words
    renamed, answer = pictured(LEAVE, leave("title"))
    assert renamed.line("ask_boss") == look("renamed")
    assert renamed.shape("ask_boss").get("fill") == "#ffffff"
    assert answer["same_behaviour"] is True
    assert any(word.startswith("No change in behaviour.") for word in renamed.words)
    changed, _ = pictured(LEAVE, leave("timer"))
    assert changed.line("ask_boss") == look("changed")
    assert "P5D" in changed.title("ask_boss")


def test_a_changed_condition_is_marked_on_its_way() -> None:
    seen, _ = pictured(LEAVE, leave("condition"))
    assert "is taken if days > 20 (before: if days > 10)." in seen.told
    assert "~" in seen.words


def test_what_has_changed_of_the_process_stands_below_the_picture() -> None:
    seen, _ = pictured(LEAVE, leave("data"))
    assert "The process: data days schema maximum is 30 (before: 60)." in seen.words


def test_a_layout_only_change_says_so() -> None:
    seen, answer = pictured(by_hand(LEAVE), by_hand(LEAVE, wide=120))
    assert "No change in behaviour. At most the drawing differs." in seen.words
    assert answer["same_behaviour"] is True
    assert not any(name.startswith("removed_") for name in re.findall(r'data-element="([^"]+)"', seen.svg))


def test_no_two_kinds_of_change_share_their_sign_or_their_line() -> None:
    looks = [(kind.sign, kind.style.dash, kind.style.weight) for kind in KINDS.values()]
    assert len({sign for sign, _, _ in looks}) == len({look[1:] for look in looks}) == len(looks)


def test_a_drawing_that_people_made_stays_and_what_is_gone_is_drawn_at_its_old_place() -> None:
    before, after = by_hand(LEAVE), by_hand(LEAVE, gone="book")
    seen, _ = pictured(before, after)
    old, new = boxes(parse_bpmn(before)), boxes(parse_bpmn(after))
    (drawn,) = [one for one in seen.group("removed_book") if one.tag == f"{SVG}rect"]
    assert int(drawn.get("x")) == old["book"].x
    assert abs(int(drawn.get("y")) - old["book"].y) <= 150
    shape = seen.shape("ask_boss")
    assert (int(shape.get("x")), int(shape.get("y"))) == (new["ask_boss"].x, new["ask_boss"].y)


RICH: dict[str, Any] = {
    **LEAVE,
    "steps": [
        LEAVE["steps"][0],
        {"together": {
            "title": "All of this together",
            "group": [{"look": {"ask": "clerk"}}, {"stamp": {"call": "stamp", "on": {"BROKEN": [{"mend": {"ask": "clerk"}}]}}}],
            "within": "P2D",
            "late": [{"end": "too late"}],
        }},
        *LEAVE["steps"][2:],
    ],
}  # fmt: skip


def test_a_sub_process_that_is_gone_is_drawn_with_all_that_was_in_it_and_on_it() -> None:
    before, after = by_hand(RICH), by_hand(RICH, gone="together")
    seen, answer = pictured(before, after)
    ghosts = set(re.findall(r'data-element="(removed_[^"]+)"', seen.svg))
    assert {
        "removed_together",
        "removed_look",
        "removed_stamp",
        "removed_together_late",
        "removed_mend",
    } <= ghosts
    kept = boxes(parse_bpmn(after))["ask_boss"]
    shape = seen.shape("ask_boss")
    assert (int(shape.get("x")), int(shape.get("y"))) == (kept.x, kept.y)
    assert 'The sub process "All of this together" is gone.' in seen.title("removed_together")
    assert answer["same_behaviour"] is False


def test_without_a_place_of_its_own_it_is_laid_out_between_its_neighbours() -> None:
    document = parse_bpmn(by_hand(LEAVE))
    shape = document.shape_of("book")
    assert shape is not None
    shape.remove()
    seen, _ = pictured(document.to_xml(), by_hand(LEAVE, gone="book"))
    assert seen.line("removed_book") == look("removed")


def test_files_without_a_drawing_are_laid_out() -> None:
    bare = []
    for outline in (LEAVE, leave("removed")):
        document = compile_outline(outline).document
        document.remove_diagrams()
        bare.append(document.to_xml())
    seen, _ = pictured(*bare)
    assert seen.line("removed_book") == look("removed")
    same, _ = pictured(bare[0], bare[0].replace("ask boss", "ask the boss"))
    assert same.line("ask_boss") == look("renamed")


def test_a_flow_that_is_called_otherwise_is_marked_as_renamed() -> None:
    document = compile_outline(LEAVE).document
    flow = next(flow for flow in document.root.descendants("sequenceFlow") if flow.name == "yes")
    flow.set("name", "long")
    seen, answer = pictured(LEAVE, document.to_xml())
    assert "is called 'long' (before: 'yes')." in seen.title(flow.id)
    assert seen.shape(flow.id).get("stroke") == KINDS["renamed"].style.line
    assert answer["same_behaviour"] is True


def test_an_element_that_is_called_as_a_ghost_would_be_is_none() -> None:
    named = leave("removed")
    named["steps"].insert(2, {"removed book": {"call": "other"}})
    seen, _ = pictured(LEAVE, named)
    ids = re.findall(r'data-element="(removed_book[^"]*)"', seen.svg)
    assert len(ids) == len(set(ids))


def test_the_same_picture_comes_as_png_and_as_mermaid() -> None:
    async def play(agent: Agent) -> None:
        png = await compared(agent, LEAVE, leave("removed"), "png")
        assert png["picture"].startswith(PNG)
        assert b64decode(png["picture"].removeprefix(PNG)).startswith(b"\x89PNG")
        chart = (await agent.ask("process_compare", process="leave", view="mermaid"))["picture"].splitlines()
        assert chart[0] == "flowchart LR"
        assert any(line.endswith('["× book"]') for line in chart)
        assert any(line.startswith("  classDef removed") and "stroke-dasharray" in line for line in chart)
        assert any(line.startswith("  linkStyle ") for line in chart)
        again = await agent.ask("process_compare", process="leave", view="mermaid")
        assert again["picture"].splitlines() == chart

    played(play)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"view": "sgv"}, "arguments.invalid"),
        ({"view": "svg", "what": "migration"}, "arguments.invalid"),
        ({"view": "svg", "cursor": "x"}, "cursor.invalid"),
    ],
)
def test_what_cannot_be_drawn_is_refused(given: dict[str, Any], code: str) -> None:
    async def play(agent: Agent) -> None:
        await agent.published(LEAVE)
        refusal = await agent.refusal("process_compare", process="leave", **given)
        assert refusal["code"] == code
        if given["view"] == "sgv":
            assert "svg" in str(refusal)

    played(play)
