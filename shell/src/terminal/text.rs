//! Text files that a user named, read whole and up to a limit. Files that are read by
//! lines are in `lines`; documents for the store are read in `import/`.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use anyhow::Result;

use crate::terminal::error::UserError;
use crate::terminal::files::unread;
use crate::terminal::lines::not_json;

/// The longest text file read whole; no window holds more.
const TEXT_BYTES_MAX: u64 = 16 << 20;

/// Reads a file the user named, with an error that says what was expected.
pub fn read_text(path: &Path, what: &str) -> Result<String> {
    let wrong = |reason: String| {
        UserError::usage(
            format!("{}: {reason}", path.display()),
            format!(
                "{what} is a text file in UTF-8 of at most {} MiB",
                TEXT_BYTES_MAX >> 20
            ),
        )
    };
    if let Some(kind) = no_file(path) {
        return Err(UserError::usage(
            format!("{} is {kind}, and {what} is a text file", path.display()),
            "name a file, or a pipe such as <(command)",
        ));
    }
    let mut bytes = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(TEXT_BYTES_MAX + 1).read_to_end(&mut bytes));
    read.map_err(|error| match error.kind() {
        ErrorKind::NotFound => unread(path, &error, format!("name the file of {what}")),
        _ => wrong(error.to_string()),
    })?;
    if bytes.len() as u64 > TEXT_BYTES_MAX {
        return Err(wrong("too large".into()));
    }
    let text = String::from_utf8(bytes).map_err(|_| wrong("not UTF-8".into()))?;
    Ok(without_mark(&text).to_owned())
}

/// What stands at `path`, where it is neither a file nor a pipe: no text comes out of it, or one
/// without an end.
fn no_file(path: &Path) -> Option<&'static str> {
    let kind = std::fs::metadata(path).ok()?.file_type();
    match kind {
        _ if kind.is_dir() => Some("a folder"),
        _ if kind.is_char_device() || kind.is_block_device() => Some("a device"),
        _ if kind.is_socket() => Some("a socket"),
        _ => None,
    }
}

/// How a file begins that stands for a large one in a repository.
const POINTER: &str = "version https://git-lfs.github.com/spec/";
/// Endings of files that are no texts, and what such a file has at its beginning.
const NO_TEXTS: [(&str, &str); 8] = [
    ("pdf", "%PDF-"),
    ("docx", "PK"),
    ("xlsx", "PK"),
    ("pptx", "PK"),
    ("odt", "PK"),
    ("ods", "PK"),
    ("odp", "PK"),
    ("epub", "PK"),
];
/// Characters among which that stands.
const BEGINNING_CHARS: usize = 1 << 10;

/// What is wrong with the file at `path`, which has this `text`, where it is another one than its
/// name says, or only stands for one; `None` where nothing is.
pub fn not_what_it_says(path: &Path, text: &str) -> Option<String> {
    if text.starts_with(POINTER) {
        return Some("it only stands for the file, which `git lfs pull` fetches".into());
    }
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    let begins = NO_TEXTS.iter().find(|(known, _)| *known == ending);
    let Some((_, begins)) = begins else {
        return not_json(path, text);
    };
    let beginning: String = text.chars().take(BEGINNING_CHARS).collect();
    let is_other = !beginning.contains(begins);
    is_other.then(|| format!("it is no {ending}, as of a download that went wrong"))
}

/// `text` without the byte order mark that some editors put before it.
pub fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_another_than_its_name_says_is_told() {
        let check = |name: &str, text: &str, want: Option<&str>| {
            let said = not_what_it_says(name.as_ref(), text);
            assert_eq!(said.as_deref(), want, "{name}");
        };
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n";
        let stands = Some("it only stands for the file, which `git lfs pull` fetches");
        check("model", pointer, stands);
        check("a.docx", pointer, stands);
        check(
            "a.DOCX",
            "Not found",
            Some("it is no docx, as of a download that went wrong"),
        );
        check(
            "a.pdf",
            "<html>",
            Some("it is no pdf, as of a download that went wrong"),
        );
        check("a.pdf", "\n%PDF-1.4\n", None);
        check("a.docx", "PK\u{3}\u{4}", None);
        check("a.txt", "Not found", None);
        check("a.jsonl", "{}\n", None);
    }

    #[test]
    fn only_a_file_or_a_pipe_is_read_as_a_text() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("note.txt"), "\u{feff}buy milk").unwrap();
        std::fs::write(at("raw"), [0xff, 0xfe]).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        let check = |path: &Path, want: &str| {
            let said = match read_text(path, "--attach") {
                Ok(text) => text,
                Err(error) => error.to_string(),
            };
            let said = said.replace(&format!("{}/", folder.path().display()), "");
            assert!(said.contains(want), "{said}");
        };
        check(&at("note.txt"), "buy milk");
        check(&at("raw"), "raw: not UTF-8");
        check(&at("nothing"), "there is no nothing");
        check(folder.path(), "is a folder, and --attach is a text file");
        check(&at("socket"), "socket is a socket");
        for device in ["/dev/null", "/dev/zero"] {
            check(
                Path::new(device),
                "is a device, and --attach is a text file",
            );
        }
    }
}
