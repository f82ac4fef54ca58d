//! What the system says of a file that its user named, in words for a user. What is in such files
//! is read in `text` and `lines`.

use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::{Error, ErrorKind};
use std::path::{Component, Path, PathBuf};

use anyhow::Result;

use super::error::UserError;

/// The error of the file at `path`, which could not be read; `hint` says what to name there.
pub fn unread(path: &Path, error: &Error, hint: impl Display) -> anyhow::Error {
    let name = path.display();
    let message = match error.kind() {
        ErrorKind::NotFound => format!("there is no {name}"),
        _ => format!("{name}: {error}"),
    };
    UserError::usage(message, hint)
}

/// Checks that something can be written to a file at `path`, before long work whose results are
/// to go there; what the file has stays. `hint` says what to name there.
///
/// # Errors
/// A folder that is not there, and what the system does not let be written.
pub fn check_writable(path: &Path, hint: impl Display) -> Result<()> {
    let was_there = path.exists();
    if was_there && !path.is_file() && !path.is_dir() {
        // Whoever reads a pipe would take its end for the end of all.
        return Ok(());
    }
    let opened = OpenOptions::new().append(true).create(true).open(path);
    opened.map_err(|error| {
        UserError::usage(
            format!("{} cannot be written: {error}", path.display()),
            hint,
        )
    })?;
    if !was_there {
        // Whoever stops the work finds no empty file. A link that led nowhere stays.
        let _ = std::fs::canonicalize(path).and_then(std::fs::remove_file);
    }
    Ok(())
}

/// `path` without `..`, by which one file has many names. What stands before the last one is looked up
/// as the system does it, because a link may stand there. A path without any stays, as does one that
/// leads nowhere.
pub fn straight(path: &Path) -> PathBuf {
    let parts: Vec<Component<'_>> = path.components().collect();
    let last = parts.iter().rposition(|part| *part == Component::ParentDir);
    let Some(last) = last else {
        return path.to_owned();
    };
    let (up, down) = parts.split_at(last + 1);
    match up.iter().collect::<PathBuf>().canonicalize() {
        Ok(folder) => down.iter().fold(folder, |path, part| path.join(part)),
        Err(_) => path.to_owned(),
    }
}

/// `text` without the numbers that the system has for what goes wrong: a user looks up none of
/// them.
pub fn without_numbers(text: &str) -> String {
    const BEGIN: &str = " (os error ";
    let mut left = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        left.push_str(before);
        let behind = after.trim_start_matches(|c: char| c.is_ascii_digit());
        rest = match behind.strip_prefix(')') {
            Some(behind) => behind,
            None => {
                left.push_str(BEGIN);
                after
            }
        };
    }
    left.push_str(rest);
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_the_system_is_left_out() {
        let check = |text: &str, want: &str| assert_eq!(without_numbers(text), want);
        check("", "");
        check("a: no such file (os error 2)", "a: no such file");
        check("a (os error 2): b (os error 13) c", "a: b c");
        check("a (os error x) (os error 5", "a (os error x) (os error 5");
    }

    #[test]
    fn a_path_goes_straight() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        std::os::unix::fs::symlink(root.join("a/b"), root.join("link")).unwrap();
        let check = |path: &str, want: &str| {
            assert_eq!(straight(&root.join(path)), root.join(want), "{path}");
        };
        check("a/../c.txt", "c.txt");
        check("a/b/../../a/c/d.txt", "a/c/d.txt");
        check("link/../c.txt", "a/c.txt");
        check("link/c.txt", "link/c.txt");
        check("a/..", "");
        check("nowhere/../c.txt", "nowhere/../c.txt");
        assert_eq!(straight(Path::new("a.txt")), Path::new("a.txt"));
    }

    #[test]
    fn a_file_that_cannot_be_written_is_told_before_and_none_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("old"), "kept").unwrap();
        check_writable(&at("old"), "").unwrap();
        check_writable(&at("new"), "").unwrap();
        assert_eq!(std::fs::read_to_string(at("old")).unwrap(), "kept");
        assert!(!at("new").exists());
        std::os::unix::fs::symlink(at("target"), at("link")).unwrap();
        check_writable(&at("link"), "").unwrap();
        assert!(at("link").is_symlink() && !at("target").exists());
        for wrong in [at("nowhere/new"), folder.path().to_owned()] {
            let said = check_writable(&wrong, "").unwrap_err().to_string();
            assert!(said.contains(" cannot be written: "), "{said}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_told_in_few_words() {
        let check = |kind: ErrorKind, want: &str| {
            let said = unread(Path::new("a.txt"), &Error::from(kind), "");
            assert_eq!(said.to_string(), want);
        };
        check(ErrorKind::NotFound, "there is no a.txt");
        check(ErrorKind::PermissionDenied, "a.txt: permission denied");
    }
}
