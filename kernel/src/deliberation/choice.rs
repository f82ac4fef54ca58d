//! Which of several answers is believed, and how much.

use super::value::value_of;
use crate::process::{Pid, Way};
use serde_json::Value;

/// What the second branch that came to a value by the same means adds, of what the first
/// one did; the third adds half of that again. Those that share their means share their
/// mistakes.
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
}

/// The means by which an answer was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Means {
    /// A program was run.
    Program,
    /// Other tools were called.
    Tools,
    /// Words alone.
    Words,
}

impl Means {
    /// How much a single answer that was found so counts: about the log-odds of its being
    /// right on word problems (qwen2.5-coder-1.5b: .62 of programs, .55 of thoughts; other
    /// tools are a guess between them), with one added, since a wrong value is seldom come
    /// to twice.
    fn evidence(self) -> f32 {
        match self {
            Means::Program => 1.5,
            Means::Tools => 1.3,
            Means::Words => 1.2,
        }
    }
}

impl From<Way> for Means {
    fn from(way: Way) -> Self {
        match way {
            Way::Program => Means::Program,
            Way::Thought => Means::Words,
        }
    }
}

/// What the leaves come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The place of the leaf whose answer is taken.
    pub leaf: usize,
    /// The evidence for its value.
    pub evidence: f32,
    /// The evidence for the next best value.
    pub against: f32,
    /// Leaves that came to its value.
    pub agree: usize,
    /// Different means by which they did.
    pub means: usize,
}

/// The answer that the evidence is for; the earlier leaf where it is even. `None` where
/// no leaf has an answer.
pub fn choose(leaves: &[Leaf]) -> Option<Choice> {
    let mut values: Vec<(String, Vec<usize>)> = Vec::new();
    for (at, leaf) in leaves.iter().enumerate() {
        let Some(answer) = &leaf.answer else { continue };
        let value = value_of(answer);
        match values.iter_mut().find(|(known, _)| *known == value) {
            Some((_, of)) => of.push(at),
            None => values.push((value, vec![at])),
        }
    }
    let mut ranked: Vec<(f32, usize, Vec<usize>)> = values
        .into_iter()
        .map(|(_, of)| {
            let (evidence, means) = weigh(leaves, &of);
            (evidence, means, of)
        })
        .collect();
    // Stable: of equals the one that was found first stays first.
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let against = ranked.get(1).map_or(0.0, |next| next.0);
    let (evidence, means, of) = ranked.into_iter().next()?;
    Some(Choice {
        leaf: of[0],
        evidence,
        against,
        agree: of.len(),
        means,
    })
}

/// The evidence of leaves that came to the same value, and the number of their means.
fn weigh(leaves: &[Leaf], of: &[usize]) -> (f32, usize) {
    let mut evidence = 0.0;
    let mut means = 0;
    for kind in [Means::Program, Means::Tools, Means::Words] {
        let count = of.iter().filter(|at| leaves[**at].means == kind).count();
        means += usize::from(count > 0);
        let factors = std::iter::successors(Some(kind.evidence()), |next| Some(next * SAME_MEANS));
        evidence += factors.take(count).sum::<f32>();
    }
    (evidence, means)
}

/// Whether `more` branches that have not ended could bring as much evidence against a choice
/// as there is for it.
pub fn could_turn(choice: &Choice, more: &[Means]) -> bool {
    let most: f32 = more.iter().map(|means| means.evidence()).sum();
    choice.against + most >= choice.evidence
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
        };
        found.iter().enumerate().map(leaf).collect()
    }

    #[test]
    fn what_different_means_come_to_is_believed() {
        use Means::{Program, Words};
        let check = |found: &[(Means, Option<&str>)], want: Option<(usize, usize, usize)>| {
            let chosen = choose(&leaves(found));
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
    fn a_choice_stands_once_nothing_can_turn_it() {
        use Means::{Program, Words};
        let agreed = choose(&leaves(&[(Program, Some("1")), (Words, Some("1"))])).unwrap();
        assert!(!could_turn(&agreed, &[Program]));
        assert!(could_turn(&agreed, &[Program, Words, Program]));
    }
}
