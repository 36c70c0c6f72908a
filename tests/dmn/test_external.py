"""External functions: only the table of pure equivalents exists."""

import pytest

from flowmaster.engine.dmn.external import available
from tests.dmn.models import answer, literal


def call(owner: str, signature: str, arguments: str) -> object:
    count = arguments.count(",") + 1 if arguments else 0
    names = ", ".join(f"p{number}" for number in range(count))
    java = f'{{java: {{class: "{owner}", method signature: "{signature}"}}}}'
    return answer(literal(f"{{f: function({names}) external {java}, r: f({arguments})}}.r"))


MATH, TEXT = "java.lang.Math", "java.lang.String"


@pytest.mark.parametrize(
    ("owner", "signature", "arguments", "expected"),
    [
        (MATH, "max(int, int)", "1, 2", "2"),
        (MATH, "min(double,double)", "1.5, 2", "1.5"),
        (MATH, "abs(long)", "-3", "3"),
        (MATH, "max(float, float)", "0.1, -1", "0.1"),
        (MATH, "sqrt(double)", "16", "4"),
        (MATH, "pow(double, double)", "2, 10", "1024"),
        (MATH, "cbrt(double)", "-8", "-2"),
        (MATH, "floor(double)", "1.5", "1"),
        (TEXT, "valueOf(int)", "5", '"5"'),
        (TEXT, "valueOf(boolean)", "true", '"true"'),
        (TEXT, "valueOf(char)", '"a"', '"a"'),
        (TEXT, "format(java.lang.String, [Ljava.lang.Object;)", '"%s-%s%%", "a", 1', '"a-1%"'),
        (TEXT, "format(java.lang.String, java.lang.Object...)", '"%d %.2f", 5, 1.239', '"5 1.24"'),
        (TEXT, "format(java.lang.String, [Ljava.lang.Object;)", '"%s", ["x"]', '"x"'),
        ("java.lang.Integer", "valueOf(java.lang.String)", '"12"', "12"),
        ("java.lang.Integer", "parseInt(java.lang.String)", '"-12"', "-12"),
        ("java.lang.Double", "parseDouble(java.lang.String)", '"1.5"', "1.5"),
        ("java.lang.Byte", "valueOf(byte)", "3", "3"),
        ("java.lang.Double", "valueOf(double)", "2.5", "2.5"),
        ("java.math.BigDecimal", "valueOf(java.lang.String)", '"1.25"', "1.25"),
    ],
)
def test_pure_methods_have_equivalents(owner: str, signature: str, arguments: str, expected: str) -> None:
    assert call(owner, signature, arguments) == answer(literal(expected))


@pytest.mark.parametrize(
    ("owner", "signature", "arguments"),
    [
        ("java.lang.System", "exit(int)", "1"),
        ("java.lang.Runtime", "exec(java.lang.String)", '"rm"'),
        (MATH, "nothing(double)", "1"),
        (MATH, "max", "1, 2"),
        (MATH, "max(int)", "1"),
        (MATH, "max(java.lang.String, java.lang.String)", '"a", "b"'),
        (MATH, "max(foo.Bar, foo.Bar)", "1, 2"),
        (MATH, "max(int, int)", "1.5, 2"),
        (MATH, "max(int, int)", "1"),
        (MATH, "max(int, int)", '"a", 2'),
        (MATH, "max(int, int)", "3000000000, 2"),
        (MATH, "sqrt(double)", "-1"),
        (MATH, "sqrt(int)", "4"),
        (MATH, "exp(double)", "100000"),
        (MATH, "max(float, float)", "10 ** 300, 1"),
        (TEXT, "valueOf(char)", '"ab"'),
        (TEXT, "valueOf(boolean)", "1"),
        (TEXT, "valueOf(java.lang.Object)", "1"),
        (TEXT, "format(java.lang.String, [Ljava.lang.Object;)", '"%x", 1'),
        (TEXT, "format(java.lang.String, [Ljava.lang.Object;)", '"%d", "a"'),
        (TEXT, "format(java.lang.String, [Ljava.lang.Object;)", '"%.1f", "a"'),
        (TEXT, "format(java.lang.String, [Ljava.lang.Object;)", "1, 2"),
        ("java.lang.Integer", "valueOf(java.lang.String)", '"x"'),
        ("java.lang.Integer", "valueOf(java.lang.String)", '"1.5"'),
        ("java.lang.Byte", "valueOf(byte)", "300"),
        ("java.lang.Integer", "valueOf(boolean)", "true"),
        ("java.lang.Integer", "toString(int)", "1"),
        ("java.math.BigDecimal", "valueOf(java.math.BigDecimal)", "1"),
    ],
)
def test_everything_else_is_null(owner: str, signature: str, arguments: str) -> None:
    assert call(owner, signature, arguments) is None


def test_boxed_external_functions_are_found_by_their_kind() -> None:
    def boxed(kind: str) -> str:
        parts = {"class": MATH, "method signature": "max(int, int)"}
        entries = "".join(
            f'<contextEntry><variable name="{name}"/>{literal(chr(34) + text + chr(34))}</contextEntry>'
            for name, text in parts.items()
        )
        function = (
            f'<functionDefinition kind="{kind}"><formalParameter name="a"/><formalParameter name="b"/>'
            f"<context>{entries}</context></functionDefinition>"
        )
        return (
            f'<context><contextEntry><variable name="f"/>{function}</contextEntry>'
            f"<contextEntry>{literal('f(1, 2)')}</contextEntry></context>"
        )

    assert answer(boxed("Java")) == 2
    assert answer(boxed("PMML")) is None


@pytest.mark.parametrize("mapping", ["5", "{java: 1}", "{pmml: {}}", "{java: {}}"])
def test_other_mappings_are_null(mapping: str) -> None:
    assert answer(literal(f"{{f: function() external {mapping}, r: f()}}.r")) is None


def test_what_is_available_can_be_listed() -> None:
    names = available()
    assert "java.lang.Math.sqrt(double)" in names
    assert names == sorted(names)
