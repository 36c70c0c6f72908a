"""The page of FEEL: what is special here, and every built-in function with its examples, read off the code."""

import re

from flowmaster.engine.dmn.external import available
from flowmaster.engine.feel.builtins.library import BUILTINS, TOPICS, Builtin
from flowmaster.engine.feel.evaluation import DEFAULT
from flowmaster.engine.feel.lexer import TEXT_MAX
from flowmaster.engine.feel.parser import DEPTH_MAX

_TITLES = {
    "conversion": "Making values of other values",
    "logic": "Truth and null",
    "strings": "Texts",
    "patterns": "Patterns",
    "numeric": "Numbers",
    "lists": "Lists",
    "contexts": "Contexts",
    "temporal": "Dates, times and durations",
    "ranges": "Ranges",
}


def feel_page(generated: str) -> str:
    """Return the reference of FEEL."""
    lines = [
        "# FEEL",
        generated,
        "",
        "FEEL is the language of DMN 1.5 (chapter 10), and the only one in models. What is special here:",
        "",
        "- Numbers are exact: integers, and decimals of 34 digits.",
        "- Faults are never raised: the part becomes null, and a warning names why, with line and column.",
        "- Dates have years from -999,999,999 to 999,999,999, times have nanoseconds, zones are those of `tzdata`.",
        "- Variables are JSON: dates are ISO 8601 texts until `date(...)`, `time(...)` or a declared type reads them.",
        "- Names with blanks or signs must be known beforehand; a wrong name is null with a warning.",
        f"- An expression has at most {TEXT_MAX:,} characters and {DEPTH_MAX} levels.",
        f"- An evaluation has fuel: {DEFAULT.steps:,} steps, {DEFAULT.depth} nested calls, {DEFAULT.items:,} items in"
        f" one list, {DEFAULT.characters:,} characters in one text. Beyond, it ends with `feel.limit_exceeded`.",
        "- Patterns are those of XPath 2.0 with the flags s, m, i, x and q, without looking around.",
        "",
        "Every example below is an expression that is true, and a test.",
        "",
    ]
    for topic in TOPICS:
        lines += [f"## {_TITLES[topic]}", ""]
        for name in sorted(name for name, function in BUILTINS.items() if function.topic == topic):
            lines += _function(BUILTINS[name])
    lines += [
        "## External functions",
        "",
        "A DMN model may bind a function to a Java class. There is no Java here: these pure methods have equivalents,"
        " and any other makes the function null with a warning.",
        "",
        *(f"- `{name}`" for name in available()),
        "",
    ]
    return "\n".join(lines)


def _function(function: Builtin) -> list[str]:
    text = " ".join(function.document.split("Example:")[0].split())
    examples = re.findall(r"Example: (.+)", function.document)
    signatures = [f"- `{overload.signature}`" for overload in function.overloads]
    return [
        f"### {function.name}",
        "",
        text,
        "",
        *signatures,
        "",
        "```feel",
        *map(str.strip, examples),
        "```",
        "",
    ]
