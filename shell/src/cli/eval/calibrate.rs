//! Fits what a model's odds are worth, on cases that name the function that does what is asked,
//! or the right answer to a question of the judgement.

use std::collections::BTreeMap;

use anyhow::Result;
use quipu_kernel::event::Event;
use quipu_kernel::judgement::{Fit, Judgement, Question};
use quipu_kernel::signal::Signal;
use serde_json::{Value, json};

use super::agents::Agents;
use super::case_run::{Bench, Job};
use super::cases::Case;
use super::regression::{area, fit, right, share};
use super::{AtWork, EvalArgs, batch};
use crate::session::Session;
use crate::session::judgement::{self, Quality};
use crate::terminal::error::{INTERRUPTED, UserError};
use crate::terminal::interrupts::Interrupts;
use crate::terminal::output::{self, counted};
use crate::terminal::reading::Now;

/// Every so many cases one is set aside, to see how good the fit is on others.
const ASIDE: usize = 4;
/// Fewer cases of one kind than this say nothing.
const CASES_MIN: usize = 10;

/// The odds on one case, and whether the answer is yes.
type Sample = (Vec<f32>, bool);

/// Runs the command: fits for each model, kept with it.
pub async fn run(session: &Session, args: &EvalArgs, cases: &[Case]) -> Result<u8> {
    let mut reports = Vec::new();
    let mut interrupts = Interrupts::listen()?;
    for model in session.models() {
        let on = session.on_model(&model)?;
        let Some(samples) = ask(&on, args, cases, &mut interrupts).await? else {
            say!("interrupted; nothing was kept");
            return Ok(INTERRUPTED);
        };
        reports.push(keep(&on, &model, &samples)?);
    }
    output::json(&reports)?;
    Ok(0)
}

/// Fits each question that has enough samples and keeps the fits; what was fitted earlier
/// on other questions stays.
fn keep(on: &Session, model: &str, samples: &BTreeMap<Question, Vec<Sample>>) -> Result<Value> {
    let file = on.model_file()?;
    let (mut judgement, mut questions) = match judgement::find(&on.paths, &file) {
        Some(earlier) => (earlier.judgement, earlier.questions),
        None => (Judgement::default(), BTreeMap::new()),
    };
    let mut reports = serde_json::Map::new();
    for (question, samples) in samples {
        let name = json!(question).as_str().unwrap_or_default().to_owned();
        let of = |yes: bool| samples.iter().filter(|sample| sample.1 == yes).count();
        if of(true) < CASES_MIN || of(false) < CASES_MIN {
            say!(
                "warning: {name}: {} with yes and {} with no: too few to fit anything",
                counted(of(true), "case"),
                of(false)
            );
            continue;
        }
        let (fit, quality, report) = fit_one(*question, samples);
        judgement.set(*question, fit);
        questions.insert(*question, quality);
        reports.insert(name, report);
    }
    if reports.is_empty() {
        return Err(UserError::usage(
            "no question has enough cases",
            format!(
                "\"fits\" names a function in at least {CASES_MIN} cases and is null in as many, \
                 or \"judge\" has as many answers of each kind"
            ),
        ));
    }
    let kept_in = judgement::save(&on.paths, &file, questions, judgement)?;
    Ok(json!({"model": model, "questions": reports, "kept_in": kept_in}))
}

/// A fit on three of four samples, and how good it is on the others.
fn fit_one(question: Question, samples: &[Sample]) -> (Fit, Quality, Value) {
    let part = |aside: bool| -> Vec<Sample> {
        let numbered = samples.iter().enumerate();
        let of = numbered.filter(|(n, _)| (n % ASIDE == 0) == aside);
        of.map(|(_, sample)| sample.clone()).collect()
    };
    let (aside, used) = (part(true), part(false));
    let fit = fit(&used);
    let likely = |samples: &[Sample]| -> Vec<(f32, bool)> {
        let one = |(odds, yes): &Sample| (fit.likelihood(odds), *yes);
        samples.iter().map(one).collect()
    };
    let others = likely(&aside);
    let quality = Quality {
        wording: question.wording(),
        cases: samples.len(),
        held_out: right(&fit, &aside),
    };
    let report = json!({
        "cases": samples.len(),
        "weights": fit.weights,
        "bias": fit.bias,
        "threshold": fit.threshold,
        "auc": area(&likely(samples)),
        "held_out": {"cases": aside.len(), "right": quality.held_out, "auc": area(&others),
            "kept": share(&others, fit.threshold, true),
            "stopped": share(&others, fit.threshold, false)},
    });
    (fit, quality, report)
}

/// The odds on each case, by question; `None` when interrupted.
async fn ask(
    session: &Session,
    args: &EvalArgs,
    cases: &[Case],
    interrupts: &mut Interrupts,
) -> Result<Option<BTreeMap<Question, Vec<Sample>>>> {
    let agents = Agents::load(&args.agent, &args.cases, cases, &session.paths)?;
    let bench = Bench::open(session, &agents, &args.process, &args.cases, cases).await?;
    let progress = batch::progress(cases.len() as u64);
    let at_work = AtWork::default();
    let _silence = at_work.silence(&progress, cases.len(), "case");
    let mut samples: BTreeMap<Question, Vec<Sample>> = BTreeMap::new();
    interrupts.begin();
    for (n, case) in cases.iter().enumerate() {
        let job = Job {
            round: 0,
            case,
            n,
            agent: &agents.of(case)[0],
            which: 0,
            skills: &[],
        };
        let _working = at_work.begin(&case.id, Now::default());
        for (question, yes) in case.judged() {
            let odds = tokio::select! {
                () = interrupts.next() => return Ok(None),
                odds = odds(&bench, &job, question) => odds?,
            };
            if let Some(odds) = odds {
                samples.entry(question).or_default().push((odds, yes));
            }
        }
        progress.inc(1);
    }
    interrupts.end();
    progress.finish_and_clear();
    Ok(Some(samples))
}

/// The odds of `question` on a case; `None` where it does not come to the question.
async fn odds(bench: &Bench<'_>, job: &Job<'_>, question: Question) -> Result<Option<Vec<f32>>> {
    let kernel = bench.kernel();
    let program = bench.program(job, &job.case.prompt);
    if !question.is_of_a_move() {
        return Ok(kernel.odds(program, question).await?);
    }
    let mut events = kernel.subscribe();
    let pid = kernel.spawn(program)?;
    let mut found = None;
    while let Some(event) = kernel.next_event(&mut events, pid).await {
        match event {
            Event::Judged {
                question: asked,
                odds,
                ..
            } if asked == question => {
                found = Some(odds);
                break;
            }
            // Questions about the first decision are asked before its outcome.
            Event::Observation { .. } if question != Question::More => break,
            Event::Exited { .. } => break,
            _ => {}
        }
    }
    // The process may have exited already.
    let _ = kernel.signal(pid, Signal::Kill);
    kernel.wait(pid).await?;
    Ok(found)
}
