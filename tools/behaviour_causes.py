"""Where two runs of a case part first, and because of what: a condition, a rule's row, a step, a time, a role."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from flowmaster.engine import events as ev
from flowmaster.engine.bpmn.vocabulary import GATEWAY_KINDS
from flowmaster.engine.compare.changes import Change
from flowmaster.engine.compare.words import kind_in_words, worded
from flowmaster.engine.dmn.cases import same
from flowmaster.engine.feel.said import named, quoted, said
from flowmaster.engine.values import Json
from flowmaster.tools.behaviour_parting import Parting, Structure, is_rewritten, parting_of
from flowmaster.tools.behaviour_rules import blamed, rows_in_words
from flowmaster.tools.behaviour_seen import Run, Seen, Side, Taken, words_of
from flowmaster.tools.behaviour_view import Kind

DIFFERENCES_MAX: Final = 20
"""How many differences of one case are told apart."""

OFFERED: Final = ("task", "timer", "job", "failed", "waiting", "moved on", "called", "sent")
"""What may differ of a step without another course behind it."""

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

_TIMES: Final = (
    "due",
    "deadline",
    "follow up",
    "remind",
    "escalat",
    "timer",
    "duration",
    "date",
    "cycle",
    "time",
    "late",
    "within",
)
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


class Difference(NamedTuple):
    """One difference of two runs: why they part, where, and the runs without what differs before."""

    cause: Cause
    at: Parting
    old: Run
    new: Run

    @property
    def parts(self) -> str:
        """Return in words where the runs part."""
        return _in_words(self.old, self.new, self.at)


def differences_of(structure: Structure, old: Run, new: Run) -> Iterator[Difference]:
    """Give where two runs part first and why, and where a step is only offered otherwise also what differs behind it.

    Behind the first one only those are given whose cause is sure: others may follow from what differs before.
    """
    for number in range(DIFFERENCES_MAX):
        at = parting_of(structure, old, new)
        if at is None:
            return
        cause = next(_sure(structure, old, new, at), None)
        if cause is None and not number:
            cause = next(
                _likely(structure, old, new, at), Cause("other", "No change of the model explains it.")
            )
        if cause is None:
            return
        yield Difference(cause, at, old, new)
        was, now = at.was, at.now
        if (
            was is None
            or now is None
            or was.kind not in OFFERED
            or (was.kind, was.element) != (now.kind, now.element)
        ):
            return
        old, new = old.without(was.kind, was.element), new.without(was.kind, was.element)


def _in_words(old: Run, new: Run, at: Parting) -> str:
    before = next((seen for seen in reversed(old.seen[: at.alike]) if seen.kind == "came"), None)
    start = f"After {old.side.label(before.own)}: " if before is not None else ""
    was = words_of(old.side, at.was) if at.was else f"nothing more ({old.ending})"
    now = words_of(new.side, at.now) if at.now else f"nothing more ({new.ending})"
    return f"{start}then {was}; now {now}."


def _sure(structure: Structure, old: Run, new: Run, parting: Parting) -> Iterator[Cause]:
    """Give what is the cause: a rule, a change of the element itself at which they part, a condition that is another one."""
    was, now = parting.was, parting.now
    yield from _of_rule(structure, old, new, parting)
    if was is not None and now is not None and (was.kind, was.element) == (now.kind, now.element):
        yield from _of_facts(structure, old, new, was, now)
    yield from _of_turn(structure, old, new, parting, rewritten=True)


def _likely(structure: Structure, old: Run, new: Run, parting: Parting) -> Iterator[Cause]:
    """Give what else may be the cause, the likeliest first."""
    was, now = parting.was, parting.now
    if "start refused" in (was.kind if was else "", now.kind if now else ""):
        yield from _of_start(structure, old, new)
    yield from _of_steps(structure, was, now)
    yield from _of_turn(structure, old, new, parting, rewritten=False)
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
    rows = (found.old, found.new)
    told = [
        rows_in_words(model, found.decision, each) for model, each in zip(ruled.models, rows, strict=True)
    ]
    versions = " and ".join(
        f"{each or 'no such row'} in version {number}"
        for each, number in zip(told, ruled.versions, strict=True)
    )
    values = dict(found.asked or made.inputs)
    of = f" of {quoted(ruled.decision)}" if found.decision != ruled.decision else ""
    yield Cause(
        "rule",
        f"{quoted(found.decision)}{of}: {versions}. With {named(values)} it answers {_answer(was)} then and"
        f" {_answer(now)} now.",
        made.element,
        ruled.decision,
        was=told[0] or None,
        now=told[1] or None,
        values=values,
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
    """Return the changes of an element that fit what was to be seen: of times for a timer, of all but those for the rest."""
    told = [one for one in changes if one.what != "lane"] or list(changes)
    is_timer = kind in ("timer", "moved on")
    return [one for one in told if is_timer is any(part in one.what for part in _TIMES)] or told


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


def _of_turn(
    structure: Structure, old: Run, new: Run, parting: Parting, *, rewritten: bool
) -> Iterator[Cause]:
    """Give the turn at which the runs went different ways, up to where they part: where a condition was `rewritten`, or any."""
    for was, now in _turns(old, new, parting):
        key, before = now.flow.source, was.flow.source
        changes = [one for one in structure.behaving if (one.before, one.element) == (before, key)]
        if not changes or (rewritten and not any(map(is_rewritten, changes))):
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
        apart = others and others[0].target != taken.target
        if apart and taken.place <= until_old and others[0].place <= until_new:
            yield taken, others[0]


def _conditions(side: Side, key: str) -> dict[str, Json]:
    """Return the condition of each way out of an element, by the step that it leads to."""
    return {
        side.label(flow.target): "else" if flow.condition is None else flow.condition.text
        for flow in side.process.elements[key].outgoing
    }


def _of_steps(structure: Structure, was: Seen | None, now: Seen | None) -> Iterator[Cause]:
    """Give the step that came or went, or whose answer is taken otherwise."""
    for side, seen in ((structure.old, was), (structure.new, now)):
        whole = structure.whole(side, seen.own) if seen is not None else []
        if whole:
            yield _of_changes(structure, "step", whole[:1])._replace(changes=tuple(whole))
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
    whole = [all_of_it for one in chosen if (all_of_it := structure.whole(*structure.alone(one)))]
    ways = [one for one in chosen if one.what == "way"]
    if ways and all(_is_nameless_gateway(structure, each[0]) for each in whole):
        chosen, whole = ways, []
    if whole:
        tops = list(dict.fromkeys(each[0] for each in whole))
        inside = dict.fromkeys(one for each in whole for one in each)
        yield _of_changes(structure, "step", tops)._replace(changes=tuple(inside))
    elif chosen:
        orders = any(one.kind == "moved" or one.what == "way" for one in chosen)
        seen = parting.now or parting.was
        kind: Kind = _BY_KIND.get(seen.kind, "other") if seen is not None else "other"
        yield _of_changes(structure, "step" if orders else kind, chosen)


def _is_nameless_gateway(structure: Structure, change: Change) -> bool:
    """Tell whether a change is one of a gateway without a name: where ways lead elsewhere, these tell more."""
    side, key = structure.alone(change)
    element = side.process.elements.get(key)
    return element is not None and element.kind in GATEWAY_KINDS and not element.name


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
            case ev.WaitClosed(element=element) | ev.IncidentRaised(element=element):
                found.add(element)
            case ev.ErrorThrown(element=element, caught_by=catcher):
                found |= {element, catcher}
            case _:
                continue
    return found - {""}


def _of_changes(structure: Structure, kind: Kind, changes: Sequence[Change], more: str = "") -> Cause:
    one = next((each for each in changes if each.what == "kind"), changes[0])
    return Cause(
        "step" if one.what == "kind" else kind,
        f"{_sentences(structure, changes)}{more}",
        one.element or one.before,
        was=[each.was for each in changes][:CHANGES_TOLD],
        now=[each.now for each in changes][:CHANGES_TOLD],
        changes=tuple(changes),
    )


def _sentences(structure: Structure, changes: Sequence[Change]) -> str:
    """Return changes in words; of a step that is of another kind nothing else is told."""
    old, new = structure.old.process, structure.new.process
    others = {each.element: each for each in changes if each.what == "kind"}
    told = [
        f"The {kind_in_words(old, one.before)} {said(old.elements[one.before].label)} is the"
        f" {kind_in_words(new, one.element)} {said(new.elements[one.element].label)} now."
        for one in others.values()
    ]
    told += [worded(one, old, new) for one in changes if not one.element or one.element not in others]
    more = f" And {len(told) - CHANGES_TOLD} more changes." if len(told) > CHANGES_TOLD else ""
    return " ".join(told[:CHANGES_TOLD]) + more
