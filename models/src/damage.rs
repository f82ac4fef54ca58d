//! Finds the catalogue's files on this machine that are not as they were published.

use std::fs;
use std::path::{Path, PathBuf};

use super::catalogue::{Entry, entries};
use super::checksum::Checksum;

/// A file of the catalogue that is here.
#[derive(Clone, Debug)]
pub struct Known {
    /// Where it is.
    pub path: PathBuf,
    /// The catalogue's entry for it.
    pub entry: &'static Entry,
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It is too short or too long.
    #[error("it has {has} bytes in place of {needs}")]
    Size {
        /// Bytes that it has.
        has: u64,
        /// Bytes that it should have.
        needs: u64,
    },
    /// Its checksum is another one.
    #[error("its content is not what was published")]
    Content,
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
}

/// The files of the catalogue in the models `folders`, in its order.
pub fn known(folders: &[PathBuf]) -> Vec<Known> {
    let at = |entry: &'static Entry| {
        let paths = folders.iter().map(move |folder| folder.join(entry.file()));
        paths
            .filter(|path| path.is_file())
            .map(move |path| Known { path, entry })
    };
    entries().iter().flat_map(at).collect()
}

impl Known {
    /// What is wrong with the file's size; `None` where it is right. The file is not read.
    pub fn wrong_size(&self) -> Option<Damage> {
        wrong_size(&self.path, self.entry.bytes)
    }

    /// What is wrong with the file, by its size and its SHA-256; `None` where both are right. The
    /// whole file is read, and `read` is told the number of bytes of each piece.
    pub fn damage(&self, read: &mut dyn FnMut(u64)) -> Option<Damage> {
        damage_of(&self.path, self.entry.bytes, &self.entry.sha256, read)
    }
}

fn wrong_size(path: &Path, bytes: u64) -> Option<Damage> {
    match fs::metadata(path) {
        Ok(meta) if meta.len() == bytes => None,
        Ok(meta) => Some(Damage::Size {
            has: meta.len(),
            needs: bytes,
        }),
        Err(error) => Some(Damage::Unreadable(error.to_string())),
    }
}

fn damage_of(path: &Path, bytes: u64, sha256: &str, read: &mut dyn FnMut(u64)) -> Option<Damage> {
    if let Some(damage) = wrong_size(path, bytes) {
        return Some(damage);
    }
    match digest(path, read) {
        Ok(got) if got == sha256 => None,
        Ok(_) => Some(Damage::Content),
        Err(error) => Some(Damage::Unreadable(error.to_string())),
    }
}

/// The SHA-256 of a file; `read` is told of each piece how many bytes it has.
fn digest(path: &Path, read: &mut dyn FnMut(u64)) -> std::io::Result<String> {
    let mut checksum = Checksum::open(path)?;
    loop {
        match checksum.step()? {
            0 => return Ok(checksum.finish()),
            taken => read(taken as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::find;
    use super::*;

    /// The SHA-256 of "abc", as FIPS 180-2 has it.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_file_that_is_not_what_was_published_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let check = |content: &str, want: Option<Damage>| {
            fs::write(&path, content).unwrap();
            let mut read = 0;
            let got = damage_of(&path, 3, ABC, &mut |bytes| read += bytes);
            assert_eq!(got, want, "{content}");
            // What the size does not tell is not looked for there.
            let by_size = want.filter(|want| *want != Damage::Content);
            assert_eq!(wrong_size(&path, 3), by_size, "{content}");
            let is_whole = content.len() == 3;
            assert_eq!(read, if is_whole { 3 } else { 0 }, "{content}");
        };
        check("abc", None);
        check("abd", Some(Damage::Content));
        check("ab", Some(Damage::Size { has: 2, needs: 3 }));
        fs::remove_file(&path).unwrap();
        let gone = damage_of(&path, 3, ABC, &mut |_| ());
        assert!(matches!(gone, Some(Damage::Unreadable(_))), "{gone:?}");
    }

    #[test]
    fn files_of_the_catalogue_are_found_with_what_pulls_them() {
        let folder = tempfile::tempdir().unwrap();
        let folders = [folder.path().to_owned()];
        assert!(known(&folders).is_empty());
        fs::write(folder.path().join("mine.gguf"), "").unwrap();
        let eyes = find("eyes").unwrap();
        let part = eyes.all().nth(1).unwrap();
        for entry in [find("smollm2-135m").unwrap(), part] {
            let path = folder.path().join(entry.file());
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "cut").unwrap();
        }
        let found = known(&folders);
        let owners: Vec<&str> = found.iter().map(|file| file.entry.pulled_by()).collect();
        assert_eq!(owners, ["smollm2-135m", "eyes"]);
        let damage = found[0].damage(&mut |_| ());
        let needs = found[0].entry.bytes;
        assert_eq!(damage, Some(Damage::Size { has: 3, needs }));
    }
}
