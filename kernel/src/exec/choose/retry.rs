//! An answer that is worth another try gets one: it refuses, denies what was just read, says how a
//! tool is called, or leaves a question out.

use serde_json::Value;

use super::hints::{
    ALSO, AND, END, FROM_THE_TEXT, IN_WORDS, LOOKED_AT, NOT_SAID, THE_RESULT, THE_STORE,
};
use super::leads::other_addresses;
use super::wants::tells_an_error;
use super::writing::Decided;
use crate::calls::changes_something;
use crate::exec::state::without_heads;
use crate::exec::weigh::after;
use crate::exec::{Ending, Execution, failed};
use crate::grammar::{Legal, Move};
use crate::pattern::HAN;
use crate::planner::answer_form::asks_for_a_fact;
use crate::planner::facts::{left_beside, sentences};
use crate::planner::material::nearer::clause_meant;
use crate::planner::numbers::{has_another_number, says_other_numbers};
use crate::planner::other_times::asks_of_another_time;
use crate::planner::owners::{asks_of_another_owner, stands_apart};
use crate::planner::pointing::{is_a_question_of, only_points};
use crate::planner::poor_answer::{
    asks_back, asks_for_context, copies_a_result, leaves_to_call, only_denies, only_promises,
    only_refuses, only_repeats, says_no, says_what_was_not_read, tells_how,
};
use crate::planner::questions::left_out;
use crate::planner::shared_words::says_no_more;
use crate::planner::wording::{asks_for_a_total, sends_to_documents};
use crate::written::numbers::HAN_SIGNS;
use quipu_cpu::{Message, Prompt, Role, without_thought};

/// Pages that are named among what was looked at.
const PAGES_NAMED_MAX: usize = 4;

impl Execution {
    /// `decided`, or what came of another try where that is a poor answer.
    pub(in crate::exec) async fn unless_it_is_poor(
        &mut self,
        n: u32,
        prompt: &Prompt,
        legal: &Legal,
        decided: Decided,
    ) -> Result<Decided, Ending> {
        let words = self.shared.cpu.info().constrains
            && legal.answer.is_none()
            && decided.chosen == Move::Answer;
        if !words {
            return Ok(decided);
        }
        let answer = without_thought(&decided.completion.text);
        if only_refuses(answer) {
            return self.without_tools(n, prompt, decided).await;
        }
        if let Some(result) = self.result_left_out(prompt, answer, legal).await? {
            return self.with_the_result(n, prompt, &result, decided).await;
        }
        if let Some(only) = self.call_left_in(answer, legal) {
            return self.call_instead(n, prompt, &only, decided).await;
        }
        // Most often a call of something that is not there.
        let is_unreadable = legal
            .action(decided.chosen, &decided.completion.text)
            .is_err();
        let mut invents = self.answers_beyond(prompt, legal, answer);
        if !invents && self.may_guess(legal) {
            invents = self.guesses(n, answer, &all_of(prompt)).await?;
        }
        let says_nothing = self.may_know(legal) && self.says_nothing(answer, legal)
            || self.has_looked_up(legal) && asks_for_context(answer)
            || self.leaves_it_at_a_place(answer, legal)
            || copies_a_result(answer);
        if !is_unreadable && !only_denies(answer) && !says_nothing && !invents {
            return self.by_the_clause_meant(n, legal, decided).await;
        }
        let mut again = self.read_again(n, legal, decided, says_nothing).await?;
        // What was not found is not known, however sure it sounds.
        let said = without_thought(&again.completion.text);
        let beyond = self.is_of_others(said) || self.was_not_read(prompt, said);
        // A question in the place of an answer says as little, and so does a promise.
        let again_nothing = says_nothing && self.says_nothing(said, legal);
        let asks_again = again_nothing && self.may_guess(legal) && self.looks_only_there();
        let no_answer = self.leaves_it_at_a_place(said, legal) || copies_a_result(said);
        let says_none = invents && beyond || asks_again || no_answer;
        if says_none && !only_denies(said) {
            again.completion.text = self.what_is_said_of_nothing();
        }
        Ok(again)
    }

    /// That nothing says it, and what was looked at.
    fn what_is_said_of_nothing(&self) -> String {
        let store = Some(self.asked_by(&THE_STORE).to_owned());
        let store = store.filter(|_| self.found.has_searched());
        let pages = other_addresses(&self.found.opened().join(" "), "");
        let pages = pages.into_iter().take(PAGES_NAMED_MAX);
        let looked_at: Vec<String> = store.into_iter().chain(pages).collect();
        let said = self.asked_by(&NOT_SAID);
        match looked_at.is_empty() {
            true => said.to_owned(),
            false => {
                let places = looked_at.join(self.asked_by(&AND));
                let (before, end) = (self.asked_by(&LOOKED_AT), self.asked_by(&END));
                format!("{said}{before}{places}{end}")
            }
        }
    }

    /// Whether a fact is asked for, something was looked at or tried, and `answer` only says where to look.
    fn leaves_it_at_a_place(&self, answer: &str, legal: &Legal) -> bool {
        let told = self.told();
        let tried = !self.found.asked().is_empty() || self.vm.reminder().is_some();
        tried && asks_for_a_fact(told) && only_points(answer, told, names(legal))
    }

    /// `decided`, or where that says what one clause of a sentence says of another thing than the task asks
    /// of, what is read from the clause that is meant: of two pairs a small model takes the first.
    async fn by_the_clause_meant(
        &mut self,
        n: u32,
        legal: &Legal,
        decided: Decided,
    ) -> Result<Decided, Ending> {
        if !self.may_know(legal) || self.vm.has_held() {
            return Ok(decided);
        }
        let told = self.told_by_itself();
        let found = without_heads(&self.what_was_found());
        let answer = without_thought(&decided.completion.text);
        let Some(clause) = clause_meant(self.told(), &found, answer) else {
            return Ok(decided);
        };
        let text = self.within_its_border(&clause, &self.vm.lowest_label());
        let request = self.asked_by(&FROM_THE_TEXT);
        let question = Message::new(Role::User, format!("{text}\n\n{told}\n\n{request}"));
        let asked = self.shared.cpu.prepare(&[question]).map_err(failed)?;
        if asked.len + self.vm.reserve() > self.shared.cpu.info().window {
            return Ok(decided);
        }
        let mut again = self.in_words(n, &asked).await?;
        let said = without_thought(&again.completion.text);
        let holds = !only_denies(said)
            && !self.says_nothing(said, legal)
            && says_no_more(said, &clause, &told)
            && clause_meant(self.told(), &found, said).is_none();
        if !holds {
            self.costs.charge(again.completion.usage);
            return Ok(decided);
        }
        again.completion.usage += decided.completion.usage;
        Ok(again)
    }

    /// Whether something that was found, or came to mind, may say what is asked.
    fn may_know(&self, legal: &Legal) -> bool {
        let known = self.has_looked_up(legal) || self.vm.reminder().is_some();
        known && asks_for_a_fact(self.told())
    }

    /// Whether `answer` is none: it asks, says the question again, says that it will look or where, or tells
    /// its reader which tool to use.
    pub(super) fn says_nothing(&self, answer: &str, legal: &Legal) -> bool {
        let told = self.told();
        let tells_how = |name: &str| !told.contains(name) && tells_how(answer, name);
        asks_back(answer)
            || only_promises(answer, told)
            || only_repeats(answer, told)
            || is_a_question_of(answer, told)
            || only_points(answer, told, names(legal))
            || legal.calls.iter().any(|call| tells_how(&call.name))
    }

    /// Whether `answer` is not what was found, though a fact is asked for that was just looked up: it
    /// is of another day or of somebody else than asked, or it has a number or a name that stands
    /// nowhere while only what stands in documents or on a page counts.
    fn answers_beyond(&self, prompt: &Prompt, legal: &Legal, answer: &str) -> bool {
        let told = self.told();
        let only_there = self.looks_only_there();
        let asked = self.rests_on_what_was_found(legal) && asks_for_a_fact(told);
        let comes_of_others = || asks_for_a_total(told) || self.has_to_join();
        let not_read = || only_there && !comes_of_others() && self.was_not_read(prompt, answer);
        asked && (self.is_of_others(answer) || not_read())
    }

    /// Whether only what stands in documents or on a page counts for the task.
    fn looks_only_there(&self) -> bool {
        sends_to_documents(self.told()) || self.gives_an_address()
    }

    /// Whether `answer` has a number, a name or, in Chinese, words that stand nowhere.
    fn was_not_read(&self, prompt: &Prompt, answer: &str) -> bool {
        says_what_was_not_read(answer, &all_of(prompt), self.told())
            || says_other_words(answer, &self.all_that_is_said(), self.told())
    }

    /// Whether an answer can rest on nothing but what was looked up: that was the last step, or a
    /// program that failed was.
    fn rests_on_what_was_found(&self, legal: &Legal) -> bool {
        let failed = || {
            let result = self.vm.last_observation();
            result.is_some_and(|result| tells_an_error(&result))
        };
        self.has_looked_up(legal) || self.has_found_all() && failed()
    }

    /// Whether what was found speaks of other days or of other owners than the task where it says
    /// what `answer` says, and the answer does not say so.
    fn is_of_others(&self, answer: &str) -> bool {
        let (told, found) = (self.told(), self.all_that_is_said());
        let of_others = asks_of_another_time(told, &found, answer)
            || asks_of_another_owner(told, &found, answer)
            || stands_apart(told, &found, answer);
        of_others && !says_no(answer)
    }

    /// What was found, and what the user, the agent and the texts beside the task say; what they ask
    /// says nothing.
    fn all_that_is_said(&self) -> String {
        let (program, told) = (&self.program, self.told());
        let asks = |text: &str| text.contains(['?', '？']);
        let prompt = match asks(told) {
            true => program.prompt.clone(),
            false => program.prompt.replace(told, ""),
        };
        let attached = program.attached.iter().map(|attached| &attached.text);
        let said = attached.chain([&program.agent.instructions, &prompt]);
        let said = said.flat_map(|text| text.lines()).flat_map(sentences);
        let mut all = vec![without_heads(&self.what_was_found())];
        all.extend(said.filter(|sentence| !asks(sentence)));
        all.join("\n")
    }

    /// The number that the last step computed, where the task asks for it and `answer` says only
    /// numbers that stood there before: a small model answers with what it had found. One that
    /// stands nowhere may be the last step, done in its head.
    async fn result_left_out(
        &mut self,
        prompt: &Prompt,
        answer: &str,
        legal: &Legal,
    ) -> Result<Option<String>, Ending> {
        let Some(result) = legal.computed.clone().filter(|_| self.has_computed(legal)) else {
            return Ok(None);
        };
        let left_out = says_other_numbers(answer, &result)
            && !has_another_number(answer, &all_of(prompt), 0.0);
        let is_clear = asks_for_a_total(self.told()) || self.has_to_join();
        match left_out && (is_clear || self.computes().await?) {
            true => Ok(Some(result)),
            false => Ok(None),
        }
    }

    /// Whether the last step worked something out.
    fn has_computed(&self, legal: &Legal) -> bool {
        let computes = |action: &Value| {
            let called = legal.calls.iter().find(|call| action["tool"] == call.name);
            called.is_some_and(|call| call.takes_an_expression() || call.program.is_some())
        };
        let last = self.track.last();
        last.is_some_and(|(action, worked)| *worked && computes(action))
    }

    /// An answer that says `result`; that alone, where the CPU leaves it out once more.
    async fn with_the_result(
        &mut self,
        n: u32,
        prompt: &Prompt,
        result: &str,
        decided: Decided,
    ) -> Result<Decided, Ending> {
        let request = self.asked_by(&THE_RESULT);
        let messages = after(&prompt.messages, &format!("{request} {result}."));
        let asked = self.shared.cpu.prepare(&messages).map_err(failed)?;
        if asked.len > self.shared.cpu.info().window - self.vm.reserve() {
            return Ok(decided);
        }
        let mut again = self.in_words(n, &asked).await?;
        again.completion.usage += decided.completion.usage;
        let answer = without_thought(&again.completion.text);
        if says_other_numbers(answer, result) || answer.trim().is_empty() {
            again.completion.text = result.to_owned();
        }
        Ok(again)
    }

    /// An answer that is written without the tools in sight: among these a small model says of
    /// harmless words that it cannot assist. What it refuses on its own it refuses again, and that
    /// stands.
    async fn without_tools(
        &mut self,
        n: u32,
        prompt: &Prompt,
        decided: Decided,
    ) -> Result<Decided, Ending> {
        let mut messages = after(&prompt.messages, self.asked_by(&IN_WORDS));
        if let Some(boot) = messages.first_mut() {
            boot.text = self.planner.page_without_tools();
        }
        let asked = self.shared.cpu.prepare(&messages).map_err(failed)?;
        let mut again = self.in_words(n, &asked).await?;
        again.completion.usage += decided.completion.usage;
        Ok(again)
    }

    /// The tool that `answer` says to call, where that only looks at something and was not just
    /// called: a small model tells its user how to search instead of searching.
    fn call_left_in(&self, answer: &str, legal: &Legal) -> Option<Legal> {
        let last = self.track.last().map(|(action, _)| &action["tool"]);
        let left = legal.offered().find(|call| {
            leaves_to_call(answer, &call.name)
                && !self.told().contains(&call.name)
                && last.is_none_or(|tool| *tool != call.name)
                && !changes_something(&self.shared.bus, &call.name)
        })?;
        legal.only(|call| call.name == left.name)
    }

    /// The call of `only`, unless its arguments would be made up.
    async fn call_instead(
        &mut self,
        n: u32,
        prompt: &Prompt,
        only: &Legal,
        decided: Decided,
    ) -> Result<Decided, Ending> {
        let mut call = self.written(n, prompt, only, Move::Call).await?;
        call.completion.usage += decided.completion.usage;
        let action = only.action(Move::Call, &call.completion.text);
        let made_up = only.made_up(action.as_ref().unwrap_or(&Value::Null));
        Ok(match made_up.is_empty() {
            true => call,
            false => decided,
        })
    }

    /// What was looked up last, or else, where that counts, came to mind, and the same as it is shown.
    fn to_read_again(&self, legal: &Legal, reminds: bool) -> Option<(String, String)> {
        if self.vm.has_held() {
            return None;
        }
        if let Some(both) = self.said_together() {
            let all = self.what_was_found();
            return Some((format!("{all}\n{both}"), format!("{all}\n\n{both}")));
        }
        if !self.has_looked_up(legal) {
            let reminder = self.vm.reminder().filter(|_| reminds)?;
            return Some((reminder.clone(), reminder));
        }
        let found = self.vm.last_observation()?;
        let text = self.within_its_border(&found, &self.vm.last_label());
        Some((found, text))
    }

    /// What was looked up, read once more with nothing but the task beside it, where `decided`
    /// denies that it says what is asked, or cannot be read: among tools and rules a small model
    /// overlooks a sentence that it has quoted. What is said then counts only if the words found
    /// have it. `reminds` says whether what came to mind is read where nothing was looked up.
    async fn read_again(
        &mut self,
        n: u32,
        legal: &Legal,
        decided: Decided,
        reminds: bool,
    ) -> Result<Decided, Ending> {
        let Some((found, text)) = self.to_read_again(legal, reminds) else {
            return Ok(decided);
        };
        let told = self.told_by_itself();
        let request = self.asked_by(&FROM_THE_TEXT);
        let question = Message::new(Role::User, format!("{text}\n\n{told}\n\n{request}"));
        let asked = self.shared.cpu.prepare(&[question]).map_err(failed)?;
        if asked.len + self.vm.reserve() > self.shared.cpu.info().window {
            return Ok(decided);
        }
        let mut again = self.in_words(n, &asked).await?;
        again.completion.usage += decided.completion.usage;
        let answer = without_thought(&again.completion.text);
        let holds = !only_denies(answer) && says_no_more(answer, &found, &told);
        Ok(if holds { again } else { decided })
    }

    /// `decided`, or where that answers one of the questions of the task and leaves another out, the
    /// same with an answer to that one below it: a small model answers the first of two. An answer
    /// that was cut is not added to.
    pub(in crate::exec) async fn with_all_answers(
        &mut self,
        n: u32,
        prompt: &Prompt,
        legal: &Legal,
        mut decided: Decided,
    ) -> Result<Decided, Ending> {
        let written = &decided.completion;
        let words = self.shared.cpu.info().constrains
            && legal.answer.is_none()
            && decided.chosen == Move::Answer
            && written.closed_early.is_none()
            && legal
                .action(Move::Answer, &written.text)
                .is_ok_and(|action| action.get("answer").is_some());
        let answer = without_thought(&written.text).trim().to_owned();
        let mut left = match words {
            true => left_out(self.told(), &answer),
            false => Vec::new(),
        };
        if words && left.is_empty() && self.keeping.has_kept() {
            left = left_beside(self.told(), &answer);
        }
        if left.is_empty() {
            return Ok(decided);
        }
        let request = self.asked_by(&ALSO);
        let messages = after(&prompt.messages, &format!("{request} {}", left.join(" ")));
        let asked = self.shared.cpu.prepare(&messages).map_err(failed)?;
        if asked.len > self.shared.cpu.info().window - self.vm.reserve() {
            return Ok(decided);
        }
        self.show(n, "\n");
        let more = self.in_words(n, &asked).await?.completion;
        decided.completion.usage += more.usage;
        let said = without_thought(&more.text).trim();
        if !said.is_empty() && !answer.contains(said) && !only_refuses(said) {
            decided.completion.closed_early = more.closed_early;
            decided.completion.text = format!("{answer}\n{said}");
        }
        Ok(decided)
    }

    /// An answer to `asked` with no tool at hand.
    async fn in_words(&mut self, n: u32, asked: &Prompt) -> Result<Decided, Ending> {
        self.written(n, asked, &Legal::default(), Move::Answer)
            .await
    }
}

/// The names of all functions in sight.
fn names(legal: &Legal) -> impl Iterator<Item = &str> {
    legal.calls.iter().map(|call| call.name.as_str())
}

/// Whether `answer`, in Chinese, has other words than `found` for what `told` asks: its names are in no
/// capital letters. Not where it has a number, which is written in many ways.
fn says_other_words(answer: &str, found: &str, told: &str) -> bool {
    let chinese = |text: &str| text.contains(|c: char| HAN.contains(&c));
    let numbers = answer.contains(|c: char| c.is_numeric() || HAN_SIGNS.contains(c));
    let in_words = chinese(answer) && chinese(found) && !numbers;
    in_words && !says_no(answer) && !says_no_more(answer, found, told)
}

/// All that stands in a window. The boot page has numbers and names that are nobody's.
pub(super) fn all_of(prompt: &Prompt) -> String {
    let messages = prompt.messages.iter().skip(1);
    let texts: Vec<&str> = messages.map(|message| message.text.as_str()).collect();
    texts.join("\n")
}
