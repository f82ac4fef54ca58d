//! Replies that may be long in coming: a model or an agent that is loaded first, a long prompt on a
//! slow machine. Clients, and what stands between, give up on what is silent for a minute. JSON may
//! have white space before it, and a stream of events comments: these are sent until the reply is
//! there.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::response::Response;
use futures_util::stream::{self, StreamExt};
use serde_json::Value;

use super::error::ApiError;
use super::wire::{ALIVE, SILENCE_MAX, json, stream_of, with_type};

/// How long the status of a reply waits for it. What fails by then has a status of its own.
const STATUS_MAX: Duration = Duration::from_secs(45);
/// What says that it goes on.
const SPACE: &str = "\n";

/// A reply of the JSON that `reply` comes to. What fails once the status is sent is an error in the
/// form that `told` gives it, in the place of the reply. When the client leaves, `reply` is dropped.
///
/// # Errors
/// What `reply` fails of before the status is sent.
pub async fn whole(
    reply: impl Future<Output = Result<Value, ApiError>> + Send + 'static,
    told: fn(&ApiError) -> Value,
) -> Result<Response, ApiError> {
    kept_alive(reply, told, STATUS_MAX, SILENCE_MAX).await
}

/// [`whole`], whose status waits for `status`, with white space after each `silence`.
async fn kept_alive(
    reply: impl Future<Output = Result<Value, ApiError>> + Send + 'static,
    told: fn(&ApiError) -> Value,
    status: Duration,
    silence: Duration,
) -> Result<Response, ApiError> {
    let mut reply = Box::pin(reply);
    if let Ok(reply) = tokio::time::timeout(status, &mut reply).await {
        return Ok(json(&reply?));
    }
    let rest = stream::unfold(Some(reply), move |reply| async move {
        let mut reply = reply?;
        Some(match tokio::time::timeout(silence, &mut reply).await {
            Err(_) => (SPACE.to_owned(), Some(reply)),
            Ok(Ok(value)) => (value.to_string(), None),
            Ok(Err(error)) => (told(&error).to_string(), None),
        })
    });
    let all = stream::iter([SPACE.to_owned()]).chain(rest);
    let bytes = all.map(|text| Ok::<_, Infallible>(Bytes::from(text)));
    Ok(with_type("application/json", Body::from_stream(bytes)))
}

/// The stream of events that `reply` comes to. What fails once the status is sent is an event in the
/// form that `told` gives it. When the client leaves, `reply` is dropped.
///
/// # Errors
/// What `reply` fails of before the status is sent.
pub async fn streamed(
    reply: impl Future<Output = Result<Response, ApiError>> + Send + 'static,
    told: fn(&ApiError) -> String,
) -> Result<Response, ApiError> {
    begun(reply, told, STATUS_MAX, SILENCE_MAX).await
}

/// How far a stream is that began before its reply.
enum Stream<F> {
    Waits(Pin<Box<F>>),
    Comes(BodyDataStream),
}

/// [`streamed`], whose status waits for `status`, with a comment after each `silence`.
async fn begun<F>(
    reply: F,
    told: fn(&ApiError) -> String,
    status: Duration,
    silence: Duration,
) -> Result<Response, ApiError>
where
    F: Future<Output = Result<Response, ApiError>> + Send + 'static,
{
    let mut reply = Box::pin(reply);
    if let Ok(reply) = tokio::time::timeout(status, &mut reply).await {
        return reply;
    }
    let text = |text: String| Ok(Bytes::from(text));
    let rest = stream::unfold(Some(Stream::Waits(reply)), move |state| async move {
        let mut reply = match state? {
            Stream::Comes(mut body) => {
                let piece = body.next().await?;
                return Some((piece, Some(Stream::Comes(body))));
            }
            Stream::Waits(reply) => reply,
        };
        Some(match tokio::time::timeout(silence, &mut reply).await {
            Err(_) => (text(ALIVE.to_owned()), Some(Stream::Waits(reply))),
            Ok(Err(error)) => (text(told(&error)), None),
            Ok(Ok(response)) => {
                let body = response.into_body().into_data_stream();
                (text(ALIVE.to_owned()), Some(Stream::Comes(body)))
            }
        })
    });
    let first = stream::iter([text(ALIVE.to_owned())]);
    Ok(stream_of(Body::from_stream(first.chain(rest))))
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use serde_json::json;
    use tokio::sync::oneshot;

    use super::super::wire::failed;
    use super::*;

    const SHORT: Duration = Duration::from_millis(1);
    const LONG: Duration = Duration::from_secs(600);

    /// The status and the body of what `answer` comes to; once it is late, where `is_late`.
    async fn told(answer: Result<Value, ApiError>, is_late: bool) -> (u16, String) {
        let (tell, waits) = oneshot::channel::<()>();
        let reply = async move {
            waits.await.unwrap_or_default();
            answer
        };
        if !is_late {
            let _ = tell.send(());
            return match kept_alive(reply, ApiError::body, LONG, LONG).await {
                Ok(response) => read(response).await,
                Err(error) => (error.status.as_u16(), String::new()),
            };
        }
        let response = kept_alive(reply, ApiError::body, SHORT, SHORT).await;
        let response = response.expect("it has not failed yet");
        let _ = tell.send(());
        read(response).await
    }

    async fn read(response: Response) -> (u16, String) {
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_late_reply_is_the_same_json_behind_white_space() {
        let answer = || Ok(json!({"answer": 7}));
        let (status, soon) = told(answer(), false).await;
        assert_eq!((status, soon.as_str()), (200, r#"{"answer":7}"#));
        let (status, late) = told(answer(), true).await;
        assert_eq!((status, late.trim_start()), (200, soon.as_str()));
        assert!(late.starts_with(SPACE), "{late:?}");
    }

    /// The status and the body of the stream that `answer` comes to; once it is late, where `is_late`.
    async fn told_as_events(
        answer: Result<&'static str, ApiError>,
        is_late: bool,
    ) -> (u16, String) {
        let (tell, waits) = oneshot::channel::<()>();
        let reply = async move {
            waits.await.unwrap_or_default();
            answer.map(|text| stream_of(Body::from(text)))
        };
        if !is_late {
            let _ = tell.send(());
            return match begun(reply, failed, LONG, LONG).await {
                Ok(response) => read(response).await,
                Err(error) => (error.status.as_u16(), String::new()),
            };
        }
        let response = begun(reply, failed, SHORT, SHORT).await;
        let response = response.expect("it has not failed yet");
        let _ = tell.send(());
        read(response).await
    }

    #[tokio::test]
    async fn a_late_stream_is_the_same_behind_comments() {
        const EVENTS: &str = "data: 1\n\ndata: 2\n\n";
        let check = |got: (u16, String), status: u16, want: &str, is_late: bool| {
            let (got_status, got) = got;
            assert_eq!(
                (got_status, got.replace(ALIVE, "").as_str()),
                (status, want)
            );
            assert_eq!(got.starts_with(ALIVE), is_late, "{got:?}");
        };
        check(told_as_events(Ok(EVENTS), false).await, 200, EVENTS, false);
        check(told_as_events(Ok(EVENTS), true).await, 200, EVENTS, true);
        let error = || ApiError::too_many(3);
        check(told_as_events(Err(error()), false).await, 429, "", false);
        let late = told_as_events(Err(error()), true).await;
        check(late, 200, &failed(&error()), true);
    }

    #[tokio::test]
    async fn what_fails_soon_has_a_status_and_later_a_body() {
        let (status, _) = told(Err(ApiError::too_many(3)), false).await;
        assert_eq!(status, 429);
        let (status, body) = told(Err(ApiError::too_many(3)), true).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(status, 200);
        assert_eq!(body, ApiError::too_many(3).body());
    }
}
