"""Procedures that the rules of the import were made with."""

from tests.imports.sop import Sop

TUNED = (
    Sop(
        name="invoice",
        form="md",
        language="en",
        text="""# Incoming invoices

## Purpose
So that each invoice is paid once.

## Roles
- Clerk: receives and checks invoices
- Manager: approves large invoices

## Procedure
1. The clerk checks the invoice against the order within 2 days.
2. If the amount exceeds 10,000 EUR, the manager approves the invoice. Otherwise the clerk approves it.
3. After 3 days, a reminder is sent to the approver.
4. If the invoice is rejected, the clerk sends it back to the supplier and the process ends.
5. At the same time, the system posts the invoice in SAP.
6. Pay the invoice. Responsible: Treasury
7. The process ends.
""",
        steps=(
            "checks the invoice",
            "manager approves the invoice",
            "clerk approves it",
            "sends it back",
            "posts the invoice",
            "Pay the invoice",
        ),
        roles=("clerk", "manager", "treasury"),
        conditions=("exceeds 10,000", "invoice is rejected"),
        joins=2,
    ),
    Sop(
        name="Reklamation",
        form="html",
        language="de",
        text="""# Reklamationsbearbeitung

## Zweck
Reklamationen schnell erledigen.

## Ablauf
1. Der Kundendienst erfasst die Reklamation im CRM-System.
2. Anschließend prüft der Qualitätsprüfer das Teil innerhalb von 5 Arbeitstagen.
3. Ist das Teil fehlerhaft, veranlasst der Kundendienst eine Ersatzlieferung, andernfalls lehnt der Kundendienst die Reklamation ab.
4. Wenn der Schaden 1.000 Euro übersteigt, genehmigt die Geschäftsführung die Kulanz.
5. Dem Kunden wird eine E-Mail mit dem Ergebnis gesendet.
6. Vorgang abschließen (Kundendienst)
""",
        steps=(
            "erfasst die Reklamation",
            "prüft der Qualitätsprüfer",
            "Ersatzlieferung",
            "lehnt der Kundendienst",
            "genehmigt die Geschäftsführung",
            "E-Mail mit dem Ergebnis",
            "Vorgang abschließen",
        ),
        roles=("kundendienst", "qualitätsprüfer", "geschäftsführung"),
        conditions=("fehlerhaft", "1.000 Euro übersteigt"),
        joins=2,
    ),
    Sop(
        name="supplier onboarding",
        form="docx",
        language="en",
        text="""# Supplier onboarding

## 1 Scope
All new suppliers.

## 2 Procedure
1. Collect the supplier data:
   - Name and address
   - Bank details
   - Tax number
2. Check the supplier. Responsible: Purchasing
   - Purchasing checks the credit rating.
   - Compliance screens the supplier against sanction lists.
3. Is the supplier acceptable?
4. If no, purchasing informs the supplier and the process ends.
5. If yes, purchasing prepares the contract.
6. The following are done in parallel:
   - The legal department reviews the contract.
   - IT creates the supplier account.
7. The head of purchasing signs the contract.
8. If the signature is missing, go back to step 7.
9. Archive the contract using form F-12.
""",
        steps=(
            "Collect the supplier data",
            "Check the supplier",
            "checks the credit rating",
            "screens the supplier",
            "acceptable",
            "informs the supplier",
            "prepares the contract",
            "reviews the contract",
            "creates the supplier account",
            "signs the contract",
            "Archive the contract",
        ),
        roles=("purchasing", "compliance", "legal department", "it", "head of purchasing"),
        conditions=("If no", "signature is missing"),
        joins=2,
    ),
    Sop(
        name="incident",
        form="pdf",
        language="en",
        text="""# Incident management

## Procedure
1. The service desk logs the incident in ServiceNow.
2. The service desk assigns the incident to a technician.
3. The technician analyses the incident.
4. If the incident is not solved within 4 hours, escalate to the incident manager.
5. Repeat steps 3 to 4 until the service is restored.
6. Wait 2 days.
7. The service desk closes the incident, unless the user objects.
""",
        steps=(
            "logs the incident",
            "assigns the incident",
            "analyses the incident",
            "Wait 2 days",
            "closes the incident",
        ),
        roles=("service desk", "technician"),
        conditions=("service is restored", "user objects"),
        joins=2,
    ),
    Sop(
        name="DEMI Matrix",
        form="csv",
        language="de",
        text="""Aufgabe|Einkauf|Fachabteilung|Geschäftsführung|Frist
Bedarf melden||D||2 Tage
Angebote einholen|D|M||10 Tage
Lieferant auswählen|D|M|E|3 Tage
Bestellung auslösen|D|I||
""",
        steps=("Bedarf melden", "Angebote einholen", "Lieferant auswählen", "Bestellung auslösen"),
        roles=("fachabteilung", "einkauf", "geschäftsführung"),
    ),
    Sop(
        name="lanes",
        form="docx",
        language="en",
        text="""# Order to cash

| Sales | Warehouse | Accounting |
|---|---|---|
| Enter the order | | |
| | Pick and pack the goods | Create the invoice |
| | Ship the goods | |
| | | Record the payment |
""",
        steps=(
            "Enter the order",
            "Pick and pack",
            "Create the invoice",
            "Ship the goods",
            "Record the payment",
        ),
        roles=("sales", "warehouse", "accounting"),
        joins=1,
    ),
    Sop(
        name="steps by heading",
        form="md",
        language="en",
        text="""# Hiring

## Step 1: Publish the job advertisement
Responsible: Recruiter
The advertisement is published on the careers page.

## Step 2: Screen applications
The recruiter screens all applications within 10 days.

## Step 3: Interview candidates
Responsible: Hiring manager
If the candidate is not suitable, the recruiter sends a rejection by e-mail and the process ends.

## Step 4: Make an offer
Responsible: HR
""",
        steps=(
            "Publish the job",
            "Screen applications",
            "Interview candidates",
            "sends a rejection",
            "Make an offer",
        ),
        roles=("recruiter", "hiring manager", "hr"),
        conditions=("not suitable",),
        joins=0,
    ),
    Sop(
        name="Prosa",
        form="txt",
        language="de",
        text="""Dienstreiseantrag

Der Antragsteller füllt den Reiseantrag aus und legt ihn der Führungskraft vor. Die Führungskraft prüft den Antrag.
Wird der Antrag abgelehnt, erhält der Antragsteller eine Nachricht und der Prozess endet. Die Reisestelle bucht
danach die Fahrkarten. Parallel dazu reserviert das Sekretariat das Hotel. Bei Auslandsreisen holt die Reisestelle
ein Visum ein. Abschließend werden die Unterlagen durch die Reisestelle an den Antragsteller versendet.
""",
        steps=(
            "füllt den Reiseantrag",
            "prüft den Antrag",
            "Nachricht",
            "bucht",
            "reserviert das Sekretariat",
            "Visum",
            "Unterlagen durch die Reisestelle",
        ),
        roles=("antragsteller", "führungskraft", "reisestelle", "sekretariat"),
        conditions=("abgelehnt", "Auslandsreisen"),
        joins=2,
    ),
    Sop(
        name="step sheet",
        form="xlsx",
        language="en",
        text="""No.|Process step|Responsible|System|Documents|Remarks
1|Receive the goods|Warehouse clerk|WMS|Delivery note|
2|Inspect the goods|Quality inspector||Checklist C-3|sample of 5
3|Book the goods|System|SAP||automatic
4|Store the goods|Warehouse clerk|||
""",
        steps=("Receive the goods", "Inspect the goods", "Book the goods", "Store the goods"),
        roles=("warehouse clerk", "quality inspector"),
    ),
    Sop(
        name="Unterschritte",
        form="md",
        language="de",
        text="""# Angebotserstellung

## Vorgehensweise

1. Anfrage erfassen (Vertrieb)
2. Angebot kalkulieren:
   a) Die Konstruktion ermittelt die Materialkosten.
   b) Die Fertigung schätzt die Arbeitszeit.
   c) Das Controlling berechnet den Preis.
3. Falls die Marge unter 15 % liegt: Der Vertriebsleiter gibt das Angebot frei.
4. Angebot an den Kunden senden. Verantwortlich: Vertrieb
5. Erfolgt innerhalb von 14 Tagen keine Rückmeldung, fasst der Vertrieb nach.
6. Schritte 4 bis 5 wiederholen, bis der Kunde entschieden hat.
""",
        steps=(
            "Anfrage erfassen",
            "Angebot kalkulieren",
            "ermittelt die Materialkosten",
            "schätzt die Arbeitszeit",
            "berechnet den Preis",
            "gibt das Angebot frei",
            "Angebot an den Kunden",
            "fasst der Vertrieb nach",
        ),
        roles=("vertrieb", "konstruktion", "fertigung", "controlling", "vertriebsleiter"),
        conditions=("Marge unter 15", "Kunde entschieden"),
        joins=2,
    ),
)
