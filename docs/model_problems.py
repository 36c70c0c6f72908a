"""The page of everything that can be wrong with a process model, read off the catalogue of rules."""

from flowmaster.engine.bpmn.rule import Rule
from flowmaster.engine.bpmn.rules import RULES


def problems_page(generated: str) -> str:
    """Return the page; `generated` is the note that it is written by a program."""
    lines = [
        "# Problems of a process model",
        generated,
        "",
        "Drafts and publishing answer `problems[]`, each with `code` (listed here), `element` (its id), `severity`,"
        " `message`, `line` in the BPMN file, `fix` in words and, where one edit mends it, `fix_edit` for"
        " [`process_edit`](operations.md#process_edit).",
        "",
        "Only an `error` refuses publishing. What a plain BPMN file may leave open is a `warning`, and an incident if an"
        " instance meets it; where the process declares roles or data of its own it is an `error`. A process that says"
        ' `isExecutable="false"` is documentation: there, nothing is more than a warning.',
    ]
    noun = ""
    for code, rule in sorted(RULES.items()):
        if code.split(".")[0] != noun:
            noun = code.split(".")[0]
            lines += ["", f"## {noun}"]
        lines += [
            "",
            f"### {code}",
            f"- {rule.docs}",
            f"- What to do: {rule.fix}",
            f"- Severity: {_severity(rule)}.",
        ]
    return "\n".join(lines) + "\n"


def _severity(rule: Rule) -> str:
    if rule.strict is None or rule.strict == rule.severity:
        return f"`{rule.severity}`"
    return f"`{rule.severity}`; `{rule.strict}` where roles or data are declared"
