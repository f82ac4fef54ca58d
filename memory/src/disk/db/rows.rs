//! Rows of the database as what they stand for.

use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, Type, ValueRef};

use crate::page::{Page, PageId, Place};
use crate::space::Space;
use crate::store::PageSummary;
use crate::suspicion::Suspicion;

pub(super) fn page(row: &Row) -> rusqlite::Result<Page> {
    Ok(Page {
        id: PageId::from(row.get::<_, String>("id")?),
        kind: word(row, "kind")?,
        title: row.get("title")?,
        text: row.get("text")?,
        source: row.get("source")?,
        trust: word(row, "trust")?,
        secrecy: word(row, "secrecy")?,
        suspicion: suspicion(row)?,
        place: place(row)?,
        derived_from: derived(row)?,
        space: row.get("space")?,
        version: row.get("version")?,
        created_ms: row.get("created_ms")?,
        sha256: row.get("sha256")?,
    })
}

pub(super) fn summary(row: &Row) -> rusqlite::Result<PageSummary> {
    Ok(PageSummary {
        id: PageId::from(row.get::<_, String>("id")?),
        kind: word(row, "kind")?,
        title: row.get("title")?,
        source: row.get("source")?,
        trust: word(row, "trust")?,
        secrecy: word(row, "secrecy")?,
        created_ms: row.get("created_ms")?,
        bytes: row.get::<_, i64>("bytes")? as u64,
        space: row.get("space")?,
    })
}

pub(super) fn place(row: &Row) -> rusqlite::Result<Option<Place>> {
    let of: Option<String> = row.get("whole")?;
    let Some(of) = of else {
        return Ok(None);
    };
    let part = row.get("part")?;
    Ok(Some(Place { of, part }))
}

impl ToSql for Space {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.as_stored()))
    }
}

impl FromSql for Space {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str().map(Self::from)
    }
}

/// Ids, written as a list in JSON.
fn derived(row: &Row) -> rusqlite::Result<Vec<PageId>> {
    let list: String = row.get("derived")?;
    if list == "[]" {
        return Ok(Vec::new());
    }
    serde_json::from_str(&list).map_err(|source| {
        rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(source))
    })
}

/// What a detector said, written in JSON; nothing where it said nothing.
pub(super) fn suspicion(row: &Row) -> rusqlite::Result<Option<Suspicion>> {
    let written: Option<String> = row.get("suspicion")?;
    let read = written.map(|written| serde_json::from_str(&written));
    read.transpose().map_err(|source| {
        rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(source))
    })
}

/// An enum written as a word.
pub(super) fn word<T>(row: &Row, column: &str) -> rusqlite::Result<T>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    let word: String = row.get(column)?;
    word.parse().map_err(|source| {
        rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(source))
    })
}
