"""Writes the reference pages that are read off the code: `make docs`. Tests fail while a page is stale."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from docs.feel_reference import feel_page
from docs.model_problems import problems_page
from docs.outline_reference import outline_page
from docs.overload_reference import overload_page
from docs.refusals import Refusal, refusals
from docs.resources_reference import resources_page
from flowmaster.server import snapshot
from flowmaster.server.cli import DOCTOR_HELP, HELP, INSTALL_HELP, KEY_HELP, SERVE_HELP, TOP_HELP
from flowmaster.server.rest import openapi_text
from flowmaster.tools.catalog import catalog
from flowmaster.tools.json_text import write_json
from flowmaster.tools.models import JSON_TYPES, WriteArguments
from flowmaster.tools.registry import AnyOperation

DOCS = Path(__file__).parent
GENERATED = "<!-- Written by `make docs` from the code. Change the code, not this page. -->"
LIST_FIELDS = ("next",)


def pages() -> dict[str, str]:
    """Return every generated page: its name and its text."""
    return {
        "command-line.md": command_line_page(),
        "errors.md": errors_page(refusals(DOCS.parent)),
        "feel.md": feel_page(GENERATED),
        "openapi.json": openapi_text(catalog()),
        "operations.md": operations_page(),
        "outline.md": outline_page(GENERATED),
        "overload.md": overload_page(GENERATED),
        "problems.md": problems_page(GENERATED),
        "resources.md": resources_page(GENERATED),
    }


def command_line_page() -> str:
    """Return what the command says of itself."""
    return "\n".join(
        [
            "# The command line",
            GENERATED,
            "",
            *_said("flowmaster --help", HELP),
            *_said("flowmaster serve --help", SERVE_HELP.lstrip("\n")),
            *_said("flowmaster key --help", KEY_HELP),
            *_said("flowmaster doctor --help", DOCTOR_HELP),
            *_said("flowmaster top --help", TOP_HELP),
            *_said("flowmaster mcp install --help", INSTALL_HELP),
            "Exit codes: 0 done, 1 refused (the refusal stands on stderr), 2 not understood.",
            "",
            "The default data folder is `flowmaster` below `XDG_DATA_HOME`, which is `~/.local/share` unless it is set.",
            "",
        ]
    )


def _said(command: str, text: str) -> list[str]:
    return [f"`{command}` says:", "", "```text", text.rstrip(), "```", ""]


def operations_page() -> str:
    """Return the reference of all operations."""
    registry = list(catalog())
    core = [each for each in registry if each.core]
    lines = [
        "# Operations",
        GENERATED,
        "",
        f"FlowMaster has {len(registry)} operations. {len(core)} of them stand in an agent's tool list; the others are"
        " found with [`operation_find`](#operation_find) and called through [`operation_query`](#operation_query)"
        " (when they only read) or [`operation_call`](#operation_call).",
        "",
        "Every operation has the same name, arguments, answer and errors everywhere:",
        "",
        "| door | how |",
        "|---|---|",
        "| MCP | the tool of that name |",
        "| REST | `POST /api/v1/<operation>` with the arguments as a JSON body |",
        "| command line | `flowmaster call <operation> '<arguments as JSON>'` |",
        "",
        "Every operation that changes something also takes `dry_run`, `idempotency_key` and `reason`:",
        "",
        *_table(_input(WriteArguments), WriteArguments.model_json_schema()),
        "",
        "Any answer may carry `next`: up to three calls that make sense now; null stands where you fill in a value."
        " What a refusal looks like, and every code it can have, stands in [errors.md](errors.md).",
        "",
        "| operation | what it does |",
        "|---|---|",
        *(f"| [`{each.name}`](#{each.name}) | {_cell(each.summary)} |" for each in registry),
    ]
    for each in registry:
        lines += ["", *_operation(each)]
    return "\n".join(lines) + "\n"


def _operation(each: AnyOperation) -> Iterator[str]:
    yield f"## {each.name}"
    yield each.text
    yield ""
    yield f"*{_nature(each)}*"
    yield ""
    schema = each.input_schema
    asked = {
        name: node
        for name, node in schema.get("properties", {}).items()
        if name not in _input(WriteArguments)
    }
    if asked:
        yield from _table(asked, schema)
    else:
        yield "It takes no arguments of its own."
    answer = each.output_schema.get("properties", {})
    told = {name: node for name, node in answer.items() if name not in LIST_FIELDS}
    if told:
        yield ""
        yield "It answers:"
        yield ""
        yield from _table(told, {**each.output_schema, "required": list(told)}, heading="field")


def _nature(each: AnyOperation) -> str:
    says = ["In the tool list." if each.core else "Reached through `operation_query`."]
    if not each.core and not each.read_only:
        says = ["Reached through `operation_call`."]
    says.append("Only reads." if each.read_only else "Changes something.")
    if each.destructive:
        says.append("May take something away for good.")
    if each.idempotent and not each.read_only:
        says.append("The same call again changes nothing more.")
    if each.open_world:
        says.append("Reaches beyond this server.")
    says.append(f"Needs the right `{each.right}`.")
    if each.extra:
        says.append(f"Needs the extra `{each.extra}`: `pip install 'flowmaster[{each.extra}]'`.")
    return " ".join(says)


def _input(model: type[WriteArguments]) -> dict[str, Any]:
    properties: dict[str, Any] = model.model_json_schema()["properties"]
    return properties


def _table(
    fields: Mapping[str, Any], schema: Mapping[str, Any], *, heading: str = "argument"
) -> Iterator[str]:
    yield f"| {heading} | type | |"
    yield "|---|---|---|"
    for name, node in fields.items():
        needed = name in schema.get("required", ())
        yield f"| `{name}`{'' if needed else '?'} | {_cell(_type(node, schema))} | {_cell(_says(node))} |"


def _says(node: Mapping[str, Any]) -> str:
    says = str(node.get("description", ""))
    if node.get("default") not in (None, "", [], {}, False):
        says += f" Default: `{_json(node['default'])}`."
    if examples := node.get("examples"):
        says += f" Example: `{_json(examples[0])}`."
    return says


def _type(node: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    if "$ref" in node:
        return _type(schema.get("$defs", {}).get(node["$ref"].rpartition("/")[2], {}), schema)
    if "const" in node:
        return f"`{_json(node['const'])}`"
    if "enum" in node:
        return ", ".join(f"`{value}`" for value in node["enum"])
    for kind in ("anyOf", "oneOf"):
        if len(node.get(kind, ())) == len(JSON_TYPES):
            return "any value"
        if kind in node:
            kinds = dict.fromkeys(_type(each, schema) for each in node[kind] if each.get("type") != "null")
            return " or ".join(kinds)
    if node.get("type") == "array":
        return f"list of {_type(node.get('items', {}), schema)}"
    kinds = node.get("type", "any value")
    return " or ".join(kinds) if isinstance(kinds, list) else str(kinds)


def _json(value: Any) -> str:
    return write_json(value).decode()


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def errors_page(known: Mapping[str, Refusal]) -> str:
    """Return the reference of all refusal and problem codes."""
    lines = [
        "# Errors and problems",
        GENERATED,
        "",
        "A refused call answers one object, the same through every door: `code` (stable, listed here), `message`,"
        " `path` (the argument or element it is about), `expected`, `fix` (the next move in words) and `next` (calls"
        " that repair it). MCP shows it as an error result, REST as `application/problem+json`, the command line on"
        " stderr with exit code 1. After a refused call nothing has changed.",
        "",
        "Problems of a process or a rule, and incidents of an instance, carry codes of the same kind.",
    ]
    noun = ""
    for code, each in sorted(known.items()):
        if code.split(".")[0] != noun:
            noun = code.split(".")[0]
            lines += ["", f"## {noun}"]
        lines += ["", f"### {code}", *_refusal(each)]
    return "\n".join(lines) + "\n"


def _refusal(each: Refusal) -> Iterator[str]:
    for message in each.messages:
        yield f"- {message}"
    for fix in each.fixes:
        yield f"- What to do: {fix}"
    yield f"- Raised in {', '.join(f'`{place}`' for place in each.places)}." + (
        f" HTTP status {', '.join(each.statuses)}." if each.statuses else ""
    )


def main() -> None:
    """Write all pages, and the first answers of the MCP door."""
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
    snapshot.main()


if __name__ == "__main__":
    main()
