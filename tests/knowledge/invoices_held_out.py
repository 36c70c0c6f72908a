"""Eight more layouts that were written after the rules and measured before any rule was changed for them."""

from collections.abc import Iterator
from decimal import Decimal as D

from tests.knowledge.invoices_german import rows
from tests.knowledge.paper import Made, Paper


def held_out_invoices() -> Iterator[Made]:
    """Make all of them."""
    yield utility_with_prose()
    yield craftsman_with_groups()
    yield labels_in_a_table()
    yield sidebar()
    yield consultancy_letter()
    yield wholesale_dense()
    yield reversed_party_order()
    yield gross_prices()


def utility_with_prose() -> Made:
    """Values inside sentences, no table."""
    p = Paper(font="Times-Roman", size=11)
    p.text(60, 60, "Stadtnetz Glücksburg GmbH", bold=True, size=14)
    p.text(60, 130, "Stadtnetz Glücksburg GmbH • Postfach 1101 • 24955 Harrislee", size=7)
    p.block(60, 146, ["Pension Fördeblick", "Uferstraße 12", "24960 Glücksburg"])
    p.block(380, 146, ["Rechnungsnummer: 77-20260901", "Kundennummer: 5501", "Rechnungsdatum: 01.09.26"])
    p.text(60, 230, "Ihre Rechnung für Strom, 01.08.2026 bis 31.08.2026", bold=True)
    p.block(60, 260, [
        "Sehr geehrte Damen und Herren,",
        "für den genannten Zeitraum berechnen wir einen Nettobetrag von 412,20 EUR.",
        "Die Umsatzsteuer (19 %) beträgt 78,32 EUR, der Rechnungsbetrag somit 490,52 EUR.",
        "Wir buchen den Betrag am 15.09.2026 von Ihrem Konto ab.",
    ], step=15)  # fmt: skip
    p.text(60, 790, "IBAN DE02500105170137075030   USt-IdNr. DE136695976   HRB 99881", size=8)
    return Made("utility_with_prose", p.done(), {
        "invoice_number": "77-20260901", "invoice_date": "2026-09-01", "supplier": "Stadtnetz Glücksburg GmbH",
        "supplier_vat_id": "DE136695976", "buyer": "Pension Fördeblick", "net": D("412.20"), "tax": D("78.32"),
        "total": D("490.52"), "currency": "EUR", "iban": "DE02500105170137075030",
    })  # fmt: skip


def craftsman_with_groups() -> Made:
    """Groups with headings and subtotals between the lines, units glued to quantities, sums with dots."""
    p = Paper(size=9.5)
    p.text(50, 50, "Dachdeckerei Wulff e.K.", size=15, bold=True)
    p.block(50, 64, ["Meisterbetrieb seit 1978", "Reetweg 4, 25813 Husum"], step=11)
    p.block(50, 130, ["Eheleute", "Hinrich und Antje Petersen", "Norderstr. 20", "25813 Husum"])
    p.text(50, 210, "Schlussrechnung", size=14, bold=True)
    p.text(50, 226, "Re.-Nr. 2026/118")
    p.text(200, 226, "Datum 21.07.2026")
    p.text(50, 250, "Pos.", bold=True)
    p.text(90, 250, "Leistungsbeschreibung", bold=True)
    p.right(390, 250, "Menge", bold=True)
    p.right(465, 250, "EP in EUR", bold=True)
    p.right(545, 250, "GP in EUR", bold=True)
    y = 268.0
    p.text(50, y, "1", bold=True)
    p.text(90, y, "Abbruch", bold=True)
    body = (
        ("1.1", "Altdeckung aufnehmen, entsorgen", "120,00 m²", "14,80", "1.776,00"),
        ("1.2", "Containergestellung", "2,00 Stk", "310,00", "620,00"),
    )
    for row in body:
        y += 14
        _row(p, y, row)
    y += 18
    p.text(50, y, "2", bold=True)
    p.text(90, y, "Eindeckung", bold=True)
    for tiles in (
        ("2.1", "Tonziegel, rot, verlegt", "120,00 m²", "48,50", "5.820,00"),
        ("2.2", "Firstziegel", "11,00 m", "36,20", "398,20"),
    ):
        y += 14
        _row(p, y, tiles)
    y += 30
    for label, value in (
        ("Nettosumme", "8.614,20"),
        ("19% MwSt.", "1.636,70"),
        ("Gesamtbetrag", "10.250,90"),
    ):
        p.text(330, y, f"{label} " + "." * 20)
        p.right(545, y, f"{value} €")
        y += 14
    p.text(
        50,
        y + 20,
        "Zahlbar innerhalb 8 Tagen netto. Steuernummer 17/555/01234, IBAN: DE21 3012 0400 0000 0152 28",
    )
    return Made("craftsman_with_groups", p.done(), {
        "invoice_number": "2026/118", "invoice_date": "2026-07-21", "supplier": "Dachdeckerei Wulff e.K.",
        "buyer": "Hinrich und Antje Petersen", "net": D("8614.20"), "tax": D("1636.70"), "total": D("10250.90"),
        "currency": "EUR", "iban": "DE21301204000000015228", "due_date": "2026-07-29",
        "lines": rows((None, "Altdeckung aufnehmen, entsorgen", D("120.00"), D("14.80"), D("1776.00")),
                      (None, "Containergestellung", D("2.00"), D("310.00"), D("620.00")),
                      (None, "Tonziegel, rot, verlegt", D("120.00"), D("48.50"), D("5820.00")),
                      (None, "Firstziegel", D("11.00"), D("36.20"), D("398.20"))),
    })  # fmt: skip


def _row(p: Paper, y: float, row: tuple[str, str, str, str, str]) -> None:
    p.text(50, y, row[0])
    p.text(90, y, row[1])
    for x, cell in zip((390, 465, 545), row[2:], strict=True):
        p.right(x, y, cell)


def labels_in_a_table() -> Made:
    """All facts in ruled cells, two labels and two values in each row."""
    p = Paper(size=9)
    p.text(50, 50, "Invoice", size=18, bold=True)
    p.grid((50, 140, 300, 390, 545), (70, 88, 106, 124, 142))
    cells = (
        ("Seller", "Molenaar Plastics N.V.", "Buyer", "Weserbergland Folien KG"),
        ("Invoice no.", "MP-26-4471", "Invoice date", "6 Feb 2026"),
        ("Order no.", "4500123456", "Due date", "8 Mar 2026"),
        ("VAT no.", "BE0428759497", "IBAN", "BE68 5390 0754 7034"),
    )
    for place, facts in enumerate(cells):
        for x, cell in zip((53, 143, 303, 393), facts, strict=True):
            p.text(x, 82 + 18 * place, cell)
    xs, ys = (50, 90, 300, 360, 450, 545), (170, 188, 206, 224)
    p.grid(xs, ys)
    for x, head in zip(xs, ("Line", "Description of goods", "Qty", "Unit price", "Net amount"), strict=False):
        p.text(x + 3, 182, head, bold=True)
    for place, row in enumerate(
        (
            ("1", "PE film 80 my, 1200 mm", "2,400", "1.15", "2,760.00"),
            ("2", "Pallets, one way", "6", "9.50", "57.00"),
        )
    ):
        for x, cell in zip(xs, row, strict=False):
            p.text(x + 3, 200 + 18 * place, cell)
    p.grid((300, 450, 545), (240, 258, 276, 294))
    for place, (label, value) in enumerate(
        (("Total net", "2,817.00"), ("VAT 21 %", "591.57"), ("Total EUR", "3,408.57"))
    ):
        p.text(303, 252 + 18 * place, label)
        p.right(541, 252 + 18 * place, value)
    return Made("labels_in_a_table", p.done(), {
        "invoice_number": "MP-26-4471", "invoice_date": "2026-02-06", "supplier": "Molenaar Plastics N.V.",
        "supplier_vat_id": "BE0428759497", "buyer": "Weserbergland Folien KG", "order_number": "4500123456",
        "net": D("2817.00"), "tax": D("591.57"), "total": D("3408.57"), "currency": "EUR",
        "iban": "BE68539007547034", "due_date": "2026-03-08",
        "lines": rows((1, "PE film 80 my, 1200 mm", 2400, D("1.15"), D("2760.00")),
                      (2, "Pallets, one way", 6, D("9.50"), D("57.00"))),
    })  # fmt: skip


def sidebar() -> Made:
    """A narrow column on the left holds all facts below small labels; the table stands to its right."""
    p = Paper(size=9)
    p.text(200, 50, "Rechnung", size=20, bold=True)
    facts = (
        ("Rechnungsnr.", "F-0098"),
        ("Datum", "12.12.2025"),
        ("Fälligkeit", "11.01.2026"),
        ("Ihr Zeichen", "WK-2"),
        ("USt-IdNr.", "DE129273398"),
        ("IBAN", "DE91100000000123456789"),
    )
    for place, (label, value) in enumerate(facts):
        p.text(40, 120 + 32 * place, label, size=7)
        p.text(40, 132 + 32 * place, value)
    p.text(200, 90, "Absender: Imkerei Honigtal GbR, Bergstr. 3, 79650 Schopfheim", size=7)
    p.block(200, 110, ["Bioladen Wiesenkraut eG", "Markt 8", "79539 Lörrach"])
    p.text(200, 190, "Produkt", bold=True)
    p.right(390, 190, "Anzahl", bold=True)
    p.right(460, 190, "Preis", bold=True)
    p.right(545, 190, "Gesamt", bold=True)
    for place, row in enumerate(
        (("Blütenhonig 500 g", "60", "5,40 €", "324,00 €"), ("Waldhonig 500 g", "40", "6,10 €", "244,00 €"))
    ):
        p.text(200, 206 + 14 * place, row[0])
        for x, cell in zip((390, 460, 545), row[1:], strict=True):
            p.right(x, 206 + 14 * place, cell)
    for place, (label, value) in enumerate(
        (("Zwischensumme", "568,00 €"), ("MwSt. (7 %)", "39,76 €"), ("Gesamtsumme", "607,76 €"))
    ):
        p.text(380, 250 + 14 * place, label)
        p.right(545, 250 + 14 * place, value)
    return Made("sidebar", p.done(), {
        "invoice_number": "F-0098", "invoice_date": "2025-12-12", "supplier": "Imkerei Honigtal GbR",
        "supplier_vat_id": "DE129273398", "buyer": "Bioladen Wiesenkraut eG", "order_number": "WK-2",
        "net": D("568.00"), "tax": D("39.76"), "total": D("607.76"), "currency": "EUR",
        "iban": "DE91100000000123456789", "due_date": "2026-01-11",
        "lines": rows((None, "Blütenhonig 500 g", 60, D("5.40"), D("324.00")),
                      (None, "Waldhonig 500 g", 40, D("6.10"), D("244.00"))),
    })  # fmt: skip


def consultancy_letter() -> Made:
    """A letter in English with a small table of days and a payment sentence."""
    p = Paper(font="Times-Roman", size=11)
    p.centre(297, 50, "ASHCOMBE & PARTNERS LLP", size=14, bold=True)
    p.centre(297, 64, "22 Chancery Row, London WC2A 1XX - VAT registration number GB980780684", size=8)
    p.text(70, 120, "8 June 2026")
    p.block(70, 150, ["The Finance Director", "Marram Energy plc", "1 Dock Street", "Aberdeen AB11 5XX"])
    p.text(70, 230, "Invoice AP-3319", bold=True)
    p.text(70, 246, "Your ref: ME/LEGAL/7")
    p.text(70, 280, "For professional services rendered in May 2026:")
    p.text(70, 304, "Services", bold=True)
    p.right(350, 304, "Days", bold=True)
    p.right(440, 304, "Rate", bold=True)
    p.right(530, 304, "Amount", bold=True)
    for place, row in enumerate(
        (
            ("Contract review", "3.5", "1,200.00", "4,200.00"),
            ("Negotiation support", "2", "1,450.00", "2,900.00"),
        )
    ):
        p.text(70, 320 + 15 * place, row[0])
        for x, cell in zip((350, 440, 530), row[1:], strict=True):
            p.right(x, 320 + 15 * place, cell)
    for place, (label, value) in enumerate(
        (("Net total", "7,100.00"), ("VAT at 20%", "1,420.00"), ("Total payable", "GBP 8,520.00"))
    ):
        p.right(440, 366 + 15 * place, label)
        p.right(530, 366 + 15 * place, value)
    p.text(70, 440, "Payment is due by 8 July 2026 to IBAN GB94BARC10201530093459.")
    return Made("consultancy_letter", p.done(), {
        "invoice_number": "AP-3319", "invoice_date": "2026-06-08", "supplier": "ASHCOMBE & PARTNERS LLP",
        "supplier_vat_id": "GB980780684", "buyer": "Marram Energy plc", "order_number": "ME/LEGAL/7",
        "net": D("7100.00"), "tax": D("1420.00"), "total": D("8520.00"), "currency": "GBP",
        "iban": "GB94BARC10201530093459", "due_date": "2026-07-08",
        "lines": rows((None, "Contract review", D("3.5"), D("1200.00"), D("4200.00")),
                      (None, "Negotiation support", 2, D("1450.00"), D("2900.00"))),
    })  # fmt: skip


def wholesale_dense() -> Made:
    """Small type, columns close together, article number first, discount, price per hundred is avoided."""
    p = Paper(size=7)
    p.text(40, 40, "Schrauben-Kontor Hagen GmbH & Co. KG", size=12, bold=True)
    p.text(40, 52, "Eckeseyer Str. 999 · 58089 Hagen", size=7)
    p.block(40, 100, ["Maschinenbau Tiedtke GmbH", "Gewerbepark 5", "59872 Meschede"], step=9)
    for place, (label, value) in enumerate(
        (
            ("Rechnungs-Nr", "RG778120"),
            ("Rechn.-Datum", "30.04.2026"),
            ("Auftrags-Nr", "AU55190"),
            ("Ihre Bestell-Nr", "B-2026-331"),
            ("Kunden-Nr", "40032"),
        )
    ):
        p.text(380, 100 + 9 * place, label)
        p.text(440, 100 + 9 * place, value)
    heads = (
        ("Pos", 40, "l"),
        ("Art.-Nr", 60, "l"),
        ("Bezeichnung", 110, "l"),
        ("Menge", 300, "r"),
        ("ME", 312, "l"),
        ("Preis", 370, "r"),
        ("Rab.%", 400, "r"),
        ("Betrag EUR", 450, "r"),
    )
    for text, x, side in heads:
        (p.text if side == "l" else p.right)(x, 180, text, bold=True)
    body = (
        ("1", "912-08030", "Zylinderschraube ISO 4762 M8x30 8.8 verzinkt", "500", "ST", "0,11", "5", "52,25"),
        ("2", "934-08000", "Sechskantmutter ISO 4032 M8 verzinkt", "500", "ST", "0,04", "5", "19,00"),
        ("3", "125-08400", "Scheibe ISO 7089 8,4 verzinkt", "1.000", "ST", "0,02", "0", "20,00"),
    )
    for place, row in enumerate(body):
        for (_, x, side), cell in zip(heads, row, strict=True):
            (p.text if side == "l" else p.right)(x, 191 + 9 * place, cell)
    for place, (label, value) in enumerate(
        (("Warenwert netto", "91,25"), ("MwSt 19,00%", "17,34"), ("Rechnungsbetrag", "108,59"))
    ):
        p.text(340, 230 + 9 * place, label)
        p.right(450, 230 + 9 * place, value)
    p.text(40, 270, "Zahlbar bis 30.05.2026 netto, bis 10.05.2026 abzgl. 2 % Skonto")
    p.text(
        40,
        810,
        "Testbank Hagen IBAN DE68210501700012345678 USt-IdNr. DE811193231 Amtsgericht Hagen HRA 99001",
        size=6,
    )
    return Made("wholesale_dense", p.done(), {
        "invoice_number": "RG778120", "invoice_date": "2026-04-30", "supplier": "Schrauben-Kontor Hagen GmbH & Co. KG",
        "supplier_vat_id": "DE811193231", "buyer": "Maschinenbau Tiedtke GmbH", "order_number": "B-2026-331",
        "net": D("91.25"), "tax": D("17.34"), "total": D("108.59"), "currency": "EUR",
        "iban": "DE68210501700012345678", "due_date": "2026-05-30",
        "lines": rows((1, "Zylinderschraube ISO 4762 M8x30 8.8 verzinkt", 500, D("0.11"), D("52.25")),
                      (2, "Sechskantmutter ISO 4032 M8 verzinkt", 500, D("0.04"), D("19.00")),
                      (3, "Scheibe ISO 7089 8,4 verzinkt", 1000, D("0.02"), D("20.00"))),
    })  # fmt: skip


def reversed_party_order() -> Made:
    """The buyer stands above the seller, the total above the table, month names cut short."""
    p = Paper()
    p.text(50, 50, "Sold to: Glenmorra Distillery Ltd", size=11)
    p.text(50, 64, "Kilbrannan Road, Campbeltown PA28 6XX")
    p.text(50, 95, "Vendor: Copperline Stills B.V.", size=11)
    p.text(50, 109, "Havenstraat 1, 3111 AB Schiedam, VAT number NL004495445B01")
    p.right(545, 50, "Total due: EUR 61,710.00", bold=True)
    p.right(545, 64, "Invoice no: CS-2026-014")
    p.right(545, 78, "Date: 19-Nov-2026")
    p.right(545, 92, "Customer PO: GD-88")
    p.text(50, 160, "Qty", bold=True)
    p.text(100, 160, "Item description", bold=True)
    p.right(440, 160, "Unit price EUR", bold=True)
    p.right(545, 160, "Line total EUR", bold=True)
    for place, row in enumerate(
        (
            ("1", "Copper pot still, 1,500 l", "48,000.00", "48,000.00"),
            ("1", "Condenser", "3,000.00", "3,000.00"),
        )
    ):
        p.text(50, 178 + 15 * place, row[0])
        p.text(100, 178 + 15 * place, row[1])
        p.right(440, 178 + 15 * place, row[2])
        p.right(545, 178 + 15 * place, row[3])
    p.right(440, 222, "Subtotal")
    p.right(545, 222, "51,000.00")
    p.right(440, 236, "21% VAT")
    p.right(545, 236, "10,710.00")
    p.text(50, 300, "Payment within 30 days to IBAN NL91ABNA0417164300")
    return Made("reversed_party_order", p.done(), {
        "invoice_number": "CS-2026-014", "invoice_date": "2026-11-19", "supplier": "Copperline Stills B.V.",
        "supplier_vat_id": "NL004495445B01", "buyer": "Glenmorra Distillery Ltd", "order_number": "GD-88",
        "net": D("51000.00"), "tax": D("10710.00"), "total": D("61710.00"), "currency": "EUR",
        "iban": "NL91ABNA0417164300", "due_date": "2026-12-19",
        "lines": rows((None, "Copper pot still, 1,500 l", 1, D("48000.00"), D("48000.00")),
                      (None, "Condenser", 1, D("3000.00"), D("3000.00"))),
    })  # fmt: skip


def gross_prices() -> Made:
    """A shop's invoice: line prices with tax, tax contained in the total, number and date in the title."""
    p = Paper()
    p.text(50, 50, "Radhaus Seefeld OHG", size=16, bold=True)
    p.text(50, 64, "Hauptstr. 1, 82229 Seefeld, www.radhaus.example")
    p.block(50, 130, ["Herrn", "Benno Achleitner", "Seeweg 3", "82211 Herrsching"])
    p.text(50, 210, "Rechnung Nr. 5581 vom 02.05.2026", size=13, bold=True)
    p.text(50, 240, "Anzahl", bold=True)
    p.text(110, 240, "Bezeichnung", bold=True)
    p.right(450, 240, "Einzelpreis", bold=True)
    p.right(545, 240, "Summe", bold=True)
    for place, row in enumerate(
        (("1", "Trekkingrad Modell Ammer 54", "899,00", "899,00"), ("2", "Faltschloss", "59,90", "119,80"))
    ):
        p.text(50, 256 + 15 * place, row[0])
        p.text(110, 256 + 15 * place, row[1])
        p.right(450, 256 + 15 * place, row[2])
        p.right(545, 256 + 15 * place, row[3])
    p.right(450, 300, "Gesamtbetrag inkl. MwSt.", bold=True)
    p.right(545, 300, "1.018,80 €", bold=True)
    p.right(450, 315, "darin enthaltene MwSt. 19 %")
    p.right(545, 315, "162,67 €")
    p.right(450, 330, "Nettobetrag")
    p.right(545, 330, "856,13 €")
    p.text(50, 400, "Betrag dankend erhalten.")
    p.text(50, 800, "Steuernummer 117/555/90210", size=8)
    return Made("gross_prices", p.done(), {
        "invoice_number": "5581", "invoice_date": "2026-05-02", "supplier": "Radhaus Seefeld OHG",
        "buyer": "Benno Achleitner", "net": D("856.13"), "tax": D("162.67"), "total": D("1018.80"), "currency": "EUR",
        "lines": rows((None, "Trekkingrad Modell Ammer 54", 1, D("899.00"), D("899.00")),
                      (None, "Faltschloss", 2, D("59.90"), D("119.80"))),
    })  # fmt: skip
