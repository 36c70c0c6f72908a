"""What a comparison of many models has shown, as a page that people read."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from flowmaster.engine.model import Element, MultiInstance

if TYPE_CHECKING:
    from tests.peers.comparing import Outcome

ENDS = {
    "over": "alike to the end",
    "stuck": "alike to where nothing can come any more",
    "long": "alike as far as was played, without an end",
    "parted": "alike up to a step that a clause tells apart",
    "not compared": "left out: SpiffWorkflow breaks off",
}
_DATA = {"lost": "a last value is not there any more", "stale": "another value is older"}


def kinds(element: Element) -> Iterator[str]:
    """Tell what an element is an example of: its family, and what else is worth counting."""
    yield element.family
    if element.triggered_by_event:
        yield "subProcess, begun by an event"
    if element.host and not element.interrupting:
        yield "boundaryEvent, not interrupting"
    if isinstance(element.loop, MultiInstance):
        yield f"multi-instance, {'sequential' if element.loop.sequential else 'parallel'}"
    elif element.loop is not None:
        yield "standard loop"


def told(outcomes: "Sequence[Outcome]") -> str:
    """Write how many models ran how, which clauses told the engines apart, and what the models consisted of."""
    ends = Counter(outcome.end for outcome in outcomes)
    whys = Counter(outcome.why for outcome in outcomes if outcome.end == "parted")
    faults = Counter(outcome.why.partition("(")[0] for outcome in outcomes if outcome.end == "not compared")
    data = Counter(outcome.data for outcome in outcomes if outcome.data)
    excused = sum(outcome.excused > 0 for outcome in outcomes)
    compared = len(outcomes) - ends["not compared"]
    lines = [f"{compared} models compared step by step with SpiffWorkflow:"]
    for end, words in ENDS.items():
        lines.append(f"  {ends[end]:5} {words}")
        under = {"parted": whys, "not compared": faults}.get(end, Counter[str]())
        lines += [f"          {number:5} {why}" for why, number in under.most_common()]
    lines.append("Besides, in SpiffWorkflow:")
    lines.append(f"  {excused:5} models in which interrupted activities first went on: 13.5.3")
    lines += [f"  {data[key]:5} models at whose end {words}: 10.4.1" for key, words in _DATA.items()]
    return "\n".join([*lines, *_table(outcomes)]) + "\n"


def _table(outcomes: "Sequence[Outcome]") -> Iterator[str]:
    drawn, passed, models = Counter[str](), Counter[str](), Counter[str]()
    for outcome in outcomes:
        drawn += outcome.drawn
        passed += outcome.passed
        models.update(outcome.drawn.keys())
    yield f"{'kind of element':42}{'models':>8}{'elements':>10}{'completed':>11}"
    for kind in sorted(drawn):
        yield f"{kind:42}{models[kind]:8}{drawn[kind]:10}{passed[kind]:11}"
