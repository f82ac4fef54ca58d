//! Text files that a user named, read whole and up to a limit. Files that are read by
//! lines are in `lines`; documents for the store are read in `import/`.

use std::fs::File;
use std::io::{ErrorKind, Read};
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

/// `text` without the byte order mark that some editors put before it.
pub fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}
