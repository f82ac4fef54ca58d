//! How likely an answer is right that several branches were compared for: fitted on cases with
//! checks, from what speaks for each answer and against it.

use anyhow::Result;
use quipu_kernel::deliberation::Support;
use serde_json::{Value, json};

use super::calibration::Calibration;
use super::cases::Case;
use super::regression::fit_likelihood;
use super::rows::Row;
use crate::session::Session;
use crate::session::judgement::{self, Certainty};
use crate::terminal::error::UserError;
use crate::terminal::output;

/// Every so many answers one is set aside, to see how good the fit is on others.
const ASIDE: usize = 4;
/// Fewer right or wrong answers than this say nothing.
const ANSWERS_MIN: usize = 10;

/// Refuses cases that nothing can be fitted on.
///
/// # Errors
/// Where one has no check.
pub fn refuse(cases: &[Case]) -> Result<()> {
    match cases.iter().find(|case| case.check.is_empty()) {
        None => Ok(()),
        Some(case) => Err(UserError::usage(
            format!(
                "the case {} has no check, so its answer cannot be graded",
                case.id
            ),
            "with --think, --calibrate fits the confidence of answers: each case needs a \"check\"",
        )),
    }
}

/// Fits the confidence of each model on its `rows` and keeps it; prints what came of it to
/// standard error.
///
/// # Errors
/// When a fit cannot be kept, or no model has enough answers.
pub fn keep(session: &Session, rows: &[Row]) -> Result<()> {
    let mut kept = false;
    for model in session.models() {
        let samples: Vec<(Vec<f32>, bool)> = rows
            .iter()
            .filter(|row| row.model == model)
            .filter_map(|row| Some((row.support?.signals(), row.passed)))
            .collect();
        let right = samples.iter().filter(|(_, right)| *right).count();
        let wrong = samples.len() - right;
        if right < ANSWERS_MIN || wrong < ANSWERS_MIN {
            say!(
                "warning: {model}: {right} right and {wrong} wrong answers with several branches: \
                 too few to fit anything"
            );
            continue;
        }
        say!(
            "{model}: {}",
            output::visible(&keep_one(session, &model, &samples)?.to_string())
        );
        kept = true;
    }
    match kept {
        true => Ok(()),
        false => Err(UserError::failed(
            "no confidence was fitted",
            format!("{ANSWERS_MIN} right and {ANSWERS_MIN} wrong answers are needed: add cases"),
        )),
    }
}

/// Fits on three of four samples; how good that is on the others.
fn keep_one(session: &Session, model: &str, samples: &[(Vec<f32>, bool)]) -> Result<Value> {
    let on = session.on_model(model)?;
    let file = on.model_file()?;
    let part = |aside: bool| -> Vec<(Vec<f32>, bool)> {
        let numbered = samples.iter().enumerate();
        let of = numbered.filter(|(n, _)| (n % ASIDE == 0) == aside);
        of.map(|(_, sample)| sample.clone()).collect()
    };
    let fit = fit_likelihood(&part(false));
    let others: Vec<(f32, bool)> = part(true)
        .iter()
        .map(|(signals, right)| (fit.likelihood(signals), *right))
        .collect();
    let held_out = Calibration::of(&others);
    let certainty = Certainty {
        basis: Support::basis(),
        cases: samples.len(),
        held_out_ece: held_out.as_ref().map_or(1.0, |held_out| held_out.ece),
    };
    let kept_in = judgement::save_confidence(&on.paths, &file, certainty, fit.clone())?;
    Ok(
        json!({"answers": samples.len(), "weights": fit.weights, "bias": fit.bias,
        "held_out": held_out, "kept_in": kept_in}),
    )
}
