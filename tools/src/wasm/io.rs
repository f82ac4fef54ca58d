//! Waiting: for the host's part of a call, for its deadline, for its cancellation.

use std::time::Instant;

use tokio::runtime::{Builder, Runtime};

use super::limits::Stopped;
use super::ticker::TICK;
use crate::device::CancelToken;

/// Timers and sockets for guests, on one thread of their own.
pub(super) struct Io(Option<Runtime>);

impl Io {
    pub(super) fn start() -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("quipu-io")
            .enable_all()
            .build()?;
        Ok(Self(Some(runtime)))
    }

    /// Runs `work`, which blocks, on a thread of its own.
    pub(super) async fn aside(&self, work: impl FnOnce() + Send + 'static) -> wasmtime::Result<()> {
        match &self.0 {
            Some(runtime) => Ok(runtime.spawn_blocking(work).await?),
            None => {
                work();
                Ok(())
            }
        }
    }

    /// Runs `work` on this thread, whatever else runs on it.
    pub(super) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        let _entered = self.0.as_ref().map(Runtime::enter);
        // This thread may be running a task of another runtime, whose budget of polls is
        // not renewed before that task yields, which it does not do here: once it was
        // spent, `work` would be polled for ever and never get on.
        pollster::block_on(tokio::task::unconstrained(work))
    }
}

impl Drop for Io {
    fn drop(&mut self) {
        // Waiting for it is not allowed on the threads of another runtime.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// The result of `work`, unless the deadline or a cancellation comes first; work that
/// could no longer be used is not begun. A guest that computes is stopped by its epoch;
/// this is for one that waits.
pub(super) async fn until<T>(
    work: impl Future<Output = wasmtime::Result<T>>,
    deadline: Instant,
    cancel: &CancelToken,
) -> wasmtime::Result<T> {
    if let Some(stopped) = over(deadline, cancel) {
        return Err(stopped.into());
    }
    tokio::select! {
        biased;
        result = work => result,
        stopped = stop(deadline, cancel) => Err(stopped.into()),
    }
}

async fn stop(deadline: Instant, cancel: &CancelToken) -> Stopped {
    loop {
        if let Some(stopped) = over(deadline, cancel) {
            return stopped;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        tokio::time::sleep(left.min(TICK)).await;
    }
}

/// Whether a call has to stop now.
pub(super) fn over(deadline: Instant, cancel: &CancelToken) -> Option<Stopped> {
    if cancel.is_cancelled() {
        return Some(Stopped::Cancelled);
    }
    (Instant::now() >= deadline).then_some(Stopped::Deadline)
}
