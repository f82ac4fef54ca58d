//! Where a process waits for a person: questions, approvals, and what to do after
//! an interrupt.

use serde_json::json;

use super::{Ending, Execution};
use crate::event::Event;
use crate::journal::{Outcome, StepRow};
use crate::label::Label;
use crate::policy::Approve;
use crate::process::{Reply, State, Usage};
use crate::signal::Signal;

impl Execution {
    pub(super) async fn approval(&mut self, step: &StepRow, reason: String) -> Result<(), Ending> {
        let refused = |what: &str| Ending::Denied(format!("{what}: {reason}"));
        if !self.inbox.attended || self.shared.policy.approve == Approve::Never {
            return Err(refused("not approved"));
        }
        match self.ask_approval(step, reason.clone()).await? {
            true => Ok(()),
            false => Err(refused("refused")),
        }
    }

    /// Whether a person grants what this one call misses. A refusal ends nothing: the
    /// process hears of it and may do something else.
    pub(super) async fn granted_once(
        &mut self,
        step: &StepRow,
        reason: &str,
    ) -> Result<bool, Ending> {
        if !self.inbox.attended || self.shared.policy.approve != Approve::Ask {
            return Ok(false);
        }
        self.ask_approval(step, format!("{reason}.\nGrant it for this call?"))
            .await
    }

    async fn ask_approval(&mut self, step: &StepRow, reason: String) -> Result<bool, Ending> {
        self.save_state(State::Blocked)?;
        self.emit(Event::Approval {
            pid: self.pid,
            n: step.n,
            call: step.action.clone(),
            reason,
        });
        let approved = matches!(self.reply().await?, Reply::Approve);
        self.save_state(State::Running)?;
        Ok(approved)
    }

    pub(super) async fn ask(&mut self, n: u32, text: String) -> Result<String, Ending> {
        self.save_state(State::Blocked)?;
        self.emit(Event::Question {
            pid: self.pid,
            n,
            text,
        });
        match self.reply().await? {
            Reply::Text(words) if !words.trim().is_empty() => {
                self.save_state(State::Running)?;
                Ok(words)
            }
            _ => {
                // Nobody is there any more, so nobody is asked what to do instead.
                self.inbox.attended = false;
                Err(Ending::Signal(Signal::Interrupt))
            }
        }
    }

    /// After an interrupt with a person at the machine: their words become a step.
    pub(super) async fn ask_what_now(&mut self) -> Result<(), Ending> {
        let question = "Interrupted. What should be done instead?";
        let n = self.n + 1;
        let words = self.ask(n, question.into()).await?;
        let step = StepRow {
            n,
            action: json!({ "ask": question }),
            usage: Usage::default(),
            decide_ms: 0,
            outcome: None,
        };
        self.intent(&step)?;
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

    async fn reply(&mut self) -> Result<Reply, Ending> {
        // A person may take their time: only signals end the wait.
        tokio::select! {
            biased;
            Some(signal) = self.inbox.signals.recv() => Err(Ending::Signal(signal)),
            reply = self.inbox.replies.recv() => Ok(reply.unwrap_or(Reply::Nobody)),
        }
    }
}
