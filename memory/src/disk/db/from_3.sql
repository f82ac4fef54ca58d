-- Format 3 knew pages without suspicion.
ALTER TABLE pages ADD COLUMN suspicion TEXT;
ALTER TABLE history ADD COLUMN suspicion TEXT;
