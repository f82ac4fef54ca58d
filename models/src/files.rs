//! The files of models folders: which there are, what they are called, how large they are.

use std::fs;
use std::path::{Path, PathBuf};

/// Most files looked at below one models folder.
const FILES_MAX: usize = 10_000;

/// Deepest folder looked into: `org/repo/` and some below.
const DEPTH_MAX: usize = 5;

/// Names of the models of `folders`, without opening them.
pub fn names(folders: &[PathBuf]) -> Vec<String> {
    let of = |folder: &PathBuf| {
        files_below(folder)
            .into_iter()
            .filter_map(|path| name_of(folder, &path))
            .collect::<Vec<_>>()
    };
    folders.iter().flat_map(of).collect()
}

/// The name of the file at `path` of `folder`.
pub fn name_of(folder: &Path, path: &Path) -> Option<String> {
    let parts: Vec<&str> = path
        .strip_prefix(folder)
        .ok()?
        .iter()
        .map(|part| part.to_str())
        .collect::<Option<_>>()?;
    match parts.as_slice() {
        [file] => Some(file.strip_suffix(".gguf").unwrap_or(file).to_owned()),
        [org, repo, file @ ..] if !file.is_empty() => {
            Some(format!("{org}/{repo}:{}", file.join("/")))
        }
        _ => None,
    }
}

/// The GGUF files of `folder`, and of the folders below it.
/// Hidden folders (unfinished pulls) are left out.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut ahead = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = ahead.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name();
            if name.as_encoded_bytes().starts_with(b".") || found.len() >= FILES_MAX {
                continue;
            }
            let gguf = path
                .extension()
                .is_some_and(|end| end.eq_ignore_ascii_case("gguf"));
            // Follows links: the hub's cache consists of them.
            if path.is_dir() && depth < DEPTH_MAX {
                ahead.push((path, depth + 1));
            } else if gguf && path.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Bytes of all files below `folder`; files that vanish meanwhile count nothing.
pub fn size_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => size_below(&entry.path()),
            Ok(kind) if kind.is_file() => entry.metadata().map_or(0, |meta| meta.len()),
            _ => 0,
        })
        .sum()
}
