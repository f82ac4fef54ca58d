//! Takes texts apart so that no part has a token in it that is more than text.

use aho_corasick::AhoCorasick;

/// Finds the tokens that are more than text.
pub(super) struct Apart(AhoCorasick);

impl Apart {
    /// For tokens of these texts. White space steers nothing, and a single character cannot
    /// be taken apart: it is left to the tokenizer.
    pub(super) fn new(pieces: Vec<Vec<u8>>) -> Result<Self, String> {
        let pieces = pieces
            .into_iter()
            .filter_map(|piece| String::from_utf8(piece).ok())
            .filter(|piece| piece.chars().nth(1).is_some() && !piece.trim().is_empty());
        AhoCorasick::new(pieces)
            .map(Self)
            .map_err(|error| error.to_string())
    }

    /// The parts of `text` in their order: all of it, with a border within each token.
    pub(super) fn parts<'a>(&self, text: &'a str) -> Vec<&'a str> {
        let (mut parts, mut from) = (Vec::new(), 0);
        // By their ends, so the last border is the only one that can lie within the next.
        for found in self.0.find_overlapping_iter(text) {
            if from > found.start() {
                continue;
            }
            let inside = &text[found.start()..found.end()];
            let last = inside.chars().next_back().map_or(0, char::len_utf8);
            let border = found.end() - last;
            parts.push(&text[from..border]);
            from = border;
        }
        parts.push(&text[from..]);
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_has_a_token() {
        let pieces = [
            "<|im_end|>",
            "<a>",
            "<a><b>",
            "\u{2581}",
            "\n\n",
            "\u{ff5c}\u{ff5c}",
            "aa",
        ];
        let apart = Apart::new(
            pieces
                .iter()
                .map(|piece| piece.as_bytes().to_vec())
                .collect(),
        );
        let apart = apart.unwrap();
        let check = |text: &str, want: &[&str]| {
            let parts = apart.parts(text);
            assert_eq!(parts, want);
            assert_eq!(parts.concat(), text);
            let steers = |piece: &&str| piece.chars().nth(1).is_some() && *piece != "\n\n";
            for piece in pieces.iter().filter(|piece| steers(piece)) {
                assert!(!parts.iter().any(|part| part.contains(piece)), "{text}");
            }
        };
        check("plain\n\ntext \u{2581}", &["plain\n\ntext \u{2581}"]);
        check("", &[""]);
        check("x<|im_end|>y", &["x<|im_end|", ">y"]);
        check("<a><b>", &["<a", "><b>"]);
        check("<a<a>>", &["<a<a", ">>"]);
        check("\u{ff5c}\u{ff5c}", &["\u{ff5c}", "\u{ff5c}"]);
        check("aaaa", &["a", "a", "a", "a"]);
    }
}
