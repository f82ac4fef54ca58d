//! Writes a GGUF file (version 3, little-endian): counts, metadata, the table of tensors, and
//! their bytes, each from a multiple of 32. The order is that in which things were added.

use std::borrow::Cow;
use std::io::{self, Write};

/// What the bytes of a tensor begin at a multiple of.
const ALIGNMENT: usize = 32;

/// A value of the metadata, with the number of its type in the format.
pub enum Value<'a> {
    U32(u32),
    F32(f32),
    Bool(bool),
    Text(&'a str),
    Texts(Vec<Cow<'a, [u8]>>),
    Floats(Vec<f32>),
    Integers(Vec<i32>),
    Bytes(Vec<u8>),
}

/// The numbers of a tensor.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    F32,
    /// Blocks of 32 in 18 bytes: a scale in half precision, then four bits each.
    Q4_0,
}

impl Numbers {
    /// Bytes that `count` numbers take, where they fill whole blocks.
    pub fn bytes(self, count: usize) -> Option<usize> {
        match self {
            Numbers::F32 => count.checked_mul(4),
            Numbers::Q4_0 if count.is_multiple_of(32) => (count / 32).checked_mul(18),
            Numbers::Q4_0 => None,
        }
    }

    /// Its number in the format.
    fn kind(self) -> u32 {
        match self {
            Numbers::F32 => 0,
            Numbers::Q4_0 => 2,
        }
    }
}

/// A tensor, as its bytes are to stand in the file.
struct Tensor<'a> {
    name: String,
    /// Columns first, as the format has them.
    sizes: Vec<u64>,
    numbers: Numbers,
    bytes: &'a [u8],
}

/// A file to be written.
#[derive(Default)]
pub struct Gguf<'a> {
    entries: Vec<(String, Value<'a>)>,
    tensors: Vec<Tensor<'a>>,
}

impl<'a> Gguf<'a> {
    /// Adds an entry to the metadata.
    pub fn entry(&mut self, key: impl Into<String>, value: Value<'a>) {
        self.entries.push((key.into(), value));
    }

    /// Adds a tensor of `rows`, each of `columns` numbers; of one row, a vector.
    ///
    /// # Errors
    /// A sentence, where `bytes` are not as many as that takes.
    pub fn tensor(
        &mut self,
        name: impl Into<String>,
        rows: Option<usize>,
        columns: usize,
        numbers: Numbers,
        bytes: &'a [u8],
    ) -> Result<(), String> {
        let name = name.into();
        let count = columns.checked_mul(rows.unwrap_or(1));
        if count.and_then(|count| numbers.bytes(count)) != Some(bytes.len()) {
            return Err(format!("{name} has {} bytes, not its size", bytes.len()));
        }
        let sizes = std::iter::once(columns).chain(rows);
        self.tensors.push(Tensor {
            name,
            sizes: sizes.map(|size| size as u64).collect(),
            numbers,
            bytes,
        });
        Ok(())
    }

    /// Writes the file.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut head = b"GGUF".to_vec();
        head.extend(3_u32.to_le_bytes());
        head.extend((self.tensors.len() as u64).to_le_bytes());
        head.extend((self.entries.len() as u64).to_le_bytes());
        for (key, value) in &self.entries {
            put_text(&mut head, key.as_bytes());
            put_value(&mut head, value);
        }
        let mut offset = 0_u64;
        for tensor in &self.tensors {
            put_text(&mut head, tensor.name.as_bytes());
            head.extend((tensor.sizes.len() as u32).to_le_bytes());
            tensor
                .sizes
                .iter()
                .for_each(|size| head.extend(size.to_le_bytes()));
            head.extend(tensor.numbers.kind().to_le_bytes());
            head.extend(offset.to_le_bytes());
            offset += tensor.bytes.len().next_multiple_of(ALIGNMENT) as u64;
        }
        write_aligned(out, &head)?;
        self.tensors
            .iter()
            .try_for_each(|tensor| write_aligned(out, tensor.bytes))
    }
}

/// Writes `bytes`, and zeros up to the next multiple of the alignment.
fn write_aligned(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(bytes)?;
    let missing = bytes.len().next_multiple_of(ALIGNMENT) - bytes.len();
    out.write_all(&[0; ALIGNMENT][..missing])
}

fn put_text(out: &mut Vec<u8>, text: &[u8]) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text);
}

/// The numbers of the types of values.
const UINT8: u32 = 0;
const UINT32: u32 = 4;
const INT32: u32 = 5;
const FLOAT32: u32 = 6;
const BOOL: u32 = 7;
const STRING: u32 = 8;
const ARRAY: u32 = 9;

fn put_value(out: &mut Vec<u8>, value: &Value<'_>) {
    let mut kind = |kind: u32| out.extend(kind.to_le_bytes());
    match value {
        Value::U32(number) => {
            kind(UINT32);
            out.extend(number.to_le_bytes());
        }
        Value::F32(number) => {
            kind(FLOAT32);
            out.extend(number.to_le_bytes());
        }
        Value::Bool(is_true) => {
            kind(BOOL);
            out.push(u8::from(*is_true));
        }
        Value::Text(text) => {
            kind(STRING);
            put_text(out, text.as_bytes());
        }
        Value::Texts(texts) => {
            put_array(out, STRING, texts.len());
            texts.iter().for_each(|text| put_text(out, text));
        }
        Value::Floats(numbers) => {
            put_array(out, FLOAT32, numbers.len());
            numbers.iter().for_each(|n| out.extend(n.to_le_bytes()));
        }
        Value::Integers(numbers) => {
            put_array(out, INT32, numbers.len());
            numbers.iter().for_each(|n| out.extend(n.to_le_bytes()));
        }
        Value::Bytes(bytes) => {
            put_array(out, UINT8, bytes.len());
            out.extend(bytes);
        }
    }
}

fn put_array(out: &mut Vec<u8>, kind: u32, len: usize) {
    out.extend(ARRAY.to_le_bytes());
    out.extend(kind.to_le_bytes());
    out.extend((len as u64).to_le_bytes());
}
