//! Files that appear whole or not at all.

use std::io::{Result, Write};
use std::path::Path;

/// Puts `parts`, one behind the other, into the file at `path`, in place of what it had. Its folder
/// is made where there is none.
///
/// # Errors
/// Where it cannot be written: it is as it was then.
pub(crate) fn write(path: &Path, parts: &[&[u8]]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    for part in parts {
        file.write_all(part)?;
    }
    file.persist(path)?;
    Ok(())
}
