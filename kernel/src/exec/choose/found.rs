//! What was looked up for a task: the words of a store, of a page, of a file. Among tools and rules
//! a small model overlooks what it has just read; with nothing but these words and the task in
//! sight it says what they say, or computes from them. Which words were said well enough is decided
//! in `planner`; here is no list of phrases.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::hints::IN_A_SENTENCE;
use super::leads::other_addresses;
use super::writing::Decided;
use crate::calls::SEARCH;
use crate::exec::state::{is_a_look, speaks_of_numbers, without_heads, without_names};
use crate::exec::{Ending, Execution, failed};
use crate::grammar::{Callable, Legal, Move};
use crate::label::Label;
use crate::pattern::pattern;
use crate::planner::answer_form::{asks_for_a_fact, asks_for_an_address, gives_the_number};
use crate::planner::date;
use crate::planner::derived::{takes_of_both, takes_one_of_each};
use crate::planner::for_a_program::is_for_a_program;
use crate::planner::material::joined::across;
use crate::planner::material::sentence::says_it_in_a_sentence;
use crate::planner::material::{is_one_cell, row_led_to, telling};
use crate::planner::numbers::is_invented;
use crate::planner::poor_answer::only_denies;
use crate::planner::shared_words::says_no_more;
use crate::planner::sources::{asks_for_an_amount, asks_for_so_many, names_page_and_documents};
use crate::planner::supposed::supposes;
use crate::planner::wording::{
    asks_for_a_total, asks_for_the_most, asks_of_oneself, puts_numbers_together,
};
use crate::window::fence::Borders;
use quipu_cpu::{Completion, Message, Prompt, Role, without_thought};

/// Tokens of a fact in words.
const FACT_TOKENS_MAX: u32 = 120;

impl Execution {
    /// A text that others wrote, as the window shows it.
    pub(super) fn within_its_border(&self, text: &str, label: &Label) -> String {
        Borders::new(self.shared.cpu.info().constrains).around(text, text, label)
    }

    /// Whether what was looked up, and what came to mind before, is all that the task needs.
    pub(super) fn has_found_all(&self) -> bool {
        let found = &self.found;
        let any = found.is_there() || self.vm.reminder().is_some();
        any && !found.has_others()
            && !self.vm.has_held()
            && self.program.attached.is_empty()
            && self.is_told_all_in_the_task()
    }

    /// What came to mind and what was looked up, with the row of one text to which another leads.
    pub(super) fn what_was_found(&self) -> String {
        let mut texts: Vec<String> = self.vm.reminder().into_iter().collect();
        texts.extend(self.found.texts().iter().cloned());
        let led = row_led_to(self.told(), &texts.join("\n\n"));
        texts.extend(led.map(|line| self.within_its_border(&line, &self.vm.lowest_label())));
        texts.join("\n\n")
    }

    /// What two lines of what was found say together on the task, within a border: what one of them
    /// leads to in another.
    pub(super) fn said_together(&self) -> Option<String> {
        let lines = across(self.told(), &without_heads(&self.what_was_found()));
        let label = self.vm.lowest_label();
        (!lines.is_empty()).then(|| self.within_its_border(&lines.join("\n"), &label))
    }

    /// Whether the last step looked something up.
    pub(super) fn has_looked_up(&self, legal: &Legal) -> bool {
        let opens = |action: &Value| {
            let called = legal.calls.iter().find(|call| action["tool"] == call.name);
            called.is_some_and(Callable::looks_up)
        };
        let last = self.track.last().filter(|(_, worked)| *worked);
        last.is_some_and(|(action, _)| opens(action) || is_a_look(action, &self.shared.bus))
    }

    /// A program that computes the task from what was just looked up, where something is to be
    /// computed and numbers were found: a small model computes in its head by then, or takes what
    /// it found for the answer. `None` where the program has numbers that stand nowhere: more has to
    /// be looked up.
    pub(super) async fn computed_from_what_was_found(
        &mut self,
        n: u32,
        legal: &Legal,
    ) -> Result<Option<Decided>, Ending> {
        let has_numbers = self.found.speaks_of_numbers();
        // Among the rows of a table a small model takes the first large one.
        let picks = asks_for_the_most(self.told()) && self.found.has_a_table();
        // A program that could not run, for want of what was found since, was meant all the same.
        let was_meant = self.programs == 1 && self.track.returned().is_empty();
        let puts_together = picks || was_meant || puts_numbers_together(self.told());
        let of_both = self.has_to_join();
        let joins = of_both || !puts_together && self.may_have_to_join();
        let computes = has_numbers && (puts_together || joins);
        let is_first = self.programs == 0 || was_meant;
        let may = computes && is_first && self.found.is_untried();
        if !may || !self.has_looked_up(legal) {
            return Ok(None);
        }
        let of_many = || asks_for_so_many(self.told(), &self.what_was_found());
        let is_clear = picks || of_both || asks_for_a_total(self.told()) || of_many();
        if !is_clear && (self.is_said_in_a_sentence() || !self.computes().await?) {
            return Ok(None);
        }
        let Some(asked) = self.program_asked_for(legal)? else {
            return Ok(None);
        };
        let completion = match of_both {
            true => self.function_of_both(n, &asked, legal).await?,
            false => {
                let chosen = Move::Function;
                self.unseen(n, &asked, legal, chosen, u32::MAX).await?
            }
        };
        let code = &completion.text;
        let makes_up = Self::is_supposed(&asked, code);
        let whole = legal.given.above(code);
        let leaves_out = match of_both {
            true => !self.takes_of_page_and_documents(&whole),
            false => joins && !self.takes_of_both(&whole),
        };
        if makes_up || leaves_out {
            if makes_up {
                self.found.note_tried();
            }
            self.costs.charge(completion.usage);
            return Ok(None);
        }
        self.programs += 1;
        self.show(n, &completion.text);
        Ok(Some(Decided {
            chosen: Move::Function,
            completion,
        }))
    }

    /// A function that is to compute with a number of the documents and one of the page. Where the first
    /// one leaves either out, it is written once more.
    async fn function_of_both(
        &mut self,
        n: u32,
        asked: &Prompt,
        legal: &Legal,
    ) -> Result<Completion, Ending> {
        let chosen = Move::Function;
        let first = self.unseen(n, asked, legal, chosen, u32::MAX).await?;
        let takes = self.takes_of_page_and_documents(&legal.given.above(&first.text));
        if takes || Self::is_supposed(asked, &first.text) {
            return Ok(first);
        }
        let mut writing = self.write_by(asked, legal, chosen, u32::MAX, self.anew());
        writing.shown = false;
        let mut second = self.read_to_its_end(n, &mut writing).await?;
        second.usage += first.usage;
        Ok(second)
    }

    /// Whether `code`, which was `asked` for, has values that stand nowhere: in what was found, in the
    /// task, or among the factors between their units.
    pub(super) fn is_supposed(asked: &Prompt, code: &str) -> bool {
        let read = asked.messages.last();
        let read = read.map_or("", |message| message.text.as_str());
        is_invented(code, read) || supposes(code, read)
    }

    /// What the task asks for in the words of what was just looked up, with nothing but these and
    /// the task in sight. `None` where that is more than a fact that stands there.
    pub(super) async fn read_from_what_was_found(
        &mut self,
        n: u32,
        legal: &Legal,
    ) -> Result<Option<Decided>, Ending> {
        // The same texts say no more when they are read again.
        let alone = legal.answer.is_none()
            && self.headway.parts().is_none()
            && !self.found.is_unanswered()
            && !self.has_to_join()
            && self.has_found_all();
        let looked = self.has_looked_up(legal) || self.why_not_run().is_some();
        let found = looked || self.is_reminded_of_the_task();
        if !alone || !found || !asks_for_a_fact(self.told()) {
            return Ok(None);
        }
        let told = self.told().trim().to_owned();
        let request = self.asked_by(&IN_A_SENTENCE);
        let mut texts = without_ids(&self.what_was_found());
        if let Some(both) = self.said_together() {
            texts.push_str("\n\n");
            texts.push_str(&both);
        }
        // Right before the task a small model says the date again.
        let today = self.program.today.map(|today| date::told(today, &told));
        let today = today.unwrap_or_default();
        let question = format!("{today}\n\n{texts}\n\n{request} {told}");
        let question = Message::new(Role::User, question.trim_start());
        let asked = self.shared.cpu.prepare(&[question]).map_err(failed)?;
        if asked.len + self.vm.reserve() > self.shared.cpu.info().window {
            return Ok(None);
        }
        let words = Legal::default();
        let completion = self
            .unseen(n, &asked, &words, Move::Answer, FACT_TOKENS_MAX)
            .await?;
        let answer = without_thought(&completion.text);
        let whole = completion.closed_early.is_none();
        // Who answers with an address has not opened it.
        let is_a_page = answer.contains("://") || names_a_page(answer, self.found.opened());
        let leads_on = is_a_page && !asks_for_an_address(&told);
        let tells = !only_denies(answer)
            && !self.says_nothing(answer, legal)
            && gives_the_number(&told, answer);
        if !whole || leads_on || !tells || !says_no_more(answer, &texts, &told) {
            self.costs.charge(completion.usage);
            self.found.leave_unanswered();
            return Ok(None);
        }
        self.show(n, &completion.text);
        Ok(Some(Decided {
            chosen: Move::Answer,
            completion,
        }))
    }

    /// Whether what a program would have to make up may stand in what was found, or in the store that
    /// nobody has searched.
    pub(super) fn may_look_first(&self, legal: &Legal) -> bool {
        let searches = legal.offered().any(|call| call.name == SEARCH);
        let unsearched = searches && !self.found.has_searched() && !is_for_a_program(self.told());
        self.found.is_untried() || unsearched
    }

    /// Whether nothing was done yet, and what came to mind may say what is asked: it has a word of the
    /// task, or the task is about its user.
    fn is_reminded_of_the_task(&self) -> bool {
        let told = self.told();
        let asked = telling(told);
        let reminder = self.vm.reminder().filter(|_| self.track.n() == 0);
        reminder.is_some_and(|said| asks_of_oneself(told) || !telling(&said).is_disjoint(&asked))
    }

    /// Whether the task may need a number that its user told before, or that was found before, beside
    /// one that was looked up last.
    fn may_have_to_join(&self) -> bool {
        let (before, last) = self.before_and_last();
        asks_of_oneself(self.told()) && speaks_of_numbers(&before) && speaks_of_numbers(&last)
    }

    /// Whether the amount that the task asks for comes of what its documents say and of what its page
    /// says: both were read, both have numbers, and no sentence of them says it.
    pub(super) fn has_to_join(&self) -> bool {
        let told = self.told();
        if !names_page_and_documents(told) || !asks_for_an_amount(told) {
            return false;
        }
        let (store, pages) = self.both_sources();
        let both = speaks_of_numbers(&store) && speaks_of_numbers(&pages);
        both && (asks_for_a_total(told) || !self.is_said_in_a_sentence())
    }

    /// Whether `code` computes with a number of the documents and with another one of the page.
    fn takes_of_page_and_documents(&self, code: &str) -> bool {
        let (store, pages) = self.both_sources();
        takes_one_of_each(code, &store, &pages)
    }

    /// What came to mind and what the store said, and what pages say, without their names.
    fn both_sources(&self) -> (String, String) {
        let mut store = self.vm.reminder().unwrap_or_default();
        store.push('\n');
        store.push_str(&self.found.said_by(true));
        (
            without_names(&store),
            without_names(&self.found.said_by(false)),
        )
    }

    /// Whether `code` computes with a number that was known before and with one that was looked up last.
    fn takes_of_both(&self, code: &str) -> bool {
        let (before, last) = self.before_and_last();
        takes_of_both(code, &before, &last)
    }

    /// What came to mind and was looked up before, and what was looked up last, without their names.
    fn before_and_last(&self) -> (String, String) {
        let mut before: Vec<String> = self.vm.reminder().into_iter().collect();
        before.extend(self.found.texts().iter().cloned());
        let last = before.pop().unwrap_or_default();
        (without_names(&before.join("\n")), without_names(&last))
    }

    /// Whether one sentence of what was looked up says what the task asks, or one cell of it.
    pub(super) fn is_said_in_a_sentence(&self) -> bool {
        let texts = self.found.texts().join("\n");
        says_it_in_a_sentence(self.told(), &without_names(&texts))
            || is_one_cell(self.told(), &texts)
    }

    /// Whether what was just looked up has not the numbers that are to be computed with: it has
    /// none, or a program had to make one up.
    pub(super) fn lacks_numbers(&self, legal: &Legal) -> bool {
        self.has_looked_up(legal) && self.found.lacks_numbers()
    }

    /// What the CPU writes, which nobody sees before it is known to count.
    pub(super) async fn unseen(
        &mut self,
        n: u32,
        asked: &Prompt,
        legal: &Legal,
        chosen: Move,
        tokens_max: u32,
    ) -> Result<Completion, Ending> {
        let mut writing = self.write(asked, legal, chosen, tokens_max);
        writing.shown = false;
        self.read_to_its_end(n, &mut writing).await
    }
}

/// `texts` without the ids of their passages, which a small model takes for what they say.
fn without_ids(texts: &str) -> String {
    static IDS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^\[[a-z]+\d[\w-]*\](?: |$)"));
    IDS.replace_all(texts, "").into_owned()
}

/// Whether `answer` names the place of a page that was opened, by the arguments in `opened`.
fn names_a_page(answer: &str, opened: &[String]) -> bool {
    let addresses = other_addresses(&opened.join(" "), "");
    let mut places = addresses.iter().filter_map(|address| {
        let (_, place) = address.split_once("://")?;
        Some(place.trim_end_matches('/'))
    });
    places.any(|place| place.contains('/') && answer.contains(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_page_is_no_fact() {
        let check = |answer: &str, want: bool| {
            let opened = [r#"{"url":"http://a.example:9/shop/1.html"}"#.to_owned()];
            assert_eq!(names_a_page(answer, &opened), want, "{answer}");
        };
        check("It is on a.example:9/shop/1.html.", true);
        check("It is run by a.example.", false);
        check("In Mill Lane.", false);
    }

    #[test]
    fn a_passage_is_read_without_its_id() {
        let check = |texts: &str, want: &str| assert_eq!(without_ids(texts), want, "{texts}");
        check(
            "[m7-1] The mill is far away. (process 4)\n[m8] It is red.",
            "The mill is far away. (process 4)\nIt is red.",
        );
        check("See [m7-1] and [a] there.", "See [m7-1] and [a] there.");
        check("[m7]\n  | a |\n  | 4 |", "\n  | a |\n  | 4 |");
        check("[x] done", "[x] done");
    }
}
