//! Pages: what the disk stores, where each came from and how far to trust it.

use std::fmt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::space::Space;
use crate::suspicion::Suspicion;

/// The longest text one page may hold, in bytes: 4 MiB. Longer texts belong in several pages.
pub const TEXT_BYTES_MAX: usize = 4 << 20;
/// The longest title and the longest source, in bytes each.
pub const LABEL_BYTES_MAX: usize = 16 << 10;
/// The longest id and the longest name of a space, in bytes each.
pub const ID_BYTES_MAX: usize = 256;
/// The most pages one page may be derived from.
pub const SOURCES_MAX: usize = 1_000;

/// The name of a page: chosen by the caller, or given by the store (`m17`, `d18`).
///
/// Ids order by their bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PageId(String);

impl PageId {
    /// The id as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for PageId {
    fn from(id: String) -> Self {
        Self(id)
    }
}

impl From<&str> for PageId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

impl fmt::Display for PageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A word that is none of those an enum of this module knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not a {what}; use one of: {known}")]
pub struct UnknownWord {
    what: &'static str,
    word: String,
    known: String,
}

/// An enum written as one lower-case word each, in text, in JSON and on the disk.
macro_rules! words {
    ($name:ident, $what:literal, $($variant:ident => $word:literal),+) => {
        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The value as one lower-case word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord {
                        what: $what,
                        word: word.to_owned(),
                        known: [$($word),+].join(", "),
                    }),
                }
            }
        }
    };
}

/// How far the words of a page may be believed. Ordered: `Untrusted` is the lowest.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// From the world: anyone may have written it.
    #[default]
    Untrusted,
    /// From the person who owns the store.
    User,
    /// From the system itself.
    System,
}
words!(Trust, "trust", Untrusted => "untrusted", User => "user", System => "system");

/// Who may learn what a page says. Ordered: `Public` is the lowest, and what is made of several
/// has the highest of them.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Secrecy {
    /// Nobody said that it is not for others.
    #[default]
    Public,
    /// It leaves the machine only where its user sends it.
    Private,
    /// It never leaves the machine.
    Secret,
}
words!(Secrecy, "secrecy", Public => "public", Private => "private", Secret => "secret");

impl Secrecy {
    /// Whether nobody said that it is not for others.
    #[allow(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands over a reference"
    )]
    pub fn is_public(&self) -> bool {
        *self == Secrecy::Public
    }
}

/// What a page is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Brought in from outside: a file, a web page. Ids given by the store begin with `d`.
    #[default]
    Document,
    /// Noted down while working. Ids given by the store begin with `m`.
    Memory,
}
words!(Kind, "kind of page", Document => "document", Memory => "memory");

/// Where a page stands in a larger whole: a chunk in its document, a turn in its
/// conversation. A search gives the pages before and after a match a part of its score.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The whole: a path, a URL, the name of a conversation. At most [`LABEL_BYTES_MAX`].
    pub of: String,
    /// Which part of it, in reading order; neighbours differ by one.
    pub part: u32,
}

/// A page to be stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPage {
    /// The id to store it under, replacing what is there; `None` lets the store choose a fresh one.
    pub id: Option<PageId>,
    /// What it is.
    pub kind: Kind,
    /// Its title; may be empty. At most [`LABEL_BYTES_MAX`].
    pub title: String,
    /// Its text, kept verbatim. At most [`TEXT_BYTES_MAX`].
    pub text: String,
    /// Where it came from: a path, a URL, a name. At most [`LABEL_BYTES_MAX`].
    pub source: String,
    /// How far it can be trusted.
    pub trust: Trust,
    /// Who may learn it.
    #[serde(default)]
    pub secrecy: Secrecy,
    /// How much what it was made of reads like an attack; `None` where nothing looked at it.
    #[serde(default)]
    pub suspicion: Option<Suspicion>,
    /// The whole it is a part of, if it is one.
    #[serde(default)]
    pub place: Option<Place>,
    /// The pages it was made from: what was summed up, copied or evicted. It is trusted
    /// no further than any of them, and as secret and as suspicious as each. At most
    /// [`SOURCES_MAX`].
    #[serde(default)]
    pub derived_from: Vec<PageId>,
    /// The space it belongs to: an agent's own, or the one that all share. Its name has at
    /// most [`ID_BYTES_MAX`].
    #[serde(default)]
    pub space: Space,
    /// When it was put before it came here, in milliseconds since 1970, UTC; `None` is now. What
    /// lies ahead counts as now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_ms: Option<i64>,
}

/// A stored page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Its name.
    pub id: PageId,
    /// What it is.
    pub kind: Kind,
    /// Its title; may be empty.
    pub title: String,
    /// Its text, as it was put.
    pub text: String,
    /// Where it came from.
    pub source: String,
    /// How far it can be trusted.
    pub trust: Trust,
    /// Who may learn it.
    #[serde(default, skip_serializing_if = "Secrecy::is_public")]
    pub secrecy: Secrecy,
    /// How much what it was made of reads like an attack; `None` where nothing looked at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspicion: Option<Suspicion>,
    /// The whole it is a part of, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The pages it was made from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub derived_from: Vec<PageId>,
    /// The space it belongs to.
    #[serde(default, skip_serializing_if = "Space::is_shared")]
    pub space: Space,
    /// How many times a page of this id was put with another content, counted from one.
    pub version: u32,
    /// When this version was put: milliseconds since 1970, UTC.
    pub created_ms: i64,
    /// SHA-256 of the text's UTF-8 bytes, in lower-case hexadecimal.
    pub sha256: String,
}

impl NewPage {
    /// The page this becomes when stored as `id` now.
    pub(crate) fn stored_as(self, id: PageId) -> Page {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let now = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        Page {
            id,
            kind: self.kind,
            title: self.title,
            sha256: sha256(&self.text),
            text: self.text,
            source: self.source,
            trust: self.trust,
            secrecy: self.secrecy,
            suspicion: self.suspicion,
            place: self.place,
            derived_from: self.derived_from,
            space: self.space,
            version: 1,
            created_ms: self.created_ms.map_or(now, |then| then.min(now)),
        }
    }
}

impl Page {
    /// Whether `other` is the same page with the same content.
    fn says_the_same(&self, other: &Page) -> bool {
        self.sha256 == other.sha256
            && self.title == other.title
            && self.trust == other.trust
            && self.secrecy == other.secrecy
    }

    /// Becomes the version after `before`, which had the same id.
    pub(crate) fn follows(&mut self, before: &Page) {
        self.version = match self.says_the_same(before) {
            true => before.version,
            false => before.version.saturating_add(1),
        };
    }
}

/// SHA-256 of `text`, in lower-case hexadecimal.
pub(crate) fn sha256(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
