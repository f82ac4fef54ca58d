//! How a file comes in: as base64, because the arguments of a call are JSON.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// The bytes of a file.
///
/// # Errors
/// In words, where the text is not base64.
pub fn bytes(base64: &str) -> Result<Vec<u8>, String> {
    let decoded = BASE64_STANDARD.decode(base64);
    decoded.map_err(|error| format!("not base64: {error}"))
}

/// The text for the bytes of a file that goes back.
pub fn base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_file_comes_in() {
        assert_eq!(super::bytes("a25vdA==").unwrap(), b"knot");
        assert_eq!(super::base64(b"knot"), "a25vdA==");
        assert!(super::bytes("kn ot").unwrap_err().contains("not base64"));
    }
}
