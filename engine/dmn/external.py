"""The external functions that models may name: pure equivalents of Java methods, and nothing else.

A DMN model may bind a function to a Java class (DMN 1.5, 10.3.2.13.3). There is no Java here and no reflection: this
table is all there is. Whatever it lacks makes the function null with a warning.
"""

import math
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from flowmaster.engine.feel.evaluation import Fault
from flowmaster.engine.feel.numbers import DECIMAL, EXACT, is_number, read_number, tidy

Method = Callable[[Sequence[object]], object]

_TEXT = "java.lang.String"
_SIZES = {"byte": 8, "short": 16, "int": 32, "long": 64}
_BOXES = {
    "java.lang.Byte": "byte",
    "java.lang.Short": "short",
    "java.lang.Integer": "int",
    "java.lang.Long": "long",
    "java.lang.Float": "float",
    "java.lang.Double": "double",
    "java.math.BigDecimal": "decimal",
    "java.math.BigInteger": "integer",
}
_SIGNATURE = re.compile(r"\s*([A-Za-z_]\w*)\s*\(([^()]*)\)\s*")


def java_method(mapping: object) -> Method | None:
    """Return the equivalent of a Java method for `{java: {class: ..., method signature: ...}}`, or None."""
    target = mapping.get("java") if isinstance(mapping, Mapping) else None
    if not isinstance(target, Mapping):
        return None
    match = _SIGNATURE.fullmatch(str(target.get("method signature", "")))
    if not match:
        return None
    kinds = [kind.strip() for kind in match[2].split(",") if kind.strip()]
    return find(str(target.get("class", "")), match[1], kinds)


def find(owner: str, method: str, kinds: Sequence[str]) -> Method | None:
    """Return the equivalent of a static Java method by its class, name and parameter types."""
    converters = [_converter(kind) for kind in kinds]
    if any(converter is None for converter in converters):
        return None
    call = _lookup(owner, method, list(kinds))
    if call is None:
        return None

    def run(arguments: Sequence[object]) -> object:
        if kinds and kinds[-1] in ("[Ljava.lang.Object;", "java.lang.Object..."):
            head = len(kinds) - 1
            values = [_convert(converters[index], arguments[index]) for index in range(head)]
            return call(*values, list(arguments[head:]))
        if len(arguments) != len(kinds):
            raise Fault(f"`{method}` takes {len(kinds)} arguments")
        return call(*(_convert(c, argument) for c, argument in zip(converters, arguments, strict=True)))

    return run


def _convert(converter: Callable[[object], object] | None, value: object) -> object:
    assert converter is not None
    return converter(value)


def _converter(kind: str) -> Callable[[object], object] | None:
    kind = _BOXES.get(kind, kind)
    if kind in _SIZES:
        size = _SIZES[kind]
        return lambda value: _whole(value, size)
    if kind in ("float", "double"):
        return _real if kind == "double" else _single
    if kind == _TEXT:
        return _text
    if kind == "char":
        return _char
    if kind == "boolean":
        return _boolean
    if kind in ("java.lang.Object", "[Ljava.lang.Object;", "java.lang.Object..."):
        return lambda value: value
    return None


def _number(value: object) -> int | Decimal:
    if not is_number(value):
        raise Fault("the argument must be a number")
    assert isinstance(value, (int, Decimal))
    return value


def _whole(value: object, size: int) -> int:
    number = _number(value)
    if number != int(number) or not -(2 ** (size - 1)) <= number < 2 ** (size - 1):
        raise Fault(f"the argument must be a whole number of {size} bits")
    return int(number)


def _real(value: object) -> float:
    return float(_number(value))


def _single(value: object) -> float:
    return _single_of(str(_number(value)))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Fault("the argument must be a text")
    return value


def _char(value: object) -> str:
    if not isinstance(value, str) or len(value) != 1:
        raise Fault("the argument must be one character")
    return value


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise Fault("the argument must be a boolean")
    return value


def _from_float(value: float, digits: int = 17) -> object:
    if not math.isfinite(value):
        raise Fault("there is no finite result")
    if digits == 9:
        texts = (f"{value:.{precision}g}" for precision in range(1, 10))
        return tidy(DECIMAL.create_decimal(next(text for text in texts if _single_of(text) == value)))
    return tidy(DECIMAL.create_decimal(repr(value)))


def _single_of(text: str) -> float:
    return float(struct.unpack("f", struct.pack("f", float(text)))[0])


def _math(call: Callable[..., float]) -> Callable[..., object]:
    def run(*arguments: float) -> object:
        try:
            return _from_float(call(*arguments))
        except (ValueError, OverflowError, ZeroDivisionError):
            raise Fault("there is no finite result") from None

    return run


_MATH: dict[str, tuple[int, Callable[..., float]]] = {
    "cos": (1, math.cos),
    "sin": (1, math.sin),
    "tan": (1, math.tan),
    "acos": (1, math.acos),
    "asin": (1, math.asin),
    "atan": (1, math.atan),
    "atan2": (2, math.atan2),
    "exp": (1, math.exp),
    "log": (1, math.log),
    "log10": (1, math.log10),
    "sqrt": (1, math.sqrt),
    "cbrt": (1, lambda x: math.copysign(abs(x) ** (1 / 3), x)),
    "pow": (2, math.pow),
    "hypot": (2, math.hypot),
    "floor": (1, math.floor),
    "ceil": (1, math.ceil),
    "toRadians": (1, math.radians),
    "toDegrees": (1, math.degrees),
}
_EXTREMES: dict[str, Callable[..., int | float]] = {"max": max, "min": min, "abs": abs}


def available() -> list[str]:
    """Return the Java methods that have equivalents, as people write them."""
    found = [f"java.lang.Math.{name}({', '.join(['double'] * count)})" for name, (count, _) in _MATH.items()]
    for name in _EXTREMES:
        kinds = "one of int, long, float, double" if name == "abs" else "two of int, long, float, double"
        found.append(f"java.lang.Math.{name}({kinds})")
    found += ["java.lang.String.valueOf(char, int, long or boolean)"]
    found += ["java.lang.String.format(java.lang.String, java.lang.Object...)"]
    for owner, kind in _BOXES.items():
        found.append(
            f"{owner}.valueOf(java.lang.String{'' if owner.startswith('java.math') else f' or {kind}'})"
        )
    return sorted(found)


def _lookup(owner: str, method: str, kinds: list[str]) -> Callable[..., object] | None:
    if owner == "java.lang.Math":
        return _lookup_math(method, kinds)
    if owner == _TEXT:
        return _lookup_text(method, kinds)
    box = _BOXES.get(owner)
    if box is not None and (method, len(kinds)) in (
        ("valueOf", 1),
        (f"parse{box.title()}", 1),
        ("parseInt", 1),
    ):
        return _parsed(box) if kinds == [_TEXT] else _boxed(box) if kinds == [box] else None
    return None


def _lookup_math(method: str, kinds: list[str]) -> Callable[..., object] | None:
    numeric = {"int", "long", "float", "double"}
    if method in _EXTREMES and len(set(kinds)) == 1 and kinds[0] in numeric:
        if len(kinds) != (1 if method == "abs" else 2):
            return None
        extreme, kind = _EXTREMES[method], kinds[0]
        if kind in ("int", "long"):
            return extreme
        return lambda *values: _from_float(extreme(*values), 9 if kind == "float" else 17)
    found = _MATH.get(method)
    if found is not None and kinds == ["double"] * found[0]:
        return _math(found[1])
    return None


def _lookup_text(method: str, kinds: list[str]) -> Callable[..., object] | None:
    if method == "valueOf" and len(kinds) == 1 and kinds[0] in ("char", "int", "long", "boolean"):
        return lambda value: ("true" if value else "false") if isinstance(value, bool) else str(value)
    if method == "format" and kinds[:1] == [_TEXT] and len(kinds) == 2:
        return _format
    return None


def _boxed(box: str) -> Callable[..., object]:
    return (lambda value: _from_float(value)) if box in ("float", "double") else (lambda value: value)


def _parsed(box: str) -> Callable[..., object]:
    def parse(text: str) -> object:
        number = read_number(text.strip()) if text.strip().lstrip("+-")[:1].isdigit() else None
        if number is None:
            raise Fault(f"{text[:40]!r} is no number")
        return _whole(number, _SIZES[box]) if box in _SIZES else number

    return parse


_DIRECTIVE = re.compile(r"%(?:([sdn%])|\.([0-9]{1,2})f)")


def _format(pattern: str, arguments: list[object]) -> object:
    """Format by `%s`, `%d`, `%.2f`, `%n` and `%%`; other directives are refused."""
    if len(arguments) == 1 and isinstance(arguments[0], list):
        arguments = arguments[0]
    position = 0
    result: list[str] = []
    values = iter(arguments)
    for match in _DIRECTIVE.finditer(pattern):
        result.append(pattern[position : match.start()])
        position = match.end()
        result.append(_directive(match, values))
    result.append(pattern[position:])
    if "%" in "".join(result[::2]):
        raise Fault("the format has a directive that is not available")
    return "".join(result)


def _directive(match: "re.Match[str]", values: object) -> str:
    if match[1] in ("%", "n"):
        return "%" if match[1] == "%" else "\n"
    value = next(values, None)  # type: ignore[call-overload]  # An iterator over the arguments.
    if match[1] == "s":
        from flowmaster.engine.feel.convert import show

        return show(value, inside=False)
    if match[1] == "d":
        return str(_whole(value, 64))
    return format(EXACT.quantize(_number(value), Decimal(1).scaleb(-int(match[2]), EXACT)), "f")
