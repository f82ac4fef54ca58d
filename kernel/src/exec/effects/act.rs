//! What a decided call does: the gate, the intent, the effect, the outcome, in this order.

use std::pin::pin;
use std::time::Instant;

use futures_util::future::join_all;
use quipu_tools::Effect;

use super::person::Wanted;
use crate::calls::{Body, Resolved, Syscall, World};
use crate::event::Event;
use crate::exec::{Ending, Execution};
use crate::gate::{Guarded, PASSED, Passed, Ruling, Verdict};
use crate::journal::tape::Told;
use crate::journal::{Outcome, StepRow};
use crate::process::State;
use crate::signal::Signal;

/// The observation of a call that changes nothing and was cut off.
const STOPPED: &str = "stopped before it finished";
/// The observation of a call that changes something and was cut off.
const STOPPED_MIDWAY: &str = "stopped before it finished; it may have taken effect";

impl Execution {
    /// The world as step `n` reaches it.
    pub(in crate::exec) fn world(&self, n: u32) -> World {
        let policy = self.shared.gate.policy();
        World {
            store: self.shared.store.clone(),
            bus: self.shared.bus.clone(),
            grants: policy.grants.clone(),
            pid: self.pid,
            n,
            memory: self.program.agent.memory.clone(),
            said: self.said(),
            pages: self.vm.open_pages(),
            told: self.told_little,
            leaks: policy.leaks.clone(),
            detection: policy.detection.clone(),
            clearance: self.clearance(),
            suspicion: self.vm.label_of_all().suspicion,
            rules: policy.rules.clone(),
            mark: self.shared.journal.mark(),
            tape: self.shared.tape.clone(),
        }
    }

    /// The calls of one decision: neighbours that only read run side by side, everything
    /// else in its order. One that is not carried out has its outcome instead.
    pub(in crate::exec) async fn carry_out_all(
        &mut self,
        steps: Vec<(StepRow, Result<Syscall, Outcome>)>,
    ) -> Result<(), Ending> {
        let mut reads: Vec<(StepRow, Passed<Resolved>)> = Vec::new();
        for (step, call) in steps {
            let syscall = match call.map(|syscall| self.filled(&step, syscall)) {
                Ok(Ok(filled)) => filled,
                Err(outcome) => {
                    self.read_all(std::mem::take(&mut reads)).await?;
                    self.rows.intent(&step)?;
                    self.outcome(&step, outcome)?;
                    continue;
                }
                Ok(Err(problem)) => {
                    self.read_all(std::mem::take(&mut reads)).await?;
                    self.refuse(&step, &problem)?;
                    continue;
                }
            };
            // What the reads beside it will have told counts already.
            let beside = reads.iter().map(|(read, _)| &read.action);
            let beside: usize = beside.map(|action| self.little_told_by(action)).sum();
            let mut world = self.world(step.n);
            world.told = self.told_before(&step.action, beside)?;
            let call = Resolved::of(&world, syscall);
            self.heed_rules()?;
            let call = match self.passes_freely(call) {
                Ok(passed) => {
                    reads.push((step, passed));
                    continue;
                }
                Err(call) => *call,
            };
            // The gate judges the next call by the labels of what these reads bring in.
            self.read_all(std::mem::take(&mut reads)).await?;
            self.carry_out_resolved(step, call).await?;
        }
        self.read_all(reads).await
    }

    /// Passes a call that only reads and needs no approval, so that others may run beside it. Any
    /// other call is given back.
    fn passes_freely(&self, call: Resolved) -> Result<Passed<Resolved>, Box<Resolved>> {
        if !call.reads_the_world() {
            return Err(Box::new(call));
        }
        match self.shared.gate.pass(call, &self.vm.lowest_label()) {
            Verdict::Passed(passed) if passed.agreed().is_none() => Ok(passed),
            other => Err(Box::new(other.into_inner())),
        }
    }

    async fn read_all(&mut self, reads: Vec<(StepRow, Passed<Resolved>)>) -> Result<(), Ending> {
        let left = self.costs.time_left(&self.program.limits);
        let floor = self.vm.lowest_label().level();
        let (mut steps, mut cancels, mut works) = (Vec::new(), Vec::new(), Vec::new());
        for (step, passed) in reads {
            let word = Told::Verdict(step.n, PASSED.to_owned());
            self.shared.tape.same(word)?;
            self.rows.intent(&step)?;
            let (cancel, work) = self.world(step.n).run(passed, floor, left);
            steps.push(step);
            cancels.push(cancel);
            works.push(work);
        }
        match self.until_it_ends(join_all(works)).await {
            Ok(outcomes) => steps
                .iter()
                .zip(outcomes)
                .try_for_each(|(step, outcome)| self.outcome(step, outcome)),
            Err(ending) => {
                cancels.iter().for_each(|cancel| cancel.cancel());
                for step in steps.iter().filter(|_| !leaves_it_open(&ending)) {
                    self.outcome(step, self.kernel_says(STOPPED.into(), false, 0))?;
                }
                Err(ending)
            }
        }
    }

    /// The gate, the intent, the effect, the outcome: in this order.
    pub(in crate::exec) async fn carry_out(
        &mut self,
        step: StepRow,
        syscall: Syscall,
    ) -> Result<(), Ending> {
        let syscall = match self.filled(&step, syscall) {
            Ok(filled) => filled,
            Err(problem) => return self.refuse(&step, &problem),
        };
        let mut world = self.world(step.n);
        world.told = self.told_before(&step.action, 0)?;
        let call = Resolved::of(&world, syscall);
        self.carry_out_resolved(step, call).await
    }

    async fn carry_out_resolved(&mut self, step: StepRow, call: Resolved) -> Result<(), Ending> {
        if self.program.branch.is_some() && call.request().effect == Effect::Write {
            let name = call.request().name.to_owned();
            let text = format!("denied: {name} changes something, and a branch only reads");
            self.rows.intent(&step)?;
            return self.outcome(&step, self.kernel_says(text, false, 0));
        }
        let label = self.judged_by(&call);
        self.heed_rules()?;
        let verdict = self.shared.gate.pass_by(call, &label, &self.progress);
        let word = Told::Verdict(step.n, verdict.word().to_owned());
        self.shared.tape.same(word)?;
        let passed = match verdict {
            Verdict::Passed(passed) => {
                self.rule_on(&step, &passed).await?;
                Some(passed)
            }
            Verdict::Denied(denied) => {
                let reason = denied.reason();
                let key = denied.what().key().to_owned();
                let missing = denied.first();
                let ruling = match denied.finally_by() {
                    Some(by) => Ruling::denied(by, &reason, &key),
                    None => self.granted_once(&step, &reason, &key).await?,
                };
                self.rows.rule(Some(ruling.clone()));
                let passed = denied.granted(&ruling);
                if passed.is_none() {
                    self.rows.intent(&step)?;
                    let denied = self.denied(&step, &reason);
                    self.outcome(&step, denied)?;
                    if let Some(missing) = missing {
                        let (pid, n) = (self.pid, step.n);
                        self.emit(Event::Denied { pid, n, missing });
                    }
                    return Ok(());
                }
                passed
            }
            Verdict::Ask(ask) => {
                let ruling = match self.approvals.ruling(&self.shared.gate, &ask, &label) {
                    Some(ruling) => ruling,
                    None => {
                        let wanted = self.wanted(&ask, &label);
                        self.approval(&step, wanted).await?
                    }
                };
                self.rows.rule(Some(ruling.clone()));
                ask.approved(&ruling)
            }
        };
        let Some(passed) = passed else {
            // An approval is for the very call that was shown.
            return Err(Ending::Denied("another call was approved".into()));
        };
        self.use_up(&passed);
        self.rows.intent(&step)?;
        self.effect(step, passed).await
    }

    /// Uses up the effect of the plan that a call is, whoever let it pass.
    fn use_up(&mut self, passed: &Passed<Resolved>) {
        let Some(at) = passed.planned() else { return };
        self.rows.planned(at);
        let args = passed.what().request().args.cloned();
        self.progress.use_up(at, &args.unwrap_or_default());
    }

    /// Keeps the ruling on a call that the gate lets pass: by the plan, or by what the user agreed
    /// to beforehand. Where prior agreement does not count for this program, a person is asked now.
    async fn rule_on(&mut self, step: &StepRow, passed: &Passed<Resolved>) -> Result<(), Ending> {
        let key = passed.what().key().to_owned();
        let agreed = passed.agreed().cloned();
        let (planned, by_rule) = (passed.planned(), passed.rule().is_some());
        let ruling = match (planned, agreed) {
            (Some(at), _) => Some(Ruling::of_the_plan(at, &key)),
            (None, None) => None,
            (None, Some(agreed)) if self.program.unapproved && !by_rule => {
                let wanted = Wanted::once(agreed.reason, &key);
                Some(self.approval(step, wanted).await?)
            }
            (None, Some(agreed)) => Some(Ruling::agreed(&agreed, &key)),
        };
        self.rows.rule(ruling);
        Ok(())
    }

    /// Carries out the recorded intent of `step` and records its outcome.
    async fn effect(&mut self, step: StepRow, passed: Passed<Resolved>) -> Result<(), Ending> {
        let outcome = match passed.what().is_in_world() {
            true => self.in_world(&step, passed).await?,
            false => {
                let begun = Instant::now();
                let (body, _) = passed.into_inner().into_parts();
                let Body::Process(call) = body else {
                    return Ok(());
                };
                let outcome = self.own(&step, call).await?;
                Outcome {
                    ms: begun.elapsed().as_millis() as u64,
                    ..outcome
                }
            }
        };
        self.outcome(&step, outcome)
    }

    async fn in_world(
        &mut self,
        step: &StepRow,
        passed: Passed<Resolved>,
    ) -> Result<Outcome, Ending> {
        let begun = Instant::now();
        let left = self.costs.time_left(&self.program.limits);
        let floor = self.judged_by(passed.what()).level();
        let stopped = match passed.what().reads_the_world() {
            true => STOPPED,
            false => STOPPED_MIDWAY,
        };
        let (cancel, work) = self.world(step.n).run(passed, floor, left);
        match self.until_it_ends(work).await {
            Ok(outcome) => Ok(outcome),
            Err(ending) => {
                cancel.cancel();
                if !leaves_it_open(&ending) {
                    let ms = begun.elapsed().as_millis() as u64;
                    self.outcome(step, self.kernel_says(stopped.into(), false, ms))?;
                }
                Err(ending)
            }
        }
    }

    /// Waits for the effects of calls. A first signal to suspend lets them finish, a second one
    /// cuts them off.
    pub(super) async fn until_it_ends<T>(
        &mut self,
        work: impl Future<Output = T>,
    ) -> Result<T, Ending> {
        let mut work = pin!(work);
        loop {
            let left = self.costs.time_left(&self.program.limits);
            match self.inbox.guarded(&self.shared.tape, left, &mut work).await {
                Err(Ending::Signal(Signal::Suspend)) if !self.suspends => self.suspends = true,
                done => return done,
            }
        }
    }

    /// Records an action that cannot be accepted. The process is told why.
    pub(in crate::exec) fn refuse(&mut self, step: &StepRow, problem: &str) -> Result<(), Ending> {
        self.costs.refused();
        let text = format!("this action was not accepted: {problem}");
        self.rows.intent(step)?;
        self.outcome(step, self.kernel_says(text, false, 0))
    }

    /// Repeats a step that a crash cut off between its intent and its outcome, if it may be
    /// repeated. Otherwise the process is told that the outcome is unknown.
    pub(in crate::exec) async fn redo(&mut self, step: StepRow) -> Result<(), Ending> {
        self.rows.save_state(State::Running, self.costs.ms())?;
        self.costs.charge(step.usage);
        let mut world = self.world(step.n);
        world.told = self.told_before(&step.action, 0)?;
        let call = Syscall::from_action(&step.action);
        let call = call.and_then(|call| self.filled(&step, call));
        let call = call.map(|call| Resolved::of(&world, call));
        let passed = call.ok().map(|call| self.passes_again(&world, call));
        match passed.transpose()?.flatten() {
            Some(passed) => self.effect(step, passed).await,
            None => {
                let text = "the machine stopped while this was under way: whether it took effect \
                            is not known; check before doing it again";
                self.outcome(&step, self.kernel_says(text.into(), false, 0))
            }
        }
    }

    /// Passes a step that a crash cut off, if it may be repeated and needs no approval. An
    /// approval that was given before the crash does not count again.
    fn passes_again(
        &self,
        world: &World,
        call: Resolved,
    ) -> Result<Option<Passed<Resolved>>, Ending> {
        let tape = &self.shared.tape;
        if !tape.fact("redoable", || call.is_redoable(world))? {
            return Ok(None);
        }
        self.heed_rules()?;
        let label = self.judged_by(&call);
        Ok(match self.shared.gate.pass(call, &label) {
            Verdict::Passed(passed)
                if passed.agreed().is_some()
                    && passed.rule().is_none()
                    && self.program.unapproved =>
            {
                None
            }
            Verdict::Passed(passed) => Some(passed),
            Verdict::Ask(_) | Verdict::Denied(_) => None,
        })
    }
}

/// Whether a call that ended so stays without an outcome until its process is resumed.
fn leaves_it_open(ending: &Ending) -> bool {
    matches!(ending, Ending::Signal(Signal::Suspend))
}
