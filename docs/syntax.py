"""Walks the statements of a source, which is much quicker than every expression in them."""

import ast
from collections.abc import Iterator

_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


def children(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the statements right inside another one, or the handlers and cases around them."""
    for block in _BLOCKS:
        yield from getattr(node, block, ())


def statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield every statement at any depth, with the handlers and cases around some."""
    waiting = [tree]
    while waiting:
        inside = [*children(waiting.pop())]
        yield from inside
        waiting.extend(inside)
