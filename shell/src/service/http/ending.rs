//! What becomes of requests under way when the machine is told to stop: whoever waits is told,
//! rather than that the connection is closed without a word.

use std::future::Future;

use futures_util::{Stream, StreamExt, stream};
use tokio::sync::watch;

use super::error::ApiError;

/// Becomes true when the machine is told to stop.
pub type Stopping = watch::Receiver<bool>;

/// Resolves when the machine is told to stop.
pub async fn told(mut stopping: Stopping) {
    // A sender that is gone has stopped too.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// What `work` comes to, unless the machine is told to stop first.
///
/// # Errors
/// Those of `work`, and the status 503.
pub async fn unless<T>(
    stopping: &Stopping,
    work: impl Future<Output = Result<T, ApiError>>,
) -> Result<T, ApiError> {
    tokio::select! {
        // What is there goes first.
        biased;
        done = work => done,
        () = told(stopping.clone()) => Err(ApiError::stopping(
            "the machine is being stopped; ask again when it runs",
        )),
    }
}

/// `events` until the machine is told to stop. What has happened by then is told: the end of a
/// process among it.
pub fn until<S>(
    stopping: &Stopping,
    events: S,
) -> impl Stream<Item = String> + Send + 'static + use<S>
where
    S: Stream<Item = String> + Send + 'static,
{
    let state = (Box::pin(events), Box::pin(told(stopping.clone())));
    stream::unfold(state, |(mut events, mut told)| async move {
        tokio::select! {
            biased;
            event = events.next() => event.map(|event| (event, (events, told))),
            () = &mut told => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_waits_is_told() {
        let check = async |stops: bool, work: Option<u8>, want: Result<u8, u16>| {
            let (_stop, stopping) = watch::channel(stops);
            let work = async {
                match work {
                    Some(done) => Ok(done),
                    None => std::future::pending().await,
                }
            };
            let got = unless(&stopping, work).await;
            assert_eq!(got.map_err(|error| error.status.as_u16()), want);
        };
        check(false, Some(7), Ok(7)).await;
        check(true, Some(7), Ok(7)).await;
        check(true, None, Err(503)).await;
    }

    #[tokio::test]
    async fn a_stream_ends_after_what_has_happened() {
        let (stop, stopping) = watch::channel(false);
        let events = stream::iter(["a".to_owned(), "b".to_owned()]).chain(stream::pending());
        let mut told = Box::pin(until(&stopping, events));
        assert_eq!(told.next().await.as_deref(), Some("a"));
        stop.send_replace(true);
        assert_eq!(told.next().await.as_deref(), Some("b"));
        assert_eq!(told.next().await, None);
    }
}
