"""Five invoices as programs lay them out, with flowing tables: measured once before any rule was changed for them."""

import io
from collections.abc import Iterator, Sequence
from decimal import Decimal as D

from reportlab.lib import colors
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from flowmaster.engine.values import Json
from tests.knowledge.paper import Made

N = ParagraphStyle("text", fontSize=10, leading=12)
H = ParagraphStyle("title", fontName="Helvetica-Bold", fontSize=18, leading=22, alignment=1, spaceAfter=6)
H2 = ParagraphStyle(
    "subtitle", fontName="Helvetica-Bold", fontSize=14, leading=18, spaceBefore=12, spaceAfter=6
)
G = TableStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.grey), ("ALIGN", (2, 0), (-1, -1), "RIGHT")])
L = TableStyle([("LINEBELOW", (0, 0), (-1, 0), 0.5, colors.black), ("ALIGN", (-3, 0), (-1, -1), "RIGHT")])


def flowed_invoices() -> Iterator[Made]:
    """Make all of them."""
    yield odoo_like()
    yield lexware_like()
    yield stripe_like()
    yield sap_like()
    yield excel_like()


def paragraph(text: str, style: ParagraphStyle = N) -> Paragraph:
    """Return a paragraph."""
    return Paragraph(text, style)


def build(flow: Sequence[Flowable]) -> bytes:
    """Return the PDF of a flow of paragraphs and tables."""
    buffer = io.BytesIO()
    SimpleDocTemplate(buffer, invariant=1).build(list(flow))
    return buffer.getvalue()


def _with_rows(key: dict[str, Json], *positions: int) -> dict[str, Json]:
    lines = key["lines"]
    assert isinstance(lines, list)
    names = ("position", "description", "quantity", "unit_price", "amount")
    numbers = positions or (None,) * len(lines)
    rows: list[Json] = []
    for number, line in zip(numbers, lines, strict=True):
        assert isinstance(line, tuple)
        rows.append(dict(zip(names, (number, *line), strict=True)))
    return {**key, "lines": rows}


def odoo_like() -> Made:
    """A row of labels above their values, the tax rate as a column, the account in a sentence."""
    pdf = build(
        [
            paragraph("Larchmont Paper Co. Ltd"),
            paragraph("5 Mill Road, Stirling FK8 1XX"),
            Spacer(1, 20),
            paragraph("Highland Press plc"),
            paragraph("9 King Street"),
            paragraph("Perth PH1 5XX"),
            Spacer(1, 20),
            paragraph("Invoice INV/2026/00031", H),
            Table(
                [
                    ["Invoice Date:", "Due Date:", "Source:", "Reference:"],
                    ["05/13/2026", "06/12/2026", "SO0042", "HP-7712"],
                ]
            ),
            Table(
                [
                    ["Description", "Quantity", "Unit Price", "Taxes", "Amount"],
                    ["Offset paper 90 g, A2", "1,200.00", "0.35", "20%", "£ 420.00"],
                    ["Pallet", "2.00", "15.00", "20%", "£ 30.00"],
                ],
                style=L,
            ),
            Table(
                [["Untaxed Amount", "£ 450.00"], ["Tax 20%", "£ 90.00"], ["Total", "£ 540.00"]],
                hAlign="RIGHT",
            ),
            paragraph("Please use the following communication for your payment: INV/2026/00031"),
            paragraph("on this account: GB29 NWBK 6016 1331 9268 19"),
        ]
    )
    key: dict[str, Json] = {
        "invoice_number": "INV/2026/00031",
        "invoice_date": "2026-05-13",
        "due_date": "2026-06-12",
        "supplier": "Larchmont Paper Co. Ltd",
        "buyer": "Highland Press plc",
        "order_number": "HP-7712",
        "net": D(450),
        "tax": D(90),
        "total": D(540),
        "currency": "GBP",
        "iban": "GB29NWBK60161331926819",
        "lines": [("Offset paper 90 g, A2", D(1200), D(".35"), D(420)), ("Pallet", D(2), D(15), D(30))],
    }
    return Made("odoo_like", pdf, _with_rows(key))


def lexware_like() -> Made:
    """A German letter with facts in a table to the right, article numbers, discount for early payment."""
    pdf = build(
        [
            paragraph("<font size=7>Hofmann Elektrotechnik GmbH, Am Kanal 3, 48155 Münster</font>"),
            paragraph("Stadtwerke Rheine GmbH"),
            paragraph("Hafenbahn 10"),
            paragraph("48431 Rheine"),
            Spacer(1, 15),
            Table(
                [
                    ["", "Rechnungs-Nr.:", "RE-20260311"],
                    ["", "Kunden-Nr.:", "12008"],
                    ["", "Datum:", "11.03.2026"],
                    ["", "Lieferdatum:", "09.03.2026"],
                    ["", "Bestellnummer:", "SWR-88-26"],
                ],
                colWidths=[250, 100, 100],
            ),
            paragraph("Rechnung", H),
            paragraph("Vielen Dank für Ihren Auftrag. Wir berechnen wie folgt:"),
            Table(
                [
                    ["Pos", "Art-Nr.", "Bezeichnung", "Menge", "Einheit", "Einzelpreis", "Gesamtpreis"],
                    ["1", "EL-100", "Verteilerkasten IP65", "3", "Stk.", "215,90 €", "647,70 €"],
                    ["2", "EL-220", "NYM-J 5x2,5 mm²", "150", "m", "2,45 €", "367,50 €"],
                    ["3", "", "Montage", "6,5", "Std.", "68,00 €", "442,00 €"],
                ],
                style=G,
            ),
            Table(
                [
                    ["Nettobetrag", "1.457,20 €"],
                    ["zzgl. 19% USt.", "276,87 €"],
                    ["Rechnungsbetrag", "1.734,07 €"],
                ],
                hAlign="RIGHT",
            ),
            paragraph("Zahlbar innerhalb von 14 Tagen mit 2% Skonto, 30 Tage netto."),
            paragraph(
                "<font size=7>Hofmann Elektrotechnik GmbH | IBAN: DE89370400440532013000 | BIC: X | USt-IdNr.: DE136695976 | HRB 1234</font>"
            ),
        ]
    )
    key: dict[str, Json] = {
        "invoice_number": "RE-20260311",
        "invoice_date": "2026-03-11",
        "supplier": "Hofmann Elektrotechnik GmbH",
        "supplier_vat_id": "DE136695976",
        "buyer": "Stadtwerke Rheine GmbH",
        "order_number": "SWR-88-26",
        "net": D("1457.20"),
        "tax": D("276.87"),
        "total": D("1734.07"),
        "currency": "EUR",
        "iban": "DE89370400440532013000",
        "due_date": "2026-04-10",
        "lines": [
            ("Verteilerkasten IP65", D(3), D("215.9"), D("647.7")),
            ("NYM-J 5x2,5 mm²", D(150), D("2.45"), D("367.5")),
            ("Montage", D("6.5"), D(68), D(442)),
        ],
    }
    return Made("lexware_like", pdf, _with_rows(key, 1, 2, 3))


def stripe_like() -> Made:
    """Seller and buyer side by side below the facts, no tax, the amount due repeated."""
    pdf = build(
        [
            paragraph("Invoice", H),
            Table(
                [
                    ["Invoice number", "7F3A-0012"],
                    ["Date of issue", "February 3, 2026"],
                    ["Date due", "February 17, 2026"],
                ],
                hAlign="LEFT",
            ),
            Spacer(1, 10),
            Table(
                [
                    [
                        paragraph(
                            "<b>Pixelworks Inc.</b><br/>548 Market St<br/>San Francisco, CA 94104<br/>United States"
                        ),
                        paragraph(
                            "<b>Bill to</b><br/>Nordwind Media GmbH<br/>Speicherstadt 4<br/>20457 Hamburg<br/>DE VAT DE111111125"
                        ),
                    ]
                ]
            ),
            paragraph("$1,188.00 USD due February 17, 2026", H2),
            Table(
                [
                    ["Description", "Qty", "Unit price", "Amount"],
                    ["Team plan (per seat)", "12", "$99.00", "$1,188.00"],
                ],
                style=L,
                colWidths=[220, 60, 80, 80],
            ),
            Table(
                [["Subtotal", "$1,188.00"], ["Total", "$1,188.00"], ["Amount due", "$1,188.00 USD"]],
                hAlign="RIGHT",
            ),
        ]
    )
    key: dict[str, Json] = {
        "invoice_number": "7F3A-0012",
        "invoice_date": "2026-02-03",
        "due_date": "2026-02-17",
        "supplier": "Pixelworks Inc.",
        "buyer": "Nordwind Media GmbH",
        "net": D(1188),
        "total": D(1188),
        "currency": "USD",
        "lines": [("Team plan (per seat)", D(12), D(99), D(1188))],
    }
    return Made("stripe_like", pdf, _with_rows(key))


def sap_like() -> Made:
    """Number and date under one label, units inside the quantities, positions as 000010."""
    pdf = build(
        [
            paragraph("Westfälische Armaturen AG"),
            paragraph("Ruhrallee 100, 45136 Essen"),
            Spacer(1, 10),
            Table(
                [
                    ["Firma", "Rechnung"],
                    ["Chemiepark Marl GmbH", "Nummer/Datum"],
                    ["Paul-Baumann-Str. 1", "9000112233 / 27.01.2026"],
                    ["45772 Marl", "Auftragsnummer/Datum"],
                    ["", "11002299 / 20.01.2026"],
                    ["", "Bestellnummer/Datum"],
                    ["", "4500099887 / 18.01.2026"],
                ],
                colWidths=[250, 200],
            ),
            Table(
                [
                    ["Pos.", "Material", "Bezeichnung", "Menge", "Preis", "Betrag in EUR"],
                    ["000010", "A-4711", "Absperrschieber DN100", "4 ST", "312,00", "1.248,00"],
                    ["000020", "A-4712", "Flanschdichtung DN100", "16 ST", "4,80", "76,80"],
                ],
                style=L,
            ),
            Table(
                [
                    ["Summe Positionen", "1.324,80"],
                    ["Umsatzsteuer 19,000 %", "251,71"],
                    ["Endbetrag", "1.576,51"],
                ],
                hAlign="RIGHT",
            ),
            paragraph("Zahlungsbedingungen: bis 26.02.2026 ohne Abzug"),
            paragraph("IBAN DE12500105170648489890 UST-ID DE811193231"),
        ]
    )
    key: dict[str, Json] = {
        "invoice_number": "9000112233",
        "invoice_date": "2026-01-27",
        "supplier": "Westfälische Armaturen AG",
        "supplier_vat_id": "DE811193231",
        "buyer": "Chemiepark Marl GmbH",
        "order_number": "4500099887",
        "net": D("1324.80"),
        "tax": D("251.71"),
        "total": D("1576.51"),
        "currency": "EUR",
        "iban": "DE12500105170648489890",
        "due_date": "2026-02-26",
        "lines": [
            ("Absperrschieber DN100", D(4), D(312), D(1248)),
            ("Flanschdichtung DN100", D(16), D("4.8"), D("76.8")),
        ],
    }
    return Made("sap_like", pdf, _with_rows(key, 10, 20))


def excel_like() -> Made:
    """A sheet printed to PDF: everything in one grid of cells, the quantity first."""
    pdf = build(
        [
            Table(
                [
                    ["Quellhof Catering e.K.", "", "", "INVOICE"],
                    ["Birkenweg 2", "", "No.", "QC-118"],
                    ["35037 Marburg", "", "Date", "2026-10-02"],
                    ["", "", "Order", "EV-9"],
                    ["Bill to:", "", "", ""],
                    ["Tagungshaus Lahntal GmbH", "", "", ""],
                    ["Schlossweg 5", "", "", ""],
                    ["35085 Ebsdorfergrund", "", "", ""],
                ],
                colWidths=[200, 60, 80, 100],
            ),
            Spacer(1, 10),
            Table(
                [
                    ["Qty", "Item", "Price", "Total"],
                    ["45", "Lunch buffet", "24.50", "1,102.50"],
                    ["45", "Coffee break", "6.20", "279.00"],
                ],
                colWidths=[50, 220, 80, 80],
                style=L,
            ),
            Table(
                [["Net", "1,381.50 EUR"], ["VAT 7%", "96.71 EUR"], ["Gross total", "1,478.21 EUR"]],
                hAlign="RIGHT",
            ),
            paragraph("Pay by 2026-10-16 to DE27 1007 7777 0209 2997 00"),
        ]
    )
    key: dict[str, Json] = {
        "invoice_number": "QC-118",
        "invoice_date": "2026-10-02",
        "due_date": "2026-10-16",
        "supplier": "Quellhof Catering e.K.",
        "buyer": "Tagungshaus Lahntal GmbH",
        "order_number": "EV-9",
        "net": D("1381.5"),
        "tax": D("96.71"),
        "total": D("1478.21"),
        "currency": "EUR",
        "iban": "DE27100777770209299700",
        "lines": [("Lunch buffet", D(45), D("24.5"), D("1102.5")), ("Coffee break", D(45), D("6.2"), D(279))],
    }
    return Made("excel_like", pdf, _with_rows(key))
