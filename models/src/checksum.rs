//! The SHA-256 of a file. It is read in steps: between two of them whoever reads it may stop, or
//! tell how far it is.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// Bytes read at once.
const STEP: usize = 1 << 20;

/// A file that is read for its checksum.
pub(crate) struct Checksum {
    file: File,
    hash: Sha256,
    buffer: Vec<u8>,
}

impl Checksum {
    /// Opens the file at `path`.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: File::open(path)?,
            hash: Sha256::new(),
            buffer: vec![0; STEP],
        })
    }

    /// Reads on: how many bytes it read, none at the end of the file.
    pub(crate) fn step(&mut self) -> io::Result<usize> {
        loop {
            match self.file.read(&mut self.buffer) {
                Ok(taken) => {
                    self.hash.update(&self.buffer[..taken]);
                    return Ok(taken);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The SHA-256 of what was read, in lower-case hexadecimal digits.
    pub(crate) fn finish(self) -> String {
        HEXLOWER.encode(&self.hash.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_in_steps_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let check = |bytes: usize| {
            let content: Vec<u8> = (0..bytes).map(|n| n as u8).collect();
            std::fs::write(&path, &content).unwrap();
            let mut checksum = Checksum::open(&path).unwrap();
            let mut read = 0;
            loop {
                match checksum.step().unwrap() {
                    0 => break,
                    taken => read += taken,
                }
            }
            assert_eq!(read, bytes);
            let whole = HEXLOWER.encode(&Sha256::digest(&content));
            assert_eq!(checksum.finish(), whole, "{bytes}");
        };
        for bytes in [0, 3, STEP, STEP + 3] {
            check(bytes);
        }
    }
}
