//! The end of work on another thread that nobody waits for any more.

use quipu_tools::CancelToken;

/// Cancels its token when dropped: the work that has a clone of it stops.
#[derive(Default)]
pub struct Stop(pub CancelToken);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
