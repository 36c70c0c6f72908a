"""Makes a token game smaller without changing what can go wrong in it.

What well nested blocks do inside cannot be told from outside: a chain of steps, a choice whose ways meet again, a
loop with an exit, branches that a join brings together. Each becomes one step. So a sound process shrinks to next to
nothing, and what is left to search is what is not well nested.
"""

from collections.abc import Callable

from flowmaster.engine.soundness.net import Act, Acts, Edge, Join, Net, Node, Split


def reduce_net(net: Net, *, exactly: bool) -> bool:
    """Shrink a net in place; return whether a block with a patient join became a step.

    With `exactly`, the moment of passing counts, since a patient join looks at the tokens elsewhere: a block that a token
    may pass at once stays as it is, and so do ways of unequal length. Where tokens under way race with an end that
    kills them, nothing may be left out.
    """
    return _Reduction(net, exactly).run()


class _Reduction:
    """Applies rules at the nodes of a net until none fits any more."""

    def __init__(self, net: Net, exactly: bool) -> None:
        self._net = net
        self._exactly = exactly
        self._joined = False
        self._fixed = {net.start, net.ended, net.killed, net.left}
        self._waiting = dict.fromkeys(net.nodes)
        self._gone: set[Node] = set()

    def run(self) -> bool:
        """Apply the rules, and forget the nodes that are gone."""
        rules: tuple[Callable[[Node], bool], ...] = (
            self._drop_loop, self._merge_ways, self._skip, self._absorb, self._chain, self._gather, self._join_all,
        )  # fmt: skip
        while self._waiting:
            node = next(iter(self._waiting))
            del self._waiting[node]
            while node not in self._gone and any(rule(node) for rule in rules):
                pass
        self._net.nodes = [node for node in self._net.nodes if node not in self._gone]
        for node in self._net.nodes:
            if len(node.outs) == 1:
                node.outs[0].acts = _idle(node.outs[0].acts)
        return self._joined

    # Rules: each returns whether it changed something.

    def _drop_loop(self, node: Node) -> bool:
        """Drop a way that leads back to where it began, directly or through one step, if another leads on."""
        if node.split is not Split.ONE or node.joins:
            return False
        for edge in node.outs:
            step = edge.target
            if len(node.outs) < 2:
                return False
            if step is node and edge in node.ins:
                self._cut(edge)
                _pass_later(node, edge.passed)
                return self._again(node)
            if (
                self._is_plain_step(step)
                and step.outs[0].target is node
                and (node.stands or not self._exactly)
            ):
                self._let_stand(node, step)
                passed = edge.passed | step.inside | step.outs[0].passed
                self._remove(step)
                _pass_later(node, passed)
                return self._again(node)
        return False

    def _merge_ways(self, node: Node) -> bool:
        """Keep one of two choices that come to the same place, directly or through one step each."""
        if node.split is not Split.ONE:
            return False
        seen: dict[Node, Edge] = {}
        for edge in list(node.outs):
            end = self._end(edge)
            if end.joins or end is node:
                continue
            other = seen.setdefault(end, edge)
            if other is not edge and self._merge_pair(node, other, edge):
                return self._again(node)
        return False

    def _merge_pair(self, node: Node, one: Edge, other: Edge) -> bool:
        stays, goes = (one, other) if self._rank(one) <= self._rank(other) else (other, one)
        direct = [edge for edge in (one, other) if not self._is_plain_step(edge.target)]
        if self._exactly and (len(direct) == 1 or self._hops(one) != self._hops(other)):
            return False
        if len(direct) == 1:
            stays, goes = (other, one) if direct[0] is one else (one, other)
        self._pass_too(stays, goes)
        self._drop_way(goes)
        self._waiting[stays.target] = None
        return True

    def _skip(self, node: Node) -> bool:
        """Leave out a node that tokens pass at once over a single way."""
        if node.stands or node in self._fixed or node.joins or node.kills or len(node.outs) != 1:
            return False
        out = node.outs[0]
        target = out.target
        if target is node or (len(node.ins) != 1 and target.join is not Join.NONE):
            return False
        onward = _idle(out.acts)
        passed = node.inside | out.passed
        place = target.ins.index(out)
        for edge in node.ins:
            edge.target = target
            edge.acts += onward
            edge.passed |= passed
            edge.hops += out.hops
            edge.into = out.into or edge.into
            self._waiting[edge.source] = None
        target.ins[place : place + 1] = node.ins
        self._gone.add(node)
        return self._again(target)

    def _absorb(self, node: Node) -> bool:
        """Let a choice that follows a choice, or a fork that follows a fork, be made at once."""
        if node.split is Split.SOME:
            return False
        for edge in node.outs:
            target = edge.target
            if (
                target is node
                or target.stands
                or target.kills
                or target.joins
                or len(target.ins) != 1
                or len(target.outs) < 2
                or target.split is not node.split
            ):
                continue
            passed = edge.passed | target.inside
            for out in target.outs:
                out.source = node
                out.acts = edge.acts + out.acts
                out.passed |= passed
                out.hops += edge.hops
                out.into = out.into or edge.into
            place = node.outs.index(edge)
            node.outs[place : place + 1] = target.outs
            self._gone.add(target)
            return self._again(node)
        return False

    def _chain(self, node: Node) -> bool:
        """Join a step with the only step behind it that only it leads to."""
        if not node.stands or node.beside or len(node.outs) != 1:
            return False
        edge = node.outs[0]
        after = edge.target
        if after is node or not after.stands or after.beside or len(after.ins) != 1:
            return False
        before = _idle(edge.acts)
        node.outs = after.outs
        for out in node.outs:
            out.source = node
            out.acts = before + out.acts
        _pass_later(node, edge.passed | after.inside)
        self._gone.add(after)
        return self._again(node)

    def _gather(self, node: Node) -> bool:
        """Make one of two branches side by side that lead to the same join, directly or through one step each."""
        if node.split is not Split.ALL:
            return False
        seen: dict[Node, Edge] = {}
        for edge in list(node.outs):
            end = self._end(edge)
            if end.join is not Join.ALL or end is node:
                continue
            other = seen.setdefault(end, edge)
            if other is not edge:
                self._gather_pair(other, edge)
                self._waiting[end] = None
                return self._again(node)
        return False

    def _gather_pair(self, one: Edge, other: Edge) -> None:
        ranked = [(self._is_plain_step(edge.target), edge.hops) for edge in (one, other)]
        stays, goes = (one, other) if ranked[0] > ranked[1] else (other, one)
        self._pass_too(stays, goes)
        stays.acts = goes.acts + stays.acts
        if self._is_plain_step(goes.target):
            stays.target.outs[0].acts = goes.target.outs[0].acts + stays.target.outs[0].acts
        self._drop_way(goes)
        self._waiting[stays.target] = None

    def _join_all(self, node: Node) -> bool:
        """Make one step of a split and the patient join that all its ways, and only they, lead to."""
        if node.joins or node in self._fixed or len(node.outs) < 2 or node.beside:
            return False
        join = self._end(node.outs[0])
        ways = node.outs
        if (
            join.join is not Join.PATIENT
            or join is node
            or join.starved
            or len(join.ins) != len(ways)
            or any(self._end(edge) is not join for edge in ways)
        ):
            return False
        steps = [edge for edge in ways if self._is_plain_step(edge.target)]
        if self._exactly and len(steps) != len(ways):
            return False
        acts = self._shortest(node)
        if steps:
            self._let_stand(node, steps[0].target)
        early = frozenset[str]().union(*(self._early(edge) for edge in ways))
        late = frozenset[str]().union(*(self._late(edge) for edge in ways))
        for edge in list(ways):
            self._drop_way(edge)
        node.inside |= early
        node.split = Split.ONE
        self._joined = True
        self._net.connect(Edge(node, join, acts, late))
        self._waiting[join] = None
        return self._again(node)

    def _shortest(self, node: Node) -> Acts:
        """Return what happens when tokens go from a split to its join over as few ways as can be."""
        ways = sorted(node.outs, key=lambda edge: len(self._acts(edge)))
        if node.split is Split.ONE:
            return _idle(self._acts(ways[0]))
        if node.split is Split.ALL:
            return _idle(sum((self._acts(edge) for edge in ways), ()))
        taken = [edge for edge in ways if edge.always]
        more = [edge for edge in ways if not edge.always and not edge.default]
        taken += more[:1] or [edge for edge in ways if edge.default]
        choice = Act("choice", node.element, tuple(edge.flow for edge in taken), idle=True)
        return (choice, *_idle(sum((self._acts(edge) for edge in taken), ())))

    # What the rules are made of.

    def _let_stand(self, node: Node, step: Node) -> None:
        """Let tokens stand at a node as they do at a step behind it, by the name of that step."""
        if not node.stands:
            node.stands, node.element = True, step.element

    def _is_plain_step(self, node: Node) -> bool:
        """Return whether a node is a step with one way in and one way out and nothing beside it."""
        return (
            node.stands
            and not node.beside
            and len(node.ins) == 1
            and len(node.outs) == 1
            and node.outs[0].target is not node
        )

    def _end(self, edge: Edge) -> Node:
        """Return where a way leads, past a plain step on it."""
        step = edge.target
        return step.outs[0].target if self._is_plain_step(step) else step

    def _acts(self, edge: Edge) -> Acts:
        return edge.acts + edge.target.outs[0].acts if self._is_plain_step(edge.target) else edge.acts

    def _rank(self, edge: Edge) -> int:
        return len(self._acts(edge))

    def _hops(self, edge: Edge) -> tuple[int, int]:
        """Return how many flows a token passes before a step and behind it."""
        step = edge.target
        return edge.hops, step.outs[0].hops if self._is_plain_step(step) else 0

    def _early(self, edge: Edge) -> frozenset[str]:
        """Return the elements that a token has come to once it stands at the step on a way."""
        step = edge.target
        return edge.passed | step.inside if self._is_plain_step(step) else edge.passed

    def _late(self, edge: Edge) -> frozenset[str]:
        """Return the elements that a token comes to when it leaves the step on a way."""
        step = edge.target
        return step.outs[0].passed if self._is_plain_step(step) else frozenset()

    def _pass_too(self, stays: Edge, goes: Edge) -> None:
        """Let one way stand for another one as well."""
        stays.passed |= self._early(goes)
        if self._is_plain_step(stays.target):
            stays.target.outs[0].passed |= self._late(goes)

    def _drop_way(self, edge: Edge) -> None:
        if self._is_plain_step(edge.target):
            self._remove(edge.target)
        else:
            self._cut(edge)

    def _remove(self, step: Node) -> None:
        self._cut(step.ins[0])
        self._cut(step.outs[0])
        self._gone.add(step)

    def _cut(self, edge: Edge) -> None:
        edge.source.outs.remove(edge)
        edge.target.ins.remove(edge)
        self._again(edge.target)

    def _again(self, node: Node) -> bool:
        """Look at a node and its neighbours once more, and at what leads to the steps before it."""
        for edge in node.ins:
            self._waiting[edge.source] = None
            if edge.source.stands:
                self._waiting.update((before.source, None) for before in edge.source.ins)
        for edge in node.outs:
            self._waiting[edge.target] = None
        self._waiting[node] = None
        return True


def _pass_later(node: Node, passed: frozenset[str]) -> None:
    """Let a token come to elements when it leaves a step; where it cannot leave, it has come to them already."""
    for edge in node.outs:
        edge.passed |= passed
    if not node.outs:
        node.inside |= passed


def _idle(acts: Acts) -> Acts:
    """Return acts whose choices make no difference."""
    return tuple(act._replace(idle=True) if act.kind == "choice" else act for act in acts)
