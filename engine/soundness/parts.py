"""Takes a token game apart where its parts cannot disturb each other."""

from flowmaster.engine.soundness.net import Edge, Join, Net, Node, Split, empty_net, reach


def parts(net: Net) -> list[Net]:
    """Return the net without what events beside its steps start, and each of those as a net of its own.

    They stay together where their ways meet, where an end kills tokens of both, or where a patient join in a loop
    looks at tokens elsewhere.
    """
    found = [net]
    if net.has_kill:
        return found
    for node in list(net.nodes):
        for edge in list(node.beside):
            part = _part(net, edge)
            if part is not None:
                found.append(part)
    return found


def races(net: Net) -> bool:
    """Return whether tokens can be under way when another one comes to an end that kills them."""
    at_once: set[Node] = set()
    waiting = [edge.source for edge in (*net.killed.ins, *net.left.ins)]
    while waiting:
        node = waiting.pop()
        if node in at_once or node.stands:
            continue
        at_once.add(node)
        waiting += [edge.source for edge in node.ins]
    return any(node.split is not Split.ONE and len(node.outs) > 1 for node in at_once)


def _part(net: Net, edge: Edge) -> Net | None:
    """Take out what an event beside a step starts, if nothing else leads into it."""
    first = edge.target
    inside = [node for node in reach([first]) if node is not net.ended]
    members = set(inside)
    if any(one.source not in members and one is not edge for node in inside for one in node.ins):
        return None
    if any(node.join is Join.PATIENT and node in _after(node) for node in inside):
        return None
    part = empty_net()
    part.host = edge.source.element
    part.nodes = [part.start, *inside, part.ended]
    for node in inside:
        for out in node.outs:
            if out.target is net.ended:
                net.ended.ins.remove(out)
                out.target = part.ended
                part.ended.ins.append(out)
    edge.source.beside.remove(edge)
    edge.source = part.start
    part.start.outs.append(edge)
    net.nodes = [node for node in net.nodes if node not in members]
    return part


def _after(node: Node) -> dict[Node, None]:
    return reach(edge.target for edge in node.leaving)
