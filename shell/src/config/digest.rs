//! Short names for texts, such as those of files that are made for one.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// The first `digits` hexadecimal digits, of 64, of the SHA-256 of `content`.
pub fn digest(content: impl AsRef<[u8]>, digits: usize) -> String {
    let mut name = HEXLOWER.encode(&Sha256::digest(content));
    name.truncate(digits);
    name
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
}
