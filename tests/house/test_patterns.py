"""Patterns of the product mean the same on every release of Python that it runs on."""

import ast
import re

from tests.house.tree import product

_STARTED = re.compile(r"\(\?>|(?<!\\)[*+?}]\+")
_SETS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]")


def unsafe(source: str) -> list[str]:
    """Return the patterns that never give back what they took: Python 3.11.0 to 3.11.4 read some of them wrongly."""
    if "re." not in source:
        return []
    return [
        str(node.args[0].value)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, (str, bytes))
        and _STARTED.search(_SETS.sub("x", str(node.args[0].value)))
    ]


def test_no_pattern_is_one_that_some_releases_of_python_read_wrongly() -> None:
    assert {path: found for path, source in product().items() if (found := unsafe(source))} == {}


def test_such_patterns_are_found() -> None:
    assert unsafe(r're.compile("(?:a|b)*+c")') == ["(?:a|b)*+c"]
    assert unsafe(r're.search("(?>ab)c", x)') == ["(?>ab)c"]
    assert unsafe(r're.compile("[*+]+ a+b")') == []
