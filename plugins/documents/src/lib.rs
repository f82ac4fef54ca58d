//! Documents: the text of many formats, as Markdown.
//!
//! Files come from anywhere, so they are read here, where there is nothing to reach and a
//! crash ends one call.
//!
//! | file | question |
//! | --- | --- |
//! | `guest.rs` | How does the host call it? |
//! | `format.rs` | What is a file? |
//! | `zipped.rs` | What is in an archive, and how much of it may be unpacked? |
//! | `office/` | What do Word, PowerPoint, Excel, Visio, XPS, OpenDocument and Outlook files say? |
//! | `book.rs` | What does an EPUB say? |
//! | `mail.rs` | What do e-mails say, and what is attached? |
//! | `chat.rs`, `bookmarks.rs` | Who said what in exports of messages, which pages were kept? |
//! | `notebook.rs`, `canvas.rs` | What is in a notebook, on a board? |
//! | `evernote.rs`, `feed.rs` | What do exported notes say, what do news? |
//! | `fiction.rs`, `outline.rs` | What does a FictionBook say, what do outlines and mind maps? |
//! | `wiki.rs`, `manual.rs` | What do pages of a wiki say, what pages of a manual? |
//! | `structured.rs` | What do DocBook and its siblings say? |
//! | `places.rs` | Which places are on a map? |
//! | `property_list.rs` | What do web archives, links and settings of Apple say? |
//! | `lyx.rs` | What does a document of LyX say? |
//! | `translations.rs` | What do files of translators say? |
//! | `rich_text.rs` | What does RTF say? |
//! | `subtitles.rs`, `calendar.rs` | What is said when, what is when? |
//! | `page.rs`, `drawing.rs` | What does a local page of HTML say, and a drawing? |
//! | `pictures.rs` | Which pictures are in a document? |
//! | `table.rs` | How is a table written as Markdown? |
//! | `found.rs` | What is found in a document, and why is nothing found? |

#![cfg_attr(
    not(target_family = "wasm"),
    allow(
        dead_code,
        reason = "a native test has no export that would use all of it"
    )
)]

mod book;
mod bookmarks;
mod calendar;
mod canvas;
mod chat;
mod drawing;
mod evernote;
mod feed;
mod fiction;
mod format;
mod found;
#[cfg(target_family = "wasm")]
mod guest;
mod lyx;
mod mail;
mod manual;
mod notebook;
mod office;
mod outline;
mod page;
mod pictures;
mod places;
mod property_list;
mod rich_text;
mod structured;
mod subtitles;
mod table;
mod translations;
mod wiki;
mod zipped;

use format::Format;
use found::{Failed, Found};

fn read(bytes: &[u8], format: Format) -> Result<Found, Failed> {
    match format {
        Format::Html => page::read(bytes),
        Format::Notebook => notebook::read(bytes),
        Format::Mail => mail::read(bytes),
        Format::Mailbox => mail::mailbox(bytes),
        Format::Zipped => zipped::read(bytes),
        Format::Flat => office::flat(bytes),
        Format::Compound => office::compound(bytes),
        Format::RichText => rich_text::read(bytes),
        Format::Subtitles => subtitles::read(bytes),
        Format::Calendar => calendar::read(bytes),
        Format::Canvas => canvas::read(bytes),
        Format::Drawing => drawing::read(bytes),
        Format::Evernote => evernote::read(bytes),
        Format::FictionBook => fiction::read(bytes),
        Format::Outline => outline::read(bytes),
        Format::Feed => feed::read(bytes),
        Format::Wiki => wiki::read(bytes),
        Format::Structured => structured::read(bytes),
        Format::Manual => manual::read(bytes),
        Format::Tnef => office::tnef(bytes),
        Format::Places => places::read(bytes),
        Format::PropertyList => property_list::read(bytes),
        Format::Translations => translations::read(bytes),
        Format::Lyx => lyx::read(bytes),
        Format::Chat => chat::read(bytes),
        Format::Bookmarks => bookmarks::read(bytes),
    }
}
