-- Format 1 knew pages without places, spaces, sources, versions and vectors.
ALTER TABLE pages ADD COLUMN whole TEXT;
ALTER TABLE pages ADD COLUMN part INTEGER;
ALTER TABLE pages ADD COLUMN space TEXT NOT NULL DEFAULT '';
ALTER TABLE pages ADD COLUMN derived TEXT NOT NULL DEFAULT '[]';
ALTER TABLE pages ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
CREATE INDEX pages_by_place ON pages (whole, part) WHERE whole IS NOT NULL;
ALTER TABLE head ADD COLUMN embedder TEXT NOT NULL DEFAULT '';
CREATE TABLE history (
    seq        INTEGER PRIMARY KEY,
    id         TEXT NOT NULL,
    kind       TEXT NOT NULL,
    title      TEXT NOT NULL,
    text       TEXT NOT NULL,
    source     TEXT NOT NULL,
    trust      TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    sha256     TEXT NOT NULL,
    whole      TEXT,
    part       INTEGER,
    space      TEXT NOT NULL,
    derived    TEXT NOT NULL,
    version    INTEGER NOT NULL
) STRICT;CREATE INDEX history_by_id ON history (id, seq);
CREATE TABLE vectors (
    seq    INTEGER PRIMARY KEY,
    vector BLOB NOT NULL
) STRICT;CREATE TABLE files (
    path        TEXT PRIMARY KEY,
    bytes       INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL,
    sha256      TEXT NOT NULL,
    pages       INTEGER NOT NULL
) STRICT;
