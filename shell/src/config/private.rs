//! Files and folders that only their owner can read, made in the same way as the store makes
//! its own. `paths::make_private` closes what an earlier release left open.

use data_encoding::HEXLOWER;

/// A word of 48 hexadecimal digits that nobody guesses.
///
/// # Errors
/// Where the system has no random bytes.
pub fn token() -> std::io::Result<String> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(HEXLOWER.encode(&bytes))
}

pub use quipu_memory::private::{close, close_all, file, folder, replace, sync_name};
