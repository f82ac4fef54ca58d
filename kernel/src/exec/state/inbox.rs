//! What reaches a process from outside: signals, replies, its priority, the other processes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI8, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::Receiver;

use crate::exec::Family;
use crate::journal::tape::{Tape, Told};
use crate::process::{Ending, Pid, Reply};
use crate::signal::Signal;

/// What reaches a process from outside.
pub(crate) struct Inbox {
    signals: Receiver<Signal>,
    replies: Receiver<(String, Reply)>,
    priority: Arc<AtomicI8>,
    /// Whether a person is there to reply.
    attended: bool,
    /// The other processes; `None` where it only shows what it is.
    family: Option<Arc<dyn Family>>,
}

impl Inbox {
    /// An inbox from which no other process can be reached. Each reply comes with the key of its
    /// question.
    pub(crate) fn new(
        signals: Receiver<Signal>,
        replies: Receiver<(String, Reply)>,
        priority: Arc<AtomicI8>,
        attended: bool,
    ) -> Self {
        Self {
            signals,
            replies,
            priority,
            attended,
            family: None,
        }
    }

    /// The same, from which the processes of `family` can be reached.
    pub(crate) fn among(self, family: Arc<dyn Family>) -> Self {
        Self {
            family: Some(family),
            ..self
        }
    }

    /// The other processes, if they can be reached.
    pub(crate) fn family(&self) -> Option<&Arc<dyn Family>> {
        self.family.as_ref()
    }

    /// The priority of the process now.
    pub(crate) fn priority(&self) -> i8 {
        self.priority.load(Ordering::Relaxed)
    }

    /// Whether a person is there to reply.
    pub(crate) fn is_attended(&self) -> bool {
        self.attended
    }

    /// Takes note that nobody is there any more.
    pub(crate) fn leave_unattended(&mut self) {
        self.attended = false;
    }

    /// The next signal; `None` where nobody can send one any more.
    pub(crate) async fn signal(&mut self) -> Option<Signal> {
        self.signals.recv().await
    }

    /// The reply to the question of `pid` with this `key`. Any other reply is late or repeated,
    /// and is dropped.
    pub(crate) async fn reply(&mut self, pid: Pid, key: &str) -> Result<Reply, Ending> {
        loop {
            // A person may take their time: only a signal ends the wait.
            let reply = tokio::select! {
                biased;
                Some(signal) = self.signals.recv() => return Err(Ending::Signal(signal)),
                reply = self.replies.recv() => reply,
            };
            match reply {
                None => return Ok(Reply::Nobody),
                Some((to, reply)) if to == key => return Ok(reply),
                Some(_) => tracing::info!(pid, "a reply to another question is dropped"),
            }
        }
    }

    /// Waits for `work`, a signal or the end of the time, whichever comes first; by the tape where
    /// one is played.
    pub(crate) async fn guarded<T>(
        &mut self,
        tape: &Tape,
        left: Duration,
        work: impl Future<Output = T>,
    ) -> Result<T, Ending> {
        if tape.is_played() {
            let signal = tape.playing().map(|mut tape| tape.signal());
            return match signal.transpose()?.flatten() {
                Some(signal) => Err(Ending::Signal(signal)),
                None => Ok(work.await),
            };
        }
        let signal = tokio::select! {
            biased;
            Some(signal) = self.signals.recv() => signal,
            done = work => return Ok(done),
            () = tokio::time::sleep(left) => Signal::Timeout,
        };
        tape.note(Told::Signal(signal));
        Err(Ending::Signal(signal))
    }
}
