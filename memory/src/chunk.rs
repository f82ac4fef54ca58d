//! Long texts into pages: cut where their structure has a joint, and no longer than asked.
//!
//! The pieces of a text, one after another, have all its words. How long a piece is says
//! the function handed in: characters, or the tokens of some model.

use std::ops::Range;

/// How a text is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// Paragraphs between blank lines.
    Plain,
    /// Headings, paragraphs, and fenced code.
    Markdown,
    /// Blocks that begin at the margin.
    Source,
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The headings it stands under, the outermost first, joined by ` › `; may be empty.
    pub heading: String,
    /// The piece, verbatim but for white space at its ends.
    pub text: String,
    /// The line it begins at, counted from one.
    pub line: usize,
}

/// A piece that is not cut unless it is too long by itself.
struct Block {
    range: Range<usize>,
    heading: String,
}

/// A piece so far.
struct Piece {
    range: Range<usize>,
    heading: String,
    /// At least its length.
    len: usize,
}

/// The pieces of `text`, of at most `len_max` by `len`. A single sign may be longer.
///
/// `len` must not shrink when a text grows, and is no more for a whole than for its parts
/// together. It is called on short texts only, however long `text` is.
pub fn chunks(
    text: &str,
    syntax: Syntax,
    len_max: usize,
    len: &dyn Fn(&str) -> usize,
) -> Vec<Chunk> {
    let mut pieces: Vec<Piece> = Vec::new();
    for block in blocks(text, syntax) {
        let whole = block.range.len() == longest(&text[block.range.clone()], len_max, len);
        let block_len = match whole {
            true => len(&text[block.range.clone()]),
            false => len_max + 1,
        };
        if let Some(last) = pieces.last_mut() {
            let joined = last.range.start..block.range.end;
            // A short piece goes with what follows it, even under the next heading.
            let belongs = last.heading == block.heading || last.len * 8 <= len_max;
            let mut joined_len = last.len + block_len;
            let mut fits = joined_len <= len_max;
            if belongs && whole && !fits {
                fits = len(text[joined.clone()].trim()) <= len_max;
                // With the white space at its ends: more may follow.
                joined_len = len(&text[joined.clone()]);
            }
            if belongs && fits {
                last.range = joined;
                last.len = joined_len;
                continue;
            }
        }
        for range in cut(text, block.range, len_max, len) {
            let heading = block.heading.clone();
            let len = len(&text[range.clone()]);
            pieces.push(Piece {
                range,
                heading,
                len,
            });
        }
    }
    let mut lines = 1;
    let mut seen = 0;
    let mut chunks = Vec::with_capacity(pieces.len());
    for Piece { range, heading, .. } in pieces {
        let piece = &text[range.clone()];
        let start = range.start + (piece.len() - piece.trim_start_matches(['\n', '\r']).len());
        lines += text[seen..start].matches('\n').count();
        seen = start;
        let piece = text[start..range.end].trim_end();
        if !piece.trim().is_empty() {
            chunks.push(Chunk {
                heading,
                text: piece.to_owned(),
                line: lines,
            });
        }
    }
    chunks
}

/// The blocks of a text; together they are the whole of it.
fn blocks(text: &str, syntax: Syntax) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut headings: Vec<(usize, String)> = Vec::new();
    let (mut after_blank, mut fence) = (true, None);
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let range = at..at + line.len();
        at = range.end;
        let is_blank = line.trim().is_empty();
        let mut begins = match syntax {
            Syntax::Plain | Syntax::Markdown => after_blank && !is_blank && fence.is_none(),
            Syntax::Source => after_blank && !is_blank && !line.starts_with([' ', '\t', '}', ')']),
        };
        if syntax == Syntax::Markdown {
            let mark = ["```", "~~~"]
                .into_iter()
                .find(|mark| line.trim_start().starts_with(mark));
            match (fence, mark) {
                (None, Some(mark)) => fence = Some(mark),
                (Some(open), Some(mark)) if open == mark => fence = None,
                (None, None) => {
                    if let Some((level, title)) = heading(line) {
                        headings.retain(|(outer, _)| *outer < level);
                        headings.push((level, title.to_owned()));
                        begins = true;
                    }
                }
                _ => {}
            }
        }
        match blocks.last_mut() {
            Some(last) if !begins => last.range.end = range.end,
            _ => {
                let titles: Vec<&str> = headings.iter().map(|(_, title)| title.as_str()).collect();
                let heading = titles.join(" › ");
                blocks.push(Block { range, heading });
            }
        }
        after_blank = is_blank;
    }
    blocks
}

/// The level and the words of a heading of Markdown.
fn heading(line: &str) -> Option<(usize, &str)> {
    let rest = line.trim_start_matches('#');
    let level = line.len() - rest.len();
    let title = rest
        .strip_prefix([' ', '\t'])?
        .trim()
        .trim_end_matches('#')
        .trim_end();
    ((1..=6).contains(&level) && !title.is_empty()).then_some((level, title))
}

/// The bytes of the longest beginning of `text` that is at most `len_max` long, white
/// space at its ends apart, or of one a little shorter.
fn longest(text: &str, len_max: usize, len: &dyn Fn(&str) -> usize) -> usize {
    let fits = |bytes: usize| len(text[..text.floor_char_boundary(bytes)].trim()) <= len_max;
    // Looks further and further, then between the last two places.
    let (mut short, mut long) = (0, len_max.max(1));
    while long < text.len() && fits(long) {
        (short, long) = (long, long.saturating_mul(2));
    }
    if long >= text.len() {
        if fits(text.len()) {
            return text.len();
        }
        long = text.len();
    }
    // As near as it matters: measuring a long text takes time.
    while long - short > 1 + short / 32 {
        let middle = short + (long - short) / 2;
        match fits(middle) {
            true => short = middle,
            false => long = middle,
        }
    }
    text.floor_char_boundary(short)
}

/// `range` in parts that are short enough: cut after a line where that is possible, else
/// after a word, else anywhere between two signs.
fn cut(
    text: &str,
    range: Range<usize>,
    len_max: usize,
    len: &dyn Fn(&str) -> usize,
) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = range.start;
    while start < range.end {
        let rest = &text[start..range.end];
        let mut fits = longest(rest, len_max, len);
        if fits < rest.len() {
            let head = &rest[..fits];
            let joint = head
                .rfind('\n')
                .filter(|at| *at * 2 > fits)
                .or_else(|| head.rfind(char::is_whitespace))
                .map(|at| rest.ceil_char_boundary(at + 1));
            fits = joint.filter(|at| *at > 0).unwrap_or(fits);
            if fits == 0 {
                fits = rest.ceil_char_boundary(1);
            }
        }
        parts.push(start..start + fits);
        start += fits;
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chars(text: &str) -> usize {
        text.chars().count()
    }

    fn check(text: &str, syntax: Syntax, max: usize, expected: &[(&str, &str, usize)]) {
        let found = chunks(text, syntax, max, &chars);
        let found: Vec<(&str, &str, usize)> = found
            .iter()
            .map(|chunk| (chunk.heading.as_str(), chunk.text.as_str(), chunk.line))
            .collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn texts_are_cut_at_their_joints() {
        use Syntax::{Markdown, Plain, Source};
        check("", Plain, 10, &[]);
        check(" \n\n ", Plain, 10, &[]);
        check("one\n\ntwo", Plain, 10, &[("", "one\n\ntwo", 1)]);
        check(
            "one\n\n\ntwo\n",
            Plain,
            5,
            &[("", "one", 1), ("", "two", 4)],
        );
        check(
            "one two three",
            Plain,
            8,
            &[("", "one two", 1), ("", "three", 1)],
        );
        check(
            "日本語です",
            Plain,
            2,
            &[("", "日本", 1), ("", "語で", 1), ("", "す", 1)],
        );
        check(
            "# A\nalpha alpha\n## B ##\nbeta beta beta\n# C\ngamma",
            Markdown,
            22,
            &[
                ("A", "# A\nalpha alpha", 1),
                ("A › B", "## B ##\nbeta beta beta", 3),
                ("C", "# C\ngamma", 5),
            ],
        );
        check(
            "```\n# no heading\n\nstill code\n```\n\nafter the code",
            Markdown,
            40,
            &[
                ("", "```\n# no heading\n\nstill code\n```", 1),
                ("", "after the code", 7),
            ],
        );
        check(
            "fn a() {\n    one();\n\n    two();\n}\n\nfn b() {}\n",
            Source,
            36,
            &[
                ("", "fn a() {\n    one();\n\n    two();\n}", 1),
                ("", "fn b() {}", 7),
            ],
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn nothing_is_lost_and_nothing_too_long(
            text in "([a-z#` ]{0,12}|日|\n|\r\n|🦙){0,60}",
            max in 1_usize..40,
        ) {
            for syntax in [Syntax::Plain, Syntax::Markdown, Syntax::Source] {
                let pieces = chunks(&text, syntax, max, &chars);
                let signs = |text: &str| text.split_whitespace().collect::<String>();
                let joined: String = pieces.iter().map(|piece| signs(&piece.text)).collect();
                prop_assert_eq!(joined, signs(&text));
                for piece in &pieces {
                    prop_assert!(chars(piece.text.trim()) <= max, "{:?} of {}", piece, max);
                }
            }
        }
    }
}
