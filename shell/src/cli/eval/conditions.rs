//! The conditions under which a result was made. Two runs are compared only if nothing differs
//! but what is to be compared: agents, what they learnt, releases of this program.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use clap::ValueEnum;
use quipu_cpu::{Cpu, Sampling};
use serde::{Deserialize, Serialize};

use super::cases::Case;
use super::rows::{KIND, Row};
use crate::cli::results::Earlier;
use crate::config::digest::digest;
use crate::terminal::error::UserError;

/// Characters of a digest that are kept.
const DIGEST_CHARS: usize = 16;

/// The conditions, each in words or as a digest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Under {
    /// The model: the digest of its file, or its name where there is no file.
    pub model: String,
    /// How it is told who speaks: of a file its chat template, else what computes.
    pub template: String,
    /// How tokens are chosen.
    pub sampling: String,
    /// What the case gives and asks for, without its checks.
    pub case: String,
}

/// A condition that may differ in a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Condition {
    /// The model
    Model,
    /// Its chat template
    Template,
    /// Temperature and seed
    Sampling,
    /// What the cases give and ask for
    Cases,
}

impl Condition {
    fn word(self) -> &'static str {
        match self {
            Condition::Model => "model",
            Condition::Template => "template",
            Condition::Sampling => "sampling",
            Condition::Cases => "cases",
        }
    }
}

impl Under {
    /// The conditions of `cpu` with this `sampling`, for all cases.
    pub fn of(cpu: &dyn Cpu, sampling: Sampling) -> Self {
        let info = cpu.info();
        let digest_or = |digest: &str, else_is: String| match digest.is_empty() {
            true => else_is,
            false => digest.to_owned(),
        };
        Self {
            model: digest_or(
                &info.model_digest,
                format!("{} ({})", info.model, info.details),
            ),
            template: digest_or(&info.template_digest, info.kind.to_owned()),
            sampling: format!(
                "temperature {}, seed {}",
                sampling.temperature, sampling.seed
            ),
            case: String::new(),
        }
    }

    /// The same for one case.
    pub fn with_case(&self, case: &Case) -> Self {
        // Named one by one: a release that adds a field asks the same of older cases.
        let asked = (
            (&case.prompt, &case.agent, &case.schema, &case.functions),
            (&case.tools, &case.documents, &case.pages, &case.before),
            (case.max_steps, case.stop),
        );
        let mut asked = format!("{asked:?}");
        if case.has_files() || !case.choices.is_empty() {
            asked.push_str(&format!("{:?}", (&case.files, &case.choices)));
        }
        Self {
            case: digest(&asked, DIGEST_CHARS),
            ..self.clone()
        }
    }

    /// The conditions that differ from those of `other`.
    fn unlike(&self, other: &Self) -> impl Iterator<Item = Condition> + use<> {
        let pairs = [
            (Condition::Model, self.model != other.model),
            (Condition::Template, self.template != other.template),
            (Condition::Sampling, self.sampling != other.sampling),
            (Condition::Cases, self.case != other.case),
        ];
        pairs
            .into_iter()
            .filter(|(_, unlike)| *unlike)
            .map(|(of, _)| of)
    }
}

/// The results in `earlier` that say of their case that it gave or asked for something else than
/// `cases` do now are left out of it, and told of: they are made again.
pub fn leave_out_changed(earlier: &mut Earlier, cases: &[Case]) {
    let digest = |case: &Case| Under::default().with_case(case).case;
    let asked: BTreeMap<String, String> = cases
        .iter()
        .map(|case| (case.id.to_string(), digest(case)))
        .collect();
    let changed = earlier.leave_out(&KIND, |line| {
        let then = line["under"]["case"].as_str();
        let now = asked.get(&line["id"].to_string());
        now.zip(then).is_some_and(|(now, then)| now != then)
    });
    if changed > 0 {
        say!("run again, since their cases have changed: {changed}");
    }
}

/// Checks that results `of_which` are of one model and agent, and not of `count` of them.
///
/// # Errors
/// What to compare instead.
pub fn one_column(of_which: &str, count: usize) -> Result<()> {
    match count {
        ..=1 => Ok(()),
        _ => Err(UserError::usage(
            format!("{of_which} are of {count} models or agents"),
            "compare one with one: a --model and an --agent each",
        )),
    }
}

/// Checks that `rows` and the rows `before` can be compared case by case, where the conditions
/// `across` may differ. Says whether both tell under which conditions they were made.
///
/// # Errors
/// What else differs, or that a side has results of several models or agents.
pub fn comparable(rows: &[Row], before: &[Row], across: &[Condition]) -> Result<bool> {
    for (rows, of_which) in [
        (rows, "these results"),
        (before, "the results of --against"),
    ] {
        let columns: BTreeSet<(&str, Option<&str>)> = rows
            .iter()
            .map(|row| (row.model.as_str(), row.agent.as_deref()))
            .collect();
        one_column(of_which, columns.len())?;
    }
    let earlier: BTreeMap<String, Option<&Under>> = before
        .iter()
        .map(|row| (row.id.to_string(), row.under.as_ref()))
        .collect();
    let (mut unlike, mut all_tell) = (BTreeSet::new(), true);
    for row in rows {
        match (&row.under, earlier.get(&row.id.to_string())) {
            (Some(now), Some(Some(then))) => unlike.extend(now.unlike(then)),
            (_, None) => {}
            _ => all_tell = false,
        }
    }
    unlike.retain(|condition| !across.contains(condition));
    let words: Vec<&str> = unlike.iter().map(|condition| condition.word()).collect();
    match words.is_empty() {
        true => Ok(all_tell),
        false => Err(UserError::usage(
            format!(
                "the two runs cannot be compared: they differ in {}",
                words.join(", ")
            ),
            format!("to compare just that, add --across {}", words.join(",")),
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(id: u32, under: Option<Under>) -> Row {
        Row {
            id: json!(id),
            model: "m".into(),
            under,
            ..Row::default()
        }
    }

    #[test]
    fn only_what_is_alike_is_compared() {
        let usual = Under {
            model: "m".into(),
            ..Under::default()
        };
        let warm = Under {
            sampling: "temperature 1".into(),
            ..usual.clone()
        };
        let check = |now: &[Row], then: &[Row], across: &[Condition], want: &str| {
            let said = match comparable(now, then, across) {
                Ok(all_tell) => format!("{all_tell}"),
                Err(error) => error.to_string(),
            };
            assert!(said.contains(want), "{said}");
        };
        let one = [row(1, Some(usual.clone()))];
        check(&one, &one, &[], "true");
        check(&one, &[row(1, None)], &[], "false");
        check(
            &one,
            &[row(1, Some(warm.clone()))],
            &[],
            "differ in sampling",
        );
        let across = [Condition::Sampling];
        check(&one, &[row(1, Some(warm.clone()))], &across, "true");
        // Cases that are in one of the two only say nothing.
        check(&one, &[row(2, Some(warm))], &[], "true");
        let mut other = row(2, Some(usual));
        other.model = "n".into();
        check(&[one[0].clone(), other], &one, &[], "of 2 models");
    }

    #[test]
    fn a_case_is_the_same_whatever_is_checked() {
        let case = |text: &str| -> Case { serde_json::from_str(text).unwrap() };
        let of = |text: &str| Under::default().with_case(&case(text)).case;
        let one = of(r#"{"id":1,"prompt":"p","check":{"exact":"a"}}"#);
        assert_eq!(one, of(r#"{"id":1,"prompt":"p","check":{"exact":"b"}}"#));
        assert_ne!(one, of(r#"{"id":1,"prompt":"q","check":{"exact":"a"}}"#));
    }
}
