//! The pieces that the network writes with: parts of words, and signs for what is not text.

use std::collections::HashMap;
use std::ops::Range;

use crate::trouble::Trouble;

/// Times are whole multiples of this many seconds.
pub const TICK: f64 = 0.02;
/// What stands for sounds and remarks rather than for speech.
const NO_SPEECH: &str = "\"#()*+/:;<=>@[\\]^_`{|}~「」『』♩♪♫♬♭♮♯-'";
/// How the notes of music begin in UTF-8.
const NOTE: &[u8] = b"\xe2\x99";

/// All pieces, each known by its place in the list.
pub struct Words {
    pieces: Vec<Vec<u8>>,
    /// Ends the text.
    pub end: usize,
    /// Begins it.
    pub begin: usize,
    /// One for each language.
    pub languages: Range<usize>,
    /// Asks for the text in the language that is spoken.
    pub transcribe: usize,
    /// Says that nobody speaks.
    pub nobody: usize,
    /// The times: 0.00, 0.02 and so on.
    pub times: Range<usize>,
    /// Those that are no speech.
    pub unspoken: Vec<usize>,
}

impl Words {
    /// The pieces in a list with one a line.
    ///
    /// # Errors
    /// A list that lacks one of the signs.
    pub fn new(list: &str) -> Result<Self, Trouble> {
        let lines: Vec<&str> = list.lines().collect();
        let find = |sign: &str| {
            lines.iter().rposition(|line| *line == sign).ok_or_else(|| {
                let message = format!("the list of pieces has no {sign}");
                Trouble::new(message, "`quipu model pull ears` fetches it")
            })
        };
        let end = find("<|endoftext|>")?;
        let bytes = bytes_of_letters();
        let plain = |line: &&str| {
            line.chars()
                .filter_map(|c| bytes.get(&c).copied())
                .collect()
        };
        let pieces: Vec<Vec<u8>> = lines[..end].iter().map(plain).collect();
        let unspoken = (0..end)
            .filter(|piece| is_unspoken(&pieces[*piece]))
            .collect();
        Ok(Self {
            end,
            begin: find("<|startoftranscript|>")?,
            languages: find("<|en|>")?..find("<|translate|>")?,
            transcribe: find("<|transcribe|>")?,
            nobody: find("<|nocaptions|>").or_else(|_| find("<|nospeech|>"))?,
            times: find("<|0.00|>")?..find("<|30.00|>")? + 1,
            pieces: pieces
                .into_iter()
                .chain(lines[end..].iter().map(|sign| sign.as_bytes().to_vec()))
                .collect(),
            unspoken,
        })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.pieces.len()
    }

    /// The text of pieces.
    pub fn text(&self, pieces: &[usize]) -> String {
        let bytes = pieces.iter().filter(|piece| **piece < self.end);
        let bytes: Vec<u8> = bytes
            .flat_map(|piece| self.pieces[*piece].clone())
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The sign of the language called `code`.
    pub fn language(&self, code: &str) -> Option<usize> {
        self.languages.clone().find(|sign| self.code(*sign) == code)
    }

    /// What the language of a sign is called: `en`, `zh`.
    pub fn code(&self, sign: usize) -> String {
        let name = String::from_utf8_lossy(&self.pieces[sign]);
        name.trim_matches(['<', '|', '>']).to_owned()
    }
}

fn is_unspoken(piece: &[u8]) -> bool {
    let bare = piece.strip_prefix(b" ").unwrap_or(piece);
    let text = std::str::from_utf8(bare).unwrap_or("a");
    // Both stand within words.
    let is_within = matches!(piece, b"-" | b"'");
    bare.starts_with(NOTE)
        || !text.is_empty() && !is_within && text.chars().all(|c| NO_SPEECH.contains(c))
}

/// The byte that each letter of the list stands for: those that can be printed for
/// themselves, the others in order from U+0100 on (openai/gpt-2, `encoder.py`).
fn bytes_of_letters() -> HashMap<char, u8> {
    let is_plain = |byte: &u8| matches!(byte, 33..=126 | 161..=172 | 174..=255);
    let plain = (0..=255)
        .filter(is_plain)
        .map(|byte| (char::from(byte), byte));
    let others = (0..=255).filter(|byte| !is_plain(byte));
    let others = ('\u{100}'..).zip(others);
    plain.chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "Ġthe\nå¤\n©\nâĻª\nĠ[\n-\n\n<|endoftext|>\n<|startoftranscript|>\n<|en|>\n<|zh|>\n\
        <|translate|>\n<|transcribe|>\n<|nocaptions|>\n<|0.00|>\n<|30.00|>\n";

    #[test]
    fn pieces_become_text() {
        let words = Words::new(LIST).unwrap();
        assert_eq!(words.count(), 16);
        assert_eq!(
            words.text(&[0, 1, 2, words.end, words.times.start]),
            " the天"
        );
        assert_eq!(words.text(&[1]), "\u{fffd}");
        assert_eq!(words.language("zh"), Some(10));
        assert_eq!(words.code(9), "en");
        assert_eq!(words.unspoken, [3, 4]);
        assert!(Words::new("a\n").is_err());
    }
}
