//! The one place where a process stops.

use super::{Ending, Execution};
use crate::event::Event;
use crate::limits::Limit;
use crate::process::{Exit, Failure, KILLED, State, Status, Usage};
use crate::signal::Signal;

/// What is said of a process that goes on when a machine starts.
const SUSPENDED: &str = "suspended, because the machine was stopped";
/// What is said of a process that can be resumed.
const INTERRUPTED: &str = "interrupted";

impl Execution {
    /// Turns an ending into an exit, writes it down and tells the world.
    pub(super) fn finish(mut self, ending: Ending) -> Exit {
        if let Ending::Signal(Signal::Timeout) = ending {
            self.hit(Limit::Time);
        }
        // An interrupted process waits to be resumed, a suspended one waits for the next machine.
        // Only a killed one has exited.
        let killed = matches!(ending, Ending::Signal(Signal::Kill));
        let exit = self.exit(ending);
        let state = match exit.status {
            Status::Interrupted if !killed => State::Ready,
            // A blocked process waits for something that only its person can give.
            Status::Suspended if self.rows.state() == State::Blocked => State::Ready,
            Status::Suspended => State::Suspended,
            _ => State::Exited,
        };
        self.rows.exit(state, &exit);
        if state == State::Exited {
            self.shared.cpu.retire(self.pid);
        }
        self.emit(Event::Exited {
            pid: self.pid,
            exit: exit.clone(),
        });
        exit
    }

    /// The exit that `ending` leads to.
    fn exit(&self, ending: Ending) -> Exit {
        let cut = self.costs.is_cut_short();
        let mut failure = None;
        let (status, answer, error) = match ending {
            Ending::Answer(answer) if cut => (Status::Limit, Some(answer), None),
            Ending::Answer(answer) => (Status::Exited, Some(answer), None),
            Ending::Limit(limit) => {
                failure = Some(Failure::Stopped(limit));
                let text = format!("stopped by {}", limit.describe(&self.program.limits));
                (Status::Limit, None, Some(text))
            }
            Ending::Denied(reason) => (Status::Denied, None, Some(reason)),
            Ending::Signal(Signal::Timeout) => {
                failure = Some(Failure::Stopped(Limit::Time));
                let text = format!("stopped by {}", Limit::Time.describe(&self.program.limits));
                (Status::Limit, None, Some(text))
            }
            Ending::Signal(Signal::Kill) => (Status::Interrupted, None, Some(KILLED.to_owned())),
            Ending::Signal(Signal::Suspend) => {
                (Status::Suspended, None, Some(SUSPENDED.to_owned()))
            }
            Ending::Signal(_) => (Status::Interrupted, None, Some(INTERRUPTED.to_owned())),
            Ending::Failed(why) => {
                let text = why.to_string();
                failure = Some(why);
                (Status::Failed, None, Some(text))
            }
        };
        let left = match status {
            Status::Exited | Status::Suspended => Vec::new(),
            _ => self.headway.left_undone(),
        };
        Exit {
            status,
            answer,
            error,
            failure,
            left,
            limits_hit: self.costs.limits_hit().to_vec(),
            usage: self.costs.usage_in_all(),
            ms: self.costs.ms(),
        }
    }
}

/// The exit of a process that could not be set up, and the state that it is left in: one that was
/// stopped while it waited for its model can be taken up again.
pub(crate) fn not_set_up(ending: Ending) -> (State, Exit) {
    let mut failure = None;
    let (state, status, error) = match ending {
        Ending::Failed(why) => {
            let text = why.to_string();
            failure = Some(why);
            (State::Exited, Status::Failed, text)
        }
        Ending::Signal(Signal::Kill) => (State::Exited, Status::Interrupted, KILLED.to_owned()),
        Ending::Signal(Signal::Suspend) => {
            (State::Suspended, Status::Suspended, SUSPENDED.to_owned())
        }
        Ending::Signal(_) => (State::Ready, Status::Interrupted, INTERRUPTED.to_owned()),
        other => (State::Exited, Status::Failed, format!("{other:?}")),
    };
    let exit = Exit {
        status,
        answer: None,
        error: Some(error),
        failure,
        left: Vec::new(),
        limits_hit: Vec::new(),
        usage: Usage::default(),
        ms: 0,
    };
    (state, exit)
}
