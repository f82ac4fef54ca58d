//! The clock that stops guests.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use thread_priority::ThreadPriority;
use wasmtime::Engine;

/// How often a running guest is looked at.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// Advances the engine's epoch while guests run, and rests otherwise.
pub(super) struct Ticker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    running: AtomicUsize,
    ended: AtomicBool,
    asleep: Mutex<()>,
    wake: Condvar,
}

impl Ticker {
    pub(super) fn start(engine: Engine) -> Self {
        let shared = Arc::new(Shared::default());
        let theirs = shared.clone();
        let thread = std::thread::Builder::new()
            .name("quipu-epoch".into())
            .spawn(move || {
                // Where guests keep every processor busy the tick must still come.
                // Not every user may ask for that; then the tick comes when it can.
                let _ = ThreadPriority::Max.set_for_current();
                theirs.tick(&engine);
            })
            .ok();
        Self { shared, thread }
    }

    /// Keeps the epoch going until the guard is dropped.
    pub(super) fn run(&self) -> Running<'_> {
        if self.shared.running.fetch_add(1, Ordering::SeqCst) == 0 {
            self.shared.wake();
        }
        Running(&self.shared)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        self.shared.wake();
        if let Some(thread) = self.thread.take() {
            // It has nothing to report.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn wake(&self) {
        // Taken so that the wake-up cannot fall between the check and the wait.
        let _guard = self.asleep.lock().unwrap_or_else(PoisonError::into_inner);
        self.wake.notify_all();
    }

    fn tick(&self, engine: &Engine) {
        while !self.ended.load(Ordering::SeqCst) {
            if self.running.load(Ordering::SeqCst) > 0 {
                std::thread::sleep(TICK);
                engine.increment_epoch();
                continue;
            }
            let guard = self.asleep.lock().unwrap_or_else(PoisonError::into_inner);
            let idle = |_: &mut ()| {
                self.running.load(Ordering::SeqCst) == 0 && !self.ended.load(Ordering::SeqCst)
            };
            drop(self.wake.wait_while(guard, idle));
        }
    }
}

pub(super) struct Running<'a>(&'a Shared);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}
