-- Format 1 did not know of places.
ALTER TABLE pages ADD COLUMN whole TEXT;
ALTER TABLE pages ADD COLUMN part INTEGER;
