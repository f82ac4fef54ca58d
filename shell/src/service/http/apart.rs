//! Work that keeps a processor busy, beside the threads that answer requests: counting the
//! tokens of a long text takes seconds, and everybody else would wait meanwhile.
//!
//! ```text
//! short ─> done at once
//! long  ─ a place is free ─> on a thread of its own ─> given back
//!         │ waits no longer than its request may    │ whoever asked has left: stops soon
//! ```
//!
//! Few long ones are done at a time, so that requests cannot take all processors away from the
//! model. Short ones do not wait behind them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::error::ApiError;

/// Bytes of text up to which the tokens are counted where the request is: that takes a few
/// milliseconds.
const SHORT_BYTES: usize = 32 << 10;

/// Places for work of one kind.
pub struct Apart(Arc<Semaphore>);

/// Whether somebody still waits for what is done.
pub struct Asker(Arc<AtomicBool>);

/// Notes that nobody waits any more, when it is dropped.
struct Leaving(Arc<AtomicBool>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Asker {
    /// Ends work that nobody waits for, where it can be left.
    ///
    /// # Errors
    /// Where whoever asked has left; nobody reads the error.
    pub fn stays(&self) -> Result<(), ApiError> {
        match self.0.load(Ordering::Relaxed) {
            true => Err(ApiError::internal("whoever asked has left")),
            false => Ok(()),
        }
    }
}

impl Apart {
    /// Room for `places` pieces of work at a time.
    pub fn new(places: usize) -> Self {
        Self(Arc::new(Semaphore::new(places)))
    }

    /// Does `work` on a text of so many `bytes`. Dropping what this gives takes it from the queue,
    /// or tells `work` that nobody waits.
    ///
    /// # Errors
    /// What `work` says, and where no place was free within `patience`.
    pub async fn run<T, W>(&self, bytes: usize, patience: Duration, work: W) -> Result<T, ApiError>
    where
        T: Send + 'static,
        W: FnOnce(&Asker) -> Result<T, ApiError> + Send + 'static,
    {
        let left = Arc::new(AtomicBool::new(false));
        let asker = Asker(left.clone());
        if bytes <= SHORT_BYTES {
            return work(&asker);
        }
        let place = tokio::time::timeout(patience, self.0.clone().acquire_owned()).await;
        let place = place.map_err(|_| ApiError::timeout(patience.as_secs()))?;
        let place = place.map_err(|error| ApiError::internal(error.to_string()))?;
        let _leaving = Leaving(left);
        let done = tokio::task::spawn_blocking(move || {
            // The place is taken for as long as the thread is, whoever leaves.
            let _place = place;
            work(&asker)
        });
        done.await.map_err(|_| crashed())?
    }
}

/// Does `work`, which waits for the disk or for a batch, on a thread where no other request waits
/// for that.
///
/// # Errors
/// What `work` says.
pub async fn aside<T, W>(work: W) -> Result<T, ApiError>
where
    T: Send + 'static,
    W: FnOnce() -> Result<T, ApiError> + Send + 'static,
{
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| crashed())?
}

/// What a client is told of work that crashed: what a crash says of itself may quote what was worked
/// on, which is perhaps not the client's to read.
fn crashed() -> ApiError {
    ApiError::internal("this request crashed; the server goes on")
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);
    const LONG: usize = SHORT_BYTES + 1;

    #[tokio::test]
    async fn short_work_does_not_wait_for_long_work() {
        let apart = Arc::new(Apart::new(1));
        let (begun, begins) = tokio::sync::oneshot::channel();
        let (end, ends) = mpsc::channel::<()>();
        let of_long = apart.clone();
        let long = tokio::spawn(async move {
            let work = move |_: &Asker| {
                let _ = begun.send(());
                let _ = ends.recv();
                Ok("long")
            };
            of_long.run(LONG, PATIENCE, work).await
        });
        begins.await.expect("it begins");
        let here = std::thread::current().id();
        let short = apart.run(SHORT_BYTES, PATIENCE, |_| Ok(std::thread::current().id()));
        assert_eq!(short.await.ok(), Some(here));
        // There is one place, and it is taken.
        let other = apart.run(LONG, Duration::ZERO, |_| Ok(()));
        assert!(other.await.is_err());
        end.send(()).expect("it goes on");
        assert_eq!(long.await.expect("an end").ok(), Some("long"));
        let after = apart.run(LONG, PATIENCE, |_| Ok(std::thread::current().id()));
        assert!(after.await.is_ok_and(|thread| thread != here));
    }

    #[tokio::test]
    async fn a_crash_quotes_nobody() {
        let told = "this request crashed; the server goes on";
        let work = || -> Result<(), ApiError> { panic!("somebody's diary") };
        let error = aside(work).await.expect_err("it crashed");
        assert_eq!(error.message, told);
        let apart = Arc::new(Apart::new(1));
        let work = |_: &Asker| -> Result<(), ApiError> { panic!("somebody's diary") };
        let error = apart.run(LONG, PATIENCE, work).await;
        assert_eq!(error.expect_err("it crashed").message, told);
    }

    #[tokio::test]
    async fn work_ends_when_whoever_asked_has_left() {
        let apart = Arc::new(Apart::new(1));
        let (begun, begins) = tokio::sync::oneshot::channel();
        let of_client = apart.clone();
        let client = tokio::spawn(async move {
            let work = move |asker: &Asker| -> Result<(), ApiError> {
                let _ = begun.send(());
                loop {
                    asker.stays()?;
                    std::thread::yield_now();
                }
            };
            of_client.run(LONG, PATIENCE, work).await
        });
        begins.await.expect("it begins");
        client.abort();
        // The place is free again.
        let next = apart.run(LONG, PATIENCE, |asker| asker.stays()).await;
        assert!(next.is_ok());
    }
}
