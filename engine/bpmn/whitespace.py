"""Putting nodes into an XML tree and taking them out so that its indentation stays as its author had it."""

from lxml import etree

_STEP = "  "


def insert(parent: etree._Element, node: etree._Element, position: int) -> None:
    """Put `node` among the children of `parent` at `position`, indented like its neighbours.

    `node` may already be the last child of `parent`; then it does not count.
    """
    is_last = node.getparent() is parent
    count = len(parent) - is_last
    if count == 0:
        _indent_first(parent, node)
    elif position == 0:
        node.tail = parent.text if _blank(parent.text) else None
    else:
        previous = parent[position - 1]
        node.tail = previous.tail
        if position == count and _blank(previous.tail) and _blank(parent.text):
            previous.tail = parent.text
    if not is_last or position < count:
        parent.insert(position, node)


def remove(parent: etree._Element, node: etree._Element) -> None:
    """Remove `node`, keeping what was written behind it and closing the gap it leaves."""
    tail, previous, is_last = node.tail, node.getprevious(), node.getnext() is None
    node.tail = None
    parent.remove(node)
    if not _blank(tail):
        if previous is None:
            parent.text = (parent.text or "") + (tail or "")
        else:
            previous.tail = (previous.tail or "") + (tail or "")
    elif is_last and previous is not None and _blank(previous.tail):
        previous.tail = tail
    elif len(parent) == 0 and _blank(parent.text):
        parent.text = None


def _indent_first(parent: etree._Element, node: etree._Element) -> None:
    indent = _indent(parent)
    node.tail = None
    if indent is not None and _blank(parent.text):
        step = "\t" if "\t" in indent else _STEP
        parent.text = indent + step
        node.tail = indent


def _indent(node: etree._Element) -> str | None:
    """Return the line break and indentation before a node, or None where the file has no lines."""
    parent = node.getparent()
    if parent is None:
        return "\n"
    previous = node.getprevious()
    space = previous.tail if previous is not None else parent.text
    if not space or "\n" not in space or not _blank(space):
        return None
    return "\n" + space.rpartition("\n")[2]


def _blank(text: str | None) -> bool:
    return not text or text.isspace()
