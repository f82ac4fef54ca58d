//! What a process does for its calls on other processes: starts one, waits for one, sends to one.
//! How it sees them is in `kin`, and a list with a child for each thing in `list`.
//!
//! The journal has the place of each child in its parent. So a step that is repeated after a
//! crash finds the children it started, and runs no exited child again.

use serde_json::{Value, json};

use super::kin::{Came, Done, Kin, Work};
use crate::calls::{SEND, Spawn};
use crate::exec::family::Apart;
use crate::exec::{Ending, Execution, failed};
use crate::journal::tape::Told;
use crate::journal::{Message, Outcome, StepRow};
use crate::label::{Label, Trust};
use crate::limits::{Limit, Limits};
use crate::planner::several;
use crate::process::{AT_ONCE, Attached, ChildOf, Drawn, Pid, Program, State};
use crate::signal::Signal;

impl Execution {
    /// Runs the work on other processes that `make` makes. If the process is stopped meanwhile,
    /// the step stays open where the process can be resumed in it. Otherwise its children are
    /// killed, and what they have brought by then is the outcome.
    pub(super) async fn with_others(
        &mut self,
        step: &StepRow,
        make: impl FnOnce(&Self, Kin) -> Result<Result<Work, String>, Ending>,
    ) -> Result<Outcome, Ending> {
        self.has_children = true;
        let played = self.shared.tape.is_played();
        let made = match (played, self.kin()) {
            (true, _) => Ok(Work::new(async { Ok(Came::Of(Done::not("played"))) })),
            (false, Ok(kin)) => make(self, kin)?,
            (false, Err(why)) => Err(why),
        };
        let Work { work, so_far } = match made {
            Ok(work) => work,
            Err(why) => return self.told_of_others(step, Done::not(why)),
        };
        let came = self.until_it_ends(work).await;
        self.waits_no_more();
        match came {
            Ok(Ok(Came::Of(done))) => self.told_of_others(step, done),
            Ok(Ok(Came::Suspended)) => {
                // On the tape this stands as two signals: to stop after the step, and at once.
                for _ in usize::from(self.suspends)..2 {
                    self.shared.tape.note(Told::Signal(Signal::Suspend));
                }
                Err(Ending::Signal(Signal::Suspend))
            }
            Ok(Err(ending)) => Err(ending),
            Err(ending) if self.goes_on_after(&ending) => Err(ending),
            Err(ending) => {
                self.stop_children(Signal::Kill).await;
                let outcome = self.told_of_others(step, so_far())?;
                self.outcome(step, outcome)?;
                Err(ending)
            }
        }
    }

    /// The observation of a call on other processes; in a replay, the one that was recorded.
    /// Notes how much of its limits the children have taken by now.
    fn told_of_others(&mut self, step: &StepRow, done: Done) -> Result<Outcome, Ending> {
        let (journal, pid, lacks) = (self.shared.journal.clone(), self.pid, done.lacks);
        let found = || (journal.drawn(pid).unwrap_or_default(), lacks);
        let (drawn, lacks): (Drawn, Option<Limit>) = self.shared.tape.fact("children", found)?;
        self.costs.take_from_children(drawn);
        lacks.into_iter().for_each(|limit| self.hit(limit));
        let outcome = self.kernel_says(done.text, done.ok, 0);
        let outcome = match done.label {
            Some(label) => Outcome { label, ..outcome },
            None => outcome,
        };
        let recorded = self.shared.tape.playing();
        let recorded = recorded.and_then(|tape| tape.outcome_of(step.n));
        Ok(recorded.unwrap_or(outcome))
    }

    fn kin(&self) -> Result<Kin, String> {
        let family = self.inbox.family().cloned();
        Ok(Kin {
            family: family.ok_or("no other process can be reached from here")?,
            journal: self.shared.journal.clone(),
            events: self.shared.events.clone(),
            pid: self.pid,
        })
    }

    fn waits_no_more(&self) {
        if let Some(family) = self.inbox.family() {
            family.waits().end(self.pid);
        }
    }

    /// Whether a process that ends so is resumed within its current step.
    fn goes_on_after(&self, ending: &Ending) -> bool {
        match ending {
            Ending::Signal(Signal::Suspend) => true,
            Ending::Signal(Signal::Interrupt) => !self.inbox.is_attended(),
            _ => false,
        }
    }

    /// Stops the children of a process that is about to end.
    pub(in crate::exec) async fn end_children(&mut self, ending: &Ending) -> Result<(), Ending> {
        if !self.has_children {
            return Ok(());
        }
        match ending {
            // On suspension the machine signals each process itself.
            Ending::Signal(Signal::Suspend) => {}
            Ending::Signal(Signal::Interrupt) => self.stop_children(Signal::Interrupt).await,
            _ => self.stop_children(Signal::Kill).await,
        }
        let (journal, pid) = (self.shared.journal.clone(), self.pid);
        let found = || journal.drawn(pid).unwrap_or_default();
        let drawn = self.shared.tape.fact("drawn", found)?;
        self.costs.take_from_children(drawn);
        Ok(())
    }

    async fn stop_children(&self, signal: Signal) {
        if let Some(family) = self.inbox.family() {
            family.stop_children(self.pid, signal).await;
        }
    }

    /// The program of a child for the place `at` of the step `step`, without limits of its own.
    pub(super) fn child(&self, step: u32, at: u32, task: &str, attached: Attached) -> Program {
        Program {
            agent: self.program.agent.clone(),
            label: self.own_words(),
            attached: Some(attached)
                .filter(|one| !one.text.is_empty())
                .into_iter()
                .collect(),
            priority: self.inbox.priority(),
            unapproved: self.program.unapproved,
            sampling: self.program.sampling,
            branch: self.program.branch.clone(),
            clearance: self.program.clearance,
            model: self.program.model.clone(),
            child_of: Some(ChildOf {
                pid: self.pid,
                step,
                at,
            }),
            ..Program::new(task)
        }
    }

    /// The label of words that the process writes itself. They are not its user's words, and may
    /// hold values that strangers wrote.
    fn own_words(&self) -> Label {
        Label {
            source: format!("process:{}", self.pid),
            ..self.vm.label_of_all().lowered_to(Trust::User)
        }
    }

    /// The text that `item` names: an attached one, else the words themselves.
    pub(super) fn handed(&self, item: &str) -> Attached {
        let item = item.trim();
        let named = |attached: &&Attached| {
            let name = several::name(attached);
            item == name || Some(item) == name.rsplit(['/', '\\']).next()
        };
        let attached = self.program.attached.iter().find(named);
        attached.cloned().unwrap_or_else(|| Attached {
            picture: None,
            text: item.to_owned(),
            label: self.own_words(),
        })
    }

    /// The call `process.spawn`.
    pub(super) async fn spawned(
        &mut self,
        step: &StepRow,
        child: Spawn,
    ) -> Result<Outcome, Ending> {
        self.with_others(step, |process, kin| {
            if let Some(why) = kin.starts_none(step)? {
                return Ok(Err(why));
            }
            let input = process.handed(child.input.as_deref().unwrap_or_default());
            let mut program = process.child(step.n, 0, &child.task, input);
            let limits = process.limits_of_one();
            let Some(limits) = limits else {
                return Ok(Err(TOO_LITTLE.to_owned()));
            };
            program.limits = limits;
            Ok(Ok(Work::new(async move {
                Ok(match kin.begin(program) {
                    Ok(pid) => {
                        let text = json!({"process": pid, "status": "started"}).to_string();
                        Came::Of(Done::new(text, true, None))
                    }
                    Err(Apart::Stopping) => Came::Suspended,
                    Err(Apart::Failed(why)) => Came::Of(Done::not(why)),
                })
            })))
        })
        .await
    }

    /// The limits of a child that is started alone: a fixed share, so that as much is left for
    /// the next one.
    pub(super) fn limits_of_one(&self) -> Option<Limits> {
        let usual = &self.program.limits;
        let seconds = self.costs.childrens_seconds(usual);
        self.costs.room(usual).share(AT_ONCE / 2, usual, seconds)
    }

    /// The call `process.wait`.
    pub(super) async fn waited(&mut self, step: &StepRow, other: Pid) -> Result<Outcome, Ending> {
        self.with_others(step, |process, kin| {
            if let Some(why) = kin.is_no_relative(other)? {
                return Ok(Err(why));
            }
            if let Some(Message { text, label }) = kin.posted(other)? {
                let done = Done::posted(other, &text, label);
                return Ok(Ok(Work::new(async move { Ok(Came::Of(done)) })));
            }
            // No circle can close where a message waits already, or the other process has exited.
            let comes = kin.message(other).map_err(failed)?.is_some()
                || kin.journal.state(other).map_err(failed)? == State::Exited;
            let own = kin.journal.parent(other).map_err(failed)? == Some(process.pid);
            if !comes && let Err(circle) = kin.family.waits().add(process.pid, other) {
                return Ok(Err(deadlock(process.pid, &circle)));
            }
            Ok(Ok(Work::new(async move {
                // Only the parent of a stopped process resumes it.
                match if own { kin.go_on(other) } else { Ok(()) } {
                    Ok(()) => kin.hears(other).await,
                    Err(Apart::Stopping) => Ok(Came::Suspended),
                    Err(Apart::Failed(why)) => Ok(Came::Of(Done::not(why))),
                }
            })))
        })
        .await
    }

    /// The call `process.send`. The step in the journal is the message. It counts once its
    /// outcome is written.
    pub(super) async fn sent(&mut self, step: &StepRow, other: Pid) -> Result<Outcome, Ending> {
        let sent = self.with_others(step, |process, kin| {
            if let Some(why) = kin.is_no_relative(other)? {
                return Ok(Err(why));
            }
            if other == process.pid {
                return Ok(Err(
                    "this is the process itself: nothing was sent".to_owned()
                ));
            }
            let over = kin.journal.state(other).map_err(failed)? == State::Exited;
            Ok(Ok(Work::new(async move {
                Ok(Came::Of(match over {
                    true => Done::not(format!("process {other} is over: nothing was sent")),
                    false => {
                        let text = json!({"process": other, "status": "sent"}).to_string();
                        Done::new(text, true, None)
                    }
                }))
            })))
        });
        let mut outcome = sent.await?;
        // The message is as suspicious as anything this process has read.
        let suspicion = self.vm.label_of_all().suspicion;
        outcome.label = outcome.label.suspected(suspicion);
        Ok(outcome)
    }

    /// Wakes the processes that wait for messages, once the message stands in the journal.
    pub(super) fn announce(&self, action: &Value) {
        if let (true, Some(family)) = (action["tool"] == SEND, self.inbox.family()) {
            let to = action["args"]["process"].as_i64().unwrap_or_default();
            family.waits().has_mail(to, self.pid);
            family.mail().send_modify(|sent| *sent += 1);
        }
    }
}

/// What a process is told when its limits leave too little for a child.
pub(super) const TOO_LITTLE: &str =
    "no process was started: too little is left of this one's steps, tokens or time";

/// What a process is told whose wait would never end.
pub(super) fn deadlock(pid: Pid, circle: &[Pid]) -> String {
    match circle {
        [_, _] => format!("deadlock: process {pid} would wait for itself; do something else"),
        [_, other, ..] => {
            let circle: Vec<String> = circle.iter().map(Pid::to_string).collect();
            format!(
                "deadlock: process {other} waits for this one already ({}); answer, or send it \
                 what it waits for",
                circle.join(" -> ")
            )
        }
        _ => "deadlock".to_owned(),
    }
}
