"""Sentences parted into a condition and what is done under it, English and German."""

import re

from flowmaster.knowledge.procedures import english, german
from flowmaster.knowledge.procedures.language import Split

_ELSE_EN = re.compile(
    r"(?:otherwise|else|if\s+not|in\s+all\s+other\s+cases|in\s+any\s+other\s+case)\b[,:]?\s*(?:then\s+)?",
    re.IGNORECASE,
)
_IF_EN = re.compile(
    r"(?P<word>if|only\s+if|in\s+case\s+that|in\s+case\s+of|in\s+case|in\s+the\s+event\s+of|in\s+the\s+event\s+that|provided\s+that|provided|unless|"
    r"where|whenever|when|once|as\s+soon\s+as|should|for)\s+",
    re.IGNORECASE,
)
_TRAILING_EN = re.compile(
    r"(?P<main>.{8,}?),?\s+\b(?P<word>if|only\s+if|unless|in\s+case\s+of|in\s+case|provided\s+that|when)\s+(?P<condition>[^,;]{4,}?)[.;]?$",
    re.IGNORECASE,
)
_COMPARED_EN = re.compile(
    r"\b(?:exceed\w*|above|over|below|under|more\s+than|less\s+than|greater\s+than|higher\s+than|lower\s+than|at\s+least|at\s+most)\b.*\d",
    re.IGNORECASE,
)
_STATE_EN = re.compile(r"\b(?:is|are)\s+(?:not\s+)?[a-z]+\s*$|\bfails?\b", re.IGNORECASE)
_ELSE_DE = re.compile(
    r"(?:andernfalls|anderenfalls|ansonsten|sonst|(?:wenn|falls)\s+nicht|im\s+anderen\s+Fall|"
    r"ist\s+(?:dies|das)\s+nicht\s+der\s+Fall|in\s+allen\s+anderen\s+Fällen)\b[,:]?\s*",
    re.IGNORECASE,
)
_IF_DE = re.compile(
    r"(?P<word>nur\s+wenn|wenn|falls|sofern|soweit|sobald|nachdem|im\s+Falle?,\s+dass|für\s+den\s+Fall,\s+dass)\s+",
    re.IGNORECASE,
)
_VERB_FIRST_DE = re.compile(
    r"(?:ist|sind|wird|werden|liegt|liegen|übersteigt|übersteigen|überschreitet|überschreiten|unterschreitet|fehlt|fehlen|"
    r"beträgt|betragen|sollte|sollten|hat|haben|kann|können|stimmt|stimmen|besteht|bestehen|gibt|entspricht|enthält|reicht)\s",
    re.IGNORECASE,
)
_AT_DE = re.compile(
    r"(?P<word>bei|im\s+Falle?(?:\s+(?:einer|eines|von))?)\s+(?!der\b|dem\b|den\b|diese|aller?n?\b|jede)",
    re.IGNORECASE,
)
_TRAILING_DE = re.compile(
    r"(?P<main>.{8,}?),\s+(?P<word>wenn|falls|sofern|es\s+sei\s+denn,?)\s+(?P<condition>[^,;]{4,}?)[.;]?$",
    re.IGNORECASE,
)


def split_english(text: str) -> Split:
    """Part an English sentence."""
    said = text.strip()
    found = _ELSE_EN.match(said)
    if found is not None:
        return Split("else", "", said[found.end() :])
    found = _IF_EN.match(said)
    if found is not None:
        return _front_english(said, found)
    found = _TRAILING_EN.match(said)
    if found is not None:
        word = " ".join(found["word"].lower().split())
        if word != "when" or _is_state_english(found["condition"]):
            return Split("unless" if word == "unless" else "if", found["condition"], found["main"])
    return Split("", "", said)


def _front_english(said: str, found: re.Match[str]) -> Split:
    word = " ".join(found["word"].lower().split())
    rest = said[found.end() :]
    condition, main = _at_comma(rest)
    if word in ("once", "as soon as"):
        return Split("when", condition, main) if main else Split("", "", said)
    if word in ("where", "when", "whenever", "for") and not _is_state_english(condition):
        return (
            Split("when", condition, main)
            if main and word != "for" and word != "where"
            else Split("", "", said)
        )
    if not main and not said.rstrip().endswith(":") and word == "for":
        return Split("", "", said)
    return Split("unless" if word == "unless" else "if", condition, main)


def _is_state_english(condition: str) -> bool:
    return bool(_COMPARED_EN.search(condition) or _STATE_EN.search(condition))


def _at_comma(rest: str) -> tuple[str, str]:
    """Part at the comma behind which something is done; without one, at `then`."""
    then = re.search(r",?\s+then\s+(?=\w)", rest)
    if then is not None:
        return rest[: then.start()], rest[then.end() :]
    commas = list(re.finditer(r",\s+", rest))
    for comma in commas:
        read = english.clause(rest[comma.end() :], lambda phrase: False)
        if read.form in ("active", "passive", "imperative"):
            return rest[: comma.start()], rest[comma.end() :]
    if commas:
        return rest[: commas[0].start()], rest[commas[0].end() :]
    colon = re.search(r":\s+(?=\S)", rest)
    if colon is not None:
        return rest[: colon.start()], rest[colon.end() :]
    return rest.rstrip(":"), ""


def split_german(text: str) -> Split:
    """Part a German sentence."""
    said = text.strip()
    found = _ELSE_DE.match(said)
    if found is not None:
        return Split("else", "", said[found.end() :])
    found = _IF_DE.match(said)
    if found is not None:
        condition, main = _at_verb(said[found.end() :])
        word = found["word"].lower()
        if word in ("sobald", "nachdem"):
            return Split("when", condition, main) if main else Split("", "", said)
        return Split("if", condition, main)
    first = said.split(maxsplit=1)[0] if said else ""
    if (_VERB_FIRST_DE.match(said) or german.is_third(first)) and not said.endswith("?"):
        condition, main = _at_verb(said)
        if main:
            return Split("if", condition, main)
    found = _AT_DE.match(said)
    if found is not None:
        split = _at_german(said, found)
        if split.kind:
            return split
    found = _TRAILING_DE.match(said)
    if found is not None:
        unless = found["word"].lower().startswith("es")
        return Split("unless" if unless else "if", found["condition"], found["main"])
    return Split("", "", said)


def _at_verb(rest: str) -> tuple[str, str]:
    """Part at the comma behind which a finite verb stands, perhaps after `so` or `dann`."""
    for comma in re.finditer(r",\s+(?:(?:so|dann)\s+)?", rest):
        behind = rest[comma.end() :].split()
        if behind and german.is_finite(behind[0]):
            return rest[: comma.start()], rest[comma.end() :]
    first = re.search(r",\s+(?:(?:so|dann)\s+)?", rest)
    if first is not None:
        return rest[: first.start()], rest[first.end() :]
    colon = re.search(r":\s+(?=\S)", rest)
    if colon is not None:
        return rest[: colon.start()], rest[colon.end() :]
    return rest.rstrip(":"), ""


def _at_german(said: str, found: re.Match[str]) -> Split:
    rest = said[found.end() :]
    if rest.rstrip().endswith(":") and len(rest.split()) <= 8:
        return Split("if", rest.rstrip(" :"), "")
    words = list(re.finditer(r"\S+", rest))
    for at, word in enumerate(words[1:10], 1):
        if german.is_finite(word[0]) and not words[at - 1][0].endswith(","):
            return Split("if", rest[: word.start()].rstrip(" ,"), rest[word.start() :])
    return Split("", "", said)
