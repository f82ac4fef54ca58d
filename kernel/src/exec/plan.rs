//! Before the first step: what the process may do on its own once it has read untrusted text.
//! The CPU writes it, `gate/plan` says what of it may stand, and it is written down before
//! anything is read. Asked for only where it pays: strangers' text can be read, and effects
//! are granted.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::person::Wanted;
use super::{Ending, Execution, guarded, time_left};
use crate::calls::Now;
use crate::event::Event;
use crate::gate::Approve;
use crate::gate::plan::{Plan, Planned, Progress, Said};
use crate::journal::StepRow;
use crate::label::Trust;
use crate::lessons::PLAN;
use crate::limits::Allowance;
use crate::planner::plan::Ground;
use crate::process::Usage;
use quipu_cpu::{Chunk, Completion, Form, Job, Sampling};

/// Tokens of a plan.
const PLAN_TOKENS_MAX: u32 = 700;

impl Execution {
    /// Has the effects of the task planned, shows the plan to a person who is there, and
    /// writes it down.
    pub(super) async fn plan(&mut self) -> Result<(), Ending> {
        self.unplanned = false;
        if self.program.plan.is_some() || !self.may_plan() {
            return Ok(());
        }
        let Some(ground) = self.ground() else {
            return Ok(());
        };
        let today = self
            .shared
            .tape
            .fact("today", || chrono::Local::now().date_naive())?;
        let said = Said::of(&self.users_words(), today);
        let Some(effects) = self.planned(&ground, &said).await? else {
            return Ok(());
        };
        let plan = Plan {
            effects,
            made_on: today,
            approved: false,
        };
        let (plan, dropped) = plan.checked(&said, &ground.targets, &ground.readers);
        self.settle_plan(plan, dropped).await
    }

    /// Whether a plan can be asked for: a person's words are the task, nothing untrusted has
    /// been read, and not every call is approved beforehand.
    fn may_plan(&self) -> bool {
        self.shared.cpu.info().constrains
            && self.program.branch.is_none()
            && self.shared.gate.policy().approve != Approve::All
            && self.vm.lowest_label().trust != Trust::Untrusted
            && !self.users_words().trim().is_empty()
    }

    fn ground(&self) -> Option<Ground> {
        let now = Now {
            recallable: false,
            remembers: false,
            held: false,
        };
        let legal = self.planner.legal(Allowance::Any, &now);
        let grants = &self.shared.gate.policy().grants;
        Ground::of(&legal, &self.shared.bus, &|function, need| {
            grants.allows_some(need) || function.device().granted.allows_some(need)
        })
    }

    /// The effects as the CPU writes them; `None` where it cannot be asked, or wrote nothing
    /// whole.
    async fn planned(
        &mut self,
        ground: &Ground,
        said: &Said,
    ) -> Result<Option<Vec<Planned>>, Ending> {
        let cpu = self.shared.cpu.clone();
        let Some(form) = ground.form(said).map(Form::Json) else {
            return Ok(None);
        };
        if let Err(error) = cpu.accepts(&form) {
            tracing::warn!(pid = self.pid, %error, "the effects of this task cannot be planned");
            return Ok(None);
        }
        let about = ground.about(self.told());
        let prompt = self.lesson(PLAN.messages(&about), PLAN.messages(super::weigh::OTHER))?;
        let Some(prompt) = prompt else {
            return Ok(None);
        };
        let left = cpu.info().window.saturating_sub(prompt.len);
        let ticket = cpu.submit(Job {
            pid: self.pid,
            priority: self.inbox.priority.load(Ordering::Relaxed),
            prompt,
            form,
            tokens_max: PLAN_TOKENS_MAX.min(left as u32),
            // What may be done is no matter of chance.
            sampling: Sampling {
                temperature: 0.0,
                ..self.shared.sampling
            },
            history: self.history.clone(),
        });
        let completion = self.whole(ticket).await?;
        self.usage += completion.usage;
        self.spent.tokens += completion.usage.generated_tokens;
        let whole = completion.closed_early.is_none();
        Ok(read(&completion.text).filter(|_| whole))
    }

    async fn whole(&mut self, mut ticket: quipu_cpu::Ticket) -> Result<Completion, Ending> {
        loop {
            let left = time_left(&self.program, &self.spent, self.started);
            let chunk = guarded(
                &self.shared.tape,
                &mut self.inbox.signals,
                left,
                ticket.next(),
            )
            .await?;
            match chunk {
                Ok(Chunk::Done(completion)) => return Ok(completion),
                Ok(_) => {}
                Err(error) => return Err(Ending::Failed(error.into())),
            }
        }
    }

    /// Shows the plan, where somebody is there, and makes it the process's own. One that a
    /// person refuses is no plan: each effect is asked for when it comes.
    async fn settle_plan(&mut self, mut plan: Plan, dropped: Vec<String>) -> Result<(), Ending> {
        let asks = self.inbox.attended && self.shared.gate.policy().approve == Approve::Ask;
        if asks && !plan.effects.is_empty() {
            let step = StepRow {
                n: self.n + 1,
                action: json!({ "plan": plan.told() }),
                usage: Usage::default(),
                decide_ms: 0,
                outcome: None,
            };
            let reason = "the plan: each of these may be done once without asking again, also \
                          after this process has read what others wrote";
            let key = format!("{}:plan", self.pid);
            let wanted = Wanted::once(reason.into(), &key);
            plan.approved = self.ask_approval(&step, &wanted).await?.approves();
            if !plan.approved {
                plan.effects.clear();
            }
        }
        self.write_plan(&plan)?;
        self.progress = Progress::of(Some(plan.clone()));
        self.program.plan = Some(plan.clone());
        self.emit(Event::Planned {
            pid: self.pid,
            plan,
            dropped,
        });
        Ok(())
    }
}

/// The effects in what was written. One that cannot be read is left out.
fn read(text: &str) -> Option<Vec<Planned>> {
    let plan: Value = serde_json::from_str(quipu_cpu::without_thought(text).trim()).ok()?;
    let effects = plan["effects"].as_array()?.iter();
    Some(
        effects
            .filter_map(|effect| serde_json::from_value(effect.clone()).ok())
            .collect(),
    )
}
