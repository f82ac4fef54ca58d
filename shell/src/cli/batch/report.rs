//! What a batch tells as its tasks end: a line of JSON each for programs; a bar, the first that
//! failed and a sum for people.

use anyhow::Result;
use indicatif::ProgressBar;
use quipu_kernel::limits::Limit;
use quipu_kernel::process::{Pid, Status, Usage};
use serde::Serialize;
use serde_json::Value;

use super::at_work::AtWork;
use super::tally::{TICK, Tally, progress};
use crate::cli::results::Results;
use crate::service::conversation::Ended;
use crate::service::door::Door;
use crate::terminal::error::{UserError, is_closed_pipe};
use crate::terminal::output::counted;
use crate::terminal::silence::Silence;
use crate::terminal::words::words;
use crate::terminal::{hints, sources};

/// One line of the results.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    id: Value,
    pid: Option<Pid>,
    status: Status,
    answer: Option<Value>,
    /// Pages of the store that it has read, as `run --format json` has them.
    sources: Vec<String>,
    steps: usize,
    usage: Usage,
    ms: u64,
    limits_hit: Vec<Limit>,
    /// With `--think`: how likely the answer is right.
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Line {
    /// The result of the task `id`.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub(super) fn of(door: &Door, id: Value, ended: Ended) -> Result<Self> {
        let Ended { pid, exit, .. } = ended;
        let error = hints::ended(&exit);
        let (reminder, steps) = (door.journal().reminder(pid)?, door.journal().steps(pid)?);
        let text_of = |id: &str| door.page(id);
        let sources = sources::of(exit.answer.as_ref(), reminder.as_ref(), &steps, &text_of);
        Ok(Self {
            id,
            pid: Some(pid),
            status: exit.status,
            answer: exit.answer,
            sources,
            steps: steps.len(),
            usage: exit.usage,
            ms: exit.ms,
            limits_hit: exit.limits_hit,
            confidence: ended.confidence,
            error,
        })
    }
}

/// Where the results go, and what a person sees meanwhile.
pub(super) struct Report {
    out: Results,
    tally: Tally,
    progress: ProgressBar,
    silence: Option<Silence>,
    /// The tasks that run.
    pub(super) at_work: AtWork,
}

impl Report {
    /// A report on `tasks` tasks, none of which has ended. Their results go to `out`.
    pub(super) fn begin(out: Results, tasks: usize) -> Self {
        let progress = progress(tasks as u64);
        progress.enable_steady_tick(TICK);
        let tally = Tally::of(tasks);
        let at_work = AtWork::default();
        let silence = at_work.silence(&progress, tasks, "task");
        Self {
            out,
            tally,
            progress,
            silence,
            at_work,
        }
    }

    /// Writes `line` and counts it; `left` more tasks have no result yet.
    ///
    /// # Errors
    /// When it cannot be written, also because nobody reads it.
    pub(super) fn add(&mut self, line: &Line, left: usize) -> Result<()> {
        match self.out.write(line) {
            Err(error) if is_closed_pipe(&error) => {
                return Err(UserError::failed(
                    format!(
                        "nobody reads the results any more; not done: {}",
                        counted(1 + left, "task")
                    ),
                    "--out FILE keeps them, and --resume then does what is left",
                ));
            }
            written => written?,
        }
        // Only what goes to standard output is seen.
        if let (Results::Standard, Some(silence)) = (&self.out, &self.silence) {
            silence.seen();
        }
        let error = line.error.as_deref();
        if let Some(words) = self.tally.add(&line.id, line.status, line.usage, error) {
            self.progress.suspend(|| say!("{words}"));
        }
        self.progress.set_message(self.tally.troubles());
        self.progress.inc(1);
        Ok(())
    }

    /// Takes the bar away.
    pub(super) fn clear(&self) {
        self.progress.finish_and_clear();
    }

    /// Says in a line what the batch came to, where there was anything to do; and where something
    /// was denied that somebody `asks` for, that nobody was there.
    pub(super) fn sum_up(&mut self, not_started: usize, asks: bool) {
        self.silence = None;
        if self.tally.has_any() {
            say!("{}", self.tally.line(not_started));
        }
        if asks && self.tally.count(Status::Denied) > 0 {
            say!("{}", words().nobody_asked);
        }
    }

    /// The results are all there.
    ///
    /// # Errors
    /// When they are not on disk.
    pub(super) fn finish(self) -> Result<()> {
        self.out.finish()
    }
}
