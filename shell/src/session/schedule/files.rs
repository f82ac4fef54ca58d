//! Finds files that are newer than those seen before. The time that counts is when the file
//! system last noted a change of a file or of its name: a file that is moved in is new, however
//! old its text is.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Files and folders that are looked at; more of them cannot be watched.
const ENTRIES_MAX: usize = 20_000;
/// Folders within each other that are looked at.
const DEPTH_MAX: usize = 16;

/// The files that are newer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Newer {
    /// Their paths, in order.
    pub files: Vec<PathBuf>,
    /// The time of the newest, in nanoseconds since 1970.
    pub newest_ns: i64,
}

/// The files at or below `path` that changed after `seen_ns`, in nanoseconds since 1970. Those
/// that begin with a dot are left out, as are links.
pub fn newer(path: &Path, seen_ns: i64) -> Newer {
    let mut newer = Newer::default();
    let mut left = ENTRIES_MAX;
    collect(path, seen_ns, DEPTH_MAX, &mut left, &mut newer);
    newer.files.sort();
    newer
}

/// The time of the newest file at or below `path`, or 0.
pub fn newest_ns(path: &Path) -> i64 {
    newer(path, i64::MIN).newest_ns
}

fn collect(path: &Path, seen_ns: i64, depth: usize, left: &mut usize, into: &mut Newer) {
    // A file that is gone meanwhile cannot be told of.
    let Ok(meta) = path.symlink_metadata() else {
        return;
    };
    if meta.is_file() {
        let changed = changed_ns(&meta);
        into.newest_ns = into.newest_ns.max(changed);
        if changed > seen_ns {
            into.files.push(path.to_owned());
        }
        return;
    }
    if !meta.is_dir() || depth == 0 {
        return;
    }
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        if *left == 0 {
            return;
        }
        *left -= 1;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            collect(&entry.path(), seen_ns, depth - 1, left, into);
        }
    }
}

fn changed_ns(meta: &Metadata) -> i64 {
    let ns = |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
    ns(meta.ctime(), meta.ctime_nsec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_is_not_new_again() {
        let folder = tempfile::tempdir().unwrap();
        let names = |seen| -> Vec<String> {
            let newer = newer(folder.path(), seen).files.into_iter();
            let name = |path: PathBuf| {
                let inside = path.strip_prefix(folder.path()).unwrap();
                inside.display().to_string()
            };
            newer.map(name).collect()
        };
        let write = |name: &str| std::fs::write(folder.path().join(name), "x").unwrap();
        assert_eq!(newest_ns(folder.path()), 0);
        std::fs::create_dir(folder.path().join("in")).unwrap();
        for name in ["b.txt", "in/a.txt", ".hidden"] {
            write(name);
        }
        assert_eq!(names(0), ["b.txt", "in/a.txt"]);
        let seen = newest_ns(folder.path());
        assert!(names(seen).is_empty());
        // The file system's clock may have to move on first.
        while newest_ns(folder.path()) == seen {
            write("c.txt");
        }
        assert_eq!(names(seen), ["c.txt"]);
        let file = folder.path().join("c.txt");
        assert_eq!(newer(&file, seen).files, [file]);
        assert_eq!(newer(Path::new("/no/such"), 0), Newer::default());
    }
}
