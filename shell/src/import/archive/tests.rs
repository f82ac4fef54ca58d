//! What is known as an archive, and which members come out of one.

use std::io::Write;

use super::*;

/// A tar archive of members with a type, a name as it stands there, and a text.
fn tarred(members: &[(EntryType, &str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (kind, name, text) in members {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_size(text.len() as u64);
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        if matches!(kind, EntryType::Symlink) {
            header.set_link_name("/etc/hostname").expect("fits");
        }
        header.set_cksum();
        tar.append(&header, text.as_bytes()).expect("appended");
    }
    tar.into_inner().expect("ended")
}

fn zipped(members: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in members {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(*name, options).expect("started");
        zip.write_all(text.as_bytes()).expect("written");
    }
    zip.finish().expect("finished").into_inner()
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(bytes).expect("written");
    gz.finish().expect("finished")
}

/// "xz words", as the program xz packs it.
const XZ: &[u8] =
    b"\xfd\x37\x7a\x58\x5a\x00\x00\x01\x69\x22\xde\x36\x02\x00\x21\x01\x16\x00\x00\x00\
      \x74\x2f\xe5\xa3\x01\x00\x08\x78\x7a\x20\x77\x6f\x72\x64\x73\x0a\x00\x00\x00\x00\
      \x82\xd4\x35\x38\x00\x01\x1d\x09\x93\x61\x36\xa6\x90\x42\x99\x0d\x01\x00\x00\x00\
      \x00\x01\x59\x5a";

/// "a.txt" and "b/c.txt", as 7-Zip packs them together.
const SEVENZ: &[u8] =
    b"\x37\x7a\xbc\xaf\x27\x1c\x00\x04\x16\x22\x87\x5d\x7e\x00\x00\x00\x00\x00\x00\x00\
      \x14\x00\x00\x00\x00\x00\x00\x00\x30\x36\x58\x79\x01\x00\x14\x77\x6f\x6f\x6c\x20\
      \x77\x6f\x72\x64\x73\x0a\x64\x65\x65\x70\x20\x77\x6f\x72\x64\x73\x00\xe0\x00\x6c\
      \x00\x5d\x5d\x00\x00\x81\x33\x07\xae\x0f\xcf\x92\x6e\x60\x0f\xeb\xea\x9c\xbf\x0c\
      \xdb\xd8\x4f\x5e\x31\x42\x2f\x5c\x43\x68\xf5\xcc\x9a\xd7\x04\x9a\xf3\x57\x25\x87\
      \x10\x0e\x87\x5c\xda\x08\xa5\x79\x4a\xc9\xc8\x5d\x9e\x4c\xd4\xc3\xfa\x13\x4e\xdb\
      \xe4\x89\x15\xaa\xda\x01\xd8\xbe\x58\x85\x7f\xbe\xb9\x3f\xa6\x5f\xaa\x16\xb7\x71\
      \x4d\xb7\xa8\xe3\x41\x78\xcd\xd4\x45\x2d\x1e\x25\xb8\x8d\x00\x00\x00\x00\x17\x06\
      \x19\x01\x09\x65\x00\x07\x0b\x01\x00\x01\x21\x21\x01\x18\x0c\x6d\x00\x00";

fn files(folder: &Path) -> Vec<String> {
    let entries = ignore::WalkBuilder::new(folder)
        .standard_filters(false)
        .sort_by_file_path(Ord::cmp)
        .build();
    let files = entries.flatten().filter(|entry| entry.path().is_file());
    let below = files.map(|entry| entry.path().strip_prefix(folder).map(Path::to_owned));
    below
        .map(|path| path.expect("below").display().to_string())
        .collect()
}

fn unpacked(name: &str, bytes: &[u8], mut budget: Budget) -> (Vec<String>, String) {
    let dir = tempfile::tempdir().expect("a folder");
    let (path, folder) = (dir.path().join(name), dir.path().join("in/it"));
    fs::create_dir_all(&folder).expect("made");
    fs::write(&path, bytes).expect("written");
    let kind = kind(&path).expect("an archive");
    let refused = unpack(&path, kind, &folder, &mut budget).expect("unpacked");
    let all = files(dir.path());
    assert!(
        all.iter()
            .all(|file| file == name || file.starts_with("in/it/")),
        "{all:?}"
    );
    (files(&folder), refused.join("\n"))
}

#[test]
fn a_name_is_read_in_its_encoding() {
    let check = |raw: &[u8], want: &str| assert_eq!(name_of(raw, "said"), want);
    check(b"said", "said");
    check("磨坊.txt".as_bytes(), "磨坊.txt");
    let (gbk, ..) = encoding_rs::GBK.encode("河边的磨坊一直用到山谷里修了新路.txt");
    check(&gbk, "河边的磨坊一直用到山谷里修了新路.txt");
    check(b"a\0b", "said");
    // As the code page of DOS reads it.
    let check = |said: &str, expected: bool| assert_eq!(is_western(said), expected, "{said}");
    for name in [
        "Grüße.txt",
        "Übersicht 2",
        "année créée.txt",
        "año/señor.pdf",
        "ça va.txt",
    ] {
        check(name, true);
    }
    for name in [
        "plain.txt",
        "cafΘ.txt",
        "donÆt.txt",
        "a û b.txt",
        "âeâXâg.txt",
        "report_âüâé.txt",
        "─Ñ╖╗.txt",
        "",
    ] {
        check(name, false);
    }
}

#[test]
fn a_file_is_known_as_an_archive_or_not() {
    let check = |name: &str, bytes: &[u8], expected: Option<Kind>| {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join(name);
        fs::write(&path, bytes).expect("written");
        assert_eq!(kind(&path), expected, "{name}");
    };
    let tar = tarred(&[(EntryType::Regular, "a.txt", "a")]);
    check("a.zip", &zipped(&[("a.txt", "a")]), Some(Kind::Zip));
    check("a.bin", &tar, Some(Kind::Tar));
    check("a.tgz", &gzipped(&tar), Some(Kind::PackedTar(Packing::Gz)));
    check("a.txt.xz", XZ, Some(Kind::Packed(Packing::Xz)));
    check("a.tar.zst", &zst(&tar), Some(Kind::PackedTar(Packing::Zst)));
    check("a.7z", SEVENZ, Some(Kind::SevenZ));
    check("cut.zst", b"\x28\xb5\x2f\xfd", None);
    check(
        "a.log.gz",
        &gzipped(b"a log"),
        Some(Kind::Packed(Packing::Gz)),
    );
    check("a.docx", &zipped(&[("[Content_Types].xml", "")]), None);
    let map = [("doc.kml", "<kml/>"), ("files/a.png", "")];
    check("a.kmz", &zipped(&map), None);
    // A map among other files is one of them.
    let trip = [("doc.kml", "<kml/>"), ("notes.txt", "a")];
    check("trip.zip", &zipped(&trip), Some(Kind::Zip));
    let book = [("mimetype", "application/epub+zip")];
    check("a.epub", &zipped(&book), None);
    check("a.zip", b"PK\x03\x04 cut off", None);
    check("a.gz", b"\x1f\x8b cut off", None);
    check("a.txt", b"ustar", None);
    check("a.tar", b"a poem", None);
}

#[test]
fn only_plain_members_below_the_folder_are_unpacked() {
    let check = |name: &str, bytes: &[u8], files: &[&str], refused: &[&str]| {
        let (found, said) = unpacked(name, bytes, Budget::default());
        assert_eq!(found, files, "{said}");
        assert_eq!(said.lines().count(), refused.len(), "{said}");
        for words in refused {
            assert!(said.contains(words), "{said}");
        }
    };
    let members = [
        (EntryType::Directory, "sub/", ""),
        (EntryType::Regular, "./sub/a.txt", "a"),
        (EntryType::Regular, "sub/../../b.txt", "b"),
        (EntryType::Regular, "/tmp/c.txt", "c"),
        (EntryType::Symlink, "sub/d.txt", ""),
        (EntryType::Fifo, "e", ""),
        (EntryType::Regular, "sub/a.txt", "again"),
    ];
    let refused = [
        "sub/../../b.txt: its name leads out",
        "/tmp/c.txt: its name leads out",
        "sub/d.txt: a link",
        "e: not a file",
        "sub/a.txt: its name is taken",
    ];
    check("a.tar", &tarred(&members), &["sub/a.txt"], &refused);
    check(
        "a.tgz",
        &gzipped(&tarred(&members)),
        &["sub/a.txt"],
        &refused,
    );
    let names = [
        ("a.txt", "a"),
        ("..\\b.txt", "b"),
        ("C:\\c.txt", "c"),
        ("x/d", "d"),
    ];
    let deep = format!("{}e", "d/".repeat(FOLDERS_MAX));
    let names = [&names[..], &[(deep.as_str(), "e")]].concat();
    let refused = [
        "..\\b.txt: its name",
        "C:\\c.txt: its name",
        "e: it lies in too many folders",
    ];
    check("a.zip", &zipped(&names), &["a.txt", "x/d"], &refused);
    check("a.7z", SEVENZ, &["a.txt", "b/c.txt"], &[]);
    check("notes.txt.gz", &gzipped(b"text"), &["notes.txt"], &[]);
    let whole = tarred(&[
        (EntryType::Regular, "a", "a"),
        (EntryType::Regular, "b", "b"),
    ]);
    check(
        "cut.tar",
        &whole[..1100],
        &["a"],
        &["the rest: the archive ends too early"],
    );
}

#[test]
fn a_way_of_compressing_that_is_not_read_is_named() {
    let check = |method: u16, refused: &str| {
        let mut zip = zipped(&[("a.txt", "a")]);
        let listed = zip.windows(4).position(|bytes| bytes == b"PK\x01\x02");
        let listed = listed.expect("a list of members");
        zip[8..10].copy_from_slice(&method.to_le_bytes());
        zip[listed + 10..listed + 12].copy_from_slice(&method.to_le_bytes());
        let (found, said) = unpacked("a.zip", &zip, Budget::default());
        assert_eq!((found.len(), said.as_str()), (0, refused));
    };
    check(
        9,
        "a.txt: compressed with Deflate64, which is not read (unpack it)",
    );
    check(
        12,
        "a.txt: compressed with bzip2, which is not read (unpack it)",
    );
    check(
        14,
        "a.txt: compressed with LZMA, which is not read (unpack it)",
    );
    check(
        98,
        "a.txt: compressed with PPMd, which is not read (unpack it)",
    );
    check(
        77,
        "a.txt: compressed in a way that is not read (unpack it)",
    );
}

#[test]
fn what_is_beyond_a_limit_is_named() {
    let check = |bytes: u64, members: usize, files: &[&str], refused: &str| {
        let zip = zipped(&[("a", "four"), ("b", "twelve bytes"), ("c", "last")]);
        let (found, said) = unpacked("a.zip", &zip, Budget { members, bytes });
        assert_eq!(found, files);
        assert!(said.contains(refused), "{said}");
    };
    check(
        100,
        2,
        &["a", "b"],
        "the last 1 members: an archive may have",
    );
    check(10, 9, &["a"], "b: larger than 6 bytes when unpacked");
    check(10, 9, &["a"], "the last 1 members");
    let budget = Budget {
        members: 1,
        bytes: 100,
    };
    let (found, said) = unpacked("a.7z", SEVENZ, budget);
    assert_eq!(found, ["a.txt"], "{said}");
    assert!(said.contains("the last 1 members"), "{said}");
    // What is passed over is named, and so counts.
    let links: Vec<(EntryType, &str, &str)> =
        (0..9).map(|_| (EntryType::Symlink, "link", "")).collect();
    let budget = Budget {
        members: 2,
        bytes: 9_999,
    };
    let (_, said) = unpacked("a.tar", &tarred(&links), budget);
    assert_eq!(said.lines().count(), 3, "{said}");
}

#[test]
fn an_archive_that_has_nothing_in_it_is_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("a.zip");
    fs::write(&path, zipped(&[])).expect("written");
    let kind = kind(&path).expect("an archive");
    let told = unpack(&path, kind, dir.path(), &mut Budget::default());
    assert_eq!(told, Err("an archive that has nothing in it".to_owned()));
    // One that is cut off is no reason to stop.
    for length in [6, 32, 100, SEVENZ.len() - 1] {
        fs::write(&path, &SEVENZ[..length]).expect("written");
        let told = unpack(&path, Kind::SevenZ, dir.path(), &mut Budget::default());
        assert!(told.is_err(), "{length}: {told:?}");
    }
}
