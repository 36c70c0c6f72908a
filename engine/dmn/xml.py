"""Safe XML for DMN: no document types, no entities, no network; elements by their local names in any DMN version."""

from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.xml_text import doctype_line, near, reason

BYTES_MAX = 20_000_000
DEPTH_MAX = 200
NAMESPACES = {
    "http://www.omg.org/spec/DMN/20130901": "1.0",
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20151101/dmn11.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
    "https://www.omg.org/spec/DMN/20240513/MODEL/": "1.6",
}
"""The model namespaces, and the version of DMN each belongs to."""

Element = etree._Element


def refuse(code: str, message: str, element: Element | None = None, fix: str = "") -> FlowMasterError:
    """Return an error that names line and element."""
    if element is None:
        return FlowMasterError(code, message, fix=fix, status=422)
    name = element.get("id") or element.get("name") or ""
    path = f"element:{name}" if name else f"line:{element.sourceline}"
    return FlowMasterError(
        code, f"{message} (line {element.sourceline}, <{local(element)}>)", path=path, fix=fix, status=422
    )


def parse(source: bytes | str) -> Element:
    """Parse a document and return its `definitions`, or refuse it with code `dmn.*`."""
    text = source if isinstance(source, str) else source.decode("utf-8", "replace")
    data = source.encode("utf-8") if isinstance(source, str) else source
    if len(data) > BYTES_MAX:
        raise refuse(
            "dmn.too_large", f"The document is larger than {BYTES_MAX:,} bytes.", fix="Split it into several."
        )
    if isinstance(source, str) and source.lstrip().startswith("<?xml"):
        head, _, rest = source.partition("?>")
        data = ("\n" * head.count("\n") + rest).encode("utf-8")
    line = doctype_line(text.removeprefix("\ufeff"))
    if line:
        raise _at(
            line,
            "dmn.doctype_forbidden",
            "A document type declaration is not accepted: it can name entities and files.",
            "Delete the `<!DOCTYPE ...>` and write entities out.",
        )
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.lineno or 1, error.offset or 0
        entity = "Entity" in (error.msg or "")
        raise _at(
            line,
            "dmn.not_xml",
            f"The document is not XML at column {column}: {reason(error.msg)}.{near(text, line)}",
            "Write the character itself instead of the entity."
            if entity
            else "Mend the XML at that place; a DMN 1.1 to 1.6 document is expected.",
        ) from None
    if getattr(root.getroottree().docinfo, "doctype", ""):  # In an encoding of which the text says nothing.
        raise refuse(
            "dmn.doctype_forbidden", "Document types are not read.", fix="Delete the `<!DOCTYPE ...>`."
        )
    if local(root) != "definitions" or namespace(root) not in NAMESPACES:
        raise refuse(
            "dmn.not_dmn",
            f"The root is <{local(root)}> in namespace {namespace(root)!r}; expected <definitions> of DMN 1.1 to 1.6",
            root,
            "Send a DMN 1.1 to 1.6 document.",
        )
    return root


def _at(line: int, code: str, message: str, fix: str) -> FlowMasterError:
    """Return an error that names the line of a text that is no document yet."""
    return FlowMasterError(code, f"Line {line}: {message}", path=f"line:{line}", fix=fix, status=422)


@lru_cache(maxsize=1024)
def _split(tag: str) -> tuple[str, str]:
    """Return namespace and local name of a tag."""
    space, brace, name = tag.rpartition("}")
    return (space[1:], name) if brace else ("", tag)


def local(element: Element) -> str:
    """Return an element's name without its namespace."""
    tag = element.tag
    return _split(tag)[1] if isinstance(tag, str) else ""


def namespace(element: Element) -> str:
    """Return an element's namespace."""
    tag = element.tag
    return _split(tag)[0] if isinstance(tag, str) else ""


def children(element: Element, *names: str) -> Iterator[Element]:
    """Give the DMN children of these names in their order; all DMN children without names."""
    for child in element:
        tag = child.tag
        if isinstance(tag, str):
            space, name = _split(tag)
            if space in NAMESPACES and (not names or name in names):
                yield child


def child(element: Element, *names: str) -> Element | None:
    """Return the first child of these names."""
    return next(children(element, *names), None)


def text_of(element: Element | None) -> str:
    """Return the text of the `text` child of an element, or its own; empty when there is none."""
    if element is None:
        return ""
    inner = child(element, "text")
    return content(inner if inner is not None else element)


def content(element: Element | None) -> str:
    """Return all text within an element, empty when there is no element."""
    return "".join(map(str, element.itertext())).strip() if element is not None else ""


def line_of(element: Element) -> int:
    """Return the line on which an element begins, 0 when that is not known."""
    line = element.sourceline
    return line if isinstance(line, int) else 0


def text_line(element: Element) -> int:
    """Return the line on which the text of an element stands."""
    inner = child(element, "text")
    holder = inner if inner is not None else element
    raw = holder.text or ""
    return line_of(holder) + raw[: len(raw) - len(raw.lstrip())].count("\n")
