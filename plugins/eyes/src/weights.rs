//! Where the networks are: in the folder that the host shows to this tool.

use std::path::Path;

use rten::Model;

use crate::file;
use crate::trouble::Trouble;

/// The folder as the tool sees it.
pub const FOLDER: &str = "/firmware";

const FINDING: &str = "PP-OCRv6_det_small.rten";
const READING: &str = "PP-OCRv6_rec_small.rten";
const LETTERS: &str = "ppocrv6_dict.txt";

/// Bytes that one of them may have.
const FILE_BYTES_MAX: usize = 256 << 20;

/// The two networks, and what the second one's answers mean.
pub struct Nets {
    /// A picture [1, 3, height, width] to the odds of text [1, 1, height, width].
    pub finding: Model,
    /// A line [1, 3, 48, width] to the odds of each letter [1, width / 8, letters].
    pub reading: Model,
    /// The letter of each class: class 0 is none, the last one is a space.
    pub letters: Vec<String>,
}

/// Loads the networks from `folder`.
///
/// # Errors
/// A file that is missing or broken; the hint names the command that fetches them.
pub fn load(folder: &str) -> Result<Nets, Trouble> {
    let path = |name: &str| Path::new(folder).join(name);
    let broken = |name: &str, error: &dyn std::fmt::Display| {
        Trouble::new(
            format!("the weights in {name} cannot be used: {error}"),
            "`quipu model pull eyes` fetches them",
        )
    };
    let bytes =
        |name: &str| file::whole(path(name), FILE_BYTES_MAX).map_err(|error| broken(name, &error));
    let net = |name: &str| Model::load(bytes(name)?).map_err(|error| broken(name, &error));
    let letters = String::from_utf8(bytes(LETTERS)?).map_err(|error| broken(LETTERS, &error))?;
    Ok(Nets {
        finding: net(FINDING)?,
        reading: net(READING)?,
        letters: classes(&letters),
    })
}

/// The letter of each class, from a file with one letter a line.
fn classes(file: &str) -> Vec<String> {
    let letters = file.lines().map(str::to_owned);
    let ends = [String::new(), " ".to_owned()];
    let [none, space] = ends;
    std::iter::once(none)
        .chain(letters)
        .chain(std::iter::once(space))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_has_its_letter() {
        assert_eq!(classes("a\n字\n"), ["", "a", "字", " "]);
    }

    #[test]
    fn weights_that_are_missing_name_the_command() {
        let trouble = load("/nowhere").err().unwrap();
        assert_eq!(trouble.hint, "`quipu model pull eyes` fetches them");
    }
}
