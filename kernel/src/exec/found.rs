//! What was looked up for a task: the words of a store, of a page, of a file. Among tools and rules
//! a small model overlooks what it has just read; with nothing but these words and the task in
//! sight it computes from them.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::weigh::failed;
use super::writing::Decided;
use super::{Ending, Execution};
use crate::calls::{NOTHING_FOUND, SEARCH, look_up};
use crate::grammar::{Legal, Move};
use crate::pattern::pattern;
use crate::planner::answer_form::{asks_for_a_fact, language_request};
use crate::planner::numbers::is_invented;
use crate::planner::poor_answer::only_denies;
use crate::planner::shared_words::says_no_more;
use crate::planner::wording::puts_numbers_together;
use quipu_cpu::{Message, Role, without_thought};
use quipu_tools::{Capability, Effect};

/// Tokens of a fact in words.
const FACT_TOKENS_MAX: u32 = 120;
/// What is asked for below the task.
const IN_A_SENTENCE: &str = "Answer from the text above only, in one short sentence.";
/// The same in Chinese.
const IN_CHINESE: &str = "只根据上文，用一句话回答。";

impl Execution {
    /// Whether the call `action` looked something up and `text` is what it found.
    pub(super) fn has_found(&self, action: &Value, text: &str) -> bool {
        text != NOTHING_FOUND && self.is_a_look(action)
    }

    /// Whether `action` reads what others wrote: a search of the store, a page, a file. What a
    /// program returns was worked out.
    pub(super) fn is_a_look(&self, action: &Value) -> bool {
        let Some(tool) = action["tool"].as_str() else {
            return false;
        };
        let brings_text =
            |need: &Capability| matches!(need, Capability::Net { .. } | Capability::FsRead { .. });
        tool == SEARCH
            || look_up(&self.shared.bus, tool).is_some_and(|found| {
                let function = found.function();
                let needs = &function.needs;
                let only_reads = found.effect() == Effect::Read && function.program.is_none();
                only_reads && !needs.is_empty() && needs.iter().all(brings_text)
            })
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
        let last = self.last.as_ref().filter(|(_, worked)| *worked);
        let looked_up = last.is_some_and(|(action, _)| self.is_a_look(action));
        let has_numbers = self.found.iter().any(|text| speaks_of_numbers(text));
        let puts_together = puts_numbers_together(self.told());
        if !looked_up || !has_numbers || !puts_together || self.programs > 0 {
            return Ok(None);
        }
        if !self.computes().await? {
            return Ok(None);
        }
        let Some(asked) = self.program_asked_for(legal)? else {
            return Ok(None);
        };
        let mut writing = self.write(&asked, legal, Move::Function, u32::MAX);
        writing.shown = false;
        let completion = loop {
            if let Some(completion) = self.read(n, &mut writing).await? {
                break completion;
            }
        };
        let read = self.told_with_what_was_found();
        if is_invented(&completion.text, &read) {
            return Ok(None);
        }
        self.programs += 1;
        self.show(n, &writing.text);
        Ok(Some(Decided {
            chosen: Move::Function,
            completion,
        }))
    }

    /// What the task asks for in the words of what was just looked up, with nothing but these and
    /// the task in sight. `None` where that is more than a fact that stands there.
    pub(super) async fn read_from_what_was_found(
        &mut self,
        n: u32,
        legal: &Legal,
    ) -> Result<Option<Decided>, Ending> {
        let last = self.last.as_ref().filter(|(_, worked)| *worked);
        let looked_up = last.is_some_and(|(action, _)| self.is_a_look(action));
        let alone =
            legal.answer.is_none() && self.parts.is_none() && self.is_told_all_in_the_task();
        let asks = asks_for_a_fact(self.told());
        if !looked_up || self.found.is_empty() || self.vm.has_held() || !alone || !asks {
            return Ok(None);
        }
        let told = self.told_by_itself();
        let chinese = language_request(&told).is_some();
        let request = if chinese { IN_CHINESE } else { IN_A_SENTENCE };
        let texts = self.found.join("\n\n");
        let question = Message::new(Role::User, format!("{texts}\n\n{told}\n\n{request}"));
        let asked = self.shared.cpu.prepare(&[question]).map_err(failed)?;
        if asked.len + self.vm.reserve() > self.shared.cpu.info().window {
            return Ok(None);
        }
        let mut writing = self.write(&asked, &Legal::default(), Move::Answer, FACT_TOKENS_MAX);
        writing.shown = false;
        let completion = loop {
            if let Some(completion) = self.read(n, &mut writing).await? {
                break completion;
            }
        };
        let answer = without_thought(&completion.text);
        let whole = completion.closed_early.is_none();
        if !whole || only_denies(answer) || !says_no_more(answer, &texts, &told) {
            return Ok(None);
        }
        self.show(n, &writing.text);
        Ok(Some(Decided {
            chosen: Move::Answer,
            completion,
        }))
    }
}

/// Whether `text` has a number beside its addresses and the ids of its passages.
fn speaks_of_numbers(text: &str) -> bool {
    static NAMES: LazyLock<Regex> =
        LazyLock::new(|| pattern(r#"[^\s"]*://[^\s"]*|\[[a-z]+\d[\w-]*\]|\(process \d+\)"#));
    NAMES
        .replace_all(text, "")
        .contains(|c: char| c.is_numeric() || HAN_DIGITS.contains(c))
}

/// Ideographs for numbers from two on: "一" stands in many other words.
const HAN_DIGITS: &str = "二两三四五六七八九十百千";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_page_is_none_that_it_speaks_of() {
        let check = |text: &str, want: bool| assert_eq!(speaks_of_numbers(text), want, "{text}");
        check("[m7] The mill is 3 km away. (process 4)", true);
        check("[m7-1] The mill is far away. (process 4)", false);
        check(
            r#"{"url":"http://127.0.0.1:8/a2.html","markdown":"Open daily."}"#,
            false,
        );
        check(
            r#"{"url":"http://127.0.0.1:8/a2.html","markdown":"Open at 9."}"#,
            true,
        );
        check("磨坊有三层", true);
        check("", false);
    }
}
