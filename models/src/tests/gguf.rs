use std::io::Cursor;
use std::path::Path;

use proptest::prelude::*;

use super::super::gguf::{GgufError, Header, SHOWN_MAX, read, read_from};
use super::model;

fn check(bytes: &[u8]) -> Result<Header, GgufError> {
    read_from(Cursor::new(bytes), bytes.len() as u64, Path::new("m.gguf"))
}

/// The error of `bytes`, for which `expected` must stand in the message.
fn check_fault(bytes: &[u8], expected: &str) {
    let error = check(bytes).unwrap_err();
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn a_model_describes_itself() {
    let bytes = model(100);
    let header = check(&bytes).unwrap();
    let expected = Header {
        version: 3,
        architecture: "llama".into(),
        // What a terminal would obey is gone.
        name: Some("Vicu\u{f1}a  [31m".into()),
        size_label: None,
        parameters: 100,
        quantisation: "Q4_K_M".into(),
        window: Some(2048),
        dimensions: Some(64),
        chat_template: true,
        tokenizer: Some("gpt2".into()),
        licence: None,
        tensors: 1,
        needs: bytes.len() as u64,
    };
    assert_eq!(header, expected);
}

#[test]
fn without_a_file_type_the_tensors_tell() {
    let mut bytes = model(4);
    let at = bytes
        .windows(17)
        .position(|w| w == b"general.file_type")
        .unwrap();
    bytes[at] = b'G';
    assert_eq!(check(&bytes).unwrap().quantisation, "F32");
}

#[test]
fn what_is_no_model_is_named() {
    for (start, looks) in [
        (&b""[..], "an empty file"),
        (b"<!DOCTYPE html><title>Sign in</title>", "a web page"),
        (b"\n <HTML>", "a web page"),
        (b"PK\x03\x04rest", "a zip archive"),
        (
            b"\x40\x01\0\0\0\0\0\0{\"__metadata__\":{}}",
            "a safetensors file",
        ),
        (
            b"version https://git-lfs.github.com/spec/v1\n",
            "a Git LFS pointer",
        ),
        (b"\x1f\x8b\x08", "a gzip archive"),
        (b"\x80\x02}q", "a Python pickle"),
        (b"tjgg\x03\0\0\0", "an old GGML model"),
        (b"{\"error\":\"x\"}", "JSON"),
        (&[0; 600], "zeros"),
        (b"hello", "something else"),
    ] {
        check_fault(start, looks);
    }
}

#[test]
fn damage_is_found() {
    let good = model(100);
    let with = |at: usize, bytes: &[u8]| {
        let mut bad = good.clone();
        bad[at..at + bytes.len()].copy_from_slice(bytes);
        bad
    };
    check_fault(&good[..good.len() - 1], "cut short: it has");
    check_fault(&good[..good.len() - 1], &format!("of {} bytes", good.len()));
    check_fault(&good[..100], "a longer header");
    check_fault(&good[..6], "a longer header");
    check_fault(&with(4, &1u32.to_le_bytes()), "version 1");
    check_fault(&with(4, &9u32.to_le_bytes()), "version 9");
    check_fault(&with(4, &3u32.to_be_bytes()), "big-endian");
    check_fault(&with(8, &u64::MAX.to_le_bytes()), "more entries");
    check_fault(&with(16, &u64::MAX.to_le_bytes()), "more entries");
    // The first key's length.
    check_fault(&with(24, &u64::MAX.to_le_bytes()), "a longer header");
    // The first value's type.
    check_fault(
        &with(24 + 8 + 20, &77u32.to_le_bytes()),
        "a type that does not exist",
    );
}

#[test]
fn a_long_text_is_cut_and_the_rest_still_read() {
    let header = check(&model(1)).unwrap();
    // The template is longer than what is kept, and stands before the tensors.
    const { assert!(SHOWN_MAX < 1400) };
    assert!(header.chat_template && header.tensors == 1);
}

#[test]
fn folders_and_missing_files_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    assert!(
        read(folder.path())
            .unwrap_err()
            .to_string()
            .contains("a folder")
    );
    assert!(matches!(
        read(&folder.path().join("none")),
        Err(GgufError::Io { .. })
    ));
}

proptest! {
    #[test]
    fn torture_no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = check(&bytes);
        let _ = check(&[b"GGUF\x03\0\0\0".as_slice(), &bytes].concat());
    }

    #[test]
    fn torture_no_mutation_makes_it_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        end in any::<prop::sample::Index>(),
    ) {
        let mut bytes = model(8);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let end = end.index(bytes.len());
        let _ = check(&bytes);
        let _ = check(&bytes[..end]);
    }

    #[test]
    fn torture_every_shortened_model_is_refused(end in any::<prop::sample::Index>()) {
        let bytes = model(8);
        prop_assert!(check(&bytes[..end.index(bytes.len())]).is_err());
    }
}
