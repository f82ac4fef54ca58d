//! What is asked of a process before its first step, which then ends it: the log-odds of a question,
//! and how likely a text is as the answer, token by token. No token is generated for it.

use quipu_cpu::Cpu;

use super::{Ending, Execution, failed};
use crate::judgement::Question;
use crate::signal::Signal::Kill;

/// How likely a text is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Likelihood {
    /// The natural logarithm of its probability.
    pub log: f32,
    /// The number of its tokens.
    pub tokens: u32,
}

/// Characters of the text among which the end of one token is looked for.
const TOKEN_CHARS_MAX: usize = 32;

/// The bytes of the first token of `text`: its longest beginning that is one token, and leaves
/// one token less. Where a character has several tokens, only the first of them is weighed.
fn first_token(cpu: &dyn Cpu, text: &str) -> usize {
    let all = cpu.count(text);
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let ends: Vec<usize> = ends.take(TOKEN_CHARS_MAX).collect();
    let is_one = |end: &&usize| {
        let (token, rest) = text.split_at(**end);
        cpu.count(token) == 1 && cpu.count(rest) + 1 == all
    };
    let longest = ends.iter().rfind(is_one);
    longest.or(ends.first()).copied().unwrap_or(text.len())
}

impl Execution {
    /// Asks `question` about the prompt, and ends the process before its first step. Gives the
    /// log-odds of each signal, or `None` where the CPU tells none.
    pub(crate) async fn probe(mut self, question: Question) -> Option<Vec<f32>> {
        let prompt = self.program.prompt.clone();
        let (odds, ending) = match self.odds(question, &prompt).await {
            Ok(odds) => (odds, Ending::Signal(Kill)),
            Err(ending) => (None, ending),
        };
        self.finish(ending);
        odds
    }

    /// The log-likelihood of each of `texts` as the answer, token by token; ends the process
    /// before its first step. `None` where the CPU tells no probabilities, or one of them does
    /// not fit.
    pub(crate) async fn likelihoods(mut self, texts: &[String]) -> Option<Vec<Likelihood>> {
        let (found, ending) = match self.likelihoods_of(texts).await {
            Ok(found) => (found, Ending::Signal(Kill)),
            Err(ending) => (None, ending),
        };
        self.finish(ending);
        found
    }

    async fn likelihoods_of(
        &mut self,
        texts: &[String],
    ) -> Result<Option<Vec<Likelihood>>, Ending> {
        let cpu = self.shared.cpu.clone();
        if !cpu.info().constrains {
            return Ok(None);
        }
        let (prompt, _) = self.vm.fit(&*cpu).map_err(failed)?;
        let mut found = Vec::new();
        for text in texts {
            let mut likely = Likelihood::default();
            let mut at = 0;
            while at < text.len() {
                let led = match at {
                    0 => Some(prompt.clone()),
                    _ => cpu.lead(&prompt, &text[..at]),
                };
                let Some(led) = led.filter(|led| led.len < cpu.info().window) else {
                    return Ok(None);
                };
                let ticket = self.inquire(led, vec![vec![text[at..].to_owned()]]);
                let Some(weights) = self.weighed(ticket).await? else {
                    return Ok(None);
                };
                likely.log += weights[0];
                likely.tokens += 1;
                at += first_token(&*cpu, &text[at..]);
            }
            found.push(likely);
        }
        Ok(Some(found))
    }
}
