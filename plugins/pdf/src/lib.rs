//! PDF: the text of each page.
//!
//! The format is old, large and often broken, and reading it is where readers crash.
//! Here a crash ends one call, and what is hostile finds nothing to reach. A library
//! reads the format and says where each letter stands; here is what comes after: words,
//! rows, columns, paragraphs.
//!
//! | file | question |
//! | --- | --- |
//! | `read.rs` | What becomes of each page of a file? |
//! | `glyphs.rs`, `fonts.rs` | Which letters does a page show, and where? |
//! | `rows.rs`, `accents.rs`, `bidi.rs` | Which of them are one line, and where do words end? |
//! | `columns.rs` | In which order are the rows read? |
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
mod layout;
mod read;
mod rows;
mod scan;
mod strings;
mod title;
mod unpack;

use hayro_interpret::InterpreterCache;

use read::PageText;

wit_bindgen::generate!({
    path: ["../wit/quipu.wit", "wit"],
    world: "quipu:pdf/pdf",
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

struct Pdf;

// Its functions would take the place of the C library's in a native test.
#[cfg(target_family = "wasm")]
export!(Pdf);

fn missing(page: usize, reason: &str) -> Missing {
    Missing {
        page: u32::try_from(page).unwrap_or(u32::MAX),
        reason: reason.into(),
    }
}

impl Guest for Pdf {
    fn read(base64: String, first: u32, last: u32) -> Result<Part, Problem> {
        let bytes = markup::bytes(&base64).map_err(|message| Problem {
            message,
            hint: String::new(),
        })?;
        let pdf = read::open(bytes).map_err(|(message, hint)| Problem { message, hint })?;
        let count = pdf.pages().len().min(read::PAGES_MAX);
        let last = usize::try_from(last).unwrap_or(count).min(count);
        let first = usize::try_from(first).unwrap_or(1).max(1);
        let mut part = Part {
            count: u32::try_from(count).unwrap_or(u32::MAX),
            title: title::of(&pdf),
            pages: Vec::new(),
            missing: Vec::new(),
        };
        for (page, found) in (first..).zip(read::pages(&pdf, first, last)) {
            let reason = match found {
                PageText::Text(text) => {
                    part.pages.push(text);
                    continue;
                }
                PageText::Little(text) => {
                    part.pages.push(text);
                    part.missing
                        .push(missing(page, "has little text beside a picture (a scan?)"));
                    continue;
                }
                PageText::Cut(text) => {
                    part.pages.push(text);
                    part.missing
                        .push(missing(page, "is not whole: a part of it is broken"));
                    continue;
                }
                PageText::Empty { picture: true } => "has no text (a scan?)",
                PageText::Empty { picture: false } => "is blank",
                PageText::Broken => "is broken",
                PageText::Unknown => "has a font that does not say which letters it shows",
            };
            part.pages.push(String::new());
            part.missing.push(missing(page, reason));
        }
        Ok(part)
    }

    fn picture(base64: String, page: u32) -> Result<String, Problem> {
        let problem = |message: String, hint: String| Problem { message, hint };
        let bytes = markup::bytes(&base64).map_err(|message| problem(message, String::new()))?;
        let pdf = read::open(bytes).map_err(|(message, hint)| problem(message, hint))?;
        let at = usize::try_from(page).unwrap_or(0).wrapping_sub(1);
        let page = pdf
            .pages()
            .get(at)
            .ok_or_else(|| problem(format!("there is no page {page}"), String::new()))?;
        let bitmap = scan::bitmap(page, &InterpreterCache::new());
        let bitmap = bitmap.ok_or_else(|| problem("the page has no picture".into(), "".into()))?;
        Ok(markup::base64(&bitmap))
    }
}
