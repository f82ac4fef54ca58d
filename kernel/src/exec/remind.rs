//! Before the first step: what the store holds on the task goes into the window.

use super::reminder::remind;
use super::{Ending, Execution, guarded, time_left};
use crate::event::Event;
use crate::judgement::Question;
use crate::window::reminder::Reminder;

impl Execution {
    /// Asks the store, writes down what it says and pins it. A store that fails costs
    /// the process nothing but the reminder.
    pub(super) async fn remind(&mut self) -> Result<(), Ending> {
        self.unreminded = false;
        let memory = &self.program.agent.memory;
        if memory.recall_tokens == 0 && memory.blocks.is_empty() {
            return Ok(());
        }
        let personal = self.is_personal().await?;
        let (shared, program) = (self.shared.clone(), self.program.clone());
        let work = tokio::task::spawn_blocking(move || {
            remind(
                shared.store.as_ref(),
                shared.cpu.as_ref(),
                &program,
                personal,
            )
        });
        let left = time_left(&self.program, &self.spent, self.started);
        let reminder = match guarded(&mut self.inbox.signals, left, work).await? {
            Ok(Ok(Some(reminder))) => reminder,
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(error)) => {
                tracing::warn!(pid = self.pid, %error, "there is no reminder");
                return Ok(());
            }
            Err(error) => {
                tracing::warn!(pid = self.pid, %error, "there is no reminder");
                return Ok(());
            }
        };
        if !self.pin(&reminder) {
            return Ok(());
        }
        // Before the first step reads it: a process that is resumed sees the same.
        let journal = &self.shared.journal;
        journal
            .set_reminder(self.pid, &reminder)
            .map_err(|error| Ending::Failed(error.into()))?;
        self.emit(Event::Reminded {
            pid: self.pid,
            reminder,
        });
        Ok(())
    }

    /// Whether the task is about its user, so that what the user told before belongs to it
    /// whatever its words are. Asked only where there are memories.
    async fn is_personal(&mut self) -> Result<bool, Ending> {
        let memory = &self.program.agent.memory;
        let any = memory.spaces().iter().any(|space| {
            let newest = self.shared.store.memories(space, 1);
            newest.is_ok_and(|pages| !pages.is_empty())
        });
        if memory.recall_tokens == 0 || !any {
            return Ok(false);
        }
        let likely = self.judge_task(Question::Personal).await?;
        Ok(likely.is_some_and(|likely| self.says_yes(Question::Personal, likely)))
    }

    /// Puts a reminder into the window; says whether there was room for it.
    pub(super) fn pin(&mut self, reminder: &Reminder) -> bool {
        let (text, label) = (reminder.text.clone(), reminder.label.clone());
        self.vm.pin_reminder(&*self.shared.cpu, text, label)
    }
}
