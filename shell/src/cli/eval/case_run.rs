//! One case: its documents, the processes before it, the process itself, its result.

use std::collections::hash_map::Entry;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, anyhow};
use quipu_kernel::Kernel;
use quipu_kernel::calls::MEMORY;
use quipu_kernel::journal::StepRow;
use quipu_kernel::label::Label;
use quipu_kernel::process::{Exit, Pid, Program, Sampling, Status};
use quipu_kernel::signal::Signal;
use quipu_memory::{Kind, LIST_MAX, NewPage, Space, Trust};
use quipu_tools::{Capability, Device};
use serde_json::json;
use tempfile::TempDir;

use super::agents::{Agents, Named};
use super::cases::Case;
use super::conditions::Under;
use super::files::Folders;
use super::functions::Functions;
use super::judge;
use super::outcome::{part, status_words, whole};
use super::rows::Row;
use super::shared_prefix::{Beginnings, Left, Pages as Stored};
use super::trace;
use super::watch::{Watched, watch};
use super::web_server::Pages;
use crate::cli::options::ProcessOptions;
use crate::session::Session;
use crate::session::learnt::{self, Skill};

/// Memories of a case that are looked at.
const MEMORIES: usize = 1_000;

/// A machine for cases, with nothing of the user's own.
pub struct Bench<'a> {
    session: &'a Session,
    kernel: Kernel,
    pages: Pages,
    folders: Folders,
    beginnings: Beginnings,
    options: &'a ProcessOptions,
    /// Under which conditions it runs cases.
    under: Under,
    /// Whether results have what was done, step by step.
    traced: bool,
    /// The question that a judge is asked of each answer, if there is a judge.
    judge: Option<String>,
    /// The tools that are there for every case, where some cases have their own.
    common: Option<Vec<String>>,
    _folder: TempDir,
}

/// The end of a case's process, or of the branch that was chosen.
struct Ran {
    pid: Pid,
    exit: Exit,
    watched: Watched,
    /// Wall-clock time, in milliseconds.
    ms: u64,
}

/// A case to be run by an agent.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// The case.
    pub case: &'a Case,
    /// Its place among the cases.
    pub n: usize,
    /// Which run of the case it is, from 0.
    pub round: u32,
    /// The agent.
    pub agent: &'a Named,
    /// Its place among the agents of the case.
    pub which: usize,
    /// The skills that are shown to it, as far as they are like the case.
    pub skills: &'a [Skill],
}

impl<'a> Bench<'a> {
    /// A machine on the session's model that has the functions and pages of `cases`, which
    /// are in the file `file`.
    ///
    /// # Errors
    /// Also when a case or an agent names a tool that is not there.
    pub async fn open(
        session: &'a Session,
        agents: &Agents,
        options: &'a ProcessOptions,
        file: &Path,
        cases: &[Case],
    ) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let pages = Pages::serve(cases).await?;
        let folders = Folders::inside(folder.path())?;
        let mut policy = options.policy(session);
        let mut own = vec![
            pages.capability().parse::<Capability>()?,
            Capability::MemWrite,
        ];
        if cases.iter().any(Case::has_files) {
            own.extend(folders.capabilities());
        }
        policy.grants = policy.grants.iter().cloned().chain(own).collect();
        let devices: Vec<Arc<dyn Device>> = cases
            .iter()
            .enumerate()
            .filter(|(_, case)| !case.functions.is_empty())
            .map(|(n, case)| {
                Arc::new(Functions::new(&device(n), &case.functions)) as Arc<dyn Device>
            })
            .collect();
        let names: Vec<String> = devices.iter().map(|d| d.spec().name.clone()).collect();
        let kernel = session.bench(folder.path(), policy, devices).await?;
        agents.check(kernel.bus(), file, cases)?;
        let all = kernel.bus().list();
        let all = all.iter().map(|device| device.spec().name.clone());
        let others = all
            .filter(|name| !names.contains(name))
            .chain([MEMORY.to_owned()]);
        Ok(Self {
            session,
            pages,
            folders,
            beginnings: Beginnings::of(cases),
            options,
            under: Under::of(kernel.cpu(), session.settings.sampling()),
            traced: false,
            judge: None,
            common: (!names.is_empty()).then(|| others.collect()),
            kernel,
            _folder: folder,
        })
    }

    /// The same, with what was done in the results.
    pub fn traced(self) -> Self {
        Self {
            traced: true,
            ..self
        }
    }

    /// The same, with a judge that is asked `question` of each answer.
    pub fn judged(self, question: &str) -> Self {
        Self {
            judge: Some(question.to_owned()),
            ..self
        }
    }

    /// The kernel, to watch what happens.
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// The program of `job` for `prompt`.
    pub fn program(&self, job: &Job<'_>, prompt: &str) -> Program {
        let Job {
            case,
            n,
            round,
            agent,
            ..
        } = *job;
        let prompt = self.folders.fill(job, &self.pages.fill(n, prompt));
        let mut program = self.options.program(self.session, &agent.loaded, prompt);
        // What is measured is the model that is named.
        program.model = None;
        if round > 0 {
            let usual = self.session.settings.sampling();
            program.sampling = Some(Sampling {
                seed: usual.seed.wrapping_add(round),
                ..usual
            });
        }
        let agent = &mut program.agent;
        agent.memory.reads.clear();
        // Where only some tools are to be seen, the store is one of them or is not there.
        let all = case.tools.is_none() && case.functions.is_empty();
        if all || case.tools.iter().flatten().any(|tool| tool == MEMORY) {
            agent.memory.space = self.space(job);
        }
        if !all {
            let mut tools = case.tools.clone().unwrap_or_default();
            if !case.functions.is_empty() {
                tools.push(device(n));
            }
            agent.tools = Some(tools);
        } else if agent.tools.is_none() {
            // It does not see functions of other cases.
            agent.tools.clone_from(&self.common);
        }
        learnt::teach(&mut program, job.skills);
        program
    }

    /// What is known of a result of `case` before it is run: under which conditions.
    pub fn planned(&self, case: &Case) -> Row {
        Row {
            id: case.id.clone(),
            under: Some(self.under.with_case(case)),
            ..Row::default()
        }
    }

    /// Runs `job` on the model that results call `model`.
    pub async fn run(&self, job: Job<'_>, model: &str) -> Row {
        let mut row = Row {
            model: model.to_owned(),
            agent: job.agent.name.clone(),
            round: job.round,
            ..self.planned(job.case)
        };
        let mut left = self.beginnings.left(job.n).await;
        let done = match job.case.choices.is_empty() {
            true => self.fill_in(&job, &mut row, &mut left).await,
            false => self.choose(&job, &mut row).await,
        };
        let done = done.and(self.put_back(&job, &mut left));
        drop(left);
        if let Err(error) = done {
            row.status
                .get_or_insert_with(|| status_words(Status::Failed));
            row.error = Some(format!("{error:#}"));
        }
        row.judge(job.case);
        row
    }

    /// The space of the memories of `job`.
    fn space(&self, job: &Job<'_>) -> Space {
        space(self.beginnings.first(job.n), job.which)
    }

    /// Fills in which of the choices of a case is the likeliest answer. Nothing is generated.
    async fn choose(&self, job: &Job<'_>, row: &mut Row) -> Result<()> {
        let begun = Instant::now();
        let mut program = self.program(job, &job.case.prompt);
        program.agent.tools = Some(Vec::new());
        let choices = &job.case.choices;
        let Some(likely) = self.kernel.likelihoods(program, choices).await? else {
            return Err(anyhow!(
                "the CPU tells no probabilities: a case with \"choices\" needs a local model"
            ));
        };
        row.likelihoods = likely.iter().map(|likely| likely.log).collect();
        let best = (0..likely.len()).max_by(|a, b| likely[*a].log.total_cmp(&likely[*b].log));
        row.answer = best.map(|best| json!(choices[best]));
        row.status = Some(status_words(Status::Exited));
        row.ms = Some(begun.elapsed().as_millis() as u64);
        Ok(())
    }

    async fn fill_in(&self, job: &Job<'_>, row: &mut Row, left: &mut Left) -> Result<()> {
        let case = job.case;
        if let Entry::Vacant(none) = left.entry(job.which) {
            self.begin(job).await?;
            none.insert(self.stored(&self.space(job))?);
        }
        self.folders.begin(job)?;
        let mut program = self.program(job, &case.prompt);
        if case.schema.is_some() {
            program.answer_schema.clone_from(&case.schema);
        }
        program.limits.steps = case.max_steps.unwrap_or(program.limits.steps);
        let Ran {
            pid,
            exit,
            watched,
            ms,
        } = self.run_to_the_end(job, program, row).await?;
        let error = exit.error.clone().unwrap_or_default();
        let failed = exit.status == Status::Failed && watched.cut.is_none();
        let steps = self.kernel.journal().steps(pid)?;
        row.judged = watched.judged;
        self.keep_trace(row, pid, &steps)?;
        match watched.cut {
            None => whole(row, &steps, exit, &device(job.n)),
            Some(cut) => part(row, &steps, cut, ms, &device(job.n)),
        }
        if case.looks_at_memory() {
            let pages = self.kernel.store().memories(&self.space(job), MEMORIES)?;
            row.memory = Some(pages.into_iter().map(|page| page.text).collect());
        }
        row.files = self.folders.left(job)?;
        if let Some(question) = &self.judge {
            row.advice = judge::ask(&self.kernel, question, &case.prompt, row).await?;
        }
        match failed {
            true => Err(anyhow!(error)),
            false => Ok(()),
        }
    }

    /// Runs `program` until it ends or is stopped at its calls, with a deliberation where one is
    /// asked for; what that says of the answer goes into `row`.
    async fn run_to_the_end(&self, job: &Job<'_>, program: Program, row: &mut Row) -> Result<Ran> {
        let case = job.case;
        let mut events = self.kernel.subscribe();
        let begun = Instant::now();
        let pid = self.kernel.spawn(program.clone())?;
        // A case that is stopped at its calls has no answers to compare.
        let think = self
            .options
            .think(&job.agent.loaded)
            .filter(|_| case.stop.is_none());
        let think = think.map(|think| self.kernel.deliberate(pid, &program, think));
        let deliberation = think.transpose()?;
        let words_show = self.kernel.cpu().info().constrains;
        let watched = watch(&self.kernel, &mut events, pid, case.stop, words_show).await;
        let ms = begun.elapsed().as_millis() as u64;
        drop(events);
        if watched.cut.is_some() {
            // The process may have ended by itself.
            let _ = self.kernel.signal(pid, Signal::Kill);
        }
        let mut pid = pid;
        let mut exit = self.kernel.wait(pid).await?;
        if let Some(deliberation) = deliberation {
            let deliberated = deliberation.settle(&self.kernel, exit).await?;
            (pid, exit) = (deliberated.pid, deliberated.exit);
            exit.ms = begun.elapsed().as_millis() as u64;
            row.confidence = deliberated.confidence;
            row.support = deliberated.support;
            row.branches = deliberated.branches;
        }
        Ok(Ran {
            pid,
            exit,
            watched,
            ms,
        })
    }

    /// Keeps what was done, where that is wanted.
    fn keep_trace(&self, row: &mut Row, pid: Pid, steps: &[StepRow]) -> Result<()> {
        if self.traced {
            let reminder = self.kernel.journal().reminder(pid)?;
            let told = reminder.map_or_else(Label::kernel, |reminder| reminder.label);
            let read = Label::lowest([trace::label(steps), told].iter());
            row.trace = trace::of(steps);
            row.read = Some(read.trust);
            row.secrecy = read.secrecy;
        }
        Ok(())
    }

    /// Stores the documents of a case and runs the tasks before it.
    async fn begin(&self, job: &Job<'_>) -> Result<()> {
        for (first, mut left) in self.beginnings.others(job.n) {
            for (which, _) in left.drain() {
                self.forget(&space(first, which))?;
            }
        }
        self.store_documents(job)?;
        for prompt in &job.case.before {
            let pid = self.kernel.spawn(self.program(job, prompt))?;
            let exit = self.kernel.wait(pid).await?;
            if exit.status == Status::Failed {
                let error = exit.error.unwrap_or_default();
                return Err(anyhow!("a task before it failed: {error}"));
            }
        }
        Ok(())
    }

    /// Leaves the memory of `job` as the next case that begins alike finds it: as it was, or
    /// empty.
    fn put_back(&self, job: &Job<'_>, left: &mut Left) -> Result<()> {
        let space = self.space(job);
        let before = left.get(&job.which);
        if job.case.before.is_empty() || before != Some(&self.stored(&space)?) {
            left.remove(&job.which);
            self.forget(&space)?;
        }
        Ok(())
    }

    /// The pages of `space`.
    fn stored(&self, space: &Space) -> Result<Stored> {
        let pages = self.kernel.store().list(0, LIST_MAX)?.into_iter();
        let own = pages.filter(|page| page.space == *space);
        Ok(own
            .map(|page| (page.id, (page.created_ms, page.bytes)))
            .collect())
    }

    fn store_documents(&self, job: &Job<'_>) -> Result<()> {
        let page = |document: &super::cases::Document| NewPage {
            kind: Kind::Document,
            title: document.title.clone(),
            text: document.text.clone(),
            source: "case".into(),
            trust: Trust::User,
            space: self.space(job),
            ..NewPage::default()
        };
        let pages: Vec<NewPage> = job.case.documents.iter().map(page).collect();
        if !pages.is_empty() {
            self.kernel.store().put_all(pages)?;
        }
        Ok(())
    }

    /// Removes all pages of `space`, so that the next case finds the store as it was.
    fn forget(&self, space: &Space) -> Result<()> {
        for id in self.stored(space)?.into_keys() {
            self.kernel.store().remove(&id)?;
        }
        Ok(())
    }
}

/// The space of cases that begin as case `first` does, for the agent `which`.
fn space(first: usize, which: usize) -> Space {
    Space::from(format!("eval-{first}-{which}"))
}

/// The name of the device of case `n`.
fn device(n: usize) -> String {
    format!("t{}", n + 1)
}
