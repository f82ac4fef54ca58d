//! The microphone: a program of the user's records it into a file until Enter is pressed.

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::Result;

use crate::terminal::error::UserError;
use crate::terminal::words::{fill, words};

/// Programs that record, and what makes them record one channel into a WAV file.
const RECORDERS: &[(&str, &[&str])] = &[
    (
        "pw-record",
        &["--rate=16000", "--channels=1", "--format=s16"],
    ),
    (
        "arecord",
        &["-q", "-t", "wav", "-f", "S16_LE", "-r", "16000", "-c", "1"],
    ),
];

/// Records into the file at `path` until a line is read from standard input.
///
/// # Errors
/// Where no program is there that records, or it fails.
pub fn record(path: &Path) -> Result<()> {
    let (name, mut child) = start(path)?;
    say!("{}", fill(words().listening, &[("name", &name)]));
    let read = std::io::stdin().read_line(&mut String::new());
    end(&mut child);
    let status = child.wait()?;
    read?;
    match path.metadata().is_ok_and(|meta| meta.len() > 0) {
        true => Ok(()),
        false => Err(UserError::failed(
            format!("{name} recorded nothing ({status})"),
            "is there a microphone? `/hear FILE` hears a recording",
        )),
    }
}

/// Starts the first recorder that is there.
fn start(path: &Path) -> Result<(&'static str, Child)> {
    for (name, args) in RECORDERS {
        let mut recorder = Command::new(name);
        recorder.args(*args).arg(path);
        recorder.stdin(Stdio::null()).stdout(Stdio::null());
        match recorder.spawn() {
            Ok(child) => return Ok((name, child)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                let message = format!("{name} cannot be started: {error}");
                return Err(UserError::failed(message, "`/hear FILE` hears a recording"));
            }
        }
    }
    Err(UserError::failed(
        "there is no program that records the microphone",
        "install pw-record (pipewire) or arecord (alsa-utils), or name a recording: /hear FILE",
    ))
}

/// Ends a recorder as Ctrl-C would, so that its file is whole.
fn end(child: &mut Child) {
    if let Ok(pid) = i32::try_from(child.id()) {
        // SAFETY: a signal to a child that was not waited for: its number is not another's.
        unsafe { libc::kill(pid, libc::SIGINT) };
        return;
    }
    _ = child.kill();
}
