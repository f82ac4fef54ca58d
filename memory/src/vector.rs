//! Vectors: texts by their meaning, and how near two of them are.
//!
//! This crate knows no model: whoever opens a store may hand it a function.

use std::error::Error;

/// What turns texts into vectors. The nearer two vectors, the more alike the meanings.
pub trait Embedder: Send + Sync {
    /// What makes the vectors: the model and all that changes its output. Vectors of
    /// another name are not compared with its own, but made anew.
    fn name(&self) -> &str;

    /// One vector for each text, all of the same length. A text that says nothing may
    /// get the zero vector. Must not depend on the other texts of the call.
    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Box<dyn Error + Send + Sync>>;

    /// The vector of a query, where that differs from that of a stored text.
    fn embed_query(&self, text: &str) -> Result<Vec<f32>, Box<dyn Error + Send + Sync>> {
        let mut vectors = self.embed(&[text])?;
        vectors
            .pop()
            .ok_or_else(|| "no vector for the query".into())
    }

    /// The cosine of texts that share nothing, below one: of many models it is near zero, of
    /// some all cosines crowd far above that.
    fn floor(&self) -> f32 {
        0.0
    }
}

/// A vector of a chosen length, a byte for each dimension: four bytes of scale, then the
/// bytes. Costs less than a thousandth of cosine, and a quarter of the room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Packed(Vec<u8>);

/// Bytes of the scale.
const SCALE_BYTES: usize = 4;

impl Packed {
    /// Packs `vector` at length one.
    pub(crate) fn of(vector: &[f32]) -> Self {
        Self::of_length(vector, 1.0)
    }

    /// Packs `vector` at `length`: as much as it counts.
    pub(crate) fn of_length(vector: &[f32], length: f32) -> Self {
        let norm = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        let largest = vector.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        let usable = norm.is_finite() && norm > 0.0;
        let scale = if usable {
            length * largest / norm / 127.0
        } else {
            0.0
        };
        let mut bytes = scale.to_le_bytes().to_vec();
        bytes.extend(vector.iter().map(|x| match usable {
            true => (x / largest * 127.0).round() as i8 as u8,
            false => 0,
        }));
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The product of a packed vector and another: their cosine where both have length one. Zero where they do not fit together.
pub(crate) fn cosine(a: &[u8], b: &[u8]) -> f32 {
    let (Some((scale_a, a)), Some((scale_b, b))) = (
        a.split_first_chunk::<SCALE_BYTES>(),
        b.split_first_chunk::<SCALE_BYTES>(),
    ) else {
        return 0.0;
    };
    if a.len() != b.len() {
        return 0.0;
    }
    // In blocks, so that the compiler can do many at once in narrow numbers.
    let dot: i32 = a
        .iter()
        .zip(b)
        .map(|(&x, &y)| i32::from(i16::from(x as i8) * i16::from(y as i8)))
        .sum();
    dot as f32 * f32::from_le_bytes(*scale_a) * f32::from_le_bytes(*scale_b)
}

/// The length of a packed vector.
pub(crate) fn length(packed: &[u8]) -> f32 {
    cosine(packed, packed).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_counts_as_much_as_it_is_long() {
        let short = Packed::of_length(&[3.0, 4.0, 0.0], 0.25);
        let other = Packed::of(&[3.0, 4.0, 0.0]);
        assert!((length(short.as_bytes()) - 0.25).abs() < 1e-2);
        assert!((cosine(short.as_bytes(), other.as_bytes()) - 0.25).abs() < 1e-2);
        assert_eq!(length(Packed::of(&[0.0]).as_bytes()), 0.0);
    }

    #[test]
    fn packing_keeps_the_cosine() {
        let cosine_of =
            |a: &[f32], b: &[f32]| cosine(Packed::of(a).as_bytes(), Packed::of(b).as_bytes());
        let a: Vec<f32> = (0..256).map(|n| ((n * 37) % 101) as f32 - 50.0).collect();
        let b: Vec<f32> = (0..256).map(|n| ((n * 53) % 97) as f32 - 40.0).collect();
        let dot: f32 = a.iter().zip(&b).map(|(x, y)| x * y).sum();
        let norm = |v: &[f32]| v.iter().map(|x| x * x).sum::<f32>().sqrt();
        assert!((cosine_of(&a, &b) - dot / norm(&a) / norm(&b)).abs() < 2e-3);
        assert!((cosine_of(&a, &a) - 1.0).abs() < 1e-2);
        assert_eq!(cosine_of(&a, &[0.0; 256]), 0.0);
        assert_eq!(cosine_of(&a, &b[..3]), 0.0);
        assert_eq!(cosine_of(&[f32::NAN], &[1.0]), 0.0);
        assert_eq!(cosine(&[], &[1]), 0.0);
    }
}
