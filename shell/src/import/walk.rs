//! Which files of a folder an import looks at, and which it leaves out by ignore
//! rules or because it is hidden. It reads no contents.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use ignore::{DirEntry, WalkBuilder};

use crate::terminal::output::visible;

/// Folders in which programs keep versions: nobody's documents.
const VERSIONS: &[&str] = &[".git", ".hg", ".svn", ".jj", ".bzr"];
/// Files that say what is left out.
const RULES: &[&str] = &[
    ".gitignore",
    ".ignore",
    ".gitattributes",
    ".gitmodules",
    ".gitkeep",
];
/// Files left out that are counted; a folder of programs has more than anybody reads.
const IGNORED_MAX: usize = 20_000;
/// How many of them are named.
const NAMED_MAX: usize = 5;

/// The files that were found.
#[derive(Debug, Default)]
pub struct Walked {
    /// The files to look at, each once, in order.
    pub files: Vec<PathBuf>,
    /// Paths that are not files, and why they are left out.
    pub skipped: Vec<String>,
    /// The files left out by ignore rules, or because they are hidden.
    pub ignored: Ignored,
}

/// Files that were left out because of their place.
#[derive(Debug, Default)]
pub struct Ignored {
    count: usize,
    names: Vec<String>,
}

impl Ignored {
    /// Their number in words; `None` where there are none.
    pub fn counted(&self) -> Option<String> {
        match self.count {
            0 => None,
            1 => Some("1 file".into()),
            IGNORED_MAX => Some(format!("{IGNORED_MAX} files or more")),
            count => Some(format!("{count} files")),
        }
    }

    /// Adds what was left out elsewhere.
    pub fn add(&mut self, others: Self) {
        self.count = (self.count + others.count).min(IGNORED_MAX);
        self.names.extend(others.names);
        self.names.truncate(NAMED_MAX);
    }

    /// The first of them by name.
    pub fn named(&self) -> Option<String> {
        let more = self.count - self.names.len();
        let names = self.names.join(", ");
        match (self.count, more) {
            (0, _) => None,
            (_, 0) => Some(names),
            (_, more) => Some(format!("{names} and {more} more")),
        }
    }
}

/// The files at and below `paths`. Those that are hidden, or that ignore files name, are
/// left out and counted, unless `no_ignore` says otherwise; a path that is named is not.
pub fn files_below(paths: &[PathBuf], no_ignore: bool) -> Walked {
    found(paths, no_ignore, true)
}

/// The same; rules of folders above `paths` count only where `outer` says so.
fn found(paths: &[PathBuf], no_ignore: bool, outer: bool) -> Walked {
    let mut walked = Walked::default();
    let mut seen = HashSet::new();
    for path in paths {
        for entry in walk(path, no_ignore, outer) {
            match entry {
                Ok(entry) if entry.path().is_file() => {
                    if seen.insert(absolute(entry.path())) {
                        walked.files.push(entry.into_path());
                    }
                }
                Ok(entry) if entry.depth() == 0 && entry.path().is_dir() => {}
                Ok(entry) => {
                    if let Some(what) = unread(entry.path()) {
                        let name = visible(&entry.path().display().to_string());
                        walked.skipped.push(format!("{name}: {what}"));
                    }
                }
                Err(error) => walked.skipped.push(visible(&error.to_string())),
            }
        }
    }
    if !no_ignore {
        for path in paths.iter().filter(|path| path.is_dir()) {
            count_ignored(path, &mut seen, &mut walked.ignored);
        }
    }
    walked
}

/// The members of an archive named `shown`, unpacked in `folder`: as [`files_below`], but
/// no rule from outside counts.
pub fn files_of_archive(folder: &Path, shown: &Path, no_ignore: bool) -> Walked {
    let (folder_name, shown) = (folder.display().to_string(), shown.display().to_string());
    let mut walked = found(&[folder.to_owned()], no_ignore, false);
    let renamed = |line: &mut String| *line = line.replacen(&folder_name, &shown, 1);
    walked.skipped.iter_mut().for_each(renamed);
    walked.ignored.names.iter_mut().for_each(renamed);
    walked
}

/// Counts the files below `path` that were not `seen`.
fn count_ignored(path: &Path, seen: &mut HashSet<PathBuf>, ignored: &mut Ignored) {
    for entry in walk(path, true, true).flatten() {
        if ignored.count == IGNORED_MAX {
            return;
        }
        let name = entry.file_name().to_string_lossy();
        let is_rule = RULES.contains(&name.as_ref());
        let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
        if is_file && !is_rule && seen.insert(absolute(entry.path())) {
            ignored.count += 1;
            if ignored.names.len() < NAMED_MAX {
                let name = entry.path().display().to_string();
                ignored.names.push(visible(&name));
            }
        }
    }
}

fn walk(path: &Path, no_ignore: bool, outer: bool) -> ignore::Walk {
    let is_versions = |entry: &DirEntry| {
        let name = entry.file_name().to_string_lossy();
        entry.depth() > 0 && VERSIONS.contains(&name.as_ref())
    };
    WalkBuilder::new(path)
        .standard_filters(!no_ignore)
        .parents(!no_ignore && outer)
        // An ignore file counts whether or not the folder is a repository.
        .require_git(false)
        .sort_by_file_path(Ord::cmp)
        .filter_entry(move |entry| !is_versions(entry))
        .build()
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_default()
}

/// Why what is at `path` is not read, if it is neither a file nor a folder. The files of folders
/// are listed by themselves.
fn unread(path: &Path) -> Option<&'static str> {
    let kind = path.symlink_metadata().ok()?.file_type();
    match kind {
        kind if kind.is_dir() => None,
        kind if kind.is_symlink() && path.is_dir() => Some("a link to a folder: name the folder"),
        kind if kind.is_symlink() && !path.exists() => Some("a link that leads nowhere"),
        _ => Some("not a file: a pipe, a socket or a device"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_counted() {
        let dir = tempfile::tempdir().expect("a folder");
        for name in [
            "a.md",
            "drafts/b.md",
            "c.csv",
            ".private/d.md",
            ".git/config",
        ] {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, "text").expect("written");
        }
        std::fs::write(dir.path().join(".gitignore"), "drafts/\n*.csv\n").expect("written");
        let check = |paths: &[&str], no_ignore: bool, files: usize, left_out: Option<&str>| {
            let paths: Vec<PathBuf> = paths.iter().map(|path| dir.path().join(path)).collect();
            let walked = files_below(&paths, no_ignore);
            let found = (walked.files.len(), walked.ignored.counted());
            assert_eq!(found, (files, left_out.map(str::to_owned)), "{paths:?}");
        };
        check(&[""], false, 1, Some("3 files"));
        check(&[""], true, 5, None);
        // What is named comes in, and is then not left out.
        check(&["", "c.csv"], false, 2, Some("2 files"));
        check(&["drafts"], false, 1, None);
    }
}
