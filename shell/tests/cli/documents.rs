//! Every format that the book names, from a file on the disk to a hit.

mod files;

pub use files::{WORD, archive, line, printed};

use crate::sandbox::Sandbox;
use files::{PACKED, files};

/// One sandbox for all: the readers are compiled in it once.
#[test]
fn documents_are_read() {
    let sandbox = Sandbox::new();
    each_format_comes_in_and_is_found(&sandbox);
    what_cannot_be_read_says_why(&sandbox);
    a_page_that_is_missing_is_named(&sandbox);
}

fn each_format_comes_in_and_is_found(sandbox: &Sandbox) {
    let files = files();
    std::fs::create_dir(sandbox.path().join("docs")).unwrap();
    for (name, bytes, ..) in &files {
        sandbox.write(&format!("docs/{name}"), bytes);
    }
    let count = files.len();
    let added = sandbox.quipu(&["mem", "add", "docs"]);
    added.check(0, &[&format!("from {count} files, skipped 0")]);
    for (name, _, query, title, shown) in files {
        let hits = sandbox
            .quipu(&[
                "mem", "search", "--mode", "lexical", "--json", "-k", "1", query,
            ])
            .json();
        let hit = &hits[0];
        let is_of_file = hit["source"]
            .as_str()
            .is_some_and(|source| source.contains(name));
        let (found, snippet) = (
            hit["title"].as_str().unwrap_or_default(),
            hit["snippet"].as_str().unwrap_or_default(),
        );
        let is_titled = found == title || found.starts_with(&format!("{title} › "));
        assert!(
            is_of_file && is_titled && snippet.contains(shown),
            "{name}: {hit}"
        );
    }
    // Each page of a table says what its values are.
    let page = sandbox
        .quipu(&[
            "mem",
            "search",
            "--mode",
            "lexical",
            "--json",
            "-k",
            "1",
            "crate 399",
        ])
        .json();
    let shown = sandbox.quipu(&["mem", "show", page[0]["id"].as_str().unwrap()]);
    assert!(shown.out.contains("Thing,Weight\n"), "{shown:#?}");
    // A picture in a notebook is none of its words.
    let shown = sandbox.quipu(&["mem", "search", "--mode", "lexical", "iVBORw0KGgo"]);
    shown.check(0, &["nothing found"]);
}

fn what_cannot_be_read_says_why(sandbox: &Sandbox) {
    let old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".iter().copied();
    let wide = |text: &str| {
        text.encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<u8>>()
    };
    let check = |name: &str, bytes: Vec<u8>, wanted: &[&str]| {
        sandbox.write(name, bytes);
        sandbox.quipu(&["mem", "add", name]).check(1, wanted);
    };
    check(
        "a.doc",
        old.clone().chain(wide("WordDocument")).collect(),
        &["before 2007", "save it as .docx"],
    );
    check(
        "b.docx",
        old.chain(wide("EncryptedPackage")).collect(),
        &["an encrypted document", "without its password"],
    );
    check(
        "c.zip",
        archive(&[("a.txt", "a")]),
        &["an archive (--archives opens it)"],
    );
    check(
        "d.docx",
        b"PK\x03\x04 cut off".to_vec(),
        &["a broken archive"],
    );
    check("e.ipynb", b"{".to_vec(), &["a broken notebook"]);
    check(
        "f.pdf",
        printed(&["0 0 99 99 re f"], &[]),
        &["a PDF without text", "quipu model pull eyes"],
    );
    check(
        "g.html",
        b"<html><body></body></html>".to_vec(),
        &["it has no text"],
    );
    check("h.txt", Vec::new(), &["it has no text"]);
}

fn a_page_that_is_missing_is_named(sandbox: &Sandbox) {
    let pages = [
        line("Minutes, part one."),
        "0 0 99 99 re f".into(),
        line("Minutes, part three."),
    ];
    let pages: Vec<&str> = pages.iter().map(String::as_str).collect();
    sandbox.write("mixed.pdf", printed(&pages, &[]));
    let form = [
        "/Subtype /Widget /FT /Tx /T (mount) /V (Rosinante) /Rect [200 690 400 710]",
        "/Subtype /Text /Rect [400 700 420 720] /Contents (Ask the groom first.)",
    ];
    sandbox.write("form.pdf", printed(&[&line("Name of the mount:")], &form));
    let hurt = [
        &line("Bylaws."),
        "",
        &format!("{PACKED}it never was"),
        &format!("{PACKED}\x78\x01"),
    ];
    sandbox.write("hurt.pdf", printed(&hurt, &[]));
    sandbox
        .quipu(&["mem", "add", "mixed.pdf", "form.pdf", "hurt.pdf"])
        .check(
            0,
            &[
                "mixed.pdf: 2 of 3 pages; page 2 has no text (a scan?)",
                "hurt.pdf: 1 of 4 pages; page 2 is blank; pages 3-4 are broken",
                "added 4 pages from 3 files",
            ],
        );
    for query in ["Rosinante", "groom"] {
        let found = sandbox.quipu(&["mem", "search", "--mode", "lexical", query]);
        assert!(found.out.contains("form.pdf"), "{found:#?}");
    }
}
