"""What one main clause says is done: who does it or which system, by when, after which wait, with which documents."""

import re

from flowmaster.knowledge.procedures.candidates import Choice, Node, Step
from flowmaster.knowledge.procedures.conditions import condition_of
from flowmaster.knowledge.procedures.desk import Desk, source_of
from flowmaster.knowledge.procedures.language import Clause
from flowmaster.knowledge.procedures.names import step_name
from flowmaster.knowledge.procedures.roles import plain_role
from flowmaster.knowledge.procedures.sentences import Said
from flowmaster.knowledge.procedures.times import Times, duration_of, times_in

WEIGHTS: dict[tuple[str, str], str] = {
    ("number", "sure"): "0.92",
    ("number", "guessed"): "0.75",
    ("bullet", "sure"): "0.88",
    ("bullet", "guessed"): "0.65",
    ("heading", "sure"): "0.88",
    ("heading", "guessed"): "0.7",
    ("sentence", "sure"): "0.8",
    ("sentence", "guessed"): "0.55",
    ("late", "sure"): "0.7",
    ("late", "guessed"): "0.5",
    ("row", "sure"): "0.93",
    ("row", "guessed"): "0.9",
}
"""How sure a step is: by the form it was found in, and whether its verb is in the vocabulary."""

_SENDS = frozenset({"send", "email", "e-mail", "mail", "notify", "inform", "senden", "versenden", "verschicken", "schicken",
                    "benachrichtigen", "informieren", "übersenden", "zusenden"})  # fmt: skip
_IN_BRACKETS = re.compile(r"\s*[(\[](?P<role>[^()\[\]]{2,60})[)\]]\s*[.:]?$")
_IN_FRONT = re.compile(
    r"(?:\[(?P<boxed>[^\]]{2,50})\]|(?P<role>[^:,.;()]{2,50}?)\s*[:–—]|(?P<dashed>[^:,.;()]{2,50}?)\s+-)\s+(?=\S)"
)
_NOT_STEPS_WORDS = 3


class Actions:
    """Makes steps of clauses."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._language = desk.language
        self.changed: Step | None = None
        """The earlier step that a clause changed in place of becoming one."""

    def act(self, main: Said, said: Said, target: list[Node], *, rule: str, listed: bool) -> None:
        """Read a clause and append the steps that it says."""
        text, roles = self._with_role(main.text)
        times = times_in(text, self._language.name)
        if self._reminds(times, target, said):
            return
        text, until = self._until(times.text)
        message = self._language.message.match(text)
        if times.wait and len(text.split()) <= _NOT_STEPS_WORDS:
            target.append(self._wait(times.wait, times, said))
            return
        if message is not None and not until:
            target.append(self.step(said, text, rule, "0.6", kind="message"))
            return
        clause = self._desk.clause(text)
        if not self._is_step(clause, text, listed=listed):
            self._desk.leave(said.where, said.text, "no sentence that says what is done")
            return
        for wait in filter(None, (times.wait, times.after)):
            target.append(self._wait(wait, times, said))
        step = self._made(clause, text, said, rule)
        if roles:
            step.roles = roles
            if step.kind == "send":
                step.kind = "ask"
        step.within = times.within
        if until:
            step.until = condition_of(until, self._language.name)
        self.working(times.working, step, said)
        self._notes(step, said.text)
        target.append(step)
        self._desk.last_step = step

    def step(self, said: Said, name: str, rule: str, confidence: str, *, kind: str = "ask") -> Step:
        """Return a step that people do, or a message that is waited for."""
        made = Step(
            kind="message" if kind == "message" else "ask",
            name=step_name(name, self._language.said["step"]),
            source=source_of(said.where, said.text, confidence, rule),
        )
        if made.kind == "ask":
            made.roles = list(self._desk.section_roles)
        return made

    def describe(self, step: Step, said: Said) -> None:
        """Take from a sentence who does a step, by when and with what; the sentence becomes a note of it."""
        text, roles = self._with_role(said.text)
        times = times_in(text, self._language.name)
        clause = self._desk.clause(times.text)
        role = self._desk.role_of(clause)
        if clause.actor_kind == "system":
            step.kind, step.system = "call", clause.actor
        step.roles = step.roles or roles or ([role] if role else [])
        step.within = step.within or times.within
        step.notes.append(said.text)
        self._notes(step, said.text)

    def fill(self, step: Step, kind: str, value: str, said: Said) -> None:
        """Take what stands behind a label, or in a column, for a step."""
        if not value:
            return
        if kind == "role":
            named = self._desk.roles.several(value)
            kinds = {self._language.role_kind(part) for part in (value,)}
            if kinds == {"system"}:
                step.kind, step.system, step.roles = "call", value, []
            elif named:
                step.roles = named
                step.kind = "ask" if step.kind == "send" else step.kind
                self._desk.last_roles = named
        elif kind == "deadline":
            step.within, working = duration_of(value, self._language.name)
            self.working(working, step, said)
            if not step.within:
                step.notes.append(said.text)
        elif kind == "approver":
            named = self._desk.roles.several(value)
            step.escalate = next((role for role in named if role not in step.roles), "")
            step.notes.append(said.text)
        else:
            if kind == "system" and step.kind == "call":
                step.system = value
            step.notes.append(said.text)

    def working(self, is_working: bool, step: Step, said: Said) -> None:
        """Ask for the calendar where a time is working time."""
        if is_working:
            text = f"Which calendar has the working days of {step.name!r}? They are drafted as days of the calendar."
            self._desk.doubt(said.where, text, "0.6")

    def _with_role(self, text: str) -> tuple[str, list[str]]:
        """Take a role out of the brackets behind a sentence, or from in front of it."""
        found = _IN_BRACKETS.search(text)
        if found is not None and all(
            map(self._desk.may_be_role, re.split(r"\s*(?:,|/|;)\s*", found["role"]))
        ):
            return text[: found.start()], self._desk.roles.several(found["role"])
        found = _IN_FRONT.match(text)
        if found is not None:
            role = found["boxed"] or found["role"] or found["dashed"]
            if self._desk.may_be_role(role) and len(text[found.end() :].split()) >= 1:
                return text[found.end() :], self._desk.roles.several(role)
        return text, []

    def _until(self, text: str) -> tuple[str, str]:
        match = self._language.until.search(text)
        if match is None:
            return text, ""
        return f"{text[: match.start()]}{text[match.end() :]}".strip(" ,"), match["condition"]

    def _reminds(self, times: Times, target: list[Node], said: Said) -> bool:
        """Read `after 3 days a reminder is sent` as what it is for the step before."""
        before = [step for step in _tails(target) if step.kind == "ask" and not step.remind]
        if not times.after or not before or not self._language.remind.search(said.text):
            return False
        for step in before:
            step.remind = times.after
            step.notes.append(said.text)
        self.working(times.working, before[0], said)
        self.changed = before[0]
        return True

    def _wait(self, duration: str, times: Times, said: Said) -> Step:
        name = step_name(f"{self._language.said['wait']}: {times.span}", "Wait")
        step = Step(
            kind="wait", name=name, source=source_of(said.where, said.text, "0.85", "wait"), wait=duration
        )
        self.working(times.working, step, said)
        return step

    def _is_step(self, clause: Clause, text: str, *, listed: bool) -> bool:
        if not any(letter.isalpha() for letter in text):
            return False
        if listed:
            return True
        if clause.form == "active":
            return clause.actor_kind in ("role", "system", "same")
        if clause.form == "passive":
            return clause.sure
        return clause.form == "imperative" and clause.sure

    def _made(self, clause: Clause, text: str, said: Said, rule: str) -> Step:
        sure = "sure" if clause.sure else "guessed"
        known = clause.form in ("active", "passive", "imperative", "noun")
        step = Step(
            kind="ask",
            name=step_name(clause.name if known else text, self._language.said["step"]),
            source=source_of(said.where, said.text, WEIGHTS[rule, sure], rule if known else "entry"),
        )
        role = self._desk.role_of(clause)
        if clause.actor_kind == "system" or (self._language.automatic.search(text) and not role):
            step.kind = "call"
            step.system = plain_role(clause.actor) if clause.actor_kind == "system" else "system"
            return step
        if role:
            step.roles = [role]
            self._desk.last_roles = [role]
            return step
        if (
            clause.verb in _SENDS
            and self._language.mail.search(text)
            and clause.form in ("passive", "imperative")
        ) and not self._desk.section_roles:
            step.kind = "send"
            return step
        step.roles = list(self._desk.section_roles)
        return step

    def _notes(self, step: Step, text: str) -> None:
        """Keep the documents and systems that a sentence names."""
        for match in self._language.using.finditer(text):
            used = match["document"] or match["system"]
            if used and used not in step.notes and len(step.notes) < 10:
                step.notes.append(used)


def _tails(nodes: list[Node]) -> list[Step]:
    """Return the steps that stand last: also those at the end of both ways of a choice."""
    last = nodes[-1] if nodes else None
    match last:
        case Step():
            return [last]
        case Choice():
            return [*_tails(last.then), *_tails(last.other)]
        case _:
            return []
