//! Runs one process until it exits: lay out the window, decide one action, carry
//! it out, write it down, again.

mod decide;
mod ending;
mod person;
mod recall;

use std::sync::Arc;
use std::sync::atomic::AtomicI8;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::cpu::ClosedEarly;
use crate::event::Event;
use crate::journal::{Outcome, StepRow};
use crate::kernel::Shared;
use crate::label::Label;
use crate::limits::{Allowance, Limit, REPEATS_MAX, Spent};
use crate::planner::{LoopGuard, Planner};
use crate::process::{Exit, Pid, Program, Reply, State, Usage};
use crate::recall::Recalled;
use crate::signal::Signal;
use crate::syscall::Syscall;
use crate::vm::{Vm, VmError};
use crate::world::World;

use decide::parse;
pub(crate) use ending::Ending;

/// What reaches a process from outside.
pub(crate) struct Inbox {
    pub(crate) signals: UnboundedReceiver<Signal>,
    pub(crate) replies: UnboundedReceiver<Reply>,
    pub(crate) priority: Arc<AtomicI8>,
    /// Whether a person is there to reply.
    pub(crate) attended: bool,
}

/// A process in execution.
pub(crate) struct Execution {
    pid: Pid,
    program: Program,
    /// As it is in the journal.
    state: State,
    shared: Arc<Shared>,
    inbox: Inbox,
    planner: Planner,
    vm: Vm,
    guard: LoopGuard,
    spent: Spent,
    usage: Usage,
    limits_hit: Vec<Limit>,
    history: Arc<Vec<String>>,
    started: Instant,
    /// A step whose effect may or may not have happened before a crash.
    pending: Option<StepRow>,
    /// Whether the store still has to be asked what it holds on the task.
    unreminded: bool,
}

/// What a process was before this machine took it up.
#[derive(Default)]
pub(crate) struct Past {
    /// Wall-clock time of its earlier runs, in milliseconds.
    pub(crate) spent_ms: u64,
    /// Its steps.
    pub(crate) done: Vec<StepRow>,
    /// What was recalled for it.
    pub(crate) recalled: Option<Recalled>,
}

impl Execution {
    /// Sets a process up, taking in the steps it has already done.
    pub(crate) fn new(
        pid: Pid,
        program: Program,
        shared: Arc<Shared>,
        inbox: Inbox,
        past: Past,
    ) -> Result<Self, Ending> {
        let (planner, vm) = Self::lay_out(&program, &shared).map_err(failed)?;
        let mut execution = Self {
            pid,
            program,
            state: State::Ready,
            shared,
            inbox,
            planner,
            vm,
            guard: LoopGuard::default(),
            spent: Spent {
                ms: past.spent_ms,
                ..Spent::default()
            },
            usage: Usage::default(),
            limits_hit: Vec::new(),
            history: Arc::default(),
            started: Instant::now(),
            pending: None,
            unreminded: past.done.is_empty() && past.recalled.is_none(),
        };
        if let Some(recalled) = past.recalled {
            execution.pin(&recalled);
        }
        for mut step in past.done {
            match step.outcome.take() {
                Some(outcome) => {
                    execution.usage += step.usage;
                    execution.spent.tokens += step.usage.generated_tokens;
                    execution.take_in(step.n, &step.action, outcome);
                }
                None => execution.pending = Some(step),
            }
        }
        Ok(execution)
    }

    /// The planner of `program`, and its window before the first step.
    pub(crate) fn lay_out(program: &Program, shared: &Shared) -> Result<(Planner, Vm), VmError> {
        let planner = Planner::new(program, &shared.bus);
        let vm = Vm::new(
            &*shared.cpu,
            planner.boot_page(),
            (program.prompt.clone(), program.label.clone()),
            program.limits.action_tokens as usize,
        )?;
        Ok((planner, vm))
    }

    /// Runs to the end, writes it to the journal and tells the world.
    pub(crate) async fn run(mut self) -> Exit {
        self.emit(Event::Started {
            pid: self.pid,
            steps: self.spent.steps,
        });
        let ending = loop {
            let result = match self.pending.take() {
                Some(step) => self.redo(step).await,
                None if self.unreminded => self.remind().await,
                None => self.step().await,
            };
            match result {
                Ok(()) => {}
                Err(Ending::Signal(Signal::Interrupt)) if self.inbox.attended => {
                    if let Err(ending) = self.ask_what_now().await {
                        break ending;
                    }
                }
                Err(ending) => break ending,
            }
        };
        self.finish(ending)
    }

    /// One step. Everything that can stop the process comes out as an [`Ending`].
    async fn step(&mut self) -> Result<(), Ending> {
        let allowance = self
            .program
            .limits
            .allowance(&self.spent, self.started.elapsed());
        match allowance {
            Allowance::Any => {}
            Allowance::AnswerOnly(limit) => self.hit(limit),
            Allowance::Stop(limit) => {
                self.hit(limit);
                return Err(Ending::Limit(limit));
            }
        }
        self.save_state(State::Running)?;
        let n = self.spent.steps + 1;
        let mut legal = self.planner.legal(allowance, self.vm.recallable());
        legal.ask &= self.inbox.attended;
        let (prompt, evicted) = self.vm.fit(&*self.shared.cpu).map_err(failed)?;
        for page in evicted {
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

        let begun = Instant::now();
        let completion = self.decide(n, prompt, &legal).await?;
        let decide_ms = begun.elapsed().as_millis() as u64;
        match completion.closed_early {
            Some(ClosedEarly::Full) => self.hit(self.program.limits.action_limit(&self.spent)),
            Some(ClosedEarly::Repeating) => self.hit(Limit::Repetition),
            None => {}
        }
        self.usage += completion.usage;
        self.spent.tokens += completion.usage.generated_tokens;
        let (action, syscall) = parse(&completion.text, &legal);
        self.emit(Event::Action {
            pid: self.pid,
            n,
            action: action.clone(),
            usage: completion.usage,
            ms: decide_ms,
        });
        let step = StepRow {
            n,
            action,
            usage: completion.usage,
            decide_ms,
            outcome: None,
        };
        match syscall {
            Ok(syscall) => {
                self.spent.malformed = 0;
                self.carry_out(step, syscall).await
            }
            Err(problem) => {
                self.spent.malformed += 1;
                let text = format!("this action was not accepted: {problem}");
                self.intent(&step)?;
                self.outcome(&step, self.kernel_says(text, false, 0))
            }
        }
    }

    /// The gate, the intent, the effect, the outcome: in this order.
    async fn carry_out(&mut self, step: StepRow, syscall: Syscall) -> Result<(), Ending> {
        let label = self.vm.lowest_label();
        let mut world = self.world(step.n);
        match world.gate(&syscall, &label) {
            crate::policy::Verdict::Allow => {}
            crate::policy::Verdict::Missing(needs, reason) => {
                if !self.granted_once(&step, &reason).await? {
                    self.intent(&step)?;
                    let denied = self.kernel_says(format!("denied: {reason}"), false, 0);
                    return self.outcome(&step, denied);
                }
                world.once = needs;
            }
            crate::policy::Verdict::Ask(reason) => self.approval(&step, reason).await?,
        }
        self.intent(&step)?;
        self.effect(step, syscall, world).await
    }

    /// Does what a recorded intent says and records the outcome.
    async fn effect(
        &mut self,
        step: StepRow,
        syscall: Syscall,
        world: World,
    ) -> Result<(), Ending> {
        let begun = Instant::now();
        let ms = |begun: Instant| begun.elapsed().as_millis() as u64;
        let outcome = match syscall {
            Syscall::Exit { answer } => {
                let text = answer
                    .as_str()
                    .map_or_else(|| answer.to_string(), str::to_owned);
                self.record(&step, &self.kernel_says(text, true, 0))?;
                self.spent.steps = step.n;
                return Err(Ending::Answer(answer));
            }
            Syscall::Ask { question } => {
                let words = self.ask(step.n, question).await;
                match words {
                    Ok(words) => Outcome {
                        text: words,
                        ok: true,
                        label: Label::user(),
                        ms: ms(begun),
                    },
                    Err(ending) => {
                        self.outcome(
                            &step,
                            self.kernel_says("nobody answered".into(), false, ms(begun)),
                        )?;
                        return Err(ending);
                    }
                }
            }
            Syscall::Recall { page, from } => {
                match self.vm.recall(&*self.shared.cpu, &page, from) {
                    Ok((text, label)) => {
                        self.emit(Event::Recalled {
                            pid: self.pid,
                            page,
                        });
                        Outcome {
                            text,
                            ok: true,
                            label,
                            ms: ms(begun),
                        }
                    }
                    Err(problem) => self.kernel_says(problem, false, ms(begun)),
                }
            }
            Syscall::FindTool { query } => {
                self.kernel_says(self.planner.find(&query), true, ms(begun))
            }
            other => {
                let left = time_left(&self.program, &self.spent, self.started);
                let floor = self.vm.lowest_label().trust;
                let (cancel, work) = world.call(other, floor, left);
                match guarded(&mut self.inbox.signals, left, work).await {
                    Ok(outcome) => outcome,
                    Err(ending) => {
                        cancel.cancel();
                        let text = "stopped before it finished; it may have taken effect";
                        self.outcome(&step, self.kernel_says(text.into(), false, ms(begun)))?;
                        return Err(ending);
                    }
                }
            }
        };
        self.outcome(&step, outcome)
    }

    /// A step whose intent was recorded before a crash and whose outcome was not.
    async fn redo(&mut self, step: StepRow) -> Result<(), Ending> {
        self.save_state(State::Running)?;
        self.usage += step.usage;
        self.spent.tokens += step.usage.generated_tokens;
        let world = self.world(step.n);
        match Syscall::from_action(&step.action) {
            Ok(syscall) if world.repeatable(&syscall) => self.effect(step, syscall, world).await,
            _ => {
                let text = "the machine stopped while this was under way: whether it took effect \
                            is not known; check before doing it again";
                self.outcome(&step, self.kernel_says(text.into(), false, 0))
            }
        }
    }

    /// The world as step `n` reaches it.
    fn world(&self, n: u32) -> World {
        World {
            shared: self.shared.clone(),
            pid: self.pid,
            n,
            once: Vec::new(),
            memory: self.program.agent.memory.clone(),
        }
    }

    fn kernel_says(&self, text: String, ok: bool, ms: u64) -> Outcome {
        // The words may quote an action, and through it whatever the process read.
        let label = Label::kernel().lowered_to(self.vm.lowest_label().trust);
        Outcome {
            text,
            ok,
            label,
            ms,
        }
    }

    fn intent(&self, step: &StepRow) -> Result<(), Ending> {
        let journal = &self.shared.journal;
        journal
            .intent(self.pid, step.n, &step.action, step.usage, step.decide_ms)
            .map_err(|error| Ending::Failed(format!("{error}\nhint: {}", error.hint())))
    }

    fn record(&self, step: &StepRow, outcome: &Outcome) -> Result<(), Ending> {
        let journal = &self.shared.journal;
        journal
            .outcome(self.pid, step.n, outcome, self.ms())
            .map_err(|error| Ending::Failed(format!("{error}\nhint: {}", error.hint())))
    }

    fn outcome(&mut self, step: &StepRow, outcome: Outcome) -> Result<(), Ending> {
        self.record(step, &outcome)?;
        self.emit(Event::Observation {
            pid: self.pid,
            n: step.n,
            text: outcome.text.clone(),
            ok: outcome.ok,
            label: outcome.label.clone(),
            ms: outcome.ms,
        });
        self.take_in(step.n, &step.action, outcome);
        Ok(())
    }

    /// Makes a finished step part of the process: its window, its guard, its costs.
    fn take_in(&mut self, n: u32, action: &Value, outcome: Outcome) {
        // Here, so that a resumed process has in sight what it had before.
        if let (true, Ok(Syscall::FindTool { query })) = (outcome.ok, Syscall::from_action(action))
        {
            self.planner.reveal(&query);
        }
        let repeats = self.guard.record(action, &outcome.text);
        // Whatever was tried after the limit does not take it back.
        if self.spent.repeats < REPEATS_MAX {
            self.spent.repeats = repeats;
        }
        self.spent.steps = n;
        Arc::make_mut(&mut self.history).push(outcome.text.clone());
        let mut seen = outcome.text;
        if self.spent.repeats > 1 {
            seen.push_str(
                "\n(The same was done before, with the same result. Answer, or do something else.)",
            );
        }
        let written = action
            .get("malformed")
            .and_then(Value::as_str)
            .map_or_else(|| action.to_string(), str::to_owned);
        self.vm
            .push(&*self.shared.cpu, n, written, seen, outcome.label);
    }

    fn hit(&mut self, limit: Limit) {
        if !self.limits_hit.contains(&limit) {
            self.limits_hit.push(limit);
            let text = limit.describe(&self.program.limits);
            self.emit(Event::LimitHit {
                pid: self.pid,
                limit,
                text,
            });
        }
    }

    /// Writes the state when it has changed: each write waits for the disk.
    fn save_state(&mut self, state: State) -> Result<(), Ending> {
        if self.state == state {
            return Ok(());
        }
        let journal = &self.shared.journal;
        journal
            .set_state(self.pid, state, self.ms())
            .map_err(|error| Ending::Failed(format!("{error}\nhint: {}", error.hint())))?;
        self.state = state;
        Ok(())
    }

    fn ms(&self) -> u64 {
        self.spent.ms + self.started.elapsed().as_millis() as u64
    }

    fn emit(&self, event: Event) {
        self.shared.events.emit(event);
    }
}

fn failed(error: VmError) -> Ending {
    Ending::Failed(format!("{error}\nhint: {}", error.hint()))
}

fn time_left(program: &Program, spent: &Spent, started: Instant) -> Duration {
    program.limits.time_left(spent, started.elapsed())
}

/// Waits for `work`, a signal or the end of the time, whichever comes first.
async fn guarded<T>(
    signals: &mut UnboundedReceiver<Signal>,
    left: Duration,
    work: impl Future<Output = T>,
) -> Result<T, Ending> {
    tokio::select! {
        biased;
        Some(signal) = signals.recv() => Err(Ending::Signal(signal)),
        done = work => Ok(done),
        () = tokio::time::sleep(left) => Err(Ending::Signal(Signal::Timeout)),
    }
}
