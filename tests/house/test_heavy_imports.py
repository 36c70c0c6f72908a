"""Heavy libraries are known to one home each, are imported when first used, and cost the start nothing."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping

import pytest

from docs.syntax import children
from tests.house.tree import product

HOMES = {
    "arango": ("stores/",),
    "asyncpg": ("stores/postgres/",),
    "chromadb": ("knowledge/",),
    "cryptography": ("server/tokens.py",),
    "jwt": ("server/tokens.py",),
    "litellm": ("agents/model.py",),
    "openpyxl": ("knowledge/",),
    "opentelemetry": ("server/telemetry/otlp.py",),
    "pdfminer": ("knowledge/",),
    "pdfplumber": ("knowledge/",),
    "pydantic_ai": ("agents/",),
    "pypdfium2": ("knowledge/",),
    "resvg_py": ("tools/raster.py",),
    "tiktoken": ("prompts/", "agents/"),
}
SLOW_TO_START = (
    *HOMES,
    "fastapi",
    "jinja2",
    "lxml",
    "mcp",
    "numpy",
    "pydantic",
    "starlette",
    "uvicorn",
    "yaml",
)


WAITS_WHOLE = "stores/postgres/"
"""A room that is itself imported when it is first used, so that what it needs may load with it."""


def imports(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each imported library, and whether it loads with the file instead of when first used."""
    tree = ast.parse(text)
    waiting: list[tuple[ast.AST, bool]] = [(tree, True)]
    while waiting:
        node, at_once = waiting.pop()
        if isinstance(node, ast.Import):
            yield from ((name.name.split(".")[0], at_once) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            room = (node.module or "").replace(".", "/").removeprefix("flowmaster/") + "/"
            yield "asyncpg" if room.startswith(WAITS_WHOLE) else (node.module or "").split(".")[0], at_once
        at_once = at_once and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        at_once = at_once and not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test))
        waiting.extend((child, at_once) for child in children(node))


def strays(sources: Mapping[str, str]) -> list[str]:
    """Return the heavy imports that stand outside their home, or load before they are used."""
    found = []
    for path, text in sources.items():
        for library, at_once in imports(text):
            if path.startswith(WAITS_WHOLE) and library == "asyncpg":
                continue
            if library in HOMES and library != "asyncpg" and not path.startswith(HOMES[library]):
                found.append(f"{path}: {library} belongs to {' or '.join(HOMES[library])}")
            elif library in HOMES and at_once:
                found.append(f"{path}: import {library} where it is first used")
    return found


def loaded_by(program: str) -> set[str]:
    """Return the top-level modules that are loaded after a program ran in a new interpreter."""
    closing = (
        "\nimport json, sys\nprint('\\n' + json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    command = [sys.executable, "-c", program + closing]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(ran.stdout.splitlines()[-1]))


def test_heavy_libraries_stay_at_home_and_wait_until_they_are_used() -> None:
    assert strays(product()) == []


@pytest.mark.parametrize(
    ("path", "text", "complaint"),
    [
        (
            "tools/search.py",
            "def find():\n    import chromadb\n",
            "tools/search.py: chromadb belongs to knowledge/",
        ),
        ("knowledge/a.py", "import chromadb.api\n", "knowledge/a.py: import chromadb where it is first used"),
        (
            "knowledge/a.py",
            "try:\n    from chromadb import A\nexcept ImportError:\n    pass\n",
            "knowledge/a.py: import",
        ),
    ],
)
def test_a_stray_heavy_import_is_found(path: str, text: str, complaint: str) -> None:
    assert [found.startswith(complaint) for found in strays({path: text})] == [True]


def test_a_heavy_import_for_types_or_at_first_use_is_welcome() -> None:
    text = "if TYPE_CHECKING:\n    import chromadb\n\ndef find():\n    import chromadb\n"
    assert strays({"knowledge/a.py": text}) == []


def test_help_starts_without_any_heavy_library() -> None:
    program = "import sys\nsys.argv = ['flowmaster', '--help']\nfrom flowmaster.__main__ import main\nmain()"
    assert loaded_by(program) & set(SLOW_TO_START) == set()
