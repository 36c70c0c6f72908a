"""The documents tell what the code does: what is not documented does not exist, and what is gone is not told."""

import re
from pathlib import Path

from docs.generate import DOCS, pages
from docs.refusals import collect, refusals
from flowmaster.server.options import SERVER_FLAGS, SERVER_OPTIONS
from flowmaster.tools.catalog import catalog
from flowmaster.tools.extras import EXTRAS
from tests.house.tree import ROOT, files, product, pyproject, texts

LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


def headings(text: str) -> list[str]:
    """Return the headings of a page."""
    return [line.lstrip("#").strip() for line in text.splitlines() if line.startswith("#")]


def test_the_generated_pages_are_what_the_code_says_now() -> None:
    stale = [name for name, text in pages().items() if (DOCS / name).read_text(encoding="utf-8") != text]
    assert stale == [], "run `make docs` and commit what it wrote"
    # Every code that can be answered has its heading; what the code says was just collected for the pages.
    assert set(refusals(ROOT)) <= set(headings((DOCS / "errors.md").read_text(encoding="utf-8")))


def test_every_operation_has_its_heading_and_every_argument_its_row() -> None:
    text = (DOCS / "operations.md").read_text(encoding="utf-8")
    sections = {part.split("\n", 1)[0]: part for part in text.split("\n## ")[1:]}
    assert list(sections) == list(catalog().names)
    missing = [
        f"{each.name}.{name}"
        for each in catalog()
        for name in each.input_schema.get("properties", {})
        if f"| `{name}`" not in sections[each.name] and f"| `{name}`" not in text.split("\n## ")[0]
    ]
    assert missing == []


def test_codes_are_read_off_every_form_in_which_the_code_raises_them() -> None:
    source = """
class Fault(Exception):
    def __init__(self, code: str, message: str, *, fix: str = "", status: int = 400) -> None: ...

def refuse(message: str, *, code: str) -> Fault: ...

def walk(name: str, late: bool) -> None:
    raise Fault("task.unknown", f"There is no task {name!r}." + " Look again.", fix="Call it.", status=404)
    raise refuse("Too late.", code="task.late" if late else "task.early")
    open("notes.txt")
"""
    found = collect({"engine/a.py": source})
    assert sorted(found) == ["task.early", "task.late", "task.unknown"]
    assert found["task.unknown"].messages == ["There is no task ‹name›. Look again."]
    assert found["task.unknown"].fixes == ["Call it."]
    assert found["task.unknown"].statuses == ["404"]


def test_the_extras_that_errors_name_can_be_installed() -> None:
    installable = pyproject()["project"]["optional-dependencies"]
    assert set(EXTRAS) == set(installable) - {"all"}
    assert installable["all"] == [f"flowmaster[{','.join(name for name in installable if name != 'all')}]"]


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        f"{page}: {target}"
        for page, text in texts().items()
        if page.endswith(".md")
        for target in LINK.findall(text)
        if "://" not in target and not (ROOT / Path(page).parent / target).exists()
    ]
    assert broken == []


def test_every_option_of_the_command_is_documented_and_every_documented_one_exists() -> None:
    text = (DOCS / "command-line.md").read_text(encoding="utf-8")
    told = set(re.findall(r"--([a-z][a-z-]+)", text))
    of_doctor_and_install = {"deep", "scope", "dry-run", "uninstall"}
    of_key = {"rights", "tenant", "for", "until"}
    of_restore = {"erasures"}
    of_top = {"url", "key-file", "interval", "once"}
    known = {*SERVER_OPTIONS, *SERVER_FLAGS, "json", "out", "help"}
    assert told == known | of_doctor_and_install | of_key | of_restore | of_top


def test_every_setting_read_from_the_environment_is_documented() -> None:
    read = {name for text in product().values() for name in re.findall(r"\bFLOWMASTER_[A-Z_]+\b", text)}
    told = {
        name
        for page, text in texts().items()
        if page.endswith(".md")
        for name in re.findall(r"FLOWMASTER_\w+", text)
    }
    assert read <= told


def test_every_decision_tells_what_was_given_up_and_how_an_error_would_show() -> None:
    pages_found = [name for name in files() if re.fullmatch(r"docs/decisions/\d{4}-[a-z0-9-]+\.md", name)]
    numbers = [int(Path(name).name[:4]) for name in pages_found]
    assert numbers == list(range(1, len(numbers) + 1))
    wanted = ["Context", "Choice", "What we gave up", "How we would notice that we were wrong"]
    assert [name for name in pages_found if headings(texts()[name])[1:] != wanted] == []
