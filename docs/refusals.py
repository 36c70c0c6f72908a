"""Reads every refusal off the source: each call of something that takes a `code`, with the texts it is given."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from docs.syntax import statements

CODE = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
ROOMS = ("engine", "stores", "knowledge", "connectors", "prompts", "runtime", "tools", "agents", "server")
FIELDS = ("code", "message", "fix", "status")


@dataclass
class Refusal:
    """What is known of one code: where it is raised, and with which words."""

    places: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    fixes: list[str] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)

    def add(self, place: str, told: Mapping[str, list[str]]) -> None:
        """Add one place that raises the code."""
        for known, new in (
            (self.places, [place]),
            (self.messages, told["message"]),
            (self.fixes, told["fix"]),
            (self.statuses, told["status"]),
        ):
            known += [each for each in new if each and each not in known]


@cache
def refusals(root: Path) -> dict[str, Refusal]:
    """Return every code that the rooms below a folder can answer."""
    sources = {
        str(path.relative_to(root)): path.read_text(encoding="utf-8")
        for room in ROOMS
        for path in sorted((root / room).rglob("*.py"))
    }
    return collect(sources)


def collect(sources: Mapping[str, str]) -> dict[str, Refusal]:
    """Return every code in some sources."""
    trees = {place: ast.parse(text) for place, text in sources.items()}
    own = {place: dict(_makers(tree)) for place, tree in trees.items()}
    makers: dict[str, list[str]] = {}
    for names in own.values():
        makers |= names
    found: dict[str, Refusal] = {}
    for place, tree in trees.items():
        for told in _told(tree, makers | own[place]):
            for code in told["code"]:
                if CODE.fullmatch(code):
                    found.setdefault(code, Refusal()).add(place, told)
    return found


def _makers(tree: ast.Module) -> Iterator[tuple[str, list[str]]]:
    """Yield the functions and classes that take a `code`, with the names of what they take by position."""
    for node in statements(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names = [each.arg for each in node.args.args]
            if "code" in names or "code" in [each.arg for each in node.args.kwonlyargs]:
                yield node.name, names
        elif isinstance(node, ast.ClassDef):
            yield from _class_makers(node)


def _class_makers(node: ast.ClassDef) -> Iterator[tuple[str, list[str]]]:
    fields = [
        each.target.id
        for each in node.body
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    ]
    if "code" in fields:
        yield node.name, fields
    for each in node.body:
        if isinstance(each, ast.FunctionDef) and each.name == "__init__":
            names = [argument.arg for argument in each.args.args[1:]]
            if "code" in names:
                yield node.name, names


def _told(tree: ast.Module, makers: Mapping[str, list[str]]) -> Iterator[dict[str, list[str]]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = _called(node)
        if name not in makers:
            continue
        names = makers[name][1:] if makers[name][:1] == ["self"] else makers[name]
        given = dict(zip(names, node.args, strict=False))
        given |= {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
        yield {each: list(_texts(given[each])) if each in given else [] for each in FIELDS}


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _texts(node: ast.expr) -> Iterator[str]:
    """Yield what an expression can say: its literal text, with `…` for what is filled in."""
    match node:
        case ast.Constant(value=str() | int() as value):
            yield str(value)
        case ast.JoinedStr():
            yield "".join(_part(each) for each in node.values)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield "".join(next(_texts(each), "…") for each in (left, right))
        case ast.IfExp(body=body, orelse=orelse):
            yield from _texts(body)
            yield from _texts(orelse)
        case _:
            return


def _part(node: ast.expr) -> str:
    """Return the text of a piece of a formatted text; what is filled in shows by its name: `‹process›`."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    filled = node.value if isinstance(node, ast.FormattedValue) else node
    if isinstance(filled, ast.Call) and _called(filled) == "did_you_mean":
        return ""
    return f"‹{_name(filled) or '…'}›"


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.strip("_").replace("_", " ")
        case ast.Subscript(value=value):
            return _name(value)
        case ast.Call(args=[first, *_]):
            return _name(first)
        case _:
            return ""
