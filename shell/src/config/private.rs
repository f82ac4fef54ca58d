//! Files and folders that only their owner can read, made in the same way as the store makes
//! its own. `paths::make_private` closes what an earlier release left open.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;

use anyhow::Result;
use data_encoding::HEXLOWER;

use crate::terminal::error::UserError;

/// A word of 48 hexadecimal digits that nobody guesses.
///
/// # Errors
/// Where the system has no random bytes.
pub fn token() -> std::io::Result<String> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(HEXLOWER.encode(&bytes))
}

/// Writes `text` into a new file at `path`. What somebody has there stays.
///
/// # Errors
/// A file that is there, or cannot be written.
pub fn write_new(path: &Path, text: &str) -> Result<()> {
    let name = path.display();
    let failed = |error: std::io::Error| {
        let message = match error.kind() {
            ErrorKind::AlreadyExists => format!("{name} is there already"),
            _ => format!("{name} cannot be written: {error}"),
        };
        UserError::usage(message, "name a new file in a folder that can be written")
    };
    let mut made = OpenOptions::new();
    let made = made.write(true).create_new(true).open(path);
    drop(made.map_err(failed)?);
    close(path);
    fs::write(path, text).map_err(failed)
}

pub use quipu_memory::private::{close, close_all, file, folder, replace, sync_name};
