"""Procedures that the rules of the import were never tuned on: they were written before the rules."""

from tests.imports.sop import Sop

HELD_OUT = (
    Sop(
        name="travel expenses",
        form="txt",
        language="en",
        text="""TRAVEL EXPENSE REIMBURSEMENT

Purpose
This procedure describes how employees get their travel expenses back.

Procedure
1. The employee fills in the expense form and attaches all receipts.
2. The line manager reviews the claim within 5 days.
3. If the claim is rejected, the line manager returns it to the employee and the process ends.
4. If the total exceeds 1,500 EUR, the finance director must sign the claim.
5. The payroll clerk enters the claim in SAP.
6. An e-mail confirming the payment is sent to the employee.
""",
        steps=(
            "fills in the expense form",
            "reviews the claim",
            "returns it to the employee",
            "sign the claim",
            "enters the claim in SAP",
            "confirming the payment",
        ),
        roles=("employee", "line manager", "finance director", "payroll clerk"),
        conditions=("claim is rejected", "total exceeds 1,500"),
        joins=1,
    ),
    Sop(
        name="complaint handling",
        form="docx",
        language="en",
        text="""# Complaint handling

## Scope
Applies to all complaints that reach the service desk by phone or e-mail.

## Responsibilities
- Service agent: registers complaints and talks to the customer
- Quality manager: decides on goodwill

## Workflow
1. Register the complaint in the CRM system (Service agent)
2. Classify the complaint by product and severity (Service agent)
3. If the product is still under warranty:
   - Order a replacement part
   - Schedule a technician visit
4. Otherwise, the quality manager decides whether goodwill is granted.
5. Inform the customer about the decision.
6. Close the case.
""",
        steps=(
            "Register the complaint",
            "Classify the complaint",
            "Order a replacement part",
            "Schedule a technician visit",
            "decides whether goodwill",
            "Inform the customer",
            "Close the case",
        ),
        roles=("service agent", "quality manager"),
        conditions=("under warranty",),
        joins=1,
    ),
    Sop(
        name="Urlaubsantrag",
        form="md",
        language="de",
        text="""# Urlaubsantrag

## Zweck
Diese Anweisung regelt, wie Urlaub beantragt und genehmigt wird.

## Ablauf
1. Der Mitarbeiter stellt den Urlaubsantrag im Personalportal.
2. Die Teamleitung prüft den Antrag innerhalb von 3 Tagen.
3. Falls der Antrag abgelehnt wird, informiert die Teamleitung den Mitarbeiter und der Prozess endet.
4. Bei mehr als 20 Urlaubstagen ist zusätzlich die Genehmigung der Personalabteilung einzuholen.
5. Das System trägt den Urlaub in den Kalender ein.
6. Der Mitarbeiter organisiert seine Vertretung.
""",
        steps=(
            "stellt den Urlaubsantrag",
            "prüft den Antrag",
            "informiert die Teamleitung",
            "Genehmigung der Personalabteilung",
            "trägt den Urlaub",
            "organisiert seine Vertretung",
        ),
        roles=("mitarbeiter", "teamleitung", "personalabteilung"),
        conditions=("abgelehnt", "20 Urlaubstagen"),
        joins=1,
    ),
    Sop(
        name="Wareneingang",
        form="pdf",
        language="de",
        text="""# Verfahrensanweisung Wareneingang

## 1 Geltungsbereich
Gilt für alle Lieferungen an das Lager Nord.

## 2 Durchführung
1. Lieferschein mit der Bestellung vergleichen (Lagerist)
2. Ware auf Transportschäden prüfen (Lagerist)
3. Wenn die Ware beschädigt ist, wird sie vom Lagerleiter gesperrt. Andernfalls bucht der Lagerist den Wareneingang.
4. Gleichzeitig informiert der Lagerleiter den Einkauf.
5. Ware einlagern

## 3 Mitgeltende Unterlagen
Formular F-17 Schadensmeldung
""",
        steps=(
            "Lieferschein mit der Bestellung",
            "Transportschäden prüfen",
            "vom Lagerleiter gesperrt",
            "bucht der Lagerist",
            "informiert der Lagerleiter",
            "Ware einlagern",
        ),
        roles=("lagerist", "lagerleiter"),
        conditions=("beschädigt",),
        joins=2,
    ),
    Sop(
        name="RACI campaign",
        form="xlsx",
        language="en",
        text="""Activity|Marketing manager|Designer|Legal counsel|Sales
Write the campaign brief|R/A|C||C
Design the visuals|A|R||
Check legal claims|I||R/A|
Approve the campaign|R||C|I
Launch the campaign|R/A|I||I
""",
        steps=(
            "Write the campaign brief",
            "Design the visuals",
            "Check legal claims",
            "Approve the campaign",
            "Launch the campaign",
        ),
        roles=("marketing manager", "designer", "legal counsel"),
    ),
    Sop(
        name="Schritttabelle Eintritt",
        form="csv",
        language="de",
        text="""Nr.|Tätigkeit|Zuständig|Frist|System
1|Vertrag vorbereiten|Personalreferent|5 Tage|
2|Vertrag unterschreiben|Geschäftsführer|3 Tage|
3|Benutzerkonto anlegen|IT-Service||Active Directory
4|Arbeitsplatz einrichten|IT-Service|2 Tage|
5|Einführungsgespräch führen|Vorgesetzter||
""",
        steps=(
            "Vertrag vorbereiten",
            "Vertrag unterschreiben",
            "Benutzerkonto anlegen",
            "Arbeitsplatz einrichten",
            "Einführungsgespräch führen",
        ),
        roles=("personalreferent", "geschäftsführer", "it-service", "vorgesetzter"),
    ),
    Sop(
        name="password reset",
        form="html",
        language="en",
        text="""# Password reset

When a user has forgotten the password, the help desk follows these steps.

1. Verify the identity of the caller. Responsible: Help desk
2. Unlock the account and set a temporary password. Responsible: Help desk
3. Ask the user to log in.
4. If the login fails, go back to step 2.
5. The help desk documents the call in the ticket.
""",
        steps=(
            "Verify the identity",
            "Unlock the account",
            "Ask the user to log in",
            "documents the call",
        ),
        roles=("help desk",),
        conditions=("login fails",),
        joins=1,
    ),
    Sop(
        name="loan in prose",
        form="txt",
        language="en",
        text="""Loan requests

The customer submits a loan request online. The credit officer checks the documents for completeness.
If documents are missing, the credit officer requests them from the customer. Then the risk department
calculates the score. At the same time, the compliance team screens the customer against sanction lists.
If the amount is greater than 50,000 EUR, the credit committee approves the loan; otherwise the credit
officer approves it. Finally, the contract is prepared by the back office.
""",
        steps=(
            "submits a loan request",
            "checks the documents",
            "requests them from the customer",
            "calculates the score",
            "screens the customer",
            "committee approves the loan",
            "officer approves it",
            "contract is prepared",
        ),
        roles=(
            "customer",
            "credit officer",
            "risk department",
            "compliance team",
            "credit committee",
            "back office",
        ),
        conditions=("documents are missing", "greater than 50,000"),
        joins=3,
    ),
    Sop(
        name="Mahnlauf",
        form="docx",
        language="de",
        text="""# Mahnwesen

## Vorgehensweise
### Schritt 1: Offene Posten ermitteln
Verantwortlich: Debitorenbuchhaltung
Die Liste der offenen Posten wird wöchentlich aus dem ERP-System gezogen.
### Schritt 2: Zahlungserinnerung versenden
Verantwortlich: Debitorenbuchhaltung
Dem Kunden wird eine freundliche Zahlungserinnerung geschickt.
### Schritt 3: Zahlungseingang abwarten
Nach 14 Tagen wird der Zahlungseingang kontrolliert.
### Schritt 4: Inkasso einschalten
Verantwortlich: Rechtsabteilung
Wenn der offene Betrag 500 Euro übersteigt, übergibt die Rechtsabteilung den Fall an das Inkassobüro.
""",
        steps=(
            "Offene Posten ermitteln",
            "Zahlungserinnerung versenden",
            "Zahlungseingang",
            "Inkasso",
        ),
        roles=("debitorenbuchhaltung", "rechtsabteilung"),
        conditions=("500 Euro übersteigt",),
        joins=1,
    ),
    Sop(
        name="step table in Markdown",
        form="md",
        language="en",
        text="""# Change requests

| Step | Action | Owner | Condition | Deadline |
|---|---|---|---|---|
| 1 | Record the change request | Change manager | | 1 day |
| 2 | Assess the impact | Architect | | 5 days |
| 3 | Obtain approval of the board | Change manager | if the cost is above 20,000 | |
| 4 | Implement the change | Developer | | |
| 5 | Review the result | Change manager | | 10 days |
""",
        steps=(
            "Record the change request",
            "Assess the impact",
            "Obtain approval",
            "Implement the change",
            "Review the result",
        ),
        roles=("change manager", "architect", "developer"),
        conditions=("cost is above 20,000",),
        joins=1,
    ),
)
