"""The activities of random models: tasks, sub-processes, transactions, boxes of tools, and calls of other processes."""

from abc import abstractmethod
from dataclasses import replace
from random import Random

from tests.peers.drawing_events import BORDERS, LIKELY, SIGNALS, Ends, EventArtist, Place
from tests.peers.sheets import Part, Sheet, Trigger, Turns

TASKS = (
    "userTask", "userTask", "userTask", "scriptTask", "manualTask", "task", "serviceTask", "businessRuleTask",
)  # fmt: skip
ANY = "any"
"""The code of errors that are caught without a code."""
SHARED = "shared"
"""The code that several activities catch."""


class ScopeArtist(EventArtist):
    """Draws activities."""

    def __init__(self, dice: Random, *, bent: bool, counts: bool) -> None:
        super().__init__(dice, bent=bent, counts=counts)
        self.called: dict[str, Sheet] = {}
        self._quiet: list[str] = []
        """The called processes that throw nothing at their callers, so that any activity may call them."""

    @abstractmethod
    def sheet(self, place: Place, *, start: Part | None = None) -> Sheet:
        """Draw a scope from its start to its end."""

    def activity(self, sheet: Sheet, place: Place) -> Ends:
        """Draw a task, with what comes before it and stands on its border."""
        dice = self._dice
        kind = dice.choice(TASKS)
        part = Part(kind)
        before: list[str] = []
        if kind in ("userTask", "scriptTask", "serviceTask") and dice.random() < 0.2:
            before = self._turns(sheet, part, place)
        if kind == "scriptTask":
            part.script = self._script(part, place)
        elif kind == "userTask" and place.data and part.turns is None and dice.random() < 0.7:
            part.asks, part.writes = [place.data], place.data
        elif kind == "businessRuleTask":
            part.rule = (f"d{self._count}", f"r{self._count}")
            before = [self.person(sheet, part.rule[0])]
        host = self.put(sheet, part)
        sheet.tie(*before, host)
        if kind not in ("userTask", "serviceTask"):
            return (*before, host)[0], host
        first, after = self._failing(sheet, host, place)
        return (*before, first)[0], after

    def _script(self, part: Part, place: Place) -> tuple[str, str]:
        """Draw a variable and its value, which may be read off a data object or an item."""
        turns, name = part.turns, f"s{self._count}"
        if turns is not None:
            return (turns.gives, f"{turns.item} + 1") if turns.over else (name, "1")
        if place.data and self._dice.random() < 0.5:
            part.reads = place.data
            return name, f"{place.data} + 1"
        return name, str(self._dice.randint(0, 9))

    def _failing(self, sheet: Sheet, host: str, place: Place) -> Ends:
        """Let work end in an error at times, which its border catches or something around."""
        part, dice = sheet.parts[host], self._dice
        if part.kind != "serviceTask" or part.turns is not None or dice.random() < 0.5:
            return self.bordered(sheet, host, place, BORDERS)
        if place.errors and dice.random() < 0.5:
            part.fails = dice.choice(place.errors)
            return host, host
        part.fails = f"e{self._count}"
        caught = self.border(sheet, host, (self._catcher("error", part.fails),), interrupting=True)
        return host, self.go_on(sheet, host, [caught])

    def _catcher(self, kind: str, code: str) -> Trigger:
        """Draw a catcher of one code or, for the code that says so, of all."""
        return Trigger(kind, "" if code == ANY else code)

    def _turns(self, sheet: Sheet, part: Part, place: Place) -> list[str]:
        """Let a task run several times; return what has to come right before it."""
        dice = self._dice
        order, number = dice.choice(["parallel", "sequential", "loop"]), dice.randint(1, 3)
        part.turns = Turns(order, number)
        key = self._count
        if part.kind == "scriptTask":
            if order == "loop" or place.again or self._bent or dice.random() < 0.5:
                return []
            part.turns = Turns(order, over=f"c{key}", into=f"l{key}")
            items = str(dice.sample(range(9), number))
            return [self.put(sheet, Part("scriptTask", script=(f"c{key}", items)))]
        if dice.random() < 0.5:
            return []
        before = order == "loop" and dice.random() < 0.5
        part.turns = Turns(order, number + 1, until=f"u{key}", before=before)
        part.asks = [f"u{key}"]
        return [self.person(sheet, f"u{key}")] if before else []

    def sub(self, sheet: Sheet, place: Place) -> Ends:
        """Draw a sub-process."""
        return self._scope(sheet, place, Part("subProcess"))

    def transaction(self, sheet: Sheet, place: Place) -> Ends:
        """Draw a transaction, with an event on its border for when it is cancelled."""
        return self._scope(sheet, place, Part("transaction"))

    def call(self, sheet: Sheet, place: Place) -> Ends:
        """Draw a call of another process."""
        return self._scope(sheet, place, Part("callActivity"))

    def _scope(self, sheet: Sheet, place: Place, part: Part) -> Ends:
        """Draw an activity with a scope of its own; its border catches some of what is thrown inside.

        An error is always caught somewhere around, for nothing is laid down about one that is not: BPMN 2.0.2, table
        10.88. What runs several times throws nothing that would interrupt it.
        """
        dice, number = self._dice, self._count
        if part.kind != "transaction" and dice.random() < 0.25:
            part.turns = Turns(dice.choice(["parallel", "sequential", "loop"]), dice.randint(1, 2))
        errors = [dice.choice([f"e{number}", f"e{number}", SHARED, ANY])] * (
            part.turns is None and dice.random() < 0.4
        )
        escalations = [dice.choice([f"x{number}", f"x{number}", SHARED])] * (dice.random() < 0.4)
        inner = Place(
            place.depth,
            (*place.errors, *errors) if part.turns is None else (),
            (*place.escalations, *escalations) if part.turns is None else tuple(escalations),
            again=place.again or part.turns is not None or part.kind == "callActivity",
            beside=(place.beside or part.turns is not None) and part.kind != "callActivity",
            cancels=part.kind == "transaction",
        )
        if part.kind == "callActivity":
            quiet = not errors and not escalations and bool(self._quiet) and dice.random() < 0.5
            part.called = dice.choice(self._quiet) if quiet else self._called(inner)
        else:
            part.inside = self.sheet(inner)
        key = self.put(sheet, part)
        borders = [
            self.border(sheet, key, (self._catcher("error", code),), interrupting=True) for code in errors
        ]
        borders += [self.border(sheet, key, (self._catcher("escalation", code),)) for code in escalations]
        if part.kind == "transaction":
            borders.append(self.border(sheet, key, (Trigger("cancel"),), interrupting=True))
        if not borders:
            return self.bordered(sheet, key, place, BORDERS)
        return key, self.go_on(sheet, key, borders)

    def _called(self, place: Place) -> str:
        drawn = self.sheet(place)
        self._count += 1
        name = f"p{self._count}"
        self.called[name] = drawn
        if not place.errors and not place.escalations:
            self._quiet.append(name)
        return name

    def box(self, sheet: Sheet, place: Place) -> Ends:
        """Draw an ad-hoc sub-process: work in any order, until an answer says that it is enough.

        It holds a data object, without which SpiffWorkflow breaks off. Where several stand side by side, each piece of
        work answers right before it is looked whether that is enough: FlowMaster has one variable for all of them.
        """
        dice = self._dice
        enough, inside = f"u{self._count}", Sheet(data=[f"o{self._count}"])
        for _ in range(dice.randint(2, 3)):
            if dice.random() < LIKELY and not place.beside:
                self.put(
                    inside,
                    Part(
                        "subProcess",
                        inside=self.sheet(replace(place, errors=(), escalations=(), cancels=False)),
                    ),
                )
            else:
                self.person(inside, enough)
        before = self.put(sheet, Part("scriptTask", script=(enough, "0")))
        part = Part("adHocSubProcess", inside=inside, until=enough, cancels_rest=dice.random() < 0.5)
        key = self.put(sheet, part)
        sheet.tie(before, key)
        return before, self.bordered(sheet, key, place, BORDERS)[1]

    def handler(self, sheet: Sheet) -> None:
        """Draw an event sub-process that a message or signal begins beside all else."""
        kind = self._dice.choice(["message", "signal"])
        name = f"m{self._count}" if kind == "message" else self._dice.choice(SIGNALS)
        start = Part("startEvent", (Trigger(kind, name),), interrupting=False)
        inside = self.sheet(Place(1, again=True, beside=True), start=start)
        self.put(sheet, Part("subProcess", inside=inside, triggered=True))
