//! Blocks: which part of a prompt is computed in tiles.
//!
//! llama.cpp's CPU code has a fast way to compute attention for many tokens at once, in
//! tiles, and a slow one that goes token by token; they round differently. For an answer
//! not to depend on who shares the machine, the choice between them must not either: it
//! is made by the prompt alone. A long part goes in blocks of tiles from its beginning
//! on, all else token by token.
//!
//! Pure arithmetic over positions in a prompt.

use std::ops::Range;

/// Tokens that llama.cpp computes in one tile, and the fewest for which it makes tiles
/// (`ggml_fa_tile_config` of its CPU code).
pub const TILE_TOKENS: usize = 64;
/// Tokens of a part for which tiles pay: what was computed is moved to where tokens are
/// generated.
const PART_TOKENS_MIN: usize = 256;
/// Tokens of a block: as many as llama.cpp computes best. A prompt that continues a
/// resident one in the middle of a block computes that block again.
pub const BLOCK_TOKENS: usize = 512;
/// Tokens of a block at most: the last one of a part takes in a rest that fills no tile.
pub const BLOCK_TOKENS_MAX: usize = BLOCK_TOKENS + TILE_TOKENS - 1;

/// Whether the tokens in `part` of a prompt are computed in tiles.
pub fn is_tiled(part: &Range<usize>) -> bool {
    part.len() >= PART_TOKENS_MIN
}

/// The block of `part` to compute next, when the first `resident` tokens of the prompt
/// are there. It may begin before them, if they end within a block. `None` when the rest
/// of the part is computed token by token.
pub fn next(part: &Range<usize>, resident: usize) -> Option<Range<usize>> {
    if !is_tiled(part) || !(part.start..part.end).contains(&resident) {
        return None;
    }
    let start = resident - (resident - part.start) % BLOCK_TOKENS;
    match part.end - start {
        ..TILE_TOKENS => None,
        TILE_TOKENS..=BLOCK_TOKENS_MAX => Some(start..part.end),
        _ => Some(start..start + BLOCK_TOKENS),
    }
}

/// How many tokens of a block of which `left` are not yet computed go into a batch that
/// has room for `most`: never so few, nor so many, that they or the rest fill no tile.
pub fn piece(left: usize, most: usize) -> usize {
    let tokens = most.max(TILE_TOKENS);
    match left.saturating_sub(tokens) {
        ..TILE_TOKENS => left,
        _ => tokens,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_long_part_goes_in_blocks() {
        let check = |part: Range<usize>, resident, want| {
            assert_eq!(next(&part, resident), want, "{part:?} {resident}");
        };
        check(0..255, 0, None);
        check(0..256, 0, Some(0..256));
        check(0..575, 0, Some(0..575));
        check(0..576, 0, Some(0..512));
        check(0..576, 512, Some(512..576));
        // In the middle of a block, whoever computed its beginning.
        check(10..1200, 10, Some(10..522));
        check(10..1200, 521, Some(10..522));
        check(10..1200, 600, Some(522..1034));
        check(10..1200, 1034, Some(1034..1200));
        check(10..1090, 1040, None);
        // Elsewhere.
        check(10..600, 9, None);
        check(10..600, 600, None);
    }

    proptest! {
        /// Where the blocks lie depends on nothing but the part, and all of them fill
        /// tiles, in whatever pieces they are computed.
        #[test]
        fn blocks_cover_a_part(start in 0usize..500, len in 256usize..3000, most in 0usize..600) {
            let part = start..start + len;
            let mut at = start;
            while let Some(block) = next(&part, at) {
                prop_assert_eq!(block.start, at);
                for resident in block.clone() {
                    if part.end - resident >= TILE_TOKENS {
                        prop_assert_eq!(next(&part, resident), Some(block.clone()));
                    }
                }
                let mut left = block.len();
                prop_assert!((TILE_TOKENS..=BLOCK_TOKENS_MAX).contains(&left));
                while left > 0 {
                    let tokens = piece(left, most);
                    prop_assert!(tokens >= TILE_TOKENS && tokens <= left);
                    left -= tokens;
                }
                at = block.end;
            }
            prop_assert_eq!(at, part.end);
        }
    }
}
