//! What a process does next: what still has to be done before the first step comes before it.

use std::collections::VecDeque;

use crate::exec::Past;
use crate::journal::StepRow;

/// What a process does next.
pub(crate) enum Next {
    /// Has the texts beside the task scanned.
    Scan,
    /// Repeats a step whose effects may or may not have happened before a crash.
    Redo(Box<StepRow>),
    /// Asks the store what it holds on the task.
    Remind,
    /// May plan the effects of the task.
    Plan,
    /// A step.
    Step,
}

/// What still has to be done before the first step.
pub(crate) struct Agenda {
    /// The texts beside the task have to be scanned.
    scan: bool,
    /// The store has to be asked what it holds on the task.
    reminder: bool,
    /// The effects of the task may have to be planned.
    plan: bool,
    /// Steps whose effects may or may not have happened before a crash.
    pending: VecDeque<StepRow>,
}

impl Agenda {
    /// What a process has to do that was this before; no step of it is to be repeated yet.
    pub(crate) fn after(past: &Past) -> Self {
        Self {
            scan: true,
            reminder: past.done.is_empty() && past.reminder.is_none(),
            plan: past.done.is_empty() && past.n == 0,
            pending: VecDeque::new(),
        }
    }

    /// Adds a step that has to be repeated, after all that were added before.
    pub(crate) fn redo(&mut self, step: StepRow) {
        self.pending.push_back(step);
    }

    /// What is to be done next. It is not to be done again.
    pub(crate) fn take_next(&mut self) -> Next {
        if std::mem::take(&mut self.scan) {
            return Next::Scan;
        }
        if let Some(step) = self.pending.pop_front() {
            return Next::Redo(Box::new(step));
        }
        if std::mem::take(&mut self.reminder) {
            return Next::Remind;
        }
        match std::mem::take(&mut self.plan) {
            true => Next::Plan,
            false => Next::Step,
        }
    }
}
