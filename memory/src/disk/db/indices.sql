-- Added without a new format: another release keeps them up to date and needs them not.
-- The memories of a space, and how long they are, without looking at documents.
CREATE INDEX IF NOT EXISTS memories_by_space ON pages (space, octet_length(text))
    WHERE kind = 'memory';
-- The vectors that another model made than the one of `vectors`, of pages that have none of
-- that one yet: they are found by these meanwhile.
CREATE TABLE IF NOT EXISTS other_vectors (
    seq      INTEGER PRIMARY KEY,
    embedder TEXT NOT NULL,
    vector   BLOB NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS other_vectors_go AFTER DELETE ON pages BEGIN
    DELETE FROM other_vectors WHERE seq = old.seq;
END;
