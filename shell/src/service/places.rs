//! The places of the control socket: how many programs are connected to a machine at a time, and
//! how many of these may stay.
//!
//! Each connection is an open file of the machine. What is asked and answered at once (`quipu ps`,
//! `quipu kill`) finds a place however many programs have a conversation, or the library.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::control::Reply;
use crate::terminal::error::UserError;

/// Programs that are connected at a time; more wait in the queue of the system. Many systems give
/// a program 1,024 open files, and those of HTTP take up to 512.
const CALLERS_MAX: usize = 192;
/// How many of these may stay. The other places are for requests that are answered at once.
const STAYS_MAX: usize = 160;
/// How long a program that has connected may take to say what it wants.
pub const REQUEST_PATIENCE: Duration = Duration::from_secs(30);

/// Why a program finds no place, and what to do.
const FULL: (&str, &str) = (
    "too many programs use the machine on this root",
    "try again when some of them have ended; `quipu ps` lists what runs",
);

/// The places of one machine.
#[derive(Clone)]
pub struct Places {
    callers: Arc<Semaphore>,
    stays: Arc<Semaphore>,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            callers: Arc::new(Semaphore::new(CALLERS_MAX)),
            stays: Arc::new(Semaphore::new(STAYS_MAX)),
        }
    }
}

impl Places {
    /// A place for the next program that connects, once there is one.
    pub async fn next(&self) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed, so a place comes free at last.
        self.callers.clone().acquire_owned().await.ok()
    }

    /// A place for a program that stays; `None` where too many do.
    pub fn stay(&self) -> Option<OwnedSemaphorePermit> {
        self.stays.clone().try_acquire_owned().ok()
    }
}

/// The reply to a program that would stay and finds no place.
pub fn full() -> Reply {
    Reply::Failed(FULL.0.into(), FULL.1.into())
}

/// The same as an error.
pub fn full_error() -> anyhow::Error {
    UserError::failed(FULL.0, FULL.1)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn who_stays_leaves_places_for_who_does_not() {
        let places = Places::default();
        let mut taken: Vec<_> = std::iter::from_fn(|| {
            let stay = places.stay()?;
            let place = places.next().now_or_never().flatten();
            Some((stay, place.expect("a place")))
        })
        .collect();
        assert_eq!(taken.len(), STAYS_MAX);
        let next = || places.next().now_or_never().flatten();
        let others: Vec<_> = std::iter::from_fn(next).collect();
        assert_eq!(others.len(), CALLERS_MAX - STAYS_MAX);
        assert!(places.stay().is_none());
        // A place is free again when its program is gone.
        drop(taken.pop());
        assert!(places.stay().is_some());
        assert!(places.next().now_or_never().flatten().is_some());
    }
}
