//! The weights: where they are, and how a file of CTranslate2 holds them.
//!
//! The file begins with a version, the name of the kind of network and its revision; then
//! each array with its name, its sizes, its type and its bytes; then other names of arrays.
//! All numbers are little-endian.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use rten_simd::{SimdOp, f16};
use rten_vecmath::{ExtendInit, F16ToF32};

use crate::trouble::Trouble;

/// The folder as the tool sees it.
pub const FOLDER: &str = "/firmware";
/// The file with the network.
const NETWORK: &str = "whisper-base.bin";
/// The file with the pieces of words, one a line.
const PIECES: &str = "vocabulary.txt";
/// Bytes that the latter may have.
const PIECES_BYTES_MAX: u64 = 8 << 20;
/// The version of the format that is read.
const VERSION: u32 = 6;
/// Numbers that one array may have.
const NUMBERS_MAX: usize = 64 << 20;
/// The type of numbers of 16 bits, and how many are converted at once.
const HALF: u8 = 4;
const AT_ONCE: usize = 1 << 16;

/// Arrays by their names.
#[derive(Default)]
pub struct Weights(HashMap<String, Vec<f32>>);

impl Weights {
    /// The array `name`, of `length` numbers where that is known.
    ///
    /// # Errors
    /// One that is not there, or has another length.
    pub fn take(&mut self, name: &str, length: Option<usize>) -> Result<Vec<f32>, Trouble> {
        let array = self.0.remove(name);
        let array = array.ok_or_else(|| broken(NETWORK, &format!("there is no {name}")))?;
        match length {
            Some(length) if length != array.len() => {
                let other = format!("{name} has {} numbers, not {length}", array.len());
                Err(broken(NETWORK, &other))
            }
            _ => Ok(array),
        }
    }

    /// Puts the array `name` there.
    pub fn put(&mut self, name: &str, array: Vec<f32>) {
        self.0.insert(name.to_owned(), array);
    }

    /// Whether there is an array `name`.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// The weights and the pieces of words in `folder`.
///
/// # Errors
/// A file that is missing or broken; the hint names the command that fetches them.
pub fn load(folder: &str) -> Result<(Weights, String), Trouble> {
    let open = |name: &str| {
        let file = File::open(Path::new(folder).join(name));
        file.map_err(|error| broken(name, &error))
    };
    let weights =
        arrays(BufReader::new(open(NETWORK)?)).map_err(|error| broken(NETWORK, &error))?;
    let mut pieces = String::new();
    let read = open(PIECES)?
        .take(PIECES_BYTES_MAX)
        .read_to_string(&mut pieces);
    read.map_err(|error| broken(PIECES, &error))?;
    Ok((weights, pieces))
}

fn broken(name: &str, error: &dyn std::fmt::Display) -> Trouble {
    Trouble::new(
        format!("the weights in {name} cannot be used: {error}"),
        "`quipu model pull ears` fetches them",
    )
}

/// The arrays in a file of CTranslate2. Only numbers of 16 bits are read: others are settings.
fn arrays(mut file: impl Read) -> Result<Weights, std::io::Error> {
    let wrong = |what: &str| std::io::Error::other(what.to_owned());
    if number(&mut file)? != VERSION {
        return Err(wrong("it is of another version"));
    }
    text(&mut file)?;
    number(&mut file)?;
    let mut weights = Weights::default();
    for _ in 0..number(&mut file)? {
        let name = text(&mut file)?;
        let rank = byte(&mut file)?;
        for _ in 0..rank {
            number(&mut file)?;
        }
        let kind = byte(&mut file)?;
        let bytes = number(&mut file)? as usize;
        if bytes / 2 > NUMBERS_MAX {
            return Err(wrong("an array is too large"));
        }
        match kind {
            HALF => _ = weights.0.insert(name, halves(&mut file, bytes / 2)?),
            _ => _ = std::io::copy(&mut (&mut file).take(bytes as u64), &mut std::io::sink())?,
        }
    }
    Ok(weights)
}

/// `count` numbers of 16 bits.
fn halves(file: &mut impl Read, count: usize) -> Result<Vec<f32>, std::io::Error> {
    let mut numbers = Vec::with_capacity(count);
    let mut bytes = vec![0; 2 * AT_ONCE.min(count)];
    while numbers.len() < count {
        let some = &mut bytes[..2 * AT_ONCE.min(count - numbers.len())];
        file.read_exact(some)?;
        let halves = some.as_chunks::<2>().0.iter();
        let halves: Vec<f16> = halves
            .map(|pair| f16::from_bits(u16::from_le_bytes(*pair)))
            .collect();
        numbers.extend_init(|into| &*F16ToF32::new(&halves, &mut into[..halves.len()]).dispatch());
    }
    Ok(numbers)
}

fn byte(file: &mut impl Read) -> Result<u8, std::io::Error> {
    let mut byte = [0];
    file.read_exact(&mut byte)?;
    Ok(byte[0])
}

fn number(file: &mut impl Read) -> Result<u32, std::io::Error> {
    let mut bytes = [0; 4];
    file.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

/// A text with its length before it and a zero at its end.
fn text(file: &mut impl Read) -> Result<String, std::io::Error> {
    let length = u16::from_le_bytes([byte(file)?, byte(file)?]);
    let mut bytes = vec![0; length.into()];
    file.read_exact(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.trim_end_matches('\0').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Vec<u8> {
        let mut file = VERSION.to_le_bytes().to_vec();
        file.extend(b"\x05\0Spec\0\x03\0\0\0\x02\0\0\0");
        file.extend(b"\x06\0scale\0\0\x00\x04\0\0\0\0\0\x80\x3f");
        file.extend(b"\x04\0a/b\0\x01\x02\0\0\0\x04\x04\0\0\0\x00\x3c\x00\xc0");
        file
    }

    #[test]
    fn arrays_are_read_whole_or_not_at_all() {
        let file = file();
        let mut weights = arrays(file.as_slice()).unwrap();
        assert!(weights.has("a/b") && !weights.has("scale"));
        assert_eq!(weights.take("a/b", Some(2)).unwrap(), [1.0, -2.0]);
        assert!(weights.take("a/b", None).is_err());
        for end in 0..file.len() {
            assert!(arrays(&file[..end]).is_err(), "{end}");
        }
        assert!(arrays(b"\x07\0\0\0".as_slice()).is_err());
    }

    #[test]
    fn weights_that_are_missing_name_the_command() {
        let trouble = load("/nowhere").err().unwrap();
        assert_eq!(trouble.hint, "`quipu model pull ears` fetches them");
    }
}
