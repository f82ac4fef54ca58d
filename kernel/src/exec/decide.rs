//! One decision: which move fits, and the CPU writes it.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::judge::{OTHER, after, failed};
use super::{Ending, Execution, guarded, time_left};
use crate::calls::{DECIDE, SEARCH};
use crate::event::Event;
use crate::grammar::{Callable, Legal, Move};
use crate::judgement::Question;
use crate::limits::{Limit, THOUGHT_TOKENS_MAX};
use crate::process::Way;
use crate::program::checker_asked_for;
use quipu_cpu::{Chunk, ClosedEarly, Completion, Job, Prompt, Sampling, Ticket};

/// Log-odds of naming a tool below which nothing else is asked: it is none.
const CLEARLY_NONE: f32 = -3.0;

/// How a branch that thinks in words begins (zero-shot chain of thought, Kojima et al. 2022,
/// arXiv 2205.11916).
const REASON: &str = "Let's work it out step by step.\n";
/// How it ends, before a bare number.
const REASON_ENDS: &str = "\n\nThe answer is ";
/// Tokens of such a thought.
const REASONING_TOKENS_MAX: u32 = 400;

/// At which temperature a program is written once more: at 0.7 one of five programs worked out
/// nine of ten word problems of which one program worked out six.
const ANEW: f32 = 0.7;
/// What is asked of the answers of several branches.
const WHICH_IS_RIGHT: &str = "Which of these is the right answer?";
/// What is said where a value would have to be made up; the names of the values follow.
const SAY_WHAT_IS_MISSING: &str = "Not all that a tool needs has been said, and nothing may be made up. In one sentence, ask for:";

/// What the CPU wrote.
pub(super) struct Decided {
    pub(super) chosen: Move,
    pub(super) completion: Completion,
}

impl Execution {
    /// Lets the CPU choose a move and write it. A call is written while it is asked whether
    /// it fits, and dropped if it does not.
    pub(super) async fn decide(
        &mut self,
        n: u32,
        prompt: &Prompt,
        legal: &Legal,
    ) -> Result<Decided, Ending> {
        let mut chosen = match self.shared.cpu.info().constrains {
            true => Move::Answer,
            false => Move::Any,
        };
        if chosen == Move::Answer && self.n == 0 {
            match self.program.branch.as_ref().map(|branch| branch.way) {
                Some(Way::Program) if legal.runs_programs().is_some() => {
                    return self.first_program(n, prompt, legal).await;
                }
                Some(Way::Thought) => return self.reasoned(n, prompt, legal).await,
                Some(Way::Calculator) => {
                    if let Some(only) = legal.only(Callable::takes_an_expression) {
                        return self.written(n, prompt, &only, Move::Call).await;
                    }
                }
                Some(Way::Search) => {
                    if let Some(only) = legal.only(|call| call.name == SEARCH) {
                        return self.written(n, prompt, &only, Move::Call).await;
                    }
                }
                Some(Way::Check) if legal.runs_programs().is_some() => {
                    return self.checker(n, prompt, legal).await;
                }
                _ => {}
            }
        }
        if chosen == Move::Answer && self.doubts(legal) {
            if self.programs > 0
                && let Some(asked) = self.asked_for_words(legal)?
            {
                return self.worked_out_in_words(n, &asked, legal).await;
            }
            return self.first_program(n, prompt, legal).await;
        }
        // A program that was written for the task alone has worked it out: nothing is left to call.
        let worked_out = self.parts.is_none() && self.has_worked_it_out(legal);
        if chosen == Move::Answer && !worked_out && legal.offered().next().is_some() {
            match self.names_a_tool(prompt, legal).await? {
                None => chosen = Move::Any,
                Some(named) if named < CLEARLY_NONE => {}
                Some(named) => {
                    if let Some(call) = self.call(n, prompt, legal, named).await? {
                        return Ok(call);
                    }
                }
            }
            if self.wants_a_program(legal).await? {
                return self.first_program(n, prompt, legal).await;
            }
        }
        if chosen == Move::Answer {
            chosen = self.form_of_answer(legal).await?;
        }
        // A grammar that admits nothing but a number leaves no room to work it out.
        if chosen == Move::Number && self.last.is_none() && self.computes().await? {
            let thought = (REASON, REASONING_TOKENS_MAX, REASON_ENDS);
            return self
                .after_a_thought(n, prompt, legal, chosen, thought)
                .await;
        }
        if chosen == Move::Answer && self.wants_a_thought(legal).await? {
            return self.considered(n, prompt, legal).await;
        }
        self.written(n, prompt, legal, chosen).await
    }

    /// Lets the CPU write `chosen` to its end.
    pub(super) async fn written(
        &mut self,
        n: u32,
        prompt: &Prompt,
        legal: &Legal,
        chosen: Move,
    ) -> Result<Decided, Ending> {
        let mut writing = self.write(prompt, legal, chosen, u32::MAX);
        writing.shown = chosen != Move::Calls;
        loop {
            if let Some(completion) = self.read(n, &mut writing).await? {
                return Ok(Decided { chosen, completion });
            }
        }
    }

    /// A program where none was run yet.
    async fn first_program(
        &mut self,
        n: u32,
        prompt: &Prompt,
        legal: &Legal,
    ) -> Result<Decided, Ending> {
        match self.programmed(n, prompt, legal).await? {
            Some(program) => Ok(program),
            None => self.written(n, prompt, legal, Move::Answer).await,
        }
    }

    /// A function that says of each answer of other branches whether it can be right.
    async fn checker(&mut self, n: u32, prompt: &Prompt, legal: &Legal) -> Result<Decided, Ending> {
        let asked = checker_asked_for(&self.told_by_itself());
        let asked = self.lesson(asked, checker_asked_for(OTHER))?;
        let room = self.shared.cpu.info().window - self.vm.reserve();
        let asked = asked.filter(|asked| asked.len <= room);
        let asked = asked.as_ref().unwrap_or(prompt);
        self.written(n, asked, legal, Move::Checker).await
    }

    /// What a referee does without asking for words: it has the answers weighed, and what came of
    /// that, or of its program, is what it says.
    pub(super) fn of_a_referee(&self) -> Option<Value> {
        let branch = self.program.branch.as_ref()?;
        if !branch.way.is_a_referee() {
            return None;
        }
        match (&self.last, branch.way) {
            (None, Way::Weigh) => Some(json!({"tool": DECIDE, "args": {
                "question": WHICH_IS_RIGHT, "choices": branch.candidates}})),
            (Some(_), _) => Some(json!({"answer": self.vm.last_observation()?})),
            _ => None,
        }
    }

    /// A program; a function where nothing but the task counts for it. `None` where it is the
    /// one that was just run.
    async fn programmed(
        &mut self,
        n: u32,
        prompt: &Prompt,
        legal: &Legal,
    ) -> Result<Option<Decided>, Ending> {
        let asked_for = self.program_asked_for(legal)?;
        let (prompt, chosen) = match &asked_for {
            Some(asked_for) => (asked_for, Move::Function),
            None => (prompt, Move::Program),
        };
        self.programs += u32::from(asked_for.is_some());
        let decided = self.written(n, prompt, legal, chosen).await?;
        let action = legal.action(chosen, &decided.completion.text);
        Ok((!self.was_just_done(&action)).then_some(decided))
    }

    /// A number that is worked out in words, after a program that is doubted. The same means
    /// again makes the same mistakes: of 60 word problems (GSM8K, qwen2.5-coder-1.5b) 37 were
    /// right by one program, 38 with another program at 0.7 for those that were doubted, and 41
    /// with words instead.
    async fn worked_out_in_words(
        &mut self,
        n: u32,
        asked: &Prompt,
        legal: &Legal,
    ) -> Result<Decided, Ending> {
        let anew = Legal {
            computed: None,
            ..legal.clone()
        };
        let thought = (REASON, REASONING_TOKENS_MAX, REASON_ENDS);
        self.after_a_thought(n, asked, &anew, Move::Number, thought)
            .await
    }

    /// An answer that was reasoned out in words first: the way of a branch.
    async fn reasoned(
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
    async fn considered(
        &mut self,
        n: u32,
        prompt: &Prompt,
        legal: &Legal,
    ) -> Result<Decided, Ending> {
        let thought = ("", THOUGHT_TOKENS_MAX, "\n\n```json\n");
        self.after_a_thought(n, prompt, legal, Move::Answer, thought)
            .await
    }

    /// `chosen`, after a thought that begins with the first words of the last argument, has
    /// at most so many tokens, and ends with the last words.
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
        let thought = loop {
            if let Some(thought) = self.read(n, &mut writing).await? {
                break thought;
            }
        };
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

    /// A call, if it fits.
    async fn call(
        &mut self,
        n: u32,
        prompt: &Prompt,
        legal: &Legal,
        named: f32,
    ) -> Result<Option<Decided>, Ending> {
        let mut writing = self.write(prompt, legal, Move::Call, u32::MAX);
        let mut completion = None;
        let tool = loop {
            if let Some(tool) = tool_in(&writing.text) {
                break tool;
            }
            completion = self.read(n, &mut writing).await?;
            if completion.is_some() {
                break tool_in(&writing.text).unwrap_or_default();
            }
        };
        let question = match self.n {
            0 => Question::Call,
            _ => Question::More,
        };
        if let Some(call) = legal.offered().find(|call| call.name == tool) {
            let likely = self
                .judge_a_move(question, &prompt.messages, call, named)
                .await?;
            let enough = self.enough(question, call);
            if likely.is_some_and(|likely| likely < enough) {
                return Ok(None);
            }
        }
        if legal.runs_programs().is_some_and(|call| call.name == tool)
            || self.is_too_much_for_one_expression(legal, &tool).await?
        {
            drop(writing);
            return self.programmed(n, prompt, legal).await;
        }
        writing.shown = true;
        self.show(n, &writing.text);
        let completion = loop {
            if let Some(completion) = completion.take() {
                break completion;
            }
            completion = self.read(n, &mut writing).await?;
        };
        let action = legal.action(Move::Call, &completion.text);
        if self.was_just_done(&action) {
            return Ok(None);
        }
        let made_up = legal.made_up(action.as_ref().unwrap_or(&Value::Null));
        if !made_up.is_empty() {
            let mut decided = self.what_is_missing(n, prompt, legal, &made_up).await?;
            decided.completion.usage += completion.usage;
            return Ok(Some(decided));
        }
        let first = self.n == 0 && completion.closed_early.is_none();
        if first && self.wants_another(prompt, &completion.text).await? {
            // It begins with the same call again.
            let mut decided = self.written(n, prompt, legal, Move::Calls).await?;
            decided.completion.usage += completion.usage;
            return Ok(Some(decided));
        }
        Ok(Some(Decided {
            chosen: Move::Call,
            completion,
        }))
    }

    /// A question to the person, or an answer, that says which values the task does not give: a
    /// call has to have them, and a small model makes them up.
    async fn what_is_missing(
        &mut self,
        n: u32,
        prompt: &Prompt,
        legal: &Legal,
        names: &[String],
    ) -> Result<Decided, Ending> {
        let words = format!("{} {}.", SAY_WHAT_IS_MISSING, names.join(", "));
        let messages = after(&prompt.messages, &words);
        let asking = self.shared.cpu.prepare(&messages).map_err(failed)?;
        let room = self.shared.cpu.info().window - self.vm.reserve();
        let asking = Some(asking).filter(|asking| asking.len <= room);
        let asking = asking.as_ref().unwrap_or(prompt);
        let chosen = if legal.ask { Move::Ask } else { Move::Answer };
        self.written(n, asking, legal, chosen).await
    }

    /// Whether `action` is the last one, which worked: its result stands in the window, and
    /// nothing has changed since.
    fn was_just_done(&self, action: &Result<Value, String>) -> bool {
        let last = self.last.as_ref().filter(|(_, worked)| *worked);
        last.is_some_and(|(last, _)| action.as_ref() == Ok(last))
    }

    /// How the tokens of `chosen` are chosen: those of a second program not as of the first.
    fn sampling(&self, chosen: Move) -> Sampling {
        let usual = self.program.sampling.unwrap_or(self.shared.sampling);
        match chosen == Move::Function && self.programs > 1 {
            true => Sampling {
                temperature: usual.temperature.max(ANEW),
                ..usual
            },
            false => usual,
        }
    }

    /// Starts to write `chosen`, in at most `tokens_max` tokens.
    fn write(&self, prompt: &Prompt, legal: &Legal, chosen: Move, tokens_max: u32) -> Writing {
        let room = self
            .program
            .limits
            .action_room(&self.spent_in_all())
            .min(tokens_max);
        let ticket = self.shared.cpu.submit(Job {
            pid: self.pid,
            priority: self.inbox.priority.load(Ordering::Relaxed),
            prompt: prompt.clone(),
            form: legal.form(chosen),
            tokens_max: room.min(self.vm.reserve() as u32),
            sampling: self.sampling(chosen),
            history: self.history.clone(),
        });
        Writing {
            ticket,
            text: String::new(),
            shown: !matches!(chosen, Move::Call | Move::Calls),
        }
    }

    /// The next piece of what is written; the whole, when it is done.
    async fn read(&mut self, n: u32, writing: &mut Writing) -> Result<Option<Completion>, Ending> {
        let chunk = guarded(
            &self.shared.tape,
            &mut self.inbox.signals,
            time_left(&self.program, &self.spent, self.started),
            writing.ticket.next(),
        )
        .await?;
        match chunk {
            Ok(Chunk::Text(text)) => {
                writing.text.push_str(&text);
                if writing.shown {
                    self.show(n, &text);
                }
                Ok(None)
            }
            Ok(Chunk::Done(completion)) => Ok(Some(completion)),
            Ok(Chunk::Weighed(..) | Chunk::Odds(_)) => Ok(None),
            Err(error) => Err(Ending::Failed(error.into())),
        }
    }

    pub(super) fn show(&self, n: u32, text: &str) {
        self.emit(Event::Token {
            pid: self.pid,
            n,
            text: text.to_owned(),
        });
    }
}

/// A job under way, and what it has written.
struct Writing {
    ticket: Ticket,
    text: String,
    /// Whether the world sees it as it is written: not before it is known to fit.
    shown: bool,
}

/// The name of the first tool in the beginning of a call.
fn tool_in(text: &str) -> Option<String> {
    let rest = text.strip_prefix(crate::judgement::CALL_BEGINS)?;
    rest.split_once('"').map(|(name, _)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_known_when_its_name_is_whole() {
        let check = |text: &str, want: Option<&str>| {
            assert_eq!(tool_in(text).as_deref(), want, "{text}");
        };
        check("", None);
        check("{\"calls\":[{\"tool\":\"desk.ec", None);
        check(
            "{\"calls\":[{\"tool\":\"desk.echo\",\"ar",
            Some("desk.echo"),
        );
    }
}
