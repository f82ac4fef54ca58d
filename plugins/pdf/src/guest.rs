//! What the host sees: the plugin's WIT, its manifest, and its two functions.
//!
//! It is compiled for wasm only. A native test of the reader has no host, and does without
//! the generator of bindings, which takes longer to compile than the reader.

use hayro_interpret::InterpreterCache;

use crate::read::{self, PageText};
use crate::{scan, title};

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
