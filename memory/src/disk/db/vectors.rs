//! The vectors in the database.

use rusqlite::{OptionalExtension, params};

use super::rows::{place, word};
use super::{Db, Result};
use crate::page::{Kind, PageId, Trust};
use crate::rank::PlaceKey;
use crate::space::Space;

/// The page that a vector belongs to, as far as filters look at it.
#[derive(Clone, Debug)]
pub(in crate::disk) struct VectorOf {
    pub(in crate::disk) id: PageId,
    pub(in crate::disk) kind: Kind,
    pub(in crate::disk) trust: Trust,
    pub(in crate::disk) space: Space,
    pub(in crate::disk) place: PlaceKey,
}

/// A page without a vector.
pub(in crate::disk) struct Unseen {
    pub(in crate::disk) seq: i64,
    pub(in crate::disk) title: String,
    pub(in crate::disk) text: String,
}

impl Db {
    /// The change of the last page that has a vector; zero without one.
    pub(in crate::disk) fn last_vector(&self) -> Result<i64> {
        self.one("SELECT coalesce(max(seq), 0) FROM vectors")
    }

    /// Where the vectors of `kind` are kept, as a table and a condition on its rows; `None`
    /// where there can be none.
    fn place_of(&self, kind: &str) -> Result<Option<(&'static str, &'static str)>> {
        if self.head()?.embedder == kind {
            // The name is a parameter of each question, and this one does not ask for it.
            return Ok(Some(("vectors", "?1 = ?1")));
        }
        // A store that no release wrote that knows the table is only read.
        let known: i64 =
            self.one("SELECT count(*) FROM sqlite_schema WHERE name = 'other_vectors'")?;
        Ok((known > 0).then_some((
            "other_vectors",
            "embedder = ?1 AND seq NOT IN (SELECT seq FROM vectors)",
        )))
    }

    /// How many vectors of `kind` there are, and the last change of a page that has one.
    pub(in crate::disk) fn vectors_of(&self, kind: &str) -> Result<(u64, i64)> {
        let Some((table, rows)) = self.place_of(kind)? else {
            return Ok((0, 0));
        };
        let sql = format!("SELECT count(*), coalesce(max(seq), 0) FROM {table} WHERE {rows}");
        let read = self.conn.prepare_cached(&sql).and_then(|mut found| {
            found.query_row([kind], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))
        });
        let (count, last) = read.map_err(self.failed())?;
        Ok((u64::try_from(count).unwrap_or(0), last))
    }

    /// Hands each vector of `kind` of a page put after change `seq` to `each`, in order.
    pub(in crate::disk) fn each_vector_since(
        &self,
        kind: &str,
        seq: i64,
        mut each: impl FnMut(i64, &[u8]),
    ) -> Result<()> {
        let Some((table, rows)) = self.place_of(kind)? else {
            return Ok(());
        };
        let sql = format!("SELECT seq, vector FROM {table} WHERE {rows} AND seq > ?2 ORDER BY seq");
        let mut read = || {
            let mut found = self.conn.prepare_cached(&sql)?;
            let mut rows = found.query(params![kind, seq])?;
            while let Some(row) = rows.next()? {
                let vector = row.get_ref(1)?.as_blob()?;
                each(row.get(0)?, vector);
            }
            Ok(())
        };
        read().map_err(self.failed())
    }

    /// The page of change `seq`, if it is still the last of its page.
    pub(in crate::disk) fn page_of_vector(&self, seq: i64) -> Result<Option<VectorOf>> {
        let read = || {
            self.conn
                .prepare_cached(
                    "SELECT id, kind, trust, space, whole, part FROM pages WHERE seq = ?1",
                )?
                .query_row([seq], |row| {
                    Ok(VectorOf {
                        id: PageId::from(row.get::<_, String>("id")?),
                        kind: word(row, "kind")?,
                        trust: word(row, "trust")?,
                        space: row.get("space")?,
                        place: PlaceKey::of(place(row)?.as_ref()),
                    })
                })
                .optional()
        };
        read().map_err(self.failed())
    }

    /// The last change of the page `id`; zero without one.
    pub(in crate::disk) fn seq_of(&self, id: &PageId) -> Result<i64> {
        let read = || {
            self.conn
                .prepare_cached("SELECT seq FROM pages WHERE id = ?1")?
                .query_row([id.as_str()], |row| row.get(0))
                .optional()
        };
        Ok(read().map_err(self.failed())?.unwrap_or(0))
    }

    /// At most `limit` pages without a vector that were put after change `seq`, in order.
    pub(in crate::disk) fn without_vector(&self, seq: i64, limit: usize) -> Result<Vec<Unseen>> {
        let read = || {
            let mut found = self.conn.prepare_cached(
                "SELECT seq, title, text FROM pages WHERE seq > ?1
                 AND NOT EXISTS (SELECT 1 FROM vectors WHERE vectors.seq = pages.seq)
                 ORDER BY seq LIMIT ?2",
            )?;
            let pages = found.query_map(params![seq, limit as i64], |row| {
                Ok(Unseen {
                    seq: row.get(0)?,
                    title: row.get(1)?,
                    text: row.get(2)?,
                })
            })?;
            pages.collect::<rusqlite::Result<_>>()
        };
        read().map_err(self.failed())
    }

    /// How many pages have no vector.
    pub(in crate::disk) fn count_without_vector(&self) -> Result<u64> {
        let all: i64 =
            self.one("SELECT (SELECT count(*) FROM pages) - (SELECT count(*) FROM vectors)")?;
        Ok(u64::try_from(all).unwrap_or(0))
    }
}
