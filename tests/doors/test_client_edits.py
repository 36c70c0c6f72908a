"""A client's file is edited as text: what is not FlowMaster's stays as it is, letter by letter where it can."""

import json
import tomllib
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flowmaster.server.clients import json_edit, toml_edit
from flowmaster.server.clients.unusual import Unusual

ENTRY = {"type": "stdio", "command": "/opt/fm/flowmaster", "args": ["mcp"]}
UNWANTED = ("url", "headers")


def put_json(text: str, entry: Mapping[str, Any] = ENTRY) -> str:
    return json_edit.put(text, "servers", "flowmaster", entry, UNWANTED)


def take_json(text: str) -> str:
    return json_edit.take(text, "servers", "flowmaster")


def put_toml(text: str, entry: Mapping[str, Any] = ENTRY) -> str:
    return toml_edit.put(text, "mcp_servers", "flowmaster", entry, UNWANTED)


def take_toml(text: str) -> str:
    return toml_edit.take(text, "mcp_servers", "flowmaster")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"servers":{"a":{}}}', '{"servers":{"a":{}, "flowmaster": {"command": "x"}}}'),
        ('{"servers": {}}\n', '{"servers": {\n  "flowmaster": {\n    "command": "x"\n  }\n}}\n'),
        (
            '{\n\t"servers": {\n\t\t"a": {} // mine\n\t\t// "b": {}\n\t}\n}\n',
            '{\n\t"servers": {\n\t\t"a": {}, // mine\n\t\t"flowmaster": {\n\t\t\t"command": "x"\n\t\t}\n'
            '\t\t// "b": {}\n\t}\n}\n',
        ),
        (
            '{\n  "servers": {\n    "a": {}, /* one */ // mine\n  },\n}\n',
            '{\n  "servers": {\n    "a": {}, /* one */ // mine\n    "flowmaster": {\n      "command": "x"\n    },\n'
            "  },\n}\n",
        ),
        (
            '{\r\n  "servers": {\r\n    "a": {}\r\n  }\r\n}\r\n',
            '{\r\n  "servers": {\r\n    "a": {},\r\n    "flowmaster": {\r\n      "command": "x"\r\n    }\r\n'
            "  }\r\n}\r\n",
        ),
    ],
    ids=["one line", "empty", "tabs and remarks", "commas at the end", "lines of Windows"],
)
def test_an_entry_is_put_in_the_manner_of_its_file_and_taken_out_without_a_trace(
    before: str, after: str
) -> None:
    assert put_json(before, {"command": "x"}) == after
    assert take_json(after) == before


def test_an_empty_file_becomes_one_with_an_entry() -> None:
    for text in ("", "\n", "{}", "{ }\n"):
        assert json_edit.read(put_json(text), comments=False) == {"servers": {"flowmaster": ENTRY}}


def test_remarks_in_an_empty_object_stay() -> None:
    text = '{\n  // before\n  "servers": {\n    // "old": {}\n  }\n}\n'
    after = put_json(text)
    assert '    // "old": {}\n    "flowmaster"' in after
    assert json_edit.read(after, comments=True) == {"servers": {"flowmaster": ENTRY}}
    assert take_json(after) == text


def test_fields_that_people_added_to_the_entry_stay_and_an_address_goes() -> None:
    text = """{
  "servers": {
    "flowmaster": {
      "url": "http://127.0.0.1:8321/mcp",
      "type": "http", // over HTTP
      "env": {"A": "1"},
      "headers": {"X": "y"}
    }
  }
}
"""
    after = put_json(text)
    assert json_edit.read(after, comments=True) == {"servers": {"flowmaster": {**ENTRY, "env": {"A": "1"}}}}
    assert '"type": "stdio", // over HTTP' in after
    assert '"env": {"A": "1"}' in after
    assert put_json(after) == after


@pytest.mark.parametrize("entry", ["null", '"flowmaster mcp"', "[]"])
def test_an_entry_that_is_no_object_is_replaced(entry: str) -> None:
    after = put_json(f'{{"servers": {{"flowmaster": {entry}, "b": 1}}}}')
    assert json_edit.read(after, comments=False) == {"servers": {"flowmaster": ENTRY, "b": 1}}


@pytest.mark.parametrize(
    "text",
    [
        '{"servers": null}',
        '{"servers": []}',
        '{"servers": {}, "servers": {}}',
        '{"servers": {"flowmaster": {}, "flowmaster": {}}}',
        '{"servers": {"flowmaster": {"args": [], "args": []}}}',
    ],
)
def test_what_cannot_be_told_apart_is_left_to_people(text: str) -> None:
    with pytest.raises(Unusual):
        put_json(text)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}{}",
        '{"a" 1}',
        '{"a": }',
        '{"a": 1 "b": 2}',
        "{a: 1}",
        '{"a": [1 2]}',
        '{"a": /* }',
        "{'a': 1}",
    ],
)
def test_a_broken_file_is_told_with_its_place(text: str) -> None:
    for comments in (True, False):
        with pytest.raises(ValueError, match="line 1 column|braces"):
            json_edit.read(text, comments=comments)


def test_depth_has_a_limit() -> None:
    for depth in (200, 100_000):
        with pytest.raises(ValueError, match="nested too deeply"):
            json_edit.read('{"a":' + "[" * depth + "/**/" + "]" * depth + "}", comments=True)


def test_comments_are_refused_where_a_client_takes_none() -> None:
    text = '{"a": 1} // one'
    assert json_edit.read(text, comments=True) == {"a": 1}
    with pytest.raises(ValueError, match="Extra data"):
        json_edit.read(text, comments=False)


NAMES = st.text('ab/*"\\{}:,ü\u2028', max_size=4).filter(lambda name: name != "servers")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def json_files(draw: st.DrawFn) -> tuple[str, dict[str, Any], list[str]]:
    """Return a file as a person might have written it, what it says, and the remarks in it."""
    remarks: list[str] = []

    def gap() -> str:
        kind = draw(st.integers(0, 7))
        if kind == 6:
            remarks.append(f'// {{"{len(remarks)}",\n')
            return remarks[-1]
        if kind == 7:
            remarks.append(f"/* }} {len(remarks)} // */")
            return remarks[-1]
        return ("", "", "", " ", "\n  ", "\n\t")[kind]

    def text(value: Any) -> str:
        if isinstance(value, dict):
            inner = [
                f"{gap()}{json.dumps(key)}{gap()}:{gap()}{text(each)}{gap()}" for key, each in value.items()
            ]
        elif isinstance(value, list):
            inner = [f"{gap()}{text(each)}{gap()}" for each in value]
        else:
            return json.dumps(value, ensure_ascii=draw(st.booleans()))
        comma = "," if len(inner) > 0 and draw(st.booleans()) else ""
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        return f"{opening}{','.join(inner)}{comma}{gap()}{closing}"

    servers: dict[str, Any] = draw(st.dictionaries(NAMES, VALUES, max_size=3))
    if draw(st.booleans()):
        fields = st.dictionaries(st.sampled_from(["url", "env", "command", "type", "x"]), VALUES, max_size=4)
        servers["flowmaster"] = draw(fields)
    value = draw(st.dictionaries(NAMES, VALUES, max_size=3))
    if draw(st.booleans()):
        value["servers"] = servers
    return f"{gap()}{text(value)}{gap()}", value, remarks


@example(('{"servers":{"":null// {"0",\n,}}', {"servers": {"": None}}, ['// {"0",\n']))
@given(json_files())
def test_whatever_a_json_file_says_it_says_afterwards_with_the_entry_beside_it(
    file: tuple[str, dict[str, Any], list[str]],
) -> None:
    text, value, remarks = file
    assert json_edit.read(text, comments=True) == value
    after = put_json(text)
    servers = value.get("servers", {})
    kept = {key: each for key, each in servers.get("flowmaster", {}).items() if key not in UNWANTED}
    expected = {**value, "servers": {**servers, "flowmaster": {**kept, **ENTRY}}}
    assert json_edit.read(after, comments=True) == expected
    assert put_json(after) == after
    without = {key: each for key, each in servers.items() if key != "flowmaster"}
    assert json_edit.read(take_json(after), comments=True) == {**value, "servers": without}
    if "flowmaster" not in servers:
        assert all(remark in after and remark in take_json(after) for remark in remarks)


def test_a_table_is_put_at_the_end_and_taken_out_without_a_trace() -> None:
    text = '# mine\nmodel = "x"\n\n[mcp_servers.a] # one\ncommand = "a"\n'
    after = put_toml(text, {"command": "x", "args": ["mcp"]})
    assert after == f'{text}\n[mcp_servers.flowmaster]\ncommand = "x"\nargs = ["mcp"]\n'
    assert take_toml(after) == text
    assert take_toml(put_toml("")) == ""


def test_a_table_keeps_its_remarks_its_other_keys_and_its_neighbours() -> None:
    text = '''note = """
[mcp_servers.flowmaster]
command = "not this"
"""

  [ mcp_servers . "flowmaster" ]  # ours
  command = "a#b"  # the program
args = [
  "mcp", # first
  '[mcp_servers.flowmaster]',
]
# about the time
tool_timeout_sec = 120
url = "http://127.0.0.1:1/mcp"
type = "stdio"

[mcp_servers.flowmaster.env]
A = "1"

[mcp_servers.flowmaster.headers]
B = "2"

# about b
[[mcp_servers_of.b]]
x = 1
'''
    after = put_toml(text)
    expected = text.replace('command = "a#b"  # the', 'command = "/opt/fm/flowmaster"  # the')
    expected = expected.replace('url = "http://127.0.0.1:1/mcp"\n', "")
    expected = expected.replace("[\n  \"mcp\", # first\n  '[mcp_servers.flowmaster]',\n]", '["mcp"]')
    expected = expected.replace('[mcp_servers.flowmaster.headers]\nB = "2"\n', "")
    assert after == expected
    assert put_toml(after) == after
    taken = tomllib.loads(take_toml(after))
    assert taken == {"note": tomllib.loads(text)["note"], "mcp_servers_of": {"b": [{"x": 1}]}}
    assert "# about b\n[[mcp_servers_of.b]]" in take_toml(after)


def test_lines_of_windows_stay_lines_of_windows() -> None:
    for text in (
        'a = 1\r\n[mcp_servers.b]\r\nc = "d"\r\n',
        'a = 1\r\n[mcp_servers.flowmaster]\r\ncommand = "d"\r\n',
    ):
        after = put_toml(text)
        assert after.count("\n") == after.count("\r\n")
        assert tomllib.loads(after)["mcp_servers"]["flowmaster"] == ENTRY


def test_a_table_at_the_very_end_without_a_line_end_is_filled() -> None:
    for text in ("[mcp_servers.flowmaster]", "[mcp_servers.flowmaster]\nenabled = true", 'a = "b"'):
        assert tomllib.loads(put_toml(text))["mcp_servers"]["flowmaster"].items() >= ENTRY.items()


@pytest.mark.parametrize(
    "text",
    [
        'mcp_servers.flowmaster.command = "x"',
        '[mcp_servers]\nflowmaster = {command = "x"}',
        'mcp_servers = {flowmaster = {command = "x"}}',
        '[mcp_servers.flowmaster.env]\nA = "1"',
        "[[mcp_servers.flowmaster]]\na = 1",
        'mcp_servers = "none"',
    ],
)
def test_what_is_not_a_table_of_its_own_is_left_to_people(text: str) -> None:
    with pytest.raises(Unusual):
        put_toml(text)


PIECES = [
    "# a remark\n",
    "\n",
    '[mcp_servers.a]\ncommand = "a" # it\nargs = [\n  "[x]",\n]\n',
    "[b]\nc = '''\n[mcp_servers.flowmaster]\n'''\n",
    "[[list]]\nd = {e = 1}\n",
    "[mcp_servers.a.env]\nF = '#'\n",
    "[[list]]\n",
    '[mcp_servers.flowmaster]\nurl = "u"\nenabled = true # on\n',
    '[mcp_servers.flowmaster.env]\nG = "1"\n',
]


@given(st.lists(st.sampled_from(PIECES), max_size=8), st.booleans())
def test_whatever_a_toml_file_says_it_says_afterwards_with_the_table_beside_it(
    pieces: list[str], windows: bool
) -> None:
    once = [piece for place, piece in enumerate(pieces) if "[list" in piece or piece not in pieces[:place]]
    text = "top = 1\n" + "".join(once)
    text = text.replace("\n", "\r\n") if windows else text
    try:
        value = tomllib.loads(text)
    except ValueError:
        return
    own = value.get("mcp_servers", {}).get("flowmaster")
    if own is not None and "[mcp_servers.flowmaster]\nurl" not in "".join(once):
        return
    after = put_toml(text)
    kept = {key: each for key, each in (own or {}).items() if key not in UNWANTED}
    others = value.get("mcp_servers", {})
    assert tomllib.loads(after) == {**value, "mcp_servers": {**others, "flowmaster": {**kept, **ENTRY}}}
    assert put_toml(after) == after
    assert after.count("# ") >= text.count("# ")
    servers = {key: each for key, each in others.items() if key != "flowmaster"}
    taken = tomllib.loads(take_toml(after))
    assert taken.pop("mcp_servers", {}) == servers
    value.pop("mcp_servers", None)
    assert taken == value
