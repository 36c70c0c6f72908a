"""Regular expressions: the grammar of XPath, agreement with Python's `re` where both mean the same, and fuel."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowmaster.engine.feel.evaluation import Evaluation, FeelLimitExceeded, Limits
from flowmaster.engine.feel.expression import compile_expression
from flowmaster.engine.feel.pattern import PatternError, compile_pattern
from flowmaster.engine.feel.pattern_match import find, matches, replace, split


def matched(pattern: str, text: str, flags: str = "") -> bool:
    return matches(compile_pattern(pattern, flags), text, Evaluation())


@pytest.mark.parametrize(
    ("pattern", "text", "flags", "expected"),
    [
        ("", "abc", "", True),
        ("b", "abc", "", True),
        ("^b", "abc", "", False),
        ("c$", "abc", "", True),
        ("a.c", "a\nc", "", False),
        ("a.c", "a\nc", "s", True),
        ("^b$", "a\nb\nc", "", False),
        ("^b$", "a\nb\nc", "m", True),
        ("^$", "a\n", "m", False),
        ("a|b|c", "xc", "", True),
        ("^(ab|cd)+$", "abcdab", "", True),
        ("^(?:ab)*?$", "abab", "", True),
        ("^a{2}$", "aa", "", True),
        ("^a{2,}$", "a", "", False),
        ("^a{1,3}$", "aaaa", "", False),
        ("^a{0}$", "", "", True),
        ("^a??b", "ab", "", True),
        ("^(a*)*$", "aaa", "", True),
        ("^(a|b*)*c", "abbac", "", True),
        ("^(.)\\1$", "aa", "", True),
        ("^(.)\\1$", "ab", "", False),
        ("^(a)(b)?\\2$", "a", "", True),
        ("^(a)\\1$", "aA", "i", True),
        ("^(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)\\10$", "abcdefghijj", "", True),
        ("^(a)\\10$", "aa0", "", True),
        ("[abc]", "xbx", "", True),
        ("[^abc]", "abc", "", False),
        ("[a-c-[b]]", "b", "", False),
        ("[a-c-[b]]", "c", "", True),
        ("[^a-c-[x]]", "x", "", False),
        ("[-a]", "-", "", True),
        ("[a-]", "-", "", True),
        ("[\\]\\[]", "]", "", True),
        ("[\\d-x]", "-", "", True),
        ("\\d+", "٣", "", True),
        ("^\\w+$", "aé9_", "", False),
        ("^\\w+$", "aé9", "", True),
        ("\\W", "a b", "", True),
        ("\\S\\s\\S", "a b", "", True),
        ("\\D", "123", "", False),
        ("^\\i\\c*$", "_a-1.b", "", True),
        ("\\I", "a", "", False),
        ("\\C", "a b", "", True),
        ("\\p{Lu}", "aB", "", True),
        ("\\P{Lu}", "AB", "", False),
        ("\\p{L}+", "é", "", True),
        ("\\p{IsGreek}", "α", "", True),
        ("\\P{IsGreek}", "α", "", False),
        ("\\n\\t\\r", "\n\t\r", "", True),
        ("\\.\\*\\$\\^", ".*$^", "", True),
        ("A", "a", "i", True),
        ("[A-Z]", "a", "i", True),
        ("[^A]", "a", "i", False),
        ("ß", "ß", "i", True),
        ("\u212a", "k", "i", True),
        ("a b # c", "ab#c", "x", True),
        ("a[ ]b", "a b", "x", True),
        ("a.b", "a.b", "q", True),
        ("a.b", "axb", "q", False),
        ("A.B", "a.b", "qi", True),
        ("A", "a", "qi", True),
        ("x", "", "", False),
    ],
)
def test_patterns_mean_what_xpath_says(pattern: str, text: str, flags: str, expected: bool) -> None:
    assert matched(pattern, text, flags) is expected


@pytest.mark.parametrize(
    ("pattern", "flags"),
    [
        ("(", ""),
        (")", ""),
        ("a)", ""),
        ("[", ""),
        ("[a", ""),
        ("[]", ""),
        ("[[]", ""),
        ("[b-a]", ""),
        ("[a-\\d]", ""),
        ("[a-[b]c]", ""),
        ("*", ""),
        ("a**", ""),
        ("a{2", ""),
        ("a{}", ""),
        ("a{,2}", ""),
        ("a{2,1}", ""),
        ("a{99999}", ""),
        ("a{2000}", ""),
        ("]", ""),
        ("}", ""),
        ("\\", ""),
        ("\\y", ""),
        ("\\1", ""),
        ("(a\\1)", ""),
        ("(a)\\2", ""),
        ("\\p", ""),
        ("\\p{Xx}", ""),
        ("\\p{IsNothing}", ""),
        ("\\pL", ""),
        ("(?=a)", ""),
        ("(?i)a", ""),
        ("a", "p"),
        ("a", " "),
        ("(" * 100 + ")" * 100, ""),
        ("((a{500}){500}){500}", ""),
        ("[a-[b-[c" * 40, ""),
        ("[a-" * 70 + "[b]" + "]" * 70, ""),
        ("a" * 6000, ""),
        ("|".join(["(a{100})"] * 300), ""),
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str, flags: str) -> None:
    with pytest.raises(PatternError):
        compile_pattern(pattern, flags)


ATOMS = st.sampled_from(["a", "b", "c", ".", "[ab]", "[^a]", "(?:ab)", "(a|b)", "(a)", "(?:a|)", "b?"])
PATTERNS = st.lists(
    st.tuples(ATOMS, st.sampled_from(["", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}"])), max_size=5
)


@given(PATTERNS, st.text("abc", max_size=8), st.booleans(), st.booleans())
def test_matching_agrees_with_pythons_re(
    parts: list[tuple[str, str]], text: str, begin: bool, end: bool
) -> None:
    body = "".join(atom + quantifier for atom, quantifier in parts if not (atom.endswith("?") and quantifier))
    pattern = ("^" if begin else "") + body + ("\\z" if end else "")
    theirs = re.search(pattern.replace("\\z", "\\Z"), text)
    ours = next(find(compile_pattern(pattern.replace("\\z", "$")), text, Evaluation()), None)
    assert (theirs is None) == (ours is None)
    if theirs is not None and ours is not None:
        assert theirs.span() == (ours[0], ours[1])


def test_replacing_knows_groups_and_escapes() -> None:
    def replaced(text: str, pattern: str, by: str) -> str:
        return replace(compile_pattern(pattern), text, by, Evaluation())

    assert replaced("abracadabra", "a(.)", "a$1$1") == "abbraccaddabbra"
    assert replaced("darted", "^(.*?)d(.*)$", "$1c$2") == "carted"
    assert replaced("abc", "b", "[$0]") == "a[b]c"
    assert replaced("abc", "b", "\\$\\\\") == "a$\\c"
    assert replaced("abc", "(b)", "$10") == "ab0c"
    assert replaced("ab", "(a)|(b)", "<$2>") == "<><b>"
    assert replaced("", "a", "b") == ""


def test_splitting_keeps_empty_parts() -> None:
    assert split(compile_pattern(";"), ";a;;b;", Evaluation()) == ["", "a", "", "b", ""]
    assert split(compile_pattern(";+"), "a;;b", Evaluation()) == ["a", "b"]
    assert split(compile_pattern("x"), "", Evaluation()) == [""]


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "^(a|a)*$", "(a*)*b", "(.*)(.*)(.*)(.*)(.*)x", "^(([a-z])+.)+[A-Z]([a-z])+$"]
)
def test_classic_hostile_patterns_take_little_fuel(pattern: str) -> None:
    run = Evaluation(limits=Limits(steps=300_000))
    assert matches(compile_pattern(pattern), "a" * 200 + "!", run) is False


def test_a_hostile_pattern_with_back_references_ends_by_fuel() -> None:
    start = time.process_time()
    with pytest.raises(FeelLimitExceeded) as caught:
        compile_expression('matches(x, "^(a+)+\\1$")').value({"x": "a" * 60 + "!"})
    assert caught.value.code == "feel.limit_exceeded"
    assert time.process_time() - start < 20


def test_a_replacement_that_grows_without_end_is_stopped() -> None:
    text = "a" * 100_000
    with pytest.raises(FeelLimitExceeded):
        compile_expression('replace(x, "a", "$0$0$0$0$0$0$0$0$0$0$0$0")').value({"x": text})
