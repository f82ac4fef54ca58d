//! Reading whole files.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// The bytes of the file at `path`.
///
/// # Errors
/// A file that cannot be read, or has more than `most` bytes.
pub fn whole(path: impl AsRef<Path>, most: usize) -> Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let bytes = usize::try_from(bytes).ok().filter(|bytes| *bytes <= most);
    let bytes = bytes.ok_or_else(|| {
        Error::new(
            ErrorKind::FileTooLarge,
            format!("it has more than {most} bytes"),
        )
    })?;
    let mut read = vec![0; bytes];
    file.read_exact(&mut read)?;
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whole_or_not_at_all() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/plugin.toml");
        let expected = std::fs::read(path).unwrap();
        assert_eq!(whole(path, 1 << 20).unwrap(), expected);
        assert!(whole(path, expected.len()).is_ok());
        assert!(whole(path, expected.len() - 1).is_err());
        assert!(whole("/nowhere", 1).is_err());
    }
}
