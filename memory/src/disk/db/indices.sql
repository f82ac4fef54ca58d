-- Added without a new format: another release keeps them up to date and needs them not.
-- The memories of a space, and how long they are, without looking at documents.
CREATE INDEX IF NOT EXISTS memories_by_space ON pages (space, octet_length(text))
    WHERE kind = 'memory';
