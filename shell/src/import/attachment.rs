//! A file beside a task: documents are read as for the store, others as they are.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::Result;
use quipu_kernel::label::Label;
use quipu_kernel::process::Attached;

use super::apple;
use super::document::FILE_BYTES_MAX;
use super::formats::{self, Format, HEAD_BYTES};
use super::reader::{Parts, Reader};
use crate::session::Session;
use crate::session::senses::{is_picture, picture_bytes};
use crate::terminal::error::UserError;
use crate::terminal::output::visible;

/// What a file is that nothing here reads.
const NEITHER: &str = "neither a text in UTF-8 nor of another kind that is read";
/// Pictures that a model is shown with a task: each takes up to 4 MB of the journal.
const PICTURES_MAX: usize = 16;

/// Formats of documents that are texts themselves: whoever shows one may mean how it is written.
const TEXTS: &[&str] = &[
    "html",
    "subtitles",
    "calendar",
    "canvas",
    "drawing",
    "structured",
    "manual",
    "places",
];

/// The text of the file at `path`, which was given as `what`: of a PDF or an office document
/// what it says, of a picture what the eyes read in it, of a recording what the ears hear. What
/// is missing of it is told.
///
/// # Errors
/// A file that cannot be read, is too large, or has no text.
pub fn text(session: &Session, path: &Path, what: &str) -> Result<String> {
    if path.is_dir() {
        return Err(UserError::usage(
            format!("{} is a folder", path.display()),
            "name its files one by one; `quipu mem add` takes a folder as a whole",
        ));
    }
    let format = document(path).map_err(|kind| {
        UserError::usage(
            format!("{} is {kind}", path.display()),
            "name a text, a document, a picture or a recording",
        )
    })?;
    let Some(format) = format else {
        return session.text_of(path, what);
    };
    let mut bytes = Vec::new();
    File::open(path)?
        .take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(UserError::failed(
            format!("{} has more than {FILE_BYTES_MAX} bytes", path.display()),
            "`quipu mem add` takes its parts, once it is split",
        ));
    }
    let reader = Reader::of_formats(session);
    let (format, bytes) = apple::looks(format, &bytes);
    let read = match format {
        Format::Pdf => reader.pdf(&bytes).map(|printed| {
            let missing = printed.missing();
            (printed.pages.join("\n\n"), missing)
        }),
        Format::Document(name) => reader
            .document(&bytes, name)
            .map(|parts| (whole(&parts), parts.left_out)),
        _ => return session.text_of(path, what),
    };
    let (text, missing) = read.map_err(|why| {
        UserError::failed(
            format!("{}: {why}", path.display()),
            "save it as text, or name another file",
        )
    })?;
    for told in missing {
        let name = path.display().to_string();
        say!("{}: {}", visible(&name), visible(&told));
    }
    Ok(text)
}

/// The file at `path`, which was given as `what`, as a page with this `label`: its text, and
/// the picture where it is one and the model `sees` that will read it. Who that is is asked only
/// where it matters.
///
/// # Errors
/// A file that cannot be read, is too large, or has neither text nor pixels, and what `sees` says.
pub fn page(
    session: &Session,
    path: &Path,
    what: &str,
    label: Label,
    sees: &dyn Fn() -> Result<bool>,
) -> Result<Attached> {
    let is_shown = is_picture_at(path) && sees()?;
    let (text, picture) = match is_shown {
        false => (text(session, path, what)?, None),
        true => {
            let bytes = picture_bytes(path)?;
            let picture = session.lens()?.pixels(&bytes)?;
            (session.words_in(&bytes), Some(picture))
        }
    };
    Ok(Attached {
        text,
        label,
        picture,
    })
}

/// Leaves the first pictures of `pages`, and of the others their text, which is told.
pub fn few_pictures(pages: &mut [Attached]) {
    let pictures = pages.iter_mut().map(|page| &mut page.picture);
    let mut left_out = 0;
    for picture in pictures
        .filter(|picture| picture.is_some())
        .skip(PICTURES_MAX)
    {
        *picture = None;
        left_out += 1;
    }
    if left_out > 0 {
        say!(
            "the model is shown the first {PICTURES_MAX} pictures; of {left_out} more it has the \
             text"
        );
    }
}

fn is_picture_at(path: &Path) -> bool {
    let mut head = Vec::new();
    // Bytes that are read from a pipe are gone for the next reader.
    let file = path.is_file().then(|| File::open(path));
    let read =
        file.map(|file| file.and_then(|file| file.take(HEAD_BYTES as u64).read_to_end(&mut head)));
    matches!(read, Some(Ok(_))) && is_picture(&head)
}

/// The format of the document at `path`, if it has to be read as a document. `Err` says what the
/// file is, if nothing reads it.
fn document(path: &Path) -> Result<Option<Format>, String> {
    // Bytes that are read from a pipe are gone for the next reader.
    if !path.is_file() {
        return Ok(None);
    }
    let mut head = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(HEAD_BYTES as u64).read_to_end(&mut head));
    if read.is_err() {
        return Ok(None);
    }
    Ok(match formats::of(path, &head) {
        Ok(Format::Document(name)) if TEXTS.contains(&name) => None,
        Ok(format @ (Format::Pdf | Format::Document(_))) => Some(format),
        Ok(Format::Text(_) | Format::Note) if is_no_text(&head) => return Err(NEITHER.to_owned()),
        // A message that is written in letters is a text all the same.
        Err(kind) if std::str::from_utf8(&head).is_err() => return Err(kind),
        _ => None,
    })
}

/// Whether a file that begins like this is no text. Its last letter may be cut off here.
fn is_no_text(head: &[u8]) -> bool {
    let wrong = std::str::from_utf8(head).err();
    wrong.is_some_and(|wrong| wrong.error_len().is_some())
}

/// All parts of a document as one text, each behind its name.
fn whole(parts: &Parts) -> String {
    let mut text = String::new();
    for part in &parts.parts {
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        if !part.place.is_empty() {
            text.push_str(&format!("[{}]\n\n", part.place));
        }
        text.push_str(part.text.trim());
    }
    text
}

#[cfg(test)]
mod tests {
    use quipu_kernel::process::Picture;

    use super::super::reader::Part;
    use super::*;

    #[test]
    fn what_is_a_document_is_known() {
        let dir = tempfile::tempdir().expect("a folder");
        let is = |name: &str, bytes: &[u8], expected: Result<Option<Format>, String>| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).expect("written");
            assert_eq!(document(&path), expected, "{name}");
        };
        let check = |name: &str, bytes: &[u8], format| is(name, bytes, Ok(format));
        check("a.pdf", b"%PDF-1.7\n", Some(Format::Pdf));
        check("a.docx", b"PK\x03\x04", Some(Format::Document("zipped")));
        check("a.rtf", b"{\\rtf1", Some(Format::Document("rich-text")));
        check("a.html", b"<html>", None);
        check("a.md", b"# A", None);
        check("a.png", b"\x89PNG\r\n", None);
        check("a.asc", b"-----BEGIN PGP MESSAGE", None);
        let packed = "a compressed file (unpack it first)";
        is("a.gz", b"\x1f\x8b", Err(packed.to_owned()));
        is("a.bin", b"\x81\x82\x83", Err(NEITHER.to_owned()));
        check("a.txt", "a caf\u{e9}".as_bytes(), None);
        // As one that goes on behind what was looked at.
        check("b.txt", b"a caf\xc3", None);
        assert_eq!(document(&dir.path().join("nothing")), Ok(None));
        assert_eq!(document(dir.path()), Ok(None));
    }

    #[test]
    fn a_task_has_few_pictures() {
        let picture = Picture::new(1, 1, vec![0; 3]).expect("a picture");
        let page = |n: usize| Attached {
            text: n.to_string(),
            label: Label::user(),
            // Every other page is a text.
            picture: n.is_multiple_of(2).then(|| picture.clone()),
        };
        let check = |pages: usize, want: usize| {
            let mut pages: Vec<Attached> = (0..pages).map(page).collect();
            few_pictures(&mut pages);
            let shown = pages.iter().filter(|page| page.picture.is_some()).count();
            assert_eq!(shown, want);
            let last = pages.last().expect("a page");
            assert_eq!(last.picture.is_some(), want < PICTURES_MAX);
        };
        check(5, 3);
        check(2 * PICTURES_MAX + 5, PICTURES_MAX);
    }

    #[test]
    fn parts_stand_behind_their_names() {
        let part = |place: &str, text: &str| Part {
            place: place.into(),
            title: String::new(),
            text: text.into(),
        };
        let parts = Parts {
            parts: vec![part("", "One."), part("slide 2", "Two.\n")],
            ..Parts::default()
        };
        assert_eq!(whole(&parts), "One.\n\n[slide 2]\n\nTwo.");
    }
}
