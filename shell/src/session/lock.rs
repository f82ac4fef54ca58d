//! One machine on one root: an advisory lock that names its holder.
//!
//! The operating system lets go of it when the holder dies, however it dies.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::config::paths::{self, Paths};
use crate::config::private;
use crate::terminal::error::UserError;

/// Tries to take the lock.
const TRIES: u32 = 4;
/// The pause between them.
const PAUSE: Duration = Duration::from_millis(15);

/// The lock, held until it is dropped.
#[derive(Debug)]
pub struct MachineLock {
    _file: File,
}

impl MachineLock {
    /// Takes the lock at `path` for this program.
    ///
    /// # Errors
    /// When another program has it: says which. When it cannot be written.
    pub fn take(path: &Path) -> Result<Self> {
        if let Some(lock) = Self::if_free(path)? {
            return Ok(lock);
        }
        let who = Self::holder(path).map_or_else(String::new, |pid| format!(" ({})", program(pid)));
        Err(UserError::usage(
            format!(
                "another machine is running on this root{who}: {}",
                path.display()
            ),
            "wait for it, stop it, or give this one a root of its own with --root DIR",
        ))
    }

    /// Takes the lock at `path` for this program; `None` when another one has it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn if_free(path: &Path) -> Result<Option<Self>> {
        if let Some(folder) = path.parent() {
            paths::create(folder)?;
        }
        let fail = |error: std::io::Error| {
            UserError::failed(
                format!("{}: {error}", path.display()),
                "check that it can be written",
            )
        };
        let mut file = private::file(path).map_err(fail)?;
        if !locked(&file) {
            return Ok(None);
        }
        file.set_len(0).map_err(fail)?;
        file.rewind().map_err(fail)?;
        writeln!(file, "{}", std::process::id()).map_err(fail)?;
        Ok(Some(Self { _file: file }))
    }

    /// The operating system's number of the machine that runs on this root, if one
    /// does; 0 where it has not said so yet.
    pub fn holder(path: &Path) -> Option<u32> {
        let mut file = File::open(path).ok()?;
        match file.try_lock_shared() {
            Ok(()) => None,
            Err(_) => Some(holder_in(&mut file).unwrap_or(0)),
        }
    }
}

/// The holder of a lock, in words. A "process" is one of Quipu's own: this is a number of the
/// operating system.
pub fn program(pid: u32) -> String {
    match pid {
        0 => "another program".to_owned(),
        pid => format!("the program with system pid {pid}"),
    }
}

/// Says that a machine that runs on the root of `paths` goes on with the tools, grants and secrets
/// that it knows.
pub fn told_later(paths: &Paths) {
    if MachineLock::holder(&paths.lock()).is_some() {
        say!("note: the machine that runs on this root learns of this when it starts again");
    }
}

/// Whether the lock was free. Somebody who only looks who holds it has it for a
/// moment too, hence the tries.
fn locked(file: &File) -> bool {
    (0..TRIES).any(|i| {
        if i > 0 {
            std::thread::sleep(PAUSE);
        }
        file.try_lock().is_ok()
    })
}

fn holder_in(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
