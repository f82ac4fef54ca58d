//! Whether the files of the index are sound.
//!
//! Reading a large index whole takes seconds, at every opening. Its files never change once
//! they are written, so each is read once: a list beside them says which were found sound,
//! or were written by us, and how long they were and when. A file that is of another length
//! or date now is read again.

use std::collections::HashSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use tantivy::Index;

/// The list, in the folder of the index.
const LIST: &str = "sound";
/// Its first line; raised with its format.
const HEAD: &str = "quipu sound 1";

/// Whether every file that `index` in `folder` is made of is sound.
pub(super) fn is_sound(index: &Index, folder: &Path) -> tantivy::Result<bool> {
    let known = fs::read_to_string(folder.join(LIST)).unwrap_or_default();
    let known: HashSet<&str> = match known.strip_prefix(HEAD) {
        Some(lines) => lines.lines().collect(),
        None => HashSet::new(),
    };
    for file in files(index, folder)? {
        let is_known = line(folder, &file).is_some_and(|line| known.contains(line.as_str()));
        if !is_known && !index.directory().validate_checksum(&file)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Notes that the files of `index` are sound as they are now. Without the note they are
/// read again at the next opening, and so a failure is none.
pub(super) fn note(index: &Index, folder: &Path) {
    let Ok(files) = files(index, folder) else {
        return;
    };
    let mut list = HEAD.to_owned();
    for line in files.iter().filter_map(|file| line(folder, file)) {
        let _ = write!(list, "\n{line}");
    }
    if fs::read_to_string(folder.join(LIST)).is_ok_and(|before| before == list) {
        return;
    }
    // A list that was cut off names fewer files, and half a line is no file's.
    let _ = fs::write(folder.join(LIST), list);
}

/// The files of the segments in use, in order.
fn files(index: &Index, folder: &Path) -> tantivy::Result<Vec<PathBuf>> {
    let segments = index.searchable_segment_ids()?;
    let segments: HashSet<String> = segments.iter().map(|id| id.uuid_string()).collect();
    let of_segment = |file: &PathBuf| {
        let name = file.to_string_lossy();
        name.split('.')
            .next()
            .is_some_and(|id| segments.contains(id))
    };
    let managed = index.directory().list_managed_files().into_iter();
    let mut files: Vec<PathBuf> = managed
        .filter(|file| of_segment(file) && folder.join(file).is_file())
        .collect();
    files.sort();
    Ok(files)
}

/// What the list says of a file: its name, length and date.
fn line(folder: &Path, file: &Path) -> Option<String> {
    let meta = folder.join(file).metadata().ok()?;
    let modified = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(format!(
        "{} {} {}",
        file.display(),
        meta.len(),
        modified.as_nanos()
    ))
}
