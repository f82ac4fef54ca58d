//! Changes to the database: several at once, or none of them.

use std::path::Path;

use rusqlite::{Transaction, TransactionBehavior, params};

use super::{Db, Head, Result, head};
use crate::disk::error;
use crate::page::{NewPage, Page, PageId};

/// Changes that are durable once `commit` returns, and never happened if it is not called.
pub(in crate::disk) struct Changes<'a> {
    tx: Transaction<'a>,
    path: &'a Path,
    head: Head,
}

impl<'a> Changes<'a> {
    /// Begins changes to `db`; there is one writer, so this never waits for another.
    pub(in crate::disk) fn begin(db: &'a mut Db) -> Result<Self> {
        let path = &db.path;
        let failed = |source| error::database(path, source);
        let tx = db
            .conn
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        let head = head(&tx).map_err(failed)?;
        Ok(Self { tx, path, head })
    }

    /// The number of the last change made so far.
    pub(in crate::disk) fn seq(&self) -> i64 {
        self.head.seq
    }

    /// Puts a page and returns it as stored.
    pub(in crate::disk) fn put(&mut self, new: NewPage) -> Result<Page> {
        let id = match new.id.clone() {
            Some(id) => {
                self.head.ids.saw(&id);
                id
            }
            None => self.head.ids.next(new.kind),
        };
        let page = new.stored_as(id);
        self.head.seq += 1;
        self.insert(&page)
            .map_err(|source| error::database(self.path, source))?;
        Ok(page)
    }

    fn insert(&self, page: &Page) -> rusqlite::Result<()> {
        let id = page.id.as_str();
        self.tx
            .prepare_cached("DELETE FROM pages WHERE id = ?1")?
            .execute([id])?;
        self.tx
            .prepare_cached("DELETE FROM removed WHERE id = ?1")?
            .execute([id])?;
        self.tx
            .prepare_cached(
                "INSERT INTO pages (seq, id, kind, title, text, source, trust, whole, part, created_ms, sha256)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(params![
                self.head.seq,
                id,
                page.kind.as_str(),
                page.title,
                page.text,
                page.source,
                page.trust.as_str(),
                page.place.as_ref().map(|place| &place.of),
                page.place.as_ref().map(|place| place.part),
                page.created_ms,
                page.sha256,
            ])?;
        Ok(())
    }

    /// Removes a page; says whether there was one.
    pub(in crate::disk) fn remove(&mut self, id: &PageId) -> Result<bool> {
        let remove = || {
            let removed = self
                .tx
                .execute("DELETE FROM pages WHERE id = ?1", [id.as_str()])?
                > 0;
            if removed {
                let note = params![self.head.seq + 1, id.as_str()];
                self.tx
                    .execute("INSERT INTO removed (seq, id) VALUES (?1, ?2)", note)?;
            }
            Ok(removed)
        };
        let removed = remove().map_err(|source| error::database(self.path, source))?;
        self.head.seq += i64::from(removed);
        Ok(removed)
    }

    /// Makes the changes durable.
    pub(in crate::disk) fn commit(self) -> Result<()> {
        let head = params![self.head.seq, self.head.ids.last];
        self.tx
            .execute("UPDATE head SET seq = ?1, last_id = ?2", head)
            .and_then(|_| self.tx.commit())
            .map_err(|source| error::database(self.path, source))
    }
}
