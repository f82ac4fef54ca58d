//! The disk of Quipu: pages of text, kept durably and found by their words.
//!
//! A [`Page`] is a text with a title, where it came from ([`Page::source`]), how far
//! it can be trusted ([`Trust`]) and who may learn it ([`Secrecy`]). A [`Store`] keeps pages and searches them. There are
//! two: [`DiskStore`] in a folder, and [`RamStore`], the reference the other is tested
//! against.
//!
//! ```
//! use quipu_memory::{Access, DiskStore, Kind, NewPage, Query, Store, Trust};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let store = DiskStore::open(folder.path(), Access::ReadWrite)?;
//!
//! let page = store.put(NewPage {
//!     id: None, // let the store give a short one
//!     kind: Kind::Memory,
//!     title: "Quipus".into(),
//!     text: "A quipu records numbers and stories in knotted cords.".into(),
//!     source: "the museum's label".into(),
//!     trust: Trust::User,
//!     ..NewPage::default()
//! })?;
//! assert_eq!(page.id.as_str(), "m1");
//!
//! let hits = store.search(&Query::new("knots in a cord", 5))?;
//! assert_eq!(hits[0].id, page.id);
//! assert!(hits[0].snippet.contains("knotted cords"));
//!
//! assert_eq!(store.get(&page.id)?, Some(page));
//! # Ok(())
//! # }
//! ```
//!
//! # Promises
//!
//! - A page that was acknowledged survives a crash at any moment, and comes back verbatim.
//! - A page is found by the first search after it was put, and by none after it was removed.
//! - Any text is a valid query; the same store gives the same answer.
//! - The search index can be deleted at any time: it is made again from the pages.
//! - Everything is bounded: [`TEXT_BYTES_MAX`], [`LABEL_BYTES_MAX`], [`ID_BYTES_MAX`],
//!   [`HITS_MAX`], [`LIST_MAX`], [`SNIPPET_CHARS_MAX`], [`TABLE_CHARS_MAX`].
//!
//! # Map
//!
//! | file | question |
//! | --- | --- |
//! | `page.rs` | What is stored? |
//! | `space.rs` | Whose part of the disk? |
//! | `store.rs` | What may one ask of a store? |
//! | `suspicion.rs` | How much does a text read like an attack? |
//! | `disk/` | How is it kept and found? SQLite is the truth, tantivy the index beside it |
//! | `ram.rs` | The same, as simply as possible |
//! | `text.rs`, `text/` | Which terms is a text found by? |
//! | `bag.rs` | How is a page scored that is in no index yet? |
//! | `rank.rs` | What do all stores rank by? |
//! | `snippet.rs` | Which passage shows why a page was found? |
//! | `shape.rs` | Which lines of a text stay lines where it is shown? |
//! | `vector.rs` | How near are two meanings? |
//! | `blocks.rs` | What does an agent always see? |
//! | `present.rs` | What of a search is shown to a process? |
//! | `relevant.rs` | What matches a task so well that it is shown unasked? |
//! | `consolidate.rs` | Which memories belong together, and may become one? |
//! | `chunk.rs`, `chunk/` | Where is a long text cut into pages, and what are its headings? |
//! | `likeness.rs` | How alike are two short texts? |
//! | `codes.rs` | Which numbers and codes does a text have, to the last sign? |
//! | `links.rs`, `links/` | Which documents does a text link to, and what is that worth in a search? |
//! | `ids.rs` | What are pages called? |
//! | `private.rs` | Who may read the files? |
//! | `error.rs` | What can go wrong, and what to do then? |
//!
//! # Invariants
//!
//! This crate knows no process, no model and no tool. It never prints, never reads the
//! environment or the home folder, and opens no network connection: it is handed a
//! folder. Only `disk/` names tantivy and SQLite.

#![warn(missing_docs)]

mod bag;
mod blocks;
mod chunk;
mod codes;
mod consolidate;
mod disk;
mod error;
mod ids;
mod likeness;
mod links;
mod page;
mod present;
pub mod private;
mod ram;
mod rank;
mod relevant;
mod shape;
mod snippet;
mod space;
mod store;
mod suspicion;
mod text;
mod vector;

pub use blocks::{BLOCK_CHARS_MAX, BLOCKS_MAX};
pub use chunk::{Chunk, Syntax, chunks, chunks_told};
pub use consolidate::{Group, Together, groups};
pub use disk::{Access, DiskStore, ImportedFile, Screen, is_full_disk};
pub use error::StoreError;
pub use likeness::likeness;
pub use links::{Link, Names, links};
pub use page::{
    ID_BYTES_MAX, Kind, LABEL_BYTES_MAX, NewPage, Page, PageId, Place, SOURCES_MAX, Secrecy,
    TEXT_BYTES_MAX, Trust, UnknownWord,
};
pub use present::{Passage, Presentation, present};
pub use ram::RamStore;
pub use relevant::{Relevance, Relevant, relevant, share_a_telling_word};
pub use shape::{folded, indented};
pub use snippet::{SNIPPET_CHARS_MAX, TABLE_CHARS_MAX, excerpt};
pub use space::Space;
pub use store::{
    HISTORY_MAX, HITS_MAX, Hit, LIST_MAX, Mode, PageSummary, Query, Share, Stats, Store,
};
pub use suspicion::Suspicion;
pub use vector::Embedder;
