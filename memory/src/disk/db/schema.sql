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
    whole      TEXT,
    part       INTEGER,
    created_ms INTEGER NOT NULL,
    sha256     TEXT NOT NULL
) STRICT;

-- Ids of pages that were removed, for an index that has not heard of it.
CREATE TABLE removed (
    seq INTEGER PRIMARY KEY,
    id  TEXT NOT NULL UNIQUE
) STRICT;

-- One row: the store's own name, the last change, the last number given in an id, and
-- the change up to which `removed` has been forgotten.
CREATE TABLE head (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    store     TEXT NOT NULL,
    seq       INTEGER NOT NULL,
    last_id   INTEGER NOT NULL,
    forgotten INTEGER NOT NULL
) STRICT;

INSERT INTO head VALUES (1, lower(hex(randomblob(8))), 0, 0, 0);
