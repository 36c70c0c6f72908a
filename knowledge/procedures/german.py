"""German: its verbs, roles and things, and how a main clause is read."""

import re

from flowmaster.knowledge.procedures.german_words import forms
from flowmaster.knowledge.procedures.language import ActorKind, Clause, Knows

_ROLE_ENDS = (
    "leiter|leiterin|leitung|bearbeiter|bearbeiterin|bearbeitung|mitarbeiter|mitarbeiterin|mitarbeiterinnen|abteilung|"
    "buchhaltung|buchhalter|buchhalterin|führer|führerin|führung|prüfer|prüferin|berater|beraterin|beratung|manager|"
    "managerin|management|referent|referentin|referat|beauftragter|beauftragte|beauftragten|verantwortlicher|"
    "verantwortliche|verantwortlichen|verwaltung|dienst|service|team|stelle|büro|vorstand|kunde|kundin|kunden|lieferant|"
    "lieferanten|antragsteller|antragstellerin|besteller|bewerber|bewerberin|vorgesetzter|vorgesetzte|vorgesetzten|"
    "chef|chefin|assistenz|assistent|assistentin|sekretariat|einkauf|einkäufer|einkäuferin|vertrieb|verkauf|verkäufer|"
    "lager|lagerist|disponent|disposition|versand|techniker|technikerin|ingenieur|entwickler|architekt|controller|"
    "controlling|revision|sicherung|empfang|arzt|ärztin|pfleger|pflegerin|kraft|kräfte|patient|kassierer|fahrer|meister|"
    "ausschuss|gremium|kommission|rat|partner|nutzer|nutzerin|anwender|benutzer|werkstatt|labor|poststelle|"
    "inhaber|eigentümer|koordinator|koordinatorin|moderator|autor|redaktion|redakteur|trainer|ausbilder|azubi|"
    "praktikant|betriebsrat|bank|behörde|amt|gericht|notar|anwalt|kanzlei|spediteur|spedition|monteur|helpdesk|"
    "support|hotline|zentrale|logistik|produktion|fertigung|marketing|finanzen|direktor|direktion|präsident|"
    "experte|spezialist|planer|person|sachverständiger|gutachter|versicherer|versicherung|schulung|ansprechpartner|"
    "administrator|admin|hausmeister|küche|koch|schichtführer|vormann|personal|personalwesen|compliance|requester"
)
_ROLE = re.compile(rf"(?:\w*(?:{_ROLE_ENDS})n?s?|HR|IT|QS|QM|CFO|CEO)", re.IGNORECASE)
_SYSTEM = re.compile(
    r"(?:\w*(?:system|systems|portal|software|programm|datenbank|schnittstelle|workflow|anwendung|plattform|app|tool|"
    r"server)|SAP|ERP|CRM|DMS|bot|Roboter)",
    re.IGNORECASE,
)
_NOMINATIVE = frozenset(
    [
        "der",
        "die",
        "das",
        "ein",
        "eine",
        "jeder",
        "jede",
        "jedes",
        "alle",
        "unser",
        "unsere",
        "dieser",
        "diese",
        "dieses",
        "beide",
        "ihr",
        "ihre",
        "sein",
        "seine",
    ]
)
_OTHER_CASES = frozenset(
    [
        "den",
        "dem",
        "des",
        "einen",
        "einem",
        "einer",
        "eines",
        "diesen",
        "diesem",
        "jeden",
        "jedem",
        "seinen",
        "ihren",
    ]
)
_PASSIVE = frozenset({"wird", "werden"})
_MODAL = frozenset(
    {
        "muss",
        "müssen",
        "soll",
        "sollen",
        "sollte",
        "sollten",
        "kann",
        "können",
        "darf",
        "dürfen",
        "hat",
        "haben",
    }
)
_IS = frozenset({"ist", "sind"})
_PRONOUNS = frozenset({"er", "sie", "dieser", "diese"})
_SMALL = frozenset(
    [
        "am",
        "an",
        "auf",
        "aus",
        "bei",
        "bis",
        "das",
        "dass",
        "dem",
        "den",
        "der",
        "des",
        "die",
        "durch",
        "ein",
        "eine",
        "einem",
        "einen",
        "einer",
        "eines",
        "er",
        "für",
        "gegen",
        "im",
        "in",
        "ins",
        "ist",
        "mit",
        "nach",
        "ob",
        "oder",
        "ohne",
        "per",
        "sich",
        "sie",
        "so",
        "über",
        "um",
        "und",
        "unter",
        "vom",
        "von",
        "vor",
        "wegen",
        "zu",
        "zum",
        "zur",
        "zwischen",
        "als",
        "auch",
        "nicht",
        "dann",
        "sofort",
        "unverzüglich",
        "umgehend",
        "zusätzlich",
        "direkt",
        "zuerst",
        "zunächst",
        "anschließend",
        "danach",
        "noch",
        "bereits",
        "ebenfalls",
        "jeweils",
        "schriftlich",
        "telefonisch",
        "elektronisch",
        "manuell",
        "automatisch",
        "seitens",
        "gemäß",
        "laut",
        "hier",
        "wieder",
        "erneut",
    ]
)
_AGENT = re.compile(r"\b(?:von|vom|durch|seitens)\s+(?:der|den|dem|einem|einer|das|die)?\s*(?=[A-ZÄÖÜ])")
_ARTICLE = re.compile(
    r"^(?:der|die|das|den|dem|des|ein|eine|einen|einem|einer|eines|alle|allen|jede|jeden|seine|seinen|ihre|ihren)\s+",
    re.IGNORECASE,
)


_FILLING = frozenset(
    [
        "sofort",
        "dann",
        "danach",
        "anschließend",
        "zunächst",
        "zuerst",
        "daraufhin",
        "abschließend",
        "nun",
        "zusätzlich",
        "umgehend",
        "unverzüglich",
    ]
)


def is_third(word: str) -> bool:
    """Tell whether a word is the form of a verb that goes with he, she or it: it may open a condition."""
    bare = word.strip(",;:.").lower()
    return bare.endswith("t") and (
        bare in forms()[0] or bare in ("erfolgt", "kommt", "trifft", "geht", "bleibt")
    )


def is_finite(word: str) -> bool:
    """Tell whether a word can be the verb of a main clause."""
    bare = word.strip(",;:.").lower()
    return (bare in forms()[0] and word[:1].islower()) or bare in _PASSIVE | _MODAL | _IS | {
        "erfolgt",
        "gilt",
        "endet",
    }


def role_kind(phrase: str) -> ActorKind:
    """Tell whether a noun phrase names somebody, a system or a thing, by its head."""
    words = re.findall(r"[\w&/-]+", _ARTICLE.sub("", phrase.strip()))
    if not words or len(words) > 6:
        return ""
    if len(words) == 1 and words[0].lower() in _PRONOUNS:
        return "same"
    nouns = [word for word in words if word[0].isupper()]
    for noun in nouns[:2]:
        parts = [part for part in re.split(r"[-/]", noun) if part]
        if parts and (_ROLE.fullmatch(parts[-1]) or _ROLE.fullmatch(noun)):
            return "role"
        if parts and (_SYSTEM.fullmatch(parts[-1]) or _SYSTEM.fullmatch(parts[0])):
            return "system"
    return ""


def clause(text: str, knows: Knows) -> Clause:
    """Read a German main clause; also `Rechnung prüfen` and `Prüfen Sie die Rechnung`."""
    words = text.strip().rstrip(".;:!,").split()
    if not words:
        return Clause("")
    bare = [word.strip(",;:()\"'„“").lower() for word in words]
    if len(bare) > 1 and bare[1] == "sie" and bare[0] in forms()[0]:
        return _polite(words, bare)
    at = _verb_at(words, bare)
    last = bare[-1]
    if at is None or (last in forms()[2] and bare[at] not in _MODAL | _PASSIVE | _IS and at == len(bare) - 1):
        if (
            last in forms()[2]
            or last.endswith("ieren")
            or (len(bare) > 1 and re.search(r"(?:[^aeiou]en|eln|ern)$", last) and words[-1][0].islower())
        ):
            return Clause(
                _name(words[:-1], last),
                last,
                form="imperative",
                sure=last in forms()[2] or last.endswith("ieren"),
            )
        first = words[0]
        nominal = (
            re.search(r"(?:ung|ion|ierung|nahme|abe|kauf|lauf|gleich)$", first.lower()) and len(words) > 1
        )
        return Clause(_cut(" ".join(words)), form="noun" if nominal else "")
    return _main(words, bare, at, knows)


def _polite(words: list[str], bare: list[str]) -> Clause:
    verbs = forms()[0][bare[0]]
    verb = next((each for each in verbs if each.particle and each.particle == bare[-1]), None)
    rest = words[2:-1] if verb is not None else words[2:]
    infinitive = verb.infinitive if verb is not None else bare[0]
    return Clause(_name(rest, infinitive), infinitive, form="imperative", sure=True)


def _verb_at(words: list[str], bare: list[str]) -> int | None:
    for at, word in enumerate(bare[:12]):
        if word in _PASSIVE | _MODAL | _IS:
            return at
        if word in forms()[0] and words[at][0].islower() and not (at == len(bare) - 1 and word in forms()[2]):
            return at
        if (
            at
            and word.endswith("t")
            and words[at][0].islower()
            and word not in _SMALL
            and _is_subject(words[:at])
        ):
            return at
    if bare[0] in forms()[0] and bare[0] not in forms()[2]:
        return 0
    return None


def _is_subject(before: list[str]) -> bool:
    return (
        before[0].lower() in _NOMINATIVE
        and len(before) <= 5
        and role_kind(" ".join(before)) in ("role", "system")
    )


def _main(words: list[str], bare: list[str], at: int, knows: Knows) -> Clause:
    before = words[:at]
    after, second = _second(words[at + 1 :])
    infinitive, after, passive, sure = _verb(bare[at], after)
    if not infinitive:
        return Clause(_cut(" ".join(words)), form="event")
    subject, rest = _subject(before, after, knows)
    if passive:
        return _passive(words, at, infinitive, before, after, knows, sure=sure)
    kind: ActorKind = "role" if knows(subject) else role_kind(subject)
    if kind == "" and sure and rest and subject.split()[:1] and subject.split()[0].lower() in _NOMINATIVE:
        kind = (
            "role" if len(subject.split()) <= 3 and infinitive not in ("erhalten", "liegen", "gelten") else ""
        )
    name = _name(rest, infinitive) + second
    if kind in ("role", "system", "same"):
        return Clause(name, infinitive, subject, kind, "active", sure)
    return Clause(_cut(" ".join(words)), infinitive, subject, "thing", "event", sure)


def _verb(finite: str, after: list[str]) -> tuple[str, list[str], bool, bool]:
    """Return the infinitive, what stands behind the verb without its second part, whether it is passive, and known."""
    _, participles, infinitives = forms()
    last = after[-1].strip(",;:.").lower() if after else ""
    if finite in _PASSIVE:
        if last in participles or re.search(r"(?:ge\w+(?:t|en)|(?:be|er|ver|ent)\w+(?:t|en)|iert)$", last):
            return participles.get(last, _guessed(last)), after[:-1], True, last in participles
        return (last, after[:-1], False, True) if last in infinitives else ("", after, False, False)
    if finite in _IS | _MODAL:
        plain = re.sub(r"(?<=\w)zu(?=\w{4,})", "", last) if last in infinitives else last
        together = last in infinitives and plain != last
        if len(after) > 1 and last == "werden" and after[-2].lower() in participles:
            return participles[after[-2].lower()], after[:-2], True, True
        to = len(after) > 1 and after[-2].lower() == "zu"
        if finite in _IS and (together or (to and last.endswith("n"))):
            return plain, after[: -1 if together else -2], True, last in infinitives
        if (
            finite in _MODAL
            and (last in infinitives or last.endswith("en"))
            and (finite not in ("hat", "haben") or to or together)
        ):
            return plain, after[: -2 if to else -1], False, last in infinitives
        return "", after, False, False
    verbs = forms()[0].get(finite, [])
    for verb in verbs:
        if verb.particle and verb.particle == last:
            return verb.infinitive, after[:-1], False, True
    plain_verb = next((verb for verb in verbs if not verb.particle), None)
    if plain_verb is not None:
        return plain_verb.infinitive, after, False, True
    if verbs:
        return verbs[0].infinitive, after, False, False
    return f"{finite.removesuffix('t')}en", after, False, False


def _guessed(participle: str) -> str:
    """Return the likely infinitive of an unknown participle."""
    stem = re.sub(r"(?:et|t|en)$", "", participle)
    return (
        re.sub(r"ge", "", stem, count=1) + "en"
        if "ge" in stem and not participle.endswith("iert")
        else f"{stem}en"
    )


def _subject(before: list[str], after: list[str], knows: Knows) -> tuple[str, list[str]]:
    """Return the subject, and the words that are left for the name of what is done."""
    first = " ".join(before)
    behind, rest = _phrase(after)
    fits = bool(before) and before[0].lower() not in _OTHER_CASES
    if fits and (knows(first) or role_kind(first)):
        return first, after
    if behind and (knows(behind) or role_kind(behind)):
        return behind, [*(word for word in before if word.lower() not in _SMALL or len(before) > 1), *rest]
    return (first, after) if before else (behind, rest)


def _phrase(words: list[str]) -> tuple[str, list[str]]:
    """Return the noun phrase at the beginning of some words, and the rest."""
    at = 0
    while at < len(words) and (words[at].lower() in ("sofort", "dann", "auch", "zusätzlich", "sich", "so")):
        at += 1
    start = at
    if at < len(words) and words[at].lower() in _NOMINATIVE | _OTHER_CASES:
        at += 1
    while at < len(words) and words[at][0].islower() and words[at].lower() not in _SMALL and at - start < 3:
        at += 1
    nouns = at
    while at < len(words) and (words[at][0].isupper() or words[at] == "&") and at - nouns < 3:
        at += 1
        if words[at - 1].endswith((",", ";")):
            break
    return (" ".join(words[start:at]).strip(",;"), words[at:]) if at > nouns else ("", words)


def _passive(
    words: list[str],
    at: int,
    infinitive: str,
    before: list[str],
    after: list[str],
    knows: Knows,
    *,
    sure: bool,
) -> Clause:
    rest = " ".join(after)
    actor: str = ""
    kind: ActorKind = ""
    for found in _AGENT.finditer(rest):
        phrase, _ = _phrase(rest[found.end() :].split())
        seen: ActorKind = "role" if knows(phrase) else role_kind(phrase)
        if seen in ("role", "system"):
            actor, kind = phrase, seen
            rest = f"{rest[: found.start()]} {rest[found.end() + len(phrase) :]}"
            break
    parts = [*before, *rest.split()]
    return Clause(_name(parts, infinitive), infinitive, actor, kind, "passive", sure)


def _second(after: list[str]) -> tuple[list[str], str]:
    """Part what is done beside by the same people (`und legt es vor`), and return it in the infinitive."""
    at = next(
        (place for place, word in enumerate(after[:-1]) if word == "und" and is_finite(after[place + 1])),
        None,
    )
    if at is None:
        return after, ""
    infinitive, left, _, _ = _verb(after[at + 1].lower(), after[at + 2 :])
    return (after[:at], f" und {' '.join([*left, infinitive])}") if infinitive else (after, "")


def _name(rest: list[str], infinitive: str) -> str:
    text = _ARTICLE.sub("", " ".join(word for word in rest if word.lower() not in _FILLING))
    name = f"{text.strip(' ,;.')} {infinitive}".strip()
    return _cut(name[:1].upper() + name[1:])


def _cut(name: str) -> str:
    return name.strip(" .,;:")
