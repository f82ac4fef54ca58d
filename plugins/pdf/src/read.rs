//! From the bytes of a file to the text of its pages.

use hayro_interpret::InterpreterCache;
use hayro_interpret::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};

use crate::{fields, glyphs, layout, unpack};

/// The most pages of one file.
pub const PAGES_MAX: usize = 10_000;
/// From which part on of its letters a page counts as one that cannot be read.
const UNKNOWN_MAX: f64 = 0.3;

/// A shorter value of a form may stand in the text by accident.
const VALUE_MIN: usize = 4;

/// What became of a page.
#[derive(Clone, Debug, PartialEq)]
pub enum PageText {
    /// Its text.
    Text(String),
    /// Its text, as far as it can be unpacked.
    Cut(String),
    /// It has none, and whether there is anything else to see.
    Empty { picture: bool },
    /// The file does not say which letters its signs are.
    Unknown,
    /// What it shows is not in the file, or cannot be unpacked.
    Broken,
}

/// Opens a file; the error says what is wrong and what to do.
pub fn open(bytes: Vec<u8>) -> Result<Pdf, (String, String)> {
    let words = |message: &str, hint: &str| (message.to_owned(), hint.to_owned());
    let pdf = Pdf::new(bytes).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::UnsupportedAlgorithm) => words(
            "an encrypted PDF, in a way that is not known here",
            "save it without encryption first",
        ),
        LoadPdfError::Decryption(_) => {
            words("an encrypted PDF", "save it without its password first")
        }
        LoadPdfError::Invalid => words(
            "a broken PDF",
            "open it in a viewer and print it into a new file",
        ),
    })?;
    match pdf.pages().is_empty() {
        true => Err(words(
            "a PDF without pages",
            "it may be cut off: copy it again",
        )),
        false => Ok(pdf),
    }
}

/// The pages `first` up to `last` of `pdf`, counted from one.
pub fn pages(pdf: &Pdf, first: usize, last: usize) -> Vec<PageText> {
    let cache = InterpreterCache::new();
    let pages = pdf.pages().iter().take(last).skip(first.saturating_sub(1));
    let mut found: Vec<PageText> = pages
        .map(|page| {
            let drawn = glyphs::drawn(page, &cache);
            let (known, unknown) = (drawn.letters.len(), drawn.unknown);
            let mut text = layout::text(drawn.letters);
            let seen = squeezed(&text);
            // What the page draws of a form is part of its text already.
            let more = fields::lines(page).into_iter().filter(|line| {
                let value = line
                    .split_once(": ")
                    .map_or(line.as_str(), |(_, value)| value);
                let value = squeezed(value);
                value.len() < VALUE_MIN || !seen.contains(&value)
            });
            for line in more {
                text.push_str("\n\n");
                text.push_str(&line);
            }
            let text = text.trim();
            let is_unknown = unknown as f64 > UNKNOWN_MAX * (known + unknown) as f64;
            match (text.is_empty(), unpack::is_whole(page)) {
                _ if is_unknown => PageText::Unknown,
                (true, false) if !drawn.has_picture => PageText::Broken,
                (true, _) => PageText::Empty {
                    picture: drawn.has_picture,
                },
                (false, false) => PageText::Cut(text.to_owned()),
                (false, true) => PageText::Text(text.to_owned()),
            }
        })
        .collect();
    let mut texts: Vec<String> = found
        .iter_mut()
        .map(|page| match page {
            PageText::Text(text) | PageText::Cut(text) => std::mem::take(text),
            _ => String::new(),
        })
        .collect();
    layout::join_words(&mut texts);
    for (page, whole) in found.iter_mut().zip(texts) {
        if let PageText::Text(text) | PageText::Cut(text) = page {
            *text = whole;
        }
    }
    found
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}
