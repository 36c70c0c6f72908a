"""Reads steps and the blocks they stand in: `if`, `choose`, `any`, `all`, `first`, `goto`, `end`."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from flowmaster.engine.errors import did_you_mean
from flowmaster.engine.outline import values
from flowmaster.engine.outline.leftovers import kind_of
from flowmaster.engine.outline.nodes import (
    Case,
    Decision,
    End,
    Handler,
    Jump,
    Node,
    Parallel,
    Step,
    Trigger,
)
from flowmaster.engine.outline.reading import Reading, shown
from flowmaster.engine.outline.reading_events import handler, handlers, late, trigger
from flowmaster.engine.outline.reading_waits import awaited, begins_race, lifted
from flowmaster.engine.outline.reading_words import (
    assignments,
    complete_form,
    escalated,
    event_words,
    into,
    item_of,
    optional_names,
    performer,
    tries_need_service,
    word,
)
from flowmaster.engine.outline.vocabulary import BLOCKS, KINDS, MEANT, UNNAMED, WORDS
from flowmaster.engine.values import Json

DEPTH_MAX = 40
STEPS_MAX = 5000
INCIDENT = "incident"
"""Stands behind `else` where no way is taken when no case holds: that is an incident."""

Body: TypeAlias = Mapping[str, Json]
_KINDS = {**KINDS, **BLOCKS}
_THROWS = ("message", "signal", "escalation", "compensate")
_ENDS = ("error", "terminate", "message", "signal", "escalation", "cancel", "compensate", "bpmn")
_END_WORDS = ("title", "about", "set", "with", "extra")
_HANDLED = ("on", "within", "late", "events", "undo", "into")


class StepReader:
    """Reads lists of steps; one object per outline, so that names are unique in all of it."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self._depth = 0
        self._count = 0

    def steps(self, value: Json, path: str) -> tuple[Node, ...]:
        """Read a list of steps; a single step in a mapping is taken as a list of one."""
        if isinstance(value, Mapping):
            value = [value]
        if not isinstance(value, Sequence) or isinstance(value, str):
            self.reading.wrong(
                path,
                f"Steps are a list, not {shown(value)}.",
                expected="- approve: {ask: clerk, into: approved}",
            )
            return ()
        self._depth += 1
        try:
            if self._depth > DEPTH_MAX:
                self.reading.problems.add(
                    "outline.too_deep",
                    path,
                    f"Blocks nest deeper than {DEPTH_MAX} levels.",
                    fix="Move inner steps into a process of their own, and `run` it.",
                )
                return ()
            listed = [self._item(entry, f"{path}[{number}]") for number, entry in enumerate(value)]
        finally:
            self._depth -= 1
        return tuple(node for node in listed if node is not None)

    def _item(self, item: Json, path: str) -> Node | None:
        self._count += 1
        if self._count > STEPS_MAX:
            if self._count == STEPS_MAX + 1:
                self.reading.problems.add(
                    "outline.too_long",
                    path,
                    f"An outline has at most {STEPS_MAX} steps.",
                    fix="Move steps into processes of their own, and `run` them.",
                )
            return None
        if item == "end":
            return End("", path)
        if not isinstance(item, Mapping) or not item:
            self.reading.wrong(
                path, f"{shown(item)} is no step.", expected="approve: {ask: clerk}", fix=_fix_for_text(item)
            )
            return None
        name, body, at = self._name_and_body(item, path)
        if not isinstance(body, Mapping):
            self.reading.wrong(
                at,
                f"The step {name!r} says {shown(body)}, not what is done.",
                expected="approve: {ask: clerk}",
            )
            return None
        kind = self._kind(body, at, name)
        if kind is None:
            return None
        self.reading.unknown_words([key for key in body if key != kind], WORDS[kind], at)
        if kind in BLOCKS:
            return self._block(kind, name, body, at)
        return self._step(kind, name or str(body.get("title", "")), body, at)

    def _name_and_body(self, item: Body, path: str) -> tuple[str, Json, str]:
        keys = list(item)
        if len(keys) == 1 and (keys[0] not in _KINDS or _says_kind(keys[0], item[keys[0]])):
            return keys[0], item[keys[0]], f"{path}.{keys[0]}"
        nameless = [key for key in keys if item[key] is None and key not in _KINDS]
        if len(nameless) == 1 and keys[0] == nameless[0]:
            return nameless[0], {key: item[key] for key in keys[1:]}, path
        for alias in ("name", "step"):
            if isinstance(item.get(alias), str) and any(key in _KINDS for key in keys):
                return str(item[alias]), {key: value for key, value in item.items() if key != alias}, path
        return "", item, path

    def _kind(self, body: Body, at: str, name: str) -> str | None:
        kinds = [key for key in body if key in _KINDS and not (key == "set" and "end" in body)]
        if len(kinds) == 1:
            if not name and kinds[0] not in UNNAMED:
                self.reading.problems.add(
                    "outline.step_unnamed",
                    at,
                    f"This `{kinds[0]}` step has no name.",
                    expected=_KINDS[kinds[0]],
                    fix="Put a name before it, which is also its id and label.",
                )
                return None
            return kinds[0]
        if kinds:
            message = f"A step is one thing, but this one says {' and '.join(f'`{kind}`' for kind in kinds)}."
        else:
            near = next((MEANT[key] for key in body if MEANT.get(key) in _KINDS), "")
            hint = f" Did you mean `{near}`?" if near else _near_kind(body)
            message = f"It is not said what is done{f' at {name!r}' if name else ''}.{hint}"
        self.reading.problems.add("outline.kind_unclear", at, message, expected=dict(_KINDS))
        return None

    # Named steps

    def _step(self, kind: str, name: str, body: Body, at: str) -> Step:
        reading = self.reading
        body = lifted(body) if kind == "wait" else body
        reading.items.add(item_of(body.get("each")))
        main, found = self._main(kind, body, at)
        name = self._unique(name or _spoken(kind, found), at, named=bool(name))
        words = {
            key: word(reading, key, value, f"{at}.{key}")
            for key, value in body.items()
            if key in WORDS[kind] and key not in _HANDLED and value is not None
        }
        if kind in ("rule", "set"):
            self._result(kind, body, words, main, at)
        elif body.get("into") is not None:
            words["into"] = into(reading, kind, body["into"], f"{at}.into")
        if kind == "send" and "retry" in words and "via" not in words:
            tries_need_service(reading, f"{at}.retry")
        inside = self.steps(body[kind], f"{at}.group") if kind == "group" else ()
        beside = self._beside(kind, body, words, at)
        undo = self._undo(body, at)
        step = Step(
            name, kind, main, at, words, inside, beside, self.events(body, at), undo, found, _id(body)
        )
        if kind == "ask":
            complete_form(reading, name, words, optional_names(body.get("into")))
        return step

    def _main(self, kind: str, body: Body, at: str) -> tuple[Json, Trigger]:
        value, path = body[kind], f"{at}.{kind}"
        reading = self.reading
        match kind:
            case "ask":
                return performer(reading, value, path), Trigger()
            case "set":
                return dict(assignments(reading, value, path)), Trigger()
            case "group":
                return None, Trigger()
            case "wait":
                return None, awaited(reading, body, at)
            case "send" | "throw":
                return None, self._thrown(kind, value, body, at)
            case "call" | "rule" | "run":
                return reading.text_or_feel(value, path, f"What `{kind}` names"), Trigger()
            case _:
                return reading.text(value, path, f"What stands behind `{kind}`"), Trigger()

    def _thrown(self, kind: str, value: Json, body: Body, at: str) -> Trigger:
        path = f"{at}.{kind}"
        key = self.reading.feel(body["key"], f"{at}.key") if body.get("key") is not None else ""
        if isinstance(value, Mapping):
            self.reading.unknown_words(value, (*_THROWS, "key"), path)
            found = trigger(self.reading, value, path, _THROWS if kind == "throw" else ("message", "signal"))
            return Trigger(found.kind, found.value, found.key or key)
        return Trigger("message", self.reading.text_or_feel(value, path, "The name of a message"), key)

    def _result(self, kind: str, body: Body, words: dict[str, Json], main: Json, at: str) -> None:
        """Read into which variable a rule answers: the one that `into` names, else one called like the rule."""
        if kind == "set":
            if body.get("into") is not None:
                self.reading.wrong(f"{at}.into", "`set` names its variables itself.", fix="Leave `into` out.")
            return
        if body.get("into") is not None:
            words["result"] = self.reading.variable(body["into"], f"{at}.into")
            return
        name = "".join(letter if letter.isalnum() else "_" for letter in str(main).removeprefix("="))
        name = name if values.is_name(name) else "result"
        words["result"] = self.reading.variable(name, at)
        self.reading.defaults.append(f"{at}: the answer of the rule goes into {name!r}.")

    # What stands beside a step

    def _beside(self, kind: str, body: Body, words: dict[str, Json], at: str) -> tuple[Handler, ...]:
        found: list[Handler] = []
        found += self._lateness(kind, body, words, at)
        if body.get("on") is not None:
            found += handlers(self.reading, body["on"], f"{at}.on", self.steps)
        return tuple(found)

    def _lateness(self, kind: str, body: Body, words: dict[str, Json], at: str) -> list[Handler]:
        reading, after, where = self.reading, body.get("within"), body.get("late")
        if after is None:
            if where is not None:
                reading.wrong(
                    f"{at}.late", "`late` needs `within`: how long it may take.", expected="within: PT72H"
                )
            return []
        interval = reading.duration(after, f"{at}.within")
        if where is None:
            if kind == "ask":
                words.setdefault("due", interval)
            else:
                reading.wrong(
                    f"{at}.within", "`within` needs `late`: where it leads then.", expected="late: step name"
                )
            return []
        if isinstance(where, Mapping) and "escalate" in where:
            if kind != "ask":
                reading.wrong(
                    f"{at}.late", "Only an `ask` step can escalate to a role.", expected="late: [steps]"
                )
                return []
            reading.unknown_words(where, ("escalate",), f"{at}.late")
            role = escalated(reading, where["escalate"], f"{at}.late.escalate")
            given = words.get("escalate")
            words["escalate"] = [[interval, role], *(given if isinstance(given, list) else [])]
            return []
        return [late(reading, interval, where, f"{at}.late", self.steps)]

    def events(self, body: Body, at: str) -> tuple[Handler, ...]:
        """Read `events`: what may happen at any time while a group or the whole process runs."""
        given = body.get("events")
        if given is None:
            return ()
        path = f"{at}.events" if at else "events"
        listed = given if isinstance(given, Sequence) and not isinstance(given, str) else [given]
        return tuple(
            handler(self.reading, entry, f"{path}[{number}]", self.steps)
            for number, entry in enumerate(listed)
        )

    def _undo(self, body: Body, at: str) -> Step | None:
        if body.get("undo") is None:
            return None
        found = self.steps(body["undo"], f"{at}.undo")
        if len(found) == 1 and isinstance(found[0], Step):
            return found[0]
        self.reading.wrong(
            f"{at}.undo", "`undo` is one named step.", expected="undo: {release: {call: stock.release}}"
        )
        return None

    # Blocks

    def _block(self, kind: str, name: str, body: Body, at: str) -> Node:
        match kind:
            case "if":
                return self._if(name, body, at)
            case "choose" | "any":
                return self._cases(kind, name, body, at)
            case "all" | "first":
                return self._branches(kind, name, body, at)
            case "goto":
                return Jump(self.reading.text(body["goto"], f"{at}.goto", "The target"), f"{at}.goto")
            case _:
                return self._end(name, body, at)

    def _if(self, name: str, body: Body, at: str) -> Decision:
        condition = self.reading.feel(body["if"], f"{at}.if", "The condition")
        if body.get("then") is None and body.get("else") is None:
            self.reading.wrong(at, "`if` needs `then`.", expected=BLOCKS["if"])
        then = self._branch(body.get("then"), f"{at}.then")
        cases: tuple[Case, ...] = (Case(condition, then, "yes"),)
        if body.get("else") != INCIDENT:
            cases += (Case("", self._branch(body.get("else"), f"{at}.else"), "no"),)
        return Decision(cases, at, "choose", name, _id(body), _join(body), self._words(body, at))

    def _cases(self, kind: str, name: str, body: Body, at: str) -> Decision:
        path = f"{at}.{kind}"
        given = body[kind]
        listed = given if isinstance(given, Sequence) and not isinstance(given, str) else []
        if not listed:
            self.reading.wrong(path, f"`{kind}` is a list of cases.", expected=BLOCKS[kind])
        found = [self._case(entry, f"{path}[{number}]") for number, entry in enumerate(listed)]
        strict = body.get("else") == INCIDENT
        if body.get("else") is not None and not strict:
            found.append(Case("", self._branch(body["else"], f"{at}.else"), "else"))
        defaults = [case for case in found if not case.condition]
        if len(defaults) > 1:
            self.reading.wrong(path, "Only one case may be without a condition.", expected=BLOCKS[kind])
        if not defaults and not strict:
            self.reading.defaults.append(f"{at}: where no case holds, the process simply goes on.")
            found.append(Case("", (), "else"))
        ordered = sorted(found, key=lambda case: not case.condition)
        return Decision(tuple(ordered), at, kind, name, _id(body), _join(body), self._words(body, at))

    def _case(self, value: Json, path: str) -> Case:
        if not isinstance(value, Mapping):
            self.reading.wrong(
                path, f"A case is a mapping, not {shown(value)}.", expected="{if: amount > 100, then: [...]}"
            )
            return Case("", ())
        self.reading.unknown_words(value, ("if", "then", "else", "title"), path)
        title = str(value.get("title", ""))
        if "if" not in value:
            steps = value.get("else", value.get("then"))
            return Case("", self._branch(steps, f"{path}.else"), title or "else")
        condition = self.reading.feel(value["if"], f"{path}.if", "The condition")
        return Case(condition, self._branch(value.get("then"), f"{path}.then"), title)

    def _branches(self, kind: str, name: str, body: Body, at: str) -> Parallel:
        path = f"{at}.{kind}"
        given = body[kind]
        listed: Sequence[Json] = given if isinstance(given, Sequence) and not isinstance(given, str) else []
        if isinstance(given, Mapping):
            listed = [{key: value} for key, value in given.items()]
        if len(listed) < 2:
            self.reading.wrong(path, f"`{kind}` is a list of at least two branches.", expected=BLOCKS[kind])
        found = tuple(self._branch(entry, f"{path}[{number}]") for number, entry in enumerate(listed))
        if kind == "first":
            for number, branch in enumerate(found):
                begins_race(self.reading, branch, f"{path}[{number}]")
        return Parallel(found, at, kind, name, _id(body), _join(body), self._words(body, at))

    def _words(self, body: Body, at: str) -> dict[str, Json]:
        return event_words(self.reading, body, at)

    def _branch(self, value: Json, path: str) -> tuple[Node, ...]:
        if value is None:
            return ()
        if isinstance(value, str) and value.strip() and value != "end":
            return (Jump(value.strip(), path),)
        return self.steps([value] if isinstance(value, str) else value, path)

    def _end(self, name: str, body: Body, at: str) -> End:
        value, path = body["end"], f"{at}.end"
        if isinstance(value, Mapping) and any(key in value for key in _END_WORDS):
            body = {**body, **{key: value[key] for key in _END_WORDS if key in value}}
            value = {key: entry for key, entry in value.items() if key not in _END_WORDS}
        words = {
            key: word(self.reading, key, body[key], f"{at}.{key}")
            for key in _END_WORDS
            if body.get(key) is not None
        }
        if isinstance(value, Mapping) and set(value) == {"name"}:
            value = value["name"]
        ends_all = body.get("terminate") is not None and self.reading.flag(
            body["terminate"], f"{at}.terminate"
        )
        if not isinstance(value, Mapping):
            said = (
                "" if value is None or value is True else self.reading.text(value, path, "The name of an end")
            )
            return End(name or said, at, Trigger("terminate" if ends_all else ""), _id(body), words)
        if ends_all and "terminate" not in value:
            self.reading.wrong(
                f"{at}.terminate",
                "An end does one thing: this one does another already.",
                expected="{end: name, terminate: true}",
                fix="Leave `terminate` out.",
            )
        self.reading.unknown_words(value, (*_ENDS, "name", "key"), path)
        found = trigger(self.reading, value, path, _ENDS)
        said = (
            name
            or str(value.get("name", ""))
            or (found.value.removeprefix("=") if found.kind != "bpmn" else "")
        )
        return End(said, at, found, _id(body), words)

    # Names

    def _unique(self, name: str, at: str, *, named: bool) -> str:
        key = " ".join(name.split()).casefold()
        known = self.reading.names
        if key not in known:
            known[key] = at
            return name
        if named:
            self.reading.problems.add(
                "outline.name_twice",
                at,
                f"The name {name!r} is already that of the step at `{known[key]}`.",
                expected="a name that no other step has",
                fix="Give one of the two another name; the same label may stand under `title`.",
            )
            return name
        number = 2
        while f"{key} {number}" in known:
            number += 1
        return self._unique(f"{name} {number}", at, named=False)


def _id(body: Body) -> str:
    return str(body.get("id", "") or "")


def _join(body: Body) -> str:
    return str(body.get("join", "") or "")


def _spoken(kind: str, found: Trigger) -> str:
    value = values.duration_in_words(found.value) if found.kind == "after" else found.value.removeprefix("=")
    preposition = (
        {"after": "", "at": "until ", "condition": "until "}.get(found.kind, "for ") if kind == "wait" else ""
    )
    return f"{kind} {preposition}{value}".strip()


def _says_kind(word: str, value: Json) -> bool:
    """Return whether this says what a step does, so that even a word of the outline before it is a name."""
    if not isinstance(value, Mapping) or word == "end" and _says_end(value):
        return False
    return any(key in KINDS and key not in UNNAMED for key in value)


def _says_end(value: Body) -> bool:
    """Return whether what stands behind `end` says how a way ends, rather than what a step of that name does."""
    words = [word for word in (*_ENDS, "name") if word in value]
    return words not in ([], ["bpmn"]) or kind_of(str(value.get("bpmn"))) == "endEvent"


def _near_kind(body: Body) -> str:
    return next((hint for key in body if (hint := did_you_mean(key, list(_KINDS)))), "")


def _fix_for_text(item: Json) -> str:
    return f"Write `{item}: {{ask: role}}` or another kind." if isinstance(item, str) else ""
