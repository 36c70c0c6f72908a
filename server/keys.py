"""API keys: made, listed, revoked and recognised; of a key itself only a hash is kept.

A key reads `fm_<id>_<secret>`. The id finds the entry, the secret (256 random bits, so that a plain hash of it
gives nothing away) proves it. Entries are settings of the installation, read on every request: what one process
revokes is dead in all of them at once.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.values import Json
from flowmaster.runtime.clock import real_now
from flowmaster.stores.protocol import Reader, Transaction
from flowmaster.tools.registry import Caller
from flowmaster.tools.roles import LOCAL, rights_of

BEGINNING: Final = "fm_"
"""What every key begins with, so that a key in a text is found and told from a token."""

_ENTRY: Final = "key:"
_MADE: Final = "key.made"
"""The setting that says that a key was made once: from then on callers over HTTP need one, whatever became of it."""
_NO_HASH: Final = hashlib.sha256(b"").hexdigest()
_LENGTH_MAX: Final = 200


class Key(NamedTuple):
    """A key as it is listed; instants are epoch milliseconds."""

    id: str
    name: str
    rights: tuple[str, ...]
    tenant: str
    person: str
    added: int
    until: int | None
    revoked: int | None
    hash: str

    def holds(self, now: int) -> bool:
        """Whether the key opens anything at an instant."""
        return self.revoked is None and (self.until is None or now < self.until)


def are_made(reader: Reader) -> bool:
    """Whether a key was ever made on this data folder."""
    return reader.setting("", _MADE) is not None


def key_caller(reader: Reader, text: str, now: Callable[[], int] = real_now) -> Caller | None:
    """Return whom a key stands for, or nothing; unknown, wrong, late and revoked keys take the same way."""
    identity, _, secret = text[len(BEGINNING) : _LENGTH_MAX].partition("_")
    key = _key(identity, reader.setting("", _ENTRY + identity))
    given = hashlib.sha256(secret.encode()).hexdigest()
    same = hmac.compare_digest(given, _NO_HASH if key is None else key.hash)
    if key is None or not same or not key.holds(now()):
        return None
    return Caller(
        actor=key.name, tenant=key.tenant, rights=rights_of(key.rights), on_behalf_of=key.person or None
    )


def all_keys(reader: Reader) -> list[Key]:
    """Return the keys in the order in which they were made."""
    found = [_key(name.removeprefix(_ENTRY), value) for name, value in reader.settings("", _ENTRY).items()]
    return sorted((key for key in found if key is not None), key=lambda key: (key.added, key.id))


def add_key(
    transaction: Transaction, name: str, *, rights: Sequence[str], tenant: str, person: str, until: int | None
) -> str:
    """Make a key and return it; nobody can read it again."""
    now = real_now()
    if name == LOCAL or any(key.name == name and key.holds(now) for key in all_keys(transaction)):
        raise FlowMasterError(
            "key.name_taken",
            f"The name {name!r} is taken.",
            path="name",
            fix="Revoke it first, or take another name: the name says in the audit log who acted.",
            status=409,
        )
    identity, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    entry: dict[str, Json] = {
        "name": name,
        "rights": list(rights),
        "tenant": tenant,
        "person": person,
        "added": now,
        "until": until,
        "revoked": None,
        "hash": hashlib.sha256(secret.encode()).hexdigest(),
    }
    transaction.put_setting("", _ENTRY + identity, entry)
    transaction.put_setting("", _MADE, True)
    told = {part: value for part, value in entry.items() if part != "hash"}
    transaction.journal(tenant, f"key:{name}", at=now, by=LOCAL, operation="key_add", data=told)
    return f"{BEGINNING}{identity}_{secret}"


def revoke_key(transaction: Transaction, name: str) -> Key:
    """Revoke the key of that name, or of that id, and return it."""
    now = real_now()
    living = [key for key in all_keys(transaction) if key.holds(now)]
    for key in living:
        if name in (key.name, key.id):
            revoked: Json = {**key._asdict(), "rights": list(key.rights), "revoked": now}
            transaction.put_setting("", _ENTRY + key.id, revoked)
            transaction.journal(
                key.tenant, f"key:{key.name}", at=now, by=LOCAL, operation="key_revoke", data={"id": key.id}
            )
            return key._replace(revoked=now)
    names = [key.name for key in living]
    raise FlowMasterError(
        "key.unknown",
        f"There is no key {name[:80]!r} that could be revoked.{did_you_mean(name[:80], names)}",
        path="name",
        fix="Run `flowmaster key list`.",
        status=404,
    )


def _key(identity: str, entry: Json) -> Key | None:
    if not isinstance(entry, dict):
        return None
    rights, until, revoked, added = entry["rights"], entry["until"], entry["revoked"], entry["added"]
    assert isinstance(rights, list)
    assert isinstance(added, int)
    assert until is None or isinstance(until, int)
    assert revoked is None or isinstance(revoked, int)
    return Key(
        identity,
        str(entry["name"]),
        tuple(map(str, rights)),
        str(entry["tenant"]),
        str(entry["person"]),
        added,
        until,
        revoked,
        str(entry["hash"]),
    )
