//! The other processes, as one process reaches them: its children, its parent, and who waits for
//! whom. The table of processes is the kernel's. This trait is the part of it that a process is
//! lent.

use std::collections::HashMap;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::process::{Exit, Pid, Program};
use crate::signal::Signal;

/// Why a process was not started or resumed.
#[derive(Debug)]
pub(crate) enum Apart {
    /// The machine is being stopped.
    Stopping,
    /// Anything else, in words for the model.
    Failed(String),
}

/// What a process can do with others.
pub(crate) trait Family: Send + Sync {
    /// Starts a process.
    fn start(&self, program: Program) -> Result<Pid, Apart>;

    /// Resumes a stopped process. Does nothing if it runs or has exited.
    fn go_on(&self, pid: Pid) -> Result<(), Apart>;

    /// Resolves when `pid` exits or stops, with its exit. `None` where it neither runs nor has
    /// exited.
    fn end_of(&self, pid: Pid) -> BoxFuture<'static, Option<Exit>>;

    /// Signals the children of `pid` and all their descendants, and resolves when all have
    /// stopped.
    fn stop_children(&self, pid: Pid, signal: Signal) -> BoxFuture<'_, ()>;

    /// Who waits for whom.
    fn waits(&self) -> &Waits;

    /// Changes whenever a message is sent.
    fn mail(&self) -> &watch::Sender<u64>;
}

/// Who waits for whom. A process waits for all that it has noted here, so a circle would never
/// end.
#[derive(Default)]
pub(crate) struct Waits(Mutex<HashMap<Pid, Vec<Pid>>>);

impl Waits {
    /// Notes that `pid` waits for `other`.
    ///
    /// # Errors
    /// The circle that this would close, from `pid` to `pid`; then nothing is noted.
    pub(crate) fn add(&self, pid: Pid, other: Pid) -> Result<(), Vec<Pid>> {
        let mut waits = self.0.lock();
        if let Some(mut way) = way(&waits, other, pid) {
            way.insert(0, pid);
            return Err(way);
        }
        waits.entry(pid).or_default().push(other);
        Ok(())
    }

    /// Runs `start`, and notes that `pid` waits for the process that it starts, before that
    /// process can wait for `pid`.
    pub(crate) fn while_it_starts<E>(
        &self,
        pid: Pid,
        start: impl FnOnce() -> Result<Pid, E>,
    ) -> Result<Pid, E> {
        let mut waits = self.0.lock();
        let started = start()?;
        waits.entry(pid).or_default().push(started);
        Ok(started)
    }

    /// `pid` waits for `other` no more: there is mail from it.
    pub(crate) fn has_mail(&self, pid: Pid, other: Pid) {
        if let Some(others) = self.0.lock().get_mut(&pid) {
            others.retain(|of| *of != other);
        }
    }

    /// Forgets what `pid` waits for.
    pub(crate) fn end(&self, pid: Pid) {
        self.0.lock().remove(&pid);
    }
}

/// The way from one process to another along these waits, if there is one.
fn way(waits: &HashMap<Pid, Vec<Pid>>, from: Pid, to: Pid) -> Option<Vec<Pid>> {
    let mut ways = vec![vec![from]];
    let mut seen = vec![from];
    while let Some(way) = ways.pop() {
        let last = *way.last()?;
        if last == to {
            return Some(way);
        }
        for next in waits.get(&last).into_iter().flatten() {
            if !seen.contains(next) {
                seen.push(*next);
                ways.push(way.iter().chain([next]).copied().collect());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_circle_is_found_where_it_closes() {
        let check = |edges: &[(Pid, Pid)], want: Option<&[Pid]>| {
            let waits = Waits::default();
            let (last, before) = edges.split_last().unwrap();
            for (pid, other) in before {
                waits.add(*pid, *other).unwrap();
            }
            let circle = waits.add(last.0, last.1).err();
            assert_eq!(circle.as_deref(), want, "{edges:?}");
        };
        check(&[(1, 1)], Some(&[1, 1]));
        check(&[(1, 2), (2, 1)], Some(&[2, 1, 2]));
        check(&[(1, 2), (1, 3), (3, 4), (4, 1)], Some(&[4, 1, 3, 4]));
        check(&[(1, 2), (3, 2), (1, 3)], None);
    }

    proptest! {
        /// Whatever is noted, there is never a circle.
        #[test]
        fn nobody_ever_waits_in_a_circle(edges in prop::collection::vec((0i64..8, 0i64..8), 0..40)) {
            let waits = Waits::default();
            for (pid, other) in edges {
                let _ = waits.add(pid, other);
                let noted = waits.0.lock();
                for (pid, others) in noted.iter() {
                    for other in others {
                        prop_assert!(way(&noted, *other, *pid).is_none());
                    }
                }
            }
        }
    }
}
