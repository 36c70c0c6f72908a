"""Draws the three invoices of this example as PDF files beside it; the same bytes on every run.

Run it with `python examples/invoice-to-pay/make_invoices.py` (needs `reportlab`). All companies, people and numbers
are invented. The IBANs hold by their check digits but belong to bank codes that do not exist.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

WIDTH, HEIGHT = A4
INK, GREY = HexColor("#1d2430"), HexColor("#6b7480")
BUYER = ("Nordlicht Anlagenbau GmbH", "Kreditorenbuchhaltung", "Hafenstraße 41", "24103 Kiel")


@dataclass(frozen=True)
class Line:
    """One line of an invoice."""

    text: str
    quantity: int
    unit: str
    price: Decimal

    @property
    def amount(self) -> Decimal:
        """Return quantity times price."""
        return self.price * self.quantity


def main(folder: Path) -> None:
    """Write the three files into the folder."""
    draw_clean(folder / "invoice-clean.pdf")
    draw_price_off(folder / "invoice-price-off.pdf")
    draw_duplicate(folder / "invoice-duplicate.pdf")


def page(path: Path, title: str, author: str) -> Canvas:
    """Begin a PDF whose bytes depend on nothing but its content."""
    canvas = Canvas(str(path), pagesize=A4, invariant=1)
    canvas.setTitle(title)
    canvas.setAuthor(author)
    canvas.setFillColor(INK)
    return canvas


def write(canvas: Canvas, x: float, y: float, text: str, font: str = "Helvetica", size: float = 9.5) -> None:
    """Write a text at millimetres from the left and the top."""
    canvas.setFont(font, size)
    canvas.drawString(x * mm, HEIGHT - y * mm, text)


def write_right(
    canvas: Canvas, x: float, y: float, text: str, font: str = "Helvetica", size: float = 9.5
) -> None:
    """Write a text that ends at x millimetres from the left."""
    canvas.setFont(font, size)
    canvas.drawRightString(x * mm, HEIGHT - y * mm, text)


def rule(canvas: Canvas, x0: float, x1: float, y: float, width: float = 0.6, color: Color = INK) -> None:
    """Draw a horizontal line."""
    canvas.setStrokeColor(color)
    canvas.setLineWidth(width)
    canvas.line(x0 * mm, HEIGHT - y * mm, x1 * mm, HEIGHT - y * mm)


def column(
    canvas: Canvas, x: float, y: float, lines: Sequence[str], step: float = 4.2, size: float = 9.5
) -> None:
    """Write lines below each other."""
    for place, text in enumerate(lines):
        write(canvas, x, y + place * step, text, size=size)


def german(value: Decimal) -> str:
    """Write an amount as 1.234,56."""
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


def english(value: Decimal) -> str:
    """Write an amount as 1,234.56."""
    return f"{value:,.2f}"


def draw_clean(path: Path) -> None:
    """Draw a German letter with address window, information block and ruled table; it matches PO-2026-0117."""
    green = HexColor("#1f6f54")
    canvas = page(path, "Rechnung 2026-10482", "Halbig Fördertechnik GmbH")
    clean_head(canvas, green)
    clean_body(canvas, green)
    clean_foot(canvas)
    canvas.save()


def clean_head(canvas: Canvas, green: Color) -> None:
    """Draw letterhead, sender line, address window and the block of facts."""
    canvas.setFillColor(green)
    canvas.rect(20 * mm, HEIGHT - 26 * mm, 9 * mm, 9 * mm, stroke=0, fill=1)
    canvas.setFillColor(HexColor("#ffffff"))
    write(canvas, 21.6, 23.8, "HF", "Helvetica-Bold", 13)
    canvas.setFillColor(green)
    write(canvas, 32, 21, "Halbig Fördertechnik GmbH", "Helvetica-Bold", 15)
    canvas.setFillColor(GREY)
    write(canvas, 32, 25.6, "Rollen, Bänder, Antriebe", size=9)
    write(canvas, 20, 50, "Halbig Fördertechnik GmbH · Gewerbering 7 · 49084 Osnabrück", size=7)
    rule(canvas, 20, 96, 51.2, 0.3, GREY)
    canvas.setFillColor(INK)
    column(canvas, 20, 57, BUYER, 4.8, 10.5)
    block = (
        ("Rechnungsnummer", "2026-10482"),
        ("Rechnungsdatum", "09.11.2026"),
        ("Kundennummer", "K-20771"),
        ("Ihre Bestellung", "PO-2026-0117"),
        ("Lieferdatum", "05.11.2026"),
        ("Ansprechpartnerin", "Jule Brenneke"),
    )
    for place, (label, value) in enumerate(block):
        canvas.setFillColor(GREY)
        write(canvas, 125, 57 + place * 5, label)
        canvas.setFillColor(INK)
        write(canvas, 160, 57 + place * 5, value)


def clean_body(canvas: Canvas, green: Color) -> None:
    """Draw title, lines, sums and the terms of payment."""
    write(canvas, 20, 102, "Rechnung 2026-10482", "Helvetica-Bold", 14)
    write(canvas, 20, 110, "Sehr geehrte Damen und Herren,")
    write(canvas, 20, 115, "für unsere Lieferung nach Kiel berechnen wir Ihnen:")
    lines = (
        Line("Tragrolle TR-89/600, verzinkt", 120, "Stk", Decimal("28.50")),
        Line("Trommelmotor TM-113, 0,37 kW", 4, "Stk", Decimal("612.00")),
        Line("Fracht und Verpackung", 1, "Psch", Decimal("332.00")),
    )
    net = german_table(canvas, 122, lines, green)
    tax = (net * Decimal("0.19")).quantize(Decimal("0.01"))
    y = 138.0 + 8 * len(lines)
    for label, value, font in (
        ("Nettobetrag", net, "Helvetica"),
        ("zzgl. 19 % MwSt.", tax, "Helvetica"),
        ("Rechnungsbetrag", net + tax, "Helvetica-Bold"),
    ):
        write(canvas, 128, y, label, font)
        write_right(canvas, 190, y, f"{german(value)} EUR", font)
        y += 5.4
    rule(canvas, 128, 190, y - 9.2, 0.5)
    write(canvas, 20, y + 10, "Zahlbar bis zum 09.12.2026 ohne Abzug auf das unten genannte Konto.")
    write(canvas, 20, y + 15, "Die Ware bleibt bis zur vollständigen Bezahlung unser Eigentum.")


def clean_foot(canvas: Canvas) -> None:
    """Draw the three columns at the bottom."""
    rule(canvas, 20, 190, 268, 0.3, GREY)
    canvas.setFillColor(GREY)
    column(
        canvas,
        20,
        273,
        ("Halbig Fördertechnik GmbH", "Gewerbering 7", "49084 Osnabrück", "Telefon 0541 5550117"),
        3.6,
        7.5,
    )
    column(
        canvas,
        80,
        273,
        ("Amtsgericht Osnabrück HRB 999117", "Geschäftsführerin: Insa Halbig", "USt-IdNr.: DE999111709"),
        3.6,
        7.5,
    )
    column(
        canvas,
        140,
        273,
        ("Testbank Nord", f"IBAN: {grouped(iban('DE', '999999990000104820'))}", "BIC: TESTDE99XXX"),
        3.6,
        7.5,
    )


def german_table(canvas: Canvas, top: float, lines: Sequence[Line], color: Color) -> Decimal:
    """Draw a table with a filled header and thin rules; return the sum."""
    canvas.setFillColor(color)
    canvas.rect(20 * mm, HEIGHT - (top + 7) * mm, 170 * mm, 7 * mm, stroke=0, fill=1)
    canvas.setFillColor(HexColor("#ffffff"))
    write(canvas, 22, top + 4.8, "Pos.", "Helvetica-Bold", 9)
    write(canvas, 34, top + 4.8, "Bezeichnung", "Helvetica-Bold", 9)
    for x, text in ((118, "Menge"), (133, "Einheit"), (163, "Einzelpreis EUR"), (188, "Gesamt EUR")):
        write_right(canvas, x, top + 4.8, text, "Helvetica-Bold", 9)
    canvas.setFillColor(INK)
    for place, line in enumerate(lines):
        y = top + 7 + 8 * place + 5.2
        write(canvas, 22, y, str(place + 1))
        write(canvas, 34, y, line.text)
        write_right(canvas, 118, y, str(line.quantity))
        write_right(canvas, 133, y, line.unit)
        write_right(canvas, 163, y, german(line.price))
        write_right(canvas, 188, y, german(line.amount))
        rule(canvas, 20, 190, top + 7 + 8 * (place + 1), 0.25, GREY)
    return sum((line.amount for line in lines), Decimal(0))


def draw_price_off(path: Path) -> None:
    """Draw an English invoice with labels above their values; its unit price is 8 % above PO-2026-0123."""
    blue = HexColor("#1b4f8a")
    canvas = page(path, "Invoice CI-88213", "Carrowmore Instruments Ltd")
    canvas.setFillColor(blue)
    canvas.circle(25 * mm, HEIGHT - 22 * mm, 5 * mm, stroke=0, fill=1)
    canvas.setFillColor(INK)
    write(canvas, 33, 21, "Carrowmore Instruments Ltd", "Times-Bold", 16)
    canvas.setFillColor(GREY)
    write(canvas, 33, 26, "Unit 12, Strandhill Business Park, Sligo, F91 TEST, Ireland", "Times-Roman", 9)
    canvas.setFillColor(blue)
    write_right(canvas, 190, 23, "INVOICE", "Times-Bold", 22)
    canvas.setFillColor(INK)
    write(canvas, 20, 45, "BILL TO", "Times-Bold", 8.5)
    for place, text in enumerate((BUYER[0], BUYER[2], "24103 Kiel", "Germany", "VAT ID: DE999222008")):
        write(canvas, 20, 50 + place * 4.8, text, "Times-Roman", 10.5)
    facts = (
        ("Invoice No.", "CI-88213"),
        ("Invoice date", "12 November 2026"),
        ("Your order", "PO-2026-0123"),
        ("Payment due", "12 December 2026"),
    )
    for place, (label, value) in enumerate(facts):
        x = 20 + place * 43
        canvas.setFillColor(GREY)
        write(canvas, x, 84, label, "Times-Roman", 8.5)
        canvas.setFillColor(INK)
        write(canvas, x, 89, value, "Times-Bold", 10.5)
    rule(canvas, 20, 190, 93, 0.8, blue)
    y = price_off_lines(canvas)
    price_off_payment(canvas, y)
    canvas.save()


def price_off_lines(canvas: Canvas) -> float:
    """Draw the lines and sums; return how far down they reach."""
    lines = (
        Line("Pressure transmitter PT-40, 0-16 bar, 4-20 mA", 40, "pcs", Decimal("189.00")),
        Line("Calibration certificate, 3 points", 40, "pcs", Decimal("14.50")),
    )
    write(canvas, 20, 103, "Description", "Times-Bold", 10)
    for x, text in ((128, "Qty"), (160, "Unit price"), (190, "Amount")):
        write_right(canvas, x, 103, text, "Times-Bold", 10)
    y = 110.0
    for line in lines:
        write(canvas, 20, y, line.text, "Times-Roman", 10.5)
        write_right(canvas, 128, y, str(line.quantity), "Times-Roman", 10.5)
        write_right(canvas, 160, y, english(line.price), "Times-Roman", 10.5)
        write_right(canvas, 190, y, english(line.amount), "Times-Roman", 10.5)
        y += 6.5
    net = sum((line.amount for line in lines), Decimal(0))
    rule(canvas, 118, 190, y - 2, 0.4)
    for label, value, font in (
        ("Subtotal", english(net), "Times-Roman"),
        ("VAT 0 % (reverse charge)", english(Decimal(0)), "Times-Roman"),
        ("Total due EUR", english(net), "Times-Bold"),
    ):
        write(canvas, 118, y + 3, label, font, 10.5)
        write_right(canvas, 190, y + 3, value, font, 10.5)
        y += 6
    return y


def price_off_payment(canvas: Canvas, y: float) -> None:
    """Draw the note on tax, the bank account and the foot of the page."""
    write(
        canvas,
        20,
        y + 14,
        "Reverse charge: VAT is to be accounted for by the recipient.",
        "Times-Italic",
        9.5,
    )
    write(canvas, 20, y + 24, "Please pay to", "Times-Bold", 10)
    for place, text in enumerate(
        (
            "Account name: Carrowmore Instruments Ltd",
            f"IBAN: {grouped(iban('IE', 'TEST99999988213000'))}",
            "BIC: TESTIE2DXXX",
            "Reference: CI-88213",
        )
    ):
        write(canvas, 20, y + 29 + place * 4.6, text, "Times-Roman", 10)
    canvas.setFillColor(GREY)
    write(
        canvas,
        20,
        285,
        "Carrowmore Instruments Ltd, registered in Ireland no. 999823, VAT no. IE9998213SH",
        "Times-Roman",
        8,
    )
    write_right(canvas, 190, 285, "Page 1 of 1", "Times-Roman", 8)


def draw_duplicate(path: Path) -> None:
    """Draw a small trader's invoice in a typewriter look; number LB-7730 has been paid already."""
    canvas = page(path, "Rechnung LB-7730", "Lindner Büroservice e.K.")
    write_right(canvas, 190, 22, "Lindner Büroservice e.K.", "Courier-Bold", 13)
    for place, text in enumerate(
        ("Inhaberin Wiebke Lindner", "Am Speicher 3", "24937 Flensburg", "Tel. 0461 5557730")
    ):
        write_right(canvas, 190, 28 + place * 4.4, text, "Courier", 9)
    for place, text in enumerate(BUYER):
        write(canvas, 20, 58 + place * 4.8, text, "Courier", 10.5)
    write(canvas, 20, 92, "R E C H N U N G", "Courier-Bold", 15)
    for place, text in enumerate(
        (
            "Rechnungs-Nr.: LB-7730",
            "Datum: 14.09.2026",
            "Bestell-Nr.: PO-2026-0098",
            "Leistungszeitraum: August 2026",
        )
    ):
        write(canvas, 20, 102 + place * 5, text, "Courier", 10.5)
    canvas.setDash(1, 2)
    rule(canvas, 20, 190, 126, 0.6)
    write(canvas, 20, 131, "Leistung", "Courier-Bold", 10)
    for x, text in ((118, "Anzahl"), (155, "Preis"), (190, "Betrag")):
        write_right(canvas, x, 131, text, "Courier-Bold", 10)
    rule(canvas, 20, 190, 133, 0.6)
    lines = (
        Line("Aktenvernichtung, 240 l", 8, "", Decimal("62.50")),
        Line("Tonerkassetten, schwarz", 10, "", Decimal("39.90")),
        Line("Anlieferung", 1, "", Decimal("101.00")),
    )
    y = 139.0
    for line in lines:
        write(canvas, 20, y, line.text, "Courier", 10)
        write_right(canvas, 118, y, str(line.quantity), "Courier", 10)
        write_right(canvas, 155, y, german(line.price), "Courier", 10)
        write_right(canvas, 190, y, german(line.amount), "Courier", 10)
        y += 5.5
    rule(canvas, 20, 190, y - 2, 0.6)
    net = sum((line.amount for line in lines), Decimal(0))
    tax = (net * Decimal("0.19")).quantize(Decimal("0.01"))
    for label, value, font in (
        ("Summe netto", net, "Courier"),
        ("Umsatzsteuer 19 %", tax, "Courier"),
        ("Gesamtbetrag", net + tax, "Courier-Bold"),
    ):
        write(canvas, 100, y + 4, label, font, 10)
        write_right(canvas, 190, y + 4, f"{german(value)} €", font, 10)
        y += 5.5
    rule(canvas, 100, 190, y + 1, 0.6)
    write(canvas, 20, y + 16, "Bitte überweisen Sie den Betrag innerhalb von 14 Tagen.", "Courier", 10)
    write(
        canvas,
        20,
        y + 26,
        f"Testbank Förde   IBAN {grouped(iban('DE', '999999980000077300'))}",
        "Courier",
        10,
    )
    write(canvas, 20, y + 31, "USt-IdNr. DE999333007   Steuernummer 99/773/00000", "Courier", 10)
    canvas.save()


def iban(country: str, account: str) -> str:
    """Put the check digits (modulo 97) before an account number."""
    digits = "".join(str(int(letter, 36)) for letter in f"{account}{country}00")
    return f"{country}{98 - int(digits) % 97:02d}{account}"


def grouped(number: str) -> str:
    """Write a number in groups of four."""
    return " ".join(number[place : place + 4] for place in range(0, len(number), 4))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
