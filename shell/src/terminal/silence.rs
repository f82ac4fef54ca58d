//! A word where nothing is seen for a while: whoever reads a log, a pipe or a screen reader sees no
//! line that is written over, and would not know whether anything goes on. The word comes ever more
//! seldom, so that a night of work does not fill a log.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// How long nothing is seen before the first word is said; each time after that it is twice as long.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// The longest that it becomes.
const PATIENCE_MAX: Duration = Duration::from_secs(600);

/// Watches for a silence, until it is dropped.
pub struct Silence {
    seen: Sender<()>,
}

impl Silence {
    /// Calls `tell` when nothing was seen for `wait`, and again after twice as long each time.
    pub fn watch(wait: Duration, mut tell: impl FnMut() + Send + 'static) -> Self {
        let (seen, heard) = channel();
        let watch = move || {
            let mut wait = wait;
            loop {
                match heard.recv_timeout(wait) {
                    Ok(()) => {}
                    Err(RecvTimeoutError::Timeout) => {
                        tell();
                        wait = wait.saturating_mul(2).min(PATIENCE_MAX);
                    }
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        };
        // Without a thread the work goes on, and nothing is said.
        let _ = thread::Builder::new()
            .name("quipu-silence".into())
            .spawn(watch);
        Self { seen }
    }

    /// Something was seen: the wait begins anew.
    pub fn seen(&self) {
        // There may have been no thread to hear it.
        let _ = self.seen.send(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_is_told_again_and_not_after_its_end() {
        let (tell, told) = channel();
        let silence = Silence::watch(Duration::from_nanos(1), move || {
            let _ = tell.send("still");
        });
        assert_eq!(told.iter().take(2).collect::<Vec<_>>(), ["still"; 2]);
        silence.seen();
        drop(silence);
        // Its thread has gone when nobody can tell any more.
        assert!(told.iter().all(|word| word == "still"));
        let (tell, told) = channel();
        let silence = Silence::watch(Duration::MAX, move || {
            let _ = tell.send("never");
        });
        silence.seen();
        drop(silence);
        assert_eq!(told.iter().collect::<Vec<_>>(), Vec::<&str>::new());
    }
}
