"""What the operations of one batch share: the document, what is new in it, and the reader of new steps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.vocabulary import FLOW_NODE_KINDS, fm, zeebe
from flowmaster.engine.edits.targets import Targets, is_merge, refused
from flowmaster.engine.outline.building import Builder, ScopeBuilder, Tail
from flowmaster.engine.outline.compile import write_lanes
from flowmaster.engine.outline.ids import assign_ids, follow_lanes, names_of
from flowmaster.engine.outline.json_text import json_value
from flowmaster.engine.outline.nodes import Handler, Node, Outline, Step, everywhere
from flowmaster.engine.outline.problems import Problems
from flowmaster.engine.outline.reading import Reading
from flowmaster.engine.outline.reading_events import ReadSteps
from flowmaster.engine.outline.reading_steps import StepReader
from flowmaster.engine.outline.scopes import name_key
from flowmaster.engine.values import Json

OLD_STEP = "element:"
"""Stands before the id of a step that was there before the batch."""


@dataclass(slots=True)
class Jumping:
    """Ways of new steps that lead to a step by name, joined once all steps of the batch stand."""

    scope: Element
    tails: list[Tail]
    to: str
    path: str


@dataclass(slots=True)
class Batch:
    """One batch of edits at work on its own copy of a document."""

    document: BpmnDocument
    process: Element
    problems: Problems = field(default_factory=Problems)
    made: list[str] = field(default_factory=list)
    jumping: list[Jumping] = field(default_factory=list)
    relayout: bool = False
    freed: dict[str, set[str]] = field(default_factory=dict)
    """What steps that the batch deletes were called, and new ones may be, by the ids they have until then."""

    def __post_init__(self) -> None:
        self.targets = Targets(self.document, self.process)
        self.reading = reading_of(self.process, self.problems)
        self.reader = StepReader(self.reading)

    targets: Targets = field(init=False)
    reading: Reading = field(init=False)
    reader: StepReader = field(init=False)

    def steps(self, edit: Mapping[str, Json], path: str) -> tuple[Node, ...]:
        """Read the new steps of an edit, `step` or `steps`."""
        given = edit.get("steps", edit.get("step", edit.get("then")))
        word = next((word for word in ("steps", "step", "then") if word in edit), "step")
        before = len(self.problems.found)
        found = self.reader.steps(given, f"{path}.{word}")
        if len(self.problems.found) > before:
            self.problems.raise_if_any()
        if not found:
            raise refused(
                path, "edit.steps_missing", "No step is given.", expected="step: {second check: {ask: cfo}}"
            )
        self._resolve_exclusions(found, path)
        return found

    def builder(self, steps: tuple[Node, ...], lane_from: Element) -> Builder:
        """Return a builder for new steps that stand where `lane_from` stands."""
        used = {element.id for element in self.document.root.descendants() if element.id}
        ids = assign_ids(Outline(self.process.id, steps=steps), used)
        names = {
            name_key(node.title): node.id
            for node in self.process.descendants(*FLOW_NODE_KINDS)
            if node.name and node.id not in self.freed
        }
        for name, identifier in names_of(steps, ids).items():
            names[name] = identifier
            self.targets.also(name, identifier)
            if any(name_key(identifier) in called for called in self.freed.values()):
                self.targets.also(identifier, identifier)
        lane = self.lane_role(lane_from)
        lanes = follow_lanes(steps, lane, self.reading.roles) if lane else {}
        builder = Builder(self.document, ids=ids, lanes=lanes, names=names)
        if lane:
            builder.lane_of[lane_from.id] = lane
        return builder

    def close(self, scope: ScopeBuilder, anchor: Element, path: str) -> None:
        """Write what a scope builder has planned, put it behind `anchor` in the file, and into lanes."""
        builder = scope.builder
        self.jumping += [Jumping(scope.element, tails, to, path) for tails, to in scope.jumps]
        scope.jumps = []
        scope.finish()
        behind = anchor
        for identifier in builder.made:
            element = self.document.element(identifier)
            if element.parent == anchor.parent and element != behind:
                element.move_behind(behind)
                behind = element
        self.made += builder.made
        lanes = {
            node: role
            for node, role in builder.lane_of.items()
            if node in builder.made and self.document.lane_of(self.document.element(node)) is None
        }
        if lanes and self.document.lanes(self.process):
            self._into_lanes(lanes)

    def beside(self, host: Element, read: Callable[[ReadSteps], tuple[Handler, ...]], path: str) -> None:
        """Add handlers to a step that stands already; ways that end simply go on behind it."""
        self.targets.step(host.id, path)
        found = read(self.reader.steps)
        self.problems.raise_if_any()
        carrier = Step(host.title, "bpmn", "", f"{path} beside {host.id}", handlers=found, id=host.id)
        steps = (carrier,)
        self._resolve_exclusions(steps, path)
        builder = self.builder(steps, host)
        scope = builder.scope(scope_of(host))
        left = [tail for handler in found for tail in scope.beside(handler, host)]
        outgoing = self.document.outgoing(host)
        if left and outgoing:
            scope.link(left, outgoing[0].get("targetRef"))
        self.close(scope, host, path)

    def forget_gone(self) -> None:
        """Let new steps have the names of those that are gone."""
        names = self.reading.names
        for name, at in list(names.items()):
            if at.startswith(OLD_STEP) and self.document.find(at.removeprefix(OLD_STEP)) is None:
                del names[name]

    def land_jumps(self) -> None:
        """Lead every `goto` of new steps to its target."""
        for jump in self.jumping:
            target = self.targets.step(jump.to, jump.path)
            if target.kind in ("startEvent", "boundaryEvent"):
                raise refused(
                    jump.path,
                    "edit.place_wrong",
                    f"{jump.to!r} begins a way: nothing leads there.",
                    fix="Let `goto` name a step.",
                )
            if target.parent != jump.scope:
                raise refused(
                    jump.path,
                    "edit.scope_wrong",
                    f"{jump.to!r} stands in another scope; a jump cannot enter or leave one.",
                    fix="Let `goto` name a step of the same scope.",
                )
            builder = self.builder((), target)
            scope = builder.scope(jump.scope)
            scope.link(jump.tails, self.entry(target).id)
            self.close(scope, target, jump.path)

    def entry(self, node: Element) -> Element:
        """Return where ways to a node arrive: the merging gateway right before it, if there is one."""
        incoming = self.document.incoming(node)
        if len(incoming) == 1:
            source = self.document.element(incoming[0].get("sourceRef"))
            if is_merge(self.document, source) and len(self.document.incoming(source)) > 1:
                return source
        return node

    def lane_role(self, node: Element) -> str:
        """Return the role in whose lane a node stands."""
        lane = self.document.lane_of(node)
        if lane is None:
            return ""
        known = lane.id.removeprefix("lane_")
        if known in self.reading.roles:
            return known
        return next(
            (role for role, name in self.reading.roles.items() if name_key(name) == name_key(lane.title)),
            known,
        )

    def change_lane(self, node: Element, role: str) -> None:
        """Move a step with its boundary events into the lane of a role, where it is drawn anew."""
        if self.document.lane_of(node) is None or self.lane_role(node) == role:
            return
        moved = [node, *self.document.boundary_events(node)]
        ids = {one.id for one in moved}
        for lane in self.document.lanes(self.process):
            for entry in lane.children("flowNodeRef"):
                if entry.text in ids:
                    entry.remove()
        self._into_lanes({one.id: role for one in moved})
        self.made += [one.id for one in moved]

    def _into_lanes(self, lanes: Mapping[str, str]) -> None:
        by_role: dict[str, Element] = {}
        for lane in self.document.lanes(self.process):
            role = lane.id.removeprefix("lane_")
            named = next(
                (one for one, name in self.reading.roles.items() if name_key(name) == name_key(lane.title)),
                role,
            )
            by_role.setdefault(role if role in self.reading.roles else named, lane)
        rest = {}
        for node, role in lanes.items():
            if role in by_role:
                by_role[role].add("flowNodeRef", text=node)
            else:
                rest[node] = role
        write_lanes(self.document, self.process, self.reading.roles, rest)

    def _resolve_exclusions(self, steps: tuple[Node, ...], path: str) -> None:
        names = {name_key(node.name) for node in everywhere(steps) if isinstance(node, Step)}
        for node in everywhere(steps):
            listed = node.words.get("not") if isinstance(node, Step) else None
            if isinstance(listed, list):
                self.mark_exclusions(listed, names, path)

    def mark_exclusions(self, listed: list[Json], names: set[str], path: str) -> None:
        """Tell steps from expressions in `not`."""
        for number, entry in enumerate(listed):
            text = str(entry)
            if text.startswith("=") or name_key(text) not in names and not self.targets.knows(text):
                listed[number] = f"={self.reading.feel(text, path)}"


def scope_of(node: Element) -> Element:
    """Return the process or sub-process that a flow node stands in."""
    parent = node.parent
    assert parent is not None, "a flow node stands in a scope"
    return parent


def reading_of(process: Element, problems: Problems) -> Reading:
    """Return what a process declares, for reading steps that are added to it."""
    reading = Reading(problems)
    for role in process.extensions(fm("role")):
        reading.roles[role.get("id") or role.name] = role.name
        if role.get("kind"):
            reading.role_kinds[role.get("id") or role.name] = role.get("kind")
    reading.roles_given = bool(reading.roles)
    for item in process.extensions(fm("data")):
        schema = json_value(item.text) if item.text else {}
        reading.data[item.name] = schema if isinstance(schema, Mapping) else {}
    reading.data_given = bool(reading.data)
    for form in process.extensions(zeebe("userTaskForm")):
        found = json_value(form.text)
        reading.forms[form.get("id")] = found
        fields = found.get("properties") if isinstance(found, Mapping) else None
        reading.produced.update(fields if isinstance(fields, Mapping) else ())
    _note_produced(process, reading)
    for node in process.descendants(*FLOW_NODE_KINDS):
        if node.name and not node.kind.endswith("Gateway") and not node.kind.endswith("Event"):
            reading.names.setdefault(name_key(node.name), f"{OLD_STEP}{node.id}")
    return reading


def _note_produced(process: Element, reading: Reading) -> None:
    for kind in ("input", "output"):
        for mapping in process.descendants(zeebe(kind)):
            reading.produced.add(mapping.get("target").split(".")[0])
    for kind in ("script", "calledDecision"):
        for holder in process.descendants(zeebe(kind)):
            reading.produced.add(holder.get("resultVariable").split(".")[0])
    for loop in process.descendants(zeebe("loopCharacteristics")):
        reading.produced.update((loop.get("inputElement"), loop.get("outputCollection")))
