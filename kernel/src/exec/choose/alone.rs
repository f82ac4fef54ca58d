//! The task by itself: what its user said, prompts with nothing else in sight, and programs that are
//! not run for it.

use crate::calls::look_up;
use crate::exec::weigh::{OTHER, after};
use crate::exec::{Ending, Execution};
use crate::grammar::{Callable, Legal};
use crate::journal::Outcome;
use crate::label::Trust;
use crate::planner::date;
use crate::planner::facts::is_told_in_sentences;
use crate::planner::material::given::Given;
use crate::planner::material::unfit::cannot_run;
use crate::program::{asked_for, asked_for_after, asked_in_words, calls_solution};
use quipu_cpu::Prompt;
use serde_json::Value;

impl Execution {
    /// What the user said last.
    pub(in crate::exec) fn told(&self) -> &str {
        self.program.told()
    }

    /// The task by itself, with today's date if the task depends on it.
    pub(super) fn told_by_itself(&self) -> String {
        let told = self.told().trim();
        match self.program.today {
            Some(today) => format!("{}\n\n{told}", date::told(today, told)),
            None => told.to_owned(),
        }
    }

    /// The table that was found, or the table, the list or the text that stands in the task, as a
    /// program has it.
    pub(in crate::exec) fn given(&self) -> Given {
        Given::of(
            self.told(),
            &format!("{}\n\n{}", self.what_was_found(), self.told()),
        )
    }

    /// The task by itself, below the texts that were found for it.
    fn told_with_what_was_found(&self) -> String {
        let (found, told) = (self.what_was_found(), self.told_by_itself());
        match found.is_empty() {
            true => told,
            false => format!("{found}\n\n{told}"),
        }
    }

    /// Whether the user gave an address of the web.
    pub(in crate::exec) fn gives_an_address(&self) -> bool {
        let told = self.told();
        told.contains("http://") || told.contains("https://")
    }

    /// The prompt to write a function that works out the task, with nothing else in sight but
    /// what was found for it. `None` where more than the task counts: attached texts, memories,
    /// an agent's instructions, earlier turns.
    pub(super) fn program_asked_for(&self, legal: &Legal) -> Result<Option<Prompt>, Ending> {
        let python = |call: &Callable| call.program.as_deref() == Some("python");
        let (found, told) = (self.what_was_found(), self.told_by_itself());
        let only = self.vm.holds_only_the_task() || self.doubts(legal);
        let only = only && self.vm.has_nothing_beside() && self.is_told_all_in_the_task();
        let alone = only || self.has_found_all();
        if !alone || !legal.runs_programs().is_some_and(python) {
            return Ok(None);
        }
        let room = self.shared.cpu.info().window - self.vm.reserve();
        let refused = self.why_not_run();
        let taught = |more: &[(String, String)]| -> Result<Option<Prompt>, Ending> {
            let mut asked = asked_for_after(more, &found, &told, &legal.given);
            if let Some(why) = &refused {
                asked = after(&asked, why);
            }
            let prompt = self.lesson(asked, asked_for(OTHER))?;
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

    /// What comes of the program of `action` where it cannot run: it is not run.
    pub(in crate::exec) fn not_run(&self, action: &Value) -> Option<Outcome> {
        let why = self.why_not(action)?;
        Some(self.kernel_says(format!("not run: {why}"), false, 0))
    }

    /// Why the program that was to be run last was not, and what to do instead.
    pub(super) fn why_not_run(&self) -> Option<String> {
        let (action, _) = self.track.last().filter(|(_, worked)| !worked)?;
        self.why_not(action)
    }

    /// Why the program of `action` is not run, if it is in Python and nothing was granted to it: it
    /// cannot run, or it is the first one and has a part of what is given.
    fn why_not(&self, action: &Value) -> Option<String> {
        let called = look_up(&self.shared.bus, action["tool"].as_str()?)?;
        let function = called.function();
        let is_bare = function.program.as_deref() == Some("python") && function.needs.is_empty();
        let code = action["args"]["code"].as_str().filter(|_| is_bare)?;
        let input = action["args"]["stdin"].as_str().unwrap_or_default();
        let given = self.given();
        let of_a_part = || given.said_of_a_part(code).map(str::to_owned);
        let is_first = self.programs == 1 && calls_solution(code);
        cannot_run(code, !input.is_empty(), self.told(), &given)
            .or_else(|| is_first.then(of_a_part).flatten())
    }

    /// The prompt to work out in words a task that is told in sentences and asks for no form of
    /// answer, with nothing else in sight.
    pub(super) fn asked_for_words(&self, legal: &Legal) -> Result<Option<Prompt>, Ending> {
        let told = self.told();
        let alone = self.vm.has_nothing_beside() && self.is_told_all_in_the_task();
        if legal.answer.is_some() || !alone || !is_told_in_sentences(told) {
            return Ok(None);
        }
        self.lesson(
            asked_in_words(&self.told_with_what_was_found()),
            asked_in_words(OTHER),
        )
    }

    /// Whether the task holds everything that the user told this process.
    pub(in crate::exec) fn is_told_all_in_the_task(&self) -> bool {
        let program = &self.program;
        self.told() == program.prompt
            && program.label.trust >= Trust::User
            && program.agent.instructions.trim().is_empty()
    }
}
