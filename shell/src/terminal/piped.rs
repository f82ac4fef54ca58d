//! What comes on standard input beside a task that stands on the command line, as in
//! `cat notes.md | quipu run "Summarize this"`.
//!
//! Standard input is there for every program, meant or not: a service, a loop of a shell and a
//! test leave theirs to whatever they start. So a terminal and a device are not read, nor a file
//! that somebody has begun to read, and a pipe on which nothing comes is not waited for long.

use std::fs::File;
use std::io::{Read, Seek};
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::Result;

use super::error::UserError;

/// The most that is read; no window holds more.
const BYTES_MAX: u64 = 16 << 20;
/// How long the first byte is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// The text on standard input; `None` where there is none. The rest of what has begun to come is
/// waited for.
///
/// # Errors
/// What is no text, is too long, or cannot be read.
pub fn beside() -> Result<Option<String>> {
    let Some(input) = opened() else {
        return Ok(None);
    };
    let bytes = match read(input, PATIENCE) {
        Some(bytes) => bytes?,
        None => {
            say!(
                "warning: standard input is open, and nothing came on it in {} s: the task goes \
                 without it",
                PATIENCE.as_secs()
            );
            say!("hint: --attach - waits for it; </dev/null says that there is none");
            return Ok(None);
        }
    };
    if bytes.len() as u64 > BYTES_MAX {
        return Err(UserError::usage(
            format!("standard input is longer than {BYTES_MAX} bytes"),
            "send a part of it, or bring it in with `quipu mem add` and ask about it",
        ));
    }
    let text = String::from_utf8(bytes).map_err(|_| not_text())?;
    Ok(Some(text).filter(|text| !text.trim().is_empty()))
}

/// To somebody whose standard input is no text.
pub fn not_text() -> anyhow::Error {
    UserError::usage(
        "standard input is not UTF-8 text",
        "convert it first, for instance with iconv, or name the file with --attach",
    )
}

/// Why a line of standard input cannot be read.
pub fn unreadable(error: std::io::Error) -> anyhow::Error {
    match error.kind() {
        std::io::ErrorKind::InvalidData => not_text(),
        _ => error.into(),
    }
}

/// Standard input, where it can bring something for this program.
fn opened() -> Option<File> {
    let mut input = File::from(std::io::stdin().as_fd().try_clone_to_owned().ok()?);
    let kind = input.metadata().ok()?.file_type();
    let is_file = kind.is_file() && input.stream_position().is_ok_and(|at| at == 0);
    (is_file || kind.is_fifo() || kind.is_socket()).then_some(input)
}

/// What `input` brings, if its first byte, or its end, comes within `patience`.
fn read(input: impl Read + Send + 'static, patience: Duration) -> Option<std::io::Result<Vec<u8>>> {
    let pieces = pieces(input);
    let mut bytes = match pieces.recv_timeout(patience) {
        Ok(Ok(first)) => first,
        Ok(Err(error)) => return Some(Err(error)),
        Err(RecvTimeoutError::Disconnected) => return Some(Ok(Vec::new())),
        Err(RecvTimeoutError::Timeout) => return None,
    };
    for piece in pieces {
        match piece {
            Ok(piece) => bytes.extend(piece),
            Err(error) => return Some(Err(error)),
        }
    }
    Some(Ok(bytes))
}

/// What comes, as it comes, and at most one byte more than is taken. A thread reads: one that
/// waits for ever ends with the program.
fn pieces(input: impl Read + Send + 'static) -> Receiver<std::io::Result<Vec<u8>>> {
    let (sender, pieces) = channel();
    std::thread::spawn(move || {
        let mut input = input.take(BYTES_MAX + 1);
        let mut piece = [0; 1 << 16];
        loop {
            let read = input.read(&mut piece);
            let sent = match read {
                Ok(0) => return,
                Ok(count) => Ok(piece[..count].to_vec()),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let is_over = sent.is_err();
            if sender.send(sent).is_err() || is_over {
                return;
            }
        }
    });
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_is_read_to_its_end() {
        let check = |text: &'static str| {
            let got = read(text.as_bytes(), Duration::MAX);
            assert_eq!(got.unwrap().unwrap(), text.as_bytes());
        };
        check("");
        check("a note");
        // As much as a pipe does not hold at once.
        let long = "x".repeat(300_000);
        let got = read(std::io::Cursor::new(long.clone()), Duration::MAX);
        assert_eq!(got.unwrap().unwrap(), long.as_bytes());
    }

    #[test]
    fn what_never_comes_is_not_waited_for() {
        let (reader, writer) = std::io::pipe().unwrap();
        assert!(read(reader, Duration::ZERO).is_none());
        drop(writer);
    }
}
