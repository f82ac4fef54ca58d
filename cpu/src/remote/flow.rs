//! The bytes of a reply as they come, and how long the next ones are waited for.

use std::time::Duration;

use futures_util::{Stream, StreamExt};

use super::refusal::silent;
use super::reply::Reply;

/// How long the number of tokens is waited for behind the last word of a reply. OpenAI's protocol
/// sends it in an event of its own, after the one with the `finish_reason`: without it limits would
/// count an estimate. An answer waits this long only where a server sends neither the number nor
/// `[DONE]` and leaves the stream open: all others end the wait by that, mostly in the same packet.
const LAST_WORD_MAX: Duration = Duration::from_millis(500);

/// What comes next of a reply.
pub(super) enum Next<B> {
    Bytes(B),
    /// Nothing more, or nothing more that matters.
    End,
    /// It broke off, for this reason.
    Broken(String),
}

/// What comes next in `stream`, behind what `reply` has of it.
pub(super) async fn next<B>(
    stream: &mut (impl Stream<Item = reqwest::Result<B>> + Unpin),
    reply: &Reply,
    silence_max: Duration,
) -> Next<B> {
    let begun = !reply.completion.text.is_empty() || reply.completion.thought;
    let coming = stream.next();
    let came = match (reply.ended, begun) {
        // Nobody knows how long it takes over the prompt.
        (false, false) => Ok(coming.await),
        (false, true) => tokio::time::timeout(silence_max, coming).await,
        (true, _) => tokio::time::timeout(LAST_WORD_MAX.min(silence_max), coming).await,
    };
    match came {
        Ok(Some(Ok(bytes))) => Next::Bytes(bytes),
        Ok(None) => Next::End,
        // It said all but how many tokens that took.
        _ if reply.ended => Next::End,
        Ok(Some(Err(error))) => Next::Broken(silent(error)),
        Err(_) => Next::Broken(format!("it fell silent for {} s", silence_max.as_secs())),
    }
}
