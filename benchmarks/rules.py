"""Evaluations per second of a decision table, 50 rules by 4 inputs, beside its peers where they are installed.

Run `python benchmarks/rules.py`; the answers are checked against a plain Python reference before anything is timed.
Times are those of the processor, so that a busy machine changes little.
"""

import importlib
import json
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from flowmaster.engine.dmn.compact import table_to_dmn
from flowmaster.engine.dmn.reader import read_dmn
from flowmaster.engine.feel.expression import compile_expression

SECONDS = 2.0
ROUNDS = 5
COUNTRIES = ("DE", "FR", "US", "JP", "IN")
GRADES = ("gold", "silver", "bronze")


def table(rules: int, hit: str = "FIRST") -> dict[str, object]:
    """Return a table whose rules cut the amount into steps, for some countries and grades each."""
    rows: list[list[str]] = []
    for number in range(rules - 1):
        low = number * 100
        countries = ", ".join(f'"{COUNTRIES[(number + step) % 5]}"' for step in range(2))
        age = ">= 18" if number % 3 else "-"
        rows.append(
            [f"[{low}..{low + 250})", countries, age, f'not("{GRADES[number % 3]}")', f'"rule {number + 1}"']
        )
    rows.append(["-", "-", "-", "-", '"none"'])
    return {
        "decision": "bench",
        "hit": hit,
        "inputs": [
            {"name": "amount", "type": "number"},
            {"name": "country", "type": "string"},
            {"name": "age", "type": "number"},
            {"name": "grade", "type": "string"},
        ],
        "outputs": [{"name": "result", "type": "string"}],
        "rules": rows,
    }


def reference(rules: int, case: Mapping[str, object]) -> str:
    """Answer as the table should, written by hand."""
    amount, age = case["amount"], case["age"]
    assert isinstance(amount, (int, Decimal))
    assert isinstance(age, int)
    for number in range(rules - 1):
        low = number * 100
        countries = {COUNTRIES[(number + step) % 5] for step in range(2)}
        adult = age >= 18 or number % 3 == 0
        if (
            low <= amount < low + 250
            and case["country"] in countries
            and adult
            and case["grade"] != GRADES[number % 3]
        ):
            return f"rule {number + 1}"
    return "none"


def cases(rules: int) -> list[dict[str, object]]:
    """Return 1,000 varied inputs, some of them with decimals."""
    found: list[dict[str, object]] = []
    for number in range(1000):
        amount: int | Decimal = number * 7919 % (rules * 110)
        if number % 4 == 0:
            amount = Decimal(amount) + Decimal("0.25")
        found.append(
            {
                "amount": amount,
                "country": COUNTRIES[number % 5],
                "age": number * 31 % 80,
                "grade": GRADES[number * 17 % 3],
            }
        )
    return found


def rate(evaluate: Callable[[dict[str, object]], object], inputs: list[dict[str, object]]) -> float:
    """Return evaluations per second of one core, in the best of several rounds: machines are shared."""
    return max(_round(evaluate, inputs) for _ in range(ROUNDS))


def _round(evaluate: Callable[[dict[str, object]], object], inputs: list[dict[str, object]]) -> float:
    done, start = 0, time.process_time()
    while (spent := time.process_time() - start) < SECONDS / ROUNDS:
        for case in inputs:
            evaluate(case)
        done += len(inputs)
    return done / spent


def main() -> None:
    """Measure and print."""
    rules = 50
    model = read_dmn(table_to_dmn(table(rules)))  # type: ignore[arg-type]  # A table is JSON.
    decision = model.compile().decision("bench")
    inputs = cases(rules)
    wrong = [case for case in inputs if decision.evaluate(case).value != reference(rules, case)]
    print(f"checked {len(inputs)} answers against the reference: {len(wrong)} wrong")
    own = rate(decision.evaluate, inputs)
    print(f"{own:12,.0f} /s  table 50 x 4 FIRST, with matched rules")
    for name, make, plain in (("zen-engine", _zen, True), ("SpiffWorkflow", _spiff, False)):
        try:
            ask = make(rules)
        except ImportError:
            print(f"{name} is not installed")
            continue
        given = [_floats(case) for case in inputs] if plain else inputs
        answers = [ask(case) for case in given[:200]]
        faults = sum(answer != reference(rules, case) for answer, case in zip(answers, inputs, strict=False))
        peer = rate(ask, given)
        print(
            f"{peer:12,.0f} /s  {name}, the same table ({faults} of 200 wrong): {own / peer:,.0f} times slower"
        )
    large = table_to_dmn(table(1000))  # type: ignore[arg-type]  # The same.
    spent = min(_milliseconds(lambda: read_dmn(large).compile()) for _ in range(3))
    print(f"{spent:12,.0f} ms  reading and compiling a table of 1,000 rules")
    compiled = read_dmn(large).compile().decision("bench")
    print(f"{rate(compiled.evaluate, cases(1000)):12,.0f} /s  table 1,000 x 4 FIRST")
    condition = compile_expression('amount > 1000 and country in ("DE","FR")')
    print(f"{1e6 / rate(condition.value, inputs):12.2f} us  condition of a gateway")


def _milliseconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


def _floats(case: Mapping[str, object]) -> dict[str, object]:
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in case.items()}


def _zen(rules: int) -> Callable[[dict[str, object]], object]:
    """Return how zen-engine answers the table."""
    zen: Any = importlib.import_module("zen")
    rows = []
    made: Any = table(rules)["rules"]
    for number, row in enumerate(made):
        low = number * 100
        last = number == rules - 1
        rows.append(
            {
                "_id": str(number),
                "a": "" if last else f"[{low}..{low + 250})",
                "c": "" if last else row[1],
                "g": "" if row[2] == "-" else row[2],
                "d": "" if last else f'not in ["{GRADES[number % 3]}"]',
                "r": row[4],
            }
        )
    columns = [("a", "amount"), ("c", "country"), ("g", "age"), ("d", "grade")]
    content = {
        "hitPolicy": "first",
        "inputs": [{"id": key, "name": name, "field": name} for key, name in columns],
        "outputs": [{"id": "r", "name": "result", "field": "result"}],
        "rules": rows,
    }
    nodes = [
        {"id": "1", "type": "inputNode", "name": "in"},
        {"id": "2", "type": "decisionTableNode", "name": "t", "content": content},
        {"id": "3", "type": "outputNode", "name": "out"},
    ]
    edges = [
        {"id": "e1", "type": "edge", "sourceId": "1", "targetId": "2"},
        {"id": "e2", "type": "edge", "sourceId": "2", "targetId": "3"},
    ]
    decision = zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))
    return lambda case: decision.evaluate(case)["result"].get("result")


def _spiff(rules: int) -> Callable[[dict[str, object]], object]:
    """Return how SpiffWorkflow answers the table, whose cells it wants in Python."""
    engine: Any = importlib.import_module("SpiffWorkflow.dmn.engine.DMNEngine")
    spec: Any = importlib.import_module("SpiffWorkflow.dmn.specs.model")
    script: Any = importlib.import_module("SpiffWorkflow.bpmn.script_engine")
    made = spec.DecisionTable("t", "bench", "UNIQUE")
    made.inputs = [spec.Input(name, name, name, name, "") for name in ("amount", "country", "age", "grade")]
    made.outputs = [spec.Output("result", "result", "result", "")]
    for number in range(rules):
        low, last = number * 100, number == rules - 1
        countries = tuple(COUNTRIES[(number + step) % 5] for step in range(2))
        tests = [
            None if last else f"{low} <= ? < {low + 250}",
            None if last else f"? in {countries!r}",
            None if last or number % 3 == 0 else "? >= 18",
            None if last else f"? != {GRADES[number % 3]!r}",
        ]
        rule = spec.Rule(f"r{number}")
        for column, test in zip(made.inputs, tests, strict=True):
            entry = spec.InputEntry(f"{rule.id}{column.id}", column)
            entry.lhs.append(test)
            rule.inputEntries.append(entry)
        output = spec.OutputEntry(f"{rule.id}o", made.outputs[0])
        output.text = '"none"' if last else f'"rule {number + 1}"'
        rule.outputEntries.append(output)
        made.rules.append(rule)
    asked = engine.DMNEngine(made)
    workflow = SimpleNamespace(script_engine=script.PythonScriptEngine())
    return lambda case: asked.result(SimpleNamespace(data=dict(case), workflow=workflow))["result"]


if __name__ == "__main__":
    main()
