//! The second search of a task in two steps: who has the key to the room of the oars stands in two documents
//! of which the first says the room only. No CPU writes the call. It is a step as any other: the gate, the
//! journal and the labels are those of each search.

use serde_json::Value;

use crate::calls::{NOTHING_FOUND, SEARCH};
use crate::exec::Execution;
use crate::exec::state::without_heads;
use crate::grammar::Legal;
use crate::label::Trust;
use crate::planner::answer_form::asks_for_a_fact;
use crate::planner::material::onward::leads_to;

/// Calls after which nothing more is searched for by itself.
const CALLS_MAX: usize = 6;

impl Execution {
    /// The search for what the last one, or what came to mind, leads to and does not say. One for each of
    /// these, and none for what such a search has found.
    pub(in crate::exec) fn of_what_leads_on(&self, legal: &Legal) -> Option<Value> {
        let may = self.shared.cpu.info().constrains
            && self.program.branch.is_none()
            && self.program.attached.is_empty()
            && !self.vm.has_held()
            && self.found.asked().len() < CALLS_MAX
            && asks_for_a_fact(self.told());
        let searches = legal.offered().any(|call| call.name == SEARCH);
        if !may || !searches || !self.may_learn_more(legal) {
            return None;
        }
        let mut texts = self.said_by_the_store();
        let said = texts.pop().filter(|_| self.is_fresh())?;
        let found = without_heads(&self.what_was_found());
        let query = leads_to(self.told(), &said, &found)?;
        let search = Self::search_for(&query);
        let is_new = !self.found.asked().contains(&search["args"].to_string());
        let may = is_new && !self.came_of(&texts) && legal.check(&search).is_ok();
        may.then_some(search)
    }

    /// Whether a search takes nothing from it, though what it shows may be a stranger's: it has read what
    /// nobody vouches for, or could make no effect that was not planned.
    fn may_learn_more(&self, legal: &Legal) -> bool {
        self.vm.lowest_label().trust == Trust::Untrusted || self.may_read_strangers(legal)
    }

    /// What came to mind, and what each search has found, oldest first, without borders.
    fn said_by_the_store(&self) -> Vec<String> {
        let reminder = self.vm.reminder();
        let searched = self.found.of_the_store();
        let texts = reminder.as_deref().into_iter().chain(searched);
        texts.map(without_heads).collect()
    }

    /// Whether the last of these is what the next step reads first: nothing was done yet, or the last step
    /// was a search that found something.
    fn is_fresh(&self) -> bool {
        let Some((action, worked)) = self.track.last() else {
            return true;
        };
        let said = self.vm.last_observation();
        *worked && action["tool"] == SEARCH && said.is_some_and(|said| said != NOTHING_FOUND)
    }

    /// Whether the last search was the second one of a text before, of `texts`.
    fn came_of(&self, texts: &[String]) -> bool {
        let query = self
            .track
            .last()
            .map(|(action, _)| &action["args"]["query"]);
        let query = query.and_then(Value::as_str);
        let leads_there = |text: &String| leads_to(self.told(), text, text).as_deref() == query;
        query.is_some() && texts.iter().any(leads_there)
    }
}
