"""Sentences of a procedure to nodes: conditions, what is done, waits, jumps and ends."""

import re
from decimal import Decimal

from flowmaster.knowledge.procedures.actions import Actions
from flowmaster.knowledge.procedures.candidates import Beside, Choice, End, Jump, Node, Step, all_in
from flowmaster.knowledge.procedures.conditions import Condition, condition_of
from flowmaster.knowledge.procedures.desk import Desk, source_of
from flowmaster.knowledge.procedures.language import Split
from flowmaster.knowledge.procedures.names import variable_of
from flowmaster.knowledge.procedures.sentences import Said
from flowmaster.knowledge.procedures.times import times_in

SENTENCE_LENGTH_MAX = 1_500
"""How long a sentence may be that is read."""
_OPENERS_MAX = 3
_ENDING_WORDS_MAX = 9
_INTRODUCES = re.compile(
    r"\b(?:following\s+steps|these\s+steps|steps\s+below|as\s+follows|this\s+(?:procedure|document|process|policy)|"
    r"folgende[nr]?\s+schritte[n]?|wie\s+folgt|diese\s+(?:anweisung|verfahrensanweisung|arbeitsanweisung)|dieses\s+(?:dokument|verfahren))\b",
    re.IGNORECASE,
)
_TAIL_START = re.compile(r"(?:,|;|\band\b|\bund\b|\bthen\b|\bdann\b|\s)+$", re.IGNORECASE)
_LABEL = re.compile(r"(?P<label>[^\W\d_][\w /()-]{1,40}?)\s*:\s*(?P<value>\S.*)?$", re.DOTALL)
_NESTED_MAX = 4


class Statements:
    """Reads one sentence after the other into lists of nodes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._actions = Actions(desk)
        self._language = desk.language
        self.opened_other: Choice | None = None
        """The choice whose other way a sentence that ended in a colon has opened."""

    def read(
        self,
        said: Said,
        into: list[Node],
        *,
        rule: str,
        listed: bool,
        current: Node | None = None,
    ) -> Node | None:
        """Read a sentence; return the node that it became or changed, None if it became nothing."""
        self._desk.work.step()
        self.opened_other = None
        if len(said.text) > SENTENCE_LENGTH_MAX:
            return self._nothing(said, "too long for one sentence")
        if isinstance(current, Step) and self.label(said, current):
            return current
        if not listed and self.label(said, None):
            return None
        text, beside = self._opened(said.text)
        if not text or (_INTRODUCES.search(text) and not listed):
            self._desk.leave(said.where, said.text, "an introduction")
            return None
        said = Said(text, said.where)
        target: list[Node] = [] if beside else into
        made = self._sentence(said, target, into, rule=rule, listed=listed, nested=0)
        if beside and target:
            return self._put_beside(target, into, said)
        return made

    def label(self, said: Said, step: Step | None) -> bool:
        """Read `Responsible: Clerk` and the like; tell whether the sentence is one."""
        match = _LABEL.match(said.text)
        kind = (
            self._language.labels.get(" ".join(match["label"].casefold().split()))
            if match is not None
            else None
        )
        if match is None or kind is None:
            return False
        value = (match["value"] or "").strip(" .")
        if step is None and kind != "role":
            self._desk.leave(said.where, said.text, "a note")
            return True
        if step is None:
            self._desk.section_roles = self._desk.roles.several(value)
            return True
        self._actions.fill(step, kind, value, said)
        return True

    def describe(self, step: Step, said: Said) -> None:
        """Take from a sentence who does a step, by when and with what."""
        self._actions.describe(step, said)

    def _opened(self, text: str) -> tuple[str, bool]:
        """Strip the words that a sentence begins with; tell whether it is done beside the one before."""
        beside = False
        for _ in range(_OPENERS_MAX):
            match = self._language.parallel.match(text)
            beside = beside or match is not None
            match = match or self._language.sequence.match(text)
            if match is None:
                break
            text = text[match.end() :]
        return text.strip(), beside

    def _sentence(
        self, said: Said, target: list[Node], into: list[Node], *, rule: str, listed: bool, nested: int
    ) -> Node | None:
        if said.text.endswith("?"):
            return self._question(said, target, rule) if listed else self._nothing(said, "a question")
        split = self._language.split(said.text)
        if nested < _NESTED_MAX:
            if split.kind in ("if", "unless"):
                return self._conditional(said, split, target, rule=rule, nested=nested)
            if split.kind == "else":
                return self._otherwise(said, split, into, rule=rule, nested=nested)
        main = Said(split.main if split.kind == "when" else said.text, said.where)
        first = len(target)
        self.do(main, said, target, rule=rule, listed=listed)
        added = target[first:]
        if not added and self._actions.changed is not None:
            return self._actions.changed
        return added[0] if added else None

    def _nothing(self, said: Said, why: str) -> Node | None:
        self._desk.leave(said.where, said.text, why)
        return None

    def _question(self, said: Said, target: list[Node], rule: str) -> Node:
        variable = variable_of(said.text) or "answer"
        asks = Condition(
            text=said.text,
            feel=variable,
            variable=variable,
            type="boolean",
            confidence=Decimal("0.6"),
            rule="question",
        )
        step = self._actions.step(said, f"{self._language.said['check']}: {said.text}", rule, "0.6")
        step.asks = asks
        target.append(step)
        return step

    # Conditions

    def _conditional(
        self, said: Said, split: Split, target: list[Node], *, rule: str, nested: int
    ) -> Node | None:
        condition = self._condition(split, target)
        previous = _last_step(target)
        timed = times_in(split.condition, self._language.name)
        late = self._language.no_answer.search(timed.text.strip(" ,"))
        if previous is not None and late is not None and self._late(previous, split, said):
            return previous
        weight = "0.9" if rule in ("number", "bullet") else "0.8"
        sure = min(condition.confidence, Decimal(weight))
        last = target[-1] if target else None
        branch: list[Node]
        if isinstance(last, Choice) and not last.other and condition.feel == last.condition.negated():
            made: Node = last
            branch = last.other
        else:
            made = Choice(condition=condition, source=source_of(said.where, said.text, sure, condition.rule))
            branch = made.then
        main, _, otherwise = _at_else(split.main)
        if main:
            self._branch(Said(main, said.where), said, branch, rule=rule, nested=nested)
        if otherwise and isinstance(made, Choice) and not made.other:
            self._branch(Said(otherwise, said.where), said, made.other, rule=rule, nested=nested)
        if not main and not said.text.rstrip().endswith(":"):
            return self._nothing(said, "a condition without what is done")
        if made is not last:
            target.append(made)
        if condition.is_open:
            self._desk.doubt(
                said.where,
                f"When exactly does this hold: {condition.text[:120]!r}?",
                str(condition.confidence),
            )
        return made

    def _condition(self, split: Split, target: list[Node]) -> Condition:
        plain = split.condition.strip(" ,.:").casefold()
        asked = next(
            (step for step in reversed(target) if isinstance(step, Step) and step.asks is not None), None
        )
        condition = condition_of(split.condition, self._language.name)
        if asked is not None and asked.asks is not None and plain in self._language.yes | self._language.no:
            feel = asked.asks.variable if plain in self._language.yes else f"not({asked.asks.variable})"
            condition = Condition(
                text=split.condition, feel=feel, variable=asked.asks.variable, type="boolean",
                confidence=Decimal("0.85"), rule="answer",
            )  # fmt: skip
        if split.kind == "unless":
            return Condition(
                text=condition.text, feel=condition.negated(), variable=condition.variable, type=condition.type,
                confidence=condition.confidence, rule=condition.rule, unit=condition.unit,
            )  # fmt: skip
        return condition

    def _late(self, previous: Step, split: Split, said: Said) -> bool:
        """Read `If there is no answer within 5 days, escalate to the head`: what happens when a step is late."""
        times = times_in(said.text, self._language.name)
        due = times.within or times.after or previous.within
        if not due or previous.kind not in ("ask", "message"):
            return False
        escalated = self._language.escalate.search(split.main)
        role = self._desk.roles.add(escalated["role"]) if escalated is not None else ""
        late: list[Node] = []
        if not role:
            self._branch(Said(split.main, said.where), said, late, rule="late", nested=_NESTED_MAX)
            if not late or any(not isinstance(node, Step | End) for node in late):
                return False
        previous.within = due
        previous.escalate = role
        previous.late = late
        self._actions.working(times.working, previous, said)
        return True

    def _branch(self, main: Said, said: Said, branch: list[Node], *, rule: str, nested: int) -> None:
        text, _ = self._opened(main.text)
        self._sentence_in(Said(text, said.where), branch, rule=rule, nested=nested + 1)

    def _sentence_in(self, said: Said, branch: list[Node], *, rule: str, nested: int) -> None:
        if self._language.split(said.text).kind in ("if", "unless") and nested < _NESTED_MAX:
            self._sentence(said, branch, branch, rule=rule, listed=True, nested=nested)
        else:
            self.do(said, said, branch, rule=rule, listed=True)

    def _otherwise(
        self, said: Said, split: Split, into: list[Node], *, rule: str, nested: int
    ) -> Node | None:
        choice = next((node for node in reversed(into[-2:]) if isinstance(node, Choice)), None)
        if choice is None or choice.other:
            self._desk.doubt(said.where, f"Otherwise than what: {said.text[:120]!r}?", "0.3")
            self.do(Said(split.main, said.where), said, into, rule=rule, listed=True)
            return None
        if not split.main.strip(" :"):
            self.opened_other = choice
            return choice
        self._branch(Said(split.main, said.where), said, choice.other, rule=rule, nested=nested)
        if said.text.rstrip().endswith(":"):
            self.opened_other = choice
        return choice

    # What is done

    def do(self, main: Said, said: Said, target: list[Node], *, rule: str, listed: bool) -> None:
        """Read a main clause with what it ends in: `and the process ends`, `and goes back to step 2`."""
        self._actions.changed = None
        text = main.text
        ending, jump, repeat = (
            pattern.search(text)
            for pattern in (self._language.ending, self._language.jump, self._language.repeat)
        )
        until = self._language.until.search(text) if repeat is not None else None
        first = min(
            (match for match in (ending, jump, repeat) if match is not None),
            key=lambda match: match.start(),
            default=None,
        )
        if first is None:
            self._actions.act(main, said, target, rule=rule, listed=listed)
            return
        head = _TAIL_START.sub("", text[: first.start()])
        if len(head.split()) > 2:
            self._actions.act(Said(head, main.where), said, target, rule=rule, listed=listed)
        if first is ending:
            target.append(
                End(name=self._language.said["end"], source=source_of(said.where, said.text, "0.85", "end"))
            )
            return
        groups = first.groupdict()
        mark = groups.get("step") or groups.get("step2") or ""
        self._jump(mark, until.groupdict().get("condition", "") if until is not None else "", said, target)

    def _jump(self, mark: str, until: str, said: Said, target: list[Node]) -> None:
        source = source_of(said.where, said.text, "0.8", "jump")
        previous = _last_step(target)
        if not mark and previous is not None and until:
            previous.until = condition_of(until, self._language.name)
            self._actions.changed = previous
            return
        if not mark:
            self._nothing(said, "a repetition of what is not clear")
            return
        jump = Jump(mark=mark, source=source)
        if until:
            condition = condition_of(until, self._language.name)
            opposite = Condition(
                text=condition.text, feel=condition.negated(), variable=condition.variable, type=condition.type,
                confidence=condition.confidence, rule="until", unit=condition.unit,
            )  # fmt: skip
            target.append(Choice(condition=opposite, source=source, then=[jump]))
        else:
            target.append(jump)

    def _put_beside(self, target: list[Node], into: list[Node], said: Said) -> Node | None:
        """Put what was read beside the node before it."""
        last = into[-1] if into else None
        if last is None or isinstance(last, End | Jump):
            into.extend(target)
            return target[0]
        if isinstance(last, Choice) and any(isinstance(node, End | Jump) for node in all_in([last])):
            into.extend(target)
            self._desk.doubt(
                said.where, f"Beside what is this done: {said.text[:120]!r}? It is drafted behind it.", "0.4"
            )
            return target[0]
        if isinstance(last, Beside) and last.source.rule == "beside":
            last.branches.append(target)
            return target[0]
        into[-1] = Beside(
            source=source_of(said.where, said.text, "0.75", "beside"), branches=[[last], target]
        )
        return target[0]


def _last_step(nodes: list[Node]) -> Step | None:
    last = nodes[-1] if nodes else None
    if isinstance(last, Step):
        return last
    if isinstance(last, Beside) and last.branches and last.branches[-1]:
        return _last_step(last.branches[-1])
    return None


_ELSE = re.compile(
    r"[;,.]\s+(?:otherwise|else|andernfalls|ansonsten|sonst|anderenfalls)\b,?\s*", re.IGNORECASE
)


def _at_else(text: str) -> tuple[str, str, str]:
    match = _ELSE.search(text)
    return (text, "", "") if match is None else (text[: match.start()], match[0], text[match.end() :])
