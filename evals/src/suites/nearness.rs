//! What cosines of an embedding model are worth, from which its floor and the thresholds of
//! recall follow.
//!
//! Questions are compared with pages of their own set and of the other sets. The mean of a
//! question and a page that do not belong together is the floor of the model: texts that share
//! nothing. Above that, cosines are put on a scale on which the floor is zero. The threshold of
//! recall is where hardly any question finds a page in a set that it was not asked of.

use anyhow::{Context, Result};
use quipu_memory::Embedder;

use crate::Args;
use crate::data::Collection;
use crate::metrics::{mean, quantile};
use crate::report::Report;
use crate::store::embedder;

const SETS: &[&str] = &[
    "cmrc2018_zh",
    "cranfield",
    "msmarco_sample",
    "dbpedia_sample",
];
/// Questions of a set, and pages beside those that answer them.
const QUESTIONS_MAX: usize = 100;
const PAGES_MAX: usize = 500;
/// Of so many questions that were asked of another set, one may find a page.
const STRANGE_ONE_IN: usize = 50;

/// A set as vectors of length one.
struct Set {
    name: &'static str,
    questions: Vec<Vec<f32>>,
    pages: Vec<Vec<f32>>,
    /// For each question, the pages that answer it.
    answers: Vec<Vec<usize>>,
}

pub fn run(args: &Args) -> Result<Report> {
    let path = args.embedder.as_ref();
    let path = path.context("--embedder names the model whose cosines are to be measured")?;
    let embedder = embedder(args, path)?;
    let sets: Result<Vec<Set>> = SETS
        .iter()
        .map(|name| Set::read(args, name, embedder.as_ref()))
        .collect();
    let sets = sets?;
    let mut report = Report::default();
    let mut floors = Vec::new();
    for set in &sets {
        let (strange, own) = set.cosines();
        floors.push(mean(&strange));
        let name = set.name;
        report.score(
            format!("{name} cosine of what does not belong together"),
            mean(&strange),
            None,
        );
        report.score(
            format!("{name} its lowest hundredth"),
            quantile(&strange, 0.01),
            None,
        );
        report.score(
            format!("{name} cosine of question and answer"),
            mean(&own),
            None,
        );
    }
    report.score("floor of the model, by these sets", mean(&floors), None);
    let floor = f64::from(embedder.floor());
    report.score("floor that it is used with", floor, None);
    thresholds(&mut report, &sets, floor);
    Ok(report)
}

/// From which nearness on a page is worth telling of.
fn thresholds(report: &mut Report, sets: &[Set], floor: f64) {
    let scaled = |cosine: f64| (cosine - floor) / (1.0 - floor);
    let mut strange = Vec::new();
    for asked in sets {
        for of in sets.iter().filter(|of| of.name != asked.name) {
            let best = asked.questions.iter().map(|question| of.best(question));
            strange.extend(best.map(scaled));
        }
    }
    let own: Vec<f64> = sets.iter().flat_map(Set::found).map(scaled).collect();
    strange.sort_by(f64::total_cmp);
    let at = strange.len() - 1 - strange.len() / STRANGE_ONE_IN;
    let threshold = strange[at];
    report.score("threshold of recall", threshold, None);
    let share = |values: &[f64], from: f64| {
        let above = values.iter().filter(|value| **value >= from).count();
        above as f64 / values.len() as f64
    };
    for from in [threshold, 0.3, 0.4, 0.5, 0.6, 0.7] {
        report.score(
            format!("answers at {from:.2} and above"),
            share(&own, from),
            None,
        );
        let name = format!("questions of another set at {from:.2} and above");
        report.score(name, share(&strange, from), None);
    }
}

impl Set {
    fn read(args: &Args, name: &'static str, embedder: &dyn Embedder) -> Result<Self> {
        let all = Collection::read(&args.data.join(name))?;
        let judged: Vec<_> = all
            .questions
            .iter()
            .filter_map(|question| Some((question, all.judged.get(&question.id)?)))
            .filter(|(_, judged)| judged.values().any(|grade| *grade > 0))
            .collect();
        let every = judged.len().div_ceil(QUESTIONS_MAX).max(1);
        let judged: Vec<_> = judged.into_iter().step_by(every).collect();
        let answers = |id: &String| {
            let of = |judged: &crate::metrics::Judgements| judged.get(id).is_some_and(|g| *g > 0);
            judged.iter().any(|(_, judged)| of(judged))
        };
        let every = all.documents.len().div_ceil(PAGES_MAX).max(1);
        let documents = all.documents.iter().enumerate();
        let documents = documents.filter(|(n, page)| n % every == 0 || answers(&page.id));
        let documents: Vec<_> = documents.map(|(_, document)| document).collect();
        let texts: Vec<String> = documents
            .iter()
            .map(
                |page| match page.title.is_empty() || page.text.starts_with(&page.title) {
                    true => page.text.clone(),
                    false => format!("{}\n{}", page.title, page.text),
                },
            )
            .collect();
        let mut pages = Vec::with_capacity(texts.len());
        for batch in texts.chunks(64) {
            let batch: Vec<&str> = batch.iter().map(String::as_str).collect();
            pages.extend(embedder.embed(&batch).map_err(anyhow::Error::from_boxed)?);
        }
        let mut set = Self {
            name,
            questions: Vec::new(),
            pages,
            answers: Vec::new(),
        };
        for (question, judged) in judged {
            let vector = embedder.embed_query(&question.text);
            set.questions
                .push(vector.map_err(anyhow::Error::from_boxed)?);
            let answers = documents
                .iter()
                .enumerate()
                .filter(|(_, page)| judged.get(&page.id).is_some_and(|grade| *grade > 0));
            set.answers.push(answers.map(|(at, _)| at).collect());
        }
        Ok(set)
    }

    /// The cosines of questions and pages that do not belong together, and of those that do.
    fn cosines(&self) -> (Vec<f64>, Vec<f64>) {
        let (mut strange, mut own) = (Vec::new(), Vec::new());
        for (question, answers) in self.questions.iter().zip(&self.answers) {
            for (at, page) in self.pages.iter().enumerate() {
                match answers.contains(&at) {
                    true => own.push(product(question, page)),
                    false => strange.push(product(question, page)),
                }
            }
        }
        (strange, own)
    }

    /// The cosine of the page nearest to `question`.
    fn best(&self, question: &[f32]) -> f64 {
        let cosines = self.pages.iter().map(|page| product(question, page));
        cosines.fold(-1.0, f64::max)
    }

    /// Of each question, the cosine of the answer nearest to it.
    fn found(&self) -> impl Iterator<Item = f64> {
        self.questions
            .iter()
            .zip(&self.answers)
            .map(|(question, answers)| {
                let cosines = answers.iter().map(|at| product(question, &self.pages[*at]));
                cosines.fold(-1.0, f64::max)
            })
    }
}

fn product(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(x, y)| f64::from(x * y)).sum()
}
