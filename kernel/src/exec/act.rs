//! What a decided call does: the gate, the intent, the effect, the outcome, in this order.

use std::time::Instant;

use futures_util::future::join_all;

use super::{Ending, Execution, guarded, time_left};
use crate::event::Event;
use crate::journal::{Outcome, Ruling, StepRow};
use crate::label::Label;
use crate::gate::Verdict;
use crate::process::State;
use crate::calls::Syscall;
use crate::gate::world::World;

/// What a process is told of a call that was cut off.
const STOPPED: &str = "stopped before it finished; it may have taken effect";

impl Execution {
    /// The calls of one decision: neighbours that only read run side by side, everything
    /// else in its order.
    pub(super) async fn carry_out_all(
        &mut self,
        steps: Vec<(StepRow, Syscall)>,
    ) -> Result<(), Ending> {
        let mut reads = Vec::new();
        for (step, syscall) in steps {
            if self.reads_freely(&step, &syscall) {
                reads.push((step, syscall));
                continue;
            }
            self.read_all(std::mem::take(&mut reads)).await?;
            self.carry_out(step, syscall).await?;
        }
        self.read_all(reads).await
    }

    /// Whether a call needs nobody's word and changes nothing, so that others may run
    /// beside it.
    fn reads_freely(&self, step: &StepRow, syscall: &Syscall) -> bool {
        let world = self.world(step.n);
        let reaches_out = matches!(syscall, Syscall::Call { .. } | Syscall::Search { .. });
        let label = self.vm.lowest_label();
        reaches_out
            && world.repeatable(syscall)
            && world.gate(syscall, &label) == Verdict::Allow
            && world.agreed_to(syscall, &label).is_none()
    }

    async fn read_all(&mut self, reads: Vec<(StepRow, Syscall)>) -> Result<(), Ending> {
        let left = time_left(&self.program, &self.spent, self.started);
        let floor = self.vm.lowest_label().trust;
        let (mut steps, mut cancels, mut works) = (Vec::new(), Vec::new(), Vec::new());
        for (step, syscall) in reads {
            self.intent(&step)?;
            let (cancel, work) = self.world(step.n).call(syscall, floor, left);
            steps.push(step);
            cancels.push(cancel);
            works.push(work);
        }
        match guarded(&mut self.inbox.signals, left, join_all(works)).await {
            Ok(outcomes) => steps
                .iter()
                .zip(outcomes)
                .try_for_each(|(step, outcome)| self.outcome(step, outcome)),
            Err(ending) => {
                cancels.iter().for_each(|cancel| cancel.cancel());
                for step in &steps {
                    self.outcome(step, self.kernel_says(STOPPED.into(), false, 0))?;
                }
                Err(ending)
            }
        }
    }

    /// The gate, the intent, the effect, the outcome: in this order.
    pub(super) async fn carry_out(
        &mut self,
        step: StepRow,
        syscall: Syscall,
    ) -> Result<(), Ending> {
        let label = self.vm.lowest_label();
        let mut world = self.world(step.n);
        let key = world.key(&syscall);
        match world.gate(&syscall, &label) {
            Verdict::Allow => {
                let reason = world.agreed_to(&syscall, &label);
                self.ruling = reason.map(|reason| Ruling::standing(reason, &key));
            }
            Verdict::Missing(needs, reason) => {
                if !self.granted_once(&step, &reason, &key).await? {
                    self.intent(&step)?;
                    let denied = self.kernel_says(format!("denied: {reason}"), false, 0);
                    return self.outcome(&step, denied);
                }
                world.once = needs;
                world.approved = Some(key);
            }
            Verdict::Ask(reason) => {
                self.approval(&step, reason, &key).await?;
                world.approved = Some(key);
            }
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
                self.spent.steps += 1;
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
            Syscall::Decide { question, choices } => {
                let (text, ok) = self.decision(question, choices).await?;
                self.kernel_says(text, ok, ms(begun))
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
                        self.outcome(&step, self.kernel_says(STOPPED.into(), false, ms(begun)))?;
                        return Err(ending);
                    }
                }
            }
        };
        self.outcome(&step, outcome)
    }

    /// A step whose intent was recorded before a crash and whose outcome was not.
    pub(super) async fn redo(&mut self, step: StepRow) -> Result<(), Ending> {
        self.save_state(State::Running)?;
        self.usage += step.usage;
        self.spent.tokens += step.usage.generated_tokens;
        let world = self.world(step.n);
        match Syscall::from_action(&step.action) {
            // What a person approved before the crash is not approved again by that.
            Ok(syscall) if self.is_free_again(&world, &syscall) => {
                self.effect(step, syscall, world).await
            }
            _ => {
                let text = "the machine stopped while this was under way: whether it took effect \
                            is not known; check before doing it again";
                self.outcome(&step, self.kernel_says(text.into(), false, 0))
            }
        }
    }
    /// Whether a step that was cut off may be done again, and nobody has to be asked.
    fn is_free_again(&self, world: &World, syscall: &Syscall) -> bool {
        world.redoable(syscall) && world.gate(syscall, &self.vm.lowest_label()) == Verdict::Allow
    }
}
