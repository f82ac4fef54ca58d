//! An answer that is worth another try gets one: it refuses, denies what was just read, or says how
//! a tool is called.

use serde_json::Value;

use super::decide::Decided;
use super::judge::after;
use super::{Ending, Execution, failed};
use crate::calls::SEARCH;
use crate::grammar::{Legal, Move};
use crate::planner::poor_answer::{leaves_to_call, only_denies, only_refuses};
use crate::planner::shared_words::says_no_more;
use quipu_cpu::{Message, Prompt, Role, without_thought};

/// What is asked for where an answer only refused.
const IN_WORDS: &str = "Answer in words, as well as you can.";
/// What is asked for where an answer only denied, after the text and the task.
const FROM_THE_TEXT: &str = "Answer from this text only, in a few words.";

impl Execution {
    /// `decided`, or what came of another try where that is a poor answer.
    pub(super) async fn unless_it_is_poor(
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
        if let Some(only) = self.call_left_in(answer, legal) {
            return self.call_instead(n, prompt, &only, decided).await;
        }
        match only_denies(answer) {
            true => self.read_again(n, decided).await,
            false => Ok(decided),
        }
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
        let mut messages = after(&prompt.messages, IN_WORDS);
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
        let last = self.last.as_ref().map(|(action, _)| &action["tool"]);
        let left = legal.offered().find(|call| {
            leaves_to_call(answer, &call.name)
                && !self.told().contains(&call.name)
                && last.is_none_or(|tool| *tool != call.name)
                && !self.changes_something(call)
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

    /// What a search found, read once more with nothing but the task beside it, where `decided`
    /// denies that it says what is asked: among tools and rules a small model overlooks a sentence
    /// that it has quoted. What is said then counts only if the words found have it.
    async fn read_again(&mut self, n: u32, decided: Decided) -> Result<Decided, Ending> {
        let searched = self
            .last
            .as_ref()
            .is_some_and(|(action, worked)| *worked && action["tool"] == SEARCH);
        let found = self.vm.last_observation();
        let Some(found) = found.filter(|_| searched && !self.vm.has_held()) else {
            return Ok(decided);
        };
        let told = self.told_by_itself();
        let question = Message::new(
            Role::User,
            format!("{found}\n\n{told}\n\n{FROM_THE_TEXT}"),
        );
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

    /// An answer to `asked` with no tool at hand.
    async fn in_words(&mut self, n: u32, asked: &Prompt) -> Result<Decided, Ending> {
        self.written(n, asked, &Legal::default(), Move::Answer).await
    }
}
