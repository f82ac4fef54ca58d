//! Changes to the database: several at once, or none of them.

use std::path::Path;

use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};

use super::rows::{page, suspicion, word};
use super::{Db, Head, Result, head};
use crate::disk::error;
use crate::error::StoreError;
use crate::page::{Kind, NewPage, Page, PageId};
use crate::store::HISTORY_MAX;
use crate::suspicion::Suspicion;
use crate::vector::Packed;

/// Changes that are durable once `commit` returns, and never happened if it is not called.
pub(in crate::disk) struct Changes<'a> {
    pub(super) tx: Transaction<'a>,
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

    pub(super) fn failed(&self) -> impl FnOnce(rusqlite::Error) -> StoreError + use<'a> {
        let path = self.path;
        move |source| error::database(path, source)
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
        let mut page = new.stored_as(id);
        self.head.seq += 1;
        self.insert(&mut page).map_err(self.failed())?;
        Ok(page)
    }

    fn insert(&self, page: &mut Page) -> rusqlite::Result<()> {
        for source in &page.derived_from {
            let known = self
                .tx
                .prepare_cached("SELECT trust, secrecy, suspicion FROM pages WHERE id = ?1")?
                .query_row([source.as_str()], |row| {
                    Ok((word(row, "trust")?, word(row, "secrecy")?, suspicion(row)?))
                })
                .optional()?;
            if let Some((trust, secrecy, suspicion)) = known {
                page.trust = page.trust.min(trust);
                page.secrecy = page.secrecy.max(secrecy);
                page.suspicion = Suspicion::joined(page.suspicion, suspicion);
            }
        }
        let id = page.id.clone();
        if let Some(before) = self.take(&id)? {
            page.follows(&before);
            if before.kind == Kind::Memory && page.version > before.version {
                self.keep(&before)?;
            }
        }
        self.tx
            .prepare_cached("DELETE FROM removed WHERE id = ?1")?
            .execute([id.as_str()])?;
        self.write("pages", self.head.seq, page)
    }

    /// Takes the page out of the table of pages, and with it its vector.
    fn take(&self, id: &PageId) -> rusqlite::Result<Option<Page>> {
        let before = self
            .tx
            .prepare_cached("DELETE FROM pages WHERE id = ?1 RETURNING *")?
            .query_row([id.as_str()], |row| Ok((row.get("seq")?, page(row)?)))
            .optional()?;
        let Some((seq, page)) = before else {
            return Ok(None);
        };
        let seq: i64 = seq;
        self.tx
            .prepare_cached("DELETE FROM vectors WHERE seq = ?1")?
            .execute([seq])?;
        Ok(Some(page))
    }

    /// Adds a version to the history of its id, and forgets the oldest of too many.
    fn keep(&self, before: &Page) -> rusqlite::Result<()> {
        self.write("history", self.head.seq, before)?;
        self.tx
            .prepare_cached(
                "DELETE FROM history WHERE id = ?1 AND seq NOT IN
                 (SELECT seq FROM history WHERE id = ?1 ORDER BY seq DESC LIMIT ?2)",
            )?
            .execute(params![before.id.as_str(), HISTORY_MAX as i64])?;
        Ok(())
    }

    fn write(&self, table: &str, seq: i64, page: &Page) -> rusqlite::Result<()> {
        let derived = match page.derived_from.is_empty() {
            true => "[]".to_owned(),
            false => serde_json::to_string(&page.derived_from)
                .map_err(|source| rusqlite::Error::ToSqlConversionFailure(source.into()))?,
        };
        let suspicion = page.suspicion.as_ref().map(serde_json::to_string);
        let suspicion = suspicion
            .transpose()
            .map_err(|source| rusqlite::Error::ToSqlConversionFailure(source.into()))?;
        self.tx
            .prepare_cached(&format!(
                "INSERT INTO {table} (seq, id, kind, title, text, source, trust, whole, part,
                 space, derived, version, created_ms, sha256, secrecy, suspicion)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
            ))?
            .execute(params![
                seq,
                page.id.as_str(),
                page.kind.as_str(),
                page.title,
                page.text,
                page.source,
                page.trust.as_str(),
                page.place.as_ref().map(|place| &place.of),
                page.place.as_ref().map(|place| place.part),
                page.space,
                derived,
                page.version,
                page.created_ms,
                page.sha256,
                page.secrecy.as_str(),
                suspicion,
            ])?;
        Ok(())
    }

    /// Gives the page of the last change its vector.
    pub(in crate::disk) fn put_vector(&mut self, vector: &Packed) -> Result<()> {
        self.set_vector(self.head.seq, vector)
    }

    /// Gives the page of change `seq` its vector, if it is still there, in the place of one
    /// that another model made.
    pub(in crate::disk) fn set_vector(&mut self, seq: i64, vector: &Packed) -> Result<()> {
        let put = || {
            self.tx
                .prepare_cached(
                    "INSERT OR REPLACE INTO vectors (seq, vector)
                     SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM pages WHERE seq = ?1)",
                )?
                .execute(params![seq, vector.as_bytes()])?;
            self.tx
                .prepare_cached("DELETE FROM other_vectors WHERE seq = ?1")?
                .execute([seq])
        };
        put().map(drop).map_err(self.failed())
    }

    /// Notes that `embedder` makes the vectors from now on. Those that another one made are put
    /// aside, and those that it made itself before are taken up again.
    pub(in crate::disk) fn set_embedder(&mut self, embedder: &str) -> Result<()> {
        let set = || {
            let before = &self.head.embedder;
            if before == embedder {
                return Ok(());
            }
            if !before.is_empty() {
                self.tx.execute(
                    "INSERT OR REPLACE INTO other_vectors SELECT seq, ?1, vector FROM vectors",
                    [before],
                )?;
            }
            self.tx.execute("DELETE FROM vectors", [])?;
            self.tx.execute(
                "INSERT INTO vectors SELECT seq, vector FROM other_vectors WHERE embedder = ?1",
                [embedder],
            )?;
            self.tx
                .execute("DELETE FROM other_vectors WHERE embedder = ?1", [embedder])?;
            self.tx
                .execute("UPDATE head SET embedder = ?1", [embedder])?;
            Ok(())
        };
        set().map_err(self.failed())?;
        embedder.clone_into(&mut self.head.embedder);
        Ok(())
    }

    /// Removes the vectors of other models: every page has one of the model's own.
    pub(in crate::disk) fn drop_other_vectors(&mut self) -> Result<()> {
        let drop_all = self.tx.execute("DELETE FROM other_vectors", []);
        drop_all.map(drop).map_err(self.failed())
    }

    /// Removes a page; says whether there was one.
    pub(in crate::disk) fn remove(&mut self, id: &PageId) -> Result<bool> {
        let remove = || {
            let removed = self.take(id)?.is_some();
            if removed {
                self.tx
                    .execute("DELETE FROM history WHERE id = ?1", [id.as_str()])?;
                let note = params![self.head.seq + 1, id.as_str()];
                self.tx
                    .execute("INSERT INTO removed (seq, id) VALUES (?1, ?2)", note)?;
            }
            Ok(removed)
        };
        let removed = remove().map_err(self.failed())?;
        self.head.seq += i64::from(removed);
        Ok(removed)
    }

    /// Makes the changes durable.
    pub(in crate::disk) fn commit(self) -> Result<()> {
        let head = params![self.head.seq, self.head.ids.last];
        let failed = self.failed();
        self.tx
            .execute("UPDATE head SET seq = ?1, last_id = ?2", head)
            .and_then(|_| self.tx.commit())
            .map_err(failed)
    }
}
