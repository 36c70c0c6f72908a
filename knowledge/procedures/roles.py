"""The roles of a procedure: each has one id, however it is written."""

import re

from flowmaster.knowledge.procedures.candidates import RoleFound
from flowmaster.knowledge.procedures.language import Language
from flowmaster.knowledge.procedures.names import identifier_of, step_name

ROLES_MAX = 60
_ARTICLE = re.compile(
    r"^(?:the|an?|each|every|all|our|your|his|her|their|its|der|die|das|den|dem|des|ein|eine|einen|einem|einer|eines|jeder|jede)\s+",
    re.IGNORECASE,
)
_SEPARATORS = re.compile(r"\s*(?:,|;|/|&|\+|\band\b|\bor\b|\bund\b|\boder\b)\s*", re.IGNORECASE)
_WORDS_MAX = 6


class RoleBook:
    """Roles by their id; the ids that the caller knows are kept as they are."""

    def __init__(self, language: Language, known: tuple[str, ...]) -> None:
        self._language = language
        self._ids: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self.used: list[str] = []
        for role in known:
            self._ids[_key(role)] = role
            self._names[role] = role

    def knows(self, phrase: str) -> bool:
        """Tell whether a phrase names a role that is known already."""
        return _key(plain_role(phrase)) in self._ids

    def add(self, phrase: str) -> str:
        """Return the id of a role, a new one where it is not known; empty where it cannot be one."""
        name = plain_role(phrase)
        key = _key(name)
        if not key or len(name.split()) > _WORDS_MAX or len(self._ids) >= ROLES_MAX:
            return self._ids.get(key, "")
        if key not in self._ids:
            identifier = identifier_of(name, "role")
            while identifier in self._names:
                identifier = f"{identifier}-2"
            self._ids[key] = identifier
            self._names[identifier] = step_name(name[:1].upper() + name[1:], "Role")
        return self._ids[key]

    def several(self, text: str) -> list[str]:
        """Return the ids of the roles that a cell or label names, parted by commas and the like."""
        whole = plain_role(text)
        parts = [whole] if self.knows(whole) else _SEPARATORS.split(whole)
        return list(dict.fromkeys(filter(None, (self.add(part) for part in parts))))

    def found(self, used: list[str]) -> list[RoleFound]:
        """Return the roles that steps use, in the order of their use."""
        return [
            RoleFound(role, self._names[role], self._is_external(self._names[role]))
            for role in dict.fromkeys(used)
            if role in self._names
        ]

    def _is_external(self, name: str) -> bool:
        return any(
            _stem(word) in {_stem(each) for each in self._language.external}
            for word in name.lower().split()[-1:]
        )


def plain_role(phrase: str) -> str:
    """Return a role without its article and signs."""
    text = " ".join(phrase.split()).strip(" .,;:()[]\"'*")
    while _ARTICLE.match(text):
        text = _ARTICLE.sub("", text, count=1)
    return text[:80]


def _key(name: str) -> str:
    """Return what is the same for all the cases and numbers of a word."""
    words = re.findall(r"[\w]+", name.replace("_", " ").casefold())
    return " ".join([*(word for word in words[:-1]), _stem(words[-1])]) if words else ""


def _stem(word: str) -> str:
    for ending in ("innen", "in", "en", "es", "n", "s", "e"):
        if len(word) > len(ending) + 3 and word.endswith(ending):
            return word.removesuffix(ending)
    return word
