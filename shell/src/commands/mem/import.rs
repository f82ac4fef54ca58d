//! From a file to the pages of a document.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use quipu_memory::{Chunk, ImportedFile, Kind, NewPage, PageId, Place, Syntax, Trust, chunks};
use quipu_tools::{Bus, CallContext};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Characters of one page of a document: some hundred words, which a small window holds.
const PAGE_CHARS: usize = 2_000;
/// Larger files are left out, with a line in the report.
const FILE_BYTES_MAX: u64 = 32 << 20;
/// Bytes looked at to tell what a file is.
const HEAD_BYTES: usize = 8 << 10;

/// How a file begins that is of a kind with no words to read, and what it is.
const KNOWN: &[(&[u8], &str)] = &[
    (b"%PDF", "a PDF, which cannot be read yet"),
    (b"PK\x03\x04", "an archive or an office document"),
    (b"\x1f\x8b", "a compressed file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x7fELF", "a program"),
    (b"\0asm", "a program"),
    (b"SQLite format 3", "a database"),
    (b"Salted__", "an encrypted file"),
    (b"-----BEGIN PGP MESSAGE", "an encrypted file"),
];

/// What is known of a file before it is read.
pub struct Found {
    /// Its absolute path.
    pub path: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
    /// When it was last modified: nanoseconds since 1970.
    pub modified_ns: i64,
}

/// Looks at a file without reading it; says why it is left out.
pub fn look(path: &Path) -> Result<Found, String> {
    let meta = path.metadata().map_err(|error| error.to_string())?;
    if meta.len() > FILE_BYTES_MAX {
        return Err(format!(
            "{} bytes; the limit is {FILE_BYTES_MAX}",
            meta.len()
        ));
    }
    let modified = meta.modified().ok();
    let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Ok(Found {
        path: std::path::absolute(path).map_err(|error| error.to_string())?,
        bytes: meta.len(),
        modified_ns: since.map_or(0, |since| i64::try_from(since.as_nanos()).unwrap_or(0)),
    })
}

impl Found {
    /// Its path as it is stored.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Reads it; says why it is left out.
    pub fn read(&self) -> Result<(ImportedFile, Vec<u8>), String> {
        let file = File::open(&self.path).map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        // It may have grown since it was looked at.
        file.take(FILE_BYTES_MAX)
            .read_to_end(&mut bytes)
            .map_err(|error| error.to_string())?;
        let digest = Sha256::digest(&bytes);
        let imported = ImportedFile {
            path: self.name(),
            bytes: self.bytes,
            modified_ns: self.modified_ns,
            sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        };
        Ok((imported, bytes))
    }
}

/// The pages of a file with these bytes; says why there are none.
pub fn pages(path: &Path, bytes: &[u8], bus: &Bus) -> Result<Vec<NewPage>, String> {
    let text = decoded(bytes)?;
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    let (text, syntax) = match ending.to_ascii_lowercase().as_str() {
        "html" | "htm" | "xhtml" => (readable(bus, &text)?, Syntax::Markdown),
        "md" | "markdown" | "mdx" => (text, Syntax::Markdown),
        "" | "txt" | "text" | "rst" | "adoc" | "org" | "log" | "csv" | "tex" => {
            (text, Syntax::Plain)
        }
        _ => (text, Syntax::Source),
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let source = path.display().to_string();
    Ok(of_text(&source, &name, &text, syntax, Trust::User))
}

/// The pages of a text from `source`, named by it, so that adding it again replaces them.
pub fn of_text(source: &str, name: &str, text: &str, syntax: Syntax, trust: Trust) -> Vec<NewPage> {
    let pieces = chunks(text, syntax, PAGE_CHARS, &|piece| piece.chars().count());
    let page = |(n, chunk): (usize, Chunk)| NewPage {
        id: Some(PageId::from(format!("{source}#{}", n + 1))),
        kind: Kind::Document,
        title: match chunk.heading.is_empty() {
            true => name.to_owned(),
            false => format!("{name} › {}", chunk.heading),
        },
        text: chunk.text,
        source: format!("{source}:{}", chunk.line),
        trust,
        place: Some(Place {
            of: source.to_owned(),
            part: n as u32,
        }),
        ..NewPage::default()
    };
    pieces.into_iter().enumerate().map(page).collect()
}

/// The text of a file: UTF-8, or UTF-16 with its mark.
fn decoded(bytes: &[u8]) -> Result<String, String> {
    let known = KNOWN.iter().find(|(head, _)| bytes.starts_with(head));
    if let Some((_, what)) = known {
        return Err((*what).to_owned());
    }
    let wide = |read: fn([u8; 2]) -> u16| {
        let units = bytes[2..].as_chunks::<2>().0.iter().map(|pair| read(*pair));
        let text: Result<String, _> = char::decode_utf16(units).collect();
        text.map_err(|_| "not UTF-16, though it is marked as that".to_owned())
    };
    match bytes {
        [0xff, 0xfe, ..] => return wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => return wide(u16::from_be_bytes),
        _ => {}
    }
    if bytes[..bytes.len().min(HEAD_BYTES)].contains(&0) {
        return Err("not a text file".into());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if text.contains('\0') => Err("not a text file".into()),
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned()),
        Err(error) => {
            let line = bytes[..error.valid_up_to()]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count();
            Err(format!("not UTF-8 from line {} on", line + 1))
        }
    }
}

/// The readable part of a web page as Markdown, by the browser tool.
fn readable(bus: &Bus, html: &str) -> Result<String, String> {
    let answer = bus
        .call(
            "browser.read",
            &json!({"html": html, "url": "about:blank"}),
            &CallContext::default(),
        )
        .map_err(|error| format!("the browser tool cannot read it: {}", error.message))?;
    words_of(&answer).map(|(_, text)| text)
}

/// The title and the text of what the browser tool brought.
pub fn words_of(answer: &Value) -> Result<(String, String), String> {
    let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
    match text("markdown") {
        empty if empty.trim().is_empty() => Err("it has no readable text".into()),
        markdown => Ok((text("title"), markdown)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_told() {
        let check = |bytes: &[u8], expected: Result<&str, &str>| {
            let found = decoded(bytes);
            assert_eq!(found.as_deref().map_err(String::as_str), expected);
        };
        check(b"plain", Ok("plain"));
        check(b"\xef\xbb\xbfmarked", Ok("marked"));
        check(b"\xff\xfeh\0i\0", Ok("hi"));
        check(b"\xfe\xff\0h\0i", Ok("hi"));
        check(b"", Ok(""));
        check(b"a\0b", Err("not a text file"));
        check(b"one\ntwo \xe9", Err("not UTF-8 from line 2 on"));
        check(b"%PDF-1.7", Err("a PDF, which cannot be read yet"));
        check(
            b"\xff\xfe\0\xd8",
            Err("not UTF-16, though it is marked as that"),
        );
    }

    #[test]
    fn pages_say_where_they_stand() {
        let text = "# One\nfirst\n\n".to_owned() + &"word ".repeat(500) + "\n\n# Two\nlast";
        let pages = of_text("/a/b.md", "b.md", &text, Syntax::Markdown, Trust::User);
        let heads: Vec<(&str, &str)> = pages
            .iter()
            .map(|page| (page.title.as_str(), page.source.as_str()))
            .collect();
        assert_eq!(heads.first(), Some(&("b.md › One", "/a/b.md:1")));
        assert_eq!(heads.last(), Some(&("b.md › Two", "/a/b.md:6")));
    }
}
