//! A word where nothing is seen for a while: whoever reads a log, a pipe or a screen reader sees no
//! line that is written over, and would not know whether anything goes on.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// How long nothing is seen before a word is said.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Watches for a silence, until it is dropped.
pub struct Silence {
    seen: Sender<()>,
}

impl Silence {
    /// Calls `tell`, once, when nothing was seen for `wait`.
    pub fn watch(wait: Duration, tell: impl FnOnce() + Send + 'static) -> Self {
        let (seen, heard) = channel();
        let watch = move || loop {
            match heard.recv_timeout(wait) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => return tell(),
                Err(RecvTimeoutError::Disconnected) => return,
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
        // It may have spoken already.
        let _ = self.seen.send(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_is_told_once_and_not_after_its_end() {
        let (tell, told) = channel();
        let silence = Silence::watch(Duration::ZERO, move || {
            let _ = tell.send("still");
        });
        // Its thread has gone when nobody can tell any more.
        assert_eq!(told.iter().collect::<Vec<_>>(), ["still"]);
        silence.seen();
        let (tell, told) = channel();
        let silence = Silence::watch(Duration::MAX, move || {
            let _ = tell.send("never");
        });
        silence.seen();
        drop(silence);
        assert_eq!(told.iter().collect::<Vec<_>>(), Vec::<&str>::new());
    }
}
