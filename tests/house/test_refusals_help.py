"""Every refusal says what helps: the next move in words, what is allowed, or a call that repairs it."""

import ast
from collections.abc import Iterator

from tests.house.tree import ROOT

HELP = {"fix", "expected", "next", None}
"""The arguments that help; None stands for those that are passed on as they came."""

WAYS = {
    "FlowMasterError": ("engine tools runtime stores server", 99),
    "refused": ("engine/edits", 99),
    "add": ("engine/outline", 99),
    "wrong": ("engine/outline", 3),
    "refuse": ("engine/dmn", 4),
    "refusal": ("tools", 99),
    "located": ("engine/bpmn", 99),
}
"""The ways to refuse: where they lie, and with how many arguments by place help is among them."""


def test_no_refusal_leaves_its_reader_without_help() -> None:
    assert list(helpless()) == []


def helpless() -> Iterator[str]:
    for name, (rooms, enough) in WAYS.items():
        for room in rooms.split():
            for file in sorted((ROOT / room).rglob("*.py")):
                for call in calls_of(file.read_text(encoding="utf-8"), name):
                    told = {each.arg for each in call.keywords}
                    helps = told & HELP or len(call.args) >= enough or _defaults(file.name, name)
                    if _is_refusal(call, name) and not helps:
                        yield f"{file.relative_to(ROOT)}:{call.lineno}"


def calls_of(text: str, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and name == getattr(node.func, "id", getattr(node.func, "attr", "")):
            yield node


def _is_refusal(call: ast.Call, name: str) -> bool:
    """Whether something is refused, and not a part added to a document."""
    first = call.args[0] if call.args else None
    code = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
    return len(call.args) >= 2 and (name != "add" or "." in code)


def _defaults(file: str, name: str) -> bool:
    """Whether a way to refuse has help of its own where none is given: compact tables point to their page."""
    return (file, name) == ("compact.py", "refuse")
