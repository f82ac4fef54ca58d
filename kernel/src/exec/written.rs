//! What a process writes into the journal. In a replay the rows are there already, and are
//! compared.

use super::{Ending, Execution, failed};
use crate::event::Event;
use crate::gate::plan::Plan;
use crate::journal::tape::Row;
use crate::journal::{Outcome, StepRow};
use crate::label::Suspicion;
use crate::process::{Exit, State};

impl Execution {
    /// Records the intent of a step, before its effect.
    pub(super) fn intent(&mut self, step: &StepRow) -> Result<(), Ending> {
        let ruling = self.ruling.take();
        let Row::Write(said) = self.shared.tape.intent(step, ruling.as_ref())? else {
            return Ok(());
        };
        let journal = &self.shared.journal;
        journal
            .intent(self.pid, step, ruling.as_ref(), said)
            .map_err(failed)
    }

    /// Records the outcome of a step, after its effect.
    pub(super) fn record(&self, step: &StepRow, outcome: &Outcome) -> Result<(), Ending> {
        let Row::Write(said) = self.shared.tape.outcome(step.n, outcome)? else {
            return Ok(());
        };
        let journal = &self.shared.journal;
        journal
            .outcome(self.pid, step.n, outcome, self.costs.ms(), said)
            .map_err(failed)
    }

    /// Records the outcome of a step and makes it part of the process.
    pub(super) fn outcome(&mut self, step: &StepRow, outcome: Outcome) -> Result<(), Ending> {
        self.record(step, &outcome)?;
        self.announce(&step.action);
        let held = self.held_back(step.n, &step.action, &outcome);
        self.emit(Event::Observation {
            pid: self.pid,
            n: step.n,
            text: outcome.text.clone(),
            shown: held.clone(),
            ok: outcome.ok,
            label: outcome.label.clone(),
            ms: outcome.ms,
        });
        let parts = self.parts.clone();
        self.take_in(step.n, &step.action, outcome, held);
        self.tell_left_out();
        if self.parts != parts {
            self.tell_parts();
        }
        Ok(())
    }

    /// Writes the state only when it has changed: each write waits for the disk.
    pub(super) fn save_state(&mut self, state: State) -> Result<(), Ending> {
        if self.state == state {
            return Ok(());
        }
        if !self.shared.tape.is_played() {
            let journal = &self.shared.journal;
            journal
                .set_state(self.pid, state, self.costs.ms())
                .map_err(failed)?;
        }
        self.state = state;
        Ok(())
    }

    /// Records what the process may do unattended.
    pub(super) fn write_plan(&self, plan: &Plan) -> Result<(), Ending> {
        if self.shared.tape.is_played() {
            return Ok(());
        }
        let journal = &self.shared.journal;
        journal.set_plan(self.pid, plan).map_err(failed)
    }

    /// Records how much the texts beside the task read like attacks, by their places.
    pub(super) fn write_suspicions(&self, said: &[(usize, Suspicion)]) -> Result<(), Ending> {
        if said.is_empty() || self.shared.tape.is_played() {
            return Ok(());
        }
        let journal = &self.shared.journal;
        journal.set_suspicions(self.pid, said).map_err(failed)
    }

    /// Records the end of a run.
    pub(super) fn write_exit(&self, state: State, exit: &Exit) {
        // A tape that has ended, or that differs, has told so itself.
        let Ok(Row::Write(said)) = self.shared.tape.exit(exit) else {
            return;
        };
        if let Err(error) = self.shared.journal.exit(self.pid, state, exit, said) {
            tracing::error!(pid = self.pid, %error, "the end of the process was not recorded");
        }
    }
}
