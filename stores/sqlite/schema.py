"""The tables, as a numbered list of migrations; the file's `user_version` says how many of them it has had.

Names that recur (tenants, processes, labels, job types, people) are words: kept once, meant by a number.
Rule: a migration that was released never changes; the next one is added at the end.
"""

APPLICATION_ID = 0x464D5354
"""Marks a file as ours (`FMST`)."""

_VERSION_1 = """
CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE instance (
    num INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    id TEXT NOT NULL,
    process INTEGER NOT NULL,
    version INTEGER NOT NULL,
    status INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    waits INTEGER NOT NULL,
    incidents INTEGER NOT NULL,
    sandbox INTEGER NOT NULL,
    started INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    business_key TEXT,
    parent TEXT,
    parent_wait INTEGER,
    parent_depth INTEGER,
    hash BLOB NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX instance_id ON instance (tenant, id);
CREATE INDEX instance_status ON instance (tenant, sandbox, status, process);
CREATE INDEX instance_business_key ON instance (tenant, business_key) WHERE business_key IS NOT NULL;
CREATE INDEX instance_parent ON instance (tenant, parent) WHERE parent IS NOT NULL;
CREATE INDEX instance_incident ON instance (tenant) WHERE incidents > 0;

CREATE TABLE wait (
    instance INTEGER NOT NULL,
    id INTEGER NOT NULL,
    tenant INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    held INTEGER NOT NULL,
    label INTEGER,
    state INTEGER,
    person INTEGER,
    priority INTEGER NOT NULL,
    topic INTEGER,
    key TEXT,
    due INTEGER,
    lease_until INTEGER NOT NULL DEFAULT 0,
    nonce TEXT,
    worker INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (instance, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX wait_task ON wait (tenant, priority DESC, instance, id, held) WHERE kind = 1;
CREATE INDEX wait_person ON wait (tenant, person) WHERE person IS NOT NULL;
CREATE INDEX wait_job ON wait (tenant, topic) WHERE kind = 2;
CREATE INDEX wait_event ON wait (tenant, topic, key) WHERE kind = 4;
CREATE INDEX wait_due ON wait (kind, due) WHERE due IS NOT NULL AND held & 5 = 0;

CREATE TABLE candidate (
    tenant INTEGER NOT NULL,
    who INTEGER NOT NULL,
    instance INTEGER NOT NULL,
    wait INTEGER NOT NULL,
    PRIMARY KEY (tenant, who, instance, wait)
) STRICT, WITHOUT ROWID;

CREATE TABLE scope (
    num INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    name TEXT NOT NULL,
    last INTEGER NOT NULL,
    hash BLOB NOT NULL,
    UNIQUE (tenant, name)
) STRICT;
CREATE TABLE journal (
    id INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    scope INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    at INTEGER NOT NULL,
    by INTEGER NOT NULL,
    operation INTEGER NOT NULL,
    reason TEXT,
    erased BLOB,
    hash BLOB NOT NULL,
    events TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX journal_scope ON journal (scope, first);

CREATE TABLE start (
    tenant INTEGER NOT NULL,
    process INTEGER NOT NULL,
    element TEXT NOT NULL,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    due INTEGER,
    every TEXT NOT NULL,
    left INTEGER NOT NULL,
    PRIMARY KEY (tenant, process, element)
) STRICT, WITHOUT ROWID;
CREATE INDEX start_name ON start (tenant, kind, name);
CREATE INDEX start_due ON start (due) WHERE due IS NOT NULL;

CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant INTEGER NOT NULL,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    variables TEXT NOT NULL,
    expires INTEGER NOT NULL,
    at INTEGER NOT NULL,
    by INTEGER NOT NULL
) STRICT;
CREATE INDEX message_name ON message (tenant, name, key);
CREATE INDEX message_expires ON message (expires);

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant INTEGER NOT NULL,
    instance TEXT NOT NULL,
    at INTEGER NOT NULL,
    target TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL
) STRICT;

CREATE TABLE definition (
    num INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    archived INTEGER NOT NULL,
    version INTEGER NOT NULL,
    draft INTEGER NOT NULL,
    published_draft INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    updated_by INTEGER NOT NULL,
    UNIQUE (tenant, kind, key)
) STRICT;
CREATE TABLE draft (
    definition INTEGER NOT NULL,
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    by INTEGER NOT NULL,
    at INTEGER NOT NULL,
    note TEXT NOT NULL,
    meta TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (definition, number)
) STRICT;
CREATE TABLE version (
    definition INTEGER NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    tag TEXT NOT NULL,
    digest TEXT NOT NULL,
    by INTEGER NOT NULL,
    at INTEGER NOT NULL,
    note TEXT NOT NULL,
    meta TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (definition, version)
) STRICT;

CREATE TABLE document (
    num INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    by INTEGER NOT NULL,
    at INTEGER NOT NULL,
    meta TEXT NOT NULL,
    UNIQUE (tenant, id)
) STRICT;
CREATE INDEX document_sha256 ON document (tenant, sha256);
CREATE TABLE blob (
    tenant INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (tenant, sha256)
) STRICT;

CREATE TABLE once (
    tenant INTEGER NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    subject TEXT NOT NULL,
    at INTEGER NOT NULL,
    answer TEXT,
    PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX once_at ON once (at);
CREATE TABLE counter (
    tenant INTEGER NOT NULL,
    name TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE setting (
    tenant INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE lease (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""

_VERSION_2 = """
ALTER TABLE version ADD COLUMN valid_from INTEGER NOT NULL DEFAULT 0;
UPDATE version SET valid_from = at;
CREATE INDEX version_valid ON version (definition, valid_from, version);

CREATE TABLE evaluation (
    id INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    decision INTEGER NOT NULL,
    instance INTEGER NOT NULL,
    first INTEGER NOT NULL,
    seq INTEGER NOT NULL
) STRICT;
CREATE INDEX evaluation_decision ON evaluation (tenant, decision);
INSERT OR IGNORE INTO word (text)
    SELECT DISTINCT json_extract(event.value, '$[3]') FROM journal, json_each(journal.events) AS event
    WHERE journal.scope > 0 AND instr(journal.events, '["dm",') AND json_extract(event.value, '$[0]') = 'dm';
INSERT INTO evaluation (tenant, decision, instance, first, seq)
    SELECT journal.tenant, word.id, journal.scope, journal.first, journal.first + event.key
    FROM journal JOIN instance ON instance.num = journal.scope, json_each(journal.events) AS event
    JOIN word ON word.text = json_extract(event.value, '$[3]')
    WHERE instr(journal.events, '["dm",') AND json_extract(event.value, '$[0]') = 'dm' AND NOT instance.sandbox
    ORDER BY journal.id, event.key;
"""

_VERSION_3 = """
CREATE TABLE start_by_number (
    tenant INTEGER NOT NULL,
    process INTEGER NOT NULL,
    element TEXT NOT NULL,
    number INTEGER NOT NULL,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    due INTEGER,
    every TEXT NOT NULL,
    left INTEGER NOT NULL,
    PRIMARY KEY (tenant, process, element, number)
) STRICT, WITHOUT ROWID;
INSERT INTO start_by_number (tenant, process, element, number, version, kind, name, due, every, left)
    SELECT tenant, process, element, 0, version, kind, name, due, every, left FROM start;
DROP TABLE start;
ALTER TABLE start_by_number RENAME TO start;
CREATE INDEX start_name ON start (tenant, kind, name);
CREATE INDEX start_due ON start (due) WHERE due IS NOT NULL;
"""

_VERSION_4 = """
CREATE TABLE long_call (
    handle TEXT PRIMARY KEY,
    tenant INTEGER NOT NULL,
    owner TEXT NOT NULL,
    ended INTEGER NOT NULL,
    at INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX long_call_owner ON long_call (tenant, owner, ended, at);
CREATE INDEX long_call_expires ON long_call (expires);
"""

_VERSION_5 = """
ALTER TABLE journal ADD COLUMN agent INTEGER;
"""

_VERSION_6 = """
CREATE TABLE part (
    instance INTEGER NOT NULL,
    id INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (instance, id)
) STRICT, WITHOUT ROWID;
"""

_VERSION_7 = """
CREATE INDEX wait_timer ON wait (tenant, due) WHERE kind = 3 AND due IS NOT NULL AND held & 5 = 0;
"""

_VERSION_8 = """
ALTER TABLE scope ADD COLUMN genesis BLOB;
CREATE TABLE erasure (
    tenant INTEGER NOT NULL,
    instance TEXT NOT NULL,
    at INTEGER NOT NULL,
    erasure TEXT NOT NULL,
    what TEXT NOT NULL,
    PRIMARY KEY (tenant, instance)
) STRICT, WITHOUT ROWID;
"""

_VERSION_9 = """
CREATE TABLE link (
    definition INTEGER NOT NULL,
    version INTEGER NOT NULL,
    number INTEGER NOT NULL,
    tenant INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    source_kind INTEGER NOT NULL,
    source INTEGER NOT NULL,
    target_kind INTEGER NOT NULL,
    target INTEGER NOT NULL,
    element INTEGER,
    pinned INTEGER,
    free INTEGER NOT NULL,
    PRIMARY KEY (definition, version, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX link_source ON link (tenant, source, source_kind);
CREATE INDEX link_target ON link (tenant, target, target_kind);
CREATE TABLE linked (
    definition INTEGER NOT NULL,
    version INTEGER NOT NULL,
    draft INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (definition, version)
) STRICT, WITHOUT ROWID;
"""

_VERSION_10 = """
CREATE TABLE sent (
    sender INTEGER NOT NULL,
    receiver INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    name INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (sender, receiver, kind, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX sent_receiver ON sent (receiver);
"""

_VERSION_11 = """
CREATE TABLE release (
    tenant INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    key TEXT NOT NULL,
    aspect TEXT NOT NULL,
    name TEXT NOT NULL,
    by INTEGER NOT NULL,
    at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant, kind, key, aspect, name)
) STRICT, WITHOUT ROWID;
ALTER TABLE definition ADD COLUMN route TEXT NOT NULL DEFAULT '';
ALTER TABLE start ADD COLUMN routed INTEGER NOT NULL DEFAULT 0;
"""

_VERSION_12 = """
CREATE TABLE graph (tenant INTEGER PRIMARY KEY, number INTEGER NOT NULL, space INTEGER NOT NULL) STRICT;
CREATE TABLE graph_former (
    tenant INTEGER NOT NULL,
    space INTEGER NOT NULL,
    PRIMARY KEY (tenant, space)
) STRICT, WITHOUT ROWID;
ALTER TABLE definition ADD COLUMN graph INTEGER NOT NULL DEFAULT 0;
ALTER TABLE linked ADD COLUMN graph INTEGER NOT NULL DEFAULT 0;
UPDATE definition SET graph = num
    WHERE kind IN (SELECT id FROM word WHERE text IN ('process', 'decision'));
UPDATE linked SET graph = definition;
INSERT INTO graph (tenant, number, space) SELECT tenant, max(num), abs(random() % 4503599627370496)
    FROM definition GROUP BY tenant;
CREATE INDEX definition_graph ON definition (tenant, graph);
"""

MIGRATIONS = (
    _VERSION_1,
    _VERSION_2,
    _VERSION_3,
    _VERSION_4,
    _VERSION_5,
    _VERSION_6,
    _VERSION_7,
    _VERSION_8,
    _VERSION_9,
    _VERSION_10,
    _VERSION_11,
    _VERSION_12,
)
"""Each entry takes a file from the version before it to its own number, counted from 1."""
