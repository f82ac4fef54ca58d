//! Pictures in a run of tokens.
//!
//! What a projector makes of a picture stands in a prompt like tokens, each in a cell of its own,
//! and has no number in any vocabulary. Here such a chunk of a picture is written as negative
//! numbers, one for each cell. The first says how many cells and how many positions the chunk
//! takes; the others are a digest of the picture. So prefixes with the same picture are the
//! same run of numbers, on disk and after a restart too, and other pictures differ.
//!
//! A chunk is computed, shared, and removed as a whole: what a prompt has in common with
//! another ends at the border of a chunk ([`whole`]). Positions are counted apart from cells,
//! because some models (those with M-RoPE) give the cells of a chunk fewer positions.

use std::ops::Range;

/// The bit that marks the first number of a chunk. Numbers are stored as their complement, so
/// that they are negative; 31 bits are left.
const HEAD: u32 = 1 << 30;
/// Bits of a count in the first number.
const COUNT_BITS: u32 = 15;
/// Cells of a chunk at most, and its positions.
const CELLS_MAX: usize = (1 << COUNT_BITS) - 1;
/// Cells of a chunk at least: fewer hold no digest that nobody could come upon by chance.
const CELLS_MIN: usize = 5;

/// The room that a chunk of a picture takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Cells.
    pub cells: usize,
    /// Positions: as many as cells, or fewer.
    pub positions: usize,
}

impl Span {
    /// A span of so many cells and positions; `None` where a chunk cannot have as many.
    pub fn new(cells: usize, positions: usize) -> Option<Self> {
        let fits = (CELLS_MIN..=CELLS_MAX).contains(&cells) && (1..=cells).contains(&positions);
        fits.then_some(Self { cells, positions })
    }
}

/// Adds chunk `nth` of the picture `digest` to `tokens`.
pub fn write(span: Span, digest: &[u8; 32], nth: usize, tokens: &mut Vec<i32>) {
    let mut bytes = vec![0; 4 * (span.cells - 1)];
    let mut hasher = blake3::Hasher::new();
    hasher.update(digest).update(&(nth as u64).to_le_bytes());
    hasher.finalize_xof().fill(&mut bytes);
    let head = HEAD | ((span.cells as u32) << COUNT_BITS) | span.positions as u32;
    tokens.push(!(head as i32));
    let numbers = bytes.as_chunks::<4>().0.iter();
    tokens.extend(numbers.map(|number| !((u32::from_le_bytes(*number) & (HEAD - 1)) as i32)));
}

/// The span of the chunk that begins with `token`, if one does.
pub fn head(token: i32) -> Option<Span> {
    let bits = !token as u32;
    let mask = CELLS_MAX as u32;
    (token < 0 && bits & HEAD != 0)
        .then(|| {
            Span::new(
                ((bits >> COUNT_BITS) & mask) as usize,
                (bits & mask) as usize,
            )
        })
        .flatten()
}

/// The first chunk that begins in `tokens` at or after `from`: where it does, if one does.
pub fn next(tokens: &[i32], from: usize) -> Option<usize> {
    let found = tokens[from..].iter().position(|&token| token < 0);
    found.map(|at| from + at)
}

/// How many chunks begin in `tokens`.
pub fn count(tokens: &[i32]) -> usize {
    tokens
        .iter()
        .filter(|&&token| head(token).is_some())
        .count()
}

/// The most tokens, up to `len` of `tokens`, that end at no place within a chunk.
pub fn whole(tokens: &[i32], len: usize) -> usize {
    let mut at = 0;
    while let Some(begin) = next(&tokens[..len], at) {
        match head(tokens[begin]) {
            Some(span) if begin + span.cells <= len => at = begin + span.cells,
            _ => return begin,
        }
    }
    len
}

/// The position of the token at `index` of `tokens`, or of the next one after all of them;
/// within a chunk the position at which that begins.
pub fn position(tokens: &[i32], index: usize) -> usize {
    let (mut at, mut saved) = (0, 0);
    while let Some(begin) = next(&tokens[..index], at) {
        match head(tokens[begin]) {
            Some(span) if begin + span.cells <= index => {
                saved += span.cells - span.positions;
                at = begin + span.cells;
            }
            _ => return begin - saved,
        }
    }
    index - saved
}

/// The positions of the tokens in `range`, which begins at no place within a chunk. All cells of
/// a chunk that has fewer positions than cells are at its first.
pub fn places(tokens: &[i32], range: Range<usize>) -> Vec<usize> {
    let mut places = Vec::with_capacity(range.len());
    let mut position = position(tokens, range.start);
    let mut at = range.start;
    while at < range.end {
        let span = head(tokens[at]).unwrap_or(Span {
            cells: 1,
            positions: 1,
        });
        let cells = span.cells.min(range.end - at);
        let step = usize::from(span.cells == span.positions);
        places.extend((0..cells).map(|i| position + i * step));
        position += span.positions;
        at += cells;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Text of `before` tokens, a chunk, and a token.
    fn tokens(before: usize, cells: usize, positions: usize) -> Vec<i32> {
        let mut tokens = vec![7; before];
        write(
            Span::new(cells, positions).unwrap(),
            &[3; 32],
            0,
            &mut tokens,
        );
        tokens.push(8);
        tokens
    }

    #[test]
    fn a_chunk_is_computed_as_a_whole() {
        let tokens = tokens(3, 6, 6);
        let check = |len, want| assert_eq!(whole(&tokens, len), want, "{len}");
        check(0, 0);
        check(3, 3);
        check(4, 3);
        check(8, 3);
        check(9, 9);
        check(10, 10);
        assert_eq!(next(&tokens, 0), Some(3));
        assert_eq!(next(&tokens, 9), None);
        assert_eq!(count(&tokens), 1);
    }

    #[test]
    fn positions_are_counted_apart_from_cells() {
        let check = |positions, want: [usize; 4], wanted_places: &[usize]| {
            let tokens = tokens(3, 6, positions);
            let got = [2, 3, 9, 10].map(|index| position(&tokens, index));
            assert_eq!(got, want);
            assert_eq!(places(&tokens, 2..10), wanted_places);
        };
        check(6, [2, 3, 9, 10], &[2, 3, 4, 5, 6, 7, 8, 9]);
        check(3, [2, 3, 6, 7], &[2, 3, 3, 3, 3, 3, 3, 6]);
    }

    #[test]
    fn pictures_differ_by_what_they_show_and_by_their_chunks() {
        let span = Span::new(16, 16).unwrap();
        let run = |digest, nth| {
            let mut tokens = Vec::new();
            write(span, &[digest; 32], nth, &mut tokens);
            tokens
        };
        assert_eq!(run(1, 0), run(1, 0));
        assert_ne!(run(1, 0), run(2, 0));
        assert_ne!(run(1, 0), run(1, 1));
    }

    proptest! {
        #[test]
        fn a_chunk_is_read_as_it_was_written(
            cells in CELLS_MIN..2000,
            share in 1usize..10,
            digest in any::<[u8; 32]>(),
        ) {
            let span = Span::new(cells, (cells / share).max(1)).unwrap();
            let mut tokens = Vec::new();
            write(span, &digest, share, &mut tokens);
            prop_assert_eq!(tokens.len(), cells);
            prop_assert!(tokens.iter().all(|&token| token < 0));
            prop_assert_eq!(head(tokens[0]), Some(span));
            prop_assert_eq!(count(&tokens), 1);
            prop_assert_eq!(position(&tokens, cells), span.positions);
        }
    }
}
