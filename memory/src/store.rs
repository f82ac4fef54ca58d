//! The contract of a store. `tests/stores/contract/` holds every implementation to it.

use std::collections::{BTreeMap, HashSet, VecDeque};

use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::page::{
    ID_BYTES_MAX, Kind, LABEL_BYTES_MAX, NewPage, Page, PageId, Place, SOURCES_MAX, Secrecy,
    TEXT_BYTES_MAX, Trust,
};
use crate::space::Space;
use crate::suspicion::Suspicion;

/// The most hits one search returns.
pub const HITS_MAX: usize = 1_000;
/// The most pages one call of `list` returns.
pub const LIST_MAX: usize = 10_000;
/// The earlier versions that are kept of a memory.
pub const HISTORY_MAX: usize = 100;

impl NewPage {
    /// Refuses what no store may hold: too long a text, title, source or id, or an unusable id.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let name = || match &self.id {
            Some(id) => id.as_str().chars().take(40).collect(),
            None => self.title.chars().take(40).collect::<String>(),
        };
        let parts = [
            ("text", self.text.len(), TEXT_BYTES_MAX),
            ("title", self.title.len(), LABEL_BYTES_MAX),
            ("source", self.source.len(), LABEL_BYTES_MAX),
            (
                "place",
                self.place.as_ref().map_or(0, |place| place.of.len()),
                LABEL_BYTES_MAX,
            ),
            ("space", self.space.as_stored().len(), ID_BYTES_MAX),
            (
                "list of pages it was made from",
                self.derived_from.len(),
                SOURCES_MAX,
            ),
            (
                "id",
                self.id.as_ref().map_or(0, |id| id.as_str().len()),
                ID_BYTES_MAX,
            ),
        ];
        for (part, bytes, bytes_max) in parts {
            if bytes > bytes_max {
                return Err(StoreError::TooLarge {
                    page: name(),
                    part,
                    bytes,
                    bytes_max,
                });
            }
        }
        match &self.id {
            Some(id) if id.as_str().is_empty() || id.as_str().chars().any(char::is_control) => {
                Err(StoreError::BadId { id: id.clone() })
            }
            _ => Ok(()),
        }
    }
}

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
    /// Only pages of these spaces.
    #[serde(default)]
    pub spaces: Option<Vec<Space>>,
    /// How to find them.
    #[serde(default)]
    pub mode: Mode,
}

/// How pages are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// By words and meaning together where the store has vectors of all its pages, and
    /// by words where it has not.
    #[default]
    Best,
    /// By words.
    Lexical,
    /// By meaning. Finds nothing in a store without an embedder.
    Semantic,
    /// By words and meaning together; by words in a store without an embedder.
    Hybrid,
}

impl Query {
    /// The `k` best pages of any kind and trust for `text`.
    pub fn new(text: impl Into<String>, k: usize) -> Self {
        Self {
            text: text.into(),
            k,
            min_trust: None,
            kind: None,
            spaces: None,
            mode: Mode::default(),
        }
    }

    /// Whether the filters admit such a page.
    pub(crate) fn admits(&self, kind: Kind, trust: Trust, space: &Space) -> bool {
        let in_space = |spaces: &Vec<Space>| spaces.contains(space);
        self.min_trust.is_none_or(|least| trust >= least)
            && self.kind.is_none_or(|wanted| kind == wanted)
            && self.spaces.as_ref().is_none_or(in_space)
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
    /// The passage around the words that matched: plain text of at most
    /// [`crate::SNIPPET_CHARS_MAX`] characters, with `…` where the page goes on. It is one line, but
    /// for the lines of tables, lists and records. Of a table it has the head and the rows that
    /// matched, in at most [`crate::TABLE_CHARS_MAX`].
    pub snippet: String,
    /// Where the page came from.
    pub source: String,
    /// How far it can be trusted.
    pub trust: Trust,
    /// Who may learn it.
    #[serde(default, skip_serializing_if = "Secrecy::is_public")]
    pub secrecy: Secrecy,
    /// How much what it was made of reads like an attack; `None` where nothing looked at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspicion: Option<Suspicion>,
    /// When it was put: milliseconds since 1970, UTC.
    pub created_ms: i64,
    /// The whole it is a part of, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
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
    /// Who may learn it.
    #[serde(default, skip_serializing_if = "Secrecy::is_public")]
    pub secrecy: Secrecy,
    /// When it was put: milliseconds since 1970, UTC.
    pub created_ms: i64,
    /// The length of its text in bytes.
    pub bytes: u64,
    /// The space it belongs to.
    #[serde(default, skip_serializing_if = "Space::is_shared")]
    pub space: Space,
}

/// What the memories of a space take, or may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Memories.
    pub pages: u64,
    /// Bytes of their texts together.
    pub bytes: u64,
}

impl Share {
    /// Refuses a space that had `before` to have `after`, where this is all it may have.
    /// What makes it no larger is always allowed, so that one can get back below.
    pub(crate) fn admit(
        self,
        space: &Space,
        before: Share,
        after: Share,
    ) -> Result<(), StoreError> {
        let parts = [
            ("memories", before.pages, after.pages, self.pages),
            ("bytes of memories", before.bytes, after.bytes, self.bytes),
        ];
        for (what, before, after, most) in parts {
            if after > most && after > before {
                return Err(StoreError::Quota {
                    space: space.clone(),
                    what,
                    held: before,
                    most,
                });
            }
        }
        Ok(())
    }
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
    /// no page had before. A memory that says something else now keeps what it said in
    /// its history. When the call returns the page survives a crash, and search
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

    /// Stores one memory, unless its space would then hold more memories than `quota`.
    ///
    /// As `put`, and `Quota` where the space is full: nothing was written then, and
    /// nothing that was there is gone.
    fn put_within(&self, page: NewPage, quota: Share) -> Result<Page, StoreError>;

    /// What the memories of each space take that has any.
    fn spaces(&self) -> Result<BTreeMap<Space, Share>, StoreError>;

    /// The newest `limit` memories of a space, newest first; at most [`LIST_MAX`].
    fn memories(&self, space: &Space, limit: usize) -> Result<Vec<Page>, StoreError>;

    /// The page of this id with its text verbatim; `None` if there is none.
    fn get(&self, id: &PageId) -> Result<Option<Page>, StoreError>;

    /// What the memory of this id said before, newest first; at most [`HISTORY_MAX`]
    /// versions. Documents have no history: their files do.
    fn history(&self, id: &PageId) -> Result<Vec<Page>, StoreError>;

    /// The pages that this one was made from, and those that they were made from, nearest
    /// first and each once; at most [`LIST_MAX`]. Removed ones are missing.
    fn lineage(&self, id: &PageId) -> Result<Vec<Page>, StoreError> {
        let mut seen = HashSet::from([id.clone()]);
        let mut next: VecDeque<PageId> = VecDeque::from([id.clone()]);
        let mut lineage = Vec::new();
        while let Some(id) = next.pop_front() {
            let Some(page) = self.get(&id)? else { continue };
            let sources = page
                .derived_from
                .iter()
                .filter(|id| seen.insert((*id).clone()));
            next.extend(sources.cloned());
            lineage.push(page);
            if lineage.len() > LIST_MAX {
                break;
            }
        }
        // The first is the page itself.
        Ok(lineage.into_iter().skip(1).collect())
    }

    /// The pages that share a word with the query, and those beside one that does
    /// ([`crate::Place`]), best first.
    ///
    /// Words are compared without regard to case, accents and English endings; words
    /// that every sentence has count only where there are no others; a match in the title
    /// counts beside one in the text. Pages that score the same come in the order of
    /// their ids, so that a search has one answer. Any text is a valid query; one
    /// without words finds nothing. At most `k` hits.
    fn search(&self, query: &Query) -> Result<Vec<Hit>, StoreError>;

    /// Removes a page and its history; says whether there was one. Search no longer finds it, and its
    /// id is never given to another page by the store.
    fn remove(&self, id: &PageId) -> Result<bool, StoreError>;

    /// Pages `offset..offset+limit` in the order they were last put.
    ///
    /// At most [`LIST_MAX`] at once; past the end there are none.
    fn list(&self, offset: usize, limit: usize) -> Result<Vec<PageSummary>, StoreError>;

    /// What the store holds now.
    fn stats(&self) -> Result<Stats, StoreError>;
}
