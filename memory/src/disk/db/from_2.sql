-- Format 2 knew pages without secrecy.
ALTER TABLE pages ADD COLUMN secrecy TEXT NOT NULL DEFAULT 'public';
ALTER TABLE history ADD COLUMN secrecy TEXT NOT NULL DEFAULT 'public';
