//! Long texts into pages: cut where their structure has a joint, and no longer than asked.
//!
//! The pieces of a text, one after another, have all its words. Of a table that is cut
//! each piece has the head as well. How long a piece is says the function handed in:
//! characters, or the tokens of some model.
//!
//! `chunk/` knows how texts are built: `markdown.rs`, `markup.rs` (other ways to write
//! headings), `grid.rs` (other ways to write tables) and `table.rs` (texts that are one).

mod grid;
mod markdown;
mod markup;
mod table;

use std::ops::Range;

use crate::shape;

/// How a text is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// Paragraphs between blank lines.
    Plain,
    /// Headings, paragraphs, tables, and fenced code.
    Markdown,
    /// Blocks that begin at the margin.
    Source,
    /// Records of values, a line each or more where a value is in quotes. The first one
    /// says what the values are.
    Table,
    /// Paragraphs under headings as Org writes them.
    Org,
    /// Paragraphs under headings as reStructuredText writes them.
    Rst,
    /// Paragraphs under headings as AsciiDoc writes them.
    AsciiDoc,
    /// Paragraphs under headings as LaTeX writes them.
    Latex,
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The headings it stands under, the outermost first, joined by ` › `; may be empty.
    pub heading: String,
    /// The piece, verbatim but for white space at its ends; of a table that was cut, with
    /// its head before it.
    pub text: String,
    /// The line it begins at, counted from one.
    pub line: usize,
}

/// A piece that is not cut unless it is too long by itself.
#[derive(Default)]
struct Block {
    range: Range<usize>,
    heading: String,
    /// Whether it says nothing without what follows: a heading, the head of a table.
    opens: bool,
    /// The head of the table it is a row of.
    head: Option<Range<usize>>,
}

/// A piece so far.
struct Piece {
    range: Range<usize>,
    /// What all of it stands under.
    heading: String,
    /// What its last block stands under.
    current: String,
    /// At least its length.
    len: usize,
    /// Whether there is nothing in it but what opens something.
    opens: bool,
    head: Option<Range<usize>>,
}

/// Measures parts of one text.
struct Measure<'a> {
    text: &'a str,
    len_max: usize,
    len: &'a dyn Fn(&str) -> usize,
    /// Hears how many bytes are cut.
    told: &'a dyn Fn(usize),
}

/// The pieces of `text`, of at most `len_max` by `len`. A single sign may be longer.
///
/// `len` must not shrink when a text grows, and is no more for a whole than for its parts
/// together. It is called on short texts only, however long `text` is.
///
/// ```
/// use quipu_memory::{Syntax, chunks};
///
/// let text = "# Cords\n\n## Knots\n\nSeven of them.\n\n## Colours\n\nRed and white.";
/// let pieces = chunks(text, Syntax::Markdown, 30, &|part| part.chars().count());
/// let last = &pieces[pieces.len() - 1];
/// assert_eq!(last.heading, "Cords \u{203a} Colours");
/// assert!(last.text.contains("Red and white."));
/// ```
pub fn chunks(
    text: &str,
    syntax: Syntax,
    len_max: usize,
    len: &dyn Fn(&str) -> usize,
) -> Vec<Chunk> {
    chunks_told(text, syntax, len_max, len, &|_| {})
}

/// The same, which tells `told` now and then how many bytes of `text` are cut: measuring a long
/// text takes its time.
pub fn chunks_told(
    text: &str,
    syntax: Syntax,
    len_max: usize,
    len: &dyn Fn(&str) -> usize,
    told: &dyn Fn(usize),
) -> Vec<Chunk> {
    let measure = Measure {
        text,
        len_max,
        len,
        told,
    };
    let mut pieces: Vec<Piece> = Vec::new();
    for block in blocks(text, syntax) {
        told(block.range.start);
        let whole = block.range.len() == longest(&text[block.range.clone()], len_max, len, 0);
        let block_len = match whole {
            true => len(&text[block.range.clone()]),
            false => len_max + 1,
        };
        if let Some(last) = pieces.last_mut() {
            if measure.join(last, &block, block_len) {
                continue;
            }
            // A heading may stand in a short piece, behind the properties of a note.
            let goes_on = last.opens || last.len * 8 <= len_max && last.current == block.heading;
            if goes_on && !block.opens && last.len * 2 <= len_max {
                // What opens something goes with the beginning of it.
                let opening = last.range.len();
                let range = last.range.start..block.range.end;
                pieces.pop();
                measure.add(&mut pieces, Block { range, ..block }, opening);
                continue;
            }
        }
        measure.add(&mut pieces, block, 0);
    }
    numbered(text, pieces)
}

impl Measure<'_> {
    /// Makes `block` part of the piece before it, if it belongs there and there is room.
    fn join(&self, last: &mut Piece, block: &Block, block_len: usize) -> bool {
        // A short piece goes with what follows it, even under the next heading.
        let belongs = last.current == block.heading || last.opens || last.len * 8 <= self.len_max;
        if !belongs || block_len > self.len_max {
            return false;
        }
        let joined = last.range.start..block.range.end;
        let head_len = last
            .head
            .clone()
            .map_or(0, |head| (self.len)(&self.text[head]));
        let mut joined_len = last.len + block_len;
        if joined_len > self.len_max {
            if (self.len)(self.text[joined.clone()].trim()) + head_len > self.len_max {
                return false;
            }
            // With the white space at its ends: more may follow.
            joined_len = (self.len)(&self.text[joined.clone()]) + head_len;
        }
        // Blank lines may stand for the properties of a note.
        let is_blank = self.text[last.range.clone()].trim().is_empty();
        last.heading = match last.opens || is_blank {
            true => block.heading.clone(),
            false => common(&last.heading, &block.heading),
        };
        last.current.clone_from(&block.heading);
        last.range = joined;
        last.len = joined_len;
        last.opens = block.opens && (last.opens || is_blank);
        true
    }

    /// Adds `block` in as many pieces as it needs. Its first bytes, `opening` many, are not
    /// cut off from the rest.
    fn add(&self, pieces: &mut Vec<Piece>, block: Block, opening: usize) {
        let head_len = |head: &Range<usize>| (self.len)(&self.text[head.clone()]);
        // A head that takes most of the room is not repeated.
        let head = block.head.filter(|head| head_len(head) * 2 <= self.len_max);
        let room = self.len_max - head.as_ref().map_or(0, head_len);
        for range in self.cut(block.range, room, opening) {
            // Where the head itself is in the piece it is not said twice.
            let head = head.clone().filter(|head| range.start >= head.end);
            let len = (self.len)(&self.text[range.clone()]) + head.as_ref().map_or(0, head_len);
            pieces.push(Piece {
                range,
                heading: block.heading.clone(),
                current: block.heading.clone(),
                len,
                opens: block.opens,
                head,
            });
        }
    }

    /// `range` in parts that are at most `len_max` long: cut after a line where that is possible,
    /// else after a word, else anywhere between two signs; not within the first `opening` bytes.
    fn cut(&self, range: Range<usize>, len_max: usize, opening: usize) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        let mut start = range.start;
        let (mut opening, mut near) = (opening, 0);
        while start < range.end {
            (self.told)(start);
            let rest = &self.text[start..range.end];
            let mut fits = longest(rest, len_max, self.len, near);
            near = fits;
            if fits < rest.len() {
                let head = &rest[..fits];
                let joint = head
                    .rfind('\n')
                    .filter(|at| *at * 2 > fits && *at >= opening)
                    .or_else(|| head.rfind(char::is_whitespace).filter(|at| *at >= opening))
                    .map(|at| rest.ceil_char_boundary(at + 1));
                fits = joint.filter(|at| *at > 0).unwrap_or(fits);
                if fits == 0 {
                    fits = rest.ceil_char_boundary(1);
                }
            }
            parts.push(start..start + fits);
            start += fits;
            opening = 0;
        }
        parts
    }
}

/// The outer headings that two paths of headings have in common.
fn common(a: &str, b: &str) -> String {
    let same = a
        .split(JOINED)
        .zip(b.split(JOINED))
        .take_while(|(a, b)| a == b);
    same.map(|(a, _)| a).collect::<Vec<_>>().join(JOINED)
}

/// The pieces with the lines at which they begin; blank ones are left out.
fn numbered(text: &str, pieces: Vec<Piece>) -> Vec<Chunk> {
    let mut lines = 1;
    let mut seen = 0;
    let mut chunks = Vec::with_capacity(pieces.len());
    for Piece {
        range,
        heading,
        head,
        ..
    } in pieces
    {
        let piece = &text[range.clone()];
        let start = range.start + (piece.len() - piece.trim_start_matches(['\n', '\r']).len());
        lines += text[seen..start].matches('\n').count();
        seen = start;
        let piece = text[start..range.end].trim_end();
        if !piece.trim().is_empty() {
            let head = head.map_or("", |head| &text[head]);
            chunks.push(Chunk {
                heading,
                text: format!("{head}{piece}"),
                line: lines,
            });
        }
    }
    chunks
}

/// The blocks of a text; together they are the whole of it.
fn blocks(text: &str, syntax: Syntax) -> Vec<Block> {
    match syntax {
        // Programs give tables of values any name.
        Syntax::Plain if shape::separator(text) == Some('\t') => table::blocks(text),
        Syntax::Plain | Syntax::Source => margins(text, syntax),
        Syntax::Markdown => markdown::blocks(text),
        Syntax::Table => table::blocks(text),
        Syntax::Org | Syntax::Rst | Syntax::AsciiDoc | Syntax::Latex => {
            markup::blocks(text, syntax)
        }
    }
}

/// Blocks between blank lines; of source, only those that begin at the margin, and elsewhere the
/// rows of tables.
fn margins(text: &str, syntax: Syntax) -> Vec<Block> {
    let lines: Vec<Range<usize>> = lines(text).collect();
    let of = |n: usize| lines.get(n).map_or("", |range| &text[range.clone()]);
    let mut outline = Outline::default();
    let mut after_blank = true;
    let mut n = 0;
    while n < lines.len() {
        if syntax == Syntax::Plain && markdown::is_table(of(n), of(n + 1)) {
            n = markdown::table(&mut outline, text, &lines, n);
            after_blank = true;
            continue;
        }
        let words = of(n);
        let is_blank = words.trim().is_empty();
        let inside = syntax == Syntax::Source && words.starts_with([' ', '\t', '}', ')']);
        outline.line(lines[n].clone(), after_blank && !is_blank && !inside);
        after_blank = is_blank;
        n += 1;
    }
    outline.blocks
}

/// The ranges of the lines of `text`, each with its end.
fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let range = at..at + line.len();
        at = range.end;
        range
    })
}

/// Blocks under headings, as they are found.
#[derive(Default)]
struct Outline {
    blocks: Vec<Block>,
    headings: Vec<(usize, String)>,
}

/// What stands between a heading and one below it.
const JOINED: &str = " › ";
/// The characters of a heading that are kept.
const HEADING_CHARS_MAX: usize = 200;

impl Outline {
    /// The next line, which begins a block or goes on with the last one.
    fn line(&mut self, range: Range<usize>, begins: bool) {
        match self.blocks.last_mut() {
            Some(last) if !begins => last.range.end = range.end,
            _ => self.block(range, false, None),
        }
    }

    fn block(&mut self, range: Range<usize>, opens: bool, head: Option<Range<usize>>) {
        let titles: Vec<&str> = self
            .headings
            .iter()
            .map(|(_, title)| title.as_str())
            .collect();
        let heading = titles.join(JOINED);
        self.blocks.push(Block {
            range,
            heading,
            opens,
            head,
        });
    }

    /// A heading of this level, from the outermost, which is the lowest.
    fn heading(&mut self, range: Range<usize>, level: usize, title: &str) {
        self.headings.retain(|(outer, _)| *outer < level);
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        let title: String = title.chars().take(HEADING_CHARS_MAX).collect();
        if !title.is_empty() {
            self.headings.push((level, title));
        }
        self.block(range, true, None);
    }
}

/// The bytes of the longest beginning of `text` that is at most `len_max` long, white
/// space at its ends apart, or of one a little shorter. It is looked for `near` so many bytes first.
fn longest(text: &str, len_max: usize, len: &dyn Fn(&str) -> usize, near: usize) -> usize {
    let fits = |bytes: usize| len(text[..text.floor_char_boundary(bytes)].trim()) <= len_max;
    // Looks further and further, then between the last two places.
    let (mut short, mut long) = (0, len_max.max(1));
    let around = near / 16;
    if around > 0 && near + around < text.len() && fits(near - around) {
        (short, long) = (near - around, near + around);
    }
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

#[cfg(test)]
mod tests;
