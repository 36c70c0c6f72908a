"""The page on observation lists what is told: each measure, attribute, field, variable and part, and no other."""

import re

from flowmaster.runtime.observation.figures import MEASURES
from flowmaster.runtime.observation.health import PARTS
from flowmaster.server.logs import FIELDS
from flowmaster.server.telemetry.plan import VARIABLES
from tests.house.tree import ROOT, product

PAGE = (ROOT / "docs" / "observation.md").read_text(encoding="utf-8")
TELLING = (
    "connectors/http.py",
    "runtime/observation/",
    "runtime/workers.py",
    "runtime/writer.py",
    "server/arrivals.py",
    "tools/watching.py",
)
"""The files that tell something of a span."""
ATTRIBUTE = re.compile(
    r'"((?:flowmaster|http|url|network|mcp|gen_ai|jsonrpc)\.[a-z_.]+|error\.type|server\.(?:address|port))"'
)
NO_ATTRIBUTE = {f"http.{name}" for name in ("answer_too_long", "failed", "header_invalid", "method_unknown")}
NO_ATTRIBUTE |= {f"http.{name}" for name in ("redirects", "request", "unreachable", "url_missing")}
"""Codes and types in these files that look like attributes."""


def rows(heading: str, first: str) -> list[list[str]]:
    """Return the cells of the first table behind a heading whose first column has that head."""
    section = PAGE.partition(f"{heading}\n")[2]
    table = section.partition(f"| {first} |")[2].split("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def names(heading: str, first: str) -> list[str]:
    """Return what stands in the first column, without its backticks."""
    return [row[0].strip("`") for row in rows(heading, first)]


def test_every_measure_is_told_with_its_unit_its_attributes_and_what_it_is() -> None:
    told = [
        (row[0].strip("`"), row[1], tuple(re.findall(r"`([^`]+)`", row[2])), row[3])
        for row in rows("### Measures", "measure")
    ]
    assert told == [(each.name, each.unit, each.labels, each.about) for each in MEASURES]


def test_every_attribute_of_a_span_is_told_and_every_told_one_exists() -> None:
    measures = {name for each in MEASURES for name in (each.name, *each.labels)}
    sources = [text for path, text in product().items() if path.startswith(TELLING)]
    found = {name for text in sources for name in ATTRIBUTE.findall(text)} - NO_ATTRIBUTE
    told = names("### Spans", "attribute")
    assert len(told) == len(set(told))
    assert found - measures <= set(told)
    assert set(told) <= found


def test_every_field_variable_and_part_is_told() -> None:
    assert names("## Logs", "field") == list(FIELDS)
    assert set(names("## Traces and metrics for a collector", "variable")) == set(VARIABLES)
    assert "The parts are " + ", ".join(f"`{part}`" for part in PARTS[:-1]) + f" and `{PARTS[-1]}`." in PAGE
