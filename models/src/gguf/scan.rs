//! Takes GGUF's primitive values from a file, never past its end.

use std::io::{self, BufReader, Read, Seek};

/// Longest text kept, in bytes; longer ones are cut.
pub const SHOWN_MAX: u64 = 256;
/// Largest number of elements of an array; vocabularies have some hundred thousand.
const ELEMENTS_MAX: u64 = 1 << 24;

/// Why scanning stopped.
#[derive(Debug)]
pub enum Fault {
    /// Not a GGUF, but something that looks like this.
    Not(&'static str),
    /// The file ends inside the header.
    Short,
    /// A version that is not read.
    Version(u32),
    /// The other byte order.
    BigEndian,
    /// Something that no writer would produce.
    Damaged(&'static str),
    /// The system failed to read.
    Io(io::Error),
}

/// A metadata value, as far as it matters here.
#[derive(Debug)]
pub enum Value {
    /// A text, cut and made safe to print.
    Text(String),
    /// A whole number that is not negative.
    Number(u64),
    /// Anything else; skipped.
    Other,
}

/// A reader that knows how much is left.
pub struct Scanner<R> {
    from: BufReader<R>,
    at: u64,
    len: u64,
}

impl<R: Read + Seek> Scanner<R> {
    /// Scans `from`, which is `len` bytes long, from its start.
    pub fn new(from: R, len: u64) -> Self {
        Scanner {
            from: BufReader::with_capacity(1 << 16, from),
            at: 0,
            len,
        }
    }

    /// Bytes taken so far.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Takes magic and version; returns the version.
    pub fn preamble(&mut self) -> Result<u32, Fault> {
        let mut start = Vec::with_capacity(512);
        self.from
            .by_ref()
            .take(512)
            .read_to_end(&mut start)
            .map_err(Fault::Io)?;
        if !start.starts_with(b"GGUF") {
            return Err(Fault::Not(looks_like(&start)));
        }
        let Some(version) = start.get(4..8) else {
            return Err(Fault::Short);
        };
        let version = version
            .iter()
            .rev()
            .fold(0, |sum, byte| sum << 8 | u32::from(*byte));
        // A small number of the other byte order has its low half empty.
        if version != 0 && version & 0xffff == 0 {
            return Err(Fault::BigEndian);
        }
        if !(2..=3).contains(&version) {
            return Err(Fault::Version(version));
        }
        // At most 512 bytes, all still in the buffer.
        self.from
            .seek_relative(8 - start.len() as i64)
            .map_err(Fault::Io)?;
        self.at = 8;
        Ok(version)
    }

    /// Takes a 32-bit number.
    pub fn u32(&mut self) -> Result<u32, Fault> {
        self.take().map(u32::from_le_bytes)
    }

    /// Takes a 64-bit number.
    pub fn u64(&mut self) -> Result<u64, Fault> {
        self.take().map(u64::from_le_bytes)
    }

    /// Takes a text: at most [`SHOWN_MAX`] bytes of it, without control characters,
    /// which a terminal might obey.
    pub fn text(&mut self) -> Result<String, Fault> {
        let len = self.u64()?;
        self.must_have(len)?;
        let kept = len.min(SHOWN_MAX);
        let mut bytes = vec![0; kept as usize];
        self.fill(&mut bytes)?;
        self.skip(len - kept)?;
        let text = String::from_utf8_lossy(&bytes);
        Ok(text
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect())
    }

    /// Passes over a text.
    pub fn skip_text(&mut self) -> Result<(), Fault> {
        let len = self.u64()?;
        self.skip(len)
    }

    /// Takes a metadata value: its type, then the value.
    pub fn value(&mut self) -> Result<Value, Fault> {
        let kind = self.u32()?;
        Ok(match kind {
            0 | 7 => Value::Number(self.take::<1>()?[0].into()),
            2 => Value::Number(u16::from_le_bytes(self.take()?).into()),
            4 => Value::Number(self.u32()?.into()),
            10 => Value::Number(self.u64()?),
            1 => signed(i8::from_le_bytes(self.take()?).into()),
            3 => signed(i16::from_le_bytes(self.take()?).into()),
            5 => signed(i32::from_le_bytes(self.take()?).into()),
            11 => signed(i64::from_le_bytes(self.take()?)),
            8 => Value::Text(self.text()?),
            9 => self.array()?,
            _ => {
                self.skip(width(kind)?)?;
                Value::Other
            }
        })
    }

    /// Passes over an array: the elements' type, their number, the elements.
    fn array(&mut self) -> Result<Value, Fault> {
        let kind = self.u32()?;
        let count = self.u64()?;
        if count > ELEMENTS_MAX {
            return Err(Fault::Damaged("an array is longer than any vocabulary"));
        }
        match kind {
            8 => (0..count).try_for_each(|_| self.skip_text())?,
            9 => return Err(Fault::Damaged("an array holds arrays")),
            _ => self.skip(count * width(kind)?)?,
        }
        Ok(Value::Other)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Fault> {
        self.must_have(bytes.len() as u64)?;
        self.from
            .read_exact(bytes)
            .map_err(|error| match error.kind() {
                // The file shrank since its length was asked.
                io::ErrorKind::UnexpectedEof => Fault::Short,
                _ => Fault::Io(error),
            })?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    fn skip(&mut self, bytes: u64) -> Result<(), Fault> {
        self.must_have(bytes)?;
        let step = i64::try_from(bytes).map_err(|_| Fault::Short)?;
        self.from.seek_relative(step).map_err(Fault::Io)?;
        self.at += bytes;
        Ok(())
    }

    fn must_have(&self, bytes: u64) -> Result<(), Fault> {
        match self.len.saturating_sub(self.at) {
            left if left < bytes => Err(Fault::Short),
            _ => Ok(()),
        }
    }
}

fn signed(number: i64) -> Value {
    u64::try_from(number).map_or(Value::Other, Value::Number)
}

/// Bytes of a value of this type, where they do not depend on the value.
fn width(kind: u32) -> Result<u64, Fault> {
    match kind {
        0 | 1 | 7 => Ok(1),
        2 | 3 => Ok(2),
        4..=6 => Ok(4),
        10..=12 => Ok(8),
        _ => Err(Fault::Damaged("a value has a type that does not exist")),
    }
}

/// Guesses from its first bytes what a file that is not a GGUF is.
fn looks_like(start: &[u8]) -> &'static str {
    let text = String::from_utf8_lossy(start)
        .trim_start()
        .to_ascii_lowercase();
    let begins = |magic: &[u8]| start.starts_with(magic);
    match () {
        () if start.is_empty() => "an empty file",
        () if start.iter().all(|byte| *byte == 0) => {
            "a file of zeros (a download that never finished)"
        }
        () if text.starts_with("<!doctype") || text.starts_with("<html") => {
            "a web page (a login or error page saved in the model's place)"
        }
        () if text.starts_with("version https://git-lfs") => {
            "a Git LFS pointer (fetch it with git lfs pull)"
        }
        () if start.get(8) == Some(&b'{') && start.get(6..8) == Some(&[0, 0]) => {
            "a safetensors file"
        }
        () if begins(b"PK\x03\x04") => "a zip archive (perhaps a PyTorch checkpoint)",
        () if begins(b"\x1f\x8b") => "a gzip archive",
        () if begins(b"\x80\x02") || begins(b"\x80\x04") => "a Python pickle",
        () if begins(b"lmgg") || begins(b"tjgg") || begins(b"fmgg") || begins(b"algg") => {
            "an old GGML model, from before GGUF"
        }
        () if begins(b"FUGG") => "a GGUF of the other byte order",
        () if text.starts_with('{') => "JSON",
        () => "something else",
    }
}
