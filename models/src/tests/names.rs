use std::fs;
use std::path::Path;

use super::super::hubname::{HubName, Pick};
use super::super::{ModelError, Places, resolve};
use super::write;

/// Two models folders and a hub's cache, as tests below expect them.
fn house() -> (tempfile::TempDir, Places) {
    let house = tempfile::tempdir().unwrap();
    let root = house.path();
    for file in [
        "near/mine.gguf",
        "near/org/repo/thing-Q4_K_M.gguf",
        "near/org/repo/thing-Q8_0.gguf",
        "near/org/deep/Q5_K_M/model.gguf",
        "near/.partial/hidden/hidden.gguf",
        "far/mine.gguf",
        "far/smollm2-135m.gguf",
        "hub/hub/models--org--cached/snapshots/aaa/old-Q4_K_M.gguf",
        "hub/hub/models--org--cached/snapshots/bbb/new-Q4_K_M.gguf",
        "hub/hub/models--nomic-ai--nomic-embed-text-v1.5-GGUF/snapshots/c/nomic-embed-text-v1.5.f16.gguf",
    ] {
        write(&root.join(file), b"x");
    }
    fs::create_dir_all(root.join("hub/hub/models--org--cached/refs")).unwrap();
    fs::write(root.join("hub/hub/models--org--cached/refs/main"), "bbb\n").unwrap();
    let places = Places {
        folders: vec![root.join("near"), root.join("far")],
        hub_home: Some(root.join("hub")),
    };
    (house, places)
}

#[test]
fn names_find_files() {
    let (house, places) = house();
    let check = |spec: &str, expected: &str| {
        let found = resolve(spec, &places).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(found, house.path().join(expected), "{spec}");
    };
    let path = house.path().join("far/mine.gguf");
    check(path.to_str().unwrap(), "far/mine.gguf");
    check("mine", "near/mine.gguf");
    check("mine.gguf", "near/mine.gguf");
    check("smollm2-135m", "far/smollm2-135m.gguf");
    check("org/repo:Q8_0", "near/org/repo/thing-Q8_0.gguf");
    check("org/repo:q8_0", "near/org/repo/thing-Q8_0.gguf");
    check("org/repo", "near/org/repo/thing-Q4_K_M.gguf");
    check("org/repo:thing-Q8_0.gguf", "near/org/repo/thing-Q8_0.gguf");
    check("org/deep:Q5_K_M", "near/org/deep/Q5_K_M/model.gguf");
    check(
        "org/cached",
        "hub/hub/models--org--cached/snapshots/bbb/new-Q4_K_M.gguf",
    );
    check(
        "nomic-embed-text-v1.5",
        "hub/hub/models--nomic-ai--nomic-embed-text-v1.5-GGUF/snapshots/c/nomic-embed-text-v1.5.f16.gguf",
    );
}

#[test]
fn what_is_not_found_is_named() {
    let (_house, places) = house();
    let check = |spec: &str, expected: &str| {
        let error = resolve(spec, &places).unwrap_err();
        let said = match &error {
            ModelError::Unknown { near, .. } => format!("{error}, near {near:?}"),
            ModelError::NotDownloaded { bytes, .. } => format!("{error}, {bytes:?}"),
            _ => error.to_string(),
        };
        assert!(said.contains(expected), "{spec}: {said}");
    };
    check(
        "qwen2.5-coder-1.5b",
        "qwen2.5-coder-1.5b is not downloaded, Some(1117320768)",
    );
    check("org/repo:Q2_K", "org/repo:Q2_K is not downloaded, None");
    check("smollm-135m", "near [\"smollm2-135m");
    check("qwen", "near [\"qwen2.5-coder-1.5b");
    check("qwen2.5-coder:1.5b", "near [\"qwen2.5-coder-1.5b\"");
    check("zz:zz zz", "cannot be the name of a model");
    check("mime", "near [\"mine");
    check("zzzzzzzzzz", "near []");
    check("./none.gguf", "there is no model file ./none.gguf");
    check("a/b/none.gguf", "there is no model file");
    check("../org/repo", "there is no model file");
    check("hidden", "no model is called hidden");
    check("", "cannot be the name");
    check("a:b", "cannot be the name");
    check("..", "cannot be the name");
}

#[test]
fn hub_names_have_a_form() {
    for good in ["org/repo", "Org-1/re.po_2:Q4_K_M", "org/repo:a/b c.gguf"] {
        assert_eq!(
            HubName::parse(good).map(|name| name.to_string()).as_deref(),
            Some(good)
        );
    }
    for bad in [
        "",
        "org",
        "org/",
        "/repo",
        "a/b/c",
        "org/..",
        "../repo",
        "org/repo:",
        "org/repo:../x.gguf",
        "org/repo:a/b",
        "org/file.gguf",
        "o\u{e9}/r",
        "org/repo:.gguf",
    ] {
        assert_eq!(HubName::parse(bad), None, "{bad}");
    }
}

#[test]
fn quantisations_are_picked_as_words() {
    let files = [
        "README.md",
        "m-BF16.gguf",
        "m-Q4_K_M.gguf",
        "m-Q4_K_S.gguf",
        "m-IQ4_XS.gguf",
        "m-Q8_0-00001-of-00002.gguf",
        "m-Q8_0-00002-of-00002.gguf",
        "mmproj-F16.gguf",
        "x-Q6_K.gguf",
        "y-Q6_K.gguf",
    ];
    let check = |spec: &str, expected: Pick| {
        let name = HubName::parse(spec).unwrap();
        assert_eq!(name.pick(files), expected, "{spec}");
    };
    let models = || {
        files[1..]
            .iter()
            .copied()
            .filter(|file| !file.starts_with("mm"))
            .collect::<Vec<_>>()
    };
    let sorted = || {
        let mut sorted = models();
        sorted.sort_unstable();
        sorted
    };
    check("o/r", Pick::One("m-Q4_K_M.gguf"));
    check("o/r:q4_k_m", Pick::One("m-Q4_K_M.gguf"));
    check("o/r:BF16", Pick::One("m-BF16.gguf"));
    check("o/r:F16", Pick::None(sorted()));
    check("o/r:Q4_K", Pick::None(sorted()));
    check("o/r:Q4_XS", Pick::None(sorted()));
    check("o/r:Q8_0", Pick::Split("m-Q8_0-00001-of-00002.gguf"));
    check(
        "o/r:Q6_K",
        Pick::Several(vec!["x-Q6_K.gguf", "y-Q6_K.gguf"]),
    );
    check("o/r:y-Q6_K.gguf", Pick::One("y-Q6_K.gguf"));
    // A projector is no model that a size could mean, and can be named.
    check("o/r:mmproj-F16.gguf", Pick::One("mmproj-F16.gguf"));
    assert_eq!(
        HubName::parse("o/r").unwrap().pick(["only-Q2_K.gguf"]),
        Pick::One("only-Q2_K.gguf")
    );
}

#[test]
fn a_missing_folder_holds_nothing() {
    let places = Places {
        folders: vec![Path::new("/no/such/folder").into()],
        hub_home: None,
    };
    assert!(
        resolve("tiny", &places)
            .unwrap_err()
            .to_string()
            .contains("no model is called tiny")
    );
}
