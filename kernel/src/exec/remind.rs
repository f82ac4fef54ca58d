//! Before the first step: the user's own pages on the task go from the store into the window.
//! Pages that others wrote do not. Where those match best, the first step searches for them.

use serde_json::{Value, json};

use super::reminder::remind;
use super::{Ending, Execution};
use crate::calls::{SEARCH, changes_something};
use crate::event::Event;
use crate::grammar::Legal;
use crate::journal::tape::Told;
use crate::judgement::Question;
use crate::planner::for_one::is_for_its_text;
use crate::planner::wording::{
    asks_of_oneself, is_about_its_words, sends_to_documents, without_addresses,
};
use crate::window::reminder::Reminder;

/// Characters of a task that are searched for.
const QUERY_CHARS: usize = 300;
/// The share of the usual threshold that is enough for a question in which the user says "I" to
/// count as one about the user.
const EASED: f32 = 0.6;

impl Execution {
    /// Asks the store, writes down what it says and pins it. A store that fails costs
    /// the process nothing but the reminder.
    pub(super) async fn remind(&mut self) -> Result<(), Ending> {
        let memory = &self.program.agent.memory;
        let has_none = memory.recall_tokens == 0 && memory.blocks.is_empty();
        if has_none || is_for_its_text(&self.program) {
            return Ok(());
        }
        let personal = self.is_personal().await?;
        if self.shared.tape.is_played() {
            return self.remind_again();
        }
        let reminder = self.recalled(personal).await?;
        let reminder = reminder.filter(|reminder| self.pin(reminder));
        let told = Told::Fact("reminded".to_owned(), reminder.is_some().into());
        self.shared.tape.note(told);
        let Some(reminder) = reminder else {
            return Ok(());
        };
        // Recorded before the first step reads it, so that a resumed process sees the same.
        self.rows.reminder(&reminder)?;
        self.emit(Event::Reminded {
            pid: self.pid,
            reminder,
        });
        Ok(())
    }

    /// Pins the reminder that the journal has.
    fn remind_again(&mut self) -> Result<(), Ending> {
        let reminded = self.shared.tape.fact("reminded", || false)?;
        let reminder = self.shared.tape.playing().and_then(|tape| tape.reminder());
        if let Some(reminder) = reminder.filter(|_| reminded) {
            self.pin(&reminder);
        }
        Ok(())
    }

    /// What the store says; a store that fails says nothing.
    async fn recalled(&mut self, personal: bool) -> Result<Option<Reminder>, Ending> {
        let (shared, program) = (self.shared.clone(), self.program.clone());
        let clearance = self.clearance();
        let work = tokio::task::spawn_blocking(move || {
            remind(
                shared.store.as_ref(),
                shared.cpu.as_ref(),
                &program,
                personal,
                clearance,
            )
        });
        let left = self.costs.time_left(&self.program.limits);
        let tape = &self.shared.tape;
        let error = match self.inbox.guarded(tape, left, work).await? {
            Ok(Ok(reminder)) => {
                let leaks = &self.shared.gate.policy().leaks;
                return Ok(reminder.map(|reminder| Reminder {
                    text: leaks.redacted(&reminder.text).into_owned(),
                    ..reminder
                }));
            }
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        tracing::warn!(pid = self.pid, error, "there is no reminder");
        Ok(None)
    }

    /// Whether the task is about its user. Then what the user told before belongs to it, whatever
    /// its words are. Asked only where there are memories.
    async fn is_personal(&mut self) -> Result<bool, Ending> {
        let memory = &self.program.agent.memory;
        let store = &self.shared.store;
        let any = || {
            memory.spaces().iter().any(|space| {
                let newest = store.memories(space, 1);
                newest.is_ok_and(|pages| !pages.is_empty())
            })
        };
        if memory.recall_tokens == 0 || !self.shared.tape.fact("memories", any)? {
            return Ok(false);
        }
        let likely = self.judge_task(Question::Personal).await?;
        let threshold = self.shared.judgement.of(Question::Personal).threshold;
        let enough = match asks_of_oneself(self.told()) {
            true => threshold * EASED,
            false => threshold,
        };
        Ok(likely.is_some_and(|likely| likely >= enough))
    }

    /// The search that begins a task which pages of others match best, such as documents that the
    /// user brought in and did not vouch for, or one that names documents where nothing came to mind. Without it a small model says that it does not
    /// know. The results are a stranger's, as after any search, and unplanned effects would need
    /// approval from then on. So where the process could still make such effects, the search is
    /// left to it.
    pub(super) fn of_what_others_wrote(&self, legal: &Legal) -> Option<Value> {
        let program = &self.program;
        let first = self.track.n() == 0 && self.shared.cpu.info().constrains;
        if !first || !program.attached.is_empty() || !program.agent.memory.blocks.is_empty() {
            return None;
        }
        let searches = legal.offered().any(|call| call.name == SEARCH);
        let told = self.told().trim();
        let leads = || self.reminded_of().is_some_and(|said| said.strangers_lead);
        let named = || {
            let only_there = sends_to_documents(told) && !self.gives_an_address();
            only_there && !self.is_reminded_enough()
        };
        if !searches || is_about_its_words(told) || !(leads() || named()) {
            return None;
        }
        self.may_read_strangers(legal)
            .then(|| self.search_for_the_task())
    }

    /// Whether it would lose nothing by reading what nobody vouches for: it could make no effect that
    /// was not planned.
    pub(super) fn may_read_strangers(&self, legal: &Legal) -> bool {
        match self.program.plan.as_ref() {
            Some(plan) => plan.effects.is_empty(),
            None => !self.may_change_the_world(legal),
        }
    }

    /// The search of the store for the words of the task.
    pub(super) fn search_for_the_task(&self) -> Value {
        let words = without_addresses(self.told().trim());
        let query: String = words.trim().chars().take(QUERY_CHARS).collect();
        Self::search_for(&query)
    }

    /// The search of the store for `query`.
    pub(super) fn search_for(query: &str) -> Value {
        json!({"tool": SEARCH, "args": {"query": query}})
    }

    /// Whether one of its tools changes something.
    fn may_change_the_world(&self, legal: &Legal) -> bool {
        let bus = &self.shared.bus;
        let mut calls = legal.calls.iter();
        calls.any(|call| changes_something(bus, &call.name))
    }

    /// What it was reminded of, as the journal has it.
    pub(super) fn reminded_of(&self) -> Option<Reminder> {
        match self.shared.tape.playing() {
            Some(tape) => tape.reminder(),
            None => self.shared.journal.reminder(self.pid).ok().flatten(),
        }
    }

    /// Puts a reminder into the window; says whether there was room for it.
    pub(super) fn pin(&mut self, reminder: &Reminder) -> bool {
        let (text, label) = (reminder.text.clone(), reminder.label.clone());
        self.vm.pin_reminder(&*self.shared.cpu, text, label)
    }
}
