"""The command `flowmaster key`: makes, lists and revokes API keys on a data folder."""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.timers import instant, iso, later
from flowmaster.runtime.clock import real_now
from flowmaster.server.keys import Key, add_key, all_keys, revoke_key
from flowmaster.server.options import MEMORY, UsageError
from flowmaster.server.readable import error_text, table
from flowmaster.server.settings import Settings, settings_from
from flowmaster.server.wiring import open_store
from flowmaster.stores.protocol import Store
from flowmaster.tools.catalog import catalog
from flowmaster.tools.json_text import write_json
from flowmaster.tools.roles import check_names

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,79}")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")


def key(words: list[str], options: Mapping[str, str]) -> int:
    """Run `key add NAME`, `key list` or `key revoke NAME`; return the exit code."""
    action, *rest = words or [""]
    run = _ACTIONS.get(action)
    if run is None:
        raise UsageError(f"key takes add, list or revoke, not {action!r}.{did_you_mean(action, [*_ACTIONS])}")
    if len(rest) != (action != "list"):
        raise UsageError(f"key {action} takes {'no name' if action == 'list' else 'one name'}.")
    try:
        with _opened(settings_from(options)) as store:
            text = run(store, rest[0] if rest else "", options)
    except FlowMasterError as error:
        sys.stderr.write(error_text(error.body()) + "\n")
        return 1
    sys.stdout.write(text + "\n")
    return 0


def _add(store: Store, name: str, options: Mapping[str, str]) -> str:
    rights = tuple(each.strip() for each in options.get("rights", "worker").split(",") if each.strip())
    if not rights:
        raise UsageError("--rights names no right: give roles or rights, or leave it out for `worker`.")
    check_names(rights, catalog())
    named = {"name": name, "tenant": options.get("tenant", "default"), "person": options.get("for", "")}
    for part, text in named.items():
        if (text or part != "person") and not _NAME.fullmatch(text):
            raise UsageError(f"{text!r} is no {part}: letters, digits and . _ @ + - are, at most 80.")
    with store.transaction() as transaction:
        made = add_key(
            transaction,
            name,
            rights=rights,
            tenant=named["tenant"],
            person=named["person"],
            until=_until(options.get("until", "")),
        )
    sys.stderr.write(
        f"This is the key {name!r}. It is shown this once; only a hash is kept. Send it as\n"
        "  Authorization: Bearer <key>\n"
        "From now on every caller over HTTP needs a key or a token; local stdio and the command line do not.\n"
    )
    return made


def _list(store: Store, _: str, options: Mapping[str, str]) -> str:
    rows = [_row(each) for each in all_keys(store.reader())]
    if "json" in options:
        return write_json({"items": rows, "total": len(rows)}).decode()
    return table(rows) if rows else "There are no keys."


def _row(key: Key) -> dict[str, str]:
    now = real_now()
    state = "revoked" if key.revoked is not None else "good" if key.holds(now) else "expired"
    return {
        "name": key.name,
        "id": key.id,
        "rights": ",".join(key.rights),
        "tenant": key.tenant,
        "for": key.person,
        "added": iso(key.added),
        "until": "" if key.until is None else iso(key.until),
        "state": state,
    }


def _revoke(store: Store, name: str, options: Mapping[str, str]) -> str:
    with store.transaction() as transaction:
        revoked = revoke_key(transaction, name)
    return f"The key {revoked.name!r} ({revoked.id}) opens nothing any more."


_ACTIONS: Final[Mapping[str, Callable[[Store, str, Mapping[str, str]], str]]] = {
    "add": _add,
    "list": _list,
    "revoke": _revoke,
}


def _until(text: str) -> int | None:
    """Return the instant that a date, a date with time or a duration says, None for none."""
    if not text:
        return None
    now = real_now()
    found = (
        later(now, text)
        if text.startswith("P")
        else instant(f"{text}T00:00:00Z" if _DAY.fullmatch(text) else text)
    )
    if found <= now:
        raise UsageError(f"--until is a date to come or a duration such as P90D, not {text!r}.")
    return found


@contextmanager
def _opened(settings: Settings) -> Iterator[Store]:
    if settings.data == MEMORY:
        raise UsageError("key needs a data folder: nothing in memory outlives the command.")
    store = open_store(settings)
    try:
        yield store
    finally:
        store.close()
