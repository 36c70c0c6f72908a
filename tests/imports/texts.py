"""Texts by chance: pieces of procedures in two languages, signs, and what should not be there."""

from hypothesis import strategies as st

_PIECES = (
    "The clerk checks the invoice", "the manager approves it", "If the amount exceeds 10,000 EUR,", "otherwise", "Otherwise, close it.",
    "and the process ends", "and goes back to step 1", "go back to step 2", "The process ends.", "At the same time,", "In parallel:",
    "Repeat steps 1 to 2 until the invoice is complete.", "Wait 3 days.", "After 2 days a reminder is sent.", "within 2 days",
    "Is the invoice complete?", "If yes,", "If no,", "unless it is paid", "Responsible: Clerk", "Deadline: 3 days", "System: SAP",
    "If there is no answer within 5 days, escalate to the head", "Der Leiter prüft den Antrag", "Wird der Antrag abgelehnt,",
    "informiert die Teamleitung den Kunden.", "Andernfalls", "Bei mehr als 20 Tagen ist zu warten", "Gleichzeitig",
    "bucht der Lagerist die Ware", "weiter mit Schritt 3", "der Prozess endet.", "Schritt 1 wiederholen, bis die Ware da ist.",
    "# Procedure", "## Step 1: Check", "# Ablauf", "## Ausnahmen", "# Roles", "- Clerk: checks", "1.", "2.", "2.1", "a)", "-", "*", "3)",
    "| Step | Who |", "|---|---|", "| Check | Clerk |", "| R | A |", "Activity;Clerk;Boss", "Check;R;A", "Pay;A;R",
    "wait", "end", "all", "if", "{{ x }}", "${7*7}", "=now()", "= 1", "}{", "\x00", "\u202e", "\x1b[31m", "\ufffe", "<script>", "]]>", "&lt;",
    "'", '"', "\\", "__proto__", ":", ",", ";", "?", "!", ".", "…", "123", "1e9", "99999999999999999999 days",
)  # fmt: skip
_JOINTS = (" ", " ", "\n", "\n", "\n\n", ". ", ", ", "\n   ", "\n- ", "\n1. ", "\n2. ", "\n3. ", "\t")

TEXTS = st.one_of(
    st.lists(st.tuples(st.sampled_from(_PIECES), st.sampled_from(_JOINTS)), min_size=1, max_size=40).map(
        lambda parts: "".join(piece + joint for piece, joint in parts)
    ),
    st.lists(
        st.tuples(st.one_of(st.text(max_size=30), st.sampled_from(_PIECES)), st.sampled_from(_JOINTS)),
        max_size=25,
    ).map(lambda parts: "".join(piece + joint for piece, joint in parts)),
)
