//! Where a process waits for a person: questions, approvals, and what to do after
//! an interrupt.

use serde_json::json;

use super::{Ending, Execution};
use crate::event::Event;
use crate::gate::{Approve, BEFOREHAND, Ruling, Word};
use crate::journal::tape::Told;
use crate::journal::{Outcome, StepRow};
use crate::label::Label;
use crate::process::{Reply, State, Usage};
use crate::signal::Signal;

impl Execution {
    /// Has the call with `key` approved by a person. A refusal ends the process, and is a
    /// step of its journal.
    pub(super) async fn approval(
        &mut self,
        step: &StepRow,
        reason: String,
        key: &str,
    ) -> Result<Ruling, Ending> {
        let ruling = |word, by: &str| Ruling {
            word,
            by: by.to_owned(),
            reason: reason.clone(),
            call: key.to_owned(),
            planned: None,
        };
        let approve = self.shared.gate.policy().approve;
        let (refused, what) = match (approve, self.inbox.attended) {
            (Approve::Never, _) => (ruling(Word::Refused, BEFOREHAND), "not approved"),
            (_, false) => (ruling(Word::Refused, "nobody was there"), "not approved"),
            _ if self.ask_approval(step, reason.clone(), key).await? => {
                return Ok(ruling(Word::Approved, "the person"));
            }
            _ => (ruling(Word::Refused, "the person"), "refused"),
        };
        let text = format!("{what}: {reason}");
        self.ruling = Some(refused);
        self.intent(step)?;
        self.record(step, &self.kernel_says(text.clone(), false, 0))?;
        Err(Ending::Denied(text))
    }

    /// What a person says to a call that misses a grant. A refusal ends nothing: the process
    /// hears of it and may do something else.
    pub(super) async fn granted_once(
        &mut self,
        step: &StepRow,
        reason: &str,
        key: &str,
    ) -> Result<Ruling, Ending> {
        let ruling = |word, by: &str| Ruling {
            word,
            by: by.to_owned(),
            reason: reason.to_owned(),
            call: key.to_owned(),
            planned: None,
        };
        let approve = self.shared.gate.policy().approve;
        if !self.inbox.attended || approve != Approve::Ask {
            return Ok(ruling(Word::Denied, "the grants"));
        }
        let question = format!("{reason}. Grant it for this call?");
        let word = match self.ask_approval(step, question, key).await? {
            true => Word::Approved,
            false => Word::Denied,
        };
        Ok(ruling(word, "the person"))
    }

    pub(super) async fn ask_approval(
        &mut self,
        step: &StepRow,
        reason: String,
        key: &str,
    ) -> Result<bool, Ending> {
        self.save_state(State::Blocked)?;
        self.emit(Event::Approval {
            pid: self.pid,
            n: step.n,
            call: step.action.clone(),
            reason,
            key: key.to_owned(),
        });
        let approved = matches!(self.reply(key).await?, Reply::Approve);
        self.save_state(State::Running)?;
        Ok(approved)
    }

    pub(super) async fn ask(&mut self, n: u32, text: String) -> Result<String, Ending> {
        self.save_state(State::Blocked)?;
        let key = format!("{}:{n}:question", self.pid);
        self.emit(Event::Question {
            pid: self.pid,
            n,
            text,
            key: key.clone(),
        });
        match self.reply(&key).await? {
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

    /// The reply to the question with this `key`; any other came late or twice.
    async fn reply(&mut self, key: &str) -> Result<Reply, Ending> {
        if let Some(mut tape) = self.shared.tape.playing() {
            if let Some(signal) = tape.signal()? {
                return Err(Ending::Signal(signal));
            }
            return Ok(tape.reply()?);
        }
        let reply = self.awaited(key).await;
        match &reply {
            Ok(reply) => self.shared.tape.note(Told::Reply(reply.clone())),
            Err(Ending::Signal(signal)) => self.shared.tape.note(Told::Signal(*signal)),
            Err(_) => {}
        }
        reply
    }

    async fn awaited(&mut self, key: &str) -> Result<Reply, Ending> {
        loop {
            // A person may take their time: only signals end the wait.
            let reply = tokio::select! {
                biased;
                Some(signal) = self.inbox.signals.recv() => return Err(Ending::Signal(signal)),
                reply = self.inbox.replies.recv() => reply,
            };
            match reply {
                None => return Ok(Reply::Nobody),
                Some((to, reply)) if to == key => return Ok(reply),
                Some(_) => tracing::info!(pid = self.pid, "a reply to another question is dropped"),
            }
        }
    }
}
