"""Invoices in English, from Britain, Ireland, the United States and the continent: seven layouts, fields known."""

from collections.abc import Iterator
from decimal import Decimal as D

from tests.knowledge.invoices_german import rows
from tests.knowledge.paper import Made, Paper


def english_invoices() -> Iterator[Made]:
    """Make all of them."""
    yield british_two_columns()
    yield american_with_sales_tax()
    yield labels_above_in_cards()
    yield dutch_in_english()
    yield three_pages_header_once()
    yield everything_right_aligned()
    yield subscription_without_quantities()


def british_two_columns() -> Made:
    """Seller to the left, buyer to the right, day before month with slashes, pounds."""
    p = Paper()
    p.text(50, 50, "TAX INVOICE", size=20, bold=True)
    p.text(50, 90, "From", bold=True)
    p.block(
        50, 104, ["Penhallow Timber Ltd", "4 Harbour Road", "Falmouth TR11 3XX", "VAT Reg No: GB 980 7806 84"]
    )
    p.text(320, 90, "Bill to", bold=True)
    p.block(320, 104, ["Oakridge Joinery LLP", "Unit 3, Mill Lane", "Bristol BS1 4DJ"])
    p.text(50, 190, "Invoice number: PT-20417")
    p.text(320, 190, "Invoice date: 23/04/2026")
    p.text(50, 204, "Purchase order: OJ/1187")
    p.text(320, 204, "Payment due: 23/05/2026")
    p.rule(50, 545, 225)
    p.text(50, 240, "Item", bold=True)
    p.text(280, 240, "Quantity", bold=True)
    p.text(370, 240, "Price", bold=True)
    p.text(480, 240, "Total", bold=True)
    body = (
        ("European oak, 27 mm, square edged", "14", "£61.20", "£856.80"),
        ("Delivery to Bristol", "1", "£45.00", "£45.00"),
    )
    for place, row in enumerate(body):
        for x, cell in zip((50, 280, 370, 480), row, strict=True):
            p.text(x, 258 + 15 * place, cell)
    for place, (label, value) in enumerate(
        (("Subtotal", "£901.80"), ("VAT @ 20%", "£180.36"), ("Total due", "£1,082.16"))
    ):
        p.text(370, 310 + 15 * place, label)
        p.text(480, 310 + 15 * place, value)
    p.text(50, 420, "Pay by bank transfer: Penhallow Timber Ltd, IBAN GB29 NWBK 6016 1331 9268 19")
    return Made("british_two_columns", p.done(), {
        "invoice_number": "PT-20417", "invoice_date": "2026-04-23", "supplier": "Penhallow Timber Ltd",
        "supplier_vat_id": "GB980780684", "buyer": "Oakridge Joinery LLP", "order_number": "OJ/1187",
        "net": D("901.80"), "tax": D("180.36"), "total": D("1082.16"), "currency": "GBP",
        "iban": "GB29NWBK60161331926819", "due_date": "2026-05-23",
        "lines": rows((None, "European oak, 27 mm, square edged", 14, D("61.20"), D("856.80")),
                      (None, "Delivery to Bristol", 1, D("45.00"), D("45.00"))),
    })  # fmt: skip


def american_with_sales_tax() -> Made:
    """Letter paper, month first, dollars, sales tax, a hash instead of No."""
    p = Paper(american=True, size=10)
    p.text(50, 55, "Cedar Falls Fabrication Inc.", size=16, bold=True)
    p.block(50, 70, ["1200 Foundry Ave", "Cedar Falls, IA 50613"], step=12)
    p.right(560, 55, "INVOICE", size=22)
    for place, (label, value) in enumerate(
        (("Invoice #", "10442"), ("Date", "03/27/2026"), ("P.O. #", "PRX-90"), ("Due Date", "04/26/2026"))
    ):
        p.right(470, 80 + 14 * place, label)
        p.right(560, 80 + 14 * place, value)
    p.text(50, 150, "Bill To:", bold=True)
    p.block(50, 164, ["Prairie Robotics LLC", "77 Lakeview Dr", "Ames, IA 50010"])
    p.text(300, 150, "Ship To:", bold=True)
    p.block(300, 164, ["Prairie Robotics Warehouse", "12 Depot St", "Ames, IA 50014"])
    xs, ys = (50, 100, 360, 460, 560), (230, 248, 266, 284, 302)
    p.grid(xs, ys)
    for x, head in zip(xs, ("Qty", "Description", "Unit Price", "Amount"), strict=False):
        p.text(x + 4, 243, head, bold=True)
    body = (
        ("250", "Bracket, laser cut, 3 mm", "4.15", "1,037.50"),
        ("250", "Powder coating, black", "1.20", "300.00"),
        ("1", "Setup", "95.00", "95.00"),
    )
    for place, (count, text, price, amount) in enumerate(body):
        y = 261 + 18 * place
        p.centre(75, y, count)
        p.text(104, y, text)
        p.right(456, y, price)
        p.right(556, y, amount)
    for place, (label, value) in enumerate(
        (("Subtotal", "$1,432.50"), ("Sales Tax (7.0%)", "$100.28"), ("Balance Due", "$1,532.78"))
    ):
        p.right(460, 330 + 15 * place, label)
        p.right(556, 330 + 15 * place, value)
    p.text(50, 420, "Terms: Net 30. Thank you for your business!")
    return Made("american_with_sales_tax", p.done(), {
        "invoice_number": "10442", "invoice_date": "2026-03-27", "supplier": "Cedar Falls Fabrication Inc.",
        "buyer": "Prairie Robotics LLC", "order_number": "PRX-90", "net": D("1432.50"), "tax": D("100.28"),
        "total": D("1532.78"), "currency": "USD", "due_date": "2026-04-26",
        "lines": rows((None, "Bracket, laser cut, 3 mm", 250, D("4.15"), D("1037.50")),
                      (None, "Powder coating, black", 250, D("1.20"), D("300.00")),
                      (None, "Setup", 1, D("95.00"), D("95.00"))),
    })  # fmt: skip


def labels_above_in_cards() -> Made:
    """A modern layout: small grey labels above large values, the sum on top, names without small print."""
    p = Paper()
    p.text(50, 50, "lumina studio", size=24, bold=True)
    p.text(50, 100, "INVOICE NO.", size=7)
    p.text(50, 114, "LS-2026-118", size=12)
    p.text(200, 100, "ISSUED", size=7)
    p.text(200, 114, "Jul 9, 2026", size=12)
    p.text(330, 100, "DUE", size=7)
    p.text(330, 114, "Aug 8, 2026", size=12)
    p.text(450, 100, "AMOUNT DUE", size=7)
    p.text(450, 114, "€3,448.50", size=12)
    p.text(50, 150, "BILLED TO", size=7)
    p.block(50, 164, ["Harbourside Hotels Ltd", "18 Quay Street", "Galway H91 XY00"])
    p.text(300, 150, "ISSUED BY", size=7)
    p.block(300, 164, ["Lumina Studio SARL", "9 rue des Lilas", "75011 Paris", "VAT number FR40303265045"])
    p.text(50, 250, "PO NUMBER", size=7)
    p.text(50, 264, "HH-7781", size=12)
    p.rule(50, 545, 290)
    for x, head in ((50, "DESCRIPTION"), (330, "QTY"), (400, "RATE"), (490, "AMOUNT")):
        p.text(x, 304, head, size=7)
    body = (
        ("Brand photography, two days", "2", "€1,100.00", "€2,200.00"),
        ("Retouching, per image", "15", "€45.00", "€675.00"),
    )
    for place, row in enumerate(body):
        for x, cell in zip((50, 330, 400, 490), row, strict=True):
            p.text(x, 322 + 20 * place, cell)
    for place, (label, value) in enumerate(
        (("Net amount", "€2,875.00"), ("VAT 19.95%", "€573.50"), ("Total", "€3,448.50"))
    ):
        p.text(400, 390 + 16 * place, label)
        p.text(490, 390 + 16 * place, value)
    p.text(50, 480, "Bank details", size=7)
    p.text(50, 494, "IBAN FR14 2004 1010 0505 0001 3M02 606")
    return Made("labels_above_in_cards", p.done(), {
        "invoice_number": "LS-2026-118", "invoice_date": "2026-07-09", "supplier": "Lumina Studio SARL",
        "supplier_vat_id": "FR40303265045", "buyer": "Harbourside Hotels Ltd", "order_number": "HH-7781",
        "net": D("2875.00"), "tax": D("573.50"), "total": D("3448.50"), "currency": "EUR",
        "iban": "FR1420041010050500013M02606", "due_date": "2026-08-08",
        "lines": rows((None, "Brand photography, two days", 2, D("1100.00"), D("2200.00")),
                      (None, "Retouching, per image", 15, D("45.00"), D("675.00"))),
    })  # fmt: skip


def dutch_in_english() -> Made:
    """A Dutch company: English labels, decimal commas, discount column, the buyer's VAT number in his block."""
    p = Paper(font="Times-Roman")
    p.right(545, 50, "Van der Meulen Kassenbouw B.V.", size=14, bold=True)
    p.right(545, 64, "Tuindersweg 8, 2676 LL Maasdijk")
    p.text(50, 110, "Customer")
    p.block(50, 124, ["Gärtnerei Sonnhof GmbH", "Am Anger 2", "99084 Erfurt", "VAT number DE811193231"])
    for place, line in enumerate(
        ("Invoice no. 26.0310", "Invoice date 14-10-2026", "Your reference SH-2026/44", "Due date 13-11-2026")
    ):
        p.text(380, 124 + 13 * place, line)
    for x, head in ((50, "Code"), (110, "Description")):
        p.text(x, 230, head, bold=True)
    for x, head in ((320, "Quantity"), (400, "Unit price"), (460, "Disc. %"), (545, "Amount")):
        p.right(x, 230, head, bold=True)
    p.rule(50, 545, 234)
    body = (
        ("GL-4", "Glass pane 4 mm, tempered", "36", "82,50", "10", "2.673,00"),
        ("AL-9", "Ridge profile 6 m", "12", "58,00", "0", "696,00"),
    )
    for place, (code, text, count, price, discount, amount) in enumerate(body):
        y = 248 + 14 * place
        p.text(50, y, code)
        p.text(110, y, text)
        for x, cell in ((320, count), (400, price), (460, discount), (545, amount)):
            p.right(x, y, cell)
    for place, (label, value) in enumerate(
        (
            ("Total excl. VAT", "EUR 3.369,00"),
            ("VAT 0% intra-community supply", "EUR 0,00"),
            ("Total incl. VAT", "EUR 3.369,00"),
        )
    ):
        p.text(330, 310 + 14 * place, label)
        p.right(545, 310 + 14 * place, value)
    p.text(50, 790, "VAT no. NL004495445B01 - KvK 99112233 - IBAN NL91 ABNA 0417 1643 00", size=8)
    return Made("dutch_in_english", p.done(), {
        "invoice_number": "26.0310", "invoice_date": "2026-10-14", "supplier": "Van der Meulen Kassenbouw B.V.",
        "supplier_vat_id": "NL004495445B01", "buyer": "Gärtnerei Sonnhof GmbH", "order_number": "SH-2026/44",
        "net": D("3369.00"), "tax": D("0.00"), "total": D("3369.00"), "currency": "EUR",
        "iban": "NL91ABNA0417164300", "due_date": "2026-11-13",
        "lines": rows((None, "Glass pane 4 mm, tempered", 36, D("82.50"), D("2673.00")),
                      (None, "Ridge profile 6 m", 12, D("58.00"), D("696.00"))),
    })  # fmt: skip


def three_pages_header_once() -> Made:
    """Seventy lines on three pages; the header stands on the first one only, totals on the last."""
    p = Paper(size=9)
    body = [(f"Spare part {2000 + n}", n % 7 + 1, D("3.35") * n) for n in range(1, 71)]
    net = sum((count * price for _, count, price in body), D(0))
    tax = (net * D("0.2")).quantize(D("0.01"))
    p.text(50, 50, "Tyneforge Components PLC", size=14, bold=True)
    p.text(50, 64, "Wharf 9, Newcastle upon Tyne NE1 3XX. VAT No GB980780684")
    p.text(50, 100, "Invoice to:")
    p.block(50, 114, ["Calder Pumps Ltd", "Station Works", "Halifax HX1 1XX"])
    p.block(
        360,
        100,
        [
            "Invoice No: TF/559201",
            "Date of invoice: 30 September 2026",
            "PO No: 77-40021",
            "Pay by: 30 October 2026",
        ],
    )
    p.text(50, 190, "Description", bold=True)
    for x, head in ((330, "Qty"), (430, "Unit cost"), (545, "Line total")):
        p.right(x, 190, head, bold=True)
    y = 206.0
    for number, (text, count, price) in enumerate(body):
        if number in {30, 60}:
            p.text(50, 815, f"Page {1 + number // 30} of 3", size=7)
            p.next_page()
            p.text(50, 40, "Tyneforge Components PLC", size=8)
            p.right(545, 40, "Invoice No: TF/559201", size=8)
            y = 80.0
        p.text(50, y, text)
        p.right(330, y, str(count))
        p.right(430, y, f"{price:,.2f}")
        p.right(545, y, f"{count * price:,.2f}")
        y += 14
    for place, (label, value) in enumerate(
        (("Goods total", net), ("VAT at 20%", tax), ("Invoice total GBP", net + tax))
    ):
        p.text(400, y + 16 + 14 * place, label)
        p.right(545, y + 16 + 14 * place, f"{value:,.2f}")
    return Made("three_pages_header_once", p.done(), {
        "invoice_number": "TF/559201", "invoice_date": "2026-09-30", "supplier": "Tyneforge Components PLC",
        "supplier_vat_id": "GB980780684", "buyer": "Calder Pumps Ltd", "order_number": "77-40021",
        "net": net, "tax": tax, "total": net + tax, "currency": "GBP", "due_date": "2026-10-30",
        "lines": rows(*((None, text, count, price, count * price) for text, count, price in body)),
    })  # fmt: skip


def everything_right_aligned() -> Made:
    """Labels end where their values begin, totals above the table, ISO dates, description wrapped over three lines."""
    p = Paper(size=9.5)
    p.right(545, 50, "Invoice", size=20, bold=True)
    for place, (label, value) in enumerate(
        (
            ("Invoice ID:", "2026-INV-77"),
            ("Issue date:", "2026-02-11"),
            ("Due by:", "2026-03-13"),
            ("Order ref:", "SO-4431"),
        )
    ):
        p.right(440, 80 + 13 * place, label)
        p.text(450, 80 + 13 * place, value)
    p.text(50, 80, "Supplier: Kvarnby Automation AB")
    p.text(50, 93, "VAT ID: SE556012579001")
    p.text(50, 119, "Buyer: Baltic Foods Oy")
    for place, (label, value) in enumerate(
        (("Net", "18,240.00 EUR"), ("VAT 25 %", "4,560.00 EUR"), ("Gross", "22,800.00 EUR"))
    ):
        p.right(440, 170 + 13 * place, label)
        p.right(545, 170 + 13 * place, value)
    p.text(50, 240, "No", bold=True)
    p.text(80, 240, "Product / service", bold=True)
    for x, head in ((360, "Qty"), (450, "Price each"), (545, "Sum")):
        p.right(x, 240, head, bold=True)
    y = 258.0
    for number, text, count, price, amount in (
        (
            "1",
            ("Palletising cell PC-2 with gripper,", "safety fence and light curtain,", "factory tested"),
            "1",
            "16,400.00",
            "16,400.00",
        ),
        ("2", ("Commissioning on site, per day",), "2", "920.00", "1,840.00"),
    ):
        p.text(50, y, number)
        p.block(80, y, text, step=11.5)
        p.right(360, y, count)
        p.right(450, y, price)
        p.right(545, y, amount)
        y += 11.5 * len(text) + 8
    p.text(50, 700, "IBAN SE45 5000 0000 0583 9825 7466")
    return Made("everything_right_aligned", p.done(), {
        "invoice_number": "2026-INV-77", "invoice_date": "2026-02-11", "supplier": "Kvarnby Automation AB",
        "supplier_vat_id": "SE556012579001", "buyer": "Baltic Foods Oy", "order_number": "SO-4431",
        "net": D("18240.00"), "tax": D("4560.00"), "total": D("22800.00"), "currency": "EUR",
        "iban": "SE4550000000058398257466", "due_date": "2026-03-13",
        "lines": rows((1, "Palletising cell PC-2 with gripper, safety fence and light curtain, factory tested", 1, D("16400.00"), D("16400.00")),
                      (2, "Commissioning on site, per day", 2, D("920.00"), D("1840.00"))),
    })  # fmt: skip


def subscription_without_quantities() -> Made:
    """A software invoice: description, period and amount only; totals in a row of labels above their values."""
    p = Paper()
    p.text(50, 50, "Northlight Cloud Limited", size=15, bold=True)
    p.text(50, 64, "Registered office: 1 Silicon Court, Cambridge CB2 1XX", size=8)
    p.text(50, 110, "Customer:")
    p.block(120, 110, ["Fjordline Shipping A/S", "Havnegade 4", "5000 Odense"])
    p.text(50, 180, "Invoice number")
    p.text(150, 180, "NC-000981")
    p.text(50, 194, "Invoice date")
    p.text(150, 194, "1st May 2026")
    p.text(50, 208, "Payment terms")
    p.text(150, 208, "14 days")
    p.text(50, 250, "Service", bold=True)
    p.text(300, 250, "Period", bold=True)
    p.right(545, 250, "Amount", bold=True)
    for place, (text, period, amount) in enumerate(
        (("Workspace plan, 40 seats", "May 2026", "1,160.00"), ("Archive storage 2 TB", "May 2026", "90.00"))
    ):
        p.text(50, 266 + 14 * place, text)
        p.text(300, 266 + 14 * place, period)
        p.right(545, 266 + 14 * place, amount)
    for x, label, value in (
        (250, "Net", "1,250.00"),
        (350, "VAT", "0.00"),
        (450, "Total", "1,250.00"),
        (520, "Currency", "EUR"),
    ):
        p.text(x, 330, label, size=8)
        p.text(x, 344, value)
    p.text(50, 420, "Please transfer to IBAN GB33BUKB20201555555555 within 14 days.")
    return Made("subscription_without_quantities", p.done(), {
        "invoice_number": "NC-000981", "invoice_date": "2026-05-01", "supplier": "Northlight Cloud Limited",
        "buyer": "Fjordline Shipping A/S", "net": D("1250.00"), "tax": D("0.00"), "total": D("1250.00"),
        "currency": "EUR", "iban": "GB33BUKB20201555555555", "due_date": "2026-05-15",
        "lines": rows((None, "Workspace plan, 40 seats", None, None, D("1160.00")),
                      (None, "Archive storage 2 TB", None, None, D("90.00"))),
    })  # fmt: skip
