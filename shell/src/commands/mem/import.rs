//! From a file to the pages of a document.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use quipu_memory::{Chunk, ImportedFile, Kind, NewPage, PageId, Place, Syntax, Trust, chunks};
use sha2::{Digest, Sha256};

use super::reader::Reader;

/// Tokens of one page of a document: some hundred words, which a small window holds.
const PAGE_TOKENS: usize = 400;
/// Larger files are left out, with a line in the report.
const FILE_BYTES_MAX: u64 = 32 << 20;
/// Bytes looked at to tell what a file is.
const HEAD_BYTES: usize = 8 << 10;

/// How a file begins that is of a kind with no words to read, and what it is.
const KNOWN: &[(&[u8], &str)] = &[
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
    match path.to_str() {
        None => return Err("its name is not UTF-8: rename it".into()),
        Some(name) if name.contains(char::is_control) => {
            return Err("its name has control characters: rename it".into());
        }
        Some(_) => {}
    }
    let meta = path.metadata().map_err(|error| error.to_string())?;
    if meta.len() > FILE_BYTES_MAX {
        return Err(format!(
            "too large: {} bytes, and {FILE_BYTES_MAX} is the limit",
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

/// A document that is being stored.
pub struct Document {
    /// What its pages are named by and stand in, so that adding it again replaces them.
    pub key: String,
    /// Where it comes from: a path or an address.
    pub source: String,
    /// Its title.
    pub title: String,
    /// How far it can be trusted.
    pub trust: Trust,
    /// The space it is put into; empty for the shared one.
    pub space: String,
}

impl Document {
    /// The document in the file `found`.
    pub fn of_file(found: &Found, space: &str, trust: Trust) -> Self {
        let name = found.path.file_name().unwrap_or_default();
        Self {
            key: key(space, &found.name()),
            source: found.name(),
            title: name.to_string_lossy().into_owned(),
            trust,
            space: space.to_owned(),
        }
    }

    /// Its pages, where it has this text.
    pub fn of_text(&self, text: &str, syntax: Syntax, reader: &Reader) -> Vec<NewPage> {
        let pieces = chunks(text, syntax, PAGE_TOKENS, &|piece| reader.tokens(piece));
        let page = |(n, chunk): (usize, Chunk)| {
            let source = format!("{}:{}", self.source, chunk.line);
            self.page(n, &chunk.heading, chunk.text, source)
        };
        pieces.into_iter().enumerate().map(page).collect()
    }

    /// Its pages, where it has these printed pages.
    fn of_pages(&self, printed: &[String], reader: &Reader) -> Vec<NewPage> {
        let mut pages = Vec::new();
        for (n, text) in printed.iter().enumerate() {
            let place = format!("page {}", n + 1);
            for chunk in chunks(text, Syntax::Plain, PAGE_TOKENS, &|piece| {
                reader.tokens(piece)
            }) {
                let source = format!("{}, {place}", self.source);
                pages.push(self.page(pages.len(), &place, chunk.text, source));
            }
        }
        pages
    }

    fn page(&self, n: usize, heading: &str, text: String, source: String) -> NewPage {
        NewPage {
            id: Some(PageId::from(format!("{}#{}", self.key, n + 1))),
            kind: Kind::Document,
            title: match heading.is_empty() {
                true => self.title.clone(),
                false => format!("{} › {heading}", self.title),
            },
            text,
            source,
            trust: self.trust,
            place: Some(Place {
                of: self.key.clone(),
                part: n as u32,
            }),
            space: self.space.clone(),
            ..NewPage::default()
        }
    }
}

/// What a document of `name` is known by in a space.
pub fn key(space: &str, name: &str) -> String {
    match space {
        "" => name.to_owned(),
        space => format!("{space}:{name}"),
    }
}

/// The pages of a file with these bytes; says why there are none.
pub fn pages(document: &Document, bytes: &[u8], reader: &Reader) -> Result<Vec<NewPage>, String> {
    if bytes.starts_with(b"%PDF") {
        return Ok(document.of_pages(&reader.pdf(bytes)?, reader));
    }
    let text = decoded(bytes)?;
    let ending = Path::new(&document.source).extension().unwrap_or_default();
    let ending = ending.to_string_lossy().to_ascii_lowercase();
    let (text, syntax) = match ending.as_str() {
        "html" | "htm" | "xhtml" => (reader.html(&text)?, Syntax::Markdown),
        "md" | "markdown" | "mdx" => (text, Syntax::Markdown),
        "" | "txt" | "text" | "rst" | "adoc" | "org" | "log" | "csv" | "tex" => {
            (text, Syntax::Plain)
        }
        _ => (text, Syntax::Source),
    };
    Ok(document.of_text(&text, syntax, reader))
}

/// The text of a file: UTF-8, or UTF-16 with its mark.
fn decoded(bytes: &[u8]) -> Result<String, String> {
    let known = KNOWN.iter().find(|(head, _)| bytes.starts_with(head));
    if let Some((_, what)) = known {
        return Err((*what).to_owned());
    }
    let wide = |read: fn([u8; 2]) -> u16| {
        if bytes.len() % 2 == 1 {
            return Err("cut off: UTF-16 has two bytes for each sign".to_owned());
        }
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
            Err(format!(
                "not UTF-8 from line {} on (convert it, for instance with iconv)",
                line + 1
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use quipu_tools::Bus;

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
        check(
            b"one\ntwo \xe9",
            Err("not UTF-8 from line 2 on (convert it, for instance with iconv)"),
        );
        check(
            b"\xff\xfeh\0i",
            Err("cut off: UTF-16 has two bytes for each sign"),
        );
        check(b"PK\x03\x04", Err("an archive or an office document"));
        check(
            b"\xff\xfe\0\xd8",
            Err("not UTF-16, though it is marked as that"),
        );
    }

    fn document(space: &str) -> Document {
        Document {
            key: key(space, "/a/b.md"),
            source: "/a/b.md".into(),
            title: "b.md".into(),
            trust: Trust::User,
            space: space.into(),
        }
    }

    #[test]
    fn pages_say_where_they_stand() {
        let reader = Reader::with(Bus::default());
        let text = "# One\nfirst\n\n".to_owned() + &"word ".repeat(500) + "\n\n# Two\nlast";
        let pages = document("").of_text(&text, Syntax::Markdown, &reader);
        let heads: Vec<(&str, &str)> = pages
            .iter()
            .map(|page| (page.title.as_str(), page.source.as_str()))
            .collect();
        assert_eq!(heads.first(), Some(&("b.md › One", "/a/b.md:1")));
        assert_eq!(heads.last(), Some(&("b.md › Two", "/a/b.md:6")));

        let printed = ["one".to_owned(), " ".to_owned(), "three ".repeat(500)];
        let pages = document("notes").of_pages(&printed, &reader);
        assert_eq!(pages[0].source, "/a/b.md, page 1");
        assert_eq!(pages[1].title, "b.md › page 3");
        let ids: Vec<String> = pages
            .iter()
            .flat_map(|page| &page.id)
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            ids,
            ["notes:/a/b.md#1", "notes:/a/b.md#2", "notes:/a/b.md#3"]
        );
        assert!(
            pages
                .iter()
                .all(|page| reader.tokens(&page.text) <= PAGE_TOKENS)
        );
    }
}
