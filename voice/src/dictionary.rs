//! Dictionaries on disk: JSON objects by word.

use std::collections::HashMap;
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::error::VoiceError;

/// Reads the dictionary at `path`.
///
/// # Errors
/// A file that cannot be read, or is no such dictionary.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<HashMap<String, T>, VoiceError> {
    let bytes = std::fs::read(path).map_err(VoiceError::read(path))?;
    serde_json::from_slice(&bytes).map_err(VoiceError::damaged(path))
}
