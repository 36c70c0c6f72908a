"""What is published beside a file of processes, asked when chains of messages, signals and calls are followed."""

from collections.abc import Callable, Collection, Mapping
from functools import cache

from flowmaster.engine.bpmn.checks_endless import Landscape, Start
from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.reader import ReadProcess, read_processes
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.links.deriving import process_links
from flowmaster.engine.links.model import MESSAGE, PROCESS, Link, Node
from flowmaster.engine.model import Message, Process, Signal
from flowmaster.stores.protocol import Reader

_HEARD = ("starts", "receives")


def landscape_of(reader: Reader, tenant: str, reads: Mapping[str, ReadProcess]) -> Landscape:
    """Return what is in use beside a file; `reads` are its processes, which are not published yet."""

    @cache
    def model(key: str) -> Process | None:
        if key in reads:
            return reads[key].process
        row = reader.find_definition(tenant, PROCESS, key)
        version = reader.version(tenant, PROCESS, key) if row and row.state == "published" else None
        read = read_processes(parse_bpmn(version.content), RUNNABLE) if version else ()
        return next((one.process for one in read if one.process.id == key), None)

    def begun_by(kind: str, name: str) -> Collection[Start]:
        heard = Node(kind, name)
        kept = reader.walk(tenant, heard, up=False, depth=1, kinds=_HEARD, view="published")
        links = [one.link for one in kept if one.version and one.owner.key not in reads]
        links += [link for read in reads.values() for link in process_links(read.process)]
        found = [link for link in links if link.kind in _HEARD and link.source == heard]
        if kind == MESSAGE and len(found) != 1:
            return ()  # It goes to one of them, and nobody can say to which.
        return [Start(link.target.key, link.element) for link in found if _surely_begins(model, link)]

    return Landscape(model, begun_by)


def _surely_begins(model: Callable[[str], Process | None], link: Link) -> bool:
    """Return whether what is sent alone begins an instance there."""
    process = model(link.target.key)
    element = process.elements.get(link.element) if process is not None else None
    return link.kind == "starts" and element is not None and isinstance(element.details, Message | Signal)
