//! Thoughts in free words before an answer. Nobody is shown them, and they are dropped after the
//! answer.

use super::writing::Decided;
use crate::exec::{Ending, Execution};
use crate::grammar::{Legal, Move, without_zeros};
use crate::limits::{Limit, THOUGHT_TOKENS_MAX};
use quipu_cpu::{ClosedEarly, Prompt};

/// How a branch that thinks in words begins (zero-shot chain of thought, Kojima et al. 2022,
/// arXiv 2205.11916).
const REASON: &str = "Let's work it out step by step.\n";
/// How such a thought ends, before a bare number.
const REASON_ENDS: &str = "\n\nThe answer is ";
/// The most tokens of such a thought.
const REASONING_TOKENS_MAX: u32 = 400;

impl Execution {
    /// Works a number out in words, after a program whose result is doubted. Another program by
    /// the same means repeats its mistakes: of 60 word problems (GSM8K, qwen2.5-coder-1.5b) 37
    /// were right by one program, 38 with a second program at temperature 0.7 for those that were
    /// doubted, and 41 with words instead.
    pub(super) async fn worked_out_in_words(
        &mut self,
        n: u32,
        asked: &Prompt,
        legal: &Legal,
    ) -> Result<Decided, Ending> {
        let anew = Legal {
            computed: None,
            ..legal.clone()
        };
        let mut decided = self.after_reasoning(n, asked, &anew, Move::Number).await?;
        let number = without_zeros(&decided.completion.text).to_owned();
        decided.completion.text = number;
        Ok(decided)
    }

    /// `chosen`, after it was reasoned out in words.
    pub(super) async fn after_reasoning(
        &mut self,
        n: u32,
        prompt: &Prompt,
        legal: &Legal,
        chosen: Move,
    ) -> Result<Decided, Ending> {
        let thought = (REASON, REASONING_TOKENS_MAX, REASON_ENDS);
        self.after_a_thought(n, prompt, legal, chosen, thought)
            .await
    }

    /// An answer that was reasoned out in words first: the way of a branch.
    pub(super) async fn reasoned(
        &mut self,
        n: u32,
        prompt: &Prompt,
        legal: &Legal,
    ) -> Result<Decided, Ending> {
        let mut chosen = self.form_of_answer(legal).await?;
        let words = chosen == Move::Answer && legal.answer.is_none();
        if words && self.computes().await? {
            chosen = Move::Number;
        }
        let ends = match legal.answer {
            Some(_) => "\n\n```json\n",
            None => REASON_ENDS,
        };
        self.after_a_thought(
            n,
            prompt,
            legal,
            chosen,
            (REASON, REASONING_TOKENS_MAX, ends),
        )
        .await
    }

    /// An answer after a thought in free words, which nobody is shown and which is gone
    /// after it: a grammar that admits nothing but the answer leaves no room to work it out
    /// (CRANE, Banerjee et al. 2025, arXiv 2502.09061).
    pub(super) async fn considered(
        &mut self,
        n: u32,
        prompt: &Prompt,
        legal: &Legal,
    ) -> Result<Decided, Ending> {
        let thought = ("", THOUGHT_TOKENS_MAX, "\n\n```json\n");
        self.after_a_thought(n, prompt, legal, Move::Answer, thought)
            .await
    }

    /// `chosen`, written after a thought: the thought begins with the first words of the last
    /// argument, has at most that many tokens, and ends with the last words.
    async fn after_a_thought(
        &mut self,
        n: u32,
        prompt: &Prompt,
        legal: &Legal,
        chosen: Move,
        (begins, tokens_max, ends): (&str, u32, &str),
    ) -> Result<Decided, Ending> {
        let words = Legal::default();
        let cpu = self.shared.cpu.clone();
        let led = cpu.lead(prompt, begins).filter(|_| !begins.is_empty());
        let from = led.as_ref().unwrap_or(prompt);
        let mut writing = self.write(from, &words, Move::Answer, tokens_max);
        writing.shown = false;
        let thought = self.read_to_its_end(n, &mut writing).await?;
        match thought.closed_early {
            Some(ClosedEarly::Full) => self.hit(Limit::Thought),
            Some(ClosedEarly::Repeating) => self.hit(Limit::Repetition),
            None => {}
        }
        let begun = format!("{begins}{}{ends}", thought.text.trim_end());
        let led = cpu.lead(prompt, &begun);
        let room = cpu.info().window - self.vm.reserve();
        let led = led.filter(|led| led.len <= room);
        let led = led.as_ref().unwrap_or(prompt);
        let mut decided = self.written(n, led, legal, chosen).await?;
        decided.completion.usage += thought.usage;
        Ok(decided)
    }
}
