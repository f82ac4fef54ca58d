//! A name that stands in nothing that was found is known, or it is a guess. What a CPU knows it says
//! again however its tokens are chosen, while a guess comes out different (Manakul and others,
//! "SelfCheckGPT", 2023).

use super::hints::BRIEFLY;
use crate::exec::{Ending, Execution, failed};
use crate::grammar::{Legal, Move};
use crate::planner::answer_form::asks_for_a_fact;
use crate::planner::poor_answer::{has_all_names, names_not_read};
use quipu_cpu::{Message, Role, Sampling, without_thought};

/// Answers that have to say the name again.
const ANSWERS: u32 = 2;
/// At which temperature they are written: that of the paper's weakest setting that still varies.
const TEMPERATURE: f32 = 0.8;
/// Tokens of one.
const TOKENS_MAX: u32 = 40;

impl Execution {
    /// Whether an answer now could be a guess: a fact is asked for that was just looked up.
    pub(super) fn may_guess(&self, legal: &Legal) -> bool {
        self.has_looked_up(legal) && asks_for_a_fact(self.told())
    }

    /// Whether `answer` has a name that is not in `read`, and that is not said again where the task
    /// is answered by itself.
    pub(super) async fn guesses(
        &mut self,
        n: u32,
        answer: &str,
        read: &str,
    ) -> Result<bool, Ending> {
        let names = names_not_read(answer, read);
        if names.is_empty() {
            return Ok(false);
        }
        let briefly = self.asked_by(&BRIEFLY);
        let question = format!("{}\n\n{briefly}", self.told_by_itself());
        let question = Message::new(Role::User, question);
        let asked = self.shared.cpu.prepare(&[question]).map_err(failed)?;
        if asked.len + TOKENS_MAX as usize > self.shared.cpu.info().window {
            return Ok(false);
        }
        for seed in 1..=ANSWERS {
            let sampling = Sampling {
                temperature: TEMPERATURE,
                seed,
            };
            let words = Legal::default();
            let mut writing = self.write_by(&asked, &words, Move::Answer, TOKENS_MAX, sampling);
            writing.shown = false;
            let said = self.read_to_its_end(n, &mut writing).await?;
            self.costs.charge(said.usage);
            if !has_all_names(without_thought(&said.text), &names) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
