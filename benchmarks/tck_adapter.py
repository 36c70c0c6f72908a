"""Speaks the protocol of the DMN TCK runner over the public API of the engine: one JSON request and answer a line."""

import json
import sys
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from flowmaster.engine.dmn.compiled import CompiledModel
from flowmaster.engine.dmn.reader import read_dmn
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel.convert import show
from flowmaster.engine.feel.temporal import Date, DateTime, DayTimeDuration, Time, YearMonthDuration
from flowmaster.engine.feel.temporal_text import read_date, read_date_time, read_duration, read_time
from flowmaster.engine.feel.values import Function, Range

_READERS = {"date": read_date, "time": read_time, "datetime": read_date_time, "duration": read_duration}
_TAGS: dict[type, str] = {
    Date: "date",
    Time: "time",
    DateTime: "datetime",
    DayTimeDuration: "duration",
    YearMonthDuration: "duration",
}


def main() -> None:
    """Answer requests until the input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"ok": True, "value": encode(evaluate(request))}
        except (FlowMasterError, OSError) as error:
            answer = {"ok": False, "error": str(error)}
        print(json.dumps({"id": request["id"], **answer}, ensure_ascii=False), flush=True)


def evaluate(request: Mapping[str, Any]) -> object:
    """Evaluate what a request names."""
    if request["kind"] == "ping":
        return None
    model = compiled(request["model_path"], tuple(request["extra_model_paths"]))
    inputs = {name: decode(value) for name, value in request["inputs"].items()}
    match request["kind"]:
        case "decision":
            return model.decision(request["name"]).evaluate(inputs, decisions=inputs).value
        case "decision_service":
            return model.service(request["name"]).evaluate(inputs).value
        case _:
            return model.knowledge(request["name"]).evaluate(inputs).value


@lru_cache(maxsize=8)
def compiled(path: str, extra: tuple[str, ...]) -> CompiledModel:
    """Compile a model with those it may import."""
    imports = [read_dmn(Path(other).read_bytes()) for other in extra]
    return read_dmn(Path(path).read_bytes()).compile(imports)


def decode(value: Any) -> object:
    """Turn a tagged value into a FEEL value."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    tag, inner = value["t"], value["v"]
    if tag == "context":
        return {name: decode(item) for name, item in inner.items()}
    if tag == "number":
        number = Decimal(inner)
        return int(number) if number == number.to_integral_value() and abs(number) < 10**30 else number
    return _READERS[tag](inner)


def encode(value: object) -> object:
    """Turn a FEEL value into a tagged value."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, Decimal)):
        return {"t": "number", "v": str(value)}
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    if isinstance(value, Mapping):
        return {"t": "context", "v": {str(name): encode(item) for name, item in value.items()}}
    if isinstance(value, Range):
        return {"t": "range", "v": show(value)}
    if isinstance(value, Function):
        return {"t": "function", "v": show(value)}
    return {"t": _TAGS[value.__class__], "v": str(value)}


if __name__ == "__main__":
    main()
