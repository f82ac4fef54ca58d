//! PDF: the text of each page.
//!
//! The format is old, large and often broken, and reading it is where readers crash.
//! Here a crash ends one call, and what is hostile finds nothing to reach.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use pdf_extract::{Document, OutputError, PlainTextOutput, output_doc_page};

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

/// The most pages of one file.
const PAGES_MAX: usize = 10_000;

impl Guest for Pdf {
    fn read(base64: String) -> Result<Vec<String>, Problem> {
        let bytes = BASE64_STANDARD
            .decode(base64)
            .map_err(|error| problem("not base64", &error))?;
        let mut document =
            Document::load_mem(&bytes).map_err(|error| problem("a broken PDF", &error))?;
        // Many files are locked against changes only: then the password is empty.
        if document.is_encrypted() && document.decrypt("").is_err() {
            return Err(Problem {
                message: "an encrypted PDF".into(),
                hint: "save it without its password first".into(),
            });
        }
        let numbers: Vec<u32> = document.get_pages().into_keys().take(PAGES_MAX).collect();
        let mut texts = Vec::with_capacity(numbers.len());
        for number in numbers {
            let mut text = String::new();
            let page = output_doc_page(&document, &mut PlainTextOutput::new(&mut text), number);
            page.map_err(|error: OutputError| {
                problem(&format!("page {number} is broken"), &error)
            })?;
            texts.push(text);
        }
        match texts.iter().all(|text| text.trim().is_empty()) {
            true => Err(Problem {
                message: "a PDF without text".into(),
                hint: "it may be a scan: have its text recognised first".into(),
            }),
            false => Ok(texts),
        }
    }
}

fn problem(what: &str, error: &dyn std::fmt::Display) -> Problem {
    Problem {
        message: format!("{what}: {error}"),
        hint: String::new(),
    }
}
