use std::fs;

use super::super::partial::lock;
use super::super::{ModelError, ls, remove};
use super::{model, write};

#[test]
fn models_are_listed_with_their_faults() {
    let root = tempfile::tempdir().unwrap();
    let folders = [root.path().join("near"), root.path().join("far")];
    let good = model(10);
    write(&folders[0].join("tiny.gguf"), &good);
    write(&folders[0].join("org/repo/x-Q4_K_M.gguf"), &good);
    write(&folders[0].join("cut.gguf"), &good[..good.len() - 1]);
    write(&folders[0].join("notes.txt"), b"not listed");
    write(&folders[0].join(".partial/tiny/hub.gguf"), b"not listed");
    write(&folders[1].join("tiny.gguf"), b"hidden by the nearer one");
    write(&folders[1].join("smollm2-135m.gguf"), b"<html>");
    let found = ls(&folders);
    let names: Vec<&str> = found.iter().map(|model| model.name.as_str()).collect();
    assert_eq!(
        names,
        ["cut", "org/repo:x-Q4_K_M.gguf", "smollm2-135m", "tiny"]
    );
    assert!(
        found[0]
            .header
            .as_ref()
            .unwrap_err()
            .to_string()
            .contains("cut short")
    );
    assert_eq!(found[1].header.as_ref().unwrap().window, Some(2048));
    assert!(found[2].header.is_err());
    assert_eq!(
        (found[3].bytes, &found[3].path),
        (good.len() as u64, &folders[0].join("tiny.gguf"))
    );
}

#[test]
fn removing_frees_the_file_and_its_folders_only() {
    let root = tempfile::tempdir().unwrap();
    let folders = [root.path().join("models")];
    write(&folders[0].join("tiny.gguf"), b"1234");
    write(&folders[0].join("org/repo/x-Q4_K_M.gguf"), b"12");
    write(&root.path().join("elsewhere.gguf"), b"mine");
    assert_eq!(remove("tiny", &folders).unwrap().bytes, 4);
    assert_eq!(remove("org/repo", &folders).unwrap().bytes, 2);
    assert!(!folders[0].join("org").exists() && folders[0].exists());
    let outside = root.path().join("elsewhere.gguf");
    let error = remove(outside.to_str().unwrap(), &folders).unwrap_err();
    assert!(matches!(error, ModelError::NotOurs { .. }));
    assert!(outside.exists());
    assert!(
        remove("tiny", &folders)
            .unwrap_err()
            .to_string()
            .contains("no model is called tiny")
    );
}

#[test]
fn removing_takes_what_an_interrupted_pull_left() {
    let root = tempfile::tempdir().unwrap();
    let folders = [root.path().to_owned()];
    for (spec, key) in [
        ("smollm2-135m", "smollm2-135m"),
        ("org/repo:Q4_K_M", "org--repo--x-Q4_K_M.gguf"),
    ] {
        let partial = root.path().join(".partial").join(key);
        write(&partial.join("hub-abc.part"), b"12345");
        let held = lock(root.path(), key).unwrap();
        assert!(
            matches!(remove(spec, &folders), Err(ModelError::Busy { .. })),
            "{spec}"
        );
        drop(held);
        assert_eq!(remove(spec, &folders).unwrap().bytes, 5, "{spec}");
        assert!(!partial.exists());
        assert!(
            matches!(
                remove(spec, &folders),
                Err(ModelError::NotDownloaded { .. })
            ),
            "{spec}"
        );
    }
    assert!(fs::exists(root.path().join(".partial")).unwrap());
}
