"""Simple expressions of Camunda 7 and Flowable (`${amount > 100}`) to FEEL, where both say the same."""

import re

_WHOLE = re.compile(r"\s*[$#]\{([^{}]*)\}\s*", re.DOTALL)
_ANY = re.compile(r"[$#]\{[^{}]*\}")
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>\d+(?:\.\d+)?(?![\w.]))
      | '(?P<single>[^'\\]*)'
      | "(?P<double>[^"\\]*)"
      | (?P<word>and|or)(?![\w.])
      | !\s*(?P<negated>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?![\w.])(?!\s*\()
      | (?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?![\w.])(?!\s*\()
      | (?P<operator>==|!=|<=|>=|&&|\|\||[<>+\-*/()])
    )""",
    re.VERBOSE,
)
_OPERATORS = {"==": "=", "&&": "and", "||": "or"}
_WORDS = {"eq": "=", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "div": "/"}
_NOT_FEEL = frozenset({"not", "empty", "mod", "instanceof"})


def is_juel(text: str) -> bool:
    """Return whether a text holds a `${...}` or `#{...}`."""
    return _ANY.search(text) is not None


def feel_of_juel(text: str) -> str | None:
    """Return the FEEL that says the same, or None where the expression calls methods or is too involved."""
    whole = _WHOLE.fullmatch(text)
    if whole is None:
        return None
    body, place, parts = whole[1].strip(), 0, []
    while place < len(body):
        token = _TOKEN.match(body, place)
        if token is None:
            return None
        place = token.end()
        part = _feel_of(token)
        if part is None:
            return None
        parts.append(part)
    return " ".join(parts) if parts else None


def _feel_of(token: re.Match[str]) -> str | None:
    for kind in ("single", "double"):
        if token[kind] is not None:
            return '"' + token[kind].replace('"', '\\"') + '"'
    if token["word"] is not None:
        return str(token["word"])
    if token["negated"] is not None:
        return f"not({token['negated']})"
    if token["name"] is not None:
        return None if token["name"] in _NOT_FEEL else _WORDS.get(token["name"], token["name"])
    return (
        str(token["number"])
        if token["number"] is not None
        else _OPERATORS.get(token["operator"], token["operator"])
    )
