//! Before the first step: what the store holds on the task goes into the window.

use super::{Ending, Execution, guarded, time_left};
use crate::event::Event;
use crate::recall::{Recalled, recall};

impl Execution {
    /// Asks the store, writes down what it says and pins it. A store that fails costs
    /// the process nothing but the reminder.
    pub(super) async fn remind(&mut self) -> Result<(), Ending> {
        self.unreminded = false;
        let memory = &self.program.agent.memory;
        if memory.recall_tokens == 0 && memory.blocks.is_empty() {
            return Ok(());
        }
        let (shared, program) = (self.shared.clone(), self.program.clone());
        let work = tokio::task::spawn_blocking(move || {
            recall(shared.store.as_ref(), shared.cpu.as_ref(), &program)
        });
        let left = time_left(&self.program, &self.spent, self.started);
        let recalled = match guarded(&mut self.inbox.signals, left, work).await? {
            Ok(Ok(Some(recalled))) => recalled,
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(error)) => {
                tracing::warn!(pid = self.pid, %error, "nothing was recalled");
                return Ok(());
            }
            Err(error) => {
                tracing::warn!(pid = self.pid, %error, "nothing was recalled");
                return Ok(());
            }
        };
        if !self.pin(&recalled) {
            return Ok(());
        }
        // Before the first step reads it: a process that is resumed sees the same.
        let journal = &self.shared.journal;
        journal
            .set_recalled(self.pid, &recalled)
            .map_err(|error| Ending::Failed(format!("{error}\nhint: {}", error.hint())))?;
        self.emit(Event::Reminded {
            pid: self.pid,
            recalled,
        });
        Ok(())
    }

    /// Puts recalled pages into the window; says whether there was room for them.
    pub(super) fn pin(&mut self, recalled: &Recalled) -> bool {
        let (text, label) = (recalled.text.clone(), recalled.label.clone());
        self.vm.pin_recalled(&*self.shared.cpu, text, label)
    }
}
