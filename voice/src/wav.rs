//! Samples as a WAV file.

/// Bytes of the head of a file.
pub const HEAD: usize = 44;

/// The head of a WAV file with one channel of 16 bits, `rate` samples a second, and `samples` of them.
/// A file that is written while its length is not known yet takes the largest: players read to
/// the end.
pub fn head(rate: u32, samples: Option<usize>) -> [u8; HEAD] {
    let most = (u32::MAX - HEAD as u32) / 2 * 2;
    let bytes = samples.and_then(|count| u32::try_from(count * 2).ok());
    let bytes = bytes.map_or(most, |bytes| bytes.min(most));
    let mut head = [0; HEAD];
    let parts: [(usize, &[u8]); 13] = [
        (0, b"RIFF"),
        (4, &(bytes + 36).to_le_bytes()),
        (8, b"WAVE"),
        (12, b"fmt "),
        (16, &16u32.to_le_bytes()),
        (20, &1u16.to_le_bytes()),
        (22, &1u16.to_le_bytes()),
        (24, &rate.to_le_bytes()),
        (28, &(rate * 2).to_le_bytes()),
        (32, &2u16.to_le_bytes()),
        (34, &16u16.to_le_bytes()),
        (36, b"data"),
        (40, &bytes.to_le_bytes()),
    ];
    for (at, bytes) in parts {
        head[at..at + bytes.len()].copy_from_slice(bytes);
    }
    head
}

/// `samples` (from -1 to 1; what is beyond is cut) as the bytes of a WAV file after its head.
pub fn body(samples: &[f32]) -> Vec<u8> {
    let bits = |sample: &f32| (sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)).round() as i16;
    let bytes = samples.iter().map(|sample| bits(sample).to_le_bytes());
    bytes.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_its_length_in_its_head() {
        let head = head(24_000, Some(3));
        assert_eq!((&head[..4], &head[8..16]), (&b"RIFF"[..], &b"WAVEfmt "[..]));
        assert_eq!((head[4], head[40]), (42, 6));
        assert_eq!(body(&[0.0, 1.0, -2.0]), [0, 0, 255, 127, 1, 128]);
        assert_eq!(
            super::head(24_000, None)[40..],
            (u32::MAX - 45).to_le_bytes()
        );
    }
}
