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

    /// Hands each vector of a page put after change `seq` to `each`, in order.
    pub(in crate::disk) fn each_vector_since(
        &self,
        seq: i64,
        mut each: impl FnMut(i64, &[u8]),
    ) -> Result<()> {
        let mut read = || {
            let mut found = self
                .conn
                .prepare_cached("SELECT seq, vector FROM vectors WHERE seq > ?1 ORDER BY seq")?;
            let mut rows = found.query([seq])?;
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
