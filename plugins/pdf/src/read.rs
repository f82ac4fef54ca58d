//! From the bytes of a file to the text of its pages.

use hayro_interpret::InterpreterCache;
use hayro_interpret::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};

use crate::{fields, glyphs, layout, unpack};

/// The most pages of one file.
pub const PAGES_MAX: usize = 10_000;
/// From which part on of its letters a page counts as one that cannot be read.
const UNKNOWN_MAX: f64 = 0.3;

/// Letters of a page that may be all that stands beside a scan: its number, a stamp, the name of
/// a program. And how much of the page the scan covers then.
const LITTLE_MAX: usize = 80;
const COVERED_MIN: f64 = 0.5;

/// A shorter value of a form may stand in the text by accident.
const VALUE_MIN: usize = 4;

/// What became of a page.
#[derive(Clone, Debug, PartialEq)]
pub enum PageText {
    /// Its text.
    Text(String),
    /// Its text, which is short beside a picture of most of the page.
    Little(String),
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
                (false, true)
                    if drawn.covered >= COVERED_MIN
                        && squeezed(text).chars().count() <= LITTLE_MAX =>
                {
                    PageText::Little(text.to_owned())
                }
                (false, true) => PageText::Text(text.to_owned()),
            }
        })
        .collect();
    let mut texts: Vec<String> = found
        .iter_mut()
        .map(|page| match page {
            PageText::Text(text) | PageText::Little(text) | PageText::Cut(text) => {
                std::mem::take(text)
            }
            _ => String::new(),
        })
        .collect();
    layout::join_words(&mut texts);
    for (page, whole) in found.iter_mut().zip(texts) {
        if let PageText::Text(text) | PageText::Little(text) | PageText::Cut(text) = page {
            *text = whole;
        }
    }
    found
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_on_a_scan_is_not_all_of_the_page() {
        // A page of 720 by 360 points with a picture of two pixels, painted with `matrix`.
        let check = |matrix: &str, text: &str, expected: PageText| {
            let picture = format!("q {matrix} cm BI /W 2 /H 1 /CS /G /BPC 8 ID \u{0}~ EI Q");
            let content = format!("{picture} BT /F1 6 Tf 2 10 Td ({text}) Tj ET");
            let file = format!(
                "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n\
                 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
                 3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 720 360]/Contents 4 0 R\
                 /Resources<</Font<</F1 5 0 R>>>>>>endobj\n\
                 4 0 obj<</Length {}>>stream\n{content}\nendstream endobj\n\
                 5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n\
                 trailer<</Root 1 0 R>>",
                content.len()
            );
            let pdf = open(file.into_bytes()).unwrap();
            assert_eq!(pages(&pdf, 1, 1), [expected], "{matrix}");
        };
        check("720 0 0 360 0 0", "Page 7", PageText::Little("Page 7".into()));
        check("9 0 0 9 0 0", "Page 7", PageText::Text("Page 7".into()));
        let long = "A ".repeat(LITTLE_MAX + 1);
        let long = long.trim();
        check("720 0 0 360 0 0", long, PageText::Text(long.into()));
    }
}
