//! Judgement: which questions are asked of a model before it acts, and how sure it has to
//! be. A model's raw odds lean towards yes; what they are worth is fitted on examples
//! (`quipu eval --calibrate`), and a fit holds for the model it was made on.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::lessons::{self, Lesson};
use crate::numbers::Numbers;

/// A question with the answers yes and no about the state of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Does one of the tools do what the task asks?
    Call,
    /// Is another call needed beside the one that was written?
    Several,
    /// Is another call needed after what came back?
    More,
    /// Is there something to be computed from what the task says?
    Compute,
    /// Does the user want something kept for later?
    Keep,
    /// Is the task about its user, or about what the user told before?
    Personal,
    /// Does a fact take the place of an older one?
    Replace,
    /// Does the answer claim that something was kept?
    Claim,
}

/// One way to put a question.
#[derive(Clone, Copy, Debug)]
pub enum Signal {
    /// The beginning of a call: the names of the tools against [`NONE`].
    Names,
    /// The end of a list with one call: a comma against the bracket.
    GoesOn,
    /// A sentence after the last message, to be answered by yes or no; `{tool}` stands for
    /// the tool in question.
    Asked(&'static str),
    /// The text by itself, after the examples of a lesson: the label in this place against the
    /// last.
    Taught(&'static Lesson, usize),
}

/// The share of the usual threshold that is enough for another call where a number of the task
/// has no place yet: the user hardly gave that number in vain. Of lists that ended too early, the
/// seven with such a number did so at log-odds of -1.3 to -4.1; single calls that were enough had
/// -11 and less.
const LEFT_OUT: f32 = 0.27;
/// The name a model writes when no tool fits.
pub const NONE: &str = "none";
/// How a call begins, up to the tool's name.
pub const CALL_BEGINS: &str = "{\"calls\":[{\"tool\":\"";

const CALL: &[Signal] = &[Signal::Names, Signal::Taught(&lessons::FITS, 0)];
const SEVERAL: &[Signal] = &[Signal::GoesOn];
const MORE: &[Signal] = &[
    Signal::Names,
    Signal::Asked("Before you go on: does this still need a call of {tool}? Answer Yes or No."),
    Signal::Taught(&lessons::DONE, 0),
];
/// What a message wants, as one answer: each likelihood is fitted on all of them.
const SORTED: &[Signal] = &[
    Signal::Taught(&lessons::SORT, 0),
    Signal::Taught(&lessons::SORT, 1),
    Signal::Taught(&lessons::SORT, 2),
];
const REPLACE: &[Signal] = &[Signal::Taught(&lessons::REPLACE, 0)];
const CLAIM: &[Signal] = &[Signal::Taught(&lessons::CLAIM, 0)];

impl Question {
    /// All questions.
    pub const ALL: [Question; 8] = [
        Question::Call,
        Question::Several,
        Question::More,
        Question::Compute,
        Question::Keep,
        Question::Personal,
        Question::Replace,
        Question::Claim,
    ];

    /// Whether the question is about a move that a process is about to make.
    pub fn is_of_a_move(self) -> bool {
        matches!(self, Question::Call | Question::Several | Question::More)
    }

    /// A hash, in hexadecimal, of all words that the question is put with. A fit is worth nothing
    /// for other words.
    pub fn wording(self) -> String {
        let mut hash = blake3::Hasher::new();
        for signal in self.signals() {
            hash.update(format!("{signal:?}").as_bytes());
        }
        hash.finalize().to_hex()[..16].to_owned()
    }

    /// The ways to put the question. A fit weighs the answers to them together.
    pub fn signals(self) -> &'static [Signal] {
        match self {
            Question::Call => CALL,
            Question::Several => SEVERAL,
            Question::More => MORE,
            Question::Compute | Question::Keep | Question::Personal => SORTED,
            Question::Replace => REPLACE,
            Question::Claim => CLAIM,
        }
    }
}

/// A list of calls up to the end of its first call, and whether that is the only one; `None`
/// where it has none or is no list.
pub fn first_call(written: &str) -> Option<(&str, bool)> {
    let list: Value = serde_json::from_str(written).ok()?;
    let only = list["calls"].as_array()?.len() == 1;
    let (before, rest) = written.split_once('[')?;
    let mut calls = serde_json::Deserializer::from_str(rest).into_iter::<IgnoredAny>();
    calls.next()?.ok()?;
    let end = before.len() + 1 + calls.byte_offset();
    Some((&written[..end], only))
}

/// The texts that begin another call, and those that end a list of calls.
pub fn on_or_not() -> Vec<Vec<String>> {
    let texts = |texts: [&str; 3]| texts.iter().map(|text| (*text).to_owned()).collect();
    vec![texts([",", ",{", ",{\""]), texts(["]", "]}", "]}\n"])]
}

/// The texts that begin the answers yes and no.
pub fn yes_or_no() -> Vec<Vec<String>> {
    let texts = |texts: [&str; 2]| texts.iter().map(|text| (*text).to_owned()).collect();
    vec![texts(["Yes", "yes"]), texts(["No", "no"])]
}

/// What a model's odds on a question are worth: a logistic regression on its signals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// One factor for each signal.
    pub weights: Vec<f32>,
    /// Added to their sum. Balances what the model leans to.
    pub bias: f32,
    /// The likelihood, 0 to 1, from which on the answer counts as yes.
    pub threshold: f32,
}

impl Fit {
    /// The likelihood of yes, 0 to 1, for the log-odds of each signal.
    pub fn likelihood(&self, odds: &[f32]) -> f32 {
        // Minus infinity means that no token can begin the option.
        let finite = |odds: f32| odds.clamp(-30.0, 30.0);
        let sum: f32 = self
            .weights
            .iter()
            .zip(odds)
            .map(|(w, odds)| w * finite(*odds))
            .sum();
        1.0 / (1.0 + (-(sum + self.bias)).exp())
    }

    /// The likelihood, from 0 to 1, above which another call is made beside the only one in `written`.
    /// A lower one is enough where that call has no place for a number that the task, `told`, gives.
    pub fn enough_for_another(&self, told: &str, written: &str) -> f32 {
        let list: Value = serde_json::from_str(written).unwrap_or_default();
        let calls = list["calls"].as_array();
        match calls.is_some_and(|calls| Numbers::of(told).are_left_out_of(calls)) {
            true => self.threshold * LEFT_OUT,
            false => self.threshold,
        }
    }
}

/// The fits of one model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Judgement {
    /// Of [`Question::Call`].
    pub call: Fit,
    /// Of [`Question::Several`].
    pub several: Fit,
    /// Of [`Question::More`].
    pub more: Fit,
    /// Of [`Question::Compute`].
    pub compute: Fit,
    /// Of [`Question::Keep`].
    pub keep: Fit,
    /// Of [`Question::Personal`].
    pub personal: Fit,
    /// Of [`Question::Replace`].
    pub replace: Fit,
    /// Of [`Question::Claim`].
    pub claim: Fit,
    /// The fit of how likely a chosen answer is right, by what speaks for it and against it. None
    /// is built in: what agreement is worth depends on the tasks, and a figure that nobody has
    /// measured is worthless.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Fit>,
}

/// The fits that small instruct models share, made on qwen2.5-coder-1.5b.
impl Default for Judgement {
    fn default() -> Self {
        let fit = |weights: &[f32], bias, threshold| Fit {
            weights: weights.to_vec(),
            bias,
            threshold,
        };
        Self {
            call: fit(&[0.35, 1.43], -0.92, 0.59),
            several: fit(&[0.73], 1.78, 0.73),
            more: fit(&[-0.44, 4.68, 1.66], -0.59, 0.54),
            compute: fit(&[2.19, -2.05, 1.9], -4.33, 0.45),
            keep: fit(&[2.84, -1.52, -0.47], -1.12, 0.47),
            personal: fit(&[-0.9, 2.16, 0.12], 1.09, 0.47),
            replace: fit(&[2.02], -2.33, 0.56),
            claim: fit(&[2.22], -5.26, 0.57),
            confidence: None,
        }
    }
}

impl Judgement {
    /// Replaces the fit of one question.
    pub fn set(&mut self, question: Question, fit: Fit) {
        *match question {
            Question::Call => &mut self.call,
            Question::Several => &mut self.several,
            Question::More => &mut self.more,
            Question::Compute => &mut self.compute,
            Question::Keep => &mut self.keep,
            Question::Personal => &mut self.personal,
            Question::Replace => &mut self.replace,
            Question::Claim => &mut self.claim,
        } = fit;
    }

    /// The fit of one question.
    pub fn of(&self, question: Question) -> &Fit {
        match question {
            Question::Call => &self.call,
            Question::Several => &self.several,
            Question::More => &self.more,
            Question::Compute => &self.compute,
            Question::Keep => &self.keep,
            Question::Personal => &self.personal,
            Question::Replace => &self.replace,
            Question::Claim => &self.claim,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odds_become_likelihoods() {
        let fit = Fit {
            weights: vec![1.0, 0.5],
            bias: -2.0,
            threshold: 0.5,
        };
        let check = |odds: [f32; 2], want: f32| {
            let likely = fit.likelihood(&odds);
            assert!((likely - want).abs() < 0.01, "{odds:?}: {likely}");
        };
        check([2.0, 0.0], 0.5);
        check([4.0, 0.0], 0.88);
        check([f32::NEG_INFINITY, f32::INFINITY], 0.0);
    }

    #[test]
    fn a_number_without_a_place_makes_another_call_likelier() {
        let fit = Fit {
            weights: vec![1.0],
            bias: 0.0,
            threshold: 0.5,
        };
        let check = |told: &str, want: f32| {
            let written = r#"{"calls":[{"tool":"sum","args":{"a":3,"b":4}}]}"#;
            assert_eq!(fit.enough_for_another(told, written), want, "{told}");
        };
        check("the sum of 3 and 4", 0.5);
        check("the sums of 3 and 4, 5 and 6", 0.5 * LEFT_OUT);
    }

    #[test]
    fn a_list_is_known_up_to_the_end_of_its_first_call() {
        let check = |written: &str, want: Option<(&str, bool)>| {
            assert_eq!(first_call(written), want, "{written}");
        };
        let one = r#"{"calls":[{"tool":"a.b","args":{"at":[{"x":"]}"}]}}"#;
        check(&format!("{one}]}}"), Some((one, true)));
        check(&format!("{one} ]\n}}\n"), Some((one, true)));
        let two = format!("{one},{{\"tool\":\"c\",\"args\":{{}}}}]}}");
        check(&two, Some((one, false)));
        check(r#"{"calls":[]}"#, None);
        check(one, None);
        check("It is 4.", None);
    }
}
