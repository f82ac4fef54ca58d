//! Each source that a task names is looked into before anything is answered or computed. A small model
//! opens the page and never searches the documents, or the reverse, and makes up what is missing. No
//! CPU writes these calls: the address stands in the task, and its words are what is searched for.

use serde_json::Value;

use super::leads::other_addresses;
use crate::calls::SEARCH;
use crate::exec::Execution;
use crate::exec::state::{speaks_of_numbers, without_names};
use crate::grammar::Legal;
use crate::planner::answer_form::asks_for_a_fact;
use crate::planner::sources::{asks_for_an_amount, names_page_and_documents, speaks_of_ones_own};
use crate::planner::wording::{asks_for_a_total, puts_numbers_together};

/// Addresses of a task that are opened one after the other. A task with more of them is about
/// addresses.
const ADDRESSES_MAX: usize = 3;
/// Calls after which nothing more is looked into by itself.
const CALLS_MAX: usize = 6;

impl Execution {
    /// The look into a source that the task names and that nothing has looked into yet: first its pages,
    /// then the store.
    pub(in crate::exec) fn of_a_source_left(&self, legal: &Legal) -> Option<Value> {
        let may = self.shared.cpu.info().constrains
            && self.program.branch.is_none()
            && self.gives_an_address()
            && !self.found.has_others()
            && !self.vm.has_held()
            && self.found.asked().len() < CALLS_MAX;
        if !may {
            return None;
        }
        let look = self.page_left(legal).or_else(|| self.search_left(legal))?;
        legal.check(&look).is_ok().then_some(look)
    }

    /// The call that opens a page of the task which nobody has tried to open, where the task names
    /// documents beside it, or these were searched already.
    fn page_left(&self, legal: &Legal) -> Option<Value> {
        let told = self.told();
        let asks =
            || asks_for_a_fact(told) || asks_for_a_total(told) || puts_numbers_together(told);
        let wanted = names_page_and_documents(told) || self.found.has_searched() && asks();
        let opener = legal.opens_addresses().filter(|_| wanted)?;
        if other_addresses(told, "").len() > ADDRESSES_MAX {
            return None;
        }
        let left = other_addresses(told, &self.found.asked().join(" "));
        opener.call_opening(left.first()?)
    }

    /// The search of the store where the task names documents beside a page, or asks for an amount of
    /// what belongs to its user and pages that nobody vouches for match it. Not where what it was
    /// reminded of may be all.
    fn search_left(&self, legal: &Legal) -> Option<Value> {
        let told = self.told();
        let searches = legal.offered().any(|call| call.name == SEARCH);
        if !searches || self.found.has_searched() {
            return None;
        }
        let strangers = self.reminded_of().is_some_and(|said| said.strangers > 0);
        let wanted = match names_page_and_documents(told) {
            true => strangers || !self.is_reminded_enough(),
            false => {
                let asks = asks_for_an_amount(told) && speaks_of_ones_own(told);
                strangers && asks && self.found.is_there()
            }
        };
        wanted.then(|| self.search_for_the_task())
    }

    /// Whether it was reminded of something, of numbers where the task asks for an amount.
    pub(in crate::exec) fn is_reminded_enough(&self) -> bool {
        let has_it = |said: String| {
            !asks_for_an_amount(self.told()) || speaks_of_numbers(&without_names(&said))
        };
        self.vm.reminder().is_some_and(has_it)
    }
}
