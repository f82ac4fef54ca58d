//! What a process writes into the journal. In a replay the rows are there already, and are
//! compared.

use std::sync::Arc;

use crate::exec::failed;
use crate::gate::Ruling;
use crate::gate::plan::Plan;
use crate::journal::tape::{Row, Tape};
use crate::journal::{Journal, Outcome, StepRow};
use crate::label::Suspicion;
use crate::process::{Ending, Exit, Pid, State};
use crate::window::reminder::Reminder;

/// The rows of one process.
pub(crate) struct Rows {
    pid: Pid,
    journal: Arc<Journal>,
    tape: Arc<Tape>,
    /// The state as it is in the journal.
    state: State,
    /// The ruling on the step that is about to be recorded.
    ruling: Option<Ruling>,
}

impl Rows {
    /// The rows of `pid`, which is ready to run.
    pub(crate) fn of(pid: Pid, journal: Arc<Journal>, tape: Arc<Tape>) -> Self {
        Self {
            pid,
            journal,
            tape,
            state: State::Ready,
            ruling: None,
        }
    }

    /// The state as it is in the journal.
    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// Keeps the ruling on the step that is about to be recorded.
    pub(crate) fn rule(&mut self, ruling: Option<Ruling>) {
        self.ruling = ruling;
    }

    /// Adds to that ruling which effect of the plan the step is.
    pub(crate) fn planned(&mut self, at: usize) {
        if let Some(ruling) = &mut self.ruling {
            ruling.planned = Some(at);
        }
    }

    /// Records the intent of a step, before its effect.
    pub(crate) fn intent(&mut self, step: &StepRow) -> Result<(), Ending> {
        let ruling = self.ruling.take();
        let Row::Write(said) = self.tape.intent(step, ruling.as_ref())? else {
            return Ok(());
        };
        self.journal
            .intent(self.pid, step, ruling.as_ref(), said)
            .map_err(failed)
    }

    /// Records the outcome of a step, after its effect. The process has run for `ms` milliseconds.
    pub(crate) fn outcome(&self, step: &StepRow, outcome: &Outcome, ms: u64) -> Result<(), Ending> {
        let Row::Write(said) = self.tape.outcome(step.n, outcome)? else {
            return Ok(());
        };
        self.journal
            .outcome(self.pid, step.n, outcome, ms, said)
            .map_err(failed)
    }

    /// Writes the state only when it has changed: each write waits for the disk. The process has
    /// run for `ms` milliseconds.
    pub(crate) fn save_state(&mut self, state: State, ms: u64) -> Result<(), Ending> {
        if self.state == state {
            return Ok(());
        }
        if !self.tape.is_played() {
            self.journal
                .set_state(self.pid, state, ms)
                .map_err(failed)?;
        }
        self.state = state;
        Ok(())
    }

    /// Records what the process is reminded of.
    pub(crate) fn reminder(&self, reminder: &Reminder) -> Result<(), Ending> {
        if self.tape.is_played() {
            return Ok(());
        }
        self.journal
            .set_reminder(self.pid, reminder)
            .map_err(failed)
    }

    /// Records what the process may do unattended.
    pub(crate) fn plan(&self, plan: &Plan) -> Result<(), Ending> {
        if self.tape.is_played() {
            return Ok(());
        }
        self.journal.set_plan(self.pid, plan).map_err(failed)
    }

    /// Records how much the texts beside the task read like attacks, by their places.
    pub(crate) fn suspicions(&self, said: &[(usize, Suspicion)]) -> Result<(), Ending> {
        if said.is_empty() || self.tape.is_played() {
            return Ok(());
        }
        self.journal.set_suspicions(self.pid, said).map_err(failed)
    }

    /// Records the end of a run, after which the process is in `state`.
    pub(crate) fn exit(&self, state: State, exit: &Exit) {
        // A tape that has ended, or that differs, has told so itself.
        let Ok(Row::Write(said)) = self.tape.exit(exit) else {
            return;
        };
        if let Err(error) = self.journal.exit(self.pid, state, exit, said) {
            tracing::error!(pid = self.pid, %error, "the end of the process was not recorded");
        }
    }
}
