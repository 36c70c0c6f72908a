"""Operations that draw a process or an instance together with what there is to say of each element.

They are for whoever shows the picture and lets people look into it: every shape of the SVG carries the id of its
element as `data-element`, and `elements` tells the rest. `process_read` and `instance_read` give the bare pictures.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, TypeAlias

from anyio import to_thread
from pydantic import Field

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.svg import Marks, draw_svg
from flowmaster.engine.bpmn.svg_heat import Heat
from flowmaster.engine.model import Process
from flowmaster.runtime.lines import line_at
from flowmaster.runtime.models import compile_process
from flowmaster.runtime.past import state_at
from flowmaster.stores.protocol import Reader
from flowmaster.stores.rows import InstanceFilter, InstanceRow
from flowmaster.tools.drafts import draft_of, known_line, one_of_two, version_of
from flowmaster.tools.instance_view import IncidentView, WaitView, incident_view, load, waits_of
from flowmaster.tools.models import Arguments, Result, Shape
from flowmaster.tools.naming import iso_duration
from flowmaster.tools.pages import page_of
from flowmaster.tools.pdf_book import Book, Picture, pdf_url
from flowmaster.tools.pictures import heat_of, marks_of, standing_at, together
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.versions import VersionName, named_version
from flowmaster.tools.why import whole_history

INSTANCES_MAX = 100
"""How many instances, the newest first, the figures of a process are of."""

EVENTS_MAX = 10_000
"""How many events of them are looked through for how often and how long."""

INCIDENTS_MAX = 50
"""How many incidents of an instance are told."""

Colours: TypeAlias = Literal["state", "time", "passes"]
DrawnAs: TypeAlias = Literal["svg", "pdf"]

_AT_WORK = ("active", "paused")


class InstanceDraw(Arguments):
    """Which instance, and what its colours tell."""

    instance: str = Field(description="Instance id.", examples=["invoice-approval:7"])
    at: int | None = Field(default=None, description="As it stood after this `seq` of the history.")
    colours: Colours = Field(default="state", description="Where it stands, how long, or how often.")
    view: DrawnAs = Field(default="svg", description="The picture as SVG, or on a page of a PDF.")
    cursor: str | None = Field(default=None, description="Its next_cursor.")


class ProcessDraw(Arguments):
    """Which process, and what its colours tell of its instances."""

    process: str = Field(description="Process id.", examples=["invoice-approval"])
    version: VersionName | None = Field(
        default=None,
        description="A published version, by number or tag, and its instances; default: the newest draft.",
    )
    draft: int | None = Field(default=None, ge=1, description="A draft.")
    colours: Colours = Field(default="state", description="Where instances stand, how long, or how often.")
    view: DrawnAs = Field(default="svg", description="The picture as SVG, or on a page of a PDF.")
    cursor: str | None = Field(default=None, description="Its next_cursor.")


class DrawnElement(Shape):
    """An element of the picture, and what there is to say of it."""

    element: str = Field(description="BPMN id; `data-element` of its shape.")
    name: str = Field(description="What people call it.")
    kind: str = Field(description="Its BPMN kind.")
    state: str = Field(default="", description="completed, active or incident.")
    tokens: int = Field(default=0, description="How many tokens stand there.")
    passed: int = Field(default=0, description="How often it was entered.")
    took: str = Field(default="", description="How long it was at work or waited in all.")
    waiting: list[WaitView] = Field(default=[], description="What is waited for there.")
    incidents: list[IncidentView] = Field(default=[], description="What stopped there.")
    incidents_total: int = Field(default=0, description="How many incidents stand there.")


class Drawing(Result):
    """A picture with what there is to say of its elements."""

    process: str = Field(description="The process.")
    name: str = Field(description="What people call it.")
    version: int | None = Field(default=None, description="The version drawn.")
    draft: int | None = Field(default=None, description="The draft drawn.")
    instance: str = Field(default="", description="The instance drawn.")
    business_key: str = Field(default="", description="The key that the business knows it by.")
    status: str = Field(default="", description="How the instance is.")
    instances: int = Field(default=0, description="How many instances the figures of a process are of.")
    instances_total: int = Field(default=0, description="How many of them there are.")
    colours: Colours = Field(description="What the colours tell.")
    svg: str = Field(default="", description="The picture; pages of a longer one follow each other.")
    picture: str = Field(default="", description="The picture as PDF.")
    digest: str = Field(description="Of the whole picture: pages with another one do not belong together.")
    next_cursor: str | None = Field(default=None, description="Give it as `cursor` for the rest.")
    elements: list[DrawnElement] = Field(default=[], description="Its elements, on the first page.")


class _Place(NamedTuple):
    """Where a page begins, and the moment of which the whole picture is: time goes on between two pages."""

    offset: str | None
    now: int

    @classmethod
    def of(cls, cursor: str | None, now: int) -> "_Place":
        """Read a cursor; `page_of` refuses what is none."""
        offset, at, moment = (cursor or "").partition("@")
        if at and moment.isascii() and moment.isdigit() and len(moment) <= 15:
            return cls(offset, int(moment))
        return cls(cursor, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What is known of the elements of a picture."""

    marks: Marks
    tokens: Mapping[str, int] = field(default_factory=dict)
    heat: Heat = field(default_factory=Heat)
    waits: Sequence[WaitView] = ()
    incidents: Sequence[IncidentView] = ()
    incident_counts: Mapping[str, int] = field(default_factory=dict)
    instances: int = 0
    instances_total: int = 0


@operation(right="instance.read", read_only=True)
async def instance_draw(call: Call, arguments: InstanceDraw) -> Drawing:
    """Draw where an instance stands and which way it came, with what each element waits for and how long it took."""
    runtime, reader, tenant = call.app.runtime, call.app.runtime.reader, call.caller.tenant
    state = load(reader, tenant, arguments.instance)
    if arguments.at is not None:
        state = state_at(reader, tenant, state, arguments.at)
    process = runtime.models.process(reader, tenant, state.process, state.version)
    history = whole_history(reader, tenant, state.instance, until=state.seq)
    place = _Place.of(arguments.cursor, runtime.clock.now(reader))
    is_past = arguments.at is not None and bool(history)
    heat = heat_of(history, history[-1].at if is_past else place.now)
    incidents = [incident_view(state, one) for one in list(state.incidents.values())[:INCIDENTS_MAX]]
    known = _Known(
        marks=marks_of(state, history, _shown_heat(heat, arguments.colours)),
        tokens=Counter(standing_at(state)),
        heat=heat,
        waits=waits_of(process, state),
        incidents=[one.model_copy(update={"fixes": []}) for one in incidents],
        incident_counts=Counter(one.element for one in state.incidents.values()),
    )
    bpmn = version_of(reader, tenant, state.process, state.version).content
    drawn = _drawing(bpmn, process, known, arguments, place)
    if arguments.view == "pdf":
        drawn = await _printed(drawn, state.instance, f"version {state.version}", "instance_draw")
    return drawn.model_copy(
        update={
            "version": state.version,
            "instance": state.instance,
            "business_key": state.business_key,
            "status": state.status,
        }
    )


@operation(right="process.read", read_only=True)
async def process_draw(call: Call, arguments: ProcessDraw) -> Drawing:
    """Draw a process with where its instances stand, how long its elements took them or how often they came by."""
    reader, tenant = call.app.runtime.reader, call.caller.tenant
    line = known_line(reader, tenant, arguments.process)
    one_of_two(arguments.version, arguments.draft)
    version = draft = None
    if arguments.version is not None:
        published = named_version(reader, tenant, arguments.process, arguments.version)
        bpmn, version = published.content, published.version
    else:
        saved = draft_of(reader, tenant, arguments.process, arguments.draft)
        bpmn, draft = saved.content, saved.number
    process = compile_process(bpmn, line.process)
    place = _Place.of(arguments.cursor, call.app.runtime.clock.now(reader))
    known = await to_thread.run_sync(lambda: _of_all(reader, tenant, arguments, version, place.now))
    drawn = _drawing(bpmn, process, known, arguments, place)
    if arguments.view == "pdf":
        about = f"version {version}" if version is not None else f"draft {draft}"
        drawn = await _printed(drawn, drawn.name, about, "process_draw")
    return drawn.model_copy(update={"process": line.address, "version": version, "draft": draft})


def _of_all(reader: Reader, tenant: str, arguments: ProcessDraw, version: int | None, now: int) -> _Known:
    """Return what is known of the instances of a process: where they stand, or where their time went."""
    is_state = arguments.colours == "state"
    page = reader.find_instances(
        tenant,
        InstanceFilter(
            process=line_at(arguments.process).process,
            version=version,
            statuses=_AT_WORK if is_state else (),
            limit=INSTANCES_MAX,
        ),
    )
    if not is_state:
        heats = list(_heats(reader, tenant, page.items, now))
        heat = together(heats)
        marks = Marks(heat=_shown_heat(heat, arguments.colours))
        return _Known(marks=marks, heat=heat, instances=len(heats), instances_total=page.total)
    tokens: Counter[str] = Counter()
    incidents: Counter[str] = Counter()
    for row in page.items:
        stored = reader.load(tenant, row.instance)
        if stored is not None:
            tokens.update(standing_at(stored.state))
            incidents.update(one.element for one in stored.state.incidents.values())
    return _Known(
        marks=Marks(
            active=frozenset(tokens), incident=frozenset(incidents), counts=tokens, counted="tokens there"
        ),
        tokens=tokens,
        incident_counts=incidents,
        instances=len(page.items),
        instances_total=page.total,
    )


def _heats(reader: Reader, tenant: str, rows: Sequence[InstanceRow], now: int) -> Iterator[Heat]:
    """Yield the heat of one instance after the other, until enough events were looked through."""
    left = EVENTS_MAX
    for row in rows:
        left -= row.revision
        if left < 0 and row is not rows[0]:
            return
        history = whole_history(reader, tenant, row.instance, until=row.revision)
        yield heat_of(history, now if row.status in _AT_WORK else row.updated)


def _shown_heat(heat: Heat, colours: Colours) -> Heat | None:
    match colours:
        case "state":
            return None
        case "time":
            return heat
        case "passes":
            return replace(heat, lasted={})


async def _printed(drawn: Drawing, title: str, about: str, operation: str) -> Drawing:
    """Return a drawing with its picture as PDF."""
    book = Book(title, about, [Picture(title, drawn.svg)])
    return drawn.model_copy(update={"svg": "", "picture": await pdf_url(book, operation)})


def _drawing(
    bpmn: str, process: Process, known: _Known, asked: InstanceDraw | ProcessDraw, place: _Place
) -> Drawing:
    svg = draw_svg(parse_bpmn(bpmn), known.marks)
    part, following = (svg, None) if asked.view == "pdf" else page_of(svg, place.offset)
    assert isinstance(part, str), "a page of a text is a text"
    return Drawing(
        process=process.id,
        name=process.root.label,
        instances=known.instances,
        instances_total=known.instances_total,
        colours=asked.colours,
        svg=part,
        digest=hashlib.sha256(svg.encode()).hexdigest()[:16],
        next_cursor=following and f"{following}@{place.now}",
        elements=[] if place.offset else list(_elements(process, known)),
    )


def _elements(process: Process, known: _Known) -> Iterator[DrawnElement]:
    for element in process.elements.values():
        if element.kind == "process":
            continue
        key = element.id
        yield DrawnElement(
            element=key,
            name=element.label,
            kind=element.kind,
            state=_state(known.marks, key),
            tokens=known.tokens.get(key, 0),
            passed=known.heat.passed.get(key, 0),
            took=iso_duration(known.heat.lasted.get(key, 0)),
            waiting=[one for one in known.waits if one.element == key],
            incidents=[one for one in known.incidents if one.element == key],
            incidents_total=known.incident_counts.get(key, 0),
        )


def _state(marks: Marks, element: str) -> str:
    if element in marks.incident:
        return "incident"
    if element in marks.active:
        return "active"
    return "completed" if element in marks.completed else ""


OPERATIONS = (instance_draw, process_draw)
