//! What processes noted down, space by space.

use std::collections::BTreeMap;

use rusqlite::{Row, params};

use super::rows::page;
use super::{Changes, Db, Result};
use crate::page::Page;
use crate::space::Space;
use crate::store::{LIST_MAX, Share};

const SHARE: &str = "count(*) AS pages, coalesce(sum(octet_length(text)), 0) AS bytes";

impl Db {
    pub(in crate::disk) fn spaces(&self) -> Result<BTreeMap<Space, Share>> {
        let read = || {
            let mut groups = self.conn.prepare_cached(&format!(
                "SELECT space, {SHARE} FROM pages WHERE kind = 'memory' GROUP BY space"
            ))?;
            let spaces = groups.query_map([], |row| Ok((row.get("space")?, share(row)?)))?;
            spaces.collect::<rusqlite::Result<_>>()
        };
        read().map_err(self.failed())
    }

    pub(in crate::disk) fn memories(&self, space: &Space, limit: usize) -> Result<Vec<Page>> {
        let read = || {
            let mut newest = self.conn.prepare_cached(
                "SELECT * FROM pages WHERE kind = 'memory' AND space = ?1
                 ORDER BY seq DESC LIMIT ?2",
            )?;
            let pages = newest.query_map(params![space, limit.min(LIST_MAX) as i64], page)?;
            pages.collect::<rusqlite::Result<_>>()
        };
        read().map_err(self.failed())
    }
}

impl Changes<'_> {
    /// What the memories of a space take, as changed so far.
    pub(in crate::disk) fn share(&self, space: &Space) -> Result<Share> {
        let read = || {
            self.tx
                .prepare_cached(&format!(
                    "SELECT {SHARE} FROM pages WHERE kind = 'memory' AND space = ?1"
                ))?
                .query_row([space], share)
        };
        read().map_err(self.failed())
    }
}

fn share(row: &Row) -> rusqlite::Result<Share> {
    Ok(Share {
        pages: row.get::<_, i64>("pages")? as u64,
        bytes: row.get::<_, i64>("bytes")? as u64,
    })
}
