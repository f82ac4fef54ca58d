//! What can go wrong with a store: each error names the object, and `hint` says what to do.

use std::path::PathBuf;

use crate::page::PageId;
use crate::space::Space;

/// An error of a [`crate::Store`].
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process is writing the store.
    #[error(
        "the store in {path} is being written by {holder}; wait until it ends, or open the store for reading only"
    )]
    Locked {
        /// The folder of the store.
        path: PathBuf,
        /// Who holds it: `the program with system pid 4711`, or `another program` when it did not
        /// say.
        holder: String,
    },
    /// The disk, or the quota on it, is full. Everything acknowledged before is safe.
    #[error("no space left for the store in {path}: nothing was written")]
    Full {
        /// The folder of the store.
        path: PathBuf,
    },
    /// The memories of a space would take more than they may.
    #[error(
        "the {} may hold {most} {what} and holds {held}: nothing was written, and nothing is lost",
        space_words(space)
    )]
    Quota {
        /// The space.
        space: Space,
        /// `memories` or `bytes of memories`.
        what: &'static str,
        /// What it holds.
        held: u64,
        /// What it may hold.
        most: u64,
    },
    /// The file that holds the pages is damaged, or not one of ours.
    #[error("{path} is damaged: {detail}")]
    Corrupt {
        /// The damaged file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The store was written by a newer release.
    #[error("{path} has format {found}, and this release reads up to {known}")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format this release knows.
        known: i64,
    },
    /// The store was written by an older release, and is open for reading only.
    #[error("{path} has the format of an older release")]
    Older {
        /// The file.
        path: PathBuf,
    },
    /// A part of a page is longer than a page may hold.
    #[error("the {part} of page `{page}` has a length of {bytes}, and {bytes_max} is the limit")]
    TooLarge {
        /// The page's id, or the beginning of its title.
        page: String,
        /// `text`, `title`, `source`, `place`, `space` or `id`.
        part: &'static str,
        /// Its length, in bytes where it is a text.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// An id that is empty or holds control characters.
    #[error("`{}` cannot be the id of a page: it is empty or holds control characters", id.as_str().escape_debug())]
    BadId {
        /// The id.
        id: PageId,
    },
    /// A write to a store that is open for reading only.
    #[error("the store in {path} is open for reading only")]
    ReadOnly {
        /// The folder of the store.
        path: PathBuf,
    },
    /// The function that turns texts into vectors failed.
    #[error("cannot turn a text into a vector: {source}")]
    Embedder {
        /// What it said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another process is reading, so that old bytes cannot be overwritten yet.
    #[error("what was removed from the store in {path} is still in its files")]
    Lingers {
        /// The folder of the store.
        path: PathBuf,
    },
    /// The store is open in another program, and this is what that program said of a call.
    #[error("{message}")]
    Elsewhere {
        /// What went wrong.
        message: String,
        /// What to do about it.
        hint: String,
    },
    /// The operating system refused something.
    #[error("cannot {doing} {path}: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The database or the index refused something.
    #[error("the store in {path} failed: {source}")]
    Backend {
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreError {
    /// What the user can do about it.
    pub fn hint(&self) -> &str {
        match self {
            Self::Locked { .. } => {
                "the lock ends with the program that holds it; there is no file to delete"
            }
            Self::Full { .. } => {
                "free some space on this disk and try again; everything stored before is safe"
            }
            Self::Quota { .. } => {
                "remove memories that are no longer needed, let several become one, or raise the quota of the space"
            }
            Self::Corrupt { .. } => {
                "put a backup of this file in its place, or move the whole folder away to begin an empty store; nothing was changed"
            }
            Self::Newer { .. } => "update this program, or use another folder",
            Self::Older { .. } => "open it for writing once, which brings it up to date",
            Self::TooLarge { .. } => "split it into several pages",
            Self::BadId { .. } => "use a short printable id, or leave it out to be given one",
            Self::ReadOnly { .. } => "open it for writing",
            Self::Embedder { .. } => "search by words alone, or pull the model again",
            Self::Lingers { .. } => {
                "no search finds it any more; end the processes that read the store, and remove it again"
            }
            Self::Elsewhere { hint, .. } => hint,
            Self::Io { .. } => "check that the folder exists and that you may read and write it",
            Self::Backend { .. } => "try again; if it stays, rebuild the index",
        }
    }
}

/// A space as it is called in a message.
fn space_words(space: &Space) -> String {
    match space.name() {
        None => "shared space".to_owned(),
        Some(name) => format!("space `{name}`"),
    }
}
