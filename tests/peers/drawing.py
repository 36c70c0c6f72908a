"""Random models that two engines read alike: blocks that are well nested, and then some flows bent.

A model is drawn once and written in the dialect of each engine, with the same ids: the two differ in how they write
expressions and scripts, and in nothing else. Each way out of a gateway hangs on answers that a person gives right
before it (`ask`), so that both engines come there with the same data. A seed always draws the same model.

What BPMN allows and SpiffWorkflow 3.2 does not run, or runs otherwise, is not drawn here; `test_differences.py` shows
each of these with its clause: several flows out of an activity and conditions on them, complex gateways, compensation,
links, ends that broadcast signals, errors that nothing catches or that two borders of one activity catch, events that
interrupt a sub-process or called process that runs several times. Event sub-processes are begun by messages and
signals alone, stand in the process itself and do not interrupt. Conditions hang on a data object of their own scope that
a person there sets, and stand in the flow and on borders. Ad-hoc sub-processes hold a data object, and no flows.

Some shapes break SpiffWorkflow off, and are left out for that: a list that a multi-instance task gives where the task may
come again (it wants the list to be empty), and a data object that is read two scopes further in (its parser goes round
without end).
"""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from tests.peers.drawing_events import Ends, Place
from tests.peers.drawing_scopes import ScopeArtist
from tests.peers.sheets import SPLITS, Model, Part, Sheet, Trigger

DEPTH_MAX = 2
BLOCKS_MAX, BLOCKS_BENT_MAX = 3, 2
BENDS_MAX = 3


def draw(seed: int, *, bent: bool) -> Model:
    """Draw the model of a seed.

    Loops of bent models do not count: a jump past the start of the count would leave a condition over a variable that
    is not there, which is false in FEEL and a fault in Python; BPMN 2.0.2, 8.4.6, leaves it to the language. Nor do
    they where events bring data along: SpiffWorkflow puts all data of the thrower into the token that catches.
    """
    dice = Random(f"{seed} {bent}")
    artist = Artist(dice, bent=bent, counts=not bent and dice.random() < 0.3)
    model = artist.model()
    if bent:
        sheets = [sheet for sheet in model.sheets() if sheet.flows]
        for _ in range(dice.randint(1, BENDS_MAX)):
            artist.bend(dice.choice(sheets))
    artist.address(model)
    return model


class Artist(ScopeArtist):
    """Draws one model."""

    def model(self) -> Model:
        """Draw a process and all that it calls."""
        main = self.sheet(Place())
        if not self._counts and self._dice.random() < 0.2:
            self.handler(main)
        return Model(main, self.called)

    def sheet(self, place: Place, *, start: Part | None = None) -> Sheet:
        """Draw a scope from its start to its end; a data object of its own is set first of all."""
        sheet = Sheet()
        first, last = self.put(sheet, start or Part("startEvent")), self.last(sheet, place)
        place = replace(place, data="")
        if self._dice.random() < 0.4:
            place = replace(place, data=f"o{self._count}")
            sheet.data.append(place.data)
            setting = self.put(sheet, Part("scriptTask", script=(place.data, "0"), writes=place.data))
            sheet.tie(first, setting)
            first = setting
        inner = self._sequence(sheet, place)
        sheet.flow(first, inner[0])
        sheet.flow(inner[1], last)
        return sheet

    def bend(self, sheet: Sheet) -> None:
        """Let a flow jump to another place, by a gateway in each; or change a gateway into another."""
        dice = self._dice
        gateways = [one for one in sheet.parts.items() if one[1].kind in SPLITS]
        if gateways and dice.random() < 0.4:
            self._change(sheet, *dice.choice(gateways))
            return
        places = [
            number
            for number, (source, target, _) in enumerate(sheet.flows)
            if sheet.parts[source].kind != "eventBasedGateway"
            and not (sheet.data and sheet.parts[source].kind == "startEvent")
            and (source, target) not in sheet.tight
        ]
        if len(places) < 2:
            return
        here, there = dice.sample(places, 2)
        merge = self.put(sheet, Part("exclusiveGateway"))
        source, target, when = sheet.flows[there]
        sheet.flows[there] = (source, merge, when)
        sheet.flow(merge, target)
        ask, split = self._choice(sheet, dice.choice(SPLITS[:2]))
        source, target, when = sheet.flows[here]
        sheet.flows[here] = (source, ask, when)
        sheet.flow(split, target)
        self._option(sheet, ask, split, merge)

    def _change(self, sheet: Sheet, key: str, gateway: Part) -> None:
        leaving = [when for source, _, when in sheet.flows if source == key]
        may_choose = len(leaving) < 2 or any(leaving)
        gateway.kind = self._dice.choice(SPLITS) if may_choose else "parallelGateway"

    def address(self, model: Model) -> None:
        """Send some of the messages that nobody gets to one who waits, now that all are drawn.

        A message that an end sends goes to nobody: it is on its way while the token ends, and which of them is first
        is open. Nor does one that comes with a signal.
        """
        waiting = [
            trigger
            for part in model.parts().values()
            if not part.throws
            for trigger in part.triggers
            if trigger.kind == "message"
        ]
        for part in model.parts().values():
            is_alone = part.throws and part.kind != "endEvent" and part.event == "message"
            if is_alone and waiting and self._dice.random() < 0.6:
                part.triggers = (self._dice.choice(waiting),)

    def _sequence(self, sheet: Sheet, place: Place) -> Ends:
        most = BLOCKS_MAX if self._counts else BLOCKS_BENT_MAX
        blocks = [self._block(sheet, place) for _ in range(self._dice.randint(1, most))]
        for before, after in zip(blocks, blocks[1:], strict=False):
            sheet.flow(before[1], after[0])
        return blocks[0][0], blocks[-1][1]

    def _block(self, sheet: Sheet, place: Place) -> Ends:
        draws: list[Callable[[Sheet, Place], Ends]] = [*[self.activity] * 5]
        if not self._counts:
            draws += [self.event] * 3
        if place.depth < DEPTH_MAX:
            draws += [*[self._gateway] * 3, self._loop, self._choice_of_events]
            draws += [self.sub, self.sub, self.call, self.transaction, self.box]
            draws += [self._by_data] * 3 * bool(place.data)
        return self._dice.choice(draws)(sheet, replace(place, depth=place.depth + 1))

    def _choice(self, sheet: Sheet, kind: str) -> Ends:
        """Draw a person's answer and the gateway that hangs on it."""
        split = self.put(sheet, Part(kind))
        ask = self.put(sheet, Part("userTask", asks=[f"d{self._count}"]))
        sheet.parts[ask].asks.clear()
        sheet.tie(ask, split)
        return ask, split

    def _option(self, sheet: Sheet, ask: str, split: str, target: str) -> None:
        """Add a way that is taken if the answer says so."""
        answer = f"{split}_{len(sheet.parts[ask].asks)}"
        sheet.parts[ask].asks.append(answer)
        sheet.flow(split, target, f"{answer} > 0")

    def _gateway(self, sheet: Sheet, place: Place) -> Ends:
        dice = self._dice
        kind = dice.choice(SPLITS)
        if kind == "parallelGateway":
            first = split = self.put(sheet, Part(kind))
        else:
            first, split = self._choice(sheet, kind)
        join = self.put(sheet, Part(kind))
        for number in range(dice.randint(2, 3)):
            inner = self._sequence(sheet, place)
            if number == 0 or kind == "parallelGateway":
                sheet.flow(split, inner[0])
            else:
                self._option(sheet, first, split, inner[0])
            early = number > 0 and dice.random() < 0.15
            sheet.flow(inner[1], self.last(sheet, place) if early else join)
        return first, join

    def _loop(self, sheet: Sheet, place: Place) -> Ends:
        """Draw a part that comes again, by a count or by an answer."""
        merge = self.put(sheet, Part("exclusiveGateway"))
        inner = self._sequence(sheet, replace(place, again=True))
        if not self._counts or place.beside:
            ask, again = self._choice(sheet, "exclusiveGateway")
            sheet.flow(merge, inner[0])
            sheet.flow(inner[1], ask)
            self._option(sheet, ask, again, merge)
            first = merge
        else:
            count = f"n{self._count}"
            first = self.put(sheet, Part("scriptTask", script=(count, "0")))
            more = self.put(sheet, Part("scriptTask", script=(count, f"{count} + 1")))
            again = self.put(sheet, Part("exclusiveGateway"))
            sheet.flow(first, merge)
            sheet.flow(merge, inner[0])
            sheet.flow(inner[1], more)
            sheet.flow(more, again)
            sheet.flow(again, merge, f"{count} < 2")
        after = self.put(sheet, Part("task"))
        sheet.flow(again, after)
        return first, after

    def _by_data(self, sheet: Sheet, place: Place) -> Ends:
        """Draw a person who sets the data object of the scope, and something beside that waits for it."""
        split, join = self.put(sheet, Part("parallelGateway")), self.put(sheet, Part("parallelGateway"))
        writer = self.put(sheet, Part("userTask", asks=[place.data], writes=place.data))
        sheet.flow(split, writer)
        sheet.flow(writer, join)
        if self._dice.random() < 0.5:
            first = after = self.catch(sheet, "conditional", place)
        else:
            inner = replace(place, errors=(), escalations=(), cancels=False)
            if self._dice.random() < 0.5:
                first = self.person(sheet)
            else:
                first = self.put(sheet, Part("subProcess", inside=self.sheet(inner)))
            border = self.border(sheet, first, (Trigger("conditional", place.data),))
            after = self.go_on(sheet, first, [border])
        sheet.flow(split, first)
        sheet.flow(after, join)
        return split, join

    def _choice_of_events(self, sheet: Sheet, place: Place) -> Ends:
        gateway = self.put(sheet, Part("eventBasedGateway"))
        merge = self.put(sheet, Part("exclusiveGateway"))
        pairs = [("timer", "message"), ("message", "message")]
        for event in self._dice.choice(pairs if self._counts else [*pairs, ("signal", "message")]):
            key = self.catch(sheet, event, place)
            sheet.flow(gateway, key)
            sheet.flow(key, merge)
        return gateway, merge
