"""Procedures in looser language, written when the rules were done; the rules were not changed for them."""

from tests.imports.sop import Sop

LATER = (
    Sop(
        name="lab samples",
        form="pdf",
        language="en",
        text="""# SOP-012 Handling of blood samples

## 1. Purpose
To make sure that samples are handled in a safe and traceable way.

## 2. Responsibilities
- Nurse: draws and labels samples
- Lab technician: runs the analysis

## 3. Procedure
3.1 The nurse labels the tube with the patient ID and the date.
3.2 The courier transports the sample to the laboratory within 2 hours.
3.3 On arrival, the lab technician inspects the sample. If the sample is haemolysed or the label is missing, it must be discarded and a new sample has to be requested.
3.4 The lab technician centrifuges the sample for 10 minutes.
3.5 Results outside the reference range are double-checked by the senior technician.
3.6 Results are released in the LIS and the ward is informed by phone.

## 4. Records
Sample log, form LAB-7.
""",
        steps=(
            "labels the tube",
            "transports the sample",
            "inspects the sample",
            "must be discarded",
            "centrifuges the sample",
            "double-checked",
            "Results are released",
        ),
        roles=("nurse", "courier", "lab technician", "senior technician"),
        conditions=("haemolysed",),
        joins=1,
    ),
    Sop(
        name="equipment loan",
        form="docx",
        language="en",
        text="""# How we lend out equipment

Every now and then colleagues need a projector or a camera. This is how it works.

First, the colleague sends a request to the front desk. The front desk looks up whether the item is available.
If it is not, they put the colleague on the waiting list and let them know. If it is, the front desk hands over the
item and notes the return date. The item must be returned after 2 weeks at the latest. One day before, the system
automatically sends a reminder. When the item comes back, the technician checks it for damage and puts it back
on the shelf.
""",
        steps=(
            "sends a request",
            "looks up",
            "waiting list",
            "hands over",
            "must be returned",
            "sends a reminder",
            "checks it for damage",
        ),
        roles=("colleague", "front desk", "technician"),
        conditions=("If it is not", "If it is,"),
        joins=1,
    ),
    Sop(
        name="Bewerbung",
        form="html",
        language="de",
        text="""# Bearbeitung von Bewerbungen

## Allgemeines
Alle Bewerbungen werden vertraulich behandelt.

## So läuft es ab
1. Eingang der Bewerbung in der Personalabteilung bestätigen
2. Die Personalabteilung prüft die Unterlagen auf Vollständigkeit. Fehlen Unterlagen, fordert sie diese nach.
3. Die Fachabteilung entscheidet binnen einer Woche, ob ein Gespräch stattfindet.
4. Bei einer Absage: Die Personalabteilung schickt ein Absageschreiben. Ende.
5. Vorstellungsgespräch führen
   - Teilnehmer: Fachabteilung und Personalabteilung
   - Dauer höchstens eine Stunde
6. Sind sich beide einig, erstellt die Personalabteilung den Vertrag und legt ihn der Geschäftsführung zur Unterschrift vor.
""",
        steps=(
            "Eingang der Bewerbung",
            "prüft die Unterlagen",
            "fordert sie diese nach",
            "Fachabteilung entscheidet",
            "schickt ein Absageschreiben",
            "Vorstellungsgespräch führen",
            "erstellt die Personalabteilung",
        ),
        roles=("personalabteilung", "fachabteilung"),
        conditions=("Fehlen Unterlagen", "Absage", "einig"),
        joins=2,
    ),
    Sop(
        name="Rechnung prüfen in Stichpunkten",
        form="txt",
        language="de",
        text="""Rechnungsprüfung

Ablauf:

- Rechnung geht ein, Poststelle scannt sie
- Kreditorenbuchhaltung: Prüfung auf formale Richtigkeit
- sachliche Prüfung durch den Besteller (max. 3 Tage)
- > 5.000 EUR: zusätzlich Freigabe durch Bereichsleitung
- Differenzen -> Klärung mit Lieferant
- Zahlung anweisen
""",
        steps=(
            "Poststelle scannt",
            "formale Richtigkeit",
            "sachliche Prüfung",
            "Freigabe durch Bereichsleitung",
            "Klärung mit Lieferant",
            "Zahlung anweisen",
        ),
        roles=("poststelle", "kreditorenbuchhaltung", "besteller", "bereichsleitung"),
        conditions=("5.000 EUR", "Differenzen"),
        joins=2,
    ),
    Sop(
        name="release checklist",
        form="xlsx",
        language="en",
        text="""Release checklist|||
||| 
Phase|Task|Who|When
Preparation|Freeze the code|Release manager|3 days
|Run the regression tests|QA team|2 days
|Write the release notes|Product owner|
Release|Deploy to staging|DevOps engineer|
|Smoke test|QA team|4 hours
|Deploy to production|DevOps engineer|
""",
        steps=(
            "Freeze the code",
            "Run the regression",
            "Write the release",
            "Deploy to staging",
            "Smoke test",
            "Deploy to production",
        ),
        roles=("release manager", "qa team", "product owner", "devops engineer"),
    ),
    Sop(
        name="refund policy",
        form="md",
        language="en",
        text="""# Refunds

**Who can do this:** support agents

### 1) Find the order
Open the order in the admin portal.

### 2) Check eligibility
Orders older than 30 days cannot be refunded - tell the customer politely.

### 3) Refund
* below $50: the agent refunds directly
* $50 or more: ask a supervisor for approval, then refund
* if payment was by gift card, issue a new gift card instead

### 4) Wrap up
Send the confirmation email and close the ticket.
""",
        steps=(
            "Find the order",
            "Check eligibility",
            "agent refunds directly",
            "ask a supervisor",
            "issue a new gift card",
            "Send the confirmation",
        ),
        roles=("support agents",),
        conditions=("below $50", "50 or more", "gift card"),
        joins=3,
    ),
)
