//! Which of several answers is believed, and how much speaks for it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::check::FAULT;
use super::referee::{LIKELY, PASSES};
use super::value::Worth;
use crate::process::{Pid, Way};

/// The share of the first branch's evidence that the second branch adds, if it came to the same
/// value by the same means. The third adds half of that again, and so on: branches that share
/// their means share their mistakes.
const SAME_MEANS: f32 = 0.5;

/// A branch that came to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    /// The process.
    pub pid: Pid,
    /// The means by which it came to its answer.
    pub means: Means,
    /// The answer; `None` where it gave none, or a limit cut it off.
    pub answer: Option<Value>,
    /// Evidence that the answer loses for faults of its own.
    pub faults: f32,
}

/// The means by which an answer was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Means {
    /// A program was run.
    Program,
    /// The store was searched.
    Search,
    /// Other tools were called.
    Tools,
    /// Words alone.
    Words,
}

impl Means {
    const ALL: [Means; 4] = [Means::Program, Means::Search, Means::Tools, Means::Words];

    /// How much a single answer by these means counts: about the log-odds that it is right on
    /// word problems (qwen2.5-coder-1.5b: .62 of programs, .55 of thoughts; other tools are
    /// guessed to lie between), plus one, since two branches seldom come to the same wrong value.
    fn evidence(self) -> f32 {
        match self {
            Means::Program => 1.5,
            Means::Search | Means::Tools => 1.3,
            Means::Words => 1.2,
        }
    }
}

impl From<Way> for Means {
    fn from(way: Way) -> Self {
        match way {
            Way::Program | Way::Check => Means::Program,
            Way::Calculator => Means::Tools,
            Way::Search => Means::Search,
            Way::Thought | Way::Weigh => Means::Words,
        }
    }
}

/// A referee's verdict on a value: how much more, or less, speaks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The value.
    pub worth: Worth,
    /// The evidence.
    pub evidence: f32,
}

/// The answer that is chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The place of the leaf whose answer is chosen.
    pub leaf: usize,
    /// What speaks for and against it.
    pub support: Support,
    /// How many leaves came to its value.
    pub agree: usize,
    /// By how many different means they did.
    pub means: usize,
}

/// The evidence for an answer and against it. A fit turns it into a likelihood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Support {
    /// The evidence for its value.
    pub evidence: f32,
    /// The evidence for the next best value.
    pub against: f32,
}

impl Support {
    /// A hash, in hexadecimal, of the weights of evidence. A fit is worth nothing for other
    /// weights.
    pub fn basis() -> String {
        let weights = Means::ALL.map(Means::evidence);
        let basis = format!("{weights:?} {SAME_MEANS} {FAULT} {PASSES} {LIKELY}");
        blake3::hash(basis.as_bytes()).to_hex()[..16].to_owned()
    }

    /// The signals of a fit.
    pub fn signals(&self) -> Vec<f32> {
        vec![self.evidence, self.against]
    }
}

/// The different values of `leaves`, each with the places of its leaves, in the order in which
/// they were found.
pub fn values(leaves: &[Leaf]) -> Vec<(Worth, Vec<usize>)> {
    let mut values: Vec<(Worth, Vec<usize>)> = Vec::new();
    for (at, leaf) in leaves.iter().enumerate() {
        let Some(answer) = &leaf.answer else { continue };
        let worth = Worth::of(answer);
        match values.iter_mut().find(|(known, _)| known.agrees(&worth)) {
            Some((_, of)) => of.push(at),
            None => values.push((worth, vec![at])),
        }
    }
    values
}

/// The answer with the most evidence; of equals, that of the earlier leaf. `None` where no leaf
/// has an answer.
pub fn choose(leaves: &[Leaf], verdicts: &[Verdict]) -> Option<Choice> {
    let mut ranked: Vec<(f32, usize, Vec<usize>)> = values(leaves)
        .into_iter()
        .map(|(worth, of)| {
            let (evidence, means) = weigh(leaves, &of);
            let said = verdicts.iter().filter(|said| said.worth.agrees(&worth));
            let said: f32 = said.map(|said| said.evidence).sum();
            (evidence + said, means, of)
        })
        .collect();
    // The sort is stable: of equals, the value found first stays first.
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let against = ranked.get(1).map_or(0.0, |next| next.0);
    let (evidence, means, of) = ranked.into_iter().next()?;
    Some(Choice {
        leaf: of[0],
        support: Support { evidence, against },
        agree: of.len(),
        means,
    })
}

/// The evidence of leaves with the same value, and the number of their means.
fn weigh(leaves: &[Leaf], of: &[usize]) -> (f32, usize) {
    let mut evidence = 0.0;
    let mut means = 0;
    for kind in Means::ALL {
        let count = of.iter().filter(|at| leaves[**at].means == kind).count();
        means += usize::from(count > 0);
        let factors = std::iter::successors(Some(kind.evidence()), |next| Some(next * SAME_MEANS));
        evidence += factors.take(count).sum::<f32>();
    }
    let faults: f32 = of.iter().map(|at| leaves[*at].faults).sum();
    (evidence - faults, means)
}

/// Whether the branches that have not ended, by their means `more`, could bring as much evidence
/// against a choice as there is for it.
pub fn could_turn(choice: &Choice, more: &[Means]) -> bool {
    let most: f32 = more.iter().map(|means| means.evidence()).sum();
    choice.support.against + most >= choice.support.evidence
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn leaves(found: &[(Means, Option<&str>)]) -> Vec<Leaf> {
        let leaf = |(at, (means, answer)): (usize, &(Means, Option<&str>))| Leaf {
            pid: at as Pid,
            means: *means,
            answer: answer.map(|answer| json!(answer)),
            faults: 0.0,
        };
        found.iter().enumerate().map(leaf).collect()
    }

    #[test]
    fn what_different_means_come_to_is_believed() {
        use Means::{Program, Words};
        let check = |found: &[(Means, Option<&str>)], want: Option<(usize, usize, usize)>| {
            let chosen = choose(&leaves(found), &[]);
            let seen = chosen.map(|choice| (choice.leaf, choice.agree, choice.means));
            assert_eq!(seen, want, "{found:?}");
        };
        check(&[], None);
        check(&[(Program, None)], None);
        check(&[(Program, Some("1"))], Some((0, 1, 1)));
        // Even: the program.
        check(&[(Words, Some("2")), (Program, Some("1"))], Some((1, 1, 1)));
        // Two means against two programs.
        check(
            &[
                (Program, Some("1")),
                (Program, Some("1")),
                (Program, Some("2")),
                (Words, Some("2")),
            ],
            Some((2, 2, 2)),
        );
        check(
            &[
                (Program, Some("1")),
                (Words, Some("It is 1.")),
                (Words, Some("3")),
            ],
            Some((0, 2, 2)),
        );
    }

    #[test]
    fn faults_and_referees_turn_a_choice() {
        use Means::{Program, Words};
        let two = leaves(&[(Program, Some("1")), (Words, Some("2"))]);
        let check = |faults: f32, said: f32, want: usize| {
            let mut leaves = two.clone();
            leaves[0].faults = faults;
            let verdict = Verdict {
                worth: Worth::of(&json!("2")),
                evidence: said,
            };
            let choice = choose(&leaves, &[verdict]).expect("a choice");
            assert_eq!(choice.leaf, want, "{faults} {said}");
        };
        check(0.0, 0.0, 0);
        check(0.8, 0.0, 1);
        check(0.0, 0.5, 1);
        check(0.0, -0.5, 0);
    }

    #[test]
    fn a_choice_stands_once_nothing_can_turn_it() {
        use Means::{Program, Words};
        let found = leaves(&[(Program, Some("1")), (Words, Some("1"))]);
        let agreed = choose(&found, &[]).expect("a choice");
        assert!(!could_turn(&agreed, &[Program]));
        assert!(could_turn(&agreed, &[Program, Words, Program]));
    }
}
