//! One decision: which move fits. How the CPU writes it is in `writing`, what it thinks before in
//! `thought`.

use serde_json::{Value, json};

use super::hints::WHAT_IS_MISSING;
use super::leads::searches_for_a_number;
use super::writing::{Decided, Writing};
use crate::calls::{DECIDE, SEARCH};
use crate::exec::state::is_a_look;
use crate::exec::weigh::{OTHER, after};
use crate::exec::{Ending, Execution, failed};
use crate::grammar::{Callable, Legal, Move};
use crate::judgement::Question;
use crate::planner::answer_form::language_request;
use crate::planner::derived::computes_with_another;
use crate::planner::numbers::{is_invented, sums_more_than};
use crate::planner::sources::names_page_and_documents;
use crate::planner::wording::{asks_of_oneself, puts_numbers_together, sends_to_documents};
use crate::process::Way;
use crate::program::checker_asked_for;
use quipu_cpu::{Completion, Prompt};

/// Log-odds of naming a tool below which nothing else is asked: it is none.
const CLEARLY_NONE: f32 = -3.0;
/// What is asked of the answers of several branches.
const WHICH_IS_RIGHT: &str = "Which of these is the right answer?";

impl Execution {
    /// Lets the CPU choose a move and write it. A call is written while it is asked whether
    /// it fits, and dropped if it does not.
    pub(in crate::exec) async fn decide(
        &mut self,
        n: u32,
        prompt: &Prompt,
        legal: &Legal,
    ) -> Result<Decided, Ending> {
        let mut chosen = match self.shared.cpu.info().constrains {
            true => Move::Answer,
            false => Move::Any,
        };
        if chosen == Move::Answer
            && self.track.n() == 0
            && let Some(decided) = self.by_its_way(n, prompt, legal).await?
        {
            return Ok(decided);
        }
        if chosen == Move::Answer
            && let Some(decided) = self.worked_out_again(n, legal).await?
        {
            return Ok(decided);
        }
        if chosen == Move::Answer && self.doubts(legal) {
            if self.programs > 0
                && self.why_not_run().is_none()
                && let Some(asked) = self.asked_for_words(legal)?
            {
                return self.worked_out_in_words(n, &asked, legal).await;
            }
            return self.first_program(n, prompt, legal).await;
        }
        if chosen == Move::Answer
            && let Some(program) = self.computed_from_what_was_found(n, legal).await?
        {
            return Ok(program);
        }
        // A program that was written for the task alone has worked it out: nothing is left to call.
        let worked_out = self.headway.parts().is_none() && self.has_worked_it_out(legal);
        if chosen == Move::Answer && !worked_out && legal.offered().next().is_some() {
            let by_program = self.is_for_a_program(legal) && self.wants_a_program(legal).await?;
            match self.names_a_tool(prompt, legal).await? {
                None => chosen = Move::Any,
                _ if by_program => {}
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
        if chosen == Move::Answer
            && let Some(call) = self.opened_first(n, prompt, legal).await?
        {
            return Ok(call);
        }
        if chosen == Move::Answer {
            chosen = self.form_of_answer(legal).await?;
        }
        // A grammar that admits nothing but a number leaves no room to work it out.
        if chosen == Move::Number && self.track.last().is_none() && self.computes().await? {
            return self.after_reasoning(n, prompt, legal, chosen).await;
        }
        if chosen == Move::Answer && self.wants_a_thought(legal).await? {
            return self.considered(n, prompt, legal).await;
        }
        if chosen == Move::Answer
            && let Some(answer) = self.read_from_what_was_found(n, legal).await?
        {
            return Ok(answer);
        }
        if chosen == Move::Answer
            && let Some(further) = self.followed_from_what_was_found(n, prompt, legal).await?
        {
            return Ok(further);
        }
        let own = self.in_its_language(prompt, legal, chosen)?;
        self.written(n, own.as_ref().unwrap_or(prompt), legal, chosen)
            .await
    }

    /// `prompt` with the request to keep to the language of the task, where `chosen` is an answer
    /// in words after a look: a small model goes on in the language of its tools.
    fn in_its_language(
        &self,
        prompt: &Prompt,
        legal: &Legal,
        chosen: Move,
    ) -> Result<Option<Prompt>, Ending> {
        let words = chosen == Move::Answer && legal.answer.is_none() && self.has_looked_up(legal);
        let Some(request) = language_request(self.told()).filter(|_| words) else {
            return Ok(None);
        };
        let asked = self.shared.cpu.prepare(&after(&prompt.messages, request));
        let asked = asked.map_err(failed)?;
        let room = self.shared.cpu.info().window - self.vm.reserve();
        Ok((asked.len <= room).then_some(asked))
    }

    /// What a branch does first that goes a way of its own; `None` where it has no means for that.
    async fn by_its_way(
        &mut self,
        n: u32,
        prompt: &Prompt,
        legal: &Legal,
    ) -> Result<Option<Decided>, Ending> {
        let way = self.program.branch.as_ref().map(|branch| branch.way);
        let programs = legal.runs_programs().is_some();
        let decided = match way {
            Some(Way::Program) if programs => self.first_program(n, prompt, legal).await?,
            Some(Way::Check) if programs => self.checker(n, prompt, legal).await?,
            Some(Way::Thought) => self.reasoned(n, prompt, legal).await?,
            Some(way @ (Way::Calculator | Way::Search)) => {
                let only = match way {
                    Way::Search => legal.only(|call| call.name == SEARCH),
                    _ => legal.only(Callable::takes_an_expression),
                };
                let Some(only) = only else {
                    return Ok(None);
                };
                self.written(n, prompt, &only, Move::Call).await?
            }
            _ => return Ok(None),
        };
        Ok(Some(decided))
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
    pub(in crate::exec) fn of_a_referee(&self) -> Option<Value> {
        let branch = self.program.branch.as_ref()?;
        if !branch.way.is_a_referee() {
            return None;
        }
        match (self.track.last(), branch.way) {
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
        // Then each value has to stand in one of them.
        let of_both = names_page_and_documents(self.told());
        self.programs += u32::from(asked_for.is_some());
        let decided = match &asked_for {
            // What it supposes may stand where nobody has looked yet.
            Some(asked) if of_both || self.may_look_first(legal) => {
                let chosen = Move::Function;
                let completion = self.unseen(n, asked, legal, chosen, u32::MAX).await?;
                if Self::is_supposed(asked, &completion.text) {
                    self.found.note_tried();
                    let mut further = self.look_further(n, prompt, legal).await?;
                    if let Some(further) = &mut further {
                        further.completion.usage += completion.usage;
                    }
                    if further.is_some() || of_both {
                        self.programs -= 1;
                        return Ok(further);
                    }
                }
                self.show(n, &completion.text);
                Decided { chosen, completion }
            }
            Some(asked) => self.written(n, asked, legal, Move::Function).await?,
            None => self.written(n, prompt, legal, Move::Program).await?,
        };
        let chosen = decided.chosen;
        let action = legal.action(chosen, &decided.completion.text);
        Ok((!self.track.was_just_done(&action)).then_some(decided))
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
        let (tool, mut completion) = self.named_in(n, &mut writing).await?;
        let question = match self.track.n() {
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
        // Another look is spared where the last one said it.
        let looks = legal
            .offered()
            .any(|call| call.name == tool && call.looks_up());
        if looks
            && !self.leads_on()
            && let Some(answer) = self.read_from_what_was_found(n, legal).await?
        {
            return Ok(Some(answer));
        }
        let opens = |call: &Callable| call.name == tool && call.opens_addresses();
        if legal.offered().any(opens) && self.speaks_of_a_link() {
            drop(writing);
            return self.look_further(n, prompt, legal).await;
        }
        // The store knows nothing of a page, nor of where that leads.
        let told = self.told();
        if tool == SEARCH && !sends_to_documents(told) && self.may_open_what_is_given(legal) {
            drop(writing);
            return self.open_what_is_given(n, prompt, legal).await;
        }
        let in_store = sends_to_documents(told) || asks_of_oneself(told);
        let on_a_page = self.gives_an_address() && self.has_looked_up(legal) && !in_store;
        if tool == SEARCH && on_a_page {
            drop(writing);
            return match self.has_more_to_open() {
                true => self.look_further(n, prompt, legal).await,
                false => Ok(None),
            };
        }
        if self.only_has_to_read(legal, &tool).await? || self.lacks_a_number(legal, &tool) {
            drop(writing);
            return match self.has_more_to_open() {
                true => self.look_further(n, prompt, legal).await,
                false => Ok(None),
            };
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
        if self.track.was_just_done(&action) || searches_for_a_number(&action, self.told()) {
            return Ok(None);
        }
        if self.track.n() == 0 && self.leaves_numbers_out(legal, &action) {
            let program = self.programmed(n, prompt, legal).await?;
            return Ok(program.map(|mut decided| {
                decided.completion.usage += completion.usage;
                decided
            }));
        }
        if self.computes_inventions(prompt, legal, &action) {
            let further = self.look_further(n, prompt, legal).await?;
            return Ok(further.map(|mut decided| {
                decided.completion.usage += completion.usage;
                decided
            }));
        }
        let made_up = legal.made_up(action.as_ref().unwrap_or(&Value::Null));
        if !made_up.is_empty() {
            let mut decided = self.what_is_missing(n, prompt, legal, &made_up).await?;
            decided.completion.usage += completion.usage;
            return Ok(Some(decided));
        }
        let first = self.track.n() == 0 && completion.closed_early.is_none();
        if first && self.wants_another(prompt, &completion.text).await? {
            // It begins with the same call again.
            let mut decided = self.written(n, prompt, legal, Move::Calls).await?;
            decided.completion.usage += completion.usage;
            let written = &mut decided.completion.text;
            if let Some(fewer) = self.without_early_sums(legal, written) {
                *written = fewer;
            }
            return Ok(Some(decided));
        }
        Ok(Some(Decided {
            chosen: Move::Call,
            completion,
        }))
    }

    /// Whether `action` is a sum that has no place for some number of the task, which a program could
    /// have: a small model writes `50 * 2 + 1` for the fiftieth prime, and `1 + 1` for a series.
    fn leaves_numbers_out(&self, legal: &Legal, action: &Result<Value, String>) -> bool {
        let (Ok(action), Some(numbers)) = (action, &legal.numbers) else {
            return false;
        };
        let mut calls = legal.calls.iter();
        let sums = calls.any(|call| action["tool"] == call.name && call.takes_an_expression());
        sums && legal.runs_programs().is_some()
            && numbers.are_left_out_of(std::slice::from_ref(action))
    }

    /// `written`, several calls, without the sums that have to wait for what others look up.
    fn without_early_sums(&self, legal: &Legal, written: &str) -> Option<String> {
        let mut action: Value = serde_json::from_str(written).ok()?;
        let calls = action["calls"].as_array_mut()?;
        let all = calls.len();
        if calls.iter().any(|call| is_a_look(call, &self.shared.bus)) {
            let of = |call: &Value| legal.calls.iter().find(|known| call["tool"] == known.name);
            let sums = |call: &Value| of(call).is_some_and(Callable::takes_an_expression);
            calls.retain(|call| !sums(call) || !sums_more_than(&call["args"], self.told()));
        }
        (calls.len() < all).then(|| action.to_string())
    }

    /// Whether `action` computes with numbers that stand nowhere, after something was looked up: a
    /// small model that has found a link takes what it leads to for read. Small ones count things,
    /// unless the task asks for no more than stands there, or says where each number stands; then
    /// factors between units may be new.
    fn computes_inventions(
        &self,
        prompt: &Prompt,
        legal: &Legal,
        action: &Result<Value, String>,
    ) -> bool {
        let called = |action: &Value| legal.calls.iter().find(|call| action["tool"] == call.name);
        let Ok(action) = action else {
            return false;
        };
        let expression = action["args"]["expression"].as_str();
        let computes = called(action).is_some_and(Callable::takes_an_expression);
        // The boot page has numbers that are nobody's.
        let read = prompt.messages.iter().skip(1);
        let read: Vec<&str> = read.map(|message| message.text.as_str()).collect();
        let read = read.join("\n");
        let told = self.told();
        let counts = puts_numbers_together(told) && !names_page_and_documents(told);
        let is_made_up = |said: &str| match counts {
            true => is_invented(said, &read),
            false => computes_with_another(said, &read),
        };
        self.has_looked_up(legal) && computes && expression.is_some_and(is_made_up)
    }

    /// Whether `tool` computes, which the task does not ask for, and something was just looked up:
    /// what is asked for stands there, or where that leads to. A small model writes a program to
    /// read what it has read.
    async fn only_has_to_read(&mut self, legal: &Legal, tool: &str) -> Result<bool, Ending> {
        let mut offered = legal.offered().filter(|call| call.name == tool);
        let computes = offered
            .next()
            .is_some_and(|call| call.takes_an_expression() || call.program.is_some());
        let device = tool.split('.').next().unwrap_or(tool);
        let is_asked_for = self.told().to_lowercase().contains(device);
        if !computes || is_asked_for || !self.has_looked_up(legal) || self.has_to_join() {
            return Ok(false);
        }
        Ok(self.is_said_in_a_sentence() || !self.computes().await?)
    }

    /// The name of the tool that is called, as soon as it is written; with the whole, where that
    /// is done by then.
    async fn named_in(
        &mut self,
        n: u32,
        writing: &mut Writing,
    ) -> Result<(String, Option<Completion>), Ending> {
        loop {
            if let Some(tool) = tool_in(&writing.text) {
                return Ok((tool, None));
            }
            let whole = self.read(n, writing).await?;
            if whole.is_some() {
                return Ok((tool_in(&writing.text).unwrap_or_default(), whole));
            }
        }
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
        let words = format!("{} {}.", self.asked_by(&WHAT_IS_MISSING), names.join(", "));
        let messages = after(&prompt.messages, &words);
        let asking = self.shared.cpu.prepare(&messages).map_err(failed)?;
        let room = self.shared.cpu.info().window - self.vm.reserve();
        let asking = Some(asking).filter(|asking| asking.len <= room);
        let asking = asking.as_ref().unwrap_or(prompt);
        let chosen = if legal.ask { Move::Ask } else { Move::Answer };
        self.written(n, asking, legal, chosen).await
    }
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
