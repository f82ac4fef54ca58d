//! Asks the CPU how likely some words are to follow, on forks of the process's own prefix. No
//! token is generated for it.

use super::{Ending, Execution, failed};
use crate::lessons::Lesson;
use quipu_cpu::{Chunk, CpuError, Inquiry, Message, Prompt, Ticket, Weights};

/// A text that begins unlike any other.
pub(super) const OTHER: &str = "\u{bb}";

impl Execution {
    /// The weights of `options` as the beginning of the answer to `messages`.
    pub(super) async fn weigh(
        &mut self,
        messages: Vec<Message>,
        options: Vec<Vec<String>>,
    ) -> Result<Option<Weights>, Ending> {
        let prompt = self.shared.cpu.prepare(&messages).map_err(failed)?;
        // A question that does not fit is not asked.
        if prompt.len >= self.shared.cpu.info().window {
            return Ok(None);
        }
        let ticket = self.inquire(prompt, options);
        self.weighed(ticket).await
    }

    /// Puts a question to the CPU: how likely each of `options` is as what follows `prompt`.
    pub(super) fn inquire(&self, prompt: Prompt, options: Vec<Vec<String>>) -> Ticket {
        self.shared.cpu.weigh(Inquiry {
            pid: self.pid,
            priority: self.inbox.priority(),
            prompt,
            options,
        })
    }

    /// The CPU's answer to an inquiry: a log-probability for each option, or `None` where it
    /// tells none.
    pub(super) async fn weighed(&mut self, mut ticket: Ticket) -> Result<Option<Weights>, Ending> {
        let left = self.costs.time_left(&self.program.limits);
        match self
            .inbox
            .guarded(&self.shared.tape, left, ticket.next())
            .await?
        {
            Ok(Chunk::Weighed(weights, _)) => Ok(Some(weights)),
            Ok(_) | Err(CpuError::Undecided) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// The weights of the labels of a lesson for a text. Those of the last text are remembered.
    pub(super) async fn taught(
        &mut self,
        lesson: &'static Lesson,
        about: &str,
    ) -> Result<Option<Weights>, Ending> {
        if let Some(weights) = self.taught.weights(lesson, about) {
            return Ok(Some(weights.clone()));
        }
        let Some(prompt) = self.lesson(lesson.about(about), lesson.about(OTHER))? else {
            return Ok(None);
        };
        let ticket = self.inquire(prompt, lesson.options());
        let weights = self.weighed(ticket).await?;
        if let Some(weights) = &weights {
            self.taught.remember(lesson, about, weights);
        }
        Ok(weights)
    }

    /// The prompt of a lesson on a text, if it fits the window. The part that all texts share is
    /// kept like a boot page, for the next process, and on disk for the next machine.
    pub(super) fn lesson(
        &self,
        about: Vec<Message>,
        other: Vec<Message>,
    ) -> Result<Option<Prompt>, Ending> {
        let cpu = &self.shared.cpu;
        if !cpu.info().constrains {
            return Ok(None);
        }
        let mut prompt = cpu.prepare(&about).map_err(failed)?;
        let other = cpu.prepare(&other).map_err(failed)?;
        let pairs = prompt.tokens.iter().zip(&other.tokens);
        prompt.boot = pairs.take_while(|(a, b)| a == b).count();
        Ok((prompt.len < cpu.info().window).then_some(prompt))
    }
}

/// `messages` with `words` at the end of the last one.
pub(super) fn after(messages: &[Message], words: &str) -> Vec<Message> {
    let mut messages = messages.to_vec();
    if let Some(last) = messages.last_mut() {
        last.text.push_str("\n\n");
        last.text.push_str(words);
    }
    messages
}
