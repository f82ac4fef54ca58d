//! Blocks: which part of a prompt is computed in tiles.
//!
//! llama.cpp's CPU code has a fast way to compute attention for many tokens at once, in
//! tiles, and a slow one that goes token by token; they round differently. For an answer
//! not to depend on who shares the machine, the choice between them must not either: it
//! is made by the prompt, and by where its process's own past ends in it. A long part goes
//! in blocks of tiles from its beginning on, all else token by token.
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

/// Tokens at the beginning of a boot page, and after it, that never go in tiles: prompts are
/// alike there, with the template's words, and share that whether they are long or short.
const HEAD_TOKENS: usize = 64;

/// The numbers that say what goes in tiles: a state depends on them.
pub fn rule() -> String {
    format!("tiles {TILE_TOKENS} {PART_TOKENS_MIN} {BLOCK_TOKENS} {HEAD_TOKENS}")
}

/// The parts of a prompt that go in tiles if they are long enough: the boot page, which ends
/// at `boot`, and what is new behind it, up to `end`. The process's own past ends at
/// `past`; it is `None` when it has none.
pub fn parts(boot: usize, past: Option<usize>, end: usize) -> [Range<usize>; 2] {
    let boot = boot.min(end);
    let new = past.unwrap_or(boot + HEAD_TOKENS).clamp(boot, end);
    [HEAD_TOKENS.min(boot)..boot, new..end]
}

/// The block of `parts` to compute next, when the first `resident` tokens of the prompt
/// are there. `None` when the next ones are computed token by token.
pub fn next(parts: &[Range<usize>], resident: usize) -> Option<Range<usize>> {
    let part = parts.iter().find(|part| resident < part.end)?;
    next_of(part, resident)
}

/// Where the next of `parts` begins that goes in tiles, behind the first `resident` tokens.
pub fn next_start(parts: &[Range<usize>], resident: usize) -> Option<usize> {
    let mut starts = parts.iter().filter(|part| is_tiled(part));
    starts.find_map(|part| (part.start > resident).then_some(part.start))
}

fn is_tiled(part: &Range<usize>) -> bool {
    part.len() >= PART_TOKENS_MIN
}

/// The next block of one part. It may begin before the end of what is resident, if that is
/// within a block.
fn next_of(part: &Range<usize>, resident: usize) -> Option<Range<usize>> {
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
            assert_eq!(next_of(&part, resident), want, "{part:?} {resident}");
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

    #[test]
    fn the_heads_of_parts_go_token_by_token() {
        let check = |(boot, past, end), resident, block, start| {
            let parts = parts(boot, past, end);
            assert_eq!(next(&parts, resident), block, "{parts:?} {resident}");
            assert_eq!(next_start(&parts, resident), start, "{parts:?} {resident}");
        };
        // A long boot page and a long text.
        check((400, None, 900), 0, None, Some(64));
        check((400, None, 900), 64, Some(64..400), Some(464));
        check((400, None, 900), 400, None, Some(464));
        check((400, None, 900), 464, Some(464..900), None);
        // Neither is long.
        check((300, None, 500), 64, None, None);
        check((0, None, 0), 0, None, None);
        // No boot page.
        check((0, None, 600), 0, None, Some(64));
        // What a later action adds follows the past at once.
        check((400, Some(700), 1000), 700, Some(700..1000), None);
        check((400, Some(700), 1000), 500, None, Some(700));
    }

    proptest! {
        /// Where the blocks lie depends on nothing but the part, and all of them fill
        /// tiles, in whatever pieces they are computed.
        #[test]
        fn blocks_cover_a_part(start in 0usize..500, len in 256usize..3000, most in 0usize..600) {
            let part = start..start + len;
            let mut at = start;
            while let Some(block) = next_of(&part, at) {
                prop_assert_eq!(block.start, at);
                for resident in block.clone() {
                    if part.end - resident >= TILE_TOKENS {
                        prop_assert_eq!(next_of(&part, resident), Some(block.clone()));
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
