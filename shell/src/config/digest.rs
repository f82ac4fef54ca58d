//! Digests: short names for texts, such as those of files that are made for one, and what a file
//! is known by.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// The first `digits` hexadecimal digits, of 64, of the SHA-256 of `content`.
pub fn digest(content: impl AsRef<[u8]>, digits: usize) -> String {
    let mut name = HEXLOWER.encode(&Sha256::digest(content));
    name.truncate(digits);
    name
}

/// The SHA-256 of the file at `path`, which is not read as a whole: 32 bytes.
///
/// # Errors
/// A file that cannot be read.
pub fn of_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let (mut file, mut buffer) = (File::open(path)?, vec![0; 1 << 16]);
    let mut digest = Sha256::new();
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(digest.finalize().to_vec()),
            count => digest.update(&buffer[..count]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_beginning_of_the_digest() {
        // The example of FIPS 180-2.
        assert_eq!(digest("abc", 8), "ba7816bf");
        assert_eq!(digest("abc", 64).len(), 64);
    }

    #[test]
    fn a_file_has_the_digest_of_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for bytes in [0, 3, 1 << 16, (1 << 16) + 3] {
            let content = vec![7_u8; bytes];
            std::fs::write(&path, &content).unwrap();
            let found = HEXLOWER.encode(&of_file(&path).unwrap());
            assert_eq!(found, digest(&content, 64), "{bytes}");
        }
        assert!(of_file(&folder.path().join("nothing")).is_err());
    }
}
