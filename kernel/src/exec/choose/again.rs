//! What a program returned is worked out once more by another one: where two programs come to the same,
//! they are right far more often than one. Only short programs of tasks that are for a program, at most
//! two more of them: where the first two differ, a third decides.

use serde_json::Value;

use super::wants::{tells_an_error, tells_nothing};
use super::writing::Decided;
use crate::exec::weigh::after;
use crate::exec::{Ending, Execution, failed};
use crate::grammar::{Legal, Move};
use crate::program::{calls_solution, function_in};
use quipu_cpu::Prompt;

/// The most results for one task.
const RESULTS_MAX: usize = 3;
/// Characters of a function up to which another one is soon written.
const CODE_CHARS_MAX: usize = 800;
/// What the second one is asked for, below the request for the first.
const IN_ANOTHER_WAY: &str =
    "Work it out in another way: with plain loops and conditions, and without a formula.";

impl Execution {
    /// Notes what came of `action`, if that ran a function for the whole task and returned something.
    pub(in crate::exec) fn note_returned(&mut self, action: &Value, worked: bool, result: &str) {
        let ran = action["args"]["code"].as_str().is_some_and(calls_solution);
        if ran && worked && !tells_an_error(result) && !tells_nothing(result) {
            self.track.note_returned(result);
        }
    }

    /// Whether another program has to come to the same before the result of the last one counts. Not
    /// after one that failed: then the task is too hard to be worked out twice.
    pub(super) fn is_unconfirmed(&self, legal: &Legal) -> bool {
        let returned = self.track.returned();
        let plain =
            legal.answer.is_none() && legal.choices.is_none() && self.headway.parts().is_none();
        let alone = self.program.branch.is_none() && self.shared.cpu.info().constrains;
        let is_open = (1..RESULTS_MAX).contains(&returned.len()) && !agree(returned);
        plain
            && alone
            && is_open
            && self.programs as usize == returned.len()
            && self.is_short()
            && self.is_for_a_program(legal)
    }

    /// Whether the last step ran a short function for the whole task.
    fn is_short(&self) -> bool {
        let code = self.function_run_last().map(function_in);
        code.is_some_and(|code| code.chars().count() <= CODE_CHARS_MAX)
    }

    /// The program of the last step, if that is a function for the whole task.
    fn function_run_last(&self) -> Option<&str> {
        let (action, _) = self.track.last()?;
        let code = action["args"]["code"].as_str()?;
        calls_solution(code).then_some(code)
    }

    /// What a program returned before, where the last step ran another one that failed.
    pub(super) fn returned_before(&self) -> Option<String> {
        self.function_run_last()?;
        let result = self.vm.last_observation()?;
        let returned = self.track.returned();
        let is_last = returned.last().is_some_and(|last| *last == result);
        returned.first().filter(|_| !is_last).cloned()
    }

    /// The same, if it is a number.
    pub(in crate::exec) fn number_returned_before(&self) -> Option<String> {
        let returned = self.returned_before()?.trim().replace(',', "");
        returned.parse::<f64>().is_ok().then_some(returned)
    }

    /// Another program for the task. Where it would be the same one, the result counts: its words are
    /// the answer, and a number is left to be written.
    pub(super) async fn worked_out_again(
        &mut self,
        n: u32,
        legal: &Legal,
    ) -> Result<Option<Decided>, Ending> {
        if legal.runs_programs().is_none() || !self.is_unconfirmed(legal) {
            return Ok(None);
        }
        let asked = match self.program_asked_for(legal)? {
            Some(asked) if self.track.returned().len() == 1 => self.in_another_way(&asked)?,
            asked => asked,
        };
        let Some(asked) = asked else {
            self.track.confirm();
            return Ok(None);
        };
        self.programs += 1;
        let chosen = Move::Function;
        let mut completion = self.unseen(n, &asked, legal, chosen, u32::MAX).await?;
        let action = legal.action(chosen, &completion.text);
        if completion.closed_early.is_none() && !self.track.was_just_done(&action) {
            self.show(n, &completion.text);
            return Ok(Some(Decided { chosen, completion }));
        }
        self.track.confirm();
        let answer = self.of_what_was_worked_out(legal);
        let Some(said) = answer.as_ref().and_then(|answer| answer["answer"].as_str()) else {
            self.costs.charge(completion.usage);
            return Ok(None);
        };
        completion.text = said.to_owned();
        completion.closed_early = None;
        self.show(n, &completion.text);
        let chosen = Move::Answer;
        Ok(Some(Decided { chosen, completion }))
    }

    /// `asked`, with the request for another way; `None` where that has no room.
    fn in_another_way(&self, asked: &Prompt) -> Result<Option<Prompt>, Ending> {
        let cpu = &self.shared.cpu;
        let asked = cpu.prepare(&after(&asked.messages, IN_ANOTHER_WAY));
        let asked = asked.map_err(failed)?;
        let room = cpu.info().window - self.vm.reserve();
        Ok((asked.len <= room).then_some(asked))
    }
}

/// Whether two of `results` say the same.
fn agree(results: &[String]) -> bool {
    let all: Vec<Vec<String>> = results.iter().map(|result| parts(result)).collect();
    (1..all.len()).any(|at| all[..at].contains(&all[at]))
}

/// The words and numbers of a result, without the signs of a list; 4.0 is 4.
fn parts(result: &str) -> Vec<String> {
    let is_part = |c: char| c.is_alphanumeric() || ".-_%".contains(c);
    let parts = result.split(|c: char| !is_part(c));
    let plain = |part: &str| match part.parse::<f64>() {
        Ok(number) if number.is_finite() => number.to_string(),
        _ => part.to_lowercase(),
    };
    parts.filter(|part| !part.is_empty()).map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_that_say_the_same_agree() {
        let check = |results: &[&str], want: bool| {
            let results: Vec<String> = results.iter().map(|result| (*result).to_owned()).collect();
            assert_eq!(agree(&results), want, "{results:?}");
        };
        check(&["4", "4.0\n"], true);
        check(&["['oak', 'elm']", "oak, elm"], true);
        check(&["(4, 9)", "[4, 9]"], true);
        check(&["4", "9", "4"], true);
        check(&["4", "9", "9"], true);
        check(&["4"], false);
        check(&["4", "-4"], false);
        check(&["4", "9", "7"], false);
        check(&["['oak', 'elm']", "['elm', 'oak']"], false);
        check(&["4", "4%"], false);
        check(&[], false);
    }
}
