"""The events of random models: what is waited for, what is thrown, and what stands on the borders of activities.

Before each throw, and before an end that ends more than itself, a person works; behind a throw one works, too. How far
other tokens have come by then would else hang on the order in which tokens move, which BPMN 2.0.2 leaves open.
"""

from dataclasses import dataclass
from random import Random

from tests.peers.sheets import NOBODY, Part, Sheet, Trigger

Ends = tuple[str, str]
"""The first and the last element of a block."""
LIKELY = 0.3
SIGNALS = ("go", "stop")
BORDERS = ("timer", "message", "signal", "conditional", "multiple")
_LETTERS = {
    "subProcess": "sub",
    "boundaryEvent": "on",
    "startEvent": "start",
    "endEvent": "end",
    "serviceTask": "job",
    "adHocSubProcess": "box",
}


@dataclass(frozen=True)
class Place:
    """Where a block is drawn: how deep, and what holds there.

    `errors` and `escalations` are the codes that something around catches; `data` is the data object of this very
    scope. A place that comes `again` lies in a loop or in turns, one that comes `beside` itself in turns of its process.
    In one that `cancels` an end may cancel the transaction.
    """

    depth: int = 0
    errors: tuple[str, ...] = ()
    escalations: tuple[str, ...] = ()
    data: str = ""
    again: bool = False
    beside: bool = False
    cancels: bool = False


class EventArtist:
    """Draws events."""

    def __init__(self, dice: Random, *, bent: bool, counts: bool) -> None:
        self._dice = dice
        self._bent = bent
        self._counts = counts
        self._count = 0

    def put(self, sheet: Sheet, part: Part) -> str:
        """Put an element on a sheet under an id of its own; work that is asked nothing gives a value all the same."""
        self._count += 1
        key = f"{_LETTERS.get(part.kind, part.kind[:4])}{self._count}"
        if part.kind in ("userTask", "serviceTask") and not part.asks and part.turns is None:
            part.asks.append(f"v{self._count}")
        sheet.parts[key] = part
        return key

    def person(self, sheet: Sheet, *asks: str) -> str:
        """Draw a person's work."""
        return self.put(sheet, Part("userTask", asks=list(asks)))

    def last(self, sheet: Sheet, place: Place) -> str:
        """Draw an end and return where it begins."""
        dice = self._dice
        triggers: list[Trigger] = [Trigger("terminate"), Trigger("message", NOBODY)]
        triggers += [Trigger("error", code) for code in place.errors[-1:] * 4 + place.errors[:-1]]
        triggers += [Trigger("escalation", code) for code in (*place.escalations, NOBODY)]
        triggers += [Trigger("cancel")] * 5 * place.cancels
        if dice.random() > (0.4 if place.cancels or place.errors else 0.1):
            return self.put(sheet, Part("endEvent"))
        end, work = self.put(sheet, Part("endEvent", (dice.choice(triggers),))), self.person(sheet)
        sheet.tie(work, end)
        return work

    def event(self, sheet: Sheet, place: Place) -> Ends:
        """Draw an event in the flow, or a task for a message."""
        dice = self._dice
        if dice.random() < 0.5:
            return self._throw(sheet, place)
        kind = dice.choice(
            ["timer", "message", "message", "signal", "", "multiple", *["conditional"] * bool(place.data) * 3]
        )
        if not kind:
            key = self.put(sheet, Part("intermediateThrowEvent"))
        elif kind == "message" and dice.random() < LIKELY:
            key = self.put(sheet, Part("receiveTask", self._triggers(kind, place)))
        else:
            key = self.catch(sheet, kind, place)
        return key, key

    def catch(self, sheet: Sheet, kind: str, place: Place) -> str:
        """Draw an event that waits in the flow."""
        part = Part("intermediateCatchEvent", self._triggers(kind, place))
        part.together = kind == "multiple" and self._dice.random() < 0.5
        return self.put(sheet, part)

    def _throw(self, sheet: Sheet, place: Place) -> Ends:
        dice = self._dice
        signal, message = Trigger("signal", dice.choice(SIGNALS)), Trigger("message", NOBODY)
        escalation = Trigger("escalation", dice.choice([*place.escalations * 3, NOBODY]))
        triggers = dice.choice(
            [(signal,), (signal,), (message,), (escalation,), (escalation,), (signal, message)]
        )
        kind = "sendTask" if triggers == (message,) and dice.random() < 0.5 else "intermediateThrowEvent"
        before, after = self.person(sheet), self.person(sheet)
        sheet.tie(before, self.put(sheet, Part(kind, triggers)), after)
        return before, after

    def _triggers(self, kind: str, place: Place) -> tuple[Trigger, ...]:
        """Draw what an event waits for; each message has a name of its own."""
        name = f"m{self._count}"
        match kind:
            case "message":
                return (Trigger(kind, name),)
            case "signal":
                return (Trigger(kind, self._dice.choice(SIGNALS)),)
            case "conditional":
                return (Trigger(kind, place.data),)
            case "multiple":
                other = [
                    Trigger("message", f"{name}_1"),
                    Trigger("timer"),
                    Trigger("signal", self._dice.choice(SIGNALS)),
                ]
                return (Trigger("message", name), self._dice.choice(other))
        return (Trigger(kind),)

    def bordered(self, sheet: Sheet, host: str, place: Place, kinds: tuple[str, ...]) -> Ends:
        """Put events on the border of an activity; what leaves them ends, or goes on behind the activity."""
        dice = self._dice
        if dice.random() > 0.4:
            return host, host
        may = [kind for kind in kinds if kind != "conditional"] + ["conditional"] * 3 * bool(place.data)
        borders: list[str] = []
        for kind in dice.sample(may, min(len(may), dice.randint(1, 2))):
            triggers = self._triggers(kind, place)
            others = [one for key in borders for one in sheet.parts[key].triggers]
            if any(one.kind in ("signal", "conditional") and one in others for one in triggers):
                continue  # Which of two that wait for the same is first is open.
            borders.append(self.border(sheet, host, triggers))
            part = sheet.parts[borders[-1]]
            part.together = kind == "multiple" and part.interrupting and dice.random() < 0.5
        return host, self.go_on(sheet, host, borders)

    def border(
        self, sheet: Sheet, host: str, triggers: tuple[Trigger, ...], *, interrupting: bool | None = None
    ) -> str:
        """Draw one event on the border of an activity.

        What does not run once is not interrupted, for that breaks SpiffWorkflow, save where one task is what runs.
        """
        part = sheet.parts[host]
        if interrupting is None:
            is_scope = part.turns is not None and (part.inside is not None or part.called)
            interrupting = not is_scope and self._dice.random() < 0.6
        return self.put(sheet, Part("boundaryEvent", triggers, host=host, interrupting=interrupting))

    def go_on(self, sheet: Sheet, host: str, borders: list[str]) -> str:
        """Lead on from an activity and the events on its border, and return where that comes together."""
        dice = self._dice
        merge = self.put(sheet, Part("exclusiveGateway"))
        sheet.flow(host, merge)
        for border in borders:
            after = self.put(sheet, Part(dice.choice(["userTask", "task"])))
            sheet.flow(border, after)
            joins = sheet.parts[border].interrupting and dice.random() < 0.6
            sheet.flow(after, merge if joins else self.put(sheet, Part("endEvent")))
        return merge
