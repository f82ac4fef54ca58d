//! The fits of a model's odds, made by `quipu eval --calibrate`: one file for each model, found
//! by the contents of the model's file, not by its name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use quipu_cpu::llama;
use quipu_kernel::deliberation::Support;
use quipu_kernel::judgement::{Fit, Judgement, Question};
use serde::{Deserialize, Serialize};

use crate::config::paths::{self, Paths};
use crate::config::private;
use crate::terminal::error::UserError;

/// The fits of a model, and what they were made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fitted {
    /// The fingerprint of the model's file.
    pub model: String,
    /// How good the fits are that were made; the others are built in.
    pub questions: BTreeMap<Question, Quality>,
    /// How good the fit of the confidence of answers is, where one was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Certainty>,
    /// The fits.
    pub judgement: Judgement,
}

/// How good the confidence of answers is that several branches were compared for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Certainty {
    /// The basis of the evidence, as in [`Support::basis`].
    pub basis: String,
    /// Answers that it was made from.
    pub cases: usize,
    /// The expected calibration error on those that were set aside, 0 to 1.
    pub held_out_ece: f64,
}

/// How good the fit of one question is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// The words that the question was put with, as [`Question::wording`] has them.
    #[serde(default)]
    pub wording: String,
    /// Cases that were asked.
    pub cases: usize,
    /// Of these that were set aside, the share on which the fit was right.
    pub held_out: f64,
}

/// The folder of the fits, beside the models.
fn folder(paths: &Paths) -> Option<PathBuf> {
    paths.models.first().map(|models| models.join("judgement"))
}

fn file(paths: &Paths, model: &Path) -> Option<(PathBuf, String)> {
    let fingerprint = llama::fingerprint(model).ok()?;
    let name = fingerprint.split(' ').next()?.to_owned();
    Some((folder(paths)?.join(format!("{name}.json")), fingerprint))
}

/// The fits for the model in the file `model`; `None` where there are none. A file that cannot be
/// read is named, and counts as none.
pub fn find(paths: &Paths, model: &Path) -> Option<Fitted> {
    let (file, fingerprint) = file(paths, model)?;
    let text = std::fs::read_to_string(&file).ok()?;
    match serde_json::from_str::<Fitted>(&text) {
        Ok(fitted) if fitted.model == fingerprint => Some(current(fitted)),
        Ok(_) => None,
        Err(error) => {
            say!(
                "warning: {}: {error}; it is left out (`quipu eval --calibrate` writes it anew)",
                file.display()
            );
            None
        }
    }
}

/// Without the fits of questions that are put with other words by now.
fn current(mut fitted: Fitted) -> Fitted {
    let built_in = Judgement::default();
    for question in Question::ALL {
        let known = fitted.questions.get(&question);
        if known.is_none_or(|quality| quality.wording != question.wording()) {
            fitted.questions.remove(&question);
            let fit = built_in.of(question).clone();
            fitted.judgement.set(question, fit);
        }
    }
    let counted = fitted.confidence.as_ref();
    if counted.is_none_or(|certainty| certainty.basis != Support::basis()) {
        fitted.confidence = None;
        fitted.judgement.confidence = None;
    }
    fitted
}

/// Writes what was fitted on the model in the file `model`, beside its confidence of earlier;
/// returns where.
///
/// # Errors
/// When the file cannot be written.
pub fn save(
    paths: &Paths,
    model: &Path,
    questions: BTreeMap<Question, Quality>,
    mut judgement: Judgement,
) -> Result<PathBuf> {
    let earlier = find(paths, model);
    judgement.confidence = earlier
        .as_ref()
        .and_then(|earlier| earlier.judgement.confidence.clone());
    let confidence = earlier.and_then(|earlier| earlier.confidence);
    write(paths, model, questions, confidence, judgement)
}

/// Writes the fit of the confidence of answers, beside what was fitted earlier; returns where.
///
/// # Errors
/// When the file cannot be written.
pub fn save_confidence(
    paths: &Paths,
    model: &Path,
    certainty: Certainty,
    fit: Fit,
) -> Result<PathBuf> {
    let (questions, mut judgement) = match find(paths, model) {
        Some(earlier) => (earlier.questions, earlier.judgement),
        None => (BTreeMap::new(), Judgement::default()),
    };
    judgement.confidence = Some(fit);
    write(paths, model, questions, Some(certainty), judgement)
}

fn write(
    paths: &Paths,
    model: &Path,
    questions: BTreeMap<Question, Quality>,
    confidence: Option<Certainty>,
    judgement: Judgement,
) -> Result<PathBuf> {
    let Some((file, fingerprint)) = file(paths, model) else {
        return Err(UserError::failed(
            format!("{} cannot be read", model.display()),
            "`quipu model ls` lists the models",
        ));
    };
    let fitted = Fitted {
        model: fingerprint,
        questions,
        confidence,
        judgement,
    };
    if let Some(folder) = file.parent() {
        paths::create(folder)?;
    }
    let text = serde_json::to_string_pretty(&fitted)? + "\n";
    private::replace(&file, text.as_bytes())
        .with_context(|| format!("{} cannot be written", file.display()))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fit_holds_for_the_words_it_was_made_with() {
        let own = Fit {
            weights: vec![9.0],
            bias: 9.0,
            threshold: 0.9,
        };
        let check = |wording: String, kept: bool| {
            let mut judgement = Judgement::default();
            judgement.set(Question::Claim, own.clone());
            let quality = Quality {
                wording,
                cases: 40,
                held_out: 1.0,
            };
            let fitted = current(Fitted {
                model: String::new(),
                questions: BTreeMap::from([(Question::Claim, quality)]),
                confidence: None,
                judgement,
            });
            assert_eq!(fitted.judgement.claim == own, kept);
            assert_eq!(fitted.questions.len(), usize::from(kept));
        };
        let check_basis = |basis: String, kept: bool| {
            let fitted = current(Fitted {
                model: String::new(),
                questions: BTreeMap::new(),
                confidence: Some(Certainty {
                    basis,
                    cases: 40,
                    held_out_ece: 0.05,
                }),
                judgement: Judgement {
                    confidence: Some(own.clone()),
                    ..Judgement::default()
                },
            });
            assert_eq!(fitted.judgement.confidence.is_some(), kept);
            assert_eq!(fitted.confidence.is_some(), kept);
        };
        check_basis(Support::basis(), true);
        check_basis("another".into(), false);
        check(Question::Claim.wording(), true);
        check(Question::Keep.wording(), false);
        check(String::new(), false);
    }
}
