"""Writes the parts of a merge into the file of one side; what the other did not touch stays as it was."""

from collections.abc import Iterator, Mapping

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.vocabulary import FLOW_NODE_KINDS, XSI_TYPE
from flowmaster.engine.merging.merge import Merged
from flowmaster.engine.merging.orders import Row, moved
from flowmaster.engine.merging.parts import ROOT, SCENARIO, Key, Part, Parts


def write_merged(document: BpmnDocument, ours: Parts, merged: Merged, others: Mapping[Key, Element]) -> None:
    """Turn the file that `ours` was read from into what a merge came to; `others` are the other side's elements."""
    _Writing(document, ours, merged, others).write()


class _Writing:
    """A file while it is rewritten; `_at` holds the element of each part in it."""

    def __init__(
        self, document: BpmnDocument, ours: Parts, merged: Merged, others: Mapping[Key, Element]
    ) -> None:
        self._document = document
        self._ours = ours
        self._parts = merged.parts
        self._orders = merged.orders
        self._others = others
        self._at: dict[Key, Element] = {
            key: part.sources[0]
            for key, part in ours.items()
            if part.sources and not part.atom and part.kind != SCENARIO
        }
        self._at[ROOT] = document.root
        self._whole: set[Key] = set()

    def write(self) -> None:
        is_listed = _lists_flows(self._document)
        for part in self._top_down():
            if part.key not in self._ours and _is_written(part):
                self._add(part)
        self._move()
        self._remove()
        for part in self._parts.values():
            self._fill(part)
        self._scenarios()
        self._order()
        self._lanes()
        list_flows(self._document, every=is_listed)

    def _top_down(self) -> Iterator[Part]:
        """Yield the parts, what stands in others behind these."""
        done: set[Key] = {ROOT}
        waiting = [part for part in self._parts.values() if part.key != ROOT]
        while waiting:
            ready = [part for part in waiting if part.parent in done]
            assert ready, "every part stands in one that is there"
            for part in ready:
                done.add(part.key)
                yield part
            waiting = [part for part in waiting if part.key not in done]

    def _add(self, part: Part) -> None:
        if part.parent in self._whole:
            self._whole.add(part.key)
            return
        parent = self._at[part.parent]
        if part.atom or (not part.is_element and not _holds_elements(part)):
            self._whole.add(part.key)
            for source in part.sources:
                made = parent.add_xml(source.to_xml())
                if not part.atom:
                    self._at[part.key] = made
            return
        attributes: dict[str, str | None] = {
            name: self._value(name, value) for name, value in part.attributes.items()
        }
        if part.is_element:
            attributes = {"id": part.owner, **attributes}
        made = self._at[part.key] = parent.add(part.kind, attributes, text=part.text)
        before = self._before(part)
        if before is not None and before.parent == made.parent:
            made.move_behind(before)

    def _before(self, part: Part) -> Element | None:
        """Return the element that a new one came behind in its own file, if it is here and of its rank."""
        source = self._others.get(part.key)
        around = source.parent if source is not None else None
        if source is None or around is None or part.kind not in (*FLOW_NODE_KINDS, "sequenceFlow", "lane"):
            return None
        found = None
        for sibling in around.children():
            if sibling == source:
                break
            here = self._at.get(f"#{sibling.id}") if sibling.id else None
            if here is not None and here.kind in (*FLOW_NODE_KINDS, "sequenceFlow", "lane"):
                found = here
        return found

    def _move(self) -> None:
        away = [
            part
            for part in self._top_down()
            if part.key in self._ours and part.is_element and self._ours[part.key].parent != part.parent
        ]
        for part in away:
            self._at[part.key].move_to(self._document.root)
        for part in away:
            self._at[part.key].move_to(self._at[part.parent])

    def _remove(self) -> None:
        for key, part in self._ours.items():
            if key in self._parts:
                continue
            for element in part.sources if part.atom or part.holds_scenarios else [self._at.get(key)]:
                if element is not None and element.parent is not None:
                    element.remove()

    def _fill(self, part: Part) -> None:
        """Give a part that was there before the kind, attributes and text that it has now."""
        was = self._ours.get(part.key)
        if was is None or was == part or part.kind == SCENARIO or part.holds_scenarios:
            return
        if part.atom:
            self._replace(was, part)
            return
        element = self._at[part.key]
        if part.kind != was.kind:
            element.become(part.kind)
        for name in dict.fromkeys((*was.attributes, *part.attributes)):
            value = part.attributes.get(name)
            if value != was.attributes.get(name):
                element.set(name, None if value is None else self._value(name, value))
        if part.text != was.text and not element.children():
            element.set_text(part.text)

    def _replace(self, was: Part, part: Part) -> None:
        if was.atom == part.atom:
            return
        for element in was.sources:
            element.remove()
        for source in part.sources:
            self._at[part.parent].add_xml(source.to_xml())

    def _value(self, name: str, value: str) -> str:
        return f"{self._document.root.model_prefix}{value}" if name == XSI_TYPE else value

    def _scenarios(self) -> None:
        for key, part in self._parts.items():
            if not part.holds_scenarios or key not in self._at:
                continue
            inside = [one.key for one in self._parts.values() if one.parent == key and one.kind == SCENARIO]
            row = self._orders.get(Row(key, SCENARIO), inside)
            was = [one for one in self._ours.values() if one.parent == key and one.kind == SCENARIO]
            if was == [self._parts[one] for one in row]:
                continue
            for more in self._ours[key].sources[1:] if key in self._ours else ():
                more.remove()
            self._at[key].set_text(f"[{','.join(str(self._parts[one].atom[0]) for one in row)}]")

    def _order(self) -> None:
        now = {key: number for number, key in enumerate(_in_file(self._document, self._at))}
        for order in self._orders.values():
            keys = [key for key in order if key in now]
            for key, before in moved(keys, sorted(keys, key=now.__getitem__)):
                self._at[key].move_behind(self._at[before])

    def _lanes(self) -> None:
        """Let each lane name the steps that stand in it."""
        steps = {part.owner: part.lanes for part in self._parts.values() if part.is_element}
        was = {part.owner: part.lanes for part in self._ours.values() if part.is_element}
        for step in dict.fromkeys((*was, *steps)):
            before, lanes = was.get(step, ()), steps.get(step, ())
            for lane in dict.fromkeys((*before, *lanes)):
                element = self._at.get(f"#{lane}")
                if element is None or element.parent is None:
                    continue
                named = [one for one in element.children("flowNodeRef") if one.text == step]
                if lane not in lanes:
                    for one in named:
                        one.remove()
                elif not named:
                    element.add("flowNodeRef", text=step)


def sources_of(parts: Parts) -> dict[Key, Element]:
    """Return the element that each part was read from."""
    return {key: part.sources[0] for key, part in parts.items() if part.sources}


def list_flows(document: BpmnDocument, *, every: bool) -> None:
    """Let steps list only flows that begin and end at them, and with `every` all of these."""
    for node in document.root.descendants(*FLOW_NODE_KINDS):
        for listing, flows in (("incoming", document.incoming(node)), ("outgoing", document.outgoing(node))):
            wanted = [flow.id for flow in flows]
            listed: set[str] = set()
            for one in node.children(listing):
                text = one.text.rpartition(":")[2]
                if text not in wanted or text in listed:
                    one.remove()
                listed.add(text)
            for missing in wanted if every else ():
                if missing not in listed:
                    node.add(listing, text=missing)


def _holds_elements(part: Part) -> bool:
    """Return whether elements with ids stand in a part, which are parts of their own."""
    return any(one.is_bpmn and one.id for source in part.sources for one in source.descendants())


def _is_written(part: Part) -> bool:
    return part.kind != SCENARIO


def _lists_flows(document: BpmnDocument) -> bool:
    """Return whether steps list their flows, which not every tool writes."""
    listed = {one.text.rpartition(":")[2] for one in document.root.descendants("outgoing")}
    return all(flow.id in listed for flow in document.root.descendants("sequenceFlow"))


def _in_file(document: BpmnDocument, at: Mapping[Key, Element]) -> list[Key]:
    places = {element: number for number, element in enumerate(document.root.descendants())}
    return sorted((key for key, one in at.items() if one in places), key=lambda key: places[at[key]])
