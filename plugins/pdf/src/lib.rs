//! PDF: the text of each page.
//!
//! The format is old, large and often broken, and reading it is where readers crash.
//! Here a crash ends one call, and what is hostile finds nothing to reach. A library
//! reads the format and says where each letter stands; here is what comes after: words,
//! rows, columns, paragraphs.
//!
//! | file | question |
//! | --- | --- |
//! | `guest.rs` | How does the host call it? |
//! | `read.rs` | What becomes of each page of a file? |
//! | `glyphs.rs`, `fonts.rs` | Which letters does a page show, and where? |
//! | `rows.rs`, `accents.rs`, `bidi.rs` | Which of them are one line, and where do words end? |
//! | `columns.rs` | In which order are the rows read? |
//! | `tables.rs` | Which cells of a table are empty? |
//! | `layout.rs` | Where do paragraphs end, and which words are broken? |
//! | `scan.rs` | What does a page show that has no letters? |
//! | `unpack.rs` | Is all that a page shows in the file? |
//! | `fields.rs`, `strings.rs` | What was filled in, and what remarked? |
//! | `title.rs` | What does a file call itself? |

#![cfg_attr(
    not(target_family = "wasm"),
    allow(
        dead_code,
        reason = "a native test has no export that would use all of it"
    )
)]

mod accents;
mod bidi;
mod columns;
mod fields;
mod fonts;
mod glyphs;
#[cfg(target_family = "wasm")]
mod guest;
mod layout;
mod read;
mod rows;
mod scan;
mod strings;
mod tables;
mod title;
mod unpack;
