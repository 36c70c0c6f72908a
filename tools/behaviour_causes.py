"""Where two runs of a case part first, and because of what: a condition, a rule's row, a step, a time, a role."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from flowmaster.engine import events as ev
from flowmaster.engine.compare.changes import Change
from flowmaster.engine.compare.words import worded
from flowmaster.engine.dmn.cases import same
from flowmaster.engine.feel.said import named, quoted, said
from flowmaster.engine.values import Json
from flowmaster.tools.behaviour_rules import Ruled, blamed, rows_in_words
from flowmaster.tools.behaviour_seen import ASPECTS, Run, Seen, Side, Taken, words_of
from flowmaster.tools.behaviour_view import Kind

CHANGES_TOLD: Final = 3
"""How many changes the words for one cause name."""

_BY_KIND: Final[Mapping[str, Kind]] = {
    "task": "task",
    "moved on": "timer",
    "timer": "timer",
    "job": "work",
    "failed": "work",
    "called": "work",
    "waiting": "message",
    "sent": "message",
    "set": "data",
}
"""What a cause is called that is an element's own, by the kind of what was to be seen."""

_TIMES: Final = ("due", "remind", "escalat", "timer", "duration", "date", "cycle", "time", "late", "within")
"""Parts of the names of aspects that tell of times."""


Rows = tuple[tuple[str, int], ...]


class Cause(NamedTuple):
    """Why two runs part; `was` and `now` tell it of both versions, `values` are those that decide.

    `changes` are those of the model that it is made of, `rows` the rows of decisions to which it goes back on each side.
    """

    kind: Kind
    text: str
    element: str = ""
    decision: str = ""
    was: Json = None
    now: Json = None
    values: Mapping[str, Json] = {}
    changes: tuple[Change, ...] = ()
    rows: tuple[Rows, Rows] = ((), ())

    @property
    def key(self) -> str:
        """Return what is equal for the same cause of several cases."""
        return repr((self.kind, self.element, self.decision, self.changes, self.rows))


class Parting(NamedTuple):
    """Where two runs part: what was to be seen then and what is now (None: nothing more), and after how much that is alike."""

    alike: int
    was: Seen | None
    now: Seen | None


@dataclass(frozen=True)
class Structure:
    """The two sides, what differs of their models, and the decisions that they ask in different versions."""

    old: Side
    new: Side
    changes: Sequence[Change]
    ruled: Sequence[Ruled]

    @cached_property
    def behaving(self) -> list[Change]:
        """Return the changes that touch what instances do."""
        return [one for one in self.changes if one.behaves]

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


def aspects_of(old: Run, new: Run) -> set[str]:
    """Return what of two runs differs: the end, the path, tasks, timers, messages, work, decisions, variables."""
    was, now = (
        Counter((key, ASPECTS[seen.kind]) for key, seen in zip(run.keys, run.seen, strict=True))
        for run in (old, new)
    )
    found = {aspect for _, aspect in ((was - now) + (now - was))}
    if not old.ends_as(new):
        found.add("end")
    if not same(dict(old.variables), dict(new.variables)):
        found.add("variables")
    return found


def parts_in_words(structure: Structure, old: Run, new: Run, at: Parting) -> str:
    """Return in words where two runs part first."""
    before = next((seen for seen in reversed(old.seen[: at.alike]) if seen.kind == "came"), None)
    start = f"After {old.side.label(before.own)}: " if before is not None else ""
    was = words_of(structure.old, at.was) if at.was else f"nothing more ({old.ending})"
    now = words_of(structure.new, at.now) if at.now else f"nothing more ({new.ending})"
    return f"{start}then {was}; now {now}."


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
    behaving = structure.behaving
    for changes in ([one for one in behaving if not one.element and not one.before], behaving):
        if changes:
            yield _of_changes(structure, "other", changes)._replace(changes=())


def _of_start(structure: Structure, old: Run, new: Run) -> Iterator[Cause]:
    refused = old.played.refused or new.played.refused
    if refused is None:
        return
    whole = [one for one in structure.behaving if not one.element and not one.before]
    name = refused.path.removeprefix("variables").removeprefix(".").partition(".")[0].partition("[")[0]
    exact = [one for one in whole if name and one.what == f"data {name}"]
    chosen = exact or [one for one in whole if "check" in one.what] or whole
    if chosen:
        yield _of_changes(structure, "start", chosen, more=f" {refused.message}")


def _of_rule(structure: Structure, old: Run, new: Run, parting: Parting) -> Iterator[Cause]:
    """Give the row of a rule that decides otherwise, where the runs part at a decision of two versions."""
    shared = next(
        (each.element for each in (parting.was, parting.now) if each and each.kind == "decided"), ""
    )
    was, now = _decided(old, shared, parting), _decided(new, shared, parting)
    made = was or now
    ruled = next((each for each in structure.ruled if made and each.decision == made.decision), None)
    if made is None or ruled is None or (was and now and was.decision != now.decision):
        return
    found = blamed(ruled, was.matched if was else (), now.matched if now else ())
    if found is None:
        return
    told = (
        rows_in_words(ruled.old, found.decision, found.old),
        rows_in_words(ruled.new, found.decision, found.new),
    )
    of = f" of {quoted(ruled.decision)}" if found.decision != ruled.decision else ""
    yield Cause(
        "rule",
        f"{quoted(found.decision)}{of}: {told[0] or 'no such row'} in version {ruled.was}, {told[1] or 'no such row'} in"
        f" version {ruled.now}. With {named(dict(made.inputs))} it answers {_answer(was)} then and {_answer(now)} now.",
        made.element,
        ruled.decision,
        was=told[0] or None,
        now=told[1] or None,
        values=dict(made.inputs),
        rows=(
            tuple((found.decision, row) for row in found.old),
            tuple((found.decision, row) for row in found.new),
        ),
    )


def _answer(made: ev.DecisionMade | None) -> str:
    return "nothing" if made is None else said(made.output)


def _decided(run: Run, shared: str, parting: Parting) -> ev.DecisionMade | None:
    """Return the decision that a run made at an element behind what is alike, if it made one."""
    for seen in run.seen[parting.alike :]:
        if seen.kind == "decided" and seen.element == shared:
            event = run.played.history[seen.place].event
            return event if isinstance(event, ev.DecisionMade) else None
    return None


def _of_facts(structure: Structure, old: Run, new: Run, was: Seen, now: Seen) -> Iterator[Cause]:
    """Give what differs of the same thing at the same element, where that element has changed."""
    if was.kind == "set":
        before, after = _acting(old, was), _acting(new, now)
        chosen = [one for one in structure.behaving if one.before in before or one.element in after]
    else:
        own = [one for one in structure.behaving if (one.before, one.element) == (was.own, now.own)]
        chosen = _fitting(own, was.kind)
    if not chosen:
        return
    names = dict.fromkeys((*was.facts, *now.facts))
    facts = [name for name in names if not same(was.facts.get(name), now.facts.get(name))]
    timed = was.kind == "task" and set(facts) <= {"due after", "follow up after"}
    yield Cause(
        "timer" if timed else _BY_KIND.get(was.kind, "other"),
        f"{_sentences(structure, chosen)} Then {words_of(old.side, was)}; now {words_of(new.side, now)}.",
        chosen[0].element or now.own,
        was={name: was.facts.get(name) for name in facts},
        now={name: now.facts.get(name) for name in facts},
        changes=tuple(chosen),
    )


def _fitting(changes: Sequence[Change], kind: str) -> list[Change]:
    """Return the changes of an element that fit what was to be seen: of times for a timer, else all."""
    if kind in ("timer", "moved on"):
        timed = [one for one in changes if any(part in one.what for part in _TIMES)]
        return timed or list(changes)
    return list(changes)


def _acting(run: Run, seen: Seen) -> set[str]:
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
    for was, now in _turns(old, new, parting):
        key, before = now.flow.source, was.flow.source
        changes = [one for one in structure.behaving if (one.before, one.element) == (before, key)]
        if not changes:
            continue
        values: dict[str, Json] = {}
        for run, taken in ((old, was), (new, now)):
            found = run.reasons.get(taken.seq, {}).get("values")
            values |= found if isinstance(found, Mapping) else {}
        ways = f"it went to {old.side.label(was.flow.target)} then and goes to {new.side.label(now.flow.target)} now"
        text = f"{f'with {named(values)} ' if values else ''}{ways}."
        yield Cause(
            "condition",
            f"{_sentences(structure, changes)} {text[:1].upper()}{text[1:]}",
            key,
            was=_conditions(structure.old, before),
            now=_conditions(structure.new, key),
            values=values,
            changes=tuple(changes),
        )


def _turns(old: Run, new: Run, parting: Parting) -> Iterator[tuple[Taken, Taken]]:
    """Give the ways, at the same visit of the same element, that lead to different places."""
    until_old = parting.was.place if parting.was else len(old.played.history)
    until_new = parting.now.place if parting.now else len(new.played.history)
    theirs: dict[str, list[Taken]] = {}
    for taken in new.taken:
        theirs.setdefault(taken.element, []).append(taken)
    visits: Counter[str] = Counter()
    for taken in old.taken:
        others = theirs.get(taken.element, [])[visits[taken.element] :]
        visits[taken.element] += 1
        if others and others[0].target != taken.target:
            if taken.place <= until_old and others[0].place <= until_new:
                yield taken, others[0]


def _conditions(side: Side, key: str) -> dict[str, Json]:
    """Return the condition of each way out of an element, by the step that it leads to."""
    return {
        side.label(flow.target): "else" if flow.condition is None else flow.condition.text
        for flow in side.process.elements[key].outgoing
    }


def _of_steps(structure: Structure, was: Seen | None, now: Seen | None) -> Iterator[Cause]:
    """Give the step that came or went, or whose answer is taken otherwise."""
    for one in structure.behaving:
        gone = one.kind == "removed" and not one.element and was is not None and one.before == was.own
        come = one.kind == "added" and not one.before and now is not None and one.element == now.own
        if one.what == "" and (gone or come):
            yield _of_changes(structure, "step", [one])
    for seen in (was, now):
        if seen is not None and seen.kind == "answer refused":
            own = [one for one in structure.behaving if seen.own in (one.element, one.before)]
            changes = own or [one for one in structure.behaving if one.what.startswith("forms")]
            if changes:
                yield _of_changes(structure, "task", changes)


def _near(structure: Structure, old: Run, new: Run, parting: Parting) -> Iterator[Cause]:
    """Give the changes of elements that were come to where the runs part: behind what is alike, up to there."""
    before, after = _between(old, parting.alike, parting.was), _between(new, parting.alike, parting.now)
    near = [one for one in structure.behaving if one.before in before or one.element in after]
    own = {each.own for each in (parting.was, parting.now) if each is not None and each.own}
    chosen = [one for one in near if own & {one.element, one.before}] or near
    came_or_went = [one for one in chosen if one.what == "" and one.kind in ("added", "removed")]
    if chosen:
        orders = any(one.kind == "moved" or one.what == "way" for one in chosen)
        seen = parting.now or parting.was
        kind: Kind = _BY_KIND.get(seen.kind, "other") if seen is not None else "other"
        yield _of_changes(structure, "step" if came_or_went or orders else kind, came_or_went or chosen)


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
            case (
                ev.WaitClosed(element=element)
                | ev.ErrorThrown(element=element)
                | ev.IncidentRaised(element=element)
            ):
                found.add(element)
            case _:
                continue
    return found


def _of_changes(structure: Structure, kind: Kind, changes: Sequence[Change], more: str = "") -> Cause:
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
