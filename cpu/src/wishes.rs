//! What some jobs ask of a CPU beside a text.

/// What a job asks for beside its text; nothing by default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wishes {
    /// How many likeliest tokens are told beside each that is written. `None` tells no odds.
    pub odds: Option<usize>,
    /// How the odds of tokens are changed before one is chosen.
    pub shaping: Shaping,
}

/// How the odds of tokens are changed before one is chosen; not at all by default.
///
/// A bias comes first, then the penalties, which also count where the choice is greedy. Then
/// the tokens that the form of the text allows are cut down to `top_k`, `top_p` and `min_p`,
/// and the temperature comes last: the order of llama.cpp's server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shaping {
    /// Draws from this many likeliest tokens only.
    pub top_k: Option<u32>,
    /// Draws from the likeliest tokens only that have this share of the probability together,
    /// from 0 (the likeliest alone) to 1 (all).
    pub top_p: Option<f32>,
    /// Draws no token that is less likely than this share of the likeliest, from 0 (any) to 1.
    /// `None` leaves the share to the CPU.
    pub min_p: Option<f32>,
    /// Taken from the logit of a token for each time that it was written.
    pub frequency_penalty: f32,
    /// Taken from the logit of a token that was written.
    pub presence_penalty: f32,
    /// Divides the logit of a token that stands among the last ones of prompt and answer, or
    /// multiplies it where it is below zero. More than 0; `None` is 1, which changes nothing.
    pub repeat_penalty: Option<f32>,
    /// Added to the logits of these tokens.
    pub bias: Vec<(i32, f32)>,
}
