//! Models that are made, of a network with one layer of 32 numbers.

use std::io::Cursor;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;

use super::e5;
use crate::gguf::read_from;

const WIDE: usize = 32;
const TOKENS: usize = 7;
const PIECES: &[&str] = &["<s>", "<pad>", "</s>", "<unk>", "\u{2581}a", "<mask>"];

/// The weights as the package has them: tensors filled with their number.
fn weights() -> Vec<u8> {
    let blocks = |rows: usize| rows * WIDE / 32 * 18;
    let mut tensors: Vec<(String, usize)> = vec![
        ("emb.word".into(), blocks(TOKENS)),
        ("emb.pos".into(), 4 * 4 * WIDE),
        ("emb.type".into(), 2 * 4 * WIDE),
    ];
    let vector = |name: &str| (name.to_owned(), 4 * WIDE);
    tensors.extend(["emb.ln.w", "emb.ln.b"].map(vector));
    for name in ["q", "k", "v", "ao", "fi", "fo"] {
        tensors.push((format!("l0.{name}.w"), blocks(WIDE)));
        tensors.push((format!("l0.{name}.b"), 4 * WIDE));
    }
    tensors.extend(["l0.aln.w", "l0.aln.b", "l0.oln.w", "l0.oln.b"].map(vector));
    let mut file = b"E5S1".to_vec();
    let number = |file: &mut Vec<u8>, number: usize| file.extend((number as u32).to_le_bytes());
    for size in [1, WIDE, 1, 1, WIDE, TOKENS, 4, 2] {
        number(&mut file, size);
    }
    file.extend(1e-12_f32.to_le_bytes());
    for size in [32, PIECES.len(), 0, 2, 1, 3] {
        number(&mut file, size);
    }
    let letters = PIECES.concat();
    file.extend((letters.len() as u64).to_le_bytes());
    let mut offset = 0;
    number(&mut file, offset);
    for piece in PIECES {
        offset += piece.len();
        number(&mut file, offset);
    }
    for score in 0..PIECES.len() {
        file.extend((score as f32).to_le_bytes());
    }
    file.extend(letters.as_bytes());
    // Something that is skipped, of three bytes.
    for size in [1, 3] {
        number(&mut file, size);
    }
    file.extend([7; 3]);
    number(&mut file, tensors.len());
    let names: usize = tensors.iter().map(|(name, _)| name.len() + 23).sum();
    let mut at = file.len() + names;
    for (name, bytes) in &tensors {
        file.extend((name.len() as u16).to_le_bytes());
        file.extend(name.as_bytes());
        file.extend([0; 5]);
        file.extend((at as u64).to_le_bytes());
        file.extend((*bytes as u64).to_le_bytes());
        at += bytes;
    }
    for (n, (_, bytes)) in tensors.iter().enumerate() {
        file.extend(vec![n as u8; *bytes]);
    }
    file
}

fn tokenizer() -> Vec<u8> {
    let table = BASE64_STANDARD.encode([1, 2, 3]);
    format!(
        r#"{{"model": {{"vocab": []}}, "normalizer": {{"normalizers":
            [{{"type": "Replace"}}, {{"precompiled_charsmap": "{table}"}}]}}}}"#
    )
    .into_bytes()
}

fn made(weights: &[u8], tokenizer: &[u8]) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let model = e5::model(weights, tokenizer)?;
    model.write(&mut out).map_err(|error| error.to_string())?;
    Ok(out)
}

#[test]
fn a_model_is_made_whole_and_the_same_each_time() {
    let model = made(&weights(), &tokenizer()).unwrap();
    assert_eq!(model, made(&weights(), &tokenizer()).unwrap());
    let has = model.len() as u64;
    let header = read_from(Cursor::new(&model), has, Path::new("m.gguf")).unwrap();
    assert_eq!(header.architecture, "bert");
    assert_eq!(header.name.as_deref(), Some("multilingual-e5-small"));
    assert_eq!(header.quantisation, "Q4_0");
    assert_eq!(header.tokenizer.as_deref(), Some("t5"));
    assert_eq!((header.window, header.dimensions), (Some(4), Some(32)));
    assert_eq!((header.tensors, header.needs), (21, has));
    // The bytes of the last tensor stand at the end as they came.
    assert!(model.ends_with(&[20; 4 * WIDE]));
    let has = |text: &str| {
        model
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(has("\u{2581}a") && has("[PAD6]") && !has("[PAD5]"));
}

#[test]
fn what_cannot_become_a_model_says_why() {
    let check = |weights: &[u8], tokenizer: &[u8], says: &str| {
        let error = made(weights, tokenizer).unwrap_err();
        assert!(error.contains(says), "{error}");
    };
    let (weights, tokenizer) = (weights(), tokenizer());
    check(b"PK\x03\x04 and so on", &tokenizer, "another file");
    check(&weights, b"{}", "tokenizer.json is another one");
    check(
        &weights,
        br#"{"normalizer": {"normalizers": []}}"#,
        "rewrites no characters",
    );
    let mut other = weights.clone();
    let at = other.windows(4).position(|part| part == b"l0.q").unwrap();
    other[at + 3] = b'x';
    check(&other, &tokenizer, "l0.q.w is missing");
    let mut other = weights.clone();
    // One layer becomes two.
    other[12] = 2;
    check(&other, &tokenizer, "l1.q.w is missing");
    other[8] = 64;
    check(&other, &tokenizer, "not its size");
}

proptest! {
    #[test]
    fn a_damaged_file_is_refused_and_stops_nothing(cut in 0_usize..4000, at in 0_usize..4000, byte: u8) {
        let mut weights = weights();
        weights.truncate(cut.min(weights.len() - 1));
        prop_assert!(made(&weights, &tokenizer()).is_err());
        let mut weights = super::tests::weights();
        let at = at.min(weights.len() - 1);
        weights[at] = byte;
        // Whatever comes out, no length is believed that is not there.
        let _ = made(&weights, &tokenizer());
    }
}
