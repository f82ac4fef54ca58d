//! An answer of another form than the task asks for: a number where a name is asked for, or words in
//! the place of a number. A table that was found may tell which name is meant; else one more try is
//! told the form.

use super::hints::{A_NAME, A_NUMBER, Hint};
use super::retry::all_of;
use super::writing::Decided;
use crate::exec::state::without_heads;
use crate::exec::weigh::after;
use crate::exec::{Ending, Execution, failed};
use crate::grammar::{Legal, Move};
use crate::planner::answer_form::{
    asks_for_a_fact, asks_for_a_name, asks_for_a_person, gives_the_number, is_a_bare_number,
};
use crate::planner::material::row_of_the_number;
use crate::planner::poor_answer::{asks_back, says_no, says_what_was_not_read};
use crate::planner::questions::questions;
use quipu_cpu::{Prompt, without_thought};

impl Execution {
    /// `decided`, or what comes of it in the form that the task asks for. An answer that was cut
    /// stays, so that its limit is told.
    pub(in crate::exec) async fn in_the_form_asked_for(
        &mut self,
        n: u32,
        prompt: &Prompt,
        legal: &Legal,
        mut decided: Decided,
    ) -> Result<Decided, Ending> {
        let words = matches!(decided.chosen, Move::Answer | Move::Number)
            && self.shared.cpu.info().constrains
            && legal.answer.is_none()
            && decided.completion.closed_early.is_none()
            && self.headway.parts().is_none();
        let text = &decided.completion.text;
        let is_said = || {
            legal
                .action(decided.chosen, text)
                .is_ok_and(|action| action.get("answer").is_some())
        };
        if !words || !is_said() {
            return Ok(decided);
        }
        let answer = without_thought(text).trim().to_owned();
        let told = self.told().to_owned();
        let found = without_heads(&self.what_was_found());
        if asks_for_a_name(&told)
            && let Some(name) = row_of_the_number(&told, &answer, &found)
        {
            decided.completion.text = name;
            return Ok(decided);
        }
        let request = if asks_for_a_person(&told) && is_a_bare_number(&answer) {
            A_NAME
        } else if self.knows_a_number(legal) && lacks_the_number(&told, &answer) {
            A_NUMBER
        } else {
            return Ok(decided);
        };
        self.once_more_in_form(n, prompt, &request, decided).await
    }

    /// Whether a number was computed, or may stand in what was found.
    fn knows_a_number(&self, legal: &Legal) -> bool {
        legal.computed.is_some() || self.found.is_there()
    }

    /// What comes of `request` below the window, if that has the form and says nothing new; else
    /// `decided`.
    async fn once_more_in_form(
        &mut self,
        n: u32,
        prompt: &Prompt,
        request: &Hint,
        decided: Decided,
    ) -> Result<Decided, Ending> {
        let messages = after(&prompt.messages, self.asked_by(request));
        let asked = self.shared.cpu.prepare(&messages).map_err(failed)?;
        if asked.len > self.shared.cpu.info().window - self.vm.reserve() {
            return Ok(decided);
        }
        let words = Legal::default();
        let mut again = self.written(n, &asked, &words, Move::Answer).await?;
        let said = without_thought(&again.completion.text).trim();
        let has_the_form = match *request == A_NAME {
            true => !is_a_bare_number(said),
            false => gives_the_number(self.told(), said),
        };
        let counts = has_the_form
            && !said.is_empty()
            && !says_no(said)
            && !asks_back(said)
            && !says_what_was_not_read(said, &all_of(prompt), self.told());
        if !counts {
            self.costs.charge(again.completion.usage);
            return Ok(decided);
        }
        again.completion.usage += decided.completion.usage;
        Ok(again)
    }
}

/// Whether `told` asks for a number and for nothing else, and `answer` gives none. What says that
/// there is none is an answer.
fn lacks_the_number(told: &str, answer: &str) -> bool {
    let asks_for_one = asks_for_a_fact(told) && questions(told).is_empty();
    asks_for_one && !gives_the_number(told, answer) && !says_no(answer) && !asks_back(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_missed_where_nothing_else_is_asked() {
        let check = |told: &str, answer: &str, want: bool| {
            assert_eq!(lacks_the_number(told, answer), want, "{told}: {answer}");
        };
        check("How many sacks are there?", "Ida carried them.", true);
        check("书架上有几本书？", "讲的是茶叶种植。", true);
        check("How many sacks are there?", "40 sacks", false);
        check("How many sacks are there?", "The page does not say.", false);
        // Another question is answered, or more is asked for.
        let two = "Who carried the sacks, and how many were there?";
        check(two, "Ida carried them.", false);
        let why = "Explain how many sacks there are.";
        check(why, "Ida carried them.", false);
        check("这几本书讲了什么？", "讲的是茶叶种植。", false);
    }
}
