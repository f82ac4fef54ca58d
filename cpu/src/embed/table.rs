//! The table: a safetensors file with one tensor of two dimensions.
//!
//! The format: eight bytes of length (little-endian), a header in JSON of that length that
//! says each tensor's type, shape and bytes, then the bytes.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::EmbedError;

/// The longest header that is believed, in bytes.
const HEADER_BYTES_MAX: usize = 1 << 20;

/// One vector for each token.
pub(crate) struct Table {
    numbers: Vec<f32>,
    dimensions: usize,
}

impl Table {
    pub(crate) fn read(path: &Path) -> Result<Self, EmbedError> {
        let bytes = fs::read(path).map_err(|source| EmbedError::Io {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&bytes).map_err(|detail| EmbedError::Format {
            path: path.to_owned(),
            detail: detail.to_owned(),
        })
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        let (length, rest) = bytes.split_first_chunk::<8>().ok_or("it is too short")?;
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
        if length > HEADER_BYTES_MAX || length > rest.len() {
            return Err("its header is too long");
        }
        let (header, data) = rest.split_at(length);
        let header: Value = serde_json::from_slice(header).map_err(|_| "its header is not JSON")?;
        let tensors = header.as_object().ok_or("its header is not an object")?;
        let mut tensors = tensors.iter().filter(|(name, _)| *name != "__metadata__");
        let (Some((_, tensor)), None) = (tensors.next(), tensors.next()) else {
            return Err("it has not one tensor");
        };
        let numbers = |key: &str| -> Vec<usize> {
            let list = tensor[key].as_array().into_iter().flatten();
            list.filter_map(|n| n.as_u64().and_then(|n| usize::try_from(n).ok()))
                .collect()
        };
        let (&[rows, dimensions], &[start, end]) = (
            numbers("shape").as_slice(),
            numbers("data_offsets").as_slice(),
        ) else {
            return Err("its tensor has not two dimensions");
        };
        if tensor["dtype"] != "F32" {
            return Err("its numbers are not F32");
        }
        let wanted = rows.checked_mul(dimensions).and_then(|n| n.checked_mul(4));
        let data = data
            .get(start..end)
            .filter(|data| wanted == Some(data.len()));
        let data = data.ok_or("its tensor is not as long as it says")?;
        if dimensions == 0 {
            return Err("its vectors are empty");
        }
        let numbers = data.as_chunks::<4>().0.iter();
        Ok(Self {
            numbers: numbers.map(|number| f32::from_le_bytes(*number)).collect(),
            dimensions,
        })
    }

    /// Number of vectors.
    pub(crate) fn len(&self) -> usize {
        self.numbers.len() / self.dimensions
    }

    pub(crate) fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// The vector of a token below `len`.
    pub(crate) fn row(&self, token: usize) -> &[f32] {
        &self.numbers[token * self.dimensions..(token + 1) * self.dimensions]
    }
}
