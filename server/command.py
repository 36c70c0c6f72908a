"""The CLI door: one call of an operation, in process, on the same data as every other peer."""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import anyio

from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.arrivals import over_command_line
from flowmaster.server.logs import log_to_folder
from flowmaster.server.options import MEMORY, UsageError
from flowmaster.server.pictures import write_view
from flowmaster.server.readable import answer_text, error_text, table
from flowmaster.server.settings import Settings, settings_from
from flowmaster.server.terminal import Terminal
from flowmaster.server.wiring import open_app
from flowmaster.tools.answer import Answer
from flowmaster.tools.catalog import catalog
from flowmaster.tools.invoke import invoke, refused
from flowmaster.tools.json_text import read_json, write_json
from flowmaster.tools.registry import AnyOperation, Call, Caller, Registry
from flowmaster.tools.watching import arrived, watched


def call(name: str, words: Sequence[str], options: Mapping[str, str]) -> int:
    """Call an operation with the words of a command line and print what it answers; return the exit code."""
    settings = settings_from(options)
    log_to_folder(settings)
    answer = anyio.run(_answer, settings, name, words)
    as_json = "json" in options
    if answer.refused:
        _print(answer.text if as_json else error_text(answer.data()), to_errors=True)
        return 1
    if "out" in options:
        _print(write_view(answer.data(), Path(options["out"])))
    else:
        _print(answer.text if as_json else answer_text(answer.data()))
    return 0


def operations(query: str, *, as_json: bool) -> int:
    """Print all operations, or those that fit the query; return the exit code."""
    if query:
        return call(
            "operation_find", [f"query={query}"], {"data": MEMORY} | ({"json": "yes"} if as_json else {})
        )
    registry = catalog()
    rows = [{"operation": each.name, "does": each.summary} for each in registry]
    _print(json.dumps(rows) if as_json else table(rows))
    return 0


def explain(name: str) -> int:
    """Print what an operation does and takes, with a call that can be copied; return the exit code."""
    try:
        operation = catalog().get(name)
    except FlowMasterError as error:
        _print(error_text(error.body()), to_errors=True)
        return 1
    schema = operation.input_schema
    rows = [
        {
            "argument": argument if argument in schema.get("required", []) else f"{argument}?",
            "type": _type(node),
            "says": node.get("description", ""),
        }
        for argument, node in schema.get("properties", {}).items()
    ]
    example = {
        argument: node["examples"][0]
        for argument, node in schema.get("properties", {}).items()
        if argument in schema.get("required", []) and node.get("examples")
    }
    words = f" '{write_json(example).decode()}'" if example else ""
    parts = [operation.text, table(rows) if rows else "It takes no arguments."]
    _print("\n\n".join([*parts, f"  flowmaster call {name}{words}"]))
    return 0


def _type(node: Mapping[str, Any]) -> str:
    if "enum" in node:
        return "|".join(map(str, node["enum"]))
    choices = [_type(each) for each in node.get("anyOf", node.get("oneOf", ()))]
    return " or ".join(dict.fromkeys(choices)) if choices else str(node.get("type", "any"))


async def _answer(settings: Settings, name: str, words: Sequence[str]) -> Answer:
    try:
        async with open_app(settings) as app:
            terminal = Terminal()
            call = Call(app=app, caller=Caller(door="cli"), client=terminal)
            asked = arguments_of(app.registry, name, words)
            try:
                with arrived(over_command_line()):
                    return await watched(call, name, asked, lambda: invoke(app.registry, call, name, asked))
            finally:
                terminal.over()
    except FlowMasterError as error:
        return refused(error)


def arguments_of(registry: Registry, name: str, words: Sequence[str]) -> Any:
    """Return the arguments that the words spell: one JSON object, `-` for JSON on the input, or `name=value`.

    Raises:
        UsageError: the words are neither.
    """
    if len(words) == 1 and (words[0] == "-" or words[0].lstrip()[:1] in ("{", "[")):
        text = sys.stdin.read() if words[0] == "-" else words[0]
        try:
            return read_json(text)
        except ValueError as error:
            raise UsageError(f"the arguments are not JSON: {error}.") from None
    operation = registry.find(name)
    arguments: dict[str, Any] = {}
    for word in words:
        path, given, text = word.partition("=")
        if not given or not path:
            raise UsageError(f"{word!r} is not name=value; JSON arguments are one word in quotes.")
        _put(arguments, path.split("."), _value(operation, path, text))
    return arguments


_FILE = re.compile(r"\S*(/\S*|\.\w{1,5})")
"""What is meant as a file, whether it is there or not; `@ann` is somebody who is spoken to."""


def _value(operation: AnyOperation | None, path: str, text: str) -> Any:
    """Return the value for a word: what `@file` holds, text where text is wanted, else JSON if it is."""
    properties = operation.input_schema.get("properties", {}) if operation else {}
    is_text = properties.get(path, {}).get("type") == "string"
    if text.startswith("@"):
        file = Path(text[1:])
        if file.is_file():
            return _held(file, is_text=is_text)
        if _FILE.fullmatch(text[1:]):
            raise UsageError(f"there is no file {text[1:]!r} for {path!r}.")
    if is_text:
        return text
    try:
        return read_json(text)
    except ValueError:
        return text


def _held(file: Path, *, is_text: bool) -> Any:
    """Return what a file holds: its text, or the value of a `.json` file where more than text may stand."""
    text = file.read_text(encoding="utf-8")
    if is_text or file.suffix != ".json":
        return text
    try:
        return read_json(text)
    except ValueError as error:
        raise UsageError(f"the file {str(file)!r} is not JSON: {error}.") from None


def _put(arguments: dict[str, Any], steps: Sequence[str], value: Any) -> None:
    here = arguments
    for step in steps[:-1]:
        deeper = here.setdefault(step, {})
        if not isinstance(deeper, dict):
            raise UsageError(f"{'.'.join(steps)!r} goes into a value that is not an object.")
        here = deeper
    if steps[-1] in here:
        raise UsageError(f"{'.'.join(steps)!r} is given twice.")
    here[steps[-1]] = value


def _print(text: str, *, to_errors: bool = False) -> None:
    stream = sys.stderr if to_errors else sys.stdout
    stream.write(text.rstrip("\n") + "\n")
    stream.flush()
