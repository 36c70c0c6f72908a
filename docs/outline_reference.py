"""The page about the outline: the example that teaches it, and the table of its words."""

from flowmaster.engine.outline.vocabulary import BLOCKS, KINDS, WORDS
from flowmaster.tools.guides import OUTLINE


def outline_page(generated: str) -> str:
    """Return the reference of the outline."""
    lines = [
        "# The outline",
        generated,
        "",
        "An outline says a whole process in one text: who does what, under which condition, by when, and how it is",
        "tested. [`process_create`](operations.md#process_create) makes executable BPMN with a diagram of it, and",
        "[`process_read`](operations.md#process_read) shows any BPMN file as an outline. Agents get this page from",
        '[`operation_find`](operations.md#operation_find) with the query "outline language".',
        "",
        "```yaml",
        OUTLINE.rstrip(),
        "```",
        "",
        "## Steps",
        "A step is one of these. Words that may stand beside it are in the last column.",
        "",
        "| word | what it is | beside it |",
        "|---|---|---|",
    ]
    for word, meaning in {**KINDS, **BLOCKS}.items():
        beside = ", ".join(f"`{each}`" for each in WORDS[word])
        lines.append(f"| `{word}` | {meaning.replace('|', chr(92) + '|')} | {beside} |")
    lines += [
        "",
        "## What a result is",
        "`result: outcome` makes every end of the process write its name into `outcome`; `{end: paid, set: {...}}` sets",
        "more. Ends of groups end the group alone and write nothing.",
        "",
        "## Dates",
        "Variables that are declared as `date`, `time`, `datetime` or `duration` are kept as ISO 8601 texts, and FEEL reads",
        "them as what they are: `first_day - today()` is a duration.",
        "",
    ]
    return "\n".join(lines)
