//! What links in a search count by, of many pages at once.

use std::collections::HashMap;

use rusqlite::{Row, params};
use serde_json::json;

use super::rows::{place, word};
use super::{Db, Result};
use crate::links::LOOKED_BYTES_MAX;
use crate::links::lend::Linked;
use crate::page::PageId;

/// The pages of some ids. Of a text without a link nothing is read.
const PAGES: &str = "SELECT id, title, whole, part, trust, secrecy,
        CASE WHEN instr(text, '[[') OR instr(text, '](') THEN substr(text, 1, ?2) ELSE '' END
        AS text
    FROM pages WHERE id IN (SELECT value FROM json_each(?1))";

impl Db {
    /// What counts of each of `ids` where links are looked for, in their order; `None` for a page
    /// that is gone or stands in no document. Nothing of this is shown to anybody, so that texts
    /// are not checked against their digests.
    pub(in crate::disk) fn linked(&self, ids: &[&PageId]) -> Result<Vec<Option<Linked>>> {
        let asked: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
        let (list, most) = (json!(asked).to_string(), LOOKED_BYTES_MAX as i64);
        let read = || {
            let mut found = self.conn.prepare_cached(PAGES)?;
            let pages = found.query_map(params![list, most], |row| {
                Ok((row.get::<_, String>("id")?, linked(row)?))
            })?;
            pages.collect::<rusqlite::Result<HashMap<_, _>>>()
        };
        let mut pages = read().map_err(self.failed())?;
        let found = asked.into_iter().map(|id| pages.remove(id).flatten());
        Ok(found.collect())
    }
}

fn linked(row: &Row) -> rusqlite::Result<Option<Linked>> {
    let Some(place) = place(row)? else {
        return Ok(None);
    };
    let (title, text): (String, String) = (row.get("title")?, row.get("text")?);
    let linked = Linked::of_document(&place, &title, &text);
    Ok(Some(
        linked.kept(word(row, "trust")?, word(row, "secrecy")?),
    ))
}
