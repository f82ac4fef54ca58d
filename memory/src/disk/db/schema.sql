-- The pages of a store. The number `seq` grows with every change, so that the index
-- can say how far it has come and what it missed.
CREATE TABLE pages (
    seq        INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    kind       TEXT NOT NULL,
    title      TEXT NOT NULL,
    text       TEXT NOT NULL,
    source     TEXT NOT NULL,
    trust      TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    sha256     TEXT NOT NULL,
    whole      TEXT,
    part       INTEGER,
    space      TEXT NOT NULL DEFAULT '',
    derived    TEXT NOT NULL DEFAULT '[]',
    version    INTEGER NOT NULL DEFAULT 1,
    secrecy    TEXT NOT NULL DEFAULT 'public',
    suspicion  TEXT
) STRICT;

CREATE INDEX pages_by_place ON pages (whole, part) WHERE whole IS NOT NULL;

-- What memories said before.
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
    version    INTEGER NOT NULL,
    secrecy    TEXT NOT NULL DEFAULT 'public',
    suspicion  TEXT
) STRICT;

CREATE INDEX history_by_id ON history (id, seq);

-- Ids of pages that were removed, for an index that has not heard of it.
CREATE TABLE removed (
    seq INTEGER PRIMARY KEY,
    id  TEXT NOT NULL UNIQUE
) STRICT;

-- The vector of the page with this `seq`: a scale and one byte for each dimension.
CREATE TABLE vectors (
    seq    INTEGER PRIMARY KEY,
    vector BLOB NOT NULL
) STRICT;

-- Files that were imported, as they were then.
CREATE TABLE files (
    path        TEXT PRIMARY KEY,
    bytes       INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL,
    sha256      TEXT NOT NULL,
    pages       INTEGER NOT NULL
) STRICT;

-- One row: the store's own name, the last change, the last number given in an id, the
-- change up to which `removed` has been forgotten, and what made the vectors.
CREATE TABLE head (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    store     TEXT NOT NULL,
    seq       INTEGER NOT NULL,
    last_id   INTEGER NOT NULL,
    forgotten INTEGER NOT NULL,
    embedder  TEXT NOT NULL DEFAULT ''
) STRICT;

INSERT INTO head VALUES (1, lower(hex(randomblob(8))), 0, 0, 0, '');
