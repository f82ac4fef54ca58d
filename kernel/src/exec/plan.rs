//! Before the first step: what the process may do on its own once it has read untrusted text.
//! The CPU writes it, `gate/plan` says what of it may stand, and it is written down before
//! anything is read. Asked for only where it pays: strangers' text can be read, and effects
//! are granted.

use serde_json::{Value, json};

use super::effects::Wanted;
use super::weigh::OTHER;
use super::{Ending, Execution};
use crate::calls::{Now, REMEMBER};
use crate::event::Event;
use crate::gate::Approve;
use crate::gate::plan::{Plan, Planned, Progress, Said, Slot};
use crate::journal::StepRow;
use crate::judgement::Question;
use crate::label::Trust;
use crate::lessons::{Example, PLAN};
use crate::limits::Allowance;
use crate::planner::plan::Ground;
use crate::planner::wording::{has_a_word_for_keeping, sends_to_documents};
use crate::process::{Pid, Usage};
use quipu_cpu::{Chunk, Completion, Form, Job, Prompt, Sampling};

/// Tokens of a plan.
const PLAN_TOKENS_MAX: u32 = 700;

impl Execution {
    /// Has the effects of the task planned, shows the plan to a person who is there, and
    /// writes it down.
    pub(super) async fn plan(&mut self) -> Result<(), Ending> {
        if self.program.plan.is_some() || !self.may_plan() {
            return Ok(());
        }
        let ground = self.ground();
        let kept = self.is_kept_from_what_is_read().await?;
        if ground.is_none() && !kept {
            return Ok(());
        }
        let today = self
            .shared
            .tape
            .fact("today", || chrono::Local::now().date_naive())?;
        let said = Said::of(&self.users_words(), today);
        let effects = match &ground {
            Some(ground) => self.planned(ground, &said).await?,
            None => Some(Vec::new()),
        };
        let Some(effects) = effects.or_else(|| kept.then(Vec::new)) else {
            return Ok(());
        };
        let plan = Plan {
            effects,
            made_on: today,
            approved: false,
        };
        let (mut plan, dropped) = match &ground {
            Some(ground) => plan.checked(&said, &ground.targets, &ground.readers),
            None => (plan, Vec::new()),
        };
        let asks = !plan.effects.is_empty();
        if kept {
            plan.effects.push(keeps_any_text());
        }
        self.settle_plan(plan, dropped, asks).await
    }

    /// Whether the user asks to keep something that the process has to read first. The words are
    /// then a stranger's, but keeping them is the user's wish.
    async fn is_kept_from_what_is_read(&mut self) -> Result<bool, Ending> {
        let told = self.told();
        let is_read_first = self.gives_an_address() || sends_to_documents(told);
        if !is_read_first || !has_a_word_for_keeping(told) || self.planner.never_keeps() {
            return Ok(false);
        }
        let likely = self.judge_task(Question::Keep).await?;
        Ok(likely.is_some_and(|likely| self.says_yes(Question::Keep, likely)))
    }

    /// Whether a plan can be asked for: the CPU writes by a grammar, a person's words are the
    /// task, nothing untrusted has been read, and approvals are not given for everything
    /// beforehand.
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
        let Some(prompt) = self.asks_for_a_plan(ground, said)? else {
            return Ok(None);
        };
        let left = cpu.info().window.saturating_sub(prompt.len);
        let ticket = cpu.submit(Job {
            pid: self.pid,
            priority: self.inbox.priority(),
            prompt,
            form,
            tokens_max: PLAN_TOKENS_MAX.min(left as u32),
            // What a process may do should not depend on chance.
            sampling: Sampling {
                temperature: 0.0,
                ..self.shared.sampling
            },
            history: self.track.history(),
        });
        let completion = self.whole(ticket).await?;
        self.costs.charge(completion.usage);
        let whole = completion.closed_early.is_none();
        Ok(read(&completion.text).filter(|_| whole))
    }

    /// The prompt that asks for a plan, with the examples that just this task needs where they leave
    /// room for the plan; `None` where there is no room for it at all.
    fn asks_for_a_plan(&self, ground: &Ground, said: &Said) -> Result<Option<Prompt>, Ending> {
        let about = ground.about(self.told());
        let asks = |more: &[Example]| {
            let messages = |text: &str| PLAN.with(more, text);
            self.lesson(messages(&about), messages(OTHER))
        };
        let more = ground.examples(said);
        let most = self.shared.cpu.info().window;
        let most = most.saturating_sub(PLAN_TOKENS_MAX as usize);
        match asks(&more)? {
            Some(prompt) if more.is_empty() || prompt.len <= most => Ok(Some(prompt)),
            _ => asks(&[]),
        }
    }

    async fn whole(&mut self, mut ticket: quipu_cpu::Ticket) -> Result<Completion, Ending> {
        loop {
            let left = self.costs.time_left(&self.program.limits);
            let chunk = self
                .inbox
                .guarded(&self.shared.tape, left, ticket.next())
                .await?;
            match chunk {
                Ok(Chunk::Done(completion)) => return Ok(completion),
                Ok(_) => {}
                Err(error) => return Err(Ending::Failed(error.into())),
            }
        }
    }

    /// Shows the plan to a person who is there, if it `asks` for more than the user said, and
    /// makes it the plan of the process. A refused plan is dropped: each effect is then asked for
    /// when it comes.
    async fn settle_plan(
        &mut self,
        mut plan: Plan,
        dropped: Vec<String>,
        asks: bool,
    ) -> Result<(), Ending> {
        let attended =
            self.inbox.is_attended() && self.shared.gate.policy().approve == Approve::Ask;
        if attended && asks {
            let step = StepRow {
                n: self.track.n() + 1,
                action: json!({ "plan": plan.told() }),
                usage: Usage::default(),
                decide_ms: 0,
                outcome: None,
            };
            let reason = "the plan: each of these may be done once without asking again, also \
                          after this process has read what others wrote";
            let key = plan_key(self.pid, &plan);
            let wanted = Wanted::once(reason.into(), &key);
            plan.approved = self.ask_approval(&step, &wanted).await?.approves();
            if !plan.approved {
                plan.effects.clear();
            }
        }
        self.rows.plan(&plan)?;
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

/// The key of an approval of `plan` for process `pid`, which no other plan has: a reply to the one
/// that was shown before the machine stopped is late.
fn plan_key(pid: Pid, plan: &Plan) -> String {
    let text = format!("{:?}", (pid, &plan.made_on, &plan.effects));
    blake3::hash(text.as_bytes()).to_hex()[..32].to_owned()
}

/// An effect that keeps one memory with any text. Its label is that of everything the process has
/// read by then.
fn keeps_any_text() -> Planned {
    Planned {
        tool: REMEMBER.to_owned(),
        args: [("text".to_owned(), Slot::Text)].into(),
    }
}

/// The effects in the text that was written. An effect that cannot be read is left out.
fn read(text: &str) -> Option<Vec<Planned>> {
    let plan: Value = serde_json::from_str(quipu_cpu::without_thought(text).trim()).ok()?;
    let effects = plan["effects"].as_array()?.iter();
    Some(
        effects
            .filter_map(|effect| serde_json::from_value(effect.clone()).ok())
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_approval_is_for_the_plan_that_was_shown() {
        let key = |pid: Pid, to: &str| {
            let effects = json!([{"tool": "mail.send", "args": {"to": {"is": to}}}]);
            let plan = json!({"effects": effects, "made_on": "2024-05-15"});
            plan_key(pid, &serde_json::from_value(plan).expect("a plan"))
        };
        assert_eq!(key(1, "ann"), key(1, "ann"));
        assert_ne!(key(1, "ann"), key(1, "eve"));
        assert_ne!(key(1, "ann"), key(2, "ann"));
    }
}
