//! From a file to the pages of a document: what the file is, whether it changed since it was
//! imported, and how its text is cut. What is done with the pages is decided in `job`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use data_encoding::HEXLOWER;
use quipu_memory::{
    Chunk, ImportedFile, Kind, NewPage, PageId, Place, Secrecy, Space, Syntax, Trust, chunks,
    chunks_told,
};
use sha2::{Digest, Sha256};

use super::apple;
use super::data;
use super::decode::decoded;
use super::escaped;
use super::formats::{self, Format};
use super::latex;
use super::messages;
use super::note::{self, Note};
use super::printed::Printed;
use super::reader::{Parts, Reader};
use super::rows;
use super::spoken;
use super::typed;
use crate::config::digest;
use crate::session::hearing::{Heard, RECORDING_BYTES_MAX, is_recording};
use crate::terminal::bar;
use crate::terminal::output::{counted, shortened};

/// Tokens of one page of a document: some hundred words, which a small window holds.
const PAGE_TOKENS: usize = 400;
/// Characters of a title that a document gives itself.
const TITLE_CHARS_MAX: usize = 200;
/// Larger files are left out, with a line in the report. Recordings may be larger: they are
/// not read as a whole.
pub const FILE_BYTES_MAX: u64 = 32 << 20;
/// Raised when files of any format are read in another way than before: then all are read
/// again.
const READING: u32 = 11;

/// What is known of a file before it is read.
pub struct Found {
    /// Its absolute path; of a member of an archive the one it has there.
    pub path: PathBuf,
    /// Where its bytes are.
    at: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
    /// When it was last modified: nanoseconds since 1970.
    pub modified_ns: i64,
    /// Whether it is a recording.
    is_recording: bool,
}

/// Looks at the file at `path`, which may be `named` otherwise, without reading it; says why
/// it is left out.
pub fn look(path: &Path, named: Option<&Path>) -> Result<Found, String> {
    let named = named.unwrap_or(path);
    match named.to_str() {
        None => return Err("its name is not UTF-8: rename it".into()),
        Some(name) if name.contains(char::is_control) => {
            return Err("its name has control characters: rename it".into());
        }
        Some(_) => {}
    }
    let meta = path.metadata().map_err(|error| error.to_string())?;
    let head = File::open(path).and_then(head);
    let is_recording = head.is_ok_and(|head| is_recording(&head));
    let most = match is_recording {
        true => RECORDING_BYTES_MAX,
        false => FILE_BYTES_MAX,
    };
    if meta.len() > most {
        return Err(format!(
            "too large: {} bytes, and {most} is the limit",
            meta.len()
        ));
    }
    let modified = meta.modified().ok();
    let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Ok(Found {
        path: std::path::absolute(named).map_err(|error| error.to_string())?,
        at: path.to_owned(),
        bytes: meta.len(),
        modified_ns: since.map_or(0, |since| i64::try_from(since.as_nanos()).unwrap_or(0)),
        is_recording,
    })
}

/// The first bytes of a file.
fn head(file: File) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    file.take(formats::HEAD_BYTES as u64)
        .read_to_end(&mut head)?;
    Ok(head)
}

impl Found {
    /// Its path as it is stored.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Where its bytes are.
    pub fn at(&self) -> &Path {
        &self.at
    }

    /// Reads it, of a recording only the beginning; says why it is left out.
    pub fn read(&self) -> Result<(ImportedFile, Vec<u8>), String> {
        let words = |error: std::io::Error| error.to_string();
        let file = File::open(&self.at).map_err(words)?;
        let (bytes, digest) = match self.is_recording {
            true => (
                head(file).map_err(words)?,
                digest::of_file(&self.at).map_err(words)?,
            ),
            false => {
                let mut bytes = Vec::new();
                // The file may have grown since its size was taken.
                let mut file = file.take(FILE_BYTES_MAX);
                file.read_to_end(&mut bytes).map_err(words)?;
                let digest = Sha256::digest(&bytes);
                (bytes, digest.to_vec())
            }
        };
        let imported = ImportedFile {
            path: self.name(),
            bytes: self.bytes,
            modified_ns: self.modified_ns,
            sha256: fingerprint(&digest),
        };
        Ok((imported, bytes))
    }
}

/// The digest of a file, and how it is read.
fn fingerprint(digest: &[u8]) -> String {
    format!("{}/{READING}", HEXLOWER.encode(digest))
}

/// Whether a file was stored as it is read now.
pub fn is_read_so(file: &ImportedFile) -> bool {
    file.sha256.ends_with(&format!("/{READING}"))
}

/// The pages of a file, and how they were read.
#[derive(Debug, Default)]
pub struct Brought {
    /// Its pages.
    pub pages: Vec<NewPage>,
    /// The missing parts, in words for the report.
    pub missing: Vec<String>,
}

/// A document that is being stored.
pub struct Document {
    /// The key under which its pages are stored, so that adding it again replaces them.
    pub key: String,
    /// Where it comes from: a path or an address.
    pub source: String,
    /// Its title.
    pub title: String,
    /// Where it goes and how it is kept.
    pub shelf: Shelf,
}

/// Where what is brought in goes, and how it is kept.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    /// The space it is put into.
    pub space: Space,
    /// How far it can be trusted.
    pub trust: Trust,
    /// Who may learn it.
    pub secrecy: Secrecy,
}

impl Document {
    /// The document in the file `found`.
    pub fn of_file(found: &Found, shelf: &Shelf) -> Self {
        let name = found.path.file_name().unwrap_or_default();
        Self {
            key: key(&shelf.space, &found.name()),
            source: found.name(),
            title: name.to_string_lossy().into_owned(),
            shelf: shelf.clone(),
        }
    }

    /// Its pages, where it has this text.
    pub fn of_text(&self, text: &str, syntax: Syntax, reader: &Reader) -> Vec<NewPage> {
        let bar = bar::bytes(text.len());
        let count = |piece: &str| reader.tokens(piece);
        let told = |bytes: usize| bar.set_position(bytes as u64);
        let pieces = chunks_told(text, syntax, PAGE_TOKENS, &count, &told);
        bar.finish_and_clear();
        let page = |(n, chunk): (usize, Chunk)| {
            let source = format!("{}:{}", self.source, chunk.line);
            self.page(n, &chunk.heading, chunk.text, source)
        };
        pieces.into_iter().enumerate().map(page).collect()
    }

    /// Its pages, where its file has this text.
    fn of_source(mut self, text: &str, syntax: Syntax, reader: &Reader) -> Vec<NewPage> {
        match syntax {
            Syntax::Latex => {
                let text = rows::plain(&latex::plain(text), syntax);
                if let Some(title) = latex::title(&text) {
                    self.title = self.named(&shortened(&title, TITLE_CHARS_MAX));
                }
                self.of_text(&text, syntax, reader)
            }
            Syntax::Org | Syntax::AsciiDoc | Syntax::Rst => {
                self.of_text(&rows::plain(text, syntax), syntax, reader)
            }
            syntax => self.of_text(text, syntax, reader),
        }
    }

    /// The title of a document that calls itself `own`: its file counts as well.
    fn named(&self, own: &str) -> String {
        match own == self.title {
            true => own.to_owned(),
            false => format!("{own} ({})", self.title),
        }
    }

    /// Its pages, where it is this note.
    fn of_note(mut self, note: &Note, reader: &Reader) -> Vec<NewPage> {
        let file = std::mem::take(&mut self.title);
        let mut others: Vec<&str> = note.aliases.iter().map(String::as_str).collect();
        let own = match &note.title {
            Some(title) => {
                others.insert(0, &file);
                title.clone()
            }
            None => file.clone(),
        };
        // Names count on every page, so that each is found by them.
        self.title = match others.is_empty() {
            true => own,
            false => format!("{own} ({})", others.join(", ")),
        };
        self.of_text(&note.text, Syntax::Markdown, reader)
    }

    /// Its pages, where it has these parts.
    fn of_parts(mut self, read: &Parts, reader: &Reader) -> Vec<NewPage> {
        let own = shortened(&read.title, TITLE_CHARS_MAX);
        if !own.is_empty() {
            self.title = self.named(&own);
        }
        let mut pages = Vec::new();
        for part in &read.parts {
            let source = match part.place.is_empty() {
                true => self.source.clone(),
                false => format!("{}, {}", self.source, part.place),
            };
            let count = |piece: &str| reader.tokens(piece);
            for chunk in chunks(&part.text, Syntax::Markdown, PAGE_TOKENS, &count) {
                let heading = match chunk.heading.is_empty() {
                    true => part.title.as_str(),
                    false => beyond(&own, &chunk.heading),
                };
                let path: Vec<&str> = [part.place.as_str(), heading]
                    .into_iter()
                    .filter(|words| !words.is_empty())
                    .collect();
                pages.push(self.page(pages.len(), &path.join(" › "), chunk.text, source.clone()));
            }
        }
        pages
    }

    /// Its pages, where it has these printed pages.
    fn of_printed(mut self, printed: &Printed, reader: &Reader) -> Vec<NewPage> {
        let own = shortened(&printed.title, TITLE_CHARS_MAX);
        if !own.is_empty() {
            self.title = self.named(&own);
        }
        let mut pages = Vec::new();
        let count = |piece: &str| reader.tokens(piece);
        for (n, text) in printed.pages.iter().enumerate() {
            let place = format!("page {}", n + 1);
            for chunk in chunks(text, Syntax::Plain, PAGE_TOKENS, &count) {
                let source = format!("{}, {place}", self.source);
                pages.push(self.page(pages.len(), &place, chunk.text, source));
            }
        }
        pages
    }

    /// Its pages, where it is a picture with this text.
    fn of_picture(&self, text: &str, reader: &Reader) -> Vec<NewPage> {
        let count = |piece: &str| reader.tokens(piece);
        let pieces = chunks(text, Syntax::Plain, PAGE_TOKENS, &count);
        let page = |(n, chunk): (usize, Chunk)| self.page(n, "", chunk.text, self.source.clone());
        pieces.into_iter().enumerate().map(page).collect()
    }

    /// Its pages, where it is a recording in which this is said. Each says when it begins.
    fn of_recording(&self, heard: &Heard, reader: &Reader) -> Vec<NewPage> {
        let count = |text: &str| reader.tokens(text);
        let passages = spoken::passages(&heard.segments, PAGE_TOKENS, &count);
        let page = |(n, (time, text)): (usize, (String, String))| {
            self.page(n, &time, text, format!("{}, {time}", self.source))
        };
        passages.into_iter().enumerate().map(page).collect()
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
            trust: self.shelf.trust,
            secrecy: self.shelf.secrecy,
            place: Some(Place {
                of: self.key.clone(),
                part: n as u32,
            }),
            space: self.shelf.space.clone(),
            ..NewPage::default()
        }
    }
}

/// `heading` without the `title` of its document, if it begins with it.
fn beyond<'h>(title: &str, heading: &'h str) -> &'h str {
    match heading.strip_prefix(title).filter(|_| !title.is_empty()) {
        Some("") => "",
        Some(rest) => rest.strip_prefix(" › ").unwrap_or(heading),
        None => heading,
    }
}

/// The key of a document with this `name` in a space.
pub fn key(space: &Space, name: &str) -> String {
    match space.name() {
        None => name.to_owned(),
        Some(space) => format!("{space}:{name}"),
    }
}

/// The text of a file, and what has to be told of it: an encoding that was guessed, data that
/// is left out.
fn text_of(bytes: &[u8]) -> Result<(String, Vec<String>), String> {
    let (text, guessed) = decoded(bytes)?;
    let (text, left_out) = data::without(&typed::plain(text));
    let mut told = Vec::new();
    told.extend(guessed.map(|name| format!("read as {name}, though the file does not say so")));
    if left_out > 0 {
        told.push(format!("without data in it, {left_out} letters long"));
    }
    Ok((text, told))
}

/// The same for a text that may be a conversation, in the file at `path`.
fn said_in(bytes: &[u8], path: &Path) -> Result<(String, Vec<String>), String> {
    let (text, mut told) = text_of(bytes)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let Some(said) = messages::of(&text, &name) else {
        return Ok((text, told));
    };
    if said.left_out > 0 {
        let count = counted(said.left_out, "message");
        told.push(format!(
            "without {count} that are files, or words of the program itself"
        ));
    }
    Ok((said.text, told))
}

/// Pages with nothing to report.
fn whole(pages: Vec<NewPage>) -> Brought {
    Brought {
        pages,
        missing: Vec::new(),
    }
}

/// The pages of the file at `at` with these bytes, or why there are none.
pub fn pages(
    document: Document,
    at: &Path,
    bytes: &[u8],
    reader: &Reader,
) -> Result<Brought, String> {
    let path = PathBuf::from(&document.source);
    let format = formats::of(&path, bytes)?;
    let (format, bytes) = apple::looks(format, bytes);
    let bytes = &*bytes;
    Ok(match format {
        Format::Pdf => {
            let printed = reader.pdf(bytes)?;
            Brought {
                missing: printed.missing(),
                pages: document.of_printed(&printed, reader),
            }
        }
        Format::Picture => {
            let seen = reader.picture(bytes)?;
            Brought {
                missing: seen.doubts().into_iter().collect(),
                pages: document.of_picture(&seen.text, reader),
            }
        }
        Format::Recording => {
            let heard = reader.recording(at, &document.source)?;
            whole(document.of_recording(&heard, reader))
        }
        Format::Document(format) => {
            let read = reader.document(bytes, format)?;
            Brought {
                missing: read.left_out.clone(),
                pages: document.of_parts(&read, reader),
            }
        }
        Format::Note => {
            let (text, missing) = said_in(bytes, &path)?;
            let pages = document.of_note(&note::of(&text), reader);
            Brought { pages, missing }
        }
        Format::Text(syntax) => {
            let (text, missing) = match syntax {
                Syntax::Plain => said_in(bytes, &path)?,
                _ => text_of(bytes)?,
            };
            let text = escaped::plain(&path, text);
            let pages = document.of_source(&text, syntax, reader);
            Brought { pages, missing }
        }
    })
}

#[cfg(test)]
mod tests;
