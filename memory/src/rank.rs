//! What every store ranks by, so that all give the same order.

/// How much more a word counts in the title than in the text.
pub(crate) const TITLE_WEIGHT: f32 = 2.0;
/// Different words of a query that are looked for; the rest are ignored.
pub(crate) const QUERY_TERMS_MAX: usize = 256;

/// The score that is compared and shown: four and a half digits of `score`.
///
/// Sums of the same numbers in another order differ in their last bits, and an index
/// adds them in whatever order its segments have. Rounded, equal pages score equal.
pub(crate) fn rounded(score: f32) -> f32 {
    // Rounds a positive number to the upper 15 bits of its mantissa.
    f32::from_bits((score.to_bits() + 0x100) & !0x1ff)
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn noise_is_rounded_away_and_small_scores_stay() {
        let (a, b, c) = (0.1_f32, 2.7_f32, 13.37_f32);
        assert_eq!(rounded(a + b + c), rounded(c + b + a));
        assert!(rounded(1e-6) > 0.0);
        assert!((rounded(12.345) - 12.345).abs() < 0.001);
    }
}
