//! Imported files in the database.

use rusqlite::{OptionalExtension, params};

use super::{Changes, Db, Result};
use crate::disk::ImportedFile;
use crate::page::PageId;

impl Db {
    pub(in crate::disk) fn file(&self, path: &str) -> Result<Option<ImportedFile>> {
        let read = || {
            self.conn
                .prepare_cached("SELECT * FROM files WHERE path = ?1")?
                .query_row([path], |row| {
                    Ok(ImportedFile {
                        path: row.get("path")?,
                        bytes: row.get::<_, i64>("bytes")? as u64,
                        modified_ns: row.get("modified_ns")?,
                        sha256: row.get("sha256")?,
                    })
                })
                .optional()
        };
        read().map_err(self.failed())
    }

    pub(in crate::disk) fn files_below(&self, prefix: &str) -> Result<Vec<String>> {
        let read = || {
            let mut found = self.conn.prepare_cached(
                "SELECT path FROM files WHERE substr(path, 1, length(?1)) = ?1 ORDER BY path",
            )?;
            let paths = found.query_map([prefix], |row| row.get(0))?;
            paths.collect::<rusqlite::Result<_>>()
        };
        read().map_err(self.failed())
    }
}

impl Changes<'_> {
    /// Removes the pages of the whole `of` from part number `from` on; says how many.
    pub(in crate::disk) fn remove_parts(&mut self, of: &str, from: usize) -> Result<usize> {
        let from = i64::try_from(from).unwrap_or(i64::MAX);
        let select = || {
            let mut found = self
                .tx
                .prepare_cached("SELECT id FROM pages WHERE whole = ?1 AND part >= ?2")?;
            let ids = found.query_map(params![of, from], |row| {
                row.get::<_, String>(0).map(PageId::from)
            })?;
            ids.collect::<rusqlite::Result<Vec<PageId>>>()
        };
        let ids = select().map_err(self.failed())?;
        for id in &ids {
            self.remove(id)?;
        }
        Ok(ids.len())
    }

    pub(in crate::disk) fn put_file(&mut self, file: &ImportedFile, pages: usize) -> Result<()> {
        let put = self.tx.execute(
            "INSERT OR REPLACE INTO files (path, bytes, modified_ns, sha256, pages)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                file.path,
                i64::try_from(file.bytes).unwrap_or(i64::MAX),
                file.modified_ns,
                file.sha256,
                pages as i64
            ],
        );
        put.map(drop).map_err(self.failed())
    }

    pub(in crate::disk) fn note_file(&mut self, file: &ImportedFile) -> Result<()> {
        let note = self.tx.execute(
            "UPDATE files SET bytes = ?2, modified_ns = ?3 WHERE path = ?1",
            params![
                file.path,
                i64::try_from(file.bytes).unwrap_or(i64::MAX),
                file.modified_ns
            ],
        );
        note.map(drop).map_err(self.failed())
    }

    /// Removes a page. The file it came from, if it did, is no longer as it was imported:
    /// adding it again brings the page back.
    pub(in crate::disk) fn forget(&mut self, id: &PageId) -> Result<bool> {
        let note = self.tx.execute(
            "UPDATE files SET modified_ns = -1, sha256 = ''
             WHERE path = (SELECT whole FROM pages WHERE id = ?1)",
            [id.as_str()],
        );
        note.map_err(self.failed())?;
        self.remove(id)
    }

    pub(in crate::disk) fn forget_file(&mut self, path: &str) -> Result<()> {
        let forget = self.tx.execute("DELETE FROM files WHERE path = ?1", [path]);
        forget.map(drop).map_err(self.failed())
    }
}
