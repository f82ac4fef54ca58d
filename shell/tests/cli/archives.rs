//! Archives: closed unless they are asked to be opened, and then as folders are.

use std::io::{Cursor, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::sandbox::Sandbox;

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A compressed tar archive of these files and a link.
fn tarred(files: &[(&str, &[u8])]) -> Vec<u8> {
    let gz = GzEncoder::new(Vec::new(), Compression::fast());
    let mut tar = tar::Builder::new(gz);
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        tar.append_data(&mut header, name, *bytes).unwrap();
    }
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    tar.append_link(&mut link, "ferry.txt", Path::new("/etc/hostname"))
        .unwrap();
    tar.into_inner().unwrap().finish().unwrap()
}

#[test]
fn archives_are_opened_on_request() {
    let sandbox = Sandbox::new();
    let inner = tarred(&[("oars.txt", b"The oars are of ash.")]);
    let files: [(&str, &[u8]); 5] = [
        ("boats/hull.md", b"# Hull\nTarred every April."),
        ("boats/.gitignore", b"*.log\n"),
        ("boats/wind.log", b"from the west"),
        ("../anchor.txt", b"of iron"),
        ("gear.tgz", &inner),
    ];
    sandbox.write("port/harbour.zip", zipped(&files));
    let add = |arguments: &[&str], code: i32, wanted: &[&str]| {
        let command = [&["mem", "add"], arguments].concat();
        sandbox.quipu(&command).check(code, wanted);
    };
    add(
        &["port/harbour.zip"],
        1,
        &["harbour.zip: an archive (--archives opens it)", "skipped 1"],
    );
    add(
        &["--archives", "port/harbour.zip"],
        0,
        &[
            "added 2 pages from 2 files",
            "skipped 2, 1 file left out by ignore rules",
            "harbour.zip/../anchor.txt: its name leads out of the archive",
            "harbour.zip/gear.tgz/ferry.txt: a link",
            "harbour.zip/boats/wind.log",
        ],
    );
    let hits = sandbox
        .quipu(&["mem", "search", "--mode", "lexical", "--json", "ash oars"])
        .json();
    let source = hits[0]["source"].as_str().unwrap();
    assert!(source.contains("harbour.zip/gear.tgz/oars.txt"), "{hits}");
    // Again nothing is new; the folder it lies in does not lose them.
    add(&["--archives", "port/harbour.zip"], 0, &["2 unchanged"]);
    add(&["port"], 1, &["added 0 pages from 0 files, skipped 1"]);
    assert_eq!(sandbox.pages().len(), 2);
    // What is no more in the archive is no more in the store.
    sandbox.write("port/harbour.zip", zipped(&files[..1]));
    add(
        &["--archives", "port/harbour.zip"],
        0,
        &["1 unchanged, 1 gone and removed"],
    );
}
