"""Ways through links: the shortest one, and circles of calls that nothing interrupts."""

from collections.abc import Iterable

from flowmaster.engine.links.model import Link, Node


def shortest_way(links: Iterable[Link], start: Node, end: Node) -> list[Link]:
    """Return the links of the shortest way from a node to another or back to itself, empty without one."""
    following: dict[Node, list[Link]] = {}
    for link in links:
        following.setdefault(link.source, []).append(link)
    ways: list[list[Link]] = [[link] for link in following.get(start, [])]
    seen: set[Node] = set()
    while ways:
        way = ways.pop(0)
        at = way[-1].target
        if at == end:
            return way
        if at not in seen:
            seen.add(at)
            ways += [[*way, link] for link in following.get(at, [])]
    return []


def endless_calls(links: Iterable[Link], process: Node) -> list[Link]:
    """Return the calls by which a process comes back to itself without anything that waits, empty if none do."""
    return shortest_way((link for link in links if link.kind == "calls" and link.free), process, process)
