//! Judges which move fits, by what the CPU's odds are worth. The odds themselves are asked for in
//! `weigh`: no token is generated for them.

use serde_json::Value;

use crate::calls::SEARCH;
use crate::event::Event;
use crate::exec::weigh::{OTHER, after};
use crate::exec::{Ending, Execution};
use crate::grammar::{Callable, Legal};
use crate::judgement::{CALL_BEGINS, NONE, Question, Signal, first_call, on_or_not, yes_or_no};
use crate::lessons::Lesson;
use crate::planner::card;
use quipu_cpu::{Message, Prompt, Weights};

/// Characters of a function's card in a question about it.
const CARD_CHARS: usize = 500;
/// Calls that are shown with the question whether they are enough.
const CALLS_SHOWN: usize = 3;
/// Characters that are shown of such a call's arguments, and of its result.
const RESULT_CHARS: usize = 240;
/// Of the usual threshold, what is enough for a call that does no harm and is likely meant:
/// over some hundred tasks of our own, searches and pages that were wanted had .17 to .6, and
/// tasks that need no call stayed below .15 but for one in seven.
const EASED: f32 = 0.27;

impl Execution {
    /// The log-odds that a tool of `legal` is named rather than none; `None` where the CPU
    /// tells no probabilities.
    pub(super) async fn names_a_tool(
        &mut self,
        prompt: &Prompt,
        legal: &Legal,
    ) -> Result<Option<f32>, Ending> {
        let Some(led) = self.shared.cpu.lead(prompt, CALL_BEGINS) else {
            return Ok(None);
        };
        let names = legal.offered().map(|call| call.name.clone());
        let options = vec![names.collect(), vec![NONE.to_owned()]];
        let ticket = self.inquire(led, options);
        let weights = self.weighed(ticket).await?;
        Ok(weights.map(|weights| weights[0] - weights[1]))
    }

    /// Whether another call is to be made beside the only one in `written`. A small model ends
    /// its list too early. What its leaning to the end is worth is fitted, also on lists that did
    /// go on.
    pub(super) async fn wants_another(
        &mut self,
        prompt: &Prompt,
        written: &str,
    ) -> Result<bool, Ending> {
        let question = Question::Several;
        let Some((begun, only)) = first_call(written) else {
            return Ok(false);
        };
        let led = self.shared.cpu.lead(prompt, begun);
        let Some(led) = led.filter(|led| led.len < self.shared.cpu.info().window) else {
            return Ok(false);
        };
        let ticket = self.inquire(led, on_or_not());
        let weights = self.weighed(ticket).await?;
        let Some(weights) = weights else {
            return Ok(false);
        };
        let likely = self.judged(question, vec![weights[0] - weights[1]]);
        let fit = self.shared.judgement.of(question);
        Ok(only && likely >= fit.enough_for_another(self.told(), written))
    }

    /// How likely the answer to `question`, about a move, is yes, from 0 to 1: asked after
    /// the last of `messages` about `call`, where `named` are the odds of
    /// [`Execution::names_a_tool`].
    pub(super) async fn judge_a_move(
        &mut self,
        question: Question,
        messages: &[Message],
        call: &Callable,
        named: f32,
    ) -> Result<Option<f32>, Ending> {
        let mut odds = Vec::new();
        for signal in question.signals() {
            match signal {
                Signal::Names => odds.push(named),
                // This question is about the text that was written, not about one function.
                Signal::GoesOn => return Ok(None),
                Signal::Asked(words) => {
                    let words = words.replace("{tool}", &call.name);
                    match self.yes(messages, &words).await? {
                        Some(yes) => odds.push(yes),
                        None => return Ok(None),
                    }
                }
                Signal::Taught(lesson, label) => {
                    let about = match question {
                        Question::More => self.so_far(),
                        _ => self.offer(call),
                    };
                    match self.taught_odds(lesson, *label, &about).await? {
                        Some(likelier) => odds.push(likelier),
                        None => return Ok(None),
                    }
                }
            }
        }
        Ok(Some(self.judged(question, odds)))
    }

    /// How likely the answer to `question` about the text `about` is yes, from 0 to 1.
    pub(in crate::exec) async fn judge(
        &mut self,
        question: Question,
        about: &str,
    ) -> Result<Option<f32>, Ending> {
        let odds = self.odds(question, about).await?;
        Ok(odds.map(|odds| self.judged(question, odds)))
    }

    /// The same about each of `texts`. All questions are put before the first answer is waited
    /// for, so that the CPU computes them together.
    pub(in crate::exec) async fn judge_each(
        &mut self,
        question: Question,
        texts: &[String],
    ) -> Result<Vec<Option<f32>>, Ending> {
        let mut odds = vec![Some(Vec::new()); texts.len()];
        for signal in question.signals() {
            let Signal::Taught(lesson, label) = signal else {
                return Ok(vec![None; texts.len()]);
            };
            let mut tickets = Vec::with_capacity(texts.len());
            for text in texts {
                let prompt = self.lesson(lesson.about(text), lesson.about(OTHER))?;
                tickets.push(prompt.map(|prompt| self.inquire(prompt, lesson.options())));
            }
            for (odds, ticket) in odds.iter_mut().zip(tickets) {
                let weights = match ticket {
                    Some(ticket) => self.weighed(ticket).await?,
                    None => None,
                };
                match (odds.as_mut(), weights) {
                    (Some(odds), Some(weights)) => odds.push(against_last(&weights, *label)),
                    _ => *odds = None,
                }
            }
        }
        let judged = |odds: Option<Vec<f32>>| odds.map(|odds| self.judged(question, odds));
        Ok(odds.into_iter().map(judged).collect())
    }

    /// How likely the answer to `question` about what the user said is yes, from 0 to 1.
    pub(in crate::exec) async fn judge_task(
        &mut self,
        question: Question,
    ) -> Result<Option<f32>, Ending> {
        let told = self.told().to_owned();
        self.judge(question, &told).await
    }

    fn judged(&self, question: Question, odds: Vec<f32>) -> f32 {
        let likely = self.shared.judgement.of(question).likelihood(&odds);
        self.emit(Event::Judged {
            pid: self.pid,
            n: self.track.n() + 1,
            question,
            odds,
            likely,
        });
        likely
    }

    /// The log-odds of each signal of `question` about a text.
    pub(in crate::exec) async fn odds(
        &mut self,
        question: Question,
        about: &str,
    ) -> Result<Option<Vec<f32>>, Ending> {
        let mut odds = Vec::new();
        for signal in question.signals() {
            let Signal::Taught(lesson, label) = signal else {
                return Ok(None);
            };
            match self.taught_odds(lesson, *label, about).await? {
                Some(likelier) => odds.push(likelier),
                None => return Ok(None),
            }
        }
        Ok(Some(odds))
    }

    /// The log-odds of the label at `label` of a lesson on a text, against the last label.
    async fn taught_odds(
        &mut self,
        lesson: &'static Lesson,
        label: usize,
        about: &str,
    ) -> Result<Option<f32>, Ending> {
        let weights = self.taught(lesson, about).await?;
        Ok(weights.map(|weights| against_last(&weights, label)))
    }

    /// A function and the task, in the form of the examples of [`crate::lessons::FITS`].
    fn offer(&self, call: &Callable) -> String {
        format!("{}Message: {}", card(call, CARD_CHARS), self.told().trim())
    }

    /// The task and the last calls with their results, a line each, in the form of the examples
    /// of [`crate::lessons::DONE`].
    fn so_far(&self) -> String {
        let begin = |text: &str| match text.char_indices().nth(RESULT_CHARS) {
            Some((end, _)) => format!("{} …", &text[..end]),
            None => text.to_owned(),
        };
        let mut lines = vec![format!("Task: {}", begin(self.told().trim()))];
        for (action, result) in self.vm.last_steps(CALLS_SHOWN) {
            let action: Value = serde_json::from_str(action).unwrap_or_default();
            let tool = action["tool"].as_str().unwrap_or_default();
            let args = action["args"].to_string();
            lines.push(format!("{tool} {} -> {}", begin(&args), begin(result)));
        }
        lines.join("\n")
    }

    /// The likelihood from which on `call` is made, 0 to 1. A lower one is enough where the task
    /// as good as asks for the call, or the call does no harm: an address that a user gives is
    /// there to be opened, and what was stored is there to be found.
    pub(super) fn enough(&self, question: Question, call: &Callable) -> f32 {
        let threshold = self.shared.judgement.of(question).threshold;
        let given = call.opens_addresses() && self.gives_an_address();
        let eased = question == Question::Call && (given || call.name == SEARCH);
        if eased { threshold * EASED } else { threshold }
    }

    /// Whether `likely` is enough for a yes to `question`.
    pub(in crate::exec) fn says_yes(&self, question: Question, likely: f32) -> bool {
        likely >= self.shared.judgement.of(question).threshold
    }

    /// The log-odds of yes as the answer to `words`, put after the last of `messages`.
    async fn yes(&mut self, messages: &[Message], words: &str) -> Result<Option<f32>, Ending> {
        let weights = self.weigh(after(messages, words), yes_or_no()).await?;
        Ok(weights.map(|weights| weights[0] - weights[1]))
    }
}

/// The log-odds of the label at `label` against the last one.
fn against_last(weights: &Weights, label: usize) -> f32 {
    weights[label] - weights[weights.len() - 1]
}
