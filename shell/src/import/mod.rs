//! How documents come into the store: from a file, a folder, a web page or JSON lines to
//! pages with their titles.
//!
//! | file | job |
//! | --- | --- |
//! | `job` | an import: what is new or changed is read, what is gone is removed |
//! | `walk` | which files of a folder are meant |
//! | `archive`, `opened` | archives: their members as files; how those come in |
//! | `document` | one file: what it is, whether it changed, the pages it becomes |
//! | `formats` | which formats are known, and by what |
//! | `reader`, `printed` | formats that guests read; pages as they were printed |
//! | `decode`, `data`, `typed` | texts in older encodings; data in texts; texts for a terminal |
//! | `escaped` | letters that a format writes as escapes |
//! | `failure` | why a file was not read |
//! | `note`, `properties`, `latex` | formats that are read here |
//! | `rows` | tables of formats that are read here |
//! | `messages` | conversations that are exported as text |
//! | `apple` | documents of Pages, Numbers and Keynote |
//! | `spoken` | recordings: what is said in passages |
//! | `jsonl` | pages that are written down as such |
//! | `attachment` | a file that stands beside a task instead |
//!
//! It knows the store and the tools of a session, and no command: what is to be told of an
//! import is in its [`job::Tally`], and `cli/mem/add.rs` words it.

mod apple;
mod archive;
pub mod attachment;
mod data;
mod decode;
mod document;
mod escaped;
mod failure;
mod formats;
pub mod job;
pub mod jsonl;
mod latex;
mod messages;
mod note;
mod opened;
mod printed;
mod properties;
mod reader;
mod rows;
mod spoken;
mod typed;
mod walk;
