"""Where two runs of a case part first, and because of what: a condition, a rule's row, a step, a time, a role."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from flowmaster.engine import events as ev
from flowmaster.engine.compare.changes import Change
from flowmaster.engine.compare.words import worded
from flowmaster.engine.dmn.cases import same
from flowmaster.engine.dmn.compact import dmn_to_table
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel.said import named, said
from flowmaster.engine.values import Json
from flowmaster.tools.behaviour_seen import ASPECTS, Run, Seen, Side, Taken, words_of
from flowmaster.tools.cases_rules import RuleBook

CHANGES_TOLD: Final = 3
"""How many changes the words for one cause name."""

_BY_KIND: Final[Mapping[str, str]] = {
    "task": "task",
    "moved on": "timer",
    "timer": "timer",
    "job": "work",
    "called": "work",
    "waiting": "message",
    "sent": "message",
    "set": "data",
}
"""What a cause is called that is an element's own, by the kind of what was to be seen."""

_TIMES: Final = ("due", "remind", "escalat", "timer", "duration", "date", "cycle", "time", "late", "within")
"""Parts of the names of aspects that tell of times."""


class Cause(NamedTuple):
    """Why two runs part; `was` and `now` tell it of both versions, `values` are those that decide."""

    kind: str
    text: str
    element: str = ""
    decision: str = ""
    was: Json = None
    now: Json = None
    values: Mapping[str, Json] = {}
    changes: tuple[Change, ...] = ()

    @property
    def key(self) -> str:
        """Return what is equal for the same cause of several cases."""
        return repr((self.kind, self.element, self.decision, self.was, self.now))


class Parting(NamedTuple):
    """Where two runs part: what was to be seen then and what is now (None: nothing more), and after how much that is alike."""

    alike: int
    was: Seen | None
    now: Seen | None


class Book(NamedTuple):
    """The rules of one side, and the true numbers of versions that stand in force in place of others."""

    rules: RuleBook
    aliases: Mapping[tuple[str, int], int]

    def number(self, decision: str, version: int) -> int:
        """Return the number of a version as people know it."""
        return self.aliases.get((decision, version), version)


class Structure(NamedTuple):
    """The two sides, what differs of their models, and their rules."""

    old: Side
    new: Side
    changes: Sequence[Change]
    old_rules: Book
    new_rules: Book

    @property
    def reorders(self) -> bool:
        """Tell whether steps come in another order."""
        return any(one.kind == "moved" or one.what == "way" for one in self.changes)


def parting_of(structure: Structure, old: Run, new: Run) -> Parting | None:
    """Return where two runs part, None if nothing that is to be seen differs.

    What happens side by side may come in any order; only where the model itself orders steps otherwise, their order counts.
    """
    alike = next(
        (place for place, (one, other) in enumerate(zip(old.keys, new.keys, strict=False)) if one != other),
        min(len(old.keys), len(new.keys)),
    )
    if alike == len(old.keys) == len(new.keys):
        return None
    was, now = _unmatched(old, new, alike), _unmatched(new, old, alike)
    if was is None and now is None:
        if not structure.reorders:
            return None
        was, now = old.seen[alike], new.seen[alike]
    return Parting(alike, was, now)


def _unmatched(run: Run, other: Run, alike: int) -> Seen | None:
    """Return the first thing behind what is alike that the other run does not have."""
    left = Counter(other.keys[alike:])
    for key, seen in zip(run.keys[alike:], run.seen[alike:], strict=True):
        if not left[key]:
            return seen
        left[key] -= 1
    return None


def aspects_of(old: Run, new: Run) -> list[str]:
    """Return what of two runs differs: the end, the path, tasks, timers, messages, work, decisions, variables."""
    was, now = Counter(zip(old.keys, _kinds(old), strict=True)), Counter(zip(new.keys, _kinds(new), strict=True))
    found = {kind for _, kind in ((was - now) + (now - was))}
    if old.ending != new.ending:
        found.add("end")
    if not same(dict(old.variables), dict(new.variables)):
        found.add("variables")
    return sorted(found)


def _kinds(run: Run) -> list[str]:
    return [ASPECTS[each.kind] for each in run.seen]


def cause_of(structure: Structure, old: Run, new: Run, parting: Parting) -> Cause:
    """Return why two runs part."""
    for found in _causes(structure, old, new, parting):
        return found
    return Cause("other", "No change of the model explains it.")


def _causes(structure: Structure, old: Run, new: Run, parting: Parting) -> Iterator[Cause]:
    """Give what may be the cause, the surest first."""
    was, now = parting.was, parting.now
    if "start refused" in (was.kind if was else "", now.kind if now else ""):
        yield from _of_start(structure, old, new)
    yield from _of_rule(structure, old, new, parting)
    if was is not None and now is not None and (was.kind, was.element) == (now.kind, now.element):
        yield from _of_facts(structure, old, new, was, now)
    yield from _of_turn(structure, old, new, parting)
    yield from _of_steps(structure, was, now)
    yield from _near(structure, old, new, parting)
    whole = [one for one in structure.changes if one.behaves and not one.element and not one.before]
    for changes in (whole, [one for one in structure.changes if one.behaves]):
        if changes:
            yield _of_changes(structure, "data" if changes is whole else "other", changes)


def _of_start(structure: Structure, old: Run, new: Run) -> Iterator[Cause]:
    refused = old.played.refused or new.played.refused
    if refused is None:
        return
    whole = [one for one in structure.changes if not one.element and not one.before and one.behaves]
    name = refused.path.removeprefix("variables").removeprefix(".").partition(".")[0].partition("[")[0]
    exact = [one for one in whole if name and one.what == f"data {name}"]
    chosen = exact or [one for one in whole if "check" in one.what] or whole
    if chosen:
        yield _of_changes(structure, "start", chosen, more=f" {refused.message}")


def _of_rule(structure: Structure, old: Run, new: Run, parting: Parting) -> Iterator[Cause]:
    """Give the row of a rule that decides otherwise, where the runs part at a decision of two versions."""
    was, now = (_decision(run, seen) for run, seen in ((old, parting.was), (new, parting.now)))
    shared = next((each.element for each in (parting.was, parting.now) if each and each.kind == "decided"), "")
    was, now = was or _asked(old, shared, parting), now or _asked(new, shared, parting)
    one = was or now
    if one is None or not shared:
        return
    sides = [
        ("was", structure.old_rules, was),
        ("now", structure.new_rules, now),
    ]
    if was is not None and now is not None:
        numbers = [book.number(event.decision, event.version) for _, book, event in sides if event is not None]
        if was.decision == now.decision and numbers[0] == numbers[1]:
            return
    told = {word: _row(book, event) for word, book, event in sides}
    text = f"{said(one.decision)}: {told['was']} then, {told['now']} now; with {named(dict(one.inputs))}."
    yield Cause(
        "rule",
        text,
        element=structure.new.process.elements[one.element].id
        if one.element in structure.new.process.elements
        else one.element,
        decision=one.decision,
        was=told["was"],
        now=told["now"],
        values=dict(one.inputs),
    )


def _decision(run: Run, seen: Seen | None) -> ev.DecisionMade | None:
    if seen is None or seen.kind != "decided":
        return None
    event = run.played.history[seen.place].event
    return event if isinstance(event, ev.DecisionMade) else None


def _asked(run: Run, shared: str, parting: Parting) -> ev.DecisionMade | None:
    """Return the decision that a run made at an element behind what is alike, if it made one."""
    for seen in run.seen[parting.alike :]:
        if seen.kind == "decided" and seen.element == shared:
            return _decision(run, seen)
    return None


def _row(book: Book, event: ev.DecisionMade | None) -> str:
    """Return the version and rows that decided in words."""
    if event is None:
        return "no row decides"
    number = book.number(event.decision, event.version)
    rows = [_one_row(book, event, rule) for rule in event.matched if isinstance(rule, Mapping)]
    told = " and ".join(rows[-2:]) or "no row"
    return f"version {number} {told} gives {said(event.output)}"


def _one_row(book: Book, event: ev.DecisionMade, rule: Mapping[str, Json]) -> str:
    decision, row = str(rule.get("decision") or event.decision), rule.get("rule")
    model = book.rules.models.get((event.decision, event.version))
    cells = ""
    if model is not None and isinstance(row, int):
        try:
            table = dmn_to_table(model.read, decision)
            cells = f" {said(list(map(str, table['rules'][row - 1])))}"
        except (FlowMasterError, IndexError, KeyError):
            cells = ""
    of = f" of {decision}" if decision != event.decision else ""
    return f"row {row}{of}{cells}"


def _of_facts(structure: Structure, old: Run, new: Run, was: Seen, now: Seen) -> Iterator[Cause]:
    """Give what differs of the same thing at the same element."""
    changes = [one for one in structure.changes if one.behaves and one.before == was.own and one.element == now.own]
    acting = [
        one
        for one in structure.changes
        if one.behaves and was.kind == "set" and (one.before in _just(old, was) or one.element in _just(new, now))
    ]
    if was.kind == "set" and not acting:
        return
    kind = _BY_KIND.get(was.kind, "other")
    facts = [name for name in dict.fromkeys((*was.facts, *now.facts)) if not same(was.facts.get(name), now.facts.get(name))]
    one, other = {name: was.facts.get(name) for name in facts}, {name: now.facts.get(name) for name in facts}
    if was.kind == "task" and set(facts) <= {"due after", "follow up after"}:
        kind = "timer"
    chosen = acting if was.kind == "set" else _fitting(changes, was.kind)
    if not chosen and not changes and was.kind not in ("task", "timer", "job", "waiting", "moved on"):
        return
    if not chosen:
        # An element's times and people may hang on data, or on what stands beside it.
        near = [each for each in structure.changes if each.behaves]
        chosen = near if len(near) == 1 else []
    text = f"{words_of(old.side, was)} then; {words_of(new.side, now)} now."
    if chosen:
        text = f"{_sentences(structure, chosen)} {text[:1].upper()}{text[1:]}"
    values = {} if was.kind != "set" else {}
    yield Cause(kind, text, now.own, was=one, now=other, values=values, changes=tuple(chosen))


def _fitting(changes: Sequence[Change], kind: str) -> list[Change]:
    """Return the changes of an element that fit what was to be seen: of times for a timer, else all."""
    if kind in ("timer", "moved on"):
        timed = [one for one in changes if any(part in one.what for part in _TIMES)]
        return timed or list(changes)
    return list(changes)


def _just(run: Run, seen: Seen) -> set[str]:
    """Return the elements at which values may have been set: those come to since something else was to be seen, and its own."""
    found: set[str] = set()
    for entry in reversed(run.played.history[: seen.place + 1]):
        match entry.event:
            case ev.ElementEntered(element=element):
                return found | {element}
            case ev.WaitClosed(element=element):
                found.add(element)
                return found
            case _:
                continue
    return found


def _of_turn(structure: Structure, old: Run, new: Run, parting: Parting) -> Iterator[Cause]:
    """Give the condition at which the runs went different ways, up to where they part."""
    pair = _first_turn(old, new, parting)
    if pair is None:
        return
    was, now = pair
    key, before = now.flow.source, was.flow.source
    changes = [
        one
        for one in structure.changes
        if one.behaves
        and one.element == key
        and one.before == before
        and (one.what.startswith(("condition", "default")) or one.kind in ("moved", "changed") or one.what == "way")
    ]
    if not changes:
        return
    then, after = old.reasons.get(was.seq, {}), new.reasons.get(now.seq, {})
    values: dict[str, Json] = {}
    for reason in (then, after):
        found = reason.get("values")
        values |= found if isinstance(found, Mapping) else {}
    ways = f"it went to {old.side.label(was.flow.target)} then and goes to {new.side.label(now.flow.target)} now"
    text = f"{_sentences(structure, changes)} {f'With {named(values)} ' if values else ''}{ways}."
    yield Cause(
        "condition",
        text[:1].upper() + text[1:],
        key,
        was=_conditions(structure.old, before),
        now=_conditions(structure.new, key),
        values=values,
        changes=tuple(changes),
    )


def _first_turn(old: Run, new: Run, parting: Parting) -> tuple[Taken, Taken] | None:
    """Return the first ways, at the same visit of the same element, that lead to different places."""
    until_old = parting.was.place if parting.was else len(old.played.history)
    until_new = parting.now.place if parting.now else len(new.played.history)
    theirs: dict[str, list[Taken]] = {}
    for taken in new.taken:
        theirs.setdefault(taken.element, []).append(taken)
    seen: Counter[str] = Counter()
    for taken in old.taken:
        number = seen[taken.element]
        seen[taken.element] += 1
        others = theirs.get(taken.element, [])
        if number >= len(others):
            continue
        other = others[number]
        if other.target != taken.target and taken.place <= until_old and other.place <= until_new:
            return taken, other
    return None


def _conditions(side: Side, key: str) -> dict[str, Json]:
    """Return the condition of each way out of an element, by the step that it leads to."""
    return {
        side.label(flow.target): "else" if flow.condition is None else flow.condition.text
        for flow in side.process.elements[key].outgoing
    }


def _of_steps(structure: Structure, was: Seen | None, now: Seen | None) -> Iterator[Cause]:
    """Give the step that came or went, or whose answer is taken otherwise."""
    for one in structure.changes:
        gone = one.kind == "removed" and not one.element and was is not None and one.before == was.own
        come = one.kind == "added" and not one.before and now is not None and one.element == now.own
        if one.behaves and one.what == "" and (gone or come):
            yield _of_changes(structure, "step", [one])
    for seen in (was, now):
        if seen is not None and seen.kind == "answer refused":
            changes = [one for one in structure.changes if one.behaves and seen.own in (one.element, one.before)]
            forms = [one for one in structure.changes if one.what.startswith("forms")]
            if changes or forms:
                yield _of_changes(structure, "task", changes or forms)


def _near(structure: Structure, old: Run, new: Run, parting: Parting) -> Iterator[Cause]:
    """Give the changes of elements that were come to where the runs part: behind what is alike, up to there."""
    before = _between(old, parting.alike, parting.was)
    after = _between(new, parting.alike, parting.now)
    near = [
        one
        for one in structure.changes
        if one.behaves and ((one.before and one.before in before) or (one.element and one.element in after))
    ]
    own = {each.own for each in (parting.was, parting.now) if each is not None and each.own}
    exact = [one for one in near if own & {one.element, one.before}]
    chosen = exact or near
    if chosen:
        came_or_went = [one for one in chosen if one.what == "" and one.kind in ("added", "removed")]
        orders = [one for one in chosen if one.kind == "moved" or one.what == "way"]
        kind = "step" if came_or_went or orders else _kind_of(parting)
        yield _of_changes(structure, kind, came_or_went or chosen)


def _kind_of(parting: Parting) -> str:
    seen = parting.now or parting.was
    return _BY_KIND.get(seen.kind, "other") if seen is not None else "other"


def _between(run: Run, alike: int, seen: Seen | None) -> set[str]:
    """Return the elements that a run touched from the last thing that is alike up to where it parts."""
    history = run.played.history
    first = run.seen[alike - 1].place if alike else 0
    last = seen.place if seen is not None else len(history)
    found: set[str] = {seen.own} if seen is not None else set()
    for entry in history[max(0, first) : last + 1]:
        match entry.event:
            case ev.FlowTaken(flow=flow) if flow in run.side.flows:
                found |= {run.side.flows[flow].source, run.side.flows[flow].target}
            case ev.WaitOpened(wait=wait):
                found.add(wait.element)
            case ev.ElementEntered(element=element) | ev.ElementCompleted(element=element):
                found.add(element)
            case ev.WaitClosed(element=element) | ev.ErrorThrown(element=element) | ev.IncidentRaised(element=element):
                found.add(element)
            case _:
                continue
    return found


def _of_changes(structure: Structure, kind: str, changes: Sequence[Change], more: str = "") -> Cause:
    one = changes[0]
    return Cause(
        kind,
        f"{_sentences(structure, changes)}{more}",
        one.element or one.before,
        was=[each.was for each in changes][:CHANGES_TOLD],
        now=[each.now for each in changes][:CHANGES_TOLD],
        changes=tuple(changes),
    )


def _sentences(structure: Structure, changes: Sequence[Change]) -> str:
    told = [worded(one, structure.old.process, structure.new.process) for one in changes]
    more = f" And {len(told) - CHANGES_TOLD} more changes." if len(told) > CHANGES_TOLD else ""
    return " ".join(told[:CHANGES_TOLD]) + more
