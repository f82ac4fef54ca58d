//! Decisions: typed questions about a state, answered with a probability for each option
//! and without a generated token.
//!
//! A model prefers some labels, and some places in a list, whatever they stand for. Both
//! are taken out: each list is asked in both orders, and the mean log-probability of each
//! label over the orders is its prior, which is divided out (PriDe, Zheng et al. 2024,
//! arXiv 2309.03882, with the two cyclic orders that cost least).

pub use crate::calls::OPTIONS_MAX;
use quipu_cpu::Weights;

/// The levels of a score: one digit each.
const LEVELS: usize = 10;

/// A typed question.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Yes or no.
    YesNo(String),
    /// One of some options, at most [`OPTIONS_MAX`].
    Choice(String, Vec<String>),
    /// How much, from 0 to 9.
    Score(String),
}

/// One way to put a decision to a model: words after the state, and the texts that begin each
/// label.
pub struct Put {
    /// The words.
    pub words: String,
    /// The labels.
    pub labels: Vec<Vec<String>>,
}

impl Decision {
    /// The options, in the order of their probabilities.
    pub fn options(&self) -> Vec<String> {
        match self {
            Decision::YesNo(_) => vec!["yes".into(), "no".into()],
            Decision::Choice(_, options) => options.clone(),
            Decision::Score(_) => (0..LEVELS).map(|level| level.to_string()).collect(),
        }
    }

    /// The ways to put this decision, each to be weighed by itself.
    pub fn puts(&self) -> Vec<Put> {
        let labels = |texts: &[&[&str]]| -> Vec<Vec<String>> {
            let owned = |texts: &&[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
            texts.iter().map(owned).collect()
        };
        match self {
            Decision::YesNo(question) => ["Yes or No", "No or Yes"]
                .iter()
                .map(|order| Put {
                    words: format!("{question}\nAnswer {order}."),
                    labels: labels(&[&["Yes", "yes"], &["No", "no"]]),
                })
                .collect(),
            Decision::Choice(question, options) => {
                let mut orders = vec![options.clone()];
                orders.push(options.iter().rev().cloned().collect());
                let letters: Vec<String> = letters().take(options.len()).collect();
                orders
                    .iter()
                    .map(|options| {
                        let lines = letters.iter().zip(options);
                        let list: Vec<String> = lines
                            .map(|(letter, option)| format!("{letter}: {option}"))
                            .collect();
                        Put {
                            words: format!(
                                "{question}\n{}\nAnswer with one letter.",
                                list.join("\n")
                            ),
                            labels: letters.iter().map(|letter| vec![letter.clone()]).collect(),
                        }
                    })
                    .collect()
            }
            Decision::Score(question) => vec![Put {
                words: format!("{question}\nAnswer with a digit from 0 (not at all) to 9 (fully)."),
                labels: (0..LEVELS).map(|level| vec![level.to_string()]).collect(),
            }],
        }
    }

    /// The probability of each option, from the weights of each [`Put`].
    pub fn probabilities(&self, weights: &[Weights]) -> Vec<f32> {
        let scores = match (self, weights) {
            (Decision::Choice(..), [forward, backward]) => unbiased(forward, backward),
            // The labels stay where they are; only their order in the question changes.
            (Decision::YesNo(_), [a, b]) => a.iter().zip(b).map(|(a, b)| (a + b) / 2.0).collect(),
            (_, [only, ..]) => only.clone(),
            (_, []) => Vec::new(),
        };
        softmax(&scores)
    }

    /// The mean of a score's levels, 0 to 1; `None` for other questions.
    pub fn score(&self, probabilities: &[f32]) -> Option<f32> {
        matches!(self, Decision::Score(_)).then(|| {
            let levels = probabilities.iter().enumerate();
            let mean: f32 = levels.map(|(level, p)| level as f32 * p).sum();
            mean / (LEVELS - 1) as f32
        })
    }
}

fn letters() -> impl Iterator<Item = String> {
    ('A'..='Z').map(String::from)
}

/// Scores of options that had the labels in order, and then in reverse.
fn unbiased(forward: &[f32], backward: &[f32]) -> Vec<f32> {
    let finite = |weight: f32| weight.max(-50.0);
    let last = forward.len().saturating_sub(1);
    let prior: Vec<f32> = forward
        .iter()
        .zip(backward)
        .map(|(a, b)| f32::midpoint(finite(*a), finite(*b)))
        .collect();
    (0..forward.len())
        .map(|option| {
            let mirrored = last - option;
            let (one, other) = (finite(forward[option]), finite(backward[mirrored]));
            f32::midpoint(one - prior[option], other - prior[mirrored])
        })
        .collect()
}

fn softmax(scores: &[f32]) -> Vec<f32> {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if !most.is_finite() {
        return vec![1.0 / scores.len().max(1) as f32; scores.len()];
    }
    let powers: Vec<f32> = scores.iter().map(|score| (score - most).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(decision: &Decision, weights: &[&[f32]], want: &[f32]) {
        let weights: Vec<Weights> = weights.iter().map(|weights| weights.to_vec()).collect();
        let got = decision.probabilities(&weights);
        let near = got.iter().zip(want).all(|(a, b)| (a - b).abs() < 0.01);
        assert!(near && got.len() == want.len(), "{got:?} {want:?}");
    }

    #[test]
    fn what_a_label_is_liked_for_does_not_count() {
        let two = Decision::Choice("q".into(), vec!["x".into(), "y".into()]);
        // It always says A, a little surer when A is x.
        check(&two, &[&[-0.1, -4.0], &[-0.2, -3.0]], &[0.63, 0.37]);
        // It only ever likes A.
        check(&two, &[&[-0.1, -4.0], &[-0.1, -4.0]], &[0.5, 0.5]);
        check(
            &Decision::YesNo("q".into()),
            &[&[-1.0, -1.0], &[-1.0, -1.0]],
            &[0.5, 0.5],
        );
        check(
            &two,
            &[&[f32::NEG_INFINITY; 2], &[f32::NEG_INFINITY; 2]],
            &[0.5, 0.5],
        );
    }

    #[test]
    fn a_score_is_a_mean() {
        let score = Decision::Score("q".into());
        let mut levels = vec![0.0; LEVELS];
        (levels[0], levels[9]) = (0.5, 0.5);
        assert_eq!(score.score(&levels), Some(0.5));
        assert_eq!(score.puts().len(), 1);
        assert_eq!(Decision::YesNo("q".into()).score(&[1.0, 0.0]), None);
    }
}
