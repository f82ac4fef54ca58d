//! The contract of a store. `tests/contract/` holds every implementation to it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::page::{Kind, NewPage, Page, PageId, Trust};

/// The most hits one search returns.
pub const HITS_MAX: usize = 1_000;
/// The most pages one call of `list` returns.
pub const LIST_MAX: usize = 10_000;

/// What to look for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// Words to look for. Never parsed: any text is a valid query.
    pub text: String,
    /// The most hits wanted; beyond [`HITS_MAX`] it counts as that.
    pub k: usize,
    /// Only pages trusted at least this far.
    pub min_trust: Option<Trust>,
    /// Only pages of this kind.
    pub kind: Option<Kind>,
}

impl Query {
    /// The `k` best pages of any kind and trust for `text`.
    pub fn new(text: impl Into<String>, k: usize) -> Self {
        Self {
            text: text.into(),
            k,
            min_trust: None,
            kind: None,
        }
    }
}

/// A page that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// The page.
    pub id: PageId,
    /// Its title.
    pub title: String,
    /// How well it matches: above zero, higher is better. Comparable only within one search.
    pub score: f32,
    /// The passage around the words that matched: one line of plain text, at most
    /// [`crate::SNIPPET_CHARS_MAX`] characters, with `…` where the page goes on.
    pub snippet: String,
    /// Where the page came from.
    pub source: String,
    /// How far it can be trusted.
    pub trust: Trust,
}

/// A page without its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageSummary {
    /// Its name.
    pub id: PageId,
    /// What it is.
    pub kind: Kind,
    /// Its title.
    pub title: String,
    /// Where it came from.
    pub source: String,
    /// How far it can be trusted.
    pub trust: Trust,
    /// When it was put: milliseconds since 1970, UTC.
    pub created_ms: i64,
    /// The length of its text in bytes.
    pub bytes: u64,
}

/// What a store holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Pages.
    pub pages: u64,
    /// Bytes of their texts together.
    pub bytes: u64,
    /// Pages of each kind that has any.
    pub by_kind: BTreeMap<Kind, u64>,
    /// Pages of each trust that has any.
    pub by_trust: BTreeMap<Trust, u64>,
}

/// Pages that stay, and are found by their words.
///
/// A store may be shared by threads; each call takes effect as a whole, and a search
/// sees every write that returned before it began.
pub trait Store: Send + Sync {
    /// Stores one page and returns it as stored.
    ///
    /// A page with an id that exists replaces it; without an id it gets a fresh one that
    /// no page had before. When the call returns the page survives a crash, and search
    /// finds it. When it fails, nothing has changed.
    fn put(&self, page: NewPage) -> Result<Page, StoreError> {
        let mut stored = self.put_all(vec![page])?;
        Ok(stored.pop().expect("one page in, one page out"))
    }

    /// Stores pages as if put one after another, but all or none of them.
    ///
    /// Returns them as stored, in the same order. Costs about as much as one `put`, so
    /// it is the way to bring in many.
    fn put_all(&self, pages: Vec<NewPage>) -> Result<Vec<Page>, StoreError>;

    /// The page of this id with its text verbatim; `None` if there is none.
    fn get(&self, id: &PageId) -> Result<Option<Page>, StoreError>;

    /// The pages that share a word with the query, and those beside one that does
    /// ([`crate::Place`]), best first.
    ///
    /// Words are compared without regard to case, accents and English endings; words
    /// that every sentence has count only where there are no others; a match in the title
    /// counts beside one in the text. Pages that score the same come in the order of
    /// their ids, so that a search has one answer. Any text is a valid query; one
    /// without words finds nothing. At most `k` hits.
    fn search(&self, query: &Query) -> Result<Vec<Hit>, StoreError>;

    /// Removes a page; says whether there was one. Search no longer finds it, and its
    /// id is never given to another page by the store.
    fn remove(&self, id: &PageId) -> Result<bool, StoreError>;

    /// Pages `offset..offset+limit` in the order they were last put.
    ///
    /// At most [`LIST_MAX`] at once; past the end there are none.
    fn list(&self, offset: usize, limit: usize) -> Result<Vec<PageSummary>, StoreError>;

    /// What the store holds now.
    fn stats(&self) -> Result<Stats, StoreError>;
}
