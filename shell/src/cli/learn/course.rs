//! The whole way from cases to what is kept: one half is run and gives candidates, the other
//! half is run without them and with them, and other suites may not lose.

use std::path::Path;

use anyhow::Result;
use chrono::Utc;
use serde::Serialize;
use serde_json::json;

use super::FromCases;
use super::harvest::{Harvest, by_kind, harvest};
use super::split::halves;
use super::trial::{Trial, holding};
use super::verdict::{Verdict, on_another, on_the_half_aside};
use crate::cli::eval::cases::{self, Case};
use crate::cli::eval::comparison::compare;
use crate::cli::eval::rows::Row;
use crate::session::Session;
use crate::session::agent::Loaded;
use crate::session::learnt::{Gain, Shelf, Skill};
use crate::terminal::error::{FAILED, INTERRUPTED, UserError};
use crate::terminal::interrupts::Interrupts;
use crate::terminal::lines::file_words;
use crate::terminal::output::{self, counted};

/// Fewer cases than this have no halves to speak of.
const CASES_MIN: usize = 4;

/// Skills that are tried together.
struct Set {
    /// The name of the cases.
    name: String,
    skills: Vec<Skill>,
}

/// A set that was tried, and what became of it.
#[derive(Serialize)]
struct Tried {
    /// What the set shows.
    set: String,
    /// How many skills it has.
    skills: usize,
    /// What showing the set changed on the half held aside.
    gain: Gain,
    #[serde(flatten)]
    verdict: Verdict,
}

/// All that a course needs, and where it puts what it keeps.
struct Course<'a> {
    session: &'a Session,
    from: &'a FromCases,
    agent: Loaded,
    shelf: Shelf,
    /// The skills that are shown already.
    known: Vec<Skill>,
    interrupts: Interrupts,
}

/// The half that is held aside, as it comes out with what is shown already.
struct Aside {
    places: Vec<usize>,
    rows: Vec<Row>,
}

/// Runs the command.
pub async fn run(session: &Session, from: &FromCases, agent: Loaded, file: &Path) -> Result<u8> {
    let cases = checked(file)?;
    let shelf = Shelf::of(&session.paths, &agent);
    let mut course = Course {
        session,
        from,
        known: shelf.on()?,
        shelf,
        agent,
        interrupts: Interrupts::listen()?,
    };
    match course.take(file, &cases).await? {
        Some(code) => Ok(code),
        None => {
            say!("interrupted; nothing was kept");
            say!("hint: the same command goes on where this one stopped");
            Ok(INTERRUPTED)
        }
    }
}

/// The cases in `file` that say what has to hold.
fn checked(file: &Path) -> Result<Vec<Case>> {
    let mut cases = cases::read(file)?;
    let all = cases.len();
    cases.retain(|case| !case.check.is_empty() && case.agent.is_none());
    let name = file_words(file);
    if cases.len() < all {
        let less = all - cases.len();
        say!(
            "warning: {name}: left out because they check nothing, or name an agent: {}",
            counted(less, "case")
        );
    }
    match cases.len() {
        0..CASES_MIN => Err(UserError::usage(
            format!("{name} has {} to learn from", counted(cases.len(), "case")),
            format!("there have to be at least {CASES_MIN}, with checks; several dozen tell more"),
        )),
        _ => Ok(cases),
    }
}

impl Course<'_> {
    /// The exit code; `None` when it was interrupted.
    async fn take(&mut self, file: &Path, cases: &[Case]) -> Result<Option<u8>> {
        let ids: Vec<&serde_json::Value> = cases.iter().map(|case| &case.id).collect();
        let (learnt, aside) = halves(&ids);
        let trial = Trial::open(self.session, self.from, &self.agent, (file, cases)).await?;
        let known = self.known.clone();
        let run = trial.run("learning half", &learnt, &known, &mut self.interrupts);
        let Some(rows) = run.await? else {
            return Ok(None);
        };
        say!("learning half: {}", holding(&rows));
        let harvest = self.harvest(file, cases, &learnt, &rows);
        let mut tried = Vec::new();
        let mut kept = None;
        if !harvest.skills.is_empty() {
            let run = trial.run(
                "half held aside, as it is",
                &aside,
                &known,
                &mut self.interrupts,
            );
            let Some(rows) = run.await? else {
                return Ok(None);
            };
            say!("half held aside, as it is: {}", holding(&rows));
            let aside = Aside {
                places: aside,
                rows,
            };
            let sets = sets(&harvest.skills);
            let p_max = self.from.p_max / sets.len() as f64;
            for set in sets {
                let Some(one) = self.attempt(&trial, &aside, &set, p_max).await? else {
                    return Ok(None);
                };
                say!("{}: {}", set.name, one.verdict.why);
                let is_kept = one.verdict.kept;
                let gain = one.gain.clone();
                tried.push(one);
                if is_kept {
                    kept = Some(self.keep(set.skills, &gain)?);
                    break;
                }
            }
        }
        self.report(&harvest, &tried, kept.as_deref()).map(Some)
    }

    fn harvest(&self, file: &Path, cases: &[Case], learnt: &[usize], rows: &[Row]) -> Harvest {
        let half: Vec<&Case> = learnt.iter().map(|n| &cases[*n]).collect();
        let limits = (usize::from(self.from.most), Utc::now().timestamp_millis());
        let suite = file.file_name().map_or_else(
            || file_words(file),
            |name| name.to_string_lossy().into_owned(),
        );
        let harvest = harvest(&half, rows, &suite, &self.known, limits);
        say!("{} can be made", counted(harvest.skills.len(), "example"));
        for (reason, count) in &harvest.left_out {
            say!("  left out: {count}: {reason}");
        }
        harvest
    }

    /// Tries a set on the half held aside and, where it is good there, on the other suites.
    async fn attempt(
        &mut self,
        trial: &Trial<'_>,
        aside: &Aside,
        set: &Set,
        p_max: f64,
    ) -> Result<Option<Tried>> {
        let known = self.known.clone();
        let all: Vec<Skill> = known.iter().chain(&set.skills).cloned().collect();
        let what = format!("half held aside, with {}", set.name);
        let before = (known.as_slice(), aside.rows.as_slice());
        let run = trial.run_changed(&what, &aside.places, before, &all, &mut self.interrupts);
        let Some(after) = run.await? else {
            return Ok(None);
        };
        let paired = compare(&after, &aside.rows);
        let mut verdict = on_the_half_aside(&paired, p_max);
        if verdict.kept {
            for file in self.from.also.clone() {
                match self.other_suite(&file, &all).await? {
                    None => return Ok(None),
                    Some(None) => {}
                    Some(Some(why)) => verdict = Verdict { kept: false, why },
                }
            }
        }
        let held = |rows: &[Row]| rows.iter().filter(|row| row.passed).count();
        Ok(Some(Tried {
            set: set.name.clone(),
            skills: set.skills.len(),
            gain: Gain {
                cases: paired.n,
                before: held(&aside.rows),
                after: held(&after),
                p: paired.p,
            },
            verdict,
        }))
    }

    /// Why another suite forbids the set, if it does; `None` when it was interrupted.
    async fn other_suite(
        &mut self,
        file: &Path,
        skills: &[Skill],
    ) -> Result<Option<Option<String>>> {
        let name = file_words(file);
        let cases = cases::read(file)?;
        let trial = Trial::open(self.session, self.from, &self.agent, (file, &cases)).await?;
        let places: Vec<usize> = (0..cases.len()).collect();
        let known = self.known.clone();
        let what = format!("{name}, as it is");
        let run = trial.run(&what, &places, &known, &mut self.interrupts);
        let Some(before) = run.await? else {
            return Ok(None);
        };
        let was = (known.as_slice(), before.as_slice());
        let what = format!("{name}, with what was learnt");
        let run = trial.run_changed(&what, &places, was, skills, &mut self.interrupts);
        let Some(after) = run.await? else {
            return Ok(None);
        };
        say!(
            "{name}: before, {}; now, {}",
            holding(&before),
            holding(&after)
        );
        Ok(Some(on_another(&name, &compare(&after, &before))))
    }

    /// Keeps the skills of a set, as one set of the shelf; their ids.
    fn keep(&self, skills: Vec<Skill>, gain: &Gain) -> Result<Vec<String>> {
        let last = self.shelf.all()?.iter().map(|skill| skill.set).max();
        let set = last.unwrap_or(0) + 1;
        let mut ids = Vec::new();
        for skill in skills {
            let skill = Skill {
                set,
                gain: Some(gain.clone()),
                ..skill
            };
            self.shelf.put(&skill)?;
            ids.push(skill.id);
        }
        Ok(ids)
    }

    /// Says what was tried and what was kept; the exit code.
    fn report(&self, harvest: &Harvest, tried: &[Tried], kept: Option<&[String]>) -> Result<u8> {
        if self.from.json {
            output::json(&json!({
                "examples": harvest.skills.len(),
                "left_out": harvest.left_out,
                "tried": tried,
                "kept": kept.unwrap_or_default(),
            }))?;
        } else {
            print(tried)?;
        }
        match kept {
            Some(ids) => {
                say!("kept: {}", counted(ids.len(), "example"));
                say!("hint: `quipu learn ls` lists them, `quipu learn rollback` removes them");
                Ok(0)
            }
            None => {
                say!("nothing was kept");
                Ok(FAILED)
            }
        }
    }
}

/// The sets that are tried, in their order: all of the skills, then, where there are several
/// kinds, each kind alone.
fn sets(skills: &[Skill]) -> Vec<Set> {
    let mut sets = vec![Set {
        name: counted(skills.len(), "example"),
        skills: skills.to_vec(),
    }];
    sets.extend(by_kind(skills).into_iter().map(|(kind, skills)| Set {
        name: format!(
            "{} of kind {}",
            counted(skills.len(), "example"),
            kind.word()
        ),
        skills,
    }));
    sets
}

fn print(tried: &[Tried]) -> Result<()> {
    if tried.is_empty() {
        return Ok(());
    }
    let row = |one: &Tried| {
        let Gain {
            cases,
            before,
            after,
            p,
        } = one.gain;
        vec![
            one.set.clone(),
            cases.to_string(),
            before.to_string(),
            after.to_string(),
            format!("{p:.3}"),
            match one.verdict.kept {
                true => "kept".to_owned(),
                false => "refused".to_owned(),
            },
        ]
    };
    output::table(
        &["SET", "CASES", "BEFORE", "WITH", "P", "VERDICT"],
        tried.iter().map(row).collect(),
    )
}
