"""Invoices as German, Austrian and Swiss companies write them: seven layouts, their fields known."""

from collections.abc import Iterator
from decimal import Decimal as D

from flowmaster.engine.values import Json
from tests.knowledge.paper import Made, Paper


def rows(*lines: tuple[Json, ...]) -> list[Json]:
    """Return line items as the extraction answers them."""
    names = ("position", "description", "quantity", "unit_price", "amount")
    return [dict(zip(names, line, strict=True)) for line in lines]


def german_invoices() -> Iterator[Made]:
    """Make all of them."""
    yield labels_with_colons()
    yield information_block_to_the_right()
    yield grid_of_labels_above()
    yield two_rates_of_tax()
    yield swiss_with_apostrophes()
    yield two_pages_with_carry()
    yield freelancer_hours()


def labels_with_colons() -> Made:
    """Everything in one column, each label with a colon; no rules at all."""
    p = Paper(font="Times-Roman", size=11)
    p.text(60, 60, "Brandtner Metallbau GmbH & Co. KG", size=16, bold=True)
    p.text(60, 76, "Industrieweg 14, 37073 Göttingen")
    p.text(60, 120, "An")
    p.block(60, 134, ["Meerkamp Logistik AG", "Einkauf", "Hansaallee 8", "20354 Hamburg"])
    p.text(60, 220, "Rechnung", size=18, bold=True)
    for place, line in enumerate(
        (
            "Rechnungs-Nr.: 4711/26",
            "Rechnungsdatum: 3. März 2026",
            "Bestellnummer: 8800123",
            "Kunden-Nr.: 10023",
        )
    ):
        p.text(60, 244 + place * 14, line)
    for x, head in ((60, "Artikel"), (300, "Menge"), (370, "Einzelpreis"), (470, "Gesamtpreis")):
        p.text(x, 330, head, bold=True)
    table = (
        ("Winkelprofil 40x40", "12", "18,75", "225,00"),
        ("Schweißnaht geprüft, DIN EN ISO 5817", "3", "95,00", "285,00"),
    )
    for place, row in enumerate(table):
        for x, cell in zip((60, 300, 370, 470), row, strict=True):
            p.text(x, 348 + place * 15, cell)
    for place, line in enumerate(
        ("Nettobetrag: 510,00 EUR", "MwSt. 19 %: 96,90 EUR", "Gesamtbetrag: 606,90 EUR")
    ):
        p.text(330, 400 + place * 15, line)
    p.text(60, 480, "Bitte überweisen Sie den Rechnungsbetrag bis zum 02.04.2026 auf unser Konto:")
    p.text(60, 494, "IBAN: DE02 1203 0000 0000 2020 51, BIC: BYLADEM1001")
    p.text(60, 508, "USt-IdNr.: DE136695976")
    return Made("labels_with_colons", p.done(), {
        "invoice_number": "4711/26", "invoice_date": "2026-03-03", "supplier": "Brandtner Metallbau GmbH & Co. KG",
        "supplier_vat_id": "DE136695976", "buyer": "Meerkamp Logistik AG", "order_number": "8800123",
        "net": D("510.00"), "tax": D("96.90"), "total": D("606.90"), "currency": "EUR",
        "iban": "DE02120300000000202051", "due_date": "2026-04-02",
        "lines": rows((None, "Winkelprofil 40x40", 12, D("18.75"), D("225.00")),
                      (None, "Schweißnaht geprüft, DIN EN ISO 5817", 3, D("95.00"), D("285.00"))),
    })  # fmt: skip


def information_block_to_the_right() -> Made:
    """A letter with address window and a block of labels and values far to the right; fully ruled table."""
    p = Paper()
    p.right(550, 50, "Sölter Haustechnik OHG", size=15, bold=True)
    p.right(550, 64, "Heizung · Sanitär · Klima", size=8)
    p.text(57, 128, "Sölter Haustechnik OHG · Kirchgasse 2 · 65183 Wiesbaden", size=6.5)
    p.block(
        57, 145, ["Hausverwaltung Reblaus GmbH", "Frau Dr. Nele Ahrens", "Weinstraße 99", "65343 Eltville"]
    )
    for place, (label, value) in enumerate(
        (
            ("Belegnummer", "R-2026-0815"),
            ("Datum", "28.02.26"),
            ("Auftrag", "A-556677"),
            ("Bearbeiter", "T. Sölter"),
        )
    ):
        p.text(360, 145 + 14 * place, label)
        p.text(460, 145 + 14 * place, value)
    p.text(57, 240, "Rechnung", size=14, bold=True)
    xs, ys = (57, 90, 300, 350, 420, 480, 550), (260, 280, 310, 340, 370)
    p.grid(xs, ys)
    for x, head in zip(xs, ("Pos", "Bezeichnung", "Menge", "Einheit", "E-Preis", "Betrag"), strict=False):
        p.text(x + 3, 274, head, bold=True)
    body = (
        ("1", ("Wartung Gastherme", "inkl. Kleinmaterial"), "2", "Stk", "149,00", "298,00"),
        ("2", ("Ausdehnungsgefäß 25 l",), "1", "Stk", "86,50", "86,50"),
        ("3", ("Anfahrtspauschale",), "2", "mal", "35,00", "70,00"),
    )
    for place, (pos, text, count, unit, price, amount) in enumerate(body):
        y = 292 + 30 * place
        p.text(60, y, pos)
        p.block(93, y, text, step=11)
        p.right(345, y, count)
        p.text(353, y, unit)
        p.right(475, y, price)
        p.right(545, y, amount)
    for place, (label, value) in enumerate(
        (("Summe netto", "454,50 €"), ("zzgl. 19,00 % USt.", "86,36 €"), ("Rechnungsbetrag", "540,86 €"))
    ):
        p.right(470, 395 + 14 * place, label)
        p.right(545, 395 + 14 * place, value)
    p.text(57, 470, "Zahlbar innerhalb von 10 Tagen ohne Abzug.")
    p.block(57, 780, ["Sölter Haustechnik OHG", "Kirchgasse 2", "65183 Wiesbaden"], step=9, size=7)
    p.block(230, 780, ["Amtsgericht Wiesbaden HRA 99810", "Steuer-Nr. 040/555/12345"], step=9, size=7)
    p.block(
        400,
        780,
        ["Bankverbindung: Nassauische Testbank", "IBAN DE89370400440532013000", "BIC TESTDE51"],
        step=9,
        size=7,
    )
    return Made("information_block_to_the_right", p.done(), {
        "invoice_number": "R-2026-0815", "invoice_date": "2026-02-28", "supplier": "Sölter Haustechnik OHG",
        "buyer": "Hausverwaltung Reblaus GmbH", "order_number": "A-556677",
        "net": D("454.50"), "tax": D("86.36"), "total": D("540.86"), "currency": "EUR",
        "iban": "DE89370400440532013000", "due_date": "2026-03-10",
        "lines": rows((1, "Wartung Gastherme inkl. Kleinmaterial", 2, D("149.00"), D("298.00")),
                      (2, "Ausdehnungsgefäß 25 l", 1, D("86.50"), D("86.50")),
                      (3, "Anfahrtspauschale", 2, D("35.00"), D("70.00"))),
    })  # fmt: skip


def grid_of_labels_above() -> Made:
    """A boxed row of labels with the values below them, a two-line header, descriptions over two lines."""
    p = Paper(size=9)
    p.text(50, 45, "KAROLINGER DRUCK AG", size=17, bold=True)
    p.text(50, 58, "Aachen")
    p.text(50, 110, "Rechnungsadresse", size=7)
    p.block(50, 123, ["Verlag Zimt & Zucker e.K.", "Mühlenstr. 5", "D-50667 Köln"])
    labels = ("Rechnungsnummer", "Rechnungsdatum", "Ihre Bestellung", "Kundennummer", "Seite")
    values = ("RG 2026-00391", "17.06.2026", "ZZ/26-77", "55012", "1 von 1")
    for place, (label, value) in enumerate(zip(labels, values, strict=True)):
        p.text(50 + 100 * place, 200, label, size=7.5)
        p.text(50 + 100 * place, 213, value)
    for x, first, second in (
        (50, "Pos.", ""),
        (85, "Artikel-", "nummer"),
        (150, "Beschreibung", ""),
        (375, "Anzahl", ""),
    ):
        p.text(x, 250, first, bold=True)
        p.text(x, 260, second, bold=True)
    p.right(470, 250, "Preis pro", bold=True)
    p.right(470, 260, "Einheit", bold=True)
    p.right(545, 250, "Gesamt", bold=True)
    p.right(545, 260, "EUR", bold=True)
    p.rule(50, 545, 264)
    body = (
        ("10", "48-112", ("Broschüre A5, 32 Seiten,", "Rückstichheftung"), "2.500", "0,84", "2.100,00"),
        ("20", "48-907", ("Prospekthüllen",), "1.000", "0,12", "120,00"),
    )
    y = 280.0
    for pos, article, text, count, price, amount in body:
        p.text(50, y, pos)
        p.text(85, y, article)
        p.block(150, y, text, step=11)
        p.right(405, y, count)
        p.right(470, y, price)
        p.right(545, y, amount)
        y += 11 * len(text) + 6
    p.rule(50, 545, y)
    for place, (label, value) in enumerate(
        (("Warenwert", "2.220,00"), ("MwSt 7%", "155,40"), ("Endbetrag EUR", "2.375,40"))
    ):
        p.text(400, y + 16 + 13 * place, label)
        p.right(545, y + 16 + 13 * place, value)
    p.text(50, 500, "Fällig am 17.07.2026")
    p.text(
        50,
        800,
        "Karolinger Druck AG | Domhof 1 | 52062 Aachen | USt-ID DE111111125 | IBAN DE12 5001 0517 0648 4898 90",
        size=7,
    )
    return Made("grid_of_labels_above", p.done(), {
        "invoice_number": "RG 2026-00391", "invoice_date": "2026-06-17", "supplier": "Karolinger Druck AG",
        "supplier_vat_id": "DE111111125", "buyer": "Verlag Zimt & Zucker e.K.", "order_number": "ZZ/26-77",
        "net": D("2220.00"), "tax": D("155.40"), "total": D("2375.40"), "currency": "EUR",
        "iban": "DE12500105170648489890", "due_date": "2026-07-17",
        "lines": rows((10, "Broschüre A5, 32 Seiten, Rückstichheftung", 2500, D("0.84"), D("2100.00")),
                      (20, "Prospekthüllen", 1000, D("0.12"), D("120.00"))),
    })  # fmt: skip


def two_rates_of_tax() -> Made:
    """A wholesaler with 7 and 19 per cent, a tax column, and the sums in a row of their own."""
    p = Paper(size=9)
    p.centre(297, 50, "Feinkost Almendinger GmbH", size=18, bold=True)
    p.centre(297, 64, "Großmarkt 17 - 70327 Stuttgart - Tel. 0711 555010")
    p.block(60, 130, ["Gasthaus Zur Linde", "Inh. Paul Ostertag", "Dorfplatz 1", "72070 Tübingen"])
    p.text(60, 230, "RECHNUNG NR. 26-10099", size=13, bold=True)
    p.right(540, 230, "Stuttgart, 05.01.2026")
    p.text(60, 246, "Lieferschein LS-90871 vom 04.01.2026")
    heads = ((60, "Menge"), (110, "Artikel"))
    for x, head in heads:
        p.text(x, 275, head, bold=True)
    for x, head in ((400, "Preis"), (460, "MwSt %"), (540, "Betrag")):
        p.right(x, 275, head, bold=True)
    body = (
        ("24", "Olivenöl nativ extra 1 l", "8,95", "7", "214,80"),
        ("36", "Mineralwasser 12 x 0,7 l", "4,20", "19", "151,20"),
        ("10", "Parmigiano 24 Mon., 1 kg", "21,90", "7", "219,00"),
    )
    for place, (count, text, price, rate, amount) in enumerate(body):
        y = 292 + 13 * place
        p.text(60, y, count)
        p.text(110, y, text)
        p.right(400, y, price)
        p.right(460, y, rate)
        p.right(540, y, amount)
    for place, (label, value) in enumerate(
        (
            ("Summe Netto", "585,00"),
            ("MwSt 7 % auf 433,80", "30,37"),
            ("MwSt 19 % auf 151,20", "28,73"),
            ("Gesamtsumme EUR", "644,10"),
        )
    ):
        p.text(380, 350 + 13 * place, label)
        p.right(540, 350 + 13 * place, value)
    p.text(60, 430, "Der Betrag ist sofort fällig.")
    p.text(60, 790, "Testbank Stuttgart, IBAN: DE75512108001245126199, USt-IdNr. DE811193231", size=7.5)
    return Made("two_rates_of_tax", p.done(), {
        "invoice_number": "26-10099", "invoice_date": "2026-01-05", "supplier": "Feinkost Almendinger GmbH",
        "supplier_vat_id": "DE811193231", "buyer": "Gasthaus Zur Linde",
        "net": D("585.00"), "tax": D("59.10"), "total": D("644.10"), "currency": "EUR",
        "iban": "DE75512108001245126199",
        "lines": rows((None, "Olivenöl nativ extra 1 l", 24, D("8.95"), D("214.80")),
                      (None, "Mineralwasser 12 x 0,7 l", 36, D("4.20"), D("151.20")),
                      (None, "Parmigiano 24 Mon., 1 kg", 10, D("21.90"), D("219.00"))),
    })  # fmt: skip


def swiss_with_apostrophes() -> Made:
    """A Swiss invoice: CHF, 8.1 per cent, 1'234.50, labels left of a narrow column."""
    p = Paper(font="Times-Roman")
    p.text(60, 60, "Aarewerk Engineering AG", size=14, bold=True)
    p.block(60, 74, ["Uferweg 22", "CH-3013 Bern", "MWST-Nr. CHE-123.456.788 MWST"], step=12)
    p.text(350, 130, "Rechnung an:")
    p.block(350, 144, ["Gotthard Kiesel AG", "Bahnhofplatz 3", "6460 Altdorf UR"])
    for place, (label, value) in enumerate(
        (
            ("Rechnung Nr.", "20260044"),
            ("Rechnungsdatum", "31.08.2026"),
            ("Ihre Referenz", "GK-5518"),
            ("Zahlbar bis", "30.09.2026"),
        )
    ):
        p.text(60, 200 + 13 * place, label)
        p.text(150, 200 + 13 * place, value)
    p.rule(60, 540, 270)
    p.text(60, 284, "Leistung", bold=True)
    p.right(340, 284, "Std.", bold=True)
    p.right(430, 284, "Stundensatz", bold=True)
    p.right(540, 284, "Betrag CHF", bold=True)
    p.rule(60, 540, 288)
    body = (
        ("Statik Förderbrücke, Etappe 2", "64", "165.00", "10'560.00"),
        ("Pläne und Stücklisten", "22.5", "140.00", "3'150.00"),
    )
    for place, (text, hours, rate, amount) in enumerate(body):
        y = 302 + 14 * place
        p.text(60, y, text)
        p.right(340, y, hours)
        p.right(430, y, rate)
        p.right(540, y, amount)
    for place, (label, value) in enumerate(
        (("Zwischensumme", "13'710.00"), ("MWST 8.1%", "1'110.51"), ("Total CHF", "14'820.51"))
    ):
        p.text(400, 350 + 14 * place, label, bold=place == 2)
        p.right(540, 350 + 14 * place, value, bold=place == 2)
    p.text(60, 440, "Zahlung auf IBAN CH93 0076 2011 6238 5295 7")
    return Made("swiss_with_apostrophes", p.done(), {
        "invoice_number": "20260044", "invoice_date": "2026-08-31", "supplier": "Aarewerk Engineering AG",
        "supplier_vat_id": "CHE123456788", "buyer": "Gotthard Kiesel AG", "order_number": "GK-5518",
        "net": D("13710.00"), "tax": D("1110.51"), "total": D("14820.51"), "currency": "CHF",
        "iban": "CH9300762011623852957", "due_date": "2026-09-30",
        "lines": rows((None, "Statik Förderbrücke, Etappe 2", 64, D("165.00"), D("10560.00")),
                      (None, "Pläne und Stücklisten", D("22.5"), D("140.00"), D("3150.00"))),
    })  # fmt: skip


def two_pages_with_carry() -> Made:
    """Thirty lines over two pages with a carried sum between them, header repeated."""
    p = Paper(size=9)
    body = [
        (n, f"Ersatzteil ET-{1000 + n} für Presse {n % 4 + 1}", n % 5 + 1, D("12.50") + n)
        for n in range(1, 31)
    ]
    net = sum((count * price for _, _, count, price in body), D(0))
    tax = (net * D("0.19")).quantize(D("0.01"))
    written = _german
    p.text(50, 50, "Pressenservice Ruhr GmbH", size=14, bold=True)
    p.text(50, 90, "Pressenservice Ruhr GmbH, Zechenring 4, 44787 Bochum", size=6.5)
    p.block(50, 105, ["Umformtechnik Sauer KG", "Lennestraße 60", "58762 Altena"])
    p.block(380, 105, ["Rechnung Nr. 900417", "Datum 11.05.2026", "Ihre Bestell-Nr. 4500018822"])
    y = 200.0
    carried = D(0)
    for page, part in enumerate((body[:20], body[20:])):
        if page:
            p.next_page()
            p.text(50, 50, "Rechnung Nr. 900417 vom 11.05.2026")
            p.right(545, 50, "Seite 2")
            y = 90.0
        for x, head in ((50, "Pos"), (85, "Bezeichnung")):
            p.text(x, y, head, bold=True)
        for x, head in ((370, "Menge"), (455, "Einzelpreis"), (545, "Gesamtpreis")):
            p.right(x, y, head, bold=True)
        y += 16
        if page:
            p.text(85, y, "Übertrag")
            p.right(545, y, written(carried))
            y += 14
        for number, text, count, price in part:
            p.text(50, y, str(number))
            p.text(85, y, text)
            p.right(370, y, f"{count} Stk")
            p.right(455, y, written(price))
            p.right(545, y, written(count * price))
            carried += count * price
            y += 14
        if not page:
            p.text(85, y, "Übertrag")
            p.right(545, y, written(carried))
    for place, (label, value) in enumerate(
        (("Nettosumme", net), ("19 % Mehrwertsteuer", tax), ("Gesamtbetrag in EUR", net + tax))
    ):
        p.text(380, y + 20 + 14 * place, label)
        p.right(545, y + 20 + 14 * place, written(value))
    p.text(50, y + 80, "Zahlungsziel: 10.06.2026")
    p.text(
        50,
        800,
        "IBAN DE44 5001 0517 5407 3249 31 - USt-IdNr. DE129273398 - Amtsgericht Bochum HRB 99123",
        size=7,
    )
    return Made("two_pages_with_carry", p.done(), {
        "invoice_number": "900417", "invoice_date": "2026-05-11", "supplier": "Pressenservice Ruhr GmbH",
        "supplier_vat_id": "DE129273398", "buyer": "Umformtechnik Sauer KG", "order_number": "4500018822",
        "net": net, "tax": tax, "total": net + tax, "currency": "EUR",
        "iban": "DE44500105175407324931", "due_date": "2026-06-10",
        "lines": rows(*((n, text, count, price, count * price) for n, text, count, price in body)),
    })  # fmt: skip


def freelancer_hours() -> Made:
    """A freelancer without a company form, without order and VAT number, price with unit, one line only."""
    p = Paper(font="Courier", size=10)
    p.text(60, 60, "Jule Brandis", size=20, bold=True)
    p.text(60, 76, "Fotografie und Bildbearbeitung")
    p.text(60, 130, "Rechnungsempfänger:")
    p.block(60, 144, ["Museum am Strom gGmbH", "Rheinallee 12", "55116 Mainz"])
    p.text(60, 220, "Rechnungsnummer   JB-0031")
    p.text(60, 234, "Rechnungsdatum    09.10.2026")
    p.text(60, 248, "Leistungsdatum    01.10.2026")
    p.text(60, 290, "Leistungsbeschreibung")
    p.right(360, 290, "Anzahl")
    p.right(450, 290, "Preis")
    p.right(540, 290, "Summe")
    p.text(60, 306, "Objektfotografie, 1/2 Tag")
    p.right(360, 306, "3")
    p.right(450, 306, "480,00 €")
    p.right(540, 306, "1.440,00 €")
    p.text(300, 340, "Netto")
    p.right(540, 340, "1.440,00 €")
    p.text(300, 354, "USt 19%")
    p.right(540, 354, "273,60 €")
    p.text(300, 368, "Zu zahlen")
    p.right(540, 368, "1.713,60 €")
    p.text(60, 420, "Zahlungsziel 30 Tage. Kontoinhaber: Jule Brandis")
    p.text(60, 434, "IBAN: DE27 1007 7777 0209 2997 00")
    p.text(60, 448, "Steuernummer: 26/555/00112")
    return Made("freelancer_hours", p.done(), {
        "invoice_number": "JB-0031", "invoice_date": "2026-10-09", "supplier": "Jule Brandis",
        "buyer": "Museum am Strom gGmbH", "net": D("1440.00"), "tax": D("273.60"), "total": D("1713.60"),
        "currency": "EUR", "iban": "DE27100777770209299700", "due_date": "2026-11-08",
        "lines": rows((None, "Objektfotografie, 1/2 Tag", 3, D("480.00"), D("1440.00"))),
    })  # fmt: skip


def _german(value: D) -> str:
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
