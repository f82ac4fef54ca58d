//! What one line of a file of pages says. A file that its user does not vouch for says words, and
//! how far these are to be trusted; where a page belongs, what it is and how it came about is the
//! word of whoever exported it, and counts as far as that file is vouched for.

use quipu_memory::{Kind, NewPage, PageId, Secrecy, Space, Trust};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::config::process::SpaceName;
use crate::import::document::Shelf;

/// The fields that keep a page. Others are passed over: public collections have more.
const KEEPING: &[&str] = &["trust", "secrecy"];
/// What somebody may write in the place of `"secrecy"`.
const MEANT: &[&str] = &["private", "secret"];

/// A line of a file of pages.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Line {
    pub(super) page: NewPage,
    /// The id that it had where a process wrote it.
    pub(super) was: Option<PageId>,
    /// What it said before, oldest first.
    pub(super) history: Vec<NewPage>,
}

impl Line {
    /// The line that `value` is; a page without a source is from `source`.
    ///
    /// # Errors
    /// Which field is wrong.
    pub(super) fn of(value: &Value, source: &str) -> Result<Self, String> {
        let was: Option<PageId> = read(value, "was", "a text")?;
        if let Some(was) = was.as_ref().filter(|was| !is_of_a_process(was.as_str())) {
            return Err(format!(
                "\"was\" is {was}, which is no id that processes give"
            ));
        }
        let before: Vec<Value> = read(value, "history", "a list of pages")?.unwrap_or_default();
        let history = before.iter().map(|value| page(value, source));
        Ok(Self {
            page: page(value, source)?,
            was,
            history: history.collect::<Result<_, _>>()?,
        })
    }

    /// The line on a `shelf`: trusted no further and kept at least as that says.
    pub(super) fn on(mut self, shelf: &Shelf) -> Self {
        if shelf.trust < Trust::User {
            self = self.in_words();
        }
        if !shelf.space.is_shared() {
            self.page.space = shelf.space.clone();
        }
        if let Some(was) = self.was.as_ref().filter(|was| was.is_block()) {
            // What stands in core memory is found there by its name.
            let name = was.as_str().rsplit('/').next().unwrap_or_default();
            self.page.id = Some(PageId::of_block(&self.page.space, name));
            self.page.kind = Kind::Memory;
        }
        let (kind, space) = (self.page.kind, self.page.space.clone());
        for page in std::iter::once(&mut self.page).chain(&mut self.history) {
            page.trust = page.trust.min(shelf.trust);
            page.secrecy = page.secrecy.max(shelf.secrecy);
            page.kind = kind;
            page.space = space.clone();
        }
        self
    }

    /// Its words alone.
    fn in_words(self) -> Self {
        let page = self.page;
        let page = NewPage {
            id: page.id,
            title: page.title,
            text: page.text,
            source: page.source,
            trust: page.trust,
            secrecy: page.secrecy,
            ..NewPage::default()
        };
        Self {
            page,
            ..Self::default()
        }
    }
}

/// A page, or what one said before.
fn page(value: &Value, source: &str) -> Result<NewPage, String> {
    if let Some(key) = value.as_object().and_then(misnamed) {
        return Err(format!(
            "there is no field {key:?}: \"secrecy\" and \"trust\" say who may learn a page and \
             how far it is trusted"
        ));
    }
    let text = |key: &str| read::<String>(value, key, "a text");
    let id = match &value["_id"] {
        Value::Number(number) => Some(number.to_string()),
        _ => text("_id")?,
    };
    if let Some(id) = id.as_deref().filter(|id| is_of_a_process(id)) {
        return Err(format!("{id:?} is an id for pages that processes write"));
    }
    let trust = match text("trust")?.as_deref() {
        None => Trust::User,
        // Only the kernel's own text is trusted like the system.
        Some("system") => return Err("the trust \"system\" cannot be given".into()),
        Some(word) => word
            .parse()
            .map_err(|_| "\"trust\" is user or untrusted".to_owned())?,
    };
    let space: Option<SpaceName> = read(value, "space", "the name of a space")?;
    let derived_from: Option<Vec<PageId>> = read(value, "derived_from", "a list of ids")?;
    Ok(NewPage {
        id: id.map(PageId::from),
        kind: read(value, "kind", "document or memory")?.unwrap_or(Kind::Document),
        title: text("title")?.unwrap_or_default(),
        text: text("text")?.ok_or("no \"text\"")?,
        source: text("source")?.unwrap_or_else(|| source.to_owned()),
        trust,
        secrecy: read(value, "secrecy", "public, private or secret")?.unwrap_or(Secrecy::Public),
        suspicion: read(value, "suspicion", "what a detector says: {\"score\"}")?,
        place: read(value, "place", "the part of a whole: {\"of\", \"part\"}")?,
        derived_from: derived_from.unwrap_or_default(),
        space: space.map_or(Space::SHARED, |space| space.0),
        created_ms: read(value, "created_ms", "milliseconds since 1970")?,
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

/// The field `key`, which is `what`, if it is there.
fn read<T: DeserializeOwned>(value: &Value, key: &str, what: &str) -> Result<Option<T>, String> {
    match &value[key] {
        Value::Null => Ok(None),
        given => serde_json::from_value(given.clone())
            .map(Some)
            .map_err(|_| format!("{key:?} is not {what}")),
    }
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
    use serde_json::json;

    use super::*;

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

    #[test]
    fn a_file_nobody_vouches_for_says_words_alone() {
        let value = json!({
            "_id": "a", "title": "A", "text": "words", "source": "s", "trust": "user",
            "kind": "memory", "space": "notes", "created_ms": 5, "derived_from": ["b"],
            "place": {"of": "x", "part": 2}, "suspicion": {"score": 0.0},
            "history": [{"text": "before"}],
        });
        let line = Line::of(&value, "f").unwrap();
        assert_eq!(line.page.kind, Kind::Memory);
        let strangers = line.clone().on(&Shelf::default());
        let words = NewPage {
            id: Some("a".into()),
            title: "A".into(),
            text: "words".into(),
            source: "s".into(),
            ..NewPage::default()
        };
        let want = Line {
            page: words,
            ..Line::default()
        };
        assert_eq!(strangers, want);
        let own = Shelf {
            trust: Trust::User,
            space: "mine".into(),
            ..Shelf::default()
        };
        let vouched = line.on(&own);
        assert_eq!(vouched.page.space, Space::from("mine"));
        assert_eq!(vouched.page.created_ms, Some(5));
        assert_eq!(vouched.history[0].kind, Kind::Memory);
    }

    #[test]
    fn what_would_keep_a_page_is_not_passed_over() {
        let check = |value: Value, want: &str| {
            let said = match page(&value, "f") {
                Ok(page) => format!("{} {}", page.trust, page.secrecy),
                Err(problem) => problem,
            };
            assert_eq!(said, want, "{value}");
        };
        let told = |key: &str| {
            format!(
                "there is no field {key:?}: \"secrecy\" and \"trust\" say who may learn a page and \
                 how far it is trusted"
            )
        };
        check(
            json!({"text": "a", "metadata": {"secret": 1}, "url": "b"}),
            "user public",
        );
        check(json!({"text": "a", "secrecy": "private"}), "user private");
        check(json!({"text": "a", "Secrecy": "private"}), &told("Secrecy"));
        check(json!({"text": "a", "private": true}), &told("private"));
        check(json!({"text": "a", "trust ": "untrusted"}), &told("trust "));
        check(
            json!({"text": "a", "private": false, "Title": 2}),
            "user public",
        );
    }

    #[test]
    fn what_is_wrong_with_a_line_is_named() {
        let check = |value: Value, want: &str| {
            assert_eq!(Line::of(&value, "f").unwrap_err(), want, "{value}");
        };
        check(json!({}), "no \"text\"");
        check(json!({"text": 3}), "\"text\" is not a text");
        let with = |key: &str, value: Value| json!({"text": "x", key: value});
        check(
            with("kind", json!("x")),
            "\"kind\" is not document or memory",
        );
        check(
            with("was", json!("a")),
            "\"was\" is a, which is no id that processes give",
        );
        check(
            with("created_ms", json!("today")),
            "\"created_ms\" is not milliseconds since 1970",
        );
        check(
            with("space", json!("a b")),
            "\"space\" is not the name of a space",
        );
        check(with("history", json!([{}])), "no \"text\"");
        check(with("trust", json!("x")), "\"trust\" is user or untrusted");
        check(
            with("_id", json!("m1-2")),
            "\"m1-2\" is an id for pages that processes write",
        );
    }
}
