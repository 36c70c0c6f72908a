"""Random processes as outlines with tables, whose branches hang on data, answers, services, rules, times and events."""

from random import Random
from typing import Any

from flowmaster.engine.values import Json

HEAD: dict[str, Any] = {
    "data": {
        "amount": "number > 0",
        "count_of": "integer 1..50",
        "level": "low|middle|high",
        "urgent": "boolean",
        "customer": {"name": "text", "age": "integer 0..120", "limit?": "number >= 0"},
        "lines": [{"sku": "text", "price": "number >= 0", "quantity": "integer > 0"}],
        "requester": "person",
    },
    "start": {"needs": ["amount", "count_of", "level", "urgent", "customer", "lines", "requester"]},
    "roles": ["clerk", "boss"],
}
CONDITIONS = (
    "amount > {n}",
    "amount * 2 <= {n}",
    "count_of >= {small}",
    "amount + count_of > {n}",
    'level = "high"',
    'level in ("low", "middle")',
    "urgent",
    "not(urgent) and amount < {n}",
    "customer.age between 18 and {age}",
    "customer.age < 18 or customer.age >= 65",
    'starts with(customer.name, "{text}")',
    "count(lines) > {few}",
    "sum(lines.price) > {n}",
    "some line in lines satisfies line.price > {n}",
    "every line in lines satisfies line.quantity < {small}",
    'count(lines[sku = "{text}"]) > 0',
    "if urgent then amount > {n} else count_of > {small}",
    "amount in [{few}..{n}]",
    'requester = "{text}"',
    "abs(amount - {n}) < {small}",
    "string length(customer.name) > {small}",
    'contains(lower case(customer.name), "{low}")',
)


class Drawn:
    """One process, drawn from a seed, with the tables that it asks."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.number = 0
        self.rules: list[dict[str, Json]] = []
        steps = [*self.steps(2, [], set()), {"end": "done"}]
        self.outline: dict[str, Any] = {**HEAD, "process": f"drawn-{seed}", "steps": steps}

    def name(self, word: str) -> str:
        """Return a name that was not given before."""
        self.number += 1
        return f"{word} {self.number}"

    def steps(self, depth: int, known: list[str], conditions: set[str]) -> list[Any]:
        """Draw some steps; `known` are conditions over what earlier ones set."""
        found: list[Any] = []
        for _ in range(self.random.randint(2, 4 if depth else 2)):
            found += self.step(depth, known)
        return found

    def condition(self, known: list[str]) -> str:
        """Draw a condition over what is known by then."""
        draw = self.random
        words = {
            "n": draw.choice([10, 99.5, 500, 1000, 10000]),
            "small": draw.randint(2, 12),
            "few": draw.randint(0, 3),
            "age": draw.randint(19, 90),
            "text": draw.choice(["Ann", "X-7", "kim"]),
            "low": draw.choice(["gmbh", "ann"]),
        }
        pool = known if known and draw.random() < 0.6 else CONDITIONS
        one = draw.choice(pool).format(**words)
        return f"{one} and {draw.choice(CONDITIONS).format(**words)}" if draw.random() < 0.15 else one

    def step(self, depth: int, known: list[str]) -> list[Any]:
        """Draw one step or block."""
        kinds = ["ask", "call", "rule", "set", "if", "if", "when", "failing", "late", "loop"]
        kinds += ["choose", "all", "any", "race", "group"] if depth else []
        return getattr(self, f"_{self.random.choice(kinds)}")(depth, known)  # type: ignore[no-any-return]  # by name

    def _inner(self, depth: int, known: list[str]) -> list[Any]:
        return self.steps(max(0, depth - 1), list(known), set())

    def _ask(self, depth: int, known: list[str]) -> list[Any]:
        name, field = self.name("ask"), f"answer_{self.number}"
        kind, tests = self.random.choice(
            [
                ("boolean", [field, f"not({field})"]),
                ("integer 0..9", [f"{field} > {{few}}", f"{field} = 9"]),
                ("yes|no|later", [f'{field} = "later"', f'{field} != "no"']),
            ]
        )
        known += tests
        return [{name: {"ask": "clerk", "form": {field: kind}, "into": field}}]

    def _call(self, depth: int, known: list[str]) -> list[Any]:
        name, field = self.name("call"), f"result_{self.number}"
        known += [f"{field}.score != null and {field}.score >= {{n}}", f'{field}.state = "ok"']
        return [{name: {"call": "some.service", "into": field}}]

    def _rule(self, depth: int, known: list[str]) -> list[Any]:
        name, field, draw = self.name("rule"), f"class_{self.number}", self.random
        low, high = sorted(draw.sample([5, 50, 99.5, 500, 2000], 2))
        self.rules.append(
            {
                "decision": f"table_{self.number}",
                "hit": draw.choice(["UNIQUE", "FIRST"]),
                "inputs": [
                    {"name": "amount", "expression": "amount", "type": "number"},
                    {"name": "level", "expression": "level", "type": "string"},
                ],
                "outputs": [{"name": "grade", "type": "string"}, {"name": "hard", "type": "boolean"}],
                "rules": [
                    [f"< {low}", "-", '"a"', "false"],
                    [f"[{low}..{high}]", '"low","middle"', '"b"', "false"],
                    [f"[{low}..{high}]", '"high"', '"c"', "true"],
                    [f"> {high}", "-", '"d"', "true"],
                ],
            }
        )
        known += [f"{field}.hard", f'{field}.grade = "c"', f'{field}.grade in ("a", "b")']
        return [{name: {"rule": f"table_{self.number}", "into": field}}]

    def _set(self, depth: int, known: list[str]) -> list[Any]:
        name, field, draw = self.name("set"), f"value_{self.number}", self.random
        formula = draw.choice(
            ["amount * 1.19", "amount - count_of", "{total: amount + 10}.total", "sum(lines.price) + amount"]
        )
        known += [f"{field} > {{n}}", f"{field} <= {{small}}"]
        return [{name: {"set": {field: formula}}}]

    def _if(self, depth: int, known: list[str]) -> list[Any]:
        block: dict[str, Any] = {"if": self.condition(known), "then": self._inner(depth, known)}
        ending = self.random.random()
        if ending < 0.3:
            block["then"] = [*block["then"][:1], {"end": self.name("stop")}]
        elif ending < 0.6:
            block["else"] = self._inner(depth, known)
        return [block]

    def _when(self, depth: int, known: list[str]) -> list[Any]:
        return [{self.name("maybe"): {"when": self.condition(known), "ask": "boss"}}]

    def _failing(self, depth: int, known: list[str]) -> list[Any]:
        stop = {"end": self.name("failed")}
        return [{self.name("try"): {"call": "other.service", "on": {"BROKEN": [stop]}}}]

    def _late(self, depth: int, known: list[str]) -> list[Any]:
        hours = self.random.choice([4, 48, 72])
        late = [{self.name("remind"): {"call": "some.service"}}]
        return [{self.name("do"): {"ask": "clerk", "within": f"PT{hours}H", "late": late}}]

    def _loop(self, depth: int, known: list[str]) -> list[Any]:
        name, field = self.name("check"), f"fine_{self.number}"
        again = {"if": f"not({field})", "then": [{self.name("mend"): {"ask": "clerk"}}, {"goto": name}]}
        return [{name: {"ask": "boss", "form": {field: "boolean"}, "into": field}}, again]

    def _choose(self, depth: int, known: list[str]) -> list[Any]:
        ways = [{"if": self.condition(known), "then": self._inner(depth, known)} for _ in range(2)]
        return [{"choose": ways, "else": self._inner(depth, known)}]

    def _any(self, depth: int, known: list[str]) -> list[Any]:
        ways = [{"if": self.condition(known), "then": self._inner(0, known)} for _ in range(2)]
        return [{"any": ways, "else": self._inner(0, known)}]

    def _all(self, depth: int, known: list[str]) -> list[Any]:
        return [{"all": [self._inner(0, known), self._inner(0, known)]}]

    def _race(self, depth: int, known: list[str]) -> list[Any]:
        name = f"news {self.number}"
        paid: list[Any] = [{self.name("hear"): {"wait": {"message": name}, "key": "requester"}}]
        over: list[Any] = [{self.name("rest"): {"wait": "P14D"}}, *self._ask(depth, known)]
        return [{"first": [paid, over]}]

    def _group(self, depth: int, known: list[str]) -> list[Any]:
        late = [{self.name("late"): {"call": "some.service"}}]
        inner = [*self._ask(depth, known), *self._inner(0, known)]
        return [{self.name("group"): {"group": inner, "within": "P3D", "late": late}}]
