"""The command line: for people it reads well, for programs it is JSON, and mistakes are told with their repair."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from flowmaster.server.cli import run
from flowmaster.server.command import arguments_of
from flowmaster.server.options import UsageError
from flowmaster.server.readable import answer_text, error_text, table
from flowmaster.server.settings import settings_from
from flowmaster.tools.registry import Registry
from tests.doors.doors import command
from tests.doors.sample import sample_echo

MEMORY = ["--data", ":memory:"]
REGISTRY = Registry([sample_echo])


def test_help_teaches_with_examples(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["--help"], ["-h"], ["help"], ["call", "--help"], ["mcp", "-h"], ["serve", "--help"]):
        assert run(words) == 0
        assert "flowmaster call instance_start" in capsys.readouterr().out


def test_help_on_an_operation_tells_what_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["call", "operation_find", "--help"]) == 0
    out = capsys.readouterr().out
    assert "query" in out
    assert """flowmaster call operation_find '{"query":""" in out
    assert run(["call", "operation_fnd", "--help"]) == 1
    assert "Did you mean 'operation_find'" in capsys.readouterr().err


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys; from flowmaster.server.cli import run; run(['--help']); print(); print(*sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert {"pydantic", "mcp", "asyncio", "fastapi", "lxml"}.isdisjoint(out.splitlines()[-1].split())


def test_an_answer_is_printed_for_people_and_as_json_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["call", "server_info", *MEMORY]) == 0
    assert "version" in capsys.readouterr().out
    assert run(["call", "server_info", "--json", *MEMORY]) == 0
    assert json.loads(capsys.readouterr().out)["data"] == ":memory:"


def test_a_refusal_goes_to_the_errors_with_its_fix(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["call", "operation_find", "qurey=x", *MEMORY]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "[arguments.invalid]" in err
    assert "Did you mean 'query'?" in err
    assert """flowmaster call operation_find '{"query":"x"}'""" in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["sreve"], "Did you mean 'serve'?"),
        (["call"], "needs the name of an operation"),
        (["call", "server_info", "--jsn"], "Did you mean '--json'?"),
        (["call", "server_info", "nonsense"], "is not name=value"),
        (["call", "server_info", "{"], "not JSON"),
        (["call", "server_info", "--data"], "--data needs a value"),
        (["call", "server_info", "--data", ""], "--data needs a value"),
        (["serve", "--store="], "--store needs a value"),
        (["mcp", "--clock", "sundial"], "real or virtual"),
        (["mcp", "more"], "not expected"),
        (["serve", "--port", "http"], "0 to 65535"),
        (["serve", "--port", "70000"], "0 to 65535"),
        (["mcp", "--tools", ","], "core, all"),
        (["--data", "d", "call", "server_info"], "the command comes first"),
    ],
)
def test_a_command_line_that_is_not_understood_is_told_what_to_write(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err


def test_a_folder_that_cannot_be_used_is_told_without_a_stack_trace(
    capsys: pytest.CaptureFixture[str],
) -> None:
    process = subprocess.run(
        [command(), "mcp", "--data", "/dev/null/folder"], capture_output=True, text=True, input="", timeout=30
    )
    assert process.returncode == 1
    said = [process.stderr]
    for words in (["call", "server_info"], ["serve", "--port", "0"]):
        assert run([*words, "--data", "/dev/null/folder"]) == 1
        said.append(capsys.readouterr().err)
    for errors in said:
        assert "/dev/null/folder" in errors
        assert "Traceback" not in errors


def test_words_become_arguments() -> None:
    words = [
        "text=5",
        "count=5",
        "variables.amount=1.10",
        "variables.name=Ann",
        "variables.deep.list=[1]",
        "value=a=b",
    ]
    assert json.dumps(arguments_of(REGISTRY, "sample_echo", words), default=str) == json.dumps(
        {
            "text": "5",
            "count": 5,
            "variables": {"amount": "1.10", "name": "Ann", "deep": {"list": [1]}},
            "value": "a=b",
        }
    )


def test_a_file_or_the_input_can_be_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "note.txt").write_text("from a file\n", encoding="utf-8")
    assert arguments_of(REGISTRY, "sample_echo", [f"text=@{tmp_path}/note.txt"]) == {"text": "from a file\n"}
    assert arguments_of(REGISTRY, "sample_echo", ["text=@nobody"]) == {"text": "@nobody"}
    with pytest.raises(UsageError, match=r"there is no file 'missing\.txt'"):
        arguments_of(REGISTRY, "sample_echo", ["text=@missing.txt"])
    monkeypatch.setattr("sys.stdin", io.StringIO('{"text": "from the input"}'))
    assert arguments_of(REGISTRY, "sample_echo", ["-"]) == {"text": "from the input"}


def test_a_file_that_ends_in_json_is_read_as_a_value_where_more_than_text_may_stand(tmp_path: Path) -> None:
    (tmp_path / "case.json").write_text('{"amount": 5}', encoding="utf-8")
    (tmp_path / "broken.json").write_text('{"amount": 5', encoding="utf-8")
    word = f"variables=@{tmp_path}/case.json"
    assert arguments_of(REGISTRY, "sample_echo", [word, "variables.days=3"]) == {
        "variables": {"amount": 5, "days": 3}
    }
    assert arguments_of(REGISTRY, "sample_echo", [f"text=@{tmp_path}/case.json"]) == {"text": '{"amount": 5}'}
    with pytest.raises(UsageError, match=r"broken\.json' is not JSON"):
        arguments_of(REGISTRY, "sample_echo", [f"value=@{tmp_path}/broken.json"])


def test_words_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(UsageError, match="not an object"):
        arguments_of(REGISTRY, "sample_echo", ["variables=1", "variables.amount=2"])
    with pytest.raises(UsageError, match="'amount' is given twice"):
        arguments_of(REGISTRY, "sample_echo", ["amount=1", "amount=2"])


def test_operations_are_listed_and_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["operations"]) == 0
    assert "operation_find" in capsys.readouterr().out
    assert run(["operations", "version", "of", "the", "server"]) == 0
    assert "server_info" in capsys.readouterr().out
    assert run(["operations", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["operation"]


def test_the_data_folder_is_the_users_own_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    assert settings_from({}).data == "/somewhere/flowmaster"
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/ann")
    assert settings_from({}).data == "/home/ann/.local/share/flowmaster"
    assert settings_from({"data": "~/here"}).data == "/home/ann/here"
    assert settings_from({"data": ":memory:"}).data == ":memory:"


def test_the_installed_command_answers() -> None:
    process = subprocess.run([command(), "--version"], capture_output=True, text=True, check=True)
    assert process.stdout.strip().count(".") == 2


def test_an_answer_reads_well() -> None:
    text = answer_text(
        {
            "instance": "invoice:7",
            "done": True,
            "waiting": [
                {"kind": "user_task", "name": "Approve", "since": "2026-01-01T00:00:00Z"},
                {"kind": "timer", "name": "Remind"},
            ],
            "variables": {"invoice": {"lines": [{"amount": 1, "tags": ["a", "b"]}], "note": "two\nlines"}},
            "nothing": None,
            "empty": [],
            "next": [{"operation": "task_act", "arguments": {"task": "invoice:7/approve"}, "why": "Decide."}],
        }
    )
    assert (
        text
        == """\
instance  invoice:7
done      yes
waiting:
  kind       name     since
  ---------  -------  --------------------
  user_task  Approve  2026-01-01T00:00:00Z
  timer      Remind
variables:
  invoice:
    lines:
      amount  tags
      ------  ----
      1       a, b
    note:
      two
      lines
nothing   -
empty     none

next:
  flowmaster call task_act '{"task":"invoice:7/approve"}'    Decide."""
    )


def test_a_refusal_reads_well() -> None:
    body = {
        "code": "task.unknown",
        "message": "No task.",
        "path": "task",
        "expected": ["a", "b"],
        "fix": "Call task_find.",
    }
    assert (
        error_text(body)
        == """\
No task.  [task.unknown]
  at        task
  expected  a, b
  fix       Call task_find."""
    )


def test_a_long_cell_is_cut_except_the_last() -> None:
    assert table([{"a": "x" * 500, "b": "y" * 500}]).splitlines()[2] == "x" * 59 + "…  " + "y" * 500
