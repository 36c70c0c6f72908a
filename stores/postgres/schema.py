"""The tables on PostgreSQL, as a numbered list of migrations; the table `migration` says how many were made.

They are those of SQLite, with a name for the transaction that wrote each row of the journal: numbers of rows are given
out before a commit, so that a row may appear behind one with a higher number (see `feed.py`).
Rule: a migration that was released never changes; the next one is added at the end.
"""

LOCK = 0x464D5354
"""The advisory lock (`FMST`) that whoever migrates holds."""

CATALOG = """
CREATE TABLE IF NOT EXISTS migration (version BIGINT PRIMARY KEY, at TIMESTAMPTZ NOT NULL DEFAULT now())
"""

_VERSION_1 = """
CREATE TABLE word (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text TEXT COLLATE "C" NOT NULL UNIQUE);

CREATE TABLE instance (
    num BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant BIGINT NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    process BIGINT NOT NULL,
    version BIGINT NOT NULL,
    status BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    waits BIGINT NOT NULL,
    incidents BIGINT NOT NULL,
    sandbox BIGINT NOT NULL,
    started BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    business_key TEXT COLLATE "C",
    parent TEXT COLLATE "C",
    parent_wait BIGINT,
    parent_depth BIGINT,
    hash BYTEA NOT NULL,
    body TEXT NOT NULL
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX instance_id ON instance (tenant, id);
CREATE INDEX instance_status ON instance (tenant, sandbox, status, process);
CREATE INDEX instance_business_key ON instance (tenant, business_key) WHERE business_key IS NOT NULL;
CREATE INDEX instance_parent ON instance (tenant, parent) WHERE parent IS NOT NULL;
CREATE INDEX instance_incident ON instance (tenant) WHERE incidents > 0;

CREATE TABLE wait (
    instance BIGINT NOT NULL,
    id BIGINT NOT NULL,
    tenant BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    held BIGINT NOT NULL,
    label BIGINT,
    state BIGINT,
    person BIGINT,
    priority BIGINT NOT NULL,
    topic BIGINT,
    key TEXT COLLATE "C",
    due BIGINT,
    lease_until BIGINT NOT NULL DEFAULT 0,
    nonce TEXT COLLATE "C",
    worker BIGINT,
    body TEXT NOT NULL,
    PRIMARY KEY (instance, id)
);
CREATE INDEX wait_task ON wait (tenant, priority DESC, instance, id, held) WHERE kind = 1;
CREATE INDEX wait_person ON wait (tenant, person) WHERE person IS NOT NULL;
CREATE INDEX wait_job ON wait (tenant, topic, instance, id) WHERE kind = 2;
CREATE INDEX wait_event ON wait (tenant, topic, key) WHERE kind = 4;
CREATE INDEX wait_due ON wait (kind, due) WHERE due IS NOT NULL AND held & 5 = 0;

CREATE TABLE candidate (
    tenant BIGINT NOT NULL,
    who BIGINT NOT NULL,
    instance BIGINT NOT NULL,
    wait BIGINT NOT NULL,
    PRIMARY KEY (tenant, who, instance, wait)
);

CREATE TABLE scope (
    num BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    last BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    UNIQUE (tenant, name)
);
CREATE TABLE journal (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant BIGINT NOT NULL,
    scope BIGINT NOT NULL,
    first BIGINT NOT NULL,
    last BIGINT NOT NULL,
    at BIGINT NOT NULL,
    by BIGINT NOT NULL,
    agent BIGINT,
    operation BIGINT NOT NULL,
    reason TEXT,
    erased BYTEA,
    hash BYTEA NOT NULL,
    events TEXT NOT NULL,
    tx BIGINT NOT NULL DEFAULT (pg_current_xact_id()::TEXT::BIGINT)
);
CREATE UNIQUE INDEX journal_scope ON journal (scope, first);
CREATE INDEX journal_tx ON journal (tx, id);

CREATE TABLE evaluation (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant BIGINT NOT NULL,
    decision BIGINT NOT NULL,
    instance BIGINT NOT NULL,
    first BIGINT NOT NULL,
    seq BIGINT NOT NULL
);
CREATE INDEX evaluation_decision ON evaluation (tenant, decision, id);

CREATE TABLE start (
    tenant BIGINT NOT NULL,
    process BIGINT NOT NULL,
    element TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    version BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    due BIGINT,
    every TEXT NOT NULL,
    "left" BIGINT NOT NULL,
    PRIMARY KEY (tenant, process, element, number)
);
CREATE INDEX start_name ON start (tenant, kind, name);
CREATE INDEX start_due ON start (due) WHERE due IS NOT NULL;

CREATE TABLE message (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    variables TEXT NOT NULL,
    expires BIGINT NOT NULL,
    at BIGINT NOT NULL,
    by BIGINT NOT NULL
);
CREATE INDEX message_name ON message (tenant, name, key);
CREATE INDEX message_expires ON message (expires);

CREATE TABLE topic (
    tenant BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    turn BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, name)
) WITH (fillfactor = 50);

CREATE TABLE outbox (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant BIGINT NOT NULL,
    instance TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    target TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    payload TEXT NOT NULL
);

CREATE TABLE definition (
    num BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    archived BIGINT NOT NULL,
    version BIGINT NOT NULL,
    draft BIGINT NOT NULL,
    published_draft BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    updated_by BIGINT NOT NULL,
    UNIQUE (tenant, kind, key)
);
CREATE TABLE draft (
    definition BIGINT NOT NULL,
    number BIGINT NOT NULL,
    name TEXT NOT NULL,
    by BIGINT NOT NULL,
    at BIGINT NOT NULL,
    note TEXT NOT NULL,
    meta TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (definition, number)
);
CREATE TABLE version (
    definition BIGINT NOT NULL,
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    tag TEXT COLLATE "C" NOT NULL,
    digest TEXT NOT NULL,
    by BIGINT NOT NULL,
    at BIGINT NOT NULL,
    note TEXT NOT NULL,
    meta TEXT NOT NULL,
    content TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    PRIMARY KEY (definition, version)
);
CREATE INDEX version_valid ON version (definition, valid_from, version);

CREATE TABLE document (
    num BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant BIGINT NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    size BIGINT NOT NULL,
    by BIGINT NOT NULL,
    at BIGINT NOT NULL,
    meta TEXT NOT NULL,
    UNIQUE (tenant, id)
);
CREATE INDEX document_sha256 ON document (tenant, sha256);
CREATE TABLE blob (
    tenant BIGINT NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    data BYTEA NOT NULL,
    PRIMARY KEY (tenant, sha256)
);

CREATE TABLE once (
    tenant BIGINT NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    digest TEXT NOT NULL,
    subject TEXT NOT NULL,
    at BIGINT NOT NULL,
    answer TEXT,
    PRIMARY KEY (tenant, key)
);
CREATE INDEX once_at ON once (at);
CREATE TABLE counter (
    tenant BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (tenant, name)
) WITH (fillfactor = 50);
CREATE TABLE setting (
    tenant BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (tenant, name)
);
CREATE TABLE lease (name TEXT COLLATE "C" PRIMARY KEY, holder TEXT NOT NULL, until BIGINT NOT NULL);

CREATE TABLE long_call (
    handle TEXT COLLATE "C" PRIMARY KEY,
    tenant BIGINT NOT NULL,
    owner TEXT NOT NULL,
    ended BIGINT NOT NULL,
    at BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX long_call_owner ON long_call (tenant, owner, ended, at);
CREATE INDEX long_call_expires ON long_call (expires);

CREATE FUNCTION contains(whole TEXT, part TEXT) RETURNS BOOLEAN LANGUAGE SQL IMMUTABLE
    RETURN position(part IN replace(lower(whole COLLATE "und-x-icu"), 'ß', 'ss')) > 0;
"""

_VERSION_2 = """
CREATE TABLE part (
    instance BIGINT NOT NULL,
    id BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (instance, id)
);
"""

_VERSION_3 = """
CREATE INDEX wait_timer ON wait (tenant, due) WHERE kind = 3 AND due IS NOT NULL AND held & 5 = 0;
"""

_VERSION_4 = """
ALTER TABLE scope ADD COLUMN genesis BYTEA;
CREATE TABLE erasure (
    tenant BIGINT NOT NULL,
    instance TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    erasure TEXT COLLATE "C" NOT NULL,
    what TEXT NOT NULL,
    PRIMARY KEY (tenant, instance)
);
"""

_VERSION_5 = """
CREATE TABLE link (
    definition BIGINT NOT NULL,
    version BIGINT NOT NULL,
    number BIGINT NOT NULL,
    tenant BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    source_kind BIGINT NOT NULL,
    source BIGINT NOT NULL,
    target_kind BIGINT NOT NULL,
    target BIGINT NOT NULL,
    element BIGINT,
    pinned BIGINT,
    free BIGINT NOT NULL,
    PRIMARY KEY (definition, version, number)
);
CREATE INDEX link_source ON link (tenant, source, source_kind);
CREATE INDEX link_target ON link (tenant, target, target_kind);
CREATE TABLE linked (
    definition BIGINT NOT NULL,
    version BIGINT NOT NULL,
    draft BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (definition, version)
);
"""

_VERSION_6 = """
CREATE TABLE sent (
    sender BIGINT NOT NULL,
    receiver BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    name BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (sender, receiver, kind, name)
);
CREATE INDEX sent_receiver ON sent (receiver);
"""

_VERSION_7 = """
CREATE TABLE release (
    tenant BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    aspect TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    by BIGINT NOT NULL,
    at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant, kind, key, aspect, name)
);
ALTER TABLE definition ADD COLUMN route TEXT NOT NULL DEFAULT '';
ALTER TABLE start ADD COLUMN routed BIGINT NOT NULL DEFAULT 0;
"""

_VERSION_8 = """
CREATE TABLE graph (tenant BIGINT PRIMARY KEY, number BIGINT NOT NULL, space BIGINT NOT NULL);
CREATE TABLE graph_former (
    tenant BIGINT NOT NULL,
    space BIGINT NOT NULL,
    PRIMARY KEY (tenant, space)
);
ALTER TABLE definition ADD COLUMN graph BIGINT NOT NULL DEFAULT 0;
ALTER TABLE linked ADD COLUMN graph BIGINT NOT NULL DEFAULT 0;
UPDATE definition SET graph = num
    WHERE kind IN (SELECT id FROM word WHERE text IN ('process', 'decision'));
UPDATE linked SET graph = definition;
INSERT INTO graph (tenant, number, space)
    SELECT tenant, max(num), (random() * 4503599627370496)::BIGINT FROM definition GROUP BY tenant;
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
)
"""Each entry takes a database from the version before it to its own number, counted from 1."""
