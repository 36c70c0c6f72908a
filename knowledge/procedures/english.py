"""English: its verbs, roles and things, and how a main clause is read."""

import re

from flowmaster.knowledge.procedures.english_words import (
    ADVERBS,
    BE,
    DETERMINERS,
    MODALS,
    NOBODY,
    PREPOSITIONS,
    PRONOUNS,
    ROLES,
    SYSTEMS,
    THINGS,
    forms,
)
from flowmaster.knowledge.procedures.language import ActorKind, Clause, Knows

_NOUN_PHRASE_MAX = 7
_SHORT = re.compile(
    r",?\s+(?:which|who|so that|in order to|because|since|by means of|according to|as described|as defined)\b.*",
    re.IGNORECASE,
)
_BY = re.compile(r"\bby\s+(?:the\s+|an?\s+|our\s+|its\s+|his\s+|her\s+|their\s+)?", re.IGNORECASE)
_WORD = re.compile(r"[^\s]+")


def role_kind(phrase: str) -> ActorKind:
    """Tell whether a noun phrase names somebody, a system or a thing, by its head."""
    words = [word for word in re.findall(r"[\w/&'-]+", phrase.lower()) if word not in DETERMINERS]
    if not words or len(words) > _NOUN_PHRASE_MAX:
        return ""
    if len(words) == 1 and words[0] in PRONOUNS:
        return "same"
    cut = next((at for at, word in enumerate(words) if word in PREPOSITIONS and at), len(words))
    head = words[cut - 1].removesuffix("'s")
    single = head[:-1] if head.endswith("s") and head not in ROLES else head
    if head in SYSTEMS or single in SYSTEMS:
        return "system"
    if (
        head in ROLES
        or single in ROLES
        or (head[:1] and phrase.split()[-1] in ("HR", "IT", "QA", "AP", "AR", "QM"))
    ):
        return "role"
    if single in THINGS:
        return "thing"
    return "role" if re.search(r"[a-z]{3}(?:er|or|ist|eer|ian)$", single) else ""


def clause(text: str, knows: Knows) -> Clause:
    """Read an English main clause."""
    words = _WORD.findall(text.strip().rstrip(".;:!,"))
    if not words:
        return Clause("")
    bare = [word.strip(",;:()\"'").lower() for word in words]
    passive, active = _passive_at(bare), _active_at(bare, words, knows)
    if active is not None and (passive is None or active[1] <= passive[0]):
        return _active(words, bare, active, knows)
    if bare[0] in forms()[0] or _is_command(bare):
        return Clause(_named(bare[0], words[1:]), bare[0], form="imperative", sure=bare[0] in forms()[0])
    if passive is not None:
        return _passive(words, bare, passive, knows)
    base = forms()[3].get(bare[0])
    if base is not None:
        return Clause(_named(base, words[1:]), base, form="noun", sure=True)
    return Clause(_short(" ".join(words)), form="")


def _is_command(bare: list[str]) -> bool:
    """Tell whether an unknown word is likely a verb: something definite stands behind it."""
    return (
        len(bare) > 2
        and bare[0] not in DETERMINERS | PREPOSITIONS | MODALS | BE | PRONOUNS | NOBODY
        and bare[1] in ("the", "a", "an", "all", "each", "every", "any", "your", "their")
        and not bare[0].endswith(("ly", "ing", "ed", "tion"))
    )


def _active_at(bare: list[str], words: list[str], knows: Knows) -> tuple[int, int, str] | None:
    """Return where the subject ends, where the verb stands, and its base form."""
    bases, third, _, gerund = forms()
    for at in range(1, min(len(bare), _NOUN_PHRASE_MAX + 4)):
        word = bare[at]
        end = _subject_end(bare, at)
        if end == 0 or end > _NOUN_PHRASE_MAX:
            continue
        helped = any(each in MODALS for each in bare[end:at])
        kind = "role" if knows(" ".join(words[:end])) else role_kind(" ".join(words[:end]))
        if helped and word in bases and word not in BE:
            return end, at, word
        if bare[end:at] and bare[at - 1] == "for" and word in gerund and "responsible" in bare[end:at]:
            return end, at, gerund[word]
        if (
            word in third
            and (kind in ("role", "system", "same") or bare[0] in DETERMINERS)
            and kind != "thing"
        ):
            return end, at, third[word]
        plural = bare[end - 1].endswith("s") or bare[end - 1] in ("team", "staff", *PRONOUNS, *NOBODY)
        if word in bases and kind in ("role", "same") and plural:
            return end, at, word
        if word in bases and bare[:end] and bare[0] in NOBODY and end == 1:
            return end, at, word
        strange = kind in ("role", "system") and word.endswith("s") and not word.endswith("ss") and at == end
        if (
            (
                strange
                and bare[0] in DETERMINERS
                and role_kind(" ".join(words[: at + 1])) == ""
                and word not in third
            )
            and at + 1 < len(bare)
            and bare[at + 1] in DETERMINERS | PREPOSITIONS
        ):
            return end, at, word[:-1]
    return None


def _subject_end(bare: list[str], at: int) -> int:
    """Return where the noun phrase before a verb ends: helping verbs and adverbs are left out."""
    end = at
    while end and (bare[end - 1] in MODALS | ADVERBS or bare[end - 1] in ("is", "are", "responsible", "for")):
        end -= 1
    inside = bare[:end]
    if any(word in BE or word in MODALS or word in ("and", "or", "that", "which") for word in inside):
        return 0 if not _is_pair(inside) else end
    return end


def _is_pair(inside: list[str]) -> bool:
    return "and" in inside and not any(
        word in BE or word in MODALS or word in ("that", "which") for word in inside
    )


def _active(words: list[str], bare: list[str], at: tuple[int, int, str], knows: Knows) -> Clause:
    end, verb_at, base = at
    actor = " ".join(words[:end]).strip(",;:")
    kind: ActorKind = "role" if knows(actor) else role_kind(actor)
    if bare[0] in NOBODY:
        actor, kind = "", ""
    if kind == "" and bare[0] not in NOBODY:
        kind = "role" if end <= 4 and base in forms()[0] and bare[end - 1] not in THINGS else "thing"
        if kind == "role" and base in (
            "start",
            "stop",
            "show",
            "close",
            "open",
            "process",
            "follow",
            "receive",
        ):
            kind = "thing"
    form = "active" if kind in ("role", "system", "same") or bare[0] in NOBODY else "event"
    name = _named(base, words[verb_at + 1 :])
    return Clause(name, base, actor, kind, form, base in forms()[0])  # type: ignore[arg-type]  # Both are literals.


def _passive_at(bare: list[str]) -> tuple[int, int, str] | None:
    """Return where the form of `be` stands, where the participle, and its base form."""
    past = forms()[2]
    for at, word in enumerate(bare):
        if word not in BE or at == 0:
            continue
        for later in range(at + 1, min(at + 4, len(bare))):
            found = bare[later]
            if found in past or (found.endswith("ed") and len(found) > 4):
                return at, later, past.get(found) or re.sub(r"(?<=[^e])ed$", "", found)
            if found not in ADVERBS | BE and not found.endswith("ly"):
                break
    return None


def _passive(words: list[str], bare: list[str], at: tuple[int, int, str], knows: Knows) -> Clause:
    be_at, verb_at, base = at
    start = be_at
    while start and bare[start - 1] in MODALS | ADVERBS:
        start -= 1
    thing, rest = words[:start], " ".join(words[verb_at + 1 :])
    actor, kind = "", ""
    for by in _BY.finditer(rest):
        phrase = _phrase(rest[by.end() :])
        found = "role" if knows(phrase) else role_kind(phrase)
        if found in ("role", "system", "same"):
            actor, kind = phrase, found
            rest = f"{rest[: by.start()]} {rest[by.end() + len(phrase) :]}"
            break
    name = _named(base, [*thing, *rest.split()])
    return Clause(name, base, actor, kind, "passive", base in forms()[0])  # type: ignore[arg-type]  # A literal.


def _phrase(text: str) -> str:
    """Return the noun phrase at the beginning of a text."""
    found: list[str] = []
    for word in text.split()[:_NOUN_PHRASE_MAX]:
        bare = word.strip(",;:.()").lower()
        if bare in PREPOSITIONS - {"of"} or bare in (
            "and",
            "or",
            "within",
            "before",
            "after",
            "using",
            "who",
            "when",
        ):
            break
        found.append(word)
        if word[-1] in ",;:.)":
            break
    return " ".join(found).strip(",;:.() ")


def _named(base: str, rest: list[str]) -> str:
    third = forms()[1]
    words = [
        third.get(word.lower(), word) if at and rest[at - 1].lower() in ("and", "or", "then") else word
        for at, word in enumerate(rest)
    ]
    if words and words[0] in ("The", "A", "An", "All", "Each", "Every", "Any", "This", "Its"):
        words[0] = words[0].lower()
    name = " ".join([base, *words])
    return _short(name[:1].upper() + name[1:])


def _short(name: str) -> str:
    return (_SHORT.sub("", name) if len(name) > 60 else name).strip(" .,;:")
