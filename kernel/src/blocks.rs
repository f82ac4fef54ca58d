//! Blocks: which tokens of a prompt are computed in tiles.
//!
//! llama.cpp's CPU code has a fast way to compute attention for many tokens at once, in
//! tiles, and a slow one that goes token by token; they round differently. For an answer
//! not to depend on who shares the machine, the choice between them must not either: it
//! is made by the prompt, and by what its process computed before. A long part goes in
//! blocks of tiles from its beginning on, all else token by token.
//!
//! What was chosen is written into the token itself. Two marked tokens are equal, with
//! all before them, if and only if their states are; so whatever compares tokens to find a
//! state ([`crate::frames`], [`crate::swap`]) compares marked ones.

use std::ops::Range;

/// Tokens that llama.cpp computes in one tile, and the fewest for which it makes tiles
/// (`ggml_fa_tile_config` of its CPU code).
pub const TILE_TOKENS: usize = 64;
/// Tokens of a block: as many as llama.cpp computes best. A prompt that continues a
/// resident one in the middle of a block computes that block again.
pub const BLOCK_TOKENS: usize = 512;
/// The fewest for which tiles pay: what was computed is moved to where tokens are
/// generated.
const BLOCK_TOKENS_MIN: usize = 128;

/// The mark of a token that is computed in tiles. No vocabulary comes near to it.
const TILED: i32 = 1 << 30;
/// The mark of the first token of a block.
const FIRST: i32 = 1 << 29;

/// The numbers that say what goes in tiles: a state depends on them.
pub fn rule() -> String {
    format!("tiles {TILE_TOKENS} {BLOCK_TOKENS} {BLOCK_TOKENS_MIN}")
}

/// The token without its marks.
pub fn token(marked: i32) -> i32 {
    marked & !(TILED | FIRST)
}

/// Marks the tokens of a prompt of which the first `boot` are the boot page. As far as it
/// begins like the marked `past` of its process, it is computed like that.
///
/// The last token is never in a block: it is computed alone, for its logits.
pub fn mark(prompt: &[i32], past: &[i32], boot: usize) -> Vec<i32> {
    let end = prompt.len().saturating_sub(1);
    let pairs = prompt[..end].iter().zip(past);
    let same = pairs.take_while(|(new, old)| **new == token(**old)).count();
    let mut marked = prompt.to_vec();
    marked[..same].copy_from_slice(&past[..same]);
    let boot = boot.clamp(same, end);
    for block in blocks(same..boot).chain(blocks(boot..end)) {
        marked[block.start] |= FIRST;
        marked[block].iter_mut().for_each(|token| *token |= TILED);
    }
    marked
}

/// The blocks of one part of a prompt; a rest that is too short for one is in none.
fn blocks(part: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let end = part.end;
    let block = move |start| start..end.min(start + BLOCK_TOKENS);
    let blocks = part.step_by(BLOCK_TOKENS).map(block);
    blocks.filter(|block| block.len() >= BLOCK_TOKENS_MIN)
}

/// The block that is to be computed next of a marked prompt, when its first `resident`
/// tokens are there: it may begin before the last of them. `None` when the next is
/// computed token by token.
pub fn next(marked: &[i32], resident: usize) -> Option<Range<usize>> {
    let is_tiled = marked.get(resident)? & TILED != 0;
    let before = marked.get(..=resident).filter(|_| is_tiled)?;
    let start = before.iter().rposition(|token| token & FIRST != 0)?;
    let rest = &marked[start + 1..];
    let goes_on = |token: &&i32| *token & (TILED | FIRST) == TILED;
    Some(start..start + 1 + rest.iter().take_while(goes_on).count())
}

/// How many of `marked` come before the first that is computed in tiles.
pub fn before_tiles(marked: &[i32]) -> usize {
    let plain = |token: &&i32| *token & TILED == 0;
    marked.iter().take_while(plain).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn prompt(len: usize) -> Vec<i32> {
        (0..len as i32).collect()
    }

    /// All blocks of a marked prompt, each with where it ends.
    fn all(marked: &[i32]) -> Vec<(usize, usize)> {
        let blocks = (0..marked.len()).filter_map(|i| next(marked, i));
        let mut all: Vec<_> = blocks.map(|block| (block.start, block.end)).collect();
        all.dedup();
        all
    }

    #[test]
    fn long_parts_go_in_blocks() {
        let check = |len, past: &[i32], boot, want: &[(usize, usize)]| {
            let marked = mark(&prompt(len), past, boot);
            assert_eq!(all(&marked), want, "{len} {boot}");
        };
        check(0, &[], 0, &[]);
        check(128, &[], 0, &[]);
        check(129, &[], 0, &[(0, 128)]);
        check(513, &[], 0, &[(0, 512)]);
        check(600, &[], 0, &[(0, 512)]);
        check(700, &[], 0, &[(0, 512), (512, 699)]);
        // The boot page and the rest, each for itself.
        check(500, &[], 200, &[(0, 200), (200, 499)]);
        check(250, &[], 125, &[]);
        // What a later action adds to a past that was computed token by token.
        check(500, &prompt(300), 200, &[(300, 499)]);
        check(400, &prompt(300), 200, &[]);
        // And to one that was not.
        check(900, &mark(&prompt(600), &[], 0), 0, &[(0, 512), (600, 899)]);
    }

    #[test]
    fn a_past_that_ends_in_another_way_counts_as_far_as_it_goes() {
        let past = mark(&prompt(600), &[], 0);
        let mut changed = prompt(900);
        changed[300] = 7;
        assert_eq!(all(&mark(&changed, &past, 0)), [(0, 300), (300, 812)]);
    }

    #[test]
    fn what_is_computed_in_another_way_is_another_token() {
        let short = mark(&prompt(100), &[], 0);
        let long = mark(&prompt(600), &[], 0);
        let longer = mark(&prompt(700), &[], 0);
        let grown = mark(&prompt(600), &prompt(50), 0);
        assert_eq!(long[..512], longer[..512]);
        assert_ne!(long[0], short[0]);
        assert_eq!(grown[..50], short[..50]);
        assert_ne!(grown[..60], long[..60]);
    }

    proptest! {
        /// Marks change no token, and the blocks cover what is marked once.
        #[test]
        fn blocks_cover_what_is_tiled(len in 1usize..3000, boot in 0usize..3000, old in 0usize..3000) {
            let past = mark(&prompt(old.max(1)), &[], boot);
            let marked = mark(&prompt(len), &past, boot);
            prop_assert_eq!(marked.iter().map(|&m| token(m)).collect::<Vec<_>>(), prompt(len));
            let tiled = (0..len).filter(|&i| next(&marked, i).is_some()).count();
            prop_assert_eq!(all(&marked).iter().map(|(start, end)| end - start).sum::<usize>(), tiled);
            let mut at = 0;
            while at < len {
                let plain = before_tiles(&marked[at..]);
                at += plain;
                match next(&marked, at) {
                    Some(block) => {
                        prop_assert_eq!(block.start, at);
                        prop_assert!(block.len() <= BLOCK_TOKENS);
                        at = block.end;
                    }
                    None => prop_assert!(plain > 0),
                }
            }
        }
    }
}
