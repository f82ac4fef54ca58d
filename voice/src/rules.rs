//! Rules that put what is said in the place of what is written: patterns, applied one after
//! another. What a language says is in `english` and `chinese`.

use regex::{Captures, Regex};

/// What replaces a match.
pub type Said = fn(&Captures<'_>) -> String;

/// The rules of a language, compiled.
pub struct Rules(Vec<(Regex, Said)>);

impl Rules {
    /// Compiles `rules`, in whose patterns each name of `parts` stands for a longer pattern. A
    /// part may name those that come after it.
    pub fn new(rules: &[(&str, Said)], parts: &[(&str, &str)]) -> Self {
        let compiled = rules.iter().map(|(pattern, said)| {
            let mut pattern = (*pattern).to_owned();
            for (name, part) in parts {
                pattern = pattern.replace(name, part);
            }
            let pattern = Regex::new(&pattern).expect("the patterns are part of the program");
            (pattern, *said)
        });
        Self(compiled.collect())
    }

    /// `text` after each rule, in their order.
    pub fn apply(&self, mut text: String) -> String {
        for (pattern, said) in &self.0 {
            if pattern.is_match(&text) {
                text = pattern.replace_all(&text, *said).into_owned();
            }
        }
        text
    }
}
