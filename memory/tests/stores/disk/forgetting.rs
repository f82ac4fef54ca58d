//! What is removed is gone: from every search, and from the bytes of every file.

use std::fs;
use std::path::Path;

use quipu_memory::{Access, DiskStore, Kind, NewPage, Store};

use super::{filled, ids, open, page};

/// The files below `dir` that hold `word`.
fn files_with(dir: &Path, word: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files_with(&path, word));
        } else {
            let bytes = fs::read(&path).expect("read");
            if bytes
                .windows(word.len())
                .any(|part| part == word.as_bytes())
            {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

#[test]
fn a_removed_page_leaves_no_trace_in_the_files() {
    let dir = crate::folder();
    let path = filled(dir.path());
    let store = open(&path);
    let memory = |text: &str| NewPage {
        kind: Kind::Memory,
        ..page("secret", text)
    };
    store
        .put(memory("the xyzzyplugh lies under the llama"))
        .expect("put");
    store
        .put(memory("the qwertzuiop lies under the llama"))
        .expect("put");
    // Enough to make the index follow, so that its files have the word too.
    let others = (0..300).map(|n| page(&format!("o{n}"), "nothing of note"));
    store.put_all(others.collect()).expect("put_all");
    assert_eq!(ids(&store, "qwertzuiop"), ["secret"]);
    assert_ne!(
        files_with(&path, "xyzzyplugh"),
        [""; 0],
        "its history is kept"
    );
    assert_ne!(files_with(&path, "qwertzuiop"), [""; 0]);

    assert!(store.remove(&"secret".into()).expect("removed"));
    store.purge().expect("purged");
    for word in ["xyzzyplugh", "qwertzuiop"] {
        assert_eq!(files_with(&path, word), [""; 0], "{word} in an open store");
    }
    assert_eq!(ids(&store, "qwertzuiop"), [""; 0]);
    assert_eq!(ids(&store, "llama").len(), 31);
    store.put(page("after", "one more llama")).expect("put");
    drop(store);
    let store = open(&path);
    for word in ["xyzzyplugh", "qwertzuiop"] {
        assert_eq!(
            files_with(&path, word),
            [""; 0],
            "{word} after opening again"
        );
    }
    assert_eq!(ids(&store, "llama").len(), 32);
}

#[test]
fn a_reader_beside_it_does_not_keep_what_was_removed() {
    let dir = crate::folder();
    let path = filled(dir.path());
    let store = open(&path);
    let reader = DiskStore::open(&path, Access::ReadOnly).expect("opens");
    assert_eq!(ids(&reader, "late more").len(), 1);
    assert!(store.remove(&"late".into()).expect("removed"));
    store.purge().expect("purged");
    assert_eq!(files_with(&path, "one more llama"), [""; 0]);
    assert_eq!(ids(&reader, "late more"), [""; 0]);
}
