"""A page with a host in it, as a test drives it: it shows answers in views, and tells what views ask for."""

from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Frame, Locator, Page, expect

from tests.views.stage import Stage

WAIT_MS = 10_000
"""How long anything may take to appear; a busy machine is slow to start a frame."""

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_NOT_OURS = ["region", "page-has-heading-one", "label-content-name-mismatch"]
"""A view is a part of a page, which has the landmarks; and in pictures names are broken into lines without blanks."""


class Host:
    """The page of a host."""

    def __init__(self, stage: Stage, page: Page) -> None:
        self.stage = stage
        self.page = page
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)
        page.goto(f"{stage.url}/host")
        page.wait_for_selector("body[data-ready]")

    def begin(self) -> None:
        """Forget what the test before has left."""
        self.complaints.clear()
        self.stage.knocks.clear()
        self.resize(820)

    def _hear(self, message: ConsoleMessage) -> None:
        is_probe = "/mcp" in str(message.location.get("url", "")) and "405" in message.text
        if message.type == "error" and not is_probe:
            self.complaints.append(message.text)

    def show(self, tool: str, arguments: dict[str, Any], *, theme: str = "light", **options: Any) -> Locator:
        """Call a tool as a model would, and return the view of its answer."""
        self.page.evaluate("theme => { document.body.className = theme; }", theme)
        options["context"] = {**({"theme": theme} if theme else {}), **options.get("context", {})}
        self.page.evaluate(
            "([tool, args, options]) => host.show(tool, args, options)", [tool, arguments, options]
        )
        view = self.root.locator("#view")
        self.settled(view)
        return view

    def settled(self, view: Locator) -> None:
        """Wait until the view has shown what it asked for."""
        expect(view).not_to_have_attribute("aria-busy", "true")

    @property
    def root(self) -> Locator:
        """The root of the page of the view."""
        return self.page.frame_locator("iframe").frame_locator("iframe").locator("html")

    @property
    def frame(self) -> Frame:
        """The frame of the view."""
        return self.page.frames[-1]

    def calls(self, tool: str = "") -> list[dict[str, Any]]:
        """Return the calls that the view has made through the host: all, or those of one tool."""
        made: list[dict[str, Any]] = self.page.evaluate("host.calls")
        return [call["arguments"] for call in made if tool in ("", call["name"])]

    def informed(self) -> list[str]:
        """Return what the view let the model know."""
        told: list[str] = self.page.evaluate("host.informed")
        return told

    def resize(self, width: int, height: int = 900) -> None:
        """Give the page another size."""
        self.page.set_viewport_size({"width": width, "height": height})

    def overflow(self) -> int:
        """Return by how many pixels the view is wider than its frame."""
        wide: int = self.frame.evaluate("document.documentElement.scrollWidth - innerWidth")
        return wide

    def violations(self) -> list[str]:
        """Return what is not accessible in the view."""
        self.frame.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.frame.evaluate(
            "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})",
            _RULES,
        )
        return [
            f"{each['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
            for each in found["violations"]
            if each["id"] not in _NOT_OURS
            for node in each["nodes"]
        ]
