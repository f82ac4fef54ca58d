//! Asks the CPU which move fits, on forks of the process's own prefix: no token is
//! generated for it.

use std::sync::atomic::Ordering;

use serde_json::{Map, Value, json};

use super::{Ending, Execution, guarded, time_left};
use crate::calls::SEARCH;
use crate::decision::Decision;
use crate::event::Event;
use crate::grammar::{Callable, Legal};
use crate::judgement::{CALL_BEGINS, NONE, Question, Signal, first_call, on_or_not, yes_or_no};
use crate::label::Trust;
use crate::lessons::Lesson;
use crate::planner::facts::is_told_in_sentences;
use crate::planner::{card, date};
use crate::program::{asked_for, asked_for_after, asked_in_words};
use crate::signal::Signal::Kill;
use quipu_cpu::{Chunk, CpuError, Inquiry, Message, Prompt, Ticket, Weights};

/// Characters of a function's card in a question about it.
const CARD_CHARS: usize = 500;
/// Calls that are shown to be told whether they are enough.
const CALLS_SHOWN: usize = 3;
/// Characters of such a call's arguments, and of its result.
const RESULT_CHARS: usize = 240;
/// Of the usual threshold, what is enough for a call that does no harm and is likely meant:
/// over some hundred tasks of our own, searches and pages that were wanted had .17 to .6, and
/// tasks that need no call stayed below .15 but for one in seven.
const EASED: f32 = 0.27;
/// A text that begins unlike any other.
pub(super) const OTHER: &str = "\u{bb}";

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

    /// Whether there is to be another call beside the only one in `written`. A small model
    /// ends its list too early: what its leaning to the end is worth is fitted, also on lists
    /// that did go on.
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
                // Asked of what was written, not of one function.
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
    pub(super) async fn judge(
        &mut self,
        question: Question,
        about: &str,
    ) -> Result<Option<f32>, Ending> {
        let odds = self.odds(question, about).await?;
        Ok(odds.map(|odds| self.judged(question, odds)))
    }

    /// The same about each of `texts`. All are put before the first answer is waited for, so that
    /// the CPU computes them together.
    pub(super) async fn judge_each(
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
    pub(super) async fn judge_task(&mut self, question: Question) -> Result<Option<f32>, Ending> {
        let told = self.told().to_owned();
        self.judge(question, &told).await
    }

    /// What the user said last.
    pub(super) fn told(&self) -> &str {
        self.program.told()
    }

    /// The task by itself, with the date if it depends on that.
    pub(super) fn told_by_itself(&self) -> String {
        let told = self.told().trim();
        match self.program.today {
            Some(today) => format!("{}\n\n{told}", date::told(today, told)),
            None => told.to_owned(),
        }
    }

    fn judged(&self, question: Question, odds: Vec<f32>) -> f32 {
        let likely = self.shared.judgement.of(question).likelihood(&odds);
        self.emit(Event::Judged {
            pid: self.pid,
            n: self.n + 1,
            question,
            odds,
            likely,
        });
        likely
    }

    /// The log-odds of each signal of `question` about a text.
    async fn odds(&mut self, question: Question, about: &str) -> Result<Option<Vec<f32>>, Ending> {
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

    /// A function and the task, as [`crate::lessons::FITS`] has them.
    fn offer(&self, call: &Callable) -> String {
        format!("{}Message: {}", card(call, CARD_CHARS), self.told().trim())
    }

    /// The task and the last calls with their results, a line each, as [`crate::lessons::DONE`] has
    /// them.
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

    /// The weights of the labels of a lesson on a text; of the last text they are at hand.
    async fn taught(
        &mut self,
        lesson: &'static Lesson,
        about: &str,
    ) -> Result<Option<Weights>, Ending> {
        if let Some((_, _, weights)) = self
            .taught
            .iter()
            .find(|(of, text, _)| std::ptr::eq(*of, lesson) && text == about)
        {
            return Ok(Some(weights.clone()));
        }
        let Some(prompt) = self.lesson(lesson.about(about), lesson.about(OTHER))? else {
            return Ok(None);
        };
        let ticket = self.inquire(prompt, lesson.options());
        let weights = self.weighed(ticket).await?;
        if let Some(weights) = &weights {
            self.taught.retain(|(of, ..)| !std::ptr::eq(*of, lesson));
            self.taught
                .push((lesson, about.to_owned(), weights.clone()));
        }
        Ok(weights)
    }

    /// The prompt of a lesson on a text, if it fits the window. What it has in common with
    /// one on another text is a boot page: it stays for the next process, and on disk for the
    /// next machine.
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

    /// The prompt to write a function that works out the task, with nothing else in sight.
    /// `None` where more than the task counts: what was attached or came to mind, an agent's
    /// instructions, what was said before.
    pub(super) fn program_asked_for(&self, legal: &Legal) -> Result<Option<Prompt>, Ending> {
        let python = |call: &Callable| call.program.as_deref() == Some("python");
        let told = self.told_by_itself();
        let alone = self.vm.holds_only_the_task() || self.doubts(legal);
        let alone = alone && self.vm.has_nothing_beside() && self.is_told_all_in_the_task();
        if !alone || !legal.runs_programs().is_some_and(python) {
            return Ok(None);
        }
        let room = self.shared.cpu.info().window - self.vm.reserve();
        let taught = |more: &[(String, String)]| -> Result<Option<Prompt>, Ending> {
            let prompt = self.lesson(asked_for_after(more, &told), asked_for(OTHER))?;
            Ok(prompt.filter(|prompt| prompt.len <= room))
        };
        let (ids, learnt) = self.functions_learnt(legal);
        if !learnt.is_empty()
            && let Some(prompt) = taught(&learnt)?
        {
            self.tell_examples(ids);
            return Ok(Some(prompt));
        }
        taught(&[])
    }

    /// The prompt to work out in words a task that is told in sentences and asks for no form,
    /// with nothing else in sight.
    pub(super) fn asked_for_words(&self, legal: &Legal) -> Result<Option<Prompt>, Ending> {
        let told = self.told();
        let alone = self.vm.has_nothing_beside() && self.is_told_all_in_the_task();
        if legal.answer.is_some() || !alone || !is_told_in_sentences(told) {
            return Ok(None);
        }
        self.lesson(
            asked_in_words(&self.told_by_itself()),
            asked_in_words(OTHER),
        )
    }

    /// Whether its user told it in the task all that it was told.
    pub(super) fn is_told_all_in_the_task(&self) -> bool {
        let program = &self.program;
        self.told() == program.prompt
            && program.label.trust >= Trust::User
            && program.agent.instructions.trim().is_empty()
    }

    /// Asks `question` about the prompt, and ends the process before its first step; the odds
    /// of each signal, `None` where the CPU tells none.
    pub(crate) async fn probe(mut self, question: Question) -> Option<Vec<f32>> {
        let prompt = self.program.prompt.clone();
        let (odds, ending) = match self.odds(question, &prompt).await {
            Ok(odds) => (odds, Ending::Signal(Kill)),
            Err(ending) => (None, ending),
        };
        self.finish(ending);
        odds
    }

    /// From which likelihood on `call` is made. Where a call is as good as asked for, or does
    /// no harm, a weaker yes is enough: an address that a user gives is there to be opened, and
    /// what was stored is there to be found.
    pub(super) fn enough(&self, question: Question, call: &Callable) -> f32 {
        let threshold = self.shared.judgement.of(question).threshold;
        let given = call.opens_addresses() && self.gives_an_address();
        let eased = question == Question::Call && (given || call.name == SEARCH);
        if eased { threshold * EASED } else { threshold }
    }

    /// Whether the user gave an address of the web.
    pub(super) fn gives_an_address(&self) -> bool {
        let told = self.told();
        told.contains("http://") || told.contains("https://")
    }

    pub(super) fn says_yes(&self, question: Question, likely: f32) -> bool {
        likely >= self.shared.judgement.of(question).threshold
    }

    /// The system call `decide`: how likely each choice is, as JSON, and whether that could be
    /// told.
    pub(super) async fn decision(
        &mut self,
        question: String,
        choices: Vec<String>,
    ) -> Result<(String, bool), Ending> {
        let decision = match choices.is_empty() {
            true => Decision::YesNo(question),
            false => Decision::Choice(question, choices),
        };
        let (prompt, _) = self.vm.fit(&*self.shared.cpu).map_err(super::failed)?;
        let mut weights = Vec::new();
        for put in decision.puts() {
            let messages = after(&prompt.messages, &put.words);
            match self.weigh(messages, put.labels).await? {
                Some(weighed) => weights.push(weighed),
                None => return Ok(("error: this CPU tells no probabilities".into(), false)),
            }
        }
        let probabilities = decision.probabilities(&weights);
        let options = decision.options();
        let likeliest =
            (0..options.len()).max_by(|a, b| probabilities[*a].total_cmp(&probabilities[*b]));
        let round = |p: f32| (f64::from(p) * 1000.0).round() / 1000.0;
        let said: Map<String, Value> = options
            .iter()
            .zip(&probabilities)
            .map(|(option, p)| (option.clone(), json!(round(*p))))
            .collect();
        let choice = likeliest.map(|at| options[at].clone());
        Ok((
            json!({"choice": choice, "probabilities": said}).to_string(),
            true,
        ))
    }

    /// The log-odds of yes as the answer to `words`, put after the last of `messages`.
    async fn yes(&mut self, messages: &[Message], words: &str) -> Result<Option<f32>, Ending> {
        let weights = self.weigh(after(messages, words), yes_or_no()).await?;
        Ok(weights.map(|weights| weights[0] - weights[1]))
    }

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

    pub(super) fn inquire(&self, prompt: Prompt, options: Vec<Vec<String>>) -> Ticket {
        self.shared.cpu.weigh(Inquiry {
            pid: self.pid,
            priority: self.inbox.priority.load(Ordering::Relaxed),
            prompt,
            options,
        })
    }

    pub(super) async fn weighed(&mut self, mut ticket: Ticket) -> Result<Option<Weights>, Ending> {
        let left = time_left(&self.program, &self.spent, self.started);
        match guarded(
            &self.shared.tape,
            &mut self.inbox.signals,
            left,
            ticket.next(),
        )
        .await?
        {
            Ok(Chunk::Weighed(weights, _)) => Ok(Some(weights)),
            Ok(_) | Err(CpuError::Undecided) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }
}

/// The log-odds of the label at `label` against the last one.
fn against_last(weights: &Weights, label: usize) -> f32 {
    weights[label] - weights[weights.len() - 1]
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

pub(super) fn failed(error: CpuError) -> Ending {
    Ending::Failed(error.into())
}
