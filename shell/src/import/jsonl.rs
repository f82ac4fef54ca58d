//! Pages that are written down as JSON lines, one a line: checked and stored, not cut.

use std::path::Path;

use anyhow::Result;
use quipu_memory::{Kind, NewPage, Page, PageId, Secrecy, Store, Trust};
use serde_json::{Map, Value};

use super::document::Shelf;
use crate::terminal::bar::busy;
use crate::terminal::error::UserError;
use crate::terminal::lines::{file_words, json_lines};
use crate::terminal::words::{fill, words};

/// The fields that keep a page. Others are passed over: public collections have more.
const KEEPING: &[&str] = &["trust", "secrecy"];
/// What somebody may write in the place of `"secrecy"`.
const MEANT: &[&str] = &["private", "secret"];

/// Pages written in one transaction.
const BATCH_PAGES: usize = 500;

/// Adds the pages of a file of JSON lines to the `shelf`, each trusted no further and kept at
/// least as it says: what a file says of itself may only be less trust, or more secrecy. Says
/// how many. No page takes the place of one that is trusted further, kept more secret, or in
/// another space: an id is nobody's right.
pub fn add(store: &dyn Store, path: &Path, shelf: &Shelf) -> Result<usize> {
    let mut batch = Vec::new();
    let mut added = 0;
    // The bar goes away when it is dropped, even after an error.
    let mut sign = None;
    for line in json_lines(path)? {
        let (number, value) = line?;
        let page = page(path, number, &value)?;
        let page = NewPage {
            space: shelf.space.clone(),
            trust: page.trust.min(shelf.trust),
            secrecy: page.secrecy.max(shelf.secrecy),
            ..page
        };
        if let Some(id) = &page.id
            && let Some(there) = store.get(id)?
            && !may_replace(&page, &there)
        {
            return Err(UserError::usage(
                format!(
                    "{}, line {number}: the page {id} is there already, and is trusted further, \
                     kept more secret, or in another space",
                    file_words(path)
                ),
                "give it another \"_id\", or add it with --vouch, --private or --space as that \
                 page was; the lines before may be stored",
            ));
        }
        batch.push(page);
        if batch.len() == BATCH_PAGES {
            let storing = fill(words().storing, &[("pages", &(added + BATCH_PAGES))]);
            sign.get_or_insert_with(|| busy(String::new()))
                .set_message(storing);
            added += store.put_all(std::mem::take(&mut batch))?.len();
        }
    }
    Ok(added + store.put_all(batch)?.len())
}

fn page(path: &Path, number: usize, value: &Value) -> Result<NewPage> {
    let bad = |what: String| {
        UserError::usage(
            format!("{}, line {number}: {what}", file_words(path)),
            "lines are {\"_id\", \"title\", \"text\"[, \"source\", \"trust\", \"secrecy\"]}; the lines before may be stored",
        )
    };
    if let Some(key) = value.as_object().and_then(misnamed) {
        return Err(bad(format!(
            "there is no field {key:?}: \"secrecy\" and \"trust\" say who may learn a page and \
             how far it is trusted"
        )));
    }
    let text = |key: &str| match &value[key] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(bad(format!("{key:?} is not a text"))),
    };
    let id = match &value["_id"] {
        Value::Number(number) => Some(number.to_string()),
        _ => text("_id")?,
    };
    if let Some(id) = id.as_deref().filter(|id| is_of_a_process(id)) {
        return Err(bad(format!(
            "{id:?} is an id for pages that processes write"
        )));
    }
    let trust = match text("trust")?.as_deref() {
        None => Trust::User,
        // Only the kernel's own text is trusted like the system.
        Some("system") => return Err(bad("the trust \"system\" cannot be given".into())),
        Some(word) => word
            .parse()
            .map_err(|_| bad("\"trust\" is user or untrusted".into()))?,
    };
    Ok(NewPage {
        id: id.map(PageId::from),
        kind: Kind::Document,
        title: text("title")?.unwrap_or_default(),
        text: text("text")?.ok_or_else(|| bad("no \"text\"".into()))?,
        source: text("source")?.unwrap_or_else(|| file_words(path)),
        trust,
        secrecy: match text("secrecy")?.as_deref() {
            None => Secrecy::Public,
            Some(word) => word
                .parse()
                .map_err(|_| bad("\"secrecy\" is public, private or secret".into()))?,
        },
        ..NewPage::default()
    })
}

/// A field that is not known, and that says something which must not be passed over.
fn misnamed(fields: &Map<String, Value>) -> Option<&String> {
    let is_nothing = |value: &Value| matches!(value, Value::Null | Value::Bool(false));
    let is_meant = |key: &str| KEEPING.contains(&key) || MEANT.contains(&key);
    let said = fields.iter().filter(|(_, value)| !is_nothing(value));
    let mut unknown = said.filter(|(key, _)| !KEEPING.contains(&key.as_str()));
    let found = unknown.find(|(key, _)| is_meant(key.trim().to_lowercase().as_str()));
    found.map(|(key, _)| key)
}

/// Whether `page` may take the place of the one that is `there`.
fn may_replace(page: &NewPage, there: &Page) -> bool {
    there.trust <= page.trust && there.secrecy <= page.secrecy && there.space == page.space
}

/// Whether memories (`m7-3`) and core memory (`core/…`) have such ids.
pub fn is_of_a_process(id: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let memory = id.strip_prefix('m').and_then(|rest| rest.split_once('-'));
    PageId::from(id).is_block()
        || memory.is_some_and(|(pid, step)| is_number(pid) && is_number(step))
}

#[cfg(test)]
mod tests {
    use quipu_memory::Space;

    use super::*;

    #[test]
    fn what_would_keep_a_page_is_not_passed_over() {
        let check = |line: &str, want: &str| {
            let value = serde_json::from_str(line).unwrap();
            let said = match page(Path::new("f"), 1, &value) {
                Ok(page) => format!("{} {}", page.trust, page.secrecy),
                Err(error) => error.to_string(),
            };
            assert_eq!(said, want, "{line}");
        };
        let told = |key: &str| {
            format!(
                "f, line 1: there is no field {key:?}: \"secrecy\" and \"trust\" say who may learn \
                 a page and how far it is trusted"
            )
        };
        check(
            r#"{"text":"a","metadata":{"secret":1},"url":"b"}"#,
            "user public",
        );
        check(r#"{"text":"a","secrecy":"private"}"#, "user private");
        check(r#"{"text":"a","Secrecy":"private"}"#, &told("Secrecy"));
        check(r#"{"text":"a","private":true}"#, &told("private"));
        check(r#"{"text":"a","trust ":"untrusted"}"#, &told("trust "));
        check(r#"{"text":"a","private":false,"Title":2}"#, "user public");
    }

    #[test]
    fn a_file_takes_the_place_of_nothing_that_is_worth_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pages.jsonl");
        std::fs::write(&path, r#"{"_id":"wool","text":"sheep"}"#).unwrap();
        let store = quipu_memory::RamStore::new();
        let check = |trust: Trust, secrecy: Secrecy, space: Space, want: bool| {
            let shelf = Shelf {
                space,
                trust,
                secrecy,
            };
            let said = add(&store, &path, &shelf);
            assert_eq!(said.is_ok(), want, "{trust:?} {secrecy:?} {said:?}");
        };
        let shared = || Space::SHARED;
        check(Trust::Untrusted, Secrecy::Public, shared(), true);
        check(Trust::Untrusted, Secrecy::Public, shared(), true);
        check(Trust::User, Secrecy::Private, shared(), true);
        check(Trust::Untrusted, Secrecy::Private, shared(), false);
        check(Trust::User, Secrecy::Public, shared(), false);
        check(Trust::User, Secrecy::Private, "home".into(), false);
        check(Trust::User, Secrecy::Secret, shared(), true);
    }

    #[test]
    fn ids_of_processes_are_theirs() {
        let check = |id: &str, want| assert_eq!(is_of_a_process(id), want, "{id}");
        check("core/notes/person", true);
        check("m1-12", true);
        check("m1-", false);
        check("m-1-2", false);
        check("mail-3", false);
        check("1", false);
    }
}
