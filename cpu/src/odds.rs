//! How likely the tokens of a text were.

/// A token, and how likely it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Likely {
    /// Its bytes; a character may have more than one token.
    pub bytes: Vec<u8>,
    /// The natural logarithm of its probability, from minus infinity to 0.
    pub log: f32,
}

/// A token that was written, and what else could have stood in its place.
///
/// Probabilities are the model's own, before a temperature, penalties or a bias change them, and
/// shared among the tokens that the form of the text allows there. A token that the form
/// leaves no choice about is certain.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenOdds {
    /// The token.
    pub token: Likely,
    /// The likeliest tokens in its place, the first one first; as many as were asked for, or
    /// as are allowed.
    pub likeliest: Vec<Likely>,
}

impl TokenOdds {
    /// A token without an alternative.
    ///
    /// ```
    /// # use quipu_cpu::TokenOdds;
    /// let odds = TokenOdds::certain(b"{".to_vec(), 3);
    /// assert_eq!(odds.token.log, 0.0);
    /// assert_eq!(odds.likeliest, [odds.token.clone()]);
    /// ```
    pub fn certain(bytes: Vec<u8>, most: usize) -> Self {
        let token = Likely { bytes, log: 0.0 };
        let likeliest = std::iter::repeat_n(token.clone(), most.min(1)).collect();
        Self { token, likeliest }
    }
}
