"""Names for what a draft needs: variables, ids of roles and services, and names of steps, safe whatever was written."""

import re
import unicodedata

NAME_LENGTH_MAX = 70
_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_FILLERS = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "is",
        "are",
        "was",
        "were",
        "has",
        "have",
        "been",
        "be",
        "and",
        "or",
        "to",
        "in",
        "on",
        "at",
        "for",
        "by",
        "with",
        "it",
        "its",
        "their",
        "this",
        "that",
        "there",
        "der",
        "die",
        "das",
        "den",
        "dem",
        "des",
        "ein",
        "eine",
        "einer",
        "einem",
        "einen",
        "ist",
        "sind",
        "wird",
        "werden",
        "und",
        "oder",
        "im",
        "am",
        "zu",
        "von",
        "vom",
        "bei",
        "mit",
        "auf",
        "für",
        "es",
        "so",
        "noch",
        "auch",
        "über",
    ]
)
_VARIABLE_LENGTH_MAX = 40
_RESERVED = frozenset(
    [
        "if",
        "then",
        "else",
        "for",
        "in",
        "return",
        "some",
        "every",
        "satisfies",
        "and",
        "or",
        "not",
        "between",
        "instance",
        "of",
        "true",
        "false",
        "null",
        "function",
        "external",
        "now",
        "today",
        "date",
        "time",
        "duration",
        "count",
        "sum",
    ]
)
_STEP_WORDS = frozenset(
    [
        "if",
        "choose",
        "any",
        "all",
        "first",
        "goto",
        "end",
        "wait",
        "send",
        "throw",
        "ask",
        "call",
        "rule",
        "set",
        "agent",
        "run",
        "group",
        "bpmn",
        "each",
    ]
)


def ascii_of(text: str) -> str:
    """Return a text in plain letters."""
    spelled = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(letter for letter in spelled if letter.isascii())


def variable_of(text: str) -> str:
    """Return the name of a variable for a text, or an empty one."""
    words = [word for word in re.findall(r"[a-z0-9]+", ascii_of(text).lower()) if word not in _FILLERS]
    while words and words[0][0].isdigit():
        words.pop(0)
    name = ""
    for word in words:
        if len(name) + len(word) + 1 > _VARIABLE_LENGTH_MAX:
            break
        name = f"{name}_{word}" if name else word
    name = name or (words[0][:_VARIABLE_LENGTH_MAX] if words else "")
    return f"{name}_is" if name in _RESERVED else name


def identifier_of(text: str, otherwise: str) -> str:
    """Return an id of small letters, digits and hyphens."""
    found = "-".join(re.findall(r"[a-z0-9]+", ascii_of(text).lower()))[:50].strip("-")
    if not found:
        return otherwise
    return found if found[0].isalpha() else f"{otherwise}-{found}"


def step_name(text: str, otherwise: str) -> str:
    """Return the name of a step: one line that can be seen, of bounded length, that is no expression and no word of the outline."""
    seen = "".join(
        letter if letter.isprintable() and unicodedata.category(letter)[0] != "C" else " " for letter in text
    )
    name = " ".join(seen.split()).lstrip("=?").strip(" .,;:-")
    if len(name) > NAME_LENGTH_MAX:
        name = f"{name[:NAME_LENGTH_MAX].rpartition(' ')[0] or name[:NAME_LENGTH_MAX]}…"
    if not any(letter.isalnum() for letter in name):
        name = otherwise
    return f"{otherwise}: {name}" if name.lower() in _STEP_WORDS or name.isdigit() else name
