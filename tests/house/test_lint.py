"""The code has its one format, its docstrings and its floors; the linters' findings are test failures."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.house.tree import PACKAGE, ROOT, product, pyproject, rooms

SCRIPTS = Path(sys.executable).parent


def run(command: list[str], folder: Path) -> tuple[int, str]:
    """Run a linter of this environment in a folder and return its exit code and what it printed."""
    ran = subprocess.run(
        [str(SCRIPTS / command[0]), *command[1:]], cwd=folder, capture_output=True, text=True, check=False
    )
    return ran.returncode, ran.stdout + ran.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the rooms and their rules, to break."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for room in rooms():
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PACKAGE, tmp_path / "src" / "flowmaster", symlinks=True)
    return tmp_path


def layers(folder: Path) -> tuple[int, str]:
    """Run import-linter on the package below a folder."""
    program = (
        "import sys; sys.path.insert(0, 'src'); from importlinter.cli import lint_imports_command as run; "
        "sys.argv = ['lint-imports', '--no-cache', '--no-logo']; run()"
    )
    return run(["python", "-c", program], folder)


def climbing(sources: Mapping[str, str]) -> list[str]:
    """Return the imports, those for types alone included, that lead upwards or to a neighbour."""
    layers = reversed(pyproject()["tool"]["importlinter"]["contracts"][0]["layers"])
    floor = {room.strip(): number for number, layer in enumerate(layers) for room in layer.split("|")}
    return [
        f"{path}: {node.module}"
        for path, text in sources.items()
        if (room := path.split("/")[0]) in floor
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("flowmaster.")
        if (other := str(node.module).split(".")[1]) in floor
        if other != room and floor[other] >= floor[room]
    ]


def test_ruff_finds_nothing_and_would_format_nothing() -> None:
    assert run(["ruff", "check", "--no-cache", "--quiet", "."], ROOT) == (0, "")
    assert run(["ruff", "format", "--no-cache", "--check", "--quiet", "."], ROOT) == (0, "")


def test_a_function_without_docstring_and_a_bare_import_are_found(copy: Path) -> None:
    (copy / "engine" / "attic.py").write_text(
        '"""Old things."""\n\nimport tools\n\n\ndef open():\n    tools.x()\n'
    )
    code, findings = run(
        ["ruff", "check", "--no-cache", "--quiet", "--output-format", "concise", "engine"], copy
    )
    assert code == 1
    assert "undocumented-public-function" in findings
    assert "banned-api" in findings


def test_no_room_reaches_upwards_and_the_engine_touches_nothing_outside() -> None:
    code, findings = layers(ROOT)
    assert code == 0, findings


def test_no_room_reaches_upwards_for_a_type_either() -> None:
    assert climbing(product()) == []


def test_an_upward_import_for_a_type_is_found() -> None:
    text = "if TYPE_CHECKING:\n    from flowmaster.server.cli import run\n    from flowmaster.engine.errors import Hint\n"
    assert climbing({"stores/a.py": text}) == ["stores/a.py: flowmaster.server.cli"]


@pytest.mark.parametrize(
    ("room", "line", "contract"),
    [
        ("engine", "import time", "The engine touches nothing outside BROKEN"),
        ("runtime", "import flowmaster.server", "The floors of the house BROKEN"),
    ],
)
def test_a_breach_of_the_floors_is_found(copy: Path, room: str, line: str, contract: str) -> None:
    (copy / room / "attic.py").write_text(f'"""Old things."""\n\n{line}\n')
    code, findings = layers(copy)
    assert code == 1
    assert contract in findings


def test_a_room_on_no_floor_is_found(copy: Path) -> None:
    (copy / "attic").mkdir()
    (copy / "attic" / "__init__.py").write_text('"""Old things."""\n')
    (copy / "src" / "flowmaster" / "attic").symlink_to("../../attic")
    code, findings = layers(copy)
    assert code == 1
    assert "attic" in findings
