//! Stopping a machine: what runs is suspended, and is resumed when the next machine starts.
//!
//! A process is suspended between two steps. A call under way has some time to finish. After that
//! it is left without an outcome, and is treated as after a crash when its process is resumed.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;

use super::machine::{Handle, Machine};
use super::{Kernel, KernelError};
use crate::process::{Exit, Pid, State, Status};
use crate::signal::Signal;

/// How long processes have to end once their calls are cut off.
const LAST_PATIENCE: Duration = Duration::from_secs(2);

/// What became of the processes that an earlier machine suspended.
#[derive(Debug, Default)]
pub struct Resumed {
    /// These go on.
    pub going: Vec<Pid>,
    /// These cannot go on.
    pub failed: Vec<(Pid, KernelError)>,
}

impl Kernel {
    /// Stops taking processes, and suspends those that run. A call under way may take as long as
    /// `patience`. Returns the suspended processes, in the order of their numbers.
    ///
    /// Branches of a deliberation end for good: their thoughts serve a choice only, and nobody is
    /// left to choose.
    pub async fn suspend(&self, patience: Duration) -> Vec<Pid> {
        let machine = &self.machine;
        machine.stops.store(true, Ordering::SeqCst);
        let running: Vec<Pid> = machine.table.lock().keys().copied().collect();
        running.iter().for_each(|pid| machine.tell_to_stop(*pid));
        let waits = running.iter().map(|pid| self.end_with_pid(*pid));
        let mut ends = std::pin::pin!(join_all(waits));
        let ended = match tokio::time::timeout(patience, &mut ends).await {
            Ok(ended) => ended,
            Err(_) => {
                running.iter().for_each(|pid| machine.tell_to_stop(*pid));
                let last = tokio::time::timeout(LAST_PATIENCE, &mut ends).await;
                last.unwrap_or_default()
            }
        };
        let suspended = |(pid, exit): (Pid, Option<Exit>)| {
            exit.filter(|exit| exit.status == Status::Suspended)
                .map(|_| pid)
        };
        let mut suspended: Vec<Pid> = ended.into_iter().filter_map(suspended).collect();
        suspended.sort_unstable();
        suspended
    }

    /// Resumes what an earlier machine suspended, with no person to ask: nobody has come back
    /// yet. A process that was waiting for its person stays suspended until that person resumes
    /// it.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn resume_suspended(&self) -> Result<Resumed, KernelError> {
        let mut resumed = Resumed::default();
        for pid in self.journal().suspended()? {
            // A child goes on with its parent.
            if self.journal().parent(pid)?.is_some() {
                continue;
            }
            match self.resume(pid, None, false) {
                Ok(pid) => resumed.going.push(pid),
                Err(error) => resumed.failed.push((pid, error)),
            }
        }
        Ok(resumed)
    }

    /// Stops a process for good, with its children, whether it runs or waits to be resumed.
    ///
    /// # Errors
    /// Where there is no process `pid`, or it has exited.
    pub fn kill(&self, pid: Pid) -> Result<(), KernelError> {
        if self.is_running(pid) {
            return self.signal(pid, Signal::Kill);
        }
        match self.journal().process(pid)?.state {
            State::Exited => Err(KernelError::NotRunning(pid)),
            _ => Ok(self.journal().kill(pid)?),
        }
    }

    async fn end_with_pid(&self, pid: Pid) -> (Pid, Option<Exit>) {
        (pid, self.wait(pid).await.ok())
    }
}

impl Machine {
    pub(super) fn takes_processes(&self) -> Result<(), KernelError> {
        match self.stops.load(Ordering::SeqCst) {
            true => Err(KernelError::Stopping),
            false => Ok(()),
        }
    }

    /// Enters a process that starts into the table. The process ends at once if the machine began
    /// to stop meanwhile.
    pub(super) fn enter(&self, pid: Pid, handle: Handle) {
        self.table.lock().insert(pid, handle);
        if self.takes_processes().is_err() {
            self.tell_to_stop(pid);
        }
    }

    fn tell_to_stop(&self, pid: Pid) {
        let goes_on = self.table.lock().get(&pid).map(|handle| handle.goes_on);
        let signal = match goes_on {
            Some(true) => Signal::Suspend,
            Some(false) => Signal::Kill,
            None => return,
        };
        // One that has ended meanwhile needs no signal.
        let _ = self.signal(pid, signal);
    }
}
