//! How a word is pronounced that no dictionary has: a small network reads its letters.
//!
//! It is a BART with one encoder and one decoder layer of one head each (PeterReid's
//! graphemes_to_phonemes_en_us, trained on misaki's dictionaries). Its numbers come in a zip
//! file of NumPy arrays. Words are short, so nothing is kept from one step to the next.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use crate::error::VoiceError;

/// Numbers below this are marks, not characters.
const FIRST_CHARACTER: usize = 4;
const UNKNOWN: usize = 3;
/// Bytes that one array of the file may have.
const ARRAY_BYTES_MAX: u64 = 16 << 20;

/// What the file says of the network.
#[derive(Deserialize)]
struct Shape {
    grapheme_chars: String,
    phoneme_chars: String,
    max_position_embeddings: usize,
    bos_token_id: usize,
    eos_token_id: usize,
    decoder_start_token_id: usize,
    position_offset: usize,
    layer_norm_eps: f32,
    d_model: usize,
}

/// An array of rows, one after another.
#[derive(Clone, Default)]
struct Matrix {
    columns: usize,
    values: Vec<f32>,
}

/// The network.
pub struct Speller {
    shape: Shape,
    arrays: HashMap<String, Matrix>,
    graphemes: Vec<char>,
    phonemes: Vec<char>,
}

impl Speller {
    /// Reads the network from the `.npz` file at `path`.
    ///
    /// # Errors
    /// A file that cannot be read, or is not that network.
    pub fn open(path: &Path) -> Result<Self, VoiceError> {
        let file = File::open(path).map_err(VoiceError::read(path))?;
        let mut zip = zip::ZipArchive::new(file).map_err(VoiceError::damaged(path))?;
        let mut arrays = HashMap::new();
        let mut shape = None;
        for n in 0..zip.len() {
            let member = zip.by_index(n).map_err(VoiceError::damaged(path))?;
            let name = member.name().trim_end_matches(".npy").to_owned();
            let mut bytes = Vec::new();
            let read = member.take(ARRAY_BYTES_MAX).read_to_end(&mut bytes);
            read.map_err(VoiceError::read(path))?;
            if name == "meta_json" {
                let text = text(&bytes).ok_or("it does not say its shape");
                let text = text.map_err(VoiceError::damaged(path))?;
                shape = serde_json::from_str(&text).map_err(VoiceError::damaged(path))?;
                continue;
            }
            let array = array(&bytes).ok_or_else(|| format!("the array {name} cannot be read"));
            arrays.insert(name, array.map_err(VoiceError::damaged(path))?);
        }
        let shape: Shape = shape
            .ok_or("it does not say its shape")
            .map_err(VoiceError::damaged(path))?;
        let speller = Self {
            graphemes: shape.grapheme_chars.chars().collect(),
            phonemes: shape.phoneme_chars.chars().collect(),
            shape,
            arrays,
        };
        // What is not there is found now, not in the middle of a sentence.
        match speller.phonemes_of("a") {
            Some(_) => Ok(speller),
            None => Err(VoiceError::damaged(path)("an array is not there")),
        }
    }

    /// How `word` is pronounced; empty where the network has nothing to say of it.
    pub fn spell(&self, word: &str) -> String {
        self.phonemes_of(word).unwrap_or_default()
    }

    fn phonemes_of(&self, word: &str) -> Option<String> {
        let shape = &self.shape;
        let character = |c: char| {
            let found = self
                .graphemes
                .iter()
                .skip(FIRST_CHARACTER)
                .position(|known| *known == c);
            found.map_or(UNKNOWN, |at| at + FIRST_CHARACTER)
        };
        let mut letters = vec![shape.bos_token_id];
        letters.extend(word.chars().map(character));
        letters.push(shape.eos_token_id);
        letters.truncate(shape.max_position_embeddings);
        let memory = self.embedded(&letters, "encoder")?;
        let memory = self.layer("model.encoder.layers.0", memory, None)?;
        let mut said = vec![shape.decoder_start_token_id];
        let bias = self.arrays.get("final_logits_bias")?;
        let embedding = self.arrays.get("model.shared.weight")?;
        while said.len() < shape.max_position_embeddings {
            let hidden = self.embedded(&said, "decoder")?;
            let hidden = self.layer("model.decoder.layers.0", hidden, Some(&memory))?;
            let last = hidden.values.chunks(hidden.columns).next_back()?;
            let odds = embedding.values.chunks(embedding.columns).zip(&bias.values);
            let odds = odds.map(|(row, bias)| dot(row, last) + bias).enumerate();
            let (best, _) = odds.max_by(|a, b| a.1.total_cmp(&b.1))?;
            if best == shape.eos_token_id {
                break;
            }
            said.push(best);
        }
        let symbols = said
            .iter()
            .skip(1)
            .filter(|number| **number >= FIRST_CHARACTER);
        Some(
            symbols
                .filter_map(|number| self.phonemes.get(*number))
                .collect(),
        )
    }

    fn embedded(&self, numbers: &[usize], side: &str) -> Option<Matrix> {
        let tokens = self.arrays.get("model.shared.weight")?;
        let places = self
            .arrays
            .get(&format!("model.{side}.embed_positions.weight"))?;
        let columns = self.shape.d_model;
        let mut values = Vec::with_capacity(numbers.len() * columns);
        for (n, number) in numbers.iter().enumerate() {
            let place = n + self.shape.position_offset;
            let token = tokens
                .values
                .get(number * columns..(number + 1) * columns)?;
            let place = places.values.get(place * columns..(place + 1) * columns)?;
            values.extend(token.iter().zip(place).map(|(a, b)| a + b));
        }
        let name = format!("model.{side}.layernorm_embedding");
        self.normal(Matrix { columns, values }, &name)
    }

    /// One layer; one of the decoder reads what the encoder made, its `memory`.
    fn layer(&self, name: &str, hidden: Matrix, memory: Option<&Matrix>) -> Option<Matrix> {
        let is_decoder = memory.is_some();
        let read = self.attention(&format!("{name}.self_attn"), &hidden, &hidden, is_decoder)?;
        let norm = format!("{name}.self_attn_layer_norm");
        let mut hidden = self.normal(sum(hidden, &read), &norm)?;
        if let Some(memory) = memory {
            let read = self.attention(&format!("{name}.encoder_attn"), &hidden, memory, false)?;
            let norm = format!("{name}.encoder_attn_layer_norm");
            hidden = self.normal(sum(hidden, &read), &norm)?;
        }
        let mut wide = self.linear(&format!("{name}.fc1"), &hidden)?;
        wide.values.iter_mut().for_each(|x| *x = gelu(*x));
        let narrow = self.linear(&format!("{name}.fc2"), &wide)?;
        self.normal(sum(hidden, &narrow), &format!("{name}.final_layer_norm"))
    }

    fn attention(&self, name: &str, from: &Matrix, to: &Matrix, causal: bool) -> Option<Matrix> {
        let queries = self.linear(&format!("{name}.q_proj"), from)?;
        let keys = self.linear(&format!("{name}.k_proj"), to)?;
        let held = self.linear(&format!("{name}.v_proj"), to)?;
        let columns = queries.columns;
        let scale = (columns as f32).sqrt().recip();
        let mut values = Vec::with_capacity(queries.values.len());
        for (n, query) in queries.values.chunks(columns).enumerate() {
            let seen = if causal { n + 1 } else { usize::MAX };
            let keys = keys.values.chunks(columns).take(seen);
            let scores: Vec<f32> = keys.map(|key| dot(key, query) * scale).collect();
            let most = scores.iter().copied().fold(f32::MIN, f32::max);
            let odds: Vec<f32> = scores.iter().map(|score| (score - most).exp()).collect();
            let total: f32 = odds.iter().sum();
            let mut row = vec![0.0; columns];
            for (odds, held) in odds.iter().zip(held.values.chunks(columns)) {
                for (into, value) in row.iter_mut().zip(held) {
                    *into += odds / total * value;
                }
            }
            values.extend(row);
        }
        self.linear(&format!("{name}.out_proj"), &Matrix { columns, values })
    }

    fn linear(&self, name: &str, input: &Matrix) -> Option<Matrix> {
        let weight = self.arrays.get(&format!("{name}.weight"))?;
        let bias = self.arrays.get(&format!("{name}.bias"))?;
        if weight.columns != input.columns {
            return None;
        }
        let mut values = Vec::new();
        for row in input.values.chunks(input.columns) {
            let outputs = weight.values.chunks(weight.columns).zip(&bias.values);
            values.extend(outputs.map(|(weights, bias)| dot(weights, row) + bias));
        }
        let columns = bias.values.len();
        Some(Matrix { columns, values })
    }

    fn normal(&self, mut input: Matrix, name: &str) -> Option<Matrix> {
        let weight = self.arrays.get(&format!("{name}.weight"))?;
        let bias = self.arrays.get(&format!("{name}.bias"))?;
        let count = input.columns as f32;
        for row in input.values.chunks_mut(input.columns) {
            let mean = row.iter().sum::<f32>() / count;
            let spread = row.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / count;
            let scale = (spread + self.shape.layer_norm_eps).sqrt().recip();
            for (x, (weight, bias)) in row.iter_mut().zip(weight.values.iter().zip(&bias.values)) {
                *x = (*x - mean) * scale * weight + bias;
            }
        }
        Some(input)
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn sum(mut a: Matrix, b: &Matrix) -> Matrix {
    a.values
        .iter_mut()
        .zip(&b.values)
        .for_each(|(a, b)| *a += b);
    a
}

fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2))
}

/// The error function, to 1.5e-7 (Abramowitz and Stegun, 7.1.26).
fn erf(x: f32) -> f32 {
    const TERMS: [f32; 5] = [
        0.254_829_6,
        -0.284_496_72,
        1.421_413_8,
        -1.453_152_1,
        1.061_405_4,
    ];
    let t = (1.0 + 0.327_591_1 * x.abs()).recip();
    let polynomial = TERMS.iter().rev().fold(0.0, |sum, term| (sum + term) * t);
    (1.0 - polynomial * (-x * x).exp()).copysign(x)
}

/// The head of a NumPy file, and what follows it.
fn numpy(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let after = bytes.strip_prefix(b"\x93NUMPY")?;
    let (length, start): (usize, usize) = match after.first()? {
        1 => (
            usize::from(u16::from_le_bytes(after.get(2..4)?.try_into().ok()?)),
            4,
        ),
        _ => (
            u32::from_le_bytes(after.get(2..6)?.try_into().ok()?) as usize,
            6,
        ),
    };
    let head = after.get(start..start.checked_add(length)?)?;
    Some((std::str::from_utf8(head).ok()?, &after[start + length..]))
}

/// A NumPy array of 32-bit floats in the order of its rows.
fn array(bytes: &[u8]) -> Option<Matrix> {
    let (head, data) = numpy(bytes)?;
    let is_plain = head.contains("'<f4'") && head.contains("'fortran_order': False");
    let sizes = head.split_once("'shape': (")?.1.split_once(')')?.0;
    let sizes: Vec<usize> = sizes
        .split(',')
        .filter_map(|size| size.trim().parse().ok())
        .collect();
    let columns = *sizes.last()?;
    let values = data
        .chunks_exact(4)
        .map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]));
    let values: Vec<f32> = values.collect();
    let count: usize = sizes.iter().product();
    (is_plain && columns > 0 && values.len() == count).then_some(Matrix { columns, values })
}

/// A text in a NumPy file: characters of four bytes.
fn text(bytes: &[u8]) -> Option<String> {
    let (head, data) = numpy(bytes)?;
    let four = |four: &[u8]| u32::from_le_bytes([four[0], four[1], four[2], four[3]]);
    let letters = data
        .chunks_exact(4)
        .map(|bytes| char::from_u32(four(bytes)));
    let text: Option<String> = letters.collect();
    let text = text.filter(|_| head.contains("'<U"))?;
    Some(text.trim_end_matches('\0').to_owned())
}
