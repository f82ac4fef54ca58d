//! The parts of a task: what is to be done, in the words of its user, and what of it is done.
//!
//! They follow from the task and the steps alone, without a model and without a token: whoever
//! has the journal has them too. A task of one part has no list, and pays nothing.

mod pieces;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::guard::AGAIN;
use super::plain::short;
use crate::calls::{FIND, RECALL, REMEMBER, SEARCH};
use crate::journal::StepRow;
use pieces::{ANSWERS, DOES, bare, begins, pieces};

/// Parts that are told apart; what is beyond stays in the last.
const PARTS_MAX: usize = 8;
/// Characters of a part that are shown.
const PART_CHARS: usize = 120;
/// Characters of what went wrong.
const WHY_CHARS: usize = 80;
/// Letters from which on a word says what it is about.
const WORD_CHARS_MIN: usize = 4;
/// Letters by which words are compared: `calculate` and `calculation` are one.
const STEM_CHARS: usize = 5;

/// What a verb counts beside the words: what a part asks for is told by it first.
const VERB: usize = 8;

/// What has become of a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PartState {
    /// Nothing yet.
    Open,
    /// It was tried and failed; it is still to be done, by other means.
    Failed {
        /// The step.
        step: u32,
        /// What went wrong.
        why: String,
    },
    /// It was done in this step.
    Done {
        /// The step.
        step: u32,
    },
}

/// A part of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What is to be done, in the words of the task.
    pub text: String,
    /// What has become of it.
    #[serde(flatten)]
    pub state: PartState,
    /// Whether an answer does it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_answer: bool,
}

impl Part {
    /// Whether it is still to be done.
    pub fn is_left(&self) -> bool {
        !matches!(self.state, PartState::Done { .. })
    }

    /// On one line: whether it is done, and what went wrong.
    pub fn line(&self) -> String {
        match &self.state {
            PartState::Open => format!("[ ] {}", self.text),
            PartState::Failed { why, .. } => format!("[!] {} ({why})", self.text),
            PartState::Done { step } => format!("[x] {} (step {step})", self.text),
        }
    }
}

/// The parts of a task, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Parts(Vec<Part>);

impl Parts {
    /// The parts of `task`; `None` where something has to be done for fewer than two.
    ///
    /// ```
    /// use quipu_kernel::planner::parts::Parts;
    ///
    /// let parts = Parts::of("Read http://a.test/wool, and remember the price. What is it?");
    /// let lines: Vec<String> = parts.iter().flat_map(|parts| parts.lines()).collect();
    /// assert_eq!(lines[1], "[ ] remember the price");
    /// assert_eq!(Parts::of("Read http://a.test/wool. What does it cost?"), None);
    /// ```
    pub fn of(task: &str) -> Option<Self> {
        let mut parts: Vec<Part> = pieces(task).into_iter().filter_map(part).collect();
        if parts.iter().filter(|part| !part.by_answer).count() < 2 {
            return None;
        }
        if parts.len() > PARTS_MAX {
            let rest = parts.split_off(PARTS_MAX);
            if let Some(last) = parts.last_mut() {
                last.text = short(
                    &format!("{} (and {} more)", last.text, rest.len()),
                    PART_CHARS,
                );
            }
        }
        Some(Self(parts))
    }

    /// The parts of `task` after `steps`.
    pub fn after(task: &str, steps: &[StepRow]) -> Option<Self> {
        let mut parts = Self::of(task)?;
        for step in steps {
            if let Some(outcome) = &step.outcome {
                parts.saw(step.n, &step.action, outcome.ok, &outcome.text);
            }
        }
        Some(parts)
    }

    /// Takes in what came of step `n`; the part that this changes.
    pub fn saw(&mut self, n: u32, action: &Value, ok: bool, result: &str) -> Option<usize> {
        if action.get("answer").is_some() {
            for part in self
                .0
                .iter_mut()
                .filter(|part| part.by_answer && part.is_left())
            {
                part.state = PartState::Done { step: n };
            }
            return None;
        }
        let tool = action["tool"]
            .as_str()
            .filter(|tool| ![FIND, RECALL].contains(tool))?;
        if result.starts_with(AGAIN) {
            return None;
        }
        let at = self.meant(tool, action, result)?;
        let part = &mut self.0[at];
        let state = match ok {
            true if needs(&part.text, action) => PartState::Done { step: n },
            // Another address of the same part.
            true => return None,
            false => PartState::Failed {
                step: n,
                why: short(result, WHY_CHARS),
            },
        };
        part.state = state;
        Some(at)
    }

    /// The part that a call is for: the one that is left whose words it has, else the first that
    /// is left.
    fn meant(&self, tool: &str, action: &Value, result: &str) -> Option<usize> {
        let did = words(&format!("{tool} {} {}", action["args"], short(result, 400)));
        let fits = |part: &Part| {
            let own = words(&part.text);
            let shared = own.iter().filter(|word| did.contains(word)).count();
            2 * shared + usize::from(does(tool, &part.text)) * VERB
        };
        let left = || {
            self.0
                .iter()
                .enumerate()
                .filter(|(_, part)| part.is_left() && !part.by_answer)
        };
        // The first of equals.
        let best = left().rev().max_by_key(|(_, part)| fits(part))?;
        match fits(best.1) {
            0 => left().next().map(|(at, _)| at),
            _ => Some(best.0),
        }
    }

    /// Each part on a line.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(Part::line)
    }

    /// All of them.
    pub fn all(&self) -> &[Part] {
        &self.0
    }

    /// What is still to be done, beside what an answer does.
    pub fn left(&self) -> Vec<String> {
        let left = self
            .0
            .iter()
            .filter(|part| part.is_left() && !part.by_answer);
        left.map(|part| part.text.clone()).collect()
    }
}

fn part(piece: String) -> Option<Part> {
    let told = bare(&piece);
    let by_answer = !begins(&told, DOES);
    (begins(&told, DOES) || begins(&told, ANSWERS)).then(|| Part {
        text: short(
            piece.trim().trim_end_matches(['.', '。', '；', ';', ',']),
            PART_CHARS,
        ),
        state: PartState::Open,
        by_answer,
    })
}

/// Whether `tool` is what a part asks for by its verb.
fn does(tool: &str, part: &str) -> bool {
    let told = bare(part);
    let asks = |words: &[&str]| begins(&told, words);
    match tool {
        REMEMBER => asks(&[
            "remember", "memorise", "memorize", "keep", "note", "save", "store", "record", "记",
            "保存",
        ]),
        SEARCH => asks(&["search", "look", "find", "check", "查", "找", "搜索"]),
        tool if tool.ends_with(".fetch") => {
            asks(&["open", "read", "visit", "fetch", "go to", "打开", "读"])
        }
        tool if tool.ends_with(".calculate") || tool.ends_with(".run") => asks(&[
            "add",
            "calculate",
            "compute",
            "convert",
            "count",
            "divide",
            "multiply",
            "sum",
            "subtract",
            "total",
            "work",
            "算",
            "计算",
            "统计",
            "换算",
            "数",
        ]),
        _ => false,
    }
}

/// Whether a call that worked does all of a part: each address in it was opened by this call.
/// With several addresses in one part it is the last that ends it.
fn needs(part: &str, action: &Value) -> bool {
    let mut addresses = part.split_whitespace().filter(|word| word.contains("://"));
    let args = action["args"].to_string();
    let last = addresses
        .next_back()
        .map(|word| word.trim_end_matches([',', '.', ';', ')']));
    last.is_none_or(|address| args.contains(address) || !args.contains("://"))
}

/// The words of a text by which it is told apart.
fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric());
    let mut words: Vec<String> = words
        .filter(|word| word.chars().count() >= WORD_CHARS_MIN || word.parse::<f64>().is_ok())
        .map(|word| word.chars().take(STEM_CHARS).collect())
        .collect();
    words.sort();
    words.dedup();
    words
}
