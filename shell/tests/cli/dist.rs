//! The archive for other machines: what is in it, that it comes out the same each time, and what
//! a machine is told that cannot run it. The program in the archive is a few lines here;
//! `scripts/try-dist.sh` tries a real one.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use data_encoding::HEXLOWER;
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};

use crate::sandbox::{Said, Sandbox};

const TARGET: &str = "x86_64-unknown-linux-gnu";
const TIME: u64 = 1_700_000_000;
/// It writes pages and completions, as the program does.
const PROGRAM: &str = r#"#!/bin/sh
case $1 in
man) mkdir -p "$2" && echo page >"$2/quipu.1" ;;
completions) echo "what $2 reads" ;;
esac
"#;

/// What is in the archive, below one folder.
const CONTENT: &str = "\
755 bin/quipu
644 share/bash-completion/completions/quipu
644 share/doc/quipu/CHANGELOG.md
644 share/doc/quipu/INSTALL
644 share/doc/quipu/LICENCES-OF-OTHERS
644 share/doc/quipu/LICENSE-APACHE
644 share/doc/quipu/LICENSE-MIT
644 share/doc/quipu/README.md
644 share/doc/quipu/SECURITY.md
644 share/fish/vendor_completions.d/quipu.fish
644 share/man/man1/quipu.1
644 share/systemd/user/quipu.service
644 share/zsh/site-functions/_quipu
";

fn archive() -> String {
    format!("quipu-{}-{TARGET}", env!("CARGO_PKG_VERSION"))
}

/// Packs the program into `folder` under this umask.
fn packed(sandbox: &Sandbox, folder: &str, umask: &str) -> Vec<u8> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/dist.sh");
    let pack = format!("umask {umask}; exec \"$0\" pack ./program ./licences {TARGET} {folder}");
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", &pack, script])
        .current_dir(sandbox.path())
        .env("SOURCE_DATE_EPOCH", TIME.to_string());
    let said = Said::from(shell.output().unwrap());
    said.check(0, &["made "]);
    let file = format!("{folder}/{}.tar.gz", archive());
    std::fs::read(sandbox.path().join(file)).unwrap()
}

fn executable(path: &Path) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
}

#[test]
fn an_archive_has_what_it_should_and_is_the_same_each_time() {
    let sandbox = Sandbox::apart();
    executable(&sandbox.write("program", PROGRAM));
    sandbox.write("licences", "one: MIT\n");
    let bytes = packed(&sandbox, "first", "022");
    assert!(packed(&sandbox, "second", "077") == bytes, "it differs");

    let mut content = String::new();
    let mut tar = tar::Archive::new(GzDecoder::new(&bytes[..]));
    for entry in tar.entries().unwrap() {
        let entry = entry.unwrap();
        let about = entry.header();
        let owner = (about.uid().unwrap(), about.gid().unwrap());
        assert_eq!((owner, about.mtime().unwrap()), ((0, 0), TIME));
        let path = entry.path().unwrap().into_owned();
        let path = path.strip_prefix(archive()).unwrap();
        let mode = about.mode().unwrap();
        content.push_str(&format!("{mode:o} {}\n", path.display()));
    }
    assert_eq!(content, CONTENT);

    let sums = std::fs::read_to_string(sandbox.path().join("first/SHA256SUMS")).unwrap();
    let sum = HEXLOWER.encode(&Sha256::digest(&bytes));
    assert_eq!(sums, format!("{sum}  {}.tar.gz\n", archive()));
    // Nothing that was on the way there is left.
    let left = std::fs::read_dir(sandbox.path().join("first")).unwrap();
    assert_eq!(left.count(), 2);
}

#[test]
fn what_cannot_be_packed_is_named() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/dist.sh");
    let sandbox = Sandbox::apart();
    let check = |args: &[&str], want: &str| {
        let mut command = Command::new(script);
        let output = command.args(args).current_dir(sandbox.path()).output();
        Said::from(output.unwrap()).check(2, &[want, "hint: usage: "]);
    };
    check(&["pack"], "cannot read these arguments: pack");
    check(
        &["install", "a", "b", "c", "d"],
        "cannot read these arguments",
    );
    check(
        &["pack", "gone", "licences", TARGET, "out"],
        "there is no file ",
    );
}

/// A program that was compiled for the features in `needs` says on this processor what that has
/// not, and ends before its `main`.
#[test]
#[cfg(target_arch = "x86_64")]
fn a_processor_that_is_too_old_is_told() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/processor.c");
    let sandbox = Sandbox::apart();
    sandbox.write("main.c", "int main(void) { return 7; }");
    let check = |needs: &str, code: i32, wanted: &[&str]| {
        let features = format!("-DFEATURES=\",{needs},\"");
        let mut compiler = Command::new("cc");
        compiler
            .args([
                "-march=x86-64",
                &features,
                source,
                "main.c",
                "-o",
                "program",
            ])
            .current_dir(sandbox.path());
        Said::from(compiler.output().unwrap()).check(0, &[]);
        let program = Command::new(sandbox.path().join("program")).output();
        Said::from(program.unwrap()).check(code, wanted);
    };
    // Every processor of the kind has the first, and those that are made have not the second, which
    // one maker had for a few years.
    check("sse2", 7, &[]);
    check("tbm", 2, &["this one lacks tbm\nhint: "]);
    check("sse2,tbm,unknown", 2, &["this one lacks tbm\n"]);
    // What the program under test was compiled for is here, or it would not run.
    let built_for = [
        ("avx2", cfg!(target_feature = "avx2")),
        ("fma", cfg!(target_feature = "fma")),
        ("avx512f", cfg!(target_feature = "avx512f")),
    ];
    let built_for: Vec<&str> = built_for
        .iter()
        .filter_map(|(name, is_on)| is_on.then_some(*name))
        .collect();
    check(&built_for.join(","), 7, &[]);
}
