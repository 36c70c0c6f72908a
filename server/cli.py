"""The command `flowmaster`: starts the doors, calls operations and teaches how. Nothing heavy is loaded here."""

import sys

from flowmaster.server.options import SERVER_FLAGS, SERVER_OPTIONS, UsageError, split

HELP = """\
FlowMaster: business processes as tools for agents.

  flowmaster mcp                     serve MCP over stdio, for Claude Code, Codex and others
  flowmaster serve                   serve HTTP: MCP at /mcp, REST at /api/v1, /health (also live, ready)
  flowmaster call OPERATION [...]    call one operation and print its answer
  flowmaster call OPERATION --help   tell what an operation does and takes
  flowmaster operations [WORDS]      list the operations, or find one
  flowmaster demo                    play an agent's session on a real invoice, from design to explanation
  flowmaster doctor                  examine this installation: what is wrong, and the fix
  flowmaster top                     watch how a server is doing (`--help` after it tells more)
  flowmaster mcp install CLIENT      write FlowMaster into the file of a client (`--help` after it tells more)
  flowmaster key add|list|revoke     keys for callers over HTTP (`--help` after it tells more)
  flowmaster backup|verify|restore FILE   all there is in one file, while servers go on; the file looked over; and back,
                                     into an empty folder (--data) or database (--store), also from one to the other;
                                     what was erased since is erased again (--erasures LIST)

Options of mcp, serve and call:
  --data DIR         where everything is kept (default: your data folder; :memory: leaves no trace)
  --store URL        a PostgreSQL that servers share: postgresql://user@host/database
  --graph URL        an ArangoDB that holds a copy of the links between processes: http://user@host:8529/database; the
                     password is in FLOWMASTER_GRAPH_PASSWORD, or where ?password=env:NAME or file:PATH says
  --clock virtual    a clock that stands still until clock_advance moves it
  --tools core|all|a,b,c   the operations shown as MCP tools
  --read-only        answer what only reads, refuse the rest, and write nothing to the store: such a server fires no
                     timers and runs no connectors, so beside it one without --read-only has to work on the folder
  --host, --port     where serve listens (default 127.0.0.1:8321); more for serve: `flowmaster serve --help`
  --log-format json  each line of the log as a JSON object, with the ids of request and trace (default: text)
  --telemetry URL    traces and metrics go to this collector (OTLP over HTTP, mostly port 4318); the OTEL_ variables
                     ask for it as well, and `off` says no to them

Arguments of call are JSON, or words with = between name and value:
  flowmaster call server_info
  flowmaster call instance_start '{"process": "invoice-to-pay", "variables": {"amount": 400}}'
  flowmaster call instance_start process=invoice-to-pay variables.amount=400
  flowmaster call process_create outline=@invoice.yaml          (@ reads a file, - alone reads JSON from the input)
  flowmaster call rule_save table=@level.json tests=@cases.json   (files that end in .json are read as JSON)
  flowmaster call task_find --json                              (the answer as JSON, for programs)
  flowmaster call process_read process=invoice-to-pay view=png --out invoice.png   (the view alone, into a file)

An agent is connected with:  flowmaster mcp install claude-code   (or claude-desktop, codex, vscode, cursor)
"""

SERVE_HELP = """
More options of serve:
  --auth-issuer URL    who issues access tokens (OAuth 2.1, OpenID Connect); its public keys are fetched from there
  --auth-resource URL  the address of this server's MCP, as clients know it; tokens must be made for it
  --public-host A,B    names under which callers ask for this server, besides local ones (checked against DNS rebinding)
  --limits TEXT        what one caller may: calls=100,bytes=10000000 (a second), at_once=32, size=16000000 (bytes of
                       the arguments of a call), each the default for callers who sign in; tenant_calls=0 (a second, of
                       all callers of a tenant); 0 is no limit, `none` is none
  --bounds TEXT        how much the server takes on at once, such as waiting=2000,wait_seconds=3 (docs/overload.md)

Who calls: on 127.0.0.1 nobody has to sign in until a key is made or an issuer is named; from then on everybody who comes
over HTTP has to. Other hosts than those of this machine are served only then. Let a proxy speak TLS before it.
"""

KEY_HELP = """\
flowmaster key add NAME [--rights worker] [--tenant default] [--for PERSON] [--until 2027-01-31|P90D]
flowmaster key list [--json]
flowmaster key revoke NAME

Makes, lists and revokes keys for callers over HTTP. The key goes to the output this once; the data folder keeps a hash.
It is sent as `Authorization: Bearer fm_...`. What is revoked is dead at once in every server on the folder.

  --rights           roles and rights, with commas: reader, worker, designer, operator, admin, or such as task.act
  --tenant           the tenant it works for; whatever belongs to others is unknown to it
  --for              the person on whose behalf it acts; both are recorded
  --until            a date, a date with time, or a duration from now; without it the key holds until it is revoked
  --data DIR         the data folder

As soon as a key was made, all callers over HTTP need one, also when all keys are revoked. Local stdio and the command
line need none.
"""

DOCTOR_HELP = """\
flowmaster doctor [--data DIR] [--deep] [--json]

Examines this installation and changes nothing: Python and its packages, the extras, the data folder and its disk, the
store, the port of `flowmaster serve`, the command on the PATH, how quickly `flowmaster mcp` answers a client, the
clock and the time zones, the environment variables, and the files of the clients. Each thing is ok, a warning or a
fault, with the fix. Then it prints what each client needs in its file.

  --deep             read the whole store: its pages and indexes, and the chain of every history (takes long)
  --json             the same for programs: version, state, checks[], clients[]
  --data, --port ... the options of the server that is examined, as `flowmaster mcp` and `serve` take them

Exit code 0: nothing is faulty (there may be warnings). 1: something is.
"""

TOP_HELP = """\
flowmaster top [--url URL | --data DIR | --store URL] [--once] [--json] [--interval SECONDS]

Shows how a server is doing, and goes on showing it: calls and commits (a second, median and 99th percentile), changes that
wait, instances by status, open tasks, jobs and timers, what is overdue, the busiest processes, the newest incidents, what
connectors cannot reach, and who else works on the same data. It only reads, and asks for little: counts of the store
are taken now and then. q or ctrl-C leaves.

  --url URL          ask a running server, such as http://127.0.0.1:8321; it tells all there is
  --key-file FILE    the key to show to it, if callers sign in; else what FLOWMASTER_KEY holds. It needs the right
                     server.watch, which operators have: `flowmaster key add watcher --rights server.watch`
  --data, --store    without --url: look at a data folder or database itself, as the other commands name it. Calls are
                     then those that all servers on the folder have logged; commits only a server knows
  --once             one picture, then leave; refused (exit code 1) if there is none
  --json             the figures for programs, an object a line: what the operation server_load answers
  --interval SECONDS between two pictures (default 2)

Where the output is no terminal, one picture comes after the other as text. NO_COLOR leaves out colours.

  flowmaster top
  flowmaster top --url http://127.0.0.1:8321
  flowmaster top --once --json | jq .waiting
"""

INSTALL_HELP = """\
flowmaster mcp install CLIENT [--scope user|project] [--data DIR] [--dry-run] [--uninstall]

Writes FlowMaster into the file from which a client learns which servers to start. CLIENT is one of
  claude-code        ~/.claude.json, or .mcp.json of a project
  claude-desktop     claude_desktop_config.json in the settings of the program
  codex              ~/.codex/config.toml, or .codex/config.toml of a project
  vscode             mcp.json in the settings of the user, or .vscode/mcp.json of a project
  cursor             ~/.cursor/mcp.json, or .cursor/mcp.json of a project

  --scope project    the file of the project in this folder; without it the client starts FlowMaster everywhere
  --data DIR         the data folder that the client's server works on (default: your own, as everywhere)
  --dry-run          show what would change, and change nothing
  --uninstall        take FlowMaster out of the file again
  --tools, --read-only ... other options of `flowmaster mcp` are written down as well

Only the entry `flowmaster` is touched: other servers, comments and the order of things stay. The file as it was before
lies beside it, its name ending in .before-flowmaster. A file that cannot be edited safely is left alone, and the text
to paste is shown. Run twice, it changes nothing the second time.

  flowmaster mcp install claude-code
  flowmaster mcp install codex --scope project --data ./processes
  flowmaster mcp install vscode --dry-run
"""


def run(argv: list[str]) -> int:
    """Run the command line and return its exit code: 0 done, 1 refused, 2 not understood."""
    command, rest = (argv[0], argv[1:]) if argv else ("--help", [])
    if command in _HELP_WORDS or any(word in _HELP_WORDS[:2] for word in rest):
        return _help(command, [word for word in rest if not word.startswith("-")])
    try:
        return _run(command, rest)
    except UsageError as error:
        print(f"flowmaster: {error}\nRun `flowmaster --help` to see how it is used.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 1
    except OSError as error:
        place = f"{error.filename!r}: " if error.filename else ""
        print(
            f"flowmaster: {place}{error.strerror or error}.\nGive this user the right to use it, or name another place.",
            file=sys.stderr,
        )
        return 1


_COPIES = ("backup", "verify", "restore")
_HELP_WORDS = ("--help", "-h", "help")
_MORE_HELP = {
    "doctor": DOCTOR_HELP,
    "install": INSTALL_HELP,
    "key": KEY_HELP,
    "serve": HELP + SERVE_HELP,
    "top": TOP_HELP,
}


def _help(command: str, words: list[str]) -> int:
    if command == "call" and words:
        from flowmaster.server.command import explain

        return explain(words[0])
    if command == "mcp" and words[:1] == ["install"]:
        command = "install"
    print(_MORE_HELP.get(command, HELP), end="")
    return 0


def _run(command: str, rest: list[str]) -> int:
    if command == "--version":
        from flowmaster import __version__

        print(__version__)
        return 0
    if command == "mcp":
        return _install(rest[1:]) if rest[:1] == ["install"] else _mcp(rest)
    if command == "serve":
        return _serve(rest)
    if command == "call":
        return _call(rest)
    if command == "operations":
        return _operations(rest)
    if command == "doctor":
        return _doctor(rest)
    if command == "demo":
        return _demo(rest)
    if command == "key":
        return _key(rest)
    if command == "top":
        return _top(rest)
    if command in _COPIES:
        return _copy(command, rest)
    from flowmaster.engine.errors import did_you_mean

    if command.startswith("-"):
        raise UsageError(f"the command comes first, its options behind it: `flowmaster serve {command} ...`.")
    commands = ("mcp", "serve", "call", "operations", "demo", "doctor", "top", "key", *_COPIES)
    raise UsageError(f"there is no command {command!r}.{did_you_mean(command, commands)}")


def _mcp(rest: list[str]) -> int:
    options, words = split(rest, valued=SERVER_OPTIONS, flags=SERVER_FLAGS)
    _nothing_more(words)
    from flowmaster.server.opening import opened

    opening = opened(options.get("tools", "core"), options.get("data", ""), read_only="read-only" in options)
    from flowmaster.server.collector import load_without_collector

    load_without_collector()
    from flowmaster.server.settings import settings_from
    from flowmaster.server.stdio import serve_stdio

    return serve_stdio(settings_from(options), opening)


def _serve(rest: list[str]) -> int:
    options, words = split(rest, valued=SERVER_OPTIONS, flags=SERVER_FLAGS)
    _nothing_more(words)
    from flowmaster.server.collector import load_without_collector
    from flowmaster.server.listening import serve
    from flowmaster.server.settings import settings_from

    load_without_collector()
    return serve(settings_from(options))


def _call(rest: list[str]) -> int:
    options, words = split(rest, valued=(*SERVER_OPTIONS, "out"), flags=("json", *SERVER_FLAGS))
    if not words:
        raise UsageError("call needs the name of an operation, such as server_info.")
    from flowmaster.server.command import call

    return call(words[0], words[1:], options)


def _operations(rest: list[str]) -> int:
    options, words = split(rest, valued=(), flags=("json",))
    from flowmaster.server.command import operations

    return operations(" ".join(words), as_json="json" in options)


def _doctor(rest: list[str]) -> int:
    options, words = split(rest, valued=SERVER_OPTIONS, flags=("deep", "json", *SERVER_FLAGS))
    _nothing_more(words)
    from flowmaster.server.doctor.examination import examine

    return examine(options)


def _demo(rest: list[str]) -> int:
    _nothing_more(split(rest, valued=())[1])
    from flowmaster.tools.extras import command_for, is_installed

    if not is_installed("documents"):
        raise UsageError(f"the demo reads PDF invoices, which needs: {command_for('documents')}.")
    from flowmaster.server.demo.play import run_demo

    return run_demo()


def _key(rest: list[str]) -> int:
    valued = ("data", "store", "rights", "tenant", "for", "until")
    options, words = split(rest, valued=valued, flags=("json",))
    from flowmaster.server.key_command import key

    return key(words, options)


def _top(rest: list[str]) -> int:
    valued = ("url", "key-file", "data", "store", "interval")
    options, words = split(rest, valued=valued, flags=("once", "json"))
    _nothing_more(words)
    from flowmaster.server.top.command import top

    return top(options)


def _copy(command: str, rest: list[str]) -> int:
    more = ("erasures",) if command == "restore" else ()
    options, words = split(rest, valued=("data", "store", *more))
    from flowmaster.server import backup_command

    run = {
        "backup": backup_command.backup,
        "verify": backup_command.verify,
        "restore": backup_command.restore,
    }
    return run[command](words, options)


def _install(rest: list[str]) -> int:
    flags = ("dry-run", "uninstall", *SERVER_FLAGS)
    options, words = split(rest, valued=("scope", *SERVER_OPTIONS), flags=flags)
    from flowmaster.server.clients.install import install

    return install(words, options)


def _nothing_more(words: list[str]) -> None:
    if words:
        raise UsageError(f"{words[0]!r} is not expected here.")
