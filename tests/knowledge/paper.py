"""A sheet of paper for tests: texts at points from the top left, rules, and several pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from reportlab.lib.pagesizes import A4, letter
from reportlab.pdfgen.canvas import Canvas

from flowmaster.engine.values import Json


@dataclass(frozen=True)
class Made:
    """An invoice made for a test: its bytes, and the fields that it is known to have."""

    name: str
    pdf: bytes
    key: dict[str, Json]


class Paper:
    """Draws with the origin at the top left, in points."""

    def __init__(self, *, font: str = "Helvetica", size: float = 10, american: bool = False) -> None:
        self._buffer = BytesIO()
        self._format = letter if american else A4
        self.width, self.height = self._format
        self.canvas = Canvas(self._buffer, pagesize=self._format, invariant=1)
        self.font, self.size = font, size

    def text(self, x: float, y: float, text: str, *, size: float | None = None, bold: bool = False) -> None:
        """Write a text that begins at x."""
        self._style(size, bold)
        self.canvas.drawString(x, self.height - y, text)

    def right(self, x: float, y: float, text: str, *, size: float | None = None, bold: bool = False) -> None:
        """Write a text that ends at x."""
        self._style(size, bold)
        self.canvas.drawRightString(x, self.height - y, text)

    def centre(self, x: float, y: float, text: str, *, size: float | None = None, bold: bool = False) -> None:
        """Write a text with its middle at x."""
        self._style(size, bold)
        self.canvas.drawCentredString(x, self.height - y, text)

    def block(
        self, x: float, y: float, lines: Sequence[str], *, step: float = 13, size: float | None = None
    ) -> None:
        """Write lines below each other."""
        for place, line in enumerate(lines):
            self.text(x, y + place * step, line, size=size)

    def rule(self, x0: float, x1: float, y: float) -> None:
        """Draw a horizontal line."""
        self.canvas.setLineWidth(0.5)
        self.canvas.line(x0, self.height - y, x1, self.height - y)

    def grid(self, xs: Sequence[float], ys: Sequence[float]) -> None:
        """Draw all borders of a table."""
        self.canvas.grid(list(xs), [self.height - y for y in ys])

    def next_page(self) -> None:
        """Begin the next page."""
        self.canvas.showPage()

    def done(self) -> bytes:
        """Return the PDF."""
        self.canvas.save()
        return self._buffer.getvalue()

    def _style(self, size: float | None, bold: bool) -> None:
        bolds = {"Helvetica": "Helvetica-Bold", "Times-Roman": "Times-Bold", "Courier": "Courier-Bold"}
        self.canvas.setFont(bolds[self.font] if bold else self.font, size or self.size)
