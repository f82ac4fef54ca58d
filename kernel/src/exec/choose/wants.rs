//! What a task wants, decided before a move is chosen: a program, a thought, a bare number, or
//! one of the words that it names.

use serde_json::{Value, json};

use crate::calls::NAMESPACES;
use crate::exec::state::without_heads;
use crate::exec::{Ending, Execution};
use crate::grammar::{Callable, Legal, Move};
use crate::judgement::Question;
use crate::planner::facts::is_told_in_sentences;
use crate::planner::for_a_program::is_for_a_program;
use crate::planner::material::priced;
use crate::planner::questions::questions;
use crate::planner::sources::names_page_and_documents;
use crate::planner::wording::{asks_of_oneself, sends_to_documents};
use crate::planner::{answer_form, conversion, date, term};
use crate::program::asks_for_code;

/// The most programs that are written for one task while they fail.
const PROGRAMS_MAX: u32 = 3;
/// Characters of a printed text up to which the text is the answer as it stands.
const SAID_CHARS_MAX: usize = 300;

impl Execution {
    /// Whether the attempt to work out the task is doubtful: an expression or a program failed,
    /// or the result is no likely answer to a problem that is told in sentences, such as zero or
    /// less.
    pub(super) fn doubts(&self, legal: &Legal) -> bool {
        let number = legal.computed.as_ref().and_then(|text| text.parse().ok());
        let expression = |action: &Value| {
            let mut calls = legal.calls.iter();
            calls.any(|call| action["tool"] == call.name && call.takes_an_expression())
        };
        let result = self.vm.last_observation().unwrap_or_default();
        let wrong = match self.track.last() {
            Some((action, false)) if self.programs == 0 => expression(action),
            Some((_, worked)) if !worked || tells_an_error(&result) || tells_nothing(&result) => {
                // One that could not even be run is written in the same way again.
                let most = match self.why_not_run().is_some() {
                    true => PROGRAMS_MAX - 1,
                    false => PROGRAMS_MAX,
                };
                self.programs > 0 && self.programs < most
            }
            _ => {
                self.programs == 1
                    && number.is_some_and(|number: f64| number <= 0.0)
                    && is_told_in_sentences(self.told())
            }
        };
        wrong && legal.answer.is_none() && legal.runs_programs().is_some()
    }

    /// Whether a program that was written for the task alone has just worked it out.
    pub(in crate::exec) fn has_worked_it_out(&self, legal: &Legal) -> bool {
        let worked = self.track.last().is_some_and(|(_, worked)| *worked);
        self.programs > 0 && worked && !self.doubts(legal)
    }

    /// Whether a program is the way to do a task that no tool does by itself: something has to be
    /// computed. Asked before the first step only.
    pub(super) async fn wants_a_program(&mut self, legal: &Legal) -> Result<bool, Ending> {
        if self.track.n() > 0 || legal.runs_programs().is_none() || self.is_shown_no_program() {
            return Ok(false);
        }
        // What stands at an address has to be read before anything is computed from it.
        if legal.opens_addresses().is_some() && self.gives_an_address() {
            return Ok(false);
        }
        if self.is_a_day_worked_out() {
            return Ok(false);
        }
        if self.computes().await? {
            return Ok(true);
        }
        self.has_a_day_to_count().await
    }

    /// Whether the task is work that no expression does, on what stands in it, and nothing but the
    /// machine's own tools is there for it.
    pub(super) fn is_for_a_program(&self, legal: &Legal) -> bool {
        let told = self.told();
        let is_own = |call: &Callable| {
            let computes = call.takes_an_expression() || call.program.is_some();
            let of_kernel = call.name.split_once('.');
            computes
                || call.looks_up()
                || of_kernel.is_some_and(|(device, _)| NAMESPACES.contains(&device))
        };
        is_for_a_program(told)
            && !sends_to_documents(told)
            && !asks_of_oneself(told)
            && self.is_told_all_in_the_task()
            && legal.offered().all(is_own)
    }

    /// Whether a program has to count the day that is asked for, because it is not worked out
    /// already. The day of an appointment may be in the store, so the CPU is asked first whether
    /// the task is about its user; "next Friday" needs no such question.
    async fn has_a_day_to_count(&mut self) -> Result<bool, Ending> {
        let told = self.told();
        if self.program.today.is_none() || !date::asks_to_count(told) {
            return Ok(false);
        }
        if date::is_only_of_days(told) {
            return Ok(true);
        }
        let personal = self.judge_task(Question::Personal).await?;
        Ok(personal.is_some_and(|personal| !self.says_yes(Question::Personal, personal)))
    }

    /// Whether `tool` takes an expression, and the task is told in sentences. A small model
    /// writes the expression before it has worked anything out; a program has room for steps.
    pub(super) async fn is_too_much_for_one_expression(
        &mut self,
        legal: &Legal,
        tool: &str,
    ) -> Result<bool, Ending> {
        let mut offered = legal.offered().filter(|call| call.name == tool);
        let one = offered
            .next()
            .is_some_and(|call| call.takes_an_expression());
        if self.track.n() > 0 || !one || legal.runs_programs().is_none() {
            return Ok(false);
        }
        Ok(is_told_in_sentences(self.told()) && self.computes().await?)
    }

    /// The form of an answer that is given now, as the task asks for it.
    pub(super) async fn form_of_answer(&mut self, legal: &Legal) -> Result<Move, Ending> {
        if legal.answer.is_some() || !self.headway.left_undone().is_empty() {
            return Ok(Move::Answer);
        }
        if legal.choices.is_some() {
            return Ok(Move::Choice);
        }
        if self.keeping.has_kept() {
            return Ok(Move::Answer);
        }
        let number = answer_form::for_a_number(self.told()) || self.wants_a_number(legal).await?;
        Ok(if number { Move::Number } else { Move::Answer })
    }

    /// Whether a bare number is the answer: one was computed, and the task asks for nothing else.
    async fn wants_a_number(&mut self, legal: &Legal) -> Result<bool, Ending> {
        let computed = self.track.last().is_some_and(|(_, worked)| *worked);
        // One number does not answer two questions.
        let several = !questions(self.told()).is_empty();
        // The number is of the row with the name.
        let row = self.found.is_there() && answer_form::asks_for_a_name(self.told());
        let name = row || answer_form::asks_for_a_person(self.told());
        if !computed || legal.computed.is_none() || several || name {
            return Ok(false);
        }
        Ok(answer_form::how_many(self.told()) || self.computes().await?)
    }

    /// The sum that a task is which asks for a measure in another unit.
    pub(in crate::exec) fn of_a_conversion(&self, legal: &Legal) -> Option<Value> {
        let plain = legal.answer.is_none() && legal.choices.is_none();
        let first = self.track.n() == 0 && self.program.branch.is_none();
        if !plain || !first || !self.shared.cpu.info().constrains {
            return None;
        }
        let calculator = legal.offered().find(|call| call.takes_an_expression())?;
        let expression = conversion::expression(self.told())?;
        Some(json!({"tool": calculator.name, "args": {"expression": expression}}))
    }

    /// The sum that a task is which asks how long it is between two times, or when something ends that
    /// was found with its beginning and how long it lasts.
    pub(in crate::exec) fn of_a_term(&self, legal: &Legal) -> Option<Value> {
        let by_clock = || self.computed_once(legal, |told, _| term::between_times(told));
        let of_task = self.is_told_all_in_the_task().then(by_clock).flatten();
        of_task.or_else(|| self.computed_once(legal, term::expression))
    }

    /// The sum that a task is which asks what so many things cost, of which one has its price in what
    /// was found. Not before each source of the task was read.
    pub(in crate::exec) fn of_a_price(&self, legal: &Legal) -> Option<Value> {
        let told = self.told();
        let page_is_read = !self.gives_an_address() || self.found.is_there();
        let is_searched =
            !sends_to_documents(told) || self.found.has_searched() || self.is_reminded_enough();
        let may = page_is_read && is_searched && !names_page_and_documents(told);
        match may && self.has_found_all() {
            true => self.computed_once(legal, priced::expression),
            false => None,
        }
    }

    /// The call that computes what `expression` makes of the task and of what was found, if that was not
    /// computed yet.
    fn computed_once(
        &self,
        legal: &Legal,
        expression: fn(&str, &str) -> Option<String>,
    ) -> Option<Value> {
        let plain = legal.answer.is_none() && legal.choices.is_none();
        if !plain || self.program.branch.is_some() || !self.shared.cpu.info().constrains {
            return None;
        }
        let calculator = legal.offered().find(|call| call.takes_an_expression())?;
        let expression = expression(self.told(), &without_heads(&self.what_was_found()))?;
        let was_made = |asked: &String| asked.contains(&expression);
        let call = json!({"tool": calculator.name, "args": {"expression": expression}});
        (!self.found.asked().iter().any(was_made)).then_some(call)
    }

    /// The answer that a function, written for the task alone, has returned in words or as a
    /// list. A small model that is to repeat such a text turns it round, or asks what it means.
    pub(in crate::exec) fn of_what_was_worked_out(&self, legal: &Legal) -> Option<Value> {
        let plain =
            legal.answer.is_none() && legal.choices.is_none() && self.headway.parts().is_none();
        let (action, _) = self.track.last()?;
        let ran = legal
            .calls
            .iter()
            .find(|call| action["tool"] == call.name)?;
        let alone = plain && self.program.branch.is_none() && ran.program.is_some();
        let shown = is_to_be_shown(self.told());
        if !alone || shown || legal.computed.is_some() || !self.has_worked_it_out(legal) {
            return None;
        }
        let returned = self.vm.last_observation()?;
        said_by_a_program(&returned).map(|said| json!({ "answer": said }))
    }

    /// Whether the task asks only for a day that is worked out already.
    fn is_a_day_worked_out(&self) -> bool {
        let told = self.told();
        let worked_out = |today| date::asks_to_count(told) && date::is_worked_out(today, told);
        self.program.today.is_some_and(worked_out)
    }

    /// Whether the task is something to be computed.
    pub(super) async fn computes(&mut self) -> Result<bool, Ending> {
        let likely = self.judge_task(Question::Compute).await?;
        Ok(likely.is_some_and(|likely| self.says_yes(Question::Compute, likely)))
    }

    /// Whether an answer by a schema is to be thought out first: something has to be computed and
    /// there is no result yet. An answer in words needs no separate thought.
    pub(super) async fn wants_a_thought(&mut self, legal: &Legal) -> Result<bool, Ending> {
        if legal.answer.is_none() || self.track.last().is_some() {
            return Ok(false);
        }
        self.computes().await
    }
}

/// Whether `task` asks for the code of a program rather than for its result.
fn is_to_be_shown(task: &str) -> bool {
    asks_for_code(&task.to_lowercase().replace("python", ""))
}

/// A text of one line or a list that a program printed, without the marks of a list. `None` for
/// what only the asker could interpret, such as `True`.
fn said_by_a_program(returned: &str) -> Option<String> {
    let text = returned.trim();
    let one_line =
        !text.is_empty() && !text.contains('\n') && text.chars().count() <= SAID_CHARS_MAX;
    if !one_line || text.starts_with('{') || ["None", "True", "False"].contains(&text) {
        return None;
    }
    let list = text
        .strip_prefix('[')
        .and_then(|list| list.strip_suffix(']'));
    Some(
        match list.filter(|list| !list.contains(['[', '{', '(', '"'])) {
            Some(list) if !list.is_empty() => list.replace('\'', ""),
            _ => text.to_owned(),
        },
    )
}

/// Whether a result tells of a program that raised an error. The result also has what was printed
/// before, so the call as such worked.
pub(super) fn tells_an_error(result: &str) -> bool {
    let result: Option<Value> = serde_json::from_str(result).ok();
    result.is_some_and(|result| result["error"].is_string())
}

/// Whether a result is what a function returns that leaves its value out.
fn tells_nothing(result: &str) -> bool {
    result.trim() == "None"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_that_returns_nothing_tells_nothing() {
        let check = |result: &str, want: bool| assert_eq!(tells_nothing(result), want, "{result}");
        check("None\n", true);
        check("None of them", false);
        check("0", false);
        check("[]", false);
        check("", false);
    }

    #[test]
    fn what_a_program_says_is_the_answer() {
        let check = |returned: &str, want: Option<&str>| {
            assert_eq!(said_by_a_program(returned).as_deref(), want, "{returned}");
        };
        check("teal\n", Some("teal"));
        check("[12, 7]", Some("12, 7"));
        check("['oak', 'elm']", Some("oak, elm"));
        check("[[1, 2], [3]]", Some("[[1, 2], [3]]"));
        check("[]", Some("[]"));
        check("True", None);
        check("None", None);
        check("two\nlines", None);
        check(r#"{"error":"NameError"}"#, None);
        check("", None);
    }

    #[test]
    fn code_may_be_what_is_asked_for() {
        let check = |task: &str, want: bool| assert_eq!(is_to_be_shown(task), want, "{task}");
        check("With Python, sort these: 4, 2", false);
        check("Write a Python function that sorts a list.", true);
        check("用Python把这些数排序：4、2", false);
        check("写一个程序，把一个列表排序", true);
    }
}
