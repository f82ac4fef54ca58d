//! One step: what is legal, what is chosen, and which calls that makes.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::choose::Decided;
use super::state::{may_come_otherwise, shown_again};
use super::{Ending, Execution, failed};
use crate::calls::{Now, REMEMBER, SEARCH, Syscall};
use crate::event::Event;
use crate::grammar::{Legal, Move};
use crate::journal::tape::Told;
use crate::journal::{Outcome, StepRow, WITH};
use crate::limits::{Allowance, Limit};
use crate::numbers::Numbers;
use crate::planner::answer_form;
use crate::planner::equations::{is_disputed, put_right};
use crate::planner::wording::sends_to_documents;
use crate::process::{Failure, State, Usage};
use crate::program::asks_for_code;
use quipu_cpu::{ClosedEarly, Prompt};

impl Execution {
    /// One step. Everything that can stop the process comes out as an [`Ending`].
    pub(super) async fn step(&mut self) -> Result<(), Ending> {
        let mut legal = self.legal()?;
        self.rows.save_state(State::Running, self.costs.ms())?;
        let n = self.track.n() + 1;
        let prompt = self.window_of(n)?;
        let ready = self
            .of_a_list(&legal)
            .or_else(|| self.of_what_was_kept())
            .or_else(|| self.of_what_was_worked_out(&legal))
            .or_else(|| self.of_a_conversion(&legal))
            .or_else(|| self.of_a_term(&legal))
            .or_else(|| self.of_a_referee());
        if let Some(action) = ready {
            return self.take_up_ready(n, action).await;
        }
        // Only the first of several branches keeps what is to be kept.
        if self.program.branch.is_none() && self.keep(&legal).await? {
            return Ok(());
        }
        let look = self
            .of_a_source_left(&legal)
            .or_else(|| self.of_what_others_wrote(&legal))
            .or_else(|| self.of_what_leads_on(&legal))
            .or_else(|| self.of_a_price(&legal));
        if let Some(action) = look {
            return self.take_up_ready(n, action).await;
        }
        self.narrow(&mut legal);
        legal.unfenced = legal.runs_answers && self.track.n() > 0 && !self.may_run_more(&legal);
        let begun = Instant::now();
        let decided = self.decide(n, &prompt, &legal).await?;
        let decided = self.unless_it_is_poor(n, &prompt, &legal, decided).await?;
        let decided = self
            .in_the_form_asked_for(n, &prompt, &legal, decided)
            .await?;
        let decided = self.with_all_answers(n, &prompt, &legal, decided).await?;
        let decided = self.with_right_sums(&prompt, &legal, decided);
        let decide_ms = begun.elapsed().as_millis() as u64;
        let usage = decided.completion.usage;
        let (action, problem) = self.read_action(decided, &legal);
        let Some(action) = self.with_true_answer(action, &legal).await? else {
            return Ok(());
        };
        self.emit(Event::Action {
            pid: self.pid,
            n,
            action: action.clone(),
            usage,
            ms: decide_ms,
        });
        let step = StepRow {
            n,
            action,
            usage,
            decide_ms,
            outcome: None,
        };
        match problem {
            None => {
                self.costs.accepted();
                self.take_up(step).await
            }
            Some(problem) => self.refuse(&step, &problem),
        }
    }

    /// The window for step `n`; the world is told of it, and of the pages that left it.
    fn window_of(&mut self, n: u32) -> Result<Prompt, Ending> {
        // Before the first step nothing is left: all is still to be done.
        let done = self.track.last();
        self.vm.remark(done.and_then(|_| self.headway.whats_left()));
        let (prompt, evicted) = self.vm.fit(&*self.shared.cpu).map_err(failed)?;
        for page in evicted {
            let told = Told::Evicted(page.page.clone(), page.tokens);
            self.shared.tape.same(told)?;
            self.emit(Event::Evicted {
                pid: self.pid,
                page: page.page,
                tokens: page.tokens,
            });
        }
        self.emit(Event::Step {
            pid: self.pid,
            n,
            prompt_tokens: prompt.len as u32,
        });
        Ok(prompt)
    }

    /// Corrects an answer before it is given: an answer that only names pages of the reminder
    /// becomes what they say, and one that claims what was not done says what was done. `None`
    /// where it was done instead.
    async fn with_true_answer(
        &mut self,
        mut action: Value,
        legal: &Legal,
    ) -> Result<Option<Value>, Ending> {
        if let Some(answer) = action["answer"].as_str().filter(|_| legal.answer.is_none())
            && let Some(said) = self.vm.named_in_reminder(answer)
        {
            action = json!({ "answer": said });
        }
        match action["answer"].as_str() {
            Some(answer) if self.claims_falsely(answer).await? => {
                let words = self.make_true(answer).await?;
                Ok(words.map(|words| json!({ "answer": words })))
            }
            _ => Ok(Some(action)),
        }
    }

    /// `decided`, with the sums that an answer in words writes out put right, unless the task is
    /// about wrong ones.
    fn with_right_sums(&self, prompt: &Prompt, legal: &Legal, mut decided: Decided) -> Decided {
        let words = decided.chosen == Move::Answer && legal.answer.is_none();
        if words && self.shared.cpu.info().constrains && !is_disputed(self.told()) {
            let known: Vec<&str> = prompt
                .messages
                .iter()
                .map(|said| said.text.as_str())
                .collect();
            let written = &mut decided.completion.text;
            if let Some(right) = put_right(written, &known.join("\n")) {
                *written = right;
            }
        }
        decided
    }

    /// Carries out an action that follows from the task and that no CPU had to write.
    async fn take_up_ready(&mut self, n: u32, action: Value) -> Result<(), Ending> {
        self.emit(Event::Action {
            pid: self.pid,
            n,
            action: action.clone(),
            usage: Usage::default(),
            ms: 0,
        });
        let step = StepRow {
            n,
            action,
            usage: Usage::default(),
            decide_ms: 0,
            outcome: None,
        };
        self.take_up(step).await
    }

    /// The action that was written, and what is wrong with it; counts what it cost, and the
    /// limit that closed it.
    fn read_action(&mut self, decided: Decided, legal: &Legal) -> (Value, Option<String>) {
        let Decided { chosen, completion } = decided;
        let cut = completion.closed_early.map(|closed| match closed {
            ClosedEarly::Full => self.program.limits.action_limit(&self.costs.in_all()),
            ClosedEarly::Repeating => Limit::Repetition,
        });
        cut.into_iter().for_each(|limit| self.hit(limit));
        self.costs.charge(completion.usage);
        let (action, problem) = match legal.action(chosen, &completion.text) {
            Ok(action) => {
                let problem = legal.check(&action).err();
                (action, problem)
            }
            Err(problem) => (json!({ "malformed": completion.text }), Some(problem)),
        };
        // An answer that ran in circles is cut too: whatever would have followed is missing.
        self.costs.cut_answer(cut.is_some());
        match cut {
            // A limit closed this action early. Nobody knows how it would have gone on.
            Some(limit) if action.get("answer").is_none() => {
                let problem = self.cut_off(limit);
                (action, Some(problem))
            }
            _ => (action, problem),
        }
    }

    /// What a process is told when `limit` cut its action off.
    fn cut_off(&self, limit: Limit) -> String {
        format!(
            "it was cut off ({}) and nothing of it was done; write less, or in parts",
            limit.describe(&self.program.limits)
        )
    }

    /// What the next step may do, by the limits and by what there is to work on.
    fn legal(&mut self) -> Result<Legal, Ending> {
        let limits = &self.program.limits;
        let allowance = limits.allowance(&self.costs.in_all(), self.elapsed()?);
        if allowance == Allowance::Stop(Limit::Time) {
            self.shared.tape.note(Told::Late);
        }
        match allowance {
            Allowance::Any => {}
            Allowance::AnswerOnly(limit) => self.hit(limit),
            Allowance::Stop(limit) => {
                self.hit(limit);
                return Err(Ending::Limit(limit));
            }
        }
        let now = Now {
            recallable: self.vm.recallable(),
            remembers: self.shared.tape.fact("remembers", || self.remembers())?,
            held: self.vm.has_held(),
        };
        let mut legal = self.planner.legal(allowance, &now);
        legal.computed = self.vm.number().or_else(|| self.number_returned_before());
        let alone =
            self.track.n() == 0 && self.vm.holds_only_the_task() && self.is_told_all_in_the_task();
        legal.numbers = alone.then(|| Numbers::of(self.told()));
        legal.runs_answers = !asks_for_code(self.told());
        legal.today = self.program.today;
        legal.given = self.given();
        legal.choices = answer_form::choices(self.told());
        if let Some(branch) = &self.program.branch {
            legal.candidates.clone_from(&branch.candidates);
        }
        legal.ask &= self.inbox.is_attended() && !self.known.is_stuck();
        if self.known.is_stuck() {
            legal.calls.clear();
        }
        Ok(legal)
    }

    /// How long this run has taken; in a replay, what the tape says.
    fn elapsed(&self) -> Result<Duration, Ending> {
        let Some(mut tape) = self.shared.tape.playing() else {
            return Ok(self.costs.elapsed());
        };
        Ok(match tape.is_late()? {
            true => Duration::from_secs(self.program.limits.seconds),
            false => Duration::ZERO,
        })
    }

    /// Takes out of sight what a small model would call without need. That is: what keeps a
    /// memory, where nothing was told to be kept or it is kept already; and what computes, before
    /// the page or the documents that the task speaks of were read, or after a program has worked
    /// out what was asked. Of 56 word problems eleven were computed once more, and all of these
    /// came out wrong.
    fn narrow(&self, legal: &mut Legal) {
        if !self.shared.cpu.info().constrains {
            return;
        }
        self.headway.other_means(legal);
        let keeps = self.has_to_keep();
        let unread = self.track.n() == 0 && self.leaves_unread(legal);
        let worked_out = self.has_worked_it_out(legal);
        for call in &mut legal.calls {
            let runs = call.program.is_some();
            call.offered &= keeps || call.name != REMEMBER;
            let computes = runs || call.takes_an_expression();
            call.offered &= !((unread || worked_out) && computes);
        }
    }

    /// Whether the task says where to find something that it needs, and nothing was read yet.
    fn leaves_unread(&self, legal: &Legal) -> bool {
        let searches = legal.offered().any(|call| call.name == SEARCH);
        let in_documents =
            searches && self.vm.has_nothing_beside() && sends_to_documents(self.told());
        in_documents || legal.opens_addresses().is_some() && self.gives_an_address()
    }

    /// Whether a program may still be run: there is a tool for it, and the last step ran none.
    fn may_run_more(&self, legal: &Legal) -> bool {
        let last = self.track.last().map(|(action, _)| &action["tool"]);
        let mut runs = legal.calls.iter().filter(|call| call.program.is_some());
        let ran = runs.any(|call| last.is_some_and(|tool| *tool == call.name));
        !ran && legal.runs_programs().is_some()
    }

    /// Whether the store holds anything that could be found.
    fn remembers(&self) -> bool {
        // A store that fails counts as full: the search will report the failure.
        self.shared
            .store
            .stats()
            .map_or(true, |stats| stats.pages > 0)
    }

    /// Carries a decision out: one action, or the calls of a step in their order.
    async fn take_up(&mut self, mut step: StepRow) -> Result<(), Ending> {
        if let Some(Value::Array(calls)) = step.action.get("calls") {
            let calls = calls.clone();
            return self.take_up_calls(&step, &calls).await;
        }
        let known = self.not_again(&step.action);
        if let Some(outcome) = known.or_else(|| self.not_run(&step.action)) {
            self.rows.intent(&step)?;
            return self.outcome(&step, outcome);
        }
        self.settle(&mut step.action).await?;
        match Syscall::from_action(&step.action) {
            Ok(syscall) => self.carry_out(step, syscall).await,
            Err(problem) => self.refuse(&step, &problem),
        }
    }

    /// The outcome of the call `action` where it is not carried out: its result is known, or it
    /// failed just now.
    fn not_again(&self, action: &Value) -> Option<Outcome> {
        // A page that is held back may be read only where the process is to read it now.
        let known = self.known.step_of(action).and_then(|n| self.vm.seen_in(n));
        if let Some((result, label)) = known {
            return Some(shown_again(&result, label));
        }
        let last = self.track.last();
        let same = |last: &&(Value, bool)| last.0 == *action && !may_come_otherwise(action);
        last.filter(same).map(|(_, worked)| match worked {
            true => {
                let last = self.vm.last_observation().unwrap_or_default();
                shown_again(&last, self.vm.last_label())
            }
            false => {
                let text = "not done again: it failed just now. Do something else.";
                self.kernel_says(text.into(), false, 0)
            }
        })
    }

    /// Each call has a row of its own in the journal, and so its own intent and outcome. The cost
    /// of deciding them stands in the first row.
    async fn take_up_calls(&mut self, step: &StepRow, calls: &[Value]) -> Result<(), Ending> {
        let mut rows = Vec::with_capacity(calls.len());
        for (i, call) in calls.iter().enumerate() {
            let first = i == 0;
            let mut action = call.clone();
            let not_run = self.not_run(&action);
            self.settle(&mut action).await?;
            if !first {
                action[WITH] = json!(step.n);
            }
            let syscall = Syscall::from_action(&action)
                .map_err(|problem| Ending::Failed(Failure::Action(problem)))?;
            let row = StepRow {
                n: step.n + i as u32,
                action,
                usage: if first { step.usage } else { Usage::default() },
                decide_ms: if first { step.decide_ms } else { 0 },
                outcome: None,
            };
            rows.push((row, not_run.map_or(Ok(syscall), Err)));
        }
        self.carry_out_all(rows).await
    }
}
