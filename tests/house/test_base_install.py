"""An installation without extras stays small, and runs the server, design, rules, tasks and execution."""

import subprocess
import sys
from functools import cache
from importlib.metadata import Distribution, distribution, packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

MEGABYTES_MAX = 120

# What a program sees when only the base is installed: every other installed library is not to be found.
WITHOUT_EXTRAS = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in {absent!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
sys.argv[0] = 'flowmaster'
from flowmaster.__main__ import main
sys.exit(main())
"""


@cache
def base() -> frozenset[str]:
    """Return the distributions that an installation without extras brings."""
    found: set[str] = set()
    waiting = [("flowmaster", frozenset[str]())]
    while waiting:
        name, extras = waiting.pop()
        found.add(name)
        for text in distribution(name).requires or []:
            need = Requirement(text)
            wanted = any(
                need.marker is None or need.marker.evaluate({"extra": extra}) for extra in (extras or {""})
            )
            if wanted and (key := canonicalize_name(need.name)) not in found:
                waiting.append((key, frozenset(need.extras)))
    return frozenset(found)


def size(of: Distribution) -> int:
    """Return the bytes that a distribution takes on the disk, compiled files included."""
    paths = [Path(str(of.locate_file(file))) for file in of.files or []]
    return sum(path.stat().st_size for path in paths if path.is_file())


def absent() -> set[str]:
    """Return the importable names that only extras and the developer's tools bring."""
    return {
        module
        for module, owners in packages_distributions().items()
        if not {canonicalize_name(owner) for owner in owners} & base()
    }


def flowmaster(*words: str, data: Path) -> subprocess.CompletedProcess[str]:
    """Run the command as if no extra were installed."""
    command = [sys.executable, "-c", WITHOUT_EXTRAS.format(absent=absent()), *words, "--data", str(data)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_an_installation_without_extras_stays_under_its_limit() -> None:
    sizes = {name: size(distribution(name)) for name in base() - {"flowmaster"}}
    largest = sorted(sizes, key=lambda name: -sizes[name])[:8]
    assert sum(sizes.values()) < MEGABYTES_MAX * 1_000_000, largest


def test_heavy_libraries_are_in_no_base_installation() -> None:
    assert absent() >= {"chromadb", "litellm", "pydantic_ai", "pdfplumber", "numpy", "onnxruntime"}


def test_the_server_runs_without_any_extra(tmp_path: Path) -> None:
    ran = flowmaster("call", "server_info", "--json", data=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
