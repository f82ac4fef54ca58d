//! What a process was before this machine took it up.

use std::collections::BTreeMap;

use crate::journal::{Journal, JournalError, StepRow};
use crate::process::Pid;
use crate::window::reminder::Reminder;

/// What a process was before this machine took it up.
#[derive(Clone, Default)]
pub(crate) struct Past {
    /// Wall-clock time of its earlier runs, in milliseconds.
    pub(crate) spent_ms: u64,
    /// Its steps.
    pub(crate) done: Vec<StepRow>,
    /// Its last row in the journal, also of steps that it is not shown again.
    pub(crate) n: u32,
    /// What it was reminded of.
    pub(crate) reminder: Option<Reminder>,
    /// Which of its steps are effects of its plan, and which effects.
    pub(crate) planned: BTreeMap<u32, usize>,
}

impl Past {
    /// What `pid` was, as far as a resumed process needs it, after `spent_ms` milliseconds.
    pub(crate) fn of(journal: &Journal, pid: Pid, spent_ms: u64) -> Result<Self, JournalError> {
        let mut done = journal.steps(pid)?;
        // A refused step ended its run and stays in the journal. The new run decides again.
        let refused = journal.refused(pid)?;
        let last_refused = refused.iter().max().copied().unwrap_or(0);
        done.retain(|step| !refused.contains(&step.n));
        // An answer that was given under a limit is decided again too.
        while done
            .last()
            .is_some_and(|step| step.action.get("answer").is_some())
        {
            done.pop();
        }
        Ok(Self {
            spent_ms,
            done,
            n: last_refused,
            reminder: journal.reminder(pid)?,
            planned: journal.planned(pid)?,
        })
    }
}
