//! How much a text reads like an attempt to steer a model, as a detector said it that this crate
//! does not know. It is a signal: it takes harmless
//! texts for attacks and misses attacks. So it is shown, and a rule may be stricter because of
//! it; nothing is ever allowed by it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a detector says of a text, in hundredths.
///
/// ```
/// use quipu_memory::Suspicion;
///
/// let page = Suspicion::new(0.973, 1.0);
/// assert_eq!(page.to_string(), "0.97");
/// let long = Suspicion::new(0.2, 0.318);
/// assert_eq!(long.to_string(), "0.20, 31 % of it looked at");
/// // Of two texts the worse score counts, and the smaller share that was looked at.
/// let both = Suspicion::joined(Some(page), Some(long)).expect("there are two");
/// assert_eq!((both.score(), both.looked_at()), (0.97, 0.31));
/// assert!(both.is_notable());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Suspicion {
    score: u8,
    looked_at: u8,
}

/// It as it is written down: numbers from 0 to 1.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Written {
    score: f64,
    #[serde(default = "whole", skip_serializing_if = "is_whole")]
    looked_at: f64,
}

fn whole() -> f64 {
    1.0
}

fn is_whole(share: &f64) -> bool {
    *share >= 1.0
}

/// From this score on people are told of it unasked. Below it too many harmless pages are among
/// them.
const NOTABLE: u8 = 90;

impl Suspicion {
    /// What is said of a text that was to be looked at, and was not.
    pub const UNSEEN: Self = Self {
        score: 0,
        looked_at: 0,
    };

    /// A score from 0 to 1, of the share `looked_at` of a text, from 0 to 1. A text that was not
    /// looked at whole never counts as one that was, and one of which little was looked at not as
    /// one that was not.
    pub fn new(score: f32, looked_at: f32) -> Self {
        let hundredths = |share: f32| f64::from(share.clamp(0.0, 1.0)) * 100.0;
        let least = u8::from(looked_at > 0.0);
        Self {
            // No number is zero.
            score: hundredths(score).round() as u8,
            looked_at: (hundredths(looked_at).floor() as u8).max(least),
        }
    }

    /// How much the text, by its worst part, reads like an attack, from 0 to 1.
    pub fn score(self) -> f64 {
        f64::from(self.score) / 100.0
    }

    /// The share of the text that was looked at, from 0 to 1.
    pub fn looked_at(self) -> f64 {
        f64::from(self.looked_at) / 100.0
    }

    /// Whether people are told of it unasked.
    pub fn is_notable(self) -> bool {
        self.score >= NOTABLE
    }

    /// Whether it is said of a text that was not looked at at all.
    pub fn is_unseen(self) -> bool {
        self == Self::UNSEEN
    }

    /// Whether it is said of a text, perhaps among others, that was not looked at at all.
    pub fn has_unseen(self) -> bool {
        self.looked_at == 0
    }

    /// What is said of two texts together.
    pub fn joined(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) => Some(Self {
                score: one.score.max(other.score),
                looked_at: one.looked_at.min(other.looked_at),
            }),
            (one, other) => one.or(other),
        }
    }
}

/// The score, and how much was looked at where that is not all.
impl fmt::Display for Suspicion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_unseen() {
            return f.write_str("unknown, it was not looked at");
        }
        write!(f, "{:.2}", self.score())?;
        match self.looked_at {
            100.. => Ok(()),
            share => write!(f, ", {share} % of it looked at"),
        }
    }
}

impl From<Written> for Suspicion {
    fn from(written: Written) -> Self {
        let hundredths = |share: f64| (share.clamp(0.0, 1.0) * 100.0).round() as u8;
        Self {
            score: hundredths(written.score),
            looked_at: hundredths(written.looked_at),
        }
    }
}

impl From<Suspicion> for Written {
    fn from(suspicion: Suspicion) -> Self {
        Self {
            score: suspicion.score(),
            looked_at: suspicion.looked_at(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let check = |score: f32, looked_at: f32, want: &str| {
            let suspicion = Suspicion::new(score, looked_at);
            let text = serde_json::to_string(&suspicion).expect("written");
            assert_eq!(text, want);
            let read: Suspicion = serde_json::from_str(&text).expect("read");
            assert_eq!(read, suspicion);
        };
        check(0.0, 1.0, r#"{"score":0.0}"#);
        check(0.896, 1.0, r#"{"score":0.9}"#);
        check(1.0, 0.999, r#"{"score":1.0,"looked_at":0.99}"#);
        check(0.5, 0.3, r#"{"score":0.5,"looked_at":0.3}"#);
        check(0.5, 0.001, r#"{"score":0.5,"looked_at":0.01}"#);
        check(f32::NAN, f32::INFINITY, r#"{"score":0.0}"#);
        check(-3.0, -3.0, r#"{"score":0.0,"looked_at":0.0}"#);
    }

    #[test]
    fn what_was_not_looked_at_is_told() {
        let check = |suspicion: Suspicion, want: &str, is_unseen: bool| {
            assert_eq!(suspicion.to_string(), want);
            assert_eq!(suspicion.is_unseen(), is_unseen, "{want}");
        };
        check(Suspicion::UNSEEN, "unknown, it was not looked at", true);
        check(
            Suspicion::new(0.0, 0.001),
            "0.00, 1 % of it looked at",
            false,
        );
        check(Suspicion::new(0.0, 1.0), "0.00", false);
    }

    #[test]
    fn the_worse_counts() {
        let some = |score, looked_at| Some(Suspicion::new(score, looked_at));
        let check = |one, other, want| {
            assert_eq!(Suspicion::joined(one, other), want);
            assert_eq!(Suspicion::joined(other, one), want);
        };
        check(None, None, None);
        check(some(0.1, 1.0), None, some(0.1, 1.0));
        check(some(0.1, 0.5), some(0.9, 1.0), some(0.9, 0.5));
    }
}
