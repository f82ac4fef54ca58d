//! Text files that a user named, read whole and up to a limit. Files that are read by
//! lines are in `lines`; documents for the store are read in `import/`.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use anyhow::Result;

use crate::terminal::error::UserError;

/// The longest text file read whole; no window holds more.
const TEXT_BYTES_MAX: u64 = 16 << 20;

/// Reads a file the user named, with an error that says what was expected.
pub fn read_text(path: &Path, what: &str) -> Result<String> {
    let wrong = |reason: String| {
        UserError::usage(
            format!("{}: {reason}", path.display()),
            format!("{what} is a text file in UTF-8 of at most {TEXT_BYTES_MAX} bytes"),
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
        ErrorKind::NotFound => UserError::usage(
            format!("there is no {}", path.display()),
            format!("name the file of {what}"),
        ),
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

/// `text` without the byte order mark that some editors put before it.
pub fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

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
