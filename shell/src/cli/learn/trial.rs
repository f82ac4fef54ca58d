//! Cases run with some skills shown. Results are kept in the cache, so that a run that was
//! stopped goes on where it was, and nothing runs twice.

use std::path::PathBuf;

use anyhow::Result;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::FromCases;
use crate::cli::eval::agents::{Agents, Named};
use crate::cli::eval::case_run::{Bench, Job};
use crate::cli::eval::cases::Case;
use crate::cli::eval::rows::{KIND, Row, key};
use crate::cli::eval::run_jobs;
use crate::cli::results::{Earlier, Results};
use crate::config::paths;
use crate::session::Session;
use crate::session::agent::Loaded;
use crate::session::learnt::{Skill, likest};
use crate::terminal::interrupts::Interrupts;
use crate::terminal::output::{self, counted};

/// The cases of one file on a machine of their own.
pub struct Trial<'a> {
    session: &'a Session,
    from: &'a FromCases,
    cases: &'a [Case],
    named: Named,
    bench: Bench<'a>,
    model: String,
}

impl<'a> Trial<'a> {
    /// Loads the model for `cases` of the file `file`, to be run by `agent`.
    ///
    /// # Errors
    /// Where the machine does not start, or tools are not there.
    pub async fn open(
        session: &'a Session,
        from: &'a FromCases,
        agent: &Loaded,
        (file, cases): (&std::path::Path, &'a [Case]),
    ) -> Result<Self> {
        let name = from.whose.agent.as_ref();
        let named = Named {
            name: name.map(|path| path.display().to_string()),
            loaded: agent.clone(),
            skills: Vec::new(),
        };
        let agents = Agents::only(named.clone());
        let bench = Bench::open(session, &agents, &from.process, file, cases).await?;
        let model = session.models().into_iter().next().unwrap_or_default();
        Ok(Self {
            session,
            from,
            cases,
            named,
            bench: bench.traced(),
            model,
        })
    }

    /// Runs the cases at `places` with `skills` shown as far as they are like them; `None`
    /// when it was interrupted. `what` says to the user what runs.
    pub async fn run(
        &self,
        what: &str,
        places: &[usize],
        skills: &[Skill],
        interrupts: &mut Interrupts,
    ) -> Result<Option<Vec<Row>>> {
        let path = self.kept_in(places, skills)?;
        let earlier = match self.from.fresh {
            true => Earlier::default(),
            false => Earlier::read(&path, &KIND)?,
        };
        let mut rows: Vec<Row> = earlier
            .lines()
            .iter()
            .filter_map(|line| serde_json::from_value(line.clone()).ok())
            .collect();
        let done = |n: &usize| {
            let case = &self.cases[*n];
            let (model, name) = (json!(self.model), json!(self.named.name));
            earlier.has(&key(&case.id, &model, &name, 0))
        };
        let left: Vec<Job<'_>> = places
            .iter()
            .filter(|n| !done(n))
            .map(|n| self.job(*n, skills))
            .collect();
        if left.len() < places.len() {
            let known = places.len() - left.len();
            say!(
                "{what}: {}, {known} of them done already",
                counted(places.len(), "case")
            );
        } else {
            say!("{what}: {}", counted(places.len(), "case"));
        }
        let mut out = Results::open(Some(&path), earlier)?;
        let mut keep = |row: Row| -> Result<()> {
            out.write(&row)?;
            rows.push(row);
            Ok(())
        };
        let jobs = (self.model.as_str(), left.as_slice());
        let whole = run_jobs(&self.bench, jobs, self.from.jobs, interrupts, &mut keep).await?;
        out.finish()?;
        self.judge_anew(&mut rows);
        Ok(whole.then_some(rows))
    }

    /// The rows of the cases at `places` with `skills` shown, where `before` are the rows with
    /// `known` shown: a case that is shown the same as before comes out the same, and is not
    /// run again.
    pub async fn run_changed(
        &self,
        what: &str,
        places: &[usize],
        (known, before): (&[Skill], &[Row]),
        skills: &[Skill],
        interrupts: &mut Interrupts,
    ) -> Result<Option<Vec<Row>>> {
        let greedy = self.session.settings.sampling().temperature == 0.0;
        let shown = |skills: &[Skill], n: &usize| -> Vec<String> {
            let found = likest(skills, &self.cases[*n].prompt);
            found.into_iter().map(|skill| skill.id.clone()).collect()
        };
        let same = |n: &usize| greedy && shown(known, n) == shown(skills, n);
        let (unchanged, changed): (Vec<usize>, Vec<usize>) = places.iter().partition(|n| same(n));
        let mut rows = Vec::new();
        if !changed.is_empty() {
            match self.run(what, &changed, skills, interrupts).await? {
                Some(run) => rows = run,
                None => return Ok(None),
            }
        }
        let ids = unchanged.iter().map(|n| &self.cases[*n].id);
        let ids: Vec<&Value> = ids.collect();
        rows.extend(before.iter().filter(|row| ids.contains(&&row.id)).cloned());
        Ok(Some(rows))
    }

    fn job<'b>(&'b self, n: usize, skills: &'b [Skill]) -> Job<'b> {
        Job {
            case: &self.cases[n],
            n,
            round: 0,
            agent: &self.named,
            which: 0,
            skills,
        }
    }

    /// Checks earlier results by the cases as they are now.
    fn judge_anew(&self, rows: &mut [Row]) {
        for row in rows {
            if let Some(case) = self.cases.iter().find(|case| case.id == row.id) {
                row.judge(case);
            }
        }
    }

    /// The file of these results: another one for everything that they depend on.
    fn kept_in(&self, places: &[usize], skills: &[Skill]) -> Result<PathBuf> {
        let folder = self.session.paths.cache.join("learn");
        paths::create(&folder)?;
        let mut hash = Sha256::new();
        let mut take = |part: String| {
            hash.update(part.len().to_le_bytes());
            hash.update(part.as_bytes());
        };
        let info = self.bench.kernel().cpu().info();
        take(env!("CARGO_PKG_VERSION").to_owned());
        take(format!("{} {} {}", self.model, info.details, info.window));
        take(format!("{:?}", self.session.settings.sampling()));
        take(format!("{:?} {:?}", self.named.loaded, self.from.process));
        for n in places {
            take(format!("{:?}", self.cases[*n]));
        }
        for skill in skills {
            take(skill.id.clone());
        }
        let digest = HEXLOWER.encode(&hash.finalize());
        Ok(folder.join(format!("{}.jsonl", &digest[..24])))
    }
}

/// How many of `rows` hold, in words.
pub fn holding(rows: &[Row]) -> String {
    let held = rows.iter().filter(|row| row.passed).count();
    let broken = rows.iter().find(|row| row.error.is_some());
    let mut words = format!("{held} of {} hold", rows.len());
    if let Some(row) = broken {
        let why = output::visible(&row.why);
        words.push_str(&format!("; {} could not be run: {why}", row.id));
    }
    words
}
