//! Where a process waits for a person: questions, approvals, and what to do after
//! an interrupt.

use serde_json::json;

use crate::calls::Resolved;
use crate::event::{Event, WHAT_NOW};
use crate::exec::state::FOR_THE_PROCESS;
use crate::exec::{Ending, Execution};
use crate::gate::rules::Rule;
use crate::gate::{Approve, Ask, BEFOREHAND, Guarded, Ruling, Word};
use crate::journal::tape::Told;
use crate::journal::{Outcome, StepRow};
use crate::label::Label;
use crate::process::{Reply, State, Usage};
use crate::signal::Signal;

/// An approval that is wanted.
pub(in crate::exec) struct Wanted {
    /// Why.
    reason: String,
    /// The key of the call.
    key: String,
    /// The rule that a person agrees to who approves more than this call.
    rule: Option<Rule>,
    /// Whether that rule could be kept for good: it is useless behind a rule that asks.
    lasts: bool,
}

impl Wanted {
    /// An approval of the call with this `key` alone.
    pub(in crate::exec) fn once(reason: String, key: &str) -> Self {
        Self {
            reason,
            key: key.to_owned(),
            rule: None,
            lasts: false,
        }
    }
}

impl Execution {
    /// What has to be approved for `ask`, by a process with `label`.
    pub(super) fn wanted(&self, ask: &Ask<Resolved>, label: &Label) -> Wanted {
        Wanted {
            reason: ask.reason().to_owned(),
            key: ask.what().key().to_owned(),
            rule: self.shared.gate.propose(&ask.what().request(), label),
            lasts: ask.rule().is_none(),
        }
    }

    /// Brings in the rules that people have agreed to for good, here or for other processes.
    pub(in crate::exec) fn heed_rules(&self) -> Result<(), Ending> {
        let gate = &self.shared.gate;
        let rules = self.shared.tape.rules(|| gate.heed())?;
        if self.shared.tape.is_played() {
            rules.into_iter().for_each(|rule| gate.add(rule));
        }
        Ok(())
    }

    /// Asks a person to approve a call. A refusal ends the process, and is a step of its journal.
    pub(super) async fn approval(
        &mut self,
        step: &StepRow,
        wanted: Wanted,
    ) -> Result<Ruling, Ending> {
        let ruling = |word, by: &str| Ruling {
            word,
            by: by.to_owned(),
            reason: wanted.reason.clone(),
            call: wanted.key.clone(),
            planned: None,
        };
        let approve = self.shared.gate.policy().approve;
        let (refused, what) = match (approve, self.inbox.is_attended()) {
            (Approve::Never, _) => (ruling(Word::Refused, BEFOREHAND), "not approved"),
            (_, false) => (ruling(Word::Refused, "nobody was there"), "not approved"),
            _ => match self.ask_approval(step, &wanted).await? {
                Reply::Approve => return Ok(ruling(Word::Approved, "the person")),
                Reply::ApproveProcess => {
                    self.approvals.add(wanted.rule.clone());
                    return Ok(ruling(Word::Approved, FOR_THE_PROCESS));
                }
                Reply::ApproveAlways => {
                    self.approvals.add(wanted.rule.clone());
                    if let Some(rule) = wanted.rule.clone().filter(|_| wanted.lasts) {
                        // Played, the tape has it where it counts; one of an earlier release
                        // has not, and twice is like once.
                        self.shared.gate.add(rule);
                    }
                    return Ok(ruling(Word::Approved, "the person, for good"));
                }
                _ => (ruling(Word::Refused, "the person"), "refused"),
            },
        };
        let text = format!("{what}: {}", wanted.reason);
        self.rows.rule(Some(refused));
        self.rows.intent(step)?;
        let said = self.kernel_says(text.clone(), false, 0);
        self.rows.outcome(step, &said, self.costs.ms())?;
        Err(Ending::Denied(text))
    }

    /// Asks a person about a call that lacks a grant. A refusal does not end the process: it is
    /// told, and may do something else.
    pub(super) async fn granted_once(
        &mut self,
        step: &StepRow,
        reason: &str,
        key: &str,
    ) -> Result<Ruling, Ending> {
        let approve = self.shared.gate.policy().approve;
        if !self.inbox.is_attended() || approve != Approve::Ask {
            return Ok(Ruling::denied("the grants", reason, key));
        }
        let wanted = Wanted::once(format!("{reason}. Grant it for this call?"), key);
        let word = match self.ask_approval(step, &wanted).await?.approves() {
            true => Word::Approved,
            false => Word::Denied,
        };
        Ok(Ruling {
            word,
            ..Ruling::denied("the person", reason, key)
        })
    }

    pub(in crate::exec) async fn ask_approval(
        &mut self,
        step: &StepRow,
        wanted: &Wanted,
    ) -> Result<Reply, Ending> {
        self.rows.save_state(State::Blocked, self.costs.ms())?;
        self.emit(Event::Approval {
            pid: self.pid,
            n: step.n,
            call: self.in_full(step),
            reason: wanted.reason.clone(),
            key: wanted.key.clone(),
            rule: wanted.rule.clone().map(Box::new),
            lasts: wanted.lasts,
        });
        let reply = self.reply(&wanted.key).await?;
        self.rows.save_state(State::Running, self.costs.ms())?;
        Ok(reply)
    }

    pub(super) async fn ask(&mut self, n: u32, text: String) -> Result<String, Ending> {
        self.rows.save_state(State::Blocked, self.costs.ms())?;
        let key = format!("{}:{n}:question", self.pid);
        self.emit(Event::Question {
            pid: self.pid,
            n,
            text,
            key: key.clone(),
        });
        match self.reply(&key).await? {
            Reply::Text(words) if !words.trim().is_empty() => {
                self.rows.save_state(State::Running, self.costs.ms())?;
                Ok(words)
            }
            _ => {
                // Nobody is there any more, so the question what to do instead is not asked
                // either.
                self.inbox.leave_unattended();
                Err(Ending::Signal(Signal::Interrupt))
            }
        }
    }

    /// After an interrupt with a person at the machine: their words become a step.
    pub(in crate::exec) async fn ask_what_now(&mut self) -> Result<(), Ending> {
        let n = self.track.n() + 1;
        let words = self.ask(n, WHAT_NOW.into()).await?;
        let step = StepRow {
            n,
            action: json!({ "ask": WHAT_NOW }),
            usage: Usage::default(),
            decide_ms: 0,
            outcome: None,
        };
        self.rows.intent(&step)?;
        let label = Label::user();
        self.outcome(
            &step,
            Outcome {
                text: words,
                ok: true,
                label,
                ms: 0,
            },
        )
    }

    /// The reply to the question with this `key`; by the tape where one is played.
    async fn reply(&mut self, key: &str) -> Result<Reply, Ending> {
        if let Some(mut tape) = self.shared.tape.playing() {
            if let Some(signal) = tape.signal()? {
                return Err(Ending::Signal(signal));
            }
            return Ok(tape.reply()?);
        }
        let mut reply = self.inbox.reply(self.pid, key).await;
        if let Ok(Reply::Text(words)) = &mut reply {
            *words = self.shared.gate.policy().leaks.redacted(words).into_owned();
        }
        match &reply {
            Ok(reply) => self.shared.tape.note(Told::Reply(reply.clone())),
            Err(Ending::Signal(signal)) => self.shared.tape.note(Told::Signal(*signal)),
            Err(_) => {}
        }
        reply
    }
}
