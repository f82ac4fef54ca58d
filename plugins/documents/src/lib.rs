//! Documents: the text of many formats, as Markdown.
//!
//! Files come from anywhere, so they are read here, where there is nothing to reach and a
//! crash ends one call.
//!
//! | file | question |
//! | --- | --- |
//! | `zipped.rs` | What is in an archive, and how much of it may be unpacked? |
//! | `office/` | What do Word, PowerPoint, Excel, OpenDocument and Outlook files say? |
//! | `book.rs` | What does an EPUB say? |
//! | `mail.rs` | What do e-mails say, and what is attached? |
//! | `notebook.rs`, `canvas.rs` | What is in a notebook, on a board? |
//! | `evernote.rs` | What do exported notes say? |
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
mod calendar;
mod canvas;
mod drawing;
mod evernote;
mod found;
mod mail;
mod notebook;
mod office;
mod page;
mod pictures;
mod rich_text;
mod subtitles;
mod table;
mod zipped;

use found::{Failed, Found};

wit_bindgen::generate!({
    path: ["../wit/quipu.wit", "wit"],
    world: "quipu:documents/documents",
    generate_all,
});

/// What the plugin asks for, where the host looks for it.
#[used]
#[unsafe(link_section = "quipu:plugin")]
static MANIFEST: [u8; include_bytes!("../plugin.toml").len()] = *include_bytes!("../plugin.toml");

/// Its WIT, for the comments in it, which a component does not keep.
#[used]
#[unsafe(link_section = "quipu:wit")]
static WIT: [u8; include_bytes!("../wit/world.wit").len()] = *include_bytes!("../wit/world.wit");

struct Documents;

// Its functions would take the place of the C library's in a native test.
#[cfg(target_family = "wasm")]
export!(Documents);

impl Guest for Documents {
    fn read(base64: String, format: Format) -> Result<Document, Problem> {
        let bytes = markup::bytes(&base64).map_err(|message| Problem {
            message,
            hint: String::new(),
        })?;
        match read(&bytes, format) {
            Ok(found) if found.is_empty() => Err(Problem {
                message: "it has no text".into(),
                hint: found.left_out.join("; "),
            }),
            Ok(found) => Ok(document(found)),
            Err(Failed { message, hint }) => Err(Problem { message, hint }),
        }
    }

    fn pictures(base64: String, format: Format) -> Result<Album, Problem> {
        let bytes = markup::bytes(&base64).map_err(|message| Problem {
            message,
            hint: String::new(),
        })?;
        let Failed { message, hint } = match pictures::of(&bytes, format) {
            Ok(pictures) => return Ok(album(pictures)),
            Err(failed) => failed,
        };
        Err(Problem { message, hint })
    }
}

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
    }
}

fn document(found: Found) -> Document {
    let part = |part: found::Part| Part {
        place: part.place,
        title: part.title,
        text: part.text,
    };
    Document {
        title: found.title,
        parts: found.parts.into_iter().map(part).collect(),
        left_out: found.left_out,
    }
}

fn album(pictures: pictures::Pictures) -> Album {
    let picture = |(name, bytes): (String, Vec<u8>)| Picture {
        name,
        base64: markup::base64(&bytes),
    };
    Album {
        found: pictures.found.into_iter().map(picture).collect(),
        more: pictures.more,
    }
}
